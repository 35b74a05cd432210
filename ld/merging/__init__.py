"""Merging: the parts of one thesis, met in several sources, become one description by this rule.

Layouts are trusted in the order of RANK; within a rank, the part that stands first in the sources. From the most
trusted part that has it comes each value of which a thesis has one: title, year, awarding body, current institution,
qualification, level, access, EThOS ID. Spellings that differ only in case, spaces, accents and punctuation are no
clash, nor are two spellings of one body or one degree that the vocabulary knows; any other difference is remarked as a
`clash` that names both values, both places and the rule. Besides:

- of two dates that agree as far as they go, the finer is kept; a year that is no year gives way to one that is;
- keywords, disciplines, languages, DOIs, addresses, licences, supervisors and sponsors are united;
- of two abstracts in one language the longer is kept when the other is its beginning, else the more trusted;
- creators are united when the names agree (`ld.names.agree`): identifiers are added, the fuller name is kept;
- another form of a person's or a body's name is kept in a `repair` remark, which `spellings` reads back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ld.merging import many, one, people
from ld.merging.work import ANOTHER_FORM, RANK, SameBody, SameText, Work, distinct, rank
from ld.record import Thesis

__all__ = ["RANK", "spellings", "unite"]

_RULES: Mapping[str, Callable[[Work, str], dict[str, Any]]] = {
    "title": one.text,
    "issued": one.dates,  # and date
    "awarding_body": one.body,
    "current_institution": one.body,
    "qualification": one.qualification,
    "level": one.word,
    "ethos_id": one.word,
    "access": one.access,  # and available
    "creator": people.creators,
    "supervisor": people.supervisors,
    "sponsor": many.sponsors,
    "abstract": many.abstracts,
    "keyword": many.keywords,
    "discipline": many.words,
    "doi": many.dois,
    "language": many.codes,
    "page": many.codes,
    "file": many.codes,
    "license": many.codes,
}
"""Which rule settles which field; every field of a Thesis stands here or in `unite`."""


def unite(parts: Sequence[Thesis], same_body: SameBody | None = None, same_degree: SameText | None = None) -> Thesis:
    """One thesis from the parts of one key, in source order; its key is the EThOS ID if any part has one.

    `same_body`, `same_degree`: whether two printed names or degrees mean one, as far as a vocabulary knows.

    >>> unite([Thesis("x-1", issued="1998"), Thesis("x-1", issued="1998", date="1998-07")]).date
    '1998-07'
    """
    if len(parts) == 1:
        return parts[0]
    work = Work(sorted(parts, key=rank))
    work.same_body, work.same_degree = same_body or work.same_body, same_degree or work.same_degree
    made: dict[str, Any] = {}
    for name, rule in _RULES.items():
        made.update(rule(work, name))
    return Thesis(
        key=next((part.key for part in parts if not part.key.startswith("x-")), parts[0].key),
        **made,
        earlier=distinct(key for part in parts for key in part.earlier),
        renamed=distinct(key for part in parts for key in part.renamed),
        origins=distinct(origin for part in parts for origin in part.origins),
        remarks=distinct([*(remark for part in parts for remark in part.remarks), *work.remarks]),
    )


def spellings(thesis: Thesis) -> dict[tuple[str, str], tuple[str, ...]]:
    """The other printed forms of names that were united into one: (field, form kept) → other forms."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for remark in thesis.remarks:
        if remark.message == ANOTHER_FORM and remark.after is not None:
            place = (remark.field, remark.after)
            found[place] = distinct([*found.get(place, ()), remark.before])
    return found
