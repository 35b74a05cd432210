"""The shapes: what they find in the cases of `tests/cases/shapes/`, and in the sample with one triple gone or wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from ld import shapes, vocabulary
from ld.namespaces import RDF, XSD
from ld.validation.report import Finding, Report

CASES = sorted((Path(__file__).parent / "cases" / "shapes").glob("*.ttl"))
SAMPLE = next(path for path in CASES if path.stem == "sample")

BIBO, CC, DCTERMS, FOAF, SKOS = (
    "http://purl.org/ontology/bibo/",
    "http://creativecommons.org/ns#",
    "http://purl.org/dc/terms/",
    "http://xmlns.com/foaf/0.1/",
    "http://www.w3.org/2004/02/skos/core#",
)
TYPE, ISSUED = RDF + "type", DCTERMS + "issued"
DGG, CURRENT = "http://id.loc.gov/vocabulary/relators/dgg", "https://w3id.org/thesis-ld/terms#currentInstitution"

REQUIRED = {
    ("thesis", TYPE): "Type",
    ("thesis", DCTERMS + "type"): "Kind of resource",
    ("thesis", DCTERMS + "title"): "Title",
    ("thesis", DCTERMS + "creator"): "Author",
    ("thesis", ISSUED): "Year of award",
    ("document", TYPE): "Type",
    ("document", FOAF + "primaryTopic"): "Describes",
    ("document", DCTERMS + "license"): "Licence of this description",
    ("document", CC + "attributionName"): "Attribution",
    ("document", CC + "attributionURL"): "Attribution link",
    ("person", TYPE): "Author",
    ("person", FOAF + "name"): "Name",
    ("organisation", TYPE): "Awarding body or current institution",
    ("organisation", FOAF + "name"): "Name",
    ("degree", TYPE): "Degree",
    ("degree", SKOS + "prefLabel"): "Label",
}
"""The triples without which the sample is not published, and the field that is then named."""

TEXTS = (Literal(""), Literal(" \u00a0\t"), NamedNode("http://a.org/"), BlankNode("b"), Literal(5))
LINKS = (Literal("text"), Literal(""), NamedNode("http://a.org/undescribed"), BlankNode("b"))
WEB = (Literal("https://a.org/"), Literal(""), NamedNode("urn:a"), BlankNode("b"))
CORRUPTIONS = {
    ("thesis", TYPE): (NamedNode(BIBO + "thesis"), NamedNode(BIBO + "Article"), Literal("Thesis")),
    ("thesis", DCTERMS + "type"): (*LINKS, NamedNode("http://purl.org/coar/resource_type/c_6501")),
    ("thesis", DCTERMS + "title"): TEXTS,
    ("thesis", DCTERMS + "creator"): LINKS,
    ("thesis", ISSUED): (
        *TEXTS,
        *(Literal(year, datatype=NamedNode(XSD + "gYear")) for year in ("20l4", "", "14", "2014Z", "9999", "-2014")),
        Literal("2014"),
        Literal("2014-05", datatype=NamedNode(XSD + "gYearMonth")),
        Literal("2014", datatype=NamedNode(XSD + "integer")),
    ),
    ("thesis", BIBO + "degree"): LINKS,
    ("document", TYPE): (NamedNode(FOAF + "document"), Literal("Document")),
    ("document", FOAF + "primaryTopic"): (Literal("text"), Literal(""), BlankNode("b")),
    ("document", DCTERMS + "license"): WEB,
    ("document", CC + "attributionName"): TEXTS,
    ("document", CC + "attributionURL"): WEB,
    ("person", TYPE): (NamedNode(FOAF + "person"), Literal("Person")),
    ("person", FOAF + "name"): TEXTS,
    ("organisation", TYPE): (NamedNode(FOAF + "Agent"),),
    ("organisation", FOAF + "name"): TEXTS,
    ("degree", TYPE): (NamedNode(BIBO + "thesisDegree"),),
    ("degree", SKOS + "prefLabel"): TEXTS[:4],
    ("degree", "https://w3id.org/thesis-ld/terms#level"): (Literal("Doctoral"), BlankNode("b")),
}
NAMED = REQUIRED | {
    ("thesis", BIBO + "degree"): "Degree",
    ("degree", "https://w3id.org/thesis-ld/terms#level"): "Level",
}


def triples_of(path: Path) -> list[Triple]:
    return [quad.triple for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE)]


def expected(path: Path) -> list[tuple[str, str, str]]:
    return re.findall(r"^# finds: (violation|warning|info) \| (.+?) \| (.+)$", path.read_text("utf-8"), re.MULTILINE)


def find(triples: list[Triple]) -> Report:
    return shapes.load().validate(triples)


def kind(triple: Triple) -> str:
    for part, name in (("id/thesis", "thesis"), ("doc/", "document"), ("/person", "person"), ("/degree/", "degree")):
        if part in triple.subject.value:
            return name
    return "organisation"


def faults(table: dict[tuple[str, str], object]) -> Iterator[tuple[tuple[str, str], Triple]]:
    for triple in triples_of(SAMPLE):
        place = (kind(triple), triple.predicate.value)
        concept = triple.object == NamedNode(SKOS + "Concept")  # what a degree is besides; nothing depends on it
        if place in table and not concept:
            yield place, triple


def named(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.name for finding in findings]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_shapes_find_in_a_case_what_its_file_says_and_nothing_else(path: Path) -> None:
    found = find(triples_of(path)).findings
    assert sorted((f.severity, f.name) for f in found) == sorted((s, n) for s, n, _ in expected(path))
    for severity, name, words in expected(path):
        assert any((f.severity, f.name) == (severity, name) and words in f.message for f in found), (name, words, found)


def test_the_cases_say_what_they_expect() -> None:
    for path in CASES:
        assert expected(path) or "# finds: nothing\n" in path.read_text("utf-8"), path.name


def test_the_sample_has_no_violation() -> None:
    assert find(triples_of(SAMPLE)).violations == ()


def test_every_required_triple_is_in_the_sample() -> None:
    assert {place for place, _ in faults(NAMED)} == set(NAMED) == set(CORRUPTIONS)


@pytest.mark.parametrize(
    "gone", triples_of(SAMPLE), ids=lambda t: f"{kind(t)} {t.predicate.value} {t.object.value}"[:80]
)
def test_a_missing_triple_gives_one_violation_that_names_it_if_it_is_required_and_none_if_not(gone: Triple) -> None:
    rest = [triple for triple in triples_of(SAMPLE) if triple != gone]
    concept = gone.object == NamedNode(SKOS + "Concept")
    name = None if concept else REQUIRED.get((kind(gone), gone.predicate.value))
    assert named(find(rest).violations) == ([name] if name else [])


@pytest.mark.parametrize(
    ("triple", "wrong", "name"),
    [(triple, wrong, NAMED[place]) for place, triple in faults(CORRUPTIONS) for wrong in CORRUPTIONS[place]],
    ids=lambda value: str(value)[-60:],
)
def test_a_wrong_triple_gives_one_violation_that_names_it(triple: Triple, wrong: Literal, name: str) -> None:
    changed = [
        Triple(triple.subject, triple.predicate, wrong) if other == triple else other for other in triples_of(SAMPLE)
    ]
    assert named(find(changed).violations) == [name]


@pytest.mark.parametrize("wrong", LINKS, ids=str)
@pytest.mark.parametrize("predicate", [DGG, CURRENT])
def test_a_wrong_body_gives_one_violation(predicate: str, wrong: Literal) -> None:
    changed = [
        Triple(t.subject, t.predicate, wrong) if t.predicate.value == predicate else t for t in triples_of(SAMPLE)
    ]
    assert named(find(changed).violations) == ["Awarding body or current institution"]


def test_a_thesis_without_any_body_has_one_violation_that_names_both() -> None:
    rest = [triple for triple in triples_of(SAMPLE) if triple.predicate.value not in (DGG, CURRENT)]
    violation, *others = find(rest).violations
    assert (violation.name, violation.path, others) == (
        "Awarding body or current institution",
        f"<{DGG}>|<{CURRENT}>",
        [],
    )


def test_an_undescribed_body_that_is_linked_twice_is_one_violation() -> None:
    rest = [t for t in triples_of(SAMPLE) if kind(t) != "organisation"]
    assert named(find(rest).violations) == ["Awarding body or current institution"]


def test_a_graph_with_no_thesis_says_so_in_what_it_checked() -> None:
    report = find([])
    assert report.conforms
    assert set(report.checked.values()) == {0}


def test_the_report_counts_what_each_shape_checked() -> None:
    checked = find(triples_of(SAMPLE)).checked
    assert checked["https://w3id.org/thesis-ld/shapes#Thesis"] == 1
    assert checked["https://w3id.org/thesis-ld/shapes#Organisation"] == 1
    assert checked["https://w3id.org/thesis-ld/shapes#Grant"] == 0


def test_a_long_value_is_shortened_in_the_message_and_whole_in_the_finding() -> None:
    long = "a page " * 1000
    wrong = Triple(NamedNode("http://a.org/t"), NamedNode(FOAF + "page"), Literal(long))
    finding = next(f for f in find([*triples_of(SAMPLE), *_typed(wrong)]).findings if f.value == long)
    assert len(finding.message) < 250
    assert "a page a page" in finding.message


def _typed(triple: Triple) -> list[Triple]:
    return [Triple(triple.subject, NamedNode(TYPE), NamedNode(BIBO + "Thesis")), triple]


def test_our_own_vocabularies_are_as_the_shapes_want_them() -> None:
    published = vocabulary.load("http://localhost:8000/").files.values()
    report = find([triple for document in published for triple in document.triples])
    assert report.findings == ()
    assert report.checked["https://w3id.org/thesis-ld/shapes#Concept"] > 100
    assert report.checked["https://w3id.org/thesis-ld/shapes#Organisation"] > 100
