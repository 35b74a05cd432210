"""Results: every format that an answer has, and what is said of it."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest
from pyoxigraph import (
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Store,
    Triple,
    parse,
    parse_query_results,
)

from ld import context
from ld.errors import QueryError
from ld.sparql import results
from ld.sparql.results import FORMATS, named, negotiate, offered
from ld.sparql.rows import Note
from ld.sparql.writing import SOLUTIONS, TRIPLES, Outcome, write

NOTE = Note("It is cut.", ("http://a.org/dumps/",))
TITLE = NamedNode("http://purl.org/dc/terms/title")
DATA = [Triple(NamedNode(f"http://a.org/{n}"), TITLE, Literal(f"Title {n}")) for n in range(5)]
CONSTRUCT = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"


def _store(triples: Iterable[Triple] = DATA) -> Store:
    store = Store()
    store.extend(Quad(*triple) for triple in triples)
    return store


def _write(query: str, to: str, most: int = 100, store: Store | None = None) -> tuple[bytes, Outcome]:
    pieces: list[bytes] = []
    answer = (store or _store()).query(query)
    outcome = write(answer, to, pieces.append, most=most, note=NOTE, prefixes=context.load().prefixes)
    return b"".join(pieces), outcome


@pytest.mark.parametrize("to", SOLUTIONS)
def test_solutions_are_the_engines_in_every_format(to: str) -> None:
    written, outcome = _write("SELECT ?s ?o { ?s ?p ?o }", to)
    assert written == _store().query("SELECT ?s ?o { ?s ?p ?o }").serialize(format=SOLUTIONS[to].syntax)
    assert (outcome.rows, outcome.cut) == (5, False)


@pytest.mark.parametrize("to", SOLUTIONS)
def test_a_truth_value_has_every_format_of_solutions(to: str) -> None:
    written, outcome = _write("ASK { ?s ?p ?o }", to)
    assert b"true" in written
    assert outcome.rows == 1
    if to in ("json", "xml"):
        assert bool(parse_query_results(written, format=SOLUTIONS[to].syntax))


@pytest.mark.parametrize("to", TRIPLES)
def test_triples_are_the_same_graph_in_every_format(to: str) -> None:
    written, outcome = _write(CONSTRUCT, to)
    assert {quad.triple for quad in parse(written, format=TRIPLES[to].syntax)} == set(DATA)
    assert (outcome.rows, outcome.cut) == (5, False)


@pytest.mark.parametrize("to", TRIPLES)
def test_triples_that_are_cut_say_so_where_the_syntax_has_remarks(to: str) -> None:
    written, outcome = _write(CONSTRUCT, to, most=3)
    assert len(list(parse(written, format=TRIPLES[to].syntax))) == 3
    assert (outcome.rows, outcome.cut) == (3, True)
    assert (NOTE.text.encode() in written) == (to != "jsonld")


def test_as_many_triples_as_may_pass_are_not_cut() -> None:
    written, outcome = _write(CONSTRUCT, "ttl", most=5)
    assert not outcome.cut
    assert NOTE.text.encode() not in written


def test_a_long_result_comes_in_large_pieces_and_its_head_has_the_note() -> None:
    store = _store(Triple(NamedNode(f"http://a.org/{n}"), TITLE, Literal("long " * 50)) for n in range(5_000))
    pieces: list[bytearray] = []
    answer = store.query("SELECT * { ?s ?p ?o }")
    outcome = write(answer, "json", lambda piece: pieces.append(bytearray(piece)), most=4_000, note=NOTE, prefixes={})
    assert 4 < len(pieces) < 20
    assert outcome.patch
    whole, (place, patch) = bytearray().join(pieces), outcome.patch
    whole[place : place + len(patch)] = patch
    said = json.loads(whole)
    assert said["head"]["link"] == ["http://a.org/dumps/"]
    assert len(said["results"]["bindings"]) == 4_000


def test_turtle_has_the_prefixes_that_it_uses_in_order() -> None:
    written, _ = _write(CONSTRUCT, "ttl")
    assert [line for line in written.splitlines() if line.startswith(b"@prefix")] == [
        b"@prefix dcterms: <http://purl.org/dc/terms/> ."
    ]


def test_long_turtle_is_the_same_every_time() -> None:
    store = _store(Triple(NamedNode(f"http://a.org/{n}"), TITLE, Literal("long " * 50)) for n in range(3_000))
    first, second = (_write(CONSTRUCT, "ttl", 10_000, store)[0] for _ in range(2))
    assert first == second
    assert len(list(parse(first, format=RdfFormat.TURTLE))) == 3_000


def test_a_property_that_rdf_xml_cannot_name_is_an_error_that_says_so() -> None:
    store = _store([Triple(NamedNode("http://a.org/1"), NamedNode("http://a.org/p/1"), Literal("x"))])
    with pytest.raises(QueryError, match=r"<http://a\.org/p/1>"):
        _write(CONSTRUCT, "rdf", store=store)


def test_rdf_xml_replaces_the_characters_that_it_cannot_hold() -> None:
    store = _store([Triple(NamedNode("http://a.org/1"), TITLE, Literal("a\x01b"))])
    written, _ = _write(CONSTRUCT, "rdf", store=store)
    assert [quad.object.value for quad in parse(written, format=RdfFormat.RDF_XML)] == ["a\ufffdb"]


# What SPARQLWrapper 2 sends as `format`, `output` and `results`, for each of its constants.
@pytest.mark.parametrize(
    ("kind", "said", "name"),
    [
        ("solutions", "json", "json"), ("solutions", "xml", "xml"), ("solutions", "csv", "csv"),
        ("solutions", "tsv", "tsv"), ("triples", "turtle", "ttl"), ("triples", "n3", "ttl"), ("triples", "rdf", "rdf"),
        ("triples", "rdf+xml", "rdf"),
        ("triples", "xml", "rdf"), ("triples", "json-ld", "jsonld"), ("triples", "json", "jsonld"),
        ("triples", "application/n-triples", "nt"), ("solutions", "application/sparql-results+json", "json"),
        ("solutions", " JSON ", "json"),
    ],
)  # fmt: skip
def test_formats_are_known_by_the_names_that_clients_use(kind: results.Kind, said: str, name: str) -> None:
    found = named(kind, said)
    assert found is not None
    assert found.name == name


def test_every_format_that_is_named_can_be_written_and_the_other_way_round() -> None:
    assert [each.name for each in FORMATS] == [*SOLUTIONS, *TRIPLES]


@pytest.mark.parametrize(("query", "to"), [("SELECT * { ?s ?p ?o }", "ttl"), (CONSTRUCT, "csv"), ("ASK {}", "nt")])
def test_a_format_that_an_answer_has_not_is_an_error(query: str, to: str) -> None:
    with pytest.raises(QueryError, match=to):
        _write(query, to)


def test_no_two_formats_of_a_kind_share_a_name() -> None:
    for kind in ("solutions", "triples"):
        names = [n for each in offered(kind) for n in (each.name, each.media_type, *each.names, *each.aliases)]
        assert len(names) == len(set(names))
    assert {each.kind for each in FORMATS} == {"solutions", "triples"}


@pytest.mark.parametrize(
    ("kind", "accept", "media_type", "page"),
    [
        ("solutions", "*/*", "application/sparql-results+json", False),
        ("solutions", "", "application/sparql-results+json", False),
        ("triples", "*/*", "text/turtle", False),
        ("solutions", "application/json", "application/json", False),
        ("solutions", "text/csv;q=0.9, application/sparql-results+xml;q=0.8", "text/csv", False),
        ("triples", "application/ld+json;profile=\"x\"", "application/ld+json", False),
        ("solutions", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html", True),
        ("triples", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html", True),
    ],
)  # fmt: skip
def test_accept_decides_the_format(kind: results.Kind, accept: str, media_type: str, page: bool) -> None:
    choice = negotiate(kind, [accept] if accept else [])
    assert choice is not None
    assert (choice.media_type, choice.page) == (media_type, page)


def test_a_format_for_the_other_kind_of_answer_is_none() -> None:
    assert negotiate("solutions", ["text/turtle"]) is None
    assert negotiate("triples", ["text/csv"]) is None
