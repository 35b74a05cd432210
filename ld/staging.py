"""Staging: the corpus on disk while it is built, one throw-away SQLite file; memory does not grow with the corpus."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ld.record import SourceRecord, Thesis
from ld.vocabulary import Vocabulary


class Staging:
    """The parts of all theses in the order they came, then the theses in the order of their keys."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.parts = 0
        """Parts added or carried so far."""
        self.united = 0
        """Theses after `unite`, as `theses` gives them."""
        self.set_aside = 0
        """Theses after `unite` that `ambiguous` gives: read after merging = united + set_aside."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        raise NotImplementedError

    def add(self, thesis: Thesis, raw: SourceRecord | None = None) -> None:
        """Take in one part, read from a source; the order of parts is the order of `add`."""
        raise NotImplementedError

    def carry(self, thesis: Thesis, renamed: tuple[str, ...] = ()) -> None:
        """Take over a thesis of the snapshot before; any added part of the same key replaces it whole.

        `renamed`: the x-keys that the graph before said it had been renamed from.
        """
        raise NotImplementedError

    def delete(self, key: str) -> None:
        """Take out the parts of a key that were carried, or added before now."""
        raise NotImplementedError

    def unite(self, vocabulary: Vocabulary | None = None) -> None:
        """Bring the parts together: one thesis a key."""
        raise NotImplementedError

    def theses(self) -> Iterator[Thesis]:
        """The united theses, in byte order of their keys. May be run several times."""
        raise NotImplementedError

    def raw(self, key: str) -> list[dict[str, Any]]:
        """The source records of one united (or ambiguous) thesis: {"source", "line", "layout", "fields"}."""
        raise NotImplementedError

    def ambiguous(self) -> Iterator[tuple[Thesis, str, list[dict[str, Any]]]]:
        """Theses without an EThOS ID that could be any of several: the thesis, the reason in words, its raw records."""
        raise NotImplementedError

    def aliases(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each x-key that is not itself the key of a thesis, and the keys of all theses that have it."""
        raise NotImplementedError

    def renamed(self) -> Iterator[tuple[str, str]]:
        """(x-key, key) where a part without an EThOS ID really had that x-key and joined the thesis of that key."""
        raise NotImplementedError
