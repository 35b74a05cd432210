"""Vocabulary documents: the Turtle files of `vocab/` as triples, each under its title and its root IRI."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from ld.errors import VocabularyError
from ld.iris import NAMESPACE
from ld.namespaces import DCTERMS, RDF

DOCUMENTS: Mapping[str, str] = {
    "terms": NAMESPACE + "terms",
    "degrees": NAMESPACE + "degrees",
    "levels": NAMESPACE + "levels",
    "disciplines": NAMESPACE + "disciplines",
    "institutions": "vocab/institutions",
}
"""Each document `vocab/<name>.ttl`, published at `/vocab/<name>`, and its root: an IRI, or a path under the base."""

Described = Mapping[str, Mapping[str, tuple[NamedNode | Literal, ...]]]
"""Subject IRI → predicate IRI → objects, in the order of the file."""


class Published(NamedTuple):
    """One vocabulary document: what `/vocab/<name>` answers."""

    title: str
    triples: tuple[Triple, ...]
    root: str


def read(folder: Path, base: str) -> dict[str, Published]:
    """Every document, its relative IRIs resolved against `base`."""
    return {name: _read(folder / f"{name}.ttl", base, root) for name, root in DOCUMENTS.items()}


def _read(path: Path, base: str, root: str) -> Published:
    return published(path, read_turtle(path, base), root if "://" in root else base + root)


def read_turtle(path: Path, base: str) -> list[Triple]:
    """The triples of a file, its relative IRIs resolved against `base`."""
    try:
        return [quad.triple for quad in parse(path=str(path), format=RdfFormat.TURTLE, base_iri=base)]
    except (OSError, SyntaxError, ValueError) as error:
        raise VocabularyError(f"{path.name}: {error}") from error


def published(path: Path, triples: Iterable[Triple], root: str) -> Published:
    """The document that a file holds, under the title that it gives itself."""
    whole, title = tuple(triples), NamedNode(DCTERMS + "title")
    for triple in whole:
        if triple.subject == NamedNode(root) and triple.predicate == title and isinstance(triple.object, Literal):
            return Published(triple.object.value, whole, root)
    raise VocabularyError(f"{path.name}: <{root}> has no dcterms:title. Give the document one.")


def by_subject(triples: Iterable[Triple]) -> Described:
    """The triples of each subject, ready to be looked up."""
    found: dict[str, dict[str, tuple[NamedNode | Literal, ...]]] = {}
    for triple in triples:
        if not isinstance(triple.subject, NamedNode) or not isinstance(triple.object, NamedNode | Literal):
            raise VocabularyError(f"{triple}: a vocabulary holds IRIs and literals only. Give the node an IRI.")
        described = found.setdefault(triple.subject.value, {})
        described[triple.predicate.value] = (*described.get(triple.predicate.value, ()), triple.object)
    return found


def values(described: Described, subject: str, predicate: str) -> tuple[str, ...]:
    """The IRIs and texts that `subject` has under `predicate`."""
    return tuple(node.value for node in described.get(subject, {}).get(predicate, ()))


def instances(described: Described, kind: str) -> list[str]:
    """The subjects of one class, in the order of the file."""
    return [subject for subject in described if kind in values(described, subject, RDF + "type")]
