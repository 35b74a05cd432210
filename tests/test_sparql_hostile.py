"""The endpoint under attack: whatever is asked of it, it fetches nothing, stays up, and answers others meanwhile."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import resource
import select
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest
import requests
from conftest import ROOT, Serve

sys.path.append(str(ROOT / "tests" / "bench"))  # last: its names are ordinary words

import sparql as bench
import theses

SECONDS, ROWS, ANSWER, MEMORY = 0.6, 3_000, 60_000_000, 250_000_000
"""What a query may take at the server that is attacked."""
CLIENT, WAITING = 8, 8
RECORDS = 2_000
KEY = "uk.bl.ethos.200001"

QUERY, FORM = "application/sparql-query", "application/x-www-form-urlencoded"
ATTACKER, OTHER = "203.0.113.1", "198.51.100.1"
"""Addresses of clients; a server on this machine believes what X-Forwarded-For says."""

OVER = r"took longer than the [\d.]+ s that it may|needs more than the 250 MB of memory"
"""What is said of a query that takes too much; which of the two comes first is the machine's business."""
BROKE = r"The engine broke over this query, most likely over its nesting"
NESTED = r"The query is nested more than 100 levels deep here"
REFUSED = r"Ask in several queries, or in a simpler way\.$"
"""How the refusal of a query ends that is too complex to be tried."""
CROSS = "SELECT (COUNT(*) AS ?n) {?a ?b ?c. ?d ?e ?f. ?g ?h ?i} #"
"""Without a comment of its own at its end, its answer would be the one that another asked for."""

_number = count()


@dataclass(frozen=True)
class Door:
    """A server to be attacked, and a listener on this machine that must see nobody."""

    address: str
    listener: socket.socket
    title: str
    """The title of the thesis `KEY`."""

    @property
    def near(self) -> str:
        """An address that the server could reach, if it fetched anything."""
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}/x"

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    @property
    def places(self) -> tuple[str, str]:
        """What must not be read."""
        return self.near, "file:///etc/passwd"

    def ask(self, query: str | bytes, *, client: str = ATTACKER, **headers: str) -> requests.Response:
        """The answer to a query that is sent as it is."""
        body = query if isinstance(query, bytes) else query.encode("utf-8", "surrogatepass")
        return self.send("POST", body, client=client, Content_Type=QUERY, **headers)

    def send(
        self,
        method: str,
        body: bytes | Iterable[bytes] | dict[str, str] | None = None,
        *,
        client: str = ATTACKER,
        params: dict[str, str] | None = None,
        **headers: str,
    ) -> requests.Response:
        """The answer to a request, which holds nothing of this machine."""
        chosen = {"Accept": "*/*", "X-Forwarded-For": client}
        chosen |= {name.replace("_", "-"): value for name, value in headers.items()}
        address = f"{self.address}/sparql"
        answer = requests.request(method, address, data=body, params=params, headers=chosen, timeout=30)
        assert "root:" not in answer.text
        assert answer.status_code not in (422, 429, 503) or answer.headers["Cache-Control"] == "no-store"
        return answer

    def refuses(self, status: int, attack: str | bytes) -> str:
        """What the server says when it refuses a query."""
        return told(self.ask(attack), status)

    def stops(self, attack: str) -> None:
        """The query takes more than it may, and the server says so."""
        assert re.search(OVER, self.refuses(422, attack))

    def wire(self, *headers: str, method: str = "POST", client: str = ATTACKER) -> socket.socket:
        """A connection on which the head of a request was sent."""
        head = [f"{method} /sparql HTTP/1.1", "Host: x", "Accept: */*", f"X-Forwarded-For: {client}", *headers, "", ""]
        connected = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        connected.sendall("\r\n".join(head).encode("latin-1"))
        return connected

    def talk(self, *headers: str, body: Iterable[bytes] = ()) -> tuple[int, bytes, int]:
        """Status, answer, and how many bytes of a body were sent until the server answered or it was at its end."""
        with self.wire("Connection: close", *headers) as wire:
            sent, answer = 0, b""
            with suppress(ConnectionError):
                for piece in body:
                    if select.select([wire], [], [], 0.005)[0]:
                        break
                    wire.sendall(piece)
                    sent += len(piece)
            with suppress(ConnectionError):
                while got := wire.recv(1 << 16):
                    answer += got
        return int(answer[9:12]), answer, sent

    def is_well(self, client: str = OTHER) -> None:
        """Nothing was fetched, and the server does what it is for."""
        with pytest.raises(BlockingIOError):
            self.listener.accept()
        thesis = f"{theses.BASE}id/thesis/{KEY}"
        answer = self.ask(f"SELECT ?title {{ <{thesis}> <http://purl.org/dc/terms/title> ?title }} #{next(_number)}",
                          client=client, Accept="text/csv")  # fmt: skip
        assert answer.status_code == 200, answer.text
        assert answer.text == f"title\r\n{self.title}\r\n"
        assert "Result-Cut" not in answer.headers
        described = requests.get(f"{self.address}/doc/thesis/{KEY}.nt", timeout=30)
        assert described.status_code == 200
        assert f'<{thesis}> <http://purl.org/dc/terms/title> "{self.title}" .' in described.text

    def processes(self) -> set[int]:
        """The processes of the server."""
        mark = b"THESIS_LD_PORT=%d" % self.port
        return {process for process in _running() if mark in _read(process, "environ").split(b"\0")}

    def workers(self) -> set[int]:
        """The processes that answer queries."""
        servers = self.processes()
        return {
            process
            for process in _running()
            if b"ld.sparql.worker:answer" in _read(process, "cmdline").split(b"\0")
            and int(_read(process, "stat").rpartition(b")")[2].split()[1]) in servers
        }

    def spools(self) -> list[Path]:
        """The large files without a name that the server holds."""
        found = []
        for file in (file for process in self.processes() for file in Path(f"/proc/{process}/fd").iterdir()):
            with suppress(OSError):  # it is gone
                if str(file.readlink()).endswith(" (deleted)") and file.stat().st_size > 1_000_000:
                    found.append(file)
        return found


def _running() -> Iterator[int]:
    return (int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal())


def _read(process: int, what: str) -> bytes:
    try:
        return Path(f"/proc/{process}/{what}").read_bytes()
    except OSError:  # it is gone
        return b")" + b" 0" * 9


def read_text(process: int, what: str) -> str:
    """What the system says of a process."""
    return _read(process, what).decode()


def told(answer: requests.Response, status: int) -> str:
    """The problem that an answer states, in a sentence or two."""
    assert answer.status_code == status, answer.text[:1000]
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["detail"].endswith((".", "LIMIT 10", ">"))
    assert len(problem["detail"]) < 500
    assert "Traceback" not in problem["detail"]
    return str(problem["detail"])


def place(answer: requests.Response) -> tuple[int, int]:
    """Line and column that an answer names, in its words and as numbers."""
    problem = answer.json()
    line, column = problem["line"], problem["column"]
    assert problem["detail"].startswith(f"line {line}, column {column}: ")
    return line, column


def heavy() -> str:
    """A query that does not come to its end, and that nobody asked before."""
    return f"{CROSS}{next(_number)}"


@pytest.fixture(scope="module")
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published corpus that is large enough for a query to be expensive."""
    data = tmp_path_factory.mktemp("theses")
    bench.publish(data, RECORDS)
    return data


Open = Callable[..., Door]


@pytest.fixture(scope="module")
def open_door(serve: Serve, data: Path, listener: socket.socket) -> Open:
    """Starts a server over the corpus, with settings of its own for queries."""

    def opened(**limits: float) -> Door:
        address = serve(data=data, query_memory=MEMORY, **{f"query_{name}": limit for name, limit in limits.items()})
        described = requests.get(f"{address}/doc/thesis/{KEY}.nt", timeout=30).text
        title = re.search(r'/thesis/\S+> <http://purl.org/dc/terms/title> "([^"]+)"', described)
        assert title
        return Door(address, listener, title[1])

    return opened


@pytest.fixture(scope="module")
def attacked(open_door: Open) -> Door:
    return open_door(seconds=SECONDS, rows=ROWS, client=CLIENT, waiting=WAITING)


@pytest.fixture(scope="module")
def unhurried(open_door: Open) -> Door:
    return open_door(seconds=60, answer=ANSWER)


@pytest.fixture
def door(attacked: Door) -> Iterator[Door]:
    """A server whose limits are reached soon."""
    yield attacked
    attacked.is_well()


@pytest.fixture
def patient(unhurried: Door) -> Iterator[Door]:
    """A server at which a query has all the time that it needs on a busy machine."""
    yield unhurried
    unhurried.is_well()


# What breaks an engine that begins to read it


def nested(before: str, inner: str, after: str, times: int) -> str:
    return before * times + inner + after * times


def test_3000_braces_are_refused_at_the_first_that_is_too_deep(door: Door) -> None:
    for query in ("SELECT * WHERE " + "{" * 3000, f"SELECT * WHERE {nested('{', '?s ?p ?o', '}', 3000)}"):
        answer = door.ask(query)
        assert told(answer, 400).startswith(f"line 1, column 116: {NESTED}.")
        assert place(answer) == (1, 116)
        assert answer.json()["text"] == "{"


@pytest.mark.parametrize("sign", ["!", "! ", "!\n", "!#\n", "-", "+ "])
def test_10000_signs_before_a_value_are_refused(door: Door, sign: str) -> None:
    answer = door.ask(f"SELECT * {{ ?s ?p ?o FILTER({sign * 10_000}?o) }}")
    assert re.search(f"{NESTED}|`.` cannot stand here", told(answer, 400))
    line, column = place(answer)
    assert line < 110 if "\n" in sign else column < 300


def test_30000_parentheses_are_refused(door: Door) -> None:
    assert NESTED in door.refuses(400, f"SELECT * {{ ?s ?p ?o FILTER({nested('(', '?o', ')', 30_000)}) }}")
    assert NESTED in door.refuses(400, "SELECT * { ?s ?p ?o FILTER(" + "(" * 30_000)
    door.refuses(400, "SELECT * { ?s ?p ?o FILTER(" + r"\u0028" * 15_000)


def test_a_collection_500_deep_is_refused(door: Door) -> None:
    assert NESTED in door.refuses(400, f"SELECT * {{ ?s ?p {nested('(', '1', ')', 500)} }}")


FLAT = {
    "alternatives": "SELECT * { ?s ?p ?o FILTER(" + "||".join(["?o=1"] * 10_000) + ") }",
    "sums": "SELECT * { BIND(" + "+".join(["1"] * 20_000) + " AS ?x) }",
    "steps": "SELECT * { ?s " + "/".join(["<a:b>"] * 10_000) + " ?o }",
    "ways": "SELECT * { ?s " + "|".join(["<a:b>"] * 10_000) + " ?o }",
    "objects": "SELECT * { ?s ?p " + ",".join(["1"] * 40_000) + " }",
    "members": "SELECT * { ?s ?p (" + "1 " * 40_000 + ") }",
    "filters": "SELECT * { ?s ?p ?o " + "FILTER(1)" * 10_000 + " }",
    "groups": "SELECT * { " + "{}" * 45_000 + " }",
    "unions": "SELECT * { " + "{}UNION" * 14_000 + "{} }",
    "optional parts": "SELECT * { " + "OPTIONAL{?s ?p ?o}" * 5_000 + " }",
    "columns": "SELECT " + " ".join(f"(1 AS ?x{n})" for n in range(6_000)) + " {}",
    "keys": "SELECT * { ?s ?p ?o } ORDER BY " + "?s " * 30_000,
}


@pytest.mark.parametrize("what", FLAT)
def test_thousands_of_parts_side_by_side_harm_nobody(door: Door, what: str) -> None:
    # The engine reads some of them into one another, and ends with its stack: a new worker takes the place of the old.
    answer = door.ask(FLAT[what])
    assert answer.status_code in (200, 400, 422)
    assert answer.status_code == 200 or re.search(f"{OVER}|{BROKE}|{REFUSED}", told(answer, answer.status_code))


# What would take for ever, or all memory


@pytest.mark.parametrize("pattern", ["?s ?p{} ?o{} .", "?s{} void:inDataset ?o{} .", "?s void:inDataset ?o{} ."])
def test_a_star_of_300_patterns_is_refused_and_a_smaller_one_stopped(door: Door, pattern: str) -> None:
    def star(size: int) -> str:
        return "SELECT (COUNT(*) AS ?n) { " + " ".join(pattern.replace("{}", str(n)) for n in range(size)) + " }"

    answer = door.ask(star(300))
    assert re.search(rf"More than \d+ patterns .*{REFUSED}", told(answer, 400))
    assert place(answer)
    answer = door.ask(star(100))
    assert answer.status_code == 200 or re.search(OVER, told(answer, 422))


def test_a_count_of_a_cross_product_in_57_bytes_is_stopped(door: Door) -> None:
    query = "SELECT(COUNT(*)AS?n){?a?b?c.?d?e?f.?g?h?i.?j?k?l.?m?n_?o}"
    assert len(query) == 57
    door.stops(query)


def test_a_cyclic_path_of_40_hops_is_stopped(door: Door) -> None:
    round_trip = "/".join(["void:inDataset/^void:inDataset"] * 20)
    door.stops(f"SELECT (COUNT(*) AS ?n) {{ ?doc {round_trip} ?doc }}")


def test_an_order_of_everything_is_stopped(door: Door) -> None:
    door.stops("SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?c ?f")


REGEXES = {
    "backtracking": f"REGEX(CONCAT(STR(?o), '{'a' * 5_000}!'), '(a+)+$')",
    "alternatives": f"REGEX(STR(?o), '{'|'.join(f'x{n}y.*z{n}' for n in range(3_000))}')",
    "repetitions": "REGEX(STR(?o), '((a{1,100}){1,100}){1,100}')",
    "of the data": "REGEX(STR(?o), STR(?c))",
    "replacements": f"REPLACE(REPLACE('{'a' * 20_000}', 'a', '{'b' * 20_000}'), 'b', '{'c' * 20_000}') = 'd'",
}


@pytest.mark.parametrize("what", REGEXES)
def test_a_regex_bomb_is_answered_or_stopped(door: Door, what: str) -> None:
    # This engine does not backtrack; what does not take long is an honest answer.
    more = "?a ?b ?c" if "?c" in REGEXES[what] else ""
    answer = door.ask(f"SELECT (COUNT(*) AS ?n) {{ ?s ?p ?o . {more} FILTER({REGEXES[what]}) }}")
    assert answer.status_code == 200 or re.search(OVER, told(answer, 422))


def doubled(times: int) -> str:
    """What makes a text of eight letters so many times twice as long."""
    return "BIND('aaaaaaaa' AS ?x0) " + " ".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1})" for n in range(times))


WITHOUT_END = {
    "unions": " UNION ".join(["{ ?s ?p ?o . ?a ?b ?c }"] * 3_000),
    "existence within existence": "?s ?p ?o " + nested("FILTER EXISTS { ?s ?p ?o . ?a ?b ?c ", "", "}", 45),
    "absence within absence": "?s ?p ?o "
    + "".join(f"FILTER NOT EXISTS {{ ?x{n} ?y{n} ?z{n} " for n in range(6))
    + "}" * 6,
    "a path of a thousand steps": "?s " + "/".join(["!<a:b>"] * 1_000) + " ?o",
    "closures of closures": "?s (((!<a:b>|^!<a:b>)*)*)* ?o",
    "a text that doubles": doubled(40) + " FILTER(STRLEN(?x40) > 1)",
    "a text of everything": "SELECT (GROUP_CONCAT(?c) AS ?x) { ?a ?b ?c . ?d ?e ?f }",
    "groups of everything": "SELECT ?c ?f (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f } GROUP BY ?c ?f",
    "differences": "?a ?b ?c . ?d ?e ?f MINUS { ?g ?h ?i . ?a ?k ?l }",
    "optional parts": "".join(f"OPTIONAL {{ ?a{n} ?b{n} ?c{n} }} " for n in range(200)),
    "digests": "?a ?b ?c . ?d ?e ?f FILTER(SHA512(CONCAT(STR(?c), STR(?f))) = 'a')",
}


def without_end(what: str) -> str:
    said = WITHOUT_END[what]
    return said if said.startswith("SELECT") else f"SELECT (COUNT(*) AS ?n) {{ {said} }}"


@pytest.mark.parametrize("what", WITHOUT_END)
def test_a_query_without_end_is_refused_or_stopped(door: Door, what: str) -> None:
    answer = door.ask(without_end(what))
    assert answer.status_code in (400, 422), answer.text
    assert re.search(f"{OVER}|{REFUSED}", told(answer, answer.status_code))


def test_a_query_that_takes_too_much_memory_is_told_so_where_there_is_time(patient: Door) -> None:
    for what in ("a text that doubles", "groups of everything"):
        assert "needs more than the 250 MB of memory that it may have" in patient.refuses(422, without_end(what))


def test_thousands_of_values_are_taken_and_100000_are_too_long(door: Door) -> None:
    values = "SELECT (COUNT(*) AS ?n) {{ VALUES ?x {{ {} }} }}"
    assert told(door.ask(values.format("1 " * 100_000)), 413) == TOO_LONG
    answer = door.ask(values.format("<http://a.org/thing> " * 4_500), Accept="text/csv")
    assert (answer.status_code, answer.text) == (200, "n\r\n4500\r\n")


# What is very long


LONG = b"#" * 5_000_000 + b"\nASK {}"
TOO_LONG = "The query is longer than the 100,000 bytes that are taken. Ask in several, or query a dump."


def test_a_query_of_5_megabytes_is_refused_however_it_is_sent(door: Door) -> None:
    for answer in (
        door.ask(LONG),
        door.send("POST", {"query": LONG.decode()}, Content_Type=FORM),
        door.send("POST", (LONG[at : at + 100_000] for at in range(0, len(LONG), 100_000)), Content_Type=QUERY),
        door.send("POST", (b"query=" + LONG[:100_000] for _ in range(50)), Content_Type=FORM),
    ):
        assert told(answer, 413) == TOO_LONG


def test_a_query_of_5_megabytes_in_an_address_is_refused(door: Door) -> None:
    wire = socket.create_connection(("127.0.0.1", door.port), timeout=30)
    with wire, suppress(ConnectionError):  # the server need not read it to its end
        wire.sendall(b"GET /sparql?query=" + b"a" * 5_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert re.match(rb"HTTP/1.1 (414|431) ", wire.recv(1 << 16))
    assert told(door.send("GET", params={"query": "a" * 62_000}), 414)


def test_of_a_query_of_5_megabytes_that_comes_slowly_little_is_read(door: Door) -> None:
    status, answer, sent = door.talk(f"Content-Type: {QUERY}", f"Content-Length: {len(LONG)}", body=[b"#"])
    assert (status, sent) in ((413, 0), (413, 1))
    assert TOO_LONG.encode() in answer
    chunks = (b"2710\r\n" + b"#" * 10_000 + b"\r\n" for _ in range(500))
    status, answer, sent = door.talk(f"Content-Type: {QUERY}", "Transfer-Encoding: chunked", body=chunks)
    assert status == 413
    assert sent < 1_000_000


def test_a_query_that_comes_in_part_is_not_run(door: Door) -> None:
    with door.wire(f"Content-Type: {QUERY}", "Content-Length: 100", "Connection: close") as wire:
        wire.sendall(b"SELECT * { ?s ?p ?o }")
        wire.shutdown(socket.SHUT_WR)
        answer = wire.recv(1 << 16)
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_iris_of_60_kilobytes_are_taken(door: Door) -> None:
    answer = door.ask(f"SELECT * {{ <http://a.org/{'a' * 60_000}> ?p ?o }}", Accept="text/csv")
    assert (answer.status_code, answer.text) == (200, "o,p\r\n")
    answer = door.ask(f"BASE <http://a.org/{'a' * 60_000}/> ASK {{ <b> <c> <d> }}")
    assert answer.json() == {"head": {}, "boolean": False}


def test_a_query_of_very_many_words_keeps_nobody_from_being_served(door: Door) -> None:
    # Bug found: to read such a query takes half a second of Python, which the others had to wait for.
    query = "SELECT * {" + "{}" * 45_000 + r"nobody:knows } #\u0041"
    with ThreadPoolExecutor(4) as attackers:
        answers = [attackers.submit(door.ask, query) for _ in range(4)]
        door.is_well()
        for answer in answers:
            assert answer.result().status_code in (400, 429, 503)


# What would be fetched, or changed


def test_a_service_within_a_subquery_is_not_asked(door: Door) -> None:
    for where in door.places:
        answer = door.ask(f"SELECT * {{\n  ?s ?p ?o\n  {{ SELECT ?a {{ SERVICE <{where}> {{ ?a ?b ?c }} }} }} }}")
        assert told(answer, 400).startswith("line 3, column 17: SERVICE asks another server.")
        assert place(answer) == (3, 17)
        assert answer.json()["text"] == "SERVICE"


def test_no_graph_is_read_from_elsewhere(door: Door) -> None:
    for where in door.places:
        for clause in (f"FROM <{where}>", f"FROM NAMED <{where}>", f"from#\n<{where}>"):
            for query in (
                f"SELECT * {clause} {{ ?s ?p ?o }}",
                f"DESCRIBE * {clause} {{ ?s ?p ?o }}",
                f"CONSTRUCT {{ ?s ?p ?o }} {clause} {{ ?s ?p ?o }}",
                f"ASK {clause} {{}}",
            ):
                assert re.search("FROM( NAMED)? names a graph", door.refuses(400, query))
        for name in ("default-graph-uri", "named-graph-uri"):
            parameters = {"query": "ASK { ?s ?p ?o }", name: where}
            for answer in (
                door.send("GET", params=parameters),
                door.send("POST", parameters, Content_Type=FORM),
                door.send("POST", b"ASK {}", params={name: where}, Content_Type=QUERY),
            ):
                assert f"There is no graph <{where}> here" in told(answer, 400)


def test_a_foreign_graph_beside_our_own_is_refused_too(door: Door) -> None:
    # Bug found: of several graphs in a form only the first was looked at.
    own = f"{theses.BASE}.well-known/void#dataset"
    both = [("query", "ASK {}"), ("default-graph-uri", own), ("default-graph-uri", "file:///etc/passwd")]
    address = f"{door.address}/sparql"
    for answer in (
        requests.get(address, params=both, timeout=30),
        requests.post(address, data=both, timeout=30),
        requests.post(address, data=both[:2], params=[both[2]], timeout=30),
    ):
        assert "There is no graph <file:///etc/passwd> here" in told(answer, 400)
    assert requests.get(address, params=both[:2], timeout=30).json()["boolean"] is True


def test_no_update_is_carried_out(door: Door) -> None:
    for where in door.places:
        for update in (
            f"LOAD <{where}>",
            f"LOAD SILENT <{where}> INTO GRAPH <a:b>",
            "CLEAR ALL",
            "INSERT DATA { <a:a> <a:b> <a:c> }",
            f"ASK {{}} ; LOAD <{where}>",
        ):
            for answer in (
                door.send("POST", {"update": update}, Content_Type=FORM),
                door.send("POST", {"query": "ASK {}", "update": update}, Content_Type=FORM),
                door.send("POST", update.encode(), Content_Type="application/sparql-update"),
                door.send("GET", params={"update": update}),
            ):
                assert told(answer, 403).startswith("This endpoint is read-only")
            for answer in (door.ask(update), door.send("POST", {"query": update}, Content_Type=FORM)):
                assert re.search("changes data|is no word of SPARQL|cannot stand here", told(answer, 400))
    for method in ("PUT", "DELETE", "PATCH"):
        assert door.send(method, b"<a:a> <a:b> <a:c> .", Content_Type="text/turtle").status_code == 405
    assert door.ask("ASK { <a:a> ?b ?c }").json()["boolean"] is False


PARTS = "SERVICE <{}> { ?s ?p ?o }"
HIDDEN = {
    "silence": "SELECT * { service silent <{}> { ?s ?p ?o } }",
    "no space": "SELECT*{SERVICE<{}>{?s ?p ?o}}",
    "a variable": "SELECT * { VALUES ?g { <{}> } SERVICE ?g { ?s ?p ?o } }",
    "comments": "SELECT * # }\nWHERE { SERVICE#x\n<{}>#\n{ ?s ?p ?o } }",
    "a comment that ends in another way": f"SELECT * {{ ?s ?p ?o #\r {PARTS}\n }}",
    "strings": f"SELECT * {{ BIND('''SERVICE'{{''' AS ?x) {PARTS} BIND(\"#\" AS ?y) }}",
    "a string with an escaped quote": rf"SELECT * {{ BIND('\'' AS ?x) {PARTS} BIND('\'' AS ?y) }}",
    "a string that ends with a backslash": rf"SELECT * {{ BIND('\\' AS ?x) {PARTS} BIND('\\' AS ?y) }}",
    "a string that an escape closes": rf"SELECT * {{ BIND('\u0027 AS ?x) {PARTS} #' AS ?y) }}" + "\n}",
    "a long string that an escape closes": rf"SELECT * {{ BIND('''\U00000027'' AS ?x) {PARTS} #''')}}" + "\n}",
    "a comment that an escape ends": rf"SELECT * {{ ?s ?p ?o # \u000A {PARTS}" + "\n}",
    "an escape": r"SELECT * { \u0053ERVICE <{}> { ?s ?p ?o } }",
    "a long escape": r"SELECT * { \U00000053ERVICE <{}> { ?s ?p ?o } }",
    "an escape within": r"SELECT * { SER\u0056ICE <{}> { ?s ?p ?o } }",
    "escapes": r"SELECT * { \u0053\u0045\u0052\u0056\u0049\u0043\u0045 <{}> { ?s ?p ?o } }",
    "comparisons": f"SELECT * {{ FILTER(1 <2 ) {PARTS} FILTER(3> 2) }}",
    "comparisons without space": f"SELECT * {{ FILTER(?a<?b&&?c>?d) {PARTS} FILTER(?a<?b) FILTER(?b>?a) }}",
    "an IRI": f"SELECT * {{ BIND(<SERVICE> AS ?x) {PARTS} }}",
    "a prefix": "PREFIX SERVICE: <{}> SELECT * { SERVICE:x { ?s ?p ?o } }",
    "an empty prefix": "PREFIX : <{}> SELECT * { SERVICE :x { ?s ?p ?o } }",
    "a prefix as silent": "PREFIX SILENT: <{}> SELECT * { SERVICE SILENT:x { ?s ?p ?o } }",
    "a language": f"SELECT * {{ BIND('a'@en AS ?x) BIND('b'@SERVICE AS ?y) {PARTS} }}",
    "a number": f"SELECT * {{ ?s ?p 1.{PARTS} }}",
    "a subquery": "SELECT * { ?s ?p ?o { SELECT ?a { SERVICE ?b { ?a ?p ?o } VALUES ?b { <{}> } } } }",
    "an existence": f"SELECT * {{ ?s ?p ?o FILTER EXISTS {{ {PARTS} }} }}",
    "the head": f"SELECT (EXISTS {{ {PARTS} }} AS ?x) {{}}",
    "an order": f"SELECT * {{ ?s ?p ?o }} ORDER BY EXISTS {{ {PARTS} }}",
    "another graph": f"SELECT * {{ GRAPH ?g {{ {PARTS} }} }}",
    "a graph from a prefix": "PREFIX FROM: <{}> SELECT * FROM:x { ?s ?p ?o }",
    "a graph to describe": "PREFIX FROM: <a:> PREFIX : <{}> DESCRIBE * FROM:x { ?s ?p ?o }",
    "a graph after a comment": "SELECT * #\nFROM#\n<{}> { ?s ?p ?o }",
    "a graph from an escape": r"SELECT * \u0046ROM <{}> { ?s ?p ?o }",
    "a graph behind the head": "SELECT (EXISTS { ?s ?p ?o } AS ?x) FROM <{}> {}",
    "an update behind": "SELECT * { ?s ?p ?o } ; LOAD <{}>",
    "an update behind a prologue": "PREFIX a: <a:> BASE <a:> LOAD <{}>",
    "an update from an escape": r"L\u004FAD <{}>",
}


@pytest.mark.parametrize("hiding", HIDDEN)
def test_nothing_is_fetched_whatever_hides_the_keyword(door: Door, hiding: str) -> None:
    for where in door.places:
        said = door.refuses(400, HIDDEN[hiding].replace("{}>", f"{where}>"))
        assert re.match(
            r"line [12], column \d+: (SERVICE asks|FROM names|LOAD changes|`.*` (cannot|begins|is no))", said
        ), said


def test_words_that_only_look_like_it_are_no_reason_to_refuse_a_query(door: Door) -> None:
    for query in (
        "SELECT ?from ?service { ?service ?load ?from FILTER(STR(?load) != 'SERVICE <x>') } # FROM <x>",
        "PREFIX from: <http://a.org/> SELECT * { ?s from:service from:LOAD ; <http://a.org/SERVICE> '''FROM <x>''' }",
        r"""SELECT * { ?s ?p 'a \'SERVICE <x> {', '''a ' LOAD''', "SERVICE"@en, _:from }""",
    ):
        answer = door.ask(query)
        assert answer.status_code == 200, answer.text


def test_the_kernel_keeps_files_and_network_from_those_who_answer(door: Door) -> None:
    door.is_well()
    workers = door.workers()
    assert len(workers) == 2
    for worker in workers:
        status = dict(re.findall(r"(\w+):\t(.*)", read_text(worker, "status")))
        assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1")
        assert not any("socket" in str(file.readlink()) for file in Path(f"/proc/{worker}/fd").iterdir())


# What is not as it should be


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (b"", "There is no query"),
        (b"# nothing", "There is no query"),
        (b"\x00", r"line 1, column 1: U\+0000"),
        (b"SELECT * { ?s ?p '\x00' }", r"line 1, column 19: U\+0000"),
        (b"SELECT * {\n?s ?p '\xff' }", "not UTF-8: byte 19 of it"),
        (b"SELECT * { ?s ?p '\xed\xa0\x80' }", "not UTF-8: byte 19 of it"),
        ("SELECT * { ?s ?p ?o }".encode("utf-16"), "not UTF-8: byte 1 of it"),
        (b"SELECT * { ?s ?p ?o } LIMIT 1.5", "line 1, column 29: `1.5`"),
        (b"SELECT * { ?s ?p ?o } LIMIT 1e3", "line 1, column 29: `1e3`"),
        (b"SELECT * { ?s ?p ?o } LIMIT -1", "line 1, column 29: `-`"),
        (b"SELECT * { ?s ?p ?o } LIMIT ?s", r"line 1, column 29: `\?s`"),
        (b"SELECT * { ?s ?p <a b> }", "line 1, column (18|21): "),
        (b"SELECT * { ?s ?p 'a\nb' }", "line 1, column 18: "),
        (b"SELECT * { ?s ?p ?o", "line 1, column 20: `{` of line 1, column 10 is not closed"),
        (b"SELECT * { ?s ?p nobody:knows }", "line 1, column 18: The prefix nobody: is not declared"),
        (b"SELECT (<http://a.org/f>(1) AS ?x) {}", "http://a.org/f"),
        (b"<script>alert(1)</script>", "line 1, column 1: `<script>` begins no query"),
    ],
)
def test_what_is_no_query_is_refused_with_its_place(door: Door, query: bytes, said: str) -> None:
    assert re.search(said, door.refuses(400, query))


def test_a_limit_of_very_many_digits_is_a_limit(door: Door) -> None:
    # Bug found: Python makes no number of more than 4,300 digits.
    for digits in ("9" * 30, "9" * 5_000, "0" * 5_000 + "7"):
        answer = door.ask(f"SELECT ?s {{ ?s a bibo:Thesis }} LIMIT {digits}", Accept="text/csv")
        assert answer.status_code in (200, 400), answer.text
        assert answer.status_code == 400 or int(answer.headers["Result-Rows"]) in (7, RECORDS - 1, RECORDS)


def test_bytes_that_are_no_text_are_refused_in_an_address_and_in_a_form_too(door: Door) -> None:
    # Bug found: in an address they were replaced, and a query that nobody had asked was answered.
    address, headers = f"{door.address}/sparql", {"Content-Type": FORM}
    for odd in ("%FF", "%ED%A0%80", "%C0%80"):
        query = f"query=SELECT%20*%20%7B%20%3Fs%20%3Fp%20'{odd}'%20%7D"
        for answer in (
            requests.get(f"{address}?{query}", timeout=30),
            requests.post(address, query, headers=headers, timeout=30),
        ):
            assert "not UTF-8: byte 19 of it" in told(answer, 400)


def test_several_queries_at_once_are_refused(door: Door) -> None:
    both = [("query", "ASK {}"), ("query", "SELECT * { ?s ?p ?o }")]
    address = f"{door.address}/sparql"
    for answer in (requests.get(address, params=both, timeout=30), requests.post(address, data=both, timeout=30)):
        assert "several queries" in told(answer, 400)


FORMATS = {
    "xls": 400, "../../etc/passwd": 400, "\x00": 400, "ttl": 400, "a" * 20_000: 400, "<script>": 400,
    "é\r\nX-Y: z": 400, " CSV ": 200, "text/csv": 200, "": 200,
}  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_that_there_is_not_is_refused_with_those_that_there_are(door: Door, name: str) -> None:
    asked = {"query": "SELECT (1 AS ?x) {}", "format": name}
    for answer in (door.send("GET", params=asked), door.send("POST", asked, Content_Type=FORM)):
        assert answer.status_code == FORMATS[name]
        assert "X-Y" not in answer.headers
        assert answer.status_code == 200 or told(answer, 400).endswith(": use json, xml, csv, tsv, or html.")


ACCEPTS = {
    "": 200, "garbage": 200, "a/b;q=x": 200, ",,,;;;q=": 200, "*/*;q=0": 406, "image/png": 406, "\xff": 200,
    "text/csv;q=0.00000001": 200, "application/json, " * 3_000: 200, "text/" + "x" * 2_000: 406,
}  # fmt: skip


@pytest.mark.parametrize("accept", ACCEPTS)
def test_an_odd_accept_is_understood_or_refused(door: Door, accept: str) -> None:
    answer = door.ask("SELECT (1 AS ?x) {}", Accept=accept)
    assert answer.status_code == ACCEPTS[accept]
    assert answer.status_code == 200 or "text/csv" in told(answer, 406)


def test_a_long_query_without_the_format_that_is_asked_for_gets_a_head_that_can_be_read(door: Door) -> None:
    # Bug found: the address of the query in each format made a line that no client takes.
    template = " ".join(f"?s <http://a.org/p{n}> ?o ." for n in range(1_000))
    answer = door.ask(f"CONSTRUCT {{ {template} }} {{ ?s ?p ?o }}", Accept="text/csv")
    assert "text/turtle" in told(answer, 406)
    assert sum(len(name) + len(value) for name, value in answer.headers.items()) < 8_000


def test_a_thousand_header_lines_are_taken_or_refused(door: Door) -> None:
    head = f"Content-Type: {QUERY}", "Content-Length: 6"
    status, _, _ = door.talk(*head, *(f"X-{n}: y" for n in range(80)), body=[b"ASK {}"])
    assert status == 200
    status, _, _ = door.talk(*head, *(f"X-{n}: y" for n in range(1_000)), body=[b"ASK {}"])
    assert status in (200, 400, 431)


def test_a_head_says_what_a_get_would_and_brings_nothing(door: Door) -> None:
    for query, status in (("SELECT ?s { ?s a bibo:Thesis }", 200), (heavy(), 422), ("SELECT {", 400)):
        got, head = (door.send(method, params={"query": query}) for method in ("GET", "HEAD"))
        assert (got.status_code, head.status_code, head.content) == (status, status, b"")
        for name in ("Content-Type", "Cache-Control", "Result-Rows", "ETag", "Vary"):
            assert head.headers.get(name) == got.headers.get(name)


def test_markup_in_a_query_and_in_values_is_shown_and_not_obeyed(door: Door) -> None:
    script = "</textarea></title><script>alert(1)</script>{{ 7 * 7 }}"
    for query in (f'SELECT ("{script}" AS ?x) (<javascript:alert(1)> AS ?y) {{}}', script, f"SELECT * {{ {script} }}"):
        for answer in (
            door.send("GET", params={"query": query, "format": "html"}),
            door.ask(query, Accept="text/html"),
        ):
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert "<script>alert" not in answer.text
            assert not re.search(r"""href=["']?\s*javascript:""", answer.text)
            assert "{{ 7 * 7 }}" in answer.text


# What is cut


TAIL = '\n, "}},{{"x":<b>]]>--\t\\'
ALL = r"""
    SELECT ?t ?a ?none {
        ?s dcterms:title ?t BIND(CONCAT(?t, '\n, "}},{{"x":<b>]]>--\t\\') AS ?a) VALUES ?n { 1 2 3 }
    }
"""
GRAPH = "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }"


def read_json(answer: requests.Response) -> Iterator[tuple[str, str]]:
    said = answer.json()
    assert said["head"] == {
        "vars": ["t", "a", "none"],
        "link": [f"{theses.BASE}{x}" for x in ("sparql#limit-rows", "dumps/")],
    }
    for row in said["results"]["bindings"]:
        assert set(row) == {"t", "a"}
        yield row["t"]["value"], row["a"]["value"]


def read_xml(answer: requests.Response) -> Iterator[tuple[str, str]]:
    end = r"<!-- This result is cut: it has more than 3,000 rows\. [^>]*/dumps/ --></results></sparql>$"
    assert re.search(end, answer.text)
    for row in ElementTree.fromstring(answer.content).iter("{http://www.w3.org/2005/sparql-results#}result"):
        title, longer = row
        assert (title.get("name"), longer.get("name")) == ("t", "a")
        yield str(title[0].text), str(longer[0].text)


def read_csv(answer: requests.Response) -> Iterator[tuple[str, str]]:
    assert answer.text.endswith("\r\n")
    head, *rows = csv.reader(io.StringIO(answer.text, newline=""), strict=True)
    assert head == ["t", "a", "none"]
    for title, longer, none in rows:
        assert none == ""
        yield title, longer


def read_tsv(answer: requests.Response) -> Iterator[tuple[str, str]]:
    head, *lines, end = answer.text.split("\n")
    assert (head, end) == ("?t\t?a\t?none", "")
    for line in lines:
        title, longer, none = line.split("\t")
        assert none == ""
        yield json.loads(title), json.loads(longer)


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
def test_a_result_of_too_many_rows_is_cut_after_a_whole_row_and_says_so(door: Door, name: str) -> None:
    answer = door.send("GET", params={"query": ALL, "format": name})
    assert answer.status_code == 200, answer.text
    assert (answer.headers["Result-Cut"], answer.headers["Result-Rows"]) == ("rows=3000", "3000")
    assert '</dumps/>; rel="related"' in answer.headers["Link"]
    readers = {"json": read_json, "xml": read_xml, "csv": read_csv, "tsv": read_tsv}
    rows = list(readers[name](answer))
    assert len(rows) == ROWS
    assert all(longer == title + TAIL for title, longer in rows)


SYNTAXES = {
    "ttl": ox.RdfFormat.TURTLE, "nt": ox.RdfFormat.N_TRIPLES, "rdf": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD, "trig": ox.RdfFormat.TRIG, "nq": ox.RdfFormat.N_QUADS,
}  # fmt: skip


@pytest.mark.parametrize("name", SYNTAXES)
def test_a_graph_of_too_many_triples_is_cut_and_says_so(door: Door, name: str) -> None:
    answer = door.send("GET", params={"query": GRAPH, "format": name})
    assert answer.status_code == 200, answer.text
    assert (answer.headers["Result-Cut"], answer.headers["Result-Rows"]) == ("rows=3000", "3000")
    assert len(list(ox.parse(answer.content, format=SYNTAXES[name]))) == ROWS
    if name != "jsonld":
        comment = answer.text.rstrip().rpartition("\n")[2]
        assert "This result is cut: it has more than 3,000 rows. All of the data: " in comment


def test_a_result_of_just_as_many_rows_as_may_be_is_not_cut(door: Door) -> None:
    answer = door.ask(f"SELECT * {{ ?s ?p ?o }} LIMIT {ROWS}")
    assert len(answer.json()["results"]["bindings"]) == ROWS
    assert "Result-Cut" not in answer.headers
    assert "link" not in answer.json()["head"]


ABSTRACTS = "SELECT ?n ?o { VALUES ?n { %s } ?s dcterms:abstract ?o } ORDER BY ?n"
"""All of them for each number: some 2 MB."""


def test_a_result_that_is_longer_than_the_longest_is_refused_and_not_sent_in_part(patient: Door) -> None:
    template = " ".join(f"?s <http://a.org/p{n}> ?o ." for n in range(100))
    for query in (
        ABSTRACTS % " ".join(map(str, range(40))),
        f"CONSTRUCT {{ {template} }} {{ ?s dcterms:abstract ?o }}",
    ):
        answer = patient.ask(query)
        assert told(answer, 422).startswith("The result is longer than the 60,000,000 bytes that it may have.")
        assert "Result-Rows" not in answer.headers


def test_a_template_of_a_thousand_triples_is_cut_like_any_other(door: Door) -> None:
    template = " ".join(f"?s <http://a.org/p{n}> ?o ." for n in range(1_000))
    answer = door.ask(f"CONSTRUCT {{ {template} }} {{ ?s ?p ?o }}", Accept="application/n-triples")
    assert (answer.status_code, answer.headers["Result-Cut"]) == (200, "rows=3000")


def test_one_very_long_value_does_not_cost_the_server_several_times_its_size(patient: Door) -> None:
    # Bug found: it came through the pipe in one piece, and was copied several times.
    patient.is_well()
    before = peak(patient)
    answer = patient.ask(f"SELECT ?x21 {{ {doubled(21)} }}", Accept="text/csv")
    assert answer.status_code == 200
    assert len(answer.content) == 8 * 2**21 + 7
    assert peak(patient) - before < 10_000_000


def peak(door: Door) -> int:
    """The most memory that the server's own processes have had, in bytes."""
    found = (re.search(r"VmHWM:\s+(\d+) kB", read_text(process, "status")) for process in door.processes())
    return sum(int(each[1]) * 1024 for each in found if each)


# What breaks


def fetch(door: Door, query: str, coding: str = "identity") -> subprocess.Popen[bytes]:
    """curl, once it has begun to get an answer, which it cannot go on with until someone reads it."""
    asked = ["curl", "-sS", "-N", "-H", f"X-Forwarded-For: {OTHER}", "-H", f"Accept-Encoding: {coding}"]
    begun = subprocess.Popen(
        [*asked, "--data-urlencode", f"query={query}", f"{door.address}/sparql"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert begun.stdout
    assert select.select([begun.stdout], [], [], 30)[0]
    return begun


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_an_answer_whose_spool_is_cut_off_ends_in_a_broken_transfer(patient: Door, coding: str) -> None:
    begun = fetch(patient, ABSTRACTS % " ".join(map(str, range(25))), coding)
    cut = 0
    for spool in patient.spools():
        with suppress(FileNotFoundError):  # the server is done with it
            os.truncate(spool, 100_000)
            cut += 1
    assert cut
    _, said = begun.communicate(timeout=30)
    assert begun.returncode == 18, said  # curl's word for a part of a file


def test_clients_who_go_away_while_they_are_sent_an_answer_leave_nothing_behind(patient: Door) -> None:
    for _ in range(10):  # one client is sent 8 at once
        begun = fetch(patient, ABSTRACTS % " ".join(map(str, range(8))))
        begun.kill()
        begun.communicate()
    until(lambda: not patient.spools())


def test_a_worker_that_the_system_kills_costs_only_its_query(door: Door) -> None:
    door.is_well()
    with ThreadPoolExecutor(1) as asking:
        asked = asking.submit(door.ask, heavy())
        time.sleep(0.3)
        killed = list(door.workers())
        for worker in killed:
            os.kill(worker, 9)
        assert re.search(OVER, told(asked.result(), 422))
    until(lambda: all(map(_ended, killed)))  # else the next query could still get one that is about to


def _ended(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_full_disk_costs_only_the_queries_with_long_answers(patient: Door) -> None:
    limits = {process: resource.prlimit(process, resource.RLIMIT_FSIZE) for process in patient.processes()}
    try:
        for process, (_, most) in limits.items():
            resource.prlimit(process, resource.RLIMIT_FSIZE, (2_000_000, most))
        answer = patient.ask(ABSTRACTS % "-1 -2")
        assert "no room for this result" in told(answer, 503)
        assert answer.headers["Retry-After"]
        patient.is_well()
    finally:
        for process, limit in limits.items():
            resource.prlimit(process, resource.RLIMIT_FSIZE, limit)
    assert patient.ask(ABSTRACTS % "-1 -2").status_code == 200


# Who else is there


def at_once(number: int, ask: Callable[[int], requests.Response]) -> list[requests.Response]:
    with ThreadPoolExecutor(number) as asking:
        return list(asking.map(ask, range(number)))


def until(true: Callable[[], bool]) -> None:
    """Waits for something to be true."""
    for _ in range(1_000):
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("It has not come about.")


def test_a_client_who_asks_50_queries_at_once_is_told_to_ask_fewer(door: Door) -> None:
    answers = at_once(50, lambda _: door.ask(heavy()))
    counts = Counter(answer.status_code for answer in answers)
    assert set(counts) <= {422, 429, 503}
    assert counts[429] >= 50 - 2 * CLIENT  # some are sent when the first are done
    assert counts[422] >= 1
    for answer in answers:
        if answer.status_code == 429:
            assert "8" in told(answer, 429)
            assert answer.headers["Retry-After"] == "2"


def test_50_clients_at_once_are_more_than_can_wait(door: Door) -> None:
    answers = at_once(50, lambda number: door.ask(heavy(), client=f"203.0.113.{number}"))
    counts = Counter(answer.status_code for answer in answers)
    assert set(counts) == {422, 503}
    assert counts[503] >= 50 - 2 * (WAITING + 2)
    for answer in answers:
        if answer.status_code == 503:
            assert told(answer, 503)
            assert answer.headers["Retry-After"] == "5"


def test_an_address_that_a_client_makes_up_makes_it_nobody_else(door: Door) -> None:
    # Each proxy adds the address that it was asked from: only the last is believed.
    answers = at_once(30, lambda number: door.ask(heavy(), client=f"192.0.2.{number}, 10.1.{number}.1, {ATTACKER}"))
    assert Counter(answer.status_code for answer in answers)[429] >= 30 - 2 * CLIENT


def test_a_heavy_query_that_several_clients_ask_at_once_is_run_once(door: Door) -> None:
    until(lambda: len(door.workers()) == 2)
    query, before = heavy(), door.workers()
    answers = at_once(8, lambda number: door.ask(query, client=f"203.0.113.{number}"))
    assert len({told(answer, 422) for answer in answers}) == 1
    until(lambda: len(door.workers()) == 2)  # each run costs a worker, in whose place another one starts
    assert len(door.workers() - before) == 1


def test_an_answer_is_kept_for_those_who_ask_the_same_and_none_is_that_could_differ(patient: Door) -> None:
    query = f"SELECT (COUNT(*) AS ?n) {{ ?s ?p ?o FILTER(CONTAINS(STR(?o), 'a')) }} #{next(_number)}"
    first = patient.send("GET", params={"query": query})
    again = patient.send("GET", params={"query": query}, If_None_Match=first.headers["ETag"])
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    for word in ("RAND()", "now()", "UUID()", "STRUUID()", "STR(BNODE())"):
        answer = patient.send("GET", params={"query": f"SELECT ({word} AS ?x) {{}}"})
        assert answer.status_code == 200
        assert "ETag" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"


def test_clients_who_go_away_while_their_queries_run_give_back_what_they_had(door: Door) -> None:
    for number in range(4):
        query = heavy().encode()
        wire = door.wire(f"Content-Type: {QUERY}", f"Content-Length: {len(query)}", client=f"203.0.113.{number % 2}")
        wire.sendall(query)
        time.sleep(0.02)
        wire.close()
    door.is_well()
    for client in ("203.0.113.0", "203.0.113.1"):
        until(lambda client=client: door.ask(f"ASK {{}} #{next(_number)}", client=client).status_code == 200)  # type: ignore[misc]


@pytest.mark.parametrize("sent", ["POST /sparql HTTP/1.1\r\nHost: x\r\n", "S"], ids=["heads", "queries"])
def test_what_is_sent_slowly_delays_nobody(door: Door, sent: str) -> None:
    # Bug found: each query that was on its way held a thread of the server, and there are only so many.
    head = (f"Content-Type: {QUERY}", "Content-Length: 1000")
    wires = [
        door.wire(*head) if sent == "S" else socket.create_connection(("127.0.0.1", door.port), timeout=30)
        for _ in range(150)
    ]
    try:
        for wire in wires:
            with suppress(ConnectionError):
                wire.sendall(sent.encode())
        door.is_well()
    finally:
        for wire in wires:
            wire.close()


def test_a_client_who_asks_little_is_served_quickly_while_two_ask_all_they_can_of_the_worst(
    open_door: Open, listener: socket.socket
) -> None:
    """The 99th percentile of its requests, queries and others, is under half a second.

    This is the only test with a clock. On two cores that had as much other work again, and more, it saw 80 ms to
    290 ms. In the first seconds, before it is known who asks for much, two clients together can have both workers.
    """
    door = open_door(seconds=1.5)
    over, turn = threading.Event(), count()
    worst = [CROSS, *map(without_end, WITHOUT_END), *FLAT.values(), "SELECT * { " + "{" * 3_000, *HIDDEN.values()]

    def attack(number: int) -> Counter[int]:
        statuses = Counter[int]()
        while not over.is_set():
            query = f"{worst[next(turn) % len(worst)]}\n#{next(_number)}"
            statuses[door.ask(query, client=f"203.0.113.{number % 2}").status_code] += 1
        return statuses

    taken: list[float] = []
    with ThreadPoolExecutor(4) as attackers:
        attacking = attackers.map(attack, range(4))
        time.sleep(3)  # by then it is known who asks for much
        try:
            with requests.Session() as session:
                session.headers.update({"X-Forwarded-For": OTHER, "Accept": "*/*"})
                for number in range(120):
                    query = f"SELECT ?title {{ <{theses.BASE}id/thesis/{KEY}> dcterms:title ?title }} #{number}"
                    for path, parameters in (("sparql", {"query": query}), (f"doc/thesis/{KEY}", {})):
                        started = time.perf_counter()
                        answer = session.get(f"{door.address}/{path}", params=parameters, timeout=30)
                        taken.append(time.perf_counter() - started)
                        assert answer.status_code == 200, answer.text
                    time.sleep(0.01)
        finally:
            over.set()
        statuses = sum(attacking, Counter[int]())
    taken.sort()
    p50, p99 = taken[len(taken) // 2], taken[len(taken) * 99 // 100]
    print(f"{len(taken)} requests: p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms; {dict(statuses)}")
    assert set(statuses) <= {200, 400, 422, 429, 503}
    assert statuses[422] > 0
    assert p99 < 0.5
    door.is_well()
