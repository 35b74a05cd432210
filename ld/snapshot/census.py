"""The census: what is in the graph, counted while the descriptions are written."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ld.formats.source import Source
from ld.formats.statements import TYPE
from ld.iris import KINDS


class Census:
    """Counts subjects, classes and properties; every subject has its statements in one description."""

    def __init__(self, entities: str) -> None:
        """`entities`: how the IRIs of things begin, by which they are told from documents and words."""
        self._start = f"<{entities}"
        self._subjects = self._entities = 0
        self._classes: Counter[str] = Counter()
        self._properties: Counter[str] = Counter()
        self._examples: dict[str, str] = {}

    def add(self, source: Source, kind: str) -> None:
        """Counts a description's own triples."""
        if kind in KINDS:
            self._examples.setdefault(kind, source.root)
        subjects, classes, properties = source.statements.subjects, self._classes, self._properties
        self._subjects += len(subjects)
        for subject, said in subjects:
            self._entities += subject.startswith(self._start)
            for predicate, values in said:
                properties[predicate] += len(values)
                if predicate == TYPE:
                    for value in values:
                        classes[value] += 1

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


def _by_iri(counted: Counter[str]) -> dict[str, int]:
    return {term[1:-1]: number for term, number in sorted(counted.items())}
