"""ISNI and ORCID: the 16-character numbers, as printed, as checked, as IRIs (ISO 27729; ISO 7064 MOD 11-2)."""

from __future__ import annotations

import re

ISNI_IRI = "https://isni.org/isni/"
ORCID_IRI = "https://orcid.org/"

_PREFIX = re.compile(
    r"^\s*(?:(?:https?://)?(?:www\.)?(?:isni\.org/(?:isni/)?|isni-url\.oclc\.nl/isni/|orcid\.org/)"
    r"|(?:isni|orcid(?: id)?)\s*:?\s*)",
    re.IGNORECASE,
)
_SEPARATORS = re.compile(r"[\s\u00a0\u2000-\u200b\u202f\ufeff\-\u2010-\u2015.]+")
_SHAPE = re.compile(r"[0-9]{15}[0-9X]")
# ORCID's reserved blocks; the first 15 digits decide, the last is the check character.
_ORCID_BLOCKS = ((15000000, 35000000), (900000000000, 900100000000))


def check_character(digits: str) -> str:
    """The last character that belongs to the 15 `digits`.

    >>> check_character("000000045360689")
    '0'
    """
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    result = (12 - total % 11) % 11
    return "X" if result == 10 else str(result)


def compact(printed: str) -> str:
    """The 16 characters of a printed number or address, prefix and separators left out; not yet checked.

    >>> compact("http://www.isni.org/isni/0000 0001 2168 248x")
    '000000012168248X'
    """
    text = _PREFIX.sub("", printed.strip())
    return _SEPARATORS.sub("", text.removesuffix("/about").rstrip("/")).upper()


def is_valid(number: str) -> bool:
    """Whether 16 characters have the form of an ISNI and the right check character."""
    return bool(_SHAPE.fullmatch(number)) and check_character(number[:15]) == number[15]


def is_orcid(number: str) -> bool:
    """Whether a valid number lies in the blocks that ISNI reserves for ORCID iDs.

    >>> is_orcid("0000000218250097"), is_orcid("0000000453606890")
    (True, False)
    """
    value = int(number[:15])
    return any(first <= value <= last for first, last in _ORCID_BLOCKS)


def spaced(number: str) -> str:
    """The number as people read it.

    >>> spaced("0000000453606890")
    '0000 0004 5360 6890'
    """
    return " ".join(number[i : i + 4] for i in range(0, 16, 4))


def isni_iri(number: str) -> str:
    """The IRI that names the person or body itself (not the page about it)."""
    return ISNI_IRI + number


def orcid_iri(number: str) -> str:
    """The ORCID iD as its IRI.

    >>> orcid_iri("0000000218250097")
    'https://orcid.org/0000-0002-1825-0097'
    """
    return ORCID_IRI + "-".join(number[i : i + 4] for i in range(0, 16, 4))
