"""The guard: strangers' queries may read the data only, however they spell what else they want, and say all else."""

from __future__ import annotations

import json

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import RdfFormat, Triple
from rdflib.plugins.sparql.parser import parseQuery

from ld.errors import ShapesError
from ld.namespaces import RDF
from ld.shapes import guard
from ld.shapes.validator import Validator

PREFIXES = "PREFIX : <http://a.org/> PREFIX ex: <http://a.org/> PREFIX É: <http://a.org/> PREFIX a.b: <http://a.org/>\n"


def turtle(text: str) -> list[Triple]:
    prefixes = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://a.org/> ."
    return [quad.triple for quad in ox.parse(prefixes + text, format=RdfFormat.TURTLE)]


def asking(query: str, path: str = "", prefix: str = "ns", namespace: str = "http://a.org/ns#") -> list[Triple]:
    """Shapes that ask a query about the nodes of one class, with a prefix that pySHACL writes before it."""
    asked = f"sh:sparql [ a sh:SPARQLConstraint ; sh:select {json.dumps(query)} ; sh:prefixes ex:o ]"
    asked = f"sh:property [ sh:path {path} ; {asked} ]" if path else asked
    return turtle(f"""
        ex:Shape a sh:NodeShape ; sh:targetClass ex:Thing ; {asked} .
        ex:o sh:declare [ sh:prefix {json.dumps(prefix)} ; sh:namespace {json.dumps(namespace)} ] .
    """)


def reads_elsewhere(query: str) -> bool:
    """Whether rdflib, which runs the queries, takes this for one that reads from elsewhere."""
    tree = str(parseQuery(PREFIXES + query))
    return "DatasetClause" in tree or "ServiceGraphPattern" in tree


def refused(query: str) -> bool:
    return not guard.REFUSED.isdisjoint(guard.words(query))


READING_ELSEWHERE = [
    "SELECT * FROM <http://b.org/> WHERE { ?s ?p ?o }",
    "SELECT * from named <file:///etc/passwd> { ?s ?p ?o }",
    "ASK FROM<http://b.org/>{ ?s ?p ?o }",
    "SELECT*FROM:x{ ?s ?p ?o }",
    "SELECT * FROM ex:x { ?s ?p ?o }",
    "SELECT * FROMÉ:x WHERE { ?s ?p ?o }",
    "SELECT * F\\u0052OM <http://b.org/> { ?s ?p ?o }",
    "SELECT * { SERVICE <http://b.org/> { ?s ?p ?o } }",
    "SELECT * { service silent ex:x { ?s ?p ?o } }",
    "SELECT * { SERVICE ?where { ?s ?p ?o } }",
    "SELECT * { SERVICE?where{ ?s ?p ?o } }",
    "SELECT * { SERVICE:x { ?s ?p ?o } }",
    "SELECT * { SERVICEÉ:x { ?s ?p ?o } }",
    "SELECT * { S\\u0045RVICE:x { ?s ?p ?o } }",
    "SELECT * { S\\U0045RVICE:x { ?s ?p ?o } }",
    "SELECT * { S\\u00000045RVICE:x { ?s ?p ?o } }",
    "SELECT * { ?s ?p ?o.SERVICE:x { ?s ?p ?o } }",
    "SELECT * { ?s ?p ?o、.SERVICE:x { ?s ?p ?o } }",
    "SELECT * { ?s ?p 1.SERVICE:x { ?s ?p ?o } }",
    "SELECT * { ?s ?p 1e5.SERVICE:x { ?s ?p ?o } }",
    "SELECT * { ?s ?p 'x'.SERVICE:x { ?s ?p ?o } }",
    "SELECT * { ?s ?p 'x'@en.SERVICE:x { ?s ?p ?o } }",
    "SELECT * { ?s ?p '''x'''.SERVICE:x { ?s ?p ?o } }",
    "SELECT * { ?s ?p ex:.SERVICE:x { ?s ?p ?o } }",
    "SELECT * { ?s ?p <http://a.org/>SERVICE:x { ?s ?p ?o } }",
    "SELECT * { ?s ?p []SERVICE:x { ?s ?p ?o } }",
    "SELECT * { FILTER(?a <1).SERVICE:x{?s ?p ?o}FILTER(1> ?b) }",
    "SELECT * { FILTER(?a<?b)SERVICE<http://b.org/>{?s ?p ?o} }",
    "SELECT * # '\nFROM <http://b.org/> # '\n{ ?s ?p ?o }",
    "SELECT * { ?s ?p '\\'' . \n SERVICE <http://b.org/> { ?s ?p '' } }",
    "SELECT * { ?s ?p '''it's ''' . SERVICE <http://b.org/> { ?s ?p '''''' } }",
    "SELECT (ex:a\\'b AS ?x) FROM <http://b.org/> WHERE { ?s ?p 'y' }",
    "SELECT * { ?s ex:a\\'b ?o . SERVICE <http://b.org/> { ?s ?p 'x' } }",
    'SELECT * { ?s ex:a\\"b ?o . SERVICE <http://b.org/> { ?s ?p "x" } }',
]
"""What rdflib reads as a query that reads from elsewhere, each hidden in another way."""

READING_THE_DATA = [
    "SELECT ?from WHERE { $this ?service ?load . ?load ?insert $delete }",
    "SELECT $this { $this ex:from ?x ; ex:service/ex:load ex:drop . ?x a ex:ADD }",
    "SELECT $this { $this rdfs:label \"moved FROM here\" . FILTER(?x != 'SERVICE') }",
    "SELECT $this { $this ex:p '''LOAD\n'FROM' \\''' DELETE''' }",
    "SELECT $this { $this <http://a.org/SERVICE> <http://a.org/#FROM> }  # INSERT",
    "# SERVICE\nSELECT $this # 'FROM\n{ ?s ?p ?o } # '",
    "SELECT $this { VALUES (?a ?b) { ('FROM' ex:from) (UNDEF <http://a.org/load>) } VALUES ?c { 1 2 } }",
    "SELECT (COUNT(?x) AS ?copy) { $this ex:p ?x } GROUP BY $this HAVING (COUNT(?x) > 1) ORDER BY DESC(?x) LIMIT 5",
    "ASK { $this ex:a/^ex:b|(ex:c)* ?x . FILTER EXISTS { ?x a ex:FROM } FILTER(?x<?y&&?y>?x) }",
    "PREFIX dct: <http://purl.org/dc/terms/> SELECT $this { $this dct:from-here 1.5 ; from-here:x 'x'@en }",
    "SELECT $this WHERE { BIND(STR($this) AS ?from) OPTIONAL { $this $PATH ?value } MINUS { $this a ex:T } }",
    "SELECT $this { GRAPH ?graph { $this ex:p ?o } FILTER(regex(?o, 'FROM|SERVICE', 'i')) }",
    "SELECT $this { $this ex:d\\u0041ta ex:FR%4fM , _:from , _:b.load }",
    "",
]
"""What may be said, with the words that may not be said where they say nothing."""

WRITING = [
    "LOAD <http://b.org/>", "CLEAR ALL", "DROP GRAPH ex:g", "CREATE GRAPH ex:g", "COPY ex:a TO ex:b",
    "insert { } where { }", "MOVE ex:a TO ex:b", "INSERT DATA { ex:a ex:b ex:c }", "DELETE WHERE { ?s ?p ?o }",
    "ADD ex:a TO ex:b",
]  # fmt: skip


@pytest.mark.parametrize("query", READING_ELSEWHERE)
def test_a_query_that_reads_from_elsewhere_is_refused_however_it_says_so(query: str) -> None:
    assert reads_elsewhere(query)
    with pytest.raises(ShapesError, match=r"cannot be used: a query in them says (FROM|SERVICE), and .* Take it out"):
        guard.check(asking(query))


@pytest.mark.parametrize("query", READING_THE_DATA)
def test_a_query_that_reads_the_data_may_use_any_word_that_means_nothing(query: str) -> None:
    assert not refused(query)
    guard.check(asking(query))


@pytest.mark.parametrize("query", WRITING)
def test_a_query_that_writes_is_refused_whatever_it_stands_under(query: str) -> None:
    for predicate in ("select", "ask", "construct", "update"):
        with pytest.raises(ShapesError, match="queries may only read the data that is validated"):
            guard.check(turtle(f"ex:s sh:{predicate} {json.dumps(query)} ."))
    guard.check(
        turtle(f"ex:s sh:message {json.dumps(query)} ; sh:name 'FROM' ; sh:description 'SERVICE <a:b> {{ }}' .")
    )


@pytest.mark.parametrize(
    ("prefix", "namespace", "told"),
    [
        ("a: <http://b.org/> BASE", "http://a.org/", "is no prefix for a query"),
        ("a b", "http://a.org/", "'a b' is no prefix for a query"),
        ("FROM", "http://a.org/", "a query in them says FROM"),
        ("service", "http://a.org/", "a query in them says SERVICE"),
        ("FROM\u00c9", "http://a.org/", "a query in them says FROM"),
        ("a", "http://a.org/> SELECT * FROM <http://b.org/", "is no namespace for a query"),
        ("a", "http://a.org/\\u003e", "is no namespace for a query"),
        ("a", "http://a.org/\n", "is no namespace for a query"),
    ],
)
def test_a_prefix_cannot_smuggle_anything_into_a_query(prefix: str, namespace: str, told: str) -> None:
    with pytest.raises(ShapesError, match=told):
        guard.check(asking("ASK { }", prefix=prefix, namespace=namespace))


@pytest.mark.parametrize("namespace", ["http://a.org/ns#", RDF])
@pytest.mark.parametrize("name", ["p?v.SERVICE:x", "p/q", "p;", "(x", "%41"])
def test_a_path_cannot_smuggle_anything_into_a_query_that_it_is_written_into(name: str, namespace: str) -> None:
    odd = f"<{namespace}{name}>"
    for path in (odd, f"[ sh:inversePath {odd} ]", f"( ex:a [ sh:alternativePath ( ex:b {odd} ) ] )"):
        with pytest.raises(ShapesError, match="cannot be written into a query with the prefix of"):
            guard.check(asking("SELECT $this { $this $PATH { ?a ?b ?c } }", path))
        guard.check(asking("SELECT $this { $this ex:p ?value }", path))
    guard.check(asking("SELECT $this { $this $PATH ?value }", f"<{namespace}plain-Name.9>"))
    guard.check(asking("SELECT $this { $this $PATH ?value }", f"<http://elsewhere.org/{name}>"))


def test_a_word_cannot_hide_behind_the_variable_that_a_path_takes_the_place_of() -> None:
    # pySHACL puts the path for `$PATH` in `$PATHSERVICE` too.
    assert refused("SELECT $this { $this ex:p $PATHSERVICE:x { ?s ?p ?o } }")
    assert not refused("SELECT $this { $this $PATH ?value . ?value ?PATH $this }")


def test_shapes_with_an_honest_query_are_at_work_after_the_check() -> None:
    query = "SELECT $this ?value WHERE { $this <http://a.org/from> ?value . FILTER(?value < 3) }"
    shapes = [*asking(query), *turtle("ex:Shape sh:message 'FROM {?value}' .")]
    guard.check(shapes)
    report = Validator(shapes).validate(turtle("ex:t a ex:Thing ; ex:from 1, 5 ."))
    assert [(finding.value, finding.message) for finding in report] == [("1", "FROM 1")]


# Whatever rdflib can read: parts of queries in any order, told apart by nothing or by anything.

APART = st.sampled_from(["", "", " ", "\n", "\t", " # c\n", "#'\n", '#"\n', "#<\n"])
NAMES = st.sampled_from(["<http://b.org/>", ":x", "É:x", "ex:x", "?v", "a.b:c"])
VALUES = st.sampled_from([
    "?s", "$o", "?x、y", "ex:a", ":b", "ex:", "ex:a\\'b", 'ex:a\\"', "ex:a%41", "ex:a.b", "ex::", "É:é", "a.b:c", "1",
    "'x'", '"y"', "'x'@en", "'x'^^ex:d", "'''z'''", '"""w"""', "'a\\'b'", "'#'", "'<'", "<http://a.org/#b>", "1.5",
    ".5", "1e5", "-1", "true", "_:b", "_:b.c", "[]", "()", "[ ex:a 1 ]", "(1 2)",
])  # fmt: skip
TRIPLES = st.builds(
    "".join,
    st.tuples(st.sampled_from(["?s ", "ex:a ", "?x、y "]), st.sampled_from(["?p", "ex:a", " a "]), APART, VALUES),
)
SERVICES = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["SERVICE", "service silent", "S\\u0045RVICE"]), APART, NAMES, APART, st.just("{?s ?p ?o}")
    ),
)
FILTERS = st.builds(
    lambda a, sign, b: f"FILTER({a}{sign}{b})", VALUES, st.sampled_from(["<", ">", "&&", " - "]), VALUES
)
PATTERNS = st.builds("".join, st.tuples(TRIPLES | SERVICES | FILTERS, APART, st.sampled_from([".", "", ";"]), APART))
SOURCES = st.just("") | st.builds("".join, st.tuples(st.sampled_from(["FROM", "from named"]), APART, NAMES, APART))
QUERIES = st.builds(
    lambda head, source, patterns: f"{head}{source}{{{''.join(patterns)}}}",
    st.sampled_from(["SELECT * ", "SELECT*", "ASK ", "SELECT (ex:a\\'b AS ?z)", "SELECT ?s "]),
    SOURCES,
    st.lists(PATTERNS, min_size=1, max_size=3),
)


@given(QUERIES)
def test_no_query_that_reads_from_elsewhere_gets_past(query: str) -> None:
    try:
        elsewhere = reads_elsewhere(query)
    except Exception:
        return  # rdflib's parser says in many ways that it cannot read a query
    assert refused(query) or not elsewhere
