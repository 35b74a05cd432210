"""RDF: a report as a `sh:ValidationReport` (SHACL §3.6), in Turtle, N-Triples and JSON-LD, a few results at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, groupby, islice
from operator import attrgetter
from typing import Any

import pyoxigraph as ox

from ld.iris import NAMESPACE
from ld.namespaces import RDFS, SH, XSD
from ld.rdf import RDF_TYPE, Term
from ld.reports.document import Document, dumped
from ld.reports.presentation import Presentation
from ld.validation.report import Finding, PathTriples, Report, report_triples

_PREFIXES = {"sh": SH, "xsd": XSD, "shapes": NAMESPACE + "shapes#"}
_REPORT = ox.BlankNode("report")
_BATCH = 2000
_CONTEXT = {
    "@vocab": SH,
    "result": {"@type": "@id"},
    "focusNode": {"@type": "@id"},
    "resultPath": {"@type": "@id"},
    "resultSeverity": {"@type": "@vocab"},
    "sourceConstraintComponent": {"@type": "@vocab"},
    "sourceShape": {"@type": "@id"},
}  # no prefixes: `xsd:x` may be an IRI of the data


def turtle(report: Report, presentation: Presentation) -> Iterator[str]:
    """The report as Turtle."""
    yield "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in _PREFIXES.items())
    for batch in _batches(_triples(report)):
        written = ox.serialize(batch, format=ox.RdfFormat.TURTLE, prefixes=_PREFIXES) or b""
        # Each piece brings the prefixes, a line each, in any order.
        yield written.split(b"\n", len(_PREFIXES))[-1].decode()


def ntriples(report: Report, presentation: Presentation) -> Iterator[str]:
    """The report as N-Triples."""
    for batch in _batches(_triples(report)):
        yield (ox.serialize(batch, format=ox.RdfFormat.N_TRIPLES) or b"").decode()


def jsonld(report: Report, presentation: Presentation) -> Iterator[str]:
    """The report as JSON-LD, its context inside, a result a line."""
    conforms = dumped(report.conforms)
    yield f'{{\n"@context": {dumped(_CONTEXT)},\n"@type": "ValidationReport",\n"conforms": {conforms},\n'
    yield f'"{RDFS}comment": {dumped(report.looked_at)},\n"result": ['
    written, later = 0, []
    for node, triples in groupby(_triples(report), key=attrgetter("subject")):
        if node == _REPORT:
            continue
        told = _node(node, triples)
        if told.get("@type") != "ValidationResult":
            later.append(told)  # a path that is more than one property
            continue
        yield (",\n" if written else "\n") + dumped(told)
        written += 1
    yield "\n]" if written else "]"
    if later:
        yield ',\n"@included": [\n' + ",\n".join(map(dumped, later)) + "\n]"
    yield "\n}\n"


def _triples(report: Report) -> Iterator[ox.Triple]:
    """The report's triples, in which nameless nodes of the data, of the shapes and its own are never the same."""
    paths = {
        path: (_shape_node(node), tuple(_shape_triple(triple) for triple in triples))
        for path, (node, triples) in report.paths.items()
    }
    return report_triples((_apart(finding, paths) for finding in report), paths, report.looked_at)


def _apart(finding: Finding, paths: dict[str, PathTriples]) -> Finding:
    if finding.path is not None and finding.path not in paths and not _is_iri(finding.path):
        finding = replace(finding, path=None)  # nobody spelled it out
    if finding.shape.startswith("_:"):
        finding = replace(finding, shape=f"_:shape-{finding.shape[2:]}")
    focus_term = finding.focus_term
    if focus_term is None and finding.focus.startswith("_:"):
        focus_term = ox.BlankNode(finding.focus[2:])
    if isinstance(focus_term, ox.BlankNode) or isinstance(finding.term, ox.BlankNode):
        finding = replace(finding, focus_term=_data_node(focus_term), term=_data_node(finding.term))
    return finding


def _is_iri(text: str) -> bool:
    try:
        ox.NamedNode(text)
    except ValueError:
        return False
    return True


def _data_node(term: Term | None) -> Term | None:
    return ox.BlankNode(f"data-{term.value}") if isinstance(term, ox.BlankNode) else term


def _shape_node(term: Any) -> Any:
    return ox.BlankNode(f"shape-{term.value}") if isinstance(term, ox.BlankNode) else term


def _shape_triple(triple: ox.Triple) -> ox.Triple:
    return ox.Triple(_shape_node(triple.subject), triple.predicate, _shape_node(triple.object))


def _batches(triples: Iterable[ox.Triple]) -> Iterator[Iterator[ox.Triple]]:
    stream = iter(triples)
    for first in stream:
        yield chain((first,), islice(stream, _BATCH - 1))


def _node(node: Term, triples: Iterable[ox.Triple]) -> Document:
    """What is said of one node."""
    told: Document = {"@id": _id(node)}
    for triple in triples:
        if triple.predicate == RDF_TYPE:
            told["@type"] = triple.object.value.removeprefix(SH)  # type: ignore[union-attr]
            continue
        name = triple.predicate.value.removeprefix(SH)
        told.setdefault(name, []).append(_value(triple.object, name))  # type: ignore[arg-type]
    return {name: value[0] if isinstance(value, list) and len(value) == 1 else value for name, value in told.items()}


def _value(term: Term, name: str) -> object:
    """A value as the context has it read."""
    if isinstance(term, ox.Literal):
        if term.language:
            return {"@value": term.value, "@language": term.language}
        if term.datatype.value != XSD + "string":
            return {"@value": term.value, "@type": term.datatype.value}
        return {"@value": term.value} if name in _CONTEXT else term.value
    read_as = _CONTEXT.get(name)
    if not isinstance(read_as, dict):
        return {"@id": _id(term)}
    return _id(term).removeprefix(SH) if read_as["@type"] == "@vocab" else _id(term)


def _id(term: Term) -> str:
    return str(term) if isinstance(term, ox.BlankNode) else term.value
