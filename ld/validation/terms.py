"""Terms for pySHACL: ours as rdflib's and back, spellings kept, since it is the spelling that is judged."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import RLock, local

import pyoxigraph as ox
from rdflib import BNode, Literal, URIRef
from rdflib.term import Node

from ld.namespaces import XSD
from ld.rdf import Term

_STRING, _BOOLEAN = XSD + "string", XSD + "boolean"
ALONE = RLock()
"""Held while the filter of warnings is changed, which all threads have in common, and while pySHACL works."""
_READING = local()
# A value that is not of its datatype is for the shapes to find; rdflib would print a traceback for each.
logging.getLogger("rdflib.term").addFilter(lambda _: not getattr(_READING, "now", False))


@contextmanager
def quiet() -> Iterator[None]:
    """While terms of rdflib are made: nothing is printed about values that are not of their datatype."""
    before, _READING.now = getattr(_READING, "now", False), True
    try:
        yield
    finally:
        _READING.now = before


def _literal(given: ox.Literal) -> Literal:
    if given.language:
        return Literal(given.value, lang=given.language)
    datatype = given.datatype.value
    if datatype == _STRING:
        return Literal(given.value)
    if datatype == _BOOLEAN:
        with ALONE, quiet(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of "maybe" rdflib makes false, and says so
            return Literal(given.value, datatype=datatype, normalize=False)
    with quiet():
        return Literal(given.value, datatype=datatype, normalize=False)


_TO_RDFLIB: Mapping[type, Callable[..., Node]] = {
    ox.NamedNode: lambda given: URIRef(given.value),
    ox.BlankNode: lambda given: BNode(given.value),
    ox.Literal: _literal,
}


def to_rdflib(term: Term) -> Node:
    """A term as rdflib has it."""
    return _TO_RDFLIB[type(term)](term)


def from_rdflib(node: Node) -> Term:
    """A term of rdflib as ours."""
    if isinstance(node, Literal):
        if node.language:
            return ox.Literal(str(node), language=node.language)
        return ox.Literal(str(node), datatype=ox.NamedNode(str(node.datatype or _STRING)))
    return ox.BlankNode(str(node)) if isinstance(node, BNode) else ox.NamedNode(str(node))


class Terms(dict[Term, Node]):
    """Terms of rdflib, each made once: comparing a term with itself is quick, with its equal slow."""

    def __init__(self, known: Mapping[Term, Node] = {}) -> None:
        super().__init__(known)

    def __missing__(self, term: Term) -> Node:
        self[term] = made = to_rdflib(term)
        return made
