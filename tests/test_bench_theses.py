"""The corpus that validation is measured with: the same every time, and wrong exactly where it says so."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest

from ld import shapes

sys.path.append(str(Path(__file__).resolve().parent / "bench"))  # last: its names are ordinary words

import theses
import validate

RECORDS = 300
ORDINARY = {theses.SHAPES + name for name in ("thesis-subject", "thesis-degree")}
"""The shapes that warn of fields that a share of all records is without."""


@pytest.fixture(scope="module")
def corpus() -> theses.Corpus:
    return theses.Corpus(RECORDS)


@pytest.fixture(scope="module")
def path(corpus: theses.Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus, written."""
    path = tmp_path_factory.mktemp("corpus") / "theses.nq"
    corpus.write(path)
    return path


@pytest.fixture(scope="module")
def quads(path: Path) -> list[ox.Quad]:
    return list(ox.parse(path=str(path), format=ox.RdfFormat.N_QUADS))


def test_the_same_size_and_seed_give_the_same_bytes(corpus: theses.Corpus, path: Path, tmp_path: Path) -> None:
    again, other = tmp_path / "again.nq", tmp_path / "other.nq"
    size = theses.Corpus(RECORDS).write(again)
    theses.Corpus(RECORDS, seed=2).write(other)
    assert again.read_bytes() == path.read_bytes() != other.read_bytes()
    assert size.triples == path.read_bytes().count(b"\n")


def test_every_kind_of_fault_is_planted_as_often_as_it_says(corpus: theses.Corpus, quads: list[ox.Quad]) -> None:
    dcterms, bibo, foaf = "http://purl.org/dc/terms/", "http://purl.org/ontology/bibo/", "http://xmlns.com/foaf/0.1/"
    said = [(quad.subject.value, quad.predicate.value, quad.object.value) for quad in quads]
    described = {subject for subject, _, _ in said}

    def all_values(property_iri: str, kind: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {node: [] for node in described if f"/id/{kind}/" in node and "#" not in node}
        for subject, predicate, value in said:
            if predicate == property_iri and subject in found:
                found[subject].append(value)
        return found

    def count(property_iri: str, kind: str, wrong: Callable[[list[str]], bool]) -> int:
        return sum(map(wrong, all_values(property_iri, kind).values()))

    assert corpus.planted == {
        "one ISNI under two names": count(foaf + "name", "person", lambda names: len(set(names)) > 1),
        "a year with a letter": count(dcterms + "issued", "thesis", lambda years: not years[0].isdigit()),
        "no title": count(dcterms + "title", "thesis", lambda titles: not titles),
        "an author who is not described": count(dcterms + "creator", "thesis", lambda iris: iris[0] not in described),
        "bibo:thesis with a small t": sum(value == bibo + "thesis" for _, _, value in said),
        "two titles": count(dcterms + "title", "thesis", lambda titles: len(titles) == 2),
        "an ISNI with spaces": count(dcterms + "identifier", "person", lambda ids: any(" " in one for one in ids)),
        "an unknown access right": sum(value.endswith("/access_right/c_0000") for _, _, value in said),
    }
    assert min(corpus.planted.values()) > 0


def test_the_two_names_of_one_isni_stand_far_apart(corpus: theses.Corpus, path: Path) -> None:
    where: dict[str, list[int]] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines()):
        subject, predicate, _ = line.split(" ", 2)
        if predicate == "<http://xmlns.com/foaf/0.1/name>" and "/id/person/" in subject:
            where.setdefault(subject, []).append(number)
    clashes = [lines for lines in where.values() if len(lines) > 1]
    assert len(clashes) == corpus.planted["one ISNI under two names"]
    assert all(max(lines) - min(lines) > 1000 for lines in clashes)


def test_the_shapes_find_exactly_what_was_planted(corpus: theses.Corpus, quads: list[ox.Quad]) -> None:
    findings = shapes.load().validate(quad.triple for quad in quads).findings
    found = [(each.focus, each.shape) for each in findings if each.severity != "info" and each.shape not in ORDINARY]
    assert len(found) == len(set(found)) == corpus.planted.total()
    assert set(found) == corpus.expected


@pytest.mark.parametrize("workers", [1, 2])
def test_pyshacl_finds_the_same_by_chunks_as_we_in_one_graph(
    path: Path, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validate, "CHUNK", 90)  # several, so that links and people cross from one to the other
    ours, theirs = validate.our_results(path), validate.pyshacl_results(path, workers)
    assert ours.total() > RECORDS
    assert not validate.difference(ours, theirs)
