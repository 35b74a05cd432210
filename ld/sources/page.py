"""The record page as text: labelled lines, the abstract between them unlabelled; one page after the other in a file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ld.iris import ETHOS_ID
from ld.record import Origin, SourceRecord, Unreadable
from ld.sources.files import Opened
from ld.sources.lines import Line, lines, odd_byte, readable

CITE = "Use this URL to cite or link to this record in EThOS"

HEAD_LABELS = {
    CITE: "cite",
    "Title": "title",
    "Author": "creator",
    "ISNI": "creatorIsni",
    "ORCID": "creatorOrcid",
    "Awarding Body": "awardingBody",
    "Current Institution": "currentInstitution",
    "Date of Award": "issued",
    "Availability of Full Text": None,  # a heading
    "Access from EThOS": "access",
    "Access through EThOS": "access",  # the older label
    "Access from Institution": "page",
    "Abstract": "abstract",
}
"""Labels that stand before the abstract, in the page's order, and the field that each fills."""

TAIL_LABELS = {
    "Supervisor": "supervisor",
    "Sponsor": "sponsor",
    "Qualification Name": "qualification",
    "Qualification Level": "level",
    "EThOS ID": "ethosId",
    "DOI": "doi",
    "Keywords": "keyword",
    "Share": None,  # the page's buttons
}
"""Labels that stand after the abstract. EThOS prints Supervisor and Sponsor, and others, two on one line."""

NULLS = frozenset({"", "not available"})

_HEAD = re.compile(rf"\s*({'|'.join(map(re.escape, HEAD_LABELS))})\s*:(.*)", re.DOTALL)
_TAIL = re.compile(rf"(?:^|(?<=\s))({'|'.join(map(re.escape, TAIL_LABELS))})\s*:")
_LONG = frozenset({"title", "creator", "awardingBody", "currentInstitution"})
"""Fields whose value may run on in the next line."""
# Where the page was copied with its links, what an access line says may stand in the line below its label.
_ACCESS_VALUE = re.compile(r"https?://\S+$|Full text (un)?available\b", re.IGNORECASE)
_FURNITURE = frozenset({"ethosId", "doi", None})
"""Labels that nothing belonging to the record follows."""
_NAMED_AFTER_ID = re.compile(rf"({ETHOS_ID.pattern})(\.[A-Za-z]\w*)*")
# Enough labels to tell a page by: a text that has two of them on lines of their own.
_TELLING = re.compile(
    r"^[\s\ufeff]*(Use this URL to cite or link|Title|Author|Awarding Body|Current Institution|Date of Award|EThOS ID)"
    r"\b[^:\n]{0,40}:",
    re.MULTILINE,
)


def recognise(head: str) -> bool:
    """Whether a text holds record pages."""
    return len(set(_TELLING.findall(head))) >= 2


def read(opened: Opened, max_field: int) -> Iterator[SourceRecord | Unreadable]:
    """The records of a file of pages."""
    pages = _pages(opened, max_field)
    first = next(pages, None)
    if first is None:
        return
    second = next(pages, None)
    named = _NAMED_AFTER_ID.fullmatch(opened.file_name)
    if second is None and named and not first.fields.keys() & {"ethosId", "cite"}:
        first.add("ethosId", named.group(1))
    yield first.close()
    while second is not None:
        yield second.close()
        second = next(pages, None)


def _pages(opened: Opened, max_field: int) -> Iterator[_Page]:
    page: _Page | None = None
    for line in lines(opened.stream, 4 * max_field):
        text = line.text.replace("\u00a0", " ")
        if _begins(text, page):
            if page is not None:
                yield page
            page = _Page(Origin(opened.name, line.number, "page"), max_field)
        if page is not None:
            page.take(text, line)
    if page is not None:
        yield page


def _begins(text: str, page: _Page | None) -> bool:
    """Whether a line is the first of a record: the cite line, or a title where nothing is open or all has been said."""
    found = _HEAD.match(text)
    if not found:
        return False
    if found.group(1) == CITE:
        return True
    if page is None:
        return True
    return found.group(1) == "Title" and page.tail and "title" in page.seen


class _Page:
    """One record page while its lines come in."""

    def __init__(self, origin: Origin, max_field: int) -> None:
        self.origin, self.max_field = origin, max_field
        self.fields: dict[str, list[str]] = {}
        self.seen: set[str | None] = set()
        self.tail = False
        self._last: str | None = CITE
        self._abstract: list[str] = []
        self._length = 0
        self._raw = ""
        self._fault: tuple[str | None, str, str] | None = None

    def add(self, field: str, value: str) -> None:
        """Note a value, unless it is the page's word for nothing."""
        if value.strip().casefold() not in NULLS:
            self.fields.setdefault(field, []).append(value.strip())

    def take(self, text: str, line: Line) -> None:
        """Read one line into the record."""
        if len(self._raw) < 2000:
            self._raw += line.text[:2000]
        if self._fault:  # all that matters is where the next record begins
            self.tail = self.tail or _TAIL.match(text) is not None
            return
        in_abstract = bool(self._abstract) or self._last == "abstract"
        head = None if in_abstract or self.tail else _HEAD.match(text)
        tail = None if head else next(iter(_TAIL.finditer(text)), None)
        if head:
            self._label(HEAD_LABELS[head.group(1)], head.group(2))
        elif tail and not text[: tail.start()].strip():
            self._tail_line(text)
        elif text.strip():
            self._unlabelled(text.strip())
        elif self._abstract:
            self._abstract.append("")
        self._check(line)

    def close(self) -> SourceRecord | Unreadable:
        """The record, now that its last line has been read."""
        if self._fault:
            return Unreadable(self.origin, *self._fault, raw=readable(self._raw))
        abstract = "\n".join(self._abstract).strip()
        if abstract:
            self.fields["abstract"] = [abstract]
        return SourceRecord(self.origin, {name: tuple(values) for name, values in self.fields.items()})

    def _label(self, field: str | None, value: str) -> None:
        self._last = field
        self.seen.add(field)
        if field == "abstract":
            self._unlabelled(value.strip())
        elif field:
            self.add(field, value)

    def _tail_line(self, text: str) -> None:
        """A line after the abstract: one label and its value, or two of them."""
        self.tail = True
        labels = list(_TAIL.finditer(text))
        if TAIL_LABELS[labels[0].group(1)] in ("keyword", None):  # free text; what looks like a label in it is none
            del labels[1:]
        ends = [label.start() for label in labels[1:]] + [len(text)]
        for label, end in zip(labels, ends, strict=True):
            self._label(TAIL_LABELS[label.group(1)], text[label.end() : end])

    def _unlabelled(self, text: str) -> None:
        """A line without a label: what the label above it left open, else a paragraph of the abstract."""
        last = self._last
        if self.tail:
            if last not in _FURNITURE:
                self._continue(last, text)
        elif last in _LONG and last in self.fields:
            self._continue(last, text)
        elif last in ("access", "page") and not self._abstract and _ACCESS_VALUE.match(text):
            self.add("page" if text.lower().startswith("http") else "access", text)
        elif last in (_LONG | {"issued", "creatorIsni", "cite"}) and last not in self.fields and len(text) < 300:
            self.add(str(last), text)
        else:
            self._abstract.append(text)

    def _continue(self, field: str | None, text: str) -> None:
        values = self.fields.setdefault(str(field), [])
        values[-1:] = [f"{values[-1]} {text}" if values else text]

    def _check(self, line: Line) -> None:
        self._length += len(line.text)
        where = "abstract" if self._abstract and not self.tail else self._last
        if not line.sound:
            self._fault = (
                where,
                f"line {line.number} holds the byte {odd_byte(line.text)}, which is not UTF-8",
                "Save the file as UTF-8.",
            )
        elif not line.whole or self._length > self.max_field:
            self._fault = (
                where,
                f"the record is longer than {self.max_field:,} characters",
                "Shorten it, or allow longer fields (--max-field).",
            )
            self._abstract.clear()
            self.fields.clear()
