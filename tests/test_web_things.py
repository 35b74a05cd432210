"""`/id` and `/doc`: where an address leads, what it answers, and what became of the ones that are no more."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import library
import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient
from library import BASE, BODY, DOUBTED_PERSON, MANY, ODD_KEYS, PERSON, RENAMED, SEVERAL, THESIS, TWO_AUTHORS, WITHDRAWN
from pyld import jsonld
from rdflib import Graph, URIRef

from ld import context, iris
from ld.formats import FORMATS
from ld.settings import Settings
from ld.web import create_app

DOC = f"/doc/thesis/{THESIS}"
BODY_DOC = f"/doc/organisation/{BODY}"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
PARSERS = {"ttl": "turtle", "rdf": "xml", "nt": "nt"}
RDF = [row for row in FORMATS if row.rdf]


def graph(body: bytes, suffix: str) -> Graph:
    """The graph that a body says; quads are put into one graph."""
    merged = Graph()
    if suffix == "jsonld":
        document = json.loads(body) | {"@context": json.loads(context.load().bytes)["@context"]}
        return merged.parse(data=str(jsonld.to_rdf(document, {"format": "application/n-quads"})), format="nt")
    if suffix in ("trig", "nq"):
        quads = ox.parse(body, format=ox.RdfFormat.from_extension(suffix))
        return merged.parse(data=ox.serialize((q.triple for q in quads), format=ox.RdfFormat.N_TRIPLES), format="nt")
    return merged.parse(data=body, format=PARSERS[suffix])


@pytest.mark.parametrize(("kind", "key"), [("thesis", THESIS), ("person", PERSON), ("organisation", BODY)])
def test_a_thing_sends_on_to_its_description(client: FlaskClient, kind: iris.Kind, key: str) -> None:
    answer = client.get(f"/id/{kind}/{key}", headers={"Accept": "image/png"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/doc/{kind}/{key}")
    assert f'</doc/{kind}/{key}>; rel="describedby"' in answer.headers["Link"]
    assert "Accept," not in answer.headers["Vary"]


NOTHING = [
    "/id/thesis/nobody", "/doc/thesis/nobody", "/doc/thesis/nobody.ttl", "/id/thing/x", "/doc/thesis", "/id/thesis/",
    f"/id/thesis/{THESIS}.ttl", "/doc/thesis/.ttl", f"{DOC}.pdf", "/x",
]  # fmt: skip


@pytest.mark.parametrize("path", NOTHING)
def test_an_address_of_nothing_is_not_found(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    problem = answer.get_json(force=True)
    assert (problem["status"], problem["title"], problem["instance"]) == (404, "Not Found", path)


@pytest.mark.parametrize("row", FORMATS, ids=lambda row: row.name)
def test_a_suffix_fixes_the_format_whatever_is_accepted(client: FlaskClient, row: object) -> None:
    suffix, media_type = row.suffix, row.media_type  # type: ignore[attr-defined]
    answer = client.get(f"{DOC}.{suffix}", headers={"Accept": "image/png"})
    assert answer.status_code == 200
    assert answer.content_type.partition(";")[0] == media_type
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Content-Location"] == f"{DOC}.{suffix}"


@pytest.mark.parametrize("row", FORMATS, ids=lambda row: row.name)
def test_the_negotiated_answer_is_the_one_at_its_content_location(client: FlaskClient, row: object) -> None:
    answer = client.get(DOC, headers={"Accept": row.media_type})  # type: ignore[attr-defined]
    assert answer.headers["Vary"] == "Accept, Accept-Encoding"
    same = client.get(answer.headers["Content-Location"])
    assert (same.data, same.headers["ETag"], same.content_type) == (
        answer.data, answer.headers["ETag"], answer.content_type,
    )  # fmt: skip


@pytest.mark.parametrize(
    "path", [DOC, f"/doc/person/{PERSON}", f"/doc/thesis/{TWO_AUTHORS}", BODY_DOC, f"{BODY_DOC}?page=2"]
)
def test_every_format_says_the_same_graph_without_blank_nodes(client: FlaskClient, path: str) -> None:
    address, _, query = path.partition("?")
    bodies = {row.suffix: client.get(f"{address}.{row.suffix}?{query}").data for row in RDF}
    graphs = {suffix: set(graph(body, suffix)) for suffix, body in bodies.items()}
    assert len(graphs["nt"]) > 8
    for suffix, found in graphs.items():
        assert found == graphs["nt"], suffix
    assert "_:" not in bodies["nt"].decode()


def test_trig_names_the_graph_by_the_document(client: FlaskClient) -> None:
    for suffix in ("trig", "nq"):
        quads = ox.parse(client.get(f"{DOC}.{suffix}").data, format=ox.RdfFormat.from_extension(suffix))
        assert {quad.graph_name for quad in quads} == {ox.NamedNode(BASE + DOC[1:])}


def test_a_star_alone_and_a_browser_get_the_page(client: FlaskClient) -> None:
    for headers in ({"Accept": "*/*"}, {}, {"Accept": BROWSER}):
        assert client.get(DOC, headers=headers).content_type == "text/html; charset=utf-8"


def test_json_is_the_json_ld_with_its_context_linked(client: FlaskClient) -> None:
    answer = client.get(DOC, headers={"Accept": "application/json"})
    address = f"/vocab/context-{context.load().hash}.jsonld"
    assert answer.content_type == "application/json"
    assert (
        f'<{address}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"' in answer.headers["Link"]
    )
    linked = client.get(DOC, headers={"Accept": "application/ld+json"})
    assert linked.data == answer.data
    assert "json-ld#context" not in linked.headers["Link"]
    assert linked.get_json(force=True)["@context"] == BASE + address[1:]
    assert linked.headers["ETag"] != answer.headers["ETag"]


def test_what_does_not_exist_in_the_format_asked_for_is_406_with_what_does(client: FlaskClient) -> None:
    answer = client.get(DOC, headers={"Accept": "image/png"})
    assert (answer.status_code, answer.content_type) == (406, "application/problem+json")
    listed = {each["href"]: each["type"] for each in answer.get_json(force=True)["alternates"]}
    assert listed == {f"{DOC}.{row.suffix}": row.media_type for row in FORMATS}
    assert f'<{DOC}.nt>; rel="alternate"; type="application/n-triples"' in answer.headers["Link"]
    assert answer.headers["Vary"] == "Accept, Accept-Encoding"


def test_links_lead_to_the_other_formats_the_thing_and_the_licence(client: FlaskClient) -> None:
    links = client.get(f"{DOC}.ttl").headers["Link"]
    for row in FORMATS:
        assert f'<{DOC}.{row.suffix}>; rel="alternate"; type="{row.media_type}"' in links
    assert f'<{DOC}>; rel="canonical"' in links
    assert f'</id/thesis/{THESIS}>; rel="describes"' in links
    assert '<https://creativecommons.org/licenses/by/4.0/>; rel="license"' in links


@pytest.mark.parametrize(("door", "suffix"), [("id", ""), ("doc", ""), ("doc", ".ttl"), ("doc", ".html")])
def test_a_renamed_thesis_is_redirected_by_the_same_door(client: FlaskClient, door: str, suffix: str) -> None:
    answer = client.get(f"/{door}/thesis/{RENAMED}{suffix}")
    assert (answer.status_code, answer.headers["Location"]) == (301, f"/{door}/thesis/{THESIS}{suffix}")


@pytest.mark.parametrize(("door", "suffix"), [("id", ""), ("doc", ""), ("doc", ".ttl")])
@pytest.mark.parametrize("path", [f"thesis/{SEVERAL}", f"person/{DOUBTED_PERSON}"])
def test_an_address_of_several_lists_them(client: FlaskClient, door: str, suffix: str, path: str) -> None:
    answer = client.get(f"/{door}/{path}{suffix}")
    assert answer.status_code == 300
    listed = [each["href"] for each in answer.get_json(force=True)["alternates"]]
    assert listed == [f"/{door}/thesis/{key}{suffix}" for key in (THESIS, TWO_AUTHORS)]
    assert all(f'<{address}>; rel="alternate"' in answer.headers["Link"] for address in listed)
    assert all(client.get(address).status_code in (200, 303) for address in listed)
    assert "Two together</a>" in client.get(f"/{door}/{path}{suffix}", headers={"Accept": BROWSER}).text


@pytest.mark.parametrize(
    "path", [f"/id/thesis/{WITHDRAWN}", f"/doc/thesis/{WITHDRAWN}", f"/doc/thesis/{WITHDRAWN}.rdf"]
)
def test_a_withdrawn_thesis_is_gone_and_says_why(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.get_json(force=True)["detail"]) == (410, library.REASON)
    page = client.get(path, headers={"Accept": BROWSER})
    assert (page.status_code, page.content_type) == (410, "text/html; charset=utf-8")
    assert "author&#39;s request &lt;2026&gt;" in page.text


@pytest.mark.parametrize("key", ODD_KEYS)
def test_every_address_dereferences_whatever_its_key_holds(client: FlaskClient, key: str) -> None:
    path = "/" + iris.id_path("thesis", key)
    answer = client.get(path)
    assert answer.status_code == 303
    description = client.get(answer.headers["Location"], headers={"Accept": "text/turtle"})
    assert description.status_code == 200
    subjects = set(graph(description.data, "ttl").subjects())
    assert URIRef(BASE + path[1:]) in subjects
    fixed = client.get(description.headers["Content-Location"])
    assert fixed.data == description.data
    page = client.get(answer.headers["Location"])
    assert page.status_code == 200
    assert "<script>" not in page.text


HOSTILE = [
    "%2F", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%2f..", "%00", "a%00.ttl", "%ff%fe", "%c3%28.nt", "%0d%0aSet-Cookie:x",
    "x%0aLocation:%20http://evil.example", "%", "%zz", "%25%32%46", "\u202e", "a" * 3000, "//evil.example/", "%5c..%5c",
    "'%20OR%201=1--", "<svg/onload=alert(1)>", "{{7*7}}", "%E2%80%8B", "%F0%9F%93", ".ttl", ";/..;/", "a/./b",
]  # fmt: skip


@pytest.mark.parametrize("key", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize(
    "where", ["/id/thesis/", "/doc/thesis/", "/doc/person/", "/vocab/", "/vocab/degree/", "/shapes/", "/static/", "/x/"]
)
def test_hostile_addresses_are_refused_calmly(client: FlaskClient, where: str, key: str) -> None:
    for path in (where + key, where + quote(key)):
        for accept in ("text/turtle", BROWSER):
            answer = client.get(path, headers={"Accept": accept})
            assert answer.status_code in (404, 406)
            assert "Set-Cookie" not in answer.headers
            assert "Location" not in answer.headers
            assert answer.is_json or "<svg" not in answer.text


def test_an_overlong_address_is_refused(client: FlaskClient) -> None:
    assert client.get(DOC + "x" * 9000).status_code == 414
    assert client.get(DOC + "?q=" + "x" * 9000).status_code == 414


@pytest.mark.parametrize("number", ["0", "-1", "01", "x", "", "4", "99999999999999999999", "٢", "1e1", " 2", "2%00"])
def test_a_page_that_does_not_exist_is_not_found(client: FlaskClient, number: str) -> None:
    assert client.get(f"{BODY_DOC}?page={number}", headers={"Accept": "text/turtle"}).status_code == 404


def test_an_error_names_the_whole_address_asked_for(client: FlaskClient) -> None:
    # Without its query it would be the address of the first page, which is there.
    for query in ("page=9", "page=9&x=%C3%A9%00/?"):
        assert client.get(f"{BODY_DOC}.ttl?{query}").get_json(force=True)["instance"] == f"{BODY_DOC}.ttl?{query}"
    raw = client.get(BODY_DOC, query_string='page="<ÿ', headers={"Accept": "text/turtle"})
    assert raw.get_json(force=True)["instance"] == f"{BODY_DOC}?page=%22%3C%C3%BF"


def test_a_body_lists_its_theses_page_by_page(client: FlaskClient) -> None:
    listed: list[str] = []
    for query in ("", "?page=2", "?page=3"):
        found = graph(client.get(f"{BODY_DOC}.ttl{query}").data, "ttl")
        rows = found.query(
            "PREFIX dcterms: <http://purl.org/dc/terms/> PREFIX marcrel: <http://id.loc.gov/vocabulary/relators/> "
            f"SELECT ?title WHERE {{ ?thesis marcrel:dgg <{BASE}id/organisation/{BODY}>; dcterms:title ?title; "
            "dcterms:issued ?year } ORDER BY DESC(?year)"
        )
        listed += [str(row[0]) for row in rows]  # type: ignore[index]
    assert listed == ["Therapists' experiences", *(f"Study {n}" for n in reversed(range(MANY)))]
    person = graph(client.get(f"/doc/person/{PERSON}.ttl").data, "ttl")
    thesis = URIRef(f"{BASE}id/thesis/{THESIS}")
    assert (thesis, URIRef("http://purl.org/dc/terms/creator"), URIRef(f"{BASE}id/person/{PERSON}")) in person


def test_a_listing_says_a_title_as_the_thesis_itself_does(client: FlaskClient) -> None:
    title = (URIRef(f"{BASE}id/thesis/{THESIS}"), URIRef("http://purl.org/dc/terms/title"))
    listed = graph(client.get(f"/doc/person/{PERSON}.ttl").data, "ttl").value(*title)
    assert listed is not None
    assert listed == graph(client.get(f"{DOC}.ttl").data, "ttl").value(*title)


def test_pages_of_theses_are_linked_in_headers_and_graph(client: FlaskClient) -> None:
    answer = client.get(f"{BODY_DOC}.ttl?page=2")
    for rel, query in (("first", ""), ("prev", ""), ("next", "?page=3"), ("last", "?page=3")):
        assert f'<{BODY_DOC}.ttl{query}>; rel="{rel}"' in answer.headers["Link"]
    assert answer.headers["Content-Location"] == f"{BODY_DOC}.ttl?page=2"
    assert f'<{BODY_DOC}.nt?page=2>; rel="alternate"' in answer.headers["Link"]
    hydra = "http://www.w3.org/ns/hydra/core#"
    found = graph(answer.data, "ttl")
    document = BASE + BODY_DOC[1:]
    view = URIRef(document + "?page=2")
    assert {str(p).removeprefix(hydra): str(o) for _, p, o in found.triples((view, None, None)) if hydra in p} == {
        "first": document, "previous": document, "next": document + "?page=3", "last": document + "?page=3",
    }  # fmt: skip
    total = found.value(URIRef(document + "#theses"), URIRef(hydra + "totalItems"))
    assert total is not None
    assert total.toPython() >= MANY + 1
    pages = [client.get(f"{BODY_DOC}.ttl{query}") for query in ("", "?page=2", "?page=3")]
    assert len({page.headers["ETag"] for page in pages}) == 3
    assert 'rel="prev"' not in pages[0].headers["Link"]
    assert 'rel="next"' not in pages[2].headers["Link"]


def test_the_first_page_has_one_address(client: FlaskClient) -> None:
    plain, asked = client.get(f"{BODY_DOC}.ttl"), client.get(f"{BODY_DOC}.ttl?page=1&utm=x")
    assert (plain.data, plain.headers["Link"]) == (asked.data, asked.headers["Link"])
    assert asked.headers["Content-Location"] == f"{BODY_DOC}.ttl"


def test_the_documents_dates_are_served(client: FlaskClient) -> None:
    said = graph(client.get(f"{DOC}.nt").data, "nt").predicate_objects(URIRef(BASE + DOC[1:]))
    dates = {str(p).rpartition("/")[2]: str(o) for p, o in said if "dc/terms" in str(p)}
    assert (dates["issued"], dates["modified"]) == ("2026-03-01", "2026-03-01")


@pytest.mark.parametrize(
    "base", ["https://example.org/theses/", "https://example.org/doc/", "https://example.org/a%20b/c/"]
)
def test_a_base_with_a_path_works_whether_the_proxy_passes_it_or_strips_it(tmp_path: Path, base: str) -> None:
    library.publish(tmp_path, base=base)
    client = create_app(Settings(data=tmp_path)).test_client()
    prefix = base.removeprefix("https://example.org").rstrip("/")
    for asked in (prefix, ""):
        answer = client.get(f"{asked}/id/thesis/{THESIS}")
        assert (answer.status_code, answer.headers["Location"]) == (303, prefix + DOC)
        answer = client.get(f"{asked}{DOC}", headers={"Accept": "text/turtle"})
        assert answer.headers["Content-Location"] == f"{prefix}{DOC}.ttl"
        assert f'<{prefix}{DOC}.nt>; rel="alternate"' in answer.headers["Link"]
        assert URIRef(f"{base}id/thesis/{THESIS}") in set(graph(answer.data, "ttl").subjects())
        page = client.get(f"{asked}{DOC}").text
        assert f'href="{prefix}/id/person/{PERSON}"' in page
        assert 'href="/id/' not in page
        assert client.get(f"{asked}/").status_code == 200
        assert client.get(f"{asked}/id/thesis/nobody").get_json(force=True)["instance"] == f"{prefix}/id/thesis/nobody"
    assert client.get(prefix).status_code == 200
    assert client.get(prefix + "x/").status_code == 404


def test_a_site_mounted_by_its_server_links_under_the_mount(published: Path) -> None:
    client = create_app(Settings(data=published)).test_client()
    answer = client.get(f"/id/thesis/{THESIS}", base_url="http://localhost/mounted")
    assert answer.headers["Location"] == f"/mounted{DOC}"
