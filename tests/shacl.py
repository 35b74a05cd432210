"""SHACL by two engines: what pySHACL finds, the authority, and what our own finds, as bags to be compared."""

from __future__ import annotations

import logging
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pyshacl
import rdflib
from rdflib.namespace import SH

from ld.errors import LdError
from ld.namespaces import XSD
from ld.validation.engine import Engine
from ld.validation.inputs import Input
from ld.validation.loading import load

CASES = sorted((Path(__file__).parent / "cases" / "shacl").glob("*.shapes.ttl"))
PREFIXES = {
    "sh": str(SH),
    "xsd": XSD,
    "rdf": str(rdflib.RDF),
    "rdfs": str(rdflib.RDFS),
    "owl": str(rdflib.OWL),
    "ex": "http://example.org/",
}

Found = tuple[str | None, ...]
"""Focus node, path, value, component, severity, source shape."""
Bag = Counter[Found]
FAILURE = "failure"
"""What is found where the shapes, or they and the data together, are refused."""


def read(document: str, blank: str) -> list[ox.Triple]:
    """The triples of a document, their blank nodes called after their place: `blank` and a number.

    >>> [str(triple.object) for triple in read("<a:a> <a:b> [], _:there, [] .", "s")]
    ['_:s1', '_:s2', '_:s3']
    """
    names: dict[ox.BlankNode, ox.BlankNode] = {}

    def named(term: Any) -> Any:
        if isinstance(term, ox.BlankNode):
            return names.setdefault(term, ox.BlankNode(f"{blank}{len(names) + 1}"))
        return term

    parsed = ox.parse(document, format=ox.RdfFormat.TURTLE)
    return [ox.Triple(named(quad.subject), quad.predicate, named(quad.object)) for quad in parsed]


def read_case(path: Path) -> tuple[list[ox.Triple], list[ox.Triple], int | str]:
    """The shapes, the data, and how many results the first line promises (or `FAILURE`)."""
    shapes = path.read_text("utf-8")
    data = path.with_name(path.name.replace(".shapes.", ".data.")).read_text("utf-8")
    promised = shapes.splitlines()[0].removeprefix("# finds ")
    return read(shapes, "s"), read(data, "d"), promised if promised == FAILURE else int(promised)


def turtle(triples: Iterable[ox.Triple]) -> str:
    """Triples to be read by people, and by `read`."""
    return ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=PREFIXES).decode()  # type: ignore[union-attr]


def authority(shapes: Iterable[ox.Triple], data: Iterable[ox.Triple]) -> Bag | str:
    """What pySHACL finds, or `FAILURE` where it raises. The two must share no blank node."""
    with _quietly_as_spelled():
        try:
            conforms, report, _ = pyshacl.validate(_graph(data), shacl_graph=_graph(shapes), inplace=True)
        except Exception:  # pySHACL lets through whatever goes wrong: IndexError, re.error, its own
            return FAILURE
    if not isinstance(report, rdflib.Graph):
        return FAILURE
    # The results of a shape that another refers to hang below `sh:detail`, and count for nothing.
    found = Counter(_told(report, result) for result in report.objects(None, SH.result))
    assert conforms == (not found)
    return found


def ours(
    shapes: Iterable[ox.Triple],
    data: Iterable[ox.Triple],
    before: Iterable[ox.Triple] | None = None,
    files: Sequence[Input] = (),
) -> tuple[Bag | str, list[str]]:
    """What our engine finds, or `FAILURE` where it raises on purpose; and why it leaves which shapes to pySHACL.

    before: other data that the same engine judges first. files: where the data is to be read from instead; their blank
    nodes are in the first of them.
    """
    try:
        engine = Engine(shapes)
    except LdError as error:
        return FAILURE, [str(error)]
    reasons = [f"{shape}: {reason}" for shape, reason in engine.explain().items() if reason is not None]
    if before is not None:
        with suppress(LdError):
            engine.results(before)
    try:
        graph = load(files, engine.known) if files else engine.graph(data)
        results = list(engine.run(graph).results())
    except LdError:
        return FAILURE, reasons
    found = Counter(
        (_unprefixed(r.focus), _text(r.path), _unprefixed(r.value), r.component, r.severity, _text(r.shape))
        for r in results
    )
    return found, reasons


def _unprefixed(term: Any) -> str | None:
    """A term whose label, if it is a blank node of the first of several files, is the one that it has there."""
    text = _text(term)
    return text.replace("_:f1-", "_:") if isinstance(term, ox.BlankNode) and text else text


def difference(expected: Bag | str, found: Bag | str) -> str:
    """Where the engines disagree, to be read by people."""
    if isinstance(expected, str) or isinstance(found, str):
        return f"pySHACL: {_listed(expected)}\nours: {_listed(found)}"
    missing = [f"only pySHACL finds {times} x {_shown(result)}" for result, times in (expected - found).items()]
    return "\n".join(
        missing + [f"only we find {times} x {_shown(result)}" for result, times in (found - expected).items()]
    )


def _listed(bag: Bag | str) -> str:
    return bag if isinstance(bag, str) else f"{bag.total()} results" + "".join(f"\n    {_shown(one)}" for one in bag)


def _shown(result: Found) -> str:
    focus, path, value, component, severity, shape = (str(part).replace(PREFIXES["sh"], "sh:") for part in result)
    return f"{component} ({severity}) of {shape} at {focus}, path {path}, value {value}"


@contextmanager
def _quietly_as_spelled() -> Iterator[None]:
    # rdflib complains of ill-typed values, pySHACL of broken shapes; after those it leaves rdflib changed.
    normalize, disabled = rdflib.NORMALIZE_LITERALS, logging.root.manager.disable
    rdflib.NORMALIZE_LITERALS = False
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        rdflib.NORMALIZE_LITERALS = normalize
        logging.disable(disabled)


def _graph(triples: Iterable[ox.Triple]) -> rdflib.Graph:
    graph = rdflib.Graph(bind_namespaces="none")
    for triple in triples:
        graph.add((_rdflib(triple.subject), _rdflib(triple.predicate), _rdflib(triple.object)))
    return graph


def _rdflib(term: Any) -> Any:
    if isinstance(term, ox.NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return rdflib.BNode(term.value)
    if term.language:
        return rdflib.Literal(term.value, lang=term.language)
    if term.datatype.value == XSD + "string":
        return rdflib.Literal(term.value)
    return rdflib.Literal(term.value, datatype=term.datatype.value, normalize=False)


def _told(report: rdflib.Graph, result: Any) -> Found:
    def only(predicate: Any) -> Any:
        values = list(report.objects(result, predicate))
        assert len(values) < 2
        return values[0] if values else None

    return (
        _text(only(SH.focusNode)),
        _text(only(SH.resultPath)),
        _text(only(SH.value)),
        str(only(SH.sourceConstraintComponent)),
        str(only(SH.resultSeverity)),
        _text(only(SH.sourceShape)),
    )


def _text(term: Any) -> str | None:
    """A term of either library in N-Triples, a plain literal without its datatype."""
    if isinstance(term, rdflib.URIRef):
        return str(ox.NamedNode(str(term)))
    if isinstance(term, rdflib.BNode):
        return str(ox.BlankNode(str(term)))
    if isinstance(term, rdflib.Literal):
        kind = None if term.datatype is None else ox.NamedNode(str(term.datatype))
        return str(ox.Literal(str(term), language=term.language, datatype=None if term.language else kind))
    return None if term is None else str(term)
