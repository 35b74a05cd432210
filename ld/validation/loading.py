"""Loading: files of RDF as one data graph, with the line of each triple; large ones on several processors."""

from __future__ import annotations

import codecs
import multiprocessing
import os
import re
import signal
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from itertools import count, islice
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import numpy as np
import pyoxigraph as ox
from pyoxigraph import RdfFormat

from ld.errors import DataError, TooLarge
from ld.validation import blocks, jsonld
from ld.validation.blocks import Block, Failure, Lines
from ld.validation.graph import DataGraph, Numbers, Piece, Terms, numbers_of
from ld.validation.inputs import DAMAGED, NO_LIMITS, Input, Limits, damaged
from ld.validation.report import shortened
from ld.validation.tokens import Unsupported, separated

_BLOCK = 4_000_000
"""Bytes of a line-based syntax that are read at once, and of others between two looks at the limits."""
_TRIPLES = 100_000
"""Triples of another syntax that make a block."""
_LONGEST_LINE = 100_000_000
_LARGE = 20_000_000
"""Stored bytes from which a file is worth several processes; packed ones count five times."""
_TOLD = 300
"""Characters of what a parser says: it can tell the whole text that it did not expect."""
_NAMELESS = re.compile(rb"_:(?:l[0-9]+-)?(?:[0-9a-f]{20,32}|anonymous-[0-9]+)")
"""Labels that the parser makes up, and those that they get instead."""
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
        with closing(_read(item, limits, processes)) as found:
            for block in found:
                triples += len(block.subjects)
                _check_triples(item, limits, triples)
                last = max(last, int(block.lines.max(initial=0)))
                piece = numbers_of(block, numbers, _labels(inputs, place))
                pieces.append(piece._replace(lines=piece.lines + np.int32(first) * (piece.lines > 0)))
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
            piece = numbers_of(block, numbers, _labels(inputs, place))
            terms = Terms(list(numbers))[:]
            for row in zip(piece.subjects.tolist(), piece.predicates.tolist(), piece.objects.tolist(), strict=True):
                yield ox.Triple(*(terms[number] for number in row))


def _labels(inputs: Sequence[Input], place: int) -> bytes:
    """What the labels of an input's blank nodes get in front, so that those of two inputs are never the same."""
    return f"f{place + 1}-".encode() if len(inputs) > 1 else b""


def _check_triples(item: Input, limits: Limits, triples: int) -> None:
    if limits.triples is not None and triples > limits.triples:
        raise TooLarge(item.name, f"holds more than {limits.triples:,} triples", way_out="Validate it in parts.")


def _read(item: Input, limits: Limits, processes: int) -> Generator[Block]:
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
        self._nameless: dict[bytes, bytes] = {}
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
        with self._stored:
            try:
                quads: Iterator[ox.Quad] = ox.parse(self, format=self.item.syntax, base_iri=self.item.base)  # type: ignore[arg-type]
                if self.item.syntax == RdfFormat.N3:  # what stands in braces is quoted, and not said
                    quads = (quad for quad in quads if isinstance(quad.graph_name, ox.DefaultGraph))
                while len((block := blocks.of_quads(islice(quads, _TRIPLES), self)).subjects):
                    yield self._told(block)
            except (SyntaxError, MemoryError, Unsupported) as error:
                raise self._wrong(error, 1) from error

    def documents(self) -> Iterator[Block]:
        """JSON-LD: one document, or one a line, whose nameless nodes are its own."""
        with self._stored:
            quads = self._quads()
            try:
                while len((block := blocks.of_quads(islice(quads, _TRIPLES), self)).subjects):
                    yield self._told(block)
            except (SyntaxError, MemoryError, Unsupported) as error:
                raise self._wrong(error, self.line or 1) from error

    def _quads(self) -> Iterator[ox.Triple]:
        lines = iter(lambda: self._guarded(self._stream.readline, _LONGEST_LINE), b"")
        for line, document in jsonld.documents(self.item.name, lines):
            self.line = line or 0
            prefix = f"l{line}-" if line else ""
            for quad in ox.parse(document, format=RdfFormat.JSON_LD, base_iri=self.item.base):
                yield quad.triple if not prefix else _relabelled(quad.triple, prefix)

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
            block, rest = _with_newlines(rest + whole + newline), tail
            yield line, block
            line += block.count(b"\n")
        if rest:
            yield line, _with_newlines(rest)

    def _guarded(self, read: Callable[[int], bytes], size: int) -> bytes:
        try:
            found = read(size)
        except DAMAGED as error:
            raise damaged(self.item.name, error) from error
        if not self._bytes:
            found = found.removeprefix(codecs.BOM_UTF8)
        self._bytes += len(found)
        if self.limits.bytes is not None and self._bytes > self.limits.bytes:
            told = f"is more than {self.limits.bytes:,} bytes, unpacked"
            raise TooLarge(self.item.name, told, way_out="Validate it in parts.")
        return found

    def _told(self, block: Block) -> Block:
        if self.item.syntax not in _BY_LINE:
            block = block._replace(tokens=[self._label(name) if name[:2] == b"_:" else name for name in block.tokens])
        return block._replace(share=min(self._stored.tell() / self.item.size, 1.0)) if self.item.size else block

    def _label(self, name: bytes) -> bytes:
        """A blank node without a label gets one by its place: the parser's own is another every time."""
        if not _NAMELESS.fullmatch(name):
            return name
        return self._nameless.setdefault(name, b"_:anonymous-%d" % (len(self._nameless) + 1))

    def _wrong(self, error: Failure | SyntaxError | MemoryError | Unsupported, first: int) -> DataError:
        if isinstance(error, MemoryError):  # so the parser says of a name or a text that it cannot hold
            if "buffer" not in str(error):
                raise error
            told = "has a name, a text or a comment of more than 16 MB"
            return TooLarge(self.item.name, told, line=self.line or first)
        problem, line, column = str(error), self.line, None
        if isinstance(error, SyntaxError):
            problem, column = blocks.problem(error), error.offset
            line = line if error.lineno is None else first + error.lineno - 1
        elif isinstance(error, Failure):
            column, line = error.column, 0 if error.line is None else first + error.line
        newer = isinstance(error, Unsupported) or isinstance(error.__cause__, Unsupported)
        way_out = "SHACL is defined for RDF 1.1 only." if newer else f"It was read as {self.item.syntax.name}."
        told = shortened(" ".join(problem.split()), _TOLD)
        return DataError(self.item.name, told, line=line, column=column, way_out=way_out)


def _relabelled(triple: ox.Triple, prefix: str) -> ox.Triple:
    ends = (
        ox.BlankNode(prefix + end.value) if isinstance(end, ox.BlankNode) else end
        for end in (triple.subject, triple.object)
    )
    return ox.Triple(next(ends), triple.predicate, next(ends))  # type: ignore[arg-type]


def _with_newlines(block: bytes) -> bytes:
    """A block whose lines end in line feeds, whatever they ended in: no term holds either as it is."""
    return block.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in block else block


# --- several processes ---


def _together(item: Input, limits: Limits, processes: int) -> Iterator[Block]:
    """The blocks of an input in order; each of several processes reads it, and takes apart its own share of them."""
    context = multiprocessing.get_context("fork")  # nothing is copied, and helpers use no lock that a thread could hold
    helpers: list[tuple[BaseProcess, Connection]] = []
    try:
        for share in range(processes):
            mine, theirs = context.Pipe(duplex=False)
            inherited = [mine, *(pipe for _, pipe in helpers)]
            work = item, limits, share, processes, theirs, inherited
            helper: BaseProcess = context.Process(target=_help, args=work, daemon=True)
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


def _help(
    item: Input, limits: Limits, share: int, of: int, answer: Connection, inherited: Sequence[Connection]
) -> None:
    """A helping process: sends its blocks, then None, or why it gave up; ends when nobody reads them any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for all; who asked us will close the pipe
    for pipe in inherited:  # else it stayed open, and we would wait for ever
        pipe.close()
    last: DataError | None = None
    with suppress(BrokenPipeError):
        try:
            for block in _Reading(item, limits).blocks(share, of):
                answer.send((b"\n".join(block.tokens), *block[1:]))
        except DataError as error:
            last = error
        answer.send(last and (type(last), last.source, last.problem, last.way_out, last.line, last.column))
    os._exit(0)


def _received(pipe: Connection, name: str) -> Block | None:
    try:
        found = pipe.recv()
    except (EOFError, OSError):  # the second in the midst of an answer
        raise DataError(name, "could not be read: a helping process ended", way_out="Is there enough memory?") from None
    if found is None:
        return None
    first, *rest = found
    if isinstance(first, bytes):
        return Block(separated(first), *rest)
    source, problem, way_out, line, column = rest
    raise first(source, problem, way_out=way_out, line=line, column=column)
