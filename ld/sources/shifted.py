"""Rows of the open CSV whose columns are shifted: noticed, and set right where there is only one way to."""

from __future__ import annotations

import re

_DATE, _ETHOS_URL, _COLUMNS = 7, 13, 15

_NUMBER_URL = r"(https?://\S+/)?[0-9Xx][0-9Xx -]{14,20}"
_NO_URL = r"(?!\s*https?:)(?=.*\S).*"
# What each column holds in a sound row; a column without an entry may hold anything.
_SOUND = {
    column: re.compile(pattern, re.DOTALL)
    for column, pattern in {
        0: _NO_URL,
        1: r"\s*|(https?://\S*doi\.org/)?10\.\S+",
        2: _NO_URL,
        3: rf"\s*|{_NUMBER_URL}",
        4: rf"\s*|{_NUMBER_URL}",
        5: _NO_URL,
        6: rf"\s*|{_NUMBER_URL}",
        7: r"\s*|[0-9]{4}(-[0-9]{2}){0,2}",
        8: r"\s*|\S[^\n,]{0,59}",
        10: r"\s*|[A-Z][A-Za-z]+((, | & | )[A-Z][A-Za-z]+)*",
        13: r"https?://ethos\.bl\.uk/\S*uk\.bl\.ethos\.[0-9]+",
        14: r"\s*|https?://\S+",
    }.items()
}
# A year such as `20l4` and an ISNI such as `unknown` are no sign of a shift; a name, an address or an abstract is.
_IMPOSSIBLE_DATE = re.compile(r"\s*(?=\S)(?:(?!.{0,40}$)|.*://|[^0-9]*$)", re.DOTALL)
_IMPOSSIBLE_NUMBER = re.compile(r"[^0-9]*[^\W\d][^0-9]*[ ,][^0-9]*[^\W\d][^0-9]*")
_IMPOSSIBLE_ETHOS_URL = re.compile(r"(?=.*\S)(?!\s*https?:)(?!.*uk\.bl\.ethos\.)", re.DOTALL)
_IMPOSSIBLE = {
    3: _IMPOSSIBLE_NUMBER,
    4: _IMPOSSIBLE_NUMBER,
    6: _IMPOSSIBLE_NUMBER,
    _DATE: _IMPOSSIBLE_DATE,
    _ETHOS_URL: _IMPOSSIBLE_ETHOS_URL,
    14: re.compile(r"\s*https?://ethos\.bl\.uk/OrderDetails", re.IGNORECASE),
}
"""What shows that a row of 15 columns is shifted, by column."""
_NAMES = {3: "Author ISNI", 4: "ORCID", 6: "Institution ISNI", _DATE: "Date", _ETHOS_URL: "EThOS URL", 14: "IR URL"}

# A cell as the open CSV writes it: quoted, empty, one space, or plain text that does not begin with a space.
_CELL = r'(?:"(?:[^"]|"")*"| ?|[^\s",][^",\r\n]*)'
_FIRST_CELL = re.compile(rf"({_CELL}),")
_FIRST_CELLS = re.compile(rf"({_CELL})," * (_DATE + 1))
_LAST_CELLS = [re.compile(rf",({_CELL})" * count + r"\Z") for count in range(_COLUMNS)]
_OPENING_QUOTE = re.compile(r"(?:^|[\s(\[])\"")


def misplaced(row: list[str]) -> tuple[int, str] | None:
    """The column that shows that a row is shifted, and how it shows; None for a row in order."""
    if len(row) != _COLUMNS:
        odd = next((i for i, cell in enumerate(row) if i in _SOUND and not _SOUND[i].fullmatch(cell)), len(row))
        return odd, f"has {len(row)} columns instead of {_COLUMNS}"
    for column, impossible in _IMPOSSIBLE.items():
        cell = row[column]
        if cell != " " and impossible.match(cell):
            return column, f"is shifted: {cell.strip()[:80]!r} cannot stand in the {_NAMES[column]} column"
    return None


def begins_row(line: str) -> bool:
    """Whether a physical line, taken alone, is the beginning of a row, which no line of an abstract is.

    >>> begins_row('A title, ,"Smith, J.", , ,University of Leeds, ,1999, ,"The abstract')
    True
    """
    found = _FIRST_CELLS.match(line)
    if not found:
        return False
    row = [_unquoted(cell) for cell in found.groups()]
    if _IMPOSSIBLE_DATE.match(row[_DATE]):
        return False
    return all(_SOUND[column].fullmatch(row[column]) for column in (1, 3, 4, 6))


def repair(text: str) -> tuple[list[str], int] | None:
    """The cells of a shifted row and the column at fault, if exactly one column taken wide makes every column sound.

    >>> row, column = repair(
    ...     'A title, ,Smith, J., , ,University of Leeds, ,1999, , , , , ,'
    ...     'https://ethos.bl.uk/OrderDetails.do?uin=uk.bl.ethos.1, '
    ... )
    >>> row[2], column
    ('Smith, J.', 2)
    """
    text = text.rstrip("\r\n")
    if len(text) > 50_000:
        return None
    commas = [found.start() for found in re.finditer(",", text)] + [len(text)]
    readings: list[tuple[list[str], int]] = []
    before: list[str] = []
    start = 0
    for column in range(_COLUMNS):
        for end in commas:
            reading = _reading(text, before, start, end) if end >= start else None
            if reading:
                readings.append((reading, column))
        cell = _FIRST_CELL.match(text, start)
        if not cell or not _sound(column, _unquoted(cell.group(1))):
            break
        before.append(_unquoted(cell.group(1)))
        start = cell.end()
    return readings[0] if len(readings) == 1 else None


def _reading(text: str, before: list[str], start: int, end: int) -> list[str] | None:
    """The row if the column after `before` is all of the text from `start` to `end`."""
    after = _LAST_CELLS[_COLUMNS - 1 - len(before)].match(text, end)
    odd = _bared(text[start:end]) if after else None
    if after is None or odd is None:
        return None
    row = [*before, odd, *map(_unquoted, after.groups())]
    return row if all(_sound(column, cell) for column, cell in enumerate(row)) else None


def _sound(column: int, cell: str) -> bool:
    return column not in _SOUND or bool(_SOUND[column].fullmatch(cell))


def _unquoted(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if cell.startswith('"') else cell


def _bared(cell: str) -> str | None:
    """What the cell at fault says, without the quotation marks that are CSV's; None when that cannot be told."""
    if not cell.startswith('"'):
        return cell
    inner = cell[1:].removesuffix('"').replace('""', '"')
    if len(cell) > 1 and cell.endswith('"'):
        first = inner.find('"')
        return inner if first < 0 or _OPENING_QUOTE.match(inner, max(first - 1, 0)) else None
    return None if '"' in inner else inner
