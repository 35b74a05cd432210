"""Licences: the address or the name that a record gives, as the canonical IRI."""

from __future__ import annotations

import re

from ld.names import label_key

_CC = "https://creativecommons.org/"
_CC0 = _CC + "publicdomain/zero/1.0/"
_PDM = _CC + "publicdomain/mark/1.0/"
_IN_COPYRIGHT = "http://rightsstatements.org/vocab/InC/1.0/"
# Europeana gave up its own statement, which EThOS's list uses for "All rights reserved", for RightsStatements.org's.
_ADDRESSES = {
    "http://www.europeana.eu/portal/rights/rr-r.html": _IN_COPYRIGHT,
    "http://rightsstatements.org/vocab/InC/1.0/": _IN_COPYRIGHT,
    "https://rightsstatements.org/vocab/InC/1.0/": _IN_COPYRIGHT,
}
_NAMES = {
    "all rights reserved": _IN_COPYRIGHT,
    "cc0": _CC0,
    "cc0 1 0": _CC0,
    "cc0 1 0 universal": _CC0,
    "creative commons zero": _CC0,
    "public domain mark": _PDM,
    "public domain mark 1 0": _PDM,
}
_ADDRESS = re.compile(
    r"^\s*(?:https?:)?//(?:www\.)?creativecommons\.org/(?P<path>(?:licenses|publicdomain)/[a-z0-9.+/-]+?)"
    r"/?(?:(?:deed|legalcode)(?:\.[a-z_-]{2,7})?)?/?\s*$",
    re.IGNORECASE,
)
_TOGETHER = (
    ("no derivative works", "nd"), ("no derivatives", "nd"), ("no derivs", "nd"),
    ("non commercial", "nc"), ("share alike", "sa"), ("creative commons", ""),
)  # fmt: skip
# Creative Commons' own words, and the slips of EThOS's list (`NonCommerical`). A word not here is not understood.
_WORDS = {
    "attribution": "by", "by": "by", "noncommercial": "nc", "noncommerical": "nc", "nc": "nc",
    "sharealike": "sa", "sa": "sa", "noderivatives": "nd", "noderivs": "nd", "nd": "nd",
    "cc": "", "licence": "", "license": "", "public": "",
}  # fmt: skip
_KINDS = {frozenset(kind.split("-")): kind for kind in ("by", "by-nc", "by-nd", "by-sa", "by-nc-nd", "by-nc-sa")}
_PLACES = {
    "": "", "international": "", "unported": "", "uk": "uk/", "united kingdom": "uk/", "england and wales": "uk/",
    "uk england and wales": "uk/", "scotland": "scotland/", "uk scotland": "scotland/", "us": "us/",
    "united states": "us/",
}  # fmt: skip
_NAME = re.compile(r"(?P<words>[a-z ]+?) (?P<version>[1-4](?: [05])?)(?: (?P<place>[a-z ]+?))?(?: licen[cs]e)?")


def license_iri(printed: str) -> str | None:
    """The canonical IRI of a licence; None for words that name no known one, or not which version of it.

    >>> license_iri("http://creativecommons.org/licenses/by-nc-nd/4.0/deed.en")
    'https://creativecommons.org/licenses/by-nc-nd/4.0/'
    >>> license_iri("CC BY-NC-ND 4.0")
    'https://creativecommons.org/licenses/by-nc-nd/4.0/'
    """
    address = _ADDRESS.match(printed)
    if address:
        return f"{_CC}{address['path'].casefold().rstrip('/')}/"
    if "://" in printed:
        return _ADDRESSES.get(printed.strip())
    # `… 4.0 International (CC BY-NC-ND 4.0)` says it twice.
    text = label_key(re.sub(r"(?<=.)\(.*\)\s*$", "", printed))
    return _NAMES.get(text) or _by_words(text)


def _by_words(text: str) -> str | None:
    for apart, together in _TOGETHER:
        text = text.replace(apart, together)
    named = _NAME.fullmatch(" ".join(text.split()))
    if not named:
        return None
    words = {_WORDS.get(word, "?") for word in named["words"].split()} - {""}
    kind, place = _KINDS.get(frozenset(words)), _PLACES.get(named["place"] or "")
    if kind is None or place is None:
        return None
    major, _, minor = named["version"].partition(" ")
    return f"{_CC}licenses/{kind}/{major}.{minor or '0'}/{place}"
