"""Tokens: terms as the bytes of canonical N-Triples, quick to compare, and to take apart without a parser."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pyoxigraph as ox

from ld.namespaces import RDF, XSD
from ld.rdf import Term

_BEFORE, _AFTER = b"<a:> <a:> ", b" .\n"
STRING, LANG_STRING = f"<{XSD}string>".encode(), f"<{RDF}langString>".encode()

COLLAPSING = (f"{XSD}normalizedString", f"{XSD}token")
"""Datatypes of which rdflib changes the white space of values whatever it is asked, so that pySHACL sees no other."""
_SPACES = str.maketrans("\t\n\r", "   ")


class Unsupported(Exception):
    """Something of RDF 1.2 that SHACL is not defined for."""


def token(term: Term) -> bytes:
    """The token of a term.

    >>> token(ox.Literal("a", language="EN")), token(ox.NamedNode("http://a.org/"))
    (b'"a"@en', b'<http://a.org/>')
    """
    if isinstance(term, ox.Literal) and term.datatype.value in COLLAPSING:
        term = ox.Literal(_collapsed(term.value, term.datatype.value), datatype=term.datatype)
    return str(term).encode()


def _collapsed(value: str, datatype: str) -> str:
    value = value.translate(_SPACES)
    return value if datatype == COLLAPSING[0] else re.sub(" +", " ", value.strip())


def compact(tokens: list[bytes]) -> list[bytes]:
    """The tokens made anew, beside each other, so that they do not hold the memory of what stood between them."""
    return separated(b"\n".join(tokens))


def separated(joined: bytes) -> list[bytes]:
    """Tokens that were joined by line breaks."""
    return joined.split(b"\n") if joined else []


def checked(term: Term | ox.Triple) -> Term:
    """The term, unless it is one of RDF 1.2; then `Unsupported`."""
    if isinstance(term, ox.Triple):
        raise Unsupported("a triple is used as a value, which is RDF 1.2")
    if isinstance(term, ox.Literal) and term.direction is not None:
        raise Unsupported("a text has a base direction, which is RDF 1.2")
    return term


def parsed(tokens: Iterable[bytes]) -> Iterator[Term]:
    """The terms that tokens stand for, canonical or not; raises `SyntaxError`, and `Unsupported` for RDF 1.2."""
    listed = list(tokens)
    document = b"".join([_BEFORE + each + _AFTER for each in listed])
    terms = [checked(quad.object) for quad in ox.parse(document, format=ox.RdfFormat.N_TRIPLES)]
    if len(terms) != len(listed):  # one of them holds more than a term
        raise SyntaxError("not a term")
    return iter(terms)


def term(token: bytes) -> Term:
    """The term of a canonical token."""
    first = token[:1]
    if first == b"<":
        return ox.NamedNode(token[1:-1].decode())
    if first == b"_":
        return ox.BlankNode(token[2:].decode())
    if b"\\" in token:
        return next(parsed([token]))
    end = token.rindex(b'"')
    value, rest = token[1:end].decode(), token[end + 1 :]
    if not rest:
        return ox.Literal(value)
    if rest[:1] == b"@":
        return ox.Literal(value, language=rest[1:].decode())
    return ox.Literal(value, datatype=ox.NamedNode(rest[3:-1].decode()))


def text(token: bytes) -> str:
    """The IRI, label or lexical form of the term of a canonical token.

    >>> text(b'"a b"@en'), text(b"<http://a.org/>"), text(b"_:b1")
    ('a b', 'http://a.org/', 'b1')
    """
    if token[:1] == b"<":
        return token[1:-1].decode()
    if token[:1] == b"_":
        return token[2:].decode()
    if b"\\" in token:
        return term(token).value
    return token[1 : token.rindex(b'"')].decode()


def datatype(token: bytes) -> bytes | None:
    """The datatype of a literal, as a token; None for what is no literal."""
    if token[:1] != b'"':
        return None
    rest = token[token.rindex(b'"') + 1 :]
    if not rest:
        return STRING
    return LANG_STRING if rest[:1] == b"@" else rest[2:]


def language(token: bytes) -> bytes:
    """The language tag of a literal, in lower case; nothing where there is none."""
    tag = token[token.rindex(b'"') + 1 :]
    return tag[1:].lower() if tag[:1] == b"@" else b""
