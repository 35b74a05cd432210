"""Validating: graph files read as one, judged, and traced back to the records they were made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ld import shapes, tracing
from ld.errors import ShapesError
from ld.shapes import guard
from ld.shapes.files import relabelled
from ld.shapes.findings import Source
from ld.shapes.validator import Validator
from ld.snapshot import Publication
from ld.validation.inputs import NO_LIMITS, Input, Limits
from ld.validation.loading import Progress, load, triples
from ld.validation.report import Report


@dataclass(frozen=True, slots=True)
class Validation:
    """What is to be validated, and how.

    inputs: one graph altogether. shapes: others than our own. data: a data folder whose published records are known.
    processes: how many may read a large file.
    """

    inputs: Sequence[Input]
    shapes: Sequence[Input] = ()
    data: Path | None = None
    limits: Limits = NO_LIMITS
    processes: int = 1


def validate(
    asked: Validation, progress: Progress = lambda name, share: None, stage: Callable[[str], None] = lambda name: None
) -> Report:
    """What the shapes find in the data.

    Raises `DataError` for data that cannot be read, `ShapesError` for shapes that cannot be used.
    """
    judge, source = validator(asked.shapes, asked.limits), _source(asked)
    graph = load(asked.inputs, judge.engine.known, limits=asked.limits, processes=asked.processes, progress=progress)
    stage("Checking")
    return judge.judge(graph, source)


def validator(inputs: Sequence[Input], limits: Limits = NO_LIMITS) -> Validator:
    """The shapes of files, or our own when there are none."""
    if not inputs:
        return shapes.load().validator
    stated = list(relabelled(triples(inputs, limits), "shape"))
    guard.check(stated)
    made = Validator(stated)
    if not made.engine.explain():
        names = ", ".join(item.name for item in inputs)
        raise ShapesError(
            f"{names}: there is no shape with a target in it, so nothing would be checked. "
            "Give a shape sh:targetClass, sh:targetNode, sh:targetSubjectsOf or sh:targetObjectsOf."
        )
    return made


def _source(asked: Validation) -> Source | None:
    """Who knows where our own records came from: the data folder that was named, or the snapshot a dump lies in."""
    if asked.data is not None:
        return tracing.Tracer(Publication(asked.data).current())
    found = (tracing.of_file(Path(item.name)) for item in asked.inputs if item.repeatable)
    return next(filter(None, found), None)
