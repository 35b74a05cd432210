"""Rows: where a row of a result ends in each format, so that rows are counted, and cut, as they pass by.

The engine writes whole results, and far faster than Python could; so what it writes is only looked at, in large pieces,
by searches for bytes that can stand nowhere but between two rows.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NOT_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
"""What XML 1.0 has no place for, not even escaped; the engine writes it as it is."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a result that is cut says of itself: a sentence, and the addresses of the reason and of the rest."""

    text: str
    links: tuple[str, ...] = ()


class Rows(ABC):
    """Passes on the result that the engine writes, in pieces of any size, but no more than `most` rows of it.

    rows: how many got by. cut: whether there were more. patch: when all is passed on, bytes to be written over others
    at a place in it; or None.
    """

    def __init__(self, most: int, note: Note) -> None:
        self.most, self.note = most, note
        self.rows, self.cut = 0, False
        self.patch: tuple[int, bytes] | None = None

    @abstractmethod
    def feed(self, data: bytes) -> bytes:
        """What may be passed on, now that this has come."""

    @abstractmethod
    def end(self) -> bytes:
        """What is still to be passed on when all has come."""


class _Held(Rows):
    """Holds back what has come until the end of a row is in it: a row can have any length."""

    def __init__(self, most: int, note: Note) -> None:
        super().__init__(most, note)
        self._rest = bytearray()

    def feed(self, data: bytes) -> bytes:
        if self.cut:
            return b""
        start = len(self._rest)
        self._rest += data
        end = self._last_end(start)
        if end <= 0:
            return b""
        piece = bytes(self._rest[:end])
        del self._rest[:end]
        return self._passed(piece)

    @abstractmethod
    def _last_end(self, start: int) -> int:
        """Where the last row ends that is surely whole, or 0; what is held is new from `start` on."""

    @abstractmethod
    def _passed(self, piece: bytes) -> bytes:
        """What may pass of whole rows."""


class JsonRows(_Held):
    r"""SPARQL 1.1 Query Results JSON as the engine writes it, without white space.

    `},{"` with a name behind it stands between two rows only: within a string a quote has a backslash before it, but
    for the one that ends the string, and behind that stands no name.

    A result that is cut says so in the `link` of its head, the only place that the standard has for it (its section
    3.1.2). The head of a long one has been passed on by then, with some white space in it, which becomes the link.

    >>> rows = JsonRows(1, Note("Cut.", ("http://a.org/all",)))
    >>> rows.feed(b'{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"literal","value":"1"}},{}]}}')
    b''
    >>> rows.end().decode()
    '{"head":{"vars":["x"],"link":["http://a.org/all"]},"results":{"bindings":[{"x":{"type":"literal","value":"1"}}]}}'
    """

    def __init__(self, most: int, note: Note) -> None:
        super().__init__(most, note)
        self._place: int | None = None
        self._looked = False
        self._link = b',"link":' + json.dumps(note.links, ensure_ascii=False, separators=(",", ":")).encode()

    def end(self) -> bytes:
        piece = b"" if self.cut else bytes(self._rest.removesuffix(b"]}}"))
        return self._headed(self._taken(piece) + b"]}}", last=True)

    def _last_end(self, start: int) -> int:
        if start == 0 and self._place is None:
            return 0  # it may be all, and then needs no room for a note
        data, end = self._rest, len(self._rest)
        start = max(0, start - 4) if self._looked else 0
        self._looked = True
        while (at := data.rfind(b'},{"', start, end)) >= 0:
            if at + 4 < len(data) and data[at + 4] not in b"},":
                return at + 1
            end = at + 3
        return 0

    def _passed(self, piece: bytes) -> bytes:
        return self._headed(self._taken(piece), last=False)

    def _taken(self, piece: bytes) -> bytes:
        """As many as may pass of whole rows, before which stand the head or a comma."""
        start = 1 if self._place is not None else piece.index(b'"bindings":[') + 12
        rows = self._count(piece) if len(piece) > start else 0
        if self.rows + rows <= self.most:
            self.rows += rows
            return piece
        kept = json.loads(b"[" + piece[start:] + b"]")[: self.most - self.rows]
        self.rows, self.cut = self.most, True
        written = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))[1:-1].encode()
        return piece[:start] + written if written or self._place is None else b""

    def _count(self, piece: bytes) -> int:
        if b"{}" in piece:  # a row without any value, or a string that looks like one
            return _STRING.sub(b"", piece).count(b"},{") + 1
        ends = piece.count(b'},{"}') + piece.count(b'},{",')  # of strings
        return piece.count(b'},{"') - ends + 1

    def _headed(self, piece: bytes, *, last: bool) -> bytes:
        """The piece; with the note, or room for it, where it holds the head."""
        if self._place is None:
            self._place = piece.index(b'},"results"')
            room = self._link if self.cut else b"" if last else b" " * len(self._link)
            piece = piece[: self._place] + room + piece[self._place :]
            if self.cut:
                self._link = b""
        if last and self.cut and self._link:
            self.patch = (self._place, self._link)
        return piece


class XmlRows(_Held):
    """SPARQL Query Results XML; a result that is cut says so in a comment at its end."""

    _ROW, _END = b"</result>", b"</results></sparql>"

    def end(self) -> bytes:
        last = self._passed(bytes(self._rest.removesuffix(self._END)))
        return last + (f"<!-- {_comment(self.note.text)} -->".encode() if self.cut else b"") + self._END

    def _last_end(self, start: int) -> int:
        at = self._rest.rfind(self._ROW, max(0, start - len(self._ROW)))
        return at + len(self._ROW) if at >= 0 else 0

    def _passed(self, piece: bytes) -> bytes:
        if self.cut:
            return b""
        rows = piece.count(self._ROW)
        if self.rows + rows > self.most:
            ends = _ends(piece, self._ROW, self.most - self.rows)
            first = piece.index(b"<results>") + 9 if self.rows == 0 and b"<results>" in piece else 0
            piece, rows, self.cut = piece[: ends or first], self.most - self.rows, True
        self.rows += rows
        return readable(piece)


class TsvRows(Rows):
    """SPARQL 1.1 Query Results TSV, where a line is a row but for the first: line breaks in values are escaped."""

    def __init__(self, most: int, note: Note) -> None:
        super().__init__(most, note)
        self.rows = -1  # the line with the names

    def feed(self, data: bytes) -> bytes:
        if self.cut:
            return b""
        wanted, at = self.most - self.rows, 0
        for start, part in self._plain(data):
            ends = part.count(b"\n")
            if ends >= wanted:
                at = start + _ends(part, b"\n", wanted)
                self.cut = at < len(data)
                break
            wanted -= ends
        self.rows = self.most if at else self.most - wanted
        return data[:at] if self.cut else data

    def end(self) -> bytes:
        return b""

    def _plain(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The parts in which a line break ends a row, and where they begin."""
        yield 0, data


class CsvRows(TsvRows):
    """SPARQL 1.1 Query Results CSV, where line breaks of values stand between quotes."""

    _quoted = False

    def _plain(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        at = 0
        for number, part in enumerate(data.split(b'"')):
            if number:
                self._quoted = not self._quoted
            if not self._quoted:
                yield at, part
            at += len(part) + 1


def readable(xml: bytes) -> bytes:
    r"""XML whose characters XML 1.0 can hold: those that it cannot become U+FFFD, and a bare return is written as one.

    >>> readable(b"<p>a\x01b\rc</p>").decode()
    '<p>a\ufffdb&#13;c</p>'
    """
    return _NOT_XML.sub(b"\xef\xbf\xbd", xml).replace(b"\r", b"&#13;")  # else it would be read as a line feed


def _ends(data: bytes, end: bytes, number: int) -> int:
    """Where the end so many comes after which `number` of them have come; 0 for none."""
    at = 0
    for _ in range(number):
        at = data.index(end, at) + len(end)
    return at


def _comment(text: str) -> str:
    return re.sub("-(?=-|$)", "- ", text).replace(">", "›")
