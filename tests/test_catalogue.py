"""The catalogue: one look-up for a description, a page of a listing, what was found about a record."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from publications import BASE, REMARK, about, day, fill, publish

from ld.errors import BuildError
from ld.rdf import canonical as ntriples
from ld.snapshot import Builder, Listed, Snapshot

PERSON = "doc/person/0000000453606890"


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return publish(tmp_path_factory.mktemp("data"), {f"uk.bl.ethos.{n}": f"Title {n}" for n in range(1, 6)})


def test_a_description_has_its_own_and_its_embedded_triples_sorted(snapshot: Snapshot) -> None:
    found = snapshot.describe("doc/thesis/uk.bl.ethos.1")
    assert found is not None
    assert (found.path, found.kind, found.label) == ("doc/thesis/uk.bl.ethos.1", "thesis", "Title 1")
    assert found.body == ntriples(
        about("id/thesis/uk.bl.ethos.1", "Title 1") + about("id/person/0000000453606890", "Andersson, Henrike")
    )


def test_the_thing_and_its_page_find_the_same_description(snapshot: Snapshot) -> None:
    assert snapshot.describe("id/thesis/uk.bl.ethos.1") == snapshot.describe("doc/thesis/uk.bl.ethos.1")


@pytest.mark.parametrize(
    "path",
    ["doc/thesis/uk.bl.ethos.9", "doc/thesis/", "doc/person/uk.bl.ethos.1", "vocab/degrees", "", "doc/thesis/'%"],
)
def test_an_address_that_was_never_served_has_nothing(snapshot: Snapshot, path: str) -> None:
    assert snapshot.describe(path) is None
    assert snapshot.moved(path) is None
    assert snapshot.record(path) is None
    assert snapshot.findings(path) == snapshot.remarks(path) == ()
    assert snapshot.listing(path, 1, 10).total == 0


def test_what_was_found_about_a_record_is_told_with_it(snapshot: Snapshot) -> None:
    assert snapshot.findings("doc/thesis/uk.bl.ethos.1") == (("warning", "Abstract", "There is none."),)
    assert snapshot.remarks("doc/thesis/uk.bl.ethos.1") == (REMARK,)
    assert snapshot.findings(PERSON) == snapshot.remarks(PERSON) == ()


def test_records_come_back_as_they_went_in(snapshot: Snapshot) -> None:
    records = list(snapshot.records())
    assert [record["key"] for record in records] == [f"uk.bl.ethos.{n}" for n in range(1, 6)]
    assert snapshot.record("doc/thesis/uk.bl.ethos.2") == records[1]
    assert snapshot.record(PERSON) is None


def test_paths_of_a_kind_come_in_order_and_in_parts(snapshot: Snapshot) -> None:
    paths = [path for path, _ in snapshot.paths("thesis")]
    assert paths == [f"id/thesis/uk.bl.ethos.{n}" for n in range(1, 6)]
    assert list(snapshot.paths("thesis", after=paths[1], limit=1)) == [(paths[2], "Title 3")]
    assert list(snapshot.paths("person")) == [("id/person/0000000453606890", "Andersson, Henrike")]


def test_a_snapshot_answers_several_threads(snapshot: Snapshot) -> None:
    expected = snapshot.describe("doc/thesis/uk.bl.ethos.3")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: snapshot.describe("doc/thesis/uk.bl.ethos.3"), range(400)))
    assert found == [expected] * 400


def test_a_listing_is_newest_first_then_by_title_and_has_pages(tmp_path: Path) -> None:
    entries = [("a", "Beta", "2001"), ("b", "alpha", "2001"), ("c", "Gamma", None), ("d", "Delta", "2014")]
    with Builder(tmp_path, base=BASE, keep=3, now=day(0)) as builder:
        builder.describe("doc/organisation/ox", "organisation", "Oxford", about("id/organisation/ox", "Oxford"))
        for key, title, year in entries:
            for role in ("currentInstitution", "awardingBody", "awardingBody"):
                builder.list("doc/organisation/ox", f"id/thesis/{key}", title, year, role)
        snapshot = builder.publish({}, [])
    everything = snapshot.listing("doc/organisation/ox", 1, 100)
    assert everything.total == 4
    assert [(item.title, item.role) for item in everything.items] == [
        (title, role)
        for title in ("Delta", "alpha", "Beta", "Gamma")
        for role in ("awardingBody", "currentInstitution")
    ]
    assert everything.items[0] == Listed("id/thesis/d", "Delta", "2014", "awardingBody")
    pages = [snapshot.listing("id/organisation/ox", page, 3) for page in (1, 2)]
    assert [item for page in pages for item in page.items] == list(everything.items)
    assert [len(page.items) for page in pages] == [6, 2]
    assert {page.total for page in pages} == {4}


def test_a_build_knows_what_it_has_described_and_listed_so_far(tmp_path: Path) -> None:
    with Builder(tmp_path, base=BASE, keep=3, now=day(0)) as builder:
        assert not builder.described("doc/thesis/1")
        fill(builder, {"1": "One"})
        assert builder.described("id/thesis/1")
        assert builder.described("doc/thesis/1")
        assert builder.listed(PERSON)
        assert not builder.listed("doc/person/0000000121891306")
        fill(builder, {"2": "Two"}, person="0000000121891306")
        assert builder.listed("id/person/0000000121891306")
        assert builder.described("doc/thesis/2")


def test_more_than_one_batch_is_written_and_read(tmp_path: Path) -> None:
    snapshot = publish(tmp_path, {f"{n:05}": f"Title {n} " + "lorem " * (n % 40) for n in range(2500)})
    assert sum(1 for _ in snapshot.records()) == 2500
    for number in (0, 999, 1000, 2499):
        assert snapshot.describe(f"doc/thesis/{number:05}") is not None
        assert len(snapshot.remarks(f"doc/thesis/{number:05}")) == 1
    assert snapshot.listing(PERSON, 1, 10).total == 2500


def test_a_very_long_description_is_kept_whole(tmp_path: Path) -> None:
    snapshot = publish(tmp_path, {"1": "wörd " * 300_000})
    found = snapshot.describe("doc/thesis/1")
    assert found is not None
    assert len(found.body) > 1_500_000


def test_an_agent_with_theses_must_be_described(tmp_path: Path) -> None:
    with Builder(tmp_path, base=BASE, keep=3, now=day(0)) as builder:
        builder.list("doc/person/1", "id/thesis/1", "One", "2001", "creator")
        with pytest.raises(BuildError, match="id/person/1 has theses listed under it"):
            builder.publish({}, [])


def test_nothing_is_described_twice(tmp_path: Path) -> None:
    with Builder(tmp_path, base=BASE, keep=3, now=day(0)) as builder:
        fill(builder, {"1": "One"})
        builder.describe("doc/thesis/1", "thesis", "One", about("id/thesis/1", "One"))
        with pytest.raises(BuildError, match=r"id/thesis/1 was described twice"):
            builder.publish({}, [])


def test_rejected_records_are_kept_one_a_line(tmp_path: Path) -> None:
    rejected = [{"key": "x-1", "title": "Zoë\u2028s"}, {"problems": [{"field": None, "problem": "broken"}]}]
    with Builder(tmp_path, base=BASE, keep=3, now=day(0)) as builder:
        for record in rejected:
            builder.reject(record)
        kept = builder.keep_rejected()
        assert [json.loads(line) for line in kept.read_text("utf-8").split("\n") if line] == rejected
        snapshot = builder.publish({}, [])
    assert list(snapshot.rejected()) == rejected
    assert not kept.exists()  # what was refused has been published since
