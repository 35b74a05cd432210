"""The engine and its findings where random worlds are too small to look: hubs, chains, others' words, threads."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor

import pyoxigraph as ox
from pyoxigraph import RdfFormat

from ld.shapes.validator import Validator
from ld.validation.inputs import bytes_input
from ld.validation.loading import load, triples
from ld.validation.report import Report

PREFIXES = """
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://a.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""


def validator(shapes: str) -> Validator:
    return Validator(list(triples([bytes_input("shapes", (PREFIXES + shapes).encode(), "ttl")])))


def judged(shapes: str, data: str, syntax: str = "nt") -> Report:
    judge = validator(shapes)
    return judge.judge(load([bytes_input("data", data.encode(), syntax)], judge.engine.known))


def test_of_a_hub_with_too_many_values_the_first_few_are_shown_with_their_lines() -> None:
    lines = [f"<http://a.org/hub> <http://a.org/p> <http://a.org/v{n:05}> ." for n in range(50_000)]
    report = judged("ex:S sh:targetSubjectsOf ex:p ; sh:property [ sh:path ex:p ; sh:maxCount 1 ] .", "\n".join(lines))
    (finding,) = report.findings
    assert [(each.term.value[-6:], each.place and each.place.line) for each in finding.present] == [
        (f"v{n:05}", n + 1) for n in range(5)
    ]


def test_each_value_of_a_hub_that_is_at_fault_has_its_own_line() -> None:
    lines = [f"<http://a.org/hub> <http://a.org/p> <http://a.org/v{n}> ." for n in range(50_000)]
    report = judged("ex:S sh:targetSubjectsOf ex:p ; sh:property [ sh:path ex:p ; sh:class ex:C ] .", "\n".join(lines))
    assert report.counts["violation"] == 50_000
    assert [finding.place and finding.place.line for finding in report] == list(range(1, 50_001))


def test_a_thing_of_which_nothing_is_said_stands_where_it_is_named_first() -> None:
    data = "<http://a.org/a> <http://a.org/q> 1 .\n<http://a.org/a> <http://a.org/p> <http://a.org/b> ."
    (finding,) = judged(
        "ex:S sh:targetObjectsOf ex:p ; sh:property [ sh:path ex:p ; sh:minCount 1 ] .", data, "ttl"
    ).findings
    assert (finding.focus, finding.place and finding.place.line) == ("http://a.org/b", 2)


def test_a_chain_of_20000_and_a_closed_thing_with_20000_properties_are_done_soon() -> None:
    chain = "".join(f"<http://a.org/{n}> <http://a.org/next> <http://a.org/{n + 1}> .\n" for n in range(20_000))
    shape = "ex:S sh:targetNode ex:0 ; sh:property [ sh:path [ sh:oneOrMorePath ex:next ] ; sh:maxCount 19999 ] ."
    assert judged(shape, chain).counts["violation"] == 1
    open_wide = "".join(f"<http://a.org/0> <http://a.org/p{n}> <http://a.org/v> .\n" for n in range(20_000))
    assert judged("ex:S sh:targetNode ex:0 ; sh:closed true .", open_wide).counts["violation"] == 20_000


def test_a_blank_node_of_the_shapes_that_is_a_target_is_looked_at_as_pyshacl_does() -> None:
    report = judged("ex:S sh:targetNode [] ; sh:property [ sh:path ex:p ; sh:minCount 1 ] .", "<a:a> <a:b> <a:c> .")
    assert report.counts["violation"] == 1
    assert report.checked == {"http://a.org/S": 1}


def test_messages_of_sparql_that_name_the_value_make_one_kind() -> None:
    select = 'sh:select "SELECT $this ?value WHERE { $this <http://a.org/p> ?value }"'
    shapes = f"""ex:S sh:targetSubjectsOf ex:p ; sh:message "of the shape" ;
        sh:sparql [ sh:message "{{?value}} is bad"@en, "{{?value}} ist schlecht"@de ; {select} ], [ {select} ] ."""
    report = judged(shapes, "".join(f'<http://a.org/{n}> <http://a.org/p> "v{n}" .\n' for n in range(3)))
    (kind,) = report.kinds
    assert kind.count == 6
    assert sorted(finding.message for finding in kind) == ["of the shape"] * 3 + [f"v{n} is bad" for n in range(3)]


def test_a_severity_that_is_no_iri_is_written_as_it_is() -> None:
    report = judged('ex:S sh:targetNode ex:a ; sh:severity "bad" ; sh:class ex:C .', "<a:a> <a:b> <a:c> .")
    assert report.counts["violation"] == 1
    assert b'sh:resultSeverity "bad"' in report.turtle()


def test_nameless_things_are_called_the_same_every_time() -> None:
    data = PREFIXES + "[] ex:p [], _:b, _:anonymous-1 ."
    shapes = "ex:S sh:targetSubjectsOf ex:p ; sh:property [ sh:path ex:p ; sh:nodeKind sh:IRI ] ."
    first, again = (judged(shapes, data, "ttl").findings for _ in range(2))
    assert first == again
    assert len({finding.value for finding in first}) == 3


def test_threads_leave_the_filter_of_warnings_as_it_was() -> None:
    before = list(warnings.filters)
    judges = [validator('ex:S sh:targetObjectsOf ex:p ; sh:maxExclusive "5"^^xsd:integer .') for _ in range(4)]
    data = [
        quad.triple for quad in ox.parse(PREFIXES + 'ex:a ex:p true, "maybe"^^xsd:boolean .', format=RdfFormat.TURTLE)
    ]
    with ThreadPoolExecutor(4) as pool:
        assert (
            len({report.counts["violation"] for report in pool.map(lambda judge: judge.validate(data), judges * 20)})
            == 1
        )
    assert list(warnings.filters) == before
