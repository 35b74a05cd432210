"""Builds, from sources to what is published: nothing lost or merged wrongly, the same bytes from the same input."""

from __future__ import annotations

import csv
import gzip
import re
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import Literal, RdfFormat, parse
from rows import (
    ISNI,
    command,
    csv_file,
    deleted,
    dump,
    feed_file,
    files,
    key,
    keys,
    page_file,
    published,
    record,
    refused,
    rejected,
    row,
)

from ld.build import build, restore, withdraw
from ld.errors import BuildBusy, BuildError, BuildRefused, SnapshotError
from ld.record import thesis_from_json
from ld.settings import Settings
from ld.snapshot import Builder
from ld.snapshot import status as status_of
from ld.snapshot.dumps import DUMPS

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
REAL = [SHARED / "ethos-sample.csv", SHARED / "ethos-feed.xml"]
BODIES = (
    "University of Oxford",
    "University of Wales",
    "Paisley College of Technology",
    "Council for National Academic Awards",
)
SAME_AS = "<http://www.w3.org/2002/07/owl#sameAs>"
BASE = "http://localhost:8000/"


def dumps(data: Path) -> dict[str, bytes]:
    """Every dump, compressed and not."""
    folder = data / "current" / "dumps"
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    return found | {name.removesuffix(".gz"): gzip.decompress(content) for name, content in found.items()}


def iri(kind: str, name: str) -> str:
    return f"<{BASE}id/{kind}/{name}>"


# The two samples


@pytest.fixture(scope="module", params=["synthetic", "real"])
def samples(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sequence[Path]:
    """A CSV and a feed that overlap."""
    if request.param == "real":
        if not all(path.is_file() for path in REAL):
            pytest.skip("the samples are not on this machine")
        return REAL
    folder = tmp_path_factory.mktemp("sources")
    rows = [row(n, Author_ISNI=f"https://isni.org/isni/{ISNI}" if n % 9 == 0 else " ") for n in range(40)]
    rows += [row(n, Author="Willis, M. E. H.", Author_ISNI=f"https://isni.org/isni/{ISNI}") for n in (41, 42)]
    feed = [record(n, publisher=BODIES[n % len(BODIES)]) for n in range(20, 60)]
    return [csv_file(folder / "a.csv", *rows), feed_file(folder / "b.xml", *feed)]


def test_two_overlapping_sources_build_to_the_same_bytes_again_and_elsewhere(
    samples: Sequence[Path], tmp_path: Path
) -> None:
    first = build(samples, Settings(data=tmp_path / "one"))
    assert first.published + first.rejected == first.theses
    bytes_of_first = dumps(tmp_path / "one")
    assert len(bytes_of_first) == 2 * len(DUMPS)
    build(samples, Settings(data=tmp_path / "one"))
    assert dumps(tmp_path / "one") == bytes_of_first
    build(samples, Settings(data=tmp_path / "two"))
    assert dumps(tmp_path / "two") == bytes_of_first


def test_sources_that_do_not_disagree_build_to_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    isni = f"https://isni.org/isni/{ISNI}"
    sources = [
        csv_file(
            tmp_path / "a.csv", *(row(n, Author_ISNI=isni if n == 3 else " ") for n in range(9)), row(9, Title=" ")
        ),
        feed_file(tmp_path / "b.xml", *(record(n, publisher=BODIES[n % len(BODIES)]) for n in range(5, 20))),
        page_file(
            tmp_path / "c.txt", "A study of things, part 2", "Smith, Ann 2", "2001", more="\nAn abstract of words.\n"
        ),
    ]
    build(sources, Settings(data=tmp_path / "one"))
    for number in (1, 2):
        sources.append(sources.pop(0))
        build(sources, Settings(data=tmp_path / f"more{number}"))
        assert dumps(tmp_path / f"more{number}") == dumps(tmp_path / "one")


@pytest.mark.skipif(not all(path.is_file() for path in REAL), reason="the samples are not on this machine")
def test_the_samples_are_500_theses_and_every_printed_body_is_in_the_graph(tmp_path: Path) -> None:
    done = command("build", *REAL, "--data", tmp_path / "data")
    assert done.exit_code == 0, done.stderr
    assert re.search(r"^theses +500 +after merging$", done.stderr, re.MULTILINE)
    assert re.search(r"^published +500 ", done.stderr, re.MULTILINE)
    assert re.search(r"^rejected +0$", done.stderr, re.MULTILINE)
    printed: set[str] = set()
    with REAL[0].open(encoding="utf-8", newline="") as file:
        printed |= {line["Institution"].strip() for line in csv.DictReader(file)}
    feed = REAL[1].read_text("utf-8")
    pairs = []
    for text in re.findall(r"<record>.*?</record>", feed, re.DOTALL):
        now = re.findall(r"<uketdterms:institution[^>]*>([^<]+)<", text)
        then = re.findall(r"<dc:publisher[^>]*>([^<]+)<", text)
        printed |= {name.strip().replace("&amp;", "&") for name in now + then}
        pairs.append((now, then))
    assert sum(now != then for now, then in pairs if now and then) == 68
    literals = {
        quad.object.value
        for quad in parse(dump(tmp_path / "data").encode(), format=RdfFormat.N_TRIPLES)
        if isinstance(quad.object, Literal)
    }
    assert printed - {""} <= literals


def test_an_awarding_body_and_todays_institution_stay_two_and_both_are_said_as_printed(tmp_path: Path) -> None:
    then, now = "University of Kent at Canterbury", "University of Kent"
    source = feed_file(tmp_path / "a.xml", record(1, publisher=then, institution=now))
    build([source], Settings(data=tmp_path / "data"))
    text = dump(tmp_path / "data")
    assert f'"{then}"' in text
    assert f'"{now}"' in text
    (awarded,) = re.findall(rf"{iri('thesis', key(1))} <http://id.loc.gov/vocabulary/relators/dgg> (\S+) ", text)
    (current,) = re.findall(
        rf"{iri('thesis', key(1))} <https://w3id.org/thesis-ld/terms#currentInstitution> (\S+)", text
    )
    assert awarded != current


def test_the_counts_are_the_same_in_summary_manifest_and_status(tmp_path: Path) -> None:
    source = csv_file(tmp_path / "a.csv", row(1), row(2), row(2), row(3, Title=" "), row(4, Author_ISNI="1"))
    summary = build([source], Settings(data=tmp_path / "data"))
    assert (summary.read, summary.theses, summary.published, summary.rejected) == (5, 4, 3, 1)
    counts = status_of(tmp_path / "data").manifest.counts
    assert {name: counts[name] for name in ("read", "theses", "published", "rejected", "withdrawn")} == {
        "read": 5, "theses": 4, "published": 3, "rejected": 1, "withdrawn": 0,
    }  # fmt: skip
    assert counts["warnings"] == summary.warnings == 1
    assert counts["people"] == summary.people
    (said,) = status_of(tmp_path / "data").manifest.sources
    assert said["name"] == str(source)
    assert said["bytes"] == source.stat().st_size


# Sources that change


def test_a_thesis_that_the_sources_no_longer_hold_is_withdrawn(tmp_path: Path) -> None:
    data, source = Settings(data=tmp_path / "data"), tmp_path / "a.csv"
    build([csv_file(source, *map(row, range(30)))], data)
    build([csv_file(source, *map(row, range(29)))], data)
    gone = published(data.data).moved(f"doc/thesis/{key(29)}")
    assert gone is not None
    assert gone.status == 410
    assert "No longer in the sources" in gone.reason


def test_sources_that_shrink_are_refused_unless_allowed(tmp_path: Path) -> None:
    data, source = tmp_path / "data", tmp_path / "a.csv"
    command("build", csv_file(source, *map(row, range(30))), "--data", data)
    was = files(data)
    fewer = [*map(row, range(20)), row(40, Title=" ")]
    done = command("build", csv_file(source, *fewer), "--data", data)
    assert done.exit_code == 2
    assert "would publish 20 theses where 30 are published now" in done.stderr
    assert "--allow-shrink" in done.stderr
    assert files(data) == was
    assert [lost["key"] for lost in refused(data)] == [key(40)]
    assert command("build", source, "--data", data, "--allow-shrink").exit_code == 1
    assert len(keys(data)) == 20
    assert not (data / "rejected.jsonl").exists()
    assert command("build", csv_file(source, *map(row, range(12))), "--data", data, "--shrink", "0.6").exit_code == 0


def test_a_build_of_nothing_but_rejected_records_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildRefused, match="None of the records can be published"):
        build([csv_file(tmp_path / "a.csv", row(1, Title=" "))], Settings(data=tmp_path / "data"))
    assert refused(tmp_path / "data")[0]["key"] == key(1)
    assert not (tmp_path / "data" / "current").exists()


def test_what_is_added_replaces_theses_of_its_keys_and_leaves_the_rest(tmp_path: Path) -> None:
    data = Settings(data=tmp_path / "data")
    old = [row(n, Abstract="The old abstract.", IR_URL="https://a.org/x") for n in range(3)]
    build([csv_file(tmp_path / "a.csv", *old)], data)
    first = {name: published(data.data).describe(f"doc/thesis/{key(name)}") for name in range(3)}
    summary = build([csv_file(tmp_path / "b.csv", row(1, Title="Newer"), row(7))], data, add=True)
    assert (summary.read, summary.theses, summary.published) == (2, 4, 4)
    assert keys(data.data) == [key(n) for n in (0, 1, 2, 7)]
    now = {name: published(data.data).describe(f"doc/thesis/{key(name)}") for name in range(3)}
    assert now[0] == first[0]
    assert now[2] == first[2]
    assert now[1] is not None
    assert b'"Newer"' in now[1].body
    assert b"The old abstract" not in now[1].body
    whole = build([tmp_path / "a.csv", tmp_path / "b.csv"], Settings(data=tmp_path / "other"))
    assert whole.published == 4


def test_what_is_added_and_cannot_be_published_costs_no_published_thesis(tmp_path: Path) -> None:
    data = tmp_path / "data"
    command("build", csv_file(tmp_path / "a.csv", row(1, Title="Good"), row(2)), "--data", data)
    page = {"Title": "Spoilt", "Date": "20l4"}
    result = command(
        "build", csv_file(tmp_path / "b.csv", row(1, **page), row(3, Date="20l5")), "--data", data, "--add"
    )
    assert result.exit_code == 1
    assert keys(data) == [key(1), key(2)]
    assert '"Good"' in dump(data)
    assert {rejection["key"]: rejection["records"][0]["line"] for rejection in rejected(data)} == {key(1): 2, key(3): 3}
    assert published(data).manifest.counts["rejected"] == 2
    assert [Path(source["name"]).name for source in published(data).manifest.sources] == ["a.csv", "b.csv"]


def test_another_base_than_the_published_one_is_told(tmp_path: Path) -> None:
    data, source = tmp_path / "data", csv_file(tmp_path / "a.csv", row(1))
    assert "new one" not in command("build", source, "--data", data).stderr
    told = command("build", source, "--data", data, "--base", "https://example.org/theses/").stderr
    assert "https://example.org/theses/ now, so every address in the data is a new one" in told


def test_adding_everything_again_changes_nothing(tmp_path: Path) -> None:
    rows = [row(n, Author_ISNI=f"https://isni.org/isni/{ISNI}", Author="Smith, A.") for n in range(3)]
    sources = [csv_file(tmp_path / "a.csv", *rows), page_file(tmp_path / "b.txt", "A page", "Jones, Bo", "1999")]
    build(sources, Settings(data=tmp_path / "data"))
    was = dumps(tmp_path / "data")
    build(sources, Settings(data=tmp_path / "data"), add=True)
    assert dumps(tmp_path / "data") == was


def test_what_is_added_without_loss_is_what_the_record_said(tmp_path: Path) -> None:
    cells = {
        "DOI": "https://doi.org/10.1000/1", "ORCID": "https://orcid.org/0000-0002-1825-0097", "Abstract": "1\n\n2",
        "Supervisor(s)": "Jones, Bo ; Doe, J.", "Funder(s)": "EPSRC (EP/1)", "IR URL": "https://a.org/1",
        "Author ISNI": "https://isni.org/isni/0000000453606891",
    }  # fmt: skip
    data = Settings(data=tmp_path / "data")
    build([csv_file(tmp_path / "a.csv", row(1, **cells))], data)
    (was,) = published(data.data).records()
    build([csv_file(tmp_path / "b.csv", row(2))], data, add=True)
    now, _ = published(data.data).records()
    assert now == was
    assert thesis_from_json(now).remarks


def test_nothing_is_added_to_a_corpus_that_cannot_be_read(tmp_path: Path) -> None:
    data = Settings(data=tmp_path / "data")
    build([csv_file(tmp_path / "a.csv", row(1))], data)
    with (tmp_path / "data/current/catalogue.sqlite").open("ab") as file:
        file.write(b"x")
    with pytest.raises(SnapshotError, match="damaged"):
        build([csv_file(tmp_path / "b.csv", row(2))], data, add=True)
    with pytest.raises(SnapshotError, match="damaged"):
        withdraw([key(1)], "why", data)
    assert build([tmp_path / "a.csv"], data).published == 1


def test_a_thesis_that_its_source_deletes_is_gone_until_it_is_sent_again(tmp_path: Path) -> None:
    data = Settings(data=tmp_path / "data")
    build([feed_file(tmp_path / "a.xml", *(record(n) for n in range(30)))], data)
    summary = build([feed_file(tmp_path / "b.xml", deleted(3), record(40))], data, add=True)
    assert (summary.deleted, summary.published) == (1, 30)
    gone = published(data.data).moved(f"id/thesis/{key(3)}")
    assert gone is not None
    assert gone.status == 410
    build([feed_file(tmp_path / "c.xml", deleted(3), record(3))], data, add=True)
    assert published(data.data).moved(f"id/thesis/{key(3)}") is None


# Withdrawing, going back, two at once


def test_a_withdrawn_thesis_stays_away_until_the_withdrawal_is_lifted(tmp_path: Path) -> None:
    data, source = Settings(data=tmp_path / "data"), csv_file(tmp_path / "a.csv", *map(row, range(4)))
    build([source], data)
    assert withdraw([key(1)], "Taken down.", data).published == 3
    for again in (lambda: None, lambda: build([source], data), lambda: build([source], data, add=True)):
        again()
        gone = published(data.data).moved(f"id/thesis/{key(1)}")
        assert gone is not None
        assert (gone.status, gone.reason) == (410, "Taken down.")
        assert key(1) not in dump(data.data)
    summary = build([source], data)
    assert (summary.withdrawn, summary.published, summary.theses) == (1, 3, 4)
    restore([key(1)], data)
    assert build([source], data).published == 4
    assert published(data.data).moved(f"id/thesis/{key(1)}") is None


def test_a_withdrawn_thesis_does_not_come_back_under_its_address_without_ethos_id(tmp_path: Path) -> None:
    data = Settings(data=tmp_path / "data")
    page = page_file(tmp_path / "a.txt", "Peat", "Fenn, Ada", "1990")
    build([csv_file(tmp_path / "a.csv", row(1, Title="Peat", Author="Fenn, Ada", Date="1990"), row(2))], data)
    withdraw([key(1)], "Taken down.", data)
    summary = build([page, csv_file(tmp_path / "b.csv", row(2))], data)
    assert (summary.withdrawn, keys(data.data)) == (1, [key(2)])
    restore([key(1)], data)
    assert build([page, tmp_path / "b.csv"], data).published == 2


def test_a_thesis_of_the_same_title_author_and_year_is_not_withdrawn_with_another(tmp_path: Path) -> None:
    data = Settings(data=tmp_path / "data")
    same = {"Title": "Peat", "Author": "Fenn, Ada", "Date": "1990"}
    source = csv_file(tmp_path / "a.csv", row(1, **same), row(2, **same))
    build([source], data)
    withdraw([key(1)], "Taken down.", data)
    build([source], data)
    assert keys(data.data) == [key(2)]


def test_withdrawing_keeps_the_base_and_the_rejected_records(tmp_path: Path) -> None:
    base, data = "https://example.org/theses/", tmp_path / "data"
    source = csv_file(tmp_path / "a.csv", row(1), row(2), row(3, Title=" "))
    build([source], Settings(data=data, base=base))
    withdraw([key(1)], "Taken down.", Settings(data=data))
    assert status_of(data).manifest.base == base
    assert f"<{base}id/thesis/{key(2)}>" in dump(data)
    assert BASE not in dump(data)
    assert [lost["key"] for lost in rejected(data)] == [key(3)]


def test_a_key_that_is_not_published_cannot_be_withdrawn(tmp_path: Path) -> None:
    data = Settings(data=tmp_path / "data")
    build([csv_file(tmp_path / "a.csv", row(1), row(2))], data)
    withdraw([key(1)], "Taken down.", data)
    for name, why in (
        ("uk.bl.ethos.9", "uk.bl.ethos.9"),
        (key(1), "Taken down"),
        ("x-", "x-"),
        ("<a>", "<a>"),
        ("", ""),
    ):
        with pytest.raises(BuildError, match=f"Not published, so nothing was withdrawn: .*{why}"):
            withdraw([key(2), name], "Why not.", data)
    assert keys(data.data) == [key(2)]
    with pytest.raises(BuildError, match="Not withdrawn"):
        restore([key(1), key(2)], data)


def test_two_builds_at_once_are_one_too_many(tmp_path: Path) -> None:
    source = csv_file(tmp_path / "a.csv", *map(row, range(4)))
    going, over = threading.Event(), threading.Event()
    failures: list[BaseException] = []

    def wait(stage: str, done: int) -> None:
        going.set()
        assert over.wait(30)

    def first() -> None:
        try:
            build([source], Settings(data=tmp_path / "data"), progress=wait)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=first)
    thread.start()
    try:
        assert going.wait(30)
        with pytest.raises(BuildBusy, match="Another build holds"):
            build([source], Settings(data=tmp_path / "data"))
        done = command("build", source, "--data", tmp_path / "data")
        assert done.exit_code == 2
        assert "Another build holds" in done.stderr
    finally:
        over.set()
        thread.join()
    assert failures == []
    assert len(keys(tmp_path / "data")) == 4


# Addresses that change


def test_a_thesis_that_gets_its_ethos_id_later_is_found_under_both_addresses(tmp_path: Path) -> None:
    page = page_file(tmp_path / "p.txt", "A study of things, part 1", "Smith, Ann 1", "2001")
    data = Settings(data=tmp_path / "data")
    build([page], data)
    (former,) = keys(data.data)
    assert former.startswith("x-")
    build([page, csv_file(tmp_path / "a.csv", row(1))], data)
    assert keys(data.data) == [key(1)]
    moved = published(data.data).moved(f"id/thesis/{former}")
    assert moved is not None
    assert (moved.status, moved.targets) == (301, (f"id/thesis/{key(1)}",))
    assert f"{iri('thesis', key(1))} {SAME_AS} {iri('thesis', former)} ." in dump(data.data)
    was = dumps(data.data)
    for sources in ([page, tmp_path / "a.csv"], [tmp_path / "a.csv"], [tmp_path / "a.csv", page]):
        build(sources, data)
        assert SAME_AS + " " + iri("thesis", former) in dump(data.data)
    build([page, tmp_path / "a.csv"], data)
    assert dumps(data.data) == was
    build([csv_file(tmp_path / "b.csv", row(2))], data, add=True)
    assert SAME_AS + " " + iri("thesis", former) in dump(data.data)


def test_a_page_and_a_row_of_one_build_are_one_thesis_with_both_addresses(tmp_path: Path) -> None:
    page = page_file(tmp_path / "p.txt", "A study of things, part 1", "Smith, Ann 1", "2001", more="\nOnly here.\n")
    sources = [page, csv_file(tmp_path / "a.csv", row(1, IR_URL="https://a.org/1"))]
    data = Settings(data=tmp_path / "data")
    assert build(sources, data).theses == 1
    (sent,) = re.findall(rf"{SAME_AS} <{BASE}id/thesis/(x-[0-9a-f]{{16}})> \.", dump(data.data))
    moved = published(data.data).moved(f"doc/thesis/{sent}")
    assert moved is not None
    assert (moved.status, moved.targets) == (301, (f"doc/thesis/{key(1)}",))
    assert "Only here." in dump(data.data)
    assert "https://a.org/1" in dump(data.data)
    was = dumps(data.data)
    build(sources, data)
    assert dumps(data.data) == was


def test_an_address_that_several_theses_share_lists_them_and_is_the_same_as_none(tmp_path: Path) -> None:
    page = page_file(tmp_path / "p.txt", "A study", "Smith, Ann", "2001")
    same = [row(n, Title="A study", Author="Smith, Ann") for n in (1, 2)]
    data = Settings(data=tmp_path / "data")
    build([page], data)
    (former,) = keys(data.data)
    summary = build([page, csv_file(tmp_path / "a.csv", *same)], data)
    assert (summary.theses, summary.published, summary.rejected) == (3, 2, 1)
    moved = published(data.data).moved(f"id/thesis/{former}")
    assert moved is not None
    assert (moved.status, moved.targets) == (300, (f"id/thesis/{key(1)}", f"id/thesis/{key(2)}"))
    assert f"{SAME_AS} {iri('thesis', former)}" not in dump(data.data)
    (lost,) = rejected(data.data)
    assert lost["key"] == former
    assert "2 theses have the same title, author and year" in lost["problems"][0]["problem"]
    assert (lost["records"][0]["source"], lost["records"][0]["line"]) == (str(page), 1)
    was = dumps(data.data)
    build([page, tmp_path / "a.csv"], data)
    assert dumps(data.data) == was


def test_people_whose_names_on_one_isni_disagree_are_not_merged(tmp_path: Path) -> None:
    data, isni = Settings(data=tmp_path / "data"), f"https://isni.org/isni/{ISNI}"
    agreeing = [row(1, Author="Willis, M. E. H.", Author_ISNI=isni), row(2, Author="Willis, Martin", Author_ISNI=isni)]
    build([csv_file(tmp_path / "a.csv", *agreeing)], data)
    assert f"{iri('person', ISNI)} <http://xmlns.com/foaf/0.1/name>" in dump(data.data)
    assert published(data.data).listing(f"doc/person/{ISNI}", 1, 10).total == 2
    summary = build([csv_file(tmp_path / "a.csv", *agreeing, row(3, Author="Willis, Mary", Author_ISNI=isni))], data)
    assert summary.published == 3
    text = dump(data.data)
    assert iri("person", ISNI) not in text
    assert text.count(f'<https://w3id.org/thesis-ld/terms#claimedIsni> "{ISNI}"') == 3
    assert summary.findings["warning", "Doubtful ISNI"] == 3
    moved = published(data.data).moved(f"id/person/{ISNI}")
    assert moved is not None
    assert (moved.status, moved.targets) == (300, tuple(f"id/thesis/{key(n)}" for n in (1, 2, 3)))
    for n in (1, 2, 3):
        assert any("ISNI" in finding[2] for finding in published(data.data).findings(f"doc/thesis/{key(n)}"))


def test_going_back_brings_back_the_state_before_and_the_next_build_goes_on_from_it(tmp_path: Path) -> None:
    data, source = tmp_path / "data", tmp_path / "a.csv"
    command("build", csv_file(source, row(1)), "--data", data)
    was = dumps(data)
    command("build", csv_file(source, row(1), row(2)), "--data", data)
    done = command("rollback", "--data", data)
    assert done.exit_code == 0
    assert "Serving" in done.stderr
    assert dumps(data) == was
    moved: Any = published(data).moved(f"id/thesis/{key(2)}")
    assert moved.status == 410
    assert command("build", source, "--data", data).exit_code == 0
    assert keys(data) == [key(1), key(2)]


def test_going_back_does_not_publish_again_what_has_been_withdrawn_since(tmp_path: Path) -> None:
    data = tmp_path / "data"
    command("build", csv_file(tmp_path / "a.csv", row(1), row(2)), "--data", data)
    command("withdraw", key(1), "--reason", "Taken down.", "--data", data)
    done = command("rollback", "--data", data)
    assert done.exit_code == 2
    assert f"would publish again what has been withdrawn since: {key(1)}." in done.stderr
    assert keys(data) == [key(2)]
    command("withdraw", "--undo", key(1), "--data", data)
    assert command("rollback", "--data", data).exit_code == 0
    assert keys(data) == [key(1), key(2)]


def test_a_base_that_what_is_published_does_not_have_is_not_passed_over_silently(tmp_path: Path) -> None:
    data, source = tmp_path / "data", csv_file(tmp_path / "a.csv", row(1))
    command("build", source, "--data", data, "--base", "https://example.org/theses/")
    assert "got the base" not in command("build", source, "--data", data, "--add").stderr
    done = command("build", source, "--data", data, "--add", "--base", "https://example.net/")
    assert "got the base of what is published, https://example.org/theses/, and not https://example.net/" in done.stderr
    assert published(data).manifest.base == "https://example.org/theses/"


def test_a_deletion_that_names_no_ethos_id_is_told(tmp_path: Path) -> None:
    gone = '<record><header status="deleted"><identifier>oai:eprints.example.ac.uk:7</identifier></header></record>'
    done = command("build", feed_file(tmp_path / "a.xml", record(1), gone), "--data", tmp_path / "data")
    assert "1 of the deletions name no EThOS ID" in done.stderr
    assert "a.xml, line" in done.stderr


@pytest.mark.parametrize(
    ("qualification", "kind"), [("Thesis (Ph.D.)", "c_db06"), ("M.Phil.", "c_bdcc"), ("B.Litt.", "c_7a1f")]
)
def test_a_thesis_for_a_lower_degree_is_not_called_doctoral(qualification: str, kind: str, tmp_path: Path) -> None:
    build([csv_file(tmp_path / "a.csv", row(1, Qualification=qualification))], Settings(data=tmp_path / "data"))
    (stated,) = re.findall(r"dc/terms/type> <http://purl.org/coar/resource_type/(\w+)>", dump(tmp_path / "data"))
    assert stated == kind


def test_a_level_without_a_qualification_is_not_lost(tmp_path: Path) -> None:
    page = page_file(tmp_path / "a.txt", "Peat", "Fenn, Ada", "1990", more="Qualification Level: Doctoral\n")
    build([page], Settings(data=tmp_path / "data"))
    thesis_level = (
        r"/id/thesis/x-\w+> <https://w3id.org/thesis-ld/terms#level> <https://w3id.org/thesis-ld/level/doctoral>"
    )
    assert re.search(thesis_level, dump(tmp_path / "data"))


def test_a_builder_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    source = csv_file(tmp_path / "a.csv", *map(row, range(4)))

    def fail(stage: str, done: int) -> None:
        if stage == "publish":
            raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        build([source], Settings(data=tmp_path / "data"), progress=fail)
    assert list((tmp_path / "data" / "snapshots").iterdir()) == []
    with Builder(tmp_path / "data", base=BASE, keep=3, now=datetime(2026, 1, 1, tzinfo=UTC)) as builder:
        assert builder.previous is None


FROM_A_UNIVERSITY = """<?xml version="1.0"?>
<record><header><identifier>oai:etheses.example.ac.uk:3</identifier></header><metadata>
<u:uketddc xmlns:u="http://naca.central.cranfield.ac.uk/ethos-oai/2.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:dcterms="http://purl.org/dc/terms/" xmlns:t="http://naca.central.cranfield.ac.uk/ethos-oai/terms/">
<dc:title>Moraines</dc:title><dc:creator>Ash, Ann</dc:creator><dcterms:issued>1998</dcterms:issued>
<dc:identifier>uk.bl.ethos.7</dc:identifier><t:institution>University of Leeds</t:institution>
</u:uketddc></metadata></record>"""


def test_a_record_that_only_a_university_sent_names_the_university_and_not_ethos(tmp_path: Path) -> None:
    feed = tmp_path / "feed.xml"
    feed.write_text(FROM_A_UNIVERSITY, encoding="utf-8")
    command("build", feed, csv_file(tmp_path / "a.csv", row(1)), "--data", tmp_path / "data")
    named = dict(re.findall(r"<[^>]*doc/thesis/([^>]*)> <[^>]*attributionName> \"([^\"]*)\"", dump(tmp_path / "data")))
    assert named == {"uk.bl.ethos.7": "University of Leeds", key(1): "British Library, EThOS"}
