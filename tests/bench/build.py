"""How many records a second a build publishes, and in how much memory: `python tests/bench/build.py [RECORDS…]`.

The records are one row of the open CSV under many EThOS IDs, with an abstract of the usual length;
`--from FILE` repeats the rows of a CSV instead. `--once FILE` builds one file and prints MB, seconds and records.
"""

from __future__ import annotations

import csv
import subprocess
import sys
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from ld.build import build
from ld.settings import Settings
from ld.sources.open_csv import HEADER

ROW = {
    "Title": "The growth and decline of things in the north of England : a study of 1,200 letters",
    "Author": "Smith, Ann",
    "Author ISNI": "https://isni.org/isni/0000000453606890",
    "Institution": "University of Leeds",
    "Date": "2001",
    "Qualification": "Thesis (Ph.D.)",
    "Abstract": "A sentence that an abstract could hold, and that says what was found. " * 25,
    "Subject Discipline": "History & Archaeology",
    "Supervisor(s)": "Jones, Bo ; Doe, Jo",
    "Funder(s)": "Arts and Humanities Research Council (AH/1)",
    "IR URL": "https://etheses.example.ac.uk/1/",
}


def once(source: Path) -> None:
    """Builds one file in this process."""
    with TemporaryDirectory() as folder:
        summary = build([source], Settings(data=Path(folder) / "data"))
    # Not `ru_maxrss`: a process begins with that of the one it came from.
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(f"{int(peak.split()[1]) / 1024:.0f} {summary.seconds:.2f} {summary.published}")


def write(path: Path, records: int, rows: list[dict[str, str]]) -> None:
    """Writes a CSV of so many records."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEADER, restval=" ", lineterminator="\n")
        writer.writeheader()
        for number, row in enumerate(islice(cycle(rows), records)):
            ethos_url = f"https://ethos.bl.uk/OrderDetails.do?uin=uk.bl.ethos.{1_000_000 + number}"
            writer.writerow(row | {"EThOS URL": ethos_url})


def main(arguments: list[str]) -> None:
    """Builds so many records, one number after the other."""
    rows = [ROW]
    if arguments[:1] == ["--from"]:
        with Path(arguments[1]).open(encoding="utf-8", newline="") as file:
            rows, arguments = list(csv.DictReader(file)), arguments[2:]
    print("records   seconds  records/s       MB")
    for number in map(int, arguments or ["600", "1000", "5000", "20000"]):
        with TemporaryDirectory() as folder:
            write(Path(folder) / "records.csv", number, rows)
            program = [sys.executable, __file__, "--once", f"{folder}/records.csv"]
            done = subprocess.run(program, capture_output=True, text=True, check=True)
        peak, seconds, published = map(float, done.stdout.split())
        print(f"{published:7,.0f} {seconds:9.1f} {published / seconds:10,.0f} {peak:8,.0f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--once"]:
        once(Path(sys.argv[2]))
    else:
        main(sys.argv[1:])
