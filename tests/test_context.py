"""What the words of the context mean: expansion against a JSON-LD processor, nesting as its inverse."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from readers import CONTEXT_URL, by_oxigraph, by_pyld, by_rdflib

from ld import context
from ld.context import Context
from ld.errors import VocabularyError
from ld.formats import jsonld, nesting
from ld.formats.source import Source
from ld.formats.statements import Statements
from ld.namespaces import RDF, XSD
from ld.rdf import canonical
from ld.resources import vocab_dir

OURS = context.load()
ROOT = "http://example.org/id/thesis/1"


def nest(triples: Iterable[ox.Triple], root: str) -> dict[str, Any]:
    """The triples as one node about `root`."""
    node: dict[str, Any] = json.loads(nesting.nest(Statements.read(canonical(triples)), root).text)
    return node


def nest_inline(triples: Iterable[ox.Triple], root: str) -> dict[str, Any]:
    """The same, with the part of the context that it uses."""
    document: dict[str, Any] = json.loads(jsonld.line(Source(canonical(triples), root, root)))
    return document


# Nodes such as the mapping makes, and odder ones.

IRIS = st.sampled_from([f"http://example.org/{name}" for name in ("a", "b", "c#d", "é", "id/thesis/1?x=y&z")])
ANY_IRI = IRIS | st.sampled_from(["tld:level", "bibo:doi", "urn:isbn:1", "mailto:a@b.c", "doi:10.1/x", "title:x"])
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
TYPES = st.sampled_from(["Thesis", "Person", "bibo:Thesis", "http://example.org/Class", "title", "creator"])
LITERALS = (
    st.builds(lambda text: {"@value": text}, TEXT)
    | st.builds(lambda text, tag: {"@value": text, "@language": tag}, TEXT, st.sampled_from(["en", "cy", "en-GB"]))
    | st.builds(lambda text, kind: {"@value": text, "@type": kind}, TEXT, st.sampled_from(["xsd:date", XSD + "gYear"]))
)
RESOURCE_WORDS = sorted(w.name for w in OURS.words.values() if w.datatype == "@id" and not w.reverse)
REVERSE_WORDS = sorted(w.name for w in OURS.words.values() if w.reverse)
VALUE_WORDS = sorted(w.name for w in OURS.words.values() if w.datatype != "@id" and not w.reverse)


def one_or_more(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return values | st.lists(values | st.none(), max_size=3) | st.none()


def nodes(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda iri, *parts: {"id": iri, **{name: value for part in parts for name, value in part.items()}},
        ANY_IRI,
        st.fixed_dictionaries({}, optional={"type": TYPES | st.lists(TYPES, max_size=2)}),
        st.dictionaries(st.sampled_from(RESOURCE_WORDS), one_or_more(ANY_IRI | inner | LITERALS), max_size=3),
        st.dictionaries(st.sampled_from(REVERSE_WORDS), one_or_more(ANY_IRI | inner), max_size=2),
        st.dictionaries(
            st.sampled_from(VALUE_WORDS),
            one_or_more(TEXT | LITERALS | st.integers(0, 9999) | st.booleans()),
            max_size=3,
        ),
        st.dictionaries(
            st.sampled_from(["rdf:_1", "skos:broader", "http://example.org/p"]), one_or_more(TEXT | inner), max_size=2
        ),
    )


NODES = nodes(nodes(nodes(st.nothing())))


@settings(max_examples=150)
@given(NODES)
def test_a_node_expands_to_the_triples_a_json_ld_processor_reads(node: dict[str, Any]) -> None:
    assert canonical(OURS.triples(node)) == by_pyld({"@context": CONTEXT_URL, **node})


@settings(max_examples=50)
@given(NODES, st.sampled_from(["http://example.org/a", "http://example.org/c#d", "http://example.org/none"]))
def test_nesting_is_the_inverse_of_expansion(node: dict[str, Any], root: str) -> None:
    triples = OURS.triples(node)
    nested = nest(triples, root)
    assert canonical(OURS.triples(nested)) == canonical(triples)


# Graphs of any form: cycles, shared nodes, words that share an IRI, properties that have no word.

SUBJECTS = st.sampled_from([ox.NamedNode(f"http://example.org/{i}") for i in range(4)])
PREDICATES = st.sampled_from(
    [ox.NamedNode(iri) for iri in sorted({word.predicate.value for word in OURS.words.values()})]
    + [ox.NamedNode(RDF + "_2"), ox.NamedNode(RDF + "_10"), ox.NamedNode("http://example.org/p/q")]
)
PLAIN = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), max_size=8)
OBJECTS = (
    SUBJECTS
    | st.just(ox.NamedNode("https://isni.org/isni/0000000453606890"))
    | st.builds(ox.Literal, PLAIN)
    | st.builds(lambda text: ox.Literal(text, language="cy"), PLAIN)
    | st.sampled_from(
        [
            ox.Literal(value, datatype=ox.NamedNode(XSD + kind))
            for kind, value in (
                ("gYear", "2014"), ("gYearMonth", "2014-05"), ("date", "2014-05-01"), ("integer", "12"),
                ("boolean", "true"),
            )
        ]
    )
)  # fmt: skip
GRAPHS = st.sets(
    st.builds(ox.Triple, SUBJECTS, PREDICATES, OBJECTS)
    | st.builds(lambda s, c: ox.Triple(s, ox.NamedNode(RDF + "type"), ox.NamedNode(c)), SUBJECTS, st.sampled_from(
        ["http://purl.org/ontology/bibo/Thesis", "http://www.w3.org/2004/02/skos/core#Collection", "http://example.org/C"]
    )),
    min_size=1, max_size=25,
)  # fmt: skip


@settings(max_examples=150)
@given(GRAPHS)
def test_every_parser_reads_a_nested_graph_as_what_it_was(triples: set[ox.Triple]) -> None:
    nested = nest(triples, "http://example.org/0")
    expected = canonical(triples)
    assert canonical(OURS.triples(nested)) == expected
    inline = nest_inline(triples, "http://example.org/0")
    assert by_pyld(inline) == expected
    assert by_pyld({"@context": CONTEXT_URL, **nested}) == expected
    assert by_oxigraph(inline) == expected
    assert by_rdflib(inline) == expected


@settings(max_examples=50)
@given(GRAPHS)
def test_each_node_is_written_out_once(triples: set[ox.Triple]) -> None:
    written: list[str] = []

    def look(value: Any) -> None:
        if isinstance(value, list):
            for each in value:
                look(each)
        elif isinstance(value, dict):
            if "id" in value and len(value) > 1:
                written.append(value["id"])
            for each in value.values():
                look(each)

    look(nest(triples, "http://example.org/0"))
    assert len(written) == len(set(written))


THESIS = {
    "id": ROOT,
    "type": "Thesis",
    "creator": {"id": "http://example.org/id/person/1", "type": "Person", "name": "Henrike Andersson"},
    "issued": "2014",
    "document": {"id": "http://example.org/doc/thesis/1", "type": "Document", "documentIssued": "2026-01-31"},
}


def test_a_description_nests_round_its_root_in_a_stable_order() -> None:
    nested = nest(reversed(OURS.triples(THESIS)), ROOT)
    assert json.dumps(nested) == json.dumps(THESIS)


def test_the_document_is_reached_backwards_and_does_not_name_its_topic_again() -> None:
    assert "primaryTopic" not in nest(OURS.triples(THESIS), ROOT)["document"]


def test_a_person_lists_their_theses_though_the_statements_point_the_other_way() -> None:
    person = "http://example.org/id/person/1"
    nested = nest(OURS.triples(THESIS), person)
    assert nested["creatorOf"]["id"] == ROOT
    assert "creator" not in nested["creatorOf"]
    assert nested["creatorOf"]["document"]["type"] == "Document"


def test_a_thesis_known_to_a_body_in_two_ways_is_written_once_and_named_under_both() -> None:
    body = "http://example.org/id/organisation/1"
    nested = nest(OURS.triples({"id": ROOT, "title": "Bats", "awardingBody": body, "currentInstitution": body}), body)
    assert nested == {"id": body, "awarded": {"id": ROOT, "title": "Bats"}, "currentInstitutionOf": ROOT}


def test_a_body_named_twice_is_written_out_at_its_first_place() -> None:
    body = {"id": "http://example.org/id/organisation/1", "name": "University of East London"}
    nested = nest(OURS.triples({"id": ROOT, "awardingBody": body, "currentInstitution": body["id"]}), ROOT)
    assert nested["awardingBody"] == body
    assert nested["currentInstitution"] == body["id"]


def test_a_node_is_written_out_nearest_to_the_root() -> None:
    old = {"id": "http://example.org/id/organisation/1", "isReplacedBy": "http://example.org/id/organisation/2"}
    new = {"id": "http://example.org/id/organisation/2", "name": "Kingston University"}
    nested = nest(OURS.triples({"id": ROOT, "awardingBody": old, "currentInstitution": new}), ROOT)
    assert nested["currentInstitution"] == new
    assert nested["awardingBody"]["isReplacedBy"] == new["id"]


def test_many_roots_stand_in_a_graph_the_first_one_first() -> None:
    nested = nest(
        OURS.triples({"@graph": [{"id": "http://example.org/a", "label": "A"}, {"id": ROOT, "label": "R"}]}), ROOT
    )
    assert [node["id"] for node in nested["@graph"]] == [ROOT, "http://example.org/a"]


def test_no_triples_make_a_bare_node() -> None:
    assert nest([], ROOT) == {"id": ROOT}


def test_blank_nodes_of_shapes_are_nested_too() -> None:
    shape = ox.Triple(ox.NamedNode(ROOT), ox.NamedNode("http://www.w3.org/ns/shacl#property"), ox.BlankNode("p"))
    path = ox.Triple(ox.BlankNode("p"), ox.NamedNode("http://www.w3.org/ns/shacl#path"), ox.NamedNode(RDF + "type"))
    assert by_oxigraph(nest_inline([shape, path], ROOT)) == canonical([shape, path])


@pytest.mark.parametrize(
    ("triple", "word", "value"),
    [
        ('dcterms:date "1992"^^xsd:gYear', "eventYear", "1992"),
        ('dcterms:date "1992-05"^^xsd:gYearMonth', "date", {"@type": "xsd:gYearMonth", "@value": "1992-05"}),
        ('dcterms:date "May 1992"', "date", "May 1992"),
        ('dcterms:issued "1992"^^xsd:gYear', "issued", "1992"),
        ('dcterms:issued "1992-05-01"^^xsd:date', "documentIssued", "1992-05-01"),
        ('dcterms:issued "1992"', "dcterms:issued", "1992"),
        ('dcterms:title "Ystlumod"@cy', "title", {"@language": "cy", "@value": "Ystlumod"}),
        ("dcterms:title <http://example.org/t>", "title", {"id": "http://example.org/t"}),
        ("dcterms:subject <http://example.org/t>", "subject", "http://example.org/t"),
        ('dcterms:subject "bats"', "dcterms:subject", "bats"),
        ('<http://example.org/p> "x"', "http://example.org/p", "x"),
    ],
)
def test_of_the_words_for_one_iri_the_value_picks_one(triple: str, word: str, value: Any) -> None:
    prefixes = [f"prefix {prefix}: <{iri}>" for prefix, iri in OURS.prefixes.items()]
    data = "\n".join([*prefixes, f"<{ROOT}> {triple} ."])
    triples = [quad.triple for quad in ox.parse(data, format=ox.RdfFormat.TURTLE)]
    assert nest(triples, ROOT) == {"id": ROOT, word: value}


@pytest.mark.parametrize(
    ("node", "said"),
    [
        ({"id": ROOT, "tilte": "Bats"}, "'tilte' is no word of the context"),
        ({"title": "Bats"}, "Every node has an id"),
        ({"id": "thesis/1"}, "is no absolute IRI"),
        ({"id": ROOT, "creator": "not an IRI"}, "creator: 'not an IRI' is no absolute IRI"),
        ({"id": ROOT, "page": 'http://example.org/"x"'}, "is no absolute IRI"),
        ({"id": ROOT, "type": "Thseis"}, "type: 'Thseis' is no absolute IRI"),
        ({"id": ROOT, "title": 1.5}, "title: 1.5 is no value"),
        ({"id": ROOT, "title": {"@value": 1}}, "1 is no text"),
    ],
)
def test_what_a_json_ld_processor_would_drop_in_silence_is_an_error(node: dict[str, Any], said: str) -> None:
    with pytest.raises(VocabularyError, match=said):
        OURS.triples(node)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b'{"@context": []}', b'{"@context": {"a": {"@type": "@id"}}}', b"\xff"]
)
def test_a_broken_context_is_a_vocabulary_error(data: bytes) -> None:
    with pytest.raises(VocabularyError, match="context cannot be used"):
        context.compile_context(data)


def test_the_context_knows_its_own_bytes_and_hash() -> None:
    data = (vocab_dir() / "context.jsonld").read_bytes()
    assert OURS.bytes == data
    assert OURS.hash == hashlib.sha256(data).hexdigest()[:16]


def test_the_inline_context_holds_only_what_is_used() -> None:
    inline = nest_inline(OURS.triples({"id": ROOT, "type": "Thesis", "issued": "2014"}), ROOT)["@context"]
    assert set(inline) == {"@version", "id", "type", "Thesis", "bibo", "issued", "dcterms", "xsd"}


def test_every_prefix_and_word_of_the_context_means_the_same_to_pyld() -> None:
    context_: Context = OURS
    for word in context_.words.values():
        value = {"id": "http://example.org/o"} if word.datatype == "@id" else "x"
        node = {"id": ROOT, "type": sorted(context_.classes)[0], word.name: value}
        assert canonical(context_.triples(node)) == by_pyld({"@context": CONTEXT_URL, **node}), word.name
