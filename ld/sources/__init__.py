"""Sources: the records that files hold, whatever layout they came in. The only place that knows the layouts."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ld.errors import SourceError
from ld.record import Deletion, SourceRecord, Unreadable
from ld.record import Layout as RecordLayout
from ld.sources import elements, files, open_csv, page, uketd
from ld.sources.files import Opened, name_of

__all__ = ["LAYOUTS", "Layout", "label", "name_of", "read"]


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout: what people call it, how its beginning is recognised, how its records are read."""

    title: str
    recognise: Callable[[str], bool]
    read: Callable[[Opened, int], Iterator[SourceRecord | Unreadable | Deletion]]


LAYOUTS = (
    Layout("UKETD_DC XML", uketd.recognise, uketd.read),
    Layout("open CSV", open_csv.recognise, open_csv.read),
    Layout("record page", page.recognise, page.read),
)
"""The layouts known, the most telling first."""

_ELEMENTS = {field: element for element, field in elements.ELEMENTS.items()}
_LABELS: Mapping[RecordLayout, Mapping[str, str]] = {
    "csv": {field: column for column, field in open_csv.COLUMNS.items()},
    "page": {field: label for label, field in (page.TAIL_LABELS | page.HEAD_LABELS).items() if field},
    "uketd": _ELEMENTS | {field: element for element, field in elements.BODIES["uketd"].items()},
    "ethos-feed": _ELEMENTS | {field: element for element, field in elements.BODIES["ethos-feed"].items()},
}

_BOMS = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\ufffd]")


def read(paths: Iterable[Path], max_field: int = 1_000_000) -> Iterator[SourceRecord | Unreadable | Deletion]:
    """Every record of the files and folders given, in their order; memory does not grow with them.

    Raises `SourceError` where a whole source cannot be read: missing, empty, binary, broken, of no known layout.
    """
    for opened in files.sources(paths):
        layout = recognise(opened)
        with files.complaints(opened.name):
            yield from layout.read(opened, max_field)


def label(layout: RecordLayout, field: str) -> str | None:
    """What a layout calls a field of `record.FIELDS`: its column, label or element; None where it has none.

    >>> label("csv", "issued"), label("page", "issued"), label("csv", "awardingBody")
    ('Date', 'Date of Award', None)
    """
    return _LABELS[layout].get(field)


def recognise(opened: Opened) -> Layout:
    """The layout of a source, by what its beginning says."""
    coding = next((name for bom, name in _BOMS if opened.head.startswith(bom)), "utf-8")
    head = opened.head.decode(coding, errors="replace")
    for layout in LAYOUTS:
        if layout.recognise(head):
            if coding != "utf-8" and layout.read is not uketd.read:  # an XML parser knows UTF-16 by itself
                raise SourceError(opened.name, "is UTF-16", way_out="Save it as UTF-8.")
            return layout
    raise SourceError(opened.name, _nothing(opened, head), way_out=_way_out(opened))


def _nothing(opened: Opened, head: str) -> str:
    if not head.strip("\ufeff \t\r\n"):
        return "is empty"
    if len(_CONTROLS.findall(head)) > len(head) / 20:
        return "is a binary file"
    if opened.file_name.casefold().endswith(".csv"):
        return f"the header is not the open CSV's, it reads {head.splitlines()[0][:200]!r}"
    return f"is in no layout that is known, it begins {' '.join(head[:80].split())!r}"


def _way_out(opened: Opened) -> str:
    if opened.file_name.casefold().endswith(".csv"):
        return f"Its first line must read: {','.join(open_csv.HEADER)}"
    return f"Give one of these: {', '.join(layout.title for layout in LAYOUTS)}."
