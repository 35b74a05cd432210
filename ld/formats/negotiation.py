"""Negotiation: which format, and which coding, a request's headers ask for (RFC 9110, section 12.5).

Parameters of media types are dropped before anything is compared: `text/turtle;charset=utf-8` and
`application/ld+json;profile="…"` ask for what we have. What cannot be read is passed over, nothing raises, and a header
of any length costs the same small work.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal, Protocol, TypeVar

from werkzeug.http import parse_accept_header

MAX_HEADER = 4096
"""Characters of a header that are read; real clients send less than 400."""

_RANGE = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+/[!#$%&'*+.^_`|~0-9a-z-]+")

Coding = Literal["zstd", "gzip"]
CODINGS: tuple[Coding, ...] = ("zstd", "gzip")
"""The codings offered, best first."""


class Offer(Protocol):
    """What can be offered: a media type, and the other names it is asked for by → the type it then answers with."""

    @property
    def media_type(self) -> str: ...
    @property
    def aliases(self) -> Mapping[str, str]: ...


AnyOffer = TypeVar("AnyOffer", bound=Offer)


def choose(accept: Sequence[str] | str | None, offered: Sequence[AnyOffer]) -> tuple[AnyOffer, str] | None:
    """The best of what is offered and the media type to call it, or None when the client takes none of it (406).

    accept: the value of the header, or of each when there are several. No header, an empty one, or one without a single
    readable media range has no preference: it gets what is offered first.

    Of equal weights the type that is *named* goes before one that a wildcard lets in (`text/turtle, */*` means Turtle),
    and then the order of `offered` decides. Aliases (`application/json`) are never found by a wildcard.
    """
    ranges = _ranges(joined(accept)) or {"*/*": 1.0}
    best: tuple[float, int] = (0.0, 0)
    chosen: tuple[AnyOffer, str] | None = None
    for offer in offered:
        for asked, answered in ((offer.media_type, offer.media_type), *offer.aliases.items()):
            weight, exactness = _weigh(ranges, asked, named_only=asked != offer.media_type)
            if weight > 0 and (weight, exactness) > best:
                best, chosen = (weight, exactness), (offer, answered)
    return chosen


def joined(header: Sequence[str] | str | None) -> str:
    """Several headers of one name as the one they mean (RFC 9110, 5.2)."""
    return header if isinstance(header, str) else ", ".join(header or ())


def negotiate_encoding(accept_encoding: Sequence[str] | str | None) -> Coding | None:
    """The coding to answer in, or None for none at all.

    A wildcard lets gzip in, which everything reads. When every coding and `identity` are refused, None is all there is.

    >>> negotiate_encoding("gzip, deflate, br, zstd"), negotiate_encoding("gzip;q=0.5, identity")
    ('zstd', None)
    """
    return _negotiate_encoding(joined(accept_encoding)[: MAX_HEADER + 1])


def refuses_identity(accept_encoding: Sequence[str] | str | None) -> bool:
    """Whether an answer without a coding is refused (RFC 9110, 12.5.3).

    >>> refuses_identity("gzip, identity;q=0"), refuses_identity("gzip, *;q=0"), refuses_identity("gzip")
    (True, True, False)
    """
    weights = dict(_weights(joined(accept_encoding)))
    return weights.get("identity", weights.get("*", 1.0)) == 0


@lru_cache(maxsize=512)
def _negotiate_encoding(accept: str) -> Coding | None:
    weights = {name.removeprefix("x-"): weight for name, weight in _weights(accept)}
    offers = {coding: weights.get(coding, 0.0) for coding in CODINGS}
    if "gzip" not in weights:
        offers["gzip"] = weights.get("*", 0.0)
    best = max(CODINGS, key=offers.__getitem__)  # the first of equals
    return best if offers[best] > 0 and offers[best] >= weights.get("identity", 0.0) else None


def _weigh(ranges: Mapping[str, float], media_type: str, *, named_only: bool) -> tuple[float, int]:
    """The weight of the most exact range that takes a media type in, and how exact it is: 2 named, 1 `text/*`, 0."""
    wider = () if named_only else ((f"{media_type.partition('/')[0]}/*", 1), ("*/*", 0))
    for media_range, exactness in ((media_type, 2), *wider):
        if media_range in ranges:
            return ranges[media_range], exactness
    return 0.0, 0


def _ranges(accept: str) -> dict[str, float]:
    """Media ranges without their parameters, and the highest weight each was given."""
    found: dict[str, float] = {}
    for item, weight in _weights(accept):
        name = "*/*" if item == "*" else item  # Java's own client sends a lone star
        if _RANGE.fullmatch(name):
            found[name] = max(weight, found.get(name, 0.0))
    return found


def _weights(header: str) -> list[tuple[str, float]]:
    if len(header) > MAX_HEADER:
        header = header[:MAX_HEADER].rpartition(",")[0]
    return [(item.partition(";")[0].strip().lower(), weight) for item, weight in parse_accept_header(header)]
