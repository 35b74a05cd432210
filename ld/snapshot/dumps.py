"""The dumps: the whole graph for download, byte for byte the same for the same sources and the same ledger."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path
from typing import Any

from isal import igzip

from ld.formats.corpus import BY_NAME, Corpus
from ld.formats.source import Source
from ld.snapshot import manifest
from ld.snapshot.aside import Aside

LATEST = "latest"
"""What the dumps of the current snapshot are called outside, where others have the time of theirs in their names."""

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Dump:
    """One kind of dump: a syntax, packed."""

    syntax: Corpus
    aside: bool = False
    """Whether it takes so long to write that another process had better do it (`ld.snapshot.aside`)."""

    @property
    def name(self) -> str:
        """`nt`."""
        return self.syntax.name

    @property
    def suffix(self) -> str:
        """`nt.gz`."""
        return f"{self.name}.gz"

    @property
    def media_type(self) -> str:
        """The media type of what is packed in it."""
        return self.syntax.media_type

    @property
    def title(self) -> str:
        """What people call it."""
        return self.syntax.title

    @property
    def path(self) -> str:
        """Where it lies in the folder of its snapshot: `dumps/thesis-ld.nt.gz`."""
        return f"{manifest.DUMPS}/thesis-ld.{self.suffix}"

    def named(self, which: str) -> str:
        """Its name outside, by the stamp of its snapshot or as the latest: `thesis-ld-20260914T083000Z.nt.gz`."""
        return f"thesis-ld-{which}.{self.suffix}"


DUMPS = (Dump(BY_NAME["nt"]), Dump(BY_NAME["nq"]), Dump(BY_NAME["ttl"], True), Dump(BY_NAME["jsonl"], True))
"""The dumps of a snapshot. Snapshots of earlier versions have the first two only."""


class Dumps:
    """Writes all dumps into the folder of a snapshot, one description after the other."""

    def __init__(self, folder: Path) -> None:
        (folder / manifest.DUMPS).mkdir()
        self._files = {dump.name: Gzip(folder / dump.path) for dump in DUMPS}
        for dump in DUMPS:
            self._write(dump.name, dump.syntax.before())
        self._at_once = [dump.syntax for dump in DUMPS if not dump.aside]
        self._aside = Aside([dump.name for dump in DUMPS if dump.aside], self._write)
        self._digest = hashlib.sha256()
        self.triples = 0
        """How many triples were written."""

    def add(self, source: Source) -> None:
        """Writes a description's own triples."""
        self._digest.update(source.ntriples)
        for syntax in self._at_once:
            self._write(syntax.name, syntax.write(source))
        self._aside.add(source)
        self.triples += source.ntriples.count(b"\n")

    def finish(self) -> str:
        """Closes the dumps and gives the SHA-256 of the N-Triples, uncompressed, in hex."""
        self._aside.finish()
        for dump in DUMPS:
            self._write(dump.name, dump.syntax.after)
            self._files[dump.name].close()
        return self._digest.hexdigest()

    def stop(self) -> None:
        """Closes the files of dumps that will not be finished."""
        self._aside.stop()
        for file in self._files.values():
            file.abandon()

    def _write(self, name: str, text: bytes) -> None:
        self._files[name].write(text)


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
