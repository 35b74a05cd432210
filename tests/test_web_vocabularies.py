"""`/vocab` and `/shapes`: the words, the concepts and the contract, each dereferenceable in every format."""

from __future__ import annotations

import json
from pathlib import Path

import library
import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient
from library import BASE
from pyld import jsonld

from ld import context, rdf, resources, shapes, vocabulary
from ld.formats import FORMATS
from ld.iris import NAMESPACE
from ld.settings import Settings
from ld.web import create_app

RDF = [row.suffix for row in FORMATS if row.rdf and row.suffix != "jsonld"]
VOCABULARIES = ("terms", "degrees", "levels", "disciplines", "institutions")
TERMS = ("degree/d-psy", "level/doctoral", "discipline/computer-science")
SHAPES = ("thesis", "agent", "degree", "document")


def triples(body: bytes, suffix: str) -> bytes:
    """What a body says, canonically, blank nodes and all."""
    if suffix == "jsonld":
        document = json.loads(body) | {"@context": json.loads(context.load().bytes)["@context"]}
        body, suffix = str(jsonld.to_rdf(document, {"format": "application/n-quads"})).encode(), "nq"
    return rdf.canonical(quad.triple for quad in ox.parse(body, format=ox.RdfFormat.from_extension(suffix)))


@pytest.mark.parametrize(
    "path",
    [
        "vocab/index", *(f"vocab/{name}" for name in (*VOCABULARIES, *TERMS)),
        "shapes/index", *(f"shapes/{name}" for name in SHAPES),
    ],
)  # fmt: skip
def test_every_vocabulary_and_shape_says_the_same_in_every_format(client: FlaskClient, path: str) -> None:
    said = triples(client.get(f"/{path}.nt").data, "nt")
    assert said.count(b"\n") >= 5
    for suffix in (*RDF, "jsonld"):
        answer = client.get(f"/{path}.{suffix}")
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert triples(answer.data, suffix) == said, suffix
    negotiated = client.get(f"/{path}", headers={"Accept": "application/rdf+xml"})
    assert negotiated.headers["Content-Location"] == f"/{path}.rdf"
    assert negotiated.headers["Vary"] == "Accept, Accept-Encoding"
    assert negotiated.headers["Last-Modified"]
    assert client.get(f"/{path}", headers={"Accept": "image/png"}).status_code == 406
    assert client.get(f"/{path}").content_type == "text/html; charset=utf-8"


@pytest.mark.parametrize("path", ["/vocab", "/shapes"])
def test_the_lists_answer_with_and_without_a_slash(client: FlaskClient, path: str) -> None:
    for address in (path, path + "/", path + "/index"):
        answer = client.get(address, headers={"Accept": "text/turtle"})
        assert answer.headers["Content-Location"] == f"{path}/index.ttl"
    assert client.get(path + "//").status_code == 404


def test_every_term_of_our_namespace_dereferences_at_its_mirror(client: FlaskClient) -> None:
    words = vocabulary.load(BASE)
    ours = {triple.subject.value for name in words.files for triple in words.files[name].triples}
    ours |= {triple.object.value for name in words.files for triple in words.files[name].triples
             if isinstance(triple.object, ox.NamedNode)}  # fmt: skip
    paths = {iri.removeprefix(NAMESPACE).partition("#")[0] for iri in ours if iri.startswith(NAMESPACE)}
    assert len(paths) > 50
    for path in sorted(paths):
        answer = client.get(f"/vocab/{path}.nt")
        assert answer.status_code == 200, path
        assert f"<{NAMESPACE}{path}".encode() in answer.data


def test_shapes_are_served_as_they_were_written(client: FlaskClient) -> None:
    for name in SHAPES:
        assert client.get(f"/shapes/{name}.ttl").data == (resources.shapes_dir() / f"{name}.ttl").read_bytes()


def test_the_page_of_a_shape_shows_every_field(client: FlaskClient) -> None:
    page = client.get("/shapes/").text
    for field in shapes.load().fields():
        assert f'<th scope="row">{field.name}</th>' in page
    assert 'id="Thesis"' in page


def test_a_context_that_earlier_answers_named_is_still_there(tmp_path: Path) -> None:
    library.publish(tmp_path)
    (tmp_path / "contexts" / "00000000000000aa.jsonld").write_bytes(b'{"@context": {}}')
    client = create_app(Settings(data=tmp_path)).test_client()
    earlier = client.get("/vocab/context-00000000000000aa.jsonld")
    assert (earlier.status_code, earlier.get_json()) == (200, {"@context": {}})
    assert "immutable" in earlier.headers["Cache-Control"]
    assert client.get("/vocab/context-../../ledger.sqlite%00.jsonld").status_code == 404
    kept = [file.stem for file in (tmp_path / "contexts").iterdir()]
    assert context.load().hash in kept


def test_the_current_context_is_short_lived_and_the_hashed_one_immutable(client: FlaskClient) -> None:
    current, fixed = client.get("/vocab/context.jsonld"), client.get(f"/vocab/context-{context.load().hash}.jsonld")
    assert current.data == fixed.data == context.load().bytes
    for answer in (current, fixed):
        assert answer.content_type == "application/ld+json"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert client.get(answer.request.path, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert client.get("/vocab/context.jsonld", headers={"Accept": "image/png"}).status_code == 200
    unknown = client.get("/vocab/context-0123456789abcdef.jsonld")
    assert unknown.status_code == 404
    assert context.load().hash in unknown.headers["Link"]


@pytest.mark.parametrize(
    "path",
    ["/vocab/nothing", "/vocab/degree/nothing", "/vocab/degree/", "/vocab/level", "/vocab/terms/x", "/shapes/nothing",
     "/shapes/thesis/x", "/vocab/terms.pdf", "/vocab/.ttl", "/vocab/context-.jsonld", "/shapes/..%2fvocab%2fterms.ttl"],
)  # fmt: skip
def test_what_is_no_vocabulary_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404
