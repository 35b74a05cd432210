"""What the SPARQL endpoint costs beyond its engine: `python tests/bench/sparql.py [RECORDS]`, by default 100,000.

Generated theses are published and served by one worker process of the server, on this machine, to clients on this
machine; each number is compared with one of the same run. A table in Markdown comes out, and progress on stderr.
"""

from __future__ import annotations

import math
import os
import platform
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

import pyoxigraph as ox
from theses import BASE, Corpus

from ld import context, rdf
from ld.snapshot import Builder, Snapshot, manifest
from ld.snapshot.publishing import VOCABULARY
from ld.snapshot.store import open_store
from ld.sparql.exchange import TASK

ROOT = Path(__file__).parents[2]
JSON = "application/sparql-results+json"
CLIENTS, SECONDS = 8, 6
"""How many ask small queries at once, and how long."""
MANY = 1_000_000
LIMIT = 1.0
"""Seconds that a query may take where queries are killed."""

QUERIES = {
    "one title": "SELECT ?t { <T> dcterms:title ?t }",
    "all of one thesis": "SELECT ?p ?o { <T> ?p ?o }",
    "a thesis and its author": "SELECT ?t ?n { <T> dcterms:title ?t ; dcterms:creator ?a . ?a foaf:name ?n }",
    "100 theses with titles": "SELECT ?s ?t { ?s a bibo:Thesis ; dcterms:title ?t } LIMIT 100",
    "1,000 theses with authors": "SELECT ?t ?n { ?s dcterms:title ?t ; dcterms:creator [ foaf:name ?n ] } LIMIT 1000",
    "a graph of 1,000 triples": "CONSTRUCT { ?s dcterms:title ?t } { ?s dcterms:title ?t } LIMIT 1000",
    "theses of one year": "SELECT ?s ?t { ?s dcterms:issued '2014'^^xsd:gYear ; dcterms:title ?t }",
    "how many theses": "SELECT (COUNT(*) AS ?n) { ?s a bibo:Thesis }",
    "theses by year": "SELECT ?y (COUNT(*) AS ?n) { ?s dcterms:issued ?y } GROUP BY ?y ORDER BY ?y",
    "words in titles": "SELECT ?s ?t { ?s dcterms:title ?t FILTER REGEX(?t, 'medieval .* museum', 'i') }",
    "every title": "SELECT ?s ?t { ?s a bibo:Thesis ; dcterms:title ?t }",
    "every abstract": "SELECT ?s ?t { ?s dcterms:abstract ?t }",
    "institutions by theses": "SELECT ?i (COUNT(?s) AS ?n) { ?s tld:currentInstitution ?i ; dcterms:creator ?a . "
    "?a foaf:familyName ?f } GROUP BY ?i ORDER BY DESC(?n)",
    "properties": "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p ORDER BY DESC(?n)",
}  # fmt: skip
CROSS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f }"
_number = count()


def publish(data: Path, records: int) -> Snapshot:
    """Publishes a corpus of so many theses, straight from the generator; lists show addresses where titles would be."""
    with Builder(data, base=BASE, keep=1, now=datetime(2026, 3, 1, tzinfo=UTC)) as builder:
        for address, said in Corpus(records).descriptions():
            path = address.removeprefix(BASE)
            kind = path.split("/")[1] if path.startswith("doc/") else VOCABULARY
            builder.describe(path, kind, path, rdf.parse(said))
        return builder.publish({"published": records}, [])


class Wire:
    """A connection that is kept, of a client with an address of its own; it asks as cheaply as Python can."""

    def __init__(self, port: int, client: str = "198.51.100.1") -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=600)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client = client

    def ask(self, query: str, *headers: str) -> tuple[int, int, bytes]:
        """Status, bytes of the body, and the head of an answer."""
        accept = "" if any(each.startswith("Accept:") for each in headers) else f"Accept: {JSON}\r\n"
        more = "".join(f"{each}\r\n" for each in headers)
        head = f"GET /sparql?{urlencode({'query': query})} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {self._client}\r\n"
        self._socket.sendall(f"{head}{accept}{more}\r\n".encode())
        got = b""
        while (end := got.find(b"\r\n\r\n")) < 0:
            got += self._some()
        head_, left = got[:end], got[end + 4 :]
        status, size = int(head_[9:12]), _length(head_)
        rest = size - len(left) if status != 304 else 0
        while rest > 0:
            rest -= len(self._some())
        return status, size, head_

    def timed(self, query: str, *headers: str) -> tuple[float, int]:
        """Seconds that an answer took, and its bytes."""
        began = time.perf_counter()
        status, size, _ = self.ask(query, *headers)
        taken = time.perf_counter() - began
        assert status in (200, 304), (status, query)
        return taken, size

    def _some(self) -> bytes:
        got = self._socket.recv(1 << 20)
        if not got:
            raise ConnectionError("The server has closed the connection.")
        return got


def _length(head: bytes) -> int:
    found = re.search(rb"(?i)\ncontent-length: (\d+)", head)
    return int(found[1]) if found else 0


def fresh(query: str) -> str:
    """The query as nobody has asked it, so that no kept answer is its answer."""
    return f"{query} #{os.getpid()}-{next(_number)}"


@contextmanager
def served(data: Path, **settings: object) -> Iterator[tuple[int, int]]:
    """A server over a data folder: its port, and the process that answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    chosen = {"data": data, "port": port, "workers": 1, **settings}
    variables = {f"THESIS_LD_{name.upper()}": str(value) for name, value in chosen.items()}
    server = subprocess.Popen([sys.executable, "-m", "ld", "serve"], cwd=ROOT, env=os.environ | variables,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        for _ in range(300):
            try:
                if Wire(port).ask(fresh("ASK {}"))[0] == 200:
                    break
            except OSError:
                time.sleep(0.1)
        yield port, next(process for process in children(server.pid) if children(process))
    finally:
        server.terminate()
        server.wait()


def children(process: int) -> list[int]:
    """The processes that a process has started and that are there still."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_bytes().rpartition(b")")[2].split()[1])
        except OSError:  # it has just ended
            continue
        if parent == process:
            found.append(int(path.name))
    return found


def answers_queries(process: int) -> bool:
    """Whether a process is a worker of the endpoint."""
    return TASK.encode() in Path(f"/proc/{process}/cmdline").read_bytes()


def memory(process: int, what: str) -> float:
    """Megabytes that a process has (`VmRSS`), or has had at the most (`VmHWM`)."""
    said = Path(f"/proc/{process}/status").read_text()
    return int(re.search(rf"{what}:\s+(\d+)", said)[1]) / 1024  # type: ignore[index]


def forget_peak(process: int) -> None:
    """Has the most begin at what there is now."""
    Path(f"/proc/{process}/clear_refs").write_text("5")


# --- what is measured ---


def compare(data: Path, store: Path, records: int) -> Iterator[Sequence[object]]:
    """Queries in this process and at the endpoint, in turns."""
    engine, prefixes = open_store(store), dict(context.load().prefixes)
    thesis = f"{BASE}id/thesis/uk.bl.ethos.{200_000 + records // 2}"

    def here(query: str) -> tuple[float, int]:
        began = time.perf_counter()
        answer = engine.query(query, prefixes=prefixes, base_iri=BASE)
        kind = ox.RdfFormat.TURTLE if isinstance(answer, ox.QueryTriples) else ox.QueryResultsFormat.JSON
        size = len(answer.serialize(format=kind) or b"")  # type: ignore[arg-type]
        return time.perf_counter() - began, size

    with served(data, query_seconds=120) as (port, _):
        wire = Wire(port)
        for name, said in QUERIES.items():
            query = said.replace("<T>", f"<{thesis}>")
            accept = "Accept: text/turtle" if query.startswith("CONSTRUCT") else f"Accept: {JSON}"
            warm, _ = here(query)
            for _ in range(4):  # both workers
                wire.timed(fresh(query), accept)
            times = [
                (here(query)[0], wire.timed(fresh(query), accept))
                for _ in range(3 if warm > 2 else 7 if warm > 0.05 else 31)
            ]
            alone, there = median(each for each, _ in times), median(each for _, (each, _) in times)
            size = times[0][1][1]
            say(f"{name}: {alone * 1000:.1f} ms, {there * 1000:.1f} ms")
            ratio = f"{there / alone:.2f}" if alone > 0.05 else ""
            yield name, f"{size:,}", milliseconds(alone), milliseconds(there), ratio, milliseconds(there - alone)


def throughput(data: Path, records: int) -> Iterator[Sequence[object]]:
    """Small queries a second, of clients in processes of their own."""
    with served(data) as (port, _), get_context("spawn").Pool(CLIENTS) as pool:
        for what in ("new", "kept"):
            began = time.time() + 2
            asked = [(port, number, began, what == "kept", records) for number in range(CLIENTS)]
            took = [each for some in pool.starmap(_client, asked) for each in some]
            took.sort()
            rate = len(took) / SECONDS
            say(f"{what}: {rate:,.0f} a second")
            asked_for = "≥ 400" if what == "new" else ""
            times = f"p50 {milliseconds(took[len(took) // 2])} ms, p99 {milliseconds(took[len(took) * 99 // 100])} ms"
            yield f"small queries a second, {CLIENTS} clients, {what} answers", f"{rate:,.0f}", asked_for, times


def _client(port: int, number: int, began: float, kept: bool, records: int) -> list[float]:
    """How long each small query of one client took, in a time when all clients ask."""
    wire, taken, turn = Wire(port, f"203.0.113.{number}"), list[float](), 0
    while time.time() < began:
        time.sleep(0.001)
    while time.time() < began + SECONDS:
        turn += 1
        key = 200_000 + (number * 7919 + turn * (1 if kept else 31)) % (100 if kept else records)
        query = f"SELECT ?t {{ <{BASE}id/thesis/uk.bl.ethos.{key}> dcterms:title ?t }}"
        seconds, _ = wire.timed(query if kept else f"{query} #{number}-{turn}")
        taken.append(seconds)
    return taken


def killed(data: Path) -> Iterator[Sequence[object]]:
    """What a query costs that is killed: whoever asked it, and whoever has the same worker next."""
    late, ready = [], []
    with served(data, query_seconds=LIMIT, query_workers=1) as (port, _):
        wire, other = Wire(port), Wire(port, "198.51.100.2")
        for _ in range(7):
            usual = median(other.timed(fresh("ASK { ?s a bibo:Thesis }"))[0] for _ in range(9))
            began = time.perf_counter()
            status, _, _ = wire.ask(fresh(CROSS))
            late.append(time.perf_counter() - began - LIMIT)
            assert status == 422
            ready.append(other.timed(fresh("ASK { ?s a bibo:Thesis }"))[0] - usual)
    say(f"killed: {late}, {ready}")
    yield "a killed query is answered, beyond its limit", *_worst(late), "≤ 300 ms", ""
    yield "its worker answers again", *_worst(ready), "≤ 200 ms", "the only worker; seen from the next query"


def _worst(seconds: list[float]) -> tuple[str]:
    return (f"{milliseconds(median(seconds))} ms (at worst {milliseconds(max(seconds))} ms)",)


def large(data: Path, triples: int) -> Iterator[Sequence[object]]:
    """What an answer of very many rows takes: seconds, and memory of the server and of its worker."""
    values = " ".join(map(str, range(math.ceil(MANY / triples))))
    query = f"SELECT ?s ?p ?o {{ ?s ?p ?o VALUES ?n {{ {values} }} }} LIMIT {MANY}"
    with served(data, query_seconds=600, query_rows=MANY, query_workers=1, query_answer=2_000_000_000) as (
        port,
        server,
    ):
        wire = Wire(port)
        for coding in ("identity", "gzip"):
            worker = next(process for process in children(server) if answers_queries(process))
            before = {process: memory(process, "VmRSS") for process in (server, worker)}
            for process in before:
                forget_peak(process)
            taken, size = wire.timed(fresh(query), f"Accept-Encoding: {coding}")
            grown = [memory(process, "VmHWM") - had for process, had in before.items()]
            say(f"{coding}: {taken:.1f} s, {size:,} bytes, {grown}")
            yield f"{MANY:,} rows as JSON, {coding}", f"{taken:.1f} s", "", f"{size:,} bytes"
            yield "… memory of the server", f"{grown[0]:.0f} MB", "< 150 MB", f"it had {before[server]:.0f} MB"
            yield "… memory of its worker", f"{grown[1]:.0f} MB", "", f"it had {before[worker]:.0f} MB"


def kept(data: Path) -> Iterator[Sequence[object]]:
    """An expensive answer the first time, the second time, and when the client has it."""
    query = fresh(QUERIES["properties"])
    with served(data, query_seconds=120) as (port, _):
        wire = Wire(port)
        first, _ = wire.timed(query)
        again = median(wire.timed(query)[0] for _ in range(50))
        _, _, head = wire.ask(query)
        tag = re.search(rb"(?i)\netag: (\S+)", head)
        assert tag
        unchanged = median(wire.timed(query, f"If-None-Match: {tag[1].decode()}")[0] for _ in range(50))
    yield "an aggregate over all triples, first", f"{milliseconds(first)} ms", "", ""
    yield "… kept", f"{milliseconds(again)} ms", "", ""
    yield "… 304", f"{milliseconds(unchanged)} ms", "", ""


# --- what comes out ---


def milliseconds(seconds: float) -> str:
    """Milliseconds as people read them."""
    return f"{seconds * 1000:,.0f}" if seconds >= 0.1 else f"{seconds * 1000:.1f}"


def say(line: str) -> None:
    """Tells how far it is."""
    print(line, file=sys.stderr, flush=True)


def table(head: Sequence[str], rows: Iterator[Sequence[object]]) -> None:
    """Prints a table in Markdown, whole."""
    lines = [head, ["---"] * len(head), *rows]
    print("\n".join(f"| {' | '.join(map(str, line))} |" for line in lines), end="\n\n", flush=True)


def machine() -> str:
    """What all this ran on."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    name = model[1] if model else platform.machine()
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return f"{os.cpu_count()} × {name}, Python {platform.python_version()}, pyoxigraph {ox.__version__}, load {load}"


def measured(what: Callable[..., Iterator[Sequence[object]]], *arguments: object) -> Iterator[Sequence[object]]:
    """The rows of one measurement, announced."""
    say(f"— {what.__name__}")
    yield from what(*arguments)


def main(records: int) -> None:
    """Prints what was measured."""
    with TemporaryDirectory() as folder:
        data, began = Path(folder) / "data", time.monotonic()
        say(f"publishing {records:,} theses")
        snapshot = publish(data, records)
        triples, store = snapshot.manifest.counts["triples"], snapshot.folder / manifest.STORE
        snapshot.close()
        say(f"published in {time.monotonic() - began:.0f} s")
        print(f"{records:,} theses, {triples:,} triples; {machine()}\n", flush=True)
        head = "query", "bytes", "engine, ms", "endpoint, ms", "ratio (≤ 1.3)", "added, ms (≤ 3 for small ones)"
        table(head, measured(compare, data, store, records))
        table(("what", "measured", "asked", ""), _others(data, records, triples))


def _others(data: Path, records: int, triples: int) -> Iterator[Sequence[object]]:
    yield from measured(throughput, data, records)
    yield from measured(killed, data)
    yield from measured(large, data, triples)
    yield from measured(kept, data)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
