"""The worker's task: one validation of what a stranger sent, done in a process that `ld.sandbox` keeps."""

from __future__ import annotations

import json

from ld import reports
from ld.errors import DataError, ShapesError, TooLarge
from ld.exports.exchange import LINE, VIEW, Answer, Request
from ld.exports.validating import Validation, validate
from ld.reports.view import view
from ld.validation.inputs import SYNTAXES, bytes_input
from ld.validation.report import Report

_SHAPES = "shapes"
_LARGEST, _LARGEST_VIEW = 50_000_000, 5_000_000
"""Bytes in a report; the second is for a page, which the server itself makes of it."""
_SAMPLE = (
    b"<http://a.org/t> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://purl.org/ontology/bibo/Thesis> .\n"
)
_SAMPLES = {
    "ttl": _SAMPLE, "nt": _SAMPLE, "nq": _SAMPLE, "trig": _SAMPLE, "n3": _SAMPLE,
    "rdf": b"<?xml version='1.0'?><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/>",
    "jsonld": b'{"@context": "http://localhost/vocab/context.jsonld", "id": "http://a.org/t", "type": "Thesis"}',
}  # fmt: skip
_SAMPLE_SHAPES = b"""
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
[] a sh:NodeShape ; sh:targetNode "2020-01-01T00:00:00Z"^^xsd:dateTime, "P1D"^^xsd:duration, "x" ;
    sh:datatype xsd:date ; sh:minInclusive "2020-01-01"^^xsd:date ; sh:maxLength 1 ; sh:languageIn ( "en" ) ;
    sh:sparql [ sh:select \"\"\"SELECT $this (REPLACE(STR($this), "a", "b") AS ?value) WHERE {
        FILTER(REGEX(STR($this), "0", "i") && NOW() > 1 || COUNT(?x) = 0) }\"\"\" ] .
"""


def answer(request: bytes) -> bytes:
    """Answers a request."""
    return _answered(Request.decode(request)).encode()


def warm_up() -> None:
    """Imports what is imported late: a worker can open no file later."""
    for syntax in SYNTAXES:
        for form in reports.FORMATS:
            _answered(Request(_SAMPLES[syntax], syntax=syntax, format=form.name))
    _answered(Request(_SAMPLE, shapes=_SAMPLE_SHAPES, format=VIEW))
    _answered(Request(b"{", syntax="jsonld"))


def _answered(asked: Request) -> Answer:
    name = asked.name if asked.name != _SHAPES else "data"  # errors name what they are in
    try:
        shapes = [bytes_input(_SHAPES, asked.shapes, asked.shapes_syntax)] if asked.shapes else []
        data = bytes_input(name, asked.data, asked.syntax)
        report = validate(Validation([data], shapes, limits=asked.limits))
        shown = reports.Presentation((name,), first=asked.first, fail_on=asked.fail_on)
        return Answer(200, _written(name, report, shown, asked.format))
    except TooLarge as error:
        return _refused(413, error)
    except DataError as error:
        return _refused(422 if error.source == _SHAPES else 400, error)
    except ShapesError as error:
        return Answer(422, problem=str(error), in_shapes=True)


def _written(name: str, report: Report, shown: reports.Presentation, form: str) -> bytes:
    """The report; raises `TooLarge` for one that would fill the server that passes it on."""
    if form == VIEW:
        pieces, most, other = iter((json.dumps(view(report, shown, LINE)),)), _LARGEST_VIEW, ""
    else:
        pieces, most, other = reports.BY_NAME[form].write(report, shown), _LARGEST, ", or ask for text/plain"
    written = bytearray()
    for piece in pieces:
        written += piece.encode()
        if len(written) > most:
            told = f"the report on it is longer than {most:,} bytes"
            raise TooLarge(name, told, way_out=f"Validate it in parts{other}.")
    return bytes(written)


def _refused(status: int, error: DataError) -> Answer:
    return Answer(status, b"", str(error), error.line, error.column, in_shapes=error.source == _SHAPES)
