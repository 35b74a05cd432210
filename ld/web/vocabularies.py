"""Vocabularies: our terms, degrees, levels, disciplines and institutions, and the JSON-LD context."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from flask import Blueprint, Response, render_template
from pyoxigraph import Triple

from ld import resources
from ld.formats import BY_SUFFIX, Format
from ld.iris import NAMESPACE, segment
from ld.namespaces import DCTERMS
from ld.snapshot.manifest import kept_context
from ld.web import responses
from ld.web.described import Described, context_path, respond, split
from ld.web.errors import Problem
from ld.web.links import Link
from ld.web.pages import Renderer
from ld.web.site import base, links, site, vocabulary

blueprint = Blueprint("vocabularies", __name__)

JSONLD = "application/ld+json"
# What the list of vocabularies says of each.
_ABOUT = (DCTERMS + "title", DCTERMS + "description")
KINDS = ("degree", "level", "discipline")


@blueprint.get("/vocab")
@blueprint.get("/vocab/")
@blueprint.get("/vocab/index", defaults={"suffix": None})
@blueprint.get(f"/vocab/index.<any({','.join(BY_SUFFIX)}):suffix>")
def index(suffix: str | None = None) -> Response:
    """What vocabularies there are."""
    root = f"{base()}vocab/"
    files = vocabulary().files.values()
    triples = site().context.triples(
        {"id": root, "title": "Vocabularies", "dcterms:hasPart": [{"id": f.root} for f in files]}
    )
    triples += [triple for f in files for triple in vocabulary().describe(f.root) if triple.predicate.value in _ABOUT]
    return _document("vocab/index", "Vocabularies", root, triples, BY_SUFFIX.get(suffix or ""))


@blueprint.get("/vocab/context.jsonld")
def context() -> Response:
    """The current context; what it says may change with the next release."""
    return _context(responses.SHORT)


@blueprint.get("/vocab/context-<name>.jsonld")
def context_of(name: str) -> Response:
    """The context with this hash, which never changes: this version's, or one that earlier answers named."""
    if name == site().context.hash:
        return _context(responses.IMMUTABLE)
    earlier = kept_context(site().settings.data, name)
    if earlier is None:
        current = Link(links().path(context_path()), "latest-version", JSONLD, "The current context")
        raise Problem(404, "There is no context with this hash here.", choices=[current])
    return responses.answer(earlier.read_bytes(), JSONLD, cache=responses.IMMUTABLE, modified=changed(earlier))


@blueprint.get("/vocab/<name>")
def document(name: str) -> Response:
    """One vocabulary, whole."""
    stem, fixed = split(name)
    file = vocabulary().files.get(stem)
    if file is None:
        raise Problem(404, f"There is no vocabulary {stem[:200]!r} here.")
    return _document(f"vocab/{stem}", file.title, file.root, file.triples, fixed)


@blueprint.get(f"/vocab/<any({','.join(KINDS)}):kind>/<path:name>")
def term(kind: str, name: str) -> Response:
    """One degree, level or discipline."""
    stem, suffix = split(name)
    for key, fixed in ((name, None), (stem, suffix)):
        iri = f"{NAMESPACE}{kind}/{segment(key)}"
        if triples := vocabulary().describe(iri):
            return _document(f"vocab/{kind}/{segment(key)}", None, iri, triples, fixed)
    raise Problem(404, f"There is no {kind} {stem[:200]!r} here.")


def _context(cache: str) -> Response:
    file = resources.vocab_dir() / "context.jsonld"
    return responses.answer(site().context.bytes, JSONLD, cache=cache, modified=changed(file))


def _document(path: str, title: str | None, root: str, triples: Sequence[Triple], fixed: Format | None) -> Response:
    def page(formats: Sequence[Link]) -> str:
        renderer = Renderer(root, triples, site().shapes, site().context, links(), vocabulary())
        return render_template(
            "vocabulary.html",
            kind="Vocabulary" if title else "Term",
            title=title or renderer.name(root) or root,
            canonical=path,
            root=root,
            sections=renderer.sections(),
            formats=formats,
        )

    return respond(Described(path, root, triples, page, modified=changed(resources.vocab_dir()), lasting=True), fixed)


def changed(place: Path) -> datetime:
    """When a file that came with the package, or the newest file of a folder, last changed."""
    files = [place] if place.is_file() else place.iterdir()
    return datetime.fromtimestamp(max(file.stat().st_mtime for file in files), UTC)
