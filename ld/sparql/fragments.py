"""Fragments: the triples of a store that fit a pattern, a hundred at a time, and how many there are of them.

`read` understands the terms of a pattern as clients spell them, `Reader` looks into a store, and `answer` is the task
that does so for a door, in a process that `ld.sandbox` keeps.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, cast

from pyoxigraph import DefaultGraph, Literal, NamedNode, QuerySolutions, RdfFormat, Store, Triple, serialize

from ld import context
from ld.errors import QueryError
from ld.namespaces import XSD
from ld.rdf import RDF_TYPE
from ld.snapshot.store import open_store

TASK = "ld.sparql.fragments:answer"
"""The task, as `ld.sandbox.Pool` takes it."""
SIZE = 100
"""Triples on a page."""
PLACES = ("subject", "predicate", "object")
"""The places of a pattern, which are also the parameters of a request."""

_VARIABLE = re.compile(r"[?$]\w*")
_PLACES_KEPT, _TOTALS_KEPT = 64, 10_000
"""How many places in a store, and how many counts, a reader remembers: some 30 KB and 200 bytes each."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """What the triples of a fragment have in common; None stands for anything."""

    subject: NamedNode | None = None
    predicate: NamedNode | None = None
    object: NamedNode | Literal | None = None

    @property
    def terms(self) -> dict[str, NamedNode | Literal | None]:
        """The terms by their places."""
        return dict(zip(PLACES, (self.subject, self.predicate, self.object), strict=True))

    def __str__(self) -> str:
        """The pattern in SPARQL; the engine spells the terms, so that nothing in them is read as anything else.

        >>> str(Pattern(predicate=NamedNode("http://a.org/p"), object=Literal('"} #')))
        '?subject <http://a.org/p> "\\\\"} #"'
        """
        return " ".join(f"?{place}" if term is None else str(term) for place, term in self.terms.items())


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: which store, the pattern, the number of the page; and the total, where it is known."""

    store: str
    pattern: Pattern
    page: int
    total: int | None = None

    def encode(self) -> bytes:
        """The request as bytes."""
        terms = {place: spell(term) for place, term in self.pattern.terms.items() if term}
        return json.dumps([self.store, terms, self.page, self.total]).encode()

    @classmethod
    def decode(cls, request: bytes) -> Request:
        """A request from its bytes."""
        store, terms, page, total = json.loads(request)
        return cls(store, read(terms), page, total)


@dataclass(frozen=True, slots=True)
class Answer:
    """How many triples fit, and those of the page as N-Triples, in the order of the store; none of a page too far."""

    total: int
    ntriples: bytes

    def encode(self) -> bytes:
        """The answer as bytes."""
        return b"%d\n%b" % (self.total, self.ntriples)

    @classmethod
    def decode(cls, answer: bytes) -> Answer:
        """An answer from its bytes."""
        total, _, ntriples = answer.partition(b"\n")
        return cls(int(total), ntriples)


def read(given: Mapping[str, str]) -> Pattern:
    """The pattern that the text in each place says; a place that is missing, empty or a variable takes anything.

    An IRI stands bare or in angle brackets, or is shortened with a prefix of the context. A literal is as Hydra has it
    (`hydra:ExplicitRepresentation`): whatever is between the first quote and the last, no character escaped, and its
    language or the IRI of its type. Raises `QueryError`, which names the place.

    >>> str(read({"predicate": "dcterms:issued", "object": '"2014"^^xsd:gYear'}))
    '?subject <http://purl.org/dc/terms/issued> "2014"^^<http://www.w3.org/2001/XMLSchema#gYear>'
    """
    texts = {place: given.get(place, "").strip() for place in PLACES}
    variables = [text for text in texts.values() if len(text) > 1 and _VARIABLE.fullmatch(text)]
    for name in variables:
        if variables.count(name) > 1:
            raise QueryError(
                f"{name} stands in two places, and nothing here compares them",
                way_out="Leave both empty, and keep those of the triples that have the same in both",
                text=name,
            )
    terms = {place: _term(place, text) for place, text in texts.items()}
    return Pattern(**terms)  # type: ignore[arg-type]  # only an object can be a literal


def spell(term: NamedNode | Literal) -> str:
    """A term as `read` takes it, and as clients write it.

    >>> spell(Literal('say "a"', language="en")), spell(Literal("5", datatype=NamedNode("http://a.org/t")))
    ('"say "a""@en', '"5"^^http://a.org/t')
    """
    if isinstance(term, NamedNode):
        iri = term.value
        return iri if context.load().expand(iri) == iri else f"<{iri}>"
    if term.language:
        return f'"{term.value}"@{term.language}'
    kind = term.datatype.value
    return f'"{term.value}"' if kind == XSD + "string" else f'"{term.value}"^^{kind}'


def counted(pattern: Pattern, census: Mapping[str, Any]) -> int | None:
    """How many triples fit, where the census of a snapshot says so; else None."""
    properties, classes = census.get("properties", {}), census.get("classes", {})
    match pattern:
        case Pattern(None, None, None):
            return sum(properties.values()) or None
        case Pattern(None, NamedNode() as predicate, None):
            return cast("int | None", properties.get(predicate.value))
        case Pattern(None, NamedNode() as predicate, NamedNode() as kind) if predicate == RDF_TYPE:
            return cast("int | None", classes.get(kind.value))
    return None


class Reader:
    """Reads fragments of one store, in the store's own order, which is the same every time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._totals: OrderedDict[Pattern, int] = OrderedDict()
        self._places: OrderedDict[tuple[Pattern, int], Iterator[Triple]] = OrderedDict()
        """Where pages ended: the next ones begin there, which else would have to be looked for from the start."""

    def page(self, pattern: Pattern, number: int, total: int | None = None) -> Answer:
        """The page of that number (from 1) of the triples that fit the pattern."""
        start = (number - 1) * SIZE
        if start:
            total = self._total(pattern) if total is None else total
            if total <= start:
                return Answer(total, b"")
        rest = self._places.pop((pattern, start), None) or self._from(pattern, start)
        found = list(islice(rest, SIZE))
        if len(found) < SIZE:
            total = start + len(found)
        elif total is None:
            total = self._total(pattern)
        if total > start + SIZE:
            _keep(self._places, (pattern, start + SIZE), rest, _PLACES_KEPT)
        return Answer(total, serialize(found, format=RdfFormat.N_TRIPLES) or b"")

    def _from(self, pattern: Pattern, start: int) -> Iterator[Triple]:
        """The triples that fit, in order, without so many of the first ones."""
        subject, predicate, object_ = pattern.subject, pattern.predicate, pattern.object
        if not start:
            found = self._store.quads_for_pattern(subject, predicate, object_, DefaultGraph())
            return (quad.triple for quad in found)
        # The engine itself passes over millions in a second. (With CONSTRUCT too, which remembers all that it gave.)
        rows = cast(QuerySolutions, self._store.query(f"SELECT * WHERE {{ {pattern} }} OFFSET {start}"))
        return (
            Triple(subject or row["subject"], predicate or row["predicate"], object_ or row["object"]) for row in rows
        )

    def _total(self, pattern: Pattern) -> int:
        """How many triples fit; those of a small fragment are counted as they are read."""
        total = self._totals.pop(pattern, None)
        if total is None:
            found = cast(QuerySolutions, self._store.query(f"SELECT (COUNT(*) AS ?total) WHERE {{ {pattern} }}"))
            total = int(cast(Literal, next(found)["total"]).value)
        if total >= SIZE:  # of those there are only so many
            _keep(self._totals, pattern, total, _TOTALS_KEPT)
        return total


def _keep(kept: OrderedDict[Any, Any], key: Any, value: Any, most: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > most:
        kept.popitem(last=False)


def answer(request: bytes) -> bytes:
    """Answers a request."""
    asked = Request.decode(request)
    return _reader(asked.store).page(asked.pattern, asked.page, asked.total).encode()


def warm_up() -> None:
    """Does once what an answer does, which reads the context."""
    asked = Request.decode(Request("", Pattern(predicate=RDF_TYPE), 2).encode())
    Reader(Store()).page(asked.pattern, asked.page, total=SIZE + 1)


@lru_cache(maxsize=1)  # a snapshot never changes, so its store stays open until another one is asked for
def _reader(store: str) -> Reader:
    return Reader(open_store(Path(store)))


def _term(place: str, text: str) -> NamedNode | Literal | None:
    if not text or _VARIABLE.fullmatch(text):
        return None
    if text.startswith("_:"):
        raise _unusable(place, text, "is a blank node, and there are none here", "Give an IRI")
    if not text.startswith('"'):
        return _iri(place, text)
    if place != "object":
        raise _unusable(place, text, "is a literal", "Only an object can be one: give an IRI, or nothing")
    return _literal(place, text)


def _literal(place: str, text: str) -> Literal:
    end = text.rindex('"')
    value, kind = text[1:end], text[end + 1 :]
    try:
        if end and not kind:
            return Literal(value)
        if end and kind.startswith("@"):
            return Literal(value, language=kind[1:])
    except ValueError as error:
        raise _unusable(place, text, f"has a language that is none ({error})", _AS_LITERAL) from None
    if end and kind.startswith("^^"):
        return Literal(value, datatype=_iri(place, kind[2:]))
    raise _unusable(place, text, "is no literal", _AS_LITERAL)


def _iri(place: str, text: str) -> NamedNode:
    bracketed = len(text) > 1 and text[0] == "<" and text[-1] == ">"
    try:
        return NamedNode(text[1:-1] if bracketed else context.load().expand(text))
    except ValueError as error:
        raise _unusable(place, text, f"is no IRI ({error})", _AS_OBJECT if place == "object" else _AS_IRI) from None


_AS_IRI = "Give a whole IRI like http://purl.org/dc/terms/title, or a short one like dcterms:title"
_AS_LITERAL = 'Write it like "text", "text"@en or "2014"^^xsd:gYear'
_AS_OBJECT = f"{_AS_IRI}; a literal stands in double quotes"


def _unusable(place: str, text: str, problem: str, way_out: str) -> QueryError:
    shown = text if len(text) <= 80 else text[:79] + "…"
    return QueryError(f"{place}: {shown} {problem}", way_out=f"{way_out}.", text=text)
