"""The graph store of a snapshot: pyoxigraph on disk, loaded in pieces while the build goes on, then only read."""

from __future__ import annotations

import gc
from io import BytesIO
from pathlib import Path
from queue import Queue
from threading import Thread

from pyoxigraph import RdfFormat, Store

PIECE = 2_000_000
"""Bytes of N-Triples loaded at once: a piece takes many times its size in memory, and larger ones load no faster."""


class Loader:
    """Loads N-Triples into a fresh store, in a thread of its own: the engine works outside Python's lock.

    A kill in the middle leaves orphan files in the folder, so the folder must be fresh and go away with the build.
    """

    def __init__(self, folder: Path) -> None:
        self._store: Store | None = Store(str(folder))
        self._buffer = BytesIO()
        self._pieces: Queue[bytes | None] = Queue(maxsize=1)
        self._failure: BaseException | None = None
        self._thread = Thread(target=self._load, name="store", daemon=True)
        self._thread.start()

    def add(self, ntriples: bytes) -> None:
        """Puts whole lines of N-Triples into the default graph, soon."""
        self._buffer.write(ntriples)
        if self._buffer.tell() >= PIECE:
            self._pass_on()

    def finish(self) -> None:
        """Loads the rest and closes the store."""
        self._pass_on()
        self.stop()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Ends the thread and closes the store, loaded or not."""
        if self._thread.is_alive():
            self._pieces.put(None)
            self._thread.join()
        self._store = None
        gc.collect()  # the engine closes its files when the last reference to the store goes

    def _pass_on(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._buffer.tell():
            self._pieces.put(self._buffer.getvalue())
            self._buffer = BytesIO()

    def _load(self) -> None:
        store = self._store
        while (piece := self._pieces.get()) is not None:
            if store is None or self._failure is not None:
                continue  # go on emptying the queue, or the build would wait for ever
            try:
                # The lines were written from terms that were checked when they were made.
                store.bulk_load(input=piece, format=RdfFormat.N_TRIPLES, lenient=True)
            except BaseException as error:  # raised again in the thread that builds
                self._failure = error
        if store is not None and self._failure is None:
            try:
                store.flush()
            except BaseException as error:
                self._failure = error


def open_store(folder: Path) -> Store:
    """The store of a published snapshot, which nobody can write to."""
    return Store.read_only(str(folder))
