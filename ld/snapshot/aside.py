"""Aside: what takes long to write is written in a process of its own, piece by piece, while the build goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from ld.errors import LdError
from ld.formats import rendering
from ld.formats.source import Source
from ld.sandbox import Limits, Pool

PIECE = 500_000
"""Bytes of N-Triples in one piece."""
LARGE = 3_000_000
"""Bytes of N-Triples from which on a corpus is worth another process."""

_LIMITS = Limits(seconds=60, memory=500_000_000)


class Aside:
    """Renders descriptions in some syntaxes; the bytes are the same in whatever process they are made.

    `write` is called with the name of a syntax and more of the document in it, in the order of the descriptions.
    """

    def __init__(self, names: Sequence[str], write: Callable[[str, bytes], object]) -> None:
        self._names, self._write = names, write
        self._piece: list[Source] = []
        self._size = self._before = 0
        self._pool: Pool | None = None
        self._alone = False
        """Whether there is no other process any more, or cannot be one."""
        self._thread = ThreadPoolExecutor(1, "aside")
        self._coming: Future[list[bytes]] | None = None

    def add(self, source: Source) -> None:
        """Takes a description."""
        self._piece.append(source)
        self._size += len(source.ntriples)
        if self._size >= PIECE:
            self._take()
            self._pass_on()

    def finish(self) -> None:
        """Writes what is left."""
        self._take()
        self._write_all(rendering.render(self._names, self._piece))
        self.stop()

    def stop(self) -> None:
        """Ends the other process."""
        self._alone = True
        if self._pool is not None:
            self._pool.close()
        self._thread.shutdown()

    def _pass_on(self) -> None:
        """Has a full piece rendered; it is done here until the other process starts, and while it does."""
        piece, self._piece = self._piece, []
        self._before, self._size = self._before + self._size, 0
        if self._pool is not None:
            self._coming = self._thread.submit(self._render, self._pool, piece)
            return
        if self._before >= LARGE:
            self._pool = Pool(rendering.TASK, workers=1, limits=_LIMITS)
            with suppress(OSError):  # who asks the process will be told
                self._pool.start()
        self._write_all(rendering.render(self._names, piece))

    def _render(self, pool: Pool, piece: list[Source]) -> list[bytes]:
        """A piece rendered in the other process or, where something is the matter with that, in this one."""
        if not self._alone:
            try:
                with pool.worker() as worker:
                    return rendering.rendered(worker.ask(rendering.request(self._names, piece)))
            except LdError:
                self._alone = True
        return rendering.render(self._names, piece)

    def _take(self) -> None:
        """Writes what comes of the piece before."""
        if self._coming is not None:
            self._write_all(self._coming.result())
            self._coming = None

    def _write_all(self, rendered: list[bytes]) -> None:
        for name, text in zip(self._names, rendered, strict=True):
            self._write(name, text)
