"""A server that is not ours, loaded with our dump, answers as ours does: PyPI's `oxigraph`, and queries as people ask.

Each file in `cases/queries` is a query. The other server reads the N-Quads dump and takes the union of its graphs, one
for each document, as the default graph, which is our one graph. So the dump is all that is published and nothing else,
and nothing that the endpoint does to a query before it is run (reading, a limit to its rows) or to the answer after it
(counting, cutting, spooling) changes what it says.

Right are two differences, and these are all: the order of rows that no ORDER BY puts in one, and that of triples. None
of the queries says GRAPH, for ours has no other graph than the one and theirs has the documents. No blank node is
published and none of the queries makes one, so labels of blank nodes, which may differ, are not met.
"""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
from conftest import Serve, free_port
from sites import ROOT, SEEDS, publish

from ld.rdf import canonical, parse
from ld.sparql.reading import read

QUERIES = sorted((ROOT / "tests" / "cases" / "queries").glob("*.rq"))
SAMPLES = [ROOT.parent / "shared" / "data" / name for name in ("ethos-sample.csv", "ethos-feed.xml")]
CORPORA = [
    pytest.param((SEEDS,), id="seeds"),
    pytest.param(
        (SEEDS, *SAMPLES),
        id="seeds and samples",
        marks=pytest.mark.skipif(not all(path.exists() for path in SAMPLES), reason="the samples are not here"),
    ),
]
OXIGRAPH = Path(sys.executable).with_name("oxigraph")
ACCEPT = {"Accept": "application/sparql-results+json, application/n-triples"}


class Servers(NamedTuple):
    """The endpoints of two servers with the same data, and the dump that the second has it from."""

    ours: str
    theirs: str
    dump: Path


@dataclass(frozen=True)
class Answer:
    """What a server answers: names and rows, a truth value, or a graph as canonical N-Triples."""

    names: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    truth: bool | None = None
    graph: bytes = b""


@pytest.fixture(scope="module", params=CORPORA)
def servers(
    request: pytest.FixtureRequest, serve: Serve, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("peers")
    dump = publish(folder / "data", *request.param) / "current" / "dumps" / "thesis-ld.nq.gz"
    with oxigraph(dump, folder / "store") as theirs:
        yield Servers(f"{serve(data=folder / 'data')}/sparql", f"{theirs}/query", dump)


@contextmanager
def oxigraph(dump: Path, store: Path) -> Iterator[str]:
    """The address of a server of Oxigraph's over the union of a dump's graphs; it ends with the `with`."""
    subprocess.run([OXIGRAPH, "load", "--location", store, "--file", dump], check=True, capture_output=True)
    place = f"127.0.0.1:{free_port()}"
    command = [OXIGRAPH, "serve-read-only", "--location", store, "--bind", place, "--union-default-graph"]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                requests.get(f"http://{place}/", timeout=5)
                break
            except requests.ConnectionError:
                assert server.poll() is None, "The other server did not start."
                time.sleep(0.05)
        yield f"http://{place}"
    finally:
        server.kill()
        server.wait(10)


def ask(endpoint: str, query: str) -> Answer:
    """What an endpoint answers; rows that are not ordered are sorted."""
    answer = requests.get(endpoint, {"query": query}, headers=ACCEPT, timeout=30)
    assert answer.status_code == 200, answer.text
    assert "Result-Cut" not in answer.headers
    if answer.headers["Content-Type"].startswith("application/n-triples"):
        return Answer(graph=canonical(parse(answer.content)))
    said: dict[str, Any] = answer.json()
    if "boolean" in said:
        return Answer(truth=said["boolean"])
    rows = (json.dumps(row, sort_keys=True, ensure_ascii=False) for row in said["results"]["bindings"])
    return Answer(tuple(said["head"]["vars"]), tuple(rows if is_ordered(query) else sorted(rows)))


def is_ordered(query: str) -> bool:
    """Whether it orders its rows, not those of a sub-select only."""
    return re.search(r"\bORDER BY\b", query.rpartition("}")[2]) is not None


def test_there_are_twenty_queries_and_each_form_is_among_them() -> None:
    queries = [read(path.read_text("utf-8")) for path in QUERIES]
    assert len(queries) == 20
    assert {query.form for query in queries} == {"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"}
    assert not any(query.volatile for query in queries)
    assert 5 <= sum(is_ordered(query.text) for query in queries) <= 15


def test_both_servers_hold_what_the_dump_holds(servers: Servers) -> None:
    with gzip.open(servers.dump) as lines:
        statements = sum(1 for _ in lines)
    count = "SELECT (COUNT(*) AS ?triples) WHERE { ?s ?p ?o }"
    ours, theirs = ask(servers.ours, count), ask(servers.theirs, count)
    assert f'"value": "{statements}"' in ours.rows[0]
    assert ours == theirs
    blank = "ASK { ?s ?p ?o FILTER(ISBLANK(?s) || ISBLANK(?o)) }"
    assert ask(servers.ours, blank) == ask(servers.theirs, blank) == Answer(truth=False)


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_both_servers_answer_alike(servers: Servers, path: Path) -> None:
    query = path.read_text("utf-8")
    ours = ask(servers.ours, query)
    assert ours.rows or ours.truth or ours.graph
    assert ours == ask(servers.theirs, query)
