"""Writing: how an answer of the engine is written in each format, in large pieces and within a number of rows.

A worker imports this as it starts, and starts again whenever one was killed: so it imports little.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple, cast

from pyoxigraph import QueryBoolean, QueryResultsFormat, QuerySolutions, QueryTriples, RdfFormat, Triple, serialize

from ld.errors import QueryError
from ld.sparql.rows import CsvRows, JsonRows, Note, Rows, TsvRows, XmlRows, readable

PIECE = 1 << 18
"""Bytes that are looked at, and passed on, at once."""


class Solutions(NamedTuple):
    """How solutions are written: the engine's name for the format, and what counts its rows."""

    syntax: QueryResultsFormat
    rows: Callable[[int, Note], Rows]


class Triples(NamedTuple):
    """How triples are written: the engine's name for the syntax; the remark at the end of it, if it can have one."""

    syntax: RdfFormat
    remark: str = ""
    prefixes: bool = False


SOLUTIONS: Mapping[str, Solutions] = {
    "json": Solutions(QueryResultsFormat.JSON, JsonRows),
    "xml": Solutions(QueryResultsFormat.XML, XmlRows),
    "csv": Solutions(QueryResultsFormat.CSV, CsvRows),
    "tsv": Solutions(QueryResultsFormat.TSV, TsvRows),
}
"""Formats for solutions, by their names. A lone truth value has them as well."""

TRIPLES: Mapping[str, Triples] = {
    "ttl": Triples(RdfFormat.TURTLE, "\n# {}\n", prefixes=True),
    "jsonld": Triples(RdfFormat.JSON_LD),
    "rdf": Triples(RdfFormat.RDF_XML, "\n<!-- {} -->\n", prefixes=True),
    "nt": Triples(RdfFormat.N_TRIPLES, "# {}\n"),
    "trig": Triples(RdfFormat.TRIG, "\n# {}\n", prefixes=True),
    "nq": Triples(RdfFormat.N_QUADS, "# {}\n"),
}
"""Syntaxes for triples, by their names."""

Answer = QuerySolutions | QueryBoolean | QueryTriples
Send = Callable[[bytes], Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What there is to say of an answer when it is written.

    rows: how many it has; triples count as rows. cut: whether there were more. patch: bytes that are to be written over
    others, at a place in it.
    """

    rows: int
    cut: bool = False
    patch: tuple[int, bytes] | None = None


def write(answer: Answer, to: str, send: Send, *, most: int, note: Note, prefixes: Mapping[str, str]) -> Outcome:
    """Writes an answer of the engine, at most so many rows of it, in large pieces.

    Raises `QueryError` for a format that such an answer has not, and for triples that RDF/XML cannot hold. prefixes:
    for the syntaxes that have them.
    """
    if to not in (TRIPLES if isinstance(answer, QueryTriples) else SOLUTIONS):
        raise QueryError(f"What this query answers cannot be written as {to}", way_out="Ask for another format.")
    if isinstance(answer, QueryTriples):
        return _write_triples(answer, to, send, most, note, prefixes)
    if isinstance(answer, QueryBoolean):
        send(answer.serialize(format=SOLUTIONS[to].syntax) or b"")
        return Outcome(1)
    syntax, counter = SOLUTIONS[to]
    rows = counter(most, note)
    buffer = _Buffer(lambda piece: send(rows.feed(piece)))
    answer.serialize(cast(Any, buffer), syntax)
    buffer.finish()
    send(rows.end())
    return Outcome(rows.rows, rows.cut, rows.patch)


def _write_triples(
    answer: QueryTriples, to: str, send: Send, most: int, note: Note, prefixes: Mapping[str, str]
) -> Outcome:
    syntax, remark, prefixed = TRIPLES[to]
    counted = _Counted(answer, most)
    triples: Iterable[Triple] = counted
    if syntax == RdfFormat.RDF_XML:
        triples, send = map(_nameable, counted), _Readable(send)
    buffer = _Buffer(send)
    target = _Header(buffer) if prefixed and syntax != RdfFormat.RDF_XML else buffer
    serialize(triples, cast(Any, target), syntax, prefixes=dict(prefixes) if prefixed else None)
    target.finish()
    if counted.cut and remark:
        send(remark.format(note.text).encode())
    return Outcome(counted.rows, counted.cut)


class _Counted:
    """Triples as they pass by, at most so many."""

    def __init__(self, triples: Iterable[Triple], most: int) -> None:
        self._triples, self._most = iter(triples), most
        self.rows, self.cut = 0, False

    def __iter__(self) -> Iterator[Triple]:
        for triple in islice(self._triples, self._most):
            self.rows += 1
            yield triple
        self.cut = next(self._triples, None) is not None


class _Buffer:
    """A file for the engine to write into, which passes on what comes in pieces that are worth it."""

    def __init__(self, send: Send) -> None:
        self._send, self._pieces, self._size = send, list[bytes](), 0

    def write(self, data: bytes) -> int:
        self._pieces.append(data)
        self._size += len(data)
        if self._size >= PIECE:
            self.finish()
        return len(data)

    def flush(self) -> None:
        """Nothing: who reads waits for the whole."""

    def finish(self) -> None:
        """Passes on the rest."""
        if self._pieces:
            pieces, self._pieces, self._size = self._pieces, [], 0
            self._send(b"".join(pieces))


class _Header:
    """Settles the lines of prefixes at the beginning of Turtle: the engine writes all of them, in any order.

    They are sorted, and in a result that is short enough those that it does not use are left out.
    """

    def __init__(self, buffer: _Buffer) -> None:
        self._buffer, self._start, self._size = buffer, list[bytes](), 0

    def write(self, data: bytes) -> int:
        if self._size >= PIECE:
            return self._buffer.write(data)
        self._start.append(data)
        self._size += len(data)
        if self._size >= PIECE:
            self._pass(lambda line, rest: True)
        return len(data)

    def flush(self) -> None:
        """Nothing, as above."""

    def finish(self) -> None:
        """Passes on the rest."""
        if self._size < PIECE:
            self._pass(_uses)
        self._buffer.finish()

    def _pass(self, wanted: Callable[[bytes, bytes], bool]) -> None:
        lines = b"".join(self._start).splitlines(keepends=True)
        number = next((at for at, line in enumerate(lines) if not line.startswith(b"@prefix ")), len(lines))
        rest = b"".join(lines[number:])
        header = sorted(line for line in lines[:number] if wanted(line, rest))
        self._buffer.write(b"".join([*header, b"\n" if header else b"", rest]))


def _uses(prefix: bytes, text: bytes) -> bool:
    """Whether a text uses the prefix that a line declares."""
    name = prefix.split()[1]
    return name in text and re.search(rb"(?<![\w.-])" + re.escape(name), text) is not None


class _Readable:
    """Passes on XML as XML 1.0 can hold it; a character may be torn between two pieces."""

    def __init__(self, send: Send) -> None:
        self._send, self._torn = send, b""

    def __call__(self, piece: bytes) -> None:
        piece = self._torn + piece
        end = len(piece) - next((n for n in (1, 2) if piece.endswith(b"\xef\xbf"[:n])), 0)
        self._torn = piece[end:]
        self._send(readable(piece[:end]))


_NAME = re.compile(r"[A-Za-z_][\w.-]*\Z")


def _nameable(triple: Triple) -> Triple:
    """The triple, if RDF/XML can write it."""
    if not _NAME.search(triple.predicate.value):
        raise QueryError(
            f"RDF/XML cannot write the property <{triple.predicate.value[:200]}>, which ends in no name",
            way_out="Ask for another format, Turtle say.",
        )
    if isinstance(triple.object, Triple):
        raise QueryError("RDF/XML cannot write triples of triples", way_out="Ask for another format, Turtle say.")
    return triple
