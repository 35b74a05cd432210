"""Mapping: what a thesis, a person and a body become, as nodes in the words of `vocab/context.jsonld`.

The context says what the words mean; nothing here names a property's IRI. A description has its *own* triples, which
the dumps state once, and *embedded* ones, which describe what it links to (people, bodies, the degree, the discipline),
so that one answer can be read, shown and validated by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from pyoxigraph import Triple

from ld import iris, isni
from ld.context import Context
from ld.identity import BodyNode, Identity, PersonNode, PersonRole, bodies_of
from ld.iris import NAMESPACE, Kind
from ld.rdf import RDF_TYPE
from ld.record import Access, Person, Sponsor, Text, Thesis
from ld.vocabulary import Vocabulary

Node = dict[str, Any]

DOCTORAL_THESIS = "http://purl.org/coar/resource_type/c_db06"
MASTERS_THESIS = "http://purl.org/coar/resource_type/c_bdcc"
BACHELORS_THESIS = "http://purl.org/coar/resource_type/c_7a1f"
RESOURCE_TYPES = {NAMESPACE + "level/masters": MASTERS_THESIS, NAMESPACE + "level/bachelors": BACHELORS_THESIS}
"""COAR's type of a thesis by its level, where that is not doctoral: EThOS has a few for an M.Phil. or a B.Litt."""
ACCESS_RIGHTS: dict[Access, str] = {
    "open": "http://purl.org/coar/access_right/c_abf2",
    "embargoed": "http://purl.org/coar/access_right/c_f1cf",
    "restricted": "http://purl.org/coar/access_right/c_16ec",
    "metadata-only": "http://purl.org/coar/access_right/c_14cb",
}
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
ATTRIBUTION = "British Library, EThOS"
DATASET = "https://doi.org/10.23636/rcm4-zk44"
DOI = "https://doi.org/"

_REMEMBERED = 256
"""Bodies and concepts whose descriptions are kept at hand."""
_DATE_TYPES = {7: "xsd:gYearMonth", 10: "xsd:date"}


@dataclass(frozen=True, slots=True)
class Description:
    """What one `/doc` address says: its own triples and those it embeds."""

    kind: Kind
    key: str
    label: str
    own: tuple[Triple, ...]
    embedded: tuple[Triple, ...]

    @property
    def path(self) -> str:
        """`doc/thesis/uk.bl.ethos.637591`."""
        return iris.doc_path(self.kind, self.key)


@dataclass(frozen=True, slots=True)
class ThesisDescription(Description):
    """The description of a thesis, and the record that it was mapped from."""

    thesis: Thesis


class Mapper:
    """Maps the theses, people and bodies of one corpus; `identity` knows who is who in it."""

    def __init__(self, context: Context, vocabulary: Vocabulary, identity: Identity, base: str) -> None:
        self.context, self.vocabulary, self.identity, self.base = context, vocabulary, identity, base
        # What a description says of its degree and discipline; the rest stands at their own addresses.
        self._labels = {RDF_TYPE, *(context.words[word].predicate for word in ("label", "prefLabel", "level"))}
        # Of the same few a corpus speaks again and again.
        self._said_of_body = lru_cache(_REMEMBERED)(self._body_triples)
        self._said_of_concept = lru_cache(_REMEMBERED)(self._concept_triples)

    def thesis(self, thesis: Thesis) -> ThesisDescription:
        """The description of a thesis."""
        iri = self._iri("thesis", thesis.key)
        creators = [self.identity.person(thesis.key, "author", n, p) for n, p in enumerate(thesis.creator, 1)]
        supervisors = [self.identity.person(thesis.key, "supervisor", n, p) for n, p in enumerate(thesis.supervisor, 1)]
        bodies = [self.identity.body(body, role) for role, body in bodies_of(thesis)]
        node = self._thesis_node(iri, thesis, creators, supervisors)
        node["sameAs"] = [self._iri("thesis", key) for key in thesis.renamed]
        node["document"] = self._document(iri, node.get("isPrimaryTopicOf"))
        if bodies and thesis.from_elsewhere:
            node["document"] |= {"attributionName": bodies[0].name, "attributionURL": bodies[0].iri}
        embedded = self._embed([p for p in creators + supervisors if p.shared], bodies, thesis)
        label = thesis.title.value if thesis.title else thesis.key
        return ThesisDescription("thesis", thesis.key, label, self._triples(node), embedded, thesis)

    def person(self, person: PersonNode) -> Description:
        """The description of a person who is known by an identifier."""
        node = _person_node(person)
        node["document"] = self._document(person.iri)
        return Description("person", person.key or "", person.name.inverted, self._triples(node), ())

    def organisation(self, body: BodyNode) -> Description:
        """The description of a body."""
        own = (*self._said_of_body(body), *self._triples({"id": body.iri, "document": self._document(body.iri)}))
        return Description("organisation", body.key, body.name, tuple(dict.fromkeys(own)), ())

    def _thesis_node(self, iri: str, t: Thesis, creators: list[PersonNode], supervisors: list[PersonNode]) -> Node:
        degree = self.vocabulary.degree(t.qualification) if t.qualification else None
        printed = self.vocabulary.level(t.level) if t.level else None
        node: Node = {
            "id": iri,
            "type": "Thesis",
            "resourceType": RESOURCE_TYPES.get((degree.level if degree else printed) or "", DOCTORAL_THESIS),
            "title": _text(t.title),
            "creator": [_link(p) for p in creators],
            "awardingBody": self.identity.body(t.awarding_body, "awardingBody").iri if t.awarding_body else None,
            "currentInstitution": (
                self.identity.body(t.current_institution, "currentInstitution").iri if t.current_institution else None
            ),
            "issued": t.issued,
            "degree": degree.iri if degree else None,
            "abstract": [_text(a) for a in t.abstract],
            "subject": [d for d in map(self.vocabulary.discipline, t.discipline) if d],
            "keyword": [_text(k) for k in t.keyword],
            "supervisor": [_link(p) for p in supervisors],
            "sponsor": [self.identity.body(s.body, "sponsor").iri for s in t.sponsor],
            "grant": list(self._grants(iri, t.sponsor)),
            "language": [self.vocabulary.language_iri(code) for code in t.language],
            "accessRights": ACCESS_RIGHTS[t.access] if t.access else None,
            "available": t.available,
            "license": list(t.license),
            "identifier": t.ethos_id,
            "doi": list(t.doi),
            "isPrimaryTopicOf": iris.ETHOS_PAGE + t.ethos_id if t.ethos_id else None,
            "page": [*t.page, *map(doi_page, t.doi)],
            "file": list(t.file),
        }
        if t.date:
            node["date"] = {"@value": t.date, "@type": _DATE_TYPES[len(t.date)]}
        if not degree:  # which has its level, as the table of degrees knows it
            node |= {"qualification": t.qualification, "level": printed}
        if len(creators) > 1:
            order = {f"rdf:_{n}": {"id": p.iri} for n, p in enumerate(creators, 1)}
            node["authorList"] = {"id": f"{iri}#authors", "type": "Seq", **order}
        return node

    def _grants(self, iri: str, sponsors: tuple[Sponsor, ...]) -> Iterator[Node]:
        granted = [s for s in sponsors if s.grant]
        for n, sponsor in enumerate(granted, 1):
            body = self.identity.body(sponsor.body, "sponsor")
            yield {
                "id": f"{iri}#grant-{n}",
                "type": "Grant",
                "label": f"{body.name}: {sponsor.grant}",
                "identifier": sponsor.grant,
                "sponsor": body.iri,
            }

    def _document(self, topic: str, source: str | None = None) -> Node:
        return {
            "id": iris.doc_of(topic),
            "type": "Document",
            "license": LICENCE,
            "attributionName": ATTRIBUTION,
            "attributionURL": DATASET,
            "source": source,
            "inDataset": iris.dataset(self.base),
        }

    def _embed(self, people: list[PersonNode], bodies: list[BodyNode], thesis: Thesis) -> tuple[Triple, ...]:
        triples: list[Triple] = []
        for person in people:
            triples += self._triples(_person_node(person))
        for body in bodies:
            triples += self._said_of_body(body)
        degree = self.vocabulary.degree(thesis.qualification) if thesis.qualification else None
        subjects = map(self.vocabulary.discipline, thesis.discipline)
        for concept in filter(None, (degree.iri if degree else None, *subjects)):
            triples += self._said_of_concept(concept)
        return tuple(dict.fromkeys(triples))

    def _concept_triples(self, iri: str) -> list[Triple]:
        return [triple for triple in self.vocabulary.describe(iri) if triple.predicate in self._labels]

    def _body_triples(self, body: BodyNode) -> list[Triple]:
        triples = list(self.vocabulary.triples_of(body.institution)) if body.institution else []
        node: Node = {"id": body.iri, "type": "Organization", "altLabel": list(body.alternatives)}
        if not body.institution:
            node |= {"name": body.name, "label": body.name}
            if body.isni:
                node |= {"identifier": body.isni, "sameAs": isni.isni_iri(body.isni)}
        return triples + list(self._triples(node))

    def _triples(self, node: Node) -> tuple[Triple, ...]:
        return tuple(self.context.triples(node))

    def _iri(self, kind: Kind, key: str) -> str:
        return self.base + iris.id_path(kind, key)


def people_of(thesis: Thesis) -> Iterator[tuple[PersonRole, int, Person]]:
    """Role, number (from 1) and person of everyone that a thesis names."""
    yield from (("author", n, person) for n, person in enumerate(thesis.creator, 1))
    yield from (("supervisor", n, person) for n, person in enumerate(thesis.supervisor, 1))


def _link(person: PersonNode) -> Any:
    """A shared person by IRI; one who lives under the thesis in place."""
    return person.iri if person.shared else _person_node(person)


def _person_node(person: PersonNode) -> Node:
    return {
        "id": person.iri,
        "type": "Person",
        "name": person.name.direct,
        "familyName": person.name.family,
        "givenName": person.name.given,
        "label": person.name.inverted,
        "altLabel": list(person.alternatives),
        "identifier": [number for number in (person.isni, person.orcid) if number],
        "claimedIsni": person.claimed,
        "sameAs": [
            iri
            for iri in (
                isni.isni_iri(person.isni) if person.isni else None,
                isni.orcid_iri(person.orcid) if person.orcid else None,
            )
            if iri
        ],
    }


def doi_page(doi: str) -> str:
    """The address behind a DOI; `.` and `..` in it are no steps of a path, though some readers would take them."""
    segments = quote(doi, safe="/:;()+,").split("/")
    return DOI + "/".join(s.replace(".", "%2E") if s in (".", "..") else s for s in segments)


def _text(text: Text | None) -> Any:
    if text is None:
        return None
    return {"@value": text.value, "@language": text.language} if text.language else text.value
