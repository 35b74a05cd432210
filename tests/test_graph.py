"""The published graph as a whole: every address in it leads somewhere, and every reader can read it."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urljoin

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient
from odd import write_odd
from pyoxigraph import BlankNode, Literal, NamedNode, Triple
from readers import by_oxigraph, by_pyld, by_raptor, by_rdflib
from sites import ALONE, SEEDS, publish

from ld import context, shapes
from ld.formats import FORMATS
from ld.iris import NAMESPACE
from ld.settings import Settings
from ld.snapshot import Publication
from ld.web import create_app

BASE = "http://localhost:8000/"
FOAF_DOCUMENT = "http://xmlns.com/foaf/0.1/Document"
SAME_AS = "http://www.w3.org/2002/07/owl#sameAs"


@dataclass(frozen=True)
class Corpus:
    """A published corpus: its folder, its site, its dump."""

    name: str
    data: Path

    @cached_property
    def client(self) -> FlaskClient:
        return create_app(Settings(data=self.data)).test_client()

    @cached_property
    def ntriples(self) -> bytes:
        return gzip.decompress((self.data / "current" / "dumps" / "thesis-ld.nt.gz").read_bytes())

    @cached_property
    def triples(self) -> list[Triple]:
        return [quad.triple for quad in ox.parse(self.ntriples, format=ox.RdfFormat.N_TRIPLES)]

    @cached_property
    def iris(self) -> set[str]:
        """Every IRI in subject, predicate, object or datatype."""
        found: set[str] = set()
        for triple in self.triples:
            for term in (triple.subject, triple.predicate, triple.object):
                if isinstance(term, NamedNode):
                    found.add(term.value)
                elif isinstance(term, Literal):
                    found.add(term.datatype.value)
        return found

    def described(self, path: str) -> set[str]:
        """The IRIs that the answer at a path says something about, after redirects to this site."""
        for _ in range(3):
            answer = self.client.get(path, headers={"Accept": "application/n-triples"})
            if answer.status_code in (301, 303):
                path = urljoin(BASE, answer.headers["Location"]).removeprefix(BASE[:-1])
                continue
            if answer.status_code == 300:
                return {path}
            assert answer.status_code == 200, (path, answer.status_code)
            quads = ox.parse(answer.data, format=ox.RdfFormat.N_TRIPLES)
            return {quad.subject.value for quad in quads if isinstance(quad.subject, NamedNode)}
        raise AssertionError(f"{path} leads on and on")


@pytest.fixture(scope="session", params=["seeds", "odd"])
def corpus(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The seeds as published, and a corpus of odd values."""
    folder = tmp_path_factory.mktemp(request.param)
    sources = SEEDS if request.param == "seeds" else write_odd(folder / "sources")
    return Corpus(request.param, publish(folder / "data", sources))


def test_every_iri_under_the_base_leads_to_what_it_names(corpus: Corpus) -> None:
    ours = sorted(iri for iri in corpus.iris if iri.startswith(BASE))
    assert len(ours) > 500
    told: dict[str, set[str]] = {}
    for iri in ours:
        path = iri.partition("#")[0].removeprefix(BASE[:-1])
        if path not in told:
            told[path] = corpus.described(path)
        if iri not in told[path]:  # a thesis's former address: what it leads to says that the two are the same
            assert corpus.client.get(path).status_code == 301, iri
            assert [t for t in corpus.triples if t.predicate.value == SAME_AS and t.object == NamedNode(iri)], iri


def test_every_iri_of_our_namespace_is_mirrored_under_vocab(corpus: Corpus) -> None:
    terms = sorted(iri for iri in corpus.iris if iri.startswith(NAMESPACE))
    assert {iri.removeprefix(NAMESPACE).partition("/")[0].partition("#")[0] for iri in terms} >= {
        "terms", "degree", "degrees", "level", "levels", "discipline", "disciplines",
    }  # fmt: skip
    for iri in terms:
        assert iri in corpus.described("/vocab/" + iri.removeprefix(NAMESPACE).partition("#")[0]), iri


def test_every_thesis_of_the_corpus_is_published_or_rejected(corpus: Corpus) -> None:
    counts = Publication(corpus.data).current().manifest.counts
    assert counts["published"] + counts["rejected"] == counts["theses"]
    assert counts["published"] > counts["rejected"] * 10
    theses = {t.subject for t in corpus.triples if t.object == NamedNode("http://purl.org/ontology/bibo/Thesis")}
    assert len(theses) == counts["published"]


def test_at_most_one_of_our_iris_is_the_same_as_an_outside_one(corpus: Corpus) -> None:
    same = defaultdict(set)
    for triple in corpus.triples:
        if triple.predicate.value == SAME_AS and not _value(triple.object).startswith(BASE):
            same[_value(triple.object)].add(_value(triple.subject))
    assert len(same) > 100
    assert {outside: ours for outside, ours in same.items() if len(ours) > 1} == {}


def test_only_a_thesis_is_the_same_as_another_of_our_iris(corpus: Corpus) -> None:
    pairs = [(_value(t.subject), _value(t.object)) for t in corpus.triples if t.predicate.value == SAME_AS]
    inside = [(one, other) for one, other in pairs if other.startswith(BASE)]
    assert inside == [pair for pair in inside if all("/id/thesis/" in iri for iri in pair)]
    if corpus.name == "seeds":
        assert [other for _, other in inside] == [f"{BASE}id/thesis/{ALONE}"]


def test_there_are_no_blank_nodes_and_no_empty_literals(corpus: Corpus) -> None:
    for triple in corpus.triples:
        assert not {BlankNode} & {type(triple.subject), type(triple.object)}, triple
        assert not isinstance(triple.object, Literal) or triple.object.value.strip(), triple


def test_no_text_of_a_record_has_a_language_that_its_source_did_not_tag(corpus: Corpus) -> None:
    tags = Counter(
        triple.object.language
        for triple in corpus.triples
        if isinstance(triple.object, Literal) and _value(triple.subject).startswith(BASE) and triple.object.language
    )
    assert set(tags) == (set() if corpus.name == "seeds" else {"cy", "en-gb", "de"})


def test_nobody_is_called_null_or_not_available(corpus: Corpus) -> None:
    texts = {triple.object.value.casefold() for triple in corpus.triples if isinstance(triple.object, Literal)}
    assert not texts & {"not available", "@@missing-data", "n/a"}


def test_control_characters_are_gone(corpus: Corpus) -> None:
    odd = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\ufeff]")
    assert [t for t in corpus.triples if odd.search(_value(t.object))] == []


def test_the_dump_says_nothing_twice(corpus: Corpus) -> None:
    lines = corpus.ntriples.splitlines()
    assert len(lines) == len(set(lines)) == len(set(corpus.triples))


def test_rdflib_and_raptor_read_the_whole_dump_as_we_do(corpus: Corpus) -> None:
    ours = by_oxigraph(corpus.ntriples, "nt")
    assert by_rdflib(corpus.ntriples, "nt") == ours
    assert by_raptor(corpus.ntriples, "nt") == ours


def test_the_named_graphs_of_the_dump_hold_the_same_and_are_documents(corpus: Corpus) -> None:
    packed = (corpus.data / "current" / "dumps" / "thesis-ld.nq.gz").read_bytes()
    quads = list(ox.parse(gzip.decompress(packed), format=ox.RdfFormat.N_QUADS))
    assert {quad.triple for quad in quads} == set(corpus.triples)
    graphs = {_value(quad.graph_name) for quad in quads}
    documents = {_value(triple.subject) for triple in corpus.triples if _value(triple.object) == FOAF_DOCUMENT}
    assert documents < graphs
    for graph in sorted(graphs - documents):  # the vocabularies
        assert corpus.client.get(graph.removeprefix(BASE[:-1])).status_code == 200, graph


def test_the_whole_dump_has_no_violation(corpus: Corpus) -> None:
    assert shapes.load().validate(corpus.triples).violations == ()


@pytest.mark.parametrize("corpus", ["odd"], indirect=True)
def test_every_reader_reads_every_odd_description_alike(corpus: Corpus) -> None:
    theses = [_value(t.subject) for t in corpus.triples if t.object.value.endswith("/bibo/Thesis")]
    inline = {"@context": json.loads(context.load().bytes)["@context"]}
    for iri in sorted(theses):
        path = iri.removeprefix(BASE[:-1]).replace("/id/", "/doc/")
        bodies = {row.suffix: corpus.client.get(f"{path}.{row.suffix}").data for row in FORMATS}
        expected = by_oxigraph(bodies["nt"], "nt")
        for suffix in ("ttl", "rdf"):
            assert by_raptor(bodies[suffix], suffix) == expected, (path, suffix)
        for suffix in ("ttl", "rdf", "trig", "nq"):
            assert by_rdflib(bodies[suffix], suffix) == expected, (path, suffix)
        assert by_pyld(json.loads(bodies["jsonld"]) | inline) == expected, path


def _value(term: object) -> str:
    return term.value  # type: ignore[attr-defined,no-any-return]
