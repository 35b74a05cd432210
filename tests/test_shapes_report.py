"""The report as RDF: a SHACL validation report that other tools can read."""

from __future__ import annotations

from rdflib import RDF, XSD, Graph, URIRef
from rdflib.collection import Collection
from rdflib.namespace import SH
from test_shapes import CASES, SAMPLE, find, triples_of

from ld.rdf import canonical


def report_graph(name: str) -> Graph:
    path = next(path for path in CASES if path.stem == name)
    return Graph().parse(data=find(triples_of(path)).turtle(), format="turtle")


def test_the_report_is_one_shacl_validation_report_with_a_result_for_each_constraint() -> None:
    graph = report_graph("odd-optional-values")
    (report,) = graph.subjects(RDF.type, SH.ValidationReport)
    results = list(graph.objects(report, SH.result))
    assert graph.value(report, SH.conforms).toPython() is False
    assert len(results) == sum(len(f.components) for f in find_case("odd-optional-values"))
    for result in results:
        for needed in (SH.focusNode, SH.resultSeverity, SH.sourceConstraintComponent, SH.sourceShape, SH.resultMessage):
            assert len(list(graph.objects(result, needed))) == 1


def find_case(name: str) -> tuple[object, ...]:
    return find(triples_of(next(path for path in CASES if path.stem == name))).findings


def test_a_report_without_findings_conforms() -> None:
    graph = report_graph("full-description")
    assert [value.toPython() for value in graph.objects(None, SH.conforms)] == [True]
    assert not list(graph.objects(None, SH.result))


def test_a_warning_makes_conforms_false_as_the_standard_says() -> None:
    report = find(triples_of(SAMPLE))
    assert report.violations == ()
    assert not report.conforms


def test_the_value_keeps_its_datatype_and_the_message_shows_it() -> None:
    graph = report_graph("year-with-a-letter")
    assert {value.n3() for value in graph.objects(None, SH.value)} == {f'"20l4"^^<{XSD.gYear}>'}
    assert '"20l4" is not a year' in str(next(graph.objects(None, SH.resultMessage)))


def test_a_path_that_is_more_than_one_property_is_spelled_out() -> None:
    graph = report_graph("bare-thesis")
    shape = URIRef("https://w3id.org/thesis-ld/shapes#thesis-body")
    (result,) = graph.subjects(SH.sourceShape, shape)
    (choices,) = graph.objects(graph.value(result, SH.resultPath), SH.alternativePath)
    assert [str(member).rpartition("/")[2] for member in Collection(graph, choices)] == [
        "dgg",
        "terms#currentInstitution",
    ]


def test_the_same_findings_give_the_same_bytes() -> None:
    for path in CASES:
        one, two = find(triples_of(path)), find(triples_of(path))
        if "[]" not in path.read_text("utf-8"):
            assert one.turtle() == two.turtle()
            assert canonical(one.to_triples()) == canonical(two.to_triples())
