"""Validation on the web: the page, the reports, and what they say of data that is as people have it."""

from __future__ import annotations

import gzip
import io
import json
import xml.etree.ElementTree as ET
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
import zstandard
from flask.testing import FlaskClient
from library import PERSON
from rdflib.namespace import SH
from werkzeug.test import TestResponse

from ld import context, reports, shapes
from ld.settings import Settings
from ld.shapes import Shapes
from ld.web import create_app

DATA = """\
@prefix bibo: <http://purl.org/ontology/bibo/> . @prefix dct: <http://purl.org/dc/terms/> .

<http://example.org/a> a bibo:Thesis ;
    dct:title "A & B < C" ;
    dct:issued "20l4" .
"""
SHAPES = """\
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix dct: <http://purl.org/dc/terms/> .
[] a sh:NodeShape ; sh:targetSubjectsOf dct:title ; sh:property <urn:x:short> .
<urn:x:short> sh:path dct:title ; sh:maxLength 3 ; sh:severity sh:Warning ; sh:name "Heading" ; sh:message "Cut it." .
"""
TURTLE, JSON_LD, DCT = ox.RdfFormat.TURTLE, ox.RdfFormat.JSON_LD, "http://purl.org/dc/terms/"
ANSWERED = {"text": "text/plain; charset=utf-8", "html": "text/html; charset=utf-8", "json": "application/json",
            "turtle": "text/turtle; charset=utf-8", "jsonld": "application/ld+json", "nt": "application/n-triples",
            "junit": "application/xml", "sarif": "application/sarif+json"}  # fmt: skip


def post(client: FlaskClient, data: str | bytes = DATA, query: str = "", **headers: str) -> TestResponse:
    chosen = {"Content-Type": "text/turtle", "Accept": "application/json"}
    chosen |= {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(f"/validate{query}", data=data, headers=chosen)


def submit(client: FlaskClient, accept: str = "text/html", query: str = "", **fields: object) -> TestResponse:
    """The answer to the form of the page: a field is text, or content and name of a file."""
    sent = {"data": "", "data-file": (b"", ""), "syntax": "", "shapes": "", "shapes-file": (b"", "")}
    sent |= {name.replace("_", "-"): value for name, value in fields.items()}  # type: ignore[assignment]
    form = {
        name: (io.BytesIO(value[0]), value[1]) if isinstance(value, tuple) else value for name, value in sent.items()
    }
    headers = {"Accept": accept}
    return client.post(f"/validate{query}", data=form, headers=headers, content_type="multipart/form-data")


class Page(HTMLParser):
    """A page as a browser has it: its elements, each with its attributes and all the text in it."""

    def __init__(self, answer: TestResponse) -> None:
        super().__init__()
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self.open: list[tuple[str, dict[str, str], list[str]]] = []
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}, []))
        if tag not in ("meta", "link", "input"):  # which have no end
            self.open.append(self.elements[-1])

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        for _, _, texts in self.open:
            texts.append(data)

    def texts(self, tag: str, **attributes: str) -> list[str]:
        """The text of each element of this kind."""
        return [
            "".join(texts)
            for name, found, texts in self.elements
            if name == tag and attributes.items() <= found.items()
        ]

    def values(self, attribute: str) -> list[str]:
        """The values of an attribute, wherever it is."""
        return [found[attribute] for _, found, _ in self.elements if attribute in found]

    @property
    def pasted(self) -> dict[str, str]:
        """What the text areas hold; a browser drops a line break right after the tag."""
        areas = ((found["name"], "".join(texts)) for name, found, texts in self.elements if name == "textarea")
        return {name: text.removeprefix("\n") for name, text in areas}


# The page


def test_the_page_offers_what_the_service_takes(client: FlaskClient) -> None:
    answer = client.get("/validate")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    page = Page(answer)
    assert page.texts("h1") == ["Validate data"]
    assert set(page.values("name")) >= {"data", "data-file", "syntax", "shapes", "shapes-file"}
    assert "multipart/form-data" in page.values("enctype")
    assert page.values("action") == ["/validate"]
    assert page.pasted == {"data": "", "shapes": ""}
    assert "At most 20,000,000 bytes and 1,000,000 triples. Nothing is kept" in answer.text
    for form in reports.FORMATS:
        assert form.name == "html" or f"<code>{form.media_type}</code>" in answer.text
    labelled = set(page.values("for"))
    assert labelled == {"data", "data-file", "syntax", "shapes", "shapes-file"}
    assert labelled <= set(page.values("id"))


def test_the_page_can_be_had_again_as_other_pages_can(client: FlaskClient) -> None:
    first = client.get("/validate")
    assert client.get("/validate", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    head = client.head("/validate")
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", first.headers["ETag"])
    assert "/validate" in Page(client.get("/")).values("href")


def test_pasted_data_comes_back_with_what_is_wrong_at_each_line(client: FlaskClient) -> None:
    answer = submit(client, data=DATA)
    assert answer.status_code == 200
    page = Page(answer)
    assert page.texts("h1")[0].startswith("Fails: ")
    assert {"#line-3", "#line-5"} <= set(page.values("href"))
    assert [name for name in page.values("id") if name.startswith("line-")] == [f"line-{n}" for n in range(1, 7)]
    assert page.texts("mark") == ["<http://example.org/a> a bibo:Thesis ;", '    dct:issued "20l4" .']
    assert page.texts("p", id="line-5", **{"class": "violation"}) == ['5    dct:issued "20l4" .']
    assert page.texts("p", id="line-4") == ['4    dct:title "A & B < C" ;']
    assert page.pasted["data"] == DATA
    assert any("20l4" in text for text in page.texts("section", **{"class": "found violation"}))


def test_every_link_to_a_line_leads_to_one(client: FlaskClient) -> None:
    other = "".join(f"<http://example.org/{n}> <http://example.org/p> {n} .\n" for n in range(3000))
    page = Page(submit(client, data=other + DATA.replace("example.org/a>", "example.org/b>") + other))
    lines = [name for name in page.values("href") if name.startswith("#line-")]
    assert {name.removeprefix("#") for name in lines} <= set(page.values("id"))
    shown = [int(name.removeprefix("line-")) for name in page.values("id") if name.startswith("line-")]
    assert shown == [3001, 3002, 3003, 3004, 3005, 3006, 3007]
    assert page.texts("p", **{"class": "gap"}) == []


def test_an_empty_first_line_that_was_pasted_is_kept(client: FlaskClient) -> None:
    # Bug found: a browser drops it, so that pasting the same again moved all lines by one.
    answer = submit(client, data="\n\n<http://a")
    assert "<textarea" in answer.text
    assert Page(answer).pasted["data"] == "\n\n<http://a"


def test_an_uploaded_file_is_read_by_its_name_and_named_in_the_report(client: FlaskClient) -> None:
    ntriples = ox.serialize(ox.parse(DATA, format=TURTLE), format=ox.RdfFormat.N_QUADS)
    assert ntriples
    for content, name in (
        (DATA.encode(), "export.ttl"),
        (gzip.compress(DATA.encode()), "export.ttl.gz"),
        (gzip.compress(DATA.encode()), "export.gz"),
        (gzip.compress(DATA.encode()), "export"),
        (zstandard.compress(DATA.encode()), "export.zst"),
        (zstandard.compress(ntriples), "export.nq.zst"),
    ):
        told = submit(client, "application/json", data_file=(content, name)).json
        assert told["sources"] == [name]
        assert told["triples"] == 3
        lines = {each["place"]["line"] for kind in told["kinds"] for each in kind["findings"]}
        assert lines == ({1, 3} if "nq" in name else {3, 5})
    page = Page(submit(client, data_file=(gzip.compress(DATA.encode()), "export.ttl.gz")))
    assert page.pasted["data"] == ""
    assert Page(submit(client, data_file=(DATA.encode(), "export.ttl"))).pasted["data"] == DATA


def test_a_file_comes_before_what_is_pasted(client: FlaskClient) -> None:
    told = submit(client, "application/json", data="<http://a", data_file=(DATA.encode(), "a.ttl")).json
    assert told["sources"] == ["a.ttl"]


@pytest.mark.parametrize("given", [{"shapes": SHAPES}, {"shapes_file": (gzip.compress(SHAPES.encode()), "s.ttl.gz")}])
def test_ones_own_shapes_are_used_in_place_of_ours(client: FlaskClient, given: dict[str, object]) -> None:
    told = submit(client, "application/json", data=DATA, **given).json
    assert [(kind["field"], kind["severity"], kind["count"]) for kind in told["kinds"]] == [("Heading", "warning", 1)]
    assert told["kinds"][0]["findings"][0]["message"] == "Cut it."
    assert len(told["checked"]) == 1
    page = Page(submit(client, data=DATA, **given))
    assert page.texts("h1") == ["Passes, with 1 warning in 1 thing."]
    assert page.texts("mark") == ['    dct:title "A & B < C" ;']
    assert page.values("open"), "or to validate again would be to validate against ours"
    assert ("choose the file again" in "".join(page.texts("p", role="note"))) == ("shapes" not in given)
    assert page.pasted["shapes"] == str(given.get("shapes", ""))


def test_shapes_that_cannot_be_read_are_shown_and_not_the_data(client: FlaskClient) -> None:
    # Bug found: the line of the mistake in the shapes was marked in the data.
    answer = submit(client, data=DATA, shapes=f"{SHAPES}<oh no> .\n")
    assert answer.status_code == 422
    page = Page(answer)
    assert page.texts("h1") == ["The shapes cannot be used"]
    assert "The shapes" in page.texts("h2")
    assert page.texts("mark") == ["<oh no> ."]
    assert "#line-4" in page.values("href")
    assert page.pasted == {"data": DATA, "shapes": f"{SHAPES}<oh no> .\n"}


def test_a_file_called_shapes_is_data_all_the_same(client: FlaskClient) -> None:
    # Bug found: what was wrong with it was answered as what is wrong with shapes.
    answer = submit(client, "application/json", data_file=(b"<http://a", "shapes"))
    assert answer.status_code == 400
    assert answer.json["detail"].startswith("data, line 1")


# The report


@pytest.mark.parametrize("name", ANSWERED)
def test_each_report_can_be_asked_for_by_accept_and_by_name(client: FlaskClient, name: str) -> None:
    form = reports.BY_NAME[name]
    for answer in (post(client, Accept=form.media_type), post(client, query=f"?format={name}", Accept="image/png")):
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == ANSWERED[name]
        assert answer.headers["Vary"] == "Accept, Accept-Encoding"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "ETag" not in answer.headers
        assert answer.text.strip()


def test_no_report_is_forgotten_here() -> None:
    assert list(ANSWERED) == list(reports.BY_NAME)


ACCEPTED = {
    None: "text/turtle; charset=utf-8",
    "*/*": "text/turtle; charset=utf-8",
    "": "text/turtle; charset=utf-8",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": "text/html; charset=utf-8",
    "application/ld+json, text/turtle;q=0.9": "application/ld+json",
    "application/rdf+xml, text/turtle;q=0.1": "text/turtle; charset=utf-8",
    "application/json;q=0.5, application/sarif+json": "application/sarif+json",
    "text/*": "text/turtle; charset=utf-8",
    "application/*": "application/json",
    "application/x-turtle": "text/turtle; charset=utf-8",
    "text/xml": "text/xml; charset=utf-8",
}


@pytest.mark.parametrize("accept", ACCEPTED)
def test_accept_decides_the_report(client: FlaskClient, accept: str | None) -> None:
    headers = {} if accept is None else {"Accept": accept}
    answer = client.post("/validate", data=DATA, content_type="text/turtle", headers=headers)
    assert answer.headers["Content-Type"] == ACCEPTED[accept]


def test_who_asks_for_none_of_them_is_told_which_there_are(client: FlaskClient) -> None:
    answer = post(client, Accept="image/png")
    assert answer.status_code == 406
    assert answer.headers["Cache-Control"] == "no-store"
    assert "application/sarif+json" in answer.json["detail"]
    answer = post(client, query="?format=pdf")
    assert answer.status_code == 400
    assert answer.json["detail"] == (
        "There is no report called 'pdf': use text, html, json, turtle, jsonld, nt, junit, sarif."
    )


@pytest.fixture(scope="module")
def ours() -> Shapes:
    return shapes.load()


TOLD = (SH.focusNode, SH.sourceShape, SH.sourceConstraintComponent, SH.resultMessage)


def test_rdflib_reads_the_report_and_finds_in_it_what_the_shapes_find(client: FlaskClient, ours: Shapes) -> None:
    expected = Counter(
        (finding.focus, finding.shape, component, finding.message)
        for finding in ours.validate(quad.triple for quad in ox.parse(DATA, format=TURTLE))
        for component in finding.components
    )
    graphs = [
        rdflib.Graph().parse(data=post(client, Accept=media_type).text, format=name)
        for media_type, name in (("text/turtle", "turtle"), ("application/n-triples", "nt"))
    ]
    triples = [quad.triple for quad in ox.parse(post(client, Accept="application/ld+json").text, format=JSON_LD)]
    graphs.append(rdflib.Graph().parse(data=ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES), format="nt"))
    for graph in graphs:
        (report,) = graph.subjects(rdflib.RDF.type, SH.ValidationReport)
        assert graph.value(report, SH.conforms) == rdflib.Literal(False)
        results = list(graph.objects(report, SH.result))
        found = Counter(tuple(str(graph.value(result, told)) for told in TOLD) for result in results)
        assert found == expected
        assert {str(graph.value(result, SH.resultPath)) for result in results} >= {DCT + "issued", DCT + "creator"}


def test_the_reports_agree_on_how_much_was_found(client: FlaskClient, ours: Shapes) -> None:
    count = len(ours.validate(quad.triple for quad in ox.parse(DATA, format=TURTLE)).findings)
    told = post(client).json
    assert sum(told["counts"].values()) == count
    assert len(json.loads(post(client, Accept="application/sarif+json").text)["runs"][0]["results"]) == count
    suites = ET.fromstring(post(client, Accept="application/xml").data)
    assert suites.tag == "testsuites"
    assert post(client, Accept="text/plain").text.startswith("Fails: ")


def test_what_we_publish_conforms(client: FlaskClient) -> None:
    for path in (f"/doc/person/{PERSON}", "/vocab/degree/d-psy"):
        for suffix, media_type in (("ttl", "text/turtle"), ("jsonld", "application/ld+json"), ("rdf", "text/xml")):
            told = post(client, client.get(f"{path}.{suffix}").data, Content_Type=media_type).json
            assert not told["failed"]
            assert not told["empty"]


def test_a_report_is_packed_for_who_wants_it_so(client: FlaskClient) -> None:
    answer = post(client, Accept_Encoding="gzip")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(answer.data)) == post(client).json


def test_fail_on_says_what_is_grave(client: FlaskClient) -> None:
    warned = {"data": DATA, "shapes": SHAPES}
    assert submit(client, "application/json", **warned).json["failed"] is False
    for severity, failed in (("violation", False), ("warning", True), ("info", True)):
        told = submit(client, "application/json", f"?fail-on={severity}", **warned).json
        assert (told["failed"], told["fail_on"], told["conforms"]) == (failed, severity, False)
    assert Page(submit(client, query="?fail-on=warning", **warned)).texts("h1") == ["Fails: 1 warning in 1 thing."]
    answer = post(client, query="?fail-on=error")
    assert (answer.status_code, answer.json["detail"]) == (400, "fail-on is one of violation, warning, info.")


# What cannot be validated

BROKEN = {
    "text/turtle": (f"{DATA}<http://a> foo:b 1 .", 6, 12),
    "application/trig": ("<http://a> <http://b> 1 .\n<http://a> {", 2, 12),
    "application/n-triples": ("<http://a> <http://b> <http://c> .\n\n<http://a> <http://b> c .\n", 3, 23),
    "application/n-quads": ("# a comment\n<http://a> <http://b> <http://c> 5 .\n", 2, 34),
    "application/ld+json": ('{"http://a":\n\n [1,}', 3, 5),
    "text/n3": ("<http://a> <http://b>\n 1", 2, 3),
}


@pytest.mark.parametrize("media_type", BROKEN)
def test_a_mistake_in_the_data_is_told_with_line_and_column(client: FlaskClient, media_type: str) -> None:
    data, line, column = BROKEN[media_type]
    answer = post(client, data, Content_Type=media_type)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert (answer.json["line"], answer.json["column"]) == (line, column)
    assert answer.json["detail"].startswith(f"data, line {line}, column {column}: ")
    for accept in ("text/turtle", "*/*", "application/sarif+json"):
        assert (
            post(client, data, Content_Type=media_type, Accept=accept)
            .headers["Content-Type"]
            .startswith("application/problem+json")
        )


def test_a_mistake_in_rdf_xml_is_told_with_its_line(client: FlaskClient) -> None:
    start = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:a="http://a.org/">\n'
    for body in (
        "\n<rdf:Description>\n<a:b>1</rdf:Description>",
        "\n\n<rdf:Description rdf:about='a b'/>",
        "\n\n<b:c/>",
    ):
        answer = post(client, f"{start}{body}</rdf:RDF>", Content_Type="application/rdf+xml")
        assert answer.status_code == 400
        assert answer.json["line"] == 4


def test_a_page_shows_the_line_with_the_mistake(client: FlaskClient) -> None:
    wrong = DATA.replace("bibo:Thesis", "bobo:Thesis")
    answer = submit(client, data=wrong)
    assert answer.status_code == 400
    page = Page(answer)
    assert page.texts("h1") == ["This could not be validated"]
    assert page.texts("p", role="alert")[0].startswith("data, line 3, column 26: ")
    assert page.texts("mark") == ["<http://example.org/a> a bobo:Thesis ;"]
    assert page.texts("a", href="#line-3") == ["Show line 3"]
    assert page.pasted["data"] == wrong
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_last_line_is_shown_when_that_is_where_something_is_missing(client: FlaskClient) -> None:
    page = Page(submit(client, data="<http://a> <http://b> 1\n", syntax="ttl"))
    assert page.texts("a", href="#line-2") == ["Show line 2"]
    assert "line-2" in page.values("id")


def test_a_syntax_that_nobody_knows_is_400(client: FlaskClient) -> None:
    for field in ("syntax", "shapes_syntax"):
        answer = submit(client, "application/json", data=DATA, shapes=SHAPES, **{field: "docx"})
        assert answer.status_code == 400
        assert answer.json["detail"] == "There is no syntax called 'docx': use ttl, nt, nq, trig, rdf, jsonld, n3."


def test_the_syntax_that_was_chosen_is_kept_and_believed(client: FlaskClient) -> None:
    answer = submit(client, data=DATA, syntax="nt")
    assert answer.status_code == 400
    assert "It was read as N-Triples." in answer.text
    assert '<option value="nt" selected>' in answer.text
    assert submit(client, data=DATA, syntax="ttl").status_code == 200


def test_nothing_to_validate_is_no_praise(client: FlaskClient) -> None:
    for empty in ("", "\n\n", "# nothing"):
        told = post(client, empty).json
        assert (told["empty"], told["triples"]) == (True, 0)
        page = Page(submit(client, data=empty))
        assert page.texts("h1") == ["Nothing was checked."]
        assert page.texts("p", role="note") == ["There is nothing in this data: is it the right file?"]
    page = Page(submit(client, data="<http://a> <http://b> <http://c> ."))
    assert page.texts("p", role="note")[0].startswith("Nothing in this data is of a kind that the shapes check")


def test_what_is_more_than_the_limits_allow_is_413(published: Path) -> None:
    small = create_app(Settings(data=published, validate_bytes=200, validate_triples=2)).test_client()
    for data, said in (
        (DATA, "data: holds more than 2 triples. Validate it in parts."),
        (gzip.compress(DATA.encode() + b"#" * 2000), "data: is more than 200 bytes, unpacked. Validate it in parts."),
        (DATA * 2, "At most 200 bytes are taken. Validate smaller parts, or use the command, which has no such limits"),
    ):
        answer = post(small, data)
        assert answer.status_code == 413
        assert answer.json["detail"].startswith(said)
    assert "At most 200 bytes and 2 triples." in small.get("/validate").text


def test_a_form_without_the_field_for_data_is_400(client: FlaskClient) -> None:
    # Bug found: `curl -F file=@export.ttl` was told that its data conform, for nothing was read.
    answer = client.post("/validate", data={"file": (io.BytesIO(DATA.encode()), "a.ttl")}, headers={"Accept": "*/*"})
    assert answer.status_code == 400
    assert answer.json["detail"] == "The form has no data: put it into the field `data`, or a file into `data-file`."


def test_who_forgets_the_type_of_the_data_is_reminded(client: FlaskClient) -> None:
    for data, status in ((DATA, 400), (f"{DATA}# {'&' * 30}", 413), (DATA + "#" * 1_000_000, 413)):
        answer = post(client, data, Content_Type="application/x-www-form-urlencoded")  # as curl does
        assert answer.status_code == status
        assert answer.json["detail"].endswith(" If it is no form, say with Content-Type what it is: text/turtle, say.")


def test_the_fields_for_what_is_pasted_take_files_too(client: FlaskClient) -> None:
    files = {"data": (gzip.compress(DATA.encode()), "export.ttl.gz"), "shapes": (SHAPES.encode(), "s.ttl")}
    told = submit(client, "application/json", **files).json
    assert (told["sources"], told["counts"]["warning"]) == (["export.ttl.gz"], 1)


def test_a_form_in_one_line_is_read_too(client: FlaskClient) -> None:
    for query, status in (({"data": DATA, "shapes": SHAPES}, 200), ({"data": "é ä"}, 400), ({"other": DATA}, 400)):
        answer = client.post("/validate", data=query, headers={"Accept": "application/json"})
        assert answer.status_code == status, answer.text
        assert status != 200 or answer.json["counts"]["warning"] == 1


# Syntaxes


def test_each_syntax_is_read_under_each_of_its_names(client: FlaskClient) -> None:
    quads = list(ox.parse(DATA, format=TURTLE))
    for media_types, syntax in (
        ("text/turtle application/x-turtle application/turtle text/turtle;charset=UTF-8", TURTLE),
        ("application/n-triples text/plain", ox.RdfFormat.N_TRIPLES),
        ("application/n-quads text/x-nquads", ox.RdfFormat.N_QUADS),
        ("application/trig application/x-trig", ox.RdfFormat.TRIG),
        ("application/rdf+xml application/xml text/xml", ox.RdfFormat.RDF_XML),
        ("text/n3 text/rdf+n3", ox.RdfFormat.N3),
        ("application/ld+json application/json application/ld+json;profile=x", JSON_LD),
    ):
        triples = syntax in (TURTLE, ox.RdfFormat.N_TRIPLES, ox.RdfFormat.RDF_XML, ox.RdfFormat.N3)
        body = ox.serialize([quad.triple for quad in quads] if triples else quads, format=syntax)
        assert body
        for media_type in media_types.split():
            told = post(client, body, Content_Type=media_type).json
            assert (told.get("triples"), told.get("failed")) == (3, True), media_type
            packed = post(client, gzip.compress(body), Content_Type=media_type, Content_Encoding="gzip").json
            assert packed["counts"] == told["counts"]


def test_our_context_is_known_at_any_base(client: FlaskClient) -> None:
    ours = context.load()
    document = {"id": "http://example.org/a", "type": "Thesis", "title": "A title"}
    for address in (
        "http://localhost:8000/vocab/context.jsonld",
        "https://elsewhere.example/theses/vocab/context.jsonld",
        f"https://elsewhere.example/vocab/context-{ours.hash}.jsonld",
        "/vocab/context.jsonld",
    ):
        for contexts in (address, [address], [{"x": "http://x.org/"}, address]):
            told = post(client, json.dumps({"@context": contexts} | document), Content_Type="application/ld+json").json
            assert told["triples"] == 2
            assert told["checked"]
            assert told["empty"] is False


def test_lines_of_json_ld_are_a_document_each(client: FlaskClient) -> None:
    line = json.dumps({"@context": "/vocab/context.jsonld", "id": "http://example.org/{}", "type": "Thesis"})
    data = "\n".join(line.replace("{}", str(n)) for n in range(3))
    told = submit(client, "application/json", data_file=(data.encode(), "export.jsonl")).json
    places = {each["place"]["line"]: each["focus"]["id"] for kind in told["kinds"] for each in kind["findings"]}
    assert places == {n + 1: f"http://example.org/{n}" for n in range(3)}


def test_what_named_graphs_hold_is_validated_as_one(client: FlaskClient) -> None:
    triples = list(ox.parse(DATA, format=TURTLE))
    quads = [ox.Quad(*quad.triple, ox.NamedNode(f"http://g.org/{n}")) for n, quad in enumerate(triples)]
    for syntax in (ox.RdfFormat.N_QUADS, ox.RdfFormat.TRIG):
        told = post(client, ox.serialize(quads, format=syntax) or b"", Content_Type=syntax.media_type).json
        assert told["triples"] == 3
        assert told["counts"] == post(client).json["counts"]


# HTTP


def test_options_name_what_can_be_done_from_any_origin(client: FlaskClient) -> None:
    answer = client.options("/validate", headers={"Origin": "https://other.example"})
    assert answer.status_code == 204
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS, POST"
    assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"]
    for other in (
        post(client),
        post(client, "<http://a"),
        post(client, Content_Type="text/html"),
        client.get("/validate"),
    ):
        assert other.headers["Access-Control-Allow-Origin"] == "*"
        assert other.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert other.headers["X-Content-Type-Options"] == "nosniff"
    put = client.put("/validate", data=DATA)
    assert (put.status_code, put.headers["Allow"]) == (405, "GET, HEAD, OPTIONS, POST")


def test_no_answer_to_data_is_kept(client: FlaskClient) -> None:
    statuses = []
    for answer in (
        post(client),
        post(client, "<http://a"),
        post(client, Accept="image/png"),
        post(client, b"#" * 20_000_001),
        post(client, Content_Type="text/html"),
        post(client, Content_Encoding="br"),
        submit(client, data=DATA, shapes="<http://a"),
        submit(client, data=DATA),
    ):
        statuses.append(answer.status_code)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "ETag" not in answer.headers
    assert statuses == [200, 400, 406, 413, 415, 415, 422, 200]


def test_conditions_mean_nothing_to_a_validation(client: FlaskClient) -> None:
    assert post(client, If_None_Match="*", If_Match='"x"', Range="bytes=0-1").status_code == 200


def test_what_can_be_sent_is_named_to_who_sends_something_else(client: FlaskClient) -> None:
    answer = post(client, Content_Type="text/csv")
    assert answer.status_code == 415
    assert answer.headers["Accept-Post"].startswith("text/turtle, ")
    answer = post(client, Content_Encoding="br")
    assert answer.status_code == 415
    assert answer.headers["Accept-Encoding"] == "gzip, zstd"


def test_pasted_text_is_judged_as_it_was_pasted(client: FlaskClient) -> None:
    """A browser sends the ends of its lines as CRLF; those of an uploaded file are its own."""
    shapes = """@prefix sh: <http://www.w3.org/ns/shacl#> .
        <a:s> sh:targetSubjectsOf <a:p> ; sh:property [ sh:path <a:p> ; sh:maxLength 7 ] ."""
    data = '<a:a> <a:p> """one\r\ntwo""" .'
    assert submit(client, "application/json", data=data, shapes=shapes).json["conforms"]
    uploaded = submit(client, "application/json", data_file=(data.encode(), "a.ttl"), shapes=shapes)
    assert not uploaded.json["conforms"]
