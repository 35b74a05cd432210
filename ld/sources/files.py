"""Files: what a path holds (a file, a folder, gzip, zip), as named streams of bytes to read from the beginning."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from isal import igzip, igzip_lib

from ld.errors import SourceError

HEAD = 1 << 16
"""Bytes of a source that are looked at to recognise its layout."""

_IGNORED = re.compile(r"readme(\.(md|txt))?", re.IGNORECASE)
_GZIP, _ZIP = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06")
_DAMAGED: tuple[type[Exception], ...] = (
    EOFError,
    zlib.error,
    gzip.BadGzipFile,
    zipfile.BadZipFile,
    cast(type[Exception], igzip_lib.IsalError),  # its stub calls it an instance
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A source: its name as the user gave it (`a.zip!b.csv` inside an archive), its first bytes, and all its bytes."""

    name: str
    head: bytes
    stream: BinaryIO

    @property
    def file_name(self) -> str:
        """The name of the file itself, without folders and archives."""
        return PurePosixPath(self.name.replace("!", "/")).name


def sources(paths: Iterable[Path]) -> Iterator[Opened]:
    """Every source that the paths hold, opened one after the other; folders in the order of their names."""
    given = [Path(path) for path in paths]
    for path in given:
        if not path.exists():
            raise SourceError(name_of(path), "does not exist", way_out="Check the path.")
    for path in given:
        for file in _files(path):
            yield from _open(file)


def name_of(path: Path) -> str:
    """A path as it is told: bytes of it that are not UTF-8, which no report could hold, are replaced."""
    return str(path).encode(errors="surrogateescape").decode(errors="replace")


@contextmanager
def complaints(name: str) -> Iterator[None]:
    """Damage met while a source is read, said as a `SourceError` that names it."""
    try:
        yield
    except _DAMAGED as error:
        problem = "ends too early" if isinstance(error, EOFError) else f"is damaged ({error})"
        raise SourceError(name, f"the compressed file {problem}", way_out="Fetch it again.") from error
    except OSError as error:
        raise SourceError(name, f"cannot be read ({error.strerror or error})") from error


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    found = [file for file in sorted(path.rglob("*")) if file.is_file() and _wanted(file.relative_to(path).as_posix())]
    if not found:
        raise SourceError(name_of(path), "is a folder without any source in it", way_out="Check the path.")
    yield from found


def _wanted(name: str) -> bool:
    """Whether a file of a folder or an archive is a source: nothing hidden, no README, nothing that macOS adds."""
    parts = PurePosixPath(name).parts
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts)
    return not hidden and not _IGNORED.fullmatch(parts[-1])


def _open(path: Path) -> Iterator[Opened]:
    name = name_of(path)
    with complaints(name), path.open("rb") as stream:
        if stream.peek(4)[:4] in _ZIP:
            yield from _members(name, stream)
        else:
            yield _opened(name, stream)


def _members(name: str, stream: BinaryIO) -> Iterator[Opened]:
    with zipfile.ZipFile(stream) as archive:
        members = sorted(
            (info for info in archive.infolist() if not info.is_dir() and _wanted(info.filename)),
            key=lambda info: info.filename,
        )
        if not members:
            raise SourceError(name, "is an archive without any source in it", way_out="Check the file.")
        for info in members:
            inside = f"{name}!{info.filename}"
            if info.flag_bits & 1:
                raise SourceError(inside, "is encrypted", way_out="Unpack the archive and give the folder.")
            with archive.open(info) as member:
                yield _opened(inside, cast(BinaryIO, member))


def _opened(name: str, stream: BinaryIO) -> Opened:
    buffered = io.BufferedReader(cast(io.RawIOBase, stream), HEAD)
    if buffered.peek(2)[:2] == _GZIP:
        unpacked = igzip.IGzipFile(fileobj=buffered)  # type: ignore[no-untyped-call]
        buffered = io.BufferedReader(cast(io.RawIOBase, unpacked), HEAD)
    head = buffered.peek(HEAD)
    if not head:
        raise SourceError(name, "is empty", way_out="Check the download.")
    return Opened(name, head, cast(BinaryIO, buffered))
