"""Rules for what a thesis has many of: the values of all parts, each once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import replace
from typing import Any

from ld.merging.one import languages_meet, with_language
from ld.merging.work import Work, distinct, folded, same_printed
from ld.record import Sponsor, Text, Thesis


def words(work: Work, name: str) -> dict[str, Any]:
    """Plain words, the first spelling of each."""
    return _each(work, name, folded)


def dois(work: Work, name: str) -> dict[str, Any]:
    """DOIs, which are the same in either case."""
    return _each(work, name, str.casefold)


def codes(work: Work, name: str) -> dict[str, Any]:
    """Codes and addresses, which are compared letter by letter."""
    return _each(work, name, str)


def _each(work: Work, name: str, key: Callable[[str], Hashable]) -> dict[str, Any]:
    united: dict[Hashable, str] = {}
    for _, values in work.values(name):
        for value in values:
            united.setdefault(key(value), value)
    return {name: tuple(united.values())}


def keywords(work: Work, name: str) -> dict[str, Any]:
    """Keywords; one that is tagged in one part and untagged in another is the tagged one."""
    united: dict[str, list[Text]] = {}
    for _, values in work.values(name):
        for value in values:
            same = united.setdefault(folded(value.value), [])
            at = next((i for i, had in enumerate(same) if languages_meet(had, value)), None)
            if at is None:
                same.append(value)
            else:
                same[at] = with_language(same[at], value)
    return {name: tuple(text for same in united.values() for text in same)}


def abstracts(work: Work, name: str) -> dict[str, Any]:
    """Abstracts: one a language and part, the longer of a text and its beginning, else the more trusted."""
    kept: list[tuple[Thesis, Text]] = []
    for part, texts in work.values(name):
        earlier, met = len(kept), set[int]()
        left: list[Text] = []
        for text in _whole(texts):
            at = _same_abstract([had for _, had in kept], earlier, text)
            if at is None:
                left.append(text)
                continue
            source, had = kept[at]
            fuller = max(had, text, key=lambda t: len(folded(t.value)))
            kept[at] = (source, replace(fuller, language=had.language or text.language))
            met.add(at)
        # A part may have two abstracts in one language: no clash with itself, nor with one that it has too.
        rivals = [had for at, had in enumerate(kept[:earlier]) if at not in met]
        for text in left:
            rival = next((had for had in rivals if _language(had[1]) == _language(text)), None)
            if rival:
                work.clash(name, (rival[0], rival[1].value), (part, text.value))
            elif _same_abstract([had for _, had in kept], 0, text) is None:
                kept.append((part, text))
    return {name: distinct(text for _, text in kept)}


def _whole(texts: tuple[Text, ...]) -> Iterator[Text]:
    """The abstracts of one part but those that another one of it begins with."""
    for at, text in enumerate(texts):
        ours = folded(text.value)
        others = ((i, folded(other.value)) for i, other in enumerate(texts) if i != at and languages_meet(other, text))
        if not any(theirs.startswith(ours) and (theirs != ours or i < at) for i, theirs in others):
            yield text


def _same_abstract(kept: list[Text], earlier: int, text: Text) -> int | None:
    """Where the same text stands, or else, among the `earlier` first, one that is its beginning or its whole."""
    ours = folded(text.value)
    near = [(i, folded(had.value)) for i, had in enumerate(kept) if languages_meet(had, text)]
    same = next((i for i, theirs in near if theirs == ours), None)
    if same is not None:
        return same
    return next((i for i, theirs in near if i < earlier and (theirs.startswith(ours) or ours.startswith(theirs))), None)


def _language(text: Text) -> str:
    """The language to compare by: EThOS tags no abstract, and what it leaves untagged is English as a rule."""
    return (text.language or "en").partition("-")[0].casefold()


def sponsors(work: Work, name: str) -> dict[str, Any]:
    """Sponsors; one without a grant number says nothing beside the same one with it."""
    united: list[Sponsor] = []
    for part, values in work.values(name):
        for sponsor in values:
            at = _same_sponsor(work, united, sponsor)
            if at is None:
                united.append(sponsor)
                continue
            had = united[at]
            work.another_form(name, part, sponsor.body.name, had.body.name)
            body = replace(had.body, isni=had.body.isni or sponsor.body.isni)
            united[at] = Sponsor(body, had.grant or sponsor.grant)
    return {name: tuple(united)}


def _same_sponsor(work: Work, united: list[Sponsor], sponsor: Sponsor) -> int | None:
    """Where the same sponsor stands: with the same grant, or else where either names none."""
    same = [i for i, had in enumerate(united) if _one_body(work, had, sponsor)]
    grant = folded(sponsor.grant or "")
    exact = next((i for i in same if folded(united[i].grant or "") == grant), None)
    if exact is not None:
        return exact
    return next((i for i in same if not grant or not united[i].grant), None)


def _one_body(work: Work, one: Sponsor, other: Sponsor) -> bool:
    return same_printed(one.body, other.body) or work.same_body(one.body, other.body)
