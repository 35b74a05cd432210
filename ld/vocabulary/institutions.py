"""Institutions: the awarding bodies of the table, today's and former ones, found by ISNI, name or alias."""

from __future__ import annotations

from dataclasses import dataclass

from ld import isni as isnis
from ld.errors import VocabularyError
from ld.iris import id_path
from ld.names import body_key, slug
from ld.namespaces import DCTERMS, FOAF, ORG, OWL, SCHEMA, SKOS
from ld.vocabulary.documents import Described, instances, values

_ROR = "https://ror.org/"
_WIKIDATA = "http://www.wikidata.org/entity/"


@dataclass(frozen=True, slots=True)
class Institution:
    """A body of the table.

    key: its ISNI, else the slug of its name. ror, wikidata: IRIs. other_isnis: numbers that others use for it.
    historical: it is no more, or no more under this name; replaced_by: the IRIs of what took its place.
    """

    key: str
    iri: str
    name: str
    isni: str | None = None
    ror: str | None = None
    wikidata: str | None = None
    aliases: tuple[str, ...] = ()
    other_isnis: tuple[str, ...] = ()
    historical: bool = False
    replaced_by: tuple[str, ...] = ()


class Institutions:
    """The institutions, in the order of their names."""

    def __init__(self, described: Described, base: str) -> None:
        bodies = (_institution(described, iri, base) for iri in instances(described, FOAF + "Organization"))
        self.all = tuple(sorted(bodies, key=lambda body: body_key(body.name)))
        self._isnis: dict[str, Institution] = {}
        self._printed: dict[str, Institution] = {}
        self._names: dict[str, Institution] = {}
        for body in self.all:
            for number in filter(None, (body.isni, *body.other_isnis)):
                if self._isnis.setdefault(number, body) is not body:
                    raise VocabularyError(f"institutions.ttl: ISNI {number} stands for two bodies. Keep it with one.")
            for name in (body.name, *body.aliases):
                self._printed[name] = body
                if self._names.setdefault(body_key(name), body) is not body:
                    raise VocabularyError(f"institutions.ttl: {name!r} names two bodies. Keep it with one.")

    def find(self, name: str | None, isni: str | None) -> Institution | None:
        """The body that has this ISNI (16 characters), else the one that has this name or alias."""
        found = self._isnis.get(isni) if isni else None
        if found or not name:
            return found
        return self._printed.get(name) or self._names.get(body_key(name))


def _institution(described: Described, iri: str, base: str) -> Institution:
    name, *_ = values(described, iri, FOAF + "name")
    main = [same.removeprefix(isnis.ISNI_IRI) for same in values(described, iri, OWL + "sameAs")]
    matches = values(described, iri, SCHEMA + "sameAs")
    key = main[0] if main else slug(name)
    if iri != base + id_path("organisation", key):
        raise VocabularyError(f"institutions.ttl: {name} must have the address id/organisation/{key}, not <{iri}>.")
    replaced_by = values(described, iri, DCTERMS + "isReplacedBy")
    return Institution(
        key=key,
        iri=iri,
        name=name,
        isni=main[0] if main else None,
        ror=next((match for match in matches if match.startswith(_ROR)), None),
        wikidata=next((match for match in matches if match.startswith(_WIKIDATA)), None),
        aliases=values(described, iri, SKOS + "altLabel"),
        other_isnis=tuple(n for n in values(described, iri, DCTERMS + "identifier") if n not in main),
        historical=bool(replaced_by or values(described, iri, ORG + "changedBy")),
        replaced_by=replaced_by,
    )
