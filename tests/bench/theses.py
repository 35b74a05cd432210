"""Theses that nobody wrote: a corpus of any size in the form of our dumps, with faults planted where we know of them.

The shares of fields are those of the open CSV, the lengths of texts those of EThOS. The same size and seed always give
the same bytes, and a large corpus takes no more memory than a small one. `python tests/bench/theses.py RECORDS FILE`.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random

from ld import context, isni, vocabulary
from ld.identity import Identity
from ld.identity.bodies import BodyNode
from ld.iris import ETHOS_PAGE, NAMESPACE, dataset
from ld.mapping import ACCESS_RIGHTS, DOCTORAL_THESIS, LICENCE, Mapper
from ld.namespaces import BIBO, CC, DCTERMS, FOAF, OWL, RDF, RDFS, TLD, VOID, XSD
from ld.rdf import canonical, in_graph
from ld.settings import Settings
from ld.snapshot.dumps import Gzip

BASE = Settings().base
MARCREL = "http://id.loc.gov/vocabulary/relators/"
ATTRIBUTION = "Generated to measure with: no such thesis was ever written"
ATTRIBUTION_URL = "https://example.org/generated"

ISNI, ORCID, TWICE, ABSTRACT, SUPERVISOR, FUNDER = 0.787, 0.014, 0.02, 0.59, 0.235, 0.093
DOI, PAGE, SUBJECT, DEGREE, AWARDING_BODY, ACCESS = 0.088, 0.61, 0.933, 0.993, 1 / 7, 0.07
"""Shares of records that have the field; `TWICE`: another record of the author; `AWARDING_BODY`: not today's body."""
FAULTY = 0.001
"""Share of records with a fault."""

SHAPES = NAMESPACE + "shapes#"
FAULTS: Mapping[str, str] = {
    "one ISNI under two names": "person-name",
    "a year with a letter": "thesis-issued-value",
    "no title": "thesis-title",
    "an author who is not described": "thesis-creator-value",
    "bibo:thesis with a small t": "MisspeltThesis",
    "two titles": "thesis-title",
    "an ISNI with spaces": "person-identifier",
    "an unknown access right": "thesis-access-rights",
}
"""The kinds of fault, and the shape that finds each."""
_OF_A_PERSON = ("one ISNI under two names", "an ISNI with spaces")

_FIRST = 200_000
"""The number of the first EThOS ID."""
_STRIDE = 15_485_863
"""A prime: people are numbered in another order than theses."""

_SURNAMES = str.split(
    "Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Robinson Wright Thompson Evans Walker White Roberts "
    "Green Hall Wood Jackson Clarke Khan Ahmed Ali O'Brien MacLeod Müller García Zhang Wang Li Chen Kowalski Nguyen "
    "Okafor Adeyemi Papadopoulos Rossi Dubois Hughes Edwards Lewis Harris Martin Cooper Hill Ward Turner Moore"
)
_FORENAMES = str.split(
    "Ann John Mary David Sarah Peter Helen Paul Jane Mark Susan James Emma Robert Fatima Wei Siân Zoë André Ólafur "
    "Priya Mohammed Chidi Elena Ioannis Ngozi Katarzyna Yuki Hiroshi Ayşe Lars Ingrid Pierre Chloé Sofia Marco Omar"
)
_WORDS = str.split(
    "the of and to in a is that for this on with by as are was which from an be at it have study thesis analysis model "
    "results between research data these using used were has also not more than based can their been development "
    "different two methods approach effects both through theory system process high new such systems within social "
    "experimental understanding time evidence important relationship structure work first performance control cells "
    "design findings changes practice significant increased education health language early nineteenth century history "
    "women children policy public economic political local national international knowledge learning patients "
    "treatment clinical protein expression response activity properties materials temperature surface energy water "
    "soil growth population species community participants experiences interviews qualitative quantitative context "
    "literature cultural identity museum manuscript medieval colonial Scottish Welsh London European theoretical "
    "mathematical numerical algorithm network optical quantum molecular synthesis reaction measurement simulation"
)
_FUNDERS = (
    "Arts and Humanities Research Council", "Biotechnology and Biological Sciences Research Council",
    "Economic and Social Research Council", "Engineering and Physical Sciences Research Council",
    "Medical Research Council", "Natural Environment Research Council", "Wellcome Trust", "Leverhulme Trust",
    "Cancer Research UK", "Royal Society", "British Heart Foundation", "Commonwealth Scholarship Commission",
)  # fmt: skip

_TYPE, _LABEL = f"<{RDF}type>", f"<{RDFS}label>"
_NAME, _FAMILY, _GIVEN = f"<{FOAF}name>", f"<{FOAF}familyName>", f"<{FOAF}givenName>"
_IDENTIFIER, _TITLE, _SAME_AS = f"<{DCTERMS}identifier>", f"<{DCTERMS}title>", f"<{OWL}sameAs>"


@dataclass(frozen=True, slots=True)
class Size:
    """How large a corpus turned out."""

    triples: int
    bytes: int
    """As N-Triples."""


class Corpus:
    """So many records, in the order of our dumps: theses, people, organisations, vocabularies."""

    def __init__(self, records: int, seed: int = 1) -> None:
        self.records, self.seed = records, seed
        count = min(records, max(len(FAULTS), round(records * FAULTY)))
        kinds = list(FAULTS)
        self.faults = {(2 * n + 1) * records // (2 * count): kinds[n % len(kinds)] for n in range(count)}
        """The kind of fault by the number of the record, from the first to the last part of the corpus."""
        self._turn = pow(_STRIDE, -1, records)

    @property
    def planted(self) -> Counter[str]:
        """How many faults of each kind there are."""
        return Counter({**dict.fromkeys(FAULTS, 0), **Counter(self.faults.values())})

    @property
    def expected(self) -> set[tuple[str, str]]:
        """The thing at fault and the shape that says so, by their IRIs, for each fault."""
        return {
            (self._person(number) if kind in _OF_A_PERSON else _thesis(number), SHAPES + FAULTS[kind])
            for number, kind in self.faults.items()
        }

    def write(self, path: Path) -> Size:
        """Writes N-Quads, plain and (`….gz`) packed."""
        triples = written = 0
        packed = Gzip(path.with_name(path.name + ".gz"))
        with path.open("wb") as plain:
            for graph, said in self.descriptions():
                quads = in_graph(said, graph)
                plain.write(quads)
                packed.write(quads)
                triples += said.count(b"\n")
                written += len(said)
        packed.close()
        return Size(triples, written)

    def descriptions(self) -> Iterator[tuple[str, bytes]]:
        """The address of each description, and what it says as N-Triples."""
        for number in range(self.records):
            yield _doc(_thesis(number)), _ntriples(self._said_of_thesis(number))
        for place in range(self.records):
            number = place * _STRIDE % self.records
            if self._author(number) == number and self.faults.get(number) != "an author who is not described":
                yield _doc(self._person(number)), _ntriples(self._said_of_person(number))
        for node in self._bodies:
            body = self._mapper.organisation(node)
            yield BASE + body.path, canonical(body.own)
        for name, file in self._mapper.vocabulary.files.items():
            if name != "institutions":  # those are organisations
                yield f"{BASE}vocab/{name}", canonical(file.triples)

    def _said_of_thesis(self, number: int) -> Iterator[str]:
        chance, fault, iri = Random(f"{self.seed} thesis {number}"), self.faults.get(number), _thesis(number)
        key, thesis = iri.rpartition("/")[2], f"<{iri}>"
        page = f"<{ETHOS_PAGE}{key}>"
        yield from _document(iri)
        yield f"<{_doc(iri)}> <{DCTERMS}source> {page}"
        yield f"{thesis} {_TYPE} <{BIBO}{'thesis' if fault == 'bibo:thesis with a small t' else 'Thesis'}>"
        yield f"{thesis} <{DCTERMS}type> <{DOCTORAL_THESIS}>"
        yield f"{thesis} {_IDENTIFIER} {_text(key)}"
        yield f"{thesis} <{FOAF}isPrimaryTopicOf> {page}"
        if fault != "no title":
            yield f"{thesis} {_TITLE} {_text(_title(chance))}"
        if fault == "two titles":
            yield f"{thesis} {_TITLE} {_text(_title(chance))}"
        yield from self._said_of_author(number, chance)
        year = "20l4" if fault == "a year with a letter" else f"{chance.triangular(1950, 2024, 2015):.0f}"
        yield f'{thesis} <{DCTERMS}issued> "{year}"^^<{XSD}gYear>'
        yield f"{thesis} <{TLD}currentInstitution> <{chance.choice(self._today)}>"
        if chance.random() < AWARDING_BODY:
            yield f"{thesis} <{MARCREL}dgg> <{chance.choice(self._former)}>"
        if chance.random() < DEGREE:
            degree = self._degrees[0] if chance.random() < 0.9 else chance.choice(self._degrees)
            yield f"{thesis} <{BIBO}degree> <{degree}>"
        if chance.random() < ABSTRACT:
            yield f"{thesis} <{DCTERMS}abstract> {_text(_abstract(chance))}"
        if chance.random() < SUBJECT:
            yield f"{thesis} <{DCTERMS}subject> <{chance.choice(self._disciplines)}>"
        if chance.random() < PAGE:
            yield f"{thesis} <{FOAF}page> <https://etheses.example.ac.uk/{number}/>"
        if chance.random() < DOI:
            yield f"{thesis} <{BIBO}doi> {_text(f'10.5072/{number}')}"
            yield f"{thesis} <{FOAF}page> <https://doi.org/10.5072/{number}>"
        if fault == "an unknown access right":
            yield f"{thesis} <{DCTERMS}accessRights> <http://purl.org/coar/access_right/c_0000>"
        elif chance.random() < ACCESS:
            yield f"{thesis} <{DCTERMS}accessRights> <{chance.choice(list(ACCESS_RIGHTS.values()))}>"
        if chance.random() < SUPERVISOR:
            for nth in range(1, chance.choice((2, 2, 3))):
                yield f"{thesis} <{MARCREL}ths> <{iri}#supervisor-{nth}>"
                yield from _named(f"{iri}#supervisor-{nth}", chance)
        if chance.random() < FUNDER:
            yield from self._said_of_funder(iri, chance)

    def _said_of_author(self, number: int, chance: Random) -> Iterator[str]:
        iri, whose = _thesis(number), self._author(number)
        author = f"{iri}#author-1" if whose is None else self._person(whose)
        yield f"<{iri}> <{DCTERMS}creator> <{author}>"
        if whose is None:
            yield from _named(author, chance)
        if self.faults.get(number) == "one ISNI under two names":  # the other name stands in the person's description
            yield f'<{author}> {_NAME} "Nobody Else"'

    def _said_of_funder(self, iri: str, chance: Random) -> Iterator[str]:
        name = chance.choice(_FUNDERS)
        yield f"<{iri}> <{MARCREL}fnd> <{_organisation(name)}>"
        if chance.random() < 0.5:
            grant = f"<{iri}#grant-1>"
            number = f"EP/{chance.randrange(10**6):06}/1"
            yield f"<{iri}> <{TLD}grant> {grant}"
            yield f"{grant} {_TYPE} <{TLD}Grant>"
            yield f"{grant} {_LABEL} {_text(f'{name}: {number}')}"
            yield f"{grant} {_IDENTIFIER} {_text(number)}"
            yield f"{grant} <{MARCREL}fnd> <{_organisation(name)}>"

    def _said_of_person(self, number: int) -> Iterator[str]:
        chance, iri = Random(f"{self.seed} person {number}"), self._person(number)
        key = iri.rpartition("/")[2]
        printed = isni.spaced(key) if self.faults.get(number) == "an ISNI with spaces" else key
        yield from _document(iri)
        yield from _named(iri, chance)
        yield f"<{iri}> {_IDENTIFIER} {_text(printed)}"
        yield f"<{iri}> {_SAME_AS} <{isni.isni_iri(key)}>"
        if chance.random() < ORCID:
            digits = f"00000002{chance.randrange(10**7):07}"
            orcid = digits + isni.check_character(digits)
            yield f"<{iri}> {_IDENTIFIER} {_text(orcid)}"
            yield f"<{iri}> {_SAME_AS} <{isni.orcid_iri(orcid)}>"

    def _author(self, number: int) -> int | None:
        """The first record by the author of a record; None for an author without an ISNI."""
        if number in self.faults:
            return number
        chance = Random(f"{self.seed} author {number}")
        if chance.random() >= ISNI:
            return None
        if number and chance.random() < TWICE:
            earlier = chance.randrange(number)
            if earlier not in self.faults and self._author(earlier) == earlier:
                return earlier
        return number

    def _person(self, number: int) -> str:
        """The author of a record, who has an ISNI."""
        digits = f"00000005{number * self._turn % self.records:07}"
        return f"{BASE}id/person/{digits}{isni.check_character(digits)}"

    @cached_property
    def _mapper(self) -> Mapper:
        known = vocabulary.load(BASE)
        return Mapper(context.load(), known, Identity.resolve([], known, base=BASE, slugs={}), BASE)

    @cached_property
    def _bodies(self) -> list[BodyNode]:
        funders = (BodyNode(iri, iri.rpartition("/")[2], name) for name in _FUNDERS for iri in [_organisation(name)])
        return sorted([*self._mapper.identity.bodies(), *funders], key=lambda body: body.key)

    @cached_property
    def _today(self) -> list[str]:
        return [body.iri for body in self._bodies if body.institution and body.key.isalnum()]

    @cached_property
    def _former(self) -> list[str]:
        return [body.iri for body in self._bodies if body.institution and not body.key.isalnum()]

    @cached_property
    def _degrees(self) -> list[str]:
        """The Ph.D. first, which most have."""
        degrees = self._mapper.vocabulary.degrees
        return [degree.iri for degree in sorted(degrees, key=lambda degree: not degree.iri.endswith("/ph-d"))]

    @cached_property
    def _disciplines(self) -> list[str]:
        said = (str(triple.subject)[1:-1] for triple in self._mapper.vocabulary.files["disciplines"].triples)
        return sorted({iri for iri in said if "/discipline/" in iri})


def _thesis(number: int) -> str:
    return f"{BASE}id/thesis/uk.bl.ethos.{_FIRST + number}"


def _organisation(name: str) -> str:
    return f"{BASE}id/organisation/{name.lower().replace(' ', '-')}"


def _doc(iri: str) -> str:
    return iri.replace("/id/", "/doc/")


def _document(iri: str) -> Iterator[str]:
    doc = f"<{_doc(iri)}>"
    yield f"{doc} {_TYPE} <{FOAF}Document>"
    yield f"{doc} <{FOAF}primaryTopic> <{iri}>"
    yield f"{doc} <{DCTERMS}license> <{LICENCE}>"
    yield f"{doc} <{CC}attributionName> {_text(ATTRIBUTION)}"
    yield f"{doc} <{CC}attributionURL> <{ATTRIBUTION_URL}>"
    yield f"{doc} <{VOID}inDataset> <{dataset(BASE)}>"


def _named(iri: str, chance: Random) -> Iterator[str]:
    family = chance.choice(_SURNAMES)
    given = f"{chance.choice(_FORENAMES)} {chance.choice(_FORENAMES)}"
    yield f"<{iri}> {_TYPE} <{FOAF}Person>"
    yield f"<{iri}> {_NAME} {_text(f'{given} {family}')}"
    yield f"<{iri}> {_FAMILY} {_text(family)}"
    yield f"<{iri}> {_GIVEN} {_text(given)}"
    yield f"<{iri}> {_LABEL} {_text(f'{family}, {given}')}"


def _title(chance: Random) -> str:
    return f"{' '.join(chance.choices(_WORDS, k=8))} : {' '.join(chance.choices(_WORDS, k=5))}".capitalize()


def _abstract(chance: Random) -> str:
    """About 1,500 characters, in sentences."""
    lengths = chance.choices(range(12, 30), k=chance.randrange(7, 15))
    return " ".join(" ".join(chance.choices(_WORDS, k=length)).capitalize() + "." for length in lengths)


def _text(value: str) -> str:
    return f'"{value}"'  # none of ours holds what N-Triples escapes


def _ntriples(said: Iterator[str]) -> bytes:
    return "".join(sorted(f"{triple} .\n" for triple in said)).encode()


if __name__ == "__main__":
    corpus = Corpus(int(sys.argv[1]))
    size = corpus.write(Path(sys.argv[2]))
    print(f"{size.triples / corpus.records:.1f} triples and {size.bytes / corpus.records:,.0f} B of N-Triples a record")
    for kind, times in corpus.planted.items():
        print(f"{times:7,}  {kind}")
