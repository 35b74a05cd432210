"""Results: the formats that the answer to a query has, what clients call them, and which one a client gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ld import formats
from ld.formats import HTML, Format
from ld.formats.negotiation import choose
from ld.sparql.reading import Form
from ld.sparql.writing import TRIPLES

Kind = Literal["solutions", "triples"]
KINDS: Mapping[Form, Kind] = {"SELECT": "solutions", "ASK": "solutions", "CONSTRUCT": "triples", "DESCRIBE": "triples"}
"""What each form of query answers with; a lone truth value counts as solutions, for it has their formats."""


@dataclass(frozen=True, slots=True)
class ResultFormat:
    """One row of the table.

    name: as `format=` and `--format` say it, and as `ld.sparql.writing` does. names: how other programs say it.
    aliases: other media types that it is asked for by → the media type it is then answered with. iri: what a service
    description calls it.
    """

    name: str
    media_type: str
    title: str
    kind: Kind
    iri: str
    names: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict, hash=False)


_W3C = "http://www.w3.org/ns/formats/"
_SOLUTIONS: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    ("json", "application/sparql-results+json", {"application/json": "application/json"}),
    ("xml", "application/sparql-results+xml", {"application/xml": "application/xml", "text/xml": "text/xml"}),
    ("csv", "text/csv", {}),
    ("tsv", "text/tab-separated-values", {}),
)
_TRIPLES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "ttl": ("Turtle", ("turtle", "n3")),
    "jsonld": ("JSON-LD", ("json-ld", "json")),
    "rdf": ("RDF_XML", ("rdf+xml", "rdfxml", "xml")),
    "nt": ("N-Triples", ("ntriples", "n-triples")),
    "trig": ("TriG", ()),
    "nq": ("N-Quads", ("nquads", "n-quads")),
}
"""Name → the end of its IRI, and how other programs say it: those of SPARQLWrapper among them."""


def _of_rdf(name: str) -> ResultFormat:
    row, (iri, names) = formats.BY_SUFFIX[name], _TRIPLES[name]
    return ResultFormat(name, row.media_type, row.title, "triples", _W3C + iri, names, row.aliases)


FORMATS: tuple[ResultFormat, ...] = (
    *(
        ResultFormat(name, media_type, name.upper(), "solutions", f"{_W3C}SPARQL_Results_{name.upper()}", (), aliases)
        for name, media_type, aliases in _SOLUTIONS
    ),
    *map(_of_rdf, TRIPLES),
)
"""Of each kind, the first is for clients that ask for none."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The format to answer in, or a page that shows it, and the media type to call it."""

    format: ResultFormat
    media_type: str
    page: bool = False


def offered(kind: Kind) -> tuple[ResultFormat, ...]:
    """The formats for answers of a kind."""
    return tuple(each for each in FORMATS if each.kind == kind)


def named(kind: Kind, name: str) -> ResultFormat | None:
    """The format that a name, or a media type, stands for: `json` is JSON-LD where there are triples to be written.

    >>> named("solutions", "json").title, named("triples", "json").title, named("triples", "csv")
    ('JSON', 'JSON-LD', None)
    """
    wanted = name.strip().lower()
    known = ((each, (each.name, each.media_type, *each.names, *each.aliases)) for each in offered(kind))
    return next((each for each, names in known if wanted in names), None)


def negotiate(kind: Kind, accept: Sequence[str]) -> Choice | None:
    """What `Accept` headers ask for, or None (406); a page, where they would rather have one."""
    offers: tuple[ResultFormat | Format, ...] = (*offered(kind), HTML)
    found = choose(accept, offers)
    if found is None:
        return None
    chosen, media_type = found
    if isinstance(chosen, ResultFormat):
        return Choice(chosen, media_type)
    return Choice(offered(kind)[0], media_type, page=True)
