"""What every rule of merging works with: the parts by trust, how values are compared, and the remarks made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ld import names
from ld.record import Body, Layout, Remark, Thesis

RANK: Mapping[Layout, int] = {"ethos-feed": 0, "page": 1, "csv": 2, "uketd": 3}
"""The most trusted layout first: EThOS's own feed, its record page, its open CSV, a university's feed."""

_LAYOUTS = ("EThOS's own feed", "a record page", "the open CSV", "a university's feed")
_NAMED = 200  # Characters of a value that a remark repeats; enough to know an abstract by.
ANOTHER_FORM = "Another source of this thesis prints this form of the name."

SameBody = Callable[[Body, Body], bool]
SameText = Callable[[str, str], bool]
T = TypeVar("T")


def rank(thesis: Thesis) -> int:
    """How far a part is trusted: as its most trusted origin (a thesis carried over has several)."""
    return min((RANK[origin.layout] for origin in thesis.origins), default=len(RANK) - 1)


def folded(text: str) -> str:
    """A text as it is compared; one of signs only stands for itself."""
    return names.fold(text) or text.strip()


def same_folded(one: str, other: str) -> bool:
    """Whether two texts are one but for case, accents, spaces and punctuation."""
    return one == other or folded(one) == folded(other)


def same_printed(one: Body, other: Body) -> bool:
    """Whether two bodies are one by their printed names alone."""
    return one.name == other.name or names.body_key(one.name) == names.body_key(other.name) != ""


def distinct(values: Iterable[T]) -> tuple[T, ...]:
    """The values in their order, each once."""
    return tuple(dict.fromkeys(values))


@dataclass(slots=True)
class Work:
    """The parts, the most trusted first; how to compare; the remarks so far."""

    parts: list[Thesis]
    same_body: SameBody = same_printed
    same_degree: SameText = same_folded
    remarks: list[Remark] = field(default_factory=list)

    def values(self, name: str) -> list[tuple[Thesis, Any]]:
        """What the parts that have it say in one field, the most trusted first."""
        found = ((part, getattr(part, name)) for part in self.parts)
        return [(part, value) for part, value in found if value]

    def clash(self, name: str, kept: tuple[Thesis, str], left: tuple[Thesis, str], rule: str = "") -> None:
        """Remark that two parts disagree, which value is kept and by which rule."""
        (winner, value), (loser, other) = (kept[0], _short(kept[1])), (left[0], _short(left[1]))
        self.remarks.append(
            Remark(
                "clash",
                name,
                f"Two sources disagree: “{value}” ({winner.origin}) and “{other}” ({loser.origin}). "
                f"The first is kept: {rule or _trust(winner, loser)}.",
                before=other,
                after=value,
                origin=loser.origin,
            )
        )

    def another_form(self, name: str, part: Thesis, other: str, kept: str) -> None:
        """Remark the printed form of a name that another form of it stands for."""
        if other != kept:
            self.remarks.append(Remark("repair", name, ANOTHER_FORM, other, kept, part.origin))


def _trust(winner: Thesis, loser: Thesis) -> str:
    if rank(winner) == rank(loser):
        return "its source comes first"
    return f"{_LAYOUTS[rank(winner)]} is trusted before {_LAYOUTS[rank(loser)]}"


def _short(value: str) -> str:
    return value if len(value) <= _NAMED else value[:_NAMED] + "…"
