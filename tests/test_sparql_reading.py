"""Reading a query: what it is, why it is not run, and where the fault is, before anything runs it."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ld import context
from ld.errors import QueryError, QueryRefused, QueryTooComplex
from ld.sparql.faults import place
from ld.sparql.reading import explained, read
from ld.sparql.tokens import tokens

BASE = "http://a.org/"
PREFIXES = dict(context.load().prefixes)
OURS = "http://a.org/graph"


def engine(text: str, store: ox.Store | None = None) -> object:
    """What the engine makes of a text, as the endpoint asks it."""
    return (store or ox.Store()).query(text, base_iri=BASE, prefixes=PREFIXES)


def parses(text: str) -> bool:
    try:
        engine(text)
    except SyntaxError:
        return False
    except RuntimeError:  # it has no such function
        return True
    return True


def refusal(text: str, kind: type[QueryError] = QueryError) -> QueryError:
    with pytest.raises(kind) as caught:
        read(text, graph=OURS)
    return caught.value


def blamed(text: str, kind: type[QueryError] = QueryError) -> str:
    """The token to blame, which stands where the error says."""
    error = refusal(text, kind)
    assert error.line
    assert error.column
    line = text.replace("\ufeff", " ", 1).split("\n")[error.line - 1]
    assert line[error.column - 1 :].startswith(error.text.split("\n")[0]) or "\\" in line
    return error.text


# --- what a query is ---


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("SELECT * { ?s ?p ?o }", "SELECT"),
        ("select*{?s?p?o}", "SELECT"),
        ("PREFIX ex: <http://a.org/> BASE <http://b.org/> PREFIX : <c> Ask WHERE { ex:a :b <d> }", "ASK"),
        ("# SELECT\nCONSTRUCT WHERE { ?s ?p ?o }", "CONSTRUCT"),
        ("DESCRIBE <http://a.org/>", "DESCRIBE"),
        ("\ufeffASK {}", "ASK"),
        ('VERSION "1.2" ASK {}', "ASK"),
    ],
)
def test_the_form_of_a_query_is_its_first_word(text: str, form: str) -> None:
    query = read(text)
    assert query.form == form
    assert parses(query.text)
    assert len(query.text) == len(text)


@pytest.mark.parametrize("text", ["", " \n", "# ASK {}", "#\r\n# x"])
def test_an_empty_query_is_told_what_one_looks_like(text: str) -> None:
    error = refusal(text)
    assert str(error) == "There is no query. An example: SELECT * WHERE { ?s ?p ?o } LIMIT 10"
    assert parses(error.way_out.removeprefix("An example: "))


NO_QUERY = {
    "WHERE { ?s ?p ?o }": ("WHERE", "A query begins with SELECT, ASK, CONSTRUCT or DESCRIBE"),
    "SELCT * { ?s ?p ?o }": ("SELCT", "Do you mean SELECT?"),
    "{ ?s ?p ?o }": ("{", "A query begins with SELECT, ASK, CONSTRUCT or DESCRIBE"),
    "SELECT?x": None,
    "PREFIX ex: <http://a.org/>": ("<http://a.org/>", "A query begins with"),
    "PREFIX ex: <http://a.org/> . ASK {}": (".", "No dot follows a prefix"),
    "@prefix ex: <http://a.org/> . ASK {}": ("@prefix", "Write PREFIX without @"),
    "PREFIX ex <http://a.org/> ASK {}": ("ex", "Write: PREFIX name: <http://…>"),
    "PREFIX ex:a <http://a.org/> ASK {}": ("ex:a", "Write: PREFIX name: <http://…>"),
    "PREFIX ex: ASK {}": ("ASK", "Write: PREFIX name: <http://…>"),
    "BASE ex: ASK {}": ("ex:", "Write: BASE <http://…>"),
    "VERSION 1.2 ASK {}": ("1.2", 'Write: VERSION "1.2"'),
    "PREFIX": ("PREFIX", "Write: PREFIX name: <http://…>"),
    "BASE <http://a.org/>": ("<http://a.org/>", "A query begins with"),
    "SELECTDISTINCT * {}": ("SELECTDISTINCT", "A query begins with"),
    "ASKFROM:x {}": ("ASKFROM:x", "A query begins with"),
    "GRAPH ?g { ?s ?p ?o }": ("GRAPH", "A query begins with"),
}


@pytest.mark.parametrize("text", [text for text, told in NO_QUERY.items() if told])
def test_what_is_no_query_is_told_how_one_begins(text: str) -> None:
    token, way_out = NO_QUERY[text] or ("", "")
    assert blamed(text) == token
    assert way_out in str(refusal(text))


@pytest.mark.parametrize(("text", "found"), [("ASK \0 {}", "U+0000"), ("ASK {} # \ud800", "U+D800")])
def test_what_is_no_character_is_no_query(text: str, found: str) -> None:
    error = refusal(text)
    assert found in str(error)
    assert (error.line, error.column) == place(text, re.search("[\0\ud800]", text).start())  # type: ignore[union-attr]


def test_a_query_is_measured_in_bytes() -> None:
    assert read("ASK {} # " + "é" * 10, most=29).form == "ASK"
    with pytest.raises(QueryTooComplex, match="The query has 29 bytes, and may have 28"):
        read("ASK {} # " + "é" * 10, most=28)
    with pytest.raises(QueryTooComplex, match="The query has 100,007 bytes, and may have 100,000"):
        read("ASK {} #" + "x" * 99_999)


@pytest.mark.parametrize(
    "before", ["", "\t", "\r\n", "\n\r\n", "# \U0001f600 é\n", "#\u2028 \x0b\n  ", '"\U0001f600" ?p ?o . ']
)
def test_lines_and_columns_are_those_of_the_engine(before: str) -> None:
    text = f"ASK {{ {before}?s ?p '\\q' }}"
    with pytest.raises(SyntaxError) as told:
        engine(text)
    line, column = place(text, text.index("\\q") + 1)
    assert str(told.value).startswith(f"error at {line}:{column}: ")
    error = refusal(text)
    assert (error.line, error.column) == place(text, text.index("'"))


# --- what it may not say ---

ELSEWHERE = [
    "SELECT * { SERVICE <http://b.org/> { ?s ?p ?o } }",
    "SELECT * { service silent foaf:x { ?s ?p ?o } }",
    "SELECT * { SERVICE ?where { ?s ?p ?o } }",
    "SELECT * {SERVICE?where{}}",
    "SELECT * { SERVICE:x { ?s ?p ?o } }",
    "SELECT * { SERVICEfoaf:x { ?s ?p ?o } }",
    "SELECT * { SERVICESILENTfoaf:x { ?s ?p ?o } }",
    "SELECT * { SERVICE # {\n <http://b.org/> { } }",
    "SELECT * { { SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } } } }",
    "SELECT * { ?s ?p ?o.SERVICE foaf:x { } }",
    "SELECT * { ?s ?p 1.SERVICE foaf:x { } }",
    "SELECT * { ?s ?p 'x'@en.SERVICE foaf:x { } }",
    "SELECT * { ?s ?p '''it's'''SERVICE foaf:x { } }",
    "SELECT * { ?s ?p '\\''SERVICE<http://b.org/>{?s ?p ''} }",
    "SELECT * { ?s ?p foaf:a\\'b .SERVICE foaf:x { ?s ?p 'x' } }",
    "SELECT * { FILTER(?a<?b)SERVICE<http://b.org/>{}FILTER(1>?b) }",
    "SELECT * { FILTER(?a<'x>')SERVICE foaf:x{}FILTER(?a='') }",
    "SELECT * { FILTER(?a<?b#>'''\n)SERVICE foaf:x{}#''' \n }",
    "SELECT * { FILTER(EXISTS{}<'>')SERVICE foaf:x{}FILTER(?a='') }",
    "SELECT * { ?s ?p (1<a'b>) SERVICE foaf:x { ?s ?p 'x' } }",
    "PREFIX byx: <http://b.org/> SELECT * { ?s byx:p (1 <a'b>) SERVICE foaf:x { ?s ?p 'x' } }",
    "PREFIX FILTERx: <http://b.org/> SELECT * { FILTERx:f(?a<'x>')SERVICE foaf:x{}FILTER(?a='') }",
    "SELECT * { S\\u0045RVICE <http://b.org/> { } }",
    "SELECT * { \\U00000053ervice <http://b.org/> { } }",
    "SELECT * { # \\u000A SERVICE <http://b.org/> { }\n }",
    "SELECT * { ?s ?p '\\u0027. SERVICE <http://b.org/> { } #' }",
    "SELECT * { ?s ?p '\\u0027' . S\\u0045RVICE <http://b.org/> { } }",
    "SELECT * FROM <http://b.org/> { ?s ?p ?o }",
    "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }",
    "SELECT * from named <http://b.org/> { ?s ?p ?o }",
    f"SELECT * FROM NAMED <{OURS}> {{ ?s ?p ?o }}",
    f"SELECT * FROM <{OURS}> FROM <http://b.org/> {{ ?s ?p ?o }}",
    f"SELECT * FROM <{OURS}/> {{ ?s ?p ?o }}",
    "SELECT * FROM <graph> { ?s ?p ?o }",
    "SELECT * FROM foaf:x { ?s ?p ?o }",
    "SELECT*FROM:x{ ?s ?p ?o }",
    "SELECT * FROM NAMED:x { ?s ?p ?o }",
    "SELECT (1 AS ?x)FROMfoaf:x{ ?s ?p ?o }",
    "SELECT(1<'>'AS?x)FROM foaf:x{ ?s ?p ?o }",
    "SELECT ?s('x'<'>' AS ?x)FROM foaf:x{ ?s ?p 'x' }",
    "SELECT (EXISTS { ?s ?p ?o } AS ?x) FROM <http://b.org/> { ?s ?p ?o }",
    "ASK FROM<http://b.org/>{}",
    "ASK FROM # {\n <http://b.org/> {}",
    "ASK F\\u0052OM <http://b.org/> {}",
    "CONSTRUCT { ?s ?p ?o } FROM <http://b.org/> { ?s ?p ?o }",
    "CONSTRUCT FROM <http://b.org/> WHERE { ?s ?p ?o }",
    "DESCRIBE ?s FROM <http://b.org/> { ?s ?p ?o }",
    "DESCRIBE * FROMfoaf:x { ?s ?p ?o }",
    "PREFIX from: <http://b.org/> PREFIX : <http://b.org/> DESCRIBE * from:x { ?s ?p ?o }",
    "PREFIX : <http://b.org/> SELECT * from:x { ?s ?p ?o }",
    f"PREFIX : <http://b.org/> DESCRIBE ?s FROM <{OURS}> from:x {{ ?s ?p ?o }}",
    "DESCRIBE FROM <http://b.org/> { ?s ?p ?o }",
]
"""What reads from elsewhere, each hidden in another way, and some of it no query."""

UPDATES = [
    "LOAD <http://b.org/>", "CLEAR ALL", "DROP GRAPH <g>", "CREATE GRAPH <g>", "COPY <a> TO <b>", "MOVE <a> TO <b>",
    "ADD <a> TO <b>", "insert { } where { }", "INSERT DATA { <a> <b> <c> }", "DELETE WHERE { ?s ?p ?o }",
    "WITH <g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }", "PREFIX ex: <http://a.org/> # \n LOAD ex:a", "L\\u004FAD <http://b.org/>",
    "BASE <http://a.org/> DELETE{}WHERE{}",
]  # fmt: skip

HARMLESS = [
    "SELECT ?service ?from { ?service ?from $load . ?load ?insert $delete }",
    "SELECT * { ?s ?p \"SERVICE\", 'FROM <x>', '''LOAD\n'SERVICE <x> { }' \\''' DELETE''' }",
    "SELECT * { ?s <http://b.org/SERVICE> <http://b.org/#FROM> }  # SERVICE <x> { }",
    "# FROM <x>\nSELECT * # '\n{ ?s ?p ?o } # '",
    "SELECT * { ?s foaf:SERVICE foaf:from ; foaf:service/foaf:load foaf:FROM }",
    "PREFIX service: <http://b.org/> SELECT * { ?s service:x 1 . service:x service:service service:y }",
    "PREFIX from: <http://b.org/> SELECT * { ?s from:x from:y ; from:a [ from:b from:c ] . from:x from:y from:z }",
    "PREFIX service: <http://b.org/> SELECT * { GRAPH service:x { ?s ?p ?o } }",
    "PREFIX from: <http://b.org/> DESCRIBE from:x ?s from:y { ?s ?p from:z }",
    "SELECT (COUNT(?x) AS ?from) { ?s ?p ?x } GROUP BY ?service HAVING (COUNT(?x) > 1) ORDER BY DESC(?from)",
    "SELECT * { FILTER(?a<?b&&?c>?d) FILTER(?a < 1 || ?b > 2) }",
    "SELECT * { ?s ?p (<a'b> <b#c> 'FROM') }",
    "SELECT * { VALUES (?a ?b) { (<urn:service> <urn:from>) (1 <#from>) } }",
    "SELECT * { ?s ?p 'a\\u0020SERVICE', \"\\U0001F600 FROM\" }",
    "SELECT * { ?s ?p _:service, _:from.x }",
]


@pytest.mark.parametrize("text", ELSEWHERE)
def test_what_reads_from_elsewhere_is_refused_however_it_says_so(text: str) -> None:
    assert refusal(text, QueryError).way_out
    if "FROM:" not in text.upper() and "DESCRIBE FROM" not in text:
        error = refusal(text, QueryRefused)
        assert re.search("SERVICE asks another server|names a graph|two ways", error.problem)
        assert re.search("ask the other server yourself|one graph here, the default graph|Put a space", error.way_out)


@pytest.mark.parametrize("text", UPDATES)
def test_an_update_is_told_that_nobody_changes_data_here(text: str) -> None:
    error = refusal(text, QueryRefused)
    assert "changes data" in str(error)
    assert "SELECT, ASK, CONSTRUCT or DESCRIBE" in str(error)


@pytest.mark.parametrize("text", HARMLESS)
def test_words_are_harmless_where_they_mean_nothing(text: str) -> None:
    assert read(text, graph=OURS).text == text
    assert parses(text)


@pytest.mark.parametrize(
    ("text", "column", "token"),
    [
        ("SELECT * { SERVICE <x> { } }", 12, "SERVICE"),
        ("SELECT * FROM NAMED <x> { }", 10, "FROM"),
        ("ASK { ?s ?p '\\u00e9\\U0001F600'. \\u0053ERVICE <x> { } }", 33, "SERVICE"),
        ("\\u0041SK { SER\\u0056ICE <x> { } }", 12, "SERVICE"),
        ("\\u004CO\\u0041D <x>", 1, "LOAD"),
    ],
)
def test_a_refusal_names_the_place_in_the_text_as_it_was_sent(text: str, column: int, token: str) -> None:
    error = refusal(text, QueryRefused)
    assert (error.line, error.column, error.text) == (1, column, token)


def test_our_own_graph_may_be_named_and_is_blanked_out() -> None:
    text = f"SELECT * FROM\r\n<{OURS}># FROM\nFROM <{OURS}>\n{{ ?s ?p ?o }}"
    query = read(text, graph=OURS)
    assert query.text.split() == ["SELECT", "*", "#", "FROM", "{", "?s", "?p", "?o", "}"]
    assert len(query.text) == len(text)
    assert [place(query.text, found.start()) for found in re.finditer(r"[#{}]|\r\n", query.text)] == [
        place(text, found.start()) for found in re.finditer(r"(?<!\S)[{}]|#|[}]|\r\n", text)
    ]
    assert read(f"ASK FROM<{OURS}>{{}}", graph=OURS).text.split() == ["ASK", "{}"]
    with pytest.raises(QueryRefused):
        read("ASK FROM <> {}")


# --- names, words, texts ---

PIECES = {
    "SELECT * { ?s dct:title ?o }": ("dct:title", "PREFIX dct: <http://purl.org/dc/terms/>"),
    "SELECT * { ?s ex:a ?o }": ("ex:a", "PREFIX ex: <http://…>"),
    "SELECT * { ?s :a ?o }": (":a", "PREFIX : <http://…>"),
    "SELECT * { ?s FOAF:name ?o }": ("FOAF:name", "Write foaf: instead."),
    "SELECT * { ?s ?p 1 }\nORDER BY geo:lat(?s)": ("geo:lat", "PREFIX geo: <http://www.w3.org/2003/01/geo/wgs84_pos#>"),
    "SELECT * { ?s http://b.org/p ?o }": ("http:", "Write IRIs in <…>."),
    "SELECT * { ?s a urn:x:y }": ("urn:x:y", "Write IRIs in <…>."),
    "SELECT * { ?s <http://b.org/a b> ?o }": ("http:", "This IRI is not closed"),
    "SELECT * { ?s <http://b.org/a ?o }": ("http:", "This IRI is not closed"),
    "SELECT * { ?s foaf:a.b.c ?o }": ("foaf:a.b.c", r"Write `\.` for each of them."),
    "SELECT * { ?s foaf:\U00010000 ?o }": ("foaf:\U00010000", "Write the IRI in <…>."),
    "PREFIX bad: <http://b.org:> SELECT * { ?s ?p bad:SERVICE:x{} }": (
        "bad:SERVICE:x",
        "Correct the namespace of bad:",
    ),
    "SELECT * { ?s ?p true.foaf:a ?q 1 }": ("true.foaf:a", "The prefix true.foaf: is not declared"),
    "SELECT * WERE { ?s ?p ?o }": ("WERE", "Do you mean WHERE?"),
    "SELECT * { ?s ?p ?o } LIMIT5": ("LIMIT5", "Do you mean LIMIT 5?"),
    "SELECT ?s { ?s ?p ?o } GROUPBY ?s": ("GROUPBY", "Do you mean GROUP BY?"),
    "SELECT * { ?s ?p ?o FILTER(?o and ?s) }": ("and", "Do you mean &&?"),
    "SELECT * { ?s ?p Smith }": ("Smith", "texts stand in"),
    "SELECT s { ?s ?p 1 }": ("s", "Variables begin with ?"),
    "SELECT * { ?s ?p TRUE }": ("TRUE", "small letters: true."),
    "SELECT * { ?s A foaf:Person }": ("A", "small letters: a."),
    "SELECT * { ?s ?p trueSERVICE <x> {} }": ("trueSERVICE", "is no word of SPARQL"),
    "SELECT * { ?s ?p 'x }": ("'x }", "Put ' at its end"),
    'SELECT * { ?s ?p "x\n" }': ('"x', "one of several lines stands in three quotes"),
    'SELECT * { ?s ?p """x\n" }': ('"""x\n" }', 'Put """ at its end.'),
    "SELECT * { ?s ?p '\\q' }": ("'\\q'", r"Write \\ for a backslash."),
    "SELECT * { ?s ?p 'C:\\Users' }": ("'C:\\Users'", r"Write \\ for a backslash."),
    "SELECT * { ?s ?p '\\uD800' }": ("'\\uD800'", "stands for no character"),
    "SELECT * { ?s <a\\U00110000> 1 }": ("<a\\U00110000>", "stands for no character"),
    "SELECT ?\\u0061 { ?s ?p ?o }": ("?", None),
    "SELECT * { ?s foaf:\\u0061 ?o }": ("\\", "write the character itself here."),
    "SELECT * { ?s ?p “x” }": ("“", 'Write " instead.'),
    "SELECT * { ?s ?p ?o FILTER(?o ≥ 3) }": ("≥", "Write >= instead."),
    "SELECT * { ?s ?p ?o FILTER(?o & ?s) }": ("&", "Write && instead."),
    "SELECT * { ?s\u00a0?p ?o }": ("\u00a0", "Put a plain space instead."),
    "SELECT * { ?s ?p\u200b ?o }": ("\u200b", "Put a plain space instead."),
    "SELECT * { ?s ?p % }": ("%", "cannot stand here"),
}


@pytest.mark.parametrize("text", [text for text, (_, told) in PIECES.items() if told])
def test_a_token_that_can_stand_nowhere_is_told_what_was_meant(text: str) -> None:
    token, told = PIECES[text]
    assert blamed(text) == token
    assert str(told) in str(refusal(text))


def test_what_is_told_to_be_missing_helps() -> None:
    for name in ("dct:title", "wdt:P31", "prov:wasDerivedFrom", "vcard:fn"):
        text = f"SELECT * {{ ?s {name} ?o }}"
        added = refusal(text).way_out.removeprefix("Add to the beginning: ")
        assert parses(read(f"{added} {text}").text)
    for known in PREFIXES:
        assert parses(read(f"SELECT * {{ ?s {known}:a ?o }}").text)


def test_a_name_with_escaped_dots_and_one_with_a_dot_are_read_as_they_stand() -> None:
    for name in (r"foaf:a\.b\.c", "foaf:a.b", "foaf:a..b", r"foaf:a\.b.c"):
        query = read(f"CONSTRUCT {{ <a:a> a {name} }} WHERE {{}}")
        assert [triple.object.value for triple in engine(query.text)] == [  # type: ignore[attr-defined]
            PREFIXES["foaf"] + name.removeprefix("foaf:").replace("\\", "")
        ]


# --- whether its answer lasts ---

VOLATILE = [
    "SELECT (NOW() AS ?x) {}", "SELECT * { BIND(rand() AS ?x) }", "ASK { FILTER(STRLEN(STRUUID()) = 36) }",
    "SELECT (UUID() AS ?x) {}", "SELECT (BNODE() AS ?x) {}", 'SELECT (BNODE("a") AS ?x) {}',
    "SELECT * { { SELECT (Now() AS ?x) {} } }", "CONSTRUCT { _:a a ?x } { ?s ?p ?x }",
    "CONSTRUCT { [] a ?x } { ?s ?p ?x }",
    "CONSTRUCT { ?x foaf:knows [ a ?y ] } { ?x ?p ?y }", "CONSTRUCT { ?x foaf:knows (1 2) } { ?x ?p ?y }",
    "CONSTRUCT WHERE { ?x a [] }", "CONSTRUCT WHERE { _:x ?p ?o }", "CONSTRUCT { ?s ?p ?o ~ } WHERE { ?s ?p ?o }",
    "CONSTRUCT { << ?s ?p ?o >> ?p ?o } WHERE { ?s ?p ?o }", "CONSTRUCT { ?s ?p ?o {| ?p ?o |} } WHERE { ?s ?p ?o }",
]  # fmt: skip
LASTING = [
    "SELECT * { ?s a [] . _:x ?p (1 2) }", "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o . ?o a [ a ?x ] . _:x ?p () }",
    "DESCRIBE <a>", "CONSTRUCT WHERE { ?s ?p ?o }",
    "SELECT ?now ?rand { ?now foaf:rand <http://a.org/NOW> . ?uuid ?p 'RAND()' } # UUID()",
    "ASK { ?s ?p ?o }", "SELECT (SAMPLE(?s) AS ?x) { ?s ?p ?o } LIMIT 1", "CONSTRUCT { ?s ?p '_:a [] (' } { ?s ?p ?o }",
]  # fmt: skip


@pytest.mark.parametrize("text", VOLATILE)
def test_an_answer_that_is_another_each_time_is_known(text: str) -> None:
    assert read(text).volatile
    assert parses(text)


@pytest.mark.parametrize("text", LASTING)
def test_an_answer_that_lasts_is_known(text: str) -> None:
    assert not read(text).volatile
    assert parses(text)


def test_constructs_are_volatile_that_give_other_triples_each_time() -> None:
    store = filled()
    for text in (text for text in VOLATILE + LASTING if text.startswith("CONSTRUCT {")):
        first, second = (set(engine(text, store)) for _ in range(2))  # type: ignore[call-overload]
        assert (first != second) == read(text).volatile, text


# --- how much of its answer is wanted ---


def filled() -> ox.Store:
    """A store of twenty things, each of which is said to be one of two kinds, and knows the next."""
    store = ox.Store()
    for number in range(20):
        thing = ox.NamedNode(f"{BASE}{number}")
        store.add(ox.Quad(thing, ox.NamedNode(PREFIXES["rdf"] + "type"), ox.NamedNode(f"{BASE}kind{number % 2}")))
        store.add(ox.Quad(thing, ox.NamedNode(PREFIXES["foaf"] + "knows"), ox.NamedNode(f"{BASE}{number + 1}")))
    return store


FILLED = filled()
LIMITED = [
    "SELECT * { ?s ?p ?o }", "SELECT*{?s?p?o}", "SELECT * { ?s ?p ?o } # LIMIT 3", "SELECT * { ?s ?p ?o } LIMIT 7",
    "SELECT * { ?s ?p ?o } limit 007 # x", "SELECT * { ?s ?p ?o } LIMIT\n7", "SELECT * { ?s ?p ?o } LIMIT 7 OFFSET 2",
    "SELECT * { ?s ?p ?o } OFFSET 35", "SELECT * { ?s ?p ?o } OFFSET 2 LIMIT 7", "SELECT * { ?s ?p ?o } ORDER BY ?s",
    "SELECT * { ?s ?p ?o } ORDER BY DESC(?s) LIMIT 9", "SELECT ?k (COUNT(?s) AS ?n) { ?s a ?k } GROUP BY ?k",
    "SELECT ?s (COUNT(?p) AS ?n) { ?s ?p ?o } GROUP BY ?s HAVING (COUNT(?p) > 1)",
    "SELECT ?s (COUNT(?p) AS ?n) { ?s ?p ?o } GROUP BY ?s HAVING (COUNT(?p) > 1) ORDER BY ?s LIMIT 12 OFFSET 3",
    "SELECT * { ?s ?p ?o } VALUES ?p { foaf:knows }", "SELECT * { ?s ?p ?o }VALUES(?p){(foaf:knows)} # x",
    "SELECT * { ?s ?p ?o } LIMIT 5 VALUES ?p { foaf:knows }", "SELECT * { ?s ?p ?o } OFFSET 5 VALUES ?p { foaf:knows }",
    "SELECT * { { SELECT * { ?s ?p ?o } LIMIT 30 } }", "SELECT * { { SELECT * { ?s ?p ?o } LIMIT 30 } } LIMIT 25",
    "SELECT * { { SELECT * { ?s ?p ?o } ORDER BY ?o LIMIT 3 } } ORDER BY ?s", "SELECT ?limit { ?limit a ?LIMIT }",
    'SELECT * { ?s ?p ?o FILTER(STR(?s) != "LIMIT 3" && ?s != <http://b.org/LIMIT> && ?s != foaf:LIMIT) }',
    "SELECT * { ?s ?p ?o FILTER EXISTS { SELECT ?s { ?s ?p ?o } LIMIT 40 } }", "SELECT DISTINCT ?s { ?s ?p ?o }",
    "SELECT * { VALUES ?x { 1 2 3 4 5 6 7 8 9 } }", "SELECT * {} VALUES ?x { 1 2 3 4 5 6 7 8 9 }", "SELECT * {}",
    f"SELECT * {{ ?s ?p ?o }} LIMIT {'9' * 5_000}", f"SELECT * {{ ?s ?p ?o }} LIMIT {'0' * 5_000}7",
    "SELECT * { ?s ?p ?o } LIMIT 0",
    "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }", "CONSTRUCT WHERE { ?s ?p ?o } LIMIT 9",
    "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o } #",
    "DESCRIBE ?s { ?s a <kind1> }", "DESCRIBE ?s { ?s a <kind1> } LIMIT 3",
    "DESCRIBE <1>", "DESCRIBE <1> <2>", "DESCRIBE <1> LIMIT 5", "DESCRIBE * { ?s a <kind1> } VALUES ?s { <1> }",
    "ASK { ?s ?p ?o }", "ASK { ?s ?p ?o } LIMIT 5",
]  # fmt: skip


def rows(text: str) -> int:
    answer = engine(text, FILLED)
    return 1 if isinstance(answer, ox.QueryBoolean) else len(list(answer))  # type: ignore[call-overload]


@pytest.mark.parametrize("text", LIMITED)
def test_a_limited_query_gives_no_more_rows_and_no_fewer(text: str) -> None:
    query = read(text)
    whole = rows(text if "9" * 99 not in text else "SELECT * { ?s ?p ?o }")
    for most in (0, 1, 2, 6, 7, 8, 20, 39, 40, 41, 10**9):
        limited = query.limited(most)
        assert read(limited).form == query.form
        if query.form == "DESCRIBE":  # a solution may name several things, and each has several triples
            assert rows(limited) <= (whole if most else 0)
            assert rows(limited) == whole or most < 20
        else:
            assert rows(limited) == (whole if query.form == "ASK" else min(whole, most))


def test_a_query_of_few_rows_is_left_as_it_is() -> None:
    for text in ("SELECT * { ?s ?p ?o } LIMIT 7", "ASK { ?s ?p ?o }", "SELECT * {} OFFSET 3 LIMIT 2 VALUES ?x { 1 }"):
        assert read(text).limited(7) == text
    assert read("SELECT * { ?s ?p ?o } # end").limited(7) == "SELECT * { ?s ?p ?o } LIMIT 7  # end"


# --- whatever is sent ---

SPACES = st.sampled_from([" ", "\n", "\t", "\r\n", " # FROM SERVICE '\n", '#"\n', "#<\r"])
NAMES = st.sampled_from([
    "<http://b.org/SERVICE>", "<http://b.org/#FROM>", "<x'y>", "<FROM>", "foaf:SERVICE", "service:x", "from:from",
    "a.b:c-d", "foaf:a\\'b", "foaf:%27", ":", ":LIMIT", "<urn:a:b>",
])  # fmt: skip
TEXTS = st.sampled_from([
    "'SERVICE <x> {'", '"FROM"', "'''it's # SERVICE\n'''", '"""a"b"""', "'\\''", "''", "'<'", "'>'@en", 
    "'x'^^foaf:LIMIT", "'\\u0041\\n'",
])  # fmt: skip
VARIABLES = st.sampled_from(["?service", "$from", "?LIMIT", "?x"])
TERMS = NAMES | TEXTS | VARIABLES | st.sampled_from(["1", "-1.5", "1e5", "true", "[]", "()", "_:from"])
KEYWORDS = st.sampled_from(
    ["SELECT", "select", "DISTINCT", "Optional", "UNION", "minus", "FILTER", "bind", "NOT", "exists"]
)


@st.composite
def queries(draw: st.DrawFn, strange: str = "") -> tuple[str, list[str]]:
    """A query that can be read, and its words; with a strange clause in it, if one is given."""
    space = draw(st.lists(SPACES, min_size=30, max_size=30))
    words: list[str] = []

    def said(*pieces: str) -> str:
        """The pieces with space between them; those in capitals are words."""
        words.extend(piece for piece in pieces if piece.isalpha() and piece.isupper())
        return "".join(f"{piece}{draw(st.sampled_from(space))}" for piece in pieces)

    def expression(depth: int) -> str:
        choice = draw(st.integers(0, 5 if depth else 1))
        if choice < 2:
            return said(draw(TERMS.filter(lambda term: term not in ("[]", "()", "_:from"))))
        if choice == 2:
            sign = draw(st.sampled_from(["<", ">", "=", "!=", "&&", "||", "+", "*", "<="]))
            return said("(") + expression(depth - 1) + said(")", sign, "(") + expression(depth - 1) + said(")")
        if choice == 3:
            return said("STR", "(") + expression(depth - 1) + said(")")
        if choice == 4:
            return (
                said(draw(st.sampled_from(["foaf:from", "<http://b.org/f>"])), "(") + expression(depth - 1) + said(")")
            )
        return said("EXISTS") + group(depth - 1)

    def pattern(depth: int) -> str:
        choice = draw(st.integers(0, 6 if depth else 1))
        if choice < 2:
            subject = draw(VARIABLES | NAMES)
            return said(subject, draw(NAMES | VARIABLES | st.just("a")), draw(TERMS), ".")
        if choice == 2:
            return said("FILTER", "(") + expression(2) + said(")")
        if choice == 3:
            number = len(words)
            return said("BIND", "(") + expression(2) + said("AS", f"?new{number}", ")")
        if choice == 4:
            return said(draw(st.sampled_from(["OPTIONAL", "MINUS"]))) + group(depth - 1)
        if choice == 5:
            return group(depth - 1) + said("UNION") + group(depth - 1)
        return said("{", "SELECT", "?x", "WHERE") + group(depth - 1) + said("LIMIT", "3", "}")

    def group(depth: int) -> str:
        return said("{") + "".join(pattern(depth) for _ in range(draw(st.integers(0, 2)))) + said("}")

    declared = [f"PREFIX {prefix}: <http://b.org/{prefix}/>" for prefix in ("service", "from", "a.b", "")]
    words.extend(["PREFIX"] * 4)
    head = draw(
        st.sampled_from([("SELECT", "*"), ("ASK",), ("SELECT", "?x"), ("CONSTRUCT", "{", "?x", "a", "?x", "}")])
    )
    text = "\n".join(declared) + "\n" + said(*head)
    if strange.startswith("FROM"):
        text += strange
    text += (
        said("WHERE", "{") + pattern(2) + (strange if strange.startswith("SERVICE") else "") + pattern(2) + said("}")
    )
    tail = draw(
        st.sampled_from([(), ("LIMIT", "5"), ("ORDER", "BY", "?x"), ("OFFSET", "1"), ("VALUES", "?x", "{", "1", "}")])
    )
    return text + said(*tail), words


def found_words(text: str) -> list[str]:
    return sorted(token.text for token in tokens(text) if token.kind == "word" and token.text not in ("a", "true"))


def plain(text: str) -> bool:
    """Whether the engine takes it: a label may stand in one group only, and other such things."""
    return parses(text)


@given(queries())
def test_the_words_of_a_query_are_those_that_were_put_in(made: tuple[str, list[str]]) -> None:
    text, words = made
    assert found_words(text) == sorted(words)
    if plain(text):
        query = read(text)
        assert query.text == text
        assert parses(query.limited(3))


def disguised(draw: st.DrawFn, word: str) -> str:
    """A word in letters of any case, some of them escaped."""
    letters = [draw(st.sampled_from([letter, letter.lower()])) for letter in word]
    escaped = draw(st.sets(st.integers(0, len(word) - 1), max_size=2))
    form = draw(st.sampled_from(["\\u{:04X}", "\\U{:08x}"]))
    return "".join(form.format(ord(letter)) if at in escaped else letter for at, letter in enumerate(letters))


@st.composite
def strange_queries(draw: st.DrawFn) -> str:
    """A query with a clause in it that reads from elsewhere, at the least."""
    space = draw(SPACES)
    name = draw(st.sampled_from(["<http://b.org/>", "foaf:x", ":x", "from:from"]))
    if draw(st.booleans()):
        clause = "SERVICE" + space + draw(st.sampled_from(["", f"SILENT{space}"])) + name + space + "{}"
        word = "SERVICE"
    else:
        clause, word = "FROM" + space + draw(st.sampled_from(["", f"NAMED{space}"])) + name + space, "FROM"
    text, _ = draw(queries(clause))
    at = text.index(clause)
    return text[:at] + disguised(draw, word) + text[at + len(word) :]


@given(strange_queries())
def test_no_clause_that_reads_from_elsewhere_gets_past_in_any_disguise(text: str) -> None:
    with pytest.raises(QueryError):
        read(text)


@pytest.fixture(scope="module")
def nowhere() -> Iterator[str]:
    """An address at which nobody answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/"


ELSE = st.sampled_from([
    "SERVICE", "SERVICE:x{}", "service<x>{}", " SERVICE ?a{}", "SERVICEx:a{}", "SILENT", "FROM", "FROM:x", "FROM<x>",
    "FROMx:a", "FROMNAMED:x",
])  # fmt: skip
SHARDS = ELSE | st.sampled_from([
    *"{}()[]<>'\"#\n .;,\\=/*^!~", "''", "'''", '"""', "?a", "?b ", "a ", ":x", ":a.b", ":a.b.c:", "x:", "<x>", "<a'b>",
    "<?a>", "1", "1.", "-1", "true", "<=", "&&", "||", "@en", "^^", "<<", ">>", "{|", "|}", "[]", "()", "_:b",
    "\\u0027", "FILTER", "FILTER(", "BIND(", " AS ?z)", "EXISTS{", "VALUES ?v{", "STR(", "OPTIONAL{", "UNION{",
    "MINUS{}", "GRAPH ?g{", "ORDER BY ", "LIMIT 5", "in(", "not ",
])  # fmt: skip
MANY = st.lists(SHARDS, max_size=14).map("".join)
HEADS = st.sampled_from(["SELECT*", "SELECT (1", "ASK", "ASK{", "SELECT*{", "CONSTRUCT{", "DESCRIBE ?a ", ""])


STARTED = st.builds(lambda head, one, two: f"{head}{one}{two}{'}' * (one + two).count('{')}", HEADS, MANY, MANY)


@st.composite
def broken_queries(draw: st.DrawFn) -> str:
    """A query into which something was written, mostly where something else may begin."""
    text, _ = draw(queries())
    places = [found.end() for found in re.finditer(r"[{}.)*] ?", text)] * 3 + list(range(0, len(text), 7))
    at = draw(st.sampled_from(places))
    return text[:at] + draw(ELSE | st.lists(SHARDS, max_size=3).map("".join)) + text[at:]


@given(STARTED | broken_queries())
def test_whatever_gets_past_asks_nobody_else(nowhere: str, text: str) -> None:
    text = f"PREFIX : <{nowhere}> PREFIX x: <{nowhere}> BASE <{nowhere}>{text.replace('http://b.org/', nowhere)}"
    told = ""
    with suppress(QueryError, SyntaxError):
        query = read(text)
        try:
            answer = engine(query.text, FILLED)
            for _ in answer if not isinstance(answer, ox.QueryBoolean) else ():  # type: ignore[attr-defined]
                pass
        except (RuntimeError, OSError) as error:  # such as: <x> is no function
            told = str(error)
    assert "custom function" in told or not told


@given(st.text() | st.text("SELCT*{}?<>'\"\\#\n ():.u0041-") | MANY | STARTED | broken_queries())
def test_whatever_is_sent_is_a_query_or_has_a_fault_that_is_said(text: str) -> None:
    start = time.process_time()
    said: QueryError | None = None
    try:
        query = read(text, graph=OURS)
        assert isinstance(query.limited(5), str)
        engine(query.text)
    except QueryError as error:
        said = error
    except SyntaxError as error:
        said = explained(error, query)
    except (RuntimeError, OSError):
        pass
    assert said is None or (said.problem and said.way_out)
    assert time.process_time() - start < 2


@pytest.mark.parametrize("name", ["CONCAT", "coalesce"])
def test_a_space_before_the_bracket_of_a_function_is_borne_with(name: str) -> None:
    text = f"SELECT ({name} \n ('{name} (', ?x) AS ?y) {{ VALUES ?x {{ 'b' }} }}"
    query = read(text)
    assert len(query.text) == len(text)
    answer = ox.Store().query(query.text)
    assert isinstance(answer, ox.QuerySolutions)
    (solution,) = answer
    assert solution["y"].value.startswith(f"{name} (")
