"""The table: solutions of a query as people read them in a terminal, one line each, as they come."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, islice

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from ld.namespaces import RDF, XSD

Term = NamedNode | BlankNode | Literal | Triple

_SAMPLE = 1_000
"""Rows that decide how wide the columns are."""
_GAP = "  "
_CUT = "…"
_NUMERIC = frozenset(
    XSD + name
    for name in (
        "integer", "decimal", "double", "float", "long", "int", "short", "byte", "nonNegativeInteger",
        "positiveInteger", "nonPositiveInteger", "negativeInteger", "unsignedLong", "unsignedInt", "unsignedShort",
        "unsignedByte",
    )
)  # fmt: skip
_LOCAL = re.compile(r"(?:\w(?:[\w.-]*[\w-])?)?")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of characters that show nothing, or tell a terminal what to do, break a line or turn its direction."""
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_JOINERS = "\u200c\u200d"
_DOUBTFUL = re.compile(r"[^\x20-\x7e\xa1-\xac\xae-\u0377\u1e00-\u1fff\u3041-\ud7a3]")


def visible(text: str, *, lines: bool = False) -> str:
    r"""A text whose control characters are shown and not obeyed; `lines` keeps line breaks and tabs.

    >>> print(visible("a\x1b[2J\nb\u202e"))
    a\u001b[2J\nb\u202e
    """
    if not _DOUBTFUL.search(text):
        return text
    if lines:
        return "".join(map(_shown_in_lines, re.split(r"(\r?\n|\t)", text)))
    return _DOUBTFUL.sub(lambda found: _shown(found[0]), text)


def _shown_in_lines(part: str) -> str:
    return part if part in ("\n", "\r\n", "\t") else visible(part)


@lru_cache(maxsize=4096)
def _shown(character: str) -> str:
    if unicodedata.category(character) not in _HIDDEN or character in _JOINERS:
        return character
    return _ESCAPES.get(character) or (
        f"\\u{ord(character):04x}" if character <= "\uffff" else f"\\U{ord(character):08x}"
    )


class _Cells(dict[str, int]):
    """How many cells of a terminal a character takes."""

    def __missing__(self, character: str) -> int:
        if (
            unicodedata.category(character) in ("Mn", "Me")
            or character in _JOINERS
            or "\u1160" <= character <= "\u11ff"
        ):
            cells = 0
        else:
            cells = 2 if unicodedata.east_asian_width(character) in "WF" else 1
        self[character] = cells
        return cells


_cells = _Cells()


def cells(text: str) -> int:
    """How many cells of a terminal a text takes, in which nothing is hidden.

    >>> cells("Thé"), cells("The\u0301"), cells("日本")
    (3, 3, 4)
    """
    return len(text) if text.isascii() else sum(map(_cells.__getitem__, text))


def cut(text: str, most: int) -> str:
    """The text, or as much of it as fits into so many cells, with a sign that there is more: of an IRI its end.

    >>> cut("thesis", 6), cut("theses", 5), cut("日本語", 4), cut("<http://a.org/b>", 8)
    ('thesis', 'thes…', '日…', '….org/b>')
    """
    if len(text) <= 8 * most and cells(text) <= most:  # marks that take no cell could go on for ever
        return text
    if text.startswith("<") and text.endswith(">"):
        return _CUT + text[len(text) - _fitting(reversed(text[-8 * most :]), most) :]
    return text[: _fitting(text[: 8 * most], most)] + _CUT


def _fitting(text: Iterable[str], most: int) -> int:
    """How many characters fit with a cell to spare."""
    taken = width = 0
    for character in text:
        width += _cells[character]
        if width >= most:
            break
        taken += 1
    return taken


class Names:
    """Short names for IRIs, by the prefixes that are known."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        by_length = sorted(prefixes.items(), key=lambda pair: len(pair[1]), reverse=True)
        self._prefixes = [(prefix, iri) for prefix, iri in by_length if iri]
        self.short = lru_cache(maxsize=10_000)(self._short)

    def _short(self, iri: str) -> str:
        for prefix, namespace in self._prefixes:
            if iri.startswith(namespace) and _LOCAL.fullmatch(iri, len(namespace)):
                return f"{prefix}:{iri[len(namespace) :]}"
        return f"<{iri}>"

    def show(self, term: Term | None) -> str:
        """A term as people read it, on one line.

        >>> names = Names({"ex": "http://a.org/"})
        >>> names.show(NamedNode("http://a.org/b")), names.show(Literal("chat", language="fr"))
        ('ex:b', 'chat @fr')
        """
        if isinstance(term, NamedNode):
            return visible(self.short(term.value))
        if isinstance(term, Literal):
            return visible(term.value + self._kind(term))
        return "" if term is None else visible(str(term))

    def _kind(self, literal: Literal) -> str:
        """What a literal is, where its text does not show it well enough."""
        if literal.language is not None:
            return f" @{literal.language}"
        datatype = literal.datatype.value
        return "" if datatype.startswith(XSD) or datatype == RDF + "langString" else f" ^^{self.short(datatype)}"


class Table:
    """Writes one table. rows: how many have come. cut: whether anything did not fit."""

    def __init__(self, variables: Sequence[str], names: Names, width: int | None = None) -> None:
        """width: the cells of a terminal, to which the columns are fitted; None for columns as wide as need be."""
        self._header, self._names, self._width = [visible(name) for name in variables], names, width
        self.rows, self.cut = 0, False

    def lines(self, rows: Iterable[Sequence[Term | None]]) -> Iterator[str]:
        """The lines of the table, without their ends: names, a rule, and one for each row."""
        rows = iter(rows)
        first = list(islice(rows, _SAMPLE))
        shown = [self._shown(row) for row in first]
        widths = self._widths(shown)
        right = [self._is_numeric(row[column] for row in first) for column in range(len(self._header))]
        if self._header:
            yield self._line(self._header, widths, right)
            yield _GAP.join("-" * width for width in widths)
        for row in chain(shown, map(self._shown, rows)):
            self.rows += 1
            yield self._line(row, widths, right)

    def _shown(self, row: Sequence[Term | None]) -> list[str]:
        return [self._names.show(term) for term in row]

    def _widths(self, shown: Sequence[Sequence[str]]) -> list[int]:
        """How wide each column is; the widest give way where a terminal has no room for all."""
        columns = zip(self._header, *shown, strict=True)
        if self._width is None:
            return [max(map(cells, column)) for column in columns]
        widths = [min(max(map(self._cells_of, column)), self._width) for column in columns]
        room = self._width - len(_GAP) * (len(widths) - 1)
        left = len(widths)
        for width in sorted(widths):  # from the narrowest on, each may have an equal share of what is left
            if width * left > room:
                most, odd = divmod(max(room, left), left)
                return _shared(widths, most, odd)
            room, left = room - width, left - 1
        return widths

    def _cells_of(self, text: str) -> int:
        return cells(text if self._width is None else text[: 8 * self._width])

    def _is_numeric(self, terms: Iterable[Term | None]) -> bool:
        found = [term for term in terms if term is not None]
        return bool(found) and all(isinstance(term, Literal) and term.datatype.value in _NUMERIC for term in found)

    def _line(self, row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
        return _GAP.join(map(self._cell, row, widths, right)).rstrip(" ")

    def _cell(self, text: str, width: int, right: bool) -> str:
        fitted = text if self._width is None else cut(text, width)
        self.cut |= fitted is not text
        space = " " * (width - cells(fitted))
        return space + fitted if right else fitted + space


def _shared(widths: Sequence[int], most: int, odd: int) -> list[int]:
    """The widths, none of them more than `most`, but for the first `odd` of these, which have one more."""
    fitted = []
    for width in widths:
        if width > most and odd:
            odd -= 1
            fitted.append(most + 1)
        else:
            fitted.append(min(width, most))
    return fitted
