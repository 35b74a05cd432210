"""The census: what is in the graph, counted while the descriptions are written."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ld.formats.source import Source
from ld.formats.statements import TYPE
from ld.iris import KINDS

_TYPE = TYPE.encode()


class Census:
    """Counts subjects, classes and properties; every subject has its statements in one description."""

    def __init__(self, entities: str) -> None:
        """`entities`: how the IRIs of things begin, by which they are told from documents and words."""
        self._start = f"<{entities}".encode()
        self._subjects = self._entities = 0
        self._classes: Counter[bytes] = Counter()
        self._properties: Counter[bytes] = Counter()
        self._examples: dict[str, str] = {}

    def add(self, source: Source, kind: str) -> None:
        """Counts a description's own triples."""
        if kind in KINDS:
            self._examples.setdefault(kind, source.root)
        classes, properties, last = self._classes, self._properties, b""
        for line in source.ntriples.splitlines():
            subject, predicate, rest = line.split(b" ", 2)
            properties[predicate] += 1
            if predicate == _TYPE:
                classes[rest[:-2]] += 1
            if subject != last:  # the lines are sorted
                last = subject
                self._subjects += 1
                self._entities += subject.startswith(self._start)

    def to_json(self) -> dict[str, Any]:
        """The numbers as the manifest keeps them.

        subjects: everything that something is said of; entities: the things among them. classes, properties: IRI →
        instances, triples. examples: kind of description → the IRI of the first one of its kind.
        """
        return {
            "subjects": self._subjects,
            "entities": self._entities,
            "classes": _by_iri(self._classes),
            "properties": _by_iri(self._properties),
            "examples": dict(self._examples),
        }


def _by_iri(counted: Counter[bytes]) -> dict[str, int]:
    return {term[1:-1].decode(): number for term, number in sorted(counted.items())}
