"""Transfers: answers sent from a file piece by piece, whole or in part, with their length, and only so many at once."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from tempfile import TemporaryFile
from threading import Lock
from typing import Any, BinaryIO, Self, cast

import zstandard
from flask import Flask, Response, current_app, request
from isal import isal_zlib

from ld.formats import content_type
from ld.formats.negotiation import Coding
from ld.settings import Settings
from ld.web import responses
from ld.web.clients import client
from ld.web.errors import Problem
from ld.web.links import Link

PIECE = 1 << 18
"""Bytes that are read, packed or sent at a time."""
SMALL = 1 << 16
"""Bytes up to which an answer is sent in one piece, which no client can hold up: it needs no place."""
SHARE = 4
"""One client has a fourth of the places."""
RETRY_AFTER = "20"
"""Seconds after which one of many transfers will be over, most likely."""

_EXTENSION = "thesis-ld-transfers"
_RANGE = re.compile(r"bytes=([0-9]{0,19})-([0-9]{0,19})", re.IGNORECASE)
_PACKERS: Mapping[Coding, Callable[[], Any]] = {
    "zstd": lambda: zstandard.ZstdCompressor(level=1).compressobj(),
    "gzip": lambda: isal_zlib.compressobj(1, isal_zlib.DEFLATED, 31),  # 31: as gzip, and without a time
}
"""Coding → what packs pieces fast, outside Python's lock, into the same bytes every time."""


def register(app: Flask, settings: Settings) -> None:
    """Gives the app its places."""
    app.extensions[_EXTENSION] = Places(settings.downloads)


def send(
    file: BinaryIO,
    size: int,
    media_type: str,
    *,
    tag: str | None,
    modified: datetime | None = None,
    cache: str = responses.SHORT,
    location: str | None = None,
    negotiated: bool = False,
    compress: bool = False,
    links: Iterable[Link] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer to the request at hand: the first `size` bytes of a file, or the part of them that is asked for.

    It is 304 when the request's conditions say so. Raises `PreconditionFailed` when they ask for that, `Problem` for a
    part that is not there (416) and when too much is being sent already (429, 503), `OSError` when nothing can be read.
    Whatever happens, the file is closed in the end. It has to be a real one; its position does not matter, so that
    several askers can share what lies behind it (`os.dup`).

    tag: what the bytes are known by; None when the next asker gets others. modified: when they last changed.
    location: the address of this very format (`Content-Location`). negotiated: whether `Accept` decided the format.
    compress: whether to pack it for who takes that; parts are sent only of what is not packed.
    """
    with ExitStack() as held:
        held.enter_context(file)
        packed = responses.coding(size) if compress else None
        vary = ["Accept"] * negotiated + ["Accept-Encoding"] * compress
        response = responses.begin(cache=cache, vary=", ".join(vary), location=location, links=links)
        response.headers.update(headers or {})
        if tag and responses.unchanged(response, responses.etag(tag, packed), modified):
            return response
        response.headers["Content-Type"] = content_type(media_type)
        start, stop = 0, size
        if tag and not packed:
            start, stop = _part(response, size)
        if stop - start > SMALL and (packed or request.method != "HEAD"):
            held.enter_context(_places().place(client()))
        if packed:
            response.headers["Content-Encoding"] = packed
            target = held.enter_context(TemporaryFile())
            file, stop = target, _pack(packed, file, size, target)
        response.headers["Content-Length"] = str(stop - start)
        if request.method == "HEAD":
            return response
        if stop - start <= SMALL:
            response.set_data(b"".join(_pieces(file, start, stop)))
            return response
        response.response = Transfer(_pieces(file, start, stop), held.pop_all(), request.path)
        response.direct_passthrough = True  # as it is, so that the server closes the transfer itself
        return response


class Places:
    """Who is being sent large answers: so many clients, or the same ones, at once."""

    def __init__(self, most: int) -> None:
        self.most, self.each = most, max(1, most // SHARE)
        self._taken: Counter[str] = Counter()
        self._lock = Lock()

    @contextmanager
    def place(self, client: str) -> Iterator[None]:
        """One place, as long as it is held; raises `Problem` when the client has its share (429) or all are taken."""
        with self._lock:
            if self._taken[client] >= self.each:
                raise _refusal(429, f"You are being sent {self.each} large answers already, the most for one client.")
            if self._taken.total() >= self.most:
                raise _refusal(503, "As many large answers are being sent as this server sends at once.")
            self._taken[client] += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken[client] -= 1
                self._taken = +self._taken  # who has nothing is forgotten

    @property
    def taken(self) -> int:
        """How many places are taken."""
        return self._taken.total()


class Transfer(Iterator[bytes]):
    """The pieces of one answer; what it holds (its file, its place) is free when it has ended, however it ended.

    One that cannot go on raises: the server logs it and breaks the connection, so that the client does not take a part
    for the whole.
    """

    def __init__(self, pieces: Iterator[bytes], held: ExitStack, path: str) -> None:
        self._pieces, self._held, self._path = pieces, held, path

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except StopIteration:
            self.close()
            raise
        except OSError as error:
            self.close()
            raise OSError(f"The transfer of {self._path!r} broke off: {error}") from error

    def close(self) -> None:
        """Ends the transfer; the server calls this when the client is gone."""
        self._held.close()

    __del__ = close  # an answer that never came to be sent


def _places() -> Places:
    return cast(Places, current_app.extensions[_EXTENSION])


def _refusal(status: int, why: str) -> Problem:
    detail = f"{why} Ask again when one of them is done, in {RETRY_AFTER} seconds or more."
    return Problem(status, detail, headers={"Retry-After": RETRY_AFTER})


def _part(response: Response, size: int) -> tuple[int, int]:
    """From where to where a GET is answered, and the headers that say so (RFC 9110, section 14).

    Several parts, and what cannot be understood, are answered with the whole.
    """
    response.headers["Accept-Ranges"] = "bytes"
    found = _RANGE.fullmatch(request.headers.get("Range", ""))
    if request.method != "GET" or not found or not any(found.groups()) or not _is_the_same(response):
        return 0, size
    first, last = (int(digits) if digits else None for digits in found.groups())
    if first is None:
        start, stop = max(0, size - (last or 0)), size
    else:
        start, stop = first, size if last is None else min(last + 1, size)
    if last is not None and first is not None and last < first:
        return 0, size
    if start >= size:
        detail = f"There are {size:,} bytes here, and the range asked for is none of them."
        raise Problem(416, detail, headers={"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"})
    response.status_code = 206
    response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return start, stop


def _is_the_same(response: Response) -> bool:
    """Whether the client has the beginning of what is here now, if it asks (If-Range); in doubt it has not."""
    wanted = request.headers.get("If-Range")
    return wanted is None or wanted in (response.headers["ETag"], response.headers.get("Last-Modified"))


def _pieces(file: BinaryIO, start: int, stop: int) -> Iterator[bytes]:
    while start < stop:
        piece = os.pread(file.fileno(), min(PIECE, stop - start), start)
        if not piece:
            raise OSError(f"The file ends at byte {start:,} of {stop:,}.")
        yield piece
        start += len(piece)


def _pack(coding: Coding, file: BinaryIO, size: int, target: BinaryIO) -> int:
    """Writes the bytes in a coding; gives how many they are then."""
    packer = _PACKERS[coding]()
    for piece in _pieces(file, 0, size):
        target.write(packer.compress(piece))
    target.write(packer.flush())
    target.flush()
    return target.tell()
