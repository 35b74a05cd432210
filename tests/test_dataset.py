"""The description of the data set: VoID and DCAT that say what is so, in terms that exist."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import replace
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from publications import BASE, day, publish
from rdflib.namespace import DCAT, DCTERMS, FOAF, RDF, VOID, XSD
from sites import SEEDS

from ld import dataset, iris, rdf, shapes
from ld.build import build
from ld.formats import FORMATS, serialize
from ld.settings import Settings
from ld.snapshot import Publication, Snapshot
from ld.snapshot.dumps import DUMPS
from ld.snapshot.manifest import Manifest

SPDX = rdflib.Namespace("http://spdx.org/rdf/terms#")
DATASET = rdflib.URIRef(f"{BASE}.well-known/void#dataset")
DCAT_3 = {"version", "hasVersion", "hasCurrentVersion", "isVersionOf", "previousVersion"}
"""Terms of DCAT that rdflib does not know yet."""
SPDX_TERMS = {"Checksum", "checksum", "algorithm", "checksumValue", "checksumAlgorithm_sha256"}


def read(manifests: list[Manifest]) -> rdflib.Graph:
    """The description as rdflib reads it."""
    written = serialize("ttl", dataset.describe(manifests), root=str(DATASET), graph=BASE + iris.VOID, context_url="")
    return rdflib.Graph().parse(data=written, format="turtle")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The published seeds."""
    data = tmp_path_factory.mktemp("dataset")
    build([SEEDS], Settings(data=data))
    return Publication(data).current()


@pytest.fixture(scope="module")
def described(built: Snapshot) -> rdflib.Graph:
    """What is said of the seeds."""
    return read([built.manifest])


def number(graph: rdflib.Graph, subject: rdflib.term.Node, predicate: rdflib.URIRef) -> int:
    """The one integer that a property has."""
    (value,) = graph.objects(subject, predicate)
    assert isinstance(value, rdflib.Literal)
    assert value.datatype == XSD.integer
    return int(value)


def links(graph: rdflib.Graph, subject: rdflib.term.Node, predicate: rdflib.URIRef) -> set[str]:
    """The IRIs that a property has."""
    values = set(graph.objects(subject, predicate))
    assert all(isinstance(value, rdflib.URIRef) for value in values)
    return set(map(str, values))


def counted(snapshot: Snapshot, query: str) -> int:
    """The one number of a query."""
    rows = snapshot.store().query(query)
    assert isinstance(rows, ox.QuerySolutions)
    return int(next(rows)[0].value)


def test_the_numbers_are_those_that_sparql_counts(built: Snapshot, described: rdflib.Graph) -> None:
    starts = f'FILTER(STRSTARTS(STR(?s), "{described.value(DATASET, VOID.uriSpace)}"))'
    for term, query in {
        VOID.triples: "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
        VOID.distinctSubjects: "SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s ?p ?o }",
        VOID.entities: f"SELECT (COUNT(DISTINCT ?s) AS ?n) {{ ?s ?p ?o {starts} }}",
        VOID.documents: f"SELECT (COUNT(DISTINCT ?s) AS ?n) {{ ?s a <{FOAF.Document}> }}",
        VOID.classes: "SELECT (COUNT(DISTINCT ?c) AS ?n) { ?s a ?c }",
        VOID.properties: "SELECT (COUNT(DISTINCT ?p) AS ?n) { ?s ?p ?o }",
    }.items():
        assert number(described, DATASET, term) == counted(built, query), term


def test_every_partition_is_as_large_as_sparql_counts(built: Snapshot, described: rdflib.Graph) -> None:
    for partition in described.objects(DATASET, VOID.classPartition):
        query = f"SELECT (COUNT(DISTINCT ?s) AS ?n) {{ ?s a <{described.value(partition, VOID['class'])}> }}"
        assert number(described, partition, VOID.entities) == counted(built, query)
    for partition in described.objects(DATASET, VOID.propertyPartition):
        query = f"SELECT (COUNT(*) AS ?n) {{ ?s <{described.value(partition, VOID.property)}> ?o }}"
        assert number(described, partition, VOID.triples) == counted(built, query)
    for kind, term in ((VOID.classPartition, VOID.classes), (VOID.propertyPartition, VOID.properties)):
        assert len(links(described, DATASET, kind)) == number(described, DATASET, term)


def test_theses_people_and_organisations_are_told(built: Snapshot, described: rdflib.Graph) -> None:
    sizes = {
        str(described.value(each, VOID["class"])): number(described, each, VOID.entities)
        for each in described.objects(DATASET, VOID.classPartition)
    }
    assert sizes["http://purl.org/ontology/bibo/Thesis"] == built.manifest.counts["published"]
    assert sizes[str(FOAF.Organization)] == built.manifest.counts["organisations"]
    assert sizes[str(FOAF.Person)] >= built.manifest.counts["people"]  # and those who live under their thesis


def test_every_document_of_the_graph_is_in_the_data_set(built: Snapshot) -> None:
    where = f"?d a <{FOAF.Document}> . FILTER NOT EXISTS {{ ?d <{VOID.inDataset}> <{DATASET}> }}"
    assert counted(built, f"SELECT (COUNT(*) AS ?n) {{ {where} }}") == 0
    assert iris.dataset(BASE) == str(DATASET)


def test_the_vocabularies_are_the_namespaces_of_what_is_used(described: rdflib.Graph) -> None:
    vocabularies = links(described, DATASET, VOID.vocabulary)
    assert {str(DCTERMS), str(FOAF), str(RDF), "http://purl.org/ontology/bibo/"} <= vocabularies
    used = {*described.objects(None, VOID["class"]), *described.objects(None, VOID.property)}
    for vocabulary in vocabularies:
        assert any(str(term).startswith(vocabulary) for term in used), vocabulary
    for term in used:
        assert any(str(term).startswith(vocabulary) for vocabulary in vocabularies), term


def test_each_distribution_is_the_file_that_it_says(built: Snapshot, described: rdflib.Graph) -> None:
    stamp = built.name.partition("-")[0]
    found = set(described.objects(DATASET, DCAT.distribution))
    assert len(found) == len(DUMPS)
    for distribution in found:
        name = str(described.value(distribution, DCAT.downloadURL)).removeprefix(f"{BASE}dumps/thesis-ld-{stamp}.")
        data = (built.folder / "dumps" / f"thesis-ld.{name}").read_bytes()
        size = described.value(distribution, DCAT.byteSize)
        assert size == rdflib.Literal(str(len(data)), datatype=XSD.nonNegativeInteger)
        checksum = described.value(distribution, SPDX.checksum)
        assert described.value(checksum, SPDX.algorithm) == SPDX.checksumAlgorithm_sha256
        value = described.value(checksum, SPDX.checksumValue)
        assert isinstance(value, rdflib.Literal)
        assert (str(value), value.datatype) == (hashlib.sha256(data).hexdigest(), XSD.hexBinary)
        assert gzip.decompress(data)


def test_a_dump_says_its_media_type_where_there_is_a_registered_one(described: rdflib.Graph) -> None:
    types = {
        str(described.value(each, DCAT.downloadURL)).rpartition("Z.")[2]: described.value(each, DCAT.mediaType)
        for each in described.objects(DATASET, DCAT.distribution)
    }
    registered = "https://www.iana.org/assignments/media-types/"
    assert types == {
        "nt.gz": rdflib.URIRef(registered + "application/n-triples"),
        "nq.gz": rdflib.URIRef(registered + "application/n-quads"),
        "ttl.gz": rdflib.URIRef(registered + "text/turtle"),
        "jsonl.gz": None,
    }
    assert set(described.objects(None, DCAT.compressFormat)) == {rdflib.URIRef(registered + "application/gzip")}


def test_the_dumps_of_void_are_the_latest_in_syntaxes_of_rdf(described: rdflib.Graph) -> None:
    assert links(described, DATASET, VOID.dataDump) == {
        f"{BASE}dumps/thesis-ld-latest.{suffix}" for suffix in ("nt.gz", "nq.gz", "ttl.gz")
    }


def test_the_ways_to_ask_are_told(described: rdflib.Graph) -> None:
    assert links(described, DATASET, VOID.sparqlEndpoint) == {f"{BASE}sparql"}
    services = set(described.subjects(DCAT.servesDataset, DATASET))
    assert {str(described.value(each, DCAT.endpointURL)) for each in services} == {f"{BASE}sparql", f"{BASE}fragments"}
    assert links(described, DATASET, VOID.feature) == {form.iri for form in FORMATS if form.rdf}


def test_licence_source_and_date_are_told(built: Snapshot, described: rdflib.Graph) -> None:
    assert links(described, DATASET, DCTERMS.license) == {"https://creativecommons.org/licenses/by/4.0/"}
    assert links(described, DATASET, DCTERMS.source) == {"https://doi.org/10.23636/rcm4-zk44"}
    created = rdflib.Literal(f"{built.manifest.created:%Y-%m-%dT%H:%M:%SZ}", datatype=XSD.dateTime)
    assert described.value(DATASET, DCTERMS.modified) == created


def test_the_examples_exist(built: Snapshot, described: rdflib.Graph) -> None:
    examples = links(described, DATASET, VOID.exampleResource)
    assert len(examples) == 3
    assert all(built.describe(iri.removeprefix(BASE)) for iri in examples)


def test_every_term_exists(described: rdflib.Graph) -> None:
    used = {term for triple in described for term in triple if isinstance(term, rdflib.URIRef)}
    known = {
        str(VOID): {str(term) for term in (*dir(VOID), VOID["class"])},
        str(DCAT): {str(term) for term in (*dir(DCAT), *(str(DCAT) + name for name in DCAT_3))},
        str(SPDX): {str(SPDX + name) for name in SPDX_TERMS},
        str(DCTERMS): {str(term) for term in dir(DCTERMS)},
    }
    of_partitions = {*described.objects(None, VOID["class"]), *described.objects(None, VOID.property)}
    vocabularies = set(described.objects(None, VOID.vocabulary))
    for namespace, terms in known.items():
        ours = {str(term) for term in used - of_partitions - vocabularies if term.startswith(namespace)}
        assert ours, namespace
        assert ours <= terms


def test_there_is_no_blank_node_and_every_node_of_ours_is_in_the_document(described: rdflib.Graph) -> None:
    document = rdflib.URIRef(BASE + iris.VOID)
    for subject in set(described.subjects()):
        assert isinstance(subject, rdflib.URIRef)
        assert subject.defrag() == document
        assert (subject, RDF.type, None) in described
    assert described.value(document, FOAF.primaryTopic) == DATASET
    for node in {str(value) for value in described.objects() if str(value).startswith(f"{document}#")}:
        assert (rdflib.URIRef(node), None, None) in described, node


def test_our_own_shapes_find_nothing_wrong(built: Snapshot) -> None:
    assert shapes.load().validate(dataset.describe([built.manifest])).findings == ()


def test_older_snapshots_are_versions_with_dumps_of_their_own(tmp_path: Path) -> None:
    snapshots = [publish(tmp_path, {"1": f"One, {number}"}, now=day(number)) for number in range(3)]
    newest, middle, oldest = manifests = [snapshot.manifest for snapshot in reversed(snapshots)]
    graph = read(manifests)
    dcat = rdflib.Namespace(str(DCAT))
    versions = {each.stamp: rdflib.URIRef(f"{BASE}.well-known/void#version-{each.stamp}") for each in manifests}
    assert set(graph.objects(DATASET, dcat.hasVersion)) == set(versions.values())
    assert graph.value(DATASET, dcat.hasCurrentVersion) == versions[newest.stamp]
    assert graph.value(versions[newest.stamp], dcat.previousVersion) == versions[middle.stamp]
    assert graph.value(versions[oldest.stamp], dcat.previousVersion) is None
    for manifest in manifests:
        version = versions[manifest.stamp]
        assert str(graph.value(version, dcat.version)) == manifest.stamp
        assert graph.value(version, dcat.isVersionOf) == DATASET
        files = {str(graph.value(each, DCAT.downloadURL)) for each in graph.objects(version, DCAT.distribution)}
        assert files == {f"{BASE}dumps/{dump.named(manifest.stamp)}" for dump in DUMPS}
        sums = {str(value) for value in graph.objects(None, SPDX.checksumValue)}
        assert {manifest.files[dump.path].sha256 for dump in DUMPS} <= sums
    current = set(graph.objects(versions[newest.stamp], DCAT.distribution))
    assert set(graph.objects(DATASET, DCAT.distribution)) == current


def test_of_a_snapshot_of_an_earlier_version_only_what_it_has_is_told(built: Snapshot) -> None:
    had = {path: file for path, file in built.manifest.files.items() if "ttl" not in path and "jsonl" not in path}
    graph = read([replace(built.manifest, census={}, files=had)])
    assert number(graph, DATASET, VOID.triples) == built.manifest.counts["triples"]
    assert len(set(graph.objects(DATASET, DCAT.distribution))) == 2
    assert (DATASET, VOID.classPartition, None) not in graph
    assert (None, VOID.entities, None) not in graph


def test_the_description_is_the_same_every_time(built: Snapshot) -> None:
    once, again = (rdf.canonical(dataset.describe([built.manifest])) for _ in range(2))
    assert once == again
    assert len(dataset.describe([built.manifest])) == once.count(b"\n")
