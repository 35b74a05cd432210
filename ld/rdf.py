"""RDF at the edges: triples as sorted canonical N-Triples, and back."""

from __future__ import annotations

from collections.abc import Iterable

import pyoxigraph as ox

from ld.namespaces import RDF

RDF_TYPE = ox.NamedNode(RDF + "type")

Term = ox.NamedNode | ox.BlankNode | ox.Literal
"""What can stand in a triple."""


def canonical(triples: Iterable[ox.Triple]) -> bytes:
    """The triples as canonical N-Triples, sorted, each once: the same graph always gives the same bytes.

    Blank nodes (only shapes and validation reports have any) get the labels of RDFC-1.0.

    >>> canonical([ox.Triple(ox.NamedNode("http://a.org/b"), ox.NamedNode("http://a.org/c"), ox.Literal("d"))])
    b'<http://a.org/b> <http://a.org/c> "d" .\\n'
    """
    unique = set(triples)
    if any(isinstance(term, ox.BlankNode) for triple in unique for term in (triple.subject, triple.object)):
        unique = _relabelled(unique)
    written = ox.serialize(unique, format=ox.RdfFormat.N_TRIPLES) or b""
    return b"".join(sorted(written.splitlines(keepends=True)))  # no literal holds a line break: it is escaped


def in_graph(ntriples: bytes, graph: str) -> bytes:
    """N-Triples as N-Quads of one named graph.

    >>> in_graph(b'<http://a> <http://p> "one ." .\\n', "http://g")
    b'<http://a> <http://p> "one ." <http://g> .\\n'
    """
    return ntriples.replace(b" .\n", b" <" + graph.encode() + b"> .\n")  # a line break in a value is written \n


def parse(ntriples: bytes) -> list[ox.Triple]:
    """The triples of an N-Triples document, in its order."""
    return [quad.triple for quad in ox.parse(ntriples, format=ox.RdfFormat.N_TRIPLES)]


def _relabelled(triples: Iterable[ox.Triple]) -> set[ox.Triple]:
    dataset = ox.Dataset(ox.Quad(triple.subject, triple.predicate, triple.object) for triple in triples)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {quad.triple for quad in dataset}
