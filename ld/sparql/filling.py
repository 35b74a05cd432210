"""Filling: files of RDF put into a store, all triples in its default graph, and in their own graphs as well if asked.

The default graph is then the merge of all graphs, as SPARQL means it: the engine's own union gives a triple that two
graphs hold twice.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import islice

from pyoxigraph import DefaultGraph, Quad, RdfFormat, Store, parse

from ld.errors import DataError, TooLarge
from ld.validation import jsonld
from ld.validation.inputs import DAMAGED, Input, damaged

Progress = Callable[[str, float], None]
"""Called with a file's name and the share of it that has been read, 0 to 1."""

_BATCH = 30_000
"""Quads that are loaded at once: a batch takes many times its size in memory, and larger ones load no faster."""
_CHUNK = 1_000
_BYTES = 16_000_000
"""Bytes after which a batch is full whatever it holds."""
_LONGEST_LINE = 100_000_000
_TOLD = 300
"""Characters of what a parser says: it can tell the whole text that it did not expect."""
_PLAIN = (RdfFormat.N_TRIPLES, RdfFormat.TURTLE, RdfFormat.RDF_XML)
"""Syntaxes without graphs."""


def fill(store: Store, inputs: Sequence[Input], *, graphs: bool, progress: Progress = lambda name, share: None) -> bool:
    """Puts all inputs into a store; blank nodes of two of them are never the same. Whether any has named graphs.

    graphs: whether these are to be there too. Raises `DataError` for what cannot be read.
    """
    named = False
    with ThreadPoolExecutor(1) as engine:  # it works outside Python's lock while the next batch is read
        loading: Future[None] | None = None
        for item in inputs:
            reading = _Reading(item, rename=len(inputs) > 1)
            with closing(reading.stored):
                for batch in reading.batches(graphs=graphs):
                    if loading is not None:
                        loading.result()
                    loading = engine.submit(store.bulk_extend, batch)
                    progress(item.name, reading.share)
            named |= reading.named
        if loading is not None:
            loading.result()
    return named


class _Reading:
    """One input being read. named: whether any graph with a name has come."""

    def __init__(self, item: Input, *, rename: bool) -> None:
        self.item, self.named, self._rename = item, False, rename
        self.stored, self._stream = item.start()
        self._bytes = 0
        self._document = 0
        """The line that a document in a file of several stands on."""

    @property
    def share(self) -> float:
        """How much of the input has been read, from 0 to 1."""
        return min(self.stored.tell() / self.item.size, 1.0) if self.item.size else 0.0

    def batches(self, *, graphs: bool) -> Iterator[list[Quad]]:
        """What the input says, so many quads at a time."""
        quads = self._placed(graphs=graphs)
        while True:
            batch, end = list[Quad](), self._bytes + _BYTES
            while len(batch) < _BATCH and self._bytes < end:
                if not (chunk := self._told(quads)):
                    break
                batch += chunk
            if not batch:
                return
            yield batch

    def _told(self, quads: Iterator[Quad]) -> list[Quad]:
        try:
            return list(islice(quads, _CHUNK))
        except SyntaxError as error:
            line = None if error.lineno is None else max(self._document - 1, 0) + error.lineno
            problem = " ".join(str(error.msg).removeprefix("Parser error at ").split())
            if error.lineno is not None:  # it has told the place as well
                problem = problem.partition(": ")[2] or problem
            problem = problem if len(problem) <= _TOLD else problem[: _TOLD - 1] + "…"
            way_out = f"It was read as {self.item.syntax.name}."
            raise DataError(
                self.item.name, problem, line=line or self._document, column=error.offset, way_out=way_out
            ) from error
        except MemoryError as error:
            if "buffer" not in str(error):
                raise
            raise TooLarge(self.item.name, "has a name, a text or a comment of more than 16 MB") from error

    def _placed(self, *, graphs: bool) -> Iterator[Quad]:
        """The quads where they are to be found: all in the default graph, and again where they stand."""
        if self.item.syntax == RdfFormat.JSON_LD:
            quads: Iterable[Quad] = self._documents()
        else:
            base = self.item.base
            quads = parse(self, self.item.syntax, base_iri=base, rename_blank_nodes=self._rename)  # type: ignore[arg-type]
        if self.item.syntax in _PLAIN:
            yield from quads
            return
        quoting = self.item.syntax == RdfFormat.N3  # what stands in braces there is quoted, and not said
        for quad in quads:
            if isinstance(quad.graph_name, DefaultGraph):
                yield quad
            elif not quoting:
                self.named = True
                yield Quad(quad.subject, quad.predicate, quad.object)
                if graphs:
                    yield quad

    def _documents(self) -> Iterator[Quad]:
        """JSON-LD: one document, or one a line, whose nameless nodes are its own."""
        lines = iter(lambda: self._guarded(self._stream.readline, _LONGEST_LINE), b"")
        for line, document in jsonld.documents(self.item.name, lines):
            self._document = line or 0
            yield from parse(document, RdfFormat.JSON_LD, base_iri=self.item.base, rename_blank_nodes=True)

    def read(self, size: int = -1) -> bytes:
        """For the parser: some more bytes."""
        return self._guarded(self._stream.read, size)

    def _guarded(self, read: Callable[[int], bytes], size: int) -> bytes:
        try:
            found = read(size)
        except DAMAGED as error:
            raise damaged(self.item.name, error) from error
        if not self._bytes:
            found = found.removeprefix(codecs.BOM_UTF8)
        self._bytes += len(found)
        return found
