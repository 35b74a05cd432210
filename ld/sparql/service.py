"""The service: queries of many clients, each within its limits, one after the other in fair turns, and kept answers.

A result goes from the worker into a spool, in memory while it is small, else in a file that has no name, so that
nothing is sent before it is known how it ends.
"""

from __future__ import annotations

import hashlib
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from threading import Event
from typing import BinaryIO, cast

from ld import context
from ld.errors import LdError, QueryError, SnapshotError
from ld.sandbox import Busy, Crashed, Limits, Pool, TimedOut, Turns, Unavailable
from ld.settings import Settings
from ld.snapshot import Snapshot, manifest
from ld.sparql.exchange import TASK, Reply, Request
from ld.sparql.kept import Kept
from ld.sparql.reading import Query, explained
from ld.sparql.results import ResultFormat
from ld.sparql.rows import Note

SMALL = 1 << 20
"""Bytes of a result that is held in memory, and may be kept."""
_PATIENCE = 3
"""How long a query waits for its turn, in times of what one may take at the most."""


class OverLimit(LdError):
    """A query takes more than it may; the text names the limit and the way out."""


@dataclass(frozen=True, slots=True)
class Question:
    """A query that was read, and all else that its answer depends on.

    most: rows after which the result is cut.
    """

    query: Query
    format: ResultFormat
    snapshot: Snapshot
    most: int
    note: Note

    @property
    def key(self) -> str:
        """A name for it: the same for two questions only if they have the same answer."""
        said = [self.snapshot.name, self.query.text, self.format.name, self.most, self.note.text, *self.note.links]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Result:
    """An answer: `body` when it is small, else `file`, which is the caller's to close."""

    size: int
    rows: int
    cut: bool
    body: bytes | None = None
    file: BinaryIO | None = None


class Service:
    """What the endpoint of one process answers with; its workers start with `start`, or with the first query."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        limits = Limits(seconds=settings.query_seconds, memory=settings.query_memory)
        stores = settings.data / manifest.SNAPSHOTS
        self._pool = Pool(TASK, workers=settings.query_workers, limits=limits, reads=stores)
        patience, each = _PATIENCE * settings.query_seconds, settings.query_client
        self._turns = Turns(
            settings.query_workers,
            waiting=settings.query_waiting,
            each=each,
            patience=patience,
            light=settings.query_seconds / 4,
        )
        # Those who wait for an answer that another is getting take no turn, but are as many at most.
        self._waiters = Turns(settings.query_waiting + each, waiting=0, each=each, patience=patience)
        self._kept = Kept[Result](
            settings.query_cache,
            size=lambda result: None if result.body is None else result.size,
            alike=lambda error: not isinstance(error, Busy | Unavailable),
        )

    def start(self) -> None:
        """Starts the workers, so that the first query does not wait for one."""
        if (self.settings.data / manifest.SNAPSHOTS).is_dir():
            self._pool.start()

    def close(self) -> None:
        """Ends the workers."""
        self._pool.close()

    def ask(self, question: Question, client: str) -> Result:
        """The answer to a question.

        Raises `QueryError` for a query that is not one; `OverLimit` when it takes too much; `Busy` (`TooMany` where the
        client itself is why) when it cannot have a turn; `Crashed` when the engine breaks, or cannot be started;
        `SnapshotError` when the store cannot be read.
        """

        def answer() -> Result:
            return self._answer(question, client)

        def wait(event: Event) -> None:
            with self._waiters.turn(client):
                event.wait(self.settings.query_seconds * 2)

        return answer() if question.query.volatile else self._kept.once(question.key, answer, wait)

    def _answer(self, question: Question, client: str) -> Result:
        snapshot, query = question.snapshot, question.query
        asked = Request(
            str(snapshot.folder / manifest.STORE),
            query.text,
            # Of a graph, nobody knows how many solutions make so many triples: it is cut as it is written.
            query.limited(question.most + 1) if query.form == "SELECT" else query.text,
            question.format.name,
            snapshot.manifest.base,
            dict(context.load().prefixes),
            question.most,
            question.note,
        )
        spool = _Spool(self.settings.query_answer)
        try:
            with self._turns.turn(client), self._pool.worker() as worker:
                reply = Reply.decode(worker.ask(asked.encode(), spool.add))
                if reply.broken and not spool.size:  # the folder may be another than when the worker started
                    worker.renew()
                    reply = Reply.decode(worker.ask(asked.encode(), spool.add))
            if reply.broken:
                raise SnapshotError(f"{asked.store} cannot be read: {reply.broken}. {manifest.WAY_OUT}")
            if reply.syntax:
                raise explained(SyntaxError(reply.syntax), query)
            if reply.problem:
                raise QueryError(reply.problem, way_out=reply.way_out)
            return spool.result(reply)
        except TimedOut as error:
            told = f"The query took longer than the {self.settings.query_seconds:g} s that it may and was stopped."
            raise OverLimit(f"{told} {_EASIER}") from error
        except Crashed as error:
            if error.memory or error.signal == signal.SIGKILL:
                most = f"{self.settings.query_memory / 1_000_000:,.0f} MB"
                raise OverLimit(
                    f"The query needs more than the {most} of memory that it may have. {_EASIER}"
                ) from error
            if error.signal is not None:  # what breaks the engine is more nesting than its stack has room for
                raise OverLimit(
                    f"The engine broke over this query, most likely over its nesting. {_SIMPLER}"
                ) from error
            raise
        finally:
            spool.close()


_EASIER = "Ask for less: more exact patterns, a LIMIT, no sorting of everything; or query a dump on your own machine."
_SIMPLER = "Write it less deeply nested, or in several queries."


@contextmanager
def _room() -> Iterator[None]:
    """Says so when there is no room for temporary files."""
    try:
        yield
    except OSError as error:
        raise Busy(f"There is no room for this result on the server just now ({error.strerror}).") from error


class _Spool:
    """Where the pieces of a result are collected; at most so many bytes."""

    def __init__(self, most: int) -> None:
        self._most, self.size = most, 0
        self._file: SpooledTemporaryFile[bytes] | None = SpooledTemporaryFile(SMALL)  # noqa: SIM115 - see `close`

    def add(self, piece: bytes) -> None:
        """Takes a piece; raises `OverLimit` when it is one too many."""
        self.size += len(piece)
        if self.size > self._most:
            raise OverLimit(
                f"The result is longer than the {self._most:,} bytes that it may have. Ask for less, with a LIMIT, "
                "in several queries, or in a shorter format (CSV say); or take the dump."
            )
        with _room():
            cast("SpooledTemporaryFile[bytes]", self._file).write(piece)

    def result(self, reply: Reply) -> Result:
        """The result, which from then on holds the file."""
        file = cast("SpooledTemporaryFile[bytes]", self._file)
        with _room():
            if reply.patch:
                file.seek(reply.place)
                file.write(reply.patch.encode())
            file.seek(0)
            if self.size <= SMALL:
                return Result(self.size, reply.rows, reply.cut, body=file.read())
        self._file = None
        return Result(self.size, reply.rows, reply.cut, file=cast("BinaryIO", file))

    def close(self) -> None:
        """Lets go of what nobody has taken."""
        if self._file is not None:
            with suppress(OSError):  # what is still to be written may not fit
                self._file.close()
