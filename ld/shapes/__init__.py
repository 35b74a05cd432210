"""Shapes: what must hold of a description, and what people call its fields; both are read from `shapes/*.ttl`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Literal

from pyoxigraph import BlankNode, NamedNode, Triple
from pyoxigraph import Literal as RdfLiteral

from ld import resources
from ld.namespaces import RDF, RDFS, SH
from ld.shapes import files as shapefiles
from ld.shapes.files import Statements
from ld.shapes.report import SEVERITIES, Finding, PathTriples, Report, Severity, Term, shortened
from ld.vocabulary.documents import Published

if TYPE_CHECKING:
    from ld.shapes.engine import Engine, Result

__all__ = ["Field", "FieldLabel", "Finding", "Report", "Severity", "Shapes", "load"]

Obligation = Literal["required", "recommended", "optional"]
_OBLIGATIONS: Mapping[str, Obligation] = {SH + "Violation": "required", SH + "Warning": "recommended"}
"""What it means that a field may not be missing, by the severity of its being missing."""

_SEVERITIES: Mapping[str, Severity] = {iri.value: severity for severity, iri in SEVERITIES.items()}
_RANKS = {severity: rank for rank, severity in enumerate(SEVERITIES)}
_SHOWN = 80
"""Characters of a value that a message shows."""


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


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a finding takes from the shape that found it."""

    name: str
    path: str | None
    order: float
    message: str | None


class Shapes:
    """The shapes, ready to validate and to name things; the engine starts with the first validation."""

    def __init__(self, files: Mapping[str, Published]) -> None:
        self.files = files
        """The published documents: `thesis`, `agent`, `degree`, `document`, and `shapes` with all of them."""
        self._said = Statements(files[shapefiles.WHOLE].triples)
        self._shapes = {_id(node): self._shape(node) for node in self._said}
        self.paths = dict(self._complex_paths())
        """The paths that are more than one property, spelled out."""
        self._fields = tuple(self._read_fields())
        self._labels = {
            (field.property, field.class_iri): FieldLabel(field.name, field.description, field.order)
            for field in self._fields
        }
        self._engine: Engine | None = None
        self._starting = Lock()

    def validate(self, triples: Iterable[Triple]) -> Report:
        """What the shapes find in a graph, gravest first."""
        results, checked = self._started().run(triples)
        ordered = sorted(results, key=self._order)
        findings = (self._finding(list(same)) for _, same in groupby(ordered, key=_fault))
        return Report(tuple(findings), checked, self.paths)

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

    def _started(self) -> Engine:
        with self._starting:
            if self._engine is None:
                # Not at the top: pages and tables need names only, and pySHACL takes 0.3 s to import.
                from ld.shapes.engine import PySHACL

                self._engine = PySHACL(self._said.triples)
            return self._engine

    # --- from results to findings ---

    def _order(self, result: Result) -> tuple[int, str, float, str, str, str]:
        shape = _id(result.shape)
        rank, order = _RANKS[_severity(result)], self._shapes[shape].order
        return rank, _id(result.focus), order, shape, str(result.value or ""), result.component

    def _finding(self, same: list[Result]) -> Finding:
        result, shape = same[0], self._shapes[_id(same[0].shape)]
        value = None if result.value is None else result.value.value
        return Finding(
            severity=_severity(result),
            focus=_id(result.focus),
            name=shape.name,
            message=_message(shape.message or result.message or "", _id(result.focus), value),
            path=shape.path,
            value=value,
            component=result.component,
            shape=_id(result.shape),
            also=tuple(other.component for other in same[1:]),
            focus_term=result.focus,
            term=result.value,
        )

    # --- from the files to shapes and fields ---

    def _shape(self, node: Term) -> _Shape:
        paths = self._said.objects(node, SH + "path")
        return _Shape(
            name=self._said.text(node, SH + "name") or self._said.text(node, RDFS + "label"),
            path=self._said.path(paths[0]) if paths else None,
            order=float(self._said.text(node, SH + "order") or 0),
            message=self._said.text(node, SH + "message") or None,
        )

    def _complex_paths(self) -> Iterator[tuple[str, PathTriples]]:
        for node in self._said:
            for path in self._said.objects(node, SH + "path"):
                if isinstance(path, BlankNode):
                    yield self._said.path(path), self._said.path_triples(path)

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
            if (own := self._shapes[_id(shape)].path) and own not in self.paths:
                named.setdefault(own, shape)
        for path, shape in named.items():
            name, description = self._said.text(shape, SH + "name"), self._said.text(shape, SH + "description")
            asked: Obligation = "optional" if self._forbids(shape) else obligations.get(path, "optional")
            order = self._shapes[_id(shape)].order
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


def _id(term: Term) -> str:
    """The IRI of a term, or the label of a nameless one."""
    return str(term) if isinstance(term, BlankNode | RdfLiteral) else term.value


def _severity(result: Result) -> Severity:
    return _SEVERITIES.get(result.severity, "violation")  # a severity that someone else made up is taken seriously


def _fault(result: Result) -> tuple[Term, Term, Term | str]:
    """What makes results one finding: the same value failing one shape; what has no value is told by its constraint."""
    return result.shape, result.focus, result.component if result.value is None else result.value


def _message(words: str, focus: str, value: str | None) -> str:
    return words.replace("{?value}", shortened(value or "", _SHOWN)).replace("{?this}", focus)
