"""pySHACL, the authority: it reads the shapes, and decides itself what nobody can decide faster for certain."""

from __future__ import annotations

import logging
import re
import warnings
from collections import Counter
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import pyoxigraph as ox
import rdflib
from pyparsing import ParseResults
from pyshacl.constraints.constraint_component import ConstraintComponent
from pyshacl.errors import ReportableRuntimeError
from pyshacl.pytypes import SHACLExecutor
from pyshacl.shape import Shape
from pyshacl.shapes_graph import ShapesGraph
from rdflib import Graph
from rdflib.namespace import NamespaceManager
from rdflib.paths import Path
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import Node

from ld.errors import ShapesError
from ld.namespaces import SH
from ld.rdf import Term
from ld.validation.graph import DataGraph, Ids
from ld.validation.report import shortened
from ld.validation.terms import ALONE, Terms, from_rdflib, quiet

_LOGGER = logging.getLogger(__name__)
_LOGGER.addHandler(logging.NullHandler())
_LOGGER.propagate = False
_TOLD = 300
"""Characters of what pySHACL says of shapes that it cannot use: it can tell a whole path of shapes."""


class Result(NamedTuple):
    """One SHACL validation result (SHACL §3.6.2), before anyone has put it into words."""

    shape: Term
    component: str
    severity: str
    focus: Term
    path: Term | None
    value: Term | None
    message: str | None
    """pySHACL's own words, for a shape that has none."""


class Authority:
    """pySHACL over one graph of shapes: no inference, no rules, nothing fetched, the data left as it is."""

    def __init__(self, triples: Iterable[ox.Triple]) -> None:
        self.graph = _graph(triples)
        self.executor = SHACLExecutor()
        with failing(), quiet():
            self.shapes_graph = ShapesGraph(self.graph, logger=_LOGGER)
            self.shapes: list[Shape] = sorted(self.shapes_graph.shapes, key=lambda shape: str(shape.node))

    def validate(self, shape: Shape, view: Graph, nodes: Collection[Node]) -> list[Result]:
        """What pySHACL itself finds at nodes."""
        with failing(), quiet():
            _, found = shape.validate(self.executor, view, focus=list(nodes))  # type: ignore[arg-type]
            own = set(shape.message)
            return [_result(node, triples, own) for _, node, triples in found]

    def evaluate(
        self, component: ConstraintComponent, view: Graph, values: Mapping[Node, Collection[Node]]
    ) -> Counter[tuple[Node, Node | None]]:
        """How often pySHACL's own component reports each (focus node, value)."""
        with failing(), quiet():
            around = [component.shape, component]
            _, found = component.evaluate(self.executor, view, dict(values), around)
        counted: Counter[tuple[Node, Node | None]] = Counter()
        for _, node, triples in found:
            said = _said(node, triples)
            counted[said[SH + "focusNode"], said.get(SH + "value")] += 1
        return counted


@contextmanager
def failing() -> Iterator[None]:
    """Whatever pySHACL and rdflib raise over shapes that they cannot use, as a `ShapesError`; settings put back."""
    normalize = rdflib.NORMALIZE_LITERALS
    try:
        with ALONE, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (MemoryError, RecursionError, ShapesError):
        raise
    except Exception as error:
        told = " ".join(str(getattr(error, "message", None) or error).split()).rstrip(".")
        if isinstance(error, re.error):
            told = f"a pattern in them is no regular expression ({told})"
        elif not isinstance(error, ReportableRuntimeError):
            told = f"pySHACL can make nothing of them ({type(error).__name__}{': ' if told else ''}{told})"
        told, link = shortened(told, _TOLD), getattr(error, "link", None)
        raise ShapesError(f"The shapes cannot be used: {told}." + (f" See {link}." if link else "")) from error
    finally:
        rdflib.NORMALIZE_LITERALS = normalize


class _PlainNames(NamespaceManager):
    """Names for pySHACL's prose: IRIs as they are, since making prefixed names costs more than validating."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph, bind_namespaces="none")

    def bind(self, *_: object, **__: object) -> None:
        """Binds nothing."""

    def normalizeUri(self, rdfTerm: str) -> str:  # noqa: N802, N803  rdflib's own name
        """The IRI in angle brackets."""
        return f"<{rdfTerm}>"


class _Plain(Graph):
    """A graph without prefixes that is always true."""

    def __init__(self) -> None:
        super().__init__(store="SimpleMemory", bind_namespaces="none")
        self.namespace_manager = _PlainNames(self)

    def __bool__(self) -> bool:
        return True  # pySHACL asks for each result (`datagraph or …`), and rdflib would count all triples to answer


class View(_Plain):
    """A data graph as rdflib sees it: nothing is copied, terms are made when they are asked for."""

    def __init__(self, data: DataGraph) -> None:
        super().__init__()
        self.data = data
        self._nodes = Terms()

    def __len__(self) -> int:
        return len(self.data)

    def node(self, number: int) -> Node:
        """A term of the data."""
        return self._nodes[self.data.terms[number]]

    def nodes(self, numbers: Ids) -> list[Node]:
        """Terms of the data."""
        return [self.node(number) for number in numbers.tolist()]

    def triples(self, triple: Any) -> Generator[Any, None, None]:
        """The triples of a pattern; None stands for anything."""
        subject, predicate, obj = triple
        if isinstance(predicate, Path):
            for first, last in predicate.eval(self, subject, obj):
                yield first, predicate, last
            return
        numbers = [None if node is None else self.data.find(from_rdflib(node)) for node in triple]
        if any(number is None and node is not None for number, node in zip(numbers, triple, strict=True)):
            return
        for row in self._rows(*numbers):
            yield tuple(map(self.node, row))

    def query(self, query_object: Any, *arguments: Any, **named: Any) -> Any:
        """The answer to a query that reads this graph alone; raises `ShapesError` for any other."""
        if isinstance(query_object, str) and _reads_elsewhere(parseQuery(query_object)):
            raise ShapesError("The shapes cannot be used: a query in them reads from elsewhere than the data.")
        return super().query(query_object, *arguments, **named)

    def __contains__(self, triple: Any) -> bool:
        return any(True for _ in self.triples(triple))

    def _rows(self, subject: int | None, predicate: int | None, obj: int | None) -> Iterator[tuple[int, int, int]]:
        data = self.data
        if subject is not None:
            node = np.array([subject], np.int32)
            if predicate is not None:
                if obj is not None:
                    yield from ((subject, predicate, obj),) if data.has(subject, predicate, obj) else ()
                else:
                    yield from ((subject, predicate, o) for o in data.objects(predicate, node)[1].tolist())
                return
            _, predicates, objects = data.about(node)
            rows = zip(predicates.tolist(), objects.tolist(), strict=True)
            yield from ((subject, p, o) for p, o in rows if obj in (None, o))
            return
        for p in data.predicates() if predicate is None else (predicate,):
            if obj is None:
                pairs = (column.tolist() for column in data.pairs(p))
                yield from ((s, p, o) for s, o in zip(*pairs, strict=True))
            else:
                _, subjects = data.subjects(p, np.array([obj], np.int32))
                yield from ((s, p, obj) for s in subjects.tolist())


def _graph(triples: Iterable[ox.Triple]) -> Graph:
    graph, terms = _Plain(), Terms()
    for triple in triples:
        graph.add((terms[triple.subject], terms[triple.predicate], terms[triple.object]))  # type: ignore[index]
    return graph


def small(triples: Iterable[tuple[Node, Node, Node]]) -> Graph:
    """A graph of a few triples."""
    graph = _Plain()
    for triple in triples:
        graph.add(triple)
    return graph


def _reads_elsewhere(parsed: Any) -> bool:
    """Whether a query has FROM or SERVICE in it."""
    waiting = [parsed]
    while waiting:
        part = waiting.pop()
        if isinstance(part, CompValue):
            if part.name in ("DatasetClause", "ServiceGraphPattern"):
                return True
            waiting.extend(part.values())
        elif isinstance(part, list | tuple | ParseResults):
            waiting.extend(part)
    return False


def _said(node: Node, triples: Iterable[tuple[Node, Node, Any]]) -> dict[str, Node]:
    # The details of a result come along among its triples; a term may be paired with the graph that it is from.
    own = ((str(predicate), value) for subject, predicate, value in triples if subject == node)
    return {predicate: value[1] if isinstance(value, tuple) else value for predicate, value in own}


def _term(node: Node | None) -> Term | None:
    return None if node is None else from_rdflib(node)


def _message(node: Node, triples: Iterable[tuple[Node, Node, Any]], own: Collection[Node]) -> str | None:
    """The message of a result; the constraint's before the shape's own, English before others."""
    found = [obj for subject, predicate, obj in triples if subject == node and predicate == rdflib.SH.resultMessage]

    def rank(message: Any) -> tuple[bool, bool, str]:
        return message in own, (getattr(message, "language", None) or "en") != "en", str(message)

    return str(min(found, key=rank)) if found else None


def _result(node: Node, triples: Collection[tuple[Node, Node, Any]], own: Collection[Node]) -> Result:
    said = _said(node, triples)
    return Result(
        shape=from_rdflib(said[SH + "sourceShape"]),
        component=str(said[SH + "sourceConstraintComponent"]),
        severity=str(said[SH + "resultSeverity"]),
        focus=from_rdflib(said[SH + "focusNode"]),
        path=_term(said.get(SH + "resultPath")),
        value=_term(said.get(SH + "value")),
        message=_message(node, triples, own),
    )
