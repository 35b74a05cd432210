"""Staging: the corpus on disk while it is built, one throw-away SQLite file; memory does not grow with the corpus.

A part without an EThOS ID (its key begins `x-`) joins the one thesis with an EThOS ID that has the same x-key; where
several have it, nobody can say which it is, and the part is set aside with a reason.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import zstandard

from ld import merging
from ld.record import SourceRecord, Thesis, thesis_from_json, to_json
from ld.vocabulary import Vocabulary

_BATCH = 1000  # Parts written together; also the most that wait in memory.
_PRAGMAS = ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE", "cache_size = -8000")
_TABLES = """
    CREATE TABLE part (seq INTEGER PRIMARY KEY, key TEXT, carried INTEGER, thesis BLOB, raw BLOB);
    CREATE TABLE earlier (x TEXT, seq INTEGER);
    CREATE TABLE deletion (key TEXT, seq INTEGER);
    CREATE TABLE renamed (x TEXT, key TEXT, PRIMARY KEY (x, key)) WITHOUT ROWID;
    CREATE TABLE aside (key TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE united (key TEXT PRIMARY KEY, thesis BLOB);
"""
_DELETE = """
    CREATE INDEX part_key ON part (key, seq);
    DELETE FROM part WHERE seq IN (
        SELECT part.seq FROM deletion JOIN part USING (key) WHERE part.carried OR part.seq < deletion.seq);
    DELETE FROM part WHERE carried AND key IN (SELECT key FROM part WHERE NOT carried);
    DELETE FROM earlier WHERE seq NOT IN (SELECT seq FROM part);
"""
_JOIN = """
    CREATE TABLE alias AS SELECT DISTINCT x, key FROM earlier JOIN part USING (seq) WHERE key NOT GLOB 'x-*';
    CREATE INDEX alias_x ON alias (x, key);
    CREATE TEMP TABLE candidates AS
        SELECT x, min(key) AS key, count(*) AS number FROM alias WHERE x IN (SELECT key FROM part) GROUP BY x;
    INSERT INTO aside SELECT x FROM candidates WHERE number > 1;
    INSERT OR IGNORE INTO renamed SELECT x, key FROM candidates WHERE number = 1;
    UPDATE part SET key = candidates.key FROM candidates WHERE part.key = candidates.x AND candidates.number = 1;
"""
_READ = """
    SELECT part.key, coalesce(united.thesis, part.thesis) FROM part LEFT JOIN united USING (key)
    WHERE part.key {} (SELECT key FROM aside) ORDER BY part.key, seq
"""

_PARTS = "SELECT seq FROM part WHERE key = ?"


class Staging:
    """The parts of all theses in the order they came, then the theses in the order of their keys."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.parts = 0
        """Parts added or carried so far."""
        self.united = 0
        """Theses after `unite`, as `theses` gives them."""
        self.set_aside = 0
        """Theses after `unite` that `ambiguous` gives: read after merging = united + set_aside."""
        # A gate that works in several processes may read `theses` from another thread, one at a time.
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in _PRAGMAS:
            self._db.execute(f"PRAGMA {pragma}")
        self._db.executescript(_TABLES)
        self._waiting: list[tuple[int, str, bool, bytes, bytes | None]] = []
        self._earlier: list[tuple[str, int]] = []
        self._codec = _Codec()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file, which whoever gave the path removes."""
        self._db.close()

    def add(self, thesis: Thesis, raw: SourceRecord | None = None) -> None:
        """Take in one part, read from a source; the order of parts is the order of `add`."""
        self._insert(thesis, carried=False, raw=self._codec.pack(_raw_json(raw)) if raw else None)

    def carry(self, thesis: Thesis, renamed: Iterable[str] = ()) -> None:
        """Take over a thesis of the snapshot before; any added part of the same key replaces it whole.

        `renamed`: the x-keys that the snapshot before said this thesis had been renamed from.
        """
        self._insert(thesis, carried=True, raw=None)
        self._db.executemany("INSERT OR IGNORE INTO renamed VALUES (?, ?)", [(x, thesis.key) for x in renamed])

    def added(self, path: Path) -> Staging:
        """A staging area of its own at `path`, with what was added here and nothing that was carried."""
        self._flush()
        copy = Staging(path)
        parts = self._db.execute("SELECT * FROM part WHERE NOT carried")
        copy._db.execute("BEGIN")
        copy._db.executemany("INSERT INTO part VALUES (?, ?, ?, ?, ?)", parts)
        copy._db.executemany("INSERT INTO earlier VALUES (?, ?)", self._db.execute("SELECT * FROM earlier"))
        copy._db.executemany("INSERT INTO deletion VALUES (?, ?)", self._db.execute("SELECT * FROM deletion"))
        copy._db.execute("COMMIT")
        return copy

    def spare(self, key: str, tried: Staging) -> bool:
        """Gives up the parts that `tried` (made by `added`) united under a key, where one was carried that can stay."""
        if not self._db.execute("SELECT 1 FROM part WHERE key = ? AND carried", (key,)).fetchone():
            return False
        self._db.executemany("DELETE FROM part WHERE seq = ?", tried._db.execute(_PARTS, (key,)).fetchall())
        return True

    def delete(self, key: str) -> None:
        """Take out the parts of a key that were carried, or added before now."""
        self._db.execute("INSERT INTO deletion VALUES (?, ?)", (key, self.parts))

    def _insert(self, thesis: Thesis, *, carried: bool, raw: bytes | None) -> None:
        self._waiting.append((self.parts, thesis.key, carried, self._codec.pack(to_json(thesis)), raw))
        self._earlier += [(x, self.parts) for x in thesis.earlier]
        self.parts += 1
        if len(self._waiting) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO part VALUES (?, ?, ?, ?, ?)", self._waiting)
        self._db.executemany("INSERT INTO earlier VALUES (?, ?)", self._earlier)
        self._db.execute("COMMIT")
        self._waiting.clear()
        self._earlier.clear()

    def unite(self, vocabulary: Vocabulary | None = None) -> None:
        """Bring the parts together, one thesis a key; `vocabulary` knows spellings of one body and one degree."""
        self._flush()
        self._db.executescript(f"BEGIN; {_DELETE} {_JOIN} COMMIT;")
        same_body = vocabulary.same_body if vocabulary else None
        same_degree = vocabulary.same_degree if vocabulary else None
        several = self._db.execute(
            "SELECT key, thesis FROM part WHERE key IN (SELECT key FROM part GROUP BY key HAVING count(*) > 1) "
            "ORDER BY key, seq"
        )
        self._db.execute("BEGIN")
        for key, rows in groupby(several, itemgetter(0)):
            thesis = merging.unite([self._thesis(blob) for _, blob in rows], same_body, same_degree)
            self._db.execute("INSERT INTO united VALUES (?, ?)", (key, self._codec.pack(to_json(thesis))))
        self._db.execute("COMMIT")
        self.set_aside = self._count("SELECT count(*) FROM aside")
        self.united = self._count("SELECT count(DISTINCT key) FROM part") - self.set_aside

    def theses(self) -> Iterator[Thesis]:
        """The united theses, in byte order of their keys. May be run several times."""
        return self._read(_READ.format("NOT IN"))

    def _read(self, query: str) -> Iterator[Thesis]:
        rows = self._db.execute(query)
        for _, group in groupby(rows, itemgetter(0)):
            yield self._thesis(next(group)[1])

    def raw(self, key: str) -> list[dict[str, Any]]:
        """The source records of one united (or ambiguous) thesis: {"source", "line", "layout", "fields"}."""
        rows = self._db.execute("SELECT raw FROM part WHERE key = ? AND raw IS NOT NULL ORDER BY seq", (key,))
        return [self._codec.unpack(raw) for (raw,) in rows]

    def has(self, key: str | None) -> bool:
        """Whether any part has this key."""
        return self._db.execute("SELECT 1 FROM part WHERE key = ? LIMIT 1", (key,)).fetchone() is not None

    def ambiguous(self) -> Iterator[tuple[Thesis, str, list[dict[str, Any]]]]:
        """Theses without an EThOS ID that could be any of several: the thesis, the reason in words, its raw records."""
        for thesis in self._read(_READ.format("IN")):
            keys = [key for (key,) in self._db.execute("SELECT key FROM alias WHERE x = ? ORDER BY key", (thesis.key,))]
            reason = (
                f"The record has no EThOS ID, and {len(keys)} theses have the same title, author and year: "
                f"{', '.join(keys)}. Give it the EThOS ID of the one that it describes."
            )
            yield thesis, reason, self.raw(thesis.key)

    def aliases(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each x-key that is not itself the key of a thesis, and the keys of all theses that have it."""
        rows = self._db.execute("SELECT x, key FROM alias ORDER BY x, key")
        for x, group in groupby(rows, itemgetter(0)):
            yield x, tuple(key for _, key in group)

    def renamed(self) -> Iterator[tuple[str, str]]:
        """(x-key, key) where a part without an EThOS ID really had that x-key and joined the thesis of that key."""
        yield from self._db.execute("SELECT x, key FROM renamed JOIN alias USING (x, key) ORDER BY key, x")

    def _thesis(self, packed: bytes) -> Thesis:
        return thesis_from_json(self._codec.unpack(packed))

    def _count(self, query: str) -> int:
        return int(self._db.execute(query).fetchone()[0])


class _Codec:
    """Plain data as small bytes and back."""

    def __init__(self) -> None:
        self._compress = zstandard.ZstdCompressor(level=1, write_content_size=True).compress
        self._decompress = zstandard.ZstdDecompressor().decompress

    def pack(self, data: Any) -> bytes:
        return self._compress(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode())

    def unpack(self, packed: bytes) -> Any:
        return json.loads(self._decompress(packed))


def _raw_json(record: SourceRecord) -> dict[str, Any]:
    return {**to_json(record.origin), "fields": dict(record.fields)}
