"""Dumping: the published graph as one stream or one file, in any syntax of RDF, in little memory whatever its size."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

from isal import igzip, igzip_lib
from zstandard import ZstdCompressor

from ld.errors import LdError, SnapshotError
from ld.formats.corpus import BY_NAME, Corpus
from ld.formats.source import Source
from ld.iris import id_of
from ld.snapshot import Snapshot, manifest
from ld.snapshot.dumps import DUMPS, Dump, Gzip

DEFAULT = "nt"
"""The syntax that is written when nobody asks for another: every tool reads it, into the graph where queries look."""

Write = Callable[[bytes], Any]

_PIECE = 1 << 20
_DAMAGE: Any = (OSError, EOFError, ValueError, igzip_lib.IsalError)
"""What a damaged file is noticed by."""
_QUADS = next(dump for dump in DUMPS if dump.name == "nq")


def choose(name: str | None, output: Path | None) -> Corpus:
    """The syntax of a name, else the one that the suffix of a file says, else N-Triples."""
    if name:
        return BY_NAME[name]
    if output is None:
        return BY_NAME[DEFAULT]
    suffix = output.with_suffix("").suffix if _packing(output) else output.suffix
    if suffix[1:] in BY_NAME:
        return BY_NAME[suffix[1:]]
    known = ", ".join(f".{each}" for each in BY_NAME)
    raise LdError(
        f"The name of {output} does not say the format. Give it one of {known} (and then .gz or .zst, to pack it), "
        "or say --format."
    )


def pieces(snapshot: Snapshot, syntax: Corpus) -> Iterator[bytes]:
    """The published graph in a syntax: unpacked from the dump that is there, else written from the N-Quads."""
    ready = _ready(snapshot, syntax)
    return _unpacked(snapshot, ready) if ready else syntax.pieces(_descriptions(snapshot))


def save(snapshot: Snapshot, syntax: Corpus, output: Path) -> None:
    """Writes the published graph to a file, packed as its last suffix says; the file is there when it is whole."""
    packing, ready = _packing(output), _ready(snapshot, syntax)
    if packing == ".gz" and ready:
        packing, written = "", _raw(snapshot, ready)
    else:
        written = pieces(snapshot, syntax)
    try:
        with _whole(output) as path, _PACKED[packing](path) as write:
            for piece in written:
                write(piece)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        problem = "there is no room left on the disk" if full else error.strerror or str(error)
        raise LdError(f"{output} cannot be written: {problem}. Choose another place with --output.") from error


def _packing(output: Path) -> str:
    """The suffix that says how a file is packed; empty when it is not."""
    return output.suffix if output.suffix in _PACKED else ""


def _ready(snapshot: Snapshot, syntax: Corpus) -> Dump | None:
    """The dump of a syntax, if the snapshot has one."""
    found = (dump for dump in DUMPS if dump.name == syntax.name)
    return next((dump for dump in found if dump.path in snapshot.manifest.files), None)


def _descriptions(snapshot: Snapshot) -> Iterator[Source]:
    """Every description, in the order of the dumps."""
    base = snapshot.manifest.base
    with _opened(snapshot, _QUADS, igzip.open) as quads:
        for name, lines in groupby(quads, key=_graph):
            graph = name.decode()
            ntriples = b"".join([line[: -len(name) - 5] + b".\n" for line in lines])
            yield Source(ntriples, root=base + id_of(graph.removeprefix(base)), graph=graph)


def _graph(quad: bytes) -> bytes:
    """The graph of a line of N-Quads, `… <graph> .`; no IRI holds a space."""
    return quad[quad.rindex(b" <") + 2 : -4]


def _unpacked(snapshot: Snapshot, dump: Dump) -> Iterator[bytes]:
    with _opened(snapshot, dump, igzip.open) as file:
        while piece := file.read(_PIECE):
            yield piece


def _raw(snapshot: Snapshot, dump: Dump) -> Iterator[bytes]:
    with _opened(snapshot, dump, open) as file:
        while piece := file.read(_PIECE):
            yield piece


@contextmanager
def _opened(snapshot: Snapshot, dump: Dump, opener: Callable[..., Any]) -> Iterator[Any]:
    """A dump opened for reading; raises `SnapshotError` for whatever is wrong with it."""
    path, expected = snapshot.folder / dump.path, snapshot.manifest.files[dump.path]
    try:
        if (size := path.stat().st_size) != expected.bytes:
            raise SnapshotError(f"{path} has {size:,} bytes and should have {expected.bytes:,}. {manifest.WAY_OUT}")
        if manifest.checksum(path) != expected:
            raise SnapshotError(f"{path} is not what was published: its checksum differs. {manifest.WAY_OUT}")
        with opener(path, "rb") as file:
            yield file
    except FileNotFoundError as error:
        raise SnapshotError(f"{path} is missing. {manifest.WAY_OUT}") from error
    except _DAMAGE as error:
        raise SnapshotError(f"{path} cannot be read ({error}). {manifest.WAY_OUT}") from error


@contextmanager
def _whole(output: Path) -> Iterator[Path]:
    """The path to write to: a file beside the output, which takes its place when all went well."""
    if output.exists() and not output.is_file():  # a pipe or a device, which nothing can take the place of
        yield output
        return
    place = output.resolve()
    beside = place.with_name(f".{place.name}-{os.getpid()}")
    try:
        yield beside
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def _plain(path: Path) -> Iterator[Write]:
    with path.open("wb") as file:
        yield file.write


@contextmanager
def _gzipped(path: Path) -> Iterator[Write]:
    file = Gzip(path)
    try:
        yield file.write
        file.close()
    except BaseException:
        file.abandon()
        raise


@contextmanager
def _zstd(path: Path) -> Iterator[Write]:
    with path.open("wb") as file, ZstdCompressor().stream_writer(file) as packer:
        yield packer.write


_PACKED: Mapping[str, Callable[[Path], AbstractContextManager[Write]]] = {
    "": _plain,
    ".gz": _gzipped,
    ".zst": _zstd,
}
"""Suffix → how to write a file that has it."""
