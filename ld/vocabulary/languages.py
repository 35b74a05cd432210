"""Languages: a code or a name as printed, as its ISO 639-3 code and as an IRI."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ld.errors import VocabularyError
from ld.names import fold

LEXVO = "http://lexvo.org/id/iso639-3/"
_TAG = re.compile(r"\s*(?P<code>[A-Za-z]{2,3})(?:[-_][A-Za-z0-9_-]+)?\s*")
# ISO 639-2 qualifies and inverts its names: `Greek, Modern (1453-)`.
_QUALIFIER = re.compile(r"\s*\([^)]*\)")


class Languages:
    """The table `languages.tsv`: ISO 639-3 code, other codes (639-1, 639-2/B), English names."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._codes: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._labels: dict[str, str] = {}
        for line in lines:
            if line.startswith("#"):
                continue
            code, others, names = line.rstrip("\n").split("\t")
            self._labels[code] = names.split("; ")[0]
            for known in (code, *others.split()):
                _claim(self._codes, known, code)
            for name in names.split("; "):
                _claim(self._names, fold(name), code)

    def code(self, printed: str) -> str | None:
        """The ISO 639-3 code that `en`, `eng`, `en-GB`, `wel` or `Welsh` means; None when unknown."""
        tag = _TAG.fullmatch(printed)
        found = self._codes.get(tag["code"].casefold()) if tag else None
        return found or self._names.get(fold(printed)) or self._names.get(_plain(printed))

    def label(self, code: str) -> str | None:
        """The English name of a language by its ISO 639-3 code."""
        return self._labels.get(code)


def language_iri(code: str) -> str:
    """The IRI of a language by its ISO 639-3 code.

    >>> language_iri("cym")
    'http://lexvo.org/id/iso639-3/cym'
    """
    return LEXVO + code


def _claim(table: dict[str, str], key: str, code: str) -> None:
    if table.setdefault(key, code) != code:
        raise VocabularyError(f"languages.tsv: {key!r} stands for {table[key]} and {code}. Keep it with one.")


def _plain(printed: str) -> str:
    head, _, rest = _QUALIFIER.sub("", printed).partition(",")
    return fold(f"{rest} {head}")
