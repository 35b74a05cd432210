"""Things and their descriptions: `/id/…` sends on, `/doc/…` tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, render_template, request
from pyoxigraph import Triple

from ld import iris, rdf
from ld.iris import Kind
from ld.snapshot import Description, Moved
from ld.web import listings, responses
from ld.web.described import Described, respond, split
from ld.web.errors import Problem
from ld.web.links import Link
from ld.web.listings import Page
from ld.web.pages import Renderer
from ld.web.site import base, links, site, snapshot, vocabulary

blueprint = Blueprint("things", __name__)
_KIND = f"<any({','.join(iris.KINDS)}):kind>"


@blueprint.get(f"/id/{_KIND}/<path:key>")
def thing(kind: Kind, key: str) -> Response:
    """303 from the thing, which no server can send, to its description."""
    match _lookup(kind, key):
        case Description(path=path):
            return _redirect(303, links().path(path), "describedby")
        case Moved() as moved:
            return _moved(moved, "id", "")
    raise _unknown(kind, key)


@blueprint.get(f"/doc/{_KIND}/<path:name>")
def description(kind: Kind, name: str) -> Response:
    """The description of a thing, negotiated or in the format that its suffix says."""
    stem, suffix = split(name)
    # A key may end like a suffix, so what is there under the whole name is what is meant.
    for key, fixed in ((name, None), (stem, suffix))[: 2 if suffix else 1]:
        match _lookup(kind, key):
            case Description() as found:
                return respond(_described(kind, found), fixed)
            case Moved() as moved:
                return _moved(moved, "doc", f".{fixed.suffix}" if fixed else "")
    raise _unknown(kind, stem)


def _lookup(kind: Kind, key: str) -> Description | Moved | None:
    path = iris.doc_path(kind, key)
    return snapshot().describe(path) or snapshot().moved(path)


def _unknown(kind: Kind, key: str) -> Problem:
    return Problem(404, f"There is no {kind} with the key {key[:200]!r} here, and there never was.")


def _moved(moved: Moved, door: str, suffix: str) -> Response:
    """301 to what took the place, 300 with the several that may be meant, 410 with the reason."""
    targets = [_through(target, door, suffix) for target in moved.targets]
    if moved.status == 301:
        return _redirect(301, links().path(targets[0]), "canonical")
    if moved.status == 300:
        labels = [snapshot().describe(target.partition("#")[0]) for target in moved.targets]
        choices = [
            Link(links().path(target), "alternate", title=found.label if found else target)
            for target, found in zip(targets, labels, strict=True)
        ]
        raise Problem(300, moved.reason or "Several things had this address; choose one.", choices=choices)
    raise Problem(410, moved.reason or "This was published here and has been withdrawn.")


def _through(target: str, door: str, suffix: str) -> str:
    """A target by the door that was used: `id/thesis/K#author-1` as `doc/thesis/K.ttl#author-1`."""
    path, mark, fragment = target.partition("#")
    return f"{door}/{path.partition('/')[2]}{suffix}{mark}{fragment}"


def _redirect(status: int, address: str, rel: str) -> Response:
    response = responses.answer(f"See {address}\n".encode(), "text/plain", status=status, links=[Link(address, rel)])
    response.headers["Location"] = address
    return response


def _described(kind: Kind, found: Description) -> Described:
    """What `/doc` says of a thing: its description, the dates of the document, and an agent's theses."""
    document = base() + found.path
    topic = base() + iris.id_of(found.path)
    dates = {"documentIssued": found.first, "documentModified": found.modified}
    nodes: list[dict[str, Any]] = [{"id": document} | {word: f"{day:%Y-%m-%d}" for word, day in dates.items()}]
    page = None if kind == "thesis" else _page(found)
    if page:
        nodes += page.nodes(topic, document, snapshot())
    triples = rdf.parse(found.body)
    for node in nodes:
        triples += site().context.triples(node)
    triples = list(dict.fromkeys(triples))
    manifest = snapshot().manifest
    modified = max(found.modified, manifest.floor)
    # What a page shows besides (findings, an agent's theses) may change with any build.
    built = max(modified, manifest.created)
    return Described(
        path=found.path,
        root=topic,
        triples=triples,
        page=lambda formats: _html(kind, found, topic, triples, page, formats),
        modified=built if page else modified,
        page_modified=built,
        query=page.query if page else "",
        pages=listings.links_of(page) if page else (),
    )


def _page(found: Description) -> Page:
    number = listings.number(request.args.get(listings.PARAMETER))
    size = site().settings.page_size
    page = Page(snapshot().listing(found.path, number, size), number, size)
    if number > page.last:
        raise Problem(404, f"There is no page {number}; the last one is {page.last}.")
    return page


def _html(
    kind: Kind, found: Description, topic: str, triples: list[Triple], page: Page | None, formats: Sequence[Link]
) -> str:
    renderer = Renderer(topic, triples, site().shapes, site().context, links(), vocabulary())
    return render_template(
        "thing.html",
        kind=kind,
        label=found.label,
        topic=topic,
        document=base() + found.path,
        address=links().path(found.path),
        language=renderer.language(topic, found.label),
        rows=renderer.rows(topic, found.label),
        about=renderer.rows(base() + found.path),
        page=page,
        theses=renderer.works(page.listing.items) if page else (),
        findings=snapshot().findings(found.path),
        remarks=snapshot().remarks(found.path),
        formats=formats,
    )
