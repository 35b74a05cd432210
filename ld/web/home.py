"""The front page, and what machines and browsers ask every site for."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, abort, render_template

from ld.formats import HTML
from ld.reports.html import TEMPLATES
from ld.web import responses
from ld.web.site import base, snapshot

blueprint = Blueprint("home", __name__)

SAMPLES = 8
"""Theses that the front page shows."""
COUNTS = {"published": "theses", "people": "people", "organisations": "organisations"}
"""Count of the manifest → what the front page calls it."""

_STATIC = (Path(__file__).parent / "static", TEMPLATES)
_TYPES = {".css": "text/css", ".svg": "image/svg+xml", ".js": "text/javascript"}


@blueprint.get("/")
def front() -> Response:
    """What is published here, and a way in."""
    manifest = snapshot().manifest
    samples = list(snapshot().paths("thesis", limit=SAMPLES))
    counts = [(label, manifest.counts[name]) for name, label in COUNTS.items() if name in manifest.counts]
    example = base() + samples[0][0] if samples else base()
    page = render_template(
        "home.html",
        title="Doctoral theses as linked data",
        manifest=manifest,
        counts=counts,
        samples=samples,
        example=example,
    )
    return responses.answer(page.encode(), HTML.media_type, modified=max(manifest.created, manifest.floor))


@blueprint.get("/healthz")
def health() -> Response:
    """Whether a snapshot can be read, and which; 503 when none can."""
    state = snapshot()
    body = {"status": "ok", "snapshot": state.name, "base": state.manifest.base, "counts": dict(state.manifest.counts)}
    return responses.answer(json.dumps(body).encode() + b"\n", "application/json", cache=responses.NO_STORE)


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Everything may be read, but for answers to questions, of which there is no end."""
    return responses.answer(b"User-agent: *\nDisallow: /sparql?\nDisallow: /fragments?\nAllow: /\n", "text/plain")


@blueprint.get("/static/<name>")
def static(name: str) -> Response:
    """A file of the design."""
    files = static_files()
    if name not in files:
        abort(404)
    return responses.answer(files[name], _TYPES[Path(name).suffix], cache=responses.IMMUTABLE)


@lru_cache(maxsize=1)
def static_files() -> dict[str, bytes]:
    """The files of the design; each has a hash of its content in its name."""
    paths = (path for folder in _STATIC for path in folder.iterdir() if path.suffix in _TYPES)
    return {static_name(path.name): path.read_bytes() for path in paths}


@lru_cache(maxsize=8)
def static_name(name: str) -> str:
    """The name under which a file of the design is served: `style.0f3a….css`."""
    path = next(folder / name for folder in _STATIC if (folder / name).is_file())
    return f"{path.stem}.{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}{path.suffix}"
