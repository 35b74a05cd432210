"""Rules for people: whose name in one part is whose in another, and what is kept of both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ld import names
from ld.merging.work import Work, folded
from ld.record import Person, Thesis


def creators(work: Work, name: str) -> dict[str, Any]:
    """Creators: united when all of one part are among the other's, else those of the more trusted part."""
    found: list[tuple[Thesis, tuple[Person, ...]]] = work.values(name)
    if not found:
        return {}
    first, kept = found[0]
    for part, people in found[1:]:
        pairs = _pairs(kept, people)
        united = {ours: _one(work, name, (first, kept[ours]), (part, people[its])) for ours, its in pairs.items()}
        missing, extra = len(pairs) < len(kept), len(pairs) < len(people)
        if missing and extra:
            work.clash(name, (first, _shown(kept)), (part, _shown(people)))
        if extra and not missing:  # The longer list knows the order.
            back = {its: ours for ours, its in pairs.items()}
            kept = tuple(united[back[its]] if its in back else person for its, person in enumerate(people))
        else:
            kept = tuple(united.get(ours, person) for ours, person in enumerate(kept))
    return {name: kept}


def supervisors(work: Work, name: str) -> dict[str, Any]:
    """Supervisors: those of all parts, one for each that agree."""
    united: list[tuple[Thesis, Person]] = []
    for part, people in work.values(name):
        pairs = _pairs([person for _, person in united], people)
        for ours, its in pairs.items():
            source, had = united[ours]
            united[ours] = (source, _one(work, name, (source, had), (part, people[its])))
        paired = set(pairs.values())
        united += [(part, person) for its, person in enumerate(people) if its not in paired]
    return {name: tuple(person for _, person in united)}


def _pairs(ours: Sequence[Person], theirs: Sequence[Person]) -> dict[int, int]:
    """Which of ours is which of theirs: the same name first, then one that agrees at its place, then anywhere."""
    one, other = [names.parse(p.name) for p in ours], [names.parse(p.name) for p in theirs]
    same, also = [folded(n.inverted) for n in one], [folded(n.inverted) for n in other]
    tests: tuple[Callable[[int, int], bool], ...] = (
        lambda i, j: same[i] == also[j],
        lambda i, j: i == j and names.agree(one[i], other[j]),
        lambda i, j: names.agree(one[i], other[j]),
    )
    pairs: dict[int, int] = {}
    for test in tests:
        for j in sorted(set(range(len(other))) - set(pairs.values())):
            at = next((i for i in range(len(one)) if i not in pairs and test(i, j)), None)
            if at is not None:
                pairs[at] = j
    return pairs


def _one(work: Work, name: str, ours: tuple[Thesis, Person], theirs: tuple[Thesis, Person]) -> Person:
    """One person of two: the fuller name, the identifiers of both."""
    (part, had), (other_part, other) = ours, theirs
    kept, left, left_part = had, other, other_part
    if names.parse(other.name).fullness > names.parse(had.name).fullness:
        kept, left, left_part = other, had, part
    work.another_form(name, left_part, left.name, kept.name)
    return Person(
        kept.name,
        isni=_identifier(work, name + "Isni", (part, had.isni), (other_part, other.isni)),
        orcid=_identifier(work, name + "Orcid", (part, had.orcid), (other_part, other.orcid)),
    )


def _identifier(
    work: Work, field: str, ours: tuple[Thesis, str | None], theirs: tuple[Thesis, str | None]
) -> str | None:
    (part, had), (other_part, other) = ours, theirs
    if had and other and had != other:
        work.clash(field, (part, had), (other_part, other))
    return had or other


def _shown(people: Iterable[Person]) -> str:
    def words(person: Person) -> str:
        numbers = [f"{kind} {n}" for kind, n in (("ISNI", person.isni), ("ORCID", person.orcid)) if n]
        return f"{person.name} ({', '.join(numbers)})" if numbers else person.name

    return " ; ".join(words(person) for person in people)
