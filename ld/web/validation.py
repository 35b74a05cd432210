"""Validation on the web: a page where data can be pasted or uploaded, and a service that answers with a report."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, NoReturn, cast

from flask import Blueprint, Flask, Response, current_app, render_template, request
from werkzeug.exceptions import RequestEntityTooLarge

from ld import reports
from ld.exports.exchange import TASK, VIEW, Answer, Request
from ld.formats import BY_SUFFIX, HTML, content_type
from ld.formats.negotiation import choose
from ld.reports import ReportFormat
from ld.sandbox import Busy, Crashed, Limits, Pool, TimedOut
from ld.settings import Settings
from ld.validation import inputs
from ld.validation.report import SEVERITIES, Severity
from ld.web import responses
from ld.web.errors import Problem
from ld.web.site import base

blueprint = Blueprint("validation", __name__)

_EXTENSION = "thesis-ld-validation"
_RETRY_AFTER = "5"
"""Seconds after which a validation that is under way will be over, most likely."""
_SHOWN = 20
"""Findings of each kind that a page shows."""
_WHOLE, _AROUND = 400, 2
"""Lines of data that a page shows whole; of more, those around each finding."""
_FORM = ("multipart/form-data", "application/x-www-form-urlencoded")
_TYPES = {
    media_type: suffix
    for suffix, form in BY_SUFFIX.items()
    if suffix in inputs.SYNTAXES
    for media_type in (form.media_type, *form.aliases)
} | {"text/n3": "n3"}
"""Media type of a request → the syntax of its body."""
_PACKED = ("gzip", "x-gzip", "zstd", "identity", "")
_FORMATS = tuple(sorted(reports.FORMATS, key=lambda form: form.name != "turtle"))
"""The forms of a report, first the one for a client that asks for none: the standard's own."""
_WORDS = {
    "ttl": "Turtle", "trig": "TriG", "nt": "N-Triples", "nq": "N-Quads", "rdf": "RDF/XML", "jsonld": "JSON-LD",
}  # fmt: skip
"""The syntaxes that the page offers."""


@dataclass(frozen=True, slots=True)
class _Service:
    """What an app validates with."""

    pool: Pool
    limits: inputs.Limits


class _Line(NamedTuple):
    """A line of the data on the page; `severity` is that of what was found there."""

    number: int
    text: str
    severity: Severity | None
    gap: bool
    """Whether lines before it are left out."""


def register(app: Flask, settings: Settings) -> None:
    """Gives the app its workers, which start with the first validation."""
    limits = Limits(seconds=settings.validate_seconds, memory=settings.validate_memory)
    pool = Pool(TASK, workers=settings.validate_workers, limits=limits)
    accepted = inputs.Limits(settings.validate_bytes, settings.validate_triples)
    app.extensions[_EXTENSION] = _Service(pool, accepted)


@blueprint.get("/validate")
def page() -> Response:
    """The page, empty."""
    return _page(200, Request(b""), cache=responses.SHORT)


@blueprint.post("/validate")
def validate() -> Response:
    """The report on what was sent."""
    form = _format()
    _check_type()
    size = request.content_length
    if size is not None and size > _most():
        _too_large()
    try:
        # First a worker, then the data: no more of it is taken in at once than there are workers.
        with _service().pool.worker() as worker:
            asked = _asked(form.name)
            answer = Answer.decode(worker.ask(asked.encode()))
    except Busy as error:
        detail = "Other data is being validated just now."
        raise Problem(503, detail, headers={"Retry-After": _RETRY_AFTER}) from error
    except (TimedOut, Crashed) as error:
        if isinstance(error, Crashed) and error.trace:
            current_app.logger.error("A validation failed: %s", error.trace)
        answer = Answer(422, problem=f"{error} Validate smaller parts, or use the command: thesis-ld validate FILE")
    except RequestEntityTooLarge:
        _too_large()
    if form.name == "html":
        return _page(answer.status, asked, answer)
    if answer.status != 200:
        place = {"line": answer.line, "column": answer.column}
        raise Problem(answer.status, answer.problem, members={key: value for key, value in place.items() if value})
    response = responses.answer(answer.body, form.media_type, negotiated=True, cache=responses.NO_STORE)
    response.headers["Content-Type"] = content_type(form.media_type)
    return response


def _service() -> _Service:
    return cast(_Service, current_app.extensions[_EXTENSION])


def _most() -> int:
    return cast(int, _service().limits.bytes)


def _too_large() -> NoReturn:
    detail = f"At most {_most():,} bytes are taken. Validate smaller parts, or use the command: thesis-ld validate FILE"
    raise Problem(413, detail, headers={"Connection": "close"})


def _format() -> ReportFormat:
    """The form of the report: what `format` in the address says, else what `Accept` does."""
    if named := request.args.get("format"):
        if named not in reports.BY_NAME:
            raise Problem(400, f"There is no report called {named[:80]!r}: use {', '.join(reports.BY_NAME)}.")
        return reports.BY_NAME[named]
    found = choose(request.headers.getlist("Accept"), _FORMATS)
    if found is None:
        raise Problem(406, f"The report can be had as {', '.join(form.media_type for form in _FORMATS)}.")
    form, media_type = found
    return replace(form, media_type=media_type)


def _check_type() -> None:
    if request.mimetype not in (*_FORM, *_TYPES):
        raise Problem(
            415,
            f"Send RDF as one of {', '.join(dict.fromkeys(_TYPES))}, or a form with the fields `data` and `shapes`.",
            headers={"Accept-Post": ", ".join(_TYPES)},
        )
    if request.headers.get("Content-Encoding", "").lower() not in _PACKED:
        raise Problem(415, "Data may be packed with gzip or zstd, and with nothing else.")


def _asked(form: str) -> Request:
    """What the client asks, its body read."""
    severity = cast(Severity, request.args.get("fail-on", "violation"))
    if severity not in SEVERITIES:
        raise Problem(400, f"fail-on is one of {', '.join(SEVERITIES)}.")
    request.max_content_length = request.max_form_memory_size = _most()
    asked = Request(
        b"", format=VIEW if form == "html" else form, first=_SHOWN, fail_on=severity, limits=_service().limits
    )
    if request.mimetype not in _FORM:
        return replace(asked, data=request.get_data(), syntax=_TYPES[request.mimetype])
    data, name = _field("data")
    shapes, _ = _field("shapes")
    syntax, shapes_syntax = request.form.get("syntax") or None, request.form.get("shapes-syntax") or None
    for chosen in (syntax, shapes_syntax):
        if chosen is not None and chosen not in inputs.SYNTAXES:
            raise Problem(400, f"There is no syntax called {chosen[:80]!r}: use {', '.join(inputs.SYNTAXES)}.")
    return replace(asked, data=data, name=name or "data", syntax=syntax, shapes=shapes, shapes_syntax=shapes_syntax)


def _field(name: str) -> tuple[bytes, str]:
    """What a form has under a name, uploaded or pasted, and the name of the file."""
    for field in (f"{name}-file", name):
        if (file := request.files.get(field)) and (data := file.read()):
            return data, (file.filename or "")[-200:]
    return request.form.get(name, "").encode("utf-8", "replace"), ""


# --- the page ---


def _page(status: int, asked: Request, answer: Answer | None = None, cache: str = responses.NO_STORE) -> Response:
    view = json.loads(answer.body) if answer and answer.status == 200 else None
    rendered = render_template(
        "validate.html",
        title="Validate data",
        report=view,
        answer=answer,
        lines=list(_lines(asked, answer, view)),
        data=_text(asked.data)[: _most()] if len(asked.data) < 1_000_000 else "",
        shapes=_text(asked.shapes) if len(asked.shapes) < 1_000_000 else "",
        asked=asked,
        syntaxes=_WORDS,
        limits=_service().limits,
        formats=[form for form in _FORMATS if form.name != "html"],
        here=base() + "validate",
    )
    return responses.answer(rendered.encode(), HTML.media_type, status=status, cache=cache, negotiated=True)


def _lines(asked: Request, answer: Answer | None, view: Any) -> Iterator[_Line]:
    """The data with what was found in it; all of it when it is short."""
    found: dict[int, Severity | None] = {}
    if view:
        for kind in reversed(view["kinds"]):  # the gravest last, which stays
            found |= {finding["line"]: kind["severity"] for finding in kind["findings"] if finding["line"]}
    elif answer and answer.line:
        found[answer.line] = "violation"
    lines = _text(asked.data).split("\n") if found else []
    last = 0
    for number in _wanted(len(lines), found):
        yield _Line(number, lines[number - 1].rstrip("\r")[:1000], found.get(number), number != last + 1)
        last = number


def _wanted(total: int, found: dict[int, Severity | None]) -> Sequence[int]:
    if total <= _WHOLE:
        return range(1, total + 1)
    near = {number + step for number in found for step in range(-_AROUND, _AROUND + 1)}
    return sorted(number for number in near if 1 <= number <= total)


def _text(data: bytes) -> str:
    """Data as text; nothing of what is packed."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return "" if data[:2] == b"\x1f\x8b" or data[:4] == b"\x28\xb5\x2f\xfd" else data.decode("utf-8", "replace")
