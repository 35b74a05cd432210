"""Names of people and bodies: taken apart, put in reading order, compared."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import zip_longest

_WORD = re.compile(r"[^\W_]+")
_APOSTROPHES = dict.fromkeys(map(ord, "'’ʼ`´"))


@dataclass(frozen=True, slots=True)
class Name:
    """A personal name; a mononym has a family name only."""

    family: str
    given: str | None = None

    @property
    def inverted(self) -> str:
        """`Andersson, Henrike`, as catalogues sort it."""
        return f"{self.family}, {self.given}" if self.given else self.family

    @property
    def fullness(self) -> int:
        """How full a form of a name it is: the letters of its forenames.

        >>> parse("Willis, Martin E.").fullness > parse("Willis, M. E. H.").fullness
        True
        """
        return sum(c.isalpha() for c in self.given or "")

    @property
    def direct(self) -> str:
        """`Henrike Andersson`, as people read it."""
        return f"{self.given} {self.family}" if self.given else self.family


def parse(printed: str) -> Name:
    """The name that `Surname, Forenames` says; without a comma all of it is the family name.

    >>> parse("Willis, Martin E. H.").direct
    'Martin E. H. Willis'
    """
    family, _, given = printed.partition(",")
    return Name(family.strip(), given.strip() or None) if family.strip() else Name(given.strip())


def fold(text: str) -> str:
    """Text without case, accents, punctuation and extra space, for comparison only.

    >>> fold("The  Queen's University of Belfast!")
    'the queens university of belfast'
    """
    if not text.isascii():
        # Folding case can compose what was taken apart, and the reverse.
        text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
        text = "".join(c for c in text if not unicodedata.combining(c))
    return " ".join(_WORD.findall(text.lower().translate(_APOSTROPHES)))


def agree(one: Name, other: Name) -> bool:
    """Whether two names on one identifier can be one person's.

    Same family name, forenames position by position equal, initial of each other, or missing (case and accents aside).

    >>> agree(parse("Willis, M. E. H."), parse("Willis, Martin Edward"))
    True
    >>> agree(parse("Willis, Martin"), parse("Willis, Mary"))
    False
    """
    if fold(one.family) != fold(other.family):
        return False
    pairs = zip_longest(_forenames(one), _forenames(other), fillvalue="")
    return all(_forenames_agree(a, b) for a, b in pairs)


def _forenames(name: Name) -> list[str]:
    given = name.given or ""
    # Initials run together: `Willis, MEH`. `WU, LI` has a name in capitals instead.
    if re.fullmatch(r"[A-Z]{2,4}", given) and not name.family.isupper():
        return list(given.casefold())
    return fold(given).split()


def _forenames_agree(a: str, b: str) -> bool:
    if not a or not b or a == b:
        return True
    return (len(a) == 1 or len(b) == 1) and a[0] == b[0]


def label_key(printed: str) -> str:
    """What two spellings of one label have in common: case, accents, punctuation and `&` for `and` aside.

    >>> label_key("Medicine & Health")
    'medicine and health'
    """
    return fold(printed.replace("&", " and "))


def body_key(printed: str) -> str:
    """What two spellings of one body's name have in common: the same, and a leading `The` aside.

    >>> body_key("The University of St. Andrews") == body_key("University of St Andrews")
    True
    """
    return label_key(printed).removeprefix("the ")


def slug(printed: str) -> str:
    """A name as a path segment of ASCII letters, digits and hyphens; empty for a name that has none of them.

    >>> slug("King's College London (University of London)")
    'kings-college-london-university-of-london'
    """
    return "-".join(re.findall(r"[a-z0-9]+", body_key(printed)))
