"""`thesis-ld query` as its users call it: what it reads, what goes where, what it says, how it ends."""

from __future__ import annotations

import csv
import fcntl
import gzip
import io
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import library
import pyoxigraph as ox
import pytest
from pyoxigraph import QueryResultsFormat, RdfFormat

from ld.cli import RESULTS
from ld.sparql import querying
from ld.sparql.indexes import FILE, SMALL
from ld.sparql.table import cells

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = [sys.executable, "-W", "error", "-m", "ld", "query"]
PREFIXES = "@prefix ex: <http://a.org/> . @prefix foaf: <http://xmlns.com/foaf/0.1/> .\n"
HOSTILE = "\\u001B]0;title\\u0007\\u001B[2J\\u009B31m\\u202E\\u0000end\\r\\nnext\\tlast"
"""As Turtle writes it."""
DATA = f"""{PREFIXES}
ex:ann a foaf:Person ; foaf:name "Ann" ; foaf:age 31 ; ex:nick "Annie"@en ; foaf:knows ex:bob .
ex:bob a foaf:Person ; foaf:name "Bob" ; foaf:age 7 ; ex:note "{HOSTILE}" .
"""
NAMES = "SELECT ?who ?name ?age { ?who foaf:name ?name ; foaf:age ?age } ORDER BY ?name"
NOTE = "SELECT ?note { ?s <http://a.org/note> ?note }"
QUADS = """\
<http://a.org/s> <http://a.org/p> "both" <http://a.org/g1> .
<http://a.org/s> <http://a.org/p> "both" <http://a.org/g2> .
<http://a.org/s> <http://a.org/p> "one" <http://a.org/g2> .
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with some files; it is a home, too."""
    (tmp_path / "people.ttl").write_text(DATA)
    (tmp_path / "graphs.nq").write_text(QUADS)
    (tmp_path / "names.rq").write_text(NAMES)
    return tmp_path


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that is worth an index; not to be written to."""
    path = tmp_path_factory.mktemp("large") / "large.nt"
    with path.open("w") as lines:
        for number in range(100_000):
            lines.write(f'<http://a.org/{"long/" * 10}{number}> <http://a.org/number> "{number}" .\n')
    assert path.stat().st_size > SMALL
    return path


def variables(folder: Path, **more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "HOME": str(folder)} | more


def query(folder: Path, *arguments: object, data: bytes = b"", **more: str) -> subprocess.CompletedProcess[str]:
    """What the command does in a folder; `data` comes on its standard input."""
    command = [*PROGRAM, *map(str, arguments)]
    environment = variables(folder, **more)
    done = subprocess.run(command, cwd=folder, env=environment, input=data, capture_output=True, timeout=60)
    told = subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in told.stderr, told.stderr
    return told


def answer(folder: Path, *arguments: object, **more: Any) -> str:
    """What comes on stdout of a query that can be answered."""
    told = query(folder, *arguments, **more)
    assert told.returncode == 0, told.stderr
    return told.stdout


def refusal(folder: Path, *arguments: object, **more: Any) -> list[str]:
    """The lines with which the command gives up."""
    told = query(folder, *arguments, **more)
    assert (told.returncode, told.stdout) == (2, ""), told.stderr
    return told.stderr.splitlines()


def shell(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    """What a line does in a shell, where `query` is the command."""
    script = f'query() {{ {" ".join(PROGRAM)} "$@"; }}\n{line}'
    environment = variables(folder)
    return subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=60
    )


def terminal(folder: Path, *arguments: object, columns: int = 80) -> tuple[str, str]:
    """What a terminal so wide shows of stdout, and what comes on stderr."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    command = [*PROGRAM, *map(str, arguments)]
    with subprocess.Popen(
        command, cwd=folder, env=variables(folder), stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.PIPE
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                piece = os.read(ours, 1 << 16)
            except OSError:  # so Linux says that nobody writes any more
                break
            if not piece:
                break
            shown += piece
        os.close(ours)
        assert process.stderr is not None
        told = process.stderr.read().decode()
    assert process.returncode == 0, told
    return re.sub("\r+\n", "\n", shown.decode()), told


# --- what it reads ---


def test_the_published_snapshot_is_asked_where_no_file_is_named(folder: Path, published: Path) -> None:
    one = f"SELECT ?title {{ <id/thesis/{library.THESIS}> dcterms:title ?title }}"  # relative to the base of the site
    expected = "title\n------------------------------\nTherapists' experiences @en-gb\n"
    assert answer(folder, "--data", published, one) == expected
    assert answer(folder, one, THESIS_LD_DATA=str(published)) == expected
    (folder / "data").symlink_to(published)
    assert answer(folder, one) == expected


def test_without_anything_published_the_way_out_is_told(folder: Path) -> None:
    (line,) = refusal(folder, "ASK {}")
    assert line.startswith("thesis-ld: data publishes nothing yet. Build first: ")


def test_the_query_comes_from_an_argument_a_file_or_standard_input(folder: Path) -> None:
    expected = answer(folder, "people.ttl", NAMES)
    assert "Ann" in expected
    assert answer(folder, "people.ttl", "--query-file", "names.rq") == expected
    assert answer(folder, "-f", "names.rq", "people.ttl") == expected
    assert answer(folder, "people.ttl", "-", data=NAMES.encode()) == expected
    assert answer(folder, "people.ttl", "-f", "-", data=b"\xef\xbb\xbf# asks\r\n" + NAMES.encode()) == expected


def test_data_may_come_on_standard_input(folder: Path) -> None:
    data = gzip.compress((folder / "people.ttl").read_bytes())
    assert "Ann" in answer(folder, "-", NAMES, data=data)
    assert "Ann" in answer(folder, "-", "-f", "names.rq", "--syntax", "ttl", data=data)
    (line,) = refusal(folder, "-", "-", data=data)
    assert line == "thesis-ld: Standard input (-) can be read once only. Name a file for the data or the query."


def test_several_files_are_one_dataset(folder: Path) -> None:
    (folder / "more.nt.gz").write_bytes(gzip.compress(b'<http://a.org/ann> <http://xmlns.com/foaf/0.1/nick> "A." .\n'))
    found = answer(folder, "people.ttl", "more.nt.gz", "SELECT ?name ?nick { ?s foaf:name ?name ; foaf:nick ?nick }")
    assert found.splitlines()[2] == "Ann   A."


def test_graphs_can_be_asked_for_and_are_one_graph_together(folder: Path) -> None:
    asked = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
    for more in ([], ["--index", "there"]):
        counts = [answer(folder, "graphs.nq", each, "--format", "tsv", *more).split()[1] for each in asked]
        assert counts == ["2", "3"]
    found = answer(folder, "graphs.nq", 'SELECT ?g { graph ?g { ?s ?p "one" } }', "--format", "csv")
    assert found.split() == ["g", "http://a.org/g2"]


def test_a_query_that_only_speaks_of_graphs_does_not_ask_for_them() -> None:
    def wants(text: str) -> bool:
        return querying.wants_graphs(querying.Asked((), text).read())

    assert wants("SELECT * { graph?g { ?s ?p ?o } }")
    assert not wants('# GRAPH\nSELECT * { ?graph <http://a.org/graph> "GRAPH \\u0041" }')


ARGUMENTS: list[tuple[list[str], str]] = [
    ([], r"There is no query\. Write one, for example: thesis-ld query 'SELECT .*'"),
    ([""], r"Nothing is neither a file nor a query\. .*"),
    (["peple.ttl"], r"peple\.ttl is neither a file nor a query\. Check the path, and write the query behind the .*"),
    (["people.ttl"], r"people\.ttl is a file, and the query is missing\. Write it behind .* --query-file people\.ttl"),
    (["ASK {}", "people.ttl"], r"people\.ttl is a file, and the query is missing\. .*"),
    (["peple.ttl", "ASK {}"], r"peple\.ttl: cannot be read \(No such file or directory\)\. Check the path\."),
    ([".", "ASK {}"], r"\.: is a folder\. Name the files in it\."),
    (["people.ttl", "-f", "none.rq"], r"none\.rq cannot be read \(No such file or directory\)\. Name a text file .*"),
    (["people.ttl", "-f", "."], r"\. cannot be read \(Is a directory\)\. .*"),
    (["people.ttl", "-f", "binary"], r"binary is no text in UTF-8\. .*"),
    (["people.ttl", "# nothing"], r"There is no query\. .*"),
    (["broken.nt", "ASK {}"], r"broken\.nt, line 2, column 1: .* It was read as N-Triples\."),
    (["people.ttl", "ASK {}", "--syntax", "nt"], r"people\.ttl, line 1, column 1: .* It was read as N-Triples\."),
    (
        ["people.ttl", "CONSTRUCT WHERE { ?s ?p ?o }", "--format", "csv"],
        r"What CONSTRUCT asks for cannot be written as csv\. These formats fit: table, ttl, jsonld, rdf, nt, .*\.",
    ),
    (
        ["people.ttl", "ASK {}", "--format", "ttl"],
        r"What ASK asks for cannot be written as ttl\. These formats fit: table, json, xml, csv, tsv\.",
    ),
    (
        ["people.ttl", "ASK {}", "--index", "people.ttl/there"],
        r"people\.ttl: its index cannot be written to .*: Not a directory\. Say where .* --index DIR, .*",
    ),
]


@pytest.mark.parametrize(("arguments", "told"), ARGUMENTS, ids=lambda value: " ".join(value)[:40])
def test_what_cannot_be_done_is_told_in_one_line(arguments: list[str], told: str, folder: Path) -> None:
    (folder / "broken.nt").write_text("<http://a.org/s> <http://a.org/p> <http://a.org/o> .\noops\n")
    (folder / "binary").write_bytes(b"ASK {} # \xff")
    (line,) = refusal(folder, *arguments)
    assert re.fullmatch(f"thesis-ld: {told}", line)


def test_files_and_a_data_folder_are_not_asked_together(folder: Path) -> None:
    assert refusal(folder, "people.ttl", "ASK {}", "--data", "data")[-1].startswith("Error: Ask either files or")


# --- what it refuses, and points at ---


def test_what_cannot_stand_in_a_query_is_pointed_at(folder: Path) -> None:
    said, line, place = refusal(folder, "people.ttl", "SELECT * {\n  ?日本 ?p ] }")
    assert said.startswith("thesis-ld: line 2, column 10: ")
    assert (line, place) == ("    ?日本 ?p ] }", "             ^")
    (folder / "broken.rq").write_text("# asks\nSELECT\t?x WHERE ] {}")
    said, line, place = refusal(folder, "people.ttl", "-f", "broken.rq")
    assert said.startswith("thesis-ld: broken.rq, line 2, column 17: ")
    assert (line, place) == (r"  SELECT\t?x WHERE ] {}", " " * 19 + "^")


def test_of_a_long_line_only_the_place_is_shown(folder: Path) -> None:
    _, line, place = refusal(folder, "people.ttl", f"SELECT * {{ {'?s ?p ?o . ' * 100} ] }} # \x1b[2J{'x' * 900}")
    assert line.startswith("  …")
    assert line.endswith("…")
    assert cells(line) < 80
    assert line[place.index("^")] == "]"
    assert "\x1b" not in line


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("SELECT * { SERVICE <http://a.org/> { ?s ?p ?o } }", "SERVICE asks "),
        ("SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }", "FROM names "),
        ("LOAD <http://a.org/>", "LOAD "),
        ("DELETE WHERE { ?s ?p ?o }", "DELETE "),
        ("SELECT * { ?s dct:title ?o }", "prefix dct: "),
        (f"SELECT * {'{' * 3_000}", "nested "),
    ],
)
def test_what_reads_elsewhere_or_writes_is_refused(text: str, told: str, folder: Path) -> None:
    assert told in refusal(folder, "people.ttl", text)[0]


# --- what it writes ---


def test_a_table_is_for_people(folder: Path) -> None:
    told = query(folder, "people.ttl", f"PREFIX a: <http://a.org/> {NAMES}")
    assert told.stdout == "who    name  age\n-----  ----  ---\na:ann  Ann    31\na:bob  Bob     7\n"
    assert re.fullmatch(r"2 rows, 0\.\d+ s\n", told.stderr)
    assert answer(folder, "people.ttl", "ASK { ?s a foaf:Person }") == "true\n"
    assert answer(folder, "people.ttl", "ASK { ?s a foaf:Document }") == "false\n"


def test_the_columns_of_everything_stand_as_the_query_names_them(folder: Path) -> None:
    for text in ("SELECT * { ?s ?p ?o }", "select distinct * where { ?s ?p ?o }"):
        assert answer(folder, "people.ttl", text).split()[:3] == ["s", "p", "o"]
    assert answer(folder, "people.ttl", "SELECT ?o ?s { ?s ?p ?o }").split()[:2] == ["o", "s"]


def test_triples_are_shown_as_turtle_with_the_prefixes_that_they_use(folder: Path) -> None:
    told = query(folder, "people.ttl", "PREFIX a: <http://a.org/> CONSTRUCT { ?s foaf:nick ?n } WHERE { ?s a:nick ?n }")
    assert told.stdout.split("\n\n") == [
        "@prefix a: <http://a.org/> .\n@prefix foaf: <http://xmlns.com/foaf/0.1/> .",
        'a:ann foaf:nick "Annie"@en .\n',
    ]
    assert told.stderr.startswith("1 triple, ")
    described = answer(folder, "people.ttl", "DESCRIBE <http://a.org/ann>")
    assert len(list(ox.parse(described, RdfFormat.TURTLE))) == 5


def solutions(syntax: QueryResultsFormat) -> Callable[[str], set[tuple[str, ...]]]:
    def read(text: str) -> set[tuple[str, ...]]:
        found = ox.parse_query_results(text, syntax)
        assert isinstance(found, ox.QuerySolutions)
        return {tuple(getattr(value, "value", "") for value in solution) for solution in found}

    return read


SOLUTIONS: dict[str, Callable[[str], set[tuple[str, ...]]]] = {
    "json": solutions(QueryResultsFormat.JSON),
    "xml": solutions(QueryResultsFormat.XML),
    "tsv": solutions(QueryResultsFormat.TSV),
    "csv": lambda text: {tuple(row) for row in [*csv.reader(io.StringIO(text, newline=""))][1:]},
}
TRIPLES = {
    "ttl": RdfFormat.TURTLE, "nt": RdfFormat.N_TRIPLES, "rdf": RdfFormat.RDF_XML, "jsonld": RdfFormat.JSON_LD,
    "trig": RdfFormat.TRIG, "nq": RdfFormat.N_QUADS,
}  # fmt: skip


def test_the_formats_that_are_offered_are_those_that_can_be_written() -> None:
    assert RESULTS == querying.FORMATS
    assert {"table", *SOLUTIONS, *TRIPLES} == set(RESULTS)


@pytest.mark.parametrize("name", SOLUTIONS)
def test_solutions_are_written_for_programs(name: str, folder: Path) -> None:
    told = query(folder, "people.ttl", NAMES, "--format", name)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.endswith("\n")
    assert SOLUTIONS[name](told.stdout) == {("http://a.org/ann", "Ann", "31"), ("http://a.org/bob", "Bob", "7")}
    assert "true" in answer(folder, "people.ttl", "ASK { ?s a foaf:Person }", "--format", name)


@pytest.mark.parametrize("name", TRIPLES)
def test_triples_are_written_for_programs(name: str, folder: Path) -> None:
    told = query(folder, "people.ttl", "CONSTRUCT WHERE { ?s foaf:name ?name }", "--format", name)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.endswith("\n")
    assert {str(quad.object) for quad in ox.parse(told.stdout, TRIPLES[name])} == {'"Ann"', '"Bob"'}


def test_xml_is_xml_whatever_the_data_holds(folder: Path) -> None:
    results = answer(folder, "people.ttl", NOTE, "--format", "xml")
    graph = answer(folder, "people.ttl", "CONSTRUCT WHERE { ?s <http://a.org/note> ?o }", "--format", "rdf")
    for text in (results, graph):
        assert "\ufffd]0;title\ufffd\ufffd[2J" in "".join(ET.fromstring(text).itertext())


def test_no_locale_changes_what_is_written_for_programs(folder: Path) -> None:
    (folder / "wide.ttl").write_text(f'{PREFIXES}ex:s ex:p "Thé 日本" .')
    ascii_only = {"PYTHONIOENCODING": "ascii:strict", "PYTHONUTF8": "0"}
    for name in ("csv", "json", "xml", "tsv"):
        asked = "wide.ttl", "SELECT ?o { ?s ?p ?o }", "--format", name
        assert answer(folder, *asked, **ascii_only) == answer(folder, *asked)
    for name in ("ttl", "table"):
        assert "Thé 日本" in answer(folder, "wide.ttl", "CONSTRUCT WHERE { ?s ?p ?o }", "--format", name, **ascii_only)
    assert r"Th\xe9 \u65e5\u672c" in answer(folder, "wide.ttl", "SELECT ?o { ?s ?p ?o }", **ascii_only)


def test_a_long_result_comes_whole(folder: Path, large: Path) -> None:
    for more, lines in (([], 100_002), (["--format", "csv"], 100_001), (["--format", "tsv"], 100_001)):
        told = query(folder, large, "SELECT ?s ?n { ?s ?p ?n }", "--index", "there", *more)
        assert told.returncode == 0
        assert told.stdout.count("\n") == lines
    assert "100,000 rows, " in query(folder, large, "SELECT ?s ?n { ?s ?p ?n }", "--index", "there").stderr


def test_a_reader_that_stops_reading_is_no_fault(folder: Path, large: Path) -> None:
    for more in ("", "--format json", "--format tsv"):
        done = shell(folder, f"query {large} 'SELECT * {{ ?s ?p ?o }}' --index there {more} | head -c 10; "
                     "exit ${PIPESTATUS[0]}")  # fmt: skip
        assert done.returncode == 0
        assert len(done.stdout) == 10
        assert set(done.stderr.splitlines()) <= {f"Indexing {large} once, in the folder: there"}


@pytest.mark.parametrize(
    ("ending", "told"),
    [
        ("> /dev/full", "The result cannot be written: No space left on device."),
        (">&-", "Standard output is closed, so there is no place for the result."),
        ("< /dev/null -f - <&-", "Standard input is closed, so there is no query. Send the query there."),
    ],
)
def test_what_is_closed_or_full_is_told_in_one_line(ending: str, told: str, folder: Path) -> None:
    asked = "" if "-f" in ending else "'ASK {}'"
    done = shell(folder, f"query people.ttl {asked} {ending}")
    assert (done.returncode, done.stderr) == (2, f"thesis-ld: {told}\n")


# --- at a terminal ---


def test_a_table_fits_its_terminal(folder: Path) -> None:
    (folder / "long.ttl").write_text(f'{PREFIXES}ex:s ex:p "{"long " * 50}", "日本" .')
    shown, told = terminal(folder, "long.ttl", "SELECT * { ?s ?p ?o }", columns=60)
    assert [cells(line) for line in shown.splitlines()[1:]] == [60, 60, 60] or max(map(cells, shown.splitlines())) == 60
    assert "…" in shown
    assert "cells that are cut (…) are whole where this is no terminal" in told
    shown, told = terminal(folder, "long.ttl", "SELECT ?s { ?s ?p ?o }", columns=60)
    assert "…" not in shown + told
    assert "long long" * 20 in answer(folder, "long.ttl", "SELECT * { ?s ?p ?o }").replace("long long ", "long long")


@pytest.mark.parametrize("name", ["table", *SOLUTIONS])
def test_nothing_in_the_data_reaches_a_terminal_as_it_is(name: str, folder: Path) -> None:
    shown, told = terminal(folder, "people.ttl", NOTE, "--format", name)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", shown + told)
    assert "]0;title" in shown


@pytest.mark.parametrize("name", ["table", *TRIPLES])
def test_nothing_in_triples_reaches_a_terminal_as_it_is(name: str, folder: Path) -> None:
    shown, told = terminal(folder, "people.ttl", "CONSTRUCT WHERE { ?s <http://a.org/note> ?o }", "--format", name)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", shown + told)
    assert "]0;title" in shown
    if name not in ("rdf",):
        syntax = TRIPLES.get(name, RdfFormat.TURTLE)
        (quad,) = ox.parse(shown, syntax)  # what is shown still says the same
        assert quad.object.value.endswith("\u202e\x00end\r\nnext\tlast")  # type: ignore[union-attr]


# --- indexes ---


@pytest.fixture
def copy(folder: Path, large: Path) -> Iterator[Path]:
    """A large file in the folder."""
    shutil.copy(large, folder / "large.nt")
    return folder / "large.nt"


COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"


def test_a_large_file_is_indexed_once_and_says_so(folder: Path, copy: Path) -> None:
    first = query(folder, "large.nt", COUNT)
    assert first.stderr.startswith("Indexing large.nt once, beside it: large.nt.index\n1 row, ")
    again = query(folder, "large.nt", COUNT)
    assert again.stdout == first.stdout == "     n\n------\n100000\n"
    assert again.stderr.startswith("1 row, ")
    with copy.open("a") as lines:
        lines.write("<http://a.org/s> <http://a.org/p> 1 .\n".replace(" 1 ", ' "1" '))
    changed = query(folder, copy, COUNT, "--format", "tsv")
    assert changed.stderr == f"Indexing {copy} again, for the data has changed, beside it: {copy}.index\n"
    assert changed.stdout.split()[1] == "100001"


def test_no_index_is_made_where_none_is_wanted(folder: Path, copy: Path) -> None:
    told = query(folder, "large.nt", COUNT, "--no-index")
    assert "100000" in told.stdout
    assert told.stderr.startswith("1 row, ")
    assert not (folder / "large.nt.index").exists()


def test_an_index_that_turns_out_to_be_damaged_is_thrown_away(folder: Path, copy: Path) -> None:
    query(folder, "large.nt", COUNT)
    for path in folder.glob("large.nt.index/*/*.sst"):
        if path.stat().st_size > 10_000:  # the small one is read at once, and would be missed before anything is asked
            with path.open("r+b") as table:  # as long as it was, and opened without a complaint
                table.write(b"\xff" * (path.stat().st_size // 2))
    told = query(folder, "large.nt", "SELECT ?s ?o { ?s ?p ?o }", "--format", "csv")
    assert told.returncode == 2
    assert re.fullmatch(
        r"thesis-ld: .*/large\.nt\.index: is damaged\. Ask again: then it is made anew\.\n", told.stderr
    )
    assert "100000" in answer(folder, "large.nt", COUNT)


def test_a_file_that_breaks_half_way_leaves_no_index(folder: Path, copy: Path) -> None:
    with copy.open("a") as lines:
        lines.write("oops\n")
    _, refused = refusal(folder, "large.nt", COUNT)
    assert re.match(r"thesis-ld: large\.nt, line 100001, column 1: ", refused)
    assert not (folder / "large.nt.index").exists()


def test_an_index_without_room_is_told_and_leaves_nothing(folder: Path, copy: Path) -> None:
    done = shell(folder, f"ulimit -f 2000; query large.nt '{COUNT}'")  # in kilobytes
    assert done.returncode == 2
    told = done.stderr.splitlines()[-1]
    assert re.match(r"thesis-ld: large\.nt: its index cannot be written to .*: .*File too large", told)
    assert "--index DIR" in told
    assert not (folder / "large.nt.index").exists()


# --- how it ends ---


def interrupted(folder: Path, *arguments: str, after: Callable[[], bool], group: bool) -> tuple[str, float]:
    """What a command says that Ctrl-C ends, and how many seconds that takes."""
    command = [*PROGRAM, *arguments]
    with subprocess.Popen(
        command, cwd=folder, env=variables(folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    ) as process:  # fmt: skip
        for _ in range(400):
            if after():
                break
            time.sleep(0.05)
        started = time.monotonic()
        if group:  # as a terminal does
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.send_signal(signal.SIGINT)
        out, told = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert "Traceback" not in told
    return told, time.monotonic() - started


@pytest.mark.parametrize("group", [True, False])
def test_ctrl_c_ends_a_query_at_once_though_the_engine_is_busy(group: bool, folder: Path, large: Path) -> None:
    endless = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    answer(folder, large, "ASK {}", "--index", "there")
    began = time.monotonic()
    told, seconds = interrupted(
        folder, str(large), endless, "--index", "there", after=lambda: time.monotonic() - began > 2, group=group
    )
    assert told.startswith("thesis-ld: stopped.")
    assert seconds < 5


@pytest.mark.parametrize("group", [True, False])
def test_ctrl_c_ends_the_making_of_an_index_and_leaves_nothing(group: bool, folder: Path, copy: Path) -> None:
    index = folder / "large.nt.index"
    told, _ = interrupted(folder, "large.nt", COUNT, after=lambda: bool([*index.glob("*/*.log")]), group=group)
    assert told.splitlines()[-1].startswith("thesis-ld: stopped.")
    assert not (index / FILE).exists()
    assert not [*index.glob("*/*")]


def test_a_query_that_breaks_the_engine_is_told_in_one_line(folder: Path) -> None:
    endless = f"SELECT (COUNT(*) AS ?n) {{ {' '.join(f'?a{n} ?b{n} ?c{n} .' for n in range(20))} }}"
    command = [*PROGRAM, "people.ttl", endless]
    with subprocess.Popen(command, cwd=folder, env=variables(folder), stderr=subprocess.PIPE, text=True) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        while not (child := children.read_text().split()):
            time.sleep(0.05)
        os.kill(int(child[0]), signal.SIGSEGV)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 2
    assert re.fullmatch(
        "thesis-ld: The query did not come to its end. The work was ended by SIGSEGV, a fault .*\n", told
    )


def test_help_has_examples_that_work(folder: Path) -> None:
    told = answer(folder, "--help")
    assert "thesis-ld query --data data 'SELECT ?t ?title" in told
    lines = re.findall(r"thesis-ld query [^\n]+", told.partition("Example:")[2])
    assert len(lines) == 3


def test_json_has_every_row_and_no_more(folder: Path) -> None:
    found = json.loads(answer(folder, "people.ttl", NAMES, "--format", "json"))
    assert found["head"]["vars"] == ["who", "name", "age"]
    assert len(found["results"]["bindings"]) == 2
