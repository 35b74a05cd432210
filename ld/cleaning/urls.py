"""Addresses and DOIs that sources give: made absolute IRIs that every parser takes, or refused."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

_ABSOLUTE = re.compile(r"(https?)://([^\s/?#\\<>\"{}|^`]+)((?:[/?][^#]*)?)(?:#(.*))?", re.IGNORECASE | re.DOTALL)
_HOST = re.compile(r"(?:[\w.~!$&'()*+,;=:-]+@)?(?:\[[0-9A-Fa-f:.]+\]|(?!\.)[^\W_](?:[\w.-]*\w)?)\.?(?::[0-9]{0,5})?")
# RFC 3987: what may stand in path, query and fragment as it is. Private use characters may not, outside the query.
_ODD = re.compile(
    "%(?![0-9A-Fa-f]{2})|[^\\w%\\-._~!$&'()*+,;=:@/?]|[\ue000-\uf8ff\ufff0-\uffff\U000e0000-\U0010ffff]|\\s"
    "|[\ufdd0-\ufdef]"
)
_PLAIN = re.compile(r"https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?:/[A-Za-z0-9\-._~!$&'()*+,;=:@/?]*)?")
_SEVERAL = re.compile(r"\s*;\s*(?=https?:)|\s+(?=https?:)", re.IGNORECASE)
_DOI = re.compile(
    r"(?:https?://(?:dx\.|www\.)?doi\.org/)?(?:(?:info:)?doi\s*[:/]?\s*)?(10\.[0-9]{4,9}/\S+)",
    re.IGNORECASE,
)


def absolute(printed: str) -> str | None:
    """An http or https address as an IRI, what must be escaped escaped; None for anything else.

    >>> absolute('http://example.org/a "b".pdf')
    'http://example.org/a%20%22b%22.pdf'
    >>> absolute("http://example.org/a/../b"), absolute("/3/2/contents.pdf")
    ('http://example.org/b', None)
    """
    text = printed.strip()
    if _PLAIN.fullmatch(text) and "/." not in text:
        return text
    found = _ABSOLUTE.fullmatch(text)
    if not found or not _HOST.fullmatch(found.group(2)):
        return None
    scheme, host, rest, fragment = found.groups()
    path, mark, query = rest.partition("?")
    escaped = f"{scheme.lower()}://{host}{_ODD.sub(_escape, _resolved(path) + mark + query)}"
    return escaped if fragment is None else f"{escaped}#{_ODD.sub(_escape, fragment)}"


def _resolved(path: str) -> str:
    """A path without `.` and `..` (RFC 3986 §5.2.4): some readers of RDF resolve them, others do not."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            del kept[max(1, len(kept) - 1) :]  # the first is the nothing before the first slash
        elif segment != ".":
            kept.append(segment)
    return "/".join([*kept, ""] if segments[-1] in (".", "..") else kept)


def _escape(found: re.Match[str]) -> str:
    return quote(found.group(), safe="", errors="replace")


def separate(printed: str) -> list[str]:
    """The addresses that one value joins."""
    return [part for part in _SEVERAL.split(printed.strip()) if part]


def doi(printed: str) -> str | None:
    """The bare DOI that a number or an address says; None when it is none.

    >>> doi("https://doi.org/10.17863/CAM.1"), doi("doi: 10.1/x")
    ('10.17863/CAM.1', None)
    """
    text = printed.strip()
    found = _DOI.fullmatch(unquote(text) if "://" in text else text)
    return found.group(1) if found else None


def found_in(printed: str) -> list[str]:
    """The addresses in a free text, without the punctuation behind them."""
    return [address.rstrip(".,;:)]>'\"") for address in re.findall(r"https?://\S+", printed)]
