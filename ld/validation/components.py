"""SHACL Core's constraint components (SHACL §4), each checked for many nodes at once.

pySHACL's own component objects hold the parameters, so a malformed one is refused in pySHACL's words. What a value must
be by itself is decided here for plain cases and by the component itself, once for each different value, for the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, cast

import numpy as np
from pyshacl.constraints.constraint_component import ConstraintComponent
from pyshacl.constraints.core import (
    cardinality_constraints as cardinality,
)
from pyshacl.constraints.core import (
    logical_constraints as logical,
)
from pyshacl.constraints.core import (
    other_constraints as other,
)
from pyshacl.constraints.core import (
    property_pair_constraints as pairs,
)
from pyshacl.constraints.core import (
    shape_based_constraints as shape_based,
)
from pyshacl.constraints.core import (
    string_based_constraints as strings,
)
from pyshacl.constraints.core import (
    value_constraints as value,
)
from pyshacl.constraints.core import (
    value_range_constraints as ranges,
)
from pyshacl.shape import Shape
from rdflib import RDF, RDFS, SH, XSD, Literal, URIRef
from rdflib.term import Node

from ld.validation.authority import Authority, View, small
from ld.validation.graph import BLANK, IRI, LITERAL, DataGraph, Ids, Mask, Positions
from ld.validation.paths import NotCompiled
from ld.validation.terms import from_rdflib
from ld.validation.tokens import token

_EMPTY_GRAPH = small(())
_NOTHING = URIRef("urn:x-thesis-ld:nothing")
_NODE_KINDS: Mapping[Node, list[int]] = {
    SH.IRI: [IRI],
    SH.BlankNode: [BLANK],
    SH.Literal: [LITERAL],
    SH.BlankNodeOrIRI: [BLANK, IRI],
    SH.BlankNodeOrLiteral: [BLANK, LITERAL],
    SH.IRIOrLiteral: [IRI, LITERAL],
}


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
Compile = Callable[[Any, Compiler], Check]


def compile_component(component: ConstraintComponent, compiler: Compiler) -> Check:
    """How to check a component; raises `NotCompiled` for one that is not of SHACL Core, or too odd."""
    try:
        compiled = _COMPILE[type(component)]
    except KeyError:
        raise NotCompiled(f"it uses {component.constraint_name()}, which is not of SHACL Core") from None
    return compiled(component, compiler)


def understood(component: type[ConstraintComponent]) -> bool:
    """Whether there is a way to compile a component."""
    return component in _COMPILE


# --- the parts that components are made of ---


def _fault(
    component: ConstraintComponent,
    given: Values,
    at: Positions,
    values: Ids | None = None,
    name: Node | None = None,
    predicate: int | None = None,
) -> Iterator[Faults]:
    if len(at):
        told = str(name or component.shacl_constraint_component)
        yield Faults(component.shape, told, at, given.nodes[at], values, predicate)


def _of_values(component: ConstraintComponent, given: Values, bad: Mask) -> Iterator[Faults]:
    """Faults of the values marked, which are as many as the pairs of `given`."""
    return _fault(component, given, given.positions[bad], given.values[bad])


def _by_itself(component: ConstraintComponent, run: Run, values: Collection[Node]) -> Counter[Node]:
    """How often the component reports each value, whatever node it is a value of."""
    found = run.authority.evaluate(component, _EMPTY_GRAPH, {_NOTHING: set(values)})
    return Counter({node: times for (_, node), times in found.items() if node is not None})


def _by_value(component: ConstraintComponent, run: Run, given: Values) -> Iterator[Faults]:
    """What the component itself says of each different value."""
    found, places = given.once()
    nodes = run.view.nodes(found)
    reported = _by_itself(component, run, nodes)
    times = np.array([reported[node] for node in nodes], np.int64)[places] if nodes else np.empty(0, np.int64)
    rows = np.repeat(np.arange(len(times)), times)
    return _fault(component, given, given.positions[rows], given.values[rows])


def _numbers(compiler: Compiler, nodes: Iterable[Node]) -> Ids:
    found = (compiler.number(node) for node in nodes)
    return np.array(sorted({number for number in found if number is not None}), np.int32)


# --- §4.1 value types ---


def _class(component: value.ClassConstraintComponent, compiler: Compiler) -> Check:
    kind, below = compiler.number(RDF.type), compiler.number(RDFS.subClassOf)
    classes = [compiler.number(rule) for rule in component.class_rules]

    def check(run: Run, given: Values) -> Iterator[Faults]:
        for number in classes:
            _, instances = run.graph.subjects(kind, with_below(run.graph, number, below))
            yield from _of_values(component, given, ~np.isin(given.values, instances))

    return check


def with_below(graph: DataGraph, number: int | None, below: int | None) -> Ids:
    """A class and all its subclasses in the data."""
    found = frontier = np.array([] if number is None else [number], np.int32)
    while len(frontier):
        _, subclasses = graph.subjects(below, frontier)
        frontier = np.setdiff1d(subclasses, found)
        found = np.union1d(found, frontier)
    return found


def _datatype(component: value.DatatypeConstraintComponent, compiler: Compiler) -> Check:
    if component.datatype_rule not in (XSD.string, RDF.langString):
        return partial(_by_value, component)
    wanted = token(from_rdflib(component.datatype_rule))  # texts are never ill-typed

    def check(run: Run, given: Values) -> Iterator[Faults]:
        numbers = run.graph.datatypes
        datatype = run.graph.datatype_names.get(wanted, -2)
        return _of_values(component, given, numbers[given.values] != datatype)

    return check


def _node_kind(component: value.NodeKindConstraintComponent, compiler: Compiler) -> Check:
    wrong = np.ones(3, np.bool_)
    wrong[_NODE_KINDS.get(component.nodekind_rule, [])] = False
    return lambda run, given: _of_values(component, given, wrong[run.graph.kinds[given.values]])


# --- §4.2 cardinality ---


def _min_count(component: cardinality.MinCountConstraintComponent, compiler: Compiler) -> Check:
    least = int(component.min_count.value)
    return lambda run, given: _fault(component, given, np.flatnonzero(given.counts() < least))


def _max_count(component: cardinality.MaxCountConstraintComponent, compiler: Compiler) -> Check:
    most = int(component.max_count.value)
    return lambda run, given: _fault(component, given, np.flatnonzero(given.counts() > most))


# --- §4.3 ranges, §4.4 strings ---


def _itself(component: ConstraintComponent, compiler: Compiler) -> Check:
    return partial(_by_value, component)


def _length(component: ConstraintComponent, compiler: Compiler, *, fits: Callable[[int, int], bool]) -> Check:
    (rule,) = component.string_rules  # type: ignore[attr-defined]
    limit = int(rule.value)
    if type(component) is strings.MinLengthConstraintComponent and limit == 0:
        return lambda run, given: ()  # blank nodes too

    def good(texts: list[str]) -> list[bool]:
        return [fits(len(text), limit) for text in texts]

    return partial(_by_text, component, good)


def _pattern(component: strings.PatternConstraintComponent, compiler: Compiler) -> Check:
    def check(run: Run, given: Values) -> Iterator[Faults]:
        for rule in component.string_rules:
            search = component.compiled_cache[cast(Literal, rule)].search
            yield from _by_text(component, partial(_found, search), run, given)

    return check


def _found(search: Callable[[str], object], texts: list[str]) -> list[bool]:
    return [search(text) is not None for text in texts]


def _by_text(
    component: ConstraintComponent, good: Callable[[list[str]], list[bool]], run: Run, given: Values
) -> Iterator[Faults]:
    """Faults of the values whose text is not good, and of all blank nodes."""
    found, places = given.once()
    bad = ~np.array(good(run.graph.texts(found)), np.bool_) | (run.graph.kinds[found] == BLANK)
    return _of_values(component, given, bad[places])


def _unique_lang(component: strings.UniqueLangConstraintComponent, compiler: Compiler) -> Check:
    if True not in cast(set[object], component.string_rules):
        return lambda run, given: ()

    def check(run: Run, given: Values) -> Iterator[Faults]:
        languages = run.graph.languages[given.values]
        tagged = languages >= 0
        keys = (given.positions[tagged] << 32) | languages[tagged]
        uses, counts = np.unique(keys, return_counts=True)
        return _fault(component, given, uses[counts > 1] >> 32)

    return check


# --- §4.5 property pairs ---


def _equals(component: pairs.EqualsConstraintComponent, compiler: Compiler) -> Check:
    numbers = [compiler.number(node) for node in component.property_compare_set]

    def check(run: Run, given: Values) -> Iterator[Faults]:
        mine = _keys(given.positions, given.values)
        for number in numbers:
            theirs = _keys(*run.graph.objects(number, given.nodes))
            keys = np.setxor1d(mine, theirs, assume_unique=True)
            yield from _fault(component, given, keys >> 32, (keys & 0xFFFFFFFF).astype(np.int32))

    return check


def _disjoint(component: pairs.DisjointConstraintComponent, compiler: Compiler) -> Check:
    numbers = [compiler.number(node) for node in component.property_compare_set]

    def check(run: Run, given: Values) -> Iterator[Faults]:
        mine = _keys(given.positions, given.values)
        for number in numbers:
            theirs = _keys(*run.graph.objects(number, given.nodes))
            yield from _of_values(component, given, np.isin(mine, theirs, assume_unique=True))

    return check


def _keys(positions: Positions, values: Ids) -> Positions:
    return (positions << 32) | values


def _less_than(component: ConstraintComponent, compiler: Compiler) -> Check:
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
        yield from _fault(component, given, np.searchsorted(given.nodes, focuses), faulty)

    return check


def _number(graph: DataGraph, node: Node | None) -> int:
    number = None if node is None else graph.find(from_rdflib(node))
    if number is None:
        raise KeyError(node)
    return number


# --- §4.6 logic, §4.7 shapes ---


def _property(component: shape_based.PropertyConstraintComponent, compiler: Compiler) -> Check:
    shapes = _property_shapes(component, compiler)

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
                times = np.searchsorted(ordered, found.at, "right") - first
                rows = np.repeat(np.arange(len(times)), times)
                within = np.arange(len(rows)) - np.repeat(np.cumsum(times) - times, times)
                pair = order[np.repeat(first, times) + within]
                values = None if found.values is None else found.values[rows]
                yield replace(found, at=given.positions[pair], focus=found.focus[rows], values=values)

    return check


def _node(component: shape_based.NodeConstraintComponent, compiler: Compiler) -> Check:
    shapes = _others(compiler, component.node_shapes)
    if any(checked.shape.is_property_shape for checked in shapes):
        raise NotCompiled("sh:node leads to a property shape")

    def check(run: Run, given: Values) -> Iterator[Faults]:
        nodes, places = given.once()
        for checked in shapes:
            yield from _of_values(component, given, ~checked.conforming(run, nodes)[places])

    return check


def _not(component: logical.NotConstraintComponent, compiler: Compiler) -> Check:
    shapes = _others(compiler, component.not_list)

    def check(run: Run, given: Values) -> Iterator[Faults]:
        nodes, places = given.once()
        for checked in shapes:
            yield from _of_values(component, given, checked.conforming(run, nodes)[places])

    return check


def _listed(component: Any, compiler: Compiler, *, lists: str, good: Callable[[int, int], bool]) -> Check:
    """sh:and, sh:or, sh:xone; `good` says whether it will do to conform to so many of so many shapes."""
    groups = [_others(compiler, _members(component, compiler, head)) for head in getattr(component, lists)]

    def check(run: Run, given: Values) -> Iterator[Faults]:
        nodes, places = given.once()
        for shapes in groups:
            passed = sum((checked.conforming(run, nodes).astype(np.int64) for checked in shapes), start=0)
            yield from _of_values(component, given, ~_table(good, len(shapes))[passed][places])

    return check


def _members(component: ConstraintComponent, compiler: Compiler, head: Node) -> list[Node]:
    members = compiler.items(head)
    if not members:
        raise NotCompiled("a list of shapes is empty")
    # pySHACL takes what is listed twice in sh:xone twice, but not elsewhere.
    return members if type(component) is logical.XoneConstraintComponent else list(dict.fromkeys(members))


def _table(good: Callable[[int, int], bool], size: int) -> Mask:
    return np.array([good(passed, size) for passed in range(size + 1)])


def _qualified(component: shape_based.QualifiedValueShapeConstraintComponent, compiler: Compiler) -> Check:
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
                yield from _fault(component, given, np.flatnonzero(counts > most), name=name)
            if least is not None:
                name = SH.QualifiedMinCountConstraintComponent
                yield from _fault(component, given, np.flatnonzero(counts < least), name=name)

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


def _property_shapes(component: Any, compiler: Compiler) -> list[Checked]:
    shapes = _others(compiler, component.property_shapes)
    if not all(checked.shape.is_property_shape for checked in shapes):
        raise NotCompiled("sh:property leads to something that is no property shape")
    return shapes


def _others(compiler: Compiler, nodes: Iterable[Node]) -> list[Checked]:
    return [compiler.shape(node) for node in nodes]


# --- §4.8 other ---


def _closed(component: other.ClosedConstraintComponent, compiler: Compiler) -> Check:
    if not component.is_closed:
        return lambda run, given: ()
    paths = (checked.shape.path() for checked in _property_shapes(component, compiler))
    allowed = _numbers(compiler, [*component.ignored_props, *paths])
    kind, resource = compiler.number(RDF.type), compiler.number(RDFS.Resource)

    def check(run: Run, given: Values) -> Iterator[Faults]:
        places, predicates, objects = run.graph.about(given.values)
        bad = ~np.isin(predicates, allowed) & ~((predicates == kind) & (objects == resource))
        positions, predicates, objects = given.positions[places[bad]], predicates[bad], objects[bad]
        for predicate in np.unique(predicates).tolist():
            same = predicates == predicate
            yield from _fault(component, given, positions[same], objects[same], predicate=predicate)

    return check


def _has_value(component: other.HasValueConstraintComponent, compiler: Compiler) -> Check:
    numbers = [compiler.number(node) for node in component.has_value_set]

    def check(run: Run, given: Values) -> Iterator[Faults]:
        for number in numbers:
            has = np.zeros(len(given.nodes), np.bool_)
            if number is not None:
                has[given.positions[given.values == number]] = True
            yield from _fault(component, given, np.flatnonzero(~has))

    return check


def _in(component: other.InConstraintComponent, compiler: Compiler) -> Check:
    allowed = _numbers(compiler, component.in_vals)
    return lambda run, given: _of_values(component, given, ~np.isin(given.values, allowed))


_COMPILE: Mapping[type[ConstraintComponent], Compile] = {
    value.ClassConstraintComponent: _class,
    value.DatatypeConstraintComponent: _datatype,
    value.NodeKindConstraintComponent: _node_kind,
    cardinality.MinCountConstraintComponent: _min_count,
    cardinality.MaxCountConstraintComponent: _max_count,
    ranges.MinExclusiveConstraintComponent: _itself,
    ranges.MinInclusiveConstraintComponent: _itself,
    ranges.MaxExclusiveConstraintComponent: _itself,
    ranges.MaxInclusiveConstraintComponent: _itself,
    strings.MinLengthConstraintComponent: partial(_length, fits=lambda length, limit: length >= limit),
    strings.MaxLengthConstraintComponent: partial(_length, fits=lambda length, limit: length <= limit),
    strings.PatternConstraintComponent: _pattern,
    strings.LanguageInConstraintComponent: _itself,
    strings.UniqueLangConstraintComponent: _unique_lang,
    pairs.EqualsConstraintComponent: _equals,
    pairs.DisjointConstraintComponent: _disjoint,
    pairs.LessThanConstraintComponent: _less_than,
    pairs.LessThanOrEqualsConstraintComponent: _less_than,
    logical.NotConstraintComponent: _not,
    logical.AndConstraintComponent: partial(_listed, lists="and_list", good=lambda passed, size: passed == size),
    logical.OrConstraintComponent: partial(_listed, lists="or_list", good=lambda passed, size: passed > 0),
    logical.XoneConstraintComponent: partial(_listed, lists="xone_nodes", good=lambda passed, size: passed == 1),
    shape_based.NodeConstraintComponent: _node,
    shape_based.PropertyConstraintComponent: _property,
    shape_based.QualifiedValueShapeConstraintComponent: _qualified,
    other.ClosedConstraintComponent: _closed,
    other.HasValueConstraintComponent: _has_value,
    other.InConstraintComponent: _in,
}
"""How each component of SHACL Core is compiled."""
