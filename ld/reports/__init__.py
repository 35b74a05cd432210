"""Reports: what a validation found, in the formats that people and programs ask for, as one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from ld.reports import document, html, junit, rdf, sarif, text
from ld.reports.presentation import Presentation
from ld.validation.report import Report

__all__ = ["BY_NAME", "FORMATS", "Presentation", "ReportFormat"]

Write = Callable[[Report, Presentation], Iterator[str]]


@dataclass(frozen=True, slots=True)
class ReportFormat:
    """One row of the table.

    media_type, aliases: what it is asked for by and answered with, as `ld.formats.negotiation.choose` reads them.
    write: yields the report a piece at a time; those for programs hold no more than a few findings at once.
    """

    name: str
    media_type: str
    title: str
    suffix: str
    write: Write
    aliases: Mapping[str, str] = field(default_factory=dict, hash=False)


FORMATS: tuple[ReportFormat, ...] = (
    ReportFormat("text", "text/plain", "Text", "txt", text.write),
    ReportFormat("html", "text/html", "Page", "html", html.write, {"application/xhtml+xml": "text/html"}),
    ReportFormat("json", "application/json", "JSON", "json", document.write),
    ReportFormat(
        "turtle", "text/turtle", "Turtle", "ttl", rdf.turtle,
        {"application/x-turtle": "text/turtle", "application/turtle": "text/turtle", "text/n3": "text/n3"},
    ),
    ReportFormat("jsonld", "application/ld+json", "JSON-LD", "jsonld", rdf.jsonld),
    ReportFormat("nt", "application/n-triples", "N-Triples", "nt", rdf.ntriples),
    ReportFormat("junit", "application/xml", "JUnit XML", "xml", junit.write, {"text/xml": "text/xml"}),
    ReportFormat("sarif", "application/sarif+json", "SARIF", "sarif", sarif.write),
)  # fmt: skip
"""The order is the preference where a client has none: what people read first."""

BY_NAME: Mapping[str, ReportFormat] = {each.name: each for each in FORMATS}
