"""Independent readers of what we write, each giving canonical N-Triples: PyLD, rdflib, pyoxigraph, Debian's raptor."""

from __future__ import annotations

import json
import subprocess
import warnings
from typing import Any

import pyld
import pyoxigraph as ox
import rdflib

from ld import context
from ld.rdf import canonical

CONTEXT_URL = "http://example.org/vocab/context.jsonld"

RAPPER = {"ttl": "turtle", "rdf": "rdfxml", "nt": "ntriples", "trig": "trig", "nq": "nquads"}
RDFLIB = {"ttl": "turtle", "rdf": "xml", "nt": "nt", "trig": "trig", "nq": "nquads", "jsonld": "json-ld"}
OXIGRAPH = {
    "ttl": ox.RdfFormat.TURTLE,
    "rdf": ox.RdfFormat.RDF_XML,
    "nt": ox.RdfFormat.N_TRIPLES,
    "trig": ox.RdfFormat.TRIG,
    "nq": ox.RdfFormat.N_QUADS,
    "jsonld": ox.RdfFormat.JSON_LD,
}


def load_context(url: str, options: object) -> dict[str, Any]:
    """PyLD's way to our context, without a network."""
    assert url == CONTEXT_URL, f"asked for {url}"
    return {"contextUrl": None, "documentUrl": url, "document": json.loads(context.load().bytes)}


def by_pyld(document: dict[str, Any] | bytes, loader: Any = load_context) -> bytes:
    """What PyLD reads in a JSON-LD document, whose context may be ours by its address."""
    document = document if isinstance(document, dict) else json.loads(document)
    dataset = pyld.jsonld.to_rdf(document, {"documentLoader": loader})
    return canonical(
        ox.Triple(_pyld_term(t["subject"]), _pyld_term(t["predicate"]), _pyld_term(t["object"]))
        for t in dataset.get("@default", [])
    )


def by_rdflib(document: dict[str, Any] | bytes, suffix: str = "jsonld") -> bytes:
    """What rdflib reads; it fetches contexts, so a JSON-LD document must bring its own."""
    data = json.dumps(document) if isinstance(document, dict) else document
    return _rdflib(data=data, format=RDFLIB[suffix])


def by_rdflib_at(address: str) -> bytes:
    """What rdflib reads at an address, of which it is told nothing else; contexts are fetched."""
    return _rdflib(source=address)


def _rdflib(**source: Any) -> bytes:
    normalize, rdflib.NORMALIZE_LITERALS = rdflib.NORMALIZE_LITERALS, False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # rdflib's readers use its own deprecated parts
            graph = rdflib.Dataset(default_union=True)
            graph.parse(**source)
            triples = list(graph.triples((None, None, None)))
    finally:
        rdflib.NORMALIZE_LITERALS = normalize
    return canonical(ox.Triple(*map(_rdflib_term, triple)) for triple in triples)


def by_oxigraph(document: dict[str, Any] | bytes, suffix: str = "jsonld") -> bytes:
    """What pyoxigraph reads; it fetches nothing."""
    data = json.dumps(document) if isinstance(document, dict) else document
    return canonical(quad.triple for quad in ox.parse(data, format=OXIGRAPH[suffix]))


def by_raptor(document: bytes, suffix: str) -> bytes:
    """What `rapper` reads; a warning of its is an error."""
    done = subprocess.run(
        ["rapper", "-q", "-i", RAPPER[suffix], "-o", "nquads", "-", "http://example.org/base/"],
        input=document,
        capture_output=True,
        check=True,
    )
    assert done.stderr == b""
    return canonical(quad.triple for quad in ox.parse(done.stdout, format=ox.RdfFormat.N_QUADS))


def _pyld_term(term: dict[str, str]) -> Any:
    if term["type"] == "IRI":
        return ox.NamedNode(term["value"])
    if term["type"] == "blank node":
        return ox.BlankNode(term["value"].removeprefix("_:"))
    if "language" in term:
        return ox.Literal(term["value"], language=term["language"])
    return ox.Literal(term["value"], datatype=ox.NamedNode(term["datatype"]))


def _rdflib_term(term: Any) -> Any:
    if isinstance(term, rdflib.URIRef):
        return ox.NamedNode(str(term))
    if isinstance(term, rdflib.BNode):
        return ox.BlankNode(str(term))
    if term.language:
        return ox.Literal(str(term), language=term.language)
    return ox.Literal(str(term), datatype=ox.NamedNode(str(term.datatype)) if term.datatype else None)
