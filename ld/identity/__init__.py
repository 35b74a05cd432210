"""Identity: which names across the corpus are one person or one body, and the IRI of each.

No wrong merges: `ld.identity.people` and `ld.identity.bodies` hold the two rules; this reads the corpus for both and
answers for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, Self

from ld import merging
from ld.identity.bodies import Bodies, BodyNode, BodyRole
from ld.identity.people import People, PersonNode
from ld.record import Body, Person, Remark, Thesis
from ld.vocabulary import Vocabulary

__all__ = ["BodyNode", "BodyRole", "Identity", "PersonNode", "PersonRole"]

PersonRole = Literal["author", "supervisor"]


class Identity:
    """The people and bodies of one corpus."""

    def __init__(self, people: People, bodies: Bodies) -> None:
        self._people, self._bodies = people, bodies

    @classmethod
    def resolve(
        cls,
        theses: Iterable[Thesis],
        vocabulary: Vocabulary,
        *,
        base: str,
        slugs: Mapping[str, str],
    ) -> Self:
        """Read the theses once and decide. `slugs`: slug → body key that owned it in earlier snapshots."""
        people, bodies = People(base=base), Bodies(vocabulary, base=base, slugs=slugs)
        for thesis in theses:
            forms = merging.spellings(thesis)
            for number, person in enumerate(thesis.creator, 1):
                people.count(thesis.key, number, person, forms.get(("creator", person.name), ()))
            for role, body in bodies_of(thesis):
                for name in (body.name, *forms.get((role, body.name), ())):
                    bodies.count(Body(name, body.isni), role)
        people.settle()
        bodies.settle()
        return cls(people, bodies)

    def close(self) -> None:
        """Free the temporary file."""
        self._people.close()

    def person(self, thesis_key: str, role: PersonRole, number: int, person: Person) -> PersonNode:
        """The node of the `number`th (from 1) author or supervisor of a thesis."""
        return self._people.node(thesis_key, f"{role}-{number}", person, supervisor=role == "supervisor")

    def people(self) -> Iterator[PersonNode]:
        """The people who have an address of their own, sorted by key."""
        return self._people.nodes()

    def body(self, body: Body, role: BodyRole = "currentInstitution") -> BodyNode:
        """The node of a body. Pass the role: an awarding body is never merged through an ISNI."""
        return self._bodies.node(body, role)

    def bodies(self) -> Iterator[BodyNode]:
        """All bodies of the corpus and all institutions of the vocabulary, sorted by key."""
        return self._bodies.nodes()

    def remarks(self, thesis: Thesis) -> tuple[Remark, ...]:
        """The conflicts between identifications that this thesis shows."""
        found: list[Remark] = []
        for person in thesis.creator:
            if conflict := self._people.conflict(person):
                number, problem = conflict
                found.append(Remark("conflict", "creatorOrcid", problem, number, None, thesis.origin))
        for role, body in bodies_of(thesis):
            if odd := self._bodies.conflict(body, role):
                found.append(Remark("conflict", role + "Isni", odd, body.isni or "", None, thesis.origin))
        return tuple(dict.fromkeys(found))

    def clashes(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each ISNI or ORCID iD whose names do not all agree, with the keys of its theses, both sorted."""
        return self._people.clashes()

    def moved(self) -> Iterator[tuple[str, str]]:
        """(ORCID iD, ISNI) of people known by both: person/ORCID, if ever served, is now person/ISNI."""
        return self._people.moved()

    def moved_bodies(self) -> Iterator[tuple[str, str]]:
        """(slug, key) of bodies that earlier snapshots had under a slug and that have another key now."""
        return self._bodies.moved()

    def slugs(self) -> dict[str, str]:
        """Slug → body key, to keep in the ledger."""
        return self._bodies.slugs()


def bodies_of(thesis: Thesis) -> Iterator[tuple[BodyRole, Body]]:
    """Role and body of every organisation that a thesis names."""
    if thesis.awarding_body:
        yield "awardingBody", thesis.awarding_body
    if thesis.current_institution:
        yield "currentInstitution", thesis.current_institution
    yield from (("sponsor", sponsor.body) for sponsor in thesis.sponsor)
