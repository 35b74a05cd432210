"""The engine: shapes compiled once, any number of graphs judged; what it finds is what pySHACL finds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

import numpy as np
import pyoxigraph as ox
from pyshacl.constraints import ALL_CONSTRAINT_PARAMETERS, CONSTRAINT_PARAMETERS_MAP
from pyshacl.errors import ConstraintLoadWarning
from pyshacl.shape import Shape
from rdflib import RDF, RDFS, BNode
from rdflib.term import Node

from ld.rdf import Term
from ld.validation.authority import Authority, Result, View
from ld.validation.checks import Check, Faults, Run, Values
from ld.validation.components import compile_component
from ld.validation.graph import DataGraph, Ids, Mask, members
from ld.validation.paths import NotCompiled, Path, compile_path
from ld.validation.terms import from_rdflib, quiet
from ld.validation.tokens import token

_SLICE, _SLICE_ENDLESS = 200_000, 1_000
"""Focus nodes that are checked at once, and by shapes whose paths can lead to any number of nodes from each."""
_DEEPEST = 14
"""pySHACL gives up at shapes nested deeper than this."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Results that differ in focus node and value only.

    focus, values: numbers of terms of the graph, as many of each; values is None when the results have no value.
    """

    shape: Term
    component: str
    severity: str
    path: Term | None
    focus: Ids
    values: Ids | None
    messages: tuple[str | None, ...] | None = None
    """pySHACL's own words for each, where it decided."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found in a graph, and how many nodes each shape with targets checked, by its IRI or `_:label`."""

    graph: DataGraph
    rows: list[Rows]
    checked: Mapping[str, int]
    shapes: Mapping[str, Term]
    """The shapes that `checked` names."""
    things: int
    """How many different nodes were checked."""
    decided: Mapping[str, str | None]
    """Of each of these shapes: None when it was decided here, else why pySHACL decided it."""

    def results(self) -> Iterator[Result]:
        """The results one by one."""
        terms = self.graph.terms
        for rows in self.rows:
            values = [None] * len(rows.focus) if rows.values is None else [terms[n] for n in rows.values.tolist()]
            messages = rows.messages or [None] * len(rows.focus)
            for focus, value, message in zip(rows.focus.tolist(), values, messages, strict=True):
                yield Result(rows.shape, rows.component, rows.severity, terms[focus], rows.path, value, message)


class Engine:
    """Shapes, ready to judge. Raises `ShapesError` for shapes that pySHACL refuses to load."""

    def __init__(self, shapes: Iterable[ox.Triple], also: Iterable[Term] = ()) -> None:
        """also: terms besides those of the shapes that someone will look up in the graphs."""
        triples = list(shapes)
        self.authority = Authority(triples)
        self.known = _numbered(triples, also)
        """The terms that every graph that is judged begins with."""
        compiler = _Compiler(self.authority, self.known)
        self._roots = [_Root(shape, compiler) for shape in self.authority.shapes if _targeted(shape)]

    def graph(self, triples: Iterable[ox.Triple]) -> DataGraph:
        """A graph of triples at hand, for `run`."""
        return DataGraph.of(triples, self.known)

    def run(self, graph: DataGraph) -> Outcome:
        """Judges a graph, which must have been made with the `known` terms of this engine.

        Raises `ShapesError` when the shapes turn out to be unusable.
        """
        run = _Run(graph, self.authority)
        rows: list[Rows] = []
        checked: dict[str, int] = {}
        looked_at: list[Ids] = []
        for root in self._roots:
            nodes = root.nodes(graph)
            checked[_id(root.term)] = count = len(nodes) + root.nameless
            if count:
                looked_at.append(nodes)
                rows.extend(root.rows(run, nodes))
        shapes = {_id(root.term): root.term for root in self._roots}
        return Outcome(graph, rows, checked, shapes, len(members(looked_at)), self.explain())

    def results(self, triples: Iterable[ox.Triple]) -> list[Result]:
        """The results for triples at hand, in any order."""
        return list(self.run(self.graph(triples)).results())

    def explain(self) -> dict[str, str | None]:
        """Of each shape with targets: None when it is decided here, else why pySHACL decides it."""
        return {_id(root.term): root.reason for root in self._roots}


@dataclass
class _Run:
    """One validation under way."""

    graph: DataGraph
    authority: Authority

    @cached_property
    def view(self) -> View:
        return View(self.graph)


@dataclass
class _Checked:
    """A compiled shape."""

    shape: Shape
    path: Path | None
    checks: list[Check] = field(default_factory=list)
    depth: int = 0
    """How many shapes deep it goes below this one."""
    endless: bool = False
    """Whether a path in it can lead to any number of nodes from each."""

    def faults(self, run: Run, nodes: Ids) -> list[Faults]:
        """What is wrong with nodes (each once, ordered)."""
        if self.shape.deactivated or not len(nodes):
            return []
        positions = np.arange(len(nodes), dtype=np.int64)
        values = nodes
        if self.path is not None:
            positions, values = self.path.walk(run.graph, nodes)
        given = Values(nodes, positions, values, own=self.path is None)
        return [found for check in self.checks for found in check(run, given)]

    def conforming(self, run: Run, nodes: Ids) -> Mask:
        """Which nodes (each once, ordered) conform."""
        conforming = np.ones(len(nodes), np.bool_)
        for found in self.faults(run, nodes):
            conforming[found.at] = False
        return conforming


class _Compiler:
    """Compiles shapes, each once; those that refer to each other in a circle are not compiled."""

    def __init__(self, authority: Authority, known: Mapping[bytes, int]) -> None:
        self._authority, self._known = authority, known
        self._done: dict[Node, _Checked | NotCompiled] = {}
        self._open: list[Node] = []
        self._depths: list[int] = []
        self._endless: list[bool] = []
        self._circular = _has_circle(dict(authority.graph.subject_objects(RDF.rest)))

    def shape(self, node: Node) -> _Checked:
        """A shape; raises `NotCompiled`."""
        if self._circular:
            raise NotCompiled("a list in the shapes is circular")
        if node in self._open:
            raise NotCompiled("it is recursive")
        if len(self._open) > _DEEPEST:
            raise NotCompiled(f"it is nested more than {_DEEPEST} shapes deep")
        if node not in self._done:
            self._done[node] = self._tried(node)
        done = self._done[node]
        if isinstance(done, NotCompiled):
            raise done
        if self._depths:
            self._depths[-1] = max(self._depths[-1], done.depth + 1)
            self._endless[-1] |= done.endless
        return done

    def number(self, node: Node) -> int | None:
        """The number of a term of the shapes."""
        return self._known.get(token(from_rdflib(node)))

    def items(self, head: Node) -> list[Node]:
        """The members of a list."""
        try:
            return list(self._authority.graph.items(head))
        except ValueError:
            raise NotCompiled("a list in it is circular") from None

    def _tried(self, node: Node) -> _Checked | NotCompiled:
        try:
            shape = self._authority.shapes_graph.lookup_shape_from_node(node)
        except KeyError:
            return NotCompiled("it refers to a shape that is not there")
        self._open.append(node)
        self._depths.append(0)
        self._endless.append(False)
        try:
            return self._compiled(shape)
        except NotCompiled as reason:
            return reason
        finally:
            self._open.pop()
            self._depths.pop()
            self._endless.pop()

    def _compiled(self, shape: Shape) -> _Checked:
        if self._has_own_components(shape):
            raise NotCompiled("it uses a constraint component of its own")
        path = compile_path(self._authority.graph, shape.path(), self.number) if shape.is_property_shape else None
        checked = _Checked(shape, path, list(self._checks(shape)))
        checked.depth, checked.endless = self._depths[-1], self._endless[-1] or bool(path and path.endless)
        if checked.depth > _DEEPEST:
            raise NotCompiled(f"it is nested more than {_DEEPEST} shapes deep")
        return checked

    def _has_own_components(self, shape: Shape) -> bool:
        try:
            return bool(shape.find_custom_constraints())
        except Exception as error:
            raise NotCompiled("a constraint component beside it cannot be read") from error

    def _checks(self, shape: Shape) -> Iterator[Check]:
        asked = {predicate for predicate, _ in shape.sg.predicate_objects(shape.node)}
        parameters = (parameter for parameter in ALL_CONSTRAINT_PARAMETERS if parameter in asked)
        for kind in dict.fromkeys(CONSTRAINT_PARAMETERS_MAP[parameter] for parameter in parameters):
            try:
                with quiet():
                    component = kind(shape)
            except ConstraintLoadWarning:
                continue
            except Exception as error:  # pySHACL says what is wrong with it, if it comes to that
                raise NotCompiled(f"{kind.__name__} cannot be read: {' '.join(str(error).split())}") from error
            yield compile_component(component, self)


class _Root:
    """A shape with targets, and who decides it."""

    def __init__(self, shape: Shape, compiler: _Compiler) -> None:
        self.shape, self.term = shape, from_rdflib(shape.node)
        self.reason: str | None = None
        self._compiled: _Checked | None = None
        nodes, classes, implicit, objects, subjects = (list(targets) for targets in shape.target())
        self._nodes = _known(compiler, nodes)
        # A blank node of the shapes is no node of the data, but pySHACL looks at it all the same.
        self._blank = [] if shape.deactivated else [node for node in nodes if isinstance(node, BNode)]
        self._classes = _known(compiler, [*classes, *implicit])
        self._objects_of, self._subjects_of = _known(compiler, objects), _known(compiler, subjects)
        self._type, self._below = compiler.number(RDF.type), compiler.number(RDFS.subClassOf)
        try:
            if any(isinstance(node, BNode) for node in (*nodes, *classes, *objects, *subjects)):
                raise NotCompiled("a target of it is a blank node")
            self._compiled = compiler.shape(shape.node)
        except NotCompiled as reason:
            self.reason = str(reason)

    @property
    def nameless(self) -> int:
        """How many focus nodes are blank nodes of the shapes."""
        return len(self._blank)

    def nodes(self, graph: DataGraph) -> Ids:
        """The other focus nodes (SHACL §2.1), each once, ordered; none for a shape that is turned off."""
        if self.shape.deactivated:
            return members(())
        found = [self._nodes]
        for number in self._classes.tolist():
            found.append(graph.subjects(self._type, graph.with_below(number, self._below))[1])
        found += [graph.pairs(number)[0] for number in self._subjects_of.tolist()]
        found += [graph.pairs(number)[1] for number in self._objects_of.tolist()]
        return members(found)

    def rows(self, run: _Run, nodes: Ids) -> Iterator[Rows]:
        """The results for the focus nodes."""
        if self._compiled is None:
            focus = [*run.view.nodes(nodes), *self._blank]
            yield from _of_results(run, run.authority.validate(self.shape, run.view, focus))
            return
        size = _SLICE_ENDLESS if self._compiled.endless else _SLICE
        parts = (nodes[start : start + size] for start in range(0, len(nodes), size))
        for found in (fault for part in parts for fault in self._compiled.faults(run, part)):
            path = found.shape.path()
            own = None if path is None else from_rdflib(path)
            yield Rows(
                shape=from_rdflib(found.shape.node),
                component=found.component,
                severity=str(found.shape.severity),
                path=own if found.predicate is None else run.graph.terms[found.predicate],
                focus=found.focus,
                values=found.values,
            )


def _of_results(run: _Run, results: Iterable[Result]) -> Iterator[Rows]:
    """What pySHACL found, in rows."""
    alike: dict[tuple[object, ...], list[Result]] = {}
    for result in results:
        key = result.shape, result.component, result.severity, result.path, result.value is None
        alike.setdefault(key, []).append(result)
    admit = run.graph.admit
    for first, *more in alike.values():
        same = [first, *more]
        focus = np.array([admit(result.focus) for result in same], np.int32)
        values = [admit(result.value) for result in same if result.value is not None]
        yield Rows(
            first.shape, first.component, first.severity, first.path, focus,
            np.array(values, np.int32) if values else None, tuple(result.message for result in same),
        )  # fmt: skip


def _numbered(triples: Iterable[ox.Triple], also: Iterable[Term]) -> Mapping[bytes, int]:
    """The terms of the shapes by number; blank nodes of shapes are never those of data."""
    named = (ox.NamedNode(str(node)) for node in (RDF.type, RDFS.subClassOf, RDFS.Resource))
    said = (term for triple in triples for term in (triple.subject, triple.predicate, triple.object))
    terms = (term for term in said if not isinstance(term, ox.BlankNode))
    tokens = map(token, cast(Iterable[Term], (*named, *also, *terms)))
    return {name: number for number, name in enumerate(dict.fromkeys(tokens))}


def _known(compiler: _Compiler, nodes: Iterable[Node]) -> Ids:
    numbers = (compiler.number(node) for node in nodes)
    return np.array([number for number in numbers if number is not None], np.int32)


def _targeted(shape: Shape) -> bool:
    return any(list(targets) for targets in shape.target())


def _has_circle(following: Mapping[Node, Node]) -> bool:
    """Whether going from node to node leads back to one that was passed."""
    good: set[Node] = set()
    for start in following:
        passed: dict[Node, None] = {}
        node: Node | None = start
        while node is not None and node not in good:
            if node in passed:
                return True
            passed[node] = None
            node = following.get(node)
        good.update(passed)
    return False


def _id(term: Term) -> str:
    return term.value if isinstance(term, ox.NamedNode) else str(term)
