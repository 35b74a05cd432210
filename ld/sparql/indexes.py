"""Indexes: files of RDF as a store on disk, made once, kept beside the file, and used while the file stays the same.

An index is a folder: `thesis-ld-index.json` says what it was made of and names the folder in it that holds the store.
A new store is made in a folder of its own, and named last, so that half a store is never used, and two processes that
make one at once do no harm. Whoever makes or uses a store holds a lock on its folder; what nobody holds and nothing
names is a leftover, and goes.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import time_ns
from typing import Any

import pyoxigraph
from pyoxigraph import RdfFormat, Store

from ld.errors import DataError
from ld.sparql.filling import Progress, fill
from ld.validation.inputs import Input, file_input

SMALL = 10_000_000
"""Bytes up to which files are loaded into memory each time, in some 0.1 s; packed ones count ten times."""
SUFFIX = ".index"
FILE = "thesis-ld-index.json"
_STORE = re.compile("thesis-ld-store-[0-9a-f]{8}")
"""What the folders of stores are called, and nobody else's."""
_SNAPSHOT = "manifest.json"
"""What lies in the folder of a snapshot (`ld.snapshot.manifest`), two above its dumps."""
_FORMAT = 1
_PACKED = ("gz", "zst", "zstd")
_DAMAGE = re.compile("Corruption|IO error")
"""How the engine begins to say that it cannot read its files."""
_TICK = 2_000_000_000
"""Nanoseconds within which a file system may give two changes the same time."""


@dataclass(frozen=True, slots=True)
class Making:
    """What is told before an index is made: of which files, where, and why again, if it is."""

    names: tuple[str, ...]
    folder: Path
    reason: str
    beside: bool

    @property
    def text(self) -> str:
        """One line for whoever waits."""
        what = self.names[0] if len(self.names) == 1 else f"{len(self.names)} files"
        again = f"again, for {self.reason}" if self.reason else "once"
        return f"Indexing {what} {again}, {'beside it' if self.beside else 'in the folder'}: {self.folder}"


@dataclass(frozen=True, slots=True)
class Opened:
    """A store that is ready to be asked, and the folder of its index, if it has one."""

    store: Store
    folder: Path | None = None

    @contextmanager
    def readable(self) -> Iterator[None]:
        """Forgets the index, and raises `DataError`, when it turns out to be damaged meanwhile."""
        try:
            yield
        except (OSError, RuntimeError) as error:
            if self.folder is None or not _DAMAGE.match(str(error)):
                raise
            with suppress(OSError):
                (self.folder / FILE).unlink()
            raise DataError(str(self.folder), "is damaged", way_out="Ask again: then it is made anew.") from error


def open_files(
    paths: Sequence[Path],
    *,
    syntax: str | None = None,
    graphs: bool = False,
    folder: Path | None = None,
    keep: bool = True,
    making: Callable[[Making], None] = lambda making: None,
    progress: Progress = lambda name, share: None,
) -> Opened:
    """The files as one store: from their index, which is made where it is missing or out of date; small ones in memory.

    syntax: that of all files; else it is found out. graphs: whether named graphs are asked for, which take three times
    the room. folder: where the index is to be. keep: whether there may be one. Raises `DataError` for files that cannot
    be read, or when there is no room for an index.
    """
    inputs = [file_input(path, syntax) for path in paths]
    indexed = keep and all(item.repeatable for item in inputs)
    if not indexed or (folder is None and sum(map(_weight, inputs)) <= SMALL):
        store = Store()
        fill(store, inputs, graphs=graphs, progress=progress)
        return Opened(store)
    files = [_File(*each) for each in sorted(zip(paths, inputs, strict=True), key=lambda each: str(each[0]))]
    places = places_of(paths) if folder is None else [folder]
    found = [_try(place, files, graphs=graphs) for place in places]
    for each in found:
        if isinstance(each, Opened):
            return each
    problem = "there is no place for its index"
    for place, reason in zip(places, found, strict=True):
        try:
            with _fresh(place) as fresh:
                beside = place.name == paths[0].name + SUFFIX
                shown = paths[0].with_name(place.name) if beside else place
                making(Making(tuple(file.item.name for file in files), shown, str(reason), beside))
                return _made(fresh, files, graphs=graphs, progress=progress)
        except OSError as error:
            problem = f"its index cannot be written to {place}: {error.strerror or error}"
    raise DataError(
        ", ".join(file.item.name for file in files),
        problem,
        way_out="Say where there is room with --index DIR, or read it anew each time with --no-index.",
    )


def places_of(paths: Sequence[Path]) -> list[Path]:
    """Where the index of files may be, the best place first: beside the file, or in the cache folder."""
    return [*_beside(paths), *_in_cache(paths)]


def sweep(folder: Path) -> None:
    """Removes the stores in an index that nothing names and nobody holds: what a killed process left."""
    with suppress(OSError), _locked(folder):
        named = (_read(folder) or {}).get("store")
        for entry in folder.iterdir():
            if _STORE.fullmatch(entry.name) and entry.name != named:
                with suppress(OSError), closing(_Held(entry, fcntl.LOCK_EX | fcntl.LOCK_NB)):
                    shutil.rmtree(entry)


def _weight(item: Input) -> int:
    return (item.size or 0) * (10 if item.name.lower().endswith(_PACKED) else 1)


def _beside(paths: Sequence[Path]) -> Iterator[Path]:
    if len(paths) == 1 and not (paths[0].resolve().parent.parent / _SNAPSHOT).is_file():
        path = paths[0].absolute()  # nobody writes into a snapshot, not even beside its dumps
        yield path.with_name(path.name + SUFFIX)


def _in_cache(paths: Sequence[Path]) -> Iterator[Path]:
    names = "\0".join(sorted(os.fsdecode(path.absolute()) for path in paths))
    for cache in _caches():
        yield cache / hashlib.sha256(os.fsencode(names)).hexdigest()[:16]


def _caches() -> Iterator[Path]:
    """The folder for indexes that cannot be beside their files, if there is a home for it."""
    said = os.environ.get("XDG_CACHE_HOME", "")
    with suppress(RuntimeError):
        yield (Path(said) if Path(said).is_absolute() else Path.home() / ".cache") / "thesis-ld" / "indexes"


def _clear_cache() -> None:
    """Removes the indexes in the cache folder whose files are gone."""
    for folder in [each for cache in _caches() if cache.is_dir() for each in cache.iterdir()]:
        with suppress(OSError, KeyError, TypeError):
            if not any(Path(file["path"]).exists() for file in (_read(folder) or {})["files"]):
                (folder / FILE).unlink()
                sweep(folder)
                folder.rmdir()


# --- what an index was made of ---


@dataclass(frozen=True, slots=True)
class _File:
    """One file of an index."""

    path: Path
    item: Input

    def stat(self) -> dict[str, int]:
        """What changes with the file: its size and times, and which file it is."""
        found = self.path.stat()
        return {
            "size": found.st_size, "mtime": found.st_mtime_ns, "ctime": found.st_ctime_ns, "inode": found.st_ino
        }  # fmt: skip

    def said(self) -> dict[str, Any]:
        """What else an index depends on; relative IRIs, which lines have none of, depend on where the file is."""
        lines = self.item.syntax in (RdfFormat.N_TRIPLES, RdfFormat.N_QUADS)
        return {"syntax": self.item.syntax.name, "base": "" if lines else self.item.base}

    def checksum(self) -> str:
        """The SHA-256 of the file, in hex."""
        with self.path.open("rb") as stored:
            return hashlib.file_digest(stored, "sha256").hexdigest()


def _facts(file: _File) -> dict[str, Any]:
    """What is kept of a file, to know later whether it is still the same."""
    checked = time_ns()
    stat = file.stat()
    path = os.fsdecode(file.path.absolute()).encode(errors="replace").decode()
    return {"path": path, **file.said(), "checked": checked, "stat": stat, "sha256": file.checksum()}


def _is_same(file: _File, said: dict[str, Any]) -> bool | None:
    """Whether a file is what the index was made of; None where only its checksum could tell.

    A file that had just been written when it was looked at may have been written again in the same instant.
    """
    stat = file.stat()
    if said["stat"]["size"] != stat["size"] or any(said[name] != value for name, value in file.said().items()):
        return False
    settled = max(stat["mtime"], stat["ctime"]) + _TICK < said["checked"]
    return True if said["stat"] == stat and settled else None


def _read(folder: Path) -> dict[str, Any] | None:
    """What an index says of itself; None when there is none, or none that can be read."""
    try:
        said = json.loads((folder / FILE).read_bytes())
        return said if isinstance(said, dict) else None
    except (OSError, ValueError):
        return None


def _write(folder: Path, said: dict[str, Any]) -> None:
    """Puts what an index says of itself in the place of what it said, at once."""
    new = folder / f"{FILE}.{os.urandom(4).hex()}"
    try:
        new.write_text(json.dumps(said, indent=1) + "\n", "utf-8")
        new.replace(folder / FILE)
    finally:
        new.unlink(missing_ok=True)


def _sizes(folder: Path) -> dict[str, int]:
    return {entry.name: entry.stat().st_size for entry in sorted(folder.iterdir())}


# --- using and making one ---


def _try(folder: Path, files: Sequence[_File], *, graphs: bool) -> Opened | str:
    """The index in a folder; where it cannot be used the reason, which is empty when there is none."""
    for _ in range(3):  # another process may put a new store in the place of the one that is about to be opened
        said = _read(folder)
        if said is None:
            return ""
        with ExitStack() as held:
            try:
                if reason := _outdated(said, files, graphs=graphs):
                    return reason
                if not _STORE.fullmatch(said["store"]):  # somebody else wrote it
                    break
                store = held.enter_context(closing(_Held(folder / said["store"], fcntl.LOCK_SH))).folder
                if _read(folder) != said:
                    continue
                if _sizes(store) != said["sizes"]:
                    break
                opened = Opened(Store.read_only(str(store)), folder)
                if not _confirmed(folder, said, files):
                    return "the data has changed"
                held.pop_all()  # until this process ends
                return opened
            except FileNotFoundError:
                continue
            except (OSError, RuntimeError, KeyError, TypeError, ValueError):
                break
    return "it is damaged"


def _outdated(said: dict[str, Any], files: Sequence[_File], *, graphs: bool) -> str:
    """Why an index cannot be used, as far as that shows without reading anything; empty when nothing speaks against."""
    if (said["format"], said["engine"]) != (_FORMAT, pyoxigraph.__version__):
        return "another version made it"
    if any(_is_same(file, each) is False for file, each in zip(files, said["files"], strict=True)):
        return "the data has changed"
    return "the query asks for named graphs" if graphs and not said["graphs"] else ""


def _confirmed(folder: Path, said: dict[str, Any], files: Sequence[_File]) -> bool:
    """Whether the checksums of files whose times have changed are still the same; then that is remembered."""
    known = said["files"]
    facts = [each if _is_same(file, each) else _facts(file) for file, each in zip(files, known, strict=True)]
    if [each["sha256"] for each in facts] != [each["sha256"] for each in known]:
        return False
    if facts != known:
        with suppress(OSError), _locked(folder):  # where that cannot be written, they are compared again next time
            if _read(folder) == said:
                _write(folder, said | {"files": facts})
    return True


def _made(fresh: _Held, files: Sequence[_File], *, graphs: bool, progress: Progress) -> Opened:
    """The index whose store is made in a fresh folder."""
    facts = [_facts(file) for file in files]
    named = _filled(fresh.folder, [file.item for file in files], graphs=graphs, progress=progress)
    for file, known in zip(files, facts, strict=True):
        if file.stat() != known["stat"]:
            raise DataError(file.item.name, "was changed while it was read", way_out="Ask again when it is complete.")
    said = {
        "format": _FORMAT,
        "engine": pyoxigraph.__version__,
        "store": fresh.folder.name,
        "graphs": graphs or not named,
        "files": facts,
        "sizes": _sizes(fresh.folder),
    }
    folder = fresh.folder.parent
    opened = Opened(Store.read_only(str(fresh.folder)), folder)
    with _locked(folder):
        _write(folder, said)
        fresh.share()
    sweep(folder)
    _clear_cache()
    return opened


def _filled(folder: Path, inputs: Sequence[Input], *, graphs: bool, progress: Progress) -> bool:
    """Whether there are named graphs in the inputs, which are in the store in that folder now."""
    store = Store(str(folder))
    named = fill(store, inputs, graphs=graphs, progress=progress)
    store.flush()
    return named  # and the engine closes its files, for nobody refers to the store any more


@contextmanager
def _fresh(folder: Path) -> Iterator[_Held]:
    """A new folder for a store; it goes if what it is for fails."""
    there = folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    sweep(folder)
    with _locked(folder):
        fresh = folder / f"thesis-ld-store-{os.urandom(4).hex()}"
        fresh.mkdir()
        held = _Held(fresh, fcntl.LOCK_EX)
    try:
        yield held
    except BaseException:
        held.close()
        shutil.rmtree(fresh, ignore_errors=True)
        if not there:
            with suppress(OSError):  # another process may be making one there
                folder.rmdir()
        raise


class _Held:
    """A folder that is locked, until it is closed or this process ends."""

    def __init__(self, folder: Path, how: int) -> None:
        self.folder = folder
        self._descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(self._descriptor, how)
        except OSError:
            self.close()
            raise

    def share(self) -> None:
        """Lets others hold it too."""
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def close(self) -> None:
        """Lets go of it."""
        os.close(self._descriptor)


def _locked(folder: Path) -> closing[_Held]:
    """For a moment, nobody else changes what an index says of itself, or which stores it has."""
    return closing(_Held(folder, fcntl.LOCK_EX))
