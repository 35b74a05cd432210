"""Shape files: the Turtle of `shapes/` as triples, and the SHACL paths in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from ld.errors import VocabularyError
from ld.iris import NAMESPACE
from ld.namespaces import RDF, SH
from ld.rdf import Term
from ld.validation.report import PathTriples
from ld.vocabulary.documents import Published, published, read_turtle

ROOT = NAMESPACE + "shapes"
"""The document of all shapes; the shapes are `#…` in it, and `/…` are its parts, one a file."""
WHOLE = "shapes"
"""The name of the document that holds them all."""

_FIRST, _REST = RDF + "first", RDF + "rest"
_UNARY = {"inversePath": "^{}", "zeroOrMorePath": "{}*", "oneOrMorePath": "{}+", "zeroOrOnePath": "{}?"}

_DEEPEST = 10
"""How deep paths may be nested, as in pySHACL."""


class Statements:
    """Triples by subject and predicate, in the order of the files."""

    def __init__(self, triples: Iterable[Triple]) -> None:
        self.triples = tuple(triples)
        self._said: dict[Term, dict[str, list[Term]]] = {}
        for triple in self.triples:
            said = self._said.setdefault(triple.subject, {})  # type: ignore[arg-type]
            said.setdefault(triple.predicate.value, []).append(triple.object)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Term]:
        return iter(self._said)

    def objects(self, subject: Term, predicate: str) -> list[Term]:
        """What `subject` has under `predicate`."""
        return self._said.get(subject, {}).get(predicate, [])

    def texts(self, subject: Term, predicate: str) -> list[str]:
        """The texts that `subject` has under `predicate`, English first."""
        found = [term for term in self.objects(subject, predicate) if isinstance(term, Literal)]
        return [term.value for term in sorted(found, key=lambda term: (term.language or "en") != "en")]

    def text(self, subject: Term, predicate: str) -> str:
        """The first of these texts, or nothing."""
        return next(iter(self.texts(subject, predicate)), "")

    def about(self, subject: Term) -> Iterator[Triple]:
        """What is said of `subject`, its lists and other nameless parts spelled out, each once."""
        seen, waiting = {subject}, [subject]
        while waiting:
            node = waiting.pop()
            for predicate, terms in self._said.get(node, {}).items():
                for term in terms:
                    yield Triple(node, NamedNode(predicate), term)  # type: ignore[arg-type]
                    if isinstance(term, BlankNode) and term not in seen:
                        seen.add(term)
                        waiting.append(term)

    def items(self, head: Term) -> list[Term]:
        """The members of an RDF list."""
        found, seen = [], {head}
        while first := self.objects(head, _FIRST):
            found.append(first[0])
            head = next(iter(self.objects(head, _REST)), head)
            if head in seen:  # someone else's list can lead back into itself, or end without an end
                break
            seen.add(head)
        return found

    def path(self, node: Term) -> str:
        """A SHACL path: the IRI of a property, or a SPARQL property path such as `<…>|<…>`."""
        return node.value if isinstance(node, NamedNode) else self._path(node, _DEEPEST)

    def path_triples(self, node: Term) -> PathTriples:
        """A path that is more than one property, spelled out."""
        return BlankNode(node.value), tuple(self.about(node))

    def _path(self, node: Term, depth: int) -> str:
        if isinstance(node, NamedNode):
            return f"<{node.value}>"
        group = partial(self._group, depth=depth - 1)
        if depth and (steps := self.items(node)):
            return "/".join(map(group, steps))
        for choices in self.objects(node, SH + "alternativePath") if depth else ():
            return "|".join(map(group, self.items(choices)))
        for name, pattern in _UNARY.items() if depth else ():
            for inner in self.objects(node, SH + name):
                return pattern.format(group(inner))
        raise VocabularyError(f"{node}: not a SHACL path. See https://www.w3.org/TR/shacl/#property-paths.")

    def _group(self, node: Term, depth: int) -> str:
        path = self._path(node, depth)
        return path if isinstance(node, NamedNode) else f"({path})"


def read(folder: Path) -> dict[str, Published]:
    """Every document of shapes in `folder`: one a file, and `shapes` with all that they say."""
    files = {path.stem: _read(path) for path in sorted(folder.glob("*.ttl"))}
    if WHOLE not in files:
        raise VocabularyError(f"{folder}: there is no {WHOLE}.ttl. Install thesis-ld again: the wheel brings it.")
    everything = tuple(dict.fromkeys(triple for name in (WHOLE, *files) for triple in files[name].triples))
    return files | {WHOLE: files[WHOLE]._replace(triples=everything)}


def _read(path: Path) -> Published:
    root = ROOT if path.stem == WHOLE else f"{ROOT}/{path.stem}"
    return published(path, relabelled(read_turtle(path, root), path.stem), root)


def relabelled(triples: Iterable[Triple], stem: str) -> Iterator[Triple]:
    """The triples, blank nodes numbered: the parser labels them at random, and a file must always give the same."""
    labels: dict[BlankNode, BlankNode] = {}

    def label(term: Term) -> Term:
        return labels.setdefault(term, BlankNode(f"{stem}{len(labels)}")) if isinstance(term, BlankNode) else term

    for triple in triples:
        yield Triple(label(triple.subject), triple.predicate, label(triple.object))  # type: ignore[arg-type]
