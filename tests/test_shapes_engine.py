"""The shapes at work: pySHACL's own results, quickly, quietly and from several threads."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pyoxigraph as ox
import pyshacl
import pytest
from rdflib import XSD, Graph, Literal
from rdflib.namespace import SH
from test_shapes import CASES, SAMPLE, triples_of

from ld import resources, shapes
from ld.validation.engine import Engine
from ld.validation.report import Report


def shapes_graph() -> Graph:
    graph = Graph()
    for path in resources.shapes_dir().glob("*.ttl"):
        graph.parse(path)
    return graph


def told(report: Report) -> Counter[tuple[str, ...]]:
    return Counter(
        (finding.shape, finding.focus, finding.value or "", component, finding.severity)
        for finding in report.findings
        for component in finding.components
    )


def told_by_pyshacl(data: Graph) -> Counter[tuple[str, ...]]:
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes_graph(), inference="none")
    return Counter(
        (
            str(report.value(result, SH.sourceShape)),
            str(report.value(result, SH.focusNode)),
            str(report.value(result, SH.value) or ""),
            str(report.value(result, SH.sourceConstraintComponent)),
            str(report.value(result, SH.resultSeverity)).removeprefix(str(SH)).lower(),
        )
        for result in report.objects(None, SH.result)
    )


@pytest.mark.parametrize("path", [p for p in CASES if "[]" not in p.read_text("utf-8")], ids=lambda path: path.stem)
def test_the_results_are_those_of_pyshacl_itself(path: object) -> None:
    data = Graph()
    for triple in triples_of(path):  # type: ignore[arg-type]
        data.parse(data=f"{triple} .", format="nt")
    assert told(shapes.load().validate(triples_of(path))) == told_by_pyshacl(data)  # type: ignore[arg-type]


def test_the_order_of_the_triples_does_not_matter() -> None:
    triples = [triple for path in CASES if "[]" not in path.read_text("utf-8") for triple in triples_of(path)]
    report = shapes.load().validate(triples)
    random.Random(1).shuffle(triples)
    again = shapes.load().validate(triples)
    assert told(again) == told(report)
    assert again.kinds == report.kinds


def test_a_triple_stated_twice_counts_once() -> None:
    triples = triples_of(SAMPLE)
    assert shapes.load().validate(triples * 2) == shapes.load().validate(triples)


def test_several_threads_can_validate_at_once() -> None:
    mixed = [triples_of(path) for path in CASES] * 3
    alone = [told(shapes.load().validate(triples)) for triples in mixed]
    with ThreadPoolExecutor(8) as pool:
        assert list(map(told, pool.map(shapes.load().validate, mixed))) == alone


QUIET = """
import sys
import pyoxigraph as ox, rdflib
from ld import shapes
for path in sys.argv[1:]:
    shapes.load().validate(quad.triple for quad in ox.parse(path=path, format=ox.RdfFormat.TURTLE))
assert rdflib.NORMALIZE_LITERALS is True
assert "owlrl" not in sys.modules, "an inference engine changes how rdflib reads values"
"""


def test_validation_says_nothing_and_leaves_rdflib_as_it_was() -> None:
    # In a process of its own: pytest takes the log records that would reach the terminal.
    run = subprocess.run([sys.executable, "-W", "error", "-c", QUIET, *map(str, CASES)], capture_output=True, text=True)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_rdflib_goes_on_to_warn_others_of_ill_typed_values(caplog: pytest.LogCaptureFixture) -> None:
    shapes.load().validate(triples_of(SAMPLE))
    Literal("2025-13-01", datatype=XSD.date)
    assert "Failed to convert" in caplog.text


def test_the_data_are_judged_as_they_are_spelled() -> None:
    # rdflib would make 2014-05-01 of 2014-5-1 if it were let.
    wrong = (
        '<http://a.org/t> <http://purl.org/dc/terms/available> "2014-5-1"^^<http://www.w3.org/2001/XMLSchema#date> .'
    )
    typed = "<http://a.org/t> a <http://purl.org/ontology/bibo/Thesis> ."
    triples = [quad.triple for quad in ox.parse(wrong + typed, format=ox.RdfFormat.TURTLE)]
    found = [finding for finding in shapes.load().validate(triples).findings if finding.name == "Embargo ends"]
    assert [finding.value for finding in found] == ["2014-5-1"]


NESTED = """
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://a.org/> .
ex:Inner a sh:NodeShape ; sh:targetClass ex:Inner ; sh:property ex:inner-name .
ex:inner-name sh:path ex:name ; sh:minCount 1 .
ex:Outer a sh:NodeShape ; sh:targetClass ex:Outer ; sh:property [ sh:path ex:part ; sh:node ex:Inner ] ;
    sh:closed true ; sh:ignoredProperties ( <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> ) .
ex:Off a sh:NodeShape ; sh:targetClass ex:Outer ; sh:deactivated true ; sh:property ex:off-name .
ex:off-name sh:path ex:none ; sh:minCount 1 .
ex:direct a sh:PropertyShape ; sh:targetSubjectsOf ex:part ; sh:path [ sh:inversePath ex:whole ] ; sh:minCount 1 .
"""
NESTED_DATA = "@prefix ex: <http://a.org/> . ex:o a ex:Outer ; ex:part ex:i ."


def test_shapes_that_refer_to_one_another_give_the_results_of_pyshacl_too() -> None:
    parsed = [quad.triple for quad in ox.parse(NESTED, format=ox.RdfFormat.TURTLE)]
    data = [quad.triple for quad in ox.parse(NESTED_DATA, format=ox.RdfFormat.TURTLE)]
    engine = Engine(parsed)
    outcome = engine.run(engine.graph(data))
    results, checked = list(outcome.results()), outcome.checked
    _, report, _ = pyshacl.validate(Graph().parse(data=NESTED_DATA), shacl_graph=Graph().parse(data=NESTED))
    components = sorted(str(report.value(r, SH.sourceConstraintComponent)) for r in report.objects(None, SH.result))
    assert sorted(result.component for result in results) == components
    assert checked["http://a.org/Off"] == 0
    assert checked["http://a.org/Outer"] == 1
