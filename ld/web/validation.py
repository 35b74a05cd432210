"""Validation on the web: a page where data can be pasted or uploaded, and a service that answers with a report."""

from __future__ import annotations

import io
import json
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, NoReturn, cast

from flask import Blueprint, Flask, Response, current_app, render_template, request
from werkzeug.exceptions import RequestEntityTooLarge

from ld import reports
from ld.exports.exchange import TASK, VIEW, Answer, Request
from ld.formats import BY_SUFFIX, HTML, content_type
from ld.formats.negotiation import choose
from ld.reports import ReportFormat
from ld.sandbox import Busy, Crashed, Limits, Pool, TimedOut, Unavailable
from ld.settings import Settings
from ld.validation import inputs
from ld.validation.report import SEVERITIES, Severity
from ld.web import forms, responses
from ld.web.errors import Problem
from ld.web.forms import LINE, PARTS, Entry
from ld.web.site import base

blueprint = Blueprint("validation", __name__)

_EXTENSION = "thesis-ld-validation"
_RETRY_AFTER = "5"
"""Seconds after which a validation that is under way will be over, most likely."""
_BUSY = "Other data is being validated just now."
_UNAVAILABLE = "Nothing can be validated just now; the reason has been logged."
_COMMAND = "use the command, which has no such limits: thesis-ld validate FILE"
_SHOWN = 20
"""Findings of each kind that a page shows."""
_EDITABLE = 1_000_000
"""Bytes of data that a page gives back to be corrected."""
_WHOLE = 400
"""Lines of data that a page shows whole; of more, those around each finding."""
_AROUND = 2
_WIDTH = 1000
"""Characters of a line that it shows."""
_FIELDS = ("data-file", "data", "shapes-file", "shapes", "syntax", "shapes-syntax")
_TYPES = {
    media_type: suffix
    for suffix, form in BY_SUFFIX.items()
    if suffix in inputs.SYNTAXES
    for media_type in (form.media_type, *form.aliases)
} | {"text/n3": "n3"}
"""Media type of a request → the syntax of its body."""
_PACKED = ("gzip", "x-gzip", "zstd", "identity", "")
_MAGIC = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
"""What packed data is called in a header, and what it begins with."""
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
    if (request.content_length or 0) > _most():
        _too_large()
    try:
        # First a worker, then the data: no more of it is taken in at once than there are workers.
        with _service().pool.worker() as worker:
            asked = _asked(form.name)
            answer = Answer.decode(worker.ask(asked.encode()))
    except (Busy, Unavailable) as error:
        if isinstance(error, Unavailable):
            current_app.logger.error("No validation: %s %s", error, error.trace)
        detail = f"{_BUSY if isinstance(error, Busy) else _UNAVAILABLE} Try again in {_RETRY_AFTER} seconds."
        raise Problem(503, detail, headers={"Retry-After": _RETRY_AFTER}) from error
    except (TimedOut, Crashed) as error:
        answer = Answer(422, problem=_given_up(error, asked))
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
    detail = f"At most {_most():,} bytes are taken. Validate smaller parts, or {_COMMAND}"
    raise Problem(413, detail, headers={"Connection": "close"})


def _given_up(error: TimedOut | Crashed, asked: Request) -> str:
    """What to say of a validation that did not come to its end."""
    if isinstance(error, Crashed) and error.trace:
        current_app.logger.error("A validation failed: %s", error.trace)
        return f"{str(error).rstrip('.')}. It has been logged."
    simpler = " or with simpler shapes" if asked.shapes else ""
    return f"{error} Validate smaller parts{simpler}, or {_COMMAND}"


def _format() -> ReportFormat:
    """The form of the report: what `format` in the address says, else what `Accept` does."""
    if named := request.args.get("format"):
        if named not in reports.BY_NAME:
            raise Problem(400, f"There is no report called {named[:80]!r}: use {', '.join(reports.BY_NAME)}.")
        return reports.BY_NAME[named]
    found = choose(request.headers.getlist("Accept"), _FORMATS)
    if found is None:
        detail = f"The report can be had as {', '.join(form.media_type for form in _FORMATS)}."
        raise Problem(406, detail, headers={"Cache-Control": responses.NO_STORE})
    form, media_type = found
    return replace(form, media_type=media_type)


def _check_type() -> None:
    if request.mimetype not in (PARTS, LINE, *_TYPES):
        known = [form.media_type for suffix, form in BY_SUFFIX.items() if suffix in inputs.SYNTAXES]
        raise Problem(
            415,
            f"Say with Content-Type what the data is, one of {', '.join(known)}; or send a form ({PARTS}) with the "
            "fields `data` and `shapes`.",
            headers={"Accept-Post": ", ".join((*_TYPES, PARTS, LINE))},
        )
    packed = request.headers.get("Content-Encoding", "").lower()
    if request.mimetype in (PARTS, LINE) and packed not in ("", "identity"):
        raise Problem(415, "A form is taken as it is: pack the files in it, and not the form.")
    if packed not in _PACKED:
        detail = "Data may be packed with gzip or zstd, and with nothing else."
        raise Problem(415, detail, headers={"Accept-Encoding": "gzip, zstd"})


def _asked(form: str) -> Request:
    """What the client asks, its body read."""
    severity = cast(Severity, request.args.get("fail-on", "violation"))
    if severity not in SEVERITIES:
        raise Problem(400, f"fail-on is one of {', '.join(SEVERITIES)}.")
    asked = Request(
        b"", format=VIEW if form == "html" else form, first=_SHOWN, fail_on=severity, limits=_service().limits
    )
    body = _body()
    if request.mimetype in _TYPES:
        return replace(asked, data=body, syntax=_TYPES[request.mimetype])
    fields = _fields(body)
    data, name = _chosen(fields, "data")
    shapes, _ = _chosen(fields, "shapes")
    syntax, shapes_syntax = (_syntax(fields, name) for name in ("syntax", "shapes-syntax"))
    return replace(asked, data=data, name=name or "data", syntax=syntax, shapes=shapes, shapes_syntax=shapes_syntax)


def _body() -> bytes:
    """The body of the request, whole."""
    request.max_content_length = _most() + 1  # where nothing says how long it is, so much is read and no error raised
    body, size = request.get_data(cache=False), request.content_length
    if len(body) > _most():
        _too_large()
    if size is not None and len(body) < size:
        raise Problem(400, f"Only {len(body):,} of the {size:,} bytes that were announced came. Send it again.")
    return body


def _fields(body: bytes) -> dict[str, Entry]:
    """The fields of a form."""
    # What `curl --data-binary` says where it is told nothing.
    hint = " If it is no form, say with Content-Type what it is: text/turtle, say." if request.mimetype == LINE else ""
    try:
        fields = forms.fields(body, request.mimetype, request.mimetype_params.get("boundary", ""))
    except RequestEntityTooLarge as error:
        detail = f"The form is too long, or has too many fields: it needs none but {', '.join(_FIELDS)}.{hint}"
        raise Problem(413, detail, headers={"Connection": "close"}) from error
    except ValueError as error:
        detail = f"The form cannot be read: it is cut off, has a name that is not UTF-8, or is no {request.mimetype}."
        raise Problem(400, detail) from error
    if not {"data", "data-file"} & set(fields):
        raise Problem(400, f"The form has no data: put it into the field `data`, or a file into `data-file`.{hint}")
    return fields


def _chosen(fields: dict[str, Entry], name: str) -> Entry:
    """What was uploaded under a name, else what was pasted; and the name of the file."""
    uploaded, pasted = (fields.get(field, Entry()) for field in (f"{name}-file", name))
    if uploaded.data or pasted.file:
        return uploaded if uploaded.data else pasted
    return Entry(pasted.data.replace(b"\r\n", b"\n"))  # browsers send each end of a line so, whatever it was


def _syntax(fields: dict[str, Entry], name: str) -> str | None:
    chosen = fields.get(name, Entry()).data.decode("utf-8", "replace")
    if chosen and chosen not in inputs.SYNTAXES:
        raise Problem(400, f"There is no syntax called {chosen[:80]!r}: use {', '.join(inputs.SYNTAXES)}.")
    return chosen or None


# --- the page ---


def _page(status: int, asked: Request, answer: Answer | None = None, cache: str = responses.NO_STORE) -> Response:
    view = json.loads(answer.body) if answer and answer.status == 200 else None
    rendered = render_template(
        "validate.html",
        title=view["verdict"].rstrip(".") if view else "Validate data",
        report=view,
        answer=answer,
        lines=list(_lines(asked, answer, view)),
        data=_text(asked.data),
        shapes=_text(asked.shapes),
        asked=asked,
        chosen=[name for name, given, text in _again(asked) if given and not text],
        syntaxes=_WORDS,
        limits=_service().limits,
        formats=[form for form in _FORMATS if form.name != "html"],
        here=base() + "validate",
    )
    return responses.answer(rendered.encode(), HTML.media_type, status=status, cache=cache, negotiated=True)


def _again(asked: Request) -> tuple[tuple[str, bytes, str], ...]:
    """What was sent, and how much of it can be sent again from the page."""
    return ("data", asked.data, _text(asked.data)), ("shapes", asked.shapes, _text(asked.shapes))


def _lines(asked: Request, answer: Answer | None, view: Any) -> Iterator[_Line]:
    """The data with what was found in it, or the shapes that cannot be read; all of it when it is short."""
    text = asked.shapes if answer and answer.in_shapes else asked.data
    found: dict[int, Severity | None] = {}
    if view:
        for kind in reversed(view["kinds"]):  # the gravest last, which stays
            found |= {finding["line"]: kind["severity"] for finding in kind["findings"] if finding["line"]}
    elif answer and answer.line:
        found[answer.line] = "violation"
    if not found or text.startswith(_MAGIC):
        return
    wanted, last = _wanted(text.count(b"\n") + 1, found), 0
    for number, line in enumerate(io.BytesIO(text + b"\n"), 1):  # a list of all lines could be very long
        if number in wanted:
            shown = line.decode("utf-8", "replace").rstrip("\r\n")[:_WIDTH]
            yield _Line(number, shown, found.get(number), number != last + 1)
            last = number


def _wanted(total: int, found: dict[int, Severity | None]) -> Container[int]:
    if total <= _WHOLE:
        return range(1, total + 1)
    return {number + step for number in found for step in range(-_AROUND, _AROUND + 1)}


def _text(data: bytes) -> str:
    """Data to be corrected; nothing of what is packed or very long."""
    return "" if len(data) > _EDITABLE or data.startswith(_MAGIC) else data.decode("utf-8", "replace")
