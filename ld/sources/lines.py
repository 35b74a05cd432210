"""Physical lines of a text source: numbered, decoded, and never longer in memory than a cap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

BOM = b"\xef\xbb\xbf"


@dataclass(slots=True)
class Line:
    """One line with its end. `sound`: it is UTF-8 (else its odd bytes are surrogates). `whole`: nothing was cut off."""

    number: int
    text: str
    sound: bool = True
    whole: bool = True


def lines(stream: BinaryIO, cap: int) -> Iterator[Line]:
    """The lines of a stream, a byte order mark left out; of a line over `cap` bytes only the beginning is kept."""
    number = 0
    while raw := stream.readline(cap):
        number += 1
        if number == 1:
            raw = raw.removeprefix(BOM)
        whole = raw.endswith(b"\n") or len(raw) < cap or _ended(stream, cap)
        try:
            yield Line(number, raw.decode(), True, whole)
        except UnicodeDecodeError as error:
            # A cut may fall inside a character; that says nothing about the source.
            sound = not whole and error.start >= len(raw) - 3
            yield Line(number, raw.decode(errors="surrogateescape"), sound, whole)


def _ended(stream: BinaryIO, cap: int) -> bool:
    """Pass over the rest of a line that was cut; whether there was no rest."""
    rest = stream.readline(cap)
    ended = rest in (b"", b"\n", b"\r\n")
    while rest and not rest.endswith(b"\n"):
        rest = stream.readline(cap)
    return ended


def readable(text: str, length: int = 2000) -> str:
    """The beginning of a text as read, odd bytes shown as replacement characters, fit for JSON."""
    return text[:length].encode(errors="surrogateescape").decode(errors="replace")


def odd_byte(text: str) -> str:
    """The first byte of a text that is not UTF-8, as people write it: `0xE9`."""
    byte = next((ord(c) - 0xDC00 for c in text if "\udc80" <= c <= "\udcff"), None)
    return f"0x{byte:02X}" if byte is not None else ""
