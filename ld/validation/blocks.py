"""Blocks: a part of a file as its different terms, and its triples as the places of these terms.

A line of canonical N-Triples or N-Quads is taken apart at its spaces, twice as fast as it is parsed, and each different
term is checked once. Where anything looks otherwise the parser reads the block, so it decides what is accepted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pyoxigraph as ox
from pyoxigraph import RdfFormat

from ld.namespaces import XSD
from ld.rdf import Term
from ld.validation.tokens import COLLAPSING, Unsupported, checked, compact, parsed, token

_TEXT = re.compile(rb'"[^"\\\x00-\x1f\x7f]*"')
"""A plain text without escapes: valid and canonical as it is, if it is UTF-8."""
_CANONICAL = re.compile(
    rb'<[^<>"\\\x00-\x20]*>|_:[^\s\\]+|"[^"\\\x00-\x1f\x7f]*"'
    rb"(?:@[a-z]+(?:-[a-z0-9]+)*|\^\^<(?!%s>)[^<>\"\\\x00-\x20]*>)"
    % b"|".join(re.escape(name.encode()) for name in (XSD + "string", *COLLAPSING))
)
"""Other terms whose token is canonical, if they are valid."""
_LONGEST = 16_000_000
"""Bytes of a term that the parser, which refuses longer ones, is asked about."""
_END = b" ."
_CLEARER = {
    "LoadDocumentCallback": "its context would have to be fetched, which is never done",
    "<!ENTITY": "it declares an entity that stands elsewhere, which is never read",
}
"""What is better said in other words than the parser's."""


class Block(NamedTuple):
    """Different terms as canonical tokens; triples as three columns of places among them; the line of each triple.

    share: how much of the file was read by then, from 0 to 1.
    """

    tokens: list[bytes]
    subjects: np.ndarray[tuple[int], np.dtype[np.int32]]
    predicates: np.ndarray[tuple[int], np.dtype[np.int32]]
    objects: np.ndarray[tuple[int], np.dtype[np.int32]]
    lines: np.ndarray[tuple[int], np.dtype[np.int32]]
    share: float = 0.0


class Failure(Exception):
    """A block that cannot be read: what is wrong, and the line (from the block's first) and column if known."""

    def __init__(self, problem: str, line: int | None, column: int | None = None) -> None:
        self.problem, self.line, self.column = problem, line, column
        super().__init__(problem)


class _Places(dict[bytes, int]):
    def __missing__(self, token: bytes) -> int:
        self[token] = place = len(self)
        return place


class _TermPlaces(dict[Term, int]):
    def __missing__(self, term: Term) -> int:
        self[checked(term)] = place = len(self)
        return place


class _Otherwise(Exception):
    """A line that is not written as canonical N-Triples and N-Quads are."""


def of_lines(block: bytes, syntax: RdfFormat) -> Block:
    """A block of whole lines of N-Triples or N-Quads; raises `Failure`."""
    try:
        return _split(block, syntax)
    except (_Otherwise, SyntaxError, UnicodeDecodeError, Unsupported):
        return _parsed(block, syntax)


def of_quads(quads: Iterable[ox.Quad | ox.Triple], lines: Lines) -> Block:
    """A block of what a parser yields, each triple on the line that was read last; raises what the parser raises."""
    places = _TermPlaces()
    columns: list[list[int]] = [[], [], [], []]
    subject, predicate, obj, line = (column.append for column in columns)
    for quad in quads:
        subject(places[quad.subject])  # type: ignore[index]
        predicate(places[quad.predicate])
        obj(places[quad.object])  # type: ignore[index]
        line(lines.line)
    return _block([token(term) for term in places], *columns)


def of_triples(triples: Iterable[ox.Triple]) -> Block:
    """A block of triples at hand, which stand on no line."""
    return of_quads(triples, Lines())


class Lines:
    """A place where a parser is; `line` is the line that it was given last."""

    line = 0


def _split(block: bytes, syntax: RdfFormat) -> Block:
    block.decode()  # what is not UTF-8 is for the parser to find
    quads = syntax == RdfFormat.N_QUADS
    places, predicates = _Places(), _Places()
    graphs: set[bytes] = set()
    columns: list[list[int]] = [[], [], [], []]
    add_subject, add_predicate, add_object, add_line = (column.append for column in columns)
    start, end, subject, skip, cut = b"\n", _END, 0, 0, -len(_END)
    for number, line in enumerate(block.split(b"\n")):
        if not line.startswith(start):  # most triples have the subject of the one before
            if not line.strip() or line[:1] == b"#":
                continue
            first, space, _ = line.partition(b" ")
            if first[:1] not in (b"<", b"_") or not space:
                raise _Otherwise
            start, subject, skip = first + space, places[first], len(first) + 1
        if not line.endswith(end) or (quads and end == _END):  # and its graph
            end = _graph(line, skip) if quads else _END
            if not line.endswith(end):
                raise _Otherwise
            graphs.add(end[1:-2])
            cut = -len(end)
        predicate, space, obj = line[skip:cut].partition(b" ")
        if not obj:
            raise _Otherwise
        add_subject(subject)
        add_predicate(predicates[predicate])
        add_object(places[obj])
        add_line(number)
    if not all(predicate[:1] == b"<" for predicate in predicates) or max(map(len, places), default=0) > _LONGEST:
        raise _Otherwise
    _canonical(list(filter(None, graphs)))
    made = _block(compact(_canonical([*places, *predicates])), *columns)
    return made._replace(predicates=made.predicates + np.int32(len(places)))


def _graph(line: bytes, skip: int) -> bytes:
    """How a line ends: with the space before its graph, if it has one, and the full stop."""
    cut = line.rfind(b" ", 0, -len(_END))
    name = line[cut + 1 : -len(_END)]
    is_graph = (name[:1] == b"<" and name[-1:] == b">") or name[:2] == b"_:"
    has_object = line.find(b" ", skip) not in (-1, cut)  # else the name is the object
    return line[cut:] if is_graph and has_object else _END


def _canonical(tokens: list[bytes]) -> list[bytes]:
    """Tokens made canonical; raises `SyntaxError` when one is no term."""
    text, canonical = _TEXT.fullmatch, _CANONICAL.fullmatch
    doubtful = [place for place, each in enumerate(tokens) if not text(each)]
    for place, found in zip(doubtful, parsed(tokens[place] for place in doubtful), strict=True):
        if not canonical(tokens[place]):
            tokens[place] = token(found)
    return tokens


def _parsed(block: bytes, syntax: RdfFormat) -> Block:
    """A block as the parser reads it."""
    filled = [number for number, line in enumerate(block.split(b"\n")) if line.strip() and line.strip()[:1] != b"#"]
    places = _TermPlaces()
    columns: list[list[int]] = [[], [], []]
    subject, predicate, obj = (column.append for column in columns)
    try:
        for quad in ox.parse(block, format=syntax):
            subject(places[quad.subject])
            predicate(places[quad.predicate])
            obj(places[quad.object])
    except SyntaxError as error:
        raise Failure(problem(error), None if error.lineno is None else error.lineno - 1, error.offset) from error
    except Unsupported as error:
        raise Failure(str(error), filled[len(columns[2])]) from error
    return _block([token(term) for term in places], *columns, filled)


def problem(error: SyntaxError) -> str:
    """What a parser says, without the place."""
    told = str(error.msg)
    if clearer := next((words for mark, words in _CLEARER.items() if mark in told), None):
        return clearer
    return told.partition(": ")[2] if told.startswith("Parser error") else told


def _block(tokens: list[bytes], *columns: list[int]) -> Block:
    subjects, predicates, objects, lines = (np.array(column, np.int32) for column in columns)
    return Block(tokens, subjects, predicates, objects, lines)
