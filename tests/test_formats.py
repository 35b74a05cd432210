"""The syntaxes: the same graph in each, whoever reads it, and the same bytes every time."""

from __future__ import annotations

import json
import random
from pathlib import Path
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from readers import CONTEXT_URL, OXIGRAPH, by_oxigraph, by_pyld, by_raptor, by_rdflib

from ld import context, rdf
from ld.errors import VocabularyError
from ld.formats import BY_SUFFIX, FORMATS, jsonld, serialize
from ld.formats.corpus import CORPORA
from ld.formats.source import Source

CASES = Path(__file__).parent / "cases" / "formats"
ROOT = "http://example.org/id/thesis/uk.bl.ethos.1"
DOCUMENT = "http://example.org/doc/thesis/uk.bl.ethos.1"
THESIS = (CASES / "thesis.nt").read_bytes()

RDF_SUFFIXES = [row.suffix for row in FORMATS if row.rdf]
SYNTAXES = [suffix for suffix in RDF_SUFFIXES if suffix != "jsonld"]

AWKWARD = {
    "quotes": 'He said "no", \'no\', """no""", \'\'\'no\'\'\' and ended in a quote"',
    "quotes and line breaks": 'a "b"\n"""\nc\\"""\n"',
    "backslashes": '\\ \\\\ \\n \\u0041 \\U00000041 \\" ends in \\',
    "backslashes and line breaks": "\\\n\\n\n\\",
    "line breaks": "a\nb\r\nc\rd\n\n",
    "tabs and spaces": "\t a  b \u00a0\u2003\u3000 ",
    "separators": "a\u0085b\u2028c\u2029d",
    "markup": "<p>&amp; & &lt; ]]> <![CDATA[x]]> <?x?> <!-- -- -->",
    "emoji": "😀👩‍🎓🏴󠁧󠁢󠁷󠁬󠁳󠁿",
    "bidi": "\u202eabc\u202c \u200fעברית\u200e \u2066x\u2069",
    "combining": "O\u0300\u0323 \u00d2\u0323 ﬁ",
    "edges": "\u007f\ud7ff\ue000\ufffd\U0010ffff",
    "empty": "",
    "space": " ",
    "newline": "\n",
    "turtle": "@prefix : <x> . :a a :b ; # not a comment",
    "percent": "%41 %zz $1 ${x} {0}",
}
CONTROLS = "".join(map(chr, [*range(1, 9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF]))
TEXT = st.text(st.characters(codec="utf-8"), max_size=30)


def titles(*texts: str) -> bytes:
    """A thesis with each of the texts as a title."""
    return rdf.canonical(context.load().triples({"id": ROOT, "type": "Thesis", "title": list(texts)}))


def write(suffix: str, triples: bytes | list[ox.Triple]) -> bytes:
    return serialize(BY_SUFFIX[suffix], triples, root=ROOT, graph=DOCUMENT, context_url=CONTEXT_URL)


@pytest.mark.parametrize("suffix", RDF_SUFFIXES)
def test_a_thesis_is_written_letter_by_letter_as_the_case_shows(suffix: str) -> None:
    assert write(suffix, THESIS).decode() == (CASES / f"thesis.{suffix}").read_text(encoding="utf-8")


@pytest.mark.parametrize("suffix", RDF_SUFFIXES)
def test_the_bytes_do_not_depend_on_the_order_of_the_triples(suffix: str) -> None:
    triples = [*rdf.parse(THESIS), *rdf.parse(THESIS)]
    random.Random(7).shuffle(triples)
    assert write(suffix, triples) == write(suffix, THESIS)


@pytest.mark.parametrize("suffix", SYNTAXES)
def test_rdflib_raptor_and_oxigraph_read_the_graph_that_was_written(suffix: str) -> None:
    written = write(suffix, THESIS)
    assert by_oxigraph(written, suffix) == THESIS
    assert by_rdflib(written, suffix) == THESIS
    assert by_raptor(written, suffix) == THESIS


def test_pyld_reads_the_graph_from_json_ld_with_our_context() -> None:
    assert by_pyld(write("jsonld", THESIS)) == THESIS


def test_json_ld_names_its_context_first() -> None:
    assert next(iter(json.loads(write("jsonld", THESIS)).items())) == ("@context", CONTEXT_URL)


def test_a_line_of_the_json_ld_dump_brings_its_context_and_is_one_line() -> None:
    line = jsonld.line(Source(THESIS, ROOT, DOCUMENT))
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    for read in (by_pyld, by_rdflib, by_oxigraph):
        assert read(line) == THESIS


@pytest.mark.parametrize("suffix", SYNTAXES)
@pytest.mark.parametrize("text", AWKWARD.values(), ids=AWKWARD.keys())
def test_awkward_text_comes_back_as_it_was(suffix: str, text: str) -> None:
    written = write(suffix, titles(text))
    assert by_oxigraph(written, suffix) == titles(text)
    assert by_rdflib(written, suffix) == titles(text)


@pytest.mark.parametrize("suffix", SYNTAXES)
def test_raptor_reads_all_the_awkward_texts(suffix: str) -> None:
    ntriples = titles(*AWKWARD.values())
    assert by_raptor(write(suffix, ntriples), suffix) == ntriples


@pytest.mark.parametrize("text", AWKWARD.values(), ids=AWKWARD.keys())
def test_awkward_text_comes_back_from_json_ld(text: str) -> None:
    assert by_pyld(write("jsonld", titles(text))) == titles(text)
    assert by_rdflib(jsonld.line(Source(titles(text), ROOT, DOCUMENT))) == titles(text)


@given(TEXT)
def test_any_text_comes_back_from_every_syntax_but_xml(text: str) -> None:
    ntriples = titles(text)
    for suffix in SYNTAXES:
        if suffix != "rdf":
            assert by_oxigraph(write(suffix, ntriples), suffix) == ntriples
    assert by_pyld(write("jsonld", ntriples)) == ntriples


@given(TEXT)
@example(CONTROLS + "\0")
def test_rdf_xml_is_xml_whatever_the_text(text: str) -> None:
    root = ElementTree.fromstring(write("rdf", titles(text)))
    shown = root[0][0].text or ""
    assert shown == "".join("\ufffd" if c in CONTROLS + "\0" else c for c in text)


def test_the_language_and_the_type_of_a_text_stay() -> None:
    node = {
        "id": ROOT,
        "title": [{"@value": "Ystlumod\n", "@language": "cy-GB"}, {"@value": "1 < 2\n", "@type": "rdf:HTML"}],
        "issued": "20l4",
        "available": "2100-12-31",
        "date": {"@value": "2014-05", "@type": "xsd:gYearMonth"},
    }
    expected = rdf.canonical(context.load().triples(node))
    for suffix in SYNTAXES:
        written = write(suffix, expected)
        assert by_oxigraph(written, suffix) == expected
        assert by_raptor(written, suffix) == expected
    assert by_pyld(write("jsonld", expected)) == expected


ODD_IRIS = [
    "http://example.org/a?b=c&d=%3Ce%3E",
    "http://example.org/it's(1),2;3",
    "http://example.org/é/日本",
    "http://purl.org/dc/terms/",
    "http://purl.org/dc/terms/a.b.",
    "http://purl.org/dc/terms/1",
    "http://purl.org/dc/terms/-a",
    "http://purl.org/dc/terms/é",
    "http://purl.org/dc/terms/a/b",
    "http://purl.org/dc/terms/a%20b",
    "urn:isbn:0451450523",
    "mailto:a@b.org",
]


@pytest.mark.parametrize("suffix", SYNTAXES)
def test_odd_iris_stay_what_they_are(suffix: str) -> None:
    node = {"id": ROOT, "page": ODD_IRIS, "license": [{"id": iri, "label": "x"} for iri in ODD_IRIS]}
    expected = rdf.canonical(context.load().triples(node))
    written = write(suffix, expected)
    assert by_oxigraph(written, suffix) == expected
    assert by_rdflib(written, suffix) == expected
    assert by_raptor(written, suffix) == expected


def test_the_thing_comes_first_then_its_document_then_the_others() -> None:
    subjects = [line.split()[0] for line in write("ttl", THESIS).decode().splitlines() if line.startswith("<")]
    assert subjects[:2] == [f"<{ROOT}>", f"<{DOCUMENT}>"]
    assert subjects[2:] == sorted(subjects[2:])


def test_turtle_declares_only_the_prefixes_it_uses() -> None:
    assert write("ttl", titles("Bats")).decode() == (
        "@prefix bibo: <http://purl.org/ontology/bibo/> .\n"
        "@prefix dcterms: <http://purl.org/dc/terms/> .\n"
        "\n"
        f'<{ROOT}> a bibo:Thesis ;\n    dcterms:title "Bats" .\n'
    )


@pytest.mark.parametrize("suffix", ["trig", "nq"])
def test_quads_are_in_the_graph_of_the_document(suffix: str) -> None:
    quads = ox.parse(write(suffix, THESIS), format=OXIGRAPH[suffix])
    assert {quad.graph_name for quad in quads} == {ox.NamedNode(DOCUMENT)}


def test_n_triples_are_given_as_they_are_stored() -> None:
    assert write("nt", THESIS) is THESIS


@pytest.mark.parametrize("suffix", SYNTAXES)
def test_blank_nodes_of_shapes_keep_their_places(suffix: str) -> None:
    shapes = """
        @prefix sh: <http://www.w3.org/ns/shacl#> . @prefix dcterms: <http://purl.org/dc/terms/> .
        <http://example.org/shapes#Thesis> a sh:NodeShape ;
            sh:property [ sh:path ( dcterms:creator dcterms:title ) ; sh:name "name"@en ] , [ sh:path dcterms:title ] .
    """
    triples = [quad.triple for quad in ox.parse(shapes, format=ox.RdfFormat.TURTLE)]
    again = [quad.triple for quad in ox.parse(shapes, format=ox.RdfFormat.TURTLE)]
    written = write(suffix, triples)
    assert written == write(suffix, again)
    assert by_oxigraph(written, suffix) == rdf.canonical(triples)
    assert by_rdflib(written, suffix) == rdf.canonical(triples)
    assert by_raptor(written, suffix) == rdf.canonical(triples)


def test_n_triples_that_are_not_canonical_are_read_all_the_same() -> None:
    loose = f'# a comment\n<{ROOT}>\t<http://purl.org/dc/terms/title> "x" .\n'.encode()
    assert by_oxigraph(write("ttl", loose), "ttl") == rdf.canonical(rdf.parse(loose))


def test_no_triples_make_an_empty_document() -> None:
    for suffix in SYNTAXES:
        assert by_oxigraph(write(suffix, b""), suffix) == b""
    assert by_pyld(write("jsonld", b"")) == b""


@pytest.mark.parametrize(
    "predicate", ["http://example.org/p/1", "http://example.org/p/", "http://example.org/é", rdf.RDF + "li"]
)
def test_a_property_that_rdf_xml_cannot_name_is_an_error_not_broken_xml(predicate: str) -> None:
    triple = ox.Triple(ox.NamedNode(ROOT), ox.NamedNode(predicate), ox.Literal("x"))
    with pytest.raises(VocabularyError, match="has no name that RDF/XML could write"):
        write("rdf", [triple])
    assert by_raptor(write("ttl", [triple]), "ttl") == rdf.canonical([triple])


def test_rdf_xml_writes_unknown_namespaces_and_classes_without_a_name() -> None:
    subject, kind = ox.NamedNode(ROOT), rdf.RDF_TYPE
    triples = [
        ox.Triple(subject, kind, ox.NamedNode("http://example.org/class/1")),
        ox.Triple(subject, kind, ox.NamedNode("http://example.org/class/Two")),
        ox.Triple(subject, ox.NamedNode("http://example.org/p?a=b&c#d"), ox.Literal("x")),
        ox.Triple(subject, ox.NamedNode("urn:p:1a"), ox.Literal("y")),
        ox.Triple(subject, ox.NamedNode(rdf.RDF + "_10"), subject),
    ]
    written = write("rdf", triples)
    assert by_raptor(written, "rdf") == by_rdflib(written, "rdf") == rdf.canonical(triples)


def test_a_page_is_not_a_syntax_of_rdf() -> None:
    with pytest.raises(ValueError, match="Page is not a syntax of RDF"):
        serialize("html", THESIS, root=ROOT, graph=DOCUMENT, context_url=CONTEXT_URL)


def test_the_table_of_formats_is_the_one_that_the_design_names() -> None:
    assert [row.suffix for row in FORMATS] == ["html", "ttl", "jsonld", "rdf", "nt", "trig", "nq"]
    assert all(row.name == row.suffix for row in FORMATS)
    assert [row.rdf for row in FORMATS] == [row.write is not None for row in FORMATS]


def test_every_syntax_has_the_name_that_w3c_gave_it() -> None:
    start = "http://www.w3.org/ns/formats/"
    assert {row.name: row.iri.removeprefix(start) for row in FORMATS if row.rdf} == {
        "ttl": "Turtle", "jsonld": "JSON-LD", "rdf": "RDF_XML", "nt": "N-Triples", "trig": "TriG", "nq": "N-Quads",
    }  # fmt: skip
    assert all(row.iri.startswith(start) == row.rdf for row in FORMATS)


def test_a_corpus_is_written_in_the_syntaxes_that_single_descriptions_have() -> None:
    assert [row.name for row in CORPORA] == ["nt", "nq", "ttl", "jsonl", "trig", "rdf"]
    for row in CORPORA:
        if form := BY_SUFFIX.get(row.name):
            assert (row.media_type, row.title, row.iri) == (form.media_type, form.title, form.iri)


@pytest.mark.parametrize("suffix", [row.name for row in CORPORA if row.name != "jsonl"])
def test_a_corpus_is_one_document_of_all_its_descriptions(suffix: str) -> None:
    theses = [(f"{ROOT}{n}", f"{DOCUMENT}{n}") for n in range(3)]
    said = [
        rdf.canonical(context.load().triples({"id": root, "title": list(AWKWARD.values()), "document": document}))
        for root, document in theses
    ]
    sources = [Source(each, *names) for each, names in zip(said, theses, strict=True)]
    (row,) = (row for row in CORPORA if row.name == suffix)
    written = b"".join(row.pieces(sources))
    for read in (by_oxigraph, by_rdflib, by_raptor):
        assert read(written, suffix) == b"".join(sorted(b"".join(said).splitlines(keepends=True)))


@pytest.mark.parametrize(
    "title",
    [
        "it\\'s", "\\U0001F4DA \\u00e9 \\u000B", "a\ttab",
        "\x7f\x85", "\\\\U0001F4DA \\\\'", '\\"\\\\', "\\t\\b\\n\\r\\f",
    ],
)  # fmt: skip
def test_strings_of_n_triples_become_strings_of_json_however_they_are_spelled(title: str) -> None:
    ntriples = f'<{ROOT}> <http://purl.org/dc/terms/title> "{title}" .\n'.encode()
    expected = rdf.canonical(rdf.parse(ntriples))
    line = jsonld.line(Source(ntriples, ROOT, DOCUMENT))
    assert by_pyld(line) == by_oxigraph(line) == by_pyld(write("jsonld", ntriples)) == expected


def test_iris_of_n_triples_become_iris_of_json_however_they_are_spelled() -> None:
    ntriples = f"<{ROOT}\\u00e9> <http://example.org/\\u00e9> <http://example.org/\\U0001F4DA> .\n".encode()
    expected = rdf.canonical(rdf.parse(ntriples))
    line = jsonld.line(Source(ntriples, f"{ROOT}é", DOCUMENT))
    assert by_pyld(line) == by_oxigraph(line) == expected
