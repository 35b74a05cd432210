"""Forms: the fields of a form's body, in parts (RFC 7578) or in one line, read within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

PARTS, LINE = "multipart/form-data", "application/x-www-form-urlencoded"
"""The kinds of forms: with a part for each field, and all in one line, as a query."""

_MOST_FIELDS = 20
_PIECE = 1 << 16
"""Bytes that are looked at at once."""
_LONGEST_LINE = 1_000_000
"""Bytes in a form of one line: it takes 30 times as many to be read."""


class Entry(NamedTuple):
    """What a form holds under a name; `file` is the name of the file that was uploaded, if it was one."""

    data: bytes = b""
    file: str = ""


def fields(body: bytes, mimetype: str, boundary: str) -> dict[str, Entry]:
    """The first entry under each name.

    Raises `ValueError` for what is no such form, `RequestEntityTooLarge` for too many fields or too long a line.
    """
    found: dict[str, Entry] = {}
    entries = _parts(body, boundary) if mimetype == PARTS else ((name, Entry(value)) for name, value in pairs(body))
    for name, entry in entries:
        found.setdefault(name, entry)
    return found


def pairs(line: bytes, longest: int = _LONGEST_LINE) -> Iterator[tuple[str, bytes]]:
    """The names and values of a form in one line, or of an address; raises `RequestEntityTooLarge` for too many.

    >>> list(pairs(b"a=1+2&b=%C3%A9&a"))
    [('a', b'1 2'), ('b', b'\\xc3\\xa9'), ('a', b'')]
    """
    if len(line) > longest or line.count(b"&") >= _MOST_FIELDS:
        raise RequestEntityTooLarge
    for pair in filter(None, line.split(b"&")):
        name, _, value = (unquote_to_bytes(part) for part in pair.replace(b"+", b" ").partition(b"="))
        yield name.decode("utf-8", "replace"), value


def _parts(body: bytes, boundary: str) -> Iterator[tuple[str, Entry]]:
    if not boundary:
        raise ValueError("There is no boundary.")
    # The limit is for what comes before the content of a part, which itself is taken out as it comes.
    decoder = MultipartDecoder(boundary.encode("latin-1", "replace"), 2 * _PIECE, max_parts=_MOST_FIELDS)
    name, file, pieces = "", "", list[bytes]()
    for piece in (*(body[at : at + _PIECE] for at in range(0, len(body), _PIECE)), None):
        decoder.receive_data(piece)
        while not isinstance(event := decoder.next_event(), NeedData | Epilogue):
            if isinstance(event, Field | File):
                name, file, pieces = event.name, getattr(event, "filename", ""), []
            elif isinstance(event, Data):
                pieces.append(event.data)
                if not event.more_data:
                    yield name, Entry(b"".join(pieces), file[-200:])
