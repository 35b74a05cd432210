"""Loading: the same graph from every syntax and packing, each triple with its line; errors that name the place."""

from __future__ import annotations

import gzip
import io
import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import numpy as np
import pyoxigraph as ox
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple

from ld import shapes
from ld.errors import DataError, TooLarge
from ld.namespaces import RDF, XSD
from ld.rdf import canonical
from ld.validation import loading
from ld.validation.graph import DataGraph
from ld.validation.inputs import SYNTAXES, Input, Limits, bytes_input, file_input, recognised
from ld.validation.loading import load, triples
from ld.validation.report import Place

ROOT = Path(__file__).resolve().parent.parent
S, P = "http://a.org/s", "http://a.org/p"


def loaded(*inputs: Input, processes: int = 1, limits: Limits = Limits()) -> DataGraph:  # noqa: B008  it is frozen
    return load(inputs, {}, processes=processes, limits=limits)


def said(graph: DataGraph) -> dict[Triple, Place | None]:
    """Every triple of a graph, and where it stands."""
    found: dict[Triple, Place | None] = {}
    for predicate in graph.predicates():
        subjects, objects = graph.pairs(predicate)
        lines = graph.lines(subjects, predicate, objects)
        for row in zip(subjects.tolist(), objects.tolist(), lines.tolist(), strict=True):
            subject, value, line = row
            triple = Triple(graph.terms[subject], graph.terms[predicate], graph.terms[value])  # type: ignore[arg-type]
            found[triple] = graph.place(line)
    return found


def lines_of(name: str, data: str | bytes, syntax: str | None = None) -> dict[str, int | None]:
    """Of each value in a file its line."""
    given = data if isinstance(data, bytes) else data.encode()
    places = said(loaded(bytes_input(name, given, syntax)))
    return {triple.object.value: place and place.line for triple, place in places.items()}  # type: ignore[union-attr]


def failure(*inputs: Input, **more: object) -> DataError:
    with pytest.raises(DataError) as caught:
        loaded(*inputs, **more)  # type: ignore[arg-type]
    assert type(caught.value) in (DataError, TooLarge)
    return caught.value


# --- syntaxes and packings ---

TEXT = 'two\nlines, "quoted" \\ é 𝄞 </p> <![CDATA[ \x7f'
GRAPH = [
    Triple(NamedNode(S), NamedNode(RDF + "type"), NamedNode("http://purl.org/ontology/bibo/Thesis")),
    Triple(NamedNode(S), NamedNode(P), Literal(TEXT)),
    Triple(NamedNode(S), NamedNode(P), Literal(TEXT, language="cy")),
    Triple(NamedNode(S), NamedNode(P), Literal("02014", datatype=NamedNode(XSD + "gYear"))),
    Triple(NamedNode(S), NamedNode(P), BlankNode("b")),
    Triple(BlankNode("b"), NamedNode(P), NamedNode("http://a.org/日本?x=%41#y")),
]


def written(syntax: str, given: list[Triple] = GRAPH) -> bytes:
    """A graph in a syntax, in a graph of its own where there are such."""
    graph = NamedNode("http://a.org/graph")
    quads = [ox.Quad(*triple, graph) for triple in given]
    return ox.serialize(quads if syntax in ("nq", "trig") else given, format=SYNTAXES[syntax])  # type: ignore[return-value]


def json_lines() -> bytes:
    """The same as JSON-LD, a document a line."""
    node = {"@id": "_:b", P: {"@id": "http://a.org/日本?x=%41#y"}}
    values = [TEXT, {"@value": TEXT, "@language": "cy"}, {"@value": "02014", "@type": XSD + "gYear"}, node]
    documents = [{"@id": S, "@type": "http://purl.org/ontology/bibo/Thesis"}, *({"@id": S, P: each} for each in values)]
    return b"\n".join(json.dumps(document, ensure_ascii=False).encode() for document in documents)


DOCUMENTS = {syntax: written(syntax) for syntax in SYNTAXES} | {"jsonl": json_lines()}


def in_two(data: bytes) -> tuple[bytes, bytes]:
    return data[: len(data) // 2], data[len(data) // 2 :]


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gz": gzip.compress,
    "zst": zstandard.compress,
    "gz of two members": lambda data: b"".join(map(gzip.compress, in_two(data))),
    "zst of two frames": lambda data: b"".join(map(zstandard.compress, in_two(data))),
}


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("suffix", DOCUMENTS)
def test_every_syntax_in_every_packing_is_the_same_graph(suffix: str, packing: str, tmp_path: Path) -> None:
    packed = PACKINGS[packing](DOCUMENTS[suffix])
    end = "" if packing == "plain" else "." + packing.split()[0]
    for name in (f"export.{suffix}{end}", f"EXPORT.{suffix.upper()}", "export", "export.data.gz"):
        path = tmp_path / name
        path.write_bytes(packed)
        assert canonical(said(loaded(file_input(path)))) == canonical(GRAPH), name
        assert canonical(triples([file_input(path)])) == canonical(GRAPH), name


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("suffix", DOCUMENTS)
def test_standard_input_and_pipes_are_read_as_files_are(
    suffix: str, packing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = PACKINGS[packing](DOCUMENTS[suffix])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(packed)))
    assert canonical(said(loaded(file_input(Path("-"))))) == canonical(GRAPH)
    pipe = tmp_path / f"pipe.{suffix}"
    os.mkfifo(pipe)
    sender = Thread(target=pipe.write_bytes, args=(packed,))
    sender.start()
    assert canonical(said(loaded(file_input(pipe), processes=3))) == canonical(GRAPH)
    sender.join()


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_syntax_that_is_named_counts_for_more_than_the_suffix(syntax: str, tmp_path: Path) -> None:
    for name in ("export.csv", "export.rdf", "export.nt.gz"):
        path = tmp_path / name
        path.write_bytes(DOCUMENTS[syntax])
        assert canonical(said(loaded(file_input(path, syntax)))) == canonical(GRAPH)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_byte_order_mark_belongs_to_no_syntax(syntax: str) -> None:
    assert canonical(said(loaded(bytes_input("a." + syntax, b"\xef\xbb\xbf" + written(syntax))))) == canonical(GRAPH)
    assert len(loaded(bytes_input("a", b"\xef\xbb\xbf" + written(syntax)))) == len(GRAPH)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_what_begins_with_the_terms_of_shapes_is_the_same_graph(syntax: str) -> None:
    graph = load([bytes_input("a." + syntax, written(syntax))], shapes.load().validator.engine.known)
    assert canonical(said(graph)) == canonical(GRAPH)


def test_what_stands_in_the_braces_of_n3_is_quoted_and_not_said() -> None:
    rules = "@prefix : <http://a.org/> . :s :p :said . { :s :p :quoted } => { :s :p :followed } ."
    values = {triple.object for triple in said(loaded(bytes_input("a.n3", rules.encode())))}
    assert NamedNode("http://a.org/said") in values
    assert not values & {NamedNode("http://a.org/quoted"), NamedNode("http://a.org/followed")}


RELATIVE = {
    "ttl": "<s> <p> <../o#x> .",
    "trig": "<g> { <s> <p> <../o#x> }",
    "n3": "<s> <p> <../o#x> .",
    "rdf": f'<rdf:RDF xmlns:rdf="{RDF}" xmlns="file:///"><rdf:Description rdf:about="s"><p rdf:resource="../o#x"/>'
    "</rdf:Description></rdf:RDF>",
    "jsonld": '{"@id": "s", "file:///p": {"@id": "../o#x"}}',
}


RELATIVE_PREDICATE = dict.fromkeys(RELATIVE, "folder/p") | {"rdf": "p", "jsonld": "p"}


@pytest.mark.parametrize("syntax", RELATIVE)
def test_relative_iris_are_the_same_in_every_syntax_that_has_them(syntax: str) -> None:
    (triple,) = said(loaded(bytes_input(f"folder/a.{syntax}", RELATIVE[syntax].encode())))
    assert triple == Triple(*(NamedNode(f"file:///{name}") for name in ("folder/s", RELATIVE_PREDICATE[syntax], "o#x")))


def test_relative_iris_in_two_files_of_one_name_are_two_things(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "data.ttl").write_text(f"<#t> <http://a.org/p> <http://a.org/{folder}> .")
    graph = loaded(*(file_input(tmp_path / folder / "data.ttl") for folder in ("a", "b")))
    assert len({triple.subject for triple in said(graph)}) == 2


def test_our_own_context_is_known_wherever_it_is_said_to_be_and_no_other_is_fetched() -> None:
    document = {"@context": "http://b.org/theses/vocab/context.jsonld", "id": S, "issued": "2014", "creator": P}
    found = set(said(loaded(bytes_input("a.jsonld", json.dumps(document).encode()))))
    dcterms = "http://purl.org/dc/terms/"
    assert found == {
        Triple(NamedNode(S), NamedNode(dcterms + "issued"), Literal("2014", datatype=NamedNode(XSD + "gYear"))),
        Triple(NamedNode(S), NamedNode(dcterms + "creator"), NamedNode(P)),
    }
    for context in ("http://b.org/context", ["https://schema.org"], {"@import": "http://b.org/context"}):
        error = failure(bytes_input("a.jsonld", json.dumps(document | {"@context": context}).encode()))
        assert "would have to be fetched, which is never done" in str(error)
        assert "Turtle or N-Triples" in error.way_out


# --- lines ---

LONG, LINED = "x" * 70_000, "y\n" * 30_000
XML = f'<rdf:RDF xmlns:rdf="{RDF}" xmlns="a:">\n<rdf:Description rdf:about="a:s">\n'
LINES: list[tuple[str, str, dict[str, int]]] = [
    ("nt", '<a:s> <a:p> "1" .\n<a:s> <a:p> "2" .\n', {"1": 1, "2": 2}),
    ("nt", '# c\n\n<a:s> <a:p> "3" .\n  \n\t# <a:s> <a:p> "x" .\n<a:s> <a:p> "6" .', {"3": 3, "6": 6}),
    ("nt", '<a:s> <a:p> "1" . # c .\n<a:s>\t<a:p>"2".\n\n  <a:s> <a:p> "4 . <x> " .', {"1": 1, "2": 2, "4 . <x> ": 4}),
    ("nt", '\r\n<a:s> <a:p> "2" .\r\n# c\r\n<a:s> <a:p> "4\\r\\n" .\r\n', {"2": 2, "4\r\n": 4}),
    ("nt", '# c\r<a:s> <a:p> "2" .\r\r<a:s> <a:p> "4" .', {"2": 2, "4": 4}),
    ("nt", '<a:s> <a:p> "1" .\r\n<a:s> <a:p> "2" .\r<a:s> <a:p> "3" .\n<a:s> <a:p> "4" .', {n: int(n) for n in "1234"}),
    ("nt", f'<a:s> <a:p> "{LONG}" .\n<a:s> <a:p> "2" .', {LONG: 1, "2": 2}),
    ("nq", '<a:s> <a:p> "1" <a:g> .\n\n<a:s> <a:p> "3" .\n<a:s> <a:p> "4" _:g .\n', {"1": 1, "3": 3, "4": 4}),
    ("nq", '<a:s> <a:p> "1" <a:g> .\n#\n<a:s> <a:p> <a:p> .\n<a:s> <a:p> <a:s> <a:p> .', {"1": 1, "a:p": 3, "a:s": 4}),
    ("ttl", '<a:s> <a:p> "1" ,\n "2" ;\n\n <a:p>\n 5 .\n', {"1": 1, "2": 2, "5": 5}),
    ("ttl", '<a:s> <a:p> """2\n""" , "2" .\n# c\n<a:s> <a:p> "4" .', {"2\n": 2, "2": 2, "4": 4}),
    ("ttl", '<a:s> <a:p>\n "2" .\r\n<a:s> <a:p> "3" .\r\n', {"2": 2, "3": 3}),
    ("ttl", '<a:s> <a:p> [ <a:p> "1" ;\n <a:p> "2" ] .', {"1": 1, "2": 2}),
    ("ttl", f'<a:s> <a:p> "{LONG}" .\n<a:s> <a:p> """{LINED}""", "z" .', {LONG: 1, LINED: 30_002, "z": 30_002}),
    ("n3", '<a:s> <a:p> "1" .\n\n<a:s> <a:p> "3" .', {"1": 1, "3": 3}),
    ("trig", '<a:s> <a:p> "1" .\n<a:g> {\n <a:s> <a:p> "3" .\n\n <a:s> <a:p> "5" }', {"1": 1, "3": 3, "5": 5}),
    (
        "rdf",
        XML + '<p>3</p>\n<p>5\n</p>\n<p rdf:datatype="a:d"\n>7</p></rdf:Description></rdf:RDF>',
        {"3": 3, "5\n": 5, "7": 7},
    ),
    (
        "rdf",
        XML + f"<p>{LONG}</p>\n<p>4</p>\n\n<p><![CDATA[6]]></p></rdf:Description></rdf:RDF>",
        {LONG: 3, "4": 4, "6": 6},
    ),
    ("jsonl", '{"@id": "a:s", "a:p": 1}\n\n{"@id": "a:s", "a:p": [3, 4]}\r\n', {"1": 1, "3": 3, "4": 3}),
]


@pytest.mark.parametrize("case", LINES, ids=lambda case: f"{case[0]} {case[1][:50]!r}")
def test_each_triple_has_the_line_that_it_ends_on(case: tuple[str, str, dict[str, int]]) -> None:
    syntax, text, expected = case
    assert {value: line for value, line in lines_of(f"a.{syntax}", text).items() if value in expected} == expected


def test_what_has_no_line_has_no_place_whatever_comes_before_or_after_it() -> None:
    document = bytes_input("a.jsonld", f'{{"@id": "{S}", "{P}": "x"}}'.encode())
    before = bytes_input("b.nt", f'\n<{S}> <{P}> "b" .\n'.encode())
    after = bytes_input("c.ttl", f'\n\n<{S}> <{P}> "c" .\n'.encode())
    places = said(loaded(before, document, after))
    assert {triple.object.value: place for triple, place in places.items()} == {  # type: ignore[union-attr]
        "b": Place("b.nt", 2),
        "x": None,
        "c": Place("c.ttl", 3),
    }


def test_a_finding_stands_at_its_value_or_else_where_the_thing_begins() -> None:
    thesis = "http://localhost:8000/id/thesis/1"
    data = f"""
<{thesis}> <http://purl.org/dc/terms/issued>
    "20l4"^^<{XSD}gYear> ;
    <http://purl.org/dc/terms/title> "A title", "Another title" ;
    a <http://purl.org/ontology/bibo/Thesis> .
"""
    validator = shapes.load().validator
    first = bytes_input("first.ttl", b"# nothing\n\n\n")
    report = validator.judge(load([first, bytes_input("second.ttl", data.encode())], validator.engine.known))
    lines = {finding.name: finding.place and finding.place.line for finding in report.violations}
    assert {finding.place and finding.place.file for finding in report} == {"second.ttl"}
    assert lines["Year of award"] == 3
    assert lines["Title"] == 4  # there are too many
    assert lines["Author"] == 3  # none: the first that is said of the thesis


# --- several files ---


@pytest.mark.parametrize("syntax", ["ttl", "nt", "jsonld", "rdf"])
def test_blank_nodes_of_one_label_are_one_within_a_file_and_two_in_two(syntax: str) -> None:
    node, p, q = BlankNode("x"), NamedNode(P), NamedNode(P + "/q")
    data = written(syntax, [Triple(node, p, Literal("1")), Triple(node, q, Literal("2"))])
    alone = said(loaded(bytes_input("a." + syntax, data)))
    assert {triple.subject for triple in alone} == {node}
    both = said(loaded(bytes_input("a." + syntax, data), bytes_input("b." + syntax, data)))
    assert len(both) == 4
    assert len({triple.subject for triple in both}) == 2
    assert len({triple.subject for triple in triples([bytes_input("a." + syntax, data) for _ in range(2)])}) == 2


def test_no_label_of_one_file_can_be_taken_for_one_of_another() -> None:
    inputs = [
        bytes_input(f"{n}.nt", f'_:x <{P}> "1" .\n_:f2-x <{P}> "2" .\n_:f1-f2-x <{P}> "3" .'.encode()) for n in "abc"
    ]
    assert len({triple.subject for triple in said(loaded(*inputs))}) == 9


def test_labels_of_two_documents_on_two_lines_are_two_nodes() -> None:
    line = f'{{"@id": "_:b", "{P}": {{"@id": "_:b"}}}}\n'.encode()
    found = said(loaded(bytes_input("a.jsonl", line * 3)))
    assert len(found) == 3
    assert all(triple.subject == triple.object for triple in found)


def test_a_triple_in_two_files_counts_once_at_its_first_place() -> None:
    one = f'<{S}> <{P}> "a" .\n<{S}> <{P}> "b" .\n<{S}> <{P}> "a" .\n'.encode()
    two = f'# c\n<{S}> <{P}> "b", "c" .\n'.encode()
    graph = loaded(bytes_input("one.nt", one), bytes_input("empty.ttl", b""), bytes_input("two.ttl", two))
    places = {triple.object.value: place for triple, place in said(graph).items()}  # type: ignore[union-attr]
    assert places == {"a": Place("one.nt", 1), "b": Place("one.nt", 2), "c": Place("two.ttl", 2)}
    assert len(graph) == 3


# --- several processes ---


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file is a large one, of many blocks."""
    monkeypatch.setattr(loading, "_LARGE", 1)
    monkeypatch.setattr(loading, "_BLOCK", 1500)


def many_lines(count: int = 600) -> list[str]:
    """N-Triples with repetitions near and far, comments, odd spacing and now and then a very long line."""
    odd = {50: "# a comment", 51: "", 300: f'  <{S}>\t<{P}> "odd"  .  # spaced', 301: f'_:b <{P}> "{"long" * 1000}" .'}
    return [odd.get(n, f'<{S}/{n % 97}> <{P}> "value {n % 211}"@en .') for n in range(count)]


@pytest.mark.parametrize("suffix", ["nt", "nq", "nt.gz", "nt.zst"])
@pytest.mark.parametrize("processes", [2, 3])
@pytest.mark.usefixtures("small_blocks")
def test_several_processes_read_the_same_graph_as_one(processes: int, suffix: str, tmp_path: Path) -> None:
    pack = {"gz": gzip.compress, "zst": zstandard.compress}.get(suffix.rpartition(".")[2], bytes)
    (tmp_path / "small.ttl").write_bytes(DOCUMENTS["ttl"])
    large = tmp_path / f"large.{suffix}"
    large.write_bytes(pack("\n".join(many_lines()).encode()))
    files = [tmp_path / "small.ttl", large, large]
    alone, together = (loaded(*map(file_input, files), processes=number) for number in (1, processes))
    assert together.terms[:] == alone.terms[:]
    assert said(together) == said(alone)
    assert together.predicates() == alone.predicates()
    for predicate in alone.predicates():
        assert all(map(np.array_equal, together.pairs(predicate), alone.pairs(predicate)))


@pytest.mark.parametrize("line", [1, 60, 301, 302, 599, 600])
@pytest.mark.parametrize("processes", [1, 2, 3])
@pytest.mark.usefixtures("small_blocks")
def test_an_error_has_its_line_whichever_process_met_it(processes: int, line: int, tmp_path: Path) -> None:
    lines = many_lines()
    lines[line - 1 : line] = [f'<{S}> <{P}> "twice", "twice" .']
    lines[-1] = "what comes after the first error is not told"
    path = tmp_path / "a.nt"
    path.write_text("\n".join(lines))
    error = failure(file_input(path), processes=processes)
    assert (error.source, error.line) == (str(path), line)
    assert str(error).startswith(f"{path}, line {line}, column ")
    assert error.way_out == "It was read as N-Triples."


@pytest.mark.parametrize("processes", [1, 2, 3])
@pytest.mark.usefixtures("small_blocks")
def test_limits_hold_for_all_processes_and_files_together(processes: int, tmp_path: Path) -> None:
    path = tmp_path / "a.nt"
    path.write_text("\n".join(many_lines()))
    size, number = path.stat().st_size, len(list(triples([file_input(path)])))
    for limits in (Limits(bytes=size, triples=number * 2), Limits()):
        assert len(loaded(file_input(path), file_input(path), processes=processes, limits=limits))
    for limits, told in (
        (Limits(bytes=size - 1), f"{path}: is more than {size - 1:,} bytes, unpacked"),
        (Limits(triples=number * 2 - 1), f"{path}: holds more than {number * 2 - 1:,} triples"),
    ):
        error = failure(file_input(path), file_input(path), processes=processes, limits=limits)
        assert isinstance(error, TooLarge)
        assert str(error) == f"{told}. Validate it in parts."


@pytest.mark.parametrize("processes", [1, 2, 3])
@pytest.mark.usefixtures("small_blocks")
def test_a_cut_off_file_is_found_by_all_processes(processes: int, tmp_path: Path) -> None:
    path = tmp_path / "a.nt.gz"
    path.write_bytes(gzip.compress("\n".join(many_lines()).encode())[:-9])
    assert str(failure(file_input(path), processes=processes)) == f"{path}: ends too early. Fetch it again."


@pytest.mark.usefixtures("small_blocks")
def test_no_helping_process_outlives_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "a.nt"
    path.write_text("\n".join([*many_lines(20), "an error", *many_lines()]))
    failure(file_input(path), processes=3)
    assert multiprocessing.active_children() == []


READING = """
import sys, time
from pathlib import Path
from ld.validation import loading
from ld.validation.inputs import file_input

def wait(name, share):
    print("reading", flush=True)
    time.sleep(60)

loading._LARGE, loading._BLOCK = 1, 200_000
loading.load([file_input(Path(sys.argv[1]))], {}, processes=3, progress=wait)
"""
"""A program that stops in the midst of reading, its helping processes waiting to be heard."""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_helping_processes_end_quietly_when_nobody_reads_them_any_more(number: int, tmp_path: Path) -> None:
    (tmp_path / "a.nt").write_text("\n".join(f'<{S}/{n}> <{P}> "value {n}" .' for n in range(60_000)))
    command = [sys.executable, "-c", READING, str(tmp_path / "a.nt")]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, start_new_session=True, **streams) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "reading\n"
        (os.killpg if number == signal.SIGINT else os.kill)(reader.pid, number)  # Ctrl-C is for the whole group
        _, errors = reader.communicate(timeout=30)  # which takes until all processes have closed their streams
    assert reader.returncode == -number
    assert errors.count("Traceback") == (number == signal.SIGINT)


def test_how_far_the_reading_is_grows_up_to_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_BLOCK", 1500)
    path = tmp_path / "a.nt.gz"
    path.write_bytes(gzip.compress("\n".join(many_lines()).encode()))
    told: list[tuple[str, float]] = []
    load([file_input(path)], {}, progress=lambda name, share: told.append((name, share)))
    shares = [share for _, share in told]
    assert {name for name, _ in told} == {str(path)}
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


# --- errors ---

WRONG: list[tuple[str, str | bytes, str]] = [
    (
        "a.nt",
        "<a:s> <a:p> <a:s> .\n<a:s> oops <a:s> .\n",
        "line 2, column 7: The predicate of a triple must be an IRI.",
    ),
    ("a.nt", '<a:s> <a:p> "1" . <a:s> <a:p> "2" .\n', "line 1, column 19: Only a single triple or quad"),
    ("a.nt", '# c\n\n<a:s> <a:p> "é日𝄞" oops .\n', "line 3, column 19: "),
    ("a.nt", '<a:s> <a:p> "\\q" .', "line 1, column 14: Unexpected escape character '\\q'."),
    ("a.nt", '\n<a:s> <a:p> "\\uD800" .', "line 2, column 14: The escape sequence '\\uD800'"),
    ("a.nt", "<a:s> <p> <a:s> .", "line 1, column 7: No scheme found in an absolute IRI."),
    ("a.nt", '<a:s> <a:p> "1" .\r\n\r\n<a:s> <a:p> "3 .\r\n', "line 3, column 13: "),
    ("a.nt", b'<a:s> <a:p> "1" .\n<a:s> <a:p> "2\xff" .', "line 2, column 15: Invalid UTF-8"),
    ("a.nq", '<a:s> <a:p> "1" "2" .', "line 1, column 17: "),
    ("a.ttl", "<a:s> <a:p>\n  a:b .", "line 2, column 3: The prefix a: has not been declared."),
    ("a.ttl", "<a:s> <a:p> <a b> .", "line 1, column 13: Invalid IRI code point ' '."),
    ("a.ttl", f'<a:s> <a:p> "{LONG}" .\n\n<a:s> <a:p> oops .', "line 3, column 13: "),
    ("a.ttl", '<a:s> <a:p> """never ended\n\n\n', "line 1, column 13: Unexpected end of file."),
    ("a.trig", "<a:g> { <a:s> <a:p> 1 }\n}", "line 2, column 1: "),
    ("a.n3", "<a:s> <a:p> oops .", "line 1, column 13: "),
    ("a.rdf", XML + "\n</rdf:RDF>", "line 4: ill-formed document: expected `</rdf:Description>`"),
    ("a.rdf", "<html>\n<body/>\n</html>", "line 1: XML namespaces are required in RDF/XML."),
    ("a.jsonld", '{"@id": "a:s",\n  "a:p": oops}', "line 2, column 10: "),
    ("a.jsonld", "", "line 1, column 1: "),
    ("a.jsonl", '{"@id": "a:s"}\n{"@id": "a:s"}\n{"@id": oops}', "line 3, column 9: "),
    ("a.jsonl", '{"@id": "a:s"}\n{"@id": "a:s"}\n\n{"@id": 5}', "line 4: @id value must be a string."),
    ("a", "This is a letter, and no RDF.\n", "line 1, column 1: "),
    ("a.rdf", f"some text\n\n and {LONG}", "line 3: Unexpected text event: 'some text and xxx"),
    ("page.html", "<!DOCTYPE html>\n<html>\n</html>", "line 2: XML namespaces are required in RDF/XML."),
]


@pytest.mark.parametrize(("name", "data", "told"), WRONG, ids=lambda value: repr(value)[-60:])
def test_what_cannot_be_read_is_told_with_its_file_line_and_column(name: str, data: str | bytes, told: str) -> None:
    error = failure(bytes_input(name, data if isinstance(data, bytes) else data.encode()))
    assert str(error).startswith(f"{name}, {told}")
    assert "Parser error" not in str(error)
    assert len(str(error)) < 400
    assert "\n" not in str(error)
    assert re.search(r"\. It was read as [\w/-]+\.$", str(error))


NEWER = {
    "nt": (f"# c\n\n<{S}> <{P}> <<( <{S}> <{P}> <{S}> )>> .", f'\n\n<{S}> <{P}> "a"@en--ltr .'),
    "nq": (f"# c\n\n<{S}> <{P}> <<( <{S}> <{P}> <{S}> )>> <{S}> .", f'\n\n<{S}> <{P}> "a"@ar--rtl <{S}> .'),
    "ttl": (f"# c\n\n<{S}> <{P}> <<( <{S}> <{P}> <{S}> )>> .", f'\n\n<{S}> <{P}> "a"@en--ltr .'),
    "trig": (f"<{S}> {{\n\n <{S}> <{P}> <<( <{S}> <{P}> <{S}> )>> }}", f'\n\n<{S}> <{P}> "a"@en--ltr .'),
}


@pytest.mark.parametrize("syntax", NEWER)
def test_what_is_new_in_rdf_1_2_is_refused_with_its_line(syntax: str) -> None:
    whole, direction = (failure(bytes_input(f"a.{syntax}", text.encode())) for text in NEWER[syntax])
    way_out = "SHACL is defined for RDF 1.1 only."
    assert str(whole) == f"a.{syntax}, line 3: a triple is used as a value, which is RDF 1.2. {way_out}"
    assert str(direction) == f"a.{syntax}, line 3: a text has a base direction, which is RDF 1.2. {way_out}"


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_packed_files_that_are_cut_off_are_refused_wherever_they_end(syntax: str) -> None:
    # A compressor that says nothing of the length, as one in a pipe.
    stream = zstandard.ZstdCompressor().compressobj()
    packed = {
        "gz": gzip.compress(DOCUMENTS[syntax]),
        "zst": zstandard.compress(DOCUMENTS[syntax]),
        "zstd": stream.compress(DOCUMENTS[syntax]) + stream.flush(),
    }
    for end, whole in packed.items():
        for length in {5, 10, len(whole) // 2, len(whole) - 1}:
            with pytest.raises(DataError) as caught:
                loaded(bytes_input(f"a.{syntax}.{end}", whole[:length]))
            assert str(caught.value) == f"a.{syntax}.{end}: ends too early. Fetch it again."
            with pytest.raises(DataError, match=r"a: ends too early\. Fetch it again\."):
                loaded(bytes_input("a", whole[:length]))


def test_damaged_files_are_refused() -> None:
    data = "\n".join(many_lines()).encode()
    packed, checked = gzip.compress(data), zstandard.ZstdCompressor(write_checksum=True).compress(data)
    for name, whole in (("a.nt.gz", packed), ("a.ttl.gz", packed), ("a.nt.zst", checked), ("a.ttl.zst", checked)):
        spoilt = bytearray(whole)
        spoilt[-6] ^= 0x55  # in the checksum
        assert re.match(
            rf"{name}: is damaged or cannot be read \(.+\)\. Fetch it again\.",
            str(failure(bytes_input(name, bytes(spoilt)))),
        )
    assert "a.nt.zst: is damaged" in str(failure(bytes_input("a.nt.zst", checked + b"what does not belong there")))


@pytest.mark.parametrize("name", ["a.ttl", "a.nt", "a.nq", "a.trig", "a.n3", "a.rdf", "a.nt.gz", "a"])
def test_an_empty_file_is_an_empty_graph(name: str) -> None:
    for data in (b"", b"\n", b"\xef\xbb\xbf"):
        packed = gzip.compress(data) if name.endswith("gz") else data
        assert len(loaded(bytes_input(name, packed))) == 0


@contextmanager
def without_rights(folder: Path) -> Iterator[None]:
    """While we may not look into a folder, even if we are root."""
    folder.chmod(0)
    me = os.geteuid()
    if me == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(me)
        folder.chmod(0o700)


def test_files_that_cannot_be_opened_are_told_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file.ttl").write_bytes(b"")
    (tmp_path / "loop.ttl").symlink_to(tmp_path / "loop.ttl")
    reasons = {
        tmp_path: "is a folder. Name the files in it.",
        tmp_path / "none.ttl": "cannot be read (No such file or directory). Check the path.",
        tmp_path / "file.ttl" / "none.ttl": "cannot be read (Not a directory). Check the path.",
        tmp_path / "loop.ttl": "cannot be read (Too many levels of symbolic links). Check the path.",
        tmp_path / ("long" * 100): "cannot be read (File name too long). Check the path.",
    }
    for path, told in reasons.items():
        with pytest.raises(DataError) as caught:
            file_input(path)
        assert str(caught.value) == f"{path}: {told}"


def test_a_folder_that_may_not_be_looked_into_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    (folder / "a.ttl").write_bytes(b"")
    with without_rights(folder), pytest.raises(DataError) as caught:
        file_input(folder / "a.ttl")
    assert str(caught.value) == f"{folder / 'a.ttl'}: cannot be read (Permission denied). Check the path."


def test_a_name_that_is_no_text_can_be_told(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.nt"))
    path.write_bytes(b"oops")
    error = failure(file_input(path))
    assert error.source.encode() == os.fsencode(tmp_path) + "/\ufffd.nt".encode()


def test_standard_input_that_is_closed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(DataError, match=r"standard input: is closed\. Send the data there, or name a file\."):
        file_input(Path("-"))


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_limits_hold_in_every_syntax(syntax: str) -> None:
    name, data = f"a.{syntax}", DOCUMENTS[syntax]
    assert len(loaded(bytes_input(name, data), limits=Limits(len(data), len(GRAPH)))) == len(GRAPH)
    many, long = (
        failure(bytes_input(name, data), limits=limits) for limits in (Limits(triples=5), Limits(bytes=len(data) - 1))
    )
    assert str(many) == f"{name}: holds more than 5 triples. Validate it in parts."
    assert str(long) == f"{name}: is more than {len(data) - 1:,} bytes, unpacked. Validate it in parts."
    assert type(many) is type(long) is TooLarge
    with pytest.raises(TooLarge):
        list(triples([bytes_input(name, data)], Limits(triples=5)))


def test_what_unpacks_to_very_much_is_refused_before_it_is_unpacked() -> None:
    zeros = b"\0" * 200_000_000
    for end, packed in (("gz", gzip.compress(zeros, 1)), ("zst", zstandard.compress(zeros))):
        for syntax in ("nt", "ttl", "rdf", "jsonld"):
            error = failure(bytes_input(f"a.{syntax}.{end}", packed), limits=Limits(bytes=1000))
            assert isinstance(error, TooLarge)


def test_a_line_that_never_ends_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_LONGEST_LINE", 10_000)
    monkeypatch.setattr(loading, "_BLOCK", 3000)
    data = f'<{S}> <{P}> "1" .\n<{S}> <{P}> "{"x" * 20_000}" .\n'.encode()
    error = failure(bytes_input("a.nt", data))
    assert isinstance(error, TooLarge)
    assert str(error) == "a.nt, line 2: has a line of more than 10,000 bytes."


@pytest.mark.parametrize("syntax", ["ttl", "trig", "nt"])
def test_a_text_that_the_parser_cannot_hold_is_told_with_its_line(syntax: str) -> None:
    data = f'<{S}> <{P}> "1" .\n<{S}> <{P}> "\\t{"x" * 17_000_000}" .\n<{S}> <{P}> "3" .\n'.encode()
    error = failure(bytes_input(f"a.{syntax}", data))
    assert isinstance(error, TooLarge)
    assert str(error) == f"a.{syntax}, line 2: has a name, a text or a comment of more than 16 MB."


# --- whatever there can be in a graph, or in a file ---


def usable(kind: Callable[[str], object]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            kind(text)
        except ValueError:
            return False
        return True

    return check


CHARACTERS = st.characters(exclude_categories=["Cs"]) | st.sampled_from(
    "\x00\x01\t\n\r\x1f\x7f\x85\u2028\ufeff\ufffe\"'\\<>&]{}"
)
WORDS = st.text(CHARACTERS, max_size=12)
STARTS = ["http://a.org/", "HTTP://A.org/x/../", "urn:x:", "mailto:", "https://é.org/?q=#", "a:"]
IRIS = st.builds(
    str.__add__, st.sampled_from(STARTS), st.text(CHARACTERS | st.sampled_from("/?#[]@:%.~'()*+,;=-_"), max_size=8)
).filter(usable(NamedNode))
LABELS = st.from_regex(r"[a-zA-Z][a-zA-Z0-9_.·-]{0,4}[a-zA-Z0-9_]", fullmatch=True)
DATATYPES = st.sampled_from(["integer", "decimal", "double", "boolean", "date", "gYear", "string", "token"]).map(
    XSD.__add__
)
FORMS = st.sampled_from(["01", "+1", "1.", "1e0", "TRUE", "2014-02-30", " 1 ", ""]) | WORDS
LITERALS = (
    st.builds(Literal, WORDS)
    | st.builds(
        lambda text, tag: Literal(text, language=tag), WORDS, st.sampled_from(["en", "EN-gb", "zh-Hant-TW", "x-A1"])
    )
    | st.builds(lambda text, iri: Literal(text, datatype=NamedNode(iri)), FORMS, DATATYPES | IRIS).filter(
        # rdflib takes the white space of a token together (docs/validation.md).
        lambda literal: literal.datatype.value != XSD + "token" or literal.value == " ".join(literal.value.split())
    )
)
NODES = st.builds(NamedNode, IRIS) | st.builds(BlankNode, LABELS)
GRAPHS = st.lists(st.builds(Triple, NODES, st.builds(NamedNode, IRIS), NODES | LITERALS), min_size=1, max_size=8)


@pytest.mark.parametrize("syntax", SYNTAXES)
@given(given_triples=GRAPHS)
def test_whatever_is_written_comes_back_as_it_is_spelled(syntax: str, given_triples: list[Triple]) -> None:
    data = written(syntax, given_triples)
    assert set(said(loaded(bytes_input(f"a.{syntax}", data)))) == set(given_triples)
    assert set(triples([bytes_input(f"a.{syntax}", data)])) == set(given_triples)


@pytest.mark.parametrize("syntax", SYNTAXES)
@given(given_triples=GRAPHS)
def test_what_is_written_is_recognised(syntax: str, given_triples: list[Triple]) -> None:
    data = written(syntax, given_triples)
    found = recognised(data)
    assert found == SYNTAXES[syntax] or (syntax in ("ttl", "nt", "n3") and found == RdfFormat.TRIG)
    assert set(said(loaded(bytes_input("export", data)))) == set(given_triples)


@given(st.binary(max_size=200))
def test_recognising_never_fails(head: bytes) -> None:
    assert isinstance(recognised(head), RdfFormat)


@given(st.text('<>_:"@^.#{}[]\\ \t\n\r?xa/é', max_size=60))
def test_recognising_never_fails_on_what_looks_like_rdf(head: str) -> None:
    assert isinstance(recognised(head.encode()), RdfFormat)


RECOGNISED = {
    "jsonld": ["{}", '\ufeff{ "@id": "" }', "[]", "[ { } ]", "\n[["],
    "rdf": [
        "<?xml version='1.0'?>",
        "\ufeff <!-- c -->",
        "<r:RDF\nxmlns:r=''>",
        "<RDF xmlns=''",
        "<!DOCTYPE rdf:RDF [",
    ],
    "nq": [
        "<a:s> <a:p> <a:o> <a:g> .",
        '_:a<a:p>"c"@en<a:g>.#',
        '# c\n\n<a:s> <a:p> "c" .\n \t<a:s> <a:p> "\\"c <x> " _:g . # e\n',
        '<a:s> <a:p> "c"^^<a:d> <a:g> .\r',
    ],
    "trig": [
        "",
        "<a:s> <a:p> <a:o> .",
        "<a:s> <a:p> <a:o>, <a:o2> .",
        "<a:s> <a:p> <a:o> ; <a:p2> <a:o> .",
        "<a:g> { <a:s> <a:p> <a:o> . }",
        "{ <a:s> <a:p> <a:o> }",
        "[] a <a:c> .",
        '[ <a:p> "c" ] .',
        "_:a<a:p>'c'<a:g>.",
        "@prefix a: <a:> . a:a a:b a:c .",
        "<>",
    ],
}


@pytest.mark.parametrize(("syntax", "head"), [(syntax, head) for syntax, heads in RECOGNISED.items() for head in heads])
def test_the_syntax_is_told_from_how_data_begins(syntax: str, head: str) -> None:
    assert recognised(head.encode()) == SYNTAXES[syntax]


TERMS = st.sampled_from([
    "<a:a>", "<a:b>", "_:b", "_:b.c", '"x"', '"x y"', '"x"@EN-gb', f'"1"^^<{XSD}integer>', f'"s"^^<{XSD}string>', "5",
    '"a\\nb"', '"\\u00e9"', '"a\\"b"', '"\x7f"', '"é𝄞"', "<a:\\u00e9>", "<a>", '"x', 'x"', "<a b>", '"<a:g>"', '"#"',
    '"a <b> ."', '"\\ud800"', '"x"@en@fr', '"x" "y"', "'x'", '"x"^^_:b', '"tab\there"',
])  # fmt: skip
SPACES = st.sampled_from([" ", " ", " ", "  ", "\t", ""])
ENDS = st.sampled_from([" .", " .", " .", ".", " . ", " . # <a:x> .", " .#", "", " . .", " .\r"])
GRAPH_NAMES = st.sampled_from(["", "", " <a:g>", "<a:g>", " _:g", ' "g"'])
STATEMENTS = st.builds("".join, st.tuples(TERMS, SPACES, TERMS, SPACES, TERMS, GRAPH_NAMES, ENDS))
DOCUMENT_LINES = st.lists(
    STATEMENTS | st.sampled_from(["", "# c", "  ", "#<a:a> <a:b> <a:c> ."]), min_size=1, max_size=4
)


@pytest.mark.parametrize("syntax", ["nt", "nq"])
@given(document=DOCUMENT_LINES)
def test_lines_are_read_or_refused_as_the_parser_does(syntax: str, document: list[str]) -> None:
    data = "\n".join(document).encode()
    try:
        expected = {quad.triple for quad in ox.parse(data, format=SYNTAXES[syntax])}
    except SyntaxError:
        failure(bytes_input(f"a.{syntax}", data))
    else:
        assert set(said(loaded(bytes_input(f"a.{syntax}", data)))) == expected
