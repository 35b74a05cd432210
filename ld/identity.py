"""Identity: which names across the corpus are one person or one body, and the IRI of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Self

from ld.names import Name
from ld.record import Body, Person, Remark, Thesis
from ld.staging import Staging
from ld.vocabulary import Institution, Vocabulary

PersonRole = Literal["author", "supervisor"]
BodyRole = Literal["awardingBody", "currentInstitution", "sponsor"]


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
class BodyNode:
    """An organisation in the graph. `alternatives`: the printed forms that its vocabulary entry does not have yet."""

    iri: str
    key: str
    name: str
    alternatives: tuple[str, ...] = ()
    isni: str | None = None
    institution: Institution | None = None


class Identity:
    """The people and bodies of one corpus."""

    @classmethod
    def resolve(
        cls,
        corpus: Staging | Callable[[], Iterable[Thesis]],
        vocabulary: Vocabulary,
        *,
        base: str,
        slugs: Mapping[str, str],
    ) -> Self:
        """Read the corpus once and decide. `slugs`: slug → body key that owned it in earlier snapshots."""
        raise NotImplementedError

    def person(self, thesis_key: str, role: PersonRole, number: int, person: Person) -> PersonNode:
        """The node of the `number`th (from 1) author or supervisor of a thesis."""
        raise NotImplementedError

    def people(self) -> Iterator[PersonNode]:
        """The shared people (those with an address of their own), sorted by key."""
        raise NotImplementedError

    def body(self, body: Body, role: BodyRole = "currentInstitution") -> BodyNode:
        """The node of a body. Pass the role: an awarding body is never merged through an ISNI."""
        raise NotImplementedError

    def bodies(self) -> Iterator[BodyNode]:
        """All bodies of the corpus and all institutions of the vocabulary, sorted by key."""
        raise NotImplementedError

    def remarks(self, thesis: Thesis) -> tuple[Remark, ...]:
        """The conflicts between identifications that this thesis shows."""
        raise NotImplementedError

    def clashes(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each ISNI or ORCID iD whose names do not all agree, with the keys of its theses (both sorted)."""
        raise NotImplementedError

    def moved(self) -> Iterator[tuple[str, str]]:
        """(ORCID iD, ISNI) of people known by both: person/ORCID, if ever served, is now person/ISNI."""
        raise NotImplementedError

    def slugs(self) -> dict[str, str]:
        """Slug → body key, to keep in the ledger."""
        raise NotImplementedError

    def close(self) -> None:
        """Free the temporary file."""
        raise NotImplementedError
