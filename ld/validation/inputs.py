"""Inputs: files of RDF in any syntax, packed or not, and what each turns out to be."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from isal import igzip, igzip_lib
from pyoxigraph import RdfFormat
from zstandard import ZstdDecompressor, ZstdError

from ld.errors import DataError

STDIN = "standard input"
_HEAD = 1 << 16
"""Bytes that are looked at to recognise a syntax."""

SYNTAXES: Mapping[str, RdfFormat] = {
    "ttl": RdfFormat.TURTLE,
    "nt": RdfFormat.N_TRIPLES,
    "nq": RdfFormat.N_QUADS,
    "trig": RdfFormat.TRIG,
    "rdf": RdfFormat.RDF_XML,
    "jsonld": RdfFormat.JSON_LD,
    "n3": RdfFormat.N3,
}
"""The syntaxes that can be read, by the suffix they have everywhere here."""

_SUFFIXES: Mapping[str, str] = {suffix: suffix for suffix in SYNTAXES} | {
    "turtle": "ttl", "ntriples": "nt", "nquads": "nq", "owl": "rdf", "xml": "rdf", "rdfs": "rdf",
    "json": "jsonld", "jsonl": "jsonld", "ndjson": "jsonld",
}  # fmt: skip
_PACKED = ("gz", "zst", "zstd")
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
DAMAGED: tuple[type[Exception], ...] = (EOFError, OSError, ZstdError, cast(type[Exception], igzip_lib.IsalError))

_IRI, _NODE = rb"<[^<>\s]*>", rb"(?:<[^<>\s]*>|_:\S+)"
_QUAD = re.compile(_NODE + rb"\s+" + _IRI + rb"\s+.*\s" + _NODE + rb"\s*\.\s*(#.*)?$")


@dataclass(frozen=True, slots=True)
class Input:
    """Something to be read.

    name: as the user gave it. size: bytes as they are stored, where that is known.
    start: opens it, and gives the stored bytes (whose place tells how far one is) and the unpacked ones.
    repeatable: whether it can be opened again, by another process too.
    """

    name: str
    syntax: RdfFormat
    size: int | None
    start: Callable[[], tuple[BinaryIO, BinaryIO]]
    repeatable: bool


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be read; None for no limit."""

    bytes: int | None = None
    """Unpacked."""
    triples: int | None = None


NO_LIMITS = Limits()


def file_input(path: Path, syntax: str | None = None) -> Input:
    """A file, or standard input for `-`; `syntax` is one of `SYNTAXES`, and is found out where it is not given.

    Raises `DataError` for what is not there or cannot be recognised.
    """
    if str(path) == "-":
        return bytes_input(STDIN, sys.stdin.buffer, syntax)
    name = str(path).encode(errors="surrogateescape").decode(errors="replace")
    if path.is_dir():
        raise DataError(name, "is a folder", way_out="Name the files in it.")

    def start() -> tuple[BinaryIO, BinaryIO]:
        try:
            stored = path.open("rb")
        except OSError as error:
            raise DataError(name, f"cannot be read ({error.strerror})", way_out="Check the path.") from error
        return stored, _unpacked(name, stored)

    if not path.is_file() and path.exists():  # a pipe: it can be read once
        stored, unpacked = start()
        return Input(name, _syntax(name, unpacked, syntax), None, lambda: (stored, unpacked), repeatable=False)
    stored, unpacked = start()
    with stored:
        return Input(name, _syntax(name, unpacked, syntax), path.stat().st_size, start, repeatable=True)


def bytes_input(name: str, data: bytes | BinaryIO, syntax: str | None = None) -> Input:
    """Bytes at hand, or a stream that can be read once."""
    stored = io.BytesIO(data) if isinstance(data, bytes) else data
    unpacked = _unpacked(name, stored)
    size = len(data) if isinstance(data, bytes) else None
    return Input(name, _syntax(name, unpacked, syntax), size, lambda: (stored, unpacked), repeatable=False)


def damaged(name: str, error: Exception) -> DataError:
    """What to say of a file that could not be read to its end."""
    told = "ends too early" if isinstance(error, EOFError) else f"is damaged or cannot be read ({error})"
    return DataError(name, told, way_out="Fetch it again.")


def _unpacked(name: str, stored: BinaryIO) -> BinaryIO:
    buffered = io.BufferedReader(cast(io.RawIOBase, stored), _HEAD)
    try:
        head = buffered.peek(4)[:4]
        if head[:2] == _GZIP:
            unpacked: object = igzip.IGzipFile(fileobj=buffered)
        elif head == _ZSTD:
            unpacked = ZstdDecompressor().stream_reader(buffered, read_across_frames=True)
        else:
            return cast(BinaryIO, buffered)
    except DAMAGED as error:
        raise damaged(name, error) from error
    return cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, unpacked), _HEAD))


def _syntax(name: str, stream: BinaryIO, asked: str | None) -> RdfFormat:
    if asked is not None:
        return SYNTAXES[asked]
    parts = name.lower().rsplit("/", 1)[-1].split(".")[1:]
    while parts and parts[-1] in _PACKED:
        parts.pop()
    if parts and parts[-1] in _SUFFIXES:
        return SYNTAXES[_SUFFIXES[parts[-1]]]
    try:
        head = cast(io.BufferedReader, stream).peek(_HEAD)[:_HEAD]
    except DAMAGED as error:
        raise damaged(name, error) from error
    return recognised(head)


def recognised(head: bytes) -> RdfFormat:
    """The syntax that data begins like; Turtle's larger sister TriG where nothing speaks against it.

    >>> recognised(b'<http://a> <http://b> "c d" <http://g> .')
    <RdfFormat N-Quads>
    """
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] == b"{" or re.match(rb"\[\s*[{\[\"]", text):
        return RdfFormat.JSON_LD
    if re.match(rb"<(\?xml|!--|!DOCTYPE|rdf:RDF)", text):
        return RdfFormat.RDF_XML
    lines = [line for line in text.split(b"\n") if line.strip() and not line.startswith(b"#")]
    return RdfFormat.N_QUADS if lines and _QUAD.match(lines[0].rstrip()) else RdfFormat.TRIG
