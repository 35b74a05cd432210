"""HTML: a report as one page that needs nothing else, and the parts of it that the site's own page shows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ld.reports.presentation import Presentation
from ld.reports.view import view, view_of_json
from ld.validation.report import Report

__all__ = ["STYLE", "TEMPLATES", "view", "view_of_json", "write"]

TEMPLATES = Path(__file__).parent / "templates"
"""The folder with `report.html`, the page; `report_parts.html`, its macros; and `report.css`, their style."""

STYLE = Path(__file__).parent.parent / "web" / "static" / "style.css"
"""The style of the site, in which the page looks like the others."""


def write(report: Report, presentation: Presentation) -> Iterator[str]:
    """The report as a page."""
    page = _environment().get_template("report.html")
    stream = page.stream(report=view(report, presentation), style=STYLE.read_text("utf-8"))
    stream.enable_buffering(64)
    yield from stream
    yield "\n"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
