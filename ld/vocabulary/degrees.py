"""Degrees: the spellings a qualification is met in, and the degree and level that they name."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ld.errors import VocabularyError
from ld.namespaces import BIBO, SKOS, TLD
from ld.vocabulary.documents import Described, instances, values

# `Thesis (Ph.D.)` on EThOS's pages, `Thesis (D.Crim.J.)_doc` in its list, `PhD thesis` in repositories.
_WRAPPER = re.compile(r"^\s*(?:thesis|dissertation)\s*\((?P<inside>.*)\)\s*(?:_doc)?\s*$", re.IGNORECASE | re.DOTALL)
_SUFFIX = re.compile(r"(?:_doc|\b(?:thesis|dissertation))\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Degree:
    """A degree under its canonical abbreviation, `D.Psy.`."""

    iri: str
    label: str
    level: str | None
    """The IRI of its level."""


def spelling(qualification: str) -> str:
    """What the spellings of one degree have in common, case kept: `D.H.Sc.` is not `D.H.S.C.`.

    >>> spelling("Thesis (Ph.D.)"), spelling("Thesis (D.Sc.(Med.))"), spelling("PhD thesis")
    ('PhD', 'DScMed', 'PhD')
    """
    wrapped = _WRAPPER.match(qualification)
    text = wrapped["inside"] if wrapped else _SUFFIX.sub("", qualification)
    return "".join(character for character in text.replace("&", "and") if character.isalnum())


class Degrees:
    """The degrees, found by any spelling met.

    Case counts only where it tells two degrees apart; a spelling that, case aside, could be two names none.
    """

    def __init__(self, described: Described) -> None:
        self.all: list[Degree] = []
        self._exact: dict[str, Degree] = {}
        folded: dict[str, set[Degree]] = {}
        for iri in instances(described, BIBO + "ThesisDegree"):
            label, *_ = values(described, iri, SKOS + "prefLabel")
            levels = values(described, iri, TLD + "level")
            degree = Degree(iri, label, levels[0] if levels else None)
            self.all.append(degree)
            for name in (
                label,
                *values(described, iri, SKOS + "altLabel"),
                *values(described, iri, SKOS + "hiddenLabel"),
            ):
                key = spelling(name)
                if self._exact.setdefault(key, degree) != degree:
                    raise VocabularyError(f"degrees.ttl: {name!r} names two degrees. Keep it under one.")
                folded.setdefault(key.casefold(), set()).add(degree)
        self._folded = {key: next(iter(found)) for key, found in folded.items() if len(found) == 1}

    def find(self, qualification: str) -> Degree | None:
        """The degree that a qualification as printed names."""
        key = spelling(qualification)
        return self._exact.get(key) or self._folded.get(key.casefold())
