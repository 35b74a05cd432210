"""Kept answers: the second asker does not wait, and what is kept stays within its bytes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from ld.sparql.kept import Kept


def _kept(most: int = 1000) -> Kept[str]:
    return Kept(most, size=len, alike=lambda error: isinstance(error, ValueError))


def _never() -> str:
    raise AssertionError("It was asked again.")


def test_the_same_question_is_answered_once() -> None:
    kept = _kept()
    assert kept.once("q", lambda: "answer", Event.wait) == "answer"
    assert kept.once("q", _never, Event.wait) == "answer"


def test_those_who_ask_at_once_get_one_answer() -> None:
    kept, begun, go, asked = _kept(), Event(), Event(), []

    def answer() -> str:
        asked.append(1)
        begun.set()
        go.wait()
        return "answer"

    def waiting(over: Event) -> None:
        go.set()
        over.wait()

    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(kept.once, "q", answer, Event.wait)
        begun.wait()
        others = [pool.submit(kept.once, "q", answer, waiting) for _ in range(8)]
        assert {each.result() for each in (first, *others)} == {"answer"}
    assert asked == [1]


def test_an_error_that_is_alike_for_all_is_had_by_all_who_waited_and_is_not_kept() -> None:
    kept, begun, go = _kept(), Event(), Event()

    def answer() -> str:
        begun.set()
        go.wait()
        raise ValueError("too long")

    def waiting(over: Event) -> None:
        go.set()
        over.wait()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(kept.once, "q", answer, Event.wait)
        begun.wait()
        second = pool.submit(kept.once, "q", _never, waiting)
        for each in (first, second):
            with pytest.raises(ValueError, match="too long"):
                each.result()
    assert kept.once("q", lambda: "answer", Event.wait) == "answer"


def test_an_error_of_the_one_who_asked_first_is_not_that_of_the_others() -> None:
    kept, begun, go = _kept(), Event(), Event()

    def answer() -> str:
        begun.set()
        go.wait()
        raise OSError("this client only")

    def waiting(over: Event) -> None:
        go.set()
        over.wait()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(kept.once, "q", answer, Event.wait)
        begun.wait()
        second = pool.submit(kept.once, "q", lambda: "answer", waiting)
        with pytest.raises(OSError, match="this client"):
            first.result()
        assert second.result() == "answer"


def test_what_was_not_asked_for_longest_goes_first() -> None:
    kept = _kept(100)
    for name in "abcd":
        kept.once(name, lambda: "x" * 24, Event.wait)
    assert kept.get("a") is not None
    kept.once("e", lambda: "x" * 24, Event.wait)
    assert [name for name in "abcde" if kept.get(name) is not None] == ["a", "c", "d", "e"]
    assert kept.bytes <= 100


def test_an_answer_that_would_fill_the_place_is_not_kept() -> None:
    kept = _kept(100)
    assert kept.once("q", lambda: "x" * 90, Event.wait) == "x" * 90
    assert kept.get("q") is None


def test_an_answer_without_a_size_is_neither_kept_nor_shared() -> None:
    kept: Kept[str] = Kept(100, size=lambda answer: None)
    assert kept.once("q", lambda: "one", Event.wait) == "one"
    assert kept.once("q", lambda: "two", Event.wait) == "two"
