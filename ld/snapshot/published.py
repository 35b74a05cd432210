"""The published snapshot as everyone reads it: descriptions, listings, moved addresses, records.

A snapshot is never written to, so it is read without locks, by any number of processes and threads. A build can remove
its folder while it is being read: what is open stays readable, and `Publication` opens the new one for who asks next.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock, local
from typing import Any

from pyoxigraph import Store
from zstandard import DICT_TYPE_RAWCONTENT, ZstdCompressionDict, ZstdDecompressor, ZstdError

from ld.errors import NothingPublished, SnapshotError
from ld.iris import doc_of, id_of
from ld.record import Origin, Remark
from ld.snapshot import manifest, store
from ld.snapshot.manifest import Manifest

WENT_BACK = "Not part of what is published now: this site went back to its state of {date}."


@dataclass(frozen=True, slots=True)
class Description:
    """One description: `body` is canonical N-Triples, sorted, of the thing and what is embedded in its page."""

    path: str
    kind: str
    label: str
    body: bytes
    first: datetime
    """When this address was first published."""
    modified: datetime
    """When this description, or the list of theses under it, last changed."""
    digest: str


@dataclass(frozen=True, slots=True)
class Moved:
    """An address that is not live: 301 and 300 have targets (under `id/` or `doc/`, as asked), 410 has none."""

    status: int
    targets: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A thesis in a listing, and what the person or body is to it."""

    path: str
    title: str
    year: str | None
    role: str


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the theses of a person or body; `total` counts all of them; one with two roles is two items."""

    total: int
    items: tuple[Listed, ...]


class Snapshot:
    """One published state, open for reading. Safe to use from several threads."""

    def __init__(self, folder: Path, *, floor: datetime | None = None, newer: Sequence[Snapshot] = ()) -> None:
        """Opens the snapshot in `folder`.

        After a rollback, `floor` raises the floor of its manifest, and `newer` are the states that were served since:
        it answers for the addresses that only they have.
        """
        self.folder, self._newer = folder, newer
        found = manifest.read_manifest(folder)
        self.manifest: Manifest = replace(found, floor=max(found.floor, floor)) if floor else found
        self.name = self.manifest.name
        self._check_size()
        self._threads = local()
        try:
            self._first = self._connect()  # held for as long as the snapshot, in case its folder goes
            (dictionary,) = self._first.execute("SELECT data FROM dictionary").fetchone() or (b"",)
        except sqlite3.Error as error:
            raise self._damaged(error) from error
        self._dictionary = ZstdCompressionDict(dictionary, dict_type=DICT_TYPE_RAWCONTENT)

    def describe(self, path: str) -> Description | None:
        """The description of a thing, by its `doc/…` path (or `id/…`); None when it has none."""
        row = self._one(_DESCRIBE, (id_of(path),))
        if row is None:
            return None
        kind, label, digest, first, modified, body = row
        return Description(
            doc_of(id_of(path)), kind, label, self._text(body), _moment(first), _moment(modified), digest
        )

    def moved(self, path: str) -> Moved | None:
        """What became of an address that is not live; None when it is, or never was."""
        row = self._one("SELECT status, targets, reason FROM moved WHERE path = ?", (id_of(path),))
        if row is None:
            return self._moved_since(path)
        prefix = "doc" if path.startswith("doc/") else "id"
        return Moved(row[0], tuple(prefix + target[2:] for target in json.loads(row[1])), row[2])

    def _moved_since(self, path: str) -> Moved | None:
        """What to say of an address that only the states have from which somebody went back."""
        if not self._newer or self.describe(path) is not None:
            return None
        for snapshot in self._newer:
            moved = snapshot.moved(path)
            if moved and moved.targets and all(self.describe(target) for target in moved.targets):
                return moved
            if moved or snapshot.describe(path):
                return Moved(410, (), WENT_BACK.format(date=self.manifest.created.date().isoformat()))
        return None

    def listing(self, path: str, page: int, size: int) -> Listing:
        """Page `page` (from 1) of the theses of a person or body, `size` a page, newest first, then by title."""
        agent = self._one("SELECT id FROM docs WHERE path = ?", (id_of(path),))
        if agent is None:
            return Listing(0, ())
        (total,) = self._one("SELECT max(position) FROM listings WHERE agent = ?", agent) or (None,)
        after = (page - 1) * size
        rows = self._all(_LISTING, (agent[0], after, after + size))
        return Listing(total or 0, tuple(Listed(*row) for row in rows))

    def findings(self, path: str) -> tuple[tuple[str, str, str], ...]:
        """What the shapes found about a description: (severity, field name, message)."""
        return tuple(self._all(_FINDINGS, (id_of(path),)))

    def remarks(self, path: str) -> tuple[Remark, ...]:
        """What was repaired, dropped or in conflict in the record of a description."""
        rows = self._all(_REMARKS, (id_of(path),))
        return tuple(
            Remark(kind, field, message, before, after, Origin(*origin))
            for kind, field, message, before, after, *origin in rows
        )

    def record(self, path: str) -> dict[str, Any] | None:
        """The thesis that a description was made from, as JSON (`record.thesis_from_json`)."""
        row = self._one("SELECT r.body FROM docs d JOIN records r USING (id) WHERE d.path = ?", (id_of(path),))
        return json.loads(self._text(row[0])) if row else None

    def records(self) -> Iterator[dict[str, Any]]:
        """Every published thesis as JSON, in the order of the build."""
        for (body,) in self._stream("SELECT body FROM records ORDER BY id"):
            yield json.loads(self._text(body))

    def rejected(self) -> Iterator[dict[str, Any]]:
        """Every record that the build read and did not publish, with the reasons."""
        with (self.folder / manifest.REJECTED).open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)

    def paths(self, kind: str, *, after: str = "", limit: int | None = None) -> Iterator[tuple[str, str]]:
        """(path under `id/`, label) of each description of a kind, by path, from the one after `after`."""
        values = (f"id/{kind}/", f"id/{kind}0", after, -1 if limit is None else limit)  # 0 follows / in ASCII
        yield from self._stream(
            "SELECT path, label FROM docs WHERE path > ? AND path < ? AND path > ? ORDER BY path LIMIT ?", values
        )

    def store(self) -> Store:
        """The graph for SPARQL; opened anew by each call."""
        try:
            return store.open_store(self.folder / manifest.STORE)
        except OSError as error:
            place = self.folder / manifest.STORE
            raise SnapshotError(f"{place} is missing or damaged ({error}). {manifest.WAY_OUT}") from error

    def close(self) -> None:
        """Lets go of the files at once; otherwise that happens when nobody refers to the snapshot any more."""
        for snapshot in self._newer:
            snapshot.close()
        self._threads = local()
        self._first.close()

    def _check_size(self) -> None:
        """Whether the catalogue is as long as the manifest says: what a cut-off copy shows at once."""
        path, entry = self.folder / manifest.CATALOGUE, self.manifest.files.get(manifest.CATALOGUE)
        size = path.stat().st_size if path.is_file() else None
        if entry is None or size != entry.bytes:
            raise SnapshotError(f"{path} is {'missing' if size is None else 'damaged'}. {manifest.WAY_OUT}")

    def _connect(self) -> sqlite3.Connection:
        uri = (self.folder / manifest.CATALOGUE).resolve().as_uri()
        connection = sqlite3.connect(
            f"{uri}?mode=ro&immutable=1", uri=True, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA query_only = 1")
        return connection

    def _reader(self) -> _Reader:
        """This thread's reader; when the folder is gone already, one that shares the first connection, as it may."""
        reader: _Reader | None = getattr(self._threads, "reader", None)
        if reader is None:
            try:
                reader = _Reader(self._connect(), self._dictionary, owns=True)
            except sqlite3.OperationalError:
                reader = _Reader(self._first, self._dictionary, owns=False)
            self._threads.reader = reader
        return reader

    def _text(self, compressed: bytes) -> bytes:
        try:
            return self._reader().decompressor.decompress(compressed)
        except ZstdError as error:
            raise self._damaged(error) from error

    def _stream(self, query: str, values: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._reader().connection.execute(query, values)
        except sqlite3.DatabaseError as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> SnapshotError:
        return SnapshotError(f"{self.folder / manifest.CATALOGUE} is damaged ({error}). {manifest.WAY_OUT}")

    def _all(self, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        return list(self._stream(query, values))

    def _one(self, query: str, values: tuple[Any, ...]) -> tuple[Any, ...] | None:
        return next(self._stream(query, values), None)


class _Reader:
    """What one thread reads with; it goes with its thread or with the snapshot."""

    def __init__(self, connection: sqlite3.Connection, dictionary: ZstdCompressionDict, *, owns: bool) -> None:
        self.connection, self._owns = connection, owns
        self.decompressor = ZstdDecompressor(dict_data=dictionary)

    def __del__(self) -> None:
        if self._owns:
            self.connection.close()


class Publication:
    """What a data folder publishes now."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._lock = Lock()
        self._open: Snapshot | None = None

    def current(self) -> Snapshot:
        """The snapshot that `data/current` points at, opened anew only when the pointer has moved.

        Raises `NothingPublished` when there is no pointer, `SnapshotError` when what it points at cannot be read.
        """
        name, opened = manifest.pointed(self.data), self._open
        if opened is not None and opened.name == name:
            return opened
        with self._lock:
            opened = self._open
            if opened is None or opened.name != manifest.pointed(self.data):
                # The old one is not closed: other threads may still be answering from it.
                opened = self._open = open_current(self.data)
            return opened


def open_current(data: Path) -> Snapshot:
    """The current snapshot of a data folder; raises as `Publication.current` does."""
    name = manifest.pointed(data)
    if name is None:
        raise NothingPublished(f"{data} publishes nothing yet. Build first: `thesis-ld build SOURCE… --data {data}`.")
    try:
        return _open(data, name)
    except SnapshotError:
        if manifest.pointed(data) != name:  # replaced and removed between two steps of ours
            return open_current(data)
        raise


def _open(data: Path, name: str) -> Snapshot:
    folder = data / manifest.SNAPSHOTS / name
    if not folder.is_dir():
        raise SnapshotError(f"{data / manifest.POINTER} points at {name}, which is not there. {manifest.WAY_OUT}")
    left = newer(data, name)
    if not left:
        return Snapshot(folder)
    # Who saw a newer state must not be told 304 about this one: its dates begin anew when the pointer went back.
    floor = _moment(int((data / manifest.POINTER).lstat().st_mtime))
    return Snapshot(folder, floor=floor, newer=[s for s in map(_try_open, left) if s])


def newer(data: Path, name: str) -> list[Path]:
    """The folders of the snapshots from which somebody went back to the one called `name`, newest first."""
    folders = [data / manifest.SNAPSHOTS / other for other in reversed(manifest.names(data)) if other > name]
    return [folder for folder in folders if _was_current(data, folder)]


def _was_current(data: Path, folder: Path) -> bool:
    """Whether the pointer has moved since a newer snapshot was complete; it has not when its build was killed then."""
    try:
        return (folder / manifest.MANIFEST).stat().st_mtime_ns <= (data / manifest.POINTER).lstat().st_mtime_ns
    except OSError:
        return True  # damaged: a good reason to have gone back from it


def _try_open(folder: Path) -> Snapshot | None:
    """A snapshot that may be why somebody went back: without it, if it is damaged."""
    try:
        return Snapshot(folder)
    except SnapshotError:
        return None


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


_DESCRIBE = """
SELECT d.kind, d.label, d.digest, d.first, d.modified, b.body FROM docs d JOIN bodies b USING (id) WHERE d.path = ?
"""
_LISTING = """
SELECT t.path, t.title, t.year, l.role FROM listings l JOIN theses t ON t.id = l.thesis
WHERE l.agent = ? AND l.position > ? AND l.position <= ? ORDER BY l.position, l.role
"""
_FINDINGS = """
SELECT severity, field, message FROM findings WHERE id = (SELECT id FROM docs WHERE path = ?) ORDER BY number
"""
_REMARKS = """
SELECT kind, field, message, before, after, source, line, layout FROM remarks
WHERE id = (SELECT id FROM docs WHERE path = ?) ORDER BY number
"""
