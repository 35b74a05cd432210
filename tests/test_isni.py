"""ISNI and ORCID: the check character, the spellings, the reserved blocks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ld import isni

digits = st.text("0123456789", min_size=15, max_size=15)
numbers = digits.map(lambda text: text + isni.check_character(text))

KNOWN = ("0000000453606890", "000000012146438X", "000000013457086X", "0000000121032683", "0000000218250097")


@pytest.mark.parametrize("number", KNOWN)
def test_numbers_in_use_have_the_right_check_character(number: str) -> None:
    assert isni.is_valid(number)


@given(digits)
def test_exactly_one_check_character_fits(text: str) -> None:
    assert [c for c in "0123456789X" if isni.is_valid(text + c)] == [isni.check_character(text)]


@given(numbers, st.integers(0, 14), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(number: str, at: int, by: int) -> None:
    wrong = str((int(number[at]) + by) % 10)
    assert not isni.is_valid(number[:at] + wrong + number[at + 1 :])


@given(numbers, st.integers(0, 14))
def test_two_neighbours_changed_about_are_noticed(number: str, at: int) -> None:
    swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    assert swapped == number or not isni.is_valid(swapped)


@pytest.mark.parametrize("text", ["", "X" * 16, "00000004536068901", "000000045360689", "000000012146438x", "٠" * 16])
def test_what_has_another_form_is_no_number(text: str) -> None:
    assert not isni.is_valid(text)


SPELLINGS = (
    "{}", "{spaced}", "  {spaced}\u00a0", "ISNI {spaced}", "isni: {}", "https://isni.org/isni/{}", "http://isni.org/{}",
    "http://www.isni.org/isni/{}", "http://isni.org/isni/{}/", "https://isni.org/isni/{}/about", "{hyphened}",
    "https://orcid.org/{hyphened}", "http://www.orcid.org/{hyphened}", "orcid.org/{hyphened}", "ORCID iD {hyphened}",
    "www.isni.org/isni/{}", "http://isni-url.oclc.nl/isni/{}", "{lower}",
)  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS)
@given(number=numbers)
def test_every_spelling_gives_the_same_sixteen_characters(spelling: str, number: str) -> None:
    hyphened = isni.spaced(number).replace(" ", "-")
    text = spelling.format(number, spaced=isni.spaced(number), hyphened=hyphened, lower=number.lower())
    assert isni.compact(text) == number


@given(st.text())
def test_any_text_can_be_asked(text: str) -> None:
    assert isni.is_valid(isni.compact(text)) in (True, False)


BLOCKS = {
    "000000015000000": True,
    "000000014999999": False,
    "000000035000000": True,
    "000000035000001": False,
    "000900000000000": True,
    "000900100000000": True,
    "000900100000001": False,
    "000000045360689": False,
}


@pytest.mark.parametrize(("text", "orcid"), BLOCKS.items())
def test_orcid_ids_are_the_blocks_that_isni_reserves(text: str, orcid: bool) -> None:
    assert isni.is_orcid(text + isni.check_character(text)) is orcid


def test_addresses_name_the_person_and_not_the_page() -> None:
    assert isni.isni_iri("0000000453606890") == "https://isni.org/isni/0000000453606890"
    assert isni.orcid_iri("000000021825009X") == "https://orcid.org/0000-0002-1825-009X"
    assert isni.spaced("0000000453606890") == "0000 0004 5360 6890"
