"""Slips: of each that people make, the message names the token to blame, and what is wrong with it."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from ld import context
from ld.sparql.faults import place
from ld.sparql.reading import explained, read

PREFIXES = dict(context.load().prefixes)

SLIPS = {
    "SELECT ?s WHERE { ?s ?p ?o ": ("", "`{` of line 1, column 17 is not closed"),
    "SELECT ?s WHERE { ?s ?p ?o FILTER(?o > 3 }": (
        "}",
        "`)` is missing before `}`: the `(` of line 1, column 34 is not closed",
    ),
    "SELECT ?s WHERE { ?s ?p ?o FILTER((?o > 3) }": (
        "}",
        "`)` is missing before `}`: the `(` of line 1, column 34 is not closed",
    ),
    "SELECT ?s WHERE { ?s ?p ?o } }": ("}", "`}` closes nothing"),
    "SELECT ?s WHERE { ?s ?p ?o ?s ?q ?r }": ("?s", "A dot is missing before `?s`"),
    "SELECT ?s WHERE {\n ?s foaf:a ?o\n ?s foaf:b ?r\n}": ("?s", "A dot is missing before `?s`"),
    "SELECT ?s WHERE { ?s foaf:a ?o , }": ("}", "The statement has no object before `}`"),
    "SELECT ?s WHERE { ?s foaf:a }": ("}", "The statement has no object before `}`"),
    "SELECT ?s WHERE { ?s }": ("}", "The statement has no property and its object before `}`"),
    "SELECT ?s WHERE { ?s foaf:a ?o ; foaf:b }": ("}", "The statement has no object before `}`"),
    "SELECT * WHERE { ?s ?p ?o } GROUP BY ?s": (
        "*",
        "SELECT * cannot stand with GROUP BY, or with functions of a group",
    ),
    "SELECT ?o WHERE { ?s ?p ?o } GROUP BY ?s": ("?o", "`?o` is not in GROUP BY"),
    "SELECT ?s ?o (COUNT(?p) AS ?n) WHERE { ?s ?p ?o } GROUP BY ?s": ("?o", "`?o` is not in GROUP BY"),
    "SELECT ?s COUNT(?p) WHERE { ?s ?p ?o } GROUP BY ?s": ("COUNT", "`COUNT` needs brackets and a name in SELECT"),
    "SELECT ?s (COUNT(?p)) WHERE { ?s ?p ?o } GROUP BY ?s": (")", "What is computed has no name"),
    "SELECT ?s (COUNT(?p) ?n) WHERE { ?s ?p ?o } GROUP BY ?s": ("?n", "AS is missing before `?n`"),
    "SELECT ?s WHERE { ?s ?p ?o FILTER(?o == 3) }": ("=", "`==` is no sign of SPARQL"),
    "SELECT ?s WHERE { ?s ?p ?o } LIMIT ?n": ("?n", "`?n` cannot stand behind LIMIT"),
    "SELECT ?s WHERE { ?s ?p ?o } LIMIT -1": ("-", "`-` cannot stand behind LIMIT"),
    "SELECT ?s WHERE { ?s ?p ?o } LIMIT": ("", "LIMIT ends the query"),
    "SELECT ?s WHERE { ?s ?p ?o BIND(1 AS ?o) }": ("?o", "`?o` has a value before BIND gives it one"),
    "SELECT ?s WHERE { BIND(1 AS ?o) ?s ?p ?o . BIND(2 AS ?s) }": ("?s", "`?s` has a value before BIND gives it one"),
    "SELECT (1 AS ?s) WHERE { ?s ?p ?o }": ("?s", "`?s` has a value before AS gives it one"),
    "SELECT ?s ?s WHERE { ?s ?p ?o }": ("?s", "`?s` is selected twice"),
    "SELECT ?s, ?o WHERE { ?s ?p ?o }": (",", "No commas stand between the variables of SELECT"),
    "SELECT WHERE { ?s ?p ?o }": ("WHERE", "`WHERE` cannot stand behind SELECT"),
    "SELECT ?s { ?s ?p ?o } ORDER ?s": ("?s", "`?s` cannot stand behind ORDER"),
    "SELECT ?s { ?s ?p ?o } ORDER BY": ("", "BY ends the query"),
    "SELECT ?s { ?s ?p ?o } LIMIT 5 ORDER BY ?s": ("ORDER", "ORDER cannot stand here"),
    "SELECT ?s { ?s ?p ?o } ORDER BY ?s GROUP BY ?s": ("GROUP", "GROUP cannot stand here"),
    "SELECT ?s { ?s ?p ?o } GROUP BY": ("", "BY ends the query"),
    "SELECT ?s { ?s ?p ?o FILTER ?o > 3 }": ("?o", "`?o` cannot stand behind FILTER"),
    "SELECT ?s { ?s ?p ?o FILTER regex(?o, 'x' }": (
        "}",
        "`)` is missing before `}`: the `(` of line 1, column 34 is not closed",
    ),
    "SELECT ?s { ?s ?p ?o FILTER(?o <> 'x') }": ("<", "`<>` is no sign of SPARQL"),
    "SELECT ?s { ?s ?p ?o FILTER(NOT ?o) }": ("?o", "`?o` cannot stand behind NOT"),
    "SELECT ?s { ?s ?p ?o FILTER NOT EXISTS ?s }": ("?s", "`?s` cannot stand behind EXISTS"),
    "SELECT ?s { ?s ?p ?o OPTIONAL ?s ?q ?r }": ("?s", "`?s` cannot stand behind OPTIONAL"),
    "SELECT ?s { { ?s ?p ?o } UNION ?s ?q ?r }": ("?s", "`?s` cannot stand behind UNION"),
    "SELECT ?s { ?s ?p 'x'^xsd:int }": ("^", "`^` is no language and no type"),
    "SELECT ?s { VALUES ?s { foaf:a, foaf:b } ?s ?p ?o }": (",", "No commas stand between values"),
    "SELECT ?s { VALUES ?s foaf:a ?s ?p ?o }": ("foaf:a", "The values of `?s` are missing"),
    "SELECT ?s { VALUES (?s ?o) { (foaf:a) } }": ("(", "This row has 1 value for 2 variables"),
    "SELECT ?s { VALUES (?s ?s) { (1 2) } }": ("?s", "`?s` stands twice in VALUES"),
    "SELECT ?s { VALUES ?s { ?x } }": ("?x", "`?x` is no value"),
    "SELECT ?s { ?s 'a' ?o }": ("'a'", "`'a'` cannot be a property"),
    "SELECT ?s { ?s _:p ?o }": ("_:p", "`_:p` cannot be a property"),
    "SELECT ?s { ?s ?p ?o . . ?s ?q ?r }": (".", "`.` has no subject before it"),
    "SELECT ?s { ?s ?p ?o }; ": (
        ";",
        "Nothing of a query stands behind its pattern but GROUP BY, HAVING, ORDER BY, LIMIT, OFFSET and VALUES",
    ),
    "SELECT ?s { ?s ?p ?o } WHERE { ?a ?b ?c }": ("WHERE", "`WHERE` cannot stand behind the pattern"),
    "ASK ?s { ?s ?p ?o }": ("?s", "`?s` cannot stand behind ASK"),
    "CONSTRUCT ?s { ?s ?p ?o }": ("?s", "`?s` cannot stand behind CONSTRUCT"),
    "CONSTRUCT { ?s ?p ?o FILTER(1) } WHERE { ?s ?p ?o }": ("FILTER", "FILTER cannot stand in a template"),
    "CONSTRUCT { ?s foaf:a/foaf:b ?o } WHERE { ?s ?p ?o }": ("/", "No path can stand in a template"),
    "CONSTRUCT WHERE { ?s ?p ?o FILTER(?o) }": ("FILTER", "FILTER needs a template before WHERE"),
    "CONSTRUCT { ?s ?p ?o }": ("", "The query has no pattern"),
    "DESCRIBE": ("", "DESCRIBE ends the query"),
    "DESCRIBE WHERE { ?s ?p ?o }": ("WHERE", "`WHERE` cannot stand behind DESCRIBE"),
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?o } HAVING ?n > 3": ("?n", "`?n` cannot stand behind HAVING"),
    "SELECT ?s { ?s ?p ?o FILTER(COUNT(?s) > 3) }": (
        "COUNT",
        "COUNT cannot stand in a pattern, as it is of a group of solutions",
    ),
    "SELECT ?s { ?s ?p ?o BIND(?o + 1) }": (")", "What is computed has no name"),
    "SELECT ?s { ?s ?p ?o BIND ?o AS ?x }": ("?o", "`?o` cannot stand behind BIND"),
    "SELECT ?s { ?s ?p ?o FILTER(?o IN 'a', 'b') }": ("'a'", "`'a'` cannot stand behind IN"),
    "SELECT ?s { ?s ?p ?o FILTER(CONTAINS(?o)) }": (")", "CONTAINS has more arguments than stand here"),
    "SELECT ?s { ?s ?p ?o FILTER(STRLEN(?o, 3)) }": (",", "STRLEN has fewer arguments than stand here"),
    "SELECT ?s { _:a ?p ?o OPTIONAL { _:a ?q ?r } }": (
        "_:a",
        "`_:a` stands in two patterns, and means one node in one",
    ),
    "SELECT ?s { ?s ?p 'x'@abcdefghijk }": ("@abcdefghijk", "`@abcdefghijk` is no language and no type"),
    "SELECT ?s { SELECT ?s { ?s ?p ?o } ?a ?b ?c }": ("?a", "A sub-select stands in brackets of its own"),
    "SELECT ?s { ?s ?p ?o SELECT ?s { ?s ?p ?o } }": ("SELECT", "A sub-select stands in brackets of its own"),
    "SELECT DISTINCT { ?s ?p ?o }": ("{", "`{` cannot stand behind DISTINCT"),
    "SELECT ?s { ?s ?p [ }": ("}", "`]` is missing before `}`: the `[` of line 1, column 19 is not closed"),
    "SELECT ?s { ?s ?p (1 2 }": ("}", "`)` is missing before `}`: the `(` of line 1, column 19 is not closed"),
    "SELECT ?s { ?s foaf:p ?o foaf:q ?r }": ("foaf:q", "A dot is missing before `foaf:q`"),
    "SELECT ?s { ?s foaf:p+* ?o }": ("*", "`+*` cannot stand in a path"),
    "SELECT ?s { ?s ?p/foaf:q ?o }": ("/", "The variable `?p` cannot stand in a path"),
    "SELECT ?s { ?s foaf:p{2} ?o }": ("{", "A path cannot be repeated {n} times in SPARQL 1.1"),
    "SELECT ?s { GRAPH { ?s ?p ?o } }": ("{", "`{` cannot stand behind GRAPH"),
    "SELECT ?s { MINUS ?s ?p ?o }": ("?s", "`?s` cannot stand behind MINUS"),
    "SELECT (?o AS ?x) (?x AS ?y) (1 AS ?x) { ?s ?p ?o }": ("?x", "`?x` is selected twice"),
    "SELECT ?n { ?s ?p ?o } ORDER BY DESC ?o": ("?o", "`?o` cannot stand behind DESC"),
    "SELECT (GROUP_CONCAT(?s, ',') AS ?x) { ?s ?p ?o }": (",", "GROUP_CONCAT has fewer arguments than stand here"),
    "SELECT ?s { ?s ?p ?o FILTER(IF(?o, 1)) }": (")", "IF has more arguments than stand here"),
    "SELECT ?s { ?s ?p ?o } OFFSET 5 LIMIT 5 OFFSET 5": ("OFFSET", "OFFSET cannot stand here"),
    "SELECT ?s { ?s ?p ?o } LIMIT 99999999999999999999999": (
        "99999999999999999999999",
        "The number behind LIMIT is too large",
    ),
    "SELECT * { ?s ?p ?o FILTER(?o =< 3) }": ("=", "`=<` is no sign of SPARQL"),
    "SELECT * { ?s ?p ?o FILTER(?o => 3) }": ("=", "`=>` is no sign of SPARQL"),
    "SELECT * { ?s ?p ?o FILTER(?o = ) }": (")", "A value is missing before `)`"),
    "SELECT * { ?s ?p ?o FILTER(?o ?s) }": ("?s", "An operator is missing before `?s`"),
    "SELECT * { ?s ?p ?o FILTER() }": (")", "A value is missing before `)`"),
    "SELECT * { ?s ?p ?o FILTER(STRLEN ?o) }": ("?o", "STRLEN is a function, and its arguments stand in brackets"),
    "SELECT * { ?s ?p ?o FILTER(?o = 1 &&) }": (")", "A value is missing before `)`"),
    "SELECT * { VALUES (?s ?o) { 1 2 } ?s ?p ?o }": ("1", "The values of a row stand in brackets"),
    "SELECT * { VALUES ?s { (1) } ?s ?p ?o }": ("(", "The values of one variable stand in no brackets"),
    "SELECT * { { SELECT ?o { ?s ?p ?o } GROUP BY ?s } }": ("?o", "`?o` is not in GROUP BY"),
    "SELECT * { { SELECT * { ?s ?p ?o } GROUP BY ?s } }": (
        "*",
        "SELECT * cannot stand with GROUP BY, or with functions of a group",
    ),
    "SELECT * { { SELECT ?s (1 AS ?s) { ?s ?p ?o } } }": ("?s", "`?s` has a value before AS gives it one"),
    "SELECT (?s + ?o AS ?x) { ?s ?p ?o } GROUP BY ?s": ("?o", "`?o` is not in GROUP BY"),
    "SELECT (COUNT(?s) + ?o AS ?x) { ?s ?p ?o } GROUP BY ?s": ("?o", "`?o` is not in GROUP BY"),
    "SELECT ?s (COUNT(*) AS ?n) { ?s ?p ?o }": ("?s", "`?s` is not in GROUP BY"),
    "SELECT * { ?s ?p ?o . FILTER EXISTS ?s ?p ?o }": ("?s", "`?s` cannot stand behind EXISTS"),
    "SELECT * { ?s ?p ?o ; }  }": ("}", "`}` closes nothing"),
    "SELECT * { ?s ?p ?o ] }": ("]", "`}` is missing before `]`: the `{` of line 1, column 10 is not closed"),
    "SELECT * { ?s foaf:knows/ ?o }": ("?o", "`?o` cannot stand in a path behind `/`"),
    "SELECT * { ?s foaf:knows| ?o }": ("?o", "`?o` cannot stand in a path behind `|`"),
    "SELECT * { ?s !?p ?o }": ("?p", "`?p` cannot stand in a path behind `!`"),
    "SELECT * { ?s (foaf:a ?o }": ("?o", "`)` is missing before `?o`"),
    "SELECT * { [ a foaf:Person foaf:name ?n ] }": ("foaf:name", "`;` is missing before `foaf:name`"),
    "SELECT * { ?s ?p <<?s ?p ?o> }": (">", "`>>` is missing before `>`"),
    "SELECT * WHERE ?s ?p ?o": ("?s", "`?s` cannot stand behind WHERE"),
    "SELECT * WHERE { ?s ?p ?o } ORDER BY ?s ASC": ("", "ASC ends the query"),
    "SELECT * WHERE { ?s ?p ?o } ORDER BY ?s DESC": ("", "DESC ends the query"),
    "SELECT DISTINCT ?s WHERE { ?s ?p ?o } LIMIT 10 20": ("20", "`20` cannot stand behind the pattern"),
    "SELECT * { ?s ?p ?o OFFSET 5 }": ("OFFSET", "OFFSET stands behind a pattern, not in it"),
    "SELECT * { ?s ?p ?o LIMIT 5 }": ("LIMIT", "LIMIT stands behind a pattern, not in it"),
    "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } GROUP ?s": ("?s", "`?s` cannot stand behind GROUP"),
    "SELECT * { ?s a [ foaf:name ] }": ("]", "The statement has no object before `]`"),
    "SELECT ?s { ?s ?p ?o }\n\nGROUP BY ?s\nHAVING COUNT(?o) > 3": (">", "`>` stands in no brackets"),
    "SELECT * { ?s ?p ?o . OPTIONAL { ?o ?q ?r ": ("", "`{` of line 1, column 32 is not closed"),
    "SELECT * { ?s ?p ?o FILTER(LANG(?o = 'en') }": (
        "}",
        "`)` is missing before `}`: the `(` of line 1, column 27 is not closed",
    ),
    "SELECT (COUNT(DISTINCT ?s) ?n) { ?s ?p ?o }": ("?n", "AS is missing before `?n`"),
    "SELECT COUNT(*) { ?s ?p ?o }": ("COUNT", "`COUNT` needs brackets and a name in SELECT"),
    "SELECT (COUNT(*)) { ?s ?p ?o }": (")", "What is computed has no name"),
    "ASK": ("", "ASK ends the query"),
    "SELECT": ("", "SELECT ends the query"),
    "SELECT *": ("", "The query has no pattern"),
    "SELECT ?s": ("", "The query has no pattern"),
    "SELECT ?s WHERE": ("", "WHERE ends the query"),
    "CONSTRUCT": ("", "CONSTRUCT ends the query"),
    "SELECT * {": ("", "`{` of line 1, column 10 is not closed"),
    "SELECT * { ?s ?p ?o } }}": ("}", "`}` closes nothing"),
    "SELECT * { ?s ?p ?o FILTER NOT ?o }": ("?o", "`?o` cannot stand behind NOT"),
    "SELECT * { ?s ?p ?o FILTER(?o IN ()) } HAVING": ("", "HAVING ends the query"),
}
"""What the engine cannot read: the token to blame, empty at the end, and what is said of it."""


def engine(text: str) -> None:
    ox.Store().query(text, base_iri="http://localhost/", prefixes=PREFIXES)


@pytest.mark.parametrize("text", SLIPS)
def test_a_slip_is_told_where_and_what_it_is(text: str) -> None:
    blamed, problem = SLIPS[text]
    query = read(text)
    with pytest.raises(SyntaxError) as told:
        engine(query.text)
    error = explained(told.value, query)
    assert (error.text, error.problem) == (blamed, problem)
    assert error.way_out
    starts = [start for start in range(len(text) + 1) if place(text, start) == (error.line, error.column)]
    assert text[starts[0] :].startswith(blamed)
    assert blamed or not text[starts[0] :].strip()


@pytest.mark.parametrize("apart", ["\n", " # LIMIT (\n", "\r\n\t"])
@pytest.mark.parametrize("text", SLIPS)
def test_it_is_told_the_same_however_a_query_is_laid_out(text: str, apart: str) -> None:
    blamed, problem = SLIPS[text]
    if "of line" in problem or "'" in text or '"' in text:
        return
    query = read(text.replace(" ", apart))
    with pytest.raises(SyntaxError) as told:
        engine(query.text)
    error = explained(told.value, query)
    assert (error.text, error.problem) == (blamed, problem)


def test_what_the_engine_says_is_not_taken_at_its_word() -> None:
    # Only the text matters: what a worker says of a query that was changed for it has other places.
    query = read("SELECT * {\n ?s ?p ?o\n ?s ?q ?r }")
    for said in ("error at 1:1: expected OPTIONAL", "error at 99:99: expected x", "something else"):
        error = explained(SyntaxError(said), query)
        assert (error.line, error.column, error.text) == (3, 2, "?s")


def test_where_no_rule_applies_what_is_certain_is_said() -> None:
    query = read("SELECT * { ?s ?p ?o {| a } |} }")
    with pytest.raises(SyntaxError) as told:
        engine(query.text)
    error = explained(told.value, query)
    assert error.line == 1
    assert error.text
    assert error.text in error.problem
    assert error.way_out
