"""The worker's task: one validation of what a stranger sent, done in a process that `ld.sandbox` keeps."""

from __future__ import annotations

import json

from ld import reports
from ld.errors import DataError, ShapesError, TooLarge
from ld.exports.exchange import LINE, VIEW, Answer, Request
from ld.exports.validating import Validation, validate
from ld.reports.view import view
from ld.validation.inputs import SYNTAXES, bytes_input

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
    try:
        shapes = [bytes_input("shapes", asked.shapes, asked.shapes_syntax)] if asked.shapes else []
        data = bytes_input(asked.name, asked.data, asked.syntax)
        report, _ = validate(Validation([data], shapes, limits=asked.limits))
        shown = reports.Presentation((asked.name,), first=asked.first, fail_on=asked.fail_on)
        if asked.format == VIEW:
            body = json.dumps(view(report, shown, LINE))
        else:
            body = "".join(reports.BY_NAME[asked.format].write(report, shown))
        return Answer(200, body.encode(), failed=report.empty or report.fails(asked.fail_on))
    except TooLarge as error:
        return Answer(413, problem=str(error), line=error.line)
    except DataError as error:
        status = 422 if error.source == "shapes" else 400
        return Answer(status, problem=str(error), line=error.line, column=error.column)
    except ShapesError as error:
        return Answer(422, problem=str(error))
