"""What must stand in no tracked file, whoever wrote it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

UNWANTED = {
    "the address of a package registry": r"pypi\.org|pythonhosted\.org|registry\.npmjs\.org|--(extra-)?index-url",
    "a path of somebody's machine": r"(?<![\w.:/-])/(work|farm|root|home/\w+|Users/\w+)/",
    "a mark of unfinished work": r"\b(TODO|FIXME|XXX|lorem ipsum|Lorem ipsum)\b",
    "an unresolved merge": r"^(<{7}|>{7}) ",
}


def _tracked() -> list[Path]:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("what", UNWANTED)
def test_no_tracked_file_holds(what: str) -> None:
    pattern = re.compile(UNWANTED[what])
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in _tracked()
        if path != Path(__file__).resolve()
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


def test_no_tracked_file_is_large() -> None:
    assert [path.name for path in _tracked() if path.stat().st_size > 500_000] == []
