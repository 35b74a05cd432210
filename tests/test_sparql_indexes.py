"""Indexes of files: made once, used while the file is the same, made anew when it is not, never half."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pyoxigraph as ox
import pytest
import zstandard
from pyoxigraph import RdfFormat

from ld.errors import DataError
from ld.snapshot import manifest
from ld.sparql import filling, indexes
from ld.sparql.indexes import FILE, Making, Opened, open_files

ROOT = Path(__file__).resolve().parent.parent
QUADS = """\
<http://a.org/s> <http://a.org/p> "both" <http://a.org/g1> .
<http://a.org/s> <http://a.org/p> "both" <http://a.org/g2> .
<http://a.org/s> <http://a.org/p> "one" <http://a.org/g2> .
<http://a.org/s> <http://a.org/p> "none" .
_:b <http://a.org/p> _:b _:g .
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder; every file is worth an index."""
    monkeypatch.setattr(indexes, "SMALL", -1)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "thesis-ld" / "indexes"


@pytest.fixture
def made() -> list[Making]:
    """What was made since."""
    return []


def ask(query: str, opened: Opened) -> list[tuple[str, ...]]:
    """The sorted values of a query."""
    return sorted(tuple(str(value) for value in solution) for solution in opened.store.query(query))


def values(opened: Opened) -> list[str]:
    return [value[0] for value in ask("SELECT ?o { <http://a.org/s> ?p ?o }", opened)]


def write(path: Path, *texts: str) -> Path:
    """A file of N-Triples, written a while ago."""
    path.write_text("".join(f'<http://a.org/s> <http://a.org/p> "{text}" .\n' for text in texts))
    return aged(path)


def aged(path: Path) -> Path:
    """The file, as if nobody had touched it for a while (only its change time tells)."""
    os.utime(path, ns=(10**18, 10**18))
    return path


def age(folder: Path) -> None:
    """Lets an index believe that it looked at its file long after that was written."""
    said = json.loads((folder / FILE).read_text())
    for file in said["files"]:
        file["checked"] = time.time_ns() + 10**11
    (folder / FILE).write_text(json.dumps(said))


def told(path: Path, made: list[Making], *, graphs: bool = False) -> list[str]:
    """Opens a file; what it was told of the making of its index."""
    made.clear()
    open_files([path], graphs=graphs, making=made.append)
    return [making.reason for making in made]


def elsewhere(*paths: Path) -> None:
    """Opens files in a process that ends then, and so holds their index no more."""
    command = "import sys; from pathlib import Path; from ld.sparql import indexes; indexes.SMALL = -1; "
    command += "indexes.open_files([*map(Path, sys.argv[1:])])"
    subprocess.run([sys.executable, "-c", command, *map(str, paths)], cwd=ROOT, check=True, timeout=60)


# --- when it is made ---


def test_a_file_is_indexed_once_beside_itself(tmp_path: Path, made: list[Making]) -> None:
    path = write(tmp_path / "a.nt", "one")
    first = open_files([path], making=made.append)
    assert values(first) == ['"one"']
    assert first.folder == tmp_path / "a.nt.index"
    assert [making.text for making in made] == [f"Indexing {path} once, beside it: {path}.index"]
    again = open_files([path], making=made.append)
    assert values(again) == ['"one"']
    assert len(made) == 1


def test_a_small_file_needs_no_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: list[Making]) -> None:
    monkeypatch.setattr(indexes, "SMALL", 1_000)
    small, large = write(tmp_path / "small.nt", "one"), write(tmp_path / "large.nt", "two" * 400)
    assert open_files([small], making=made.append).folder is None
    assert made == []
    assert open_files([large]).folder is not None
    packed = tmp_path / "small.nt.gz"
    packed.write_bytes(gzip.compress(write(tmp_path / "b.nt", *map(str, range(200))).read_bytes()))
    assert 100 < packed.stat().st_size < 1_000  # packed, but ten times as much may be in it
    assert open_files([packed]).folder is not None


def test_no_index_is_made_where_none_is_wanted(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nt", "one")
    opened = open_files([path], keep=False)
    assert (values(opened), opened.folder) == (['"one"'], None)
    assert [each.name for each in tmp_path.iterdir()] == ["a.nt"]


def test_what_comes_through_a_pipe_is_read_into_memory(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.nt"
    os.mkfifo(pipe)
    with subprocess.Popen(["sh", "-c", f"echo '<http://a.org/s> <http://a.org/p> 1 .' > {pipe}"]):
        opened = open_files([pipe], syntax="ttl")
    assert opened.folder is None
    assert len(values(opened)) == 1


# --- when it is used, and when it is made anew ---


def test_a_file_that_is_touched_but_the_same_keeps_its_index(tmp_path: Path, made: list[Making]) -> None:
    path = write(tmp_path / "a.nt", "one")
    told(path, made)
    age(tmp_path / "a.nt.index")
    path.touch()
    assert told(path, made) == []
    path.write_bytes(path.read_bytes())
    assert told(path, made) == []
    age(tmp_path / "a.nt.index")
    copy = tmp_path / "copy"
    shutil.copy(path, copy)
    copy.rename(path)  # another inode
    assert told(path, made) == []


def test_a_file_that_was_not_touched_is_not_read_again(
    tmp_path: Path, made: list[Making], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.nt", "one")
    told(path, made)
    age(tmp_path / "a.nt.index")
    monkeypatch.setattr(indexes._File, "checksum", lambda file: pytest.fail("it was read"))
    assert told(path, made) == []
    path.touch()
    with pytest.raises(pytest.fail.Exception, match="it was read"):
        told(path, made)


def test_that_a_touched_file_is_the_same_is_remembered(
    tmp_path: Path, made: list[Making], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.nt", "one")
    told(path, made)
    path.touch()
    monkeypatch.setattr(indexes, "time_ns", lambda: time.time_ns() + 10**11)
    told(path, made)
    monkeypatch.setattr(indexes._File, "checksum", lambda file: pytest.fail("it was read"))
    assert told(path, made) == []


def test_a_file_that_has_changed_is_indexed_again(tmp_path: Path, made: list[Making]) -> None:
    path = write(tmp_path / "a.nt", "one")
    told(path, made)
    age(tmp_path / "a.nt.index")
    write(path, "two", "three")
    assert told(path, made) == ["the data has changed"]
    assert made[0].text == f"Indexing {path} again, for the data has changed, beside it: {path}.index"
    assert values(open_files([path])) == ['"three"', '"two"']
    age(tmp_path / "a.nt.index")
    write(path, "two", "threx")  # as long, and at the same time as far as that can be set
    assert told(path, made) == ["the data has changed"]


def test_the_store_of_what_has_changed_goes(tmp_path: Path) -> None:
    path, folder = write(tmp_path / "a.nt", "one"), tmp_path / "a.nt.index"
    for text in ("one", "two", "three"):
        write(path, text)
        elsewhere(path)
        assert len(list(folder.iterdir())) == 2
    assert values(open_files([path])) == ['"three"']


def test_a_file_that_changes_in_the_instant_in_which_it_was_indexed_is_indexed_again(
    tmp_path: Path, made: list[Making], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.nt", "one")
    told(path, made)
    same = json.loads((tmp_path / "a.nt.index" / FILE).read_text())["files"][0]["stat"]
    monkeypatch.setattr(indexes._File, "stat", lambda file: same)
    write(path, "two")
    assert told(path, made) == ["the data has changed"]


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ({"format": 0}, "another version made it"),
        ({"engine": "0.4.0"}, "another version made it"),
        ({"store": "thesis-ld-store-00000000"}, "it is damaged"),
        ({"store": "../elsewhere"}, "it is damaged"),
        ({"sizes": {}}, "it is damaged"),
        ({"files": "?"}, "it is damaged"),
        ({"files": [{}]}, "it is damaged"),
    ],
)
def test_an_index_of_another_version_or_a_broken_one_is_made_anew(
    what: dict[str, object], reason: str, tmp_path: Path, made: list[Making]
) -> None:
    path = write(tmp_path / "a.nt", "one")
    told(path, made)
    file = tmp_path / "a.nt.index" / FILE
    file.write_text(json.dumps(json.loads(file.read_text()) | what))
    assert told(path, made) == [reason]
    assert told(path, made) == []


@pytest.mark.parametrize("damage", ["cut", "gone", "all gone", "no JSON", "JSON of something else"])
def test_a_damaged_index_is_made_anew(damage: str, tmp_path: Path, made: list[Making]) -> None:
    path = write(tmp_path / "a.nt", *map(str, range(100)))
    told(path, made)
    folder = tmp_path / "a.nt.index"
    (store,) = (entry for entry in folder.iterdir() if entry.is_dir())
    largest = max(store.glob("*.sst"), key=lambda each: each.stat().st_size)
    if damage == "cut":
        os.truncate(largest, 100)
    elif damage == "gone":
        largest.unlink()
    elif damage == "all gone":
        shutil.rmtree(store)
    else:
        (folder / FILE).write_text("{" if damage == "no JSON" else "[1]")
    assert len(told(path, made)) == 1
    assert len(values(open_files([path]))) == 100
    assert told(path, made) == []


def test_an_index_moves_with_its_file(tmp_path: Path, made: list[Making]) -> None:
    path = write(tmp_path / "a.nt", "one")
    told(path, made)
    (tmp_path / "there").mkdir()
    for name in ("a.nt", "a.nt.index"):
        (tmp_path / name).rename(tmp_path / "there" / name)
    assert told(tmp_path / "there" / "a.nt", made) == []


def test_relative_iris_follow_the_file(tmp_path: Path, made: list[Making]) -> None:
    (tmp_path / "a.ttl").write_text("<http://a.org/s> <http://a.org/p> <b> .")
    assert values(open_files([tmp_path / "a.ttl"])) == [f"<{(tmp_path / 'b').as_uri()}>"]
    (tmp_path / "there").mkdir()
    for name in ("a.ttl", "a.ttl.index"):
        (tmp_path / name).rename(tmp_path / "there" / name)
    assert told(tmp_path / "there" / "a.ttl", made) == ["the data has changed"]
    assert values(open_files([tmp_path / "there" / "a.ttl"])) == [f"<{(tmp_path / 'there' / 'b').as_uri()}>"]


# --- where it is ---


def test_several_files_have_their_index_in_the_cache_folder(tmp_path: Path, cache: Path, made: list[Making]) -> None:
    paths = [write(tmp_path / f"{name}.nt", name) for name in ("a", "b")]
    opened = open_files(paths, making=made.append)
    assert values(opened) == ['"a"', '"b"']
    assert opened.folder is not None
    assert opened.folder.parent == cache
    assert made[0].text == f"Indexing 2 files once, in the folder: {opened.folder}"
    assert open_files(paths[::-1], making=made.append).folder == opened.folder  # in any order
    assert len(made) == 1
    write(paths[0], "c")
    assert values(open_files(paths, making=made.append)) == ['"b"', '"c"']
    assert open_files(paths[:1]).folder == tmp_path / "a.nt.index"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_file_in_a_folder_that_cannot_be_written_has_its_index_in_the_cache(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "there").mkdir()
    path = write(tmp_path / "there" / "a.nt", "one")
    (tmp_path / "there").chmod(0o555)
    opened = open_files([path])
    (tmp_path / "there").chmod(0o755)
    assert opened.folder is not None
    assert opened.folder.parent == cache


def test_where_something_else_has_the_name_the_index_is_in_the_cache(tmp_path: Path, cache: Path) -> None:
    path = write(tmp_path / "a.nt", "one")
    (tmp_path / "a.nt.index").write_text("mine")
    opened = open_files([path])
    assert values(opened) == ['"one"']
    assert opened.folder is not None
    assert opened.folder.parent == cache
    assert (tmp_path / "a.nt.index").read_text() == "mine"


def test_nothing_is_written_beside_the_dumps_of_a_snapshot(tmp_path: Path, cache: Path) -> None:
    assert indexes._SNAPSHOT == manifest.MANIFEST
    (tmp_path / "snapshot" / "dumps").mkdir(parents=True)
    (tmp_path / "snapshot" / manifest.MANIFEST).write_text("{}")
    (tmp_path / "current").symlink_to("snapshot")
    opened = open_files([write(tmp_path / "current" / "dumps" / "a.nt", "one")])
    assert opened.folder is not None
    assert opened.folder.parent == cache
    assert [entry.name for entry in (tmp_path / "snapshot" / "dumps").iterdir()] == ["a.nt"]


def test_the_folder_that_is_named_holds_the_index_and_keeps_what_else_is_in_it(tmp_path: Path) -> None:
    path, folder = write(tmp_path / "a.nt", "one"), tmp_path / "there"
    folder.mkdir()
    (folder / "thesis-ld-store").mkdir()
    (folder / "index.json").write_text("mine")
    opened = open_files([path], folder=folder)
    assert (values(opened), opened.folder) == (['"one"'], folder)
    assert not (tmp_path / "a.nt.index").exists()
    assert {"thesis-ld-store", "index.json", FILE} < {entry.name for entry in folder.iterdir()}


def test_without_any_place_for_it_the_way_out_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nt", "one")
    with pytest.raises(DataError, match=r"a\.nt: its index cannot be written to .*\. Say where .* --index DIR, or"):
        open_files([path], folder=path / "there")


def test_an_index_in_the_cache_goes_when_its_files_are_gone(tmp_path: Path, cache: Path) -> None:
    first = [write(tmp_path / f"{name}.nt", name) for name in ("a", "b")]
    open_files(first)
    second = [write(tmp_path / f"{name}.nt", name) for name in ("c", "d")]
    elsewhere(*second)
    assert len(list(cache.iterdir())) == 2
    for path in second:
        path.unlink()
    third = [write(tmp_path / f"{name}.nt", name) for name in ("e", "f")]
    open_files(third)
    assert len(list(cache.iterdir())) == 2
    assert values(open_files(first)) == ['"a"', '"b"']


# --- never half ---


def test_a_broken_file_leaves_no_index(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nt", *map(str, range(1_000)))
    path.write_text(path.read_text() + "<http://a.org/s> <http://a.org/p> oops .\n")
    with pytest.raises(DataError, match=r"a\.nt, line 1001, column \d+: .* It was read as N-Triples\."):
        open_files([path])
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.nt"]


def test_a_file_that_is_written_while_it_is_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.nt", "one")
    fill = filling.fill

    def slow(*arguments: object, **more: object) -> bool:
        write(path, "one", "two")
        return fill(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(indexes, "fill", slow)
    with pytest.raises(DataError, match=r"a\.nt: was changed while it was read\. Ask again when it is complete\."):
        open_files([path])
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.nt"]


KILLED = """
import os, sys
from pathlib import Path
from ld.sparql import indexes
indexes.SMALL = -1
fill = indexes.fill
def killed(*arguments, **more):
    fill(*arguments, **more)
    print("filled", flush=True)
    if sys.argv[2] == "kill":
        os.kill(os.getpid(), 9)
    sys.stdin.read()
    return False
indexes.fill = killed
indexes.open_files([Path(sys.argv[1])])
print("made", flush=True)
sys.stdin.read()
"""


def test_a_kill_leaves_no_half_index_and_what_it_leaves_goes(tmp_path: Path, made: list[Making]) -> None:
    path = write(tmp_path / "a.nt", "one")
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(path), "kill"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (-9, "filled\n")
    folder = tmp_path / "a.nt.index"
    (left,) = folder.iterdir()
    assert told(path, made) == [""]
    assert left not in folder.iterdir()
    assert len(list(folder.iterdir())) == 2


def test_two_at_once_do_each_other_no_harm(tmp_path: Path, made: list[Making]) -> None:
    path = write(tmp_path / "a.nt", "one")
    command = [sys.executable, "-c", KILLED, str(path), "wait"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "filled\n"
        opened = open_files([path], making=made.append)  # while that one is at it
        assert len(made) == 1
        other.stdin.close()
        assert other.stdout.readline() == "made\n"
    assert values(opened) == ['"one"']  # though another one has taken its place
    assert told(path, made) == []
    assert values(open_files([path])) == ['"one"']


def test_who_uses_an_index_can_go_on_while_another_makes_it_anew(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nt", *map(str, range(1_000)))
    before = open_files([path])
    write(path, "two")
    after = open_files([path])
    assert values(after) == ['"two"']
    assert len(values(before)) == 1_000


# --- what is in it ---


def test_all_graphs_together_are_the_default_graph_where_each_triple_is_once(
    tmp_path: Path, made: list[Making]
) -> None:
    path = tmp_path / "a.nq"
    path.write_text(QUADS)
    for graphs in (False, True):
        opened = open_files([path], graphs=graphs)
        assert values(opened) == ['"both"', '"none"', '"one"']
        assert len(ask("SELECT ?s ?p ?o { ?s ?p ?o }", opened)) == 4


def test_graphs_are_indexed_when_they_are_asked_for(tmp_path: Path, made: list[Making]) -> None:
    path = tmp_path / "a.nq"
    path.write_text(QUADS)
    assert told(path, made) == [""]
    assert told(path, made, graphs=True) == ["the query asks for named graphs"]
    assert told(path, made, graphs=True) == []
    assert told(path, made) == []
    opened = open_files([path], graphs=True)
    found = ask("SELECT ?g ?o { GRAPH ?g { <http://a.org/s> ?p ?o } }", opened)
    g1, g2 = "<http://a.org/g1>", "<http://a.org/g2>"
    assert found == [(g1, '"both"'), (g2, '"both"'), (g2, '"one"')]
    assert len(ask("SELECT ?g { GRAPH ?g { ?b ?p ?b } }", opened)) == 1


def test_a_file_without_graphs_need_not_be_indexed_again_for_them(tmp_path: Path, made: list[Making]) -> None:
    path = tmp_path / "a.nq"
    path.write_text('<http://a.org/s> <http://a.org/p> "none" .\n')
    assert told(path, made) == [""]
    assert told(path, made, graphs=True) == []


TURTLE = "@prefix : <http://a.org/> . :s :p 1, :o, _:b, [ :q 'x'@en ], ( 1 2 ) . _:b :p 2 ."
WRITTEN = {
    "a.ttl": RdfFormat.TURTLE, "a.nt": RdfFormat.N_TRIPLES, "a.nq": RdfFormat.N_QUADS, "a.trig": RdfFormat.TRIG,
    "a.rdf": RdfFormat.RDF_XML, "a.jsonld": RdfFormat.JSON_LD, "a.n3": RdfFormat.N3,
}  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("pack", ["", ".gz", ".zst"])
def test_every_syntax_is_read_packed_or_not(name: str, pack: str, tmp_path: Path) -> None:
    triples = [quad.triple for quad in ox.parse(TURTLE, RdfFormat.TURTLE)]
    data = ox.serialize(triples, format=WRITTEN[name]) or b""
    packed = {"": data, ".gz": gzip.compress(data), ".zst": zstandard.compress(data)}[pack]
    (tmp_path / f"{name}{pack}").write_bytes(packed)
    store = open_files([tmp_path / f"{name}{pack}"]).store
    expected = ox.Dataset(ox.Quad(*triple) for triple in triples)
    found = ox.Dataset(store)
    for dataset in (expected, found):
        dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    assert found == expected


def test_blank_nodes_of_two_files_are_never_the_same(tmp_path: Path) -> None:
    for name in ("a.ttl", "b.nt"):
        (tmp_path / name).write_text("_:b <http://a.org/p> <http://a.org/o> .\n")
    for keep in (True, False):
        opened = open_files([tmp_path / "a.ttl", tmp_path / "b.nt"], keep=keep)
        assert len(ask("SELECT ?b { ?b ?p ?o }", opened)) == 2


def test_blank_nodes_of_one_file_are_the_same_however_far_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "_BATCH", 10)
    monkeypatch.setattr(filling, "_CHUNK", 5)
    lines = [f"_:b <http://a.org/p> <http://a.org/{number}> .\n" for number in range(100)]
    (tmp_path / "a.nt").write_text("".join(lines))
    assert len(ask("SELECT DISTINCT ?b { ?b ?p ?o }", open_files([tmp_path / "a.nt"]))) == 1
    assert len(ask("SELECT ?o { ?b ?p ?o }", open_files([tmp_path / "a.nt"]))) == 100


def test_json_ld_may_be_a_document_a_line_whose_nameless_nodes_are_its_own(tmp_path: Path) -> None:
    line = '{"@id": "_:b", "http://a.org/p": {"@id": "http://a.org/%d"}}\n'
    (tmp_path / "a.jsonl").write_text("".join(line % number for number in range(3)))
    assert len(ask("SELECT DISTINCT ?b { ?b ?p ?o }", open_files([tmp_path / "a.jsonl"]))) == 3


def test_json_ld_knows_our_context_and_fetches_no_other(tmp_path: Path) -> None:
    ours = {"@context": "https://b.org/vocab/context.jsonld", "id": "http://a.org/s", "title": "A title"}
    (tmp_path / "a.jsonld").write_text(json.dumps(ours))
    assert values(open_files([tmp_path / "a.jsonld"])) == ['"A title"']
    (tmp_path / "a.jsonld").write_text(json.dumps(ours | {"@context": "https://schema.org"}))
    with pytest.raises(DataError, match=r"its context https://schema\.org would have to be fetched, which is never"):
        open_files([tmp_path / "a.jsonld"])


def test_what_stands_in_the_braces_of_n3_is_not_said(tmp_path: Path) -> None:
    (tmp_path / "a.n3").write_text('<http://a.org/s> <http://a.org/p> { <http://a.org/s> <http://a.org/p> "x" } .')
    assert len(ask("SELECT ?o { ?s ?p ?o }", open_files([tmp_path / "a.n3"], graphs=True))) == 1


BROKEN = {
    "a.ttl": ("<http://a.org/s>\n\n oops", r"a\.ttl, line 3, column 2: .* It was read as Turtle\."),
    "a.rdf": ("<?xml version='1.0'?>\n<rdf:RDF", r"a\.rdf.*: .* It was read as RDF/XML\."),
    "a.jsonl": ('{"@id": "http://a.org/s"}\n' * 2 + "{oops}\n", r"a\.jsonl, line 3, column 2: .*"),
    "a.jsonld": ('{"@id":\n\n oops}', r"a\.jsonld, line 3, column 2: .*"),
    "a.nq.gz": (None, r"a\.nq\.gz: ends too early\. Fetch it again\."),
    "a.nt.zst": (None, r"a\.nt\.zst: ends too early\. Fetch it again\."),
    "none.nt": ("", r"none\.nt: cannot be read \(No such file or directory\)\. Check the path\."),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_read_names_the_file_and_the_line(name: str, tmp_path: Path) -> None:
    text, message = BROKEN[name]
    if text:
        (tmp_path / name).write_text(text)
    elif text is None:
        pack = gzip.compress if name.endswith("gz") else zstandard.compress
        (tmp_path / name).write_bytes(pack(QUADS.encode() * 100)[:-10])
    with pytest.raises(DataError, match=message):
        open_files([tmp_path / name])


def test_a_byte_order_mark_is_not_part_of_the_data(tmp_path: Path) -> None:
    for name in ("a.nt", "b.ttl", "c.jsonld"):
        data = b'{"@id": "http://a.org/s", "http://a.org/p": "x"}'
        data = data if name.endswith("jsonld") else b'<http://a.org/s> <http://a.org/p> "x" .\n'
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + data)
        assert values(open_files([tmp_path / name])) == ['"x"']
