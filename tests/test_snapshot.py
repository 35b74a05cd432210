"""Snapshots: whole or not at all, whatever happens to the build; and the way back."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import pytest
from publications import BASE, day, files, fill, publish

from ld import snapshot
from ld.errors import BuildBusy, BuildError, NothingPublished, SnapshotError
from ld.snapshot import Builder, Moved, Publication, manifest
from ld.snapshot.published import newer

HERE = Path(__file__).parent


def _names(data: Path) -> list[str]:
    """Everything in the folder of snapshots, hidden or not."""
    return sorted(path.name for path in (data / "snapshots").iterdir())


# --- publishing -------------------------------------------------------------------------------------------------------


def test_an_empty_data_folder_publishes_nothing(tmp_path: Path) -> None:
    for ask in (Publication(tmp_path).current, lambda: snapshot.status(tmp_path), lambda: snapshot.verify(tmp_path)):
        with pytest.raises(NothingPublished, match="publishes nothing yet"):
            ask()
    with pytest.raises(NothingPublished):
        snapshot.rollback(tmp_path)


def test_a_data_folder_is_made_when_it_is_not_there(tmp_path: Path) -> None:
    assert publish(tmp_path / "new" / "data", {"1": "One"}).describe("doc/thesis/1") is not None


def test_what_is_published_is_served_from_then_on(tmp_path: Path) -> None:
    publish(tmp_path, {"1": "One"})
    publication = Publication(tmp_path)
    first = publication.current()
    assert publication.current() is first
    second = publish(tmp_path, {"1": "One", "2": "Two"})
    assert publication.current().name == second.name
    assert publication.current().describe("doc/thesis/2") is not None


def test_the_pointer_is_a_relative_link(tmp_path: Path) -> None:
    made = publish(tmp_path / "data", {"1": "One"})
    assert (tmp_path / "data" / "current").readlink() == Path("snapshots", made.name)
    (tmp_path / "data").rename(tmp_path / "moved")
    assert Publication(tmp_path / "moved").current().describe("doc/thesis/1") is not None


def test_the_manifest_tells_what_was_published(tmp_path: Path) -> None:
    before = publish(tmp_path, {"1": "One"})
    made = publish(tmp_path, {"1": "One", "2": "Two"}, [("id/thesis/x-1", 301, ["id/thesis/1"])], now=day(3))
    told = made.manifest
    assert (told.name, told.base, told.created, told.previous) == (made.name, BASE, day(3), before.name)
    assert told.sources == ({"name": "a.csv", "bytes": 7, "sha256": "00"},)
    assert set(told.versions) == {"thesis-ld", "pyoxigraph", "rdflib", "pyshacl", "sqlite"}
    assert told.counts == {
        "descriptions": 3, "moved": 1, "several": 0, "gone": 0, "triples": 4, "read": 2,
    }  # fmt: skip
    assert set(told.files) == set(files(made.folder)) - {"manifest.json"}
    assert {path.partition("/")[0] for path in told.files} == {"catalogue.sqlite", "dumps", "reports", "store"}
    assert json.loads((made.folder / "manifest.json").read_text("utf-8"))["format"] == manifest.FORMAT


def test_scratch_files_of_a_build_are_not_published(tmp_path: Path) -> None:
    with Builder(tmp_path, base=BASE, keep=3, now=day(0)) as builder:
        (builder.folder / "staging.sqlite").write_bytes(b"x")
        (builder.folder / "scratch").mkdir()
        made = builder.publish({}, [])
    assert {path.name for path in made.folder.iterdir()} == {
        "manifest.json", "catalogue.sqlite", "dumps", "reports", "store",
    }  # fmt: skip


def test_vocabularies_are_in_the_graph_and_not_among_the_descriptions(tmp_path: Path) -> None:
    made = publish(tmp_path, {"1": "One"})
    assert made.describe("vocab/degrees") is None
    found = made.store().query("ASK { ?degree ?p 'D.Psy.' }")
    assert bool(found)


def test_reading_changes_no_file_of_a_snapshot(tmp_path: Path) -> None:
    made = publish(tmp_path, {"1": "One"})
    before = files(made.folder)
    current = Publication(tmp_path).current()
    current.describe("doc/thesis/1")
    assert len(current.store()) == 3
    publish(tmp_path, {"2": "Two"})
    assert files(made.folder) == before


def test_names_rise_though_the_clock_goes_back(tmp_path: Path) -> None:
    made = [publish(tmp_path, {str(n): "One"}, now=day(-n)) for n in range(3)]
    assert [one.name for one in made] == sorted(one.name for one in made)
    assert made[2].manifest.created == day(-2)


def test_only_so_many_snapshots_are_kept(tmp_path: Path) -> None:
    made = [publish(tmp_path, {str(n): "One"}, now=day(n), keep=2).name for n in range(4)]
    assert _names(tmp_path) == made[2:]
    one = publish(tmp_path, {"9": "Nine"}, now=day(9), keep=1)
    assert _names(tmp_path) == [one.name]


def test_a_reader_goes_on_when_its_snapshot_is_removed(tmp_path: Path) -> None:
    publish(tmp_path, {"1": "One"}, keep=1)
    publication = Publication(tmp_path)
    old = publication.current()
    publish(tmp_path, {"2": "Two"}, keep=1, now=day(1))
    assert not old.folder.exists()
    assert old.describe("doc/thesis/1") is not None
    answers: list[object] = []
    thread = Thread(target=lambda: answers.append(old.describe("doc/thesis/1")))  # it has no connection of its own yet
    thread.start()
    thread.join()
    assert answers == [old.describe("doc/thesis/1")]
    assert publication.current().describe("doc/thesis/2") is not None


def test_readers_never_miss_while_snapshots_come_and_go(tmp_path: Path) -> None:
    publish(tmp_path, {"1": "0"}, keep=1)
    publication, done, faults, seen = Publication(tmp_path), Event(), list[object](), set[str]()

    def read() -> None:
        while not done.is_set():
            try:
                found = publication.current().describe("doc/thesis/1")
                seen.add(found.label if found else "nothing")
            except Exception as error:
                faults.append(error)

    threads = [Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(1, 5):
        publish(tmp_path, {"1": str(number)}, keep=1, now=day(number))
    done.set()
    for thread in threads:
        thread.join()
    assert faults == []
    assert "nothing" not in seen


# --- one builder at a time, and faults --------------------------------------------------------------------------------


def test_a_second_build_is_refused_at_once_and_told_who_holds_the_folder(tmp_path: Path) -> None:
    with Builder(tmp_path, base=BASE, keep=3, now=day(0)) as builder:
        fill(builder, {"1": "One"})
        with (
            pytest.raises(BuildBusy, match=rf"process {os.getpid()}, since 20.*Wait until it ends"),
            Builder(tmp_path, base=BASE, keep=3, now=day(0)),
        ):
            pass
        assert builder.publish({}, []).describe("doc/thesis/1") is not None
    assert publish(tmp_path, {"1": "One"}) is not None


def test_nobody_goes_back_while_a_build_runs(tmp_path: Path) -> None:
    publish(tmp_path, {"1": "One"})
    with Builder(tmp_path, base=BASE, keep=3, now=day(0)), pytest.raises(BuildBusy):
        snapshot.rollback(tmp_path)


def test_a_build_that_fails_leaves_everything_as_it_was(tmp_path: Path) -> None:
    made = publish(tmp_path, {"1": "One"})
    before = files(tmp_path)
    with suppress(RuntimeError), Builder(tmp_path, base=BASE, keep=3, now=day(1)) as builder:
        fill(builder, {"2": "Two"})
        raise RuntimeError
    assert files(tmp_path) == before
    assert _names(tmp_path) == [made.name]
    assert Publication(tmp_path).current().name == made.name


FULL = OSError(errno.ENOSPC, "No space left on device")
FULL_DATABASE = sqlite3.OperationalError("database or disk is full")
FULL_STORE = OSError("IO error: No space left on device: While appending to file")


@pytest.mark.parametrize(
    ("where", "error"),
    [
        ("ld.snapshot.dumps.Dumps.add", FULL),
        ("ld.snapshot.catalogue.Writer.add", FULL_DATABASE),
        ("ld.snapshot.store.Loader.add", FULL_STORE),
        ("ld.snapshot.dumps.Dumps.finish", FULL),
        ("ld.snapshot.store.Loader.finish", FULL_STORE),
        ("ld.snapshot.catalogue.Writer.finish", FULL_DATABASE),
        ("ld.snapshot.manifest.Manifest.write", FULL),
        ("ld.snapshot.ledger.Ledger._write_pending", FULL_DATABASE),
        ("ld.snapshot.manifest.point", FULL),
    ],
)
def test_a_full_disk_stops_the_build_and_nothing_else(
    where: str, error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = publish(tmp_path, {"1": "One"})
    before = files(made.folder)

    def refuse(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(where, refuse)
        with pytest.raises(BuildError, match=r"is full: make room.*what was published before still is"):
            publish(tmp_path, {"2": "Two"}, now=day(1))
    assert _names(tmp_path) == [made.name]
    assert files(made.folder) == before
    assert snapshot.verify(tmp_path) == []
    assert publish(tmp_path, {"2": "Two"}, now=day(2)).moved("doc/thesis/1") is not None


def test_a_fault_after_the_pointer_moved_does_not_take_the_new_snapshot_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tmp_path, {"1": "One"})
    point = manifest.point

    def fail_late(data: Path, name: str) -> None:
        point(data, name)
        raise FULL

    with monkeypatch.context() as patch:
        patch.setattr(manifest, "point", fail_late)
        with pytest.raises(BuildError):
            publish(tmp_path, {"2": "Two"}, now=day(1))
    assert Publication(tmp_path).current().describe("doc/thesis/2") is not None
    assert snapshot.verify(tmp_path) == []


def test_a_data_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file stands in the way")
    with pytest.raises(BuildError, match="data"):
        publish(tmp_path / "data", {"1": "One"})


# --- kill -9 ----------------------------------------------------------------------------------------------------------

CHILD = """
import importlib, os, signal, sys
from pathlib import Path
from publications import publish, day

def kill_at(where, moment):
    module, *names = where.split(":")
    owner = importlib.import_module(module)
    for name in names[:-1]:
        owner = getattr(owner, name)
    original = getattr(owner, names[-1])
    def deadly(*args, **kwargs):
        if moment == "after":
            original(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(owner, names[-1], deadly)

data, where, moment = sys.argv[1:]
kill_at(where, moment)
publish(Path(data), {"2": "Two", "3": "Three"}, [("id/thesis/x-1", 301, ["id/thesis/2"])], now=day(1), keep=1)
"""

MOMENTS = [
    ("ld.snapshot.publishing:Loader", "after", False),
    ("ld.snapshot.catalogue:Writer:add", "after", False),
    ("ld.snapshot.dumps:Dumps:finish", "after", False),
    ("ld.snapshot.store:Loader:finish", "before", False),
    ("ld.snapshot.catalogue:Writer:_place_listings", "after", False),
    ("ld.snapshot.settling:settle", "after", False),
    ("ld.snapshot.manifest:Manifest:write", "before", False),
    ("ld.snapshot.manifest:sync", "before", False),
    ("ld.snapshot.ledger:Ledger:update", "before", False),
    ("ld.snapshot.ledger:Ledger:_write_pending", "before", False),  # in the middle of the ledger's transaction
    ("ld.snapshot.ledger:Ledger:update", "after", False),
    ("ld.snapshot.manifest:point", "before", False),  # the snapshot has its name and nobody knows it
    ("pathlib:Path:replace", "before", False),  # the new pointer lies beside the old one
    ("pathlib:Path:replace", "after", True),
    ("ld.snapshot.ledger:Ledger:note_published", "before", False),  # called first when the build begins
    ("ld.snapshot.publishing:Builder:_prune", "before", True),
    ("ld.snapshot.publishing:shutil:rmtree", "before", True),
]


@pytest.mark.parametrize(("where", "moment", "swapped"), MOMENTS, ids=lambda value: str(value))
def test_a_killed_build_leaves_a_whole_state_served(where: str, moment: str, swapped: bool, tmp_path: Path) -> None:
    data = tmp_path / "data"
    old = publish(data, {"1": "One", "x-1": "Two"})
    content = files(old.folder)
    path = os.pathsep.join([str(HERE), str(HERE.parent)])
    child = [sys.executable, "-c", CHILD, str(data), where, moment]
    ended = subprocess.run(child, env=os.environ | {"PYTHONPATH": path}, check=False, capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr

    assert snapshot.verify(data) == []
    served = Publication(data).current()
    assert (served.name != old.name) == swapped
    assert not snapshot.status(data).rolled_back
    if not swapped:
        assert files(old.folder) == content
        assert served.describe("doc/thesis/1") is not None
        assert served.describe("doc/thesis/x-1") is not None
    for path in ("doc/thesis/1", "doc/thesis/x-1", "doc/person/0000000453606890"):
        assert served.describe(path) or served.moved(path)

    new = publish(data, {"2": "Two"}, now=day(2), keep=2)
    assert all(name == new.name or name == served.name for name in _names(data))
    assert not list(data.glob(".current-*"))
    assert snapshot.verify(data) == []
    for path in ("doc/thesis/1", "doc/thesis/x-1", "doc/thesis/2", "doc/person/0000000453606890"):
        assert new.describe(path) or new.moved(path)
    assert new.manifest.floor == (served.manifest.floor if swapped else new.manifest.floor)


def test_after_a_build_died_between_ledger_and_pointer_no_date_is_too_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tmp_path, {"1": "One"})

    def fail(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(manifest, "point", fail)
        with suppress(RuntimeError):
            publish(tmp_path, {"1": "Two"}, now=day(1))
    assert publish(tmp_path, {"1": "Two"}, now=day(5)).manifest.floor == day(5)


# --- going back -------------------------------------------------------------------------------------------------------


def test_rollback_goes_back_one_snapshot_and_then_another(tmp_path: Path) -> None:
    made = [publish(tmp_path, {str(n): "One"}, now=day(n)) for n in range(3)]
    assert not snapshot.status(tmp_path).rolled_back
    assert snapshot.rollback(tmp_path).name == made[1].name
    assert Publication(tmp_path).current().describe("doc/thesis/1") is not None
    assert snapshot.status(tmp_path).rolled_back
    assert snapshot.rollback(tmp_path).name == made[0].name
    with pytest.raises(SnapshotError, match="keeps no snapshot older"):
        snapshot.rollback(tmp_path)
    assert Publication(tmp_path).current().name == made[0].name


def test_after_a_rollback_no_answer_is_dated_before_it(tmp_path: Path) -> None:
    publish(tmp_path, {"1": "One"}, now=day(0))
    publish(tmp_path, {"1": "Two"}, now=day(1))
    before = datetime.now(UTC).replace(microsecond=0)
    assert snapshot.rollback(tmp_path).manifest.floor >= before
    assert Publication(tmp_path).current().manifest.floor >= before


def test_a_build_after_a_rollback_dates_everything_anew(tmp_path: Path) -> None:
    first = publish(tmp_path, {"1": "One"}, now=day(0))
    assert publish(tmp_path, {"1": "Two"}, now=day(1)).manifest.floor == first.manifest.floor == day(0)
    snapshot.rollback(tmp_path)
    third = publish(tmp_path, {"1": "Two"}, now=day(7))
    assert third.manifest.floor == day(7)
    assert publish(tmp_path, {"1": "Three"}, now=day(8)).manifest.floor == day(7)


def test_a_build_after_a_rollback_follows_the_state_gone_back_to(tmp_path: Path) -> None:
    good = publish(tmp_path, {"1": "One"}, now=day(0))
    bad = publish(tmp_path, {"9": "Wrong"}, now=day(1))
    snapshot.rollback(tmp_path)
    new = publish(tmp_path, {"1": "One", "2": "Two"}, now=day(2), keep=2)
    assert new.manifest.previous == good.name
    assert _names(tmp_path) == [good.name, new.name]  # of the two older ones, the one that was given up goes first
    assert not bad.folder.exists()
    assert snapshot.rollback(tmp_path).name == good.name


def test_addresses_of_the_state_gone_back_from_are_not_unknown(tmp_path: Path) -> None:
    publish(tmp_path, {"1": "One"}, now=day(0))
    publish(tmp_path, {"1": "One", "9": "New"}, [("id/thesis/x-1", 301, ["id/thesis/1"])], now=day(1))
    back = snapshot.rollback(tmp_path)
    gone = Moved(410, (), "Not part of what is published now: this site went back to its state of 2026-09-14.")
    assert back.moved("doc/thesis/9") == gone
    assert back.moved("id/thesis/x-1") == Moved(301, ("id/thesis/1",), "")
    assert back.moved("doc/thesis/1") is None
    assert back.moved("doc/thesis/2") is None
    new = publish(tmp_path, {"1": "One"}, now=day(2))
    moved = new.moved("doc/thesis/9")
    assert moved is not None
    assert moved.status == 410


def test_rollback_passes_over_a_damaged_snapshot(tmp_path: Path) -> None:
    made = [publish(tmp_path, {str(n): "One"}, now=day(n)) for n in range(3)]
    (made[1].folder / "manifest.json").write_text("{")
    assert snapshot.rollback(tmp_path).name == made[0].name


def test_rollback_leaves_a_damaged_snapshot_behind(tmp_path: Path) -> None:
    made = [publish(tmp_path, {str(n): "One"}, now=day(n)) for n in range(2)]
    shutil.rmtree(made[1].folder)
    assert snapshot.rollback(tmp_path).name == made[0].name


# --- damage -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda folder: (folder / "manifest.json").unlink(), "no whole snapshot"),
        (lambda folder: (folder / "manifest.json").write_text('{"format": 1'), "cannot be read"),
        (lambda folder: (folder / "manifest.json").write_text('{"format": 1}'), "cannot be read"),
        (lambda folder: (folder / "manifest.json").write_text("[]"), "cannot be read"),
        (lambda folder: (folder / "manifest.json").write_text('{"format": 99}'), "has format 99"),
        (lambda folder: (folder / "catalogue.sqlite").unlink(), "is missing"),
        (lambda folder: os.truncate(folder / "catalogue.sqlite", 4096), "is damaged"),
        (lambda folder: (folder / "catalogue.sqlite").write_bytes(b"x" * _size(folder)), "is damaged"),
        (shutil.rmtree, "is not there"),
    ],
)
def test_a_damaged_snapshot_is_not_served_and_the_way_out_is_told(
    damage: Callable[[Path], object], told: str, tmp_path: Path
) -> None:
    publish(tmp_path, {"1": "One"})
    made = publish(tmp_path, {"1": "One", "2": "Two"}, now=day(1))
    damage(made.folder)
    with pytest.raises(SnapshotError, match=told) as raised:
        Publication(tmp_path).current()
    assert "thesis-ld rollback" in str(raised.value)
    with pytest.raises(SnapshotError):
        snapshot.status(tmp_path)
    assert snapshot.verify(tmp_path) != []
    with Builder(tmp_path, base=BASE, keep=3, now=day(2)) as builder:
        assert builder.previous is None
        assert builder.damage is not None
        fill(builder, {"2": "Two"})
        new = builder.publish({}, [])
    assert new.moved("doc/thesis/1") == Moved(410, (), "No longer in the sources since 2026-09-16.")
    assert new.manifest.floor == day(2)


def _size(folder: Path) -> int:
    return (folder / "catalogue.sqlite").stat().st_size


def test_damage_inside_the_catalogue_is_told_when_it_is_met(tmp_path: Path) -> None:
    made = publish(tmp_path, {str(n): "One" for n in range(200)})
    content = bytearray((made.folder / "catalogue.sqlite").read_bytes())
    content[4096 * 8 :] = b"\xff" * (len(content) - 4096 * 8)
    (made.folder / "catalogue.sqlite").write_bytes(content)

    def read_all() -> None:
        current = Publication(tmp_path).current()
        for number in range(200):
            current.describe(f"doc/thesis/{number}")
            current.moved(f"doc/thesis/x{number}")

    with pytest.raises(SnapshotError, match="is damaged"):
        read_all()


def test_verify_finds_each_fault(tmp_path: Path) -> None:
    made = publish(tmp_path, {"1": "One"})
    assert snapshot.verify(tmp_path) == []
    dump = made.folder / "dumps" / "thesis-ld.nt.gz"
    content = dump.read_bytes()
    dump.write_bytes(content[:-1] + b"\x01")
    assert snapshot.verify(tmp_path) == [f"{dump} is not as it was published: its checksum differs."]
    dump.unlink()
    assert snapshot.verify(tmp_path) == [f"{dump} is missing."]
    dump.write_bytes(content)
    (made.folder / "dumps" / "extra").touch()
    assert snapshot.verify(tmp_path) == [f"{made.folder / 'dumps' / 'extra'} does not belong to the snapshot."]
    (made.folder / "dumps" / "extra").unlink()
    (tmp_path / "ledger.sqlite").write_bytes(b"not a database")
    assert len(snapshot.verify(tmp_path)) == 1
    (tmp_path / "ledger.sqlite").unlink()
    assert "ledger.sqlite is missing" in snapshot.verify(tmp_path)[0]


# --- status -----------------------------------------------------------------------------------------------------------


def test_status_tells_what_is_published_since_when_and_from_what(tmp_path: Path) -> None:
    old = publish(tmp_path, {"1": "One"})
    began = datetime.now(UTC).replace(microsecond=0)
    made = publish(tmp_path, {"1": "One", "2": "Two"}, now=day(1))
    state = snapshot.status(tmp_path)
    assert (state.manifest, state.others, state.rolled_back) == (made.manifest, (old.name,), False)
    assert began <= state.since <= datetime.now(UTC)
    data = state.to_json()
    assert data["snapshot"] == made.name
    assert data["counts"]["descriptions"] == 3
    assert data["sources"][0]["name"] == "a.csv"
    assert data["files"]["catalogue.sqlite"]["sha256"] == made.manifest.files["catalogue.sqlite"].sha256
    assert json.loads(json.dumps(data)) == data
    text = state.text()
    for told in (made.name, BASE, "a.csv", made.manifest.digest, "descriptions 3", old.name, "2026-09-15 08:30:00 UTC"):
        assert told in text
    snapshot.rollback(tmp_path)
    assert "after a rollback" in snapshot.status(tmp_path).text()
    assert [folder.name for folder in newer(tmp_path, old.name)] == [made.name]


def test_a_manifest_comes_back_as_it_was_written(tmp_path: Path) -> None:
    made = publish(tmp_path, {"1": "One"}).manifest
    (tmp_path / "copy").mkdir()
    replace(made, counts={"a": 1}).write(tmp_path / "copy")
    assert manifest.read_manifest(tmp_path / "copy") == replace(made, counts={"a": 1})


@pytest.mark.parametrize("base", [5, None, "", "http://[x/", "ftp://a.org/", "http://a.org/?q"])
def test_a_manifest_whose_base_is_no_base_is_damaged(tmp_path: Path, base: object) -> None:
    made = publish(tmp_path, {"uk.bl.ethos.1": "One"})
    file = made.folder / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"base": base}))
    with pytest.raises(SnapshotError, match=r"manifest\.json cannot be read"):
        snapshot.Publication(tmp_path).current()
