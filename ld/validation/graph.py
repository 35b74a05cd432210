"""Data graphs in columns: each term a number, each triple a row, looked up for many nodes at once."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import NamedTuple, overload

import numpy as np
import numpy.typing as npt
import pyoxigraph as ox

from ld.rdf import Term
from ld.validation import blocks
from ld.validation.blocks import Block
from ld.validation.report import Place
from ld.validation.tokens import LANG_STRING, datatype, language, term, text, token

Ids = npt.NDArray[np.int32]
"""Numbers of terms."""
Positions = npt.NDArray[np.int64]
"""Places in an array of nodes."""
Mask = npt.NDArray[np.bool_]

IRI, BLANK, LITERAL = 0, 1, 2
_KINDS = np.full(256, LITERAL, np.uint8)
_KINDS[ord("<")], _KINDS[ord("_")] = IRI, BLANK
_NO_IDS: Ids = np.empty(0, np.int32)
_NO_POSITIONS: Positions = np.empty(0, np.int64)


class Numbers(dict[bytes, int]):
    """Tokens of terms and their numbers; a new one gets the next number."""

    def __missing__(self, token: bytes) -> int:
        self[token] = number = len(self)
        return number


class Piece(NamedTuple):
    """Triples as four columns of equal length: numbers of terms, and the line that each triple ends on."""

    subjects: Ids
    predicates: Ids
    objects: Ids
    lines: Ids


class Datatypes(NamedTuple):
    """Of each term the place of its datatype in `names`, which has their tokens; -1 of what is no literal."""

    places: Ids
    names: dict[bytes, int]

    def are(self, name: bytes) -> Mask:
        """Which terms are literals of a datatype."""
        of_it: Mask = self.places == self.names.get(name, -2)
        return of_it


class Terms(Sequence[Term]):
    """Every term at its number; made of its token when it is asked for."""

    def __init__(self, tokens: list[bytes]) -> None:
        self.tokens = tokens

    def __len__(self) -> int:
        return len(self.tokens)

    @overload
    def __getitem__(self, number: int) -> Term: ...
    @overload
    def __getitem__(self, number: slice) -> list[Term]: ...
    def __getitem__(self, number: int | slice) -> Term | list[Term]:
        found = self.tokens[number]
        return term(found) if isinstance(found, bytes) else [term(each) for each in found]


class DataGraph:
    """The data, and the terms that someone will ask for (those of the shapes, which have the first numbers)."""

    def __init__(
        self,
        tokens: list[bytes],
        known: Mapping[bytes, int],
        pieces: Sequence[Piece],
        files: Sequence[tuple[int, str]] = (),
    ) -> None:
        """files: each file by name, with the number that its lines are counted on from."""
        self.terms = Terms(tokens)
        self._files = files
        self._known = known
        subjects, predicates, objects, lines = (
            np.concatenate([column, *(getattr(piece, name) for piece in pieces)])
            for name, column in zip(Piece._fields, (_NO_IDS,) * 4, strict=True)
        )
        order = np.lexsort((objects, subjects, predicates))
        self._subjects, self._predicates, self._objects = subjects[order], predicates[order], objects[order]
        self._lines = lines[order]
        del subjects, predicates, objects, lines, order
        self._keep_each_once()
        starts = np.flatnonzero(np.diff(self._predicates, prepend=-1)).tolist()
        ends = [*starts[1:], len(self._predicates)][: len(starts)]
        self._rows = {int(self._predicates[start]): slice(start, end) for start, end in zip(starts, ends, strict=True)}
        self._inverse: dict[int, tuple[Ids, Ids]] = {}
        self._below: dict[int, Ids] = {}
        self._last: tuple[slice, Positions] = slice(0, 0), _NO_POSITIONS

    @classmethod
    def of(cls, triples: Iterable[ox.Triple], known: Mapping[bytes, int]) -> DataGraph:
        """A graph of triples at hand."""
        numbers = Numbers(known)
        piece = numbers_of(blocks.of_triples(triples), numbers)
        return cls(list(numbers), known, [piece])

    def __len__(self) -> int:
        return len(self._subjects)

    def find(self, term: Term) -> int | None:
        """The number of a term, or None when neither data nor shapes have it."""
        name = token(term)
        number = self._known.get(name)
        return self._numbers.get(name) if number is None else number

    def admit(self, term: Term) -> int:
        """The number of a term, which gets one if it has none."""
        number = self.find(term)
        if number is None:
            name = token(term)
            self._numbers[name] = number = len(self.terms)
            self.terms.tokens.append(name)
        return number

    # --- triples ---

    def predicates(self) -> list[int]:
        """Every predicate there is."""
        return list(self._rows)

    def pairs(self, predicate: int | None) -> tuple[Ids, Ids]:
        """Subjects and objects of a predicate, ordered by subject and object."""
        rows = self._rows.get(-1 if predicate is None else predicate, slice(0, 0))
        return self._subjects[rows], self._objects[rows]

    def objects(self, predicate: int | None, nodes: Ids, most: int | None = None) -> tuple[Positions, Ids]:
        """The objects (at most so many) of each node under a predicate, with the place of the node in `nodes`."""
        return _matches(*self.pairs(predicate), nodes, most)

    def has(self, subject: int, predicate: int, obj: int) -> bool:
        """Whether there is such a triple."""
        subjects, objects = self.pairs(predicate)
        first, last = np.searchsorted(subjects, [subject, subject + 1]).tolist()
        place = first + int(np.searchsorted(objects[first:last], obj))
        return place < last and int(objects[place]) == obj

    def subjects(self, predicate: int | None, nodes: Ids) -> tuple[Positions, Ids]:
        """The subjects that have each node under a predicate, with the place of the node in `nodes`."""
        if predicate is None or predicate not in self._rows:
            return _NO_POSITIONS, _NO_IDS
        if predicate not in self._inverse:
            subjects, objects = self.pairs(predicate)
            order = np.argsort(objects, kind="stable")
            self._inverse[predicate] = objects[order], subjects[order]
        return _matches(*self._inverse[predicate], nodes)

    def with_below(self, number: int | None, below: int | None) -> Ids:
        """A class and all its subclasses; `below` is the number of rdfs:subClassOf."""
        if number is None:
            return _NO_IDS
        if number not in self._below:
            seen = np.zeros(len(self.terms), np.bool_)
            frontier = np.array([number], np.int32)
            while len(frontier):
                seen[frontier] = True
                _, subclasses = self.subjects(below, frontier)
                frontier = np.unique(subclasses[~seen[subclasses]])
            self._below[number] = np.flatnonzero(seen).astype(np.int32)
        return self._below[number]

    def about(self, nodes: Ids) -> tuple[Positions, Ids, Ids]:
        """All predicates and objects of each node, with the place of the node in `nodes`."""
        subjects, order = self._by_subject
        positions, rows = _matches(subjects, order, nodes)
        return positions, self._predicates[rows], self._objects[rows]

    def lines(self, nodes: Ids, predicate: int | None = None, values: Ids | None = None) -> Ids:
        """The line of each node's triple with that predicate and value; of its first triple where there is none."""
        found = self._first_lines[nodes]
        rows = self._rows.get(-1 if predicate is None else predicate, slice(0, 0))
        if rows.start == rows.stop:
            return found
        if values is None:
            keys: npt.NDArray[np.int32 | np.int64] = self._subjects[rows]
            wanted: npt.NDArray[np.int32 | np.int64] = nodes
        else:
            keys, wanted = self._packed(rows), packed(nodes, values)
        places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        there = keys[places] == wanted
        found[there] = self._lines[rows][places[there]]
        return found

    def _packed(self, rows: slice) -> Positions:
        """The triples of one predicate as numbers that are ordered; those asked for last are kept."""
        if self._last[0] != rows:
            self._last = rows, packed(self._subjects[rows], self._objects[rows])
        return self._last[1]

    def place(self, line: int) -> Place | None:
        """The file and the line in it; None for what stands nowhere."""
        at = bisect_left(self._files, (line, "")) - 1
        return Place(self._files[at][1], line - self._files[at][0]) if at >= 0 else None

    # --- terms ---

    @cached_property
    def kinds(self) -> npt.NDArray[np.uint8]:
        """Of each term: IRI, BLANK or LITERAL."""
        return _KINDS[np.frombuffer(bytes([name[0] for name in self.terms.tokens]), np.uint8)]

    @cached_property
    def datatypes(self) -> Datatypes:
        """The datatypes of all literals."""
        names: dict[bytes, int] = {}
        places = (names.setdefault(name, len(names)) if name else -1 for name in map(datatype, self.terms.tokens))
        return Datatypes(np.fromiter(places, np.int32, len(self.terms)), names)

    @cached_property
    def languages(self) -> Ids:
        """Of each language-tagged literal a number for its tag, whatever its case; -1 of other terms."""
        tags: dict[bytes, int] = {}
        found = np.full(len(self.terms), -1, np.int32)
        for number in np.flatnonzero(self.datatypes.are(LANG_STRING)).tolist():
            if tag := language(self.terms.tokens[number]):
                found[number] = tags.setdefault(tag, len(tags))
        return found

    def texts(self, numbers: Ids) -> list[str]:
        """The IRIs, labels and lexical forms of terms."""
        tokens = self.terms.tokens
        return [text(tokens[number]) for number in numbers.tolist()]

    @cached_property
    def _numbers(self) -> dict[bytes, int]:
        return {name: number for number, name in enumerate(self.terms.tokens)}

    @cached_property
    def _by_subject(self) -> tuple[Ids, Ids]:
        order = np.argsort(self._subjects, kind="stable").astype(np.int32)
        return self._subjects[order], order

    @cached_property
    def _first_lines(self) -> Ids:
        last = np.iinfo(np.int32).max
        first = np.full(len(self.terms), last, np.int32)
        np.minimum.at(first, self._subjects, self._lines)
        linked = first[self._objects] == last  # nothing is said of it: where it is named first
        np.minimum.at(first, self._objects[linked], self._lines[linked])
        first[first == last] = 0
        return first

    def _keep_each_once(self) -> None:
        """Drops triples that are stated again; the rows are in order, and the first statement comes first."""
        if len(self._subjects) < 2:
            return
        columns = (self._predicates, self._subjects, self._objects)
        new = np.ones(len(self._subjects), np.bool_)
        new[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
        if not new.all():
            self._subjects, self._predicates = self._subjects[new], self._predicates[new]
            self._objects, self._lines = self._objects[new], self._lines[new]


def numbers_of(block: Block, numbers: Numbers, rename: bytes = b"") -> Piece:
    """The triples of a block in the numbers of a graph; `rename` is put in front of the labels of blank nodes."""
    if rename:
        names = (b"_:" + rename + name[2:] if name[:2] == b"_:" else name for name in block.tokens)
        table = np.array([numbers[name] for name in names], np.int32)
    else:
        table = np.array([numbers[name] for name in block.tokens], np.int32)
    return Piece(table[block.subjects], table[block.predicates], table[block.objects], block.lines)


def distinct(positions: Positions, values: Ids) -> tuple[Positions, Ids]:
    """Each pair once, ordered."""
    if len(values) < 2:
        return positions, values
    return unpacked(np.unique(packed(positions, values)))


def packed(positions: Positions | Ids, values: Ids) -> Positions:
    """Each pair as one number, in the order of pairs."""
    return (positions.astype(np.int64) << 32) | values


def unpacked(keys: Positions) -> tuple[Positions, Ids]:
    """The pairs of `packed`."""
    return keys >> 32, (keys & 0xFFFFFFFF).astype(np.int32)


def union(parts: Iterable[tuple[Positions, Ids]]) -> tuple[Positions, Ids]:
    """The pairs of all parts, each once."""
    listed = list(parts)
    positions = np.concatenate([_NO_POSITIONS, *(part[0] for part in listed)])
    return distinct(positions, np.concatenate([_NO_IDS, *(part[1] for part in listed)]))


def members(numbers: Iterable[Ids]) -> Ids:
    """The numbers of all arrays, each once, ordered."""
    return np.unique(np.concatenate(list(chain((_NO_IDS,), numbers))))


def spread(first: Positions, counts: Positions) -> tuple[Positions, Positions]:
    """For each n, `counts[n]` places from `first[n]` on: which n, and which place.

    >>> [column.tolist() for column in spread(np.array([7, 3]), np.array([2, 1]))]
    [[0, 0, 1], [7, 8, 3]]
    """
    numbers = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    within = np.arange(len(numbers)) - np.repeat(np.cumsum(counts) - counts, counts)
    return numbers, first[numbers] + within


def _matches(keys: Ids, values: Ids, nodes: Ids, most: int | None = None) -> tuple[Positions, Ids]:
    """The values whose key is each node (`keys` are ordered), with the place of the node in `nodes`."""
    first = np.searchsorted(keys, nodes, "left")
    counts = np.searchsorted(keys, nodes, "right") - first
    positions, rows = spread(first, counts if most is None else np.minimum(counts, most))
    return positions, values[rows]
