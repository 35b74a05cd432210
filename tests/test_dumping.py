"""`thesis-ld dump`: the published graph in every format, whole or not at all."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest
import zstandard
from publications import BASE, publish
from readers import by_oxigraph, by_pyld, by_raptor, by_rdflib
from rows import command
from sites import SEEDS

from ld import cli, dumping, rdf
from ld.build import build
from ld.errors import LdError, SnapshotError
from ld.formats.corpus import BY_NAME
from ld.formats.source import Source
from ld.settings import Settings
from ld.snapshot import Snapshot, manifest

NAMES = list(BY_NAME)
DOCUMENTS = [name for name in NAMES if name != "jsonl"]
"""The formats that are one document, and not one a line."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that publishes the seeds; to be read only."""
    folder = tmp_path_factory.mktemp("dumping")
    build([SEEDS], Settings(data=folder))
    return folder


@pytest.fixture(scope="module")
def graph(data: Path) -> bytes:
    """The published graph, sorted."""
    return rdf.canonical(rdf.parse(gzip.decompress((data / "current/dumps/thesis-ld.nt.gz").read_bytes())))


def program(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "ld", "dump", *map(str, arguments)]


def written(data: Path, name: str) -> bytes:
    """What the command writes to its standard output."""
    done = command("dump", "--data", data, "--format", name)
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout_bytes


# The same graph in every format


@pytest.mark.parametrize("read", [by_oxigraph, by_rdflib, by_raptor])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_reader_finds_the_published_graph_in_every_format(
    data: Path, graph: bytes, name: str, read: Callable[[bytes, str], bytes]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        assert read(written(data, name), name) == graph


def test_every_line_of_json_is_a_part_of_the_graph_and_together_they_are_all_of_it(data: Path, graph: bytes) -> None:
    lines = written(data, "jsonl").splitlines()
    assert rdf.canonical(triple for line in lines for triple in rdf.parse(by_pyld(line))) == graph


@pytest.mark.parametrize("name", ["nq", "trig"])
def test_quads_are_in_the_graphs_of_their_descriptions(data: Path, name: str) -> None:
    quads = list(ox.parse(written(data, name), format=ox.RdfFormat.from_extension(name)))
    graphs = {quad.graph_name.value for quad in quads}  # type: ignore[union-attr]
    assert all(graph.startswith((f"{BASE}doc/", f"{BASE}vocab/")) for graph in graphs)
    described = manifest.read_manifest((data / "current").resolve()).counts["descriptions"]
    assert sum(graph.startswith(f"{BASE}doc/") for graph in graphs) == described


@pytest.mark.parametrize("name", NAMES)
def test_what_has_no_dump_in_the_snapshot_is_written_from_the_n_quads_letter_by_letter(
    data: Path, tmp_path: Path, name: str
) -> None:
    """Snapshots of earlier versions have two dumps only."""
    shutil.copytree(data, tmp_path / "data", symlinks=True)
    folder = (tmp_path / "data/current").resolve()
    if name != "nq":
        (folder / f"dumps/thesis-ld.{name}.gz").unlink(missing_ok=True)
        text = (folder / "manifest.json").read_text("utf-8")
        (folder / "manifest.json").write_text(text.replace(f'"dumps/thesis-ld.{name}.gz"', '"dumps/none"'), "utf-8")
    assert written(tmp_path / "data", name) == written(data, name)


def test_rdf_xml_declares_elsewhere_what_the_context_has_no_prefix_for() -> None:
    subject = ox.NamedNode(f"{BASE}id/thesis/1")
    triples = [
        ox.Triple(subject, ox.NamedNode("http://example.org/p?a=b&c#d"), ox.Literal("x")),
        ox.Triple(subject, rdf.RDF_TYPE, ox.NamedNode("http://example.org/Class")),
        ox.Triple(ox.NamedNode(f"{BASE}id/thesis/2"), ox.NamedNode("urn:p:a"), subject),
    ]
    expected = rdf.canonical(triples)
    sources = [Source(expected, subject.value, f"{BASE}doc/thesis/1")]
    document = b"".join(BY_NAME["rdf"].pieces(sources))
    assert by_rdflib(document, "rdf") == by_raptor(document, "rdf") == expected


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_description_at_all_is_an_empty_document(name: str) -> None:
    assert by_oxigraph(b"".join(BY_NAME[name].pieces([])), name) == b""


# Where it goes


def test_without_a_format_it_is_n_triples(data: Path, graph: bytes) -> None:
    done = command("dump", "--data", data)
    assert rdf.canonical(rdf.parse(done.stdout_bytes)) == graph
    assert command("dump", "--data", data, "--output", "-").stdout_bytes == done.stdout_bytes


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
def test_the_name_of_the_file_says_the_format_and_how_it_is_packed(
    data: Path, tmp_path: Path, name: str, packing: str
) -> None:
    output = tmp_path / f"theses.{name}{packing}"
    done = command("dump", "--data", data, "--output", output)
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.startswith(f"{output} holds 10,")
    assert _unpacked(output) == written(data, name)
    assert list(tmp_path.iterdir()) == [output]


def _unpacked(path: Path) -> bytes:
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix == ".zst":
        with path.open("rb") as file:
            return zstandard.ZstdDecompressor().stream_reader(file).read()
    return path.read_bytes()


def test_a_packed_dump_is_the_very_file_that_is_published(data: Path, tmp_path: Path) -> None:
    command("dump", "--data", data, "--output", tmp_path / "a.ttl.gz")
    assert (tmp_path / "a.ttl.gz").read_bytes() == (data / "current/dumps/thesis-ld.ttl.gz").read_bytes()


def test_the_format_that_is_asked_for_goes_before_the_name(data: Path, tmp_path: Path) -> None:
    assert command("dump", "--data", data, "--format", "ttl", "--output", tmp_path / "a.txt").exit_code == 0
    assert (tmp_path / "a.txt").read_bytes() == written(data, "ttl")


@pytest.mark.parametrize("name", ["theses", "theses.txt", "theses.gz", "theses.jsonld"])
def test_a_name_that_does_not_say_the_format_is_told_which_would(data: Path, tmp_path: Path, name: str) -> None:
    done = command("dump", "--data", data, "--output", tmp_path / name)
    assert done.exit_code == 2
    assert "does not say the format. Give it one of .nt, .nq, .ttl, .jsonl, .trig, .rdf" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_is_written_to_as_it_is(data: Path, tmp_path: Path, graph: bytes) -> None:
    os.mkfifo(tmp_path / "pipe.nt")
    with (tmp_path / "read").open("wb") as file, subprocess.Popen(["cat", tmp_path / "pipe.nt"], stdout=file) as reader:
        assert command("dump", "--data", data, "--output", tmp_path / "pipe.nt").exit_code == 0
        assert reader.wait(20) == 0
    assert rdf.canonical(rdf.parse((tmp_path / "read").read_bytes())) == graph
    assert (tmp_path / "pipe.nt").is_fifo()


def test_a_link_stays_a_link(data: Path, tmp_path: Path) -> None:
    (tmp_path / "there.nt").write_text("before")
    (tmp_path / "here.nt").symlink_to("there.nt")
    command("dump", "--data", data, "--output", tmp_path / "here.nt")
    assert (tmp_path / "here.nt").is_symlink()
    assert (tmp_path / "there.nt").read_bytes() == written(data, "nt")


# What can go wrong


def test_nobody_minds_a_reader_who_has_seen_enough(data: Path) -> None:
    done = subprocess.run(
        f"{' '.join(program('--data', data, '--format', 'rdf'))} | head -c 100", shell=True, capture_output=True
    )
    assert (len(done.stdout), done.stderr) == (100, b"")
    with subprocess.Popen(program("--data", data), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(20) == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_is_told(data: Path, name: str) -> None:
    done = command("dump", "--data", data, "--format", name, "--output", "/dev/full")
    assert done.exit_code == 2
    assert "/dev/full cannot be written: there is no room left on the disk." in done.stderr
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(program("--data", data, "--format", name), stdout=full, stderr=subprocess.PIPE)
    assert (ended.returncode, ended.stderr) == (
        2,
        b"thesis-ld: Standard output cannot be written: No space left on device.\n",
    )


def test_a_closed_output_is_told(data: Path) -> None:
    done = subprocess.run(f"{' '.join(program('--data', data))} >&-", shell=True, capture_output=True, text=True)
    assert done.returncode == 2
    assert "Standard output is closed" in done.stderr


@pytest.mark.parametrize("where", ["nowhere/a.nt", ""])
def test_an_output_that_cannot_be_is_told(data: Path, tmp_path: Path, where: str) -> None:
    done = command("dump", "--data", data, "--format", "nt", "--output", tmp_path / where)
    assert done.exit_code == 2
    assert "cannot be written: " in done.stderr
    assert "Choose another place with --output." in done.stderr


@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
def test_what_stood_there_stays_until_the_new_file_is_whole(
    data: Path, tmp_path: Path, packing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / f"a.trig{packing}"
    output.write_text("before")

    def fail(*_: object) -> object:
        yield b"<http://a.org/1> "
        assert output.read_text() == "before"
        raise KeyboardInterrupt

    monkeypatch.setattr(dumping, "pieces", fail)
    with pytest.raises(KeyboardInterrupt):
        dumping.save(Snapshot((data / "current").resolve()), BY_NAME["trig"], output)
    assert output.read_text() == "before"
    assert list(tmp_path.iterdir()) == [output]


@pytest.mark.parametrize(
    "spoil", [lambda body: body[: len(body) // 2], lambda body: body[:50] + b"?" * 50, lambda _: b""]
)
@pytest.mark.parametrize("name", ["nq", "trig"])
def test_a_damaged_dump_is_told_and_gives_no_file(tmp_path: Path, name: str, spoil: Callable[[bytes], bytes]) -> None:
    made = publish(tmp_path / "data", {str(number): f"Title {number}" for number in range(300)})
    dump = made.folder / "dumps/thesis-ld.nq.gz"
    dump.write_bytes(spoil(dump.read_bytes()))
    done = command("dump", "--data", tmp_path / "data", "--output", tmp_path / f"out.{name}")
    assert done.exit_code == 2
    assert re.search(r"thesis-ld\.nq\.gz (cannot be read|has [0-9,]+ bytes and should have)", done.stderr)
    assert "thesis-ld rollback" in done.stderr
    assert not (tmp_path / f"out.{name}").exists()


def test_a_missing_dump_is_told(tmp_path: Path) -> None:
    made = publish(tmp_path, {"1": "One"})
    (made.folder / "dumps/thesis-ld.nq.gz").unlink()
    with pytest.raises(SnapshotError, match=r"thesis-ld\.nq\.gz is missing"):
        list(dumping.pieces(made, BY_NAME["trig"]))


def test_where_nothing_is_published_there_is_nothing_to_dump(tmp_path: Path) -> None:
    done = command("dump", "--data", tmp_path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "publishes nothing yet" in done.stderr


def test_the_command_offers_the_formats_that_there_are() -> None:
    assert list(cli.DUMPS) == NAMES
    with pytest.raises(LdError):
        dumping.choose(None, Path("a"))


@pytest.mark.parametrize("name", ["nt", "trig"])
def test_a_dump_of_the_right_size_with_other_bytes_is_told(tmp_path: Path, name: str) -> None:
    publish(tmp_path, {"k": "A title that is long enough to be damaged in the middle"})
    for dump in (tmp_path / "current" / "dumps").iterdir():
        whole = bytearray(dump.read_bytes())
        whole[len(whole) // 2] ^= 0xFF
        dump.write_bytes(whole)
    done = command("dump", "--data", tmp_path, "--format", name)
    assert done.exit_code == 2
    assert "its checksum differs" in done.stderr
