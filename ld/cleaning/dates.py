"""Dates: a year or a finer date as printed, never finer than printed."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass

_LONG = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTHS = {name: number for number, long in enumerate(_LONG, 1) for name in (long, long[:3])} | {"sept": 9}
_NAMES = "|".join(sorted(_MONTHS, key=len, reverse=True))

_YEAR = re.compile(r"[0-9]{4}")
_DECORATED = re.compile(r"[\[(]?\s*(?:c|ca|circa|©|copyright)?\.?\s*([0-9]{4})\s*\??[\])]?[.?]?", re.IGNORECASE)
_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})(?:-([0-9]{1,2}))?(?:[T ][0-9:.]+\s*(?:Z|[+-][0-9:]+)?)?")
_DAY_FIRST = re.compile(
    rf"(?:(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?[\s-]+)?\b(?P<month>{_NAMES})\b\.?,?[\s-]+(?P<year>[0-9]{{4}})\b",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    rf"\b(?P<month>{_NAMES})\b\.?\s+(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>[0-9]{{4}})\b", re.IGNORECASE
)
# Which of the two is the month nobody can tell, and 01/01 often stands for "some day".
_SLASHED = re.compile(r"(?:[0-9]{1,2}/){1,2}([0-9]{4})|([0-9]{4})(?:/[0-9]{1,2}){1,2}")


@dataclass(frozen=True, slots=True)
class Award:
    """The year, the finer date where one was printed (`YYYY-MM`, `YYYY-MM-DD`), and what was done to get them."""

    issued: str
    date: str | None = None
    note: str | None = None


def award(printed: str) -> Award:
    """The date of an award; what cannot be understood stays as it stands.

    >>> award("July 2014").date, award("[1998]").issued, award("20l4").issued
    ('2014-07', '1998', '20l4')
    """
    text = printed.strip()
    if _YEAR.fullmatch(text):
        return Award(text)
    if found := _ISO.fullmatch(text):
        return _finer(found.group(1), int(found.group(2)), found.group(3), len(text) not in (7, 10))
    if found := _DECORATED.fullmatch(text):
        return Award(found.group(1), note="the year was taken out of its brackets or signs")
    for pattern in (_DAY_FIRST, _MONTH_FIRST):
        if found := pattern.fullmatch(text):
            return _finer(found["year"], _MONTHS[found["month"].casefold()], found["day"], True)
    if found := _SLASHED.fullmatch(text):
        note = "only the year was taken: day and month cannot be told apart"
        return Award(found.group(1) or found.group(2), note=note)
    return Award(text)


def _finer(year: str, month: int, day: str | None, written_out: bool) -> Award:
    note = "the date was written as YYYY-MM-DD" if written_out else None
    if not 1 <= month <= 12:
        return Award(year, note="there is no such month, only the year was taken")
    date = f"{year}-{month:02}"
    if day is None:
        return Award(year, date, note)
    if not _is_day(int(year), month, int(day)):
        return Award(year, date, "there is no such day, only year and month were taken")
    return Award(year, f"{date}-{int(day):02}", note)


def _is_day(year: int, month: int, day: int) -> bool:
    return year >= 1 and 1 <= day <= calendar.monthrange(year, month)[1]


def day_in(text: str) -> str | None:
    """The day that a free text names, as `YYYY-MM-DD`; None when it names no day or several.

    >>> day_in("Thesis embargoed until 01 Mar 2025")
    '2025-03-01'
    """
    days = {
        f"{int(year):04}-{month:02}-{int(day):02}"
        for year, month, day in _days(text)
        if day and 1 <= month <= 12 and _is_day(int(year), month, int(day))
    }
    return days.pop() if len(days) == 1 else None


def _days(text: str) -> list[tuple[str, int, str | None]]:
    iso = [(f.group(1), int(f.group(2)), f.group(3)) for f in re.finditer(rf"(?<![0-9]){_ISO.pattern}", text)]
    named = [
        (f["year"], _MONTHS[f["month"].casefold()], f["day"])
        for pattern in (_DAY_FIRST, _MONTH_FIRST)
        for f in pattern.finditer(text)
    ]
    return iso + named
