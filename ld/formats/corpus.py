"""Corpora: the syntaxes that a whole graph is written in, one description after the other, so memory stays flat."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from ld.formats import BY_SUFFIX, jsonld, nquads, rdfxml, turtle
from ld.formats.source import Source, Write


@dataclass(frozen=True, slots=True)
class Corpus:
    """One row of the table.

    name: also the suffix of files. iri: what W3C calls the format in RDF; empty where there is no such name.
    write: writes one description; before, after: what the syntax needs before the first and after the last.
    """

    name: str
    media_type: str
    title: str
    iri: str
    write: Write
    before: Callable[[], bytes] = bytes
    after: bytes = b""

    def pieces(self, descriptions: Iterable[Source]) -> Iterator[bytes]:
        """The descriptions as one document."""
        yield self.before()
        yield from map(self.write, descriptions)
        yield self.after


def _row(name: str, write: Write, before: Callable[[], bytes] = bytes, after: bytes = b"") -> Corpus:
    """A row for a syntax that single descriptions are served in too."""
    form = BY_SUFFIX[name]
    return Corpus(name, form.media_type, form.title, form.iri, write, before, after)


CORPORA: tuple[Corpus, ...] = (
    _row("nt", lambda s: s.ntriples),
    _row("nq", nquads),
    _row("ttl", lambda s: turtle.blocks(s.statements), turtle.header),
    Corpus("jsonl", "application/x-ndjson", "JSON-LD lines", "", jsonld.line),
    _row("trig", lambda s: turtle.graph(s.statements, s.graph), turtle.header),
    _row("rdf", lambda s: rdfxml.nodes(s.statements), rdfxml.opening, rdfxml.CLOSING.encode()),
)

BY_NAME: Mapping[str, Corpus] = {each.name: each for each in CORPORA}
