"""SHACL property paths (SHACL §2.3.1), walked from many nodes at once, with pySHACL's reading of odd ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from rdflib import RDF, SH, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from ld.validation.graph import DataGraph, Ids, Positions, distinct, packed, union, unpacked

Pairs = tuple[Positions, Ids]
"""Places in an array of nodes, and what is reached from the node there; each pair once."""
Walk = Callable[[DataGraph, Ids], Pairs]

_DEEPEST = 10
"""pySHACL gives up at paths nested this deep."""


class NotCompiled(Exception):
    """Something that only pySHACL itself can decide."""


@dataclass(frozen=True, slots=True)
class Path:
    """A path, ready to be walked; `endless` is one that can lead to any number of nodes from each."""

    walk: Walk
    endless: bool


def compile_path(shapes: Graph, node: Node, number: Callable[[Node], int | None]) -> Path:
    """The path that `node` states; `number` tells the number of a predicate in the data.

    Raises `NotCompiled` for what is malformed: pySHACL has its own ways with that.
    """
    compiler = _Compiler(shapes, number)
    return Path(compiler.walk(node, inverse=False, depth=0), compiler.endless)


class _Compiler:
    """Follows the order in which pySHACL looks for the kinds of paths, and counts depth as it does."""

    def __init__(self, shapes: Graph, number: Callable[[Node], int | None]) -> None:
        self.shapes, self.number = shapes, number
        self.endless = False

    def walk(self, node: Node, *, inverse: bool, depth: int) -> Walk:
        """How to walk a path; an inverse goes down to the predicates, and does not turn the order of steps."""
        if isinstance(node, URIRef):
            return _step(self.number(node), inverse=inverse)
        if isinstance(node, Literal) or depth >= _DEEPEST:
            _refuse(node)
        deeper = depth + 1
        if (first := self._only(node, RDF.first)) is not None:
            return self._sequence(node, first, inverse=inverse, depth=depth)
        if (inner := self._only(node, SH.inversePath)) is not None:
            return self.walk(inner, inverse=not inverse, depth=deeper)
        if (choices := self._only(node, SH.alternativePath)) is not None:
            members = self._items(choices)
            if len(members) < 2:
                _refuse(node)
            walks = [self.walk(member, inverse=inverse, depth=deeper) for member in members]
            return lambda graph, nodes: union(walk(graph, nodes) for walk in walks)
        if (inner := self._only(node, SH.zeroOrMorePath)) is not None:
            return self._closure(inner, inverse=inverse, depth=deeper, reflexive=True)
        if (inner := self._only(node, SH.oneOrMorePath)) is not None:
            return self._closure(inner, inverse=inverse, depth=deeper, reflexive=False)
        if (inner := self._only(node, SH.zeroOrOnePath)) is not None:
            once = self.walk(inner, inverse=inverse, depth=deeper)
            return lambda graph, nodes: union((_themselves(nodes), once(graph, nodes)))
        return _refuse(node)

    def _sequence(self, node: Node, first: Node, *, inverse: bool, depth: int) -> Walk:
        rest = self._only(node, RDF.rest)
        last = rest is None or rest == RDF.nil
        if rest is None or (last and depth == 0):
            _refuse(node)
        head = self.walk(first, inverse=inverse, depth=depth + 1)
        if last:
            return head
        tail = self.walk(rest, inverse=inverse, depth=depth + 1)

        def both(graph: DataGraph, nodes: Ids) -> Pairs:
            positions, between = head(graph, nodes)
            steps, values = tail(graph, between)
            return distinct(positions[steps], values)

        return both

    def _closure(self, inner: Node, *, inverse: bool, depth: int, reflexive: bool) -> Walk:
        self.endless = True
        return _closure(self.walk(inner, inverse=inverse, depth=depth), reflexive=reflexive)

    def _only(self, node: Node, predicate: URIRef) -> Node | None:
        found = set(self.shapes.objects(node, predicate))
        if len(found) > 1:
            _refuse(node)
        return next(iter(found), None)

    def _items(self, head: Node) -> list[Node]:
        try:
            return list(self.shapes.items(head))
        except ValueError:
            _refuse(head)


def _refuse(node: Node) -> NoReturn:
    raise NotCompiled(f"the path {'of a blank node' if isinstance(node, BNode) else node} is not as SHACL has it")


def _step(predicate: int | None, *, inverse: bool) -> Walk:
    if inverse:
        return lambda graph, nodes: graph.subjects(predicate, nodes)
    return lambda graph, nodes: graph.objects(predicate, nodes)


def _themselves(nodes: Ids) -> Pairs:
    return np.arange(len(nodes), dtype=np.int64), nodes


def _closure(step: Walk, *, reflexive: bool) -> Walk:
    def walk(graph: DataGraph, nodes: Ids) -> Pairs:
        reached = _Reached()
        frontier = reached.new(packed(*(_themselves(nodes) if reflexive else step(graph, nodes))))
        while len(frontier):
            positions, between = unpacked(frontier)
            steps, values = step(graph, between)
            frontier = reached.new(packed(positions[steps], values))
        return unpacked(reached.all())

    return walk


class _Reached:
    """Pairs that were reached, as ordered runs each at least twice as long as the next: a long chain stays cheap."""

    def __init__(self) -> None:
        self._runs: list[Positions] = []

    def new(self, keys: Positions) -> Positions:
        """Those of the pairs that were not reached yet, each once, ordered; now they are."""
        keys = np.unique(keys)
        for run in self._runs:
            places = np.minimum(np.searchsorted(run, keys), len(run) - 1)
            keys = keys[run[places] != keys]
        found = keys
        if len(keys):
            while self._runs and len(self._runs[-1]) < 2 * len(keys):
                keys = np.sort(np.concatenate([self._runs.pop(), keys]), kind="stable")
            self._runs.append(keys)
        return found

    def all(self) -> Positions:
        """Every pair, ordered."""
        return np.sort(np.concatenate([np.empty(0, np.int64), *self._runs]), kind="stable")
