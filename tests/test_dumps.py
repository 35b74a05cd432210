"""The dumps and the store: the graph for download, the same bytes every time, and for queries."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest
from publications import BASE, about, day, publish
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Triple, parse

from ld.rdf import canonical as ntriples
from ld.rdf import in_graph
from ld.snapshot import dumps, store
from ld.snapshot.dumps import QUADS, TRIPLES, Dumps

P = NamedNode("http://purl.org/dc/terms/title")


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
    writer = Dumps(tmp_path / "dumps")
    writer.add(ntriples(about("id/thesis/1", "One")), BASE + "doc/thesis/1")
    writer.finish()
    for name in (TRIPLES, QUADS):
        header = (tmp_path / "dumps" / name).read_bytes()[:10]
        assert header[:8] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00"  # RFC 1952 §2.3: no flags, time 0


def test_dumps_hold_every_description_and_are_named_by_their_content(tmp_path: Path) -> None:
    snapshot = publish(tmp_path, {"2": "Two", "1": "One"})
    triples = gzip.decompress((snapshot.folder / "dumps" / TRIPLES).read_bytes())
    quads = gzip.decompress((snapshot.folder / "dumps" / QUADS).read_bytes())
    assert triples.count(b"\n") == quads.count(b"\n") == snapshot.manifest.counts["triples"] == 4
    assert snapshot.manifest.digest == hashlib.sha256(triples).hexdigest()
    assert snapshot.name.endswith("-" + snapshot.manifest.digest[:12])
    graphs = {str(quad.graph_name)[1:-1] for quad in parse(quads, RdfFormat.N_QUADS)}
    assert graphs == {
        BASE + path for path in ("doc/thesis/1", "doc/thesis/2", "doc/person/0000000453606890", "vocab/degrees")
    }


def test_the_same_corpus_gives_the_same_dumps_in_another_folder_on_another_day(tmp_path: Path) -> None:
    one = publish(tmp_path / "one", {"1": "One", "2": "Two"})
    two = publish(tmp_path / "two", {"1": "One", "2": "Two"}, now=day(40))
    again = publish(tmp_path / "one", {"1": "One", "2": "Two"}, now=day(50))
    for name in (TRIPLES, QUADS):
        contents = [(s.folder / "dumps" / name).read_bytes() for s in (one, two, again)]
        assert contents[0] == contents[1] == contents[2]


def test_large_dumps_are_written_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dumps, "_CHUNK", 100)
    writer = Dumps(tmp_path / "dumps")
    lines = [ntriples(about(f"id/thesis/{n}", str(n))) for n in range(50)]
    for line in lines:
        writer.add(line, "http://g")
    writer.finish()
    assert gzip.decompress((tmp_path / "dumps" / TRIPLES).read_bytes()) == b"".join(lines)


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
