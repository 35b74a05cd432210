"""Triple Pattern Fragments on the web: the cheap way for programs that ask a lot, and for people who look around.

A client such as Comunica answers SPARQL on its own machine, from the fragments for each part of its query.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event
from typing import Any, NamedTuple, cast

from flask import Blueprint, Flask, Response, current_app, render_template, request
from pyoxigraph import Literal, NamedNode

from ld import formats, rdf
from ld.errors import QueryError
from ld.formats import BY_SUFFIX, FORMATS, HTML, Choice, Format, negotiate
from ld.mapping import LICENCE
from ld.sandbox import Busy, Crashed, Limits, Pool, TimedOut, TooMany, Turns, Unavailable
from ld.settings import Settings
from ld.snapshot import Snapshot, manifest
from ld.sparql.fragments import PLACES, SIZE, TASK, Answer, Pattern, Request, counted, read, spell
from ld.sparql.kept import Kept
from ld.web import controls, listings, responses
from ld.web.clients import client
from ld.web.controls import Queries
from ld.web.described import JSONLD_CONTEXT, context_path
from ld.web.errors import Problem
from ld.web.home import static_name
from ld.web.links import Link
from ld.web.site import EXTENSION, base, links, site, snapshot, version

blueprint = Blueprint("fragments", __name__)

LIMITS = Limits(seconds=5, memory=1_000_000_000)
"""What one page may take: the last one of three million triples takes a second, most others less than a millisecond.
The engine keeps some 250 MB of the store at hand; a worker that has more than half of its memory is replaced."""
WAITING, EACH = 64, 16
"""Requests that may wait; and those of one client: Comunica asks for several fragments at once."""
CACHE = 32_000_000
"""Bytes of answers that are kept, for many clients begin with the same few fragments."""

_EXTENSION = "thesis-ld-fragments"
_PATIENCE = 3 * LIMITS.seconds
_RETRY_AFTER = "2"
"""Seconds after which what waits now will have been served, most likely."""
_OFFERED = tuple(sorted(FORMATS, key=lambda form: (form is HTML, form.name != "trig")))
"""First the most readable one of those with graphs, which tell the triples of a fragment from those about it: in
Turtle, who asks for the types of things gets that of the form as well. A browser asks for a page by its name."""
_LONGEST = 4096
"""Characters of the longest address that a header or the page names: Node reads 16 KB of headers and no more."""
_SHOWN = 300
"""Characters of a text that the page shows."""


class _Service:
    """What an app answers with; its worker starts with the first fragment."""

    def __init__(self, settings: Settings) -> None:
        stores = settings.data / manifest.SNAPSHOTS
        self.pool = Pool(TASK, workers=1, limits=LIMITS, reads=stores)
        self.turns = Turns(1, waiting=WAITING, each=EACH, patience=_PATIENCE)
        self.waiters = Turns(WAITING, waiting=0, each=EACH, patience=_PATIENCE)
        self.kept = Kept[bytes](CACHE, size=len, alike=lambda error: not isinstance(error, Busy | Unavailable))


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of a fragment, as a request asks for it; `address` is the path of all fragments on this host."""

    snapshot: Snapshot
    pattern: Pattern
    number: int
    queries: Queries
    choice: Choice
    address: str

    @property
    def tag(self) -> str:
        """What its bytes are known by, before anybody made them: all that they depend on."""
        state = [version(), site().context.hash, static_name("style.css"), self.snapshot.name, self.address]
        asked = [self.queries.here, self.choice.format.name, self.choice.media_type]
        return hashlib.sha256(json.dumps(state + asked).encode()).hexdigest()[:24]


class _Term(NamedTuple):
    """A term as the page shows it: its text, short and whole, where it leads, and the query for all that share it."""

    text: str
    whole: str
    href: str | None
    query: str
    language: str | None = None
    kind: str = ""


def register(app: Flask, settings: Settings) -> None:
    """Gives the app its worker."""
    app.extensions[_EXTENSION] = _Service(settings)


def start(app: Flask) -> None:
    """Starts the worker now, so that the first fragment does not wait for it."""
    settings: Settings = app.extensions[EXTENSION].settings
    if (settings.data / manifest.SNAPSHOTS).is_dir():
        cast(_Service, app.extensions[_EXTENSION]).pool.start()


@blueprint.get(f"/{controls.PATH}")
def fragment() -> Response:
    """A page of the triples that fit a pattern, and the way to all other fragments."""
    queries = Queries.of(request.query_string)
    number = listings.number(request.args.get(listings.PARAMETER))
    address = links().path(controls.PATH)
    choice = _choice(queries, number, address)
    try:
        pattern = _pattern()
    except QueryError as error:
        return _refusal(error, choice)
    return _respond(_Page(snapshot(), pattern, number, queries, choice, address))


def _respond(page: _Page) -> Response:
    """The page, or that it is what the client has already."""
    form, fixed = page.choice.format, controls.FORMAT in request.args
    others = [Link(LICENCE, "license")]
    if page.choice.media_type == "application/json":
        others.append(Link(links().path(context_path()), JSONLD_CONTEXT, "application/ld+json"))
    location = page.address + page.queries.format(form.suffix, page.number)
    head = responses.begin(
        cache=responses.SHORT,
        vary="Accept-Encoding" if fixed else "Accept, Accept-Encoding",
        location=location if len(location) <= _LONGEST else None,
        links=others,
    )
    state = page.snapshot.manifest
    validator = responses.etag(page.tag, responses.coding(responses.SMALL))
    if responses.unchanged(head, validator, max(state.created, state.floor)):
        return head
    response = responses.answer(_body(page), page.choice.media_type, cache=responses.NO_STORE)
    response.headers.update(head.headers)  # which say how it can be kept
    return response


def _choice(queries: Queries, number: int, address: str) -> Choice:
    """The format that the address fixes, else the one that the request likes best."""
    named = request.args.get(controls.FORMAT)
    if named is None:
        found = negotiate(request.headers.getlist("Accept"), _OFFERED)
        if found is None:
            choices = _alternates(queries, number, address)
            raise Problem(406, "None of the formats asked for exists here; these do.", choices=choices)
        return found
    if named not in BY_SUFFIX:
        raise Problem(400, f"There is no format called {named[:80]!r}: use {', '.join(BY_SUFFIX)}.")
    return Choice(BY_SUFFIX[named], BY_SUFFIX[named].media_type)


def _alternates(queries: Queries, number: int, address: str) -> list[Link]:
    """The same page in every format, each at its own address."""
    return [
        Link(address + queries.format(form.suffix, number), "alternate", form.media_type, form.title)
        for form in FORMATS
    ]


def _pattern() -> Pattern:
    for place in PLACES:
        if len(request.args.getlist(place)) > 1:
            raise QueryError(f"{place} is given more than once", way_out="Give it once, or not at all.")
    return read(request.args)


def _refusal(error: QueryError, choice: Choice) -> Response:
    """400: as a page, with the form as it was filled in; else as problem details."""
    if choice.format is not HTML:
        raise Problem(400, str(error)) from error
    given = {place: request.args.get(place, "") for place in PLACES}
    page = _rendered(given, problem=str(error))
    return responses.answer(page.encode(), HTML.media_type, status=400, cache=responses.NO_STORE, negotiated=True)


def _body(page: _Page) -> bytes:
    """The page in its format: kept, or made now."""
    try:
        return _service().kept.once(page.tag, lambda: _made(page), _wait)
    except Busy as error:
        raise _later(429 if isinstance(error, TooMany) else 503, str(error)) from error
    except TimedOut as error:
        told = f"To find this page takes longer than the {LIMITS.seconds:g} s that it may."
        raise _later(503, f"{told} Follow the links from page to page, or take the dump.") from error
    except Crashed as error:
        current_app.logger.error("No fragment: %s %s", error, error.trace)
        raise _later(503, "The triples cannot be read just now; the reason has been logged.") from error


def _wait(event: Event) -> None:
    with _service().waiters.turn(client()):
        event.wait(_PATIENCE + LIMITS.seconds)


def _later(status: int, detail: str) -> Problem:
    return Problem(status, detail, headers={"Retry-After": _RETRY_AFTER})


def _made(page: _Page) -> bytes:
    answer = _asked(page)
    last = controls.last_page(answer.total)
    if page.number > last:
        raise Problem(404, f"There is no page {page.number}; the last one is {last}.")
    if page.choice.format is HTML:
        return _html(page, answer).encode()
    about = controls.describe(page.snapshot.manifest.base, page.queries, page.number, answer.total)
    write = _WRITERS.get(page.choice.format.name, _together)
    return write(page, answer.ntriples, rdf.canonical(site().context.triples(about)), about["id"])


def _asked(page: _Page) -> Answer:
    """What the worker says."""
    service, state = _service(), page.snapshot
    store = str((state.folder / manifest.STORE).absolute())
    total = counted(page.pattern, state.manifest.census)
    asked = Request(store, page.pattern, page.number, total)
    with service.turns.turn(client()), service.pool.worker() as worker:
        return Answer.decode(worker.ask(asked.encode()))


def _service() -> _Service:
    return cast(_Service, current_app.extensions[_EXTENSION])


# --- syntaxes: the triples of the fragment, and in a graph of their own, where there are graphs, those about it ---


def _together(page: _Page, triples: bytes, about: bytes, graph: str) -> bytes:
    return _serialized(page.choice.format, triples + about, graph)


def _trig(page: _Page, triples: bytes, about: bytes, graph: str) -> bytes:
    return _serialized(BY_SUFFIX["ttl"], triples, graph) + b"\n" + _serialized(BY_SUFFIX["trig"], about, graph)


def _nquads(page: _Page, triples: bytes, about: bytes, graph: str) -> bytes:
    return triples + _serialized(BY_SUFFIX["nq"], about, graph)


def _jsonld(page: _Page, triples: bytes, about: bytes, graph: str) -> bytes:
    nodes = [*_nodes(triples, graph), {"id": graph, "@graph": _nodes(about, graph)}]
    document = {"@context": page.snapshot.manifest.base + context_path(), "@graph": nodes}
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"


_WRITERS: Mapping[str, Callable[[_Page, bytes, bytes, str], bytes]] = {
    "trig": _trig,
    "nq": _nquads,
    "jsonld": _jsonld,
}


def _serialized(form: Format, ntriples: bytes, graph: str) -> bytes:
    return formats.serialize(form, ntriples, root=graph, graph=graph, context_url="")


def _nodes(ntriples: bytes, graph: str) -> list[Any]:
    """The nodes that a document of its own would have."""
    if not ntriples:
        return []
    document = json.loads(_serialized(BY_SUFFIX["jsonld"], ntriples, graph))
    del document["@context"]
    return cast("list[Any]", document.get("@graph", [document]))


# --- the page ---


def _html(page: _Page, answer: Answer) -> str:
    number, pattern = page.number, page.pattern.terms
    given = {place: spell(term) if term else "" for place, term in pattern.items()}
    rows = [
        [_term(place, getattr(triple, place), known=pattern[place] is not None) for place in PLACES]
        for triple in rdf.parse(answer.ntriples)
    ]
    return _rendered(
        given,
        rows=rows,
        total=answer.total,
        number=number,
        last=controls.last_page(answer.total),
        pages={rel: page.queries.page(n) for rel, n in controls.pages(number, answer.total).items() if n != number},
        formats=_alternates(page.queries, number, page.address),
    )


def _rendered(given: Mapping[str, str], **shown: Any) -> str:
    return render_template(
        "fragments.html", title="Triples by pattern", given=given, size=SIZE, root=base() + controls.PATH, **shown
    )


def _term(place: str, term: Any, *, known: bool) -> _Term:
    """A term in its place; `known` is one that the pattern says, so that all that share it are here."""
    query, context = controls.query(**{place: spell(term)}), site().context
    query = "" if known or len(query) > _LONGEST else query
    if isinstance(term, NamedNode):
        short = context.compact(term.value)
        text = term.value.removeprefix(base()) if short == term.value else short
        return _Term(text, term.value, links().href(term.value), query)
    text = term.value if len(term.value) <= _SHOWN else term.value[:_SHOWN].rstrip() + "…"
    language = term.language
    kind = "" if language or term.datatype == _STRING else context.compact(term.datatype.value)
    return _Term(text, term.value, None, query, language, kind)


_STRING = Literal("").datatype
