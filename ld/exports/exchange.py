"""The exchange: what a door asks of a validation in another process, and what it answers, as bytes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from ld.validation.inputs import NO_LIMITS, Limits
from ld.validation.report import Severity

TASK = "ld.exports.worker:answer"
"""The task, as `ld.sandbox.Pool` takes it."""
VIEW = "view"
"""The format of a report that is a `ld.reports.view.View` in JSON, for a page."""
LINE = "#line-{line}"
"""Where that page shows a line of the data."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: the data, perhaps shapes, how to read them, and the report that is wanted."""

    data: bytes
    name: str = "data"
    syntax: str | None = None
    shapes: bytes = b""
    shapes_syntax: str | None = None
    format: str = "json"
    first: int = 5
    fail_on: Severity = "violation"
    limits: Limits = NO_LIMITS

    def encode(self) -> bytes:
        """The request as bytes."""
        head = asdict(replace(self, data=b"", shapes=b"")) | {"data": len(self.data), "shapes": len(self.shapes)}
        return json.dumps(head).encode() + b"\n" + self.data + self.shapes

    @classmethod
    def decode(cls, request: bytes) -> Request:
        """A request from its bytes."""
        head, _, rest = request.partition(b"\n")
        said: dict[str, Any] = json.loads(head)
        size = said["data"]
        return cls(**said | {"data": rest[:size], "shapes": rest[size:], "limits": Limits(**said["limits"])})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it: 200 and the report; 400, 413 or 422 and what is wrong, with its line and column."""

    status: int
    body: bytes = b""
    problem: str = ""
    line: int | None = None
    column: int | None = None
    in_shapes: bool = False
    """Whether it is the shapes that something is wrong with."""

    @classmethod
    def decode(cls, answer: bytes) -> Answer:
        """An answer from its bytes."""
        head, _, body = answer.partition(b"\n")
        return cls(**json.loads(head), body=body)

    def encode(self) -> bytes:
        """The answer as bytes."""
        head = asdict(replace(self, body=b""))
        del head["body"]
        return json.dumps(head).encode() + b"\n" + self.body
