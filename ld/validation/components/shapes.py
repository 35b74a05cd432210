"""Constraints that ask whether values fit other shapes: logic, and shapes by name (SHACL §4.6, §4.7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from pyshacl.constraints.constraint_component import ConstraintComponent
from pyshacl.constraints.core.logical_constraints import NotConstraintComponent, XoneConstraintComponent
from pyshacl.constraints.core.shape_based_constraints import (
    NodeConstraintComponent,
    PropertyConstraintComponent,
    QualifiedValueShapeConstraintComponent,
)
from rdflib import SH
from rdflib.term import Node

from ld.validation.checks import Check, Checked, Compiler, Faults, Run, Values, fault, of_values
from ld.validation.graph import Mask, spread
from ld.validation.paths import NotCompiled


def of_property(component: PropertyConstraintComponent, compiler: Compiler) -> Check:
    shapes = property_shapes(component, compiler)

    def check(run: Run, given: Values) -> Iterator[Faults]:
        nodes, places = given.once()
        if not len(nodes):
            return
        order = np.argsort(places, kind="stable")
        ordered = places[order]
        for checked in shapes:
            for found in checked.faults(run, nodes):
                if given.own:
                    yield found
                    continue
                # A value that several nodes have is looked at, and reported, for each of them.
                first = np.searchsorted(ordered, found.at, "left")
                rows, pairs = spread(first, np.searchsorted(ordered, found.at, "right") - first)
                values = None if found.values is None else found.values[rows]
                yield replace(found, at=given.positions[order[pairs]], focus=found.focus[rows], values=values)

    return check


def of_node(component: NodeConstraintComponent, compiler: Compiler) -> Check:
    shapes = _others(compiler, component.node_shapes)
    if any(checked.shape.is_property_shape for checked in shapes):
        raise NotCompiled("sh:node leads to a property shape")

    def check(run: Run, given: Values) -> Iterator[Faults]:
        nodes, places = given.once()
        for checked in shapes:
            yield from of_values(component, given, ~checked.conforming(run, nodes)[places])

    return check


def negated(component: NotConstraintComponent, compiler: Compiler) -> Check:
    shapes = _others(compiler, component.not_list)

    def check(run: Run, given: Values) -> Iterator[Faults]:
        nodes, places = given.once()
        for checked in shapes:
            yield from of_values(component, given, checked.conforming(run, nodes)[places])

    return check


def listed(component: Any, compiler: Compiler, *, lists: str, good: Callable[[int, int], bool]) -> Check:
    """sh:and, sh:or, sh:xone; `good` says whether it will do to conform to so many of so many shapes."""
    groups = [_others(compiler, _members(component, compiler, head)) for head in getattr(component, lists)]

    def check(run: Run, given: Values) -> Iterator[Faults]:
        nodes, places = given.once()
        for shapes in groups:
            passed = sum((checked.conforming(run, nodes).astype(np.int64) for checked in shapes), start=0)
            yield from of_values(component, given, ~_table(good, len(shapes))[passed][places])

    return check


def _members(component: ConstraintComponent, compiler: Compiler, head: Node) -> list[Node]:
    members = compiler.items(head)
    if not members:
        raise NotCompiled("a list of shapes is empty")
    # pySHACL takes what is listed twice in sh:xone twice, but not elsewhere.
    return members if type(component) is XoneConstraintComponent else list(dict.fromkeys(members))


def _table(good: Callable[[int, int], bool], size: int) -> Mask:
    return np.array([good(passed, size) for passed in range(size + 1)])


def qualified(component: QualifiedValueShapeConstraintComponent, compiler: Compiler) -> Check:
    least, most = component.min_count, component.max_count
    qualified = [
        (compiler.shape(node), _others(compiler, _siblings(component, node) if component.is_disjoint else ()))
        for node in component.value_shapes
    ]

    def check(run: Run, given: Values) -> Iterator[Faults]:
        nodes, places = given.once()
        for checked, siblings in qualified:
            good = checked.conforming(run, nodes)
            for sibling in siblings:
                good &= ~sibling.conforming(run, nodes)
            counts = np.bincount(given.positions[good[places]], minlength=len(given.nodes))
            if most is not None:
                name = SH.QualifiedMaxCountConstraintComponent
                yield from fault(component, given, np.flatnonzero(counts > most), name=name)
            if least is not None:
                name = SH.QualifiedMinCountConstraintComponent
                yield from fault(component, given, np.flatnonzero(counts < least), name=name)

    return check


def _siblings(component: ConstraintComponent, node: Node) -> set[Node]:
    """The other qualified shapes beside this one (SHACL §4.7.3), without those that do not exist."""
    graph = component.shape.sg
    beside = (
        sibling
        for parent in graph.subjects(SH.property, component.shape.node)
        for shape in graph.objects(parent, SH.property)
        for sibling in graph.objects(shape, SH.qualifiedValueShape)
    )
    return set(beside) - {node}


def property_shapes(component: Any, compiler: Compiler) -> list[Checked]:
    shapes = _others(compiler, component.property_shapes)
    if not all(checked.shape.is_property_shape for checked in shapes):
        raise NotCompiled("sh:property leads to something that is no property shape")
    return shapes


def _others(compiler: Compiler, nodes: Iterable[Node]) -> list[Checked]:
    return [compiler.shape(node) for node in nodes]
