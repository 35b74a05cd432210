"""Access: what the wordings of EThOS and of repositories say about who may read a thesis, and from when."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ld.cleaning.dates import day_in
from ld.record import Access

WORDINGS: tuple[tuple[str, Access | None], ...] = (
    (r"(?<!no )embargo|c_f1cf", "embargoed"),
    (r"\brestricted|closed ?access|staff ?only|valid ?user|c_16ec", "restricted"),
    # Not at EThOS, perhaps open in the repository: COAR's "metadata only" would deny that.
    (r"unavailable from ethos\W+please try the link", None),
    (r"full text unavailable|metadata ?only|c_14cb", "metadata-only"),
    (r"full text available|\bopen|\bpublic\b|c_abf2", "open"),
)
"""A pattern to look for, and what it says; the first that is found decides."""

_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), access) for pattern, access in WORDINGS)
_RANKS: tuple[Access, ...] = ("open", "embargoed", "restricted", "metadata-only")
"""EPrints states rights file by file: a thesis is as open as its most open file."""

FOR_EVER = "2100"
"""EThOS writes an embargo without an end as 31 Dec 2100."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What the wordings say, and those that say nothing known."""

    access: Access | None = None
    available: str | None = None
    unknown: tuple[str, ...] = ()
    undated: tuple[str, ...] = ()
    endless: bool = False


def rights(wordings: Iterable[str], embargoes: Iterable[str]) -> Rights:
    """The access to a thesis, from its access wordings and its embargo dates.

    >>> rights(["Full text unavailable from EThOS. Thesis embargoed until 01 Mar 2025"], []).available
    '2025-03-01'
    """
    found: set[Access] = set()
    unknown, undated, days = [], [], set()
    for wording in wordings:
        match = next(((pattern, access) for pattern, access in _PATTERNS if pattern.search(wording)), None)
        if match is None:
            unknown.append(wording)
        elif match[1]:
            found.add(match[1])
        if match and match[1] == "embargoed" and (day := day_in(wording)):
            days.add(day)
    for embargo in embargoes:
        day = day_in(embargo)
        if day:
            days.add(day)
            found.add("embargoed")
        else:
            undated.append(embargo)
    access = next((rank for rank in _RANKS if rank in found), None)
    available = max(days, default=None)
    if available and available[:4] >= FOR_EVER:
        access = "restricted" if access == "embargoed" else access
        return Rights(access, None, tuple(unknown), tuple(undated), endless=True)
    return Rights(access, available, tuple(unknown), tuple(undated))
