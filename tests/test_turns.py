"""Turns are few, and shared out fairly: threads that wait for each other's events, not for the clock."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from ld.sandbox import Busy, TooMany, Turns
from ld.sandbox.turns import LIGHT, SHORT

SOON = 10.0
"""Seconds in which what must happen has happened."""


class Turn(threading.Thread):
    """A thread that takes one turn, and keeps it until it is told to end."""

    def __init__(self, turns: Turns, client: str, order: list[Turn], error: Exception | None = None) -> None:
        super().__init__(daemon=True, name=client)
        self._turns, self._order, self._error = turns, order, error
        self._begun, self._over = threading.Event(), threading.Event()
        self.raised: BaseException | None = None

    def run(self) -> None:
        try:
            with self._turns.turn(self.name):
                self._order.append(self)
                self._begun.set()
                assert self._over.wait(SOON)
                if self._error:
                    raise self._error
        except Exception as error:
            self.raised = error

    @property
    def has_begun(self) -> bool:
        return self._begun.is_set()

    def begins(self) -> bool:
        """Whether its turn comes."""
        return self._begun.wait(SOON)

    def end(self) -> None:
        """Ends the turn, or waits until it was given up."""
        self._over.set()
        self.join(SOON)
        assert not self.is_alive()


class Desk:
    """Turns, those who ask for them, and the order in which they were served."""

    def __init__(self, running: int, waiting: int = 100, each: int = 100, patience: float = SOON) -> None:
        self.now = 0.0
        """The seconds that have passed for the turns, however long a test takes."""
        self.turns = Turns(running, waiting=waiting, each=each, patience=patience, clock=lambda: self.now)
        self.order: list[Turn] = []
        self._asked: list[Turn] = []

    def come(self, client: str, error: Exception | None = None) -> Turn:
        """One that asks, sooner or later."""
        turn = Turn(self.turns, client, self.order, error)
        self._asked.append(turn)
        turn.start()
        return turn

    def ask(self, client: str, error: Exception | None = None) -> Turn:
        """One that asks: it has its turn, is in line or was refused when this returns."""
        before = self.turns.waiting
        turn = self.come(client, error)
        until(lambda: turn.has_begun or not turn.is_alive() or self.turns.waiting > before)
        return turn

    def serve_all(self) -> str:
        """Ends turn after turn, and gives the clients in the order in which they had theirs."""
        for number in range(len(self._asked)):
            until(lambda number=number: len(self.order) > number)  # type: ignore[misc]
            self.order[number].end()
        return "".join(turn.name for turn in self.order)

    def all_free(self) -> bool:
        """Whether nothing of all that is left: no turn taken, nobody in line, no client remembered."""
        taken = [getattr(self.turns, name) for name in ("_free", "_room", "_running", "_lines")]
        return taken[2:] == [{}, {}] and taken[:2] == self._all

    def __enter__(self) -> Desk:
        self._all = [self.turns._free, self.turns._room]
        return self

    def __exit__(self, *_: object) -> None:
        for turn in self._asked:
            turn._over.set()
        for turn in self._asked:
            turn.join(SOON)
        assert self.all_free()


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + SOON
    while not holds():
        assert time.monotonic() < end, "It never came to that."
        time.sleep(0.0005)


# How many


def test_only_so_many_run_at_once_and_the_next_begins_when_one_ends() -> None:
    with Desk(3) as desk:
        first, *others, fourth = [desk.ask(client) for client in "ABCD"]
        assert first.begins()
        assert all(turn.begins() for turn in others)
        assert not fourth.has_begun
        first.end()
        assert fourth.begins()


def test_one_client_alone_leaves_a_turn_to_the_others() -> None:
    with Desk(3) as desk:
        greedy = [desk.ask("A") for _ in range(4)]
        assert [turn.has_begun for turn in greedy] == [True, True, False, False]
        other = desk.ask("B")
        assert other.has_begun
        other.end()
        assert not greedy[2].has_begun
        greedy[0].end()
        assert greedy[2].begins()
        assert not greedy[3].has_begun


def test_the_last_turn_is_for_who_had_little_lately() -> None:
    with Desk(2) as desk:
        for client in "AB":  # who had ten seconds each
            long = desk.ask(client)
            assert long.begins()
            desk.now += 10
            long.end()
        first, second = desk.ask("A"), desk.ask("B")
        assert (first.has_begun, second.has_begun) == (True, False)
        small = desk.ask("C")
        assert small.begins()
        small.end()
        assert not second.has_begun
        first.end()
        assert second.begins()


def test_short_turns_are_not_held_against_anybody_however_many() -> None:
    with Desk(2) as desk:
        for _ in range(50):
            short = desk.ask("A")
            assert short.begins()
            desk.now += SHORT / 2
            short.end()
        other = desk.ask("B")
        assert other.begins()
        assert desk.ask("A").begins()


def test_what_was_had_long_ago_counts_no_more() -> None:
    with Desk(2) as desk:
        long = desk.ask("A")
        assert long.begins()
        desk.now += 2 * LIGHT
        long.end()
        other = desk.ask("B")
        assert other.begins()
        waiting = desk.ask("A")
        assert not waiting.has_begun
        desk.now += 100
        desk.come("A")
        assert waiting.begins()


def test_where_there_is_one_turn_any_client_may_have_it() -> None:
    with Desk(1) as desk:
        first, second = desk.ask("A"), desk.ask("A")
        assert (first.has_begun, second.has_begun) == (True, False)
        first.end()
        assert second.begins()


def test_a_client_that_has_all_it_may_have_is_passed_over_and_keeps_its_place_in_line() -> None:
    with Desk(2) as desk:
        holder, other = desk.ask("A"), desk.ask("B")
        waiting = desk.ask("A"), desk.ask("C"), desk.ask("D")
        other.end()  # A is first in line, but has its turn
        assert waiting[1].begins()
        assert not waiting[0].has_begun
        holder.end()
        assert waiting[0].begins()
        assert not waiting[2].has_begun


# Who is next


def test_clients_are_served_in_rounds_and_the_requests_of_one_in_their_order() -> None:
    with Desk(1) as desk:
        asked = [desk.ask(client) for client in "XAAAABBC"]
        assert desk.serve_all() == "XABCABAA"
        assert [turn for turn in desk.order if turn.name == "A"] == asked[1:5]
        assert [turn for turn in desk.order if turn.name == "B"] == asked[5:7]


def test_who_was_just_served_goes_to_the_end_of_the_line() -> None:
    with Desk(1) as desk:
        first = desk.ask("A")
        desk.ask("B")
        desk.ask("C")
        first.end()
        until(lambda: len(desk.order) == 2)
        desk.ask("A")
        desk.ask("B")  # whose turn is running
        assert desk.serve_all() == "ABCAB"


def test_new_clients_overtake_nobody_who_has_yet_to_be_served_in_this_round() -> None:
    with Desk(1) as desk:
        for client in "AAABCDEF":
            desk.ask(client)
        assert desk.serve_all() == "AABCDEFA"


# Who is refused


def test_a_client_that_has_too_much_under_way_is_told_so_whether_it_runs_or_waits() -> None:
    with Desk(2, each=3) as desk:
        asked = [desk.ask("A") for _ in range(4)]
        assert isinstance(asked[3].raised, TooMany)
        assert str(asked[3].raised) == (
            "You have 3 requests under way, as many as one client may. Wait until one is answered."
        )
        assert desk.ask("B").has_begun
        asked[0].end()
        assert desk.ask("A").raised is None


def test_who_finds_the_line_full_is_told_at_once() -> None:
    with Desk(1, waiting=2) as desk:
        first = desk.ask("A")
        line = [desk.ask("B"), desk.ask("C")]
        late = desk.ask("D")
        assert type(late.raised) is Busy
        assert "Please try again" in str(late.raised)
        first.end()
        assert line[0].begins()
        assert desk.ask("D").raised is None


def test_without_a_line_there_are_turns_all_the_same() -> None:
    with Desk(1, waiting=0) as desk:
        first = desk.ask("A")
        assert first.has_begun
        assert isinstance(desk.ask("B").raised, Busy)
        first.end()
        assert desk.ask("B").has_begun


def test_who_has_waited_long_enough_is_told_and_leaves_the_line_to_others() -> None:
    with Desk(1, waiting=1, patience=0.1) as desk:
        first, second = desk.ask("A"), desk.ask("B")
        second.join(SOON)
        assert type(second.raised) is Busy
        assert str(second.raised) == "No turn came within 0.1 s. Please try again in a moment."
        assert desk.turns.waiting == 0
        first.end()
        assert desk.ask("C").has_begun
        assert not second.has_begun


# Nothing is lost


def test_a_block_that_fails_ends_its_turn() -> None:
    with Desk(1) as desk:
        first, second = desk.ask("A", KeyError("a")), desk.ask("B")
        first.end()
        assert isinstance(first.raised, KeyError)
        assert second.begins()


class _Waiting(threading.Event):
    """An event whose waiting ends as a test wants it."""

    ends: Callable[[threading.Event], bool]

    def wait(self, timeout: float | None = None) -> bool:
        return type(self).ends(self)


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[threading.Event], bool]], None]]:
    """Says how the waiting of those ends who join the line from now on."""

    def set_(ends: Callable[[threading.Event], bool]) -> None:
        monkeypatch.setattr(_Waiting, "ends", staticmethod(ends), raising=False)
        monkeypatch.setattr("ld.sandbox.turns.Event", _Waiting)

    yield set_
    monkeypatch.undo()


def test_a_turn_that_comes_at_the_very_moment_when_patience_ends_is_taken(
    wait: Callable[[Callable[[threading.Event], bool]], None],
) -> None:
    with Desk(1) as desk:
        first = desk.ask("A")

        def too_late(called: threading.Event) -> bool:
            first.end()
            assert called.is_set()
            return False

        wait(too_late)
        with desk.turns.turn("B"):
            assert desk.turns._free == 0


@pytest.mark.parametrize("called", [False, True])
def test_ctrl_c_in_line_gives_the_place_to_others(
    called: bool, wait: Callable[[Callable[[threading.Event], bool]], None]
) -> None:
    with Desk(1) as desk:
        first = desk.ask("A")

        def interrupted(event: threading.Event) -> bool:
            if called:
                first.end()
            assert event.is_set() == called
            raise KeyboardInterrupt

        wait(interrupted)
        with pytest.raises(KeyboardInterrupt), desk.turns.turn("B"):
            raise AssertionError
        assert desk.turns.waiting == 0
        first.end()
        assert desk.all_free()


@pytest.mark.parametrize("seed", range(4))
def test_in_a_crowd_no_limit_is_passed_and_no_turn_lost(seed: int) -> None:
    running, waiting, each = ((1, 5, 3), (2, 4, 4), (3, 8, 4), (5, 3, 20))[seed]
    lock, now, most, outcomes = threading.Lock(), Counter[str](), Counter[str](), Counter[str]()
    names = count()

    def ask(turns: Turns, chance: random.Random) -> None:
        for _ in range(150):
            client = chance.choice("AABCD") if chance.random() < 0.9 else f"new {next(names)}"
            try:
                with turns.turn(client):
                    with lock:
                        now[client] += 1
                        now["all"] += 1
                        most[client], most["all"] = max(most[client], now[client]), max(most["all"], now["all"])
                    time.sleep(chance.choice((0, 0, 0.0005, 0.002)))
                    with lock:
                        now[client] -= 1
                        now["all"] -= 1
                    if chance.random() < 0.2:
                        raise KeyError
                outcome = "served"
            except (Busy, KeyError) as error:
                outcome = type(error).__name__
            with lock:
                outcomes[outcome] += 1

    with Desk(running, waiting, each, patience=0.002) as desk:
        crowd = [threading.Thread(target=ask, args=(desk.turns, random.Random(f"{seed} {n}"))) for n in range(16)]
        for thread in crowd:
            thread.start()
        for thread in crowd:
            thread.join(60)
        assert desk.all_free()
    assert outcomes.total() == 16 * 150
    assert all(outcomes[each] for each in ("served", "Busy", "KeyError"))
    assert most.pop("all") == running
    assert max(most.values()) == max(1, running - 1)
