"""Pages: what people see, and that nothing in the data can make a page do anything."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urljoin

import library
import pytest
from flask.testing import FlaskClient
from library import BODY, ODD_KEYS, PERSON, RENAMED, SEVERAL, THESIS, TWO_AUTHORS, WITHDRAWN
from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from ld import context, iris, shapes, vocabulary
from ld.snapshot import Listed
from ld.web.links import Links
from ld.web.pages import Renderer

DOC = f"/doc/thesis/{THESIS}"
VOID = {"meta", "link", "br", "img", "hr"}


class Page(HTMLParser):
    """A page's links, ids and text; complains about tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.seen: set[str] = set()
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.tags == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        assert not any(name.startswith("on") or name == "style" for name in values)
        self.seen.add(tag)
        if "href" in values:
            self.links.append(values["href"] or "")
        if "id" in values:
            self.ids.append(values["id"] or "")
        if tag not in VOID:
            self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.tags.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        return " ".join(word for word in self.words if word)


def page(client: FlaskClient, path: str) -> Page:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.content_type == "text/html; charset=utf-8"
    return Page(answer.text)


def render(root: str, triples: list[Triple]) -> Renderer:
    here = Links(library.BASE, "/")
    return Renderer(root, triples, shapes.load(), context.load(), here, vocabulary.load(library.BASE))


ADDRESSES = [
    "/", DOC, f"/doc/thesis/{TWO_AUTHORS}", f"/doc/person/{PERSON}", f"/doc/organisation/{BODY}?page=2", "/vocab/",
    "/vocab/terms", "/vocab/degrees", "/vocab/levels", "/vocab/disciplines", "/vocab/institutions",
    "/vocab/degree/ph-d",
    "/shapes/", "/shapes/thesis", "/shapes/agent", f"/doc/thesis/{SEVERAL}", f"/doc/thesis/{WITHDRAWN}", "/nothing",
    *(f"/{iris.doc_path('thesis', key)}" for key in ODD_KEYS),
]  # fmt: skip


@pytest.mark.parametrize("path", ADDRESSES)
def test_every_page_is_well_formed_and_without_scripts(client: FlaskClient, path: str) -> None:
    found = page(client, path)
    assert not found.seen & {"script", "style", "iframe", "form"}
    assert len(found.ids) == len(set(found.ids))
    assert "main" in found.ids
    assert "CC BY 4.0" in found.text
    assert "British Library, EThOS" in found.text


@pytest.mark.parametrize("path", ADDRESSES[:15])
def test_every_link_of_a_page_that_stays_here_leads_somewhere(client: FlaskClient, path: str) -> None:
    # The corpus of these tests holds one of the institutions only, so the others' addresses are left out.
    links = {urljoin(path, link).partition("#")[0] for link in page(client, path).links}
    for link in sorted(link for link in links if link.startswith("/") and not link.startswith("/id/organisation/")):
        assert client.get(link).status_code in (200, 303), link


def test_a_thesis_is_shown_with_the_labels_of_the_shapes_in_their_order(client: FlaskClient) -> None:
    text = page(client, DOC).text
    fields = [field for field in shapes.load().fields() if field.class_iri == context.load().classes["Thesis"]]
    shown = [field.name for field in sorted(fields, key=lambda field: field.order) if f" {field.name} " in text]
    assert [name for name in shown if name in ("Author", "Awarding body", "Year of award", "Degree", "Abstract")] == [
        "Author", "Awarding body", "Year of award", "Degree", "Abstract",
    ]  # fmt: skip
    places = [text.index(f" {name} ") for name in ("Author", "Awarding body", "Year of award", "Degree", "Abstract")]
    assert places == sorted(places)


def test_people_bodies_and_terms_are_linked_by_path(client: FlaskClient) -> None:
    links = page(client, DOC).links
    for path in (
        f"/id/person/{PERSON}",
        f"/id/organisation/{BODY}",
        "/vocab/degree/d-psy",
        f"{DOC}.ttl",
        f"{DOC}.jsonld",
    ):
        assert path in links
    assert f"https://isni.org/isni/{PERSON}" in links
    assert "https://doi.org/10.1000/ab%3Cc%3Ed" in links
    assert not any(link.startswith("http://localhost") for link in links)


def test_an_isni_is_shown_spaced(client: FlaskClient) -> None:
    assert "ISNI 0000 0004 5360 6890" in page(client, DOC).text
    assert "ISNI 0000 0004 5360 6890" in page(client, f"/doc/person/{PERSON}").text


def test_an_abstract_is_shown_in_paragraphs_and_as_text(client: FlaskClient) -> None:
    text = client.get(f"{DOC}.html").text
    assert "<p>First paragraph, long enough to be one.</p>" in text
    assert "Second paragraph with &lt;b&gt;no&lt;/b&gt; markup &amp; an ampersand." in text


def test_findings_and_repairs_are_told_in_plain_words(client: FlaskClient) -> None:
    text = page(client, DOC).text
    assert "Warning: Language. The language is not stated." in text  # said, not only shown by a colour
    assert "Padding was removed." in text


def test_a_tagged_title_says_its_language(client: FlaskClient) -> None:
    assert re.search(r'<h1 lang="en-gb" dir="auto">Therapists', client.get(f"{DOC}.html").text)
    listing = client.get(f"/doc/person/{PERSON}.html").text
    assert f'<a href="/id/thesis/{THESIS}" lang="en-gb" dir="auto">Therapists' in listing


def test_a_table_that_scrolls_says_what_it_is(client: FlaskClient) -> None:
    text = client.get("/shapes/thesis.html").text
    regions = re.findall(r'role="region" aria-labelledby="([^"]+)" tabindex="0">\n<table aria-labelledby="\1"', text)
    assert len(regions) == text.count("<table") > 0
    assert all(f'<h2 id="{region}">' in text for region in regions)


def test_authors_stand_in_the_order_of_the_list_and_have_anchors(client: FlaskClient) -> None:
    found = page(client, f"/doc/thesis/{TWO_AUTHORS}")
    assert found.text.index("Zoë Last") < found.text.index("Ann First")
    assert {"author-1", "author-2"} <= set(found.ids)


def test_a_body_shows_each_thesis_once_with_its_roles(client: FlaskClient) -> None:
    found = page(client, f"/doc/organisation/{BODY}")
    assert found.links.count(f"/id/thesis/{THESIS}") == 1
    assert "awarding body, current institution" in found.text
    assert f"/doc/organisation/{BODY}?page=2" in found.links


def test_pages_of_a_listing_have_canonical_addresses(client: FlaskClient) -> None:
    for query, canonical in (("?page=1", ""), ("?utm=x", ""), ("?page=2&x=y", "?page=2")):
        text = client.get(f"/doc/organisation/{BODY}{query}").text
        assert f'<link rel="canonical" href="/doc/organisation/{BODY}{canonical}">' in text


def test_formats_are_linked_in_the_head(client: FlaskClient) -> None:
    assert (
        f'<link rel="alternate" type="text/turtle" href="{DOC}.ttl" title="Turtle">' in client.get(f"{DOC}.html").text
    )


def test_only_web_addresses_become_links() -> None:
    evil = "http://localhost:8000/id/thesis/x"
    page_iri = NamedNode("http://xmlns.com/foaf/0.1/page")
    values = ["javascript:alert(1)", "data:text/html,x", "ftp://a.org/", "urn:x:y", "https://a.org/ok"]
    triples = [Triple(NamedNode(evil), page_iri, NamedNode(value)) for value in values]
    triples.append(Triple(NamedNode(evil), page_iri, Literal("https://a.org/literal")))
    renderer = render(evil, triples)
    (row,) = renderer.rows(evil)
    assert [value.href for value in row.values if value.href] == ["https://a.org/ok"]
    assert [value.text for value in row.values] == [*values, "https://a.org/literal"]


def test_a_node_that_points_at_itself_ends() -> None:
    thing = "http://localhost:8000/id/thesis/x"
    grant = BlankNode("b")
    has = NamedNode("https://w3id.org/thesis-ld/terms#grant")
    triples = [Triple(NamedNode(thing), has, grant), Triple(grant, has, grant)]
    renderer = render(thing, triples)
    assert renderer.rows(thing)
    assert renderer.works([Listed("id/thesis/x", "T", None, "sponsor")])[0].roles == "sponsor"


def test_the_design_is_served_under_a_name_with_its_hash(client: FlaskClient) -> None:
    (style,) = re.findall(r'<link rel="stylesheet" href="([^"]+)">', client.get("/").text)
    answer = client.get(style)
    assert answer.content_type == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["Cache-Control"]
    assert "prefers-color-scheme: dark" in answer.text
    assert client.get("/static/style.css").status_code == 404


def test_the_front_page_counts_and_leads_in(client: FlaskClient) -> None:
    found = page(client, "/")
    assert "theses" in found.text
    assert any(link.startswith("/id/thesis/") for link in found.links)
    assert client.get("/robots.txt").text == "User-agent: *\nDisallow: /sparql?\nDisallow: /fragments?\nAllow: /\n"


def test_health_names_the_snapshot_and_counts(client: FlaskClient) -> None:
    health = client.get("/healthz").get_json()
    published = health["counts"]["published"]
    assert (health["status"], health["base"], published) == ("ok", library.BASE, library.MANY + len(ODD_KEYS) + 2)
    assert health["snapshot"].startswith("20260301T120000Z-")


def test_a_redirect_has_something_to_read(client: FlaskClient) -> None:
    assert client.get(f"/id/thesis/{THESIS}").text == f"See {DOC}\n"
    assert client.get(f"/id/thesis/{RENAMED}").content_type == "text/plain; charset=utf-8"
