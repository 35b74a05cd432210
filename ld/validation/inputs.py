"""Inputs: files of RDF in any syntax, packed or not, and what each turns out to be."""

from __future__ import annotations

import codecs
import io
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import quote

from isal import igzip, igzip_lib
from pyoxigraph import RdfFormat
from zstandard import ZstdDecompressor, ZstdError

from ld.errors import DataError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

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

_PIECE = 1 << 10
"""Stored bytes that Zstandard unpacks at once: they can be a million times as many."""

_IRI = rb"<[^<>\s]*+>"
_NODE = rb"(?:" + _IRI + rb"|_:[^\s<>\"]++)"
_TERM = rb"(?:" + _NODE + rb"|\"(?:[^\"\\]|\\.)*+\"(?:@[\w-]++|\^\^" + _IRI + rb")?)"
_QUAD = re.compile(rb"\s*+".join([b"", _NODE, _IRI, _TERM, _NODE, rb"\.", rb"(?:#.*)?$"]))
"""A line of N-Quads with a graph, which no other syntax has. (None of it goes back: the line may be hostile.)"""
_JSON = re.compile(rb"\{\s*+[\"}]|\[\s*+(?:[{\[\"]|\]\s*+$)")
_XML = re.compile(rb"<(?:[?!]|[\w:.-]+\s)")


@dataclass(frozen=True, slots=True)
class Input:
    """Something to be read.

    name: as the user gave it. size: bytes as they are stored, where that is known.
    start: opens it, and gives the stored bytes (whose place tells how far one is) and the unpacked ones.
    repeatable: whether it can be opened again, by another process too.
    base: what its relative IRIs are resolved against.
    """

    name: str
    syntax: RdfFormat
    size: int | None
    start: Callable[[], tuple[BinaryIO, BinaryIO]]
    repeatable: bool
    base: str


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
        if sys.stdin is None:
            raise DataError(STDIN, "is closed", way_out="Send the data there, or name a file.")
        return bytes_input(STDIN, sys.stdin.buffer, syntax)
    name = str(path).encode(errors="surrogateescape").decode(errors="replace")

    def start() -> tuple[BinaryIO, BinaryIO]:
        try:
            stored = path.open("rb")
        except IsADirectoryError as error:
            raise DataError(name, "is a folder", way_out="Name the files in it.") from error
        except OSError as error:
            raise DataError(name, f"cannot be read ({error.strerror})", way_out="Check the path.") from error
        return stored, _unpacked(name, stored)

    base = path.absolute().as_uri()
    stored, unpacked = start()
    status = os.fstat(stored.fileno())
    if not S_ISREG(status.st_mode):  # a pipe: it can be read once
        return Input(name, _syntax(name, unpacked, syntax), None, lambda: (stored, unpacked), False, base)
    with stored:
        return Input(name, _syntax(name, unpacked, syntax), status.st_size, start, True, base)


def bytes_input(name: str, data: bytes | BinaryIO, syntax: str | None = None) -> Input:
    """Bytes at hand, or a stream that can be read once."""
    stored = io.BytesIO(data) if isinstance(data, bytes) else data
    unpacked = _unpacked(name, stored)
    size = len(data) if isinstance(data, bytes) else None
    base = f"file:///{quote(name)}"
    return Input(name, _syntax(name, unpacked, syntax), size, lambda: (stored, unpacked), False, base)


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
            unpacked = _Zstd(cast(BinaryIO, buffered))
        else:
            return cast(BinaryIO, buffered)
    except DAMAGED as error:
        raise damaged(name, error) from error
    return cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, unpacked), _HEAD))


class _Zstd(io.RawIOBase):
    """What frames of Zstandard hold; an `EOFError` where one is cut off, which the package's own reader passes over."""

    def __init__(self, stored: BinaryIO) -> None:
        self._stored, self._rest = stored, b""
        self._frame, self._ready = ZstdDecompressor().decompressobj(), io.BytesIO()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        while not (count := self._ready.readinto(buffer)):
            packed = self._rest or self._stored.read(_PIECE)
            if self._frame.eof:
                if not packed:
                    break
                self._frame = ZstdDecompressor().decompressobj()
            elif not packed:
                raise EOFError
            self._ready = io.BytesIO(self._frame.decompress(packed))
            self._rest = self._frame.unused_data
        return count


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
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if _JSON.match(text):
        return RdfFormat.JSON_LD
    if _XML.match(text):
        return RdfFormat.RDF_XML
    return RdfFormat.N_QUADS if any(map(_QUAD.match, text.splitlines())) else RdfFormat.TRIG
