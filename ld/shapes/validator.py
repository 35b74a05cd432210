"""Validators: shapes of any origin, ready to judge graphs and to say in words what is wrong."""

from __future__ import annotations

from collections.abc import Iterable

from pyoxigraph import Triple

from ld.shapes.about import About
from ld.shapes.files import Statements
from ld.shapes.findings import LABELS, Source, report
from ld.validation.engine import Engine
from ld.validation.graph import DataGraph
from ld.validation.report import Report


class Validator:
    """Shapes that judge. Raises `ShapesError` for shapes that cannot be used, some only when they judge."""

    def __init__(self, shapes: Iterable[Triple], about: About | None = None) -> None:
        triples = tuple(shapes)
        self.about = about or About(Statements(triples))
        self.engine = Engine(triples, LABELS)

    def validate(self, triples: Iterable[Triple]) -> Report:
        """What the shapes find in triples at hand, gravest first."""
        return self.judge(self.engine.graph(triples))

    def judge(self, graph: DataGraph, source: Source | None = None) -> Report:
        """What the shapes find in a graph that was made for this engine; `source` knows where its records came from."""
        return report(self.engine.run(graph), self.about, source)
