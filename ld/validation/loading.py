"""Loading: files of RDF as one data graph, with the line of each triple; large ones on several processors."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count, islice
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from urllib.parse import quote

import numpy as np
import pyoxigraph as ox
from pyoxigraph import RdfFormat

from ld.errors import DataError, TooLarge
from ld.validation import blocks, jsonld
from ld.validation.blocks import Block, Failure, Lines
from ld.validation.graph import DataGraph, Numbers, Piece, numbers_of
from ld.validation.inputs import DAMAGED, NO_LIMITS, Input, Limits, damaged
from ld.validation.tokens import Unsupported

_BLOCK = 4_000_000
"""Bytes of a line-based syntax that are read at once, and of others between two looks at the limits."""
_TRIPLES = 100_000
"""Triples of another syntax that make a block."""
_LONGEST_LINE = 100_000_000
_LARGE = 20_000_000
"""Stored bytes from which a file is worth several processes; packed ones count five times."""
_BY_LINE = (RdfFormat.N_TRIPLES, RdfFormat.N_QUADS)

Progress = Callable[[str, float], None]
"""Called with a file's name and the share of it that has been read, 0 to 1."""


def load(
    inputs: Sequence[Input],
    known: Mapping[bytes, int],
    *,
    limits: Limits = NO_LIMITS,
    processes: int = 1,
    progress: Progress = lambda name, share: None,
) -> DataGraph:
    """All inputs as one graph that begins with the `known` terms; blank nodes of two files are never the same.

    Raises `DataError` for what cannot be read, `TooLarge` where it is more than the limits allow.
    """
    numbers, pieces, files = Numbers(known), list[Piece](), list[tuple[int, str]]()
    first = triples = 0
    for place, item in enumerate(inputs):
        files.append((first, item.name))
        last = 0
        for block in _read(item, limits, processes):
            triples += len(block.subjects)
            _check_triples(item, limits, triples)
            last = max(last, int(block.lines.max(initial=0)))
            piece = numbers_of(block, numbers, f"f{place + 1}-".encode() if place else b"")
            pieces.append(piece._replace(lines=piece.lines + np.int32(first)))
            progress(item.name, block.share)
        first += last + 1
    tokens = list(numbers)
    numbers.clear()
    return DataGraph(tokens, known, pieces, files)


def triples(inputs: Sequence[Input], limits: Limits = NO_LIMITS) -> Iterator[ox.Triple]:
    """The triples of all inputs in their order; raises as `load` does."""
    read = 0
    for place, item in enumerate(inputs):
        for block in _read(item, limits, 1):
            read += len(block.subjects)
            _check_triples(item, limits, read)
            numbers = Numbers()
            piece = numbers_of(block, numbers, f"f{place + 1}-".encode() if place else b"")
            terms = DataGraph(list(numbers), {}, []).terms[:]
            for row in zip(piece.subjects.tolist(), piece.predicates.tolist(), piece.objects.tolist(), strict=True):
                yield ox.Triple(*(terms[number] for number in row))


def _check_triples(item: Input, limits: Limits, triples: int) -> None:
    if limits.triples is not None and triples > limits.triples:
        raise TooLarge(item.name, f"holds more than {limits.triples:,} triples", way_out="Validate it in parts.")


def _read(item: Input, limits: Limits, processes: int) -> Iterator[Block]:
    """The blocks of an input, in order."""
    if item.syntax not in _BY_LINE:
        reading = _Reading(item, limits)
        yield from reading.documents() if item.syntax == RdfFormat.JSON_LD else reading.stream()
    elif processes > 1 and item.repeatable and _is_large(item):
        yield from _together(item, limits, processes)
    else:
        yield from _Reading(item, limits).blocks()


def _is_large(item: Input) -> bool:
    return (item.size or 0) * (5 if item.name.endswith(("gz", "zst", "zstd")) else 1) >= _LARGE


class _Reading(Lines):
    """One input being read; `line` is the line that was read last."""

    def __init__(self, item: Input, limits: Limits) -> None:
        self.item, self.limits = item, limits
        self._stored, self._stream = item.start()
        self._bytes = 0
        self._at_start = True  # of a line

    def blocks(self, share: int = 0, of: int = 1) -> Iterator[Block]:
        """A line-based syntax: every `of`-th block from the one numbered `share` on."""
        with self._stored:
            for number, (first, block) in enumerate(self._whole_lines()):
                if number % of != share:
                    continue
                try:
                    read = blocks.of_lines(block, self.item.syntax)
                except (Failure, MemoryError) as error:
                    raise self._wrong(error, first) from error
                yield self._told(read._replace(lines=read.lines + np.int32(first)))

    def stream(self) -> Iterator[Block]:
        """A syntax whose triples go over lines: the parser is given one line at a time."""
        base = f"file:///{quote(self.item.name.rsplit('/', 1)[-1])}"
        with self._stored:
            try:
                quads = ox.parse(self, format=self.item.syntax, base_iri=base)  # type: ignore[arg-type]
                while len((block := blocks.of_quads(islice(quads, _TRIPLES), self)).subjects):
                    yield self._told(block)
            except (SyntaxError, MemoryError, Unsupported) as error:
                raise self._wrong(error, 1) from error

    def documents(self) -> Iterator[Block]:
        """JSON-LD: one document, or one a line."""
        with self._stored:
            whole = b"".join(iter(lambda: self._guarded(self._stream.read, _BLOCK), b""))
        for line, document in jsonld.documents(self.item.name, whole):
            place = Lines()
            place.line = line or 0
            try:
                yield blocks.of_quads(ox.parse(document, format=RdfFormat.JSON_LD), place)
            except (SyntaxError, MemoryError, Unsupported) as error:
                raise self._wrong(error, line or 1) from error

    def read(self, size: int = -1) -> bytes:
        """For the parser: the next line, or the next piece of a long one."""
        found = self._guarded(self._stream.readline, size)
        if self._at_start and found:
            self.line += 1
        self._at_start = found.endswith(b"\n")
        return found

    def _whole_lines(self) -> Iterator[tuple[int, bytes]]:
        """Blocks of whole lines, each with the number of its first one."""
        line, rest = 1, b""
        while found := self._guarded(self._stream.read, _BLOCK):
            whole, newline, tail = found.rpartition(b"\n")
            if not newline:
                rest += found
                if len(rest) > _LONGEST_LINE:
                    raise TooLarge(self.item.name, f"has a line of more than {_LONGEST_LINE:,} bytes", line=line)
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
            raise damaged(self.item.name, error) from error
        self._bytes += len(found)
        if self.limits.bytes is not None and self._bytes > self.limits.bytes:
            told = f"is more than {self.limits.bytes:,} bytes, unpacked"
            raise TooLarge(self.item.name, told, way_out="Validate it in parts.")
        return found

    def _told(self, block: Block) -> Block:
        return block._replace(share=min(self._stored.tell() / self.item.size, 1.0)) if self.item.size else block

    def _wrong(self, error: Failure | SyntaxError | MemoryError | Unsupported, first: int) -> DataError:
        name, way_out = self.item.name, f"It was read as {self.item.syntax.name}."
        if isinstance(error, MemoryError):  # so the parser says of a name or a text that it cannot hold
            if "buffer" not in str(error):
                raise error
            return TooLarge(name, "has a name, a text or a comment of more than 16 MB", line=self.line or None)
        if isinstance(error, Unsupported):
            return DataError(name, str(error), line=self.line or first, way_out="SHACL is defined for RDF 1.1 only.")
        if isinstance(error, SyntaxError):
            line = None if error.lineno is None else first + error.lineno - 1
            return DataError(name, blocks.problem(error), line=line, column=error.offset, way_out=way_out)
        line = None if error.line is None else first + error.line
        return DataError(name, error.problem, line=line, column=error.column, way_out=way_out)


# --- several processes ---


def _together(item: Input, limits: Limits, processes: int) -> Iterator[Block]:
    """The blocks of an input in order; each of several processes reads it, and takes apart its own share of them."""
    context = multiprocessing.get_context("fork")  # before any thread was started; nothing is copied
    helpers: list[tuple[BaseProcess, Connection]] = []
    try:
        for share in range(processes):
            mine, theirs = context.Pipe(duplex=False)
            helper: BaseProcess = context.Process(target=_help, args=(item, limits, share, processes, theirs))
            helper.daemon = True
            helper.start()
            theirs.close()
            helpers.append((helper, mine))
        for number in count():
            found = _received(helpers[number % processes][1], item.name)
            if found is None:
                return
            yield found
    finally:
        for helper, mine in helpers:
            mine.close()
            helper.kill()
            helper.join()


def _help(item: Input, limits: Limits, share: int, of: int, answer: Connection) -> None:
    """A helping process: sends its blocks, then None, or why it gave up."""
    last: DataError | None = None
    try:
        for block in _Reading(item, limits).blocks(share, of):
            answer.send((b"\n".join(block.tokens), *block[1:]))
    except DataError as error:
        last = error
    told = last and (type(last), last.source, last.problem, last.way_out, last.line, last.column)
    answer.send(told)
    os._exit(0)


def _received(pipe: Connection, name: str) -> Block | None:
    try:
        found = pipe.recv()
    except EOFError:
        raise DataError(name, "could not be read: a helping process ended", way_out="Is there enough memory?") from None
    if found is None:
        return None
    first, *rest = found
    if isinstance(first, bytes):
        return Block(first.split(b"\n"), *rest)
    source, problem, way_out, line, column = rest
    raise first(source, problem, way_out=way_out, line=line, column=column)
