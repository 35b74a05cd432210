"""Pieces: tokens that can stand nowhere in a query, and what was meant by them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import pairwise

from ld.sparql.faults import fault, short
from ld.sparql.tokens import NOTHING, Token
from ld.sparql.words import FUNCTIONS, KEYWORDS, meant

_SCHEMES = frozenset({"http", "https", "ftp", "urn", "mailto", "doi", "file"})
_INSTEAD = {
    "&": "&&", "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2018": "'", "\u2019": "'", "\u2013": "-",
    "\u2264": "<=", "\u2265": ">=", "\u2260": "!=", "\u00d7": "*", "\u2212": "-",
}  # fmt: skip
"""What is written for a sign, mostly by word processors."""
_WELL_KNOWN = {
    "dc11": "http://purl.org/dc/elements/1.1/",
    "dct": "http://purl.org/dc/terms/",
    "dctype": "http://purl.org/dc/dcmitype/",
    "fabio": "http://purl.org/spar/fabio/",
    "geo": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "prov": "http://www.w3.org/ns/prov#",
    "sdo": "https://schema.org/",
    "time": "http://www.w3.org/2006/time#",
    "vann": "http://purl.org/vocab/vann/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "wd": "http://www.wikidata.org/entity/",
    "wdt": "http://www.wikidata.org/prop/direct/",
}
"""Prefixes that are not in the context, and that people use without a thought."""
_DOTS = re.compile(r"\.[^.]+\.")
_LOCAL_ESCAPE = re.compile(r"\\.")
_SOURCE = re.compile("service|from", re.IGNORECASE)
_COMPLETE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?://[^/?#]*[/?#]|(?!//))")
"""A namespace whose authority, if it has one, is over, so that no name makes it none."""
_TEXT_ESCAPE = re.compile(r"\\[tbnrf\\\"']|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}")
_ODD_ESCAPE = re.compile(r"\\.?", re.DOTALL)
ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


def character(escape: re.Match[str]) -> str:
    """The character that an escape stands for; empty if there is none."""
    number = int(escape[1] or escape[2], 16)
    return "" if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF else chr(number)


def check(text: str, found: Sequence[Token], prefixes: Mapping[str, str]) -> None:
    """Raises `QueryError` for a token that can stand nowhere, or that the engine would read in another way.

    found: the tokens without comments, from the query's form on.
    """
    last = NOTHING
    for token, following in pairwise([*found, NOTHING]):
        kind = token.kind
        told = None
        if kind == "word":
            told = _of_word(token)
        elif kind == "name":
            told = _of_name(token, last, following, prefixes)
        elif kind == "other":
            told = _of_other(token)
        elif "\\" in token.text and kind in ("string", "iri"):
            told = _of_escapes(token)
        if told:
            raise fault(text, token, *told)
        last = token


def _of_word(token: Token) -> tuple[str, str] | None:
    word = token.text.upper()
    if word in ("A", "TRUE", "FALSE") and token.text != word.lower():
        return f"`{token.text}` is no word of SPARQL", f"Write it in small letters: {word.lower()}."
    if word in KEYWORDS or word in FUNCTIONS:
        return None
    near = meant(word)
    way_out = f"Do you mean {near}?" if near else 'Variables begin with ?, texts stand in "…", IRIs in <…>.'
    return f"`{short(token.text)}` is no word of SPARQL", way_out


def _of_name(token: Token, last: Token, following: Token, prefixes: Mapping[str, str]) -> tuple[str, str] | None:
    prefix, _, local = token.text.partition(":")
    if prefix not in prefixes:
        if prefix.lower() in _SCHEMES and (following.text == "/" or local):
            if last.text == "<":
                return "This IRI is not closed, or something stands in it that may not", "Correct it: <http://…>"
            return f"`{short(token.text)}` is the beginning of an IRI, but not as one", "Write IRIs in <…>."
        namespace = _WELL_KNOWN.get(prefix, "http://…")
        told = f"Add to the beginning: PREFIX {prefix}: <{namespace}>"
        near = [each for each in prefixes if each.lower() == prefix.lower()]
        return f"The prefix {prefix}: is not declared", f"Write {near[0]}: instead." if near else told
    if max(token.text) > "\uffff":
        return f"`{short(token.text)}` has characters that the engine does not read in names", "Write the IRI in <…>."
    if _DOTS.search(_LOCAL_ESCAPE.sub("", local)):  # spargebra takes the name to end before the second
        return f"`{short(token.text)}` has more dots than the engine reads in names", "Write `\\.` for each of them."
    if _SOURCE.match(local) and not _COMPLETE.match(prefixes[prefix]):  # the engine may read the prefix alone
        return f"`{short(token.text)}` is no IRI", f"Correct the namespace of {prefix}:"
    return None


def _of_other(token: Token) -> tuple[str, str]:
    sign = token.text[0]
    if sign in "'\"":
        quotes = sign * 3 if token.text.startswith(sign * 3) else sign
        line = "" if len(quotes) == 3 else " on its line; one of several lines stands in three quotes"
        return "This text is not closed", f"Put {quotes} at its end{line}."
    if sign == "\\":
        return "A backslash cannot stand here", "Escapes can stand in texts and IRIs: write the character itself here."
    if sign in _INSTEAD:
        return f"`{sign}` cannot stand here", f"Write {_INSTEAD[sign]} instead."
    name = f"`{sign}`" if sign.isprintable() and not sign.isspace() else f"U+{ord(sign):04X}"
    space = " Put a plain space instead." if sign.isspace() or unicodedata.category(sign) == "Cf" else ""
    return f"{name} cannot stand here", f"Take it out, or put it into a text or an IRI.{space}"


def _of_escapes(token: Token) -> tuple[str, str] | None:
    if any(not character(escape) for escape in ESCAPE.finditer(token.text)):
        return "An escape here stands for no character", "Write \\u and four, or \\U and eight, hexadecimal digits."
    odd = _ODD_ESCAPE.search(_TEXT_ESCAPE.sub("", token.text)) if token.kind == "string" else None
    if odd:
        return f"`{odd[0]}` is no escape in a text", "Write \\\\ for a backslash."
    return None
