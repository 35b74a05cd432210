"""The shape files: well made, named, dereferenceable, and in step with the context."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, NamedNode
from pyshacl.entrypoints import meta_validate
from rdflib import RDF, Graph, URIRef
from rdflib.namespace import RDFS, SH

from ld import resources, shapes
from ld.errors import VocabularyError
from ld.rdf import canonical

ROOT = "https://w3id.org/thesis-ld/shapes"
TOLD = (SH.name, SH.description, SH.order, SH.message, SH.severity)
BIBO, DCTERMS, FOAF = "http://purl.org/ontology/bibo/", "http://purl.org/dc/terms/", "http://xmlns.com/foaf/0.1/"
GRAPH = Graph()
for file in sorted(resources.shapes_dir().glob("*.ttl")):
    GRAPH.parse(file)
PROPERTY_SHAPES = sorted(GRAPH.subjects(RDF.type, SH.PropertyShape))

UNSHAPED = {
    # Said of vocabularies and lists only.
    "comment", "notation", "inScheme", "homepage", "exactMatch",
    "collection", "member", "totalItems", "view", "first", "previous", "next", "last",
}  # fmt: skip


def test_the_shapes_are_valid_shacl() -> None:
    conforms, _, text = meta_validate(GRAPH, inference="none")  # inference would change rdflib for the tests to come
    assert conforms, text


def test_the_shapes_use_shacl_core_only() -> None:
    # One sh:sparql would take three quarters of the time of a validation.
    assert not [p for p in GRAPH.predicates() if str(p) in {f"{SH}{n}" for n in ("sparql", "js", "rule", "target")}]


@pytest.mark.parametrize("shape", PROPERTY_SHAPES, ids=lambda shape: shape.rpartition("#")[2])
def test_a_property_shape_has_an_iri_and_says_what_people_need(shape: URIRef) -> None:
    assert shape.startswith(ROOT + "#")
    assert [len(list(GRAPH.objects(shape, told))) for told in TOLD] == [1] * len(TOLD)
    (owner,) = GRAPH.subjects(SH.property, shape)
    assert GRAPH.value(owner, RDFS.label)
    assert str(GRAPH.value(shape, SH.message)).endswith(".")


def test_fields_of_one_path_have_one_name_and_one_place() -> None:
    for owner in GRAPH.subjects(RDF.type, SH.NodeShape):
        called: dict[object, set[tuple[object, object]]] = {}
        for shape in GRAPH.objects(owner, SH.property):
            called.setdefault(GRAPH.value(shape, SH.path), set()).add(
                (GRAPH.value(shape, SH.name), GRAPH.value(shape, SH.order))
            )
        assert all(len(names) == 1 for path, names in called.items() if isinstance(path, URIRef)), called


def test_patterns_use_only_what_every_engine_knows() -> None:
    # No look-around, and no \d or \w, which differ between XPath, ECMAScript and Python.
    for pattern in GRAPH.objects(None, SH.pattern):
        assert "(?" not in pattern
        assert not any(escape in pattern for escape in (r"\d", r"\w", r"\b"))


def context() -> dict[str, object]:
    loaded = json.loads((resources.vocab_dir() / "context.jsonld").read_text("utf-8"))["@context"]
    return {name: meaning for name, meaning in loaded.items() if not name.startswith("@")}


def expand(meaning: object) -> str | None:
    name = meaning.get("@id") if isinstance(meaning, dict) else meaning
    prefix, colon, local = str(name).partition(":")
    return f"{context()[prefix]}{local}" if colon and prefix in context() else None


def test_every_property_and_class_of_the_shapes_is_a_word_of_the_context() -> None:
    known = {expand(meaning) for meaning in context().values()} | {str(RDF.type)}
    fields = shapes.load().fields()
    assert {field.property for field in fields} | {field.class_iri for field in fields} <= known


def test_every_word_of_the_context_that_describes_a_record_has_a_label_from_the_shapes() -> None:
    labelled = {field.property for field in shapes.load().fields()}
    words = {
        name: expand(meaning)
        for name, meaning in context().items()
        if name[0].islower() and not str(meaning).startswith(("http", "@")) and "@reverse" not in str(meaning)
    }
    assert {name for name, iri in words.items() if iri not in labelled} <= UNSHAPED
    assert set(words) >= UNSHAPED


def test_labels_are_what_people_call_the_fields() -> None:
    known = shapes.load()
    title = known.labels(DCTERMS + "title", BIBO + "Thesis")
    assert title == shapes.FieldLabel("Title", "The title with its subtitle, as on the title page.", 1.0)
    names = {p: known.labels(DCTERMS + "identifier", c) for p, c in (("t", BIBO + "Thesis"), ("p", FOAF + "Person"))}
    assert [label.name for label in names.values() if label] == ["EThOS ID", "ISNI or ORCID iD"]
    assert known.labels(DCTERMS + "title", FOAF + "Person") is None
    assert known.kind(FOAF + "Organization") == "Organisation"


def test_the_field_table_tells_required_recommended_and_optional_apart() -> None:
    asked = {field.name: field.obligation for field in shapes.load().fields() if field.kind == "Thesis"}
    required = {"Type", "Title", "Author", "Awarding body", "Current institution", "Year of award", "Kind of resource"}
    assert {name for name, obligation in asked.items() if obligation == "required"} == required
    assert {name for name, obligation in asked.items() if obligation == "recommended"} == {
        "Degree",
        "Discipline",
        "EThOS ID",
    }
    assert asked["Abstract"] == asked["DOI"] == asked["Qualification as printed"] == "optional"


def test_each_file_is_a_document_and_one_document_holds_them_all() -> None:
    files = shapes.load().files
    assert set(files) == {"shapes", "thesis", "agent", "degree", "document"}
    assert files["shapes"].root == ROOT
    assert files["thesis"].root == ROOT + "/thesis"
    for name, file in files.items():
        assert file.title
        assert set(file.triples) <= set(files["shapes"].triples), name


def test_a_shape_is_described_with_its_lists() -> None:
    said = shapes.load().describe(ROOT + "#thesis-access-rights")
    assert sum(triple.predicate.value.endswith("#first") for triple in said) == 4
    assert said[0].subject == NamedNode(ROOT + "#thesis-access-rights")
    assert shapes.load().describe(ROOT + "#nothing") == []


def test_the_documents_are_the_same_each_time_they_are_read() -> None:
    one, two = (shapes.read(resources.shapes_dir()).files for _ in range(2))
    assert one == two
    assert canonical(one["shapes"].triples) == canonical(two["shapes"].triples)
    assert any(isinstance(triple.subject, BlankNode) for triple in one["thesis"].triples)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "shapes.ttl").write_text("<a> <b> ;;; nonsense")
    with pytest.raises(VocabularyError, match=r"shapes\.ttl"):
        shapes.read(tmp_path)


def test_a_folder_without_shapes_is_named(tmp_path: Path) -> None:
    with pytest.raises(VocabularyError, match=r"no shapes\.ttl"):
        shapes.read(tmp_path)
