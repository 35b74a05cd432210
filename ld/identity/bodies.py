"""Bodies: which printed names across the corpus are one organisation, its key, its name and its other names.

- The ISNI beside a name decides, then the name, as far as the vocabulary knows them; where the two point to different
  institutions the ISNI wins and the conflict is reported.
- An awarding body is what it was called at the award: its name alone decides, never an ISNI that the vocabulary has
  for some institution of today.
- What the vocabulary does not know is one body by its ISNI, else by its name (`ld.names.body_key`); a name without an
  ISNI is the body with an ISNI that has this very name, when there is only one.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ld import isni, names
from ld.iris import id_path
from ld.record import Body
from ld.vocabulary import Institution, Vocabulary

BodyRole = Literal["awardingBody", "currentInstitution", "sponsor"]

_LONGEST_SLUG = 100


@dataclass(frozen=True, slots=True)
class BodyNode:
    """An organisation in the graph. `alternatives`: the printed forms that its vocabulary entry does not have yet."""

    iri: str
    key: str
    name: str
    alternatives: tuple[str, ...] = ()
    isni: str | None = None
    institution: Institution | None = None


@dataclass(frozen=True, slots=True)
class _Decision:
    """What a printed body is: an institution of the vocabulary, else a number, else a name; and what is odd."""

    institution: Institution | None = None
    number: str | None = None
    name: str | None = None
    conflict: str | None = None

    @property
    def target(self) -> tuple[str, str]:
        if self.institution:
            return "institution", self.institution.key
        return ("isni", self.number) if self.number else ("name", self.name or "")


class Bodies:
    """The bodies of one corpus: `count` each printed one, then `settle`, then ask."""

    def __init__(self, vocabulary: Vocabulary, *, base: str, slugs: Mapping[str, str]) -> None:
        self._vocabulary, self._base, self._owners = vocabulary, base, dict(slugs)
        self._printed: Counter[tuple[Body, bool]] = Counter()
        self._known: dict[str, tuple[str, ...]] = {}
        self._main: dict[str, str] = {}
        self._keys: dict[tuple[str, str], str] = {}
        self._decisions: dict[tuple[Body, bool], _Decision] = {}
        self._nodes: dict[tuple[str, str], BodyNode] = {}

    def count(self, body: Body, role: BodyRole) -> None:
        """Take note of a body as printed on one record."""
        self._printed[body, role == "awardingBody"] += 1

    def settle(self) -> None:
        """Decide, after all have been counted."""
        # Numbers first: a name without one may then find its body by the name that a number has.
        by_number: dict[str, Counter[str]] = defaultdict(Counter)
        for (body, awarding), times in self._printed.items():
            if number := self._decide(body, awarding).number:
                by_number[number][body.name] += times
        self._main = {number: _key(_first(printed)) for number, printed in by_number.items()}
        for number, printed in sorted(by_number.items()):
            for name in {_key(form) for form in printed}:
                self._known[name] = (*self._known.get(name, ()), number)
        forms: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for (body, awarding), times in self._printed.items():
            decision = self._decisions[body, awarding] = self._decide(body, awarding)
            forms[decision.target][body.name] += times
        self._name_slugs({name for kind, name in forms if kind == "name"})
        for institution in self._vocabulary.institutions:
            forms.setdefault(("institution", institution.key), Counter())
        self._nodes = {target: self._node(target, printed) for target, printed in forms.items()}

    def node(self, body: Body, role: BodyRole) -> BodyNode:
        """The node of a body that was counted."""
        return self._nodes[self._decisions[body, role == "awardingBody"].target]

    def nodes(self) -> Iterator[BodyNode]:
        """All bodies counted and all institutions of the vocabulary, sorted by key."""
        yield from sorted(self._nodes.values(), key=lambda node: node.key)

    def conflict(self, body: Body, role: BodyRole) -> str | None:
        """What its name and its ISNI disagree about, in words, and what was decided."""
        return self._decisions[body, role == "awardingBody"].conflict

    def slugs(self) -> dict[str, str]:
        """Slug → body key, those of earlier snapshots included."""
        return self._owners | {slug: name for (_, name), slug in self._keys.items()}

    def moved(self) -> Iterator[tuple[str, str]]:
        """(slug, key) of bodies that earlier snapshots had under a slug and that have another key now."""
        live = {node.key for node in self._nodes.values()}
        for slug, name in sorted(self._owners.items()):
            node = self._nodes.get(self._decide(Body(name), awarding=False).target)
            if node and slug not in live:
                yield slug, node.key

    def _decide(self, body: Body, awarding: bool) -> _Decision:
        number = body.isni if body.isni and isni.is_valid(body.isni) else None
        named = self._vocabulary.institution(name=body.name)
        numbered = self._vocabulary.institution(isni=number) if number else None
        if numbered and numbered != named and awarding:
            problem = (
                f"The ISNI {number} beside “{body.name}” is that of {numbered.name}. "
                "An awarding body stays as it was called at the award, so the ISNI was left out."
            )
            return _Decision(named, name=_key(body.name), conflict=problem)
        if numbered and named and numbered != named:
            problem = f"The ISNI {number} beside “{body.name}” is that of {numbered.name}, which was taken."
            return _Decision(numbered, conflict=problem)
        if numbered:
            return _Decision(numbered)
        if named and number:
            problem = f"The ISNI {number} beside “{body.name}” is not known as its number; the name was taken."
            return _Decision(named, conflict=problem)
        if named:
            return _Decision(named)
        name = _key(body.name)
        if number is None:
            numbers = [n for n in self._known.get(name, ()) if not awarding or self._main[n] == name]
            number = numbers[0] if len(numbers) == 1 else None
        return _Decision(number=number, name=name)

    def _name_slugs(self, body_keys: set[str]) -> None:
        """Give each body that has nothing but a name its slug; the earlier owner keeps it, else the first by name."""
        taken = {institution.key for institution in self._vocabulary.institutions}
        later: list[tuple[str, str]] = []
        for name in sorted(body_keys):
            slug = names.slug(name)
            if not re.search("[a-z]", slug):
                slug = "x-" + _hash(name, 16)
            if slug in taken or self._owners.get(slug, name) != name or len(slug) > _LONGEST_SLUG:
                later.append((name, slug[:_LONGEST_SLUG].rstrip("-")))
            else:
                taken.add(slug)
                self._keys["name", name] = slug
        for name, slug in later:
            candidates = (f"{slug}-{_hash(name, length)}" for length in range(6, 65))
            self._keys["name", name] = next(key for key in candidates if key not in taken)
            taken.add(self._keys["name", name])

    def _node(self, target: tuple[str, str], printed: Counter[str]) -> BodyNode:
        kind, value = target
        institution = self._vocabulary.institution(isni=value) or self._by_key(value) if kind == "institution" else None
        if institution:
            others = (form for form in printed if form not in (institution.name, *institution.aliases))
            ours = (form for form in others if self._vocabulary.institution(name=form) in (None, institution))
            return BodyNode(
                institution.iri, institution.key, institution.name, tuple(sorted(ours)), institution.isni, institution
            )
        key = value if kind == "isni" else self._keys[target]
        name = _first(printed)
        others = (form for form in printed if form != name)
        iri = self._base + id_path("organisation", key)
        return BodyNode(iri, key, name, tuple(sorted(others)), value if kind == "isni" else None)

    def _by_key(self, key: str) -> Institution | None:
        return next((i for i in self._vocabulary.institutions if i.key == key), None)


def _key(printed: str) -> str:
    return names.body_key(printed) or printed.strip().casefold()


def _hash(name: str, digits: int) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:digits]


def _first(printed: Counter[str]) -> str:
    """The most frequent form; of equally frequent ones the first in the alphabet."""
    return min(printed, key=lambda form: (-printed[form], form))
