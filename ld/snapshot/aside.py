"""Aside: what takes long to write is written in a process of its own, piece by piece, while the build goes on."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from ld.errors import LdError
from ld.formats import rendering
from ld.formats.source import Source
from ld.sandbox import Limits, Pool
from ld.snapshot.packing import Gzip

PIECE = 2_000_000
"""Bytes of N-Triples in one piece. A smaller corpus is not worth another process."""

_LIMITS = Limits(seconds=60, memory=500_000_000)


class Aside:
    """Writes descriptions into files, each in the syntax of its name; the bytes are the same wherever they are made."""

    def __init__(self, files: Mapping[str, Gzip]) -> None:
        self._files = files
        self._piece: list[Source] = []
        self._size = 0
        self._pool: Pool | None = None
        self._alone = False
        """Whether there is no other process any more, or there cannot be one."""
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
        self._write(rendering.render(self._files, self._piece))
        self._piece = []
        self.stop()

    def stop(self) -> None:
        """Ends the other process."""
        self._alone = True
        if self._pool is not None:
            self._pool.close()
        self._thread.shutdown()

    def _pass_on(self) -> None:
        """Has a full piece written; the first one here, while the other process starts."""
        piece, self._piece, self._size = self._piece, [], 0
        if self._pool is None:
            self._pool = Pool(rendering.TASK, workers=1, limits=_LIMITS)
            with suppress(OSError):  # it will be told when the process is asked
                self._pool.start()
            self._write(rendering.render(self._files, piece))
        else:
            self._coming = self._thread.submit(self._render, self._pool, piece)

    def _render(self, pool: Pool, piece: list[Source]) -> list[bytes]:
        """A piece rendered in the other process or, if there is something with it, in this one."""
        if not self._alone:
            try:
                with pool.worker() as worker:
                    return rendering.rendered(worker.ask(rendering.request(self._files, piece)))
            except LdError:
                self._alone = True
        return rendering.render(self._files, piece)

    def _take(self) -> None:
        """Writes what comes of the piece before."""
        if self._coming is not None:
            self._write(self._coming.result())
            self._coming = None

    def _write(self, rendered: list[bytes]) -> None:
        for file, text in zip(self._files.values(), rendered, strict=True):
            file.write(text)
