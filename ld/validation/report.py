"""Reports: what a validation found, in words for people and as a SHACL validation report (SHACL §3.6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Literal

import pyoxigraph as ox
from pyoxigraph import BlankNode, NamedNode, Triple

from ld.namespaces import RDFS, SH, XSD
from ld.rdf import RDF_TYPE, Term
from ld.record import Origin

Severity = Literal["violation", "warning", "info"]
SEVERITIES: Mapping[Severity, NamedNode] = {
    "violation": NamedNode(SH + "Violation"),
    "warning": NamedNode(SH + "Warning"),
    "info": NamedNode(SH + "Info"),
}
"""The severities, gravest first, and their IRIs."""

_PREFIXES = {"sh": SH, "xsd": XSD, "shapes": "https://w3id.org/thesis-ld/shapes#"}

PathTriples = tuple[NamedNode | BlankNode, tuple[Triple, ...]]
"""A SHACL path: its node, and the triples that spell it out when it is not a single property."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in what was validated: the file as the user named it, and a line (from 1)."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}"


@dataclass(frozen=True, slots=True)
class Present:
    """One of several values where there are too many."""

    term: Term
    place: Place | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of one value: what is wrong and what to do.

    A value that fails several constraints of one property shape has one message, and is one finding: `component` is the
    first of the constraints, `also` the others. (The report in RDF has a result for each, as the standard says.)
    """

    severity: Severity
    focus: str
    """The thing at fault: its IRI, `_:` and a label, or a literal's text."""
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
    label: str = ""
    """What people call the thing at fault: a thesis's title. Empty when the data does not say."""
    place: Place | None = None
    """Where the faulty triple stands in the input, or else the first one about the thing."""
    origin: Origin | None = None
    """Where the record stood that one of our own builds made the description from."""
    origin_field: str | None = None
    """What the field is called there: `Date`."""
    present: tuple[Present, ...] = ()
    """The values that are there, the first few of them, where the fault is that there are too many."""
    times: int = 1
    """How many results of the standard's report this is."""
    severity_iri: str = ""
    """The severity as the shape has it, where someone made up one of their own; they count as violations."""

    @property
    def components(self) -> tuple[str, ...]:
        """Every constraint that failed."""
        return (self.component, *self.also)


@dataclass(frozen=True)
class Kind:
    """Findings of one kind: of one shape, failing the same constraints. They are made when they are asked for."""

    severity: Severity
    name: str
    """What people call the field."""
    path: str | None
    shape: str
    components: tuple[str, ...]
    count: int
    """How many findings there are."""
    make: Callable[[], Iterator[Finding]] = field(repr=False, compare=False)

    def __iter__(self) -> Iterator[Finding]:
        return self.make()

    def first(self, number: int) -> list[Finding]:
        """The first few of them."""
        return list(islice(self, number))


@dataclass(frozen=True)
class Report:
    """What a validation found and how much it looked at."""

    kinds: tuple[Kind, ...]
    """The findings by kind, gravest first, then in the order of the fields."""
    checked: Mapping[str, int]
    """How many nodes each shape with targets checked, by its IRI (or `_:label`)."""
    paths: Mapping[str, PathTriples] = field(default_factory=dict, repr=False)
    """The paths of findings that are more than one property, spelled out."""
    triples: int = 0
    """How many triples were looked at, each counted once."""
    decided: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    """Of each shape of `checked`: None, or why pySHACL decided it."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What people call the shapes of `checked`."""
    things: int | None = None
    """How many different nodes the shapes checked; None when nobody counted."""

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """All findings; prefer `kinds` when there may be a million."""
        return tuple(self)

    def __iter__(self) -> Iterator[Finding]:
        for kind in self.kinds:
            yield from kind

    @property
    def conforms(self) -> bool:
        """Whether nothing at all was found, as the standard has it."""
        return not self.kinds

    @property
    def empty(self) -> bool:
        """Whether no shape found anything to check, which is no praise for the data."""
        return not any(self.checked.values())

    @property
    def violations(self) -> tuple[Finding, ...]:
        """The findings that keep a description from being published."""
        return tuple(finding for kind in self.kinds if kind.severity == "violation" for finding in kind)

    @property
    def counts(self) -> dict[Severity, int]:
        """How many findings there are of each severity, gravest first."""
        counted: Counter[Severity] = Counter()
        for kind in self.kinds:
            counted[kind.severity] += kind.count
        return {severity: counted[severity] for severity in SEVERITIES}

    def fails(self, severity: Severity) -> bool:
        """Whether anything found is as grave as this, or graver."""
        return any(as_grave(kind.severity, severity) for kind in self.kinds)

    @property
    def looked_at(self) -> str:
        """How many nodes each shape checked, as a sentence.

        >>> Report((), {"http://a.org/S": 2}, names={"http://a.org/S": "Thesis"}).looked_at
        'Checked: Thesis 2.'
        """
        counts = ", ".join(f"{self.names.get(shape) or shape} {nodes:,}" for shape, nodes in self.checked.items())
        return f"Checked: {counts or 'nothing'}." + (" Nothing in the data is of a kind to check." * self.empty)

    def to_triples(self) -> list[Triple]:
        """The report as a `sh:ValidationReport`; the same findings always give the same triples."""
        return list(report_triples(self, self.paths, self.looked_at))

    def turtle(self) -> bytes:
        """The report as a Turtle document."""
        written: bytes = ox.serialize(self.to_triples(), format=ox.RdfFormat.TURTLE, prefixes=_PREFIXES)  # type: ignore[assignment]
        return written


def as_grave(severity: Severity, least: Severity) -> bool:
    """Whether a severity is `least`, or graver.

    >>> as_grave("violation", "warning"), as_grave("info", "warning")
    (True, False)
    """
    ranks = list(SEVERITIES)
    return ranks.index(severity) <= ranks.index(least)


def report_triples(
    findings: Iterable[Finding], paths: Mapping[str, PathTriples], comment: str = ""
) -> Iterator[Triple]:
    """Findings as a `sh:ValidationReport`, node by node: the results, then the report with all of them."""
    report, number, used = BlankNode("report"), 0, dict[str, None]()
    for finding in findings:
        for component in finding.components:
            for _ in range(finding.times):
                number += 1
                yield from _result(BlankNode(f"result{number}"), finding, component, paths)
        used.setdefault(finding.path or "")
    yield Triple(report, RDF_TYPE, _sh("ValidationReport"))
    yield Triple(report, _sh("conforms"), ox.Literal(number == 0))
    if comment:
        yield Triple(report, NamedNode(RDFS + "comment"), ox.Literal(comment))
    for nth in range(1, number + 1):
        yield Triple(report, _sh("result"), BlankNode(f"result{nth}"))
    for path in used:
        yield from paths[path][1] if path in paths else ()


def _result(node: BlankNode, finding: Finding, component: str, paths: Mapping[str, PathTriples]) -> Iterator[Triple]:
    yield Triple(node, RDF_TYPE, _sh("ValidationResult"))
    yield Triple(node, _sh("resultSeverity"), _severity(finding))
    yield Triple(node, _sh("focusNode"), finding.focus_term or NamedNode(finding.focus))
    if finding.path:
        path = paths[finding.path][0] if finding.path in paths else NamedNode(finding.path)
        yield Triple(node, _sh("resultPath"), path)
    if finding.term is not None:
        yield Triple(node, _sh("value"), finding.term)
    yield Triple(node, _sh("resultMessage"), ox.Literal(finding.message))
    yield Triple(node, _sh("sourceConstraintComponent"), NamedNode(component))
    shape = BlankNode(finding.shape[2:]) if finding.shape.startswith("_:") else NamedNode(finding.shape)
    yield Triple(node, _sh("sourceShape"), shape)


def _severity(finding: Finding) -> NamedNode | ox.Literal:
    if not finding.severity_iri:
        return SEVERITIES[finding.severity]
    try:
        return NamedNode(finding.severity_iri)
    except ValueError:  # someone's severity is no IRI
        return ox.Literal(finding.severity_iri)


def shortened(text: str, length: int) -> str:
    """At most `length` characters of a value, for a message.

    >>> shortened("Therapists' experiences", 12)
    "Therapists'…"
    """
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _sh(name: str) -> NamedNode:
    return NamedNode(SH + name)
