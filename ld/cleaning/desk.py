"""The desk on which one record is cleaned: its values mended, what was done to them noted."""

from __future__ import annotations

import re
from functools import lru_cache

from pyoxigraph import Literal

from ld.cleaning.text import excerpt, is_null, mend
from ld.record import Remark, RemarkKind, SourceRecord

SEMICOLON = re.compile(r"\s*;\s*")
"""Joins several values everywhere: ` ; `, and `; ` where somebody was careless."""
OUTSIDE_BRACKETS = re.compile(r"\s*;\s*(?![^()]*\))")
"""The same, but not between the grant numbers in `… (EP/1 ; EP/2)`."""
SUBJECTS = re.compile(r"\s*;\s*|\s+:\s+")
"""Keywords are joined by ` ; ` or by ` : `."""

_TAG = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")


class Desk:
    """One record, and the remarks made about it so far."""

    def __init__(self, record: SourceRecord) -> None:
        self.record = record
        self.remarks = list(record.remarks)

    def remark(self, kind: RemarkKind, field: str, message: str, before: str, after: str | None = None) -> None:
        """Note what was done to a value."""
        shown = excerpt(before, after)
        self.remarks.append(Remark(kind, field, message, *shown, self.record.origin))

    def drop(self, field: str, message: str, printed: str) -> None:
        """Note a value that had to be left out."""
        self.remark("dropped", field, f"{message}; left out", printed)

    def raw(self, field: str) -> tuple[str, ...]:
        """The values as printed, nulls left out."""
        values = self.record.fields.get(field)
        return tuple(value for value in values if not is_null(value)) if values else ()

    def texts(self, field: str, *, lines: bool = False) -> list[tuple[str, str | None]]:
        """The values mended, each with the language tag of that very text."""
        values = self.record.fields.get(field)
        if not values:
            return []
        texts = []
        for index, printed in enumerate(values):
            if is_null(printed):
                continue
            text, done = mend(printed, lines=lines)
            if done:
                self.remark("repair", field, "; ".join(done), printed, text)
            if not is_null(text):
                texts.append((text, self._language(field, index)))
        return texts

    def parts(self, field: str, separator: re.Pattern[str] = SEMICOLON) -> list[str]:
        """The values mended and taken apart where one joins several; each only once."""
        texts = self.texts(field)
        if not texts:
            return []
        if len(texts) == 1 and ";" not in texts[0][0]:
            return [texts[0][0]]
        parts = (part.strip() for text, _ in texts for part in separator.split(text))
        return list(dict.fromkeys(part for part in parts if not is_null(part)))

    def first(self, field: str, what: str) -> str | None:
        """The one value that a thesis has room for; a clash is noted."""
        texts = list(dict.fromkeys(text for text, _ in self.texts(field)))
        for other in texts[1:]:
            self.remark("clash", field, f"the record has more than one {what}; the first was taken", other, texts[0])
        return texts[0] if texts else None

    def _language(self, field: str, index: int) -> str | None:
        tag = self.record.languages.get((field, index), "").strip() if self.record.languages else ""
        if not tag or _is_tag(tag):
            return tag.lower() or None
        self.remark("dropped", field, "this is no language tag; the text was kept without it", tag)
        return None


@lru_cache
def _is_tag(text: str) -> bool:
    """Whether RDF takes a text as a language tag (BCP 47)."""
    try:
        Literal("", language=text)
    except ValueError:
        return False
    return _TAG.fullmatch(text) is not None
