"""Asking: what a request to the SPARQL endpoint asks for, by address or by body (SPARQL 1.1 Protocol, section 2.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from ld.sandbox import Turns
from ld.web import forms
from ld.web.clients import client
from ld.web.errors import Problem
from ld.web.forms import LINE
from ld.web.lane import aside
from ld.web.site import site

QUERY, UPDATE = "application/sparql-query", "application/sparql-update"
READ_ONLY = "This endpoint is read-only: nothing here can be changed, so no update is carried out."

Fields = Mapping[str, Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for, before the query is read; no query at all asks for the description of the endpoint.

    format: what the answer is to be written in, as `format=` says it. graphs, named_graphs: those that it is to be
    answered from, where it says so.
    """

    query: str | None
    format: str = ""
    graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()

    @property
    def page(self) -> bool:
        """Whether it asks for a page by `format=`."""
        return self.format == "html"


def by_address() -> Asked:
    """What the address of the request asks for; raises `Problem` for what is no query."""
    return _asked(_fields(request.query_string))


def by_body(bodies: Turns) -> Asked:
    """What the body of the request asks for; raises `Problem` for what is no query.

    Bodies are read in turns, for a slow one holds a thread of the server until it has come.
    """
    kind = request.mimetype
    if kind == UPDATE:
        raise Problem(403, READ_ONLY)
    if kind not in (LINE, QUERY):
        accepted = {"Accept-Post": f"{QUERY}, {LINE}"}
        raise Problem(
            415, f"Queries are taken as {QUERY}, or as a form ({LINE}) in its field `query`.", headers=accepted
        )
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Problem(415, "Queries are taken as they are, without a Content-Encoding.")
    # In a form, each byte of a query may take three.
    with aside(request.environ), bodies.turn(client()):
        body = _body(longest() if kind == QUERY else 3 * longest() + 10_000)
    address = _fields(request.query_string)
    if kind == QUERY:
        return _asked({**address, "query": [body]})
    form = _fields(body)
    if not {"query", "update"} & set(form):
        raise Problem(400, "The form has no field `query`.")
    return _asked({name: [*form.get(name, ()), *address.get(name, ())] for name in {**address, **form}})


def longest() -> int:
    """Bytes in the longest query that is taken."""
    return site().settings.query_length


def too_long() -> NoReturn:
    """Refuses a query that is longer."""
    detail = f"The query is longer than the {longest():,} bytes that are taken. Ask in several, or query a dump."
    raise Problem(413, detail, headers={"Connection": "close"})


def _fields(line: bytes) -> Fields:
    try:
        found: dict[str, list[bytes]] = {}
        for name, value in forms.pairs(line, longest=3 * longest() + 10_000):
            found.setdefault(name, []).append(value)
        return found
    except RequestEntityTooLarge as error:
        raise Problem(400, "There are too many fields: none is needed but `query` and `format`.") from error


def _asked(fields: Fields) -> Asked:
    if "update" in fields:
        raise Problem(403, READ_ONLY)
    queries = fields.get("query", ())
    if len(queries) > 1:
        raise Problem(400, "There are several queries in the request; each takes a request of its own.")
    if queries and len(queries[0]) > longest():
        too_long()
    return Asked(
        query=_text(queries[0]) if queries else None,
        format=" ".join(_texts(fields.get("format", ())[:1])).strip().lower(),
        graphs=tuple(_texts(fields.get("default-graph-uri", ()))),
        named_graphs=tuple(_texts(fields.get("named-graph-uri", ()))),
    )


def _text(query: bytes) -> str:
    try:
        return query.decode().removeprefix("\ufeff")  # which some editors put before a text
    except UnicodeDecodeError as error:
        raise Problem(400, f"The query is not UTF-8: byte {error.start + 1} of it cannot be read.") from error


def _texts(values: Iterable[bytes]) -> Iterable[str]:
    return (value.decode("utf-8", "replace") for value in values)


def _body(most: int) -> bytes:
    """The body of the request, whole."""
    if (request.content_length or 0) > most:
        too_long()
    request.max_content_length = most + 1  # where nothing says how long it is, so much is read and no error raised
    body, size = request.get_data(cache=False), request.content_length
    if len(body) > most:
        too_long()
    if size is not None and len(body) < size:
        raise Problem(400, f"Only {len(body):,} of the {size:,} bytes that were announced came. Send it again.")
    return body
