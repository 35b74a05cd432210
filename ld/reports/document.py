"""Documents: a report as plain data, which is what its JSON holds; `report.schema.json` describes it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import pyoxigraph as ox

from ld.iris import NAMESPACE
from ld.namespaces import RDF, XSD
from ld.rdf import Term
from ld.reports.plain import UNSEEN, local_name
from ld.reports.presentation import Presentation
from ld.validation.report import Finding, Kind, Place, Report

FORMAT = NAMESPACE + "report/1"
"""What a document says that it is: another number when a reader of this one would be misled."""

Document = dict[str, Any]

_IMPLIED = (XSD + "string", RDF + "langString")


def document(report: Report, presentation: Presentation, first: int | None = None) -> Document:
    """The report, with the first few findings of each kind, or all of them."""
    kinds = [{**kind(each), "findings": [finding(found) for found in islice(each, first)]} for each in report.kinds]
    return {**head(report, presentation), "kinds": kinds}


def head(report: Report, presentation: Presentation) -> Document:
    """What is said of the report as a whole."""
    return {
        "format": FORMAT,
        "conforms": report.conforms,
        "failed": report.fails(presentation.fail_on),
        "fail_on": presentation.fail_on,
        "empty": report.empty,
        "counts": dict(report.counts),
        "sources": list(presentation.sources),
        "triples": report.triples,
        "things": report.things,
        "checked": [_checked(shape, report, presentation) for shape in report.checked],
    }


def kind(each: Kind) -> Document:
    """What is said of findings of one kind."""
    return {
        "severity": each.severity,
        "field": each.name or local_name(each.path or each.shape),
        "path": each.path,
        "components": list(each.components),
        "shape": each.shape,
        "count": each.count,
    }


def finding(found: Finding) -> Document:
    """One finding, whole by itself."""
    origin = found.origin
    return {
        "focus": {"type": _type(found), "id": found.focus, "label": found.label or None},
        "field": found.name or local_name(found.path or found.shape),
        "path": found.path,
        "value": _value(found),
        "present": [{"value": term(each.term), "place": _place(each.place)} for each in found.present],
        "message": found.message,
        "severity": found.severity,
        "components": list(found.components),
        "shape": found.shape,
        "place": _place(found.place),
        "origin": origin
        and {"source": origin.source, "line": origin.line, "field": found.origin_field, "layout": origin.layout},
        "times": found.times,
    }


def write(report: Report, presentation: Presentation) -> Iterator[str]:
    """The document as JSON with all findings, each on a line of its own."""
    members = [f"{dumped(name)}: {dumped(value)}" for name, value in head(report, presentation).items()]
    yield "{\n" + ",\n".join(members) + ',\n"kinds": ['
    for number, each in enumerate(report.kinds):
        yield ("," if number else "") + "\n" + dumped(kind(each))[:-1] + ', "findings": ['
        yield from separated(map(finding, each))
        yield "]}"
    yield "\n]}\n" if report.kinds else "]}\n"


def separated(values: Iterable[object]) -> Iterator[str]:
    """The members of an array, a line each."""
    for number, value in enumerate(values):
        yield (",\n" if number else "\n") + dumped(value)


def dumped(value: object) -> str:
    r"""A value as JSON on one line, with everything escaped that cannot be seen.

    >>> print(dumped({"title": "a\u202eb"}))
    {"title": "a\u202eb"}
    """
    return UNSEEN.sub(_escaped, json.dumps(value, ensure_ascii=False))


def fingerprint(found: Finding) -> str:
    """What stays the same of a finding from one validation to the next: 32 hex digits."""
    value = str(found.value if found.term is None else found.term)
    told = (found.shape, found.path or "", *found.components, found.focus, value)
    return hashlib.sha256("\0".join(told).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _escaped(found: re.Match[str]) -> str:
    number = ord(found.group())
    return f"\\u{number:04x}" if number < 0x10000 else json.dumps(found.group())[1:-1]


def _checked(shape: str, report: Report, presentation: Presentation) -> Document:
    told: Document = {
        "shape": shape,
        "name": report.names.get(shape) or local_name(shape),
        "nodes": report.checked[shape],
    }
    if presentation.decided is not None and shape in presentation.decided:
        reason = presentation.decided[shape]
        told |= {"decided_by": "thesis-ld" if reason is None else "pySHACL", "reason": reason}
    return told


def _place(place: Place | None) -> Document | None:
    return None if place is None else {"file": place.file, "line": place.line}


def _type(found: Finding) -> str:
    if found.focus_term is None:
        return "bnode" if found.focus.startswith("_:") else "uri"
    return _TYPES[type(found.focus_term)]


_TYPES = {ox.NamedNode: "uri", ox.BlankNode: "bnode", ox.Literal: "literal"}


def _value(found: Finding) -> Document | None:
    if found.term is None:
        return None if found.value is None else {"type": "literal", "value": found.value}
    return term(found.term)


def term(given: Term) -> Document:
    """A term as the JSON of SPARQL results has it, but for `language`.

    >>> term(ox.Literal("2014", datatype=ox.NamedNode(XSD + "gYear")))
    {'type': 'literal', 'value': '2014', 'datatype': 'http://www.w3.org/2001/XMLSchema#gYear'}
    """
    told: Document = {"type": _TYPES[type(given)], "value": given.value}
    if isinstance(given, ox.Literal):
        if given.language:
            told["language"] = given.language
        elif given.datatype.value not in _IMPLIED:
            told["datatype"] = given.datatype.value
    return told
