"""What is said about each shape: its name, path, order, message; for shapes of any origin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from pyoxigraph import BlankNode

from ld.errors import VocabularyError
from ld.namespaces import RDFS, SH
from ld.rdf import Term
from ld.shapes.files import Statements
from ld.shapes.wording import sentence
from ld.validation.report import PathTriples


@dataclass(frozen=True, slots=True)
class AboutShape:
    """What a finding takes from the shape that found it."""

    name: str
    """What people call the field."""
    label: str
    """What people call the shape."""
    path: str | None
    """The property's IRI, or a SPARQL property path; None for node shapes, and for paths that are none."""
    order: float
    message: str | None


class About:
    """What shapes say about themselves, by their IRI or `_:label`."""

    def __init__(self, said: Statements) -> None:
        self.said = said
        self._shapes: dict[str, AboutShape] = {}

    def __getitem__(self, shape: Term) -> AboutShape:
        key = name_of(shape)
        if key not in self._shapes:
            self._shapes[key] = self._read(shape)
        return self._shapes[key]

    def words(self, shape: Term, component: str) -> str:
        """A sentence for a shape without a message of its own."""
        return sentence(component, lambda parameter: self.said.objects(shape, SH + parameter), self.said.items)

    @cached_property
    def paths(self) -> dict[str, PathTriples]:
        """The paths that are more than one property, spelled out."""
        return dict(self._complex_paths())

    def path(self, node: Term) -> str:
        """A path as text; the label of what is none."""
        try:
            return self.said.path(node)
        except VocabularyError:
            return name_of(node)

    def _read(self, node: Term) -> AboutShape:
        said = self.said
        paths = said.objects(node, SH + "path")
        path = self.path(paths[0]) if paths else None
        name = said.text(node, SH + "name") or said.text(node, RDFS + "label") or local_name(path or name_of(node))
        return AboutShape(
            name=name,
            label=said.text(node, RDFS + "label") or name,
            path=path,
            order=_number(said.text(node, SH + "order")),
            message=said.text(node, SH + "message") or None,
        )

    def _complex_paths(self) -> Iterator[tuple[str, PathTriples]]:
        for node in self.said:
            for path in self.said.objects(node, SH + "path"):
                if isinstance(path, BlankNode):
                    yield self.path(path), self.said.path_triples(path)


def name_of(term: Term) -> str:
    """The IRI of a term, `_:` and the label of a nameless one, the text of a literal."""
    return str(term) if isinstance(term, BlankNode) else term.value


def local_name(iri: str) -> str:
    """The last part of an IRI; a path of several properties, or a label, as it is.

    >>> local_name("http://purl.org/dc/terms/title"), local_name("_:b1"), local_name("https://a.org/shapes#Person")
    ('title', 'b1', 'Person')
    """
    if "<" in iri:
        return iri
    return iri.removeprefix("_:").rstrip("/#").rpartition("#")[2].rpartition("/")[2] or iri


def _number(text: str) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0
