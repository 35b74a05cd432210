"""Reports: what a validation found, in words for people and as a SHACL validation report (SHACL §3.6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import pyoxigraph as ox
from pyoxigraph import BlankNode, NamedNode, Triple

from ld.namespaces import SH, XSD
from ld.rdf import RDF_TYPE

Severity = Literal["violation", "warning", "info"]
SEVERITIES: Mapping[Severity, NamedNode] = {
    "violation": NamedNode(SH + "Violation"),
    "warning": NamedNode(SH + "Warning"),
    "info": NamedNode(SH + "Info"),
}
"""The severities, gravest first, and their IRIs."""

_PREFIXES = {"sh": SH, "xsd": XSD, "shapes": "https://w3id.org/thesis-ld/shapes#"}

Term = NamedNode | BlankNode | ox.Literal
PathTriples = tuple[NamedNode | BlankNode, tuple[Triple, ...]]
"""A SHACL path: its node, and the triples that spell it out when it is not a single property."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of one value: what is wrong and what to do.

    A value that fails several constraints of one property shape has one message, and is one finding: `component` is the
    first of the constraints, `also` the others. (The report in RDF has a result for each, as the standard says.)
    """

    severity: Severity
    focus: str
    """The thing at fault: its IRI."""
    name: str
    """What people call the field: `Title`."""
    message: str
    path: str | None
    """The property's IRI, or a SPARQL property path; None when the thing itself is at fault."""
    value: str | None
    """The value at fault, an IRI or a literal's text; None when something is missing or there is too much."""
    component: str
    shape: str
    also: tuple[str, ...] = ()
    focus_term: Term | None = field(default=None, repr=False)
    """`focus` as a term, and below `value`, with its datatype and language."""
    term: Term | None = field(default=None, repr=False)

    @property
    def components(self) -> tuple[str, ...]:
        """Every constraint that failed."""
        return (self.component, *self.also)


@dataclass(frozen=True, slots=True)
class Report:
    """What a validation found, gravest first, and how much it looked at."""

    findings: tuple[Finding, ...]
    checked: Mapping[str, int]
    """How many nodes each node shape checked, by the shape's IRI."""
    paths: Mapping[str, PathTriples] = field(default_factory=dict, repr=False)
    """The paths of findings that are more than one property, spelled out."""

    @property
    def conforms(self) -> bool:
        """Whether nothing at all was found, as the standard has it."""
        return not self.findings

    @property
    def violations(self) -> tuple[Finding, ...]:
        """The findings that keep a description from being published."""
        return tuple(finding for finding in self.findings if finding.severity == "violation")

    def to_triples(self) -> list[Triple]:
        """The report as a `sh:ValidationReport`; the same findings always give the same triples."""
        return list(self._triples())

    def turtle(self) -> bytes:
        """The report as a Turtle document."""
        written: bytes = ox.serialize(self.to_triples(), format=ox.RdfFormat.TURTLE, prefixes=_PREFIXES)  # type: ignore[assignment]
        return written

    def _triples(self) -> Iterator[Triple]:
        report = BlankNode("report")
        yield Triple(report, RDF_TYPE, _sh("ValidationReport"))
        yield Triple(report, _sh("conforms"), ox.Literal(self.conforms))
        results = [(finding, component) for finding in self.findings for component in finding.components]
        nodes = [BlankNode(f"result{number}") for number in range(1, len(results) + 1)]
        for node in nodes:
            yield Triple(report, _sh("result"), node)
        for node, (finding, component) in zip(nodes, results, strict=True):
            yield from self._result(node, finding, component)
        for path in dict.fromkeys(finding.path or "" for finding in self.findings):
            yield from self.paths[path][1] if path in self.paths else ()

    def _result(self, node: BlankNode, finding: Finding, component: str) -> Iterator[Triple]:
        yield Triple(node, RDF_TYPE, _sh("ValidationResult"))
        yield Triple(node, _sh("resultSeverity"), SEVERITIES[finding.severity])
        yield Triple(node, _sh("focusNode"), finding.focus_term or NamedNode(finding.focus))
        if finding.path:
            path = self.paths[finding.path][0] if finding.path in self.paths else NamedNode(finding.path)
            yield Triple(node, _sh("resultPath"), path)
        if finding.term is not None:
            yield Triple(node, _sh("value"), finding.term)
        yield Triple(node, _sh("resultMessage"), ox.Literal(finding.message))
        yield Triple(node, _sh("sourceConstraintComponent"), NamedNode(component))
        shape = BlankNode(finding.shape[2:]) if finding.shape.startswith("_:") else NamedNode(finding.shape)
        yield Triple(node, _sh("sourceShape"), shape)


def shortened(text: str, length: int) -> str:
    """At most `length` characters of a value, for a message.

    >>> shortened("Therapists' experiences", 12)
    "Therapists'…"
    """
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _sh(name: str) -> NamedNode:
    return NamedNode(SH + name)
