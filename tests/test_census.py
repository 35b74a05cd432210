"""The census: every number in a manifest is what SPARQL counts in the store of the same snapshot."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyoxigraph as ox
import pytest
from publications import BASE, publish
from sites import SEEDS

from ld.build import build
from ld.namespaces import BIBO, FOAF
from ld.settings import Settings
from ld.snapshot import Publication, Snapshot

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
REAL = (SHARED / "ethos-sample.csv", SHARED / "ethos-feed.xml", SHARED / "oai")


@pytest.fixture(scope="module", params=["seeds", "real"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A snapshot of real records."""
    sources = [SEEDS] if request.param == "seeds" else [path for path in REAL if path.exists()]
    if not sources:
        pytest.skip("the samples are not on this machine")
    data = tmp_path_factory.mktemp("census")
    build(sources, Settings(data=data))
    return Publication(data).current()


def counts(snapshot: Snapshot, query: str) -> dict[str, int]:
    """What the first variable is → the number in the second."""
    rows = snapshot.store().query(query)
    assert isinstance(rows, ox.QuerySolutions)
    return {row[0].value: int(row[1].value) for row in rows}


def count(snapshot: Snapshot, what: str, where: str) -> int:
    """The one number of a query."""
    rows = snapshot.store().query(f"SELECT (COUNT({what}) AS ?n) {{ {where} }}")
    assert isinstance(rows, ox.QuerySolutions)
    return int(next(rows)[0].value)


def test_every_triple_is_counted_once(built: Snapshot) -> None:
    triples = built.manifest.counts["triples"]
    assert triples == len(built.store()) == sum(built.manifest.census["properties"].values())


def test_subjects_and_entities_are_as_many_as_sparql_finds(built: Snapshot) -> None:
    census, start = built.manifest.census, f'FILTER(STRSTARTS(STR(?s), "{BASE}id/"))'
    assert census["subjects"] == count(built, "DISTINCT ?s", "?s ?p ?o")
    assert census["entities"] == count(built, "DISTINCT ?s", f"?s ?p ?o {start}")


def test_no_subject_is_described_in_two_places(built: Snapshot) -> None:
    quads = ox.Store()
    packed = built.folder / "dumps" / "thesis-ld.nq.gz"
    quads.bulk_load(input=gzip.decompress(packed.read_bytes()), format=ox.RdfFormat.N_QUADS)
    twice = (
        "SELECT ?s { { SELECT ?s (COUNT(DISTINCT ?g) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?s } FILTER(?n > 1) }"
    )
    assert list(quads.query(twice)) == []  # type: ignore[arg-type]


def test_every_class_has_as_many_instances_as_sparql_finds(built: Snapshot) -> None:
    found = counts(built, "SELECT ?c (COUNT(DISTINCT ?s) AS ?n) { ?s a ?c } GROUP BY ?c")
    assert built.manifest.census["classes"] == found


def test_every_property_has_as_many_triples_as_sparql_finds(built: Snapshot) -> None:
    found = counts(built, "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p")
    assert built.manifest.census["properties"] == found


def test_the_numbers_of_the_summary_are_those_of_the_graph(built: Snapshot) -> None:
    described = built.manifest.counts
    for name, kind, of in (
        ("published", "thesis", BIBO + "Thesis"),
        ("people", "person", FOAF + "Person"),
        ("organisations", "organisation", FOAF + "Organization"),
    ):
        where = f'?d <{FOAF}primaryTopic> ?s . ?s a <{of}> FILTER(STRSTARTS(STR(?s), "{BASE}id/{kind}/"))'
        assert described[name] == count(built, "DISTINCT ?s", where), name


def test_the_examples_are_described(built: Snapshot) -> None:
    examples, described_as = built.manifest.census["examples"], built.manifest.counts
    names = {"published": "thesis", "people": "person", "organisations": "organisation"}
    assert examples.keys() == {kind for name, kind in names.items() if described_as[name]}
    for kind, iri in examples.items():
        described = built.describe(iri.removeprefix(BASE))
        assert described is not None
        assert described.kind == kind


def test_a_census_is_the_same_whenever_it_is_taken(tmp_path: Path) -> None:
    one, two = (publish(tmp_path / name, {"1": "One", "2": "Two"}).manifest.census for name in ("one", "two"))
    assert one == two
    assert one["examples"] == {
        "thesis": f"{BASE}id/thesis/1",
        "person": f"{BASE}id/person/0000000453606890",
    }
