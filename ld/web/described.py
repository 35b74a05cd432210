"""Descriptions on the web: one set of triples, every format, at one negotiated address and one address a format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flask import Response, request
from pyoxigraph import Triple

from ld import formats
from ld.formats import BY_SUFFIX, FORMATS, HTML, Choice, Format, negotiate
from ld.mapping import LICENCE
from ld.web.errors import Problem
from ld.web.links import Link
from ld.web.responses import answer
from ld.web.site import links, site

JSONLD = BY_SUFFIX["jsonld"]
JSONLD_CONTEXT = "http://www.w3.org/ns/json-ld#context"


@dataclass(frozen=True, slots=True)
class Described:
    """What one address says, before a format is chosen.

    path: the canonical path under the base. root: the IRI of what is described. page: makes the HTML page, given the
    formats at hand. query: what stands after the path, with its question mark. modified: when the triples last changed;
    page_modified: when the page did, which also shows findings and the labels of the shapes.
    """

    path: str
    root: str
    triples: Sequence[Triple]
    page: Callable[[Sequence[Link]], str]
    modified: datetime | None = None
    page_modified: datetime | None = None
    query: str = ""
    pages: tuple[Link, ...] = ()
    """Links to the other pages of this description, `target` a query: `?page=2`."""
    lasting: bool = False
    """Made from files of the package only: made once, then kept."""
    written: Callable[[Format], bytes | None] = lambda chosen: None
    """The description in a format that is not to be made from the triples."""
    offered: Sequence[Format] = FORMATS
    """Its formats, first the one for who has no preference."""


def split(name: str) -> tuple[str, Format | None]:
    """The name and the format that a last path segment says; only the suffix of a known format is one.

    >>> split("uk.bl.ethos.637591"), split("uk.bl.ethos.637591.ttl")[1].name
    (('uk.bl.ethos.637591', None), 'ttl')
    """
    found = [f for f in FORMATS if name.endswith("." + f.suffix) and len(name) > len(f.suffix) + 1]
    if not found:
        return name, None
    longest = max(found, key=lambda f: len(f.suffix))  # `.schema.jsonld` is not `.jsonld`
    return name.removesuffix("." + longest.suffix), longest


def respond(described: Described, fixed: Format | None) -> Response:
    """The description in the format that the address fixes, else in the one that the request likes best."""
    here = links()
    alternates = here.alternates(described.path, described.query)
    choice = (
        Choice(fixed, fixed.media_type) if fixed else negotiate(request.headers.getlist("Accept"), described.offered)
    )
    if choice is None:
        raise Problem(406, "None of the formats asked for exists here; these do.", choices=alternates)
    body, modified = _body(described, choice.format, alternates)
    address = here.path(described.path)
    others = [Link(address + described.query, "canonical"), Link(LICENCE, "license")]
    if topic := here.href(described.root):
        others.append(Link(topic, "describes"))
    page_address = f"{address}.{fixed.suffix}" if fixed else address
    others += [Link(page_address + link.target, link.rel) for link in described.pages]
    if choice.media_type == "application/json":
        others.append(Link(here.path(context_path()), JSONLD_CONTEXT, "application/ld+json"))
    if choice.format is JSONLD:
        # PyLD's loader fails on several rel="alternate", and rdflib's then fetches the document twice; both pass over
        # a relation without its quotes, which means the same (RFC 8288, section 3).
        alternates = [replace(link, quoted=False) for link in alternates]
    return answer(
        body,
        choice.media_type,
        modified=modified,
        location=f"{address}.{choice.format.suffix}{described.query}",
        negotiated=fixed is None,
        links=[*alternates, *others],
    )


def context_path() -> str:
    """The path of the immutable context that JSON-LD answers name."""
    return f"vocab/context-{site().context.hash}.jsonld"


def _body(described: Described, chosen: Format, alternates: Sequence[Link]) -> tuple[bytes, datetime | None]:
    modified = described.page_modified if chosen is HTML and described.page_modified else described.modified
    if not described.lasting:
        return _make(described, chosen, alternates), modified
    here, kept = links(), site().kept
    key = (here.base, here.prefix, f"{described.path}.{chosen.suffix}")
    if key not in kept:
        kept[key] = _make(described, chosen, alternates)
    return kept[key], modified


def _make(described: Described, chosen: Format, alternates: Sequence[Link]) -> bytes:
    if chosen is HTML:
        return described.page(alternates).encode()
    base = links().base
    return described.written(chosen) or formats.serialize(
        chosen,
        described.triples,
        graph=base + described.path,
        root=described.root,
        context_url=base + context_path(),
    )
