"""Checks: what a compiled constraint is given and gives back, and the parts that most of them are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from pyshacl.constraints.constraint_component import ConstraintComponent
from pyshacl.shape import Shape
from rdflib import URIRef
from rdflib.term import Node

from ld.validation.authority import Authority, View, small
from ld.validation.graph import DataGraph, Ids, Mask, Positions

_EMPTY_GRAPH = small(())
_NOTHING = URIRef("urn:x-thesis-ld:nothing")


@dataclass(frozen=True, slots=True)
class Values:
    """The nodes at hand (each once, ordered), and their values: which node, which value, each pair once."""

    nodes: Ids
    positions: Positions
    values: Ids
    own: bool
    """Whether each node is its one value, as in node shapes."""

    def counts(self) -> Positions:
        """How many values each node has."""
        return np.bincount(self.positions, minlength=len(self.nodes))

    def once(self) -> tuple[Ids, Positions]:
        """Each different value, ordered, and for each pair the place of its value among them."""
        if self.own:
            return self.nodes, self.positions
        found, places = np.unique(self.values, return_inverse=True)
        return found, places


@dataclass(frozen=True, slots=True)
class Faults:
    """Results of one constraint of one shape.

    at: places among the nodes that were checked. focus: the focus nodes. values: the values at fault, None for none.
    predicate: the path of the results where it is not the shape's own (`sh:closed`).
    """

    shape: Shape
    component: str
    at: Positions
    focus: Ids
    values: Ids | None = None
    predicate: int | None = None


class Run(Protocol):
    """One validation under way."""

    @property
    def graph(self) -> DataGraph: ...
    @property
    def view(self) -> View: ...
    @property
    def authority(self) -> Authority: ...


class Checked(Protocol):
    """A shape, ready to check nodes."""

    shape: Shape

    def faults(self, run: Run, nodes: Ids) -> list[Faults]: ...
    def conforming(self, run: Run, nodes: Ids) -> Mask: ...


class Compiler(Protocol):
    """What the components ask of the engine while they are compiled."""

    def shape(self, node: Node) -> Checked: ...
    def number(self, node: Node) -> int | None: ...
    def items(self, head: Node) -> list[Node]: ...


Check = Callable[[Run, Values], Iterable[Faults]]
"""Finds what is wrong with values."""


def fault(
    component: ConstraintComponent,
    given: Values,
    at: Positions,
    values: Ids | None = None,
    name: Node | None = None,
    predicate: int | None = None,
) -> Iterator[Faults]:
    """Faults at the nodes at these places; `name` is the component's, where it has several."""
    if len(at):
        told = str(name or component.shacl_constraint_component)
        yield Faults(component.shape, told, at, given.nodes[at], values, predicate)


def of_values(component: ConstraintComponent, given: Values, bad: Mask) -> Iterator[Faults]:
    """Faults of the values marked, which are as many as the pairs of `given`."""
    return fault(component, given, given.positions[bad], given.values[bad])


def _by_itself(component: ConstraintComponent, run: Run, values: Collection[Node]) -> Counter[Node]:
    """How often the component reports each value, whatever node it is a value of."""
    found = run.authority.evaluate(component, _EMPTY_GRAPH, {_NOTHING: set(values)})
    return Counter({node: times for (_, node), times in found.items() if node is not None})


def by_value(component: ConstraintComponent, run: Run, given: Values) -> Iterator[Faults]:
    """What the component itself says of each different value."""
    found, places = given.once()
    nodes = run.view.nodes(found)
    reported = _by_itself(component, run, nodes)
    times = np.array([reported[node] for node in nodes], np.int64)[places] if nodes else np.empty(0, np.int64)
    rows = np.repeat(np.arange(len(times)), times)
    return fault(component, given, given.positions[rows], given.values[rows])


def numbers_of(compiler: Compiler, nodes: Iterable[Node]) -> Ids:
    """The numbers of terms of the shapes, ordered; what has none is in no data."""
    found = (compiler.number(node) for node in nodes)
    return np.array(sorted({number for number in found if number is not None}), np.int32)
