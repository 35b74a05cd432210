"""Which format and which coding the headers of a request ask for."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ld import formats
from ld.formats import FORMATS, negotiate
from ld.formats.negotiation import MAX_HEADER, negotiate_encoding

CASES = Path(__file__).parent / "cases" / "negotiation"

Header = list[str] | None


def rows(name: str) -> list[list[str]]:
    lines = (CASES / name).read_text(encoding="utf-8").splitlines()
    return [[*line.split("\t"), ""] for line in lines if line and not line.startswith("# ")]


def header(written: str) -> Header:
    if written == "-":
        return None
    return [""] if written == '""' else written.split(" ⏎ ")


ACCEPT = [(format_, media_type, header(written)) for format_, media_type, written, *_ in rows("accept.tsv")]
ENCODING = [(coding, header(written)) for coding, written, *_ in rows("accept-encoding.tsv")]


@pytest.mark.parametrize(("expected", "media_type", "accept"), ACCEPT, ids=[str(case[2]) for case in ACCEPT])
def test_an_accept_header_gets_the_format_of_the_table(expected: str, media_type: str, accept: Header) -> None:
    choice = negotiate(accept)
    if expected == "406":
        assert choice is None
    else:
        assert choice is not None
        assert (choice.format.name, choice.media_type) == (expected, media_type)


@pytest.mark.parametrize(("expected", "accept"), ENCODING, ids=[str(case[1]) for case in ENCODING])
def test_an_accept_encoding_header_gets_the_coding_of_the_table(expected: str, accept: Header) -> None:
    assert (negotiate_encoding(accept) or "identity") == expected


def test_every_name_of_every_format_is_in_the_table() -> None:
    asked = {accept[0] for _, _, accept in ACCEPT if accept}
    assert asked >= {name for row in FORMATS for name in (row.media_type, *row.aliases)}


def test_no_media_type_asks_for_two_formats() -> None:
    names = [name for row in FORMATS for name in (row.media_type, *row.aliases)]
    assert len(names) == len(set(names))


def test_several_headers_mean_what_one_with_commas_means() -> None:
    assert negotiate(["text/html;q=0.5", "text/turtle"]) == negotiate("text/html;q=0.5, text/turtle")


def test_the_formats_offered_may_be_fewer() -> None:
    rdf_only = [row for row in FORMATS if row.rdf]
    assert negotiate("*/*", rdf_only) == formats.Choice(formats.BY_SUFFIX["ttl"], "text/turtle")
    assert negotiate("text/html", rdf_only) is None
    assert negotiate("text/html", []) is None


def test_text_is_labelled_with_its_charset() -> None:
    labels = {row.name: row.content_type for row in FORMATS}
    assert labels["ttl"] == "text/turtle; charset=utf-8"
    assert labels["nt"] == "application/n-triples"
    plain = negotiate("text/plain")
    assert plain is not None
    assert plain.content_type == "text/plain; charset=utf-8"


MEDIA = st.sampled_from([name for row in FORMATS for name in (row.media_type, *row.aliases)] + ["*/*", "text/*", "a/b"])
WEIGHT = st.sampled_from(["", ";q=0", ";q=0.5", ";q=1", ';x="a,b";q=0.3', ";q=", ";q=1e9", '";'])
NEARLY = st.lists(st.builds("{}{}".format, MEDIA, WEIGHT)).map(", ".join)


@given(st.none() | st.text() | NEARLY | st.lists(NEARLY | st.text()))
@example('"' * 5000)
@example("text/turtle;q=NaN")
@example("text/turtle;q=१")
@example("text/turtle;charset*=utf-8''%ff%")
@example("text/turtle;a*0*=x'y'%zz;a*1=b")
@example("\0,\ud800")
def test_no_header_of_any_kind_raises(accept: str | list[str] | None) -> None:
    choice = negotiate(accept)
    assert choice is None or choice.media_type in {choice.format.media_type, *choice.format.aliases.values()}
    assert negotiate_encoding(accept) in {"zstd", "gzip", None}


@given(MEDIA)
def test_no_wildcard_brings_back_a_type_that_is_refused(refused: str) -> None:
    choice = negotiate(f"{refused};q=0, text/*;q=0.9, application/*, */*;q=0.8")
    assert choice is None or choice.media_type != refused


@pytest.mark.parametrize(
    "unit", ["text/turtle,", ",", '"', ";", "a/b;q=0.5,", 'text/turtle;a="\\', "*", " ", "a=", "text/x;a*0=b,"]
)
def test_nothing_behind_the_front_of_a_huge_header_is_read(unit: str) -> None:
    accept = unit * (1_000_000 // len(unit))  # read whole, the worst of these takes minutes
    assert negotiate(f'{accept}", application/rdf+xml') == negotiate(accept)
    assert negotiate_encoding(f'{accept}", zstd, gzip') == negotiate_encoding(accept)


def test_what_stands_at_the_front_of_a_huge_header_is_read() -> None:
    choice = negotiate("text/turtle, " + "a/b, " * MAX_HEADER)
    assert choice is not None
    assert choice.format.name == "ttl"
