"""SPARQL on the web: the protocol (SPARQL 1.1 Protocol, section 2.1) for programs, a page to ask with for people."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, current_app, g, render_template, request

from ld import iris
from ld.errors import QueryError, SnapshotError
from ld.formats import BY_SUFFIX, FORMATS, HTML
from ld.sandbox import Busy, Crashed, TooMany, Turns, Unavailable
from ld.settings import Settings
from ld.snapshot import Snapshot
from ld.sparql import description, results
from ld.sparql.reading import Query, read
from ld.sparql.results import Choice
from ld.sparql.rows import Note
from ld.sparql.service import OverLimit, Question, Result, Service
from ld.web import asking, responses, transfers
from ld.web.asking import Asked
from ld.web.clients import client
from ld.web.described import Described, respond
from ld.web.errors import Problem
from ld.web.lane import aside
from ld.web.links import Link
from ld.web.query_pages import EXAMPLES, SHOWN, Shown, shown
from ld.web.site import base, links, site, snapshot, version

blueprint = Blueprint("sparql", __name__)

PATH = "sparql"
_EXTENSION = "thesis-ld-sparql"
_RETRY_AFTER = {429: "2", 503: "5"}
"""Seconds after which a place will be free, most likely: a client's own, or one for anybody."""
_LONGEST_LINK = 1_000
"""Characters of an address that is still named in a header."""
_LONGEST_ADDRESS = 30_000
"""Characters of an address that browsers and servers are sure to take."""
_LONGEST_TEXT = 200
"""Characters of what is wrong in a query that are repeated."""
_OFFERED = tuple(sorted(FORMATS, key=lambda form: form is not BY_SUFFIX["ttl"]))


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no result: the status, the words, and where in the query."""

    status: int
    detail: str
    headers: dict[str, str] = field(default_factory=dict)
    line: int | None = None
    column: int | None = None
    text: str = ""

    @property
    def members(self) -> dict[str, Any]:
        """What problem details say of it beside the words."""
        place = {"line": self.line, "column": self.column, "text": self.text[:_LONGEST_TEXT]}
        return {name: value for name, value in place.items() if value}


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """What an app answers queries with, and the turns in which bodies are read."""

    service: Service
    bodies: Turns


def register(app: Flask, settings: Settings) -> None:
    """Gives the app its endpoint, whose workers start with the first query unless `start` is called."""
    bodies = Turns(settings.query_waiting + 2, waiting=0, each=settings.query_client, patience=1)
    app.extensions[_EXTENSION] = _Endpoint(Service(settings), bodies)


def start(app: Flask) -> None:
    """Starts the workers now, so that the first query does not wait for them."""
    cast(_Endpoint, app.extensions[_EXTENSION]).service.start()


def stop(app: Flask) -> None:
    """Ends the workers."""
    cast(_Endpoint, app.extensions[_EXTENSION]).service.close()


@blueprint.get(f"/{PATH}")
def get() -> Response:
    """The answer to the query in the address; without one, the service description, or the page."""
    asked = asking.by_address()
    return describe(None) if asked.query is None else _answer(asked)


@blueprint.get(f"/{PATH}.<any({','.join(BY_SUFFIX)}):suffix>")
def describe(suffix: str | None) -> Response:
    """The service description in one format."""
    published = snapshot().manifest
    described = Described(
        path=PATH,
        root=f"{published.base}{PATH}",
        triples=description.describe(published.base, site().settings, published.counts.get("triples")),
        page=lambda formats: _text(Asked(None), formats=formats),
        offered=_OFFERED,
    )
    return respond(described, BY_SUFFIX.get(suffix or ""))


@blueprint.post(f"/{PATH}")
def post() -> Response:
    """The answer to the query in the body, as a form or as it is."""
    try:
        asked = asking.by_body(_endpoint().bodies)
    except Busy as error:
        failure = _of_trouble(error)
        raise Problem(failure.status, failure.detail, headers=failure.headers) from error
    return _answer(asked)


# --- the answer ---


def _answer(asked: Asked) -> Response:
    """The answer in the format that is asked for, or why there is none, in the form that is."""
    current = snapshot()
    try:
        query = _read(asked, current)
        choice = _choice(asked, query)
    except QueryError as error:
        return _fail(asked, _of_query(error))
    question = _question(query, choice, current)
    tag = _tag(question, choice)
    cache = responses.NO_STORE if query.volatile else responses.SHORT
    if _is_known(tag):
        vary = "Accept-Encoding" if asked.format else "Accept, Accept-Encoding"
        unchanged = responses.begin(304, cache=cache, vary=vary)
        unchanged.headers["ETag"] = tag
        return unchanged
    try:
        with aside(request.environ):
            result = _endpoint().service.ask(question, client())
    except SnapshotError:
        if site().publication.current().name == current.name:
            raise
        del g.snapshot  # it was removed while the query waited; ask the one that took its place
        return _answer(asked)
    except QueryError as error:
        return _fail(asked, _of_query(error), choice)
    except OverLimit as error:
        return _fail(asked, Failure(422, str(error)), choice)
    except (Busy, Crashed) as error:
        return _fail(asked, _of_trouble(error), choice)
    if choice.page:
        return _page(asked, result=shown(query, result), cache=cache)
    return _send(result, question, choice, asked, cache, tag)


def _read(asked: Asked, current: Snapshot) -> Query:
    """The query, if it may be asked here."""
    text, graph = cast(str, asked.query), iris.dataset(current.manifest.base)
    for name in (*asked.named_graphs, *(each for each in asked.graphs if each != graph)):
        raise QueryError(
            f"There is no graph <{name[:200]}> here: all data is in one graph, the default one",
            way_out="Leave out default-graph-uri and named-graph-uri.",
        )
    return read(text, graph=graph, most=asking.longest())


def _choice(asked: Asked, query: Query) -> Choice:
    """The format that the request asks for; raises `Problem` when there is none such for this query."""
    kind = results.KINDS[query.form]
    if asked.format and not asked.page:
        chosen = results.named(kind, asked.format)
        if chosen is None:
            names = ", ".join(each.name for each in results.offered(kind))
            raise Problem(400, f"{query.form} queries have no format {asked.format[:40]!r}: use {names}, or html.")
        return Choice(chosen, chosen.media_type)
    if asked.format:
        return Choice(results.offered(kind)[0], HTML.media_type, page=True)
    choice = results.negotiate(kind, request.headers.getlist("Accept"))
    if choice is None:
        there = results.offered(kind)
        choices = [Link(_address(asked, each.name), "alternate", each.media_type, each.title) for each in there]
        types = ", ".join(each.media_type for each in there)
        detail = f"{query.form} queries have none of the formats asked for; they have {types}."
        raise Problem(406, detail, choices=choices if len(choices[0].target) < _LONGEST_LINK else ())
    return choice


def _question(query: Query, choice: Choice, current: Snapshot) -> Question:
    most, chosen = site().settings.query_rows, choice.format
    if choice.page:
        most = min(SHOWN, most)
        if chosen.kind == "triples":
            chosen = cast(results.ResultFormat, results.named("triples", "nt"))
    here = current.manifest.base
    note = Note(
        f"This result is cut: it has more than {most:,} rows. All of the data: {here}dumps/",
        (f"{here}{PATH}#limit-rows", f"{here}dumps/"),
    )
    return Question(query, chosen, current, most, note)


def _is_known(tag: str) -> bool:
    """Whether the client has this answer already; who asks for any answer at all (`*`) may not have one."""
    known = request.if_none_match
    return bool(tag) and request.method in ("GET", "HEAD") and not known.star_tag and known.contains_weak(tag[3:-1])


def _tag(question: Question, choice: Choice) -> str:
    """A weak validator, for the rows are the same each time, but not always in one order; "" for what may not be kept.

    A page has none: it changes with its design as well.
    """
    if question.query.volatile or choice.page:
        return ""
    said = f"{version()} {question.key} {choice.media_type} {links().prefix}"
    return f'W/"{hashlib.sha256(said.encode()).hexdigest()[:24]}"'


def _send(result: Result, question: Question, choice: Choice, asked: Asked, cache: str, tag: str) -> Response:
    headers = {"Result-Rows": str(result.rows)}
    others = [Link(links().path(PATH), "service")]
    if result.cut:
        headers["Result-Cut"] = f"rows={question.most}"
        others.append(Link(links().path("dumps/"), "related", title="All of the data"))
    negotiated = not asked.format
    if result.file is not None:
        return transfers.send(
            result.file, result.size, choice.media_type, tag=None, cache=cache, negotiated=negotiated, compress=True,
            links=others, headers=headers | ({"ETag": tag} if tag else {}),
        )  # fmt: skip
    response = responses.answer(
        result.body or b"", choice.media_type, cache=cache, negotiated=negotiated, links=others, validator=tag
    )
    response.headers.update(headers)
    return response


# --- what goes wrong ---


def _of_query(error: QueryError) -> Failure:
    return Failure(400, str(error), line=error.line, column=error.column, text=error.text)


def _of_trouble(error: Busy | Crashed) -> Failure:
    if isinstance(error, Crashed) and not isinstance(error, Unavailable):
        current_app.logger.error("A query failed: %s %s", error, error.trace)
        return Failure(500, "The query could not be answered, by a fault of the program; it has been logged.")
    if isinstance(error, Unavailable):
        current_app.logger.error("No query: %s %s", error, error.trace)
    status = 429 if isinstance(error, TooMany) else 503
    detail = str(error) if isinstance(error, Busy) else "No query can be answered just now; the reason has been logged."
    return Failure(status, detail, {"Retry-After": _RETRY_AFTER[status]})


def _fail(asked: Asked, failure: Failure, choice: Choice | None = None) -> Response:
    """The failure on the page, with the query to be mended, for a person; else as problem details."""
    wanted = choice or results.negotiate("solutions", request.headers.getlist("Accept"))
    if asked.page or (not asked.format and wanted is not None and wanted.page):
        return _page(asked, failure=failure, cache=responses.NO_STORE)
    raise Problem(failure.status, failure.detail, headers=failure.headers, members=failure.members)


# --- the page ---


def _page(
    asked: Asked,
    *,
    cache: str,
    result: Shown | None = None,
    failure: Failure | None = None,
) -> Response:
    """The page with a result, or with what went wrong."""
    response = responses.answer(
        _text(asked, result, failure).encode(),
        HTML.media_type,
        status=failure.status if failure else 200,
        cache=cache,
        negotiated=not asked.format,
        validator="",
    )
    response.headers.update(failure.headers if failure else {})
    return response


def _text(
    asked: Asked, result: Shown | None = None, failure: Failure | None = None, formats: Sequence[Link] = ()
) -> str:
    title = "Result" if result else "The query cannot be answered" if failure else "Ask the data"
    offered = results.offered(results.KINDS[result.form]) if result else ()
    return render_template(
        "sparql.html",
        title=title,
        query=asked.query or "",
        result=result,
        failure=failure,
        examples=EXAMPLES,
        address=lambda query: _address(replace(asked, query=query), "html"),
        downloads=[(each.title, _address(asked, each.name)) for each in offered],
        too_long=len(_address(asked, "")) > _LONGEST_ADDRESS,
        limits=description.limits(site().settings),
        formats=formats,
        here=f"{base()}{PATH}",
    )


def _address(asked: Asked, named: str) -> str:
    """Where the answer to a query is, in a format."""
    said = {"query": asked.query or ""} | ({"format": named} if named else {})
    return f"{links().path(PATH)}?{urlencode(said)}"


def _endpoint() -> _Endpoint:
    return cast(_Endpoint, current_app.extensions[_EXTENSION])
