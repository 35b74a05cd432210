"""Frames: how requests and replies cross a pipe, each as its kind, its length and its bytes."""

from __future__ import annotations

import os
import select
import struct
from collections.abc import Callable
from io import FileIO

READY, REQUEST, PART, ANSWER, LAST, FAILED = b"r", b"q", b"p", b"a", b"l", b"f"
"""The kinds: a worker is ready; a request; a part of what it brings, ahead of the answer; an answer; an answer after
which the worker goes; why there is none."""

ROOM = 2**20
"""Bytes that a pipe is made to hold where the system lets it, and that are taken out of one at once."""

Wait = Callable[[FileIO, int], object]
"""What to do until a pipe that does not block is ready to be read (`select.POLLIN`) or written (`select.POLLOUT`)."""

_HEAD = struct.Struct(">cQ")


def _never(pipe: FileIO, event: int) -> None:
    raise BlockingIOError("This pipe was to block.")


def send(pipe: FileIO, kind: bytes, body: bytes = b"", wait: Wait = _never) -> None:
    """Writes one frame."""
    rest = [memoryview(_HEAD.pack(kind, len(body))), memoryview(body)]
    while rest:
        try:
            written = os.writev(pipe.fileno(), rest)
        except BlockingIOError:
            wait(pipe, select.POLLOUT)
            continue
        while rest and written >= len(rest[0]):
            written -= len(rest.pop(0))
        if rest:
            rest[0] = rest[0][written:]


def receive(pipe: FileIO, most: int, wait: Wait = _never) -> tuple[bytes, bytes]:
    """The kind and the bytes of the next frame; `EOFError` when none comes, or one of more than `most` bytes."""
    kind, length = _HEAD.unpack(_exactly(pipe, _HEAD.size, wait))
    if length > most:
        raise EOFError
    return kind, _exactly(pipe, length, wait)


def _exactly(pipe: FileIO, length: int, wait: Wait) -> bytes:
    parts: list[bytes] = []
    while length:
        got = pipe.read(min(length, ROOM))
        if got is None:
            wait(pipe, select.POLLIN)
        elif not got:
            raise EOFError
        else:
            parts.append(got)
            length -= len(got)
    return b"".join(parts)  # of one part, that one itself and no copy
