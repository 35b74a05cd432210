"""Listings: the theses of a person or a body, page by page, as triples and as links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ld.snapshot import Listed, Listing, Snapshot
from ld.web.errors import Problem
from ld.web.links import Link

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
PARAMETER = "page"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the theses of an agent; `number` counts from 1."""

    listing: Listing
    number: int
    size: int

    @property
    def last(self) -> int:
        """The number of the last page; an agent without theses has one page."""
        return max(1, -(-self.listing.total // self.size))

    @property
    def query(self) -> str:
        """What stands after the path: nothing for the first page."""
        return query(self.number)

    @property
    def links(self) -> dict[str, str]:
        """The query of each page that this one links to, by relation."""
        if self.last == 1:
            return {}
        there = {"first": 1, "prev": self.number - 1, "next": self.number + 1, "last": self.last}
        return {rel: query(number) for rel, number in there.items() if 1 <= number <= self.last}

    def nodes(self, agent: str, document: str, snapshot: Snapshot) -> Iterator[dict[str, Any]]:
        """The listing in the words of the context: who is linked to what, and where the other pages are."""
        collection: dict[str, Any] = {
            "id": f"{document}#theses",
            "type": "Collection",
            "totalItems": {"@value": str(self.listing.total), "@type": "xsd:integer"},
        }
        if links := self.links:
            words = {"previous" if rel == "prev" else rel: document + target for rel, target in links.items()}
            collection["view"] = {"id": document + self.query, "type": "PartialCollectionView", **words}
        collection["member"] = list(dict.fromkeys(snapshot.manifest.base + item.path for item in self.listing.items))
        yield {"id": agent, "collection": collection}
        yield from (_node(item, agent, snapshot) for item in self.listing.items)


def query(number: int) -> str:
    """`?page=2`; the first page has no query.

    >>> query(1), query(2)
    ('', '?page=2')
    """
    return f"?{PARAMETER}={number}" if number > 1 else ""


def number(asked: str | None) -> int:
    """The page number that a request asks for; 404 for what is none."""
    if asked is None:
        return 1
    if not _NUMBER.fullmatch(asked):
        raise Problem(404, f"{asked[:40]!r} is not the number of a page; pages count from 1.")
    return int(asked)


def links_of(page: Page) -> tuple[Link, ...]:
    """The links to the other pages, for the header."""
    return tuple(Link(target, rel) for rel, target in page.links.items())


def _node(item: Listed, agent: str, snapshot: Snapshot) -> dict[str, Any]:
    record = snapshot.record(item.path) or {}
    title: dict[str, str] = {"@value": item.title}
    # With its language, if it has one: the same statement as in the thesis's own description, not a second title.
    if language := record.get("title", {}).get("language"):
        title["@language"] = language
    iri = snapshot.manifest.base + item.path
    # Without its type: what the shapes ask of a thesis stands in its own description.
    return {"id": iri, "title": title, "issued": item.year, item.role: agent}
