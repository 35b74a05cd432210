"""Turns: whose request is served next when more come than can be, and who has asked for too much."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock

from ld.sandbox.endings import Busy, TooMany

LIGHT = 1.0
"""Seconds of turns that a client may have had lately and still get the last one, unless told otherwise."""
SHORT = 0.1
"""Seconds of a turn that holds nobody up, and is not counted."""
_HALF = 30.0
"""Seconds after which half of what a client has had counts no more."""


class Turns:
    """At most `running` blocks at once, and a line for those that have to wait, fair between clients.

    A client alone never has all turns: one is left for the others, where there is more than one. Nor have several that
    ask for much: the last turn that is free is for a client that had little lately (`light` seconds), so that a small
    request seldom waits for large ones. In line, the client that had a turn longest ago is next, and who comes into it
    goes to its end; the requests of one client keep their order.

    >>> turns = Turns(2, waiting=10, each=4, patience=5)
    >>> with turns.turn("192.0.2.1"):
    ...     "served"
    'served'
    """

    def __init__(
        self,
        running: int,
        *,
        waiting: int,
        each: int,
        patience: float,
        light: float = LIGHT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._free, self._most, self._single = running, max(1, running - 1), running == 1
        self._light, self._clock = light, clock
        self._had: dict[str, tuple[float, float]] = {}
        """What clients have had lately: seconds of turns, and when that was counted."""
        self._room, self._each, self._patience = waiting, each, patience
        self._running: Counter[str] = Counter()
        self._lines: dict[str, deque[Event]] = {}
        """Those who wait: the clients in the order in which they are served, and for each place an event, which is set
        once it has become a turn."""
        self._lock = Lock()

    @property
    def waiting(self) -> int:
        """How many are in line."""
        with self._lock:
            return sum(map(len, self._lines.values()))

    @contextmanager
    def turn(self, client: str) -> Iterator[None]:
        """Waits for a turn of this client, which lasts as long as the block runs.

        `TooMany` when it has as many as one client may, running and in line; `Busy` when the line is full, or no turn
        came within `patience` seconds.
        """
        with self._lock:
            place = self._join(client)
        if place is not None:
            self._wait(client, place)
        began = self._clock()
        try:
            yield
        finally:
            with self._lock:
                self._count(client, self._clock() - began)
                self._end(client)

    def _join(self, client: str) -> Event | None:
        """A place in line, or None where the turn begins at once."""
        line = self._lines.get(client, ())
        if self._running[client] + len(line) >= self._each:
            raise TooMany(
                f"You have {self._each} requests under way, as many as one client may. Wait until one is answered."
            )
        self._advance()
        if client not in self._lines and self._may_begin(client):
            self._begin(client)
            return None
        if self._room == 0:
            raise Busy("As many requests as can wait are waiting already. Please try again in a moment.")
        self._room -= 1
        place = Event()
        self._lines.setdefault(client, deque()).append(place)
        return place

    def _wait(self, client: str, place: Event) -> None:
        try:
            place.wait(self._patience)
        except BaseException:  # Ctrl-C
            with self._lock:
                if not self._leave(client, place):
                    self._end(client)
            raise
        if place.is_set():
            return
        with self._lock:
            late = self._leave(client, place)
        if late:
            raise Busy(f"No turn came within {self._patience:g} s. Please try again in a moment.")

    def _leave(self, client: str, place: Event) -> bool:
        """Gives up a place in line; false if it has become a turn meanwhile."""
        if place.is_set():
            return False
        self._lines[client].remove(place)
        self._room += 1
        if not self._lines[client]:
            del self._lines[client]
        return True

    def _may_begin(self, client: str) -> bool:
        if not self._free or self._running[client] >= self._most:
            return False
        return self._free > 1 or self._single or self._lately(client) < self._light

    def _lately(self, client: str) -> float:
        """Seconds of turns that a client has had, the less the longer ago."""
        seconds, counted = self._had.get(client, (0.0, 0.0))
        return float(seconds * 0.5 ** ((self._clock() - counted) / _HALF)) if seconds else 0.0

    def _count(self, client: str, seconds: float) -> None:
        if seconds < SHORT:
            return
        self._had[client] = self._lately(client) + seconds, self._clock()
        if len(self._had) > 1000:  # who had next to nothing need not be remembered
            self._had = {each: had for each, had in self._had.items() if self._lately(each) >= self._light / 10}

    def _begin(self, client: str) -> None:
        self._free -= 1
        self._running[client] += 1

    def _end(self, client: str) -> None:
        """Ends a turn, and begins those of whoever is next."""
        self._free += 1
        self._running[client] -= 1
        if not self._running[client]:
            del self._running[client]  # else all who ever came would be remembered
        self._advance()

    def _advance(self) -> None:
        """Begins the turns of those in line who may have one now."""
        while (following := next(filter(self._may_begin, self._lines), None)) is not None:
            line = self._lines.pop(following)
            place = line.popleft()
            if line:
                self._lines[following] = line  # at the end
            self._room += 1
            self._begin(following)
            place.set()
