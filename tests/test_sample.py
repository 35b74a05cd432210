"""The sample record from one end to the other: built, served, and read in every format by readers that are not ours."""

from __future__ import annotations

import json
import shutil
import subprocess
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from conftest import Serve, free_port
from pyld import jsonld
from pyoxigraph import BlankNode, Literal, NamedNode, Triple
from readers import by_oxigraph, by_pyld, by_raptor, by_rdflib, by_rdflib_at
from sites import ALONE, BODY, PERSON, SAMPLE, SEEDS, TOGETHER, Page, Site, publish

from ld import context, shapes
from ld.formats import FORMATS
from ld.namespaces import XSD
from ld.rdf import RDF_TYPE, canonical, parse
from ld.snapshot import Publication

CASES = Path(__file__).parent / "cases" / "sample"
CASE_BASE = b"http://localhost:8000/"
SUFFIXES = [row.suffix for row in FORMATS if row.rdf]
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

DCTERMS, FOAF, BIBO, CC, SKOS, DGG, TLD = (
    "http://purl.org/dc/terms/",
    "http://xmlns.com/foaf/0.1/",
    "http://purl.org/ontology/bibo/",
    "http://creativecommons.org/ns#",
    "http://www.w3.org/2004/02/skos/core#",
    "http://id.loc.gov/vocabulary/relators/dgg",
    "https://w3id.org/thesis-ld/terms#",
)
TYPE = RDF_TYPE.value
CONCEPT = NamedNode(SKOS + "Concept")


@dataclass(frozen=True)
class Served:
    """The sample on a live server: its key, and the graph that its case says it is."""

    name: str
    site: Site
    key: str
    dates: bytes
    """What the ledger knows of the document, as N-Triples."""

    @property
    def doc(self) -> str:
        return f"{self.site.base}doc/thesis/{self.key}"

    @property
    def thing(self) -> str:
        return f"{self.site.base}id/thesis/{self.key}"

    @property
    def expected(self) -> bytes:
        turtle = (CASES / f"{self.name}.ttl").read_bytes().replace(CASE_BASE, self.site.base.encode())
        return canonical(parse(by_oxigraph(turtle, "ttl") + self.dates))

    def body(self, suffix: str) -> bytes:
        return self.site.get(f"{self.doc}.{suffix}").content


Sources = tuple[str, str, Path]


@pytest.fixture(scope="session", params=[("alone", ALONE, SAMPLE), ("together", TOGETHER, SEEDS)], ids=lambda p: p[0])
def served(request: pytest.FixtureRequest, serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Served:
    """The sample built alone, and with the restated facts; each on a server whose address is its base."""
    name, key, source = request.param
    return _serve(name, key, source, serve, tmp_path_factory)


@pytest.fixture(scope="session")
def graph(tmp_path_factory: pytest.TempPathFactory) -> list[Triple]:
    """The sample's own description as the site would serve it, to be spoilt."""
    data = publish(tmp_path_factory.mktemp("sample"), SAMPLE)
    described = Publication(data).current().describe(f"doc/thesis/{ALONE}")
    assert described
    return parse(described.body)


def _serve(name: str, key: str, source: Path, serve: Serve, folders: pytest.TempPathFactory) -> Served:
    port = free_port()
    base = f"http://127.0.0.1:{port}/"
    data = publish(folders.mktemp(name), source, base=base)
    described = Publication(data).current().describe(f"doc/thesis/{key}")
    assert described
    dates = (
        f'<{base}doc/thesis/{key}> <{DCTERMS}{word}> "{day:%Y-%m-%d}"^^<{XSD}date> .\n'
        for word, day in (("issued", described.first), ("modified", described.modified))
    )
    serve(data=data, port=port)
    return Served(name, Site(base, base), key, "".join(dates).encode())


# One graph in every format


def test_the_sample_becomes_the_graph_of_its_case(served: Served) -> None:
    assert canonical(parse(served.body("nt"))).decode().splitlines() == served.expected.decode().splitlines()


@pytest.mark.parametrize("suffix", ["", *(f".{suffix}" for suffix in SUFFIXES)])
def test_rdflib_reads_the_same_graph_at_every_address_as_it_stands(served: Served, suffix: str) -> None:
    assert by_rdflib_at(served.doc + suffix) == served.expected


def test_rdflib_reads_the_same_graph_by_the_iri_of_the_thesis(served: Served) -> None:
    assert by_rdflib_at(served.thing) == served.expected


@pytest.mark.parametrize("suffix", [suffix for suffix in SUFFIXES if suffix != "jsonld"])
def test_raptor_reads_the_same_graph_in_every_format(served: Served, suffix: str) -> None:
    assert by_raptor(served.body(suffix), suffix) == served.expected


def test_raptor_reads_the_same_graph_at_the_address(served: Served) -> None:
    for address, how in ((f"{served.doc}.ttl", "turtle"), (f"{served.doc}.rdf", "rdfxml"), (served.thing, "guess")):
        done = subprocess.run(["rapper", "-q", "-i", how, "-o", "ntriples", address], capture_output=True, check=True)
        assert (done.stderr, canonical(parse(done.stdout))) == (b"", served.expected), address


def test_pyld_reads_the_same_graph_with_the_context_that_the_answer_names(served: Served) -> None:
    assert by_pyld(served.body("jsonld"), jsonld.requests_document_loader(timeout=30)) == served.expected


def test_json_means_the_same_graph_with_the_context_that_its_header_names(served: Served) -> None:
    answer = served.site.get(served.doc, "application/json")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.links["http://www.w3.org/ns/json-ld#context"]["type"] == "application/ld+json"
    linked = served.site.get(answer.links["http://www.w3.org/ns/json-ld#context"]["url"].lstrip("/")).json()
    assert by_pyld(answer.json() | {"@context": linked["@context"]}) == served.expected


@pytest.mark.parametrize("suffix", ["", ".ttl", ".rdf", ".nt", ".jsonld"])
def test_a_plain_graph_of_rdflib_parses_the_address_as_it_stands(served: Served, suffix: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # rdflib's readers use its own deprecated parts
        found = rdflib.Graph().parse(served.doc + suffix)
    assert len(found) == len(served.expected.splitlines())
    year = found.value(rdflib.URIRef(served.thing), rdflib.DCTERMS.issued)
    assert (str(year), year.datatype) == ("2014", rdflib.XSD.gYear)  # type: ignore[union-attr]


def test_quads_are_in_the_graph_of_the_document(served: Served) -> None:
    for suffix in ("trig", "nq"):
        quads = ox.parse(served.body(suffix), format=ox.RdfFormat.from_extension(suffix))
        assert {quad.graph_name for quad in quads} == {NamedNode(served.doc)}


@pytest.mark.parametrize("reader", [by_rdflib, by_oxigraph])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_there_is_no_blank_node(served: Served, suffix: str, reader: Callable[[bytes, str], bytes]) -> None:
    body = served.body(suffix)
    if suffix == "jsonld":
        body = json.dumps(json.loads(body) | {"@context": json.loads(context.load().bytes)["@context"]}).encode()
    assert not [t for t in parse(reader(body, suffix)) if BlankNode in {type(t.subject), type(t.object)}]


def test_not_available_is_no_triple(served: Served) -> None:
    for suffix in SUFFIXES:
        assert b"not available" not in served.body(suffix).lower()
    words = {t.predicate.value for t in parse(served.body("nt"))}
    assert not words & {"http://id.loc.gov/vocabulary/relators/ths", BIBO + "doi", DCTERMS + "subject", FOAF + "page"}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_served_sample_has_no_violation(served: Served, suffix: str) -> None:
    body = served.body(suffix)
    ntriples = by_pyld(body, jsonld.requests_document_loader()) if suffix == "jsonld" else by_oxigraph(body, suffix)
    assert shapes.load().validate(parse(ntriples)).violations == ()


# The page, and the addresses beside it


def test_the_page_holds_the_facts(served: Served) -> None:
    answer = served.site.get(served.doc, BROWSER)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    page = Page(answer.text)
    facts = [
        "Therapists' experiences of the therapeutic alliance with clients with drug problems : an interpretative",
        "Henrike Andersson", "ISNI 0000 0004 5360 6890", "University of East London", "ISNI 0000 0001 2189 1306",
        "Year of award 2014", "D.Psy.", "The therapeutic alliance is fundamental for therapists who work with clients",
        "in relation to clinical practice, training and research.", "doctoral thesis", "British Library, EThOS",
        "CC BY 4.0",
    ]  # fmt: skip
    if served.name == "together":
        facts += [TOGETHER, f"https://ethos.bl.uk/OrderDetails.do?uin={TOGETHER}"]
    assert [fact for fact in facts if fact not in page.text] == []
    assert "Not available" not in page.text
    ours = [f"/id/person/{PERSON}", f"/id/organisation/{BODY}", "/vocab/degree/d-psy", f"/id/thesis/{served.key}"]
    theirs = [f"https://isni.org/isni/{PERSON}", f"https://isni.org/isni/{BODY}"]
    assert set(ours + theirs) <= set(page.links)


def test_the_thing_leads_to_its_description_and_that_to_its_formats(served: Served) -> None:
    answer = served.site.get(served.thing)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/doc/thesis/{served.key}")
    for row in FORMATS:
        asked = served.site.get(served.doc, row.media_type)
        assert asked.headers["Content-Location"] == f"/doc/thesis/{served.key}.{row.suffix}"
        assert asked.content == served.body(row.suffix)


@pytest.mark.parametrize("path", [f"person/{PERSON}", f"organisation/{BODY}"])
def test_the_author_and_the_body_list_the_thesis(served: Served, path: str) -> None:
    triples = set(parse(served.site.get(f"doc/{path}.nt").content))
    role = DCTERMS + "creator" if "person" in path else DGG
    assert Triple(NamedNode(served.thing), NamedNode(role), NamedNode(f"{served.site.base}id/{path}")) in triples
    assert Page(served.site.get(f"doc/{path}.html").text).links.count(f"/id/thesis/{served.key}") == 1
    assert shapes.load().validate(triples).violations == ()


def test_the_address_without_an_ethos_id_sends_on_once_the_id_is_known(served: Served) -> None:
    if served.name == "alone":
        assert served.site.get(f"id/thesis/{TOGETHER}").status_code == 404
        return
    for door, suffix in (("id", ""), ("doc", ""), ("doc", ".ttl"), ("doc", ".html")):
        answer = served.site.get(f"{door}/thesis/{ALONE}{suffix}")
        assert (answer.status_code, answer.headers["Location"]) == (301, f"/{door}/thesis/{TOGETHER}{suffix}")
    assert by_rdflib_at(f"{served.site.base}id/thesis/{ALONE}") == served.expected


# What curl sees


def curl(*arguments: str) -> tuple[dict[str, str], bytes]:
    """The headers of the last answer, names in small letters and `status` among them, and its body."""
    command = [shutil.which("curl") or "curl", "--silent", "--show-error", "--include", "--max-time", "30", *arguments]
    done = subprocess.run(command, capture_output=True, check=True)
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    while body.startswith(b"HTTP/"):  # the answer after a redirect
        head, _, body = body.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").splitlines()
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return headers | {"status": status.split()[1]}, body


def test_curl_follows_the_iri_to_turtle_and_saves_a_second_answer(served: Served) -> None:
    headers, body = curl("--location", "--header", "Accept: text/turtle", served.thing)
    assert (headers["status"], headers["content-type"]) == ("200", "text/turtle; charset=utf-8")
    assert by_oxigraph(body, "ttl") == served.expected
    again, nothing = curl(
        "--header", "Accept: text/turtle", "--header", f"If-None-Match: {headers['etag']}", served.doc
    )
    assert (again["status"], again["etag"], nothing) == ("304", headers["etag"], b"")
    since = ("--header", f"If-Modified-Since: {headers['last-modified']}", f"{served.doc}.ttl")
    assert curl(*since)[0]["status"] == "304"


def test_curl_gets_a_compressed_answer_that_is_the_plain_one(served: Served) -> None:
    plain, body = curl(f"{served.doc}.nt")
    headers, unpacked = curl("--compressed", "--header", "Accept-Encoding: gzip", f"{served.doc}.nt")
    assert (headers["content-encoding"], unpacked) == ("gzip", body)
    assert headers["etag"] != plain["etag"]
    assert int(headers["content-length"]) < len(body) / 2
    assert "Accept-Encoding" in headers["vary"]


def test_curl_asks_for_the_head_only(served: Served) -> None:
    head, nothing = curl("--head", f"{served.doc}.rdf")
    whole, body = curl(f"{served.doc}.rdf")
    assert nothing == b""
    assert int(head["content-length"]) == len(body)
    assert {name: value for name, value in head.items() if name != "date"} == {
        name: value for name, value in whole.items() if name != "date"
    }


def test_curl_may_ask_from_any_origin(served: Served) -> None:
    asked = ("--header", "Origin: https://elsewhere.example", "--header", "Access-Control-Request-Method: GET")
    headers, _ = curl("--request", "OPTIONS", *asked, served.doc)
    assert (headers["status"], headers["access-control-allow-origin"]) == ("204", "*")
    assert {"GET", "HEAD", "OPTIONS"} <= set(headers["allow"].split(", "))
    headers, _ = curl(*asked, "--header", "Accept: application/ld+json", served.doc)
    assert {"ETag", "Link", "Content-Location"} <= set(headers["access-control-expose-headers"].split(", "))
    context_headers, _ = curl(json.loads(served.body("jsonld"))["@context"])
    assert context_headers["access-control-allow-origin"] == "*"
    assert "immutable" in context_headers["cache-control"]


def test_curl_is_told_what_there_is_when_it_asks_for_what_is_not(served: Served) -> None:
    headers, body = curl("--header", "Accept: image/png", served.doc)
    assert (headers["status"], headers["content-type"]) == ("406", "application/problem+json")
    assert [each["type"] for each in json.loads(body)["alternates"]] == [row.media_type for row in FORMATS]


# One required triple gone or wrong

TEXT, LINK, YEAR, WEB = Literal(" "), NamedNode("http://a.org/undescribed"), Literal("20l4"), Literal("https://a.org/")
REQUIRED: dict[tuple[str, str], tuple[str, tuple[NamedNode | Literal | BlankNode, ...]]] = {
    ("thesis", TYPE): ("Type", (NamedNode(BIBO + "thesis"),)),
    ("thesis", DCTERMS + "type"): ("Kind of resource", (LINK, TEXT)),
    ("thesis", DCTERMS + "title"): ("Title", (TEXT, LINK)),
    ("thesis", DCTERMS + "creator"): ("Author", (LINK, Literal("Andersson, Henrike"), BlankNode("b"))),
    ("thesis", DCTERMS + "issued"): (
        "Year of award",
        (YEAR, Literal("20l4", datatype=NamedNode(XSD + "gYear")), Literal("2014"), TEXT, LINK),
    ),
    ("document", TYPE): ("Type", (NamedNode(FOAF + "document"),)),
    ("document", FOAF + "primaryTopic"): ("Describes", (TEXT, BlankNode("b"))),
    ("document", DCTERMS + "license"): ("Licence of this description", (WEB, NamedNode("urn:a"))),
    ("document", CC + "attributionName"): ("Attribution", (TEXT, LINK)),
    ("document", CC + "attributionURL"): ("Attribution link", (WEB, NamedNode("urn:a"))),
    ("person", TYPE): ("Author", (NamedNode(FOAF + "Agent"),)),
    ("person", FOAF + "name"): ("Name", (TEXT, LINK)),
    ("organisation", TYPE): ("Awarding body or current institution", (NamedNode(FOAF + "Agent"),)),
    ("organisation", FOAF + "name"): ("Name", (TEXT, LINK)),
    ("degree", TYPE): ("Degree", (NamedNode(BIBO + "degree"),)),
    ("degree", SKOS + "prefLabel"): ("Label", (TEXT, LINK)),
}
"""What the sample cannot be without: the part and the property, the field that is then named, and wrong values."""
EITHER = (DGG, TLD + "currentInstitution")
"""Of these two one is enough."""
OPTIONAL = {
    ("thesis", BIBO + "degree"): ("Degree", (LINK, Literal("D.Psy."), BlankNode("b"))),
    ("thesis", EITHER[0]): ("Awarding body or current institution", (LINK, Literal("University of East London"))),
    ("thesis", EITHER[1]): ("Awarding body or current institution", (LINK, Literal("University of East London"))),
    ("degree", TLD + "level"): ("Level", (Literal("Doctoral"), BlankNode("b"))),
}
"""What may be missing and must not be wrong."""
PARTS = {
    "/id/thesis/": "thesis",
    "/doc/thesis/": "document",
    "/id/person/": "person",
    "/id/organisation/": "organisation",
}


def place(triple: Triple) -> tuple[str, str]:
    """The part of the description and the property that a triple is about."""
    assert isinstance(triple.subject, NamedNode)
    part = next((name for path, name in PARTS.items() if path in triple.subject.value), "degree")
    return part, triple.predicate.value


def at(graph: list[Triple], where: tuple[str, str]) -> Triple:
    """The one triple there; that a degree is a concept besides is not what makes it one."""
    (found,) = (triple for triple in graph if place(triple) == where and triple.object != CONCEPT)
    return found


def violations(graph: list[Triple]) -> list[str]:
    return [finding.name for finding in shapes.load().validate(graph).violations]


def wrongs() -> Iterator[tuple[tuple[str, str], str, NamedNode | Literal | BlankNode]]:
    for where, (name, values) in (REQUIRED | OPTIONAL).items():
        for value in values:
            yield where, name, value


def test_the_unspoilt_sample_has_no_violation(graph: list[Triple]) -> None:
    assert violations(graph) == []


@pytest.mark.parametrize(("where", "name"), [(where, name) for where, (name, _) in REQUIRED.items()], ids=str)
def test_without_a_required_triple_one_violation_names_it(
    graph: list[Triple], where: tuple[str, str], name: str
) -> None:
    gone = at(graph, where)
    assert violations([triple for triple in graph if triple != gone]) == [name]


@pytest.mark.parametrize(("where", "name", "value"), list(wrongs()), ids=lambda value: str(value)[-50:])
def test_with_a_wrong_triple_one_violation_names_it(
    graph: list[Triple], where: tuple[str, str], name: str, value: NamedNode | Literal | BlankNode
) -> None:
    right = at(graph, where)
    wrong = Triple(right.subject, right.predicate, value)
    assert violations([wrong if triple == right else triple for triple in graph]) == [name]


def test_without_any_body_one_violation_names_both(graph: list[Triple]) -> None:
    assert violations([triple for triple in graph if triple.predicate.value not in EITHER]) == [
        "Awarding body or current institution"
    ]


def test_no_other_triple_is_required(graph: list[Triple]) -> None:
    for gone in graph:
        if place(gone) not in REQUIRED or gone.object == CONCEPT:
            assert violations([triple for triple in graph if triple != gone]) == [], gone
