"""The files of `vocab/`: labelled, described, in step with the context and the shapes, readable by anyone."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Triple
from rdflib import OWL, RDF, RDFS, SKOS, BNode, Graph, URIRef
from rdflib.namespace import DCTERMS

from ld import resources
from ld.errors import VocabularyError
from ld.iris import NAMESPACE
from ld.namespaces import TLD
from ld.vocabulary import Vocabulary, documents, load
from ld.vocabulary.documents import DOCUMENTS

BASE = "https://example.org/theses/"
BIBO_DEGREES = {f"http://purl.org/ontology/bibo/degrees/{name}" for name in ("ma", "ms", "phd")}
# The terms of others that the vocabularies use, all of them defined where their namespaces say.
KNOWN = {
    "http://purl.org/dc/terms/": "title description license identifier date replaces isReplacedBy relation",
    "http://purl.org/ontology/bibo/": "ThesisDegree",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "type",
    "http://www.w3.org/2000/01/rdf-schema#": "label comment isDefinedBy subPropertyOf subClassOf",
    "http://www.w3.org/2001/XMLSchema#": "gYear",
    "http://www.w3.org/2002/07/owl#": "Ontology Class ObjectProperty DatatypeProperty sameAs",
    "http://www.w3.org/2004/02/skos/core#": "Concept ConceptScheme prefLabel altLabel notation definition scopeNote"
    " note inScheme hasTopConcept topConceptOf exactMatch closeMatch",
    "http://rdfs.org/ns/void#": "Dataset",
    "http://www.w3.org/ns/org#": "ChangeEvent changedBy originalOrganization resultingOrganization",
    "http://xmlns.com/foaf/0.1/": "Organization name",
    "https://schema.org/": "sameAs inSupportOf educationalLevel funding Grant",
    TLD: "currentInstitution qualification level grant Grant claimedIsni",
}
THINGS = (
    NAMESPACE,
    BASE,
    "https://isni.org/isni/",
    "https://ror.org/",
    "http://www.wikidata.org/entity/",
    "https://creativecommons.org/licenses/",
)


def _graph(name: str) -> Graph:
    graph = Graph()
    text = (resources.vocab_dir() / f"{name}.ttl").read_text("utf-8")
    return graph.parse(data=text, format="turtle", publicID=BASE)


@pytest.fixture(scope="module")
def graphs() -> dict[str, Graph]:
    return {name: _graph(name) for name in DOCUMENTS}


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return load(BASE)


def test_every_turtle_file_is_published() -> None:
    assert {path.stem for path in resources.vocab_dir().glob("*.ttl")} == set(DOCUMENTS)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_rdflib_reads_the_same_triples_as_the_package(
    graphs: dict[str, Graph], vocabulary: Vocabulary, name: str
) -> None:
    triples = vocabulary.files[name].triples
    assert len(graphs[name]) == len(set(triples))
    for triple in triples:
        assert isinstance(triple.subject, NamedNode)
        assert isinstance(triple.object, NamedNode | Literal)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_has_a_title_a_description_and_a_licence(
    graphs: dict[str, Graph], vocabulary: Vocabulary, name: str
) -> None:
    title, _, root = vocabulary.files[name]
    assert [str(value) for value in graphs[name].objects(URIRef(root), DCTERMS.title)] == [title]
    for needed in (DCTERMS.description, DCTERMS.license, RDFS.label):
        assert (URIRef(root), needed, None) in graphs[name]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_document_has_a_blank_node(graphs: dict[str, Graph], name: str) -> None:
    assert not [node for node in graphs[name].all_nodes() if isinstance(node, BNode)]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_uses_known_terms_only(graphs: dict[str, Graph], name: str) -> None:
    known = {namespace + word for namespace, words in KNOWN.items() for word in words.split()} | BIBO_DEGREES
    graph = graphs[name]
    used = {str(node) for node in (*graph.predicates(), *graph.objects(None, RDF.type))}
    assert used - known == set()
    others = {str(node) for node in graph.objects() if isinstance(node, URIRef)} - known
    assert [iri for iri in others if not iri.startswith(THINGS)] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_everything_of_ours_that_a_document_points_at_is_described(
    graphs: dict[str, Graph], vocabulary: Vocabulary, name: str
) -> None:
    own = (NAMESPACE, BASE)
    pointed_at = {str(node) for node in graphs[name].objects() if isinstance(node, URIRef)}
    assert [iri for iri in sorted(pointed_at) if iri.startswith(own) and not vocabulary.describe(iri)] == []


def test_each_term_is_labelled_explained_and_placed_under_a_known_term(graphs: dict[str, Graph]) -> None:
    graph = graphs["terms"]
    terms = set(graph.subjects()) - {URIRef(DOCUMENTS["terms"])}
    assert terms
    for term in terms:
        assert len(list(graph.objects(term, RDFS.label))) == 1
        assert len(list(graph.objects(term, RDFS.comment))) == 1
        assert list(graph.objects(term, RDFS.isDefinedBy)) == [URIRef(DOCUMENTS["terms"])]
        assert list(graph.objects(term, RDFS.subPropertyOf)) or list(graph.objects(term, RDFS.subClassOf))
        assert not list(graph.objects(term, RDFS.domain))
    assert (URIRef(DOCUMENTS["terms"]), RDF.type, OWL.Ontology) in graph


@pytest.mark.parametrize("folder", ["vocab", "shapes"])
def test_every_term_of_ours_that_is_used_exists(vocabulary: Vocabulary, folder: str) -> None:
    place = resources.vocab_dir() if folder == "vocab" else resources.shapes_dir()
    texts = [path.read_text("utf-8") for path in sorted(place.iterdir()) if path.suffix in (".ttl", ".jsonld")]
    used = {name for text in texts for name in re.findall(rf"(?:\btld:|{re.escape(TLD)})([A-Za-z]+)", text)}
    assert [name for name in sorted(used) if not vocabulary.describe(TLD + name)] == []


def test_every_term_of_ours_has_a_word_in_the_context(graphs: dict[str, Graph]) -> None:
    context = json.loads((resources.vocab_dir() / "context.jsonld").read_text("utf-8"))["@context"]
    meant = {value["@id"] if isinstance(value, dict) and "@id" in value else value for value in context.values()
             if not isinstance(value, dict) or "@id" in value}  # fmt: skip
    terms = set(graphs["terms"].subjects()) - {URIRef(DOCUMENTS["terms"])}
    assert [term for term in terms if "tld:" + term.removeprefix(TLD) not in meant] == []


@pytest.mark.parametrize("name", ["degrees", "levels", "disciplines"])
def test_each_concept_is_labelled_described_and_in_its_scheme(graphs: dict[str, Graph], name: str) -> None:
    graph, scheme = graphs[name], URIRef(DOCUMENTS[name])
    assert (scheme, RDF.type, SKOS.ConceptScheme) in graph
    concepts = list(graph.subjects(RDF.type, SKOS.Concept))
    assert concepts
    labels = [str(graph.value(concept, SKOS.prefLabel)) for concept in concepts]
    assert len(set(labels)) == len(labels)
    for concept in concepts:
        assert len(list(graph.objects(concept, SKOS.prefLabel))) == 1
        assert graph.value(concept, SKOS.prefLabel) == graph.value(concept, RDFS.label)
        assert (concept, SKOS.definition, None) in graph or (concept, SKOS.scopeNote, None) in graph
        assert (concept, SKOS.inScheme, scheme) in graph
        assert graph.value(concept, SKOS.prefLabel) not in set(graph.objects(concept, SKOS.altLabel))


def test_the_blocks_of_the_institutions_are_sorted_by_name(graphs: dict[str, Graph], vocabulary: Vocabulary) -> None:
    text = (resources.vocab_dir() / "institutions.ttl").read_text("utf-8")
    order = [BASE + iri for iri in re.findall(r"^<([^>]+)> a foaf:Organization ;$", text, re.MULTILINE)]
    assert order == [body.iri for body in vocabulary.institutions]


def _copy(folder: Path) -> Path:
    shutil.copytree(resources.vocab_dir(), folder / "vocab")
    return folder / "vocab"


def test_a_broken_file_is_named_with_what_is_wrong(tmp_path: Path) -> None:
    folder = _copy(tmp_path)
    (folder / "levels.ttl").write_text("<a> <b> .", "utf-8")
    with pytest.raises(VocabularyError, match=r"levels\.ttl: "):
        documents.read(folder, BASE)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder = _copy(tmp_path)
    (folder / "degrees.ttl").unlink()
    with pytest.raises(VocabularyError, match=r"degrees\.ttl: "):
        documents.read(folder, BASE)


def test_a_document_without_a_title_is_refused(tmp_path: Path) -> None:
    folder = _copy(tmp_path)
    (folder / "levels.ttl").write_text("<urn:a> <urn:b> <urn:c> .", "utf-8")
    with pytest.raises(VocabularyError, match=r"levels\.ttl: .* has no dcterms:title"):
        documents.read(folder, BASE)


def test_a_blank_node_is_refused() -> None:
    with pytest.raises(VocabularyError, match="IRIs and literals only"):
        documents.by_subject([Triple(BlankNode(), NamedNode("urn:b"), NamedNode("urn:c"))])
