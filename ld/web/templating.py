"""Templating: what every template can call."""

from __future__ import annotations

from typing import Any, cast

from flask import Flask
from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader

from ld.reports.html import TEMPLATES
from ld.web.home import static_name
from ld.web.labels import local_name
from ld.web.site import links, site


def register(app: Flask) -> None:
    """Gives the templates of the app the links of the request at hand."""
    app.jinja_loader = ChoiceLoader([cast(BaseLoader, app.jinja_loader), FileSystemLoader(TEMPLATES)])
    app.jinja_options = {**app.jinja_options, "trim_blocks": True, "lstrip_blocks": True}
    app.context_processor(_helpers)


def _helpers() -> dict[str, Any]:
    here = links()
    return {
        "path": here.path,
        "href": here.href,
        "static": lambda name: here.path(f"static/{static_name(name)}"),
        "field_name": _field_name,
    }


def _field_name(field: str) -> str:
    """What people call a field of a record."""
    word = site().context.words.get(field)
    label = site().shapes.labels(word.predicate.value, site().context.classes["Thesis"]) if word else None
    return label.name if label else local_name(field)
