"""Kept answers: what was answered once to a question whose answer cannot change, within a number of bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Event, Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """Answers by their question, the ones last asked for; several who ask the same at once wait for one answer.

    >>> kept = Kept[str](100, size=len)
    >>> kept.once("question", lambda: "answer", Event.wait), kept.get("question")
    ('answer', 'answer')
    """

    def __init__(
        self, most: int, size: Callable[[Value], int | None], alike: Callable[[Exception], bool] = lambda error: True
    ) -> None:
        """most: bytes altogether. size: bytes of an answer; None for one that cannot be kept, or shared.

        alike: whether an error would be the same for whoever asked the same.
        """
        self._most, self._size, self._alike = most, size, alike
        self._lock = Lock()
        self._answers: OrderedDict[str, tuple[Value, int]] = OrderedDict()
        self._asked: dict[str, _Asked[Value]] = {}
        self.bytes = 0

    def get(self, question: str) -> Value | None:
        """The answer that is kept, or None."""
        with self._lock:
            found = self._answers.get(question)
            if found is None:
                return None
            self._answers.move_to_end(question)
            return found[0]

    def once(self, question: str, answer: Callable[[], Value], wait: Callable[[Event], object]) -> Value:
        """The answer: kept, or from whoever is about to answer the same, or made now.

        wait: waits for an event that others set, or raises. What `answer` raises, those who waited for it get as well,
        if it is alike for all.
        """
        while True:
            with self._lock:
                found = self._answers.get(question)
                if found is not None:
                    self._answers.move_to_end(question)
                    return found[0]
                asked = self._asked.get(question)
                if asked is None:
                    mine = self._asked[question] = _Asked[Value]()
            if asked is None:
                return self._answer(question, answer, mine)
            wait(asked.over)
            if asked.answer is not None:
                return asked.answer
            if asked.error is not None:
                raise asked.error

    def _answer(self, question: str, answer: Callable[[], Value], asked: _Asked[Value]) -> Value:
        try:
            made = answer()
            size = self._size(made)
            if size is not None:
                asked.answer = made
                self._keep(question, made, size + len(question))
            return made
        except Exception as error:
            asked.error = error if self._alike(error) else None
            raise
        finally:
            with self._lock:
                del self._asked[question]
            asked.over.set()

    def _keep(self, question: str, answer: Value, size: int) -> None:
        if size > self._most // 4:  # one answer must not drive out all others
            return
        with self._lock:
            self._answers[question] = answer, size
            self.bytes += size
            while self.bytes > self._most:
                _, (_, gone) = self._answers.popitem(last=False)
                self.bytes -= gone


class _Asked(Generic[Value]):
    """A question that is being answered."""

    def __init__(self) -> None:
        self.over = Event()
        self.answer: Value | None = None
        self.error: Exception | None = None
