"""The web door: a Flask app over the published snapshot."""

from __future__ import annotations

from flask import Flask

from ld import context, shapes
from ld.settings import Settings
from ld.snapshot import Publication
from ld.web import (
    dumps,
    errors,
    fragments,
    guard,
    home,
    responses,
    shape_pages,
    sparql,
    templating,
    things,
    transfers,
    validation,
    vocabularies,
)
from ld.web.lane import Lane
from ld.web.mount import Mount
from ld.web.site import EXTENSION, Site

__all__ = ["create_app"]

WAITING = ("fragments", "validate")
"""First segments of the addresses whose requests mostly wait for a process of their own."""


def create_app(settings: Settings) -> Flask:
    """The site over the data folder of `settings`; it needs no published snapshot to start."""
    app = Flask(__name__, static_folder=None)
    site = Site(settings, Publication(settings.data), shapes.load(), context.load())
    app.extensions[EXTENSION] = site
    app.url_map.merge_slashes = False  # a key may hold slashes; none is taken out of it
    for part in (things, vocabularies, shape_pages, validation, sparql, fragments, dumps, home):
        app.register_blueprint(part.blueprint)
    validation.register(app, settings)
    sparql.register(app, settings)
    fragments.register(app, settings)
    transfers.register(app, settings)
    app.before_request(guard.check)
    app.after_request(responses.finish)
    errors.register(app)
    templating.register(app)
    routes = app.url_map.bind("")

    def known(path: str) -> bool:
        return routes.test(path)

    app.wsgi_app = Mount(Lane(app.wsgi_app, WAITING), site.base, known)  # type: ignore[method-assign,assignment]
    return app
