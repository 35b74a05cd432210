"""How long a query of a dump waits for its index, and later ones for themselves: `python tests/bench/query_command.py`.

The dump is that of `theses.py` (`--records`, 100,000 where nobody says), packed and plain, or a FILE of yours. We are
measured as a user meets us: `thesis-ld query` starts, opens or makes the index, asks, and writes a table. The first
query makes the index; of the later ones the table has the median of some runs. `engine` is how long the engine itself
takes for the same, in a process that has the store open. Prints a table in Markdown. The memory is that of the largest
process. Linux only.
"""

from __future__ import annotations

import argparse
import platform
import resource
import shutil
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from pyoxigraph import Store
from theses import BASE, Corpus

from ld import context
from ld.sparql.indexes import SUFFIX

RUNS = 5
QUERIES = {
    "ten theses": "SELECT ?t { ?t a bibo:Thesis } LIMIT 10",
    "one thesis": f"SELECT * {{ <{BASE}id/thesis/uk.bl.ethos.205000> ?p ?o }}",
    "all counted": "SELECT (COUNT(*) AS ?n) { ?t a bibo:Thesis }",
    "by year": "SELECT ?year (COUNT(*) AS ?n) { ?t dcterms:issued ?year } GROUP BY ?year ORDER BY ?year",
    "all titles": "SELECT ?t ?title { ?t dcterms:title ?title }",
    "graphs": "SELECT ?g { GRAPH ?g { ?t a bibo:Thesis } } LIMIT 10",
}
"""The last one has the index made again, with graphs."""


def seconds(path: Path, query: str) -> float:
    """How long `thesis-ld query` takes from its start to its end."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "ld", "query", str(path), query], check=True, capture_output=True)
    return time.perf_counter() - began


def peak() -> int:
    """The most memory that any process took that has ended, in MB."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


def engine(store: Store, query: str) -> float:
    """How long the engine takes for all rows."""
    began = time.perf_counter()
    for _ in store.query(query, prefixes=dict(context.load().prefixes)):  # type: ignore[union-attr]
        pass
    return time.perf_counter() - began


def measure(path: Path) -> None:
    """Prints the rows of one file."""
    index = path.with_name(path.name + SUFFIX)
    shutil.rmtree(index, ignore_errors=True)
    name = f"{path.name} ({path.stat().st_size / 1e6:,.0f} MB)"
    for number, (title, query) in enumerate(QUERIES.items()):
        if number == 0 or title == "graphs":
            first = seconds(path, query)
            size = sum(file.stat().st_size for file in index.rglob("*"))
            print(f"| {name} | makes the index{' with graphs' * (number > 0)}: {size / 1e6:,.0f} MB, "
                  f"{peak():,} MB of memory | {first:.1f} s | |")  # fmt: skip
        (folder,) = (each for each in index.iterdir() if each.is_dir())
        store = Store.read_only(str(folder))
        alone = median(engine(store, query) for _ in range(RUNS))
        print(f"| {name} | {title} | {median(seconds(path, query) for _ in range(RUNS)):.2f} s | {alone:.3f} s |")


def main() -> None:
    """Measures, and prints what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--records", type=int, default=100_000)
    asked = parser.parse_args()
    print(f"Python {platform.python_version()}, pyoxigraph {version('pyoxigraph')}\n")
    print("| file | what | `thesis-ld query` | engine |\n|---|---|---:|---:|")
    with TemporaryDirectory() as folder:
        files = asked.files
        if not files:
            Corpus(asked.records).write(Path(folder) / "theses.nq")
            files = [Path(folder) / "theses.nq.gz", Path(folder) / "theses.nq"]
        for path in files:
            measure(path)


if __name__ == "__main__":
    main()
