"""SPARQL on the web: the protocol as its standard has it, and the page as people use it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient
from library import ABSTRACT, THESIS
from sites import publish
from werkzeug.test import TestResponse

from ld.settings import Settings
from ld.web import create_app, sparql
from ld.web.query_pages import EXAMPLES

TITLES = "SELECT ?thesis ?title { ?thesis a bibo:Thesis ; dcterms:title ?title } ORDER BY ?title"
GRAPH = "http://localhost:8000/.well-known/void#dataset"
HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture(scope="module")
def client(published: Path) -> Iterator[FlaskClient]:
    """A client of the site, where results are cut after 20 rows."""
    app = create_app(Settings(data=published, query_rows=20, query_length=5_000, query_seconds=30))
    yield app.test_client()
    sparql.stop(app)


@pytest.fixture(scope="module")
def store(published: Path) -> ox.Store:
    return ox.Store.read_only(str(published / "current" / "store"))


def ask(client: FlaskClient, query: str, accept: str = "*/*", **parameters: object) -> TestResponse:
    return client.get("/sparql", query_string={"query": query, **parameters}, headers={"Accept": accept})


def rows(response: TestResponse) -> list[dict[str, str]]:
    assert response.status_code == 200, response.text
    return [
        {name: value["value"] for name, value in row.items()}
        for row in json.loads(response.data)["results"]["bindings"]
    ]


# --- the protocol ---


def test_a_query_in_the_address_is_answered_in_json(client: FlaskClient) -> None:
    response = ask(client, f"SELECT ?t {{ ?t dcterms:identifier '{THESIS}' }}")
    assert response.mimetype == "application/sparql-results+json"
    assert rows(response) == [{"t": f"http://localhost:8000/id/thesis/{THESIS}"}]
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Result-Rows"] == "1"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", {"query": "ASK { ?s ?p ?o }"}),
        ("application/sparql-query", "ASK { ?s ?p ?o }"),
        ("application/sparql-query; charset=utf-8", "ASK { ?s ?p 'é' } # é".encode()),
    ],
)
def test_a_query_is_taken_from_a_body_as_well(client: FlaskClient, content_type: str, body: object) -> None:
    response = client.post("/sparql", data=body, content_type=content_type)
    assert response.status_code == 200
    assert "boolean" in response.get_json(force=True)


@pytest.mark.parametrize(
    ("format", "media_type"),
    [("json", "application/sparql-results+json"), ("xml", "application/sparql-results+xml"), ("csv", "text/csv"),
     ("tsv", "text/tab-separated-values")],
)  # fmt: skip
@pytest.mark.parametrize("by", ["accept", "name"])
def test_solutions_come_in_four_formats(
    client: FlaskClient, store: ox.Store, format: str, media_type: str, by: str
) -> None:
    query = f"{TITLES} LIMIT 5"
    response = ask(client, query, media_type) if by == "accept" else ask(client, query, format=format)
    assert response.mimetype == media_type
    assert ("Accept," in response.headers["Vary"]) == (by == "accept")
    found = ox.QueryResultsFormat.from_media_type(media_type)
    prefixes = {"bibo": "http://purl.org/ontology/bibo/", "dcterms": "http://purl.org/dc/terms/"}
    assert response.data == store.query(query, prefixes=prefixes).serialize(format=found)


@pytest.mark.parametrize(
    ("format", "media_type"),
    [("ttl", "text/turtle"), ("nt", "application/n-triples"), ("rdf", "application/rdf+xml"),
     ("jsonld", "application/ld+json"), ("trig", "application/trig"), ("nq", "application/n-quads")],
)  # fmt: skip
@pytest.mark.parametrize("by", ["accept", "name"])
def test_triples_come_in_every_syntax(
    client: FlaskClient, store: ox.Store, format: str, media_type: str, by: str
) -> None:
    query = f"DESCRIBE <http://localhost:8000/id/thesis/{THESIS}>"
    response = ask(client, query, media_type) if by == "accept" else ask(client, query, format=format)
    assert response.mimetype == media_type
    syntax = ox.RdfFormat.from_media_type(media_type)
    assert syntax
    answer = store.query(query)
    assert isinstance(answer, ox.QueryTriples)
    assert {quad.triple for quad in ox.parse(response.data, format=syntax)} == set(answer)


def test_any_format_means_turtle_where_there_are_triples(client: FlaskClient) -> None:
    assert ask(client, "CONSTRUCT WHERE { ?s foaf:name ?o }").mimetype == "text/turtle"


def test_a_format_that_there_is_none_of_is_406_with_those_that_there_are(client: FlaskClient) -> None:
    response = ask(client, TITLES, "image/png")
    assert response.status_code == 406
    alternates = response.get_json(force=True)["alternates"]
    assert {each["type"] for each in alternates} >= {"text/csv", "application/sparql-results+json"}
    assert client.get(alternates[0]["href"]).status_code == 200


@pytest.mark.parametrize(("query", "format"), [(TITLES, "ttl"), ("DESCRIBE <a:a>", "csv"), (TITLES, "exe")])
def test_a_format_that_does_not_fit_the_query_is_400_with_those_that_do(
    client: FlaskClient, query: str, format: str
) -> None:
    response = ask(client, query, format=format)
    assert response.status_code == 400
    assert ("ttl" if "DESCRIBE" in query else "csv") in response.get_json(force=True)["detail"]


def test_without_a_query_programs_get_the_service_description(client: FlaskClient, published: Path) -> None:
    response = client.get("/sparql")
    assert response.mimetype == "text/turtle"
    described = list(ox.parse(response.data, format=ox.RdfFormat.TURTLE))
    sd = "http://www.w3.org/ns/sparql-service-description#"
    endpoint = ox.NamedNode("http://localhost:8000/sparql")
    said = {(quad.predicate.value, quad.object) for quad in described if quad.subject == endpoint}
    assert (sd + "endpoint", endpoint) in said
    assert (sd + "supportedLanguage", ox.NamedNode(sd + "SPARQL11Query")) in said
    assert len([1 for predicate, _ in said if predicate == sd + "resultFormat"]) == 10
    limits = {str(quad.subject): quad.object for quad in described if quad.predicate.value.endswith("#value")}
    assert limits["<http://localhost:8000/sparql#limit-rows>"].value == "20"
    assert limits["<http://localhost:8000/sparql#limit-seconds>"].value == "30"
    assert not any(isinstance(term, ox.BlankNode) for quad in described for term in quad)
    counted = json.loads((published / "current" / "manifest.json").read_text())["counts"]["triples"]
    void = [quad.object.value for quad in described if quad.predicate.value.endswith("void#triples")]
    assert void == [str(counted)]


def test_the_service_description_has_an_address_in_each_format(client: FlaskClient) -> None:
    turtle = set(ox.parse(client.get("/sparql.ttl").data, format=ox.RdfFormat.TURTLE))
    assert {quad.triple for quad in turtle} == {
        quad.triple for quad in ox.parse(client.get("/sparql.rdf").data, format=ox.RdfFormat.RDF_XML)
    }


def test_a_script_of_another_site_may_ask(client: FlaskClient) -> None:
    response = client.options("/sparql", headers={"Origin": "https://example.com"})
    assert response.status_code == 204
    assert "POST" in response.headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in response.headers["Access-Control-Allow-Headers"]


# --- what is refused ---


@pytest.mark.parametrize(
    ("query", "line", "column", "text"),
    [
        ("SELECT * {\n  ?s ?p\n}", 3, 1, "}"),
        ("SELECT * {\r\n\t?s ?p 'é' . LIMT }", 2, 14, "LIMT"),
        ("SELECT * { ?s nope:x ?o }", 1, 15, "nope:x"),
        ("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", 1, 12, "SERVICE"),
        ("SELECT * FROM <http://a.org/g> { ?s ?p ?o }", 1, 10, "FROM"),
        ("INSERT DATA { <a:a> <a:b> 1 }", 1, 1, "INSERT"),
    ],
)
def test_a_query_that_cannot_be_run_is_400_with_the_place_and_the_text(
    client: FlaskClient, query: str, line: int, column: int, text: str
) -> None:
    response = ask(client, query)
    assert response.status_code == 400
    assert response.mimetype == "application/problem+json"
    problem = response.get_json(force=True)
    assert (problem["line"], problem["column"], problem["text"]) == (line, column, text)


@pytest.mark.parametrize("parameter", ["default-graph-uri", "named-graph-uri"])
@pytest.mark.parametrize("post", [False, True])
def test_another_graph_than_ours_is_400_that_says_so(client: FlaskClient, parameter: str, post: bool) -> None:
    said = {"query": TITLES, parameter: "file:///etc/passwd"}
    response = client.post("/sparql", data=said) if post else client.get("/sparql", query_string=said)
    assert response.status_code == 400
    assert "file:///etc/passwd" in response.get_json(force=True)["detail"]


def test_our_own_graph_may_be_named(client: FlaskClient) -> None:
    count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    every = rows(ask(client, count))
    assert every[0]["n"] != "0"
    assert rows(ask(client, count, **{"default-graph-uri": GRAPH})) == every
    assert rows(ask(client, f"SELECT (COUNT(*) AS ?n) FROM <{GRAPH}> {{ ?s ?p ?o }}")) == every


@pytest.mark.parametrize(
    ("content_type", "body"),
    [("application/sparql-update", "CLEAR ALL"), ("application/x-www-form-urlencoded", {"update": "CLEAR ALL"})],
)
def test_updates_are_refused_and_change_nothing(client: FlaskClient, content_type: str, body: object) -> None:
    response = client.post("/sparql", data=body, content_type=content_type)
    assert response.status_code == 403
    assert "read-only" in response.get_json(force=True)["detail"]
    assert rows(ask(client, "SELECT ?s { ?s ?p ?o } LIMIT 1"))


@pytest.mark.parametrize(
    ("status", "content_type", "body"),
    [
        (415, "text/plain", "ASK {}"),
        (415, "multipart/form-data; boundary=x", "--x--"),
        (400, "application/x-www-form-urlencoded", {"q": "ASK {}"}),
        (400, "application/sparql-query", b"ASK { ?s ?p '\xff' }"),
        (400, "application/sparql-query", b""),
        (413, "application/sparql-query", b"ASK {}" + b" " * 5_000),
        (413, "application/x-www-form-urlencoded", b"query=" + b"%20" * 20_000),
        (413, "application/x-www-form-urlencoded", b"query=ASK" + b"+" * 5_000),
    ],
)
def test_a_body_that_is_no_query_is_told_why(client: FlaskClient, status: int, content_type: str, body: object) -> None:
    response = client.post("/sparql", data=body, content_type=content_type)
    assert response.status_code == status
    assert response.get_json(force=True)["detail"]


@pytest.mark.parametrize("post", [False, True])
def test_two_queries_at_once_are_not_taken(client: FlaskClient, post: bool) -> None:
    two = "query=ASK%7B%7D&query=ASK%7B%7D"
    kind = "application/x-www-form-urlencoded"
    response = client.post("/sparql", data=two, content_type=kind) if post else client.get(f"/sparql?{two}")
    assert response.status_code == 400
    assert "several queries" in response.get_json(force=True)["detail"]


def test_an_address_that_is_not_utf_8_is_told_where(client: FlaskClient) -> None:
    response = client.get("/sparql?query=ASK%20%7B%20%3Fs%20%3Fp%20'%FF'%20%7D")
    assert response.status_code == 400
    assert "byte 14" in response.get_json(force=True)["detail"]


def test_a_foreign_graph_is_found_beside_ours_and_in_the_address_of_a_form(client: FlaskClient) -> None:
    both = {"query": "ASK {}", "default-graph-uri": [GRAPH, "file:///etc/passwd"]}
    assert client.post("/sparql", data=both).status_code == 400
    assert client.post("/sparql?default-graph-uri=http://a.org/g", data={"query": "ASK {}"}).status_code == 400


def test_a_byte_order_mark_before_a_query_is_no_part_of_it(client: FlaskClient) -> None:
    response = client.post("/sparql", data="\ufeffASK {}".encode(), content_type="application/sparql-query")
    assert response.status_code == 200


# --- bounds ---


@pytest.mark.parametrize("accept", ["application/sparql-results+json", "application/sparql-results+xml", "text/csv"])
def test_a_result_over_the_row_cap_says_so(client: FlaskClient, accept: str) -> None:
    response = ask(client, "SELECT ?s ?o { ?s ?p ?o }", accept)
    assert response.status_code == 200
    assert response.headers["Result-Rows"] == "20"
    assert response.headers["Result-Cut"] == "rows=20"
    assert '</dumps/>; rel="related"' in response.headers["Link"]
    if accept == "text/csv":
        assert len(list(csv.reader(io.StringIO(response.text)))) == 21
    else:
        assert "http://localhost:8000/dumps/" in response.text


def test_a_graph_over_the_cap_says_so(client: FlaskClient) -> None:
    response = ask(client, "CONSTRUCT WHERE { ?s ?p ?o }")
    assert response.headers["Result-Cut"] == "rows=20"
    assert len(list(ox.parse(response.data, format=ox.RdfFormat.TURTLE))) == 20
    assert "# This result is cut" in response.text


def test_a_result_within_the_cap_says_nothing_of_it(client: FlaskClient) -> None:
    response = ask(client, "SELECT ?s ?o { ?s ?p ?o } LIMIT 20")
    assert "Result-Cut" not in response.headers
    assert "link" not in json.loads(response.data)["head"]


def test_a_graph_of_fewer_triples_than_solutions_is_whole(published: Path, store: ox.Store) -> None:
    app = create_app(Settings(data=published, query_rows=20))
    asking = app.test_client()
    for query in (
        "CONSTRUCT { <a:a> <a:b> ?type } WHERE { ?s a ?type }",
        "CONSTRUCT { ?s <a:b> ?x } WHERE { ?s ?p ?o OPTIONAL { ?s <http://purl.org/dc/terms/abstract> ?x } }",
        f"DESCRIBE ?s WHERE {{ VALUES ?s {{ <http://localhost:8000/id/thesis/{THESIS}> }} ?s ?p ?o }}",
    ):
        whole = {ox.Quad(*triple) for triple in store.query(query)}  # type: ignore[union-attr]
        for format in ("nt", "html"):
            response = ask(asking, query, format=format)
            assert response.status_code == 200
            if len(whole) <= 20 and format == "nt":
                assert "Result-Cut" not in response.headers
                assert set(ox.parse(response.data, format=ox.RdfFormat.N_TRIPLES)) == whole
            elif format == "html" and len(whole) <= 20:
                assert f">{len(whole)} row" in response.text
            else:
                assert response.headers["Result-Cut"] == "rows=20"
    sparql.stop(app)


def test_any_answer_at_all_is_no_answer_to_a_query_that_fails(client: FlaskClient) -> None:
    query = {"query": "SELECT (<http://a.org/f>(1) AS ?x) {}"}
    assert client.get("/sparql", query_string=query, headers={"If-None-Match": "*"}).status_code == 400


def test_a_query_in_a_coding_is_refused(client: FlaskClient) -> None:
    headers = {"Content-Encoding": "gzip"}
    response = client.post("/sparql", data=b"x", content_type="application/sparql-query", headers=headers)
    assert response.status_code == 415


def test_data_in_a_folder_that_took_the_place_of_another_is_asked(tmp_path: Path) -> None:
    import library

    data = tmp_path / "data"
    library.publish(data, title="First")
    app = create_app(Settings(data=data))
    query = f"SELECT ?t {{ <http://localhost:8000/id/thesis/{THESIS}> dcterms:title ?t }}"
    assert rows(ask(app.test_client(), query)) == [{"t": "First"}]
    data.rename(tmp_path / "old")
    library.publish(data, title="Second", now=library.NOW.replace(month=5))
    assert rows(ask(app.test_client(), query)) == [{"t": "Second"}]
    sparql.stop(app)


def test_a_query_over_its_time_names_the_limit_and_the_next_is_answered(published: Path) -> None:
    app = create_app(Settings(data=published, query_seconds=0.5, query_workers=1))
    hurried = app.test_client()
    rows(ask(hurried, "SELECT ?s { ?s ?p ?o } LIMIT 1"))
    response = ask(hurried, "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }")
    assert response.status_code == 422
    assert "0.5 s" in response.get_json(force=True)["detail"]
    assert rows(ask(hurried, "SELECT ?s { ?s ?p ?o } LIMIT 1"))
    sparql.stop(app)


def test_a_result_over_its_bytes_names_the_limit(published: Path) -> None:
    app = create_app(Settings(data=published, query_answer=100_000))
    response = ask(app.test_client(), "SELECT * { ?a ?b ?c . ?d ?e ?f }")
    assert response.status_code == 422
    assert "100,000 bytes" in response.get_json(force=True)["detail"]
    sparql.stop(app)


def test_a_long_result_is_sent_whole_and_compressed_for_who_takes_that(published: Path) -> None:
    app = create_app(Settings(data=published, query_rows=50_000))
    query = "SELECT ?a ?c ?d { ?a dcterms:title ?c . ?d dcterms:title ?f . ?g dcterms:title ?h }"
    whole = ask(app.test_client(), query)
    assert len(whole.data) == int(whole.headers["Content-Length"]) > 2_000_000
    said = json.loads(whole.data)
    assert len(said["results"]["bindings"]) == 50_000
    assert said["head"]["link"][1] == "http://localhost:8000/dumps/"
    packed = app.test_client().get("/sparql", query_string={"query": query}, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) == int(packed.headers["Content-Length"]) < len(whole.data) // 4
    sparql.stop(app)


# --- kept answers ---


def test_the_same_query_again_is_304_for_who_has_the_answer(client: FlaskClient) -> None:
    first = ask(client, TITLES)
    tag = first.headers["ETag"]
    assert tag.startswith('W/"')
    assert "max-age" in first.headers["Cache-Control"]
    headers = {"If-None-Match": tag, "Accept": "*/*"}
    again = client.get("/sparql", query_string={"query": TITLES}, headers=headers)
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    other = ask(client, TITLES, "text/csv")
    assert other.headers["ETag"] != tag


@pytest.mark.parametrize("call", ["NOW()", "RAND()", "UUID()", "STRUUID()", "BNODE()"])
def test_an_answer_that_changes_is_not_kept(client: FlaskClient, call: str) -> None:
    response = ask(client, f"SELECT ({call} AS ?x) {{}}")
    assert response.status_code == 200
    assert "ETag" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"


def test_another_state_of_the_data_has_other_answers(tmp_path: Path) -> None:
    import library

    library.publish(tmp_path, title="First")
    app = create_app(Settings(data=tmp_path))
    changing = app.test_client()
    query = f"SELECT ?t {{ <http://localhost:8000/id/thesis/{THESIS}> dcterms:title ?t }}"
    first = ask(changing, query)
    assert rows(first) == [{"t": "First"}]
    library.publish(tmp_path, now=library.NOW.replace(month=4), title="Second")
    second = changing.get(
        "/sparql", query_string={"query": query}, headers={"If-None-Match": first.headers["ETag"], "Accept": "*/*"}
    )
    assert rows(second) == [{"t": "Second"}]
    sparql.stop(app)


# --- the page ---


def test_a_browser_gets_the_page_with_box_examples_and_limits(client: FlaskClient) -> None:
    page = client.get("/sparql", headers={"Accept": HTML})
    assert page.mimetype == "text/html"
    assert '<textarea id="query" name="query"' in page.text
    assert all(example.title.replace("'", "&#39;") in page.text for example in EXAMPLES)
    assert "30 seconds" in page.text
    assert "20 rows" in page.text


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    app = create_app(Settings(data=publish(tmp_path_factory.mktemp("seeds"))))
    yield app.test_client()
    sparql.stop(app)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_each_example_gives_rows_from_the_seeds(seeds: FlaskClient, example: tuple[str, str]) -> None:
    page = seeds.get("/sparql", headers={"Accept": HTML})
    targets = [unescape(target) for target in re.findall(r'<a href="([^"]*)" data-query', page.text)]
    assert len(targets) == len(EXAMPLES)
    answered = seeds.get(targets[EXAMPLES.index(example)], headers={"Accept": HTML})  # as without JavaScript
    assert answered.status_code == 200
    assert int(re.findall(r'<h2 id="result">(?:The first )?([\d,]+) rows?', answered.text)[0].replace(",", "")) > 0
    assert "<td" in answered.text


def test_the_result_is_a_table_whose_links_lead_on_here(client: FlaskClient) -> None:
    page = ask(client, f"SELECT * {{ ?thesis dcterms:identifier '{THESIS}' ; dcterms:abstract ?text }}", HTML)
    assert f'<a href="/id/thesis/{THESIS}" title="http://localhost:8000/id/thesis/{THESIS}">' in page.text
    assert ABSTRACT.splitlines()[0] in page.text
    assert "with <b>no</b> markup" not in page.text
    assert "1 row<" in page.text


def test_the_page_links_the_result_in_every_format(client: FlaskClient) -> None:
    for query, number in ((f"{TITLES} LIMIT 3", 4), ("DESCRIBE <http://localhost:8000/vocab/terms>", 6)):
        page = ask(client, query, HTML)
        targets = re.findall(r'<p class="get">.*?</p>', page.text, re.DOTALL)[0]
        found = [unescape(target) for target in re.findall(r'href="([^"]*)"', targets)]
        assert len(found) == number
        assert all(client.get(target).status_code == 200 for target in found)


def test_an_error_on_the_page_marks_its_place_and_keeps_the_query(client: FlaskClient) -> None:
    page = ask(client, "SELECT * {\n  ?s <b>x</b> ?o\n}", HTML)
    assert page.status_code == 400
    assert '<p class="alarm"' in page.text or 'role="alert"' in page.text
    assert "<mark>" in page.text
    assert "<b>" not in page.text
    assert "?s &lt;b&gt;x" in page.text
    assert re.search(r'data-line="2" data-column="\d+"', page.text)


def test_a_truth_value_is_yes_or_no(client: FlaskClient) -> None:
    assert '<p class="truth">Yes</p>' in ask(client, "ASK { ?s ?p ?o }", HTML).text
    assert '<p class="truth">No</p>' in ask(client, "ASK { ?s <a:nope> ?o }", HTML).text


def test_values_that_look_like_markup_or_scripts_stay_text(client: FlaskClient) -> None:
    query = """SELECT ("<script>alert(1)</script>" AS ?a) (<javascript:alert(1)> AS ?b) ("x"@en-x-q AS ?c) {}"""
    page = ask(client, query, HTML)
    assert "<script>alert" not in page.text
    assert 'href="javascript:' not in page.text
