"""The builder: writes one snapshot into a fresh folder and publishes it by moving a pointer, last of all."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pyoxigraph import Triple

from ld import context
from ld.errors import BuildBusy, BuildError, NothingPublished, SnapshotError
from ld.formats.source import Source
from ld.iris import id_of, id_path
from ld.rdf import canonical
from ld.record import Remark
from ld.snapshot import catalogue, manifest
from ld.snapshot.census import Census
from ld.snapshot.dumps import Dumps
from ld.snapshot.ledger import Ledger
from ld.snapshot.manifest import Manifest
from ld.snapshot.published import Snapshot, open_current
from ld.snapshot.reporting import Reports
from ld.snapshot.store import Loader
from ld.validation.report import Finding, PathTriples

VOCABULARY = "vocabulary"
"""The kind of description that goes into the graph only: vocabularies have addresses of their own."""

_PARTS = {manifest.CATALOGUE, catalogue.WORK, manifest.STORE, manifest.DUMPS, Path(manifest.REJECTED).parts[0]}


class Builder:
    """One build: holds the data folder while it writes, and leaves it as it was unless `publish` succeeds.

        with Builder(data, base=base, keep=3, now=datetime.now(UTC)) as builder:
            builder.describe("doc/thesis/uk.bl.ethos.637591", "thesis", title, own, embedded, record=record)
            builder.list("doc/person/0000000453606890", "id/thesis/uk.bl.ethos.637591", title, "2014", "creator")
            builder.publish(counts, sources)

    Entering raises `BuildBusy` at once when another build holds the folder; a full or read-only disk is a `BuildError`.
    """

    folder: Path
    """The fresh folder. Scratch files may be put into it; `publish` removes them."""
    _made: Path | None
    """Where the snapshot lies that is not published yet."""
    ledger: Ledger
    previous: Snapshot | None
    """The snapshot that is published now."""
    damage: SnapshotError | None
    """Why `previous` is None although something is published."""

    def __init__(self, data: Path, *, base: str, keep: int, now: datetime) -> None:
        self.data, self.base, self.keep = data, base, max(keep, 1)
        self.now = now.astimezone(UTC).replace(microsecond=0)

    def __enter__(self) -> Self:
        with _disk(self.data), ExitStack() as stack:
            (self.data / manifest.SNAPSHOTS).mkdir(parents=True, exist_ok=True)
            stack.enter_context(lock(self.data))
            self.previous, self.damage = self._read_previous()
            if self.previous is not None:
                stack.callback(self.previous.close)
            self.ledger = Ledger(self.data / manifest.LEDGER)
            stack.callback(self.ledger.close)
            self._last = self.ledger.last_build()
            self._heal()
            self._clean()
            self._open(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _disk(self.data):
            self._stack.close()
            if isinstance(error, OSError | sqlite3.Error) and _is_the_disk(error):
                raise error

    def describe(
        self,
        path: str,
        kind: str,
        label: str,
        own: Sequence[Triple],
        embedded: Sequence[Triple] = (),
        *,
        record: Mapping[str, Any] | None = None,
        findings: Iterable[tuple[str, str, str]] = (),
        remarks: Sequence[Remark] = (),
    ) -> None:
        """Writes a description; the dumps follow the order of the calls.

        `own` goes into graph and dumps, `own` and `embedded` are what its address answers. `record` is the thesis as
        JSON; `findings` are (severity, field name, message). A `vocabulary` goes into the graph only.
        """
        source = Source(canonical(own), root=self.base + id_of(path), graph=self.base + path)
        self._dumps.add(source)
        self._store.add(source.ntriples)
        self._census.add(source, kind)
        if kind == VOCABULARY:
            return
        entry = catalogue.Entry(
            path=id_of(path),
            kind=kind,
            label=label,
            body=_united(source.ntriples, canonical(embedded)) if embedded else source.ntriples,
            record=_json(record).encode() if record is not None else None,
            findings=tuple(findings),
            remarks=tuple(remarks),
        )
        self._catalogue.add(entry)

    def list(self, agent_path: str, thesis_path: str, title: str, year: str | None, role: str) -> None:
        """Lists a thesis on the page of a person or body, who must be described in this build too."""
        self._catalogue.list(id_of(agent_path), id_of(thesis_path), title, year, role)

    def moved(self, path: str, status: int, targets: Sequence[str], reason: str = "") -> None:
        """States that an address leads to one other (301) or to several (300).

        A description under the address comes first; two targets stated one by one are several. Where the targets are
        gone or moved themselves, the address says what became of them.
        """
        self._catalogue.move(id_of(path), status, [id_of(target) for target in targets], reason)

    def reject(self, record: Mapping[str, Any], *, key: str | None = None) -> None:
        """Keeps a record that is not published; with its `key` (its own, or given), its address can say why."""
        self._reports.reject(record)
        if key := key or record.get("key"):
            self._catalogue.reject(id_path("thesis", key))

    def report(self, findings: Iterable[Finding], paths: Mapping[str, PathTriples] | None = None) -> None:
        """Takes findings into the validation report; `paths` spells out those that are more than one property."""
        self._reports.add(findings, paths or {})

    def keep_rejected(self) -> Path:
        """Keeps the rejected records of a build that is about to be refused; gives the file."""
        kept = self.data / manifest.REFUSED
        with _disk(self.data):
            self._reports.keep(kept)
        return kept

    def described(self, path: str) -> bool:
        """Whether a thing has a description in this build so far."""
        return self._catalogue.has(id_of(path))

    def listed(self, path: str) -> bool:
        """Whether any thesis is listed under a person or body so far."""
        return self._catalogue.lists(id_of(path))

    def keep_slugs(self, slugs: Mapping[str, str]) -> None:
        """Remembers which body owns which slug, once this build is published."""
        self.ledger.keep_slugs(slugs)

    def publish(self, counts: Mapping[str, int], sources: Sequence[Mapping[str, Any]]) -> Snapshot:
        """Finishes the snapshot, brings the ledger up to date, and makes the snapshot the current one.

        The order makes a kill at any moment harmless: all files are on the disk before the ledger knows of them, the
        ledger knows every address before anyone is served it, and the pointer moves last, in one step.
        """
        with _disk(self.data):
            made = self._finish(counts, sources)
            words = context.load()
            manifest.keep_context(self.data, words.hash, words.bytes)
            self.ledger.update(self.folder / manifest.CATALOGUE, self.folder / catalogue.WORK, made.name, self.now)
            (self.folder / catalogue.WORK).unlink()
            manifest.sync_one(self.folder)
            target = self.data / manifest.SNAPSHOTS / made.name
            self._made = target
            self.folder.rename(target)
            manifest.sync_one(target.parent)
            manifest.point(self.data, made.name)
            self._made = None
            self.ledger.note_published(made.name)
            self._prune(made.name)
            (self.data / manifest.REFUSED).unlink(missing_ok=True)
            return Snapshot(target)

    def _read_previous(self) -> tuple[Snapshot | None, SnapshotError | None]:
        try:
            return open_current(self.data), None
        except NothingPublished:
            return None, None
        except SnapshotError as error:
            return None, error  # building again is the way out of it

    def _heal(self) -> None:
        """Makes up for a ledger that was lost, and for a build that was killed when its pointer had just moved."""
        if self.previous is None:
            return
        if self.ledger.fresh:
            self.ledger.recover(self.previous.folder / manifest.CATALOGUE, self.now)
        self.ledger.note_published(self.previous.name)

    def _clean(self) -> None:
        """Removes what killed builds left: unfinished folders, and finished ones that nobody was ever served."""
        for leftover in self.data.glob(f".{manifest.POINTER}-*"):
            leftover.unlink()
        for leftover in (self.data / manifest.SNAPSHOTS).glob(f"{manifest.UNFINISHED}*"):
            shutil.rmtree(leftover)
        current = manifest.pointed(self.data) or ""
        for name in self.ledger.unpublished():
            if name > current:
                shutil.rmtree(self.data / manifest.SNAPSHOTS / name, ignore_errors=True)

    def _open(self, stack: ExitStack) -> None:
        self.folder = self.data / manifest.SNAPSHOTS / f"{manifest.UNFINISHED}{os.getpid()}"
        self._made = self.folder
        self.folder.mkdir()
        stack.callback(self._discard)
        self._reports = Reports(self.folder)
        stack.callback(self._reports.stop)
        self._catalogue = catalogue.Writer(self.folder)
        stack.callback(self._catalogue.close)
        self._census = Census(self.base + "id/")
        self._dumps = Dumps(self.folder)
        stack.callback(self._dumps.stop)
        self._store = Loader(self.folder / manifest.STORE)
        stack.callback(self._store.stop)

    def _discard(self) -> None:
        """Removes a snapshot that did not come to be published."""
        if self._made is not None and self._made.name != manifest.pointed(self.data):
            shutil.rmtree(self._made, ignore_errors=True)

    def _finish(self, counts: Mapping[str, int], sources: Sequence[Mapping[str, Any]]) -> Manifest:
        """Completes every file of the snapshot, its manifest last, and sees them onto the disk."""
        digest = self._dumps.finish()
        self._store.finish()
        self._reports.finish()
        slugs, withdrawals = self.ledger.slugs(), self.ledger.withdrawals()
        counted = self._catalogue.finish(self.ledger.path, self.now, slugs=slugs, withdrawals=withdrawals)
        self._catalogue.close()
        for scratch in self.folder.iterdir():
            if scratch.name not in _PARTS:
                shutil.rmtree(scratch) if scratch.is_dir() else scratch.unlink()
        paths = [path for path in manifest.files(self.folder) if path != catalogue.WORK]
        with ThreadPoolExecutor(2) as pool:  # hashing goes on outside Python's lock
            sums = pool.map(manifest.checksum, [self.folder / path for path in paths])
            files = dict(zip(paths, sums, strict=True))
        made = Manifest(
            name=f"{self._time():%Y%m%dT%H%M%SZ}-{digest[:12]}",
            base=self.base,
            created=self.now,
            floor=self._floor(),
            digest=digest,
            counts=counted | {"triples": self._dumps.triples} | dict(counts),
            census=self._census.to_json(),
            sources=tuple(sources),
            versions=manifest.versions(),
            previous=manifest.pointed(self.data),
            files=files,
        )
        made.write(self.folder)
        manifest.sync(self.folder)
        return made

    def _time(self) -> datetime:
        """The time in the name: now, but later than every snapshot before, as names say which is the newer."""
        before = max([*manifest.names(self.data), self._last or ""])
        if not before:
            return self.now
        newest = datetime.strptime(before.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return max(self.now, newest + timedelta(seconds=1))

    def _floor(self) -> datetime:
        """The date below which no `Last-Modified` may be.

        The ledger dates a description by the build that last wrote it. When that build is not the one served (it was
        rolled back, or killed before the pointer moved), the date says nothing about what clients have seen since.
        """
        if self.previous is not None and self.previous.name == self._last:
            return self.previous.manifest.floor
        return self.now

    def _prune(self, current: str) -> None:
        """Removes all but `keep` snapshots: the current one and those it followed stay first, then the newest."""
        kept, name = [], current
        snapshots = self.data / manifest.SNAPSHOTS
        there = set(manifest.names(self.data))
        while name in there and name not in kept:
            kept.append(name)
            name = _followed(snapshots / name)
        others = sorted(there.difference(kept), reverse=True)
        for surplus in [*kept, *others][self.keep :]:
            # Out of sight first: a reader finds a whole snapshot or none. One that has it open can go on reading.
            hidden = snapshots / f"{manifest.UNFINISHED}{surplus}"
            (snapshots / surplus).rename(hidden)
            shutil.rmtree(hidden, ignore_errors=True)


def _followed(folder: Path) -> str:
    """The name of the snapshot that the one in `folder` replaced, or nothing."""
    try:
        return manifest.read_manifest(folder).previous or ""
    except SnapshotError:
        return ""


@contextmanager
def lock(data: Path) -> Iterator[None]:
    """Holds the data folder for one build or rollback; raises `BuildBusy` at once when it is held.

    The system releases the lock when its process ends, however it ends.
    """
    with (data / manifest.LOCK).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise BuildBusy(
                f"Another build holds {data} ({file.read().strip() or 'it has just begun'}). "
                "Wait until it ends, or stop it; what is published stays published."
            ) from error
        file.truncate(0)
        file.write(f"process {os.getpid()}, since {manifest.stamp(datetime.now(UTC))}\n")
        file.flush()
        yield
        file.truncate(0)


@contextmanager
def _disk(data: Path) -> Iterator[None]:
    """Turns what the disk refuses into a `BuildError` that says what to do."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        if isinstance(error, sqlite3.Error) and not _is_the_disk(error):
            raise
        told = next((told for word, told in _REFUSALS.items() if word in str(error).lower()), _REFUSAL)
        raise BuildError(
            f"{told.format(data=data)} ({error}). Nothing was published; what was published before still is."
        ) from error


def _is_the_disk(error: BaseException) -> bool:
    return any(word in str(error).lower() for word in _REFUSALS)


_FULL = "The disk that holds {data} is full: make room and build again"
_READ_ONLY = "{data} cannot be written to: give this user the right to write there, or choose another --data"
_REFUSAL = "Writing to {data} failed: look at the disk and build again"
_REFUSALS = {
    "no space left": _FULL,
    "disk is full": _FULL,
    "quota exceeded": _FULL,
    "file too large": _FULL,
    "read-only": _READ_ONLY,
    "readonly": _READ_ONLY,
    "permission denied": _READ_ONLY,
    "unable to open": _READ_ONLY,
    "input/output error": _REFUSAL,
    "disk i/o error": _REFUSAL,
    "malformed": "A database in {data} is damaged: ask `thesis-ld status --verify`",
    "database is locked": "Another program writes to the ledger in {data}: end it and build again",
}


def _united(one: bytes, other: bytes) -> bytes:
    """Two graphs as one, all in canonical N-Triples."""
    return b"".join(sorted({*one.splitlines(keepends=True), *other.splitlines(keepends=True)}))


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
