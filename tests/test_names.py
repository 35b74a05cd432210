"""Names of people and bodies: taken apart, compared, made a slug."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ld import names

PARSED = {
    "Andersson, Henrike": ("Andersson", "Henrike", "Henrike Andersson"),
    "Willis, M. E. H.": ("Willis", "M. E. H.", "M. E. H. Willis"),
    "Mononym": ("Mononym", None, "Mononym"),
    "de la Cruz, Ana": ("de la Cruz", "Ana", "Ana de la Cruz"),
    "Cruz, Ana de la": ("Cruz", "Ana de la", "Ana de la Cruz"),
    "Smith, John, Jr.": ("Smith", "John, Jr.", "John, Jr. Smith"),
    "Smith,John": ("Smith", "John", "John Smith"),
    "Smith,": ("Smith", None, "Smith"),
    ", John": ("John", None, "John"),
}


@pytest.mark.parametrize(("printed", "expected"), PARSED.items())
def test_a_name_is_family_name_and_forenames(printed: str, expected: tuple[str, str | None, str]) -> None:
    name = names.parse(printed)
    assert (name.family, name.given, name.direct) == expected


@given(st.text("Aé-. ", min_size=1), st.text("Bø. "))
def test_a_name_put_back_in_order_is_the_same_name(family: str, given_names: str) -> None:
    name = names.parse(f"{family}, {given_names}")
    assert names.parse(name.inverted) == name


AGREE = [
    ("Willis, Martin", "Willis, Martin"),
    ("Willis, Martin", "WILLIS, MARTIN"),
    ("Willis, M. E. H.", "Willis, Martin Edward"),
    ("Willis, MEH", "Willis, M. E. H."),
    ("Willis, M.E.H.", "Willis, Martin Edward Henry"),
    ("Willis, Martin", "Willis"),
    ("Müller, Zoë", "Muller, Zoe"),
    ("O'Brien, Sean", "O’Brien, Seán"),
    ("Lizárraga Cubedo, Héctor", "Lizarraga Cubedo, H."),
    ("Hérisson, J.-P.", "Hérisson, Jean-Paul"),
]
DISAGREE = [
    ("Willis, Martin", "Willis, Mary"),
    ("Willis, M.", "Wells, M."),
    ("Willis, Martin E.", "Willis, Martin H."),
    ("Willis, Mart", "Willis, Martin"),
    ("Cubedo, H.", "Lizarraga Cubedo, H."),
    ("Willis, Edward", "Willis, M. Edward"),
    ("WU, LI", "Wu, Lara Ina"),  # in capitals a short name is no initials
]


@pytest.mark.parametrize(("one", "other"), AGREE)
def test_names_agree_when_forenames_are_equal_or_initials_or_missing(one: str, other: str) -> None:
    assert names.agree(names.parse(one), names.parse(other))


@pytest.mark.parametrize(("one", "other"), DISAGREE)
def test_names_disagree_when_any_position_does(one: str, other: str) -> None:
    assert not names.agree(names.parse(one), names.parse(other))


printed = st.text("ABab., -é", max_size=12)


@given(printed, printed)
def test_agreement_does_not_depend_on_the_order(one: str, other: str) -> None:
    a, b = names.parse(one), names.parse(other)
    assert names.agree(a, b) == names.agree(b, a)
    assert names.agree(a, a)


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert names.fold(names.fold(text)) == names.fold(text)


@given(st.text())
def test_folding_does_not_see_case_accents_composed_or_not_and_space(text: str) -> None:
    folded = names.fold(text)
    for form in ("NFC", "NFD"):
        assert names.fold(f"  {unicodedata.normalize(form, text)} ") == folded
    assert "  " not in folded


SAME = [
    ("The University of St. Andrews", "University of St Andrews"),
    ("King's College London", "King’s College, London"),
    ("Arts & Crafts", "Arts and Crafts"),
    ("University of Wales, Aberystwyth", "University of Wales Aberystwyth"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_spellings_of_a_body_have_one_key(one: str, other: str) -> None:
    assert names.body_key(one) == names.body_key(other)


def test_a_body_whose_name_only_begins_like_an_article_keeps_it() -> None:
    assert names.body_key("Theological College") == "theological college"


@given(st.text())
def test_a_slug_is_a_plain_path_segment(text: str) -> None:
    assert re.fullmatch(r"(?:[a-z0-9]+(?:-[a-z0-9]+)*)?", names.slug(text))
