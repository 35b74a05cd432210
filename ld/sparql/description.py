"""The service description: what the endpoint says of itself (SPARQL 1.1 Service Description), its limits among it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode, Triple

from ld import iris
from ld.namespaces import DCTERMS, RDF, RDFS, SD, VOID, XSD
from ld.settings import Settings
from ld.sparql.results import FORMATS


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: how its node is called, and what people and programs read of it."""

    name: str
    label: str
    value: int | float
    unit: str

    @property
    def shown(self) -> str:
        """The number as people read it."""
        return f"{self.value:,.10g} {self.unit}"


def limits(settings: Settings) -> tuple[Limit, ...]:
    """The limits of the endpoint."""
    return (
        Limit("seconds", "Time that a query may take", settings.query_seconds, "seconds"),
        Limit("rows", "Rows, or triples, after which a result is cut, and says so", settings.query_rows, "rows"),
        Limit("answer", "Longest result", settings.query_answer, "bytes"),
        Limit("memory", "Memory that a query may take", settings.query_memory, "bytes"),
        Limit("length", "Longest query", settings.query_length, "bytes"),
        Limit("client", "Queries of one client that may run or wait at once", settings.query_client, "queries"),
    )


def describe(base: str, settings: Settings, triples: int | None) -> list[Triple]:
    """The description as triples, without blank nodes; `triples` is how many the graph has."""
    return list(_statements(base, settings, triples))


def _statements(base: str, settings: Settings, triples: int | None) -> Iterator[Triple]:
    endpoint, dataset = f"{base}sparql", f"{base}sparql#dataset"
    graph = iris.dataset(base)
    yield _link(endpoint, RDF + "type", SD + "Service")
    yield _text(endpoint, DCTERMS + "title", "SPARQL endpoint of UK doctoral theses as linked data")
    yield _link(endpoint, SD + "endpoint", endpoint)
    yield _link(endpoint, SD + "supportedLanguage", SD + "SPARQL11Query")
    for form in FORMATS:
        yield _link(endpoint, SD + "resultFormat", form.iri)
    yield _link(endpoint, SD + "defaultDataset", dataset)
    yield _link(dataset, RDF + "type", SD + "Dataset")
    yield _link(dataset, SD + "defaultGraph", graph)
    yield _link(graph, RDF + "type", SD + "Graph")
    yield _link(graph, RDF + "type", VOID + "Dataset")
    if triples is not None:
        yield Triple(NamedNode(graph), NamedNode(VOID + "triples"), _number(triples))
    for limit in limits(settings):
        node = f"{endpoint}#limit-{limit.name}"
        yield _link(endpoint, SD + "feature", node)
        yield _link(node, RDF + "type", SD + "Feature")
        yield _text(node, RDFS + "label", f"{limit.label}: {limit.shown}")
        yield Triple(NamedNode(node), NamedNode(RDF + "value"), _number(limit.value))


def _link(subject: str, predicate: str, object_: str) -> Triple:
    return Triple(NamedNode(subject), NamedNode(predicate), NamedNode(object_))


def _text(subject: str, predicate: str, text: str) -> Triple:
    return Triple(NamedNode(subject), NamedNode(predicate), Literal(text))


def _number(value: int | float) -> Literal:
    kind = "decimal" if isinstance(value, float) and not value.is_integer() else "integer"
    return Literal(f"{value:g}" if kind == "decimal" else str(int(value)), datatype=NamedNode(XSD + kind))
