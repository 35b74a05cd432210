"""Parts: what a task sends ahead of its answer, piece by piece."""

from __future__ import annotations

from io import FileIO

from ld.sandbox import frames

LONGEST = 1 << 20
"""Bytes of the longest part; a longer one comes as several, so that none takes much memory of whoever asked."""

_replies: FileIO | None = None


def send(part: bytes) -> None:
    """Sends a part to whoever asked; outside of a worker nobody did, and it goes nowhere. An empty one is none."""
    if _replies is not None:
        for at in range(0, len(part), LONGEST):
            frames.send(_replies, frames.PART, part[at : at + LONGEST])


def send_to(replies: FileIO) -> None:
    """Says where parts go: what a worker does when it begins."""
    global _replies
    _replies = replies
