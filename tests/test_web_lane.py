"""The lane: how many requests make their answers at once, and in which order."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock, Thread
from typing import Any

import pytest

from ld.settings import Settings
from ld.web import WAITING
from ld.web.lane import Lane, aside
from ld.web.server import threads


class Work:
    """A site whose requests take until they are let go."""

    def __init__(self) -> None:
        self.begun, self.most, self.now = list[str](), 0, 0
        self.go: dict[str, Event] = {}
        self._lock = Lock()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        path = environ["PATH_INFO"]
        with self._lock:
            self.begun.append(path)
            self.now += 1
            self.most = max(self.most, self.now)
        assert self.go[path].wait(10)
        with self._lock:
            self.now -= 1
        if "broken" in path:
            raise ValueError(path)
        return [b"done"]

    def ask(self, lane: Lane, path: str) -> Thread:
        """A request under way in a thread of its own."""
        self.go[path] = Event()

        def run() -> None:
            try:
                lane({"PATH_INFO": path}, None)
            except ValueError:
                assert "broken" in path

        thread = Thread(target=run)
        thread.start()
        return thread


def until(true: Callable[[], bool]) -> None:
    for _ in range(500):
        if true():
            return
        Event().wait(0.01)
    raise AssertionError("It did not come about.")


def test_so_many_at_once_and_the_others_in_the_order_in_which_they_came() -> None:
    work = Work()
    lane = Lane(work, WAITING, width=2)
    asked = [work.ask(lane, "/doc/0"), work.ask(lane, "/broken/1")]
    until(lambda: len(work.begun) == 2)
    for number in range(2, 8):
        asked.append(work.ask(lane, f"/doc/{number}"))
        until(lambda number=number: len(lane._line) == number - 1)  # type: ignore[misc]
    assert len(work.begun) == 2
    for path in ("/broken/1", "/doc/0", *(f"/doc/{number}" for number in range(2, 8))):
        before = len(work.begun)
        work.go[path].set()
        until(lambda before=before: len(work.begun) == min(before + 1, 8))  # type: ignore[misc]
    for thread in asked:
        thread.join()
    assert work.begun[2:] == [f"/doc/{number}" for number in range(2, 8)]
    assert work.most == 2
    assert lane({"PATH_INFO": "/doc/0"}, None) == [b"done"]


@pytest.mark.parametrize("path", ["/fragments", "/validate"])
def test_who_waits_for_a_process_of_its_own_keeps_nobody_waiting(path: str) -> None:
    work = Work()
    lane = Lane(work, WAITING, width=1)
    asked = [work.ask(lane, path), work.ask(lane, "/doc/1")]
    until(lambda: len(work.begun) == 2)
    for event in work.go.values():
        event.set()
    for thread in asked:
        thread.join()


def test_who_steps_aside_lets_another_in_and_comes_back() -> None:
    outside, back = Event(), Event()

    def site(environ: dict[str, Any], start: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/sparql":
            with aside(environ):
                outside.set()
                assert back.wait(30)
        return [b"done"]

    lane = Lane(site, (), width=1)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lane, {"PATH_INFO": "/sparql"}, None)
        assert outside.wait(30)
        assert lane({"PATH_INFO": "/doc/1"}, None) == [b"done"]
        back.set()
        assert waiting.result() == [b"done"]
    assert lane({"PATH_INFO": "/doc/2"}, None) == [b"done"]


def test_who_is_in_no_lane_steps_aside_all_the_same() -> None:
    with aside({}):
        pass


def test_there_is_a_thread_for_everyone_who_may_wait() -> None:
    least = Settings(query_workers=1, query_waiting=0, query_client=1, downloads=4)
    more = Settings(query_workers=2, query_waiting=5, query_client=1, downloads=40)
    assert threads(least) > 4 + 1 + 1
    assert threads(more) - threads(least) >= 1 + 5 + 36
