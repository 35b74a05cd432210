"""The dumps: the whole graph for download, byte for byte the same for the same sources and the same ledger."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from io import BufferedWriter
from pathlib import Path
from typing import Any

from isal import igzip

from ld.rdf import in_graph

TRIPLES = "thesis-ld.nt.gz"
QUADS = "thesis-ld.nq.gz"

_CHUNK = 1 << 20


class Dumps:
    """Writes both dumps, one description after the other."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._triples = Gzip(folder / TRIPLES)
        self._quads = Gzip(folder / QUADS)
        self._digest = hashlib.sha256()
        self.triples = 0
        """How many triples were written."""

    def add(self, own: bytes, graph: str) -> None:
        """Writes a description's own triples, given as N-Triples; `graph` is the address of the description."""
        self._digest.update(own)
        self._triples.write(own)
        self._quads.write(in_graph(own, graph))
        self.triples += own.count(b"\n")

    def finish(self) -> str:
        """Closes the dumps and gives the SHA-256 of the N-Triples, uncompressed, in hex."""
        self._triples.close()
        self._quads.close()
        return self._digest.hexdigest()

    def stop(self) -> None:
        """Closes the files of dumps that will not be finished."""
        self._triples.abandon()
        self._quads.abandon()


_igzip: Any = igzip.IGzipFile  # the package has no types


class Gzip:
    """A gzip file without a time and a name in its header."""

    def __init__(self, path: Path) -> None:
        self._file: BufferedWriter = path.open("wb")
        self._gzip = _igzip(filename="", fileobj=self._file, mode="wb", mtime=0)
        self._buffer = bytearray()

    def write(self, data: bytes) -> None:
        """Writes more."""
        self._buffer += data
        if len(self._buffer) >= _CHUNK:  # few large writes: each one is a call into the compressor
            self._gzip.write(bytes(self._buffer))
            self._buffer.clear()

    def close(self) -> None:
        """Completes the file."""
        self._gzip.write(bytes(self._buffer))
        self._buffer.clear()
        self._gzip.close()
        self._file.close()

    def abandon(self) -> None:
        """Closes a file that will not be completed."""
        for file in (self._gzip, self._file):
            with suppress(OSError, ValueError):  # what is still buffered may not fit on the disk
                file.close()
