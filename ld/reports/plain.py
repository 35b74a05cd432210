"""Plain text: values from outside made fit for people to read, control characters shown and not obeyed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from ld.validation.report import shortened

# C0 and C1, what turns the direction of writing, breaks lines or cannot be seen, halves of surrogates, noncharacters.
UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\ufffe\uffff"
    "\U000e0000-\U000e007f]"
)
_BREAK = re.compile(r"\s*[\r\n]\s*")


def shown(text: str, length: int | None = None) -> str:
    r"""The text on one line, shortened, with what cannot be seen spelled out.

    >>> print(shown("A title\nof two lines\x1b[2J\u202e"))
    A title\x0aof two lines\x1b[2J\u202e
    """
    return UNSEEN.sub(_spelled, text if length is None else shortened(text, length))


def sentence(text: str, length: int | None = None) -> str:
    r"""The same for a sentence or a title, whose line breaks mean nothing.

    >>> sentence("One line\n   and another")
    'One line and another'
    """
    return shown(_BREAK.sub(" ", text.strip()), length)


def _spelled(found: re.Match[str]) -> str:
    number = ord(found.group())
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def counted(number: int, one: str, many: str = "") -> str:
    """A number of things in words.

    >>> counted(1, "violation"), counted(1234, "warning"), counted(2, "other file", "other files")
    ('1 violation', '1,234 warnings', '2 other files')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(items: Sequence[str], most: int, rest: str = "more") -> str:
    """The first few of several names.

    >>> listed(["a.nq", "b.nq"], 3), listed(["a.nq", "b.nq", "c.nq"], 1)
    ('a.nq, b.nq', 'a.nq and 2 more')
    """
    more = len(items) - most
    return ", ".join(items[:most]) + (f" and {more:,} {rest}" if more > 0 else "")


def local_name(iri: str) -> str:
    """The last part of an IRI.

    >>> local_name("https://w3id.org/thesis-ld/shapes#thesis-title"), local_name("http://purl.org/dc/terms/title")
    ('thesis-title', 'title')
    """
    return re.split(r"[#/]", iri.rstrip("#/"))[-1] or iri


def constraints(components: Iterable[str]) -> list[str]:
    """What SHACL calls constraints.

    >>> constraints(["http://www.w3.org/ns/shacl#MinCountConstraintComponent"])
    ['MinCount']
    """
    return [shown(local_name(each).removesuffix("ConstraintComponent")) for each in components]


def distinct(names: Iterable[str]) -> list[str]:
    """The names, those that come again numbered.

    >>> distinct(["title", "name", "title"])
    ['title', 'name', 'title (2)']
    """
    met: Counter[str] = Counter()
    found = []
    for name in names:
        met[name] += 1
        found.append(name if met[name] == 1 else f"{name} ({met[name]})")
    return found
