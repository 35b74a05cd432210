"""Shapes: what must hold of a description, and what people call its fields; both are read from `shapes/*.ttl`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pyoxigraph import NamedNode, Triple

from ld import resources
from ld.namespaces import RDF, RDFS, SH
from ld.rdf import Term
from ld.shapes import files as shapefiles
from ld.shapes.about import About
from ld.shapes.files import Statements
from ld.validation.report import Finding, PathTriples, Report, Severity
from ld.vocabulary.documents import Published

if TYPE_CHECKING:
    from ld.shapes.validator import Validator

__all__ = ["Field", "FieldLabel", "Finding", "Report", "Severity", "Shapes", "load"]

Obligation = Literal["required", "recommended", "optional"]
_OBLIGATIONS: Mapping[str, Obligation] = {SH + "Violation": "required", SH + "Warning": "recommended"}
"""What it means that a field may not be missing, by the severity of its being missing."""


@dataclass(frozen=True, slots=True)
class FieldLabel:
    """What people call a property of a class, and its place on a page."""

    name: str
    description: str
    order: float


@dataclass(frozen=True, slots=True)
class Field:
    """One row of the field table: a property of a class and whether it must be there."""

    kind: str
    """What people call the class: `Thesis`."""
    class_iri: str
    property: str
    name: str
    description: str
    order: float
    obligation: Obligation


class Shapes:
    """The shapes, ready to validate and to name things; the engine starts with the first validation."""

    def __init__(self, files: Mapping[str, Published]) -> None:
        self.files = files
        """The published documents: `thesis`, `agent`, `degree`, `document`, and `shapes` with all of them."""
        self._said = Statements(files[shapefiles.WHOLE].triples)
        self.about = About(self._said)
        self._fields = tuple(self._read_fields())
        self._labels = {
            (field.property, field.class_iri): FieldLabel(field.name, field.description, field.order)
            for field in self._fields
        }

    @cached_property
    def validator(self) -> Validator:
        """The shapes, ready to judge graphs."""
        # Not at the top: pages and tables need names only, and pySHACL and numpy take half a second to import.
        from ld.shapes.validator import Validator

        return Validator(self._said.triples, self.about)

    def validate(self, triples: Iterable[Triple]) -> Report:
        """What the shapes find in a graph, gravest first."""
        return self.validator.validate(triples)

    @property
    def paths(self) -> Mapping[str, PathTriples]:
        """The paths that are more than one property, spelled out."""
        return self.about.paths

    def labels(self, path: str, class_iri: str) -> FieldLabel | None:
        """What people call the property `path` of things of a class; None when the shapes do not know it."""
        return self._labels.get((path, class_iri))

    def fields(self) -> tuple[Field, ...]:
        """Every property of every class, in the order of pages."""
        return self._fields

    def kind(self, class_iri: str) -> str | None:
        """What people call a class: `Thesis`."""
        return next((field.kind for field in self._fields if field.class_iri == class_iri), None)

    def describe(self, iri: str) -> list[Triple]:
        """What is said of one shape or document of shapes, lists spelled out; empty for anything else."""
        return list(self._said.about(NamedNode(iri)))

    def _read_fields(self) -> Iterator[Field]:
        for node in self._said:
            for target in self._said.objects(node, SH + "targetClass"):
                fields = self._fields_of(node, target.value)
                yield from sorted(fields, key=lambda field: field.order)

    def _fields_of(self, node: Term, class_iri: str) -> Iterator[Field]:
        obligations: dict[str, Obligation] = {}
        named: dict[str, Term] = {}
        for shape in self._said.objects(node, SH + "property"):
            for path in self._alternatives(self._said.objects(shape, SH + "path")[0]):
                if obligation := self._obligation(shape):
                    obligations.setdefault(path, obligation)
            if (own := self.about[shape].path) and own not in self.paths:
                named.setdefault(own, shape)
        for path, shape in named.items():
            name, description = self._said.text(shape, SH + "name"), self._said.text(shape, SH + "description")
            asked: Obligation = "optional" if self._forbids(shape) else obligations.get(path, "optional")
            order = self.about[shape].order
            yield Field(self._said.text(node, RDFS + "label"), class_iri, path, name, description, order, asked)

    def _alternatives(self, path: Term) -> list[str]:
        """The properties one of which a path asks for."""
        if isinstance(path, NamedNode):
            return [path.value]
        choices = (self._said.items(head) for head in self._said.objects(path, SH + "alternativePath"))
        return [choice.value for members in choices for choice in members if isinstance(choice, NamedNode)]

    def _obligation(self, shape: Term) -> Obligation | None:
        counted = any(count not in ("", "0") for count in self._said.texts(shape, SH + "minCount"))
        if not counted and not self._said.objects(shape, SH + "hasValue"):
            return None
        severity = self._said.objects(shape, SH + "severity")
        return _OBLIGATIONS.get(severity[0].value if severity else SH + "Violation")

    def _forbids(self, shape: Term) -> bool:
        return NamedNode(RDF + "nil") in self._said.objects(shape, SH + "in")


@lru_cache(maxsize=1)
def load() -> Shapes:
    """The shapes that the package brings; read once a process."""
    return read(resources.shapes_dir())


def read(folder: Path) -> Shapes:
    """The shapes of a folder."""
    return Shapes(shapefiles.read(folder))
