"""Loading: files of RDF as one data graph, with the line of each triple; large ones on several processors."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import BinaryIO, NamedTuple
from urllib.parse import quote

import numpy as np
import pyoxigraph as ox
from pyoxigraph import RdfFormat

from ld.errors import DataError, TooLarge
from ld.rdf import Term
from ld.validation import jsonld
from ld.validation.graph import DataGraph, Ids, Numbers, Piece, Renamed, Unsupported
from ld.validation.inputs import DAMAGED, NO_LIMITS, Input, Limits, damaged

_BLOCK = 4_000_000
"""Bytes of a line-based syntax that are parsed at once."""
_LONGEST_LINE = 100_000_000
_LARGE = 20_000_000
"""Stored bytes (packed or not) from which a file is worth a second process; packed ones count five times."""
_BY_LINE = (RdfFormat.N_TRIPLES, RdfFormat.N_QUADS)

Progress = Callable[[str, float], None]
"""Called with a file's name and the share of it that has been read, 0 to 1."""


class _Columns(NamedTuple):
    """The triples of a file as they come."""

    subjects: list[int]
    predicates: list[int]
    objects: list[int]
    lines: list[int]


def load(
    inputs: Sequence[Input],
    known: Mapping[Term, int],
    *,
    limits: Limits = NO_LIMITS,
    processes: int = 1,
    progress: Progress = lambda name, share: None,
) -> DataGraph:
    """All inputs as one graph that begins with the `known` terms; blank nodes of two files are never the same.

    Raises `DataError` for what cannot be read, `TooLarge` where it is more than the limits allow.
    """
    numbers, pieces, files, first = Numbers(known), list[Piece](), list[tuple[int, str]](), 0
    for place, item in enumerate(inputs):
        reading = _Reading(item, numbers, limits, sum(len(piece.subjects) for piece in pieces), place, progress)
        helpers = processes - 1 if item.repeatable and item.syntax in _BY_LINE and _is_large(item) else 0
        found = _together(reading, known, helpers) if helpers else list(reading.pieces())
        files.append((first, item.name))
        last = max((int(piece.lines.max()) for piece in found if len(piece.lines)), default=0)
        pieces += [piece._replace(lines=piece.lines + np.int32(first)) for piece in found] if first else found
        first += last + 1
    terms = list(numbers)
    numbers.clear()
    return DataGraph(terms, known, pieces, files)


def triples(inputs: Sequence[Input], limits: Limits = NO_LIMITS) -> Iterator[ox.Triple]:
    """The triples of all inputs in their order; raises as `load` does."""
    for place, item in enumerate(inputs):
        numbers = Numbers()
        pieces = list(_Reading(item, numbers, limits, 0, place, lambda name, share: None).pieces())
        terms = list(numbers)
        for piece in pieces:
            for row in zip(piece.subjects.tolist(), piece.predicates.tolist(), piece.objects.tolist(), strict=True):
                yield ox.Triple(*(terms[number] for number in row))


class _Reading:
    """One input being read into columns of numbers."""

    def __init__(
        self, item: Input, numbers: Numbers, limits: Limits, before: int, place: int, progress: Progress
    ) -> None:
        self.item, self.numbers, self.limits, self.progress = item, numbers, limits, progress
        self.triples = before
        self.rename = f"f{place + 1}-" if place else ""
        """What the labels of blank nodes get in front, in all files but the first."""

    def pieces(self, share: int = 0, of: int = 1) -> Iterator[Piece]:
        """The triples; of a line-based syntax, every `of`-th block from the one numbered `share` on."""
        stored, stream = self.item.start()
        with stored:
            read = _Counted(self, stored, stream)
            if self.item.syntax in _BY_LINE:
                for number, (line, block) in enumerate(read.blocks()):
                    if number % of == share:
                        yield self._block(line, block)
            elif self.item.syntax == RdfFormat.JSON_LD:
                yield from self._json(read)
            else:
                yield from self._stream(read)

    def _block(self, first: int, block: bytes) -> Piece:
        columns = _Columns([], [], [], [])
        try:
            self._take(ox.parse(block, format=RdfFormat.N_QUADS), columns)
        except (SyntaxError, MemoryError) as error:
            raise self._wrong(error, first) from error
        except Unsupported as error:
            raise self._unsupported(error, first + _filled_lines(block)[len(columns.objects)]) from error
        count = len(columns.subjects)
        lines = np.arange(first, first + count, dtype=np.int32)
        if block.count(b"\n") + (not block.endswith(b"\n")) != count:  # some lines are empty or comments
            lines = np.array(_filled_lines(block), np.int32)[:count] + np.int32(first)
        return self._piece(columns, lines)

    def _stream(self, read: _Counted) -> Iterator[Piece]:
        base = f"file:///{quote(self.item.name.rsplit('/', 1)[-1])}"
        try:
            quads = ox.parse(read, format=self.item.syntax, base_iri=base)  # type: ignore[arg-type]
            while True:
                columns = _Columns([], [], [], [])
                self._take(islice(quads, _BLOCK // 40), columns, read)
                if not columns.subjects:
                    return
                yield self._piece(columns, np.array(columns.lines, np.int32))
        except (SyntaxError, MemoryError) as error:
            raise self._wrong(error, 1, read.line) from error
        except Unsupported as error:
            raise self._unsupported(error, read.line) from error

    def _json(self, read: _Counted) -> Iterator[Piece]:
        for line, document in jsonld.documents(self.item.name, read.whole()):
            columns = _Columns([], [], [], [])
            try:
                self._take(ox.parse(document, format=RdfFormat.JSON_LD), columns)
            except SyntaxError as error:
                raise self._wrong(error, line or 1) from error
            except Unsupported as error:
                raise self._unsupported(error, line) from error
            yield self._piece(columns, np.full(len(columns.subjects), line or 0, np.int32))

    def _take(self, quads: Iterable[ox.Quad], columns: _Columns, read: _Counted | None = None) -> None:
        """The innermost loop: everything that can be done for a block at once is done elsewhere."""
        numbers = Renamed(self.numbers, self.rename) if self.rename else self.numbers
        subject, predicate, obj, line = (column.append for column in columns)
        for quad in quads:
            subject(numbers[quad.subject])  # type: ignore[index]
            predicate(numbers[quad.predicate])
            obj(numbers[quad.object])  # type: ignore[index]
            if read is not None:
                line(read.line)

    def _piece(self, columns: _Columns, lines: Ids) -> Piece:
        self.triples += len(columns.subjects)
        if self.limits.triples is not None and self.triples > self.limits.triples:
            raise TooLarge(
                self.item.name, f"holds more than {self.limits.triples:,} triples", way_out="Validate it in parts."
            )
        subjects, predicates, objects = (np.array(column, np.int32) for column in columns[:3])
        return Piece(subjects, predicates, objects, lines)

    def _wrong(self, error: SyntaxError | MemoryError, first: int, read: int | None = None) -> DataError:
        if isinstance(error, MemoryError):  # so the parser says of a name or a text that it cannot hold
            if "buffer" not in str(error):
                raise error
            return TooLarge(self.item.name, "has a name, a text or a comment of more than 16 MB", line=read)
        line = None if error.lineno is None else first + error.lineno - 1
        problem = str(error.msg).rpartition(": ")[2] if str(error.msg).startswith("Parser error") else str(error.msg)
        way_out = f"It was read as {self.item.syntax.name}."
        return DataError(self.item.name, problem, line=line, column=error.offset, way_out=way_out)

    def _unsupported(self, error: Unsupported, line: int | None) -> DataError:
        return DataError(self.item.name, str(error), line=line, way_out="SHACL is defined for RDF 1.1 only.")


class _Counted:
    """A stream that counts lines and bytes while the parser reads it, one line at a time."""

    def __init__(self, reading: _Reading, stored: BinaryIO, stream: BinaryIO) -> None:
        self._reading, self._stored, self._stream = reading, stored, stream
        self._bytes = self._told = 0
        self.line = 0
        """The line that was read last."""

    def read(self, size: int = -1) -> bytes:
        """The next line, or the next piece of a long one."""
        found = self._guarded(self._stream.readline, size)
        self.line += 1
        return found

    def whole(self) -> bytes:
        """Everything."""
        return b"".join(iter(lambda: self._guarded(self._stream.read, _BLOCK), b""))

    def blocks(self) -> Iterator[tuple[int, bytes]]:
        """Blocks of whole lines, each with the number of its first one."""
        line, rest = 1, b""
        while found := self._guarded(self._stream.read, _BLOCK):
            whole, newline, tail = found.rpartition(b"\n")
            if not newline:
                rest += found
                if len(rest) > _LONGEST_LINE:
                    raise TooLarge(
                        self._reading.item.name, f"has a line of more than {_LONGEST_LINE:,} bytes", line=line
                    )
                continue
            block, rest = rest + whole + newline, tail
            yield line, block
            line += block.count(b"\n")
        if rest:
            yield line, rest

    def _guarded(self, read: Callable[[int], bytes], size: int) -> bytes:
        try:
            found = read(size)
        except DAMAGED as error:
            raise damaged(self._reading.item.name, error) from error
        self._bytes += len(found)
        limit = self._reading.limits.bytes
        if limit is not None and self._bytes > limit:
            raise TooLarge(
                self._reading.item.name, f"is more than {limit:,} bytes, unpacked", way_out="Validate it in parts."
            )
        if self._bytes - self._told >= _BLOCK or not found:
            self._told = self._bytes
            self._tell()
        return found

    def _tell(self) -> None:
        size = self._reading.item.size
        if size:
            self._reading.progress(self._reading.item.name, min(self._stored.tell() / size, 1.0))


# --- several processes ---


class _Share(NamedTuple):
    """What a helping process read: the terms that it met, and triples in its own numbers."""

    terms: list[Term]
    pieces: list[Piece]


def _together(reading: _Reading, known: Mapping[Term, int], helpers: int) -> list[Piece]:
    """The pieces of an input that this process and helping ones read, each its own share of the blocks."""
    context = multiprocessing.get_context("fork")  # before any thread was started; nothing is copied
    started: list[tuple[BaseProcess, Connection]] = []
    try:
        for share in range(1, helpers + 1):
            mine, theirs = context.Pipe(duplex=False)
            work = reading, known, share, helpers + 1, theirs
            helper: BaseProcess = context.Process(target=_help, args=work, daemon=True)
            helper.start()
            theirs.close()
            started.append((helper, mine))
        failures: list[DataError] = []
        pieces: list[Piece] = []
        try:
            pieces += reading.pieces(0, helpers + 1)
        except DataError as error:
            failures.append(error)
        for _, mine in started:
            answer = _received(mine, reading.item.name)
            if isinstance(answer, _Share):
                pieces += _translated(answer, known, reading.numbers)
            else:
                failures.append(answer)
        if failures:
            raise min(failures, key=lambda error: error.line or 0)
        return pieces
    finally:
        for helper, mine in started:
            mine.close()
            helper.kill()
            helper.join()


def _help(reading: _Reading, known: Mapping[Term, int], share: int, of: int, answer: Connection) -> None:
    reading.numbers, reading.progress = Numbers(known), lambda name, part: None
    try:
        pieces = list(reading.pieces(share, of))
        answer.send(_Share(list(islice(reading.numbers, len(known), None)), pieces))
    except DataError as error:
        answer.send((error.source, error.problem, error.way_out, error.line, error.column))
    os._exit(0)


def _received(mine: Connection, name: str) -> _Share | DataError:
    try:
        answer = mine.recv()
    except EOFError:
        return DataError(name, "could not be read: a helping process ended", way_out="Is there enough memory?")
    if isinstance(answer, _Share):
        return answer
    source, problem, way_out, line, column = answer
    return DataError(source, problem, way_out=way_out, line=line, column=column)


def _translated(share: _Share, known: Mapping[Term, int], numbers: Numbers) -> Iterator[Piece]:
    same = np.arange(len(known), dtype=np.int32)
    table = np.concatenate([same, np.fromiter((numbers[term] for term in share.terms), np.int32, len(share.terms))])
    for piece in share.pieces:
        yield Piece(table[piece.subjects], table[piece.predicates], table[piece.objects], piece.lines)


def _is_large(item: Input) -> bool:
    return (item.size or 0) * (5 if item.name.endswith(("gz", "zst", "zstd")) else 1) >= _LARGE


def _filled_lines(block: bytes) -> list[int]:
    """The places of the lines that hold a triple."""
    lines = (line.strip() for line in block.split(b"\n"))
    return [place for place, line in enumerate(lines) if line and not line.startswith(b"#")]
