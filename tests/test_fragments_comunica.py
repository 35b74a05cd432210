"""Comunica, a query client not written here, answers SPARQL from our fragments as the engine does from the store."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path

import pyoxigraph as ox
import pytest
import sites
from conftest import ROOT, Serve, free_port

from ld.snapshot import Publication

CLIENTS = ROOT / "tests" / "clients"
PREFIXES = """\
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX dcterms: <http://purl.org/dc/terms/> PREFIX bibo: <http://purl.org/ontology/bibo/>
PREFIX foaf: <http://xmlns.com/foaf/0.1/> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> PREFIX owl: <http://www.w3.org/2002/07/owl#>
"""
QUERIES = {
    "a join": "SELECT ?title ?name { ?thesis dcterms:title ?title ; dcterms:creator ?who . ?who foaf:name ?name }",
    "a filter": 'SELECT ?thesis ?title { ?thesis a bibo:Thesis ; dcterms:title ?title FILTER(REGEX(?title, "law")) }',
    "an optional part": "SELECT * { ?thesis a bibo:Thesis OPTIONAL { ?thesis dcterms:abstract ?text } }",
    "a count of everything, over many pages": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "groups, with none for the types of the form": "SELECT ?type (COUNT(*) AS ?n) { ?s a ?type } GROUP BY ?type",
    "a typed literal": 'SELECT ?thesis { ?thesis dcterms:issued "2014"^^xsd:gYear }',
    "a literal with a language": "SELECT ?s ?t { ?s skos:altLabel ?t FILTER(LANG(?t) = 'en') }",
    "values found by their own text": "SELECT ?a ?b ?text { ?a a foaf:Person ; foaf:name ?text . ?b foaf:name ?text }",
    "a long text as an object": "SELECT ?s ?text { ?t dcterms:abstract ?text . ?s dcterms:abstract ?text }",
    "a union, ordered": "SELECT ?x { { ?x a owl:Ontology } UNION { ?x a skos:ConceptScheme } } ORDER BY ?x",
    "a path": "SELECT DISTINCT ?type { ?s dcterms:creator/rdf:type ?type }",
    "nothing": 'SELECT ?s { ?s dcterms:title "nobody wrote this" }',
    "yes": "ASK { ?thesis a bibo:Thesis }",
    "no": "ASK { ?thesis dcterms:title 5 }",
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seeds, published at the address of the server that `address` starts."""
    return sites.publish(tmp_path_factory.mktemp("comunica"), base=f"http://127.0.0.1:{free_port()}/")


@pytest.fixture(scope="module")
def store(data: Path) -> ox.Store:
    return Publication(data).current().store()


@pytest.fixture(scope="module")
def address(serve: Serve, data: Path) -> str:
    """The fragments on a server."""
    base = Publication(data).current().manifest.base
    serve(data=data, port=int(base.rsplit(":", 1)[1].strip("/")))
    return f"{base}fragments"


def ask(url: str, kind: str, *queries: str) -> list[dict[str, object]]:
    """What Comunica answers to each query, asked of a source of a kind, or of one whose kind it finds out (`auto`)."""
    assert (CLIENTS / "node_modules").is_dir(), "Install the clients first: make tests/clients/node_modules/.stamp"
    command = ["node", "ask.mjs", url, kind, *(PREFIXES + query for query in queries)]
    done = subprocess.run(command, cwd=CLIENTS, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def rows(results: ox.QuerySolutions) -> Counter[tuple[str, ...]]:
    names = sorted(variable.value for variable in results.variables)
    return Counter(tuple(str(row[name]) for name in names) for row in results)


def agree(answer: dict[str, object], query: str, store: ox.Store) -> None:
    """Whether Comunica's answer to a query is the engine's."""
    said = ox.parse_query_results(json.dumps(answer), format=ox.QueryResultsFormat.JSON)
    expected = store.query(PREFIXES + query)
    if isinstance(expected, ox.QueryBoolean):
        assert bool(said) == bool(expected)
        return
    assert isinstance(said, ox.QuerySolutions)
    found = rows(said)
    assert found == rows(expected)
    assert bool(found) == (query != QUERIES["nothing"])


@pytest.fixture(scope="module")
def answers(address: str) -> dict[str, dict[str, object]]:
    """What Comunica answers to all the queries."""
    return dict(zip(QUERIES, ask(address, "qpf", *QUERIES.values()), strict=True))


@pytest.mark.parametrize("name", QUERIES)
def test_comunica_answers_as_the_engine_does(answers: dict[str, dict[str, object]], name: str, store: ox.Store) -> None:
    agree(answers[name], QUERIES[name], store)


@pytest.mark.parametrize("syntax", ["", "?format=trig", "?format=jsonld", "?subject=&predicate=&object="])
def test_comunica_finds_out_by_itself_that_these_are_fragments(address: str, syntax: str, store: ox.Store) -> None:
    queries = [QUERIES["a join"], QUERIES["a count of everything, over many pages"]]
    for answer, query in zip(ask(address + syntax, "auto", *queries), queries, strict=True):
        agree(answer, query, store)


def test_comunica_makes_graphs(address: str, store: ox.Store) -> None:
    query = "CONSTRUCT { ?who foaf:made ?thesis } WHERE { ?thesis dcterms:creator ?who }"
    (answer,) = ask(address, "qpf", query)
    found = {quad.triple for quad in ox.parse(str(answer["ntriples"]), format=ox.RdfFormat.N_TRIPLES)}
    assert found == set(store.query(PREFIXES + query))
    assert found
