"""The exchange: what a door asks of a query worker, and what that replies once a result has gone by, as bytes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from ld.sparql.rows import Note

TASK = "ld.sparql.worker:answer"
"""The task, as `ld.sandbox.Pool` takes it."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: a query that was read, the store it is for, and the format of the result.

    limited: the query with a limit to its rows. base: what relative IRIs in it are relative to. prefixes: those that it
    may use without declaring them, and the result too. most: rows after which the result is cut. note: what it then
    says of itself.
    """

    store: str
    query: str
    limited: str
    format: str
    base: str
    prefixes: dict[str, str]
    most: int
    note: Note

    def encode(self) -> bytes:
        """The request as bytes."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, request: bytes) -> Request:
        """A request from its bytes."""
        said: dict[str, Any] = json.loads(request)
        note = said.pop("note")
        return cls(**said, note=Note(note["text"], tuple(note["links"])))


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of it: what `results.Outcome` says, or what is wrong with the query, and where in it."""

    rows: int = 0
    cut: bool = False
    place: int = 0
    patch: str = ""
    """What is to be written over the result, at that place in it."""
    broken: str = ""
    """Why the store could not be read, if it could not."""
    syntax: str = ""
    """What the engine says of a query that it cannot read."""
    problem: str = ""
    """What is wrong with a query otherwise."""
    way_out: str = ""

    def encode(self) -> bytes:
        """The reply as bytes."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, reply: bytes) -> Reply:
        """A reply from its bytes."""
        return cls(**json.loads(reply))
