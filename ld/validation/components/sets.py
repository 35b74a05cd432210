"""Constraints of all values of a node together: how many, which, beside which others (SHACL §4.2, §4.5, §4.8)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any, cast

import numpy as np
from pyshacl.constraints.constraint_component import ConstraintComponent
from pyshacl.constraints.core.cardinality_constraints import MaxCountConstraintComponent, MinCountConstraintComponent
from pyshacl.constraints.core.other_constraints import (
    ClosedConstraintComponent,
    HasValueConstraintComponent,
    InConstraintComponent,
)
from pyshacl.constraints.core.string_based_constraints import UniqueLangConstraintComponent
from rdflib import RDF, RDFS, URIRef
from rdflib.term import Node

from ld.validation.authority import small
from ld.validation.checks import Check, Compiler, Faults, Run, Values, fault, numbers_of, of_values
from ld.validation.components.shapes import property_shapes
from ld.validation.graph import BLANK, DataGraph, Positions, packed, unpacked
from ld.validation.paths import NotCompiled
from ld.validation.terms import from_rdflib


def min_count(component: MinCountConstraintComponent, compiler: Compiler) -> Check:
    least = int(component.min_count.value)
    return lambda run, given: fault(component, given, np.flatnonzero(given.counts() < least))


def max_count(component: MaxCountConstraintComponent, compiler: Compiler) -> Check:
    most = int(component.max_count.value)
    return lambda run, given: fault(component, given, np.flatnonzero(given.counts() > most))


def unique_lang(component: UniqueLangConstraintComponent, compiler: Compiler) -> Check:
    if True not in cast(set[object], component.string_rules):
        return lambda run, given: ()

    def check(run: Run, given: Values) -> Iterator[Faults]:
        languages = run.graph.languages[given.values]
        tagged = languages >= 0
        keys = (given.positions[tagged] << 32) | languages[tagged]
        uses, counts = np.unique(keys, return_counts=True)
        return fault(component, given, uses[counts > 1] >> 32)

    return check


def equals(component: Any, compiler: Compiler) -> Check:
    """Each value must be one of the other property's, and each of those a value."""
    return _beside(component, compiler, lambda mine, theirs: np.setxor1d(mine, theirs, assume_unique=True))


def disjoint(component: Any, compiler: Compiler) -> Check:
    """No value may be one of the other property's."""
    return _beside(component, compiler, lambda mine, theirs: np.intersect1d(mine, theirs, assume_unique=True))


def _beside(component: Any, compiler: Compiler, faulty: Callable[[Positions, Positions], Positions]) -> Check:
    numbers = [compiler.number(node) for node in component.property_compare_set]

    def check(run: Run, given: Values) -> Iterator[Faults]:
        mine = packed(given.positions, given.values)
        for number in numbers:
            theirs = packed(*run.graph.objects(number, given.nodes))
            yield from fault(component, given, *unpacked(faulty(mine, theirs)))

    return check


def less_than(component: ConstraintComponent, compiler: Compiler) -> Check:
    """pySHACL compares; it is given the nodes that have something to compare (or a blank node, which it refuses)."""
    rules: Collection[Node] = component.property_compare_set  # type: ignore[attr-defined]
    if not all(isinstance(rule, URIRef) for rule in rules):
        raise NotCompiled("it compares with something that is no property")
    numbers = {rule: compiler.number(rule) for rule in rules}

    def check(run: Run, given: Values) -> Iterator[Faults]:
        concerned = np.zeros(len(given.nodes), np.bool_)
        concerned[given.positions[run.graph.kinds[given.values] == BLANK]] = True
        compared = []
        for rule, number in numbers.items():
            positions, values = run.graph.objects(number, given.nodes)
            concerned[positions] = True
            compared += [
                (run.view.node(node), rule, run.view.node(found))
                for node, found in zip(given.nodes[positions].tolist(), values.tolist(), strict=True)
            ]
        chosen = concerned[given.positions]
        rows: dict[Node, list[Node]] = {}
        for position, found in zip(given.positions[chosen].tolist(), given.values[chosen].tolist(), strict=True):
            rows.setdefault(run.view.node(int(given.nodes[position])), []).append(run.view.node(found))
        if not rows:
            return
        reported = run.authority.evaluate(component, small(compared), rows)
        listed = [(focus, node) for (focus, node), times in reported.items() for _ in range(times)]
        focuses = np.array([_number(run.graph, focus) for focus, _ in listed], np.int32)
        faulty = np.array([_number(run.graph, node) for _, node in listed], np.int32)
        yield from fault(component, given, np.searchsorted(given.nodes, focuses), faulty)

    return check


def _number(graph: DataGraph, node: Node | None) -> int:
    number = None if node is None else graph.find(from_rdflib(node))
    if number is None:
        raise KeyError(node)
    return number


def closed(component: ClosedConstraintComponent, compiler: Compiler) -> Check:
    if not component.is_closed:
        return lambda run, given: ()
    paths = (checked.shape.path() for checked in property_shapes(component, compiler))
    allowed = numbers_of(compiler, [*component.ignored_props, *paths])
    kind, resource = compiler.number(RDF.type), compiler.number(RDFS.Resource)

    def check(run: Run, given: Values) -> Iterator[Faults]:
        places, predicates, objects = run.graph.about(given.values)
        bad = ~np.isin(predicates, allowed) & ~((predicates == kind) & (objects == resource))
        order = np.flatnonzero(bad)[np.argsort(predicates[bad], kind="stable")]
        for same in np.split(order, np.flatnonzero(np.diff(predicates[order])) + 1):
            if len(same):
                at, predicate = given.positions[places[same]], int(predicates[same[0]])
                yield from fault(component, given, at, objects[same], predicate=predicate)

    return check


def has_value(component: HasValueConstraintComponent, compiler: Compiler) -> Check:
    numbers = [compiler.number(node) for node in component.has_value_set]

    def check(run: Run, given: Values) -> Iterator[Faults]:
        for number in numbers:
            has = np.zeros(len(given.nodes), np.bool_)
            if number is not None:
                has[given.positions[given.values == number]] = True
            yield from fault(component, given, np.flatnonzero(~has))

    return check


def one_of(component: InConstraintComponent, compiler: Compiler) -> Check:
    allowed = numbers_of(compiler, component.in_vals)
    return lambda run, given: of_values(component, given, ~np.isin(given.values, allowed))
