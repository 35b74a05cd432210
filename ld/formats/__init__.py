"""Formats: the syntaxes a description is served in, as one table that negotiation, links, suffixes and dumps read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pyoxigraph import Triple

from ld import context, rdf
from ld.formats import rdfxml, turtle
from ld.formats.negotiation import MAX_HEADER, choose, joined
from ld.formats.statements import Statements


@dataclass(frozen=True, slots=True)
class Source:
    """What a writer is given: the triples twice over, and the names that some syntaxes need.

    ntriples: canonical N-Triples. root: IRI of the thing described. graph: IRI of its document.
    context_url: the immutable address of the JSON-LD context.
    """

    ntriples: bytes
    root: str
    graph: str
    context_url: str

    @property
    def statements(self) -> Statements:
        """The triples by subject, in reading order: the thing, its document, the others."""
        return Statements.read(self.ntriples, first=(self.root, self.graph))


Write = Callable[[Source], bytes]


@dataclass(frozen=True, slots=True)
class Format:
    """One row of the table.

    name: also the suffix of addresses (`….ttl`). media_type: what answers are labelled with.
    aliases: other media types that clients ask for it by → the media type they are answered with.
    """

    name: str
    suffix: str
    media_type: str
    title: str
    rdf: bool
    write: Write | None
    aliases: Mapping[str, str] = field(default_factory=dict, hash=False)

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


def jsonld(source: Source) -> bytes:
    """One nested, compacted node, its context by address."""
    node = context.load().nest(rdf.parse(source.ntriples), source.root)
    return _json({"@context": source.context_url, **node}, indent=2)


def jsonld_line(ntriples: bytes, root: str) -> bytes:
    """One line of a dump: the compacted node with the part of the context that it uses."""
    node = context.load().nest(rdf.parse(ntriples), root)
    return _json({"@context": context.load().used_by(node), **node}, indent=None)


def nquads(source: Source) -> bytes:
    """Sorted N-Quads in the document's graph."""
    return rdf.in_graph(source.ntriples, source.graph)


def _json(document: Mapping[str, Any], indent: int | None) -> bytes:
    separators = None if indent else (",", ":")
    return json.dumps(document, ensure_ascii=False, indent=indent, separators=separators).encode() + b"\n"


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
    ),
    Format(
        "jsonld", "jsonld", "application/ld+json", "JSON-LD", True, jsonld,
        {"application/json": "application/json"},
    ),
    Format(
        "rdf", "rdf", "application/rdf+xml", "RDF/XML", True, lambda s: rdfxml.rdfxml(s.statements),
        {"application/xml": "application/xml", "text/xml": "text/xml"},
    ),
    Format(
        "nt", "nt", "application/n-triples", "N-Triples", True, lambda s: s.ntriples,
        {"text/plain": "text/plain", "text/ntriples": "application/n-triples"},
    ),
    Format(
        "trig", "trig", "application/trig", "TriG", True, lambda s: turtle.trig(s.statements, s.graph),
        {"application/x-trig": "application/trig"},
    ),
    Format(
        "nq", "nq", "application/n-quads", "N-Quads", True, nquads, {"text/x-nquads": "application/n-quads"},
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
