"""The worker's task: one query over the store of a snapshot, done in a process that `ld.sandbox` keeps."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import NamedTuple

from pyoxigraph import Store

from ld.errors import QueryError
from ld.sandbox import send
from ld.sparql.exchange import Reply, Request
from ld.sparql.rows import Note
from ld.sparql.writing import Answer, write


class _Open(NamedTuple):
    path: str
    store: Store


_open: _Open | None = None
"""The store that was asked last: as a snapshot never changes, it stays open until another is asked for."""
_NICENESS = 5
"""How far the site itself goes before the questions to it."""


def answer(request: bytes) -> bytes:
    """Answers a request: sends the result on its way, then replies what came of it."""
    return _answered(Request.decode(request)).encode()


def warm_up() -> None:
    """Imports what is imported late."""
    os.nice(_NICENESS)
    for query in ("SELECT ?x { VALUES ?x { 1 } }", "SELECT ?x"):
        with suppress(SyntaxError):
            _run(Store(), Request("", query, query, "json", "http://localhost/", {}, 1, Note("")))


def _answered(asked: Request) -> Reply:
    global _open
    try:
        if _open is None or _open.path != asked.store:
            _open = None  # first let go of one, then take the other
            _open = _Open(asked.store, Store.read_only(asked.store))
        return _run(_open.store, asked)
    except SyntaxError as error:
        return Reply(syntax=str(error))
    except QueryError as error:
        return Reply(problem=error.problem, way_out=error.way_out)
    except (RuntimeError, ValueError) as error:  # the engine's, for what it can read and not do: a function it has not
        return Reply(problem=str(error) or repr(error))
    except OSError as error:
        return Reply(broken=str(error) or repr(error))


def _run(store: Store, asked: Request) -> Reply:
    outcome = write(_asked(store, asked), asked.format, send, most=asked.most, note=asked.note, prefixes=asked.prefixes)
    place, patch = outcome.patch or (0, b"")
    return Reply(rows=outcome.rows, cut=outcome.cut, place=place, patch=patch.decode())


def _asked(store: Store, asked: Request) -> Answer:
    """What the engine answers; raises `SyntaxError` with the place in the query as it was sent."""
    with suppress(SyntaxError):
        return store.query(asked.limited, base_iri=asked.base, prefixes=asked.prefixes)
    return store.query(asked.query, base_iri=asked.base, prefixes=asked.prefixes)
