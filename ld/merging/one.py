"""Rules for what a thesis has once: the most trusted part says it, and every other value is a clash."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ld.merging.work import Work, same_folded, same_printed
from ld.record import Body, Text, Thesis

_WORDS = {"awarding_body": "awardingBody", "current_institution": "currentInstitution", "ethos_id": "ethosId"}
"""Fields of a Thesis that `ld.record.FIELDS` calls otherwise."""

_YEAR = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}")


def text(work: Work, name: str) -> dict[str, Any]:
    """A text; the same text tagged in one part and untagged in another is the tagged one."""
    found: list[tuple[Thesis, Text]] = work.values(name)
    if not found:
        return {}
    first, kept = found[0]
    for part, other in found[1:]:
        if same_folded(kept.value, other.value) and languages_meet(kept, other):
            kept = with_language(kept, other)
        else:
            work.clash(name, (first, kept.value), (part, other.value))
    return {name: kept}


def with_language(kept: Text, other: Text) -> Text:
    """A text with the language that it or another print of it is tagged with."""
    return replace(kept, language=kept.language or other.language)


def languages_meet(one: Text, other: Text) -> bool:
    """Whether nothing in their tags tells two texts apart."""
    return not one.language or not other.language or one.language.casefold() == other.language.casefold()


def word(work: Work, name: str) -> dict[str, Any]:
    """A plain value."""
    return _plain(work, name, same_folded)


def qualification(work: Work, name: str) -> dict[str, Any]:
    """A degree as printed; two spellings of one degree are no clash."""
    return _plain(work, name, lambda a, b: same_folded(a, b) or work.same_degree(a, b))


def _plain(work: Work, name: str, same: Callable[[str, str], bool]) -> dict[str, Any]:
    found: list[tuple[Thesis, str]] = work.values(name)
    if not found:
        return {}
    first, kept = found[0]
    for part, other in found[1:]:
        if not same(kept, other):
            work.clash(_WORDS.get(name, name), (first, kept), (part, other))
    return {name: kept}


def body(work: Work, name: str) -> dict[str, Any]:
    """A body: the name from the most trusted part, the ISNI from any part that means the same body."""
    found: list[tuple[Thesis, Body]] = work.values(name)
    if not found:
        return {}
    field, (first, kept) = _WORDS[name], found[0]
    for part, other in found[1:]:
        # A name of old stands for the body of its time: today's ISNI beside it proves nothing.
        pair = (Body(kept.name), Body(other.name)) if name == "awarding_body" else (kept, other)
        if not (same_printed(*pair) or work.same_body(*pair)):
            work.clash(field, (first, _shown(kept)), (part, _shown(other)))
            continue
        work.another_form(field, part, other.name, kept.name)
        if kept.isni and other.isni and kept.isni != other.isni:
            work.clash(field + "Isni", (first, kept.isni), (part, other.isni))
        kept = replace(kept, isni=kept.isni or other.isni)
    return {name: kept}


def _shown(body: Body) -> str:
    return f"{body.name} (ISNI {body.isni})" if body.isni else body.name


def dates(work: Work, _: str) -> dict[str, Any]:
    """Year and date together: the finest date that agrees with the most trusted one."""
    found = [(part, part.issued, part.date) for part in work.parts if part.issued or part.date]
    if not found:
        return {}
    found.sort(key=lambda row: not _YEAR.fullmatch(row[2] or row[1] or ""))  # stable: trust decides among years
    first, issued, date = found[0]
    for part, other_issued, other_date in found[1:]:
        known, other = date or issued or "", other_date or other_issued or ""
        readable = bool(_YEAR.fullmatch(other))
        if known == other or (readable and (other.startswith(known) or known.startswith(other))):
            issued, date = issued or other_issued, max(date or "", other_date or "") or None
        else:
            rule = "" if readable or not _YEAR.fullmatch(known) else "the second is not a year"
            work.clash("issued", (first, known), (part, other), rule)
    return {"issued": issued, "date": date}


def access(work: Work, _: str) -> dict[str, Any]:
    """Access and the embargo's end together: an end belongs to the access it was printed with."""
    first = next((part for part in work.parts if part.access), None)
    ends: list[Thesis] = []
    for part in work.parts:
        if first and part.access and part.access != first.access:
            work.clash("access", (first, _access_words(first)), (part, _access_words(part)))
        elif part.available:
            ends.append(part)
    for part in ends[1:]:
        if part.available != ends[0].available:
            work.clash("embargo", (ends[0], ends[0].available or ""), (part, part.available or ""))
    return {"access": first and first.access, "available": ends[0].available if ends else None}


def _access_words(part: Thesis) -> str:
    return f"{part.access} until {part.available}" if part.available else str(part.access)
