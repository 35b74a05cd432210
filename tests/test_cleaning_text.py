"""Texts, dates, access wordings and addresses, each by its table of what was seen."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyoxigraph import NamedNode

from ld.cleaning import dates, urls
from ld.cleaning.access import rights
from ld.cleaning.text import excerpt, is_null, mend

MENDED = {
    "&alpha;-peat": "α-peat",
    "&GT; 5 &LT; 6": "> 5 < 6",
    "Tides.&#xD; More.": "Tides. More.",
    "a&#13;b": "a b",
    "&amp;amp;lt;": "<",
    "&#8217;&#x2019;&#146;": "’’’",
    "R&D at AT&T; &nosuch;": "R&D at AT&T; &nosuch;",
    "TNF-andalpha; and andDelta;T and andbeta;": "TNF-α and ΔT and β",
    "interferon andgt; 5 andeacute;": "interferon > 5 é",
    "and#945;": "α",
    "handle; candle; brand; land; and": "handle; candle; brand; land; and",
    "e\u0301tude": "étude",
    "cafÃ© donâ€™t": "café don’t",
    "10 mÂ²": "10 m²",
    "OÌ\x81 Briain": "Ó Briain",
    "\x93quoted\x94": "“quoted”",
    "OÌ": "OÌ",  # the second byte is lost: there is nothing to repair it from
    "SÃO PAULO FALCÃO": "SÃO PAULO FALCÃO",
    "naïve – “Ängström”": "naïve – “Ängström”",
    "a\x00b\x07c\u200bd\ufeff": "abcd",
    "soft\u00adhyphen": "softhyphen",
    "Peat @@MISSING-DATA": "Peat",
    "نص عربي": "نص عربي",
}


@pytest.mark.parametrize(("printed", "expected"), MENDED.items())
def test_a_text_is_mended_where_that_is_certain(printed: str, expected: str) -> None:
    text, done = mend(printed)
    assert text == expected
    assert bool(done) == (printed != expected)


def test_half_of_a_double_encoding_is_undone_where_the_other_half_is_lost() -> None:
    assert mend("mÂ²â")[0] == "m²â"


def test_line_breaks_stay_where_they_may() -> None:
    assert mend("a \r\nb\r\rc", lines=True) == ("a\nb\n\nc", ())
    assert mend("a \r\nb\r\rc") == ("a b c", ())


@settings(max_examples=300)
@given(st.text(max_size=80) | st.text(st.characters(max_codepoint=0x3000), max_size=80), st.booleans())
def test_what_is_mended_is_nfc_has_no_controls_and_needs_no_mending(printed: str, lines: bool) -> None:
    text, _ = mend(printed, lines=lines)
    assert unicodedata.is_normalized("NFC", text)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", text)
    assert text == text.strip()
    text.encode()


@given(st.text("abcdefgh ,.;:'()-", max_size=60))
def test_plain_text_is_only_stripped_and_spaced(printed: str) -> None:
    assert mend(printed) == (" ".join(printed.split()), ())


@pytest.mark.parametrize("printed", ["", " ", "\u00a0", "not Available.", "@@MISSING-DATA", "dc_x:: @@MISSING-DATA"])
def test_null_markers(printed: str) -> None:
    assert is_null(printed)


@pytest.mark.parametrize("printed", ["Not available in print", "0", "none", "-", "Unavailable", "x" * 99])
def test_what_only_looks_like_a_null_marker(printed: str) -> None:
    assert not is_null(printed)


@given(st.text(), st.none() | st.text())
def test_an_excerpt_is_short_and_shows_the_difference(before: str, after: str | None) -> None:
    one, other = excerpt(before, after)
    assert len(one) <= 200
    assert other is None or len(other) <= 200
    if after is not None and before != after:
        assert one != other


AWARDS = {
    "2014": ("2014", None),
    "2014-07": ("2014", "2014-07"),
    "2014-7-1": ("2014", "2014-07-01"),
    "2014-07-01": ("2014", "2014-07-01"),
    "2014-07-01T12:00:00Z": ("2014", "2014-07-01"),
    "[2014]": ("2014", None),
    "c2014": ("2014", None),
    "[c.2014]": ("2014", None),
    "©2014.": ("2014", None),
    "2014?": ("2014", None),
    "July 2014": ("2014", "2014-07"),
    "Sept. 2014": ("2014", "2014-09"),
    "1st July 2014": ("2014", "2014-07-01"),
    "July 1, 2014": ("2014", "2014-07-01"),
    "2014-13": ("2014", None),
    "2014-00-00": ("2014", None),
    "2014-02-30": ("2014", "2014-02"),
    "31 February 2014": ("2014", "2014-02"),
    "01/02/2014": ("2014", None),
    "2008/09": ("2008", None),
    "20l4": ("20l4", None),
    "2014-2015": ("2014-2015", None),
    "forthcoming": ("forthcoming", None),
    "٢٠١٤": ("٢٠١٤", None),
}


@pytest.mark.parametrize(("printed", "expected"), AWARDS.items())
def test_a_date_is_never_finer_than_printed(printed: str, expected: tuple[str, str | None]) -> None:
    award = dates.award(printed)
    assert (award.issued, award.date) == expected
    if printed not in (award.issued, award.date):
        assert award.note


@given(st.dates())
def test_every_day_of_the_calendar_is_read(day: object) -> None:
    assert dates.award(str(day)).date == dates.day_in(f"Embargoed until {day}.") == str(day)


@given(st.text("0123456789-/ []c.JulyTZ:", max_size=12))
def test_a_date_that_is_found_exists(printed: str) -> None:
    award = dates.award(printed)
    if award.date:
        assert re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?", award.date)
        assert award.date.startswith(award.issued)


@pytest.mark.parametrize(
    "text", ["June 2026", "no day", "2026", "1 Jan 2020 or 2 Feb 2021", "30 February 2020", "0000-01-01"]
)
def test_a_text_that_names_no_day_or_two_gives_none(text: str) -> None:
    assert dates.day_in(text) is None


ACCESS = {
    "": (None, None),
    "Full text unavailable from EThOS. Please try the link below.": (None, None),
    "Full text unavailable from EThOS.": ("metadata-only", None),
    "Full text unavailable from EThOS. Restricted access.": ("restricted", None),
    "Full text unavailable from EThOS. Thesis embargoed until 01 Mar 2025": ("embargoed", "2025-03-01"),
    "Full text unavailable from EThOS. Thesis embargoed until 31 Dec 2100": ("restricted", None),
    "Full text available": ("open", None),
    "public": ("open", None),
    "staffonly": ("restricted", None),
    "validuser": ("restricted", None),
    "public|staffonly": ("open", None),
    "staffonly|validuser": ("restricted", None),
    "info:eu-repo/semantics/openAccess": ("open", None),
    "info:eu-repo/semantics/embargoedAccess": ("embargoed", None),
    "info:eu-repo/semantics/closedAccess": ("restricted", None),
    "Unrestricted": (None, None),
}


@pytest.mark.parametrize(("wordings", "expected"), ACCESS.items())
def test_an_access_wording_says_who_may_read(wordings: str, expected: tuple[str | None, str | None]) -> None:
    found = rights(filter(None, wordings.split("|")), [])
    assert (found.access, found.available) == expected


ADDRESSES = {
    "http://example.org": "http://example.org",
    "HTTPS://Example.org/A b": "https://Example.org/A%20b",
    "https://example.org/a%20b": "https://example.org/a%20b",
    "https://example.org/100%/x": "https://example.org/100%25/x",
    "https://example.org/x#a#b": "https://example.org/x#a%23b",
    "https://example.org/[1]": "https://example.org/%5B1%5D",
    "https://example.org/a\tb\n": "https://example.org/a%09b",
    "https://example.org/{a}|\\^`": "https://example.org/%7Ba%7D%7C%5C%5E%60",
    "https://example.org/é": "https://example.org/é",
    "https://example.org:8080/x?y=z&w=%20": "https://example.org:8080/x?y=z&w=%20",
    "http://[::1]/": "http://[::1]/",
    "http:/example.org": None,
    "http://": None,
    "http:///x": None,
    "http://a b.org/": None,
    "http://<b>/": None,
    "javascript:alert(1)": None,
    "mailto:a@example.org": None,
    "//example.org/x": None,
    "": None,
}


@pytest.mark.parametrize(("printed", "expected"), ADDRESSES.items())
def test_an_address_is_absolute_and_escaped_or_refused(printed: str, expected: str | None) -> None:
    assert urls.absolute(printed) == expected


@settings(max_examples=300)
@given(st.text().map("https://example.org/".__add__) | st.text().map("http://".__add__) | st.text())
@example("https://example.org/\ue000?\ue000#\ue000")
@example("http://a:b@c:d/")
def test_every_address_that_is_taken_is_an_iri_to_every_parser(printed: str) -> None:
    address = urls.absolute(printed)
    if address is not None:
        NamedNode(address)
        assert urls.absolute(address) == address
        assert not re.search(r"[\s\"<>{}|\\^`]", address)
