"""Formats: the syntaxes a description is served in, as one table that negotiation, links, suffixes and dumps read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from pyoxigraph import Triple

from ld import rdf
from ld.formats import jsonld, rdfxml, turtle
from ld.formats.negotiation import MAX_HEADER, choose, joined
from ld.formats.source import Source, Write


@dataclass(frozen=True, slots=True)
class Format:
    """One row of the table.

    name: also the suffix of addresses (`….ttl`). media_type: what answers are labelled with.
    aliases: other media types that clients ask for it by → the media type they are answered with.
    iri: what W3C calls the format in RDF; empty where there is no such name.
    """

    name: str
    suffix: str
    media_type: str
    title: str
    rdf: bool
    write: Write | None
    aliases: Mapping[str, str] = field(default_factory=dict, hash=False)
    iri: str = ""

    @property
    def content_type(self) -> str:
        """The media type as a `Content-Type`."""
        return content_type(self.media_type)


def content_type(media_type: str) -> str:
    """The media type with its charset where the type has one.

    >>> content_type("text/turtle"), content_type("application/ld+json")
    ('text/turtle; charset=utf-8', 'application/ld+json')
    """
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


@dataclass(frozen=True, slots=True)
class Choice:
    """The format to answer in, and the media type to call it: the client's own word for it where that is honest."""

    format: Format
    media_type: str

    @property
    def content_type(self) -> str:
        """The `Content-Type` of the answer."""
        return content_type(self.media_type)


def nquads(source: Source) -> bytes:
    """Sorted N-Quads in the document's graph."""
    return rdf.in_graph(source.ntriples, source.graph)


W3C = "http://www.w3.org/ns/formats/"
"""How W3C's names of formats begin, which VoID and service descriptions use."""

FORMATS: tuple[Format, ...] = (
    Format("html", "html", "text/html", "Page", False, None, {"application/xhtml+xml": "text/html"}),
    Format(
        "ttl", "ttl", "text/turtle", "Turtle", True, lambda s: turtle.turtle(s.statements),
        {
            "application/x-turtle": "text/turtle",
            "application/turtle": "text/turtle",
            "text/n3": "text/n3",
            "text/rdf+n3": "text/turtle",
        },
        W3C + "Turtle",
    ),
    Format(
        "jsonld", "jsonld", "application/ld+json", "JSON-LD", True, jsonld.jsonld,
        {"application/json": "application/json"}, W3C + "JSON-LD",
    ),
    Format(
        "rdf", "rdf", "application/rdf+xml", "RDF/XML", True, lambda s: rdfxml.rdfxml(s.statements),
        {"application/xml": "application/xml", "text/xml": "text/xml"}, W3C + "RDF_XML",
    ),
    Format(
        "nt", "nt", "application/n-triples", "N-Triples", True, lambda s: s.ntriples,
        {"text/plain": "text/plain", "text/ntriples": "application/n-triples"}, W3C + "N-Triples",
    ),
    Format(
        "trig", "trig", "application/trig", "TriG", True, lambda s: turtle.trig(s.statements, s.graph),
        {"application/x-trig": "application/trig"}, W3C + "TriG",
    ),
    Format(
        "nq", "nq", "application/n-quads", "N-Quads", True, nquads,
        {"text/x-nquads": "application/n-quads"}, W3C + "N-Quads",
    ),
)  # fmt: skip
"""The order is the server's preference where a client has none: a person, then the most readable syntaxes."""

BY_SUFFIX: Mapping[str, Format] = {each.suffix: each for each in FORMATS}
HTML = BY_SUFFIX["html"]


def negotiate(accept: Sequence[str] | str | None, offered: Sequence[Format] = FORMATS) -> Choice | None:
    """What the `Accept` headers of a request ask for (see `ld.formats.negotiation.choose`), or None (406).

    >>> negotiate("text/turtle;charset=utf-8, */*;q=0.1").media_type
    'text/turtle'
    >>> negotiate("text/turtle;q=0.5, application/json").media_type
    'application/json'
    >>> negotiate("image/png") is None
    True
    """
    return _negotiate(joined(accept)[: MAX_HEADER + 1], tuple(offered))


@lru_cache(maxsize=512)  # clients send few different headers
def _negotiate(accept: str, offered: tuple[Format, ...]) -> Choice | None:
    found = choose(accept, offered)
    return Choice(*found) if found else None


def serialize(to: Format | str, triples: bytes | Iterable[Triple], *, root: str, graph: str, context_url: str) -> bytes:
    """A description in a format, the same bytes every time.

    to: a row of `FORMATS`, or its name. triples: canonical N-Triples as stored, or triples in any order.
    root: IRI of the thing described. graph: IRI of its document, which names the graph in TriG and N-Quads.

    >>> serialize("nq", b'<http://a.org/1> <http://a.org/p> "x" .\\n', root="http://a.org/1", graph="http://a.org/d",
    ...           context_url="http://a.org/context.jsonld")
    b'<http://a.org/1> <http://a.org/p> "x" <http://a.org/d> .\\n'
    """
    row = BY_SUFFIX[to] if isinstance(to, str) else to
    if row.write is None:
        raise ValueError(f"{row.title} is not a syntax of RDF.")
    ntriples = triples if isinstance(triples, bytes) else rdf.canonical(triples)
    return row.write(Source(ntriples, root, graph, context_url))
