"""The dumps and the store: the graph for download, the same bytes every time, and for queries."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest
from publications import BASE, about, day, publish
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Triple, parse
from readers import by_oxigraph, by_pyld, by_raptor, by_rdflib

from ld import context
from ld.formats.source import Source
from ld.rdf import canonical as ntriples
from ld.rdf import in_graph
from ld.rdf import parse as triples_of
from ld.snapshot import Snapshot, dumps, store
from ld.snapshot.dumps import DUMPS, Dumps

P = NamedNode("http://purl.org/dc/terms/title")
DEGREES = "vocab/degrees"


def unpacked(snapshot: Snapshot, name: str) -> bytes:
    """What a dump holds."""
    (path,) = (dump.path for dump in DUMPS if dump.name == name)
    return gzip.decompress((snapshot.folder / path).read_bytes())


def source(number: int) -> Source:
    """A description."""
    path = f"thesis/{number}"
    return Source(ntriples(about(f"id/{path}", str(number))), f"{BASE}id/{path}", f"{BASE}doc/{path}")


def test_triples_are_sorted_and_each_stands_once() -> None:
    one, two = about("id/thesis/b", "B"), about("id/thesis/a", "A")
    assert ntriples(one + two + one) == ntriples(two) + ntriples(one)


@pytest.mark.parametrize(
    "text", ["a .\nb", 'say "no" .', "tab\tand\r\nbreaks", "\x00\x01\x7f", "ü é 😀 \u2028 \x85", "back\\slash .", ""]
)
def test_no_text_breaks_a_line_of_the_dumps(text: str) -> None:
    triple = Triple(NamedNode("http://a"), P, Literal(text))
    lines = ntriples([triple])
    assert lines.count(b"\n") == 1
    assert list(parse(lines, RdfFormat.N_TRIPLES)) == [Quad(*triple)]
    quads = in_graph(lines, "http://g/doc/thesis/1")
    assert list(parse(quads, RdfFormat.N_QUADS)) == [Quad(*triple, NamedNode("http://g/doc/thesis/1"))]


def test_no_triples_are_no_bytes() -> None:
    assert ntriples([]) == b""


def test_the_gzip_header_holds_no_time_and_no_name(tmp_path: Path) -> None:
    writer = Dumps(tmp_path)
    writer.add(source(1))
    writer.finish()
    for dump in DUMPS:
        header = (tmp_path / dump.path).read_bytes()[:10]
        assert header[:8] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00"  # RFC 1952 §2.3: no flags, time 0


def test_dumps_hold_every_description_and_are_named_by_their_content(tmp_path: Path) -> None:
    snapshot = publish(tmp_path, {"2": "Two", "1": "One"})
    triples, quads = unpacked(snapshot, "nt"), unpacked(snapshot, "nq")
    assert triples.count(b"\n") == quads.count(b"\n") == snapshot.manifest.counts["triples"] == 4
    assert snapshot.manifest.digest == hashlib.sha256(triples).hexdigest()
    assert snapshot.name.endswith("-" + snapshot.manifest.digest[:12])
    graphs = {str(quad.graph_name)[1:-1] for quad in parse(quads, RdfFormat.N_QUADS)}
    paths = ("doc/thesis/1", "doc/thesis/2", "doc/person/0000000453606890", DEGREES)
    assert graphs == {BASE + path for path in paths}


def test_every_dump_holds_the_same_graph(tmp_path: Path) -> None:
    snapshot = publish(tmp_path, {"1": 'A "title" .\n', "2": "Two\nlines", "3": "ü \\ \u2028 \x85"})
    expected = ntriples(quad.triple for quad in parse(unpacked(snapshot, "nt"), RdfFormat.N_TRIPLES))
    assert ntriples(quad.triple for quad in parse(unpacked(snapshot, "nq"), RdfFormat.N_QUADS)) == expected
    for read in (by_oxigraph, by_rdflib, by_raptor):
        assert read(unpacked(snapshot, "ttl"), "ttl") == expected
    lines = unpacked(snapshot, "jsonl").split(b"\n")
    assert lines.pop() == b""
    for read_line in (by_pyld, by_oxigraph):
        assert ntriples(triple for line in lines for triple in triples_of(read_line(line))) == expected


def test_turtle_says_every_prefix_once_and_keeps_what_is_said_of_one_thing_together(tmp_path: Path) -> None:
    text = unpacked(publish(tmp_path, {"1": "One", "2": "Two"}), "ttl").decode()
    prefixes = context.load().prefixes
    assert text == (
        "".join(f"@prefix {prefix}: <{prefixes[prefix]}> .\n" for prefix in sorted(prefixes))
        + f'\n<{BASE}id/thesis/1> dcterms:title "One" .\n\n<{BASE}id/thesis/2> dcterms:title "Two" .\n'
        + f'\n<{BASE}id/person/0000000453606890> dcterms:title "Andersson, Henrike" .\n'
        + f'\n<{BASE}{DEGREES}#d-psy> dcterms:title "D.Psy." .\n\n'
    )


def test_a_line_of_json_is_one_description_that_needs_nothing_else(tmp_path: Path) -> None:
    lines = unpacked(publish(tmp_path, {"1": "One", "2": "Two"}), "jsonl").splitlines()
    assert len(lines) == 4
    assert json.loads(lines[1]) == {
        "@context": {"@version": 1.1, "dcterms": "http://purl.org/dc/terms/", "id": "@id", "title": "dcterms:title"},
        "id": f"{BASE}id/thesis/2",
        "title": "Two",
    }


def test_the_same_corpus_gives_the_same_dumps_in_another_folder_on_another_day(tmp_path: Path) -> None:
    one = publish(tmp_path / "one", {"1": "One", "2": "Two"})
    two = publish(tmp_path / "two", {"1": "One", "2": "Two"}, now=day(40))
    again = publish(tmp_path / "one", {"1": "One", "2": "Two"}, now=day(50))
    for dump in DUMPS:
        contents = [(s.folder / dump.path).read_bytes() for s in (one, two, again)]
        assert contents[0] == contents[1] == contents[2]


def test_dumps_are_called_by_the_time_of_their_snapshot_or_as_the_latest(tmp_path: Path) -> None:
    made = publish(tmp_path, {"1": "One"}).manifest
    assert made.stamp == "20260914T083000Z"
    assert [dump.named(made.stamp) for dump in DUMPS] == [
        "thesis-ld-20260914T083000Z.nt.gz",
        "thesis-ld-20260914T083000Z.nq.gz",
        "thesis-ld-20260914T083000Z.ttl.gz",
        "thesis-ld-20260914T083000Z.jsonl.gz",
    ]
    assert DUMPS[0].named(dumps.LATEST) == "thesis-ld-latest.nt.gz"
    assert {dump.path for dump in DUMPS} <= made.files.keys()


def test_large_dumps_are_written_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dumps, "_CHUNK", 100)
    writer = Dumps(tmp_path)
    sources = [source(number) for number in range(50)]
    for each in sources:
        writer.add(each)
    writer.finish()
    for dump in DUMPS:
        written = gzip.decompress((tmp_path / dump.path).read_bytes())
        assert written == dump.syntax.before() + b"".join(map(dump.syntax.write, sources))


def test_the_store_is_loaded_in_pieces_and_read_without_being_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PIECE", 1000)
    loader = store.Loader(tmp_path / "store")
    for number in range(100):
        loader.add(ntriples(about(f"id/thesis/{number}", f"Title {number}")))
    loader.finish()
    before = {path.name: path.read_bytes() for path in (tmp_path / "store").iterdir()}
    opened = store.open_store(tmp_path / "store")
    assert len(opened) == 100
    assert {quad.graph_name for quad in opened} == {DefaultGraph()}
    del opened
    assert {path.name: path.read_bytes() for path in (tmp_path / "store").iterdir()} == before


def test_what_the_store_refuses_is_raised_where_the_build_is(tmp_path: Path) -> None:
    loader = store.Loader(tmp_path / "store")
    loader.add(b"this is no triple\n")
    with pytest.raises(SyntaxError):
        loader.finish()


def test_a_store_that_failed_takes_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PIECE", 1)
    loader = store.Loader(tmp_path / "store")

    def add_many() -> None:
        for _ in range(1000):
            loader.add(b"this is no triple\n")

    with pytest.raises(SyntaxError):
        add_many()
    loader.stop()
