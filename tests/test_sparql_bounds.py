"""The bounds of a query: what would break the engine is refused in no time, and what people ask is not."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ld.errors import QueryTooComplex
from ld.sparql.reading import read

TESTS = Path(__file__).resolve().parent
EXAMPLES = [*(TESTS.parent / "ld" / "sparql" / "examples").glob("*.rq"), *(TESTS / "cases" / "queries").glob("*.rq")]


def nested(
    before: str, inner: str = "1", after: str = ")", start: str = "ASK{FILTER(", end: str = ")}"
) -> Callable[[int], str]:
    return lambda times: f"{start}{before * times}{inner}{after * times}{end}"


def pattern(before: str, inner: str = "?s?p?o", after: str = "}") -> Callable[[int], str]:
    return nested(before, inner, after, "ASK{", "}")


def repeated(piece: str, between: str = "", start: str = "ASK{", end: str = "}") -> Callable[[int], str]:
    return lambda times: start + between.join(piece.replace("%", str(number)) for number in range(times)) + end


DEEP = {
    "brackets": nested("("),
    "functions": nested("STR("),
    "functions by name": nested("foaf:f("),
    "lists": nested("1 IN("),
    "nots": nested("!", after=""),
    "nots apart": nested("! # !\n", after=""),
    "nots before brackets": nested("!!!("),
    "nots before functions": nested("!!STR("),
    "choices": nested("IF(1,1,"),
    "counts": nested("COUNT("),
    "minus": nested("-("),
    "groups": pattern("{"),
    "optional parts": pattern("OPTIONAL{"),
    "unions": pattern("{}UNION{"),
    "differences": pattern("MINUS{"),
    "conditions": pattern("FILTER EXISTS{"),
    "absence": pattern("FILTER(!EXISTS{", after="})"),
    "graphs": pattern("GRAPH?g{"),
    "lateral": pattern("?s?p?o LATERAL{"),
    "lists of terms": pattern("(", "1", ")?p?o"),
    "nodes": pattern("[?p", " 1", "]"),
    "triples": pattern("<<?s?p", "?o", ">>"),
    "triple terms": pattern("?s?p<<(?s?p", " 1", ")>>"),
    "annotations": pattern("?s?p?o{|?p?o", "", "|}"),
    "paths": nested("(", "foaf:a", ")", "ASK{?s", "?o}"),
    "paths back": nested("^(", "foaf:a", ")", "ASK{?s", "?o}"),
    "paths again": nested("(", "foaf:a", ")*", "ASK{?s", "?o}"),
    "templates": nested("[a", " 1", "]", "CONSTRUCT{?s?p", "}{?s?p?o}"),
    "braces without end": lambda times: "SELECT * " + "{" * times,
    "brackets without end": lambda times: "ASK{FILTER(" + "(" * times,
}
"""What grows with a number by a level, or more."""


@pytest.mark.parametrize("what", DEEP)
def test_what_is_too_deep_is_refused(what: str) -> None:
    made = DEEP[what]
    for times in (101, 1_000, 3_000, 10_000):
        start = time.process_time()
        with pytest.raises(QueryTooComplex) as told:
            read(made(times), most=1_000_000)
        assert time.process_time() - start < 1
        assert re.search("nested more than 100 levels deep here|150 patterns|Too many", str(told.value))
        assert told.value.way_out
        assert told.value.line == 1 or "apart" in what
    read(made(10))


def test_signs_and_brackets_count_together() -> None:
    for made in (
        nested("!" * 40 + "("),
        nested("!" * 40 + "STR("),
        nested("!" * 40 + "foaf:f("),
        nested("(" + "!" * 40),
    ):
        read(made(2))
        with pytest.raises(QueryTooComplex, match="nested more than 100 levels deep"):
            read(made(3))
    with pytest.raises(QueryTooComplex, match="nested more than 100 levels deep"):
        read(pattern("FILTER(" + "!" * 40 + "EXISTS{", after="})")(3))
    read("ASK { FILTER(" + " && ".join(["!(!?s)"] * 400) + ") }")


DOUBLING = {
    "REGEX": nested("REGEX(", "?s", ",'a')"),
    "SUBSTR": nested("SUBSTR(", "?s", ",1)"),
    "REPLACE": nested("REPLACE(", "?s", ",'a','b')"),
    "GROUP_CONCAT": nested("GROUP_CONCAT(", "?s", start="SELECT(", end="AS ?x){}"),
    "nots of brackets": nested("!("),
    "groups of groups": nested("{SELECT(COUNT(*)AS?x){", "?s?p?o", "}}", "ASK{", "}"),
    "groups by": nested("{SELECT?s{", "?s?p?o", "}GROUP BY?s}", "ASK{", "}"),
}


@pytest.mark.parametrize("what", DOUBLING)
def test_what_takes_twice_the_time_with_each_level_is_refused(what: str) -> None:
    for times in (25, 40):
        with pytest.raises(QueryTooComplex, match="Too many sub-selects, or calls of REPLACE and the like"):
            read(DOUBLING[what](times))
    read(DOUBLING[what](12))


LONG = {
    "unions": repeated("{}", "UNION"),
    "optional parts": repeated("OPTIONAL{}"),
    "differences": repeated("MINUS{}"),
    "conditions": repeated("FILTER(1)"),
    "conditions of patterns": repeated("FILTER EXISTS{}"),
    "names": repeated("BIND(1 AS ?x%)"),
    "sums": repeated("1", "+", "ASK{FILTER(", ")}"),
    "products": repeated("1", "*", "ASK{FILTER(", ")}"),
    "differences of numbers": repeated("1", "-", "ASK{FILTER(", ")}"),
    "alternatives": repeated("?s=%", "||", "ASK{?s?p?o FILTER(", ")}"),
    "both": repeated("?s=%", "&&", "ASK{?s?p?o FILTER(", ")}"),
    "steps": repeated("a", "/", "ASK{?s (", ")* ?o}"),
    "ways": repeated("a", "|", "ASK{?s ", " ?o}"),
    "columns": repeated("(1 AS ?x%)", "", "SELECT", "{}"),
    "orders": repeated("(1)", "", "SELECT*{}ORDER BY"),
    "groups": repeated("(1)", "", "ASK{}GROUP BY", ""),
    "orders within": repeated("(1)", "", "ASK{{SELECT*{}ORDER BY", "}}"),
    "havings": repeated("(1)", "", "ASK{}HAVING", ""),
    "orders by functions": repeated("STR(1)", "", "SELECT*{}ORDER BY ", ""),
    "things": repeated("<a%>", "", "DESCRIBE", ""),
    "values": repeated("VALUES ?x% {}"),
    "selects": repeated("{SELECT*{}}"),
    "graphs": repeated("GRAPH?g{}"),
    "lateral": repeated("LATERAL{}"),
}
"""Chains, on which the engine walks with a step for each link."""
JOINED = {
    "statements": repeated("?s ?p ?o%", "."),
    "properties": repeated("?p% ?o%", ";", "ASK{?s "),
    "objects": repeated("?o%", ",", "ASK{?s ?p "),
    "groups": repeated("{?s ?p ?o%}"),
    "optional": repeated("OPTIONAL{?s ?p ?o%}"),
    "nodes": repeated("[] a []", "."),
    "members": repeated("?o%", " ", "ASK{?s ?p (", ")}"),
    "steps": repeated("foaf:a", "/", "ASK{?s ", " ?o}"),
    "reified": repeated("<<?s ?p ?o>>", "."),
    "reifiers": repeated("~", "", "ASK{?s ?p ?o"),
    "blocks": repeated("{{?s ?p ?o}UNION{?o ?p ?s}}"),
    "constructed": repeated("?s ?p ?o%", ".", "CONSTRUCT WHERE{"),
    "values": repeated("VALUES ?x% {1 2}"),
    "groups in groups": lambda times: (
        repeated("?s ?p ?o%", ".", "ASK{{", "}")(times // 2) + repeated("?a ?p ?o%", ".", "{", "}}")(times // 2)
    ),
}


@pytest.mark.parametrize("what", LONG)
def test_what_is_too_long_is_refused(what: str) -> None:
    for times in (1_010, 90_000 // len(LONG[what](2))):
        with pytest.raises(QueryTooComplex, match=r"more than 1,000 operators|More than 150 patterns"):
            read(LONG[what](times))
    read(LONG[what](100))


@pytest.mark.parametrize("what", JOINED)
def test_joins_that_take_too_long_to_plan_are_refused(what: str) -> None:
    for times in (310, 2_000):
        with pytest.raises(QueryTooComplex, match="More than 150 patterns are joined in one group"):
            read(JOINED[what](times))
    read(JOINED[what](70))


MUCH = {
    "values of one variable": repeated("<http://a.org/%>", " ", "SELECT * { VALUES ?x {", "} ?x ?p ?o }"),
    "values of two": repeated("(<http://a.org/%> -%.5)", " ", "SELECT * { VALUES (?x ?y) {", "} ?x ?p ?o }"),
    "values behind": repeated("(<http://a.org/%> 'a')", " ", "SELECT * { ?x ?p ?o } VALUES (?x ?y) {", "}"),
    "a list": repeated("<http://a.org/%>", ", ", "SELECT * { ?x ?p ?o FILTER(?x IN (", ")) }"),
    "a list of what is not": repeated("-%", ", ", "SELECT * { ?x ?p ?o FILTER(?o NOT IN (", ")) }"),
    "a template": repeated("?x foaf:a% ?o", " . ", "CONSTRUCT {", "} WHERE { ?x ?p ?o }"),
    "columns": repeated("?x%", " ", "SELECT ", "{ ?x1 ?p ?x2 }"),
    "arguments": repeated("?x", ",", "SELECT (CONCAT(", ") AS ?y) { ?x ?p ?o }"),
    "comments": repeated("# {(!\n", "", "SELECT * {", "}"),
    "a text": repeated("{(! UNION ", "", "SELECT * { ?s ?p '", "' }"),
}


@pytest.mark.parametrize("what", MUCH)
def test_thousands_of_values_are_not_too_many(what: str) -> None:
    made = MUCH[what]
    read(made(2_000))
    read(made((95_000 - len(made(0))) // (len(made(3_000)) - len(made(2_999)))))


def test_what_people_ask_is_far_from_the_bounds() -> None:
    assert len(EXAMPLES) > 20
    for example in EXAMPLES:
        read(example.read_text("utf-8"))
    cleaned = "STR(?s)"
    for accent in "àâäéèêëîïôö":
        cleaned = f"REPLACE({cleaned}, '{accent}', 'x')"
    read(f"SELECT ({cleaned} AS ?x) {{ ?s ?p ?o }}")
    read("SELECT * {" + " UNION ".join(f"{{ ?s foaf:a{n} ?o{n} }}" for n in range(900)) + "}")
    read(
        "SELECT * { ?s a ?t "
        + " ".join(f"OPTIONAL {{ ?s foaf:a{n} ?o{n} . ?o{n} ?p{n} ?v{n} }}" for n in range(60))
        + "}"
    )
    read("\n".join(f"PREFIX p{n}: <http://a.org/{n}/>" for n in range(1_500)) + "ASK {}")


ENGINE = """
import sys, time
import pyoxigraph
for text in sys.stdin.read().split("\\0"):
    start = time.process_time()
    try:
        pyoxigraph.Store().query(text, prefixes={"foaf": "http://xmlns.com/foaf/0.1/"}, base_iri="http://a.org/")
    except (SyntaxError, RuntimeError):
        pass
    print(f"{time.process_time() - start:.3f} {text[:40]!r}")
"""


def largest(made: Callable[[int], str], most: int) -> str:
    """The longest query of a kind that is taken."""
    low, high = 1, most
    while high - low > 1:
        middle = (low + high) // 2
        try:
            read(made(middle))
            low = middle
        except QueryTooComplex:
            high = middle
    return made(low)


def test_the_engine_survives_what_is_taken_and_soon_knows_what_to_do() -> None:
    kinds = ((DEEP, 101), (DOUBLING, 25), (LONG, 1_010))
    texts = [largest(made, most) for table, most in kinds for made in table.values()]
    texts.append("ASK{" + "FILTER(IF(1,1,EXISTS{" * 32 + "MINUS{}" * 800 + "}))" * 32 + "}")
    texts.append("ASK{FILTER(" + "STR(" * 96 + "+".join(["1"] * 990) + ")" * 96 + ")}")
    read(texts[-1])
    read(texts[-2])
    done = subprocess.run(
        [sys.executable, "-c", ENGINE], input="\0".join(texts), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"it ended with {done.stdout.splitlines()[-1:]}, or the next"
    times = [float(line.split()[0]) for line in done.stdout.splitlines()]
    assert len(times) == len(texts)
    assert max(times) < 10, done.stdout
