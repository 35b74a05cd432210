"""The endpoint as clients meet it that were not written here: SPARQLWrapper, rdflib, pyoxigraph, csv, curl, Comunica.

Each asks a live server over the seeds. What it makes of the answers is held against pyoxigraph's over the same store,
or, where it gives rdflib's terms, against rdflib's own engine over the dump.
"""

from __future__ import annotations

import csv
import gzip
import html
import io
import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urljoin

import pyoxigraph as ox
import pytest
import requests
from conftest import Serve, free_port
from pyoxigraph import QueryResultsFormat
from rdflib import DCTERMS, FOAF, RDF, Dataset, Graph, URIRef
from rdflib.compare import isomorphic
from rdflib.plugins.stores.sparqlstore import SPARQLStore, SPARQLUpdateStore
from sites import ROOT, TOGETHER, link_header, publish
from SPARQLWrapper import (
    CSV,
    GET,
    JSON,
    JSONLD,
    N3,
    POST,
    POSTDIRECTLY,
    RDFXML,
    TSV,
    TURTLE,
    URLENCODED,
    XML,
    SPARQLWrapper,
    SPARQLWrapper2,
)
from SPARQLWrapper.SPARQLExceptions import QueryBadFormed

from ld import iris
from ld.formats import FORMATS
from ld.settings import Settings
from ld.web import create_app

# SPARQLWrapper and rdflib use parts of rdflib that it deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:(ConjunctiveGraph|Dataset.default_context) is deprecated")

PREFIXES = """
PREFIX bibo: <http://purl.org/ontology/bibo/>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX foaf: <http://xmlns.com/foaf/0.1/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
"""
ROWS = (
    PREFIXES
    + r"""
SELECT ?thesis ?title ?year ?note (STRLEN(?title) AS ?length) ?odd WHERE {
  ?thesis a bibo:Thesis ;
    dcterms:title ?title ;
    dcterms:issued ?year .
  OPTIONAL { ?thesis bibo:degree/(skos:definition|skos:scopeNote) ?note }
  BIND("\"quoted\", of\ntwo lines,\t<tab> & ünïcode 📚" AS ?odd)
}
"""
)
"""Every kind of value: IRIs, plain text, a year, text in a language or none, numbers, and what formats must escape."""
YES, NO = PREFIXES + "ASK { ?thesis a bibo:Thesis }", PREFIXES + "ASK { ?thesis a bibo:thesis }"
CONSTRUCT = (
    PREFIXES
    + """
CONSTRUCT { ?thesis dcterms:title ?title ; dcterms:issued ?year ; dcterms:creator ?author . ?author foaf:name ?name }
WHERE { ?thesis dcterms:title ?title ; dcterms:issued ?year ; dcterms:creator ?author . ?author foaf:name ?name }
"""
)
DESCRIBE = (
    PREFIXES + f'DESCRIBE ?thesis ?author {{ ?thesis dcterms:identifier "{TOGETHER}" ; dcterms:creator ?author }}'
)
BROKEN = PREFIXES + "SELECT ?thesis WHERE { ?thesis a bibo:Thesis } LIMIT few"
UPDATE = "INSERT DATA { <http://example.org/a> <http://example.org/b> <http://example.org/c> }"

Row = tuple[str, ...]


@dataclass(frozen=True)
class Seeds:
    """The seeds, published and served: the base of their addresses, which is the server's, and the data folder."""

    base: str
    data: Path

    @property
    def endpoint(self) -> str:
        return f"{self.base}sparql"

    @cached_property
    def store(self) -> ox.Store:
        return ox.Store.read_only(str(self.data / "current" / "store"))

    @cached_property
    def dump(self) -> bytes:
        return gzip.decompress((self.data / "current" / "dumps" / "thesis-ld.nt.gz").read_bytes())

    @cached_property
    def graph(self) -> Graph:
        """All that is published, as rdflib has it."""
        return Graph().parse(data=self.dump, format="nt")

    def rows(self, query: str) -> list[Row]:
        """The rows that pyoxigraph finds in the store, sorted."""
        return _rows(self.store.query(query))

    def described(self, query: str) -> Graph:
        """The graph that pyoxigraph makes from the store."""
        return Graph().parse(data=ox.serialize(self.store.query(query), format=ox.RdfFormat.N_TRIPLES), format="nt")


def _rows(solutions: Any) -> list[Row]:
    """Rows as terms in N-Triples, in the order of the names, sorted; an empty text where there is no value."""
    names = [variable.value for variable in solutions.variables]
    return sorted(tuple("" if row[name] is None else str(row[name]) for name in names) for row in solutions)


@pytest.fixture(scope="module")
def seeds(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Seeds:
    # Readers of JSON-LD fetch its context from the base, so the base is the server's own address.
    port = free_port()
    base = f"http://localhost:{port}/"
    data = publish(tmp_path_factory.mktemp("clients") / "data", base=base)
    serve(data=data, port=port, page_size=5)
    return Seeds(base, data)


# SPARQLWrapper

WAYS = [(GET, URLENCODED), (POST, URLENCODED), (POST, POSTDIRECTLY)]


@pytest.fixture(params=WAYS, ids=["GET", "POST of a form", "POST of the query"])
def wrapper(seeds: Seeds, request: pytest.FixtureRequest) -> SPARQLWrapper:
    made = SPARQLWrapper(seeds.endpoint)
    method, encoding = request.param
    made.setMethod(method)
    made.setRequestMethod(encoding)
    return made


def _asked(wrapper: SPARQLWrapper, query: str, form: str, *, negotiated: bool = False) -> Any:
    """What SPARQLWrapper makes of the answer; it says the format in the address too unless that is `negotiated`."""
    wrapper.setReturnFormat(form)
    wrapper.setOnlyConneg(negotiated)
    wrapper.setQuery(query)
    return wrapper.queryAndConvert()


def _of_json(said: dict[str, Any]) -> list[Row]:
    def term(value: dict[str, str]) -> str:
        if value["type"] == "uri":
            return str(ox.NamedNode(value["value"]))
        assert value["type"] == "literal"
        return _literal(value["value"], value.get("xml:lang"), value.get("datatype"))

    names = said["head"]["vars"]
    rows = said["results"]["bindings"]
    return sorted(tuple(term(row[name]) if name in row else "" for name in names) for row in rows)


def _of_xml(document: Any) -> list[Row]:
    def term(value: Any) -> str:
        text = "".join(node.data for node in value.childNodes)
        if value.tagName == "uri":
            return str(ox.NamedNode(text))
        assert value.tagName == "literal"
        return _literal(text, value.getAttribute("xml:lang"), value.getAttribute("datatype"))

    names = [element.getAttribute("name") for element in document.getElementsByTagName("variable")]
    rows = []
    for row in document.getElementsByTagName("result"):
        found = {each.getAttribute("name"): term(each.firstChild) for each in row.getElementsByTagName("binding")}
        rows.append(tuple(found.get(name, "") for name in names))
    return sorted(rows)


def _of_tsv(body: bytes) -> list[Row]:
    return _rows(ox.parse_query_results(body, format=QueryResultsFormat.TSV))


def _literal(text: str, language: str | None, datatype: str | None) -> str:
    if language:
        return str(ox.Literal(text, language=language))
    return str(ox.Literal(text, datatype=ox.NamedNode(datatype) if datatype else None))


@pytest.mark.parametrize("negotiated", [False, True], ids=["named", "negotiated"])
@pytest.mark.parametrize(("form", "read"), [(JSON, _of_json), (XML, _of_xml), (TSV, _of_tsv)])
def test_sparqlwrapper_reads_rows(
    seeds: Seeds, wrapper: SPARQLWrapper, form: str, read: Callable[[Any], list[Row]], negotiated: bool
) -> None:
    expected = seeds.rows(ROWS)
    assert len(expected) == 58
    assert read(_asked(wrapper, ROWS, form, negotiated=negotiated)) == expected


def test_sparqlwrapper_reads_rows_as_csv(seeds: Seeds, wrapper: SPARQLWrapper) -> None:
    assert _values(_asked(wrapper, ROWS, CSV).decode()) == _expected_values(seeds)


def _values(text: str) -> list[Row]:
    """The rows of CSV as the standard library reads them, the names first."""
    names, *rows = csv.reader(io.StringIO(text, newline=""))
    return [tuple(names), *sorted(map(tuple, rows))]


def _expected_values(seeds: Seeds) -> list[Row]:
    solutions: Any = seeds.store.query(ROWS)
    names = [variable.value for variable in solutions.variables]
    rows = (tuple("" if row[name] is None else row[name].value for name in names) for row in solutions)
    return [tuple(names), *sorted(rows)]


def test_sparqlwrapper_reads_truth(wrapper: SPARQLWrapper) -> None:
    for query, truth in ((YES, True), (NO, False)):
        assert _asked(wrapper, query, JSON)["boolean"] is truth
        told = _asked(wrapper, query, XML).getElementsByTagName("boolean")
        assert [each.firstChild.data for each in told] == [str(truth).lower()]
        assert [_asked(wrapper, query, form).strip() for form in (CSV, TSV)] == [str(truth).lower().encode()] * 2


@pytest.mark.parametrize("negotiated", [False, True], ids=["named", "negotiated"])
@pytest.mark.parametrize("form", [TURTLE, N3, XML, RDFXML, JSONLD])
@pytest.mark.parametrize("query", [CONSTRUCT, DESCRIBE], ids=["CONSTRUCT", "DESCRIBE"])
def test_sparqlwrapper_reads_graphs(
    seeds: Seeds, wrapper: SPARQLWrapper, query: str, form: str, negotiated: bool
) -> None:
    answer = _asked(wrapper, query, form, negotiated=negotiated)
    found = set(Graph().parse(data=answer, format="turtle")) if isinstance(answer, bytes) else _triples(answer)
    assert len(found) > 15
    assert found == set(seeds.described(query))


def _triples(graph: Any) -> set[Any]:
    return set(graph.triples((None, None, None)))


@pytest.mark.parametrize("query", [CONSTRUCT, DESCRIBE], ids=["CONSTRUCT", "DESCRIBE"])
def test_sparqlwrapper_reads_n_triples_by_a_header_of_its_user(
    seeds: Seeds, wrapper: SPARQLWrapper, query: str
) -> None:
    wrapper.addCustomHttpHeader("Accept", "application/n-triples")  # it has no name for them
    answer = _asked(wrapper, query, N3, negotiated=True)
    assert set(Graph().parse(data=answer, format="nt")) == set(seeds.described(query))


def test_who_asks_sparqlwrapper_for_a_graph_in_json_gets_json_ld(seeds: Seeds, wrapper: SPARQLWrapper) -> None:
    with pytest.warns(RuntimeWarning, match="unexpected returned format 'json'"):  # its own doubt, before it asks
        answer = _asked(wrapper, CONSTRUCT, JSON)
    assert _triples(answer) == set(seeds.described(CONSTRUCT))


def test_sparqlwrapper_gives_bindings_as_objects(seeds: Seeds) -> None:
    wrapper = SPARQLWrapper2(seeds.endpoint)
    wrapper.setQuery(ROWS)
    found = wrapper.query().getValues("note") or []
    assert Counter(each.lang for each in found) == {"en": 4}


def test_sparqlwrapper_may_name_our_graph_and_no_other(seeds: Seeds, wrapper: SPARQLWrapper) -> None:
    wrapper.addDefaultGraph(iris.dataset(seeds.base))
    assert _of_json(_asked(wrapper, ROWS, JSON)) == seeds.rows(ROWS)
    wrapper.clearParameter("default-graph-uri")
    wrapper.addDefaultGraph("http://example.org/graph")
    with pytest.raises(QueryBadFormed, match=r"There is no graph <http://example\.org/graph> here"):
        _asked(wrapper, ROWS, JSON)


@pytest.mark.parametrize("form", [JSON, XML, CSV])
def test_sparqlwrapper_raises_a_syntax_error_with_its_place(wrapper: SPARQLWrapper, form: str) -> None:
    with pytest.raises(QueryBadFormed, match="line 6, column 54: `few`") as caught:
        _asked(wrapper, BROKEN, form)
    assert r'"line": 6,\n  "column": 54,\n  "text": "few"' in str(caught.value)


@pytest.mark.parametrize("encoding", [URLENCODED, POSTDIRECTLY])
def test_no_update_of_sparqlwrapper_is_carried_out(seeds: Seeds, encoding: str) -> None:
    wrapper = SPARQLWrapper(seeds.endpoint)
    wrapper.setMethod(POST)
    wrapper.setRequestMethod(encoding)
    wrapper.setQuery(UPDATE)
    with pytest.raises(HTTPError, match="403") as caught:
        wrapper.query()
    assert "read-only" in caught.value.read().decode()
    assert _asked(wrapper, UPDATE.replace("INSERT DATA", "ASK"), JSON)["boolean"] is False


# rdflib's store


METHODS = ["GET", "POST", "POST_FORM"]


def _remote(seeds: Seeds, method: str = "GET", form: str = "xml", **more: Any) -> Graph:
    return Graph(store=SPARQLStore(seeds.endpoint, method=method, returnFormat=form), **more)


@pytest.mark.parametrize("form", ["xml", "json", "tsv"])
@pytest.mark.parametrize("method", METHODS)
def test_rdflibs_store_answers_as_rdflib_itself_does(seeds: Seeds, method: str, form: str) -> None:
    query = ROWS.replace("\\n", " ")  # rdflib's own reader of TSV takes no escaped line break
    remote = _remote(seeds, method, form)
    assert Counter(map(tuple, remote.query(query))) == Counter(map(tuple, seeds.graph.query(query)))
    if form != "tsv":  # of which rdflib cannot read a truth value
        assert [remote.query(each).askAnswer for each in (YES, NO)] == [True, False]


@pytest.mark.parametrize("form", ["xml", "json"])
@pytest.mark.parametrize("method", METHODS)
def test_rdflibs_store_is_a_graph_like_any_other(seeds: Seeds, method: str, form: str) -> None:
    remote, local = _remote(seeds, method, form), seeds.graph
    assert len(remote) == len(local)
    assert set(remote) == set(local)
    thesis = URIRef(f"{seeds.base}id/thesis/{TOGETHER}")
    assert set(remote.predicate_objects(thesis)) == set(local.predicate_objects(thesis))
    assert remote.value(thesis, DCTERMS.title) == local.value(thesis, DCTERMS.title)
    assert list(remote[thesis : DCTERMS.creator / FOAF.name]) == list(local[thesis : DCTERMS.creator / FOAF.name])
    known = (thesis, RDF.type, URIRef("http://purl.org/ontology/bibo/Thesis"))
    assert known in remote
    assert (*known[:2], FOAF.Person) not in remote


@pytest.mark.parametrize("query", [CONSTRUCT, DESCRIBE], ids=["CONSTRUCT", "DESCRIBE"])
@pytest.mark.parametrize("method", METHODS)
def test_rdflibs_store_gives_graphs(seeds: Seeds, method: str, query: str) -> None:
    assert set(_remote(seeds, method).query(query)) == set(seeds.described(query))


def test_rdflibs_store_asks_with_values_bound(seeds: Seeds) -> None:
    query, bound = "SELECT ?name { ?thesis dcterms:creator/foaf:name ?name }", {"thesis": URIRef(seeds.base + "none")}
    assert list(_remote(seeds).query(query, initBindings=bound)) == []
    bound["thesis"] = URIRef(f"{seeds.base}id/thesis/{TOGETHER}")
    assert list(_remote(seeds).query(query, initBindings=bound)) == list(seeds.graph.query(query, initBindings=bound))


def test_rdflibs_store_may_be_our_graph_by_its_name_and_no_other(seeds: Seeds) -> None:
    assert len(_remote(seeds, identifier=URIRef(iris.dataset(seeds.base)))) == len(seeds.graph)
    with pytest.raises(ValueError, match="something wrong"):
        len(_remote(seeds, identifier=URIRef("http://example.org/graph")))


def test_no_update_of_rdflibs_store_is_carried_out(seeds: Seeds) -> None:
    graph = Graph(SPARQLUpdateStore(seeds.endpoint, seeds.endpoint), identifier=URIRef(iris.dataset(seeds.base)))
    with pytest.raises(HTTPError, match="403"):
        graph.add((URIRef("http://example.org/a"), RDF.type, FOAF.Agent))
    assert len(graph) == len(seeds.graph)


# Results as they are


@pytest.mark.parametrize(
    ("form", "accept"),
    [
        (QueryResultsFormat.JSON, "application/sparql-results+json"),
        (QueryResultsFormat.XML, "application/sparql-results+xml"),
        (QueryResultsFormat.TSV, "text/tab-separated-values"),
    ],
)
def test_pyoxigraph_reads_results(seeds: Seeds, form: QueryResultsFormat, accept: str) -> None:
    body = requests.get(seeds.endpoint, {"query": ROWS}, headers={"Accept": accept}, timeout=10).content
    assert _rows(ox.parse_query_results(body, format=form)) == seeds.rows(ROWS)
    if form != QueryResultsFormat.TSV:
        body = requests.get(seeds.endpoint, {"query": YES}, headers={"Accept": accept}, timeout=10).content
        assert ox.parse_query_results(body, format=form)


def test_the_csv_module_reads_results(seeds: Seeds) -> None:
    answer = requests.get(seeds.endpoint, {"query": ROWS, "format": "csv"}, timeout=10)
    assert _values(answer.content.decode()) == _expected_values(seeds)


# curl


def test_the_line_that_the_page_gives_works_as_it_stands(seeds: Seeds) -> None:
    page = requests.get(seeds.endpoint, headers={"Accept": "text/html"}, timeout=10).text
    lines = [html.unescape(each) for each in re.findall(r"<pre><code>(curl .*?)</code></pre>", page, flags=re.S)]
    assert lines
    for line in lines:
        names, *rows = csv.reader(_shell(line).splitlines())
        assert names == ["thesis", "title"]
        assert len(rows) == 3


def test_curl_asks_in_each_way_of_the_protocol(seeds: Seeds, tmp_path: Path) -> None:
    (tmp_path / "query.rq").write_text(ROWS, "utf-8")
    asked = (
        "curl -sS --get --data-urlencode query@query.rq",
        "curl -sS --data-urlencode query@query.rq",
        "curl -sS -H 'Content-Type: application/sparql-query' --data-binary @query.rq",
    )
    for line in asked:
        assert _of_json(json.loads(_shell(f"{line} {seeds.endpoint}", tmp_path))) == seeds.rows(ROWS)
        tsv = _shell(f"{line} --compressed -H 'Accept: text/tab-separated-values' {seeds.endpoint}", tmp_path)
        assert _of_tsv(tsv.encode()) == seeds.rows(ROWS)


def test_curl_ends_with_an_error_when_the_query_has_one(seeds: Seeds) -> None:
    asked = ["curl", "-sS", "--fail-with-body", seeds.endpoint, "--data-urlencode", f"query={BROKEN}"]
    done = subprocess.run(asked, capture_output=True, text=True)
    assert done.returncode == 22
    assert json.loads(done.stdout)["line"] == 6


def _shell(line: str, folder: Path = ROOT) -> str:
    # Bytes are decoded here, for the line ends of CSV are its own.
    return subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, check=True).stdout.decode()


# Comunica


@pytest.mark.parametrize("kind", ["sparql", "auto"])
def test_comunica_asks_the_endpoint(seeds: Seeds, kind: str) -> None:
    query = ROWS.replace("?note (", "(")  # its reader of JSON leaves the language of a text out
    concept = PREFIXES + "CONSTRUCT WHERE { ?degree skos:definition ?in_english ; skos:prefLabel ?in_none }"
    clients = ROOT / "tests" / "clients"
    assert (clients / "node_modules").is_dir(), "Install the clients first: make tests/clients/node_modules/.stamp"
    asked = ["node", "ask.mjs", seeds.endpoint, kind, query, NO, DESCRIBE, concept]
    lines = subprocess.run(asked, cwd=clients, capture_output=True, text=True, check=True).stdout.splitlines()
    rows, truth, *graphs = map(json.loads, lines)
    assert _of_json(rows) == seeds.rows(query)
    assert truth["boolean"] is False
    for each, graph in zip((DESCRIBE, concept), graphs, strict=True):
        assert set(Graph().parse(data=graph["ntriples"], format="nt")) == set(seeds.described(each))


# Every address


BODY = "0000000419367988"
"""A university with more theses in the seeds than go on a page of five."""
PERSON = "0000000453606890"
ADDRESSES = (
    f"id/thesis/{TOGETHER}", f"doc/thesis/{TOGETHER}", f"id/person/{PERSON}", f"doc/person/{PERSON}",
    f"doc/organisation/{BODY}", f"doc/organisation/{BODY}?page=2", "doc/organisation/lanchester-polytechnic",
    "vocab/", "vocab/terms", "vocab/degrees", "vocab/levels", "vocab/disciplines", "vocab/institutions",
    "vocab/degree/d-psy", "vocab/level/doctoral", "vocab/discipline/medicine-and-health",
    "shapes/", "shapes/agent", "shapes/degree", "shapes/document", "shapes/thesis",
    "sparql", "sparql.ttl", "dumps/", ".well-known/void",
)  # fmt: skip
FRAGMENTS = {"fragments": (None, None), "fragments?predicate=dcterms:creator": (DCTERMS.creator, None)}
"""A fragment, and its pattern of predicate and object."""
RDF_FORMATS = tuple(row.suffix for row in FORMATS if row.rdf)
GRAPHS = ("trig", "nq")
"""Those where all is in a graph with a name, which rdflib has not in its `Graph` but in its `Dataset`."""
NO_RDF = ("", "healthz", "robots.txt", "static/style.css", "validate", "vocab/context.jsonld", "vocab/context-0.jsonld",
          "dumps/SHA256SUMS", "dumps/thesis-ld-latest.nt.gz")  # fmt: skip


@pytest.mark.parametrize("path", ADDRESSES)
def test_rdflib_reads_every_address_in_every_format(seeds: Seeds, path: str) -> None:
    said = Graph().parse(seeds.base + path)  # as rdflib asks by itself
    assert len(said) > 5
    formats = dict(_formats(seeds.base + path))
    assert set(formats) == set(RDF_FORMATS)
    for suffix, address in formats.items():
        found = _of_all_graphs(address) if suffix in GRAPHS else Graph().parse(address)
        assert set(found) == set(said) or isomorphic(found, said), suffix


def _formats(address: str) -> Iterator[tuple[str, str]]:
    """Each RDF format that an address says it has, and where."""
    answer = requests.head(address, headers={"Accept": "text/turtle"}, allow_redirects=True, timeout=10)
    for target, relation in link_header(answer):
        suffix = target.partition("?")[0].rpartition(".")[2]
        if relation == "alternate" and suffix in RDF_FORMATS:
            yield suffix, urljoin(answer.url, target)


def _of_all_graphs(address: str) -> Graph:
    """The triples that rdflib reads at an address, whichever graph they are in."""
    dataset, graph = Dataset(default_union=True), Graph()
    dataset.parse(address)
    for triple in dataset.triples((None, None, None)):
        graph.add(triple)
    return graph


@pytest.mark.parametrize("path", FRAGMENTS)
def test_rdflib_reads_every_fragment_in_every_format(seeds: Seeds, path: str) -> None:
    said = set(Graph().parse(seeds.base + path))  # TriG, where what is said of the fragment is in another graph
    assert said <= set(seeds.graph)
    assert len(said) == min(100, len(list(seeds.graph.triples((None, *FRAGMENTS[path])))))
    for suffix in RDF_FORMATS:
        address = f"{seeds.base}{path}{'&' if '?' in path else '?'}format={suffix}"
        assert said <= set(Graph().parse(address)), suffix
        assert said < set(_of_all_graphs(address)), suffix


def test_no_address_that_has_rdf_is_left_out(tmp_path: Path) -> None:
    routes = create_app(Settings(data=tmp_path)).url_map
    here = routes.bind("localhost")
    met = {here.match(f"/{path.partition('?')[0]}")[0] for path in (*ADDRESSES, *FRAGMENTS, *NO_RDF)}
    assert {rule.endpoint for rule in routes.iter_rules() if "GET" in (rule.methods or ())} <= met
