"""SHACL engines: the seam, and pySHACL behind it; nothing else knows pySHACL.

pySHACL evaluates every constraint; what is done here is to hand it the nodes in bulk. Its own `validate` wraps the data
graph, takes up each property shape once a node, and counts all triples for each result: several times slower.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from threading import Lock, local
from typing import Any, NamedTuple, Protocol

import pyoxigraph as ox
from pyshacl.pytypes import SHACLExecutor
from pyshacl.shape import Shape
from pyshacl.shapes_graph import ShapesGraph
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import NamespaceManager
from rdflib.paths import Path
from rdflib.term import Node

from ld.namespaces import SH, XSD
from ld.rdf import RDF_TYPE
from ld.shapes.report import Term

_LOGGER = logging.getLogger(__name__)
_LOGGER.addHandler(logging.NullHandler())
_READING = local()
# A value that is not of its datatype is for the shapes to find; rdflib would print a traceback for each.
logging.getLogger("rdflib.term").addFilter(lambda _: not getattr(_READING, "now", False))
_TARGETS = {SH + name for name in ("targetClass", "targetNode", "targetObjectsOf", "targetSubjectsOf")}
_PROPERTY = SH + "property"
_PROPERTY_SHAPE = ox.NamedNode(SH + "PropertyShape")
_STRING = XSD + "string"


class Result(NamedTuple):
    """One SHACL validation result, before anyone has put it into words."""

    shape: Term
    component: str
    severity: str
    focus: Term
    value: Term | None
    message: str | None
    """The engine's own words, for a shape that has none."""


class Engine(Protocol):
    """Something that validates triples against the shapes that it was made with."""

    def run(self, triples: Iterable[ox.Triple]) -> tuple[list[Result], dict[str, int]]:
        """The results in any order, and how many nodes each node shape checked."""


class PySHACL:
    """pySHACL with SHACL Core: no inference, no rules, nothing fetched, the data left as it is."""

    def __init__(self, shapes: Iterable[ox.Triple]) -> None:
        lifted, groups = _lift(list(shapes))
        graph, self._terms = _Graph(), _Terms()
        graph.fill(lifted, self._terms)
        self._lock = Lock()
        self._executor = SHACLExecutor()
        known = ShapesGraph(graph, logger=_LOGGER)
        parts = {self._terms[node]: [self._terms[part] for part in group] for node, group in groups.items()}
        self._plan = [
            (shape, [shape, *map(known.lookup_shape_from_node, parts.get(shape.node, ()))])
            for shape in sorted(known.shapes, key=lambda shape: str(shape.node))
            if any(list(targets) for targets in shape.target())
        ]

    def run(self, triples: Iterable[ox.Triple]) -> tuple[list[Result], dict[str, int]]:
        """The results in any order, and how many nodes each node shape checked."""
        data = _Graph()
        data.fill(triples, _Terms(self._terms))
        results: list[Result] = []
        checked: dict[str, int] = {}
        with self._lock:  # pySHACL keeps caches of its own
            for shape, parts in self._plan:
                nodes = set() if shape.deactivated else shape.focus_nodes(data)
                checked[str(shape.node)] = len(nodes)
                if nodes:
                    results.extend(result for part in parts for result in self._validate(part, data, nodes))
        return results, checked

    def _validate(self, shape: Shape, data: Graph, nodes: Collection[Node]) -> Iterator[Result]:
        _, found = shape.validate(self._executor, data, focus=list(nodes))  # type: ignore[arg-type]
        return (_result(node, triples) for _, node, triples in found)


def _lift(shapes: Sequence[ox.Triple]) -> tuple[list[ox.Triple], dict[Term, list[Term]]]:
    """The shapes with the property shapes taken off the node shapes with targets; and which were whose.

    pySHACL looks at a property shape once for each node of its node shape, but at a shape of its own for all nodes
    together. A node shape that another refers to stays whole.
    """
    referred = {triple.object for triple in shapes}
    groups: dict[Term, list[Term]] = {
        triple.subject: []  # type: ignore[misc]
        for triple in shapes
        if triple.predicate.value in _TARGETS and triple.subject not in referred
    }
    kept = []
    for triple in shapes:
        if triple.predicate.value == _PROPERTY and triple.subject in groups:
            groups[triple.subject].append(triple.object)  # type: ignore[index,arg-type]
            kept.append(ox.Triple(triple.object, RDF_TYPE, _PROPERTY_SHAPE))  # type: ignore[arg-type]
        else:
            kept.append(triple)
    return kept, groups


class _PlainNames(NamespaceManager):
    """Names for pySHACL's prose: IRIs as they are, since making prefixed names costs more than validating."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph, bind_namespaces="none")

    def bind(self, *_: object, **__: object) -> None:
        """Binds nothing."""

    def normalizeUri(self, rdfTerm: str) -> str:  # noqa: N802, N803  rdflib's own name
        """The IRI in angle brackets."""
        return f"<{rdfTerm}>"


class _Graph(Graph):
    """A graph in memory, made for what pySHACL asks most: the objects of a subject and a property."""

    def __init__(self) -> None:
        super().__init__(store="SimpleMemory", bind_namespaces="none")
        self.namespace_manager = _PlainNames(self)
        self._objects: dict[tuple[Node, Node], dict[Node, None]] = {}

    def __bool__(self) -> bool:
        return True  # pySHACL asks for each result (`datagraph or …`), and rdflib would count all triples to answer

    def add(self, triple: Any) -> _Graph:
        """Takes in a triple."""
        self.store.add(triple, self)
        subject, predicate, obj = triple
        self._objects.setdefault((subject, predicate), {})[obj] = None
        return self

    def fill(self, triples: Iterable[ox.Triple], terms: _Terms) -> None:
        """Takes in triples as the rest of the package has them; none are taken out again."""
        _READING.now = True
        try:
            for triple in triples:
                self.add((terms[triple.subject], terms[triple.predicate], terms[triple.object]))  # type: ignore[index]
        finally:
            _READING.now = False

    def objects(self, subject: Any = None, predicate: Any = None, unique: bool = False) -> Generator[Node, None, None]:
        """The objects of a subject and a property, looked up in one step."""
        if subject is None or predicate is None or isinstance(predicate, Path):
            yield from super().objects(subject, predicate, unique)
        else:
            yield from self._objects.get((subject, predicate), ())


class _Terms(dict[Term, Node]):
    """Terms of rdflib, each made once: comparing a term with itself is quick, with its equal slow."""

    def __missing__(self, given: Term) -> Node:
        made = self[given] = _TO_RDFLIB[type(given)](given)
        return made


def _literal(given: ox.Literal) -> Literal:
    if given.language:
        return Literal(given.value, lang=given.language)
    datatype = given.datatype.value
    # Spellings stay as they are (`normalize`): it is the spelling that is judged.
    return Literal(given.value) if datatype == _STRING else Literal(given.value, datatype=datatype, normalize=False)


_TO_RDFLIB: Mapping[type, Callable[..., Node]] = {
    ox.NamedNode: lambda given: URIRef(given.value),
    ox.BlankNode: lambda given: BNode(given.value),
    ox.Literal: _literal,
}


def _term(node: Node) -> Term:
    if isinstance(node, Literal):
        if node.language:
            return ox.Literal(str(node), language=node.language)
        return ox.Literal(str(node), datatype=ox.NamedNode(str(node.datatype or _STRING)))
    return ox.BlankNode(str(node)) if isinstance(node, BNode) else ox.NamedNode(str(node))


def _result(node: Node, triples: Iterable[tuple[Node, Node, Any]]) -> Result:
    # The details of a result come along among its triples; a term may be paired with the graph that it is from.
    own = ((str(predicate), value) for subject, predicate, value in triples if subject == node)
    said = {predicate: value[1] if isinstance(value, tuple) else value for predicate, value in own}
    value, message = said.get(SH + "value"), said.get(SH + "resultMessage")
    return Result(
        shape=_term(said[SH + "sourceShape"]),
        component=str(said[SH + "sourceConstraintComponent"]),
        severity=str(said[SH + "resultSeverity"]),
        focus=_term(said[SH + "focusNode"]),
        value=None if value is None else _term(value),
        message=None if message is None else str(message),
    )
