"""The lane: only so many requests compute at once, however many threads wait for queries, checks and slow readers."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock
from typing import Any

from ld.web.mount import Environ, Wsgi

WIDTH = 2
"""Threads that make answers at once: one has Python's lock, others read or pack meanwhile."""


class Lane:
    """WSGI middleware that has requests make their answers one after the other, in the order in which they came.

    Many threads that compute at once would take Python's lock from each other all the time, and each be slower for it.
    Requests that mostly wait for a process of their own, which is what their first segment says, pass by.
    """

    def __init__(self, site: Wsgi, waiting: Collection[str], width: int = WIDTH) -> None:
        self.site, self.waiting = site, waiting
        self._free = width
        self._line: deque[Lock] = deque()
        self._lock = Lock()

    def __call__(self, environ: Environ, start: Any) -> Iterable[bytes]:
        """Serves one request; a body that is sent piece by piece is sent outside the lane."""
        if environ.get("PATH_INFO", "").lstrip("/").partition("/")[0] in self.waiting:
            return self.site(environ, start)
        self._enter()
        environ[_KEY] = self
        try:
            return self.site(environ, start)
        finally:
            self._leave()

    def _enter(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            mine = Lock()
            mine.acquire()
            self._line.append(mine)
        mine.acquire()  # whoever leaves lets go of it

    def _leave(self) -> None:
        with self._lock:
            if self._line:
                self._line.popleft().release()
            else:
                self._free += 1

    @contextmanager
    def _outside(self) -> Iterator[None]:
        self._leave()
        try:
            yield
        finally:
            self._enter()


def aside(environ: Environ) -> AbstractContextManager[None]:
    """Steps out of the lane for as long as a request waits for something else than Python."""
    lane: Lane | None = environ.get(_KEY)
    return lane._outside() if lane else nullcontext()


_KEY = "thesis-ld.lane"
