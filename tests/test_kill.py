"""`kill -9` at any moment of a build, under a running server: the old state stays served, and the next build heals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from conftest import Serve
from rows import command, csv_file, dump, files, key, keys, published, row

from ld.snapshot import verify

ROOT = Path(__file__).resolve().parent.parent
BUILDING = ROOT / "tests" / "building.py"
RECORDS = 600

BEFORE = (
    "read:1", "unite:before", "identity:after", "publish:1", "publish:501", "store:before", "catalogue:after",
    "manifest:before", "ledger:after", "pointer:before",
)  # fmt: skip
"""Moments before the pointer moves, spread over the whole of a build."""


class Client(threading.Thread):
    """Asks a server for a few addresses again and again, and counts what it answers."""

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self.address = address
        self.answers: Counter[tuple[int, str]] = Counter()
        """How often each (status, title that was said, or what was asked) came."""
        self.over = threading.Event()

    def run(self) -> None:
        paths = [f"doc/thesis/{key(n)}.nt" for n in (0, 300, RECORDS - 1)]
        paths += ["doc/organisation/0000000419368948.nt?page=3", f"id/thesis/{key(7)}", "healthz"]
        with requests.Session() as session:
            while not self.over.wait(0.02):  # which leaves the builds some of the machine
                for path in paths:
                    try:
                        answer = session.get(f"{self.address}/{path}", timeout=30)
                    except requests.RequestException as error:
                        self.answers[0, repr(error)] += 1
                        continue
                    said = "old" if '"Old ' in answer.text else "new" if '"New ' in answer.text else path
                    self.answers[answer.status_code, said] += 1


@contextmanager
def asking(address: str) -> Iterator[Client]:
    """A client that asks as long as the block runs."""
    client = Client(address)
    client.start()
    try:
        yield client
    finally:
        client.over.set()
        client.join(60)


def killed(moment: str, data: Path, source: Path) -> None:
    """A build that is killed at a moment."""
    done = subprocess.run(
        [sys.executable, str(BUILDING), moment, str(data), str(source)], cwd=ROOT, capture_output=True, timeout=120
    )
    assert done.returncode == -signal.SIGKILL, (moment, done.returncode, done.stderr.decode())


def sources(folder: Path) -> tuple[Path, Path]:
    """Two states of one corpus."""
    old = csv_file(folder / "old.csv", *(row(n, Title=f"Old {n}") for n in range(RECORDS)))
    new = csv_file(folder / "new.csv", *(row(n, Title=f"New {n}") for n in range(RECORDS)))
    return old, new


def leftovers(data: Path) -> list[str]:
    """What a killed build left in the data folder."""
    return [path.name for path in (*data.glob(".*"), *(data / "snapshots").glob(".*"))]


def test_a_build_killed_at_any_moment_leaves_the_old_state_served(serve: Serve, tmp_path: Path) -> None:
    old, new = sources(tmp_path)
    data = tmp_path / "data"
    assert command("build", old, "--data", data).exit_code == 0
    was = files(data)
    with asking(serve(data=data)) as client:
        for moment in BEFORE:
            killed(moment, data, new)
            assert files(data) == was, moment
            assert len(list((data / "snapshots").iterdir())) == 2, moment  # the old state, and what was being made
        told = client.answers.copy()
        done = command("build", new, "--data", data)
        assert done.exit_code == 0, done.stderr
        for _ in range(200):
            if client.answers[200, "new"]:
                break
            client.over.wait(0.05)
    assert {status for status, _ in client.answers} == {200}, client.answers
    assert told[200, "old"] > 100
    assert not told[200, "new"]
    assert client.answers[200, "new"]
    assert leftovers(data) == []
    assert len(list((data / "snapshots").iterdir())) == 2
    assert verify(data) == []
    assert f'"New {RECORDS - 1}"' in dump(data)
    assert published(data).manifest.floor >= published(data).manifest.created


@pytest.mark.parametrize("moment", ["pointer:after", "prune:before"])
def test_a_build_killed_behind_the_pointer_leaves_the_new_state_served(moment: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    command("build", csv_file(tmp_path / "a.csv", row(1)), "--data", data)
    killed(moment, data, csv_file(tmp_path / "b.csv", row(1), row(2)))
    assert keys(data) == [key(1), key(2)]
    assert verify(data) == []
    assert command("build", tmp_path / "b.csv", "--data", data).exit_code == 0
    assert leftovers(data) == []
    assert verify(data) == []


@pytest.mark.parametrize("moment", ["read:1", "publish:2", "ledger:after", "pointer:before"])
def test_the_first_build_of_all_may_be_killed_too(moment: str, tmp_path: Path) -> None:
    data, source = tmp_path / "data", csv_file(tmp_path / "a.csv", row(1), row(2))
    killed(moment, data, source)
    assert command("status", "--data", data).exit_code == 2
    assert command("build", source, "--data", data).exit_code == 0
    assert keys(data) == [key(1), key(2)]
    assert leftovers(data) == []
    assert verify(data) == []


@pytest.mark.parametrize("moment", ["read:2", "publish:2", "ledger:before"])
def test_ctrl_c_stops_a_build_cleanly(moment: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    command("build", csv_file(tmp_path / "a.csv", row(1)), "--data", data)
    was = files(data)
    source = csv_file(tmp_path / "b.csv", row(1), row(2))
    program = (
        "import sys, building, ld.build; from ld.cli import main; "
        f"progress = building.prepare({moment!r}, 2); usual = ld.build.build; "
        "ld.build.build = lambda *a, **k: usual(*a, **k | {'progress': progress}); main(sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "build", str(source), "--data", str(data)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT}/tests"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2, done.stderr
    assert "thesis-ld: stopped." in done.stderr
    assert "Traceback" not in done.stderr
    assert files(data) == was
    assert leftovers(data) == []
    assert command("build", source, "--data", data).exit_code == 0
