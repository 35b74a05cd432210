"""What becomes of every address ever served, when a new snapshot takes the place of the one before.

Works on a catalogue being written (`main`), its work tables (`work`) and the ledger (`ledger`, only read), in sets: a
corpus has more than a million addresses. An address is live when it is described now; else it moved, when this build
or an earlier one said so and a target is live; else it is gone, and the reason is told.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime

LOST = "No longer in the sources since {date}."
REFUSED = "Its record no longer meets the requirements for publication, since {date}."


def date(db: sqlite3.Connection, now: int) -> None:
    """Gives each description its first date, and as its last the day on which its digest was new.

    What comes back after it was gone keeps its first date. A changed description is later than it was before even when
    the clock went back or two builds share a second: `If-Modified-Since` would miss the change.
    """
    db.execute(
        """INSERT INTO docs
           SELECT f.path, f.id, f.kind, f.label, coalesce(p.digest, f.digest), coalesce(a.first, :now),
                  CASE WHEN a.state = 'live' AND a.digest = coalesce(p.digest, f.digest) THEN a.modified
                       ELSE max(:now, coalesce(a.modified + 1, 0)) END
           FROM work.fresh f LEFT JOIN work.pages p ON p.id = f.id LEFT JOIN ledger.addresses a ON a.path = f.path
           ORDER BY f.path""",
        {"now": now},
    )


def settle(db: sqlite3.Connection, now: int) -> None:
    """Fills `moved`: every address that was ever served, or is stated now, and is not live."""
    day = datetime.fromtimestamp(now, UTC).date().isoformat()
    values = {"now": now, "lost": LOST.format(date=day), "refused": REFUSED.format(date=day)}
    db.execute(
        """CREATE TABLE work.candidates (path TEXT PRIMARY KEY, status INTEGER NOT NULL, targets TEXT NOT NULL,
               reason TEXT NOT NULL, first INTEGER NOT NULL, since INTEGER NOT NULL, served INTEGER NOT NULL)
               WITHOUT ROWID"""
    )
    for statement in (_STATED, _REMEMBERED, _SETTLED, _GONE):
        db.execute(statement, values)
    # What is left points at something that is not live itself: a chain, or the way to a tombstone.
    left = db.execute(
        """SELECT path, status, reason, first, since, served FROM work.candidates c
           WHERE NOT EXISTS (SELECT 1 FROM moved m WHERE m.path = c.path)"""
    )
    for path, status, reason, first, since, served in left.fetchall():
        way = _Way(db, path, several=status == 300)
        if way.ends:
            answer = (300 if way.several else 301, json.dumps(way.ends), reason)
        elif served:
            answer = (410, "[]", way.reason or values["lost"])
        else:
            continue  # stated for the first time, and leads nowhere: nobody was ever told of this address
        db.execute("INSERT INTO moved VALUES (?, ?, ?, ?, ?, ?)", (path, *answer, first, since))


_STATED = """
INSERT INTO work.candidates
SELECT s.path, s.status, s.targets, s.reason, coalesce(a.first, :now),
       CASE WHEN a.state = iif(s.status = 301, 'moved', 'several') THEN a.since ELSE :now END, a.path IS NOT NULL
FROM work.moves s LEFT JOIN ledger.addresses a ON a.path = s.path
WHERE NOT EXISTS (SELECT 1 FROM docs d WHERE d.path = s.path)
"""

_REMEMBERED = """
INSERT OR IGNORE INTO work.candidates
SELECT a.path, a.status, a.targets, a.note, a.first, a.since, 1 FROM ledger.addresses a
WHERE a.targets <> '[]' AND NOT EXISTS (SELECT 1 FROM docs d WHERE d.path = a.path)
"""

_SETTLED = """
INSERT INTO moved
SELECT c.path, c.status, c.targets, c.reason, c.first, c.since FROM work.candidates c
WHERE NOT EXISTS (SELECT 1 FROM json_each(c.targets) t
                  WHERE NOT EXISTS (SELECT 1 FROM docs d WHERE d.path = t.value))
"""

_GONE = """
INSERT INTO moved
SELECT a.path, 410, '[]',
       CASE WHEN w.path IS NOT NULL THEN w.reason
            WHEN a.state = 'gone' THEN a.reason
            WHEN r.path IS NOT NULL THEN :refused
            ELSE :lost END,
       a.first, iif(a.state = 'gone', a.since, :now)
FROM ledger.addresses a LEFT JOIN withdrawals w ON w.path = a.path LEFT JOIN work.rejected r ON r.path = a.path
WHERE NOT EXISTS (SELECT 1 FROM docs d WHERE d.path = a.path)
  AND NOT EXISTS (SELECT 1 FROM work.candidates c WHERE c.path = a.path)
"""


class _Way:
    """Where an address leads in the end: its live ends, or the reason of the tombstone it comes to."""

    def __init__(self, db: sqlite3.Connection, path: str, *, several: bool) -> None:
        self._db = db
        self.several = several
        self.reason = ""
        self.ends = list(dict.fromkeys(self._follow(path, {path})))
        self.several = self.several or len(self.ends) > 1

    def _follow(self, path: str, seen: set[str]) -> Iterator[str]:
        row = self._db.execute("SELECT status, targets FROM work.candidates WHERE path = ?", (path,)).fetchone()
        if row is None:
            gone = self._db.execute("SELECT reason FROM moved WHERE path = ? AND status = 410", (path,)).fetchone()
            self.reason = self.reason or (gone[0] if gone else "")
            return
        self.several = self.several or row[0] == 300
        for target in json.loads(row[1]):
            if self._db.execute("SELECT 1 FROM docs WHERE path = ?", (target,)).fetchone():
                yield target
            elif target not in seen:  # sources can say that each of two is the other
                seen.add(target)
                yield from self._follow(target, seen)
