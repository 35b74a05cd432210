"""The catalogue of a snapshot: what a build writes so that any address is answered from one look-up.

Paths in it are those of things (`id/thesis/K`); a description has the same key under `doc/`. Bodies and records are
compressed against a dictionary made from the first descriptions, which most of their words come from.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from zstandard import DICT_TYPE_RAWCONTENT, ZstdCompressionDict, ZstdCompressor

from ld.errors import BuildError
from ld.record import Remark
from ld.snapshot import manifest, settling

WORK = "work.sqlite"
"""Beside the catalogue while it is written: what is only known in full at the end."""

_SCHEMA = """
CREATE TABLE docs (path TEXT PRIMARY KEY, id INTEGER NOT NULL, kind TEXT NOT NULL, label TEXT NOT NULL,
    digest TEXT NOT NULL, first INTEGER NOT NULL, modified INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE bodies (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE records (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE theses (id INTEGER PRIMARY KEY, path TEXT NOT NULL, title TEXT NOT NULL, year TEXT);
CREATE TABLE listings (agent INTEGER, position INTEGER, role TEXT NOT NULL, thesis INTEGER NOT NULL,
    PRIMARY KEY (agent, position, role)) WITHOUT ROWID;
CREATE TABLE moved (path TEXT PRIMARY KEY, status INTEGER NOT NULL, targets TEXT NOT NULL, reason TEXT NOT NULL,
    first INTEGER NOT NULL, since INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE findings (id INTEGER, number INTEGER, severity TEXT NOT NULL, field TEXT NOT NULL, message TEXT NOT NULL,
    PRIMARY KEY (id, number)) WITHOUT ROWID;
CREATE TABLE remarks (id INTEGER, number INTEGER, kind TEXT NOT NULL, field TEXT NOT NULL, message TEXT NOT NULL,
    before TEXT NOT NULL, after TEXT, source TEXT NOT NULL, line INTEGER NOT NULL, layout TEXT NOT NULL,
    PRIMARY KEY (id, number)) WITHOUT ROWID;
CREATE TABLE slugs (slug TEXT PRIMARY KEY, owner TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE withdrawals (key TEXT PRIMARY KEY, path TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE dictionary (data BLOB NOT NULL);
"""

_WORK_SCHEMA = """
CREATE TABLE work.fresh (id INTEGER PRIMARY KEY, path TEXT NOT NULL, kind TEXT NOT NULL, label TEXT NOT NULL,
    digest TEXT NOT NULL);
CREATE TABLE work.listed (agent TEXT NOT NULL, thesis INTEGER NOT NULL, role TEXT NOT NULL);
CREATE TABLE work.moves (path TEXT PRIMARY KEY, status INTEGER NOT NULL, targets TEXT NOT NULL, reason TEXT NOT NULL)
    WITHOUT ROWID;
CREATE TABLE work.pages (id INTEGER PRIMARY KEY, digest TEXT NOT NULL);
CREATE TABLE work.rejected (path TEXT PRIMARY KEY) WITHOUT ROWID;
"""

# Two theses that claim one former address are both offered there.
_MOVE = """
INSERT INTO work.moves VALUES (?, ?, ?, ?)
ON CONFLICT (path) DO UPDATE SET status = 300, targets = (
    SELECT json_group_array(value) FROM (
        SELECT value FROM json_each(moves.targets) UNION SELECT value FROM json_each(excluded.targets)))
WHERE moves.targets <> excluded.targets
"""

_BATCH = 1000
_BATCH_BYTES = 16_000_000
_DICTIONARY_BYTES = 64_000
_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """One description as the catalogue keeps it; `record` is the thesis it was made from, as JSON."""

    path: str
    kind: str
    label: str
    body: bytes
    record: bytes | None = None
    findings: tuple[tuple[str, str, str], ...] = ()
    """(severity, field name, message)"""
    remarks: tuple[Remark, ...] = ()


class Writer:
    """Writes the catalogue of a snapshot into its fresh folder; memory does not grow with the corpus."""

    def __init__(self, folder: Path) -> None:
        self.path, self.work = folder / manifest.CATALOGUE, folder / WORK
        self._db = sqlite3.connect(self.path, uri=True, isolation_level=None)
        self._db.execute("ATTACH ? AS work", (str(self.work),))
        for schema in ("main", "work"):
            # A catalogue that is not finished goes away with its folder: nothing to roll back, nothing to sync yet.
            self._db.execute(f"PRAGMA {schema}.journal_mode = OFF")
            self._db.execute(f"PRAGMA {schema}.synchronous = OFF")
            self._db.execute(f"PRAGMA {schema}.cache_size = -8000")
        self._db.executescript(_SCHEMA + _WORK_SCHEMA)
        self._db.execute("BEGIN")
        self._compressor: ZstdCompressor | None = None
        self._entries: list[Entry] = []
        self._bytes = 0
        self._count = 0
        self._listed: list[tuple[str, int, str]] = []
        self._thesis: tuple[str, str, str | None] | None = None
        self._thesis_id = 0
        self._moves: list[tuple[str, int, str, str]] = []

    def add(self, entry: Entry) -> None:
        """Takes a description in."""
        self._entries.append(entry)
        self._bytes += len(entry.body) + len(entry.record or b"")
        if len(self._entries) >= _BATCH or self._bytes >= _BATCH_BYTES:
            self._flush()

    def list(self, agent: str, thesis: str, title: str, year: str | None, role: str) -> None:
        """Lists a thesis under a person or body; calls for one thesis should follow each other."""
        if self._thesis != (thesis, title, year):
            self._thesis, self._thesis_id = (thesis, title, year), self._thesis_id + 1
            self._db.execute("INSERT INTO theses VALUES (?, ?, ?, ?)", (self._thesis_id, thesis, title, year))
        self._listed.append((agent, self._thesis_id, role))
        if len(self._listed) >= _BATCH:
            self._flush_lists()

    def move(self, path: str, status: int, targets: Sequence[str], reason: str) -> None:
        """States that an address now answers with others."""
        self._moves.append((path, status, json.dumps(list(dict.fromkeys(targets))), reason))
        if len(self._moves) >= _BATCH:
            self._flush_lists()

    def reject(self, path: str) -> None:
        """States that a record of this address was read and may not be published."""
        self._db.execute("INSERT OR IGNORE INTO work.rejected VALUES (?)", (path,))

    def has(self, path: str) -> bool:
        """Whether a thing has a description so far."""
        self._flush()
        self._db.execute("CREATE INDEX IF NOT EXISTS work.paths ON fresh (path)")
        return self._db.execute("SELECT 1 FROM work.fresh WHERE path = ?", (path,)).fetchone() is not None

    def lists(self, agent: str) -> bool:
        """Whether any thesis is listed under a person or body so far."""
        self._flush_lists()
        self._db.execute("CREATE INDEX IF NOT EXISTS work.agents ON listed (agent)")
        return self._db.execute("SELECT 1 FROM work.listed WHERE agent = ?", (agent,)).fetchone() is not None

    def finish(
        self,
        ledger: Path,
        now: datetime,
        *,
        slugs: Mapping[str, str],
        withdrawals: Iterable[tuple[str, str, str, int]],
    ) -> dict[str, int]:
        """Puts everything in its place, dates it by the ledger, settles what became of every address ever served.

        Counts the descriptions, and what moved by its status. `close` comes next.
        """
        self._flush()
        self._flush_lists()
        db, seconds = self._db, int(now.timestamp())
        db.executemany("INSERT INTO slugs VALUES (?, ?)", sorted(slugs.items()))
        db.executemany("INSERT INTO withdrawals VALUES (?, ?, ?, ?)", withdrawals)
        self._place_listings()
        db.execute("COMMIT")  # SQLite attaches nothing inside a transaction
        db.execute("ATTACH ? AS ledger", (f"{ledger.resolve().as_uri()}?mode=ro",))
        db.execute("BEGIN")
        try:
            settling.date(db, seconds)
        except sqlite3.IntegrityError as error:
            twice = db.execute("SELECT path FROM work.fresh GROUP BY path HAVING count(*) > 1").fetchone()
            raise BuildError(f"{twice[0] if twice else '?'} was described twice in one build.") from error
        settling.settle(db, seconds)
        db.execute("COMMIT")
        db.execute("DETACH ledger")
        (descriptions,) = db.execute("SELECT count(*) FROM docs").fetchone()
        names = {301: "moved", 300: "several", 410: "gone"}
        moved = dict(db.execute("SELECT status, count(*) FROM moved GROUP BY status").fetchall())
        return {"descriptions": descriptions} | {name: moved.get(status, 0) for status, name in names.items()}

    def close(self) -> None:
        """Closes the files, finished or not."""
        self._db.close()

    def _flush(self) -> None:
        first, entries = self._count + 1, self._entries
        if not entries:
            return
        compress = self._compress
        rows = list(enumerate(entries, start=first))
        db = self._db
        db.executemany(
            "INSERT INTO work.fresh VALUES (?, ?, ?, ?, ?)",
            [(n, e.path, e.kind, e.label, hashlib.sha256(e.body).hexdigest()[:32]) for n, e in rows],
        )
        db.executemany("INSERT INTO bodies VALUES (?, ?)", [(n, compress(e.body)) for n, e in rows])
        records = [(n, compress(e.record)) for n, e in rows if e.record is not None]
        db.executemany("INSERT INTO records VALUES (?, ?)", records)
        findings = [(n, i, *finding) for n, e in rows for i, finding in enumerate(e.findings)]
        db.executemany("INSERT INTO findings VALUES (?, ?, ?, ?, ?)", findings)
        remarks = [(n, i, *_remark_row(remark)) for n, e in rows for i, remark in enumerate(e.remarks)]
        db.executemany("INSERT INTO remarks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", remarks)
        self._count += len(entries)
        self._entries, self._bytes = [], 0

    def _compress(self, data: bytes) -> bytes:
        if self._compressor is None:
            self._compressor = self._make_compressor()
        return self._compressor.compress(data)

    def _make_compressor(self) -> ZstdCompressor:
        """A compressor whose dictionary is a sample of the first descriptions and records."""
        texts = [text for entry in self._entries for text in (entry.body, entry.record or b"")]
        sample = b"".join(text[:4000] for text in texts[:: max(1, len(texts) // 40)])[:_DICTIONARY_BYTES]
        self._db.execute("INSERT INTO dictionary VALUES (?)", (sample,))
        dictionary = ZstdCompressionDict(sample, dict_type=DICT_TYPE_RAWCONTENT)
        dictionary.precompute_compress(level=_LEVEL)
        return ZstdCompressor(dict_data=dictionary)

    def _flush_lists(self) -> None:
        self._db.executemany("INSERT INTO work.listed VALUES (?, ?, ?)", self._listed)
        self._db.executemany(_MOVE, self._moves)
        self._listed, self._moves = [], []

    def _place_listings(self) -> None:
        """Numbers each agent's theses, newest first, and lets an agent's digest see them: they are on its page."""
        db = self._db
        db.execute("CREATE INDEX IF NOT EXISTS work.paths ON fresh (path)")
        db.execute(
            """INSERT INTO listings
               SELECT agent, dense_rank() OVER (PARTITION BY agent
                          ORDER BY year DESC NULLS LAST, title COLLATE NOCASE, title, path), role, thesis
               FROM (SELECT DISTINCT f.id AS agent, l.role, l.thesis, t.year, t.title, t.path
                     FROM work.listed l JOIN work.fresh f ON f.path = l.agent
                                        JOIN theses t ON t.id = l.thesis)
               ORDER BY 1, 2, 3"""
        )
        lost = db.execute(
            """SELECT agent FROM work.listed l
               WHERE NOT EXISTS (SELECT 1 FROM work.fresh f WHERE f.path = l.agent) LIMIT 1"""
        ).fetchone()
        if lost:
            raise BuildError(f"{lost[0]} has theses listed under it and was not described in this build.")
        rows = db.cursor().execute(
            """SELECT f.id, f.digest, l.role, t.path, t.title, t.year
               FROM listings l JOIN work.fresh f ON f.id = l.agent JOIN theses t ON t.id = l.thesis
               ORDER BY l.agent, l.position, l.role"""
        )
        for (agent, body), lines in groupby(rows, key=lambda row: (row[0], row[1])):
            digest = hashlib.sha256(body.encode())
            for line in lines:
                digest.update(repr(line[2:]).encode())
            db.execute("INSERT INTO work.pages VALUES (?, ?)", (agent, digest.hexdigest()[:32]))


def _remark_row(remark: Remark) -> tuple[Any, ...]:
    origin = remark.origin
    told = (remark.kind, remark.field, remark.message, remark.before, remark.after)
    return (*told, origin.source, origin.line, origin.layout)
