"""Triple Pattern Fragments on the web: the triples, what a page says of itself, the page for people, and refusals."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

import library
import pyoxigraph as ox
import pytest
import readers
from flask import Flask
from flask.testing import FlaskClient
from library import ABSTRACT, BASE, NOW, THESIS
from sites import Page
from werkzeug.http import http_date
from werkzeug.test import TestResponse

from ld import context
from ld.formats import BY_SUFFIX, FORMATS
from ld.namespaces import DCTERMS, FOAF, HYDRA, RDF
from ld.sandbox import Busy, Crashed, TimedOut, TooMany, Unavailable
from ld.settings import Settings
from ld.snapshot import Publication
from ld.web import create_app

N, L = ox.NamedNode, ox.Literal
VOID = "http://rdfs.org/ns/void#"
HERE = f"{BASE}fragments"
METADATA, DATASET, FORM = N(f"{HERE}#metadata"), N(f"{BASE}.well-known/void#dataset"), N(f"{HERE}#pattern")
TITLES = f"?predicate={quote(DCTERMS + 'title', safe='')}"
WITH_GRAPHS = ("trig", "nq", "jsonld")


def get(client: FlaskClient, query: str = "", accept: str = "application/n-quads", **headers: str) -> TestResponse:
    sent = {"Accept": accept} | {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(f"/fragments{query}", headers=sent)


def query_of(**terms: str) -> str:
    return "?" + "&".join(f"{place}={quote(term, safe='')}" for place, term in terms.items())


def quads(answer: TestResponse, suffix: str = "nq") -> list[ox.Quad]:
    assert answer.status_code == 200, answer.text
    return list(ox.parse(answer.data, format=readers.OXIGRAPH[suffix], base_iri=None))


def data(answer: TestResponse) -> list[ox.Triple]:
    return [quad.triple for quad in quads(answer) if quad.graph_name == ox.DefaultGraph()]


class About:
    """What a page says of itself."""

    def __init__(self, answer: TestResponse) -> None:
        self.triples = {quad.triple for quad in quads(answer) if quad.graph_name == METADATA}

    def values(self, subject: ox.NamedNode, predicate: str) -> list[Any]:
        return sorted((t.object for t in self.triples if t.subject == subject and t.predicate == N(predicate)), key=str)

    def value(self, subject: ox.NamedNode, predicate: str) -> Any:
        (found,) = self.values(subject, predicate)
        return found


@pytest.fixture(scope="module")
def store(published: Path) -> ox.Store:
    return Publication(published).current().store()


@pytest.fixture
def app(published: Path) -> Flask:
    """An app whose worker and kept answers no other test has."""
    return create_app(Settings(data=published))


class Broken:
    """A pool that raises."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def worker(self) -> Iterator[None]:
        raise self.error


def broken(app: Flask, error: Exception) -> FlaskClient:
    app.extensions["thesis-ld-fragments"].pool = Broken(error)
    return app.test_client()


# The triples


def test_the_pages_lead_through_everything_that_is_published(client: FlaskClient, store: ox.Store) -> None:
    found: list[ox.Triple] = []
    pages, address = [], HERE
    while address:
        answer = get(client, address.removeprefix(HERE))
        about = About(answer)
        found += data(answer)
        pages.append(address)
        here = N(address)
        assert about.value(here, HYDRA + "first").value == HERE
        assert [each.value for each in about.values(here, HYDRA + "previous")] == pages[-2:-1]
        last = about.value(here, HYDRA + "last").value
        following = about.values(here, HYDRA + "next")
        address = following[0].value if following else ""
    assert pages[-1] == last == f"{HERE}?page={len(pages)}"
    assert found == [quad.triple for quad in store]
    assert len(found) == int(About(get(client)).value(N(HERE), VOID + "triples").value)


@pytest.mark.parametrize("suffix", [form.suffix for form in FORMATS if form.rdf])
@pytest.mark.parametrize(
    "query", ["", "?page=2", TITLES, query_of(object='"1981"^^xsd:gYear'), query_of(object='"no"')]
)
def test_every_format_says_the_same(client: FlaskClient, query: str, suffix: str) -> None:
    ours = f"{query}{'&' if query else '?'}format="
    expected = quads(get(client, f"{ours}nq"))
    asked = get(client, f"{ours}{suffix}", "*/*")
    assert asked.headers["Content-Type"] == BY_SUFFIX[suffix].content_type
    assert asked.headers["Vary"] == "Accept-Encoding"
    body = asked.data.replace(f"format={suffix}".encode(), b"format=nq")
    if suffix == "jsonld":
        document = json.loads(body)
        assert document["@context"] == f"{BASE}vocab/context-{context.load().hash}.jsonld"
        body = json.dumps(document | json.loads(context.load().bytes)).encode()
    found = list(ox.parse(body, format=readers.OXIGRAPH[suffix]))
    if suffix in WITH_GRAPHS:
        assert set(found) == set(expected)
        assert {quad.graph_name for quad in found} <= {METADATA, ox.DefaultGraph()}
    assert {quad.triple for quad in found} == {quad.triple for quad in expected}
    if suffix != "jsonld":
        assert readers.by_rdflib(body, suffix) == readers.canonical(quad.triple for quad in expected)
    assert not any(isinstance(term, ox.BlankNode) for quad in found for term in (quad.subject, quad.object))


@pytest.mark.parametrize(
    ("accept", "suffix"),
    [
        (None, "trig"),
        ("*/*", "trig"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "html"),
        ("application/n-quads,application/trig;q=0.95,application/ld+json;q=0.9,text/html;q=0.2", "nq"),
        ("text/turtle", "ttl"),
        ("application/rdf+xml;q=0.9, application/trig;q=0.1", "rdf"),
        ("application/ld+json", "jsonld"),
        ("application/json", "jsonld"),
        ("text/plain", "nt"),
    ],
)  # fmt: skip
def test_a_client_gets_what_it_likes_best(client: FlaskClient, accept: str | None, suffix: str) -> None:
    answer = client.get(f"/fragments{TITLES}", headers={"Accept": accept} if accept else {})
    assert answer.status_code == 200
    assert answer.headers["Content-Location"] == f"/fragments{TITLES}&format={suffix}"
    assert answer.headers["Vary"] == "Accept, Accept-Encoding"
    assert (f"vocab/context-{context.load().hash}" in answer.headers["Link"]) == (accept == "application/json")


def test_what_none_of_the_formats_is_is_told_which_there_are(client: FlaskClient) -> None:
    answer = get(client, "?page=2", "image/png")
    assert answer.status_code == 406
    assert {link["href"] for link in answer.json["alternates"]} == {
        f"/fragments?page=2&format={form.suffix}" for form in FORMATS
    }
    answer = get(client, "?format=xlsx")
    assert answer.status_code == 400
    assert "use html, ttl, jsonld, rdf, nt, trig, nq" in answer.json["detail"]


# What a page says of itself


def test_a_page_says_what_a_query_client_needs(client: FlaskClient, store: ox.Store) -> None:
    query = "?predicate=http%3A%2F%2Fpurl.org%2Fdc%2Fterms%2Flicense&page=1"
    about, page, fragment = About(get(client, query)), N(HERE + query), N(HERE + query.removesuffix("&page=1"))
    total = sum(1 for _ in store.quads_for_pattern(None, N(DCTERMS + "license"), None))
    count = L(str(total), datatype=N("http://www.w3.org/2001/XMLSchema#integer"))
    assert about.value(METADATA, FOAF + "primaryTopic") == DATASET
    assert about.values(DATASET, VOID + "subset") == sorted([fragment, page], key=str)
    assert about.value(fragment, VOID + "triples") == about.value(fragment, HYDRA + "totalItems") == count
    assert about.value(fragment, HYDRA + "view") == page
    assert about.value(page, HYDRA + "itemsPerPage").value == "100"
    assert about.value(DATASET, HYDRA + "search") == FORM
    assert about.value(FORM, HYDRA + "template").value == f"{HERE}{{?subject,predicate,object}}"
    assert about.value(FORM, HYDRA + "variableRepresentation") == N(HYDRA + "ExplicitRepresentation")
    mapped = {
        about.value(mapping, HYDRA + "variable").value: about.value(mapping, HYDRA + "property").value
        for mapping in about.values(FORM, HYDRA + "mapping")
    }
    assert mapped == {place: RDF + place for place in ("subject", "predicate", "object")}
    assert N(VOID + "Dataset") in about.values(DATASET, RDF + "type")
    assert about.value(fragment, DCTERMS + "license").value == "https://creativecommons.org/licenses/by/4.0/"


@pytest.mark.parametrize(
    "query",
    ["", "?subject=&predicate=&object=", "?object=%22a%20b%22&subject=", "?page=1", "?object=%22%C3%A9%22", "?a=b&a=c",
     "?object=%22a+b%22", "?object=%22'()*!%22"],
)  # fmt: skip
def test_a_page_calls_itself_what_its_client_asked_for(client: FlaskClient, query: str) -> None:
    # Comunica knows a page, and the one that follows, by the very address that it got it from.
    answer = get(client, query)
    about = About(answer)
    assert N(HERE + query) in about.values(DATASET, VOID + "subset")
    assert about.value(N(HERE + query), HYDRA + "first")


@pytest.mark.parametrize(
    "query", ['object="<b>é"', "a=%zz", "%", "a=[x]|{y}^`\\", "object=%22%ff%22", "a=\t#fragment", "a&&=&page=1&"]
)
def test_an_address_that_is_none_still_makes_iris(client: FlaskClient, query: str) -> None:
    answer = client.get("/fragments", query_string=query, headers={"Accept": "application/n-quads"})
    assert len(About(answer).values(DATASET, VOID + "subset")) == (2 if "page" in query else 1)


def test_pages_and_links_keep_the_rest_of_the_address(client: FlaskClient) -> None:
    query = "?format=nt&page=2&predicate=&x=%22"
    answer = client.get(f"/fragments{query}")
    assert answer.headers["Content-Type"] == "application/n-triples"
    assert f"<{HERE}{query}> <{HYDRA}next> <{HERE}?format=nt&predicate=&x=%22&page=3> ." in answer.text
    assert f"<{HERE}{query}> <{HYDRA}previous> <{HERE}?format=nt&predicate=&x=%22> ." in answer.text


def test_controls_use_the_base_and_the_page_the_path_of_the_site(tmp_path: Path) -> None:
    base = "https://example.org/theses/"
    library.publish(tmp_path, base=base)
    client = create_app(Settings(data=tmp_path)).test_client()
    answer = client.get("/theses/fragments?page=2", headers={"Accept": "application/n-triples"})
    assert (
        f'<{base}fragments#pattern> <{HYDRA}template> "{base}fragments{{?subject,predicate,object}}" .' in answer.text
    )
    assert f"<{base}fragments?page=2> <{HYDRA}next> <{base}fragments?page=3> ." in answer.text
    assert answer.headers["Content-Location"] == "/theses/fragments?page=2&format=nt"
    page = Page(client.get("/theses/fragments", headers={"Accept": "text/html"}).text)
    assert "/theses/fragments?page=2" in page.links
    assert not [link for link in page.links if link.startswith("/") and not link.startswith("/theses/")]


# For people


def test_the_page_shows_the_triples_and_leads_on(client: FlaskClient) -> None:
    answer = get(client, query_of(subject=f"{BASE}id/thesis/{THESIS}"), "text/html")
    page = Page(answer.text)
    assert "Therapists' experiences en-gb" in page.text
    assert "2014 xsd:gYear" in page.text
    assert "First paragraph" in page.text
    assert {f"/doc/thesis/{THESIS}", f"/id/thesis/{THESIS}"} & set(page.links)
    assert query_of(predicate=DCTERMS + "title") in {link.removeprefix("/fragments") for link in page.links}
    assert query_of(object='"Therapists\' experiences"@en-gb') in {
        link.removeprefix("/fragments") for link in page.links
    }
    for link in sorted({link for link in page.links if link.startswith("/")}):
        there = client.get(link, headers={"Accept": "text/html"}, follow_redirects=True)
        assert there.status_code == 200, link


def test_the_page_has_its_neighbours_and_its_formats(client: FlaskClient) -> None:
    page = Page(get(client, "?page=2", "text/html").text)
    assert {"/fragments", "/fragments?page=3"} <= set(page.links)
    assert {f"/fragments?page=2&format={form.suffix}" for form in FORMATS if form.rdf} <= set(page.links)
    assert "Page 2 of " in page.text
    assert "0 triples None is like this." in Page(get(client, query_of(object='"no"'), "text/html").text).text


def test_a_long_text_is_cut_on_the_page_and_nowhere_else(tmp_path: Path) -> None:
    text = "A long title, " * 40 + "which ends at last"
    library.publish(tmp_path, title=text)
    client = create_app(Settings(data=tmp_path)).test_client()
    query = query_of(subject=f"{BASE}id/thesis/{THESIS}", predicate="dcterms:title")
    assert "at last" not in Page(get(client, query, "text/html").text).text
    assert [triple.object.value for triple in data(get(client, query))] == [text]
    assert len(data(get(client, query_of(object=f'"{text}"@en-gb')))) == 1


@pytest.mark.parametrize("query", [query_of(predicate=DCTERMS + "title"), "?page=2"])
def test_nothing_in_the_data_is_taken_for_markup(client: FlaskClient, query: str) -> None:
    text = get(client, query, "text/html").text
    assert "<script" not in text
    assert "<b>no</b>" not in text
    assert ("&lt;script&gt;alert(1)&lt;" in text) == ("title" in query)


def test_nothing_in_the_address_is_taken_for_markup(client: FlaskClient) -> None:
    evil = '"><script>alert(1)</script>'
    for query in (query_of(subject=evil, object=f'"{evil}"'), query_of(object=f'"{evil}"'), f"?x={evil}&page=2"):
        for accept in ("text/html", "*/*"):
            answer = get(client, query, accept)
            assert answer.status_code in (200, 400)
            assert accept == "*/*" or "<script" not in answer.text


def test_a_pattern_that_is_none_comes_back_with_the_form_to_be_corrected(client: FlaskClient) -> None:
    answer = get(client, query_of(subject="title", object='"a & b"'), "text/html")
    assert answer.status_code == 400
    assert 'role="alert">subject: title is no IRI (No scheme found in an absolute IRI). Give a whole IRI' in answer.text
    assert 'value="title"' in answer.text
    assert 'value="&#34;a &amp; b&#34;"' in answer.text
    assert "<table>" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


# Refusals


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ("?subject=%22a%22", 400, "subject: "),
        ("?predicate=_:b", 400, "predicate: "),
        ("?object=%22a", 400, "object: "),
        ("?subject=a:b&subject=a:c", 400, "subject is given more than once. Give it once"),
        ("?subject=?x&object=?x", 400, "?x stands in two places"),
        ("?page=0", 404, "pages count from 1"),
        ("?page=-1", 404, "pages count from 1"),
        ("?page=", 404, "pages count from 1"),
        ("?page=1e3", 404, "pages count from 1"),
        ("?page=999999999", 404, "There is no page 999999999; the last one is "),
        (TITLES + "&page=2", 404, "There is no page 2; the last one is 1."),
        ("?object=%22" + "x" * 40_000 + "%22", 414, "longer"),
    ],
)
def test_a_request_that_asks_for_nothing_there_is_is_told_so(
    client: FlaskClient, query: str, status: int, told: str
) -> None:
    answer = get(client, query)
    assert answer.status_code == status
    assert told in answer.json["detail"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_other_methods_are_not_taken(client: FlaskClient) -> None:
    assert client.post("/fragments", data={"subject": ""}).status_code == 405
    allowed = client.options("/fragments")
    assert allowed.status_code == 204
    assert allowed.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (TimedOut("The work took longer than 5 s and was stopped."), 503, "takes longer than the 5 s"),
        (Busy("As many requests as can wait are waiting already."), 503, "waiting already"),
        (TooMany("You have 16 requests under way, as many as one client may."), 429, "You have 16"),
        (Crashed("The work ended with status 3.", trace="Traceback: …"), 503, "the reason has been logged"),
        (Unavailable("The worker did not start."), 503, "the reason has been logged"),
    ],
)
def test_a_page_that_cannot_be_had_now_is_never_a_part_of_one(
    app: Flask, error: Exception, status: int, told: str
) -> None:
    answer = get(broken(app, error))
    assert answer.status_code == status
    assert told in answer.json["detail"]
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


def test_a_folder_that_publishes_nothing_yet_says_so(tmp_path: Path) -> None:
    answer = get(create_app(Settings(data=tmp_path)).test_client())
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


def test_a_store_that_is_damaged_costs_an_answer_and_not_the_server(tmp_path: Path) -> None:
    library.publish(tmp_path)
    for file in (Publication(tmp_path).current().folder / "store").iterdir():
        file.write_bytes(b"")
    client = create_app(Settings(data=tmp_path)).test_client()
    assert [get(client).status_code for _ in range(2)] == [503, 503]
    assert client.get("/").status_code == 200


# Caching


def test_every_page_can_be_kept_and_is_known_by_a_tag_of_its_own(client: FlaskClient) -> None:
    answers = [
        get(client, query, accept, Accept_Encoding=coding)
        for query in ("", "?page=2", TITLES)
        for accept in ("application/n-quads", "text/turtle", "text/n3", "text/html")
        for coding in ("identity", "gzip", "zstd")
    ]
    assert len({answer.headers["ETag"] for answer in answers}) == len(answers)
    for answer in answers:
        assert answer.headers["Cache-Control"] == "public, max-age=300"
        assert answer.headers["Last-Modified"] == http_date(NOW)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_the_same_page_is_the_same_bytes(published: Path) -> None:
    for query in ("", "?page=3&format=html", "?format=jsonld"):
        bodies = {get(create_app(Settings(data=published)).test_client(), query, "text/turtle").data for _ in range(2)}
        assert len(bodies) == 1


def test_what_a_client_has_already_needs_no_engine(app: Flask) -> None:
    first = get(app.test_client(), TITLES)
    fresh = create_app(app.extensions["thesis-ld"].settings)
    client = broken(fresh, AssertionError("The engine was asked."))
    answer = get(client, TITLES, If_None_Match=first.headers["ETag"])
    assert (answer.status_code, answer.data) == (304, b"")
    for name in ("ETag", "Vary", "Cache-Control", "Content-Location"):
        assert answer.headers[name] == first.headers[name]
    assert get(client, TITLES, If_Modified_Since=http_date(NOW)).status_code == 304
    assert get(client, TITLES, If_None_Match='"other"').status_code == 500, "which is how this test would notice"
    assert get(client, TITLES, If_Match='"other"').status_code == 412


def test_what_was_asked_for_before_is_kept(app: Flask) -> None:
    first = get(app.test_client(), TITLES)
    client = broken(app, AssertionError("The engine was asked."))
    again = get(client, TITLES)
    assert (again.data, again.headers["ETag"]) == (first.data, first.headers["ETag"])
    head = client.head(f"/fragments{TITLES}", headers={"Accept": "application/n-quads"})
    assert (head.data, head.headers["Content-Length"]) == (b"", str(len(first.data)))


def test_a_new_snapshot_is_another_answer(tmp_path: Path) -> None:
    library.publish(tmp_path, title="Before")
    client = create_app(Settings(data=tmp_path)).test_client()
    query = query_of(subject=f"{BASE}id/thesis/{THESIS}", predicate="dcterms:title")
    before = get(client, query)
    library.publish(tmp_path, title="After", now=NOW + timedelta(days=1))
    after = get(client, query, If_None_Match=before.headers["ETag"], If_Modified_Since=before.headers["Last-Modified"])
    assert after.status_code == 200
    assert ([t.object.value for t in data(before)], [t.object.value for t in data(after)]) == (["Before"], ["After"])


def test_a_long_value_of_the_data_can_be_asked_for(tmp_path: Path) -> None:
    # Bug averted: Node reads 16 KB of headers, so the address, which may be longer, stands in none.
    text = "Résumé: " + "ein längerer Satz, " * 300
    library.publish(tmp_path, title=text)
    client = create_app(Settings(data=tmp_path)).test_client()
    answer = get(client, query_of(object=f'"{text}"@en-gb'))
    assert len(data(answer)) == 1
    assert sum(len(name) + len(value) for name, value in answer.headers) < 8_000
    assert "Content-Location" not in answer.headers
    page = Page(get(client, query_of(subject=f"{BASE}id/thesis/{THESIS}"), "text/html").text)
    assert all(len(link) < 5_000 for link in page.links)


def test_abstracts_of_several_lines_are_found(client: FlaskClient) -> None:
    assert "\n" in ABSTRACT
    (triple,) = data(get(client, query_of(object=f'"{ABSTRACT}"')))
    assert triple.object.value == ABSTRACT


def test_the_links_of_the_form_are_absolute_whatever_host_was_asked(client: FlaskClient) -> None:
    answer = client.get("/fragments", headers={"Host": "evil.example", "Accept": "application/n-triples"})
    assert "evil.example" not in answer.text
    assert urljoin(HERE, re.findall(rf"<{HYDRA}next> <([^>]*)>", answer.text)[0]) == f"{HERE}?page=2"
