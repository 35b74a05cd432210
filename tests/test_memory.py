"""Memory: a build of many records takes hardly more than one of few. `tests/bench/build.py` measures larger ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rows import csv_file, row

BENCH = Path(__file__).resolve().parent / "bench" / "build.py"
ABSTRACT = "A sentence that an abstract could hold. " * 40


def peak(folder: Path, records: int) -> float:
    """The most memory in MB that a build of so many records ever takes."""
    rows = (row(n, Abstract=ABSTRACT, Author=f"Smith{n % 977}, Ann") for n in range(records))
    source = csv_file(folder / f"{records}.csv", *rows)
    done = subprocess.run(
        [sys.executable, str(BENCH), "--once", str(source)], capture_output=True, text=True, check=True, timeout=300
    )
    return float(done.stdout.split()[0])


def test_memory_hardly_grows_with_the_records(tmp_path: Path) -> None:
    few, many = peak(tmp_path, 1_000), peak(tmp_path, 4_000)
    assert many < few * 1.3 + 10, f"1,000 records take {few:.0f} MB, 4,000 take {many:.0f} MB"
