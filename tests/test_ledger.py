"""The ledger: addresses are for ever. What was served once answers 200, 301, 300 or 410, and never 404."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from publications import BASE, day, fill, publish

from ld.errors import SnapshotError
from ld.snapshot import Builder, Description, Moved, Snapshot, manifest
from ld.snapshot.catalogue import WORK, Entry, Writer
from ld.snapshot.ledger import Ledger

GONE = "No longer in the sources since 2026-09-15."


def test_a_thesis_that_left_the_sources_is_gone_with_the_day_it_left(tmp_path: Path) -> None:
    publish(tmp_path, {"1": "One", "2": "Two"})
    snapshot = publish(tmp_path, {"1": "One"}, now=day(1))
    assert snapshot.describe("doc/thesis/2") is None
    assert snapshot.moved("doc/thesis/2") == snapshot.moved("id/thesis/2") == Moved(410, (), GONE)
    later = publish(tmp_path, {"1": "One"}, now=day(9))
    assert later.moved("doc/thesis/2") == Moved(410, (), GONE)


def test_an_agent_that_no_thesis_names_any_more_is_gone(tmp_path: Path) -> None:
    publish(tmp_path, {"1": "One"})
    assert publish(tmp_path, {}, now=day(1)).moved("id/person/0000000453606890") == Moved(410, (), GONE)


def test_a_renamed_thesis_redirects_under_id_and_under_doc(tmp_path: Path) -> None:
    publish(tmp_path, {"x-1": "One"})
    snapshot = publish(tmp_path, {"7": "One"}, [("id/thesis/x-1", 301, ["id/thesis/7"])])
    assert snapshot.moved("id/thesis/x-1") == Moved(301, ("id/thesis/7",), "")
    assert snapshot.moved("doc/thesis/x-1") == Moved(301, ("doc/thesis/7",), "")
    assert snapshot.moved("doc/thesis/7") is None


def test_a_redirect_is_remembered_when_nobody_states_it_again(tmp_path: Path) -> None:
    publish(tmp_path, {"7": "One"}, [("id/thesis/x-1", 301, ["id/thesis/7"])])
    snapshot = publish(tmp_path, {"7": "One"}, now=day(1))
    assert snapshot.moved("id/thesis/x-1") == Moved(301, ("id/thesis/7",), "")


def test_a_redirect_to_a_redirect_leads_to_its_end_at_once(tmp_path: Path) -> None:
    publish(tmp_path, {"a": "One"})
    publish(tmp_path, {"b": "One"}, [("id/thesis/a", 301, ["id/thesis/b"])])
    snapshot = publish(tmp_path, {"c": "One"}, [("id/thesis/b", 301, ["id/thesis/c"])])
    assert snapshot.moved("id/thesis/a") == snapshot.moved("id/thesis/b") == Moved(301, ("id/thesis/c",), "")


def test_a_redirect_to_a_choice_is_a_choice(tmp_path: Path) -> None:
    moved = [("id/thesis/a", 301, ["id/thesis/x"]), ("id/thesis/x", 300, ["id/thesis/1", "id/thesis/2"])]
    snapshot = publish(tmp_path, {"1": "One", "2": "Two"}, moved)
    assert snapshot.moved("id/thesis/a") == Moved(300, ("id/thesis/1", "id/thesis/2"), "")


def test_a_choice_of_which_one_is_left_stays_a_choice(tmp_path: Path) -> None:
    publish(tmp_path, {"1": "One", "2": "Two"}, [("id/thesis/x", 300, ["id/thesis/1", "id/thesis/2"])])
    snapshot = publish(tmp_path, {"2": "Two"}, now=day(1))
    assert snapshot.moved("id/thesis/x") == Moved(300, ("id/thesis/2",), "")
    assert publish(tmp_path, {}, now=day(1)).moved("id/thesis/x") == Moved(410, (), GONE)


def test_two_theses_that_claim_one_former_address_are_both_offered(tmp_path: Path) -> None:
    moved = [("id/thesis/x", 301, [f"id/thesis/{n}"]) for n in (2, 1, 2)]
    snapshot = publish(tmp_path, {"1": "One", "2": "Two"}, moved)
    assert snapshot.moved("id/thesis/x") == Moved(300, ("id/thesis/1", "id/thesis/2"), "")


def test_a_redirect_to_what_is_gone_is_gone_for_the_same_reason_and_comes_back_with_it(tmp_path: Path) -> None:
    publish(tmp_path, {"7": "One"}, [("id/thesis/x-1", 301, ["id/thesis/7"])])
    gone = publish(tmp_path, {}, now=day(1), withdraw={"7": "At the author's request."})
    assert gone.moved("doc/thesis/x-1") == gone.moved("doc/thesis/7") == Moved(410, (), "At the author's request.")
    again = publish(tmp_path, {"7": "One"}, now=day(2))
    assert again.moved("doc/thesis/x-1") == Moved(301, ("doc/thesis/7",), "")


def test_sources_that_call_two_theses_each_other_lose_neither_address(tmp_path: Path) -> None:
    publish(tmp_path, {"a": "One", "b": "One"})
    moved = [("id/thesis/a", 301, ["id/thesis/b"]), ("id/thesis/b", 301, ["id/thesis/a"])]
    snapshot = publish(tmp_path, {}, moved, now=day(1))
    assert snapshot.moved("id/thesis/a") == snapshot.moved("id/thesis/b") == Moved(410, (), GONE)


def test_what_is_described_is_not_moved_whatever_is_stated(tmp_path: Path) -> None:
    snapshot = publish(tmp_path, {"1": "One", "2": "Two"}, [("id/thesis/1", 301, ["id/thesis/2"])])
    assert snapshot.describe("doc/thesis/1") is not None
    assert snapshot.moved("doc/thesis/1") is None


def test_an_address_that_leads_nowhere_and_was_never_served_is_none(tmp_path: Path) -> None:
    snapshot = publish(tmp_path, {"1": "One"}, [("id/thesis/x-1", 301, ["id/thesis/9"])])
    assert snapshot.moved("id/thesis/x-1") is None


def test_a_record_that_was_published_and_is_rejected_now_says_so(tmp_path: Path) -> None:
    publish(tmp_path, {"1": "One"})
    with Builder(tmp_path, base=BASE, keep=3, now=day(1)) as builder:
        builder.reject({"key": "1", "problems": []})
        snapshot = builder.publish({}, [])
    moved = snapshot.moved("doc/thesis/1")
    assert moved is not None
    assert moved.reason == "Its record no longer meets the requirements for publication, since 2026-09-15."


def test_a_withdrawal_lasts_until_it_is_lifted(tmp_path: Path) -> None:
    publish(tmp_path, {"1": "One"})
    publish(tmp_path, {}, withdraw={"1": "Plagiarised."}, now=day(1))
    with Builder(tmp_path, base=BASE, keep=3, now=day(2)) as builder:
        assert builder.ledger.withdrawn() == {"1": "Plagiarised."}
        builder.ledger.restore("1")
        assert builder.ledger.withdrawn() == {}
        builder.ledger.commit()
    snapshot = publish(tmp_path, {"1": "One"}, now=day(3))
    found = snapshot.describe("doc/thesis/1")
    assert found is not None
    assert (found.first, found.modified) == (day(0), day(3))


def test_a_withdrawal_whose_build_fails_is_not_kept(tmp_path: Path) -> None:
    publish(tmp_path, {"1": "One"})
    with suppress(RuntimeError), Builder(tmp_path, base=BASE, keep=3, now=day(1)) as builder:
        builder.ledger.withdraw("1", "By mistake.")
        raise RuntimeError
    with Builder(tmp_path, base=BASE, keep=3, now=day(1)) as builder:
        assert builder.ledger.withdrawn() == {}


def test_dates_change_only_with_the_description(tmp_path: Path) -> None:
    publish(tmp_path, {"1": "One", "2": "Two"})
    snapshot = publish(tmp_path, {"1": "One", "2": "Two, corrected"}, now=day(1))
    one, two = (snapshot.describe(f"doc/thesis/{n}") for n in (1, 2))
    assert one is not None
    assert two is not None
    assert (one.first, one.modified) == (day(0), day(0))
    assert (two.first, two.modified) == (day(0), day(1))


def test_a_person_changes_with_the_list_of_theses(tmp_path: Path) -> None:
    publish(tmp_path, {"1": "One"})
    same = publish(tmp_path, {"1": "One"}, now=day(1)).describe("doc/person/0000000453606890")
    more = publish(tmp_path, {"1": "One", "2": "Two"}, now=day(2)).describe("doc/person/0000000453606890")
    assert same is not None
    assert more is not None
    assert (same.modified, more.modified, more.first) == (day(0), day(2), day(0))


def test_a_change_is_later_than_what_it_changed_though_the_clock_went_back(tmp_path: Path) -> None:
    publish(tmp_path, {"1": "One"}, now=day(5))
    snapshot = publish(tmp_path, {"1": "Two"}, now=day(0))
    found = snapshot.describe("doc/thesis/1")
    assert found is not None
    assert found.modified > day(5)


def test_slugs_belong_to_their_first_owner_for_ever(tmp_path: Path) -> None:
    for number, owner in enumerate(("st andrews", "saint andrews")):
        with Builder(tmp_path, base=BASE, keep=3, now=day(number)) as builder:
            builder.keep_slugs({"st-andrews": owner, f"new-{number}": owner})
            builder.publish({}, [])
    with Builder(tmp_path, base=BASE, keep=3, now=day(3)) as builder:
        assert builder.ledger.slugs() == {
            "st-andrews": "st andrews",
            "new-0": "st andrews",
            "new-1": "saint andrews",
        }


def test_a_lost_ledger_is_made_again_from_the_current_snapshot(tmp_path: Path) -> None:
    publish(tmp_path, {"1": "One", "2": "Two", "3": "Three"}, withdraw={"9": "Never mind."})
    with Builder(tmp_path, base=BASE, keep=3, now=day(1)) as builder:
        builder.keep_slugs({"ox": "oxford"})
        fill(builder, {"1": "One"}, [("id/thesis/2", 301, ["id/thesis/1"])])
        before = builder.publish({}, [])
    (tmp_path / "ledger.sqlite").unlink()
    with Builder(tmp_path, base=BASE, keep=3, now=day(5)) as builder:
        assert builder.ledger.slugs() == {"ox": "oxford"}
        assert builder.ledger.withdrawn() == {"9": "Never mind."}
        fill(builder, {"1": "One"})
        after = builder.publish({}, [])
    for path in ("doc/thesis/1", "doc/thesis/2", "doc/thesis/3"):
        assert before.moved(path) == after.moved(path)
        assert before.describe(path) == after.describe(path)
    assert after.moved("doc/thesis/3") is not None


def test_a_damaged_ledger_stops_the_build_and_says_what_to_do(tmp_path: Path) -> None:
    publish(tmp_path, {"1": "One"})
    (tmp_path / "ledger.sqlite").write_bytes(b"this is no database at all, but it is long enough to be one" * 100)
    with pytest.raises(SnapshotError, match="move it away"), Builder(tmp_path, base=BASE, keep=3, now=day(1)):
        pass


def test_a_ledger_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "ledger.sqlite")
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(SnapshotError, match="version 99"), Builder(tmp_path, base=BASE, keep=3, now=day(1)):
        pass


# --- any sequence of builds -------------------------------------------------------------------------------------------

KEYS = ("a", "b", "c", "d", "x-1", "x-2")
PATHS = [f"id/thesis/{key}" for key in KEYS]


@dataclass(frozen=True)
class Step:
    """One build: which theses, with which of two titles, what moved, what is withdrawn; and whether it is killed
    between its ledger and its pointer, and whether somebody goes back afterwards."""

    theses: Mapping[str, bool] = field(default_factory=dict)
    moved: Mapping[str, Sequence[str]] = field(default_factory=dict)
    withdrawn: frozenset[str] = frozenset()
    rejected: frozenset[str] = frozenset()
    killed: bool = False


STEPS = st.builds(
    Step,
    theses=st.dictionaries(st.sampled_from(KEYS), st.booleans(), max_size=5),
    moved=st.dictionaries(st.sampled_from(PATHS), st.lists(st.sampled_from(PATHS), min_size=1, max_size=3), max_size=4),
    withdrawn=st.frozensets(st.sampled_from(KEYS), max_size=1),
    rejected=st.frozensets(st.sampled_from(KEYS), max_size=1),
    killed=st.booleans(),
)


def _run(folder: Path, ledger: Ledger, step: Step, now: datetime) -> Snapshot | None:
    """What a build does to catalogue and ledger, without the rest."""
    folder.mkdir()
    writer = Writer(folder)
    for key in step.withdrawn:
        ledger.withdraw(key, f"Withdrawn: {key}.")
    for key, title in sorted(step.theses.items()):
        if key not in ledger.withdrawn():
            writer.add(Entry(f"id/thesis/{key}", "thesis", key, f"{key} {title}".encode()))
    for path, targets in step.moved.items():
        writer.move(path, 301 if len(targets) == 1 else 300, targets, "")
    for key in step.rejected:
        writer.reject(f"id/thesis/{key}")
    writer.finish(ledger.path, now, slugs={}, withdrawals=ledger.withdrawals())
    writer.close()
    ledger.update(writer.path, writer.work, folder.name, now)
    (folder / WORK).unlink()
    if step.killed:
        return None
    files = {path: manifest.checksum(folder / path) for path in manifest.files(folder)}
    manifest.Manifest(name=folder.name, base=BASE, created=now, floor=now, digest="", files=files).write(folder)
    return Snapshot(folder)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEPS, min_size=1, max_size=6))
def test_whatever_is_built_no_address_that_was_served_is_ever_unknown(steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as name:
        ledger = Ledger(Path(name) / "ledger.sqlite")
        served: dict[str, datetime | None] = {}
        last: dict[str, Description] = {}
        for number, step in enumerate(steps):
            snapshot = _run(Path(name) / f"s{number}", ledger, step, day(number))
            if snapshot is None:
                continue
            now_live = {path: found for path in PATHS if (found := snapshot.describe(path))}
            for path, found in now_live.items():
                assert snapshot.moved(path) is None
                assert found.first <= found.modified <= day(number)
                if (first := served.get(path)) is not None:
                    assert found.first <= first
                if (before := last.get(path)) and before.digest == found.digest:
                    assert found.modified >= before.modified
            for path in PATHS:
                moved = snapshot.moved(path)
                assert path not in served or path in now_live or moved is not None
                if moved is None:
                    continue
                assert path not in now_live
                assert all(target in now_live for target in moved.targets)
                sizes = {301: len(moved.targets) == 1, 300: bool(moved.targets), 410: not moved.targets}
                assert sizes[moved.status]
                assert moved.status != 410 or moved.reason.endswith(".")
                served.setdefault(path, None)
            for path, found in now_live.items():
                served[path] = found.first
            last = now_live
            assert set(served) <= {path for path, _ in ledger.addresses()}
            for path in PATHS:
                assert ledger.state(path) == _state(path, now_live, snapshot.moved(path))
            snapshot.close()
        ledger.close()


def _state(path: str, live: Mapping[str, Description], moved: Moved | None) -> str | None:
    if path in live:
        return "live"
    return {301: "moved", 300: "several", 410: "gone"}[moved.status] if moved else None
