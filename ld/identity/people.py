"""People: which names across the corpus are one person, by ISNI or else by ORCID iD.

- All names on one number must agree pairwise (`ld.names.agree`), or none of them is merged.
- A person who is known by both has the ISNI as key. A record that has only the ORCID iD is that person's when the iD
  stands beside one ISNI, that ISNI beside one iD, and all the names agree.
- An ORCID iD beside several ISNIs merges nobody. An iD is stated of one of our people, or of nobody.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from itertools import combinations, groupby
from operator import itemgetter

from ld import isni, names
from ld.iris import id_path
from ld.names import Name
from ld.record import Person

_TABLES = """
    CREATE TABLE claim (thesis TEXT, number INTEGER, isni TEXT, orcid TEXT, name TEXT);
    CREATE TABLE verdict (number TEXT PRIMARY KEY, verdict TEXT) WITHOUT ROWID;
"""
_INDICES = """
    CREATE INDEX claim_isni ON claim (isni, orcid, name) WHERE isni IS NOT NULL;
    CREATE INDEX claim_orcid ON claim (orcid, isni, name) WHERE orcid IS NOT NULL;
"""
_SEVERAL_ON_ISNI = """
    SELECT isni, name, count(*) FROM claim
    WHERE isni IN (SELECT isni FROM claim WHERE isni IS NOT NULL GROUP BY isni HAVING count(*) > 1)
    GROUP BY isni, name ORDER BY isni, name
"""
_ON_ORCID = """
    SELECT orcid, isni, name, count(*) FROM claim WHERE orcid IS NOT NULL
    GROUP BY orcid, isni, name ORDER BY orcid, isni, name
"""
_ORCIDS_BESIDE = "SELECT DISTINCT orcid FROM claim WHERE isni = ? AND orcid IS NOT NULL ORDER BY orcid"
_PLACES = "SELECT count(DISTINCT thesis || ' ' || number) FROM claim WHERE orcid = ?"
_FIRST_CLAIMS = """
    SELECT isni AS key, isni, min(orcid), min(name) FROM claim WHERE isni IS NOT NULL GROUP BY isni
    UNION ALL
    SELECT orcid AS key, NULL, orcid, min(name) FROM claim WHERE isni IS NULL GROUP BY orcid
    ORDER BY key
"""


@dataclass(frozen=True, slots=True)
class PersonNode:
    """A person in the graph. `claimed`: the number that its record prints but that names of several people share."""

    iri: str
    shared: bool
    key: str | None
    name: Name
    alternatives: tuple[str, ...] = ()
    isni: str | None = None
    orcid: str | None = None
    claimed: str | None = None


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What a number stands for when more than one record, or more than one number, has a say.

    An ISNI: `clash`, or the printed `forms` of its one person and the `orcid` stated of it. An ORCID iD: `clash`, or
    the `isni` whose person it is, or else the forms; `owner` is where it may be stated beside an ISNI: that ISNI, or
    `record` for the only record that has it.
    """

    clash: bool = False
    forms: Mapping[str, int] = field(default_factory=dict)
    orcid: str | None = None
    isni: str | None = None
    owner: str | None = None
    conflict: str | None = None


class People:
    """The people of one corpus: `count` each creator, then `settle`, then ask. The temporary file goes with it."""

    def __init__(self, *, base: str) -> None:
        self._base = base
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)  # "": a file without a name
        self._db.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_TABLES}")
        self._db.execute("BEGIN")
        self._ask = lru_cache(maxsize=4096)(self._look_up)

    def close(self) -> None:
        """Free the temporary file."""
        self._db.close()

    def count(self, thesis: str, number: int, person: Person, forms: Iterable[str] = ()) -> None:
        """Take note of the `number`th creator of a thesis, and of other printed forms of the name."""
        isni, orcid = _numbers(person)
        if isni or orcid:
            printed = [names.parse(form).inverted for form in (person.name, *forms)]
            rows = [(thesis, number, isni, orcid, name) for name in printed]
            self._db.executemany("INSERT INTO claim VALUES (?, ?, ?, ?, ?)", rows)

    def settle(self) -> None:
        """Decide, after all have been counted."""
        self._db.executescript(_INDICES)  # which commits what was counted
        self._db.execute("BEGIN")
        for number, group in groupby(self._db.execute(_SEVERAL_ON_ISNI), itemgetter(0)):
            self._store(number, _agreed({name: times for _, name, times in group}))
        for orcid, group in groupby(self._db.execute(_ON_ORCID), itemgetter(0)):
            self._settle_orcid(orcid, [(number, name, times) for _, number, name, times in group])
        self._db.execute("COMMIT")
        self._ask.cache_clear()

    def _settle_orcid(self, orcid: str, rows: list[tuple[str | None, str, int]]) -> None:
        alone = {name: times for beside, name, times in rows if beside is None}
        numbers = sorted({beside for beside, _, _ in rows if beside})
        if len(numbers) == 1:
            self._settle_both(orcid, numbers[0], alone, _all_agree(name for _, name, _ in rows))
        elif numbers:
            problem = f"The ORCID iD stands beside the ISNIs {', '.join(numbers)}, so it merges nobody."
            self._store(orcid, _Verdict(clash=True, conflict=problem))
        elif sum(alone.values()) > 1:
            self._store(orcid, _agreed(alone))

    def _settle_both(self, orcid: str, number: str, alone: Mapping[str, int], agree: bool) -> None:
        """An ORCID iD beside one ISNI; `alone`: names with the iD only; `agree`: whether all names with the iD do."""
        known = self._ask(number) or _Verdict()
        forms = dict(self._db.execute("SELECT name, count(*) FROM claim WHERE isni = ? GROUP BY name", (number,)))
        beside = [o for (o,) in self._db.execute(_ORCIDS_BESIDE, (number,))]
        if not known.clash and beside == [orcid] and _all_agree([*forms, *alone]):
            if alone or known.forms:
                merged = {name: forms.get(name, 0) + alone.get(name, 0) for name in (*forms, *alone)}
                self._store(number, _Verdict(forms=merged, orcid=orcid))
            if alone:
                self._store(orcid, _Verdict(isni=number, owner=number))
            return
        if known.clash and not alone and self._db.execute(_PLACES, (orcid,)).fetchone() == (1,):
            self._store(orcid, _Verdict(owner="record"))
            return
        clash = bool(alone) and (not agree or (not known.clash and beside == [orcid]))
        if clash:
            problem = f"The ORCID iD stands beside ISNI {number}, but the names on the two do not all agree."
        elif known.clash:
            problem = f"The ORCID iD stands beside ISNI {number}, which several people share."
        else:
            problem = f"ISNI {number} stands beside the ORCID iDs {', '.join(beside)}; which is right is not known."
        self._store(orcid, _Verdict(clash=clash, forms={} if clash else alone, conflict=problem))

    def node(self, thesis: str, fragment: str, person: Person, *, supervisor: bool = False) -> PersonNode:
        """The node of a person: `fragment` (`author-1`) names it under its thesis if it has no address of its own."""
        isni, orcid = (None, None) if supervisor else _numbers(person)
        number = isni or orcid
        verdict = self._ask(number) if number else None
        if verdict and verdict.isni:  # a record with an ORCID iD only, whose person has an ISNI
            number = isni = verdict.isni
            verdict = self._ask(number)
        if number and not (verdict and verdict.clash):
            forms = (verdict and verdict.forms) or {names.parse(person.name).inverted: 1}
            stated = verdict.orcid if verdict and verdict.forms and isni else self._stated(orcid, isni)
            best = _fullest(forms)
            return PersonNode(
                iri=self._base + id_path("person", number),
                shared=True,
                key=number,
                name=names.parse(best),
                alternatives=tuple(sorted(set(forms) - {best})),
                isni=isni,
                orcid=stated,
            )
        iri = f"{self._base}{id_path('thesis', thesis)}#{fragment}"
        stated = self._stated(orcid, "record") if isni else None
        return PersonNode(iri, False, None, names.parse(person.name), orcid=stated, claimed=number)

    def _stated(self, orcid: str | None, owner: str | None) -> str | None:
        """The ORCID iD if it may be stated of this owner: an ISNI, `record`, or None for the iD's own person."""
        verdict = self._ask(orcid) if orcid else None
        return orcid if verdict is None or owner is None or verdict.owner == owner else None

    def nodes(self) -> Iterator[PersonNode]:
        """The people who have an address of their own, sorted by key."""
        for key, number, orcid, name in self._db.execute(_FIRST_CLAIMS):
            node = self.node("", "", Person(name, number, orcid))
            if node.key == key:
                yield node

    def conflict(self, person: Person) -> tuple[str, str] | None:
        """The ORCID iD of a creator that something is odd about, and what, in words."""
        _, orcid = _numbers(person)
        verdict = self._ask(orcid) if orcid else None
        return (orcid, verdict.conflict) if orcid and verdict and verdict.conflict else None

    def clashes(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each number whose names do not all agree, with the keys of its theses, both sorted."""
        for number, verdict in self._db.execute("SELECT number, verdict FROM verdict ORDER BY number"):
            if json.loads(verdict)["clash"]:
                column = "orcid" if isni.is_orcid(number) else "isni"
                query = f"SELECT DISTINCT thesis FROM claim WHERE {column} = ? ORDER BY thesis"  # noqa: S608  two words
                yield number, tuple(thesis for (thesis,) in self._db.execute(query, (number,)))

    def moved(self) -> Iterator[tuple[str, str]]:
        """(ORCID iD, ISNI) of each person who is known by both."""
        both = "SELECT DISTINCT orcid, isni FROM claim WHERE orcid IS NOT NULL AND isni IS NOT NULL ORDER BY orcid"
        for orcid, number in self._db.execute(both):
            verdict = self._ask(number)
            if not (verdict and verdict.clash) and self._stated(orcid, number):
                yield orcid, number

    def _store(self, number: str, verdict: _Verdict) -> None:
        self._db.execute("INSERT OR REPLACE INTO verdict VALUES (?, ?)", (number, json.dumps(asdict(verdict))))
        self._ask.cache_clear()

    def _look_up(self, number: str) -> _Verdict | None:
        row = self._db.execute("SELECT verdict FROM verdict WHERE number = ?", (number,)).fetchone()
        return _Verdict(**json.loads(row[0])) if row else None


def _numbers(person: Person) -> tuple[str | None, str | None]:
    """ISNI and ORCID iD of a person; an ISNI in ORCID's block is an ORCID iD."""
    if person.isni and isni.is_orcid(person.isni):
        return None, person.orcid or person.isni
    return person.isni, person.orcid


def _agreed(forms: Mapping[str, int]) -> _Verdict:
    return _Verdict(forms=forms) if _all_agree(forms) else _Verdict(clash=True)


def _all_agree(forms: Iterable[str]) -> bool:
    parsed = [names.parse(form) for form in dict.fromkeys(forms)]
    return all(names.agree(one, other) for one, other in combinations(parsed, 2))


def _fullest(forms: Mapping[str, int]) -> str:
    """The form with most letters in its forenames; of those the most frequent, then the first in the alphabet."""
    return min(forms, key=lambda form: (-names.parse(form).fullness, -forms[form], form))
