"""The ledger: every address this data folder ever served, in no snapshot, so that no rollback forgets one.

A build reads it for dates, slugs and withdrawals, and brings it up to date in one transaction before its snapshot is
published. A build that is killed between the two leaves addresses in the ledger that were never served; that does no
harm, whereas an address that was served and is not in the ledger would one day answer 404.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from time import time
from urllib.parse import unquote

from ld import iris
from ld.errors import SnapshotError

VERSION = 1

_SCHEMA = """
CREATE TABLE addresses (path TEXT PRIMARY KEY, kind TEXT NOT NULL, first INTEGER NOT NULL, modified INTEGER,
    digest TEXT, state TEXT NOT NULL CHECK (state IN ('live', 'moved', 'several', 'gone')), since INTEGER NOT NULL,
    status INTEGER, targets TEXT NOT NULL, note TEXT NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE slugs (slug TEXT PRIMARY KEY, owner TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE withdrawals (key TEXT PRIMARY KEY, path TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE builds (snapshot TEXT PRIMARY KEY, published INTEGER NOT NULL) WITHOUT ROWID;
"""
# first, modified, since: seconds since 1970. status, targets, note: the last word on where a moved address leads, as it
# was stated; it is kept when the address is gone because its targets are, and leads there again when they come back.

_LIVE = """
INSERT INTO addresses
SELECT path, kind, first, modified, digest, 'live', :now, NULL, '[]', '', '' FROM fresh.docs WHERE true
ON CONFLICT (path) DO UPDATE SET
    kind = excluded.kind, modified = excluded.modified, digest = excluded.digest, state = 'live',
    since = iif(state = 'live', since, excluded.since), status = NULL, targets = '[]', note = '', reason = ''
WHERE state <> 'live' OR digest IS NOT excluded.digest OR modified IS NOT excluded.modified
"""

_MOVED = """
INSERT INTO addresses
SELECT m.path, substr(m.path, 4, instr(substr(m.path, 4), '/') - 1), m.first, NULL, NULL,
       CASE m.status WHEN 301 THEN 'moved' WHEN 300 THEN 'several' ELSE 'gone' END, m.since,
       c.status, coalesce(c.targets, '[]'), coalesce(c.reason, ''), iif(m.status = 410, m.reason, '')
FROM fresh.moved m LEFT JOIN {candidates} c ON c.path = m.path WHERE true
ON CONFLICT (path) DO UPDATE SET
    state = excluded.state, since = excluded.since, status = excluded.status, targets = excluded.targets,
    note = excluded.note, reason = excluded.reason
WHERE state <> excluded.state OR since <> excluded.since OR status IS NOT excluded.status
   OR targets <> excluded.targets OR note <> excluded.note OR reason <> excluded.reason
"""


class Ledger:
    """The ledger of one data folder, open for the one builder. What `keep_slugs`, `withdraw` and `restore` say is
    written by `update`, together with the addresses, or by `commit`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._slugs: dict[str, str] = {}
        self._withdrawn: dict[str, tuple[str, int] | None] = {}
        try:
            self._db = sqlite3.connect(path, uri=True, isolation_level=None)
            self._db.execute("PRAGMA synchronous = FULL")
            self.fresh = self._prepare()
        except sqlite3.DatabaseError as error:
            raise SnapshotError(
                f"The ledger {path} cannot be used ({error}). Put it back from a backup, or move it away: the next "
                "build makes a new one from the current snapshot, which knows all addresses but no later withdrawals."
            ) from error

    def _prepare(self) -> bool:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version not in (0, VERSION):
            raise SnapshotError(
                f"The ledger {self.path} has version {version}, and this thesis-ld knows version {VERSION}. "
                "Use the version that wrote it, or a newer one."
            )
        if version == 0:
            self._db.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
        return bool(version == 0)

    def slugs(self) -> dict[str, str]:
        """Which body (by `names.body_key`) owns which slug, for ever."""
        return dict(self._db.execute("SELECT slug, owner FROM slugs").fetchall()) | self._slugs

    def keep_slugs(self, slugs: Mapping[str, str]) -> None:
        """Remembers who owns which slug; the first owner stays."""
        kept = self.slugs()
        self._slugs |= {slug: owner for slug, owner in slugs.items() if slug not in kept}

    def withdrawn(self) -> dict[str, str]:
        """The keys of the theses that were withdrawn, and why."""
        return {key: reason for key, _, reason, _ in self.withdrawals()}

    def withdrawals(self) -> list[tuple[str, str, str, int]]:
        """(key, path, reason, when) of every withdrawal, by key."""
        rows = self._db.execute("SELECT key, reason, at FROM withdrawals").fetchall()
        merged = {key: (reason, at) for key, reason, at in rows} | self._withdrawn
        return [(key, iris.id_path("thesis", key), *entry) for key, entry in sorted(merged.items()) if entry]

    def former(self, key: str) -> set[str]:
        """The keys under whose addresses this thesis, and no other, has been found as well."""
        rows = self._db.execute(
            "SELECT path FROM addresses WHERE json_array_length(targets) = 1 AND json_extract(targets, '$[0]') = ?",
            (iris.id_path("thesis", key),),
        )
        return {unquote(path.rpartition("/")[2]) for (path,) in rows}  # a person's number is no key of a thesis

    def withdraw(self, key: str, reason: str, at: int | None = None) -> None:
        """Takes a thesis out until `restore`, whatever the sources say."""
        self._withdrawn[key] = (reason, int(time()) if at is None else at)

    def restore(self, key: str) -> None:
        """Lifts a withdrawal: the next build publishes the thesis again if the sources hold it."""
        self._withdrawn[key] = None

    def state(self, path: str) -> str | None:
        """`live`, `moved`, `several` or `gone`; None for an address (`id/…` or `doc/…`) that was never served."""
        row = self._db.execute("SELECT state FROM addresses WHERE path = ?", (iris.id_of(path),)).fetchone()
        return row[0] if row else None

    def was_live(self, path: str) -> bool:
        """Whether an address ever had a description of its own, and not only led to another."""
        row = self._db.execute("SELECT digest FROM addresses WHERE path = ?", (iris.id_of(path),)).fetchone()
        return row is not None and row[0] is not None

    def addresses(self) -> Iterator[tuple[str, str]]:
        """Every address ever served, with its state, by path."""
        yield from self._db.execute("SELECT path, state FROM addresses ORDER BY path")

    def update(self, catalogue: Path, work: Path, snapshot: str, now: datetime) -> None:
        """Brings the ledger up to the finished catalogue of `snapshot` and its work tables, in one transaction."""
        self._attach(catalogue, "fresh")
        self._attach(work, "work")
        with self._transaction():
            self._db.execute(_LIVE, {"now": int(now.timestamp())})
            self._db.execute(_MOVED.format(candidates="work.candidates"))
            self._db.execute("INSERT OR REPLACE INTO builds VALUES (?, 0)", (snapshot,))
            self._write_pending()
        self._db.execute("DETACH work")
        self._db.execute("DETACH fresh")

    def recover(self, catalogue: Path, now: datetime) -> None:
        """Fills a new ledger from a published catalogue: the old ledger was lost."""
        self._attach(catalogue, "fresh")
        with self._transaction():
            self._db.execute(_LIVE, {"now": int(now.timestamp())})
            self._db.execute(_MOVED.format(candidates="(SELECT * FROM fresh.moved WHERE status <> 410)"))
            self._db.execute("INSERT INTO slugs SELECT slug, owner FROM fresh.slugs")
            self._db.execute("INSERT INTO withdrawals SELECT key, path, reason, at FROM fresh.withdrawals")
        self._db.execute("DETACH fresh")

    def commit(self) -> None:
        """Writes what `keep_slugs`, `withdraw` and `restore` said, without a new snapshot."""
        with self._transaction():
            self._write_pending()

    def last_build(self) -> str | None:
        """The snapshot that the ledger was last brought up to, published or not."""
        row = self._db.execute("SELECT max(snapshot) FROM builds").fetchone()
        return row[0] if row else None

    def unpublished(self) -> list[str]:
        """The snapshots whose build was killed before the pointer moved."""
        return [name for (name,) in self._db.execute("SELECT snapshot FROM builds WHERE NOT published")]

    def note_published(self, snapshot: str) -> None:
        """Remembers that a snapshot was the current one."""
        self._db.execute(
            "INSERT INTO builds VALUES (?, 1) ON CONFLICT (snapshot) DO UPDATE SET published = 1 WHERE NOT published",
            (snapshot,),
        )

    def close(self) -> None:
        """Closes the file; what was not written is forgotten."""
        self._db.close()

    def _attach(self, path: Path, name: str) -> None:
        self._db.execute(f"ATTACH ? AS {name}", (f"{path.resolve().as_uri()}?mode=ro",))

    def _transaction(self) -> _Transaction:
        return _Transaction(self._db)

    def _write_pending(self) -> None:
        self._db.executemany("INSERT OR IGNORE INTO slugs VALUES (?, ?)", self._slugs.items())
        kept = {key: path_reason_at for key, *path_reason_at in self.withdrawals()}
        for key, entry in self._withdrawn.items():
            self._db.execute("DELETE FROM withdrawals WHERE key = ?", (key,))
            if entry is not None:
                self._db.execute("INSERT INTO withdrawals VALUES (?, ?, ?, ?)", (key, *kept[key]))


class _Transaction:
    """All or nothing."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *rest: object) -> None:
        self._db.execute("COMMIT" if kind is None else "ROLLBACK")
