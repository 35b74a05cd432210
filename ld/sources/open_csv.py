"""The open CSV of EThOS: its header, its columns, and how to read on behind a stray quotation mark."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from ld.errors import SourceError
from ld.record import Origin, Remark, SourceRecord, Unreadable
from ld.sources.files import Opened
from ld.sources.lines import Line, lines, odd_byte, readable
from ld.sources.shifted import begins_row, misplaced, repair

COLUMNS = {
    "Title": "title",
    "DOI": "doi",
    "Author": "creator",
    "Author ISNI": "creatorIsni",
    "ORCID": "creatorOrcid",
    "Institution": "currentInstitution",  # inferred by EThOS: never the awarding body
    "Institution ISNI": "currentInstitutionIsni",
    "Date": "issued",
    "Qualification": "qualification",
    "Abstract": "abstract",
    "Subject Discipline": "discipline",
    "Supervisor(s)": "supervisor",
    "Funder(s)": "sponsor",
    "EThOS URL": "cite",
    "IR URL": "page",
}
"""The header, verbatim and in its order, and the field that each column fills."""

HEADER = tuple(COLUMNS)
_FIELDS = tuple(COLUMNS.values())
_LONE_CR = re.compile(r"\r(?!\n)")
_WAY_OUT = (
    "Correct the row in the CSV, quotation marks doubled inside quoted fields, or take the record from another file."
)


def recognise(head: str) -> bool:
    """Whether a text begins with the header, or with one that was meant to be it."""
    first = next(iter(head.removeprefix("\ufeff").splitlines()), "")
    names = {name.casefold() for name in HEADER}
    return len(names & {cell.strip(' "').casefold() for cell in re.split(r"[,;\t]", first)}) >= 3


def read(opened: Opened, max_field: int) -> Iterator[SourceRecord | Unreadable]:
    """The records of an open CSV."""
    # csv's own limit is one number for the process; ours is kept by the feed and by `_fault`.
    csv.field_size_limit(max(csv.field_size_limit(), 16 * max_field))
    feed = _Feed(lines(opened.stream, 4 * max_field), 2 * max_field)
    rows = csv.reader(feed)
    _check_header(opened.name, next(rows, []))
    while True:
        feed.begin()
        try:
            row = next(rows)
        except StopIteration:
            return
        except _Swallowing as swallowing:
            yield _damaged(opened.name, feed.taken, str(swallowing))
            continue
        except _TooLong:
            taken = feed.taken
            feed.skip_to_row()
            yield _too_long(opened.name, taken, max_field)
            continue
        except csv.Error as error:
            yield _damaged(opened.name, feed.taken, f"is not CSV ({error})")
            continue
        if any(cell and not cell.isspace() for cell in row):
            yield _record(opened.name, feed.taken, row, max_field)


class _Swallowing(Exception):
    """A quoted field is still open where the next row begins."""


class _TooLong(Exception):
    """A row has grown beyond the cap."""


class _Taken:
    """The lines of one row, as one text: a field of a million lines must not become a million objects."""

    def __init__(self) -> None:
        self.number, self.length = 0, 0
        self.odd: Line | None = None  # the first line that is not UTF-8
        self._text = io.StringIO()

    def add(self, line: Line) -> None:
        """Take in the next line of the row."""
        self.number = self.number or line.number
        self.length += len(line.text)
        if not line.sound and self.odd is None:
            self.odd = line
        self._text.write(line.text)

    @property
    def text(self) -> str:
        """The row as it stands in the file."""
        return self._text.getvalue()

    @property
    def raw(self) -> str:
        """Its beginning, fit for a report."""
        self._text.seek(0)
        return readable(self._text.read(2000))


class _Feed:
    """Physical lines for `csv.reader`, which asks for more than one only while a quoted field is open."""

    def __init__(self, source: Iterator[Line], cap: int) -> None:
        self.taken = _Taken()
        self._source, self._cap = source, cap
        self._held: Line | None = None

    def __iter__(self) -> _Feed:
        return self

    def begin(self) -> None:
        """The next line is the first of a row."""
        self.taken = _Taken()

    def __next__(self) -> str:
        line = self._held or next(self._source)
        self._held = None
        if self.taken.number and begins_row(line.text):
            self._held = line
            raise _Swallowing(
                f"has a stray quotation mark: a field is still open where line {line.number} begins a row"
            )
        self.taken.add(line)
        if not line.whole or self.taken.length > self._cap:
            raise _TooLong
        # A lone CR outside quotation marks is no line end, but csv would give up on it.
        return _LONE_CR.sub("\u2028", line.text) if "\r" in line.text else line.text

    def skip_to_row(self) -> None:
        """Pass over what belongs to the row that is too long."""
        for line in self._source:
            if begins_row(line.text):
                self._held = line
                return


def _check_header(source: str, row: list[str]) -> None:
    header = tuple(cell.strip() for cell in row)
    while header and not header[-1]:  # spreadsheets add empty columns
        header = header[:-1]
    if header == HEADER:
        return
    missing, unknown = [c for c in HEADER if c not in header], [c for c in header if c not in HEADER]
    parts = (
        f"missing: {', '.join(missing)}" if missing else "",
        f"unknown: {', '.join(cell[:60] for cell in unknown[:20])}" if unknown else "",
        "the columns stand in another order" if not missing and not unknown else "",
    )
    raise SourceError(
        source,
        f"the header is not the open CSV's ({'; '.join(part for part in parts if part)})",
        way_out=f"Its first line must read: {','.join(HEADER)}",
        line=1,
    )


def _record(source: str, taken: _Taken, row: list[str], max_field: int) -> SourceRecord | Unreadable:
    origin = Origin(source, taken.number, "csv")
    if taken.odd is not None:
        problem = f"line {taken.odd.number} holds the byte {odd_byte(taken.odd.text)}, which is not UTF-8"
        column = next((i for i, cell in enumerate(row) if odd_byte(cell)), len(row))
        return Unreadable(origin, _name(column), problem, "Save the file as UTF-8.", taken.raw)
    while len(row) > len(HEADER) and not row[-1]:  # spreadsheets add empty columns; one space would be a value
        row.pop()
    wrong = misplaced(row)
    if wrong is not None:
        return _damaged(source, taken, wrong[1], wrong[0])
    if sum(map(len, row)) > max_field:
        longest = max(range(len(row)), key=lambda i: len(row[i]))
        if len(row[longest]) > max_field:
            return _too_long(source, taken, max_field, longest)
    return SourceRecord(origin, _fields(row))


def _fields(row: list[str]) -> dict[str, tuple[str, ...]]:
    # The CSV writes nothing as one space.
    return {field: (cell,) for field, cell in zip(_FIELDS, row, strict=True) if cell and not cell.isspace()}


def _damaged(source: str, taken: _Taken, problem: str, column: int | None = None) -> SourceRecord | Unreadable:
    """A row whose columns are shifted: repaired when there is only one way to, else reported."""
    origin = Origin(source, taken.number, "csv")
    text = taken.text
    repaired = repair(text) if taken.odd is None else None
    if repaired is None:
        field = _name(_open_column(text) if column is None else column)
        return Unreadable(origin, field, problem, _WAY_OUT, taken.raw)
    row, at = repaired
    message = f"the row {problem}; its columns could be told apart in one way only"
    remark = Remark("repair", _FIELDS[at], message, text.strip()[:200], row[at].strip()[:200], origin)
    return SourceRecord(origin, _fields(row), remarks=(remark,))


def _too_long(source: str, taken: _Taken, max_field: int, column: int | None = None) -> Unreadable:
    if column is None:
        column = _open_column(taken.text)
    return Unreadable(
        Origin(source, taken.number, "csv"),
        _name(column),
        f"the field is longer than {max_field:,} characters",
        "Shorten it, or allow longer fields (--max-field).",
        taken.raw,
    )


def _open_column(text: str) -> int:
    """The column that is still open at the end of a text."""
    try:
        return len(next(csv.reader([text]), [""])) - 1
    except csv.Error:
        return len(HEADER)


def _name(column: int) -> str | None:
    return HEADER[column] if column < len(HEADER) else None
