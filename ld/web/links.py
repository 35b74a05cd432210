"""Links: what pages and headers call an address, on whatever host and under whatever path the site hangs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ld.formats import FORMATS
from ld.iris import NAMESPACE

_WEB = re.compile(r"https?://[^\s<>\"{}|\\^`\x00-\x1f]+", re.IGNORECASE)
_SHAPES = re.compile(re.escape(NAMESPACE) + r"(shapes(?:[/#].*)?)")


@dataclass(frozen=True, slots=True)
class Link:
    """One value of a `Link` header (RFC 8288), or one `<link>` of a page."""

    target: str
    rel: str
    type: str | None = None
    title: str | None = None
    quoted: bool = True
    """Whether the header quotes the relation; it may be a bare token as well."""

    def __str__(self) -> str:
        rel = f'"{self.rel}"' if self.quoted else self.rel
        kind = f'; type="{self.type}"' if self.type else ""
        return f"<{self.target}>; rel={rel}{kind}"


@dataclass(frozen=True, slots=True)
class Links:
    """The way from an IRI to a path on this host.

    base: the base IRI that the published graph carries. prefix: the path that the site hangs under, percent-encoded,
    with a slash at both ends. Pages link by path, so they work on any host.
    """

    base: str
    prefix: str

    def path(self, path: str) -> str:
        """The path on this host of a path under the base.

        >>> Links("https://example.org/theses/", "/theses/").path("doc/thesis/x-1")
        '/theses/doc/thesis/x-1'
        """
        return self.prefix + path

    def href(self, iri: str) -> str | None:
        """Where a page links to for an IRI: by path for ours, as it is for the web's, nowhere for any other.

        >>> links = Links("https://example.org/theses/", "/theses/")
        >>> links.href("https://example.org/theses/id/thesis/x-1"), links.href("https://w3id.org/thesis-ld/degree/d-psy")
        ('/theses/id/thesis/x-1', '/theses/vocab/degree/d-psy')
        >>> links.href("javascript:alert(1)")
        """
        if not _WEB.fullmatch(iri):
            return None
        if iri.startswith(self.base):
            return self.path(iri.removeprefix(self.base))
        if shape := _SHAPES.fullmatch(iri):
            return self.path(shape[1])
        if iri.startswith(NAMESPACE):
            return self.path("vocab/" + iri.removeprefix(NAMESPACE))
        return iri

    def alternates(self, path: str, query: str = "") -> list[Link]:
        """Every format of the description at `path`, each at its own address."""
        return [Link(f"{self.path(path)}.{f.suffix}{query}", "alternate", f.media_type, f.title) for f in FORMATS]


def header(links: Iterable[Link]) -> str:
    """The links as one header value."""
    return ", ".join(map(str, links))
