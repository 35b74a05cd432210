"""Answers: the headers, validators, codings and conditions that every answer of the site shares (RFC 9110, 9111)."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import zstandard
from flask import Response, request
from werkzeug.exceptions import PreconditionFailed
from werkzeug.http import http_date

from ld.formats import content_type
from ld.formats.negotiation import Coding, negotiate_encoding, refuses_identity
from ld.web.links import Link, header

SHORT = "public, max-age=300"
"""For what the next build may change."""
IMMUTABLE = "public, max-age=31536000, immutable"
"""For what carries a hash of its content in its address."""
BRIEF = "public, max-age=30"
"""For errors that the address itself makes: a thing that is missing now may be there after the next build."""
NO_STORE = "no-store"

SMALL = 512
"""Bytes below which compressing costs more than it saves."""

SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Accept-Post, Accept-Ranges, Allow, Content-Encoding, Content-Location, "
    "Content-Range, ETag, Last-Modified, Link, Location, Repr-Digest, Result-Cut, Result-Rows, Retry-After, Vary",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
PREFLIGHT = {
    "Access-Control-Allow-Headers": "Accept, Accept-Language, Cache-Control, Content-Encoding, Content-Type, If-Match, "
    "If-Modified-Since, If-None-Match, If-Range, If-Unmodified-Since, Pragma, Range, User-Agent, X-Requested-With",
    "Access-Control-Max-Age": "86400",
}


def _zstd(body: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=6).compress(body)


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=6, mtime=0)  # no time: an ETag promises the same bytes


_COMPRESS: Mapping[Coding, Callable[[bytes], bytes]] = {"zstd": _zstd, "gzip": _gzip}


def answer(
    body: bytes,
    media_type: str,
    *,
    status: int = 200,
    modified: datetime | None = None,
    location: str | None = None,
    negotiated: bool = False,
    cache: str = SHORT,
    links: Iterable[Link] = (),
    validator: str | None = None,
) -> Response:
    """The answer to the request at hand: whole, compressed when asked, or 304 when its conditions say so.

    Raises `PreconditionFailed` when they ask for that.

    modified: when what it shows last changed. location: the address of this very format (`Content-Location`).
    negotiated: whether `Accept` decided the format. validator: its `ETag`, or "" for none, where that is not to be made
    from the bytes.
    """
    packed = coding(len(body))
    vary = "Accept, Accept-Encoding" if negotiated else "Accept-Encoding"
    response = begin(status, cache=cache, vary=vary, location=location, links=links)
    if status == 200 and cache != NO_STORE and validator != "":
        known = etag(_tag(body, media_type), packed) if validator is None else validator
        if unchanged(response, known, modified):
            return response
    response.headers["Content-Type"] = content_type(media_type)
    if packed:
        response.headers["Content-Encoding"] = packed
        body = _COMPRESS[packed](body)
    response.set_data(body)
    return response


def coding(size: int) -> Coding | None:
    """The coding that the request at hand asks for, of an answer of so many bytes."""
    accepted = request.headers.getlist("Accept-Encoding")
    return negotiate_encoding(accepted) if size >= SMALL or refuses_identity(accepted) else None


def etag(tag: str, packed: Coding | None = None) -> str:
    """A strong validator as a header spells it; each coding of an answer has one of its own.

    >>> etag("0a1b", "gzip")
    '"0a1b-gzip"'
    """
    return f'"{tag}{"-" + packed if packed else ""}"'


def begin(
    status: int = 200, *, cache: str, vary: str = "", location: str | None = None, links: Iterable[Link] = ()
) -> Response:
    """An answer with nothing in it yet."""
    response = Response(status=status)
    del response.headers["Content-Type"]
    response.headers["Cache-Control"] = cache
    for name, value in (("Vary", vary), ("Content-Location", location), ("Link", header(links))):
        if value:
            response.headers[name] = value
    return response


def unchanged(response: Response, validator: str, modified: datetime | None) -> bool:
    """Gives an answer its validators; whether it is 304 now, as the conditions of a GET or HEAD ask.

    Raises `PreconditionFailed` when they ask for that.
    """
    response.headers["ETag"] = validator
    if modified:
        response.headers["Last-Modified"] = http_date(modified)
    if request.method in ("GET", "HEAD") and _unmodified(validator, modified):
        response.status_code = 304
        return True
    return False


def finish(response: Response) -> Response:
    """The headers that every answer has, whoever made it."""
    for name, value in (SECURITY | CORS).items():
        response.headers.setdefault(name, value)
    if request.method == "OPTIONS" and response.status_code == 200:
        response.status_code = 204
        allow = ", ".join(sorted(response.allow))
        response.headers.update(PREFLIGHT | {"Allow": allow, "Access-Control-Allow-Methods": allow})
        response.headers.pop("Content-Type", None)
    return response


def _tag(body: bytes, media_type: str) -> str:
    """A strong validator: the bytes themselves and what they are said to be."""
    return hashlib.sha256(media_type.encode() + b"\n" + body).hexdigest()[:24]


def _unmodified(etag: str, modified: datetime | None) -> bool:
    """Whether the request's conditions ask for 304, taken in the order of RFC 9110 §13.2.2."""
    tag = etag.strip('"')
    second = modified.replace(microsecond=0) if modified else None  # HTTP dates know no fractions
    if "If-Match" in request.headers:
        if not request.if_match.contains(tag):
            raise PreconditionFailed("What is here now is not what If-Match names.")
    elif second and request.if_unmodified_since and second > request.if_unmodified_since:
        raise PreconditionFailed("What is here has changed since the date in If-Unmodified-Since.")
    if "If-None-Match" in request.headers:
        return request.if_none_match.contains_weak(tag)
    return bool(second and request.if_modified_since and second <= request.if_modified_since)
