"""Frames: how requests and replies cross a pipe, each as its kind, its length and its bytes."""

from __future__ import annotations

import select
import struct
from collections.abc import Callable
from io import FileIO

READY, REQUEST, ANSWER, LAST, FAILED = b"r", b"q", b"a", b"l", b"f"
"""The kinds: a worker is ready; a request; an answer; an answer after which the worker goes; why there is none."""

Wait = Callable[[FileIO, int], object]
"""What to do until a pipe that does not block is ready to be read (`select.POLLIN`) or written (`select.POLLOUT`)."""

_HEAD = struct.Struct(">cQ")


def _never(pipe: FileIO, event: int) -> None:
    raise BlockingIOError("This pipe was to block.")


def send(pipe: FileIO, kind: bytes, body: bytes = b"", wait: Wait = _never) -> None:
    """Writes one frame."""
    for part in (_HEAD.pack(kind, len(body)), body):
        rest = memoryview(part)
        while rest:
            written = pipe.write(rest)
            if written is None:
                wait(pipe, select.POLLOUT)
            else:
                rest = rest[written:]


def receive(pipe: FileIO, most: int, wait: Wait = _never) -> tuple[bytes, bytes]:
    """The kind and the bytes of the next frame; `EOFError` when none comes, or one of more than `most` bytes."""
    kind, length = _HEAD.unpack(_exactly(pipe, _HEAD.size, wait))
    if length > most:
        raise EOFError
    return kind, bytes(_exactly(pipe, length, wait))


def _exactly(pipe: FileIO, length: int, wait: Wait) -> bytearray:
    whole = bytearray(length)
    rest = memoryview(whole)
    while rest:
        got = pipe.readinto(rest)
        if got is None:
            wait(pipe, select.POLLIN)
        elif got == 0:
            raise EOFError
        else:
            rest = rest[got:]
    return whole
