"""Fragments of a store: what fits a pattern, page by page, held against the engine asked for everything at once."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from unittest import mock

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ld.errors import QueryError
from ld.namespaces import RDF, XSD
from ld.snapshot import Publication
from ld.sparql import fragments
from ld.sparql.fragments import PLACES, Answer, Pattern, Reader, Request, counted, read, spell

N, L = ox.NamedNode, ox.Literal

IRIS = [*(N(f"http://example.org/{name}") for name in ("a", "b", "c#d", "é", "%20")), N("dcterms:title")]
TYPES = [N(XSD + name) for name in ("string", "integer", "decimal", "double", "boolean", "gYear", "date", "dateTime")]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.sampled_from(["01", "-0", "1.50", "1e3", "NaN", "INF", "true", "1", "2014", "02014", "2014-02-30",
                           "2020-01-01T00:00:00.000+00:00", "99999999999999999999999", ""])  # fmt: skip
LITERALS = st.one_of(
    st.builds(L, TEXTS),
    st.builds(lambda text, language: L(text, language=language), TEXTS, st.sampled_from(["en", "en-GB", "zh-Hant-TW"])),
    st.builds(lambda text, kind: L(text, datatype=kind), st.one_of(NUMBERS, TEXTS), st.sampled_from([*TYPES, IRIS[0]])),
)
OBJECTS = st.one_of(st.sampled_from(IRIS), st.sampled_from([L("x"), L("x", language="en"), L('"'), L("a\nb")]))
TRIPLES = st.lists(st.builds(ox.Triple, st.sampled_from(IRIS), st.sampled_from(IRIS), OBJECTS), max_size=60)


def stored(triples: list[ox.Triple]) -> ox.Store:
    store = ox.Store()
    store.extend(ox.Quad(triple.subject, triple.predicate, triple.object) for triple in triples)
    return store


def fitting(store: ox.Store, pattern: Pattern) -> list[ox.Triple]:
    """What the engine finds without pages."""
    places = pattern.subject, pattern.predicate, pattern.object
    return [quad.triple for quad in store.quads_for_pattern(*places, ox.DefaultGraph())]


def triples_of(answer: Answer) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(answer.ntriples, format=ox.RdfFormat.N_TRIPLES)]


# Pages


@given(TRIPLES, st.data())
def test_the_pages_hold_every_triple_once_and_say_how_many_there_are(
    triples: list[ox.Triple], data: st.DataObject
) -> None:
    store = stored(triples)
    some = data.draw(st.sampled_from(triples)) if triples else ox.Triple(IRIS[0], IRIS[0], L("x"))
    with mock.patch.object(fragments, "SIZE", 3):
        for known in product((True, False), repeat=3):
            terms = (some.subject, some.predicate, some.object)
            pattern = Pattern(*(term if keep else None for term, keep in zip(terms, known, strict=True)))
            expected = fitting(store, pattern)
            pages = max(1, -(-len(expected) // 3))
            # In turn and in any order, by a reader that has seen the ones before and by one that has not.
            in_turn, reader = list(range(1, pages + 1)), Reader(store)
            for order in (in_turn, data.draw(st.permutations(in_turn))):
                answers = {number: reader.page(pattern, number) for number in order}
                alone = {number: Reader(store).page(pattern, number) for number in order}
                assert answers == alone
                assert {answer.total for answer in answers.values()} == {len(expected)}
                assert [t for number in in_turn for t in triples_of(answers[number])] == expected
            assert reader.page(pattern, pages + 1) == Answer(len(expected), b"")


@pytest.mark.parametrize("number", [2, 3, 10**9 - 1])
def test_a_page_too_far_has_no_triples_but_the_count(number: int) -> None:
    store = stored([ox.Triple(IRIS[0], IRIS[1], L(str(each))) for each in range(100)])
    assert Reader(store).page(Pattern(), number) == Answer(100, b"")


def test_a_total_that_is_known_is_not_counted_again() -> None:
    store = stored([ox.Triple(IRIS[0], IRIS[1], L(str(each))) for each in range(250)])
    reader = Reader(store)
    with mock.patch.object(Reader, "_total", side_effect=AssertionError):
        pages = [reader.page(Pattern(), number, total=250) for number in (1, 2, 3)]
    assert [len(triples_of(page)) for page in pages] == [100, 100, 50]


def test_a_reader_remembers_only_so_much() -> None:
    store = stored([ox.Triple(IRIS[0], N(f"http://a.org/{p}"), L(str(o))) for p in range(200) for o in range(101)])
    reader = Reader(store)
    for p in range(200):
        assert reader.page(Pattern(predicate=N(f"http://a.org/{p}")), 1).total == 101
        assert reader.page(Pattern(object=L(f"nobody says {p}")), 2).total == 0
    assert len(reader._places) == 64
    assert len(reader._totals) == 200, "and nothing of what others ask for in vain"


def test_the_task_opens_the_store_that_is_named(published: Path, tmp_path: Path) -> None:
    folder = Publication(published).current().folder / "store"
    store = ox.Store.read_only(str(folder))
    asked = Request(str(folder), Pattern(predicate=N(RDF + "type")), 1)
    answer = Answer.decode(fragments.answer(Request.decode(asked.encode()).encode()))
    assert answer.total == len(fitting(store, Pattern(predicate=N(RDF + "type")))) > 0
    with pytest.raises(OSError, match="nowhere"):
        fragments.answer(Request(str(tmp_path / "nowhere"), Pattern(), 1).encode())


def test_the_census_of_a_snapshot_counts_as_the_engine_does(published: Path) -> None:
    snapshot = Publication(published).current()
    store, census = snapshot.store(), snapshot.manifest.census
    everything = fitting(store, Pattern())
    kinds = {triple.object for triple in fitting(store, Pattern(predicate=N(RDF + "type")))}
    predicates = {triple.predicate for triple in everything}
    patterns = [Pattern(), *(Pattern(predicate=p) for p in predicates)]
    patterns += [Pattern(predicate=N(RDF + "type"), object=kind) for kind in kinds]
    assert len(patterns) > 20
    for pattern in patterns:
        assert counted(pattern, census) == len(fitting(store, pattern)), str(pattern)
    for pattern in (Pattern(subject=IRIS[0]), Pattern(object=L("x")), Pattern(IRIS[0], N(RDF + "type")),
                    Pattern(predicate=IRIS[0]), Pattern(None, N(RDF + "type"), L("x"))):  # fmt: skip
        assert counted(pattern, census) is None
    assert [counted(pattern, {}) for pattern in patterns] == [None] * len(patterns), "a snapshot without a census"


# Terms


@given(st.one_of(st.sampled_from(IRIS), LITERALS))
def test_what_a_client_got_finds_its_triple_again(term: ox.NamedNode | ox.Literal) -> None:
    store = stored([ox.Triple(IRIS[0], IRIS[1], term), ox.Triple(IRIS[0], IRIS[1], L("another"))])
    for triple in fitting(store, Pattern()):
        pattern = read({"object": spell(triple.object)})
        assert pattern.object == triple.object
        assert triple in triples_of(Reader(store).page(pattern, 1))


@pytest.mark.parametrize(
    ("stored_as", "asked"),
    [
        ('"01"^^<http://www.w3.org/2001/XMLSchema#integer>', '"1"^^xsd:integer'),
        ('"1"^^<http://www.w3.org/2001/XMLSchema#integer>', '"01"^^http://www.w3.org/2001/XMLSchema#integer'),
        ('"colour"@en-GB', '"colour"@en-gb'),
        ('"colour"@en-gb', '"colour"@EN-GB'),
        ('"2020-01-01T01:00:00.0Z"^^<http://www.w3.org/2001/XMLSchema#dateTime>',
         '"2020-01-01T01:00:00Z"^^<http://www.w3.org/2001/XMLSchema#dateTime>'),
        ('"a"^^<http://www.w3.org/2001/XMLSchema#string>', '"a"'),
        (r'"say \"yes\"\n"', '"say "yes"\n"'),
        (r'"\"@en"', '""@en"'),
        (r'"back\\slash \\n"', r'"back\slash \n"'),
        ('"\U0001f4da"', '"\U0001f4da"'),
        ('""', '""'),
    ],
)  # fmt: skip
def test_a_literal_is_found_by_its_value(stored_as: str, asked: str) -> None:
    store = ox.Store()
    store.load(f"<http://a.org/1> <http://a.org/p> {stored_as} .".encode(), format=ox.RdfFormat.N_TRIPLES)
    answer = Reader(store).page(read({"object": asked}), 1)
    assert (answer.total, len(triples_of(answer))) == (1, 1)


@pytest.mark.parametrize("anything", ["", "  ", "?x", "$x", "?", "?naïve1"])
def test_nothing_and_a_variable_mean_anything(anything: str) -> None:
    assert read({"subject": anything, "predicate": anything if len(anything) < 2 else ""}) == Pattern()
    assert read({}) == read({"graph": "ignored"}) == Pattern()


@pytest.mark.parametrize(
    ("text", "iri"),
    [
        ("http://a.org/é?x=<>"[:-2], "http://a.org/é?x="),
        ("<http://a.org/b>", "http://a.org/b"),
        (" http://a.org/b\n", "http://a.org/b"),
        ("dcterms:title", "http://purl.org/dc/terms/title"),
        ("<dcterms:title>", "dcterms:title"),
        ("urn:isbn:1", "urn:isbn:1"),
    ],
)
def test_an_iri_stands_bare_in_brackets_or_short(text: str, iri: str) -> None:
    assert read(dict.fromkeys(PLACES, text)) == Pattern(N(iri), N(iri), N(iri))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("title", "title is no IRI"),
        ("http://exa mple.org/", "is no IRI"),
        ("<http://a.org/", "is no IRI"),
        ("http://a.org/<script>", "is no IRI"),
        ("http://a.org/%zz", "is no IRI"),
        ("<<http://a.org/ http://a.org/ http://a.org/>>", "is no IRI"),
        ("http://a.org/> . } ; DROP ALL #", "is no IRI"),
        ("\x00", "is no IRI"),
        ("'single'", "is no IRI"),
        ("<>", "is no IRI"),
        ("_:b0", "is a blank node, and there are none here"),
        ("http://a.org/" + "x" * 5000 + " ", None),
        ("a" * 5000, "… is no IRI"),
    ],
)
def test_what_is_no_term_is_refused_by_the_name_of_its_place(place: str, text: str, told: str | None) -> None:
    if told is None:
        assert read({place: text})
        return
    with pytest.raises(QueryError) as refused:
        read({place: text})
    message = str(refused.value)
    assert message.startswith(f"{place}: ")
    assert told in message
    assert "Give " in message
    assert len(message) < 500


@pytest.mark.parametrize(
    "text", ['"', '"open', '"a"b', '"a"^', '"a"@', '"a"@e n', '"a"@en--ltr', '"a"^^', '"a"^^x y', '"a"^^"b"@ ', '"a"@-']
)
def test_what_is_no_literal_is_refused(text: str) -> None:
    with pytest.raises(QueryError, match=r"^object: ") as refused:
        read({"object": text})
    assert any(way in str(refused.value) for way in ('Write it like "text"', "Give a whole IRI"))


@pytest.mark.parametrize("place", ["subject", "predicate"])
def test_only_an_object_can_be_a_literal(place: str) -> None:
    with pytest.raises(QueryError, match=rf'^{place}: "a"@en is a literal\. Only an object can be one'):
        read({place: '"a"@en'})


def test_a_variable_in_two_places_is_refused_for_it_would_be_passed_over() -> None:
    with pytest.raises(QueryError, match=r"^\?x stands in two places"):
        read({"subject": "?x", "object": "?x"})
    assert read({"subject": "?x", "object": "?y"}) == read({"subject": "?", "object": "?"}) == Pattern()
