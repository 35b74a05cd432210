"""UKETD_DC as XML: an OAI-PMH answer, one record of it, or bare `uketddc` elements, read as a stream."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import NoReturn
from xml.parsers import expat

from ld.errors import SourceError
from ld.record import Deletion, SourceRecord, Unreadable
from ld.sources.elements import Element, Header, describe
from ld.sources.files import Opened

log = logging.getLogger(__name__)

_CHUNK = 1 << 16
_DEEPEST = 100
"""Elements inside each other; a record needs six."""
_WIDEST = 1 << 20
"""Bytes of one tag or comment, which the parser must hold whole."""
_ROOT = re.compile(r"<(?:[\w.-]+:)?(OAI-PMH|\w*record\w*|uketd\w*|dcCollection)\b", re.IGNORECASE)
_PROLOGUE = re.compile(r"(?:\s|\ufeff|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)*", re.DOTALL)


def recognise(head: str) -> bool:
    """Whether a text is XML that may hold UKETD_DC."""
    prologue = _PROLOGUE.match(head)
    rest = head[prologue.end() :] if prologue else head
    return bool(_ROOT.match(rest)) or (head.lstrip("\ufeff \t\r\n").startswith("<") and "uketd" in head.casefold())


def read(opened: Opened, max_field: int) -> Iterator[SourceRecord | Unreadable | Deletion]:
    """The records of a feed; a document type declaration is refused, and so is broken XML."""
    reader = _Reader(opened.name, max_field)
    fed = 0
    while chunk := opened.stream.read(_CHUNK):
        fed += len(chunk)
        try:
            reader.feed(chunk)
        except SourceError:
            yield from reader.taken()
            raise
        yield from reader.taken()
        if fed - max(reader.parser.CurrentByteIndex, 0) > _WIDEST:
            reader.refuse(f"one tag or comment is over {_WIDEST:,} bytes long", "Check the source: this is no record.")
    reader.feed(b"", last=True)
    yield from reader.taken()
    reader.finish()


class _Reader:
    """What expat has met so far. Names are matched without their prefix: several namespace pairs are in use."""

    def __init__(self, source: str, max_field: int) -> None:
        self.source, self.max_field = source, max_field
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype
        self._path: list[str] = []
        self._done: list[SourceRecord | Unreadable | Deletion] = []
        self._records = 0
        self._record: Header | None = None
        self._elements: list[Element] | None = None  # of the open uketddc
        self._inside = 0  # depth of the open record, and of the open uketddc
        self._within = 0
        self._open: Element | None = None  # the element whose text is coming in, and its depth
        self._opened = 0
        self._error: tuple[str, Element] | None = None  # OAI-PMH `error`: its code and its text
        self._token: Element | None = None

    def feed(self, chunk: bytes, *, last: bool = False) -> None:
        """Let expat read on."""
        try:
            self.parser.Parse(chunk, last)
        except (LookupError, ValueError) as error:  # from Python's own codecs
            self.refuse(f"cannot be decoded ({error})", "Save it as UTF-8, and let its first line say so.", error)
        except expat.ExpatError as error:
            raise SourceError(
                self.source,
                f"broken XML at column {error.offset + 1} ({expat.ErrorString(error.code)})",
                way_out="Fetch the file again, or correct it at this place.",
                line=error.lineno,
            ) from error

    def refuse(self, problem: str, way_out: str, cause: Exception | None = None) -> NoReturn:
        """Stop reading the source."""
        raise SourceError(self.source, problem, way_out=way_out, line=self.parser.CurrentLineNumber) from cause

    def taken(self) -> list[SourceRecord | Unreadable | Deletion]:
        """The records that have been finished since the last call."""
        done, self._done = self._done, []
        return done

    def finish(self) -> None:
        """Say what the end of the feed says about it."""
        if self._error:
            code, text = self._error[0], self._error[1].text.strip()
            raise SourceError(
                self.source, f"is an OAI-PMH error, {code}: {text}", way_out="Ask the repository with another request."
            )
        if not self._records:
            raise SourceError(
                self.source,
                "holds no UKETD_DC record",
                way_out="Ask the repository for ListRecords or GetRecord with metadataPrefix=uketd_dc.",
            )
        if self._token and self._token.text.strip():
            log.warning("%s: the list is not complete, it goes on at its source behind a resumption token", self.source)

    def _doctype(self, name: str, *_: object) -> None:
        self.refuse("document type declarations are not accepted", "Take out the line that begins with <!DOCTYPE.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        self._path.append(local)
        if len(self._path) > _DEEPEST:
            self.refuse(f"over {_DEEPEST} elements stand inside each other", "Check the source: this is no record.")
        depth = len(self._path)
        if self._open is not None:  # markup inside a text
            return
        if self._elements is not None and self._record is not None:
            element = self._catch(Element.of(local, attributes))
            self._record.size += len(local)
            if self._record.size < 4 * self.max_field:
                self._elements.append(element)
        elif local.casefold().startswith("uketd"):
            self._begin(depth)
            self._within, self._elements = depth, []
        elif self._record is None and local == "record":
            self._begin(depth)
        elif self._record is not None:
            self._header(self._record, local, attributes)
        elif local == "error" and depth == 2:
            self._error = (attributes.get("code", "error"), self._catch(Element(local)))
        elif local == "resumptionToken":
            self._token = self._catch(Element(local))

    def _catch(self, element: Element) -> Element:
        self._open, self._opened = element, len(self._path)
        return element

    def _begin(self, depth: int) -> None:
        if self._record is None:
            self._record, self._inside = Header(self.source, self.parser.CurrentLineNumber), depth
            self._records += 1

    def _header(self, record: Header, local: str, attributes: dict[str, str]) -> None:
        if local == "header":
            record.deleted = attributes.get("status") == "deleted"
        elif local == "identifier" and self._path[-2] == "header":
            record.identifier = self._catch(Element(local))

    def _end(self, name: str) -> None:
        depth = len(self._path)
        self._path.pop()
        if self._open is not None and depth == self._opened:
            self._open = None
        if self._elements is not None and depth == self._within and self._record is not None:
            self._record.elements = self._elements
            self._elements = None
        if self._record is not None and depth == self._inside:
            self._done.append(describe(self._record, self.max_field))
            self._record = None

    def _text(self, text: str) -> None:
        if self._open is None:
            return
        if self._record is not None:
            self._record.size += len(text)
            if self._record.size > 4 * self.max_field:
                self._open.overlong = True
                return
        self._open.add(text, self.max_field)
