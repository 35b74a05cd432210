"""Rendering: many descriptions in several syntaxes at once, as work that can be done in another process."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any

from ld import context
from ld.formats.corpus import BY_NAME
from ld.formats.source import Source

TASK = "ld.formats.rendering:answer"
"""The task, as `ld.sandbox.Pool` takes it."""


def render(names: Iterable[str], sources: Sequence[Source]) -> list[bytes]:
    """The descriptions in each of the syntaxes."""
    return [b"".join(map(BY_NAME[name].write, sources)) for name in names]


def request(names: Iterable[str], sources: Sequence[Source]) -> bytes:
    """The same, as the bytes that ask another process for it."""
    said = {"names": list(names), "places": [(source.root, source.graph) for source in sources]}
    return _join(said, [source.ntriples for source in sources])


def answer(asked: bytes) -> bytes:
    """What the other process does with them."""
    said, bodies = _split(asked)
    sources = [Source(body, root, graph) for (root, graph), body in zip(said["places"], bodies, strict=True)]
    return _join({}, render(said["names"], sources))


def rendered(answered: bytes) -> list[bytes]:
    """What `render` would have given, from the bytes of an answer."""
    return list(_split(answered)[1])


def warm_up() -> None:
    """Reads what cannot be read later."""
    context.load()


def _join(said: dict[str, Any], bodies: Sequence[bytes]) -> bytes:
    head = json.dumps(said | {"lengths": [len(body) for body in bodies]})
    return b"".join((head.encode(), b"\n", *bodies))


def _split(joined: bytes) -> tuple[dict[str, Any], Iterator[bytes]]:
    end = joined.index(b"\n") + 1
    said = json.loads(joined[:end])
    return said, (joined[start:stop] for start, stop in pairwise(accumulate(said["lengths"], initial=end)))
