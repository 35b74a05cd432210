"""Addresses: keys, paths and the way back; and addresses as sources give them."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import NamedNode

from ld import iris

keys = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
kinds = st.sampled_from(iris.KINDS)

SHOWN = {
    "uk.bl.ethos.637591": "uk.bl.ethos.637591",
    "https://ethos.bl.uk/OrderDetails.do?uin=uk.bl.ethos.637591": "uk.bl.ethos.637591",
    "http://ethos.bl.uk/OrderDetails.do?did=1&uin=uk.bl.ethos.7&x=2": "uk.bl.ethos.7",
    "uk.bl.ethos.637591.txt": "uk.bl.ethos.637591",
    "https://ethos.bl.uk/concern/thesis_or_dissertations/9": None,
    "uk.bl.ethos.": None,
    "uk.bl.ethos.1234567890": None,
    "ukxblxethosx1": None,
}


@pytest.mark.parametrize(("text", "expected"), SHOWN.items())
def test_an_ethos_id_is_found_whole_or_not_at_all(text: str, expected: str | None) -> None:
    assert iris.ethos_id_in(text) == expected


texts = st.none() | st.text()


@given(texts, texts, texts)
def test_an_earlier_key_is_x_and_sixteen_hex_digits(title: str | None, author: str | None, year: str | None) -> None:
    key = iris.earlier_key(title, author, year)
    assert re.fullmatch(r"x-[0-9a-f]{16}", key)
    assert iris.segment(key) == key


@given(st.text(), st.text())
def test_an_earlier_key_does_not_see_accents_case_and_spacing(title: str, author: str) -> None:
    other = iris.earlier_key(f" {unicodedata.normalize('NFD', title)}  ", unicodedata.normalize("NFC", author), "1990")
    assert other == iris.earlier_key(title, author, "1990")


def test_an_earlier_key_keeps_title_author_and_year_apart() -> None:
    assert iris.earlier_key("a b", "c", "1990") != iris.earlier_key("a", "b c", "1990")
    assert iris.earlier_key("a", "b", "1990") != iris.earlier_key("a", "b", "1991")


@given(kinds, keys)
def test_the_way_back_from_a_path_finds_the_key(kind: iris.Kind, key: str) -> None:
    for path in (iris.id_path(kind, key), iris.doc_path(kind, key)):
        there, named, segment = path.split("/")
        assert (there in ("id", "doc"), named, unquote(segment)) == (True, kind, key)
        NamedNode("http://localhost:8000/" + path)


@given(kinds, keys, st.sampled_from(["http://localhost:8000/", "https://example.org/id/theses/"]))
def test_the_description_of_a_thing_has_its_key(kind: iris.Kind, key: str, base: str) -> None:
    assert iris.doc_of(base + iris.id_path(kind, key) + "#author-1") == base + iris.doc_path(kind, key)
