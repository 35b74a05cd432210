"""The entry that a WSGI server loads: the app over the settings in the environment (`THESIS_LD_*`)."""

from __future__ import annotations

import os

from flask import Flask

from ld import settings
from ld.web import create_app, fragments, sparql


def app() -> Flask:
    """A new app; servers call this once in each worker process."""
    made = create_app(settings.read(os.environ))
    for service in (sparql, fragments):
        service.start(made)
    return made
