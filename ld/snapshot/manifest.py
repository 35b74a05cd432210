"""The data folder: where things lie in it, the manifest of a snapshot, checksums, and writing that survives a crash.

data/build.lock            held by the one builder
data/ledger.sqlite         every address ever served (`ld.snapshot.ledger`)
data/rejected.jsonl        what the last build rejected, if it was refused
data/current               a link to the published snapshot
data/snapshots/<time>-<digest>/
    manifest.json          what it is, with the size and SHA-256 of every file below
    catalogue.sqlite       descriptions, listings, moved addresses, records (`ld.snapshot.catalogue`)
    store/                 the graph, for SPARQL (`ld.snapshot.store`)
    dumps/                 the graph, for download (`ld.snapshot.dumps`)
    reports/               rejected.jsonl and the validation report
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import time
from typing import Any

from ld.errors import SettingsError, SnapshotError
from ld.settings import Settings

FORMAT = 1
"""The layout of a snapshot that this version writes and reads."""

POINTER = "current"
SNAPSHOTS = "snapshots"
LOCK = "build.lock"
LEDGER = "ledger.sqlite"
CONTEXTS = "contexts"
REFUSED = "rejected.jsonl"
"""The rejected records of a build that was refused."""
UNFINISHED = ".tmp-"
"""How the folder of a build that has not been published begins."""

MANIFEST = "manifest.json"
CATALOGUE = "catalogue.sqlite"
STORE = "store"
DUMPS = "dumps"
REJECTED = "reports/rejected.jsonl"
REPORT = "reports/report.ttl.gz"

WAY_OUT = "Go back with `thesis-ld rollback`, or build again from the sources."

_PACKAGES = ("thesis-ld", "pyoxigraph", "rdflib", "pyshacl")


@dataclass(frozen=True, slots=True)
class File:
    """One file of a snapshot: its size in bytes and its SHA-256 in hex."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot says of itself."""

    name: str
    """`<time>-<digest>`: when its build began, and the first 12 hex digits of `digest`."""
    base: str
    """The base IRI that its addresses are built on."""
    created: datetime
    floor: datetime
    """No `Last-Modified` of this snapshot may be earlier than this (see `ld.snapshot.publishing`)."""
    digest: str
    """SHA-256 of the graph as the N-Triples dump holds it, before compression."""
    counts: Mapping[str, int] = field(default_factory=dict)
    census: Mapping[str, Any] = field(default_factory=dict)
    """What is in the graph (`ld.snapshot.census`); empty in snapshots of earlier versions."""
    sources: tuple[Mapping[str, Any], ...] = ()
    """What it was built from, as the build was told: name, bytes, sha256."""
    versions: Mapping[str, str] = field(default_factory=dict)
    previous: str | None = None
    """The name of the snapshot that this one replaced."""
    files: Mapping[str, File] = field(default_factory=dict)
    """Every file of the snapshot but the manifest, by its path in the folder."""

    @property
    def stamp(self) -> str:
        """The time in its name, by which its dumps are named: `20260914T083000Z`."""
        return self.name.partition("-")[0]

    def write(self, folder: Path) -> None:
        """Writes the manifest into its snapshot's folder."""
        data: dict[str, Any] = {"format": FORMAT}
        data |= {f.name: getattr(self, f.name) for f in fields(self)}
        data |= {"created": stamp(self.created), "floor": stamp(self.floor)}
        data["files"] = {path: {"bytes": f.bytes, "sha256": f.sha256} for path, f in sorted(self.files.items())}
        (folder / MANIFEST).write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a snapshot's folder; raises `SnapshotError` when it is missing, damaged or of another version."""
    try:
        data = json.loads((folder / MANIFEST).read_bytes())
        known = data.pop("format")
        if known != FORMAT:
            raise SnapshotError(
                f"{folder} has format {known}, and this thesis-ld reads format {FORMAT}. "
                f"Use the version that built it. {WAY_OUT}"
            )
        Settings(base=data["base"])  # an address that pages and links are built on
        data |= {"created": moment(data["created"]), "floor": moment(data["floor"]), "sources": tuple(data["sources"])}
        data["files"] = {path: File(**entry) for path, entry in data["files"].items()}
        return Manifest(**data)
    except FileNotFoundError as error:
        raise SnapshotError(f"{folder} has no {MANIFEST}: it is no whole snapshot. {WAY_OUT}") from error
    except (OSError, SettingsError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise SnapshotError(f"{folder / MANIFEST} cannot be read ({error}). {WAY_OUT}") from error


def versions() -> dict[str, str]:
    """The versions of what writes a snapshot."""
    found = {"sqlite": sqlite3.sqlite_version}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "unknown"  # a checkout that was never installed
    return found


def files(folder: Path) -> Iterator[str]:
    """The paths of the files below `folder` but its manifest, sorted."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path != folder / MANIFEST:
            yield path.relative_to(folder).as_posix()


def checksum(path: Path) -> File:
    """Size and SHA-256 of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return File(file.tell(), digest.hexdigest())


def sync(folder: Path) -> None:
    """Sees to it that a folder with all it holds is on the disk, not only on its way there."""
    for path in folder.rglob("*"):
        sync_one(path)
    sync_one(folder)


def sync_one(path: Path) -> None:
    """Sees to it that one file, or the names in one folder, are on the disk."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def point(data: Path, name: str) -> None:
    """Makes `data/current` point at the snapshot `name`: a link made beside it and renamed over it, in one step."""
    beside = data / f".{POINTER}-{os.getpid()}"
    beside.unlink(missing_ok=True)
    beside.symlink_to(Path(SNAPSHOTS, name))
    now = time()  # a file system's own clock lags by some milliseconds, which can make it the second before
    os.utime(beside, (now, now), follow_symlinks=False)
    beside.replace(data / POINTER)
    sync_one(data)


def keep_context(data: Path, digest: str, context: bytes) -> None:
    """Keeps a JSON-LD context for the answers that name it, which outlast the version of thesis-ld that gave them."""
    kept = data / CONTEXTS / f"{digest}.jsonld"
    if kept.is_file():
        return
    kept.parent.mkdir(exist_ok=True)
    beside = kept.with_name(f".{kept.name}-{os.getpid()}")
    beside.write_bytes(context)
    sync_one(beside)
    beside.replace(kept)
    sync_one(kept.parent)


def kept_context(data: Path, digest: str) -> Path | None:
    """The file of an earlier context, by its hash; None when no answer of this data folder ever named it."""
    kept = data / CONTEXTS / f"{digest}.jsonld"
    return kept if re.fullmatch("[0-9a-f]{16}", digest) and kept.is_file() else None


def pointed(data: Path) -> str | None:
    """The name of the snapshot that `data/current` points at, whether or not it is there."""
    try:
        return (data / POINTER).readlink().name
    except OSError:
        return None


def names(data: Path) -> list[str]:
    """The names of the finished snapshots in the data folder, oldest first."""
    try:
        entries = list((data / SNAPSHOTS).iterdir())
    except FileNotFoundError:
        return []
    return sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))


def stamp(when: datetime) -> str:
    """A time as the manifest writes it, `2026-09-14T08:30:00Z`."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> datetime:
    """The time that `stamp` wrote."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
