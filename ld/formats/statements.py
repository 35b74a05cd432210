"""Statements: the lines of canonical N-Triples grouped for reading, terms kept as written.

The writers of Turtle, RDF/XML and JSON-LD work on the spelling itself; parsing into terms and back would cost them most
of their time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from sys import intern
from typing import NamedTuple

from ld import context, rdf

Term = str
"""A term as N-Triples spells it: `<iri>`, `_:label`, `"text"`, `"text"@en`, `"text"^^<iri>`."""

TYPE = intern(f"<{rdf.RDF_TYPE.value}>")

_LINE = re.compile(r"^(<[^ ]+>|_:[^ ]+) (<[^ ]+>) (<[^ ]+>|_:[^ ]+|\"[^\n]*) \.$", re.MULTILINE)
_ESCAPE = re.compile(r'\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([tbnrf"\'\\]))')
_CHARACTERS = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f", '"': '"', "'": "'", "\\": "\\"}


class Subject(NamedTuple):
    """A subject with its properties in the context's order, each with its values."""

    term: Term
    properties: tuple[tuple[Term, tuple[Term, ...]], ...]


@dataclass(frozen=True, slots=True)
class Statements:
    """The subjects of a description, in reading order."""

    subjects: tuple[Subject, ...]

    @classmethod
    def read(cls, ntriples: bytes, first: tuple[str, ...] = ()) -> Statements:
        """Canonical, sorted N-Triples as subjects: those of the IRIs in `first`, then the others as sorted."""
        lines = _LINE.findall(ntriples.decode())
        if len(lines) != ntriples.count(b"\n"):  # not canonical: comments, other spacing
            lines = _LINE.findall(rdf.canonical(rdf.parse(ntriples)).decode())
        grouped: dict[Term, dict[Term, list[Term]]] = {f"<{iri}>": {} for iri in first}
        last, properties = "", grouped.get("", {})
        for subject, printed, object_ in lines:
            if subject != last:
                last, properties = subject, grouped.setdefault(subject, {})
            predicate = intern(printed)  # the same few come again and again, and are looked up by every writer
            if predicate in properties:
                properties[predicate].append(object_)
            else:
                properties[predicate] = [object_]
        return cls(tuple(Subject(term, _in_order(found)) for term, found in grouped.items() if found))


def _in_order(properties: dict[Term, list[Term]]) -> tuple[tuple[Term, tuple[Term, ...]], ...]:
    return tuple([(predicate, tuple(properties[predicate])) for predicate in sorted(properties, key=_rank)])


@lru_cache(maxsize=1024)
def _rank(predicate: Term) -> tuple[int, str, int]:
    return context.load().rank(predicate[1:-1])


def split_literal(term: Term) -> tuple[str, str | None, str | None]:
    """The text (still escaped), the language tag and the datatype's IRI of a literal.

    >>> split_literal('"2014"^^<http://www.w3.org/2001/XMLSchema#gYear>')
    ('2014', None, 'http://www.w3.org/2001/XMLSchema#gYear')
    """
    end = term.rindex('"')
    rest = term[end + 1 :]
    if rest.startswith("^^"):
        return term[1:end], None, rest[3:-1]
    return term[1:end], rest[1:] or None, None


def unescape(text: str) -> str:
    r"""The characters that the escapes of N-Triples stand for.

    >>> unescape(r"a\"b\u00e9")
    'a"bé'
    """
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(found: re.Match[str]) -> str:
    short, long, letter = found.groups()
    return _CHARACTERS[letter] if letter else chr(int(short or long, 16))
