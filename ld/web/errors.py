"""Errors: what went wrong, as RFC 9457 problem details for a program and as a page for a person."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import quote

from flask import Flask, Response, current_app, render_template, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from zstandard import ZstdError

from ld.errors import NothingPublished, SnapshotError
from ld.formats import HTML
from ld.formats.negotiation import choose
from ld.web import responses
from ld.web.links import Link

PROBLEM = "application/problem+json"


class _Form(NamedTuple):
    """A form an error can take, for negotiation."""

    media_type: str
    aliases: Mapping[str, str]


# First the one that `*/*` gets; JSON of any kind asks for a program's form of an error.
_PAGE = _Form(HTML.media_type, HTML.aliases)
_FORMS = (_Form(PROBLEM, dict.fromkeys(("application/json", "application/ld+json"), PROBLEM)), _PAGE)
_LASTING = frozenset((300, 404, 406, 410, 414))
"""What the address and `Accept` alone decide; another error (412 above all) must not be kept for the next client."""
RETRY_AFTER = "30"
"""Seconds after which a site whose snapshot is missing or broken may be well again."""

_DETAILS = {
    400: "The request could not be understood.",
    404: "There is nothing at this address.",
    405: "This address does not take such a request; the header `Allow` says which it takes.",
    414: "The address is longer than any that exists here.",
}


class Problem(Exception):
    """A request that cannot be answered with what it asks for.

    choices: addresses that may be meant instead, or the formats there are; they are listed in the body and in `Link`.
    members: further members of the problem details.
    """

    def __init__(
        self,
        status: int,
        detail: str = "",
        *,
        choices: Sequence[Link] = (),
        headers: dict[str, str] | None = None,
        members: dict[str, Any] | None = None,
    ) -> None:
        self.status, self.choices, self.headers, self.members = status, tuple(choices), headers or {}, members or {}
        self.detail = detail or _DETAILS.get(status, "")
        super().__init__(f"{status} {self.detail}")


def register(app: Flask) -> None:
    """Makes every error of the app an answer of this kind."""
    app.register_error_handler(Problem, _answer)
    app.register_error_handler(HTTPException, _of_http)
    for broken in (SnapshotError, sqlite3.Error, ZstdError, OSError):
        app.register_error_handler(broken, _of_data)
    app.register_error_handler(Exception, _of_surprise)


def wants_page() -> bool:
    """Whether the client would rather read a page than problem details; in doubt it would not."""
    chosen = choose(request.headers.getlist("Accept"), _FORMS)
    return chosen is not None and chosen[0] is _PAGE


def _answer(problem: Problem) -> Response:
    title = HTTPStatus(problem.status).phrase
    instance = _instance()
    if wants_page():
        page = render_template("error.html", problem=problem, title=title, retry=problem.headers.get("Retry-After"))
        body, media_type = page.encode(), HTML.media_type
    else:
        members = {"type": "about:blank", "title": title, "status": problem.status, "detail": problem.detail}
        members |= {"instance": instance, **problem.members}
        if problem.choices:
            members["alternates"] = [_choice(link) for link in problem.choices]
        body, media_type = json.dumps(members, indent=2).encode() + b"\n", PROBLEM
    cache = responses.BRIEF if problem.status in _LASTING else responses.NO_STORE
    response = responses.answer(
        body, media_type, status=problem.status, negotiated=True, cache=cache, links=problem.choices
    )
    response.headers.update(problem.headers)
    return response


def _instance() -> str:
    """The path and query asked for, percent-encoded."""
    path = quote(request.root_path.rstrip("/") + request.path, safe="/!$&'()*+,;=:@")
    query = quote(request.query_string, safe="/!$&'()*+,;=:@?%")
    return f"{path}?{query}" if query else path


def _choice(link: Link) -> dict[str, str]:
    members = {"href": link.target, "type": link.type, "title": link.title}
    return {name: value for name, value in members.items() if value}


def _of_http(error: HTTPException) -> Response:
    if error.response is not None or error.code is None or error.code < 400:
        return error.get_response()  # type: ignore[return-value]  # Flask's own redirects
    headers = {"Allow": ", ".join(sorted(error.valid_methods or ()))} if isinstance(error, MethodNotAllowed) else {}
    ours = error.description if error.code == 412 and error.description else ""
    detail = ours or _DETAILS.get(error.code) or error.description or ""
    return _answer(Problem(error.code, detail, headers=headers))


def _of_data(error: Exception) -> Response:
    if isinstance(error, NothingPublished):
        current_app.logger.warning("503 for %r: %s", request.path, error)
        detail = "Nothing has been published here yet."
    else:
        current_app.logger.error("503 for %r: the data cannot be read", request.path, exc_info=error)
        detail = "What is published here cannot be read at the moment."
    return _answer(Problem(503, detail, headers={"Retry-After": RETRY_AFTER}))


def _of_surprise(error: Exception) -> Response:
    current_app.logger.error("500 for %r", request.path, exc_info=error)
    return _answer(Problem(500, "Something went wrong here; it has been logged."))
