"""Vocabularies: what the project knows of degrees, levels, disciplines, languages, licences and institutions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from pyoxigraph import NamedNode, Triple

from ld import resources
from ld.names import label_key
from ld.namespaces import ORG, SKOS
from ld.record import Body
from ld.vocabulary.degrees import Degree, Degrees
from ld.vocabulary.documents import Described, Published, by_subject, instances, read, values
from ld.vocabulary.institutions import Institution, Institutions
from ld.vocabulary.languages import Languages, language_iri
from ld.vocabulary.licences import license_iri

__all__ = ["Degree", "Institution", "Published", "Vocabulary", "load"]


class Vocabulary:
    """The vocabularies of one site; every lookup takes a value as printed and is a look into a dictionary."""

    def __init__(self, files: Mapping[str, Published], languages: Languages, base: str) -> None:
        self.base = base
        self.files = files
        """The published documents: `terms`, `degrees`, `levels`, `disciplines`, `institutions`."""
        described = {name: by_subject(file.triples) for name, file in files.items()}
        self._triples = {
            subject: [Triple(NamedNode(subject), NamedNode(p), o) for p, objects in found.items() for o in objects]
            for document in described.values()
            for subject, found in document.items()
        }
        self._degrees = Degrees(described["degrees"])
        self._levels = _labelled(described["levels"])
        self._disciplines = _labelled(described["disciplines"])
        self._institutions = Institutions(described["institutions"], base)
        self._events = {
            body.iri: values(described["institutions"], body.iri, ORG + "changedBy") for body in self._institutions.all
        }
        self._languages = languages

    @property
    def degrees(self) -> list[Degree]:
        """Every degree."""
        return self._degrees.all

    @property
    def institutions(self) -> tuple[Institution, ...]:
        """Every institution, today's and former ones, by name."""
        return self._institutions.all

    def degree(self, qualification: str) -> Degree | None:
        """The degree that a qualification names in any spelling met: `Thesis (Ph.D.)`, `PhD`, `phd`."""
        return self._degrees.find(qualification)

    def level(self, printed: str) -> str | None:
        """The IRI of a level: `Doctoral`, `masters`."""
        return self._levels.get(label_key(printed))

    def discipline(self, printed: str) -> str | None:
        """The IRI of one of the 19 subject disciplines."""
        return self._disciplines.get(label_key(printed))

    def language(self, printed: str) -> str | None:
        """The ISO 639-3 code of a language by code, tag or English name."""
        return self._languages.code(printed)

    def language_label(self, code: str) -> str | None:
        """The English name of a language by its ISO 639-3 code."""
        return self._languages.label(code)

    def language_iri(self, code: str) -> str:
        """The IRI of a language by its ISO 639-3 code."""
        return language_iri(code)

    def license(self, printed: str) -> str | None:
        """The canonical IRI of a licence by its address or its name; None when it is none of the known ones."""
        return license_iri(printed)

    def institution(self, name: str | None = None, isni: str | None = None) -> Institution | None:
        """The institution with this ISNI (16 characters), else with this name or alias; None when unknown."""
        return self._institutions.find(name, isni)

    def same_body(self, one: Body, other: Body) -> bool:
        """Whether two printed bodies have one ISNI or are one institution."""
        if one.isni and one.isni == other.isni:
            return True
        institution = self.institution(name=one.name, isni=one.isni)
        return institution is not None and institution == self.institution(name=other.name, isni=other.isni)

    def same_degree(self, one: str, other: str) -> bool:
        """Whether two printed qualifications are one degree."""
        degree = self.degree(one)
        return degree is not None and degree == self.degree(other)

    def triples_of(self, institution: Institution) -> list[Triple]:
        """What is said of an institution, its own change events included."""
        own = [event for event in self._events[institution.iri] if event.startswith(institution.iri + "#")]
        return [triple for subject in (institution.iri, *own) for triple in self._triples[subject]]

    def describe(self, iri: str) -> list[Triple]:
        """What is said of one term, degree, level, discipline, scheme or institution; empty for anything else."""
        return list(self._triples.get(iri, ()))


def _labelled(described: Described) -> dict[str, str]:
    names = (SKOS + "prefLabel", SKOS + "altLabel", SKOS + "notation")
    return {
        label_key(name): iri
        for iri in instances(described, SKOS + "Concept")
        for kind in names
        for name in values(described, iri, kind)
    }


@lru_cache(maxsize=4)
def load(base: str) -> Vocabulary:
    """The vocabularies of the site at `base`; read once a process."""
    folder = resources.vocab_dir()
    with (folder / "languages.tsv").open(encoding="utf-8") as lines:
        languages = Languages(lines)
    return Vocabulary(read(folder, base), languages, base)
