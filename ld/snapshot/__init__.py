"""Snapshots: the whole states that a data folder has published, and the one it publishes now.

Written by `Builder`, read through `Publication`; this is the door to both. `ld.snapshot.manifest` says what lies where.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ld.errors import NothingPublished, SnapshotError
from ld.snapshot import manifest
from ld.snapshot.ledger import Ledger
from ld.snapshot.manifest import Manifest, read_manifest
from ld.snapshot.published import (
    Description,
    Listed,
    Listing,
    Moved,
    Publication,
    Snapshot,
    newer,
    open_current,
)
from ld.snapshot.publishing import VOCABULARY, Builder, lock

__all__ = [
    "VOCABULARY",
    "Builder",
    "Description",
    "Listed",
    "Listing",
    "Manifest",
    "Moved",
    "Publication",
    "Snapshot",
    "Status",
    "earlier",
    "rollback",
    "status",
    "verify",
]


@dataclass(frozen=True, slots=True)
class Status:
    """What a data folder publishes."""

    data: Path
    manifest: Manifest
    since: datetime
    """When the pointer was moved to it."""
    rolled_back: bool
    """Whether newer snapshots stand by, from which someone went back."""
    others: tuple[str, ...]
    """The other snapshots in the folder, newest first."""

    def to_json(self) -> dict[str, Any]:
        """The status as plain JSON data."""
        m = self.manifest
        return {
            "data": str(self.data),
            "snapshot": m.name,
            "published": manifest.stamp(self.since),
            "rolledBack": self.rolled_back,
            "base": m.base,
            "created": manifest.stamp(m.created),
            "digest": m.digest,
            "counts": dict(m.counts),
            "sources": [dict(source) for source in m.sources],
            "versions": dict(m.versions),
            "files": {path: {"bytes": file.bytes, "sha256": file.sha256} for path, file in sorted(m.files.items())},
            "others": list(self.others),
        }

    def text(self) -> str:
        """The status as people read it."""
        m = self.manifest
        size = sum(file.bytes for file in m.files.values())
        lines = [
            f"{m.name} is published from {self.data}" + (", after a rollback" if self.rolled_back else ""),
            f"  since     {self.since:%Y-%m-%d %H:%M:%S} UTC",
            f"  built     {m.created:%Y-%m-%d %H:%M:%S} UTC",
            f"  base      {m.base}",
            f"  graph     sha256 {m.digest}",
            f"  files     {len(m.files)}, {size:,} bytes",
            "  counts    " + ", ".join(f"{name} {count:,}" for name, count in m.counts.items()),
            "  versions  " + ", ".join(f"{name} {number}" for name, number in m.versions.items()),
            *(f"  source    {' '.join(str(value) for value in source.values())}" for source in m.sources),
            *(f"  kept too  {other}" for other in self.others),
        ]
        return "\n".join(lines)


def status(data: Path) -> Status:
    """What `data` publishes, since when and from what; raises `NothingPublished` or `SnapshotError`."""
    current = open_current(data)
    current.close()
    others = [name for name in reversed(manifest.names(data)) if name != current.name]
    since = datetime.fromtimestamp((data / manifest.POINTER).lstat().st_mtime, UTC)
    return Status(data, current.manifest, since, bool(newer(data, current.name)), tuple(others))


def verify(data: Path) -> list[str]:
    """What is wrong with the published snapshot and the ledger, each in one sentence; nothing when all is well.

    Reads every byte and compares it with the manifest. Raises `NothingPublished` when there is nothing to verify.
    """
    name = manifest.pointed(data)
    if name is None:
        raise NothingPublished(f"{data} publishes nothing yet, so there is nothing to verify.")
    folder = data / manifest.SNAPSHOTS / name
    try:
        expected = read_manifest(folder).files
    except SnapshotError as error:
        return [str(error)]
    found = set(manifest.files(folder))
    problems = [f"{folder / path} is missing." for path in sorted(expected.keys() - found)]
    problems += [f"{folder / path} does not belong to the snapshot." for path in sorted(found - expected.keys())]
    for path in sorted(found & expected.keys()):
        try:
            if manifest.checksum(folder / path) != expected[path]:
                problems.append(f"{folder / path} is not as it was published: its checksum differs.")
        except OSError as error:
            problems.append(f"{folder / path} cannot be read: {error.strerror}.")
    return problems + _verify_ledger(data)


def rollback(data: Path) -> Snapshot:
    """Publishes again what the current snapshot replaced; that one is kept until a build removes it.

    Goes to the snapshot that the current one followed; when that is not kept, to the next older one. Raises
    `SnapshotError` when that one holds a thesis that has been withdrawn since: a rollback lifts no withdrawal.
    """
    name = manifest.pointed(data)
    if name is None:
        raise NothingPublished(f"{data} publishes nothing yet, so there is nothing to go back from.")
    with lock(data):
        older = [other for other in reversed(manifest.names(data)) if other < name]
        try:
            followed = read_manifest(data / manifest.SNAPSHOTS / name).previous
        except SnapshotError:
            followed = None  # damaged: all the more reason to go back
        candidates = sorted(older, key=lambda other: other != followed)  # the sort is stable: then newest first
        for candidate in candidates:
            try:
                back = Snapshot(data / manifest.SNAPSHOTS / candidate)
            except SnapshotError:
                continue
            with closing(back):
                _check_withdrawals(data, back)
            manifest.point(data, candidate)
            return open_current(data)
    raise SnapshotError(
        f"{data} keeps no snapshot older than {name} that could be published. Build again from the sources; "
        "`--keep` of `thesis-ld build` says how many snapshots stay."
    )


def _check_withdrawals(data: Path, back: Snapshot) -> None:
    """Refuses a snapshot that would publish again what has been withdrawn since."""
    if keys := _withdrawn(data, back):
        raise SnapshotError(
            f"Going back to {back.name} would publish again what has been withdrawn since: {', '.join(keys)}. Build "
            "again from the sources, which leaves it out; or, if it is meant to come back, lift the withdrawal first: "
            f"`thesis-ld withdraw --undo {' '.join(keys)} --data {data}`."
        )


def _verify_ledger(data: Path) -> list[str]:
    path = data / manifest.LEDGER
    if not path.is_file():
        return [f"{path} is missing. The next build makes a new one from the current snapshot."]
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        found = [row[0] for row in db.execute("PRAGMA quick_check(5)")]
    except sqlite3.DatabaseError as error:
        found = [str(error)]
    finally:
        db.close()
    return [] if found == ["ok"] else [f"{path} is damaged: {problem}" for problem in found]


def _withdrawn(data: Path, snapshot: Snapshot) -> list[str]:
    """The keys of the theses that a snapshot holds and that have been withdrawn since."""
    path = data / manifest.LEDGER
    if not path.is_file():  # the next build makes a new one: not here, from nothing
        return []
    with closing(Ledger(path)) as ledger:
        return [key for key, address, _, _ in ledger.withdrawals() if snapshot.describe(address)]


def earlier(data: Path, name: str) -> list[str]:
    """The names of the snapshots that led to the one called `name` and are still kept, newest first.

    Not those from which somebody went back, and none that holds a thesis that has been withdrawn since. One that is
    damaged is among them, for whoever opens it to tell.
    """
    there, found = manifest.names(data), list[str]()
    previous = read_manifest(data / manifest.SNAPSHOTS / name).previous
    while previous in there:
        there = [other for other in there if other < str(previous)]
        try:
            with closing(Snapshot(data / manifest.SNAPSHOTS / previous)) as snapshot:
                if not _withdrawn(data, snapshot):
                    found.append(previous)
                previous = snapshot.manifest.previous
        except SnapshotError:  # it cannot say what it followed
            found.append(str(previous))
            previous = there[-1] if there else None
    return found
