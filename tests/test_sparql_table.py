"""The table: what people see of solutions, and what never reaches their terminal."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from ld.namespaces import XSD
from ld.sparql.table import Names, Table, Term, cells, cut, visible

EX = "http://a.org/"
PREFIXES = {"ex": EX, "exid": f"{EX}id/", "": "http://b.org/", "xsd": XSD}


def lines(*rows: tuple[Term | None, ...], names: str = "x y", width: int | None = None) -> list[str]:
    """A table of rows."""
    return list(Table(names.split(), Names(PREFIXES), width).lines(rows))


def show(term: Term | None) -> str:
    return Names(PREFIXES).show(term)


def test_columns_are_aligned_and_numbers_stand_right() -> None:
    rows = [(Literal("one"), Literal(1)), (Literal("twenty"), Literal(20)), (Literal("日本"), Literal(300))]
    assert lines(*rows, names="word number") == [
        "word    number",
        "------  ------",
        "one          1",
        "twenty      20",
        "日本       300",
    ]


def test_a_column_of_numbers_and_others_stands_left() -> None:
    assert lines((Literal(1),), (Literal("a"),), names="value")[2:] == ["1", "a"]


def test_what_has_no_value_is_empty() -> None:
    assert lines((None, Literal("b")), (Literal("a"), None))[2:] == ["   b", "a"]


def test_no_solution_gives_a_header_alone_and_no_variable_nothing_but_lines() -> None:
    assert lines() == ["x  y", "-  -"]
    assert lines((), (), names="") == ["", ""]


TERMS: list[tuple[Term | None, str]] = [
    (NamedNode(f"{EX}name"), "ex:name"),
    (NamedNode(f"{EX}id/7"), "exid:7"),  # the longest namespace
    (NamedNode("http://b.org/c"), ":c"),
    (NamedNode(f"{EX}a/b"), "<http://a.org/a/b>"),  # that would be no name
    (NamedNode(f"{EX}a."), "<http://a.org/a.>"),
    (NamedNode("http://c.org/"), "<http://c.org/>"),
    (BlankNode("b1"), "_:b1"),
    (Literal("chat"), "chat"),
    (Literal("chat", language="fr"), "chat @fr"),
    (Literal("2014", datatype=NamedNode(f"{XSD}gYear")), "2014"),
    (Literal("2.50", datatype=NamedNode(f"{XSD}decimal")), "2.50"),
    (Literal(True), "true"),
    (Literal("x", datatype=NamedNode(f"{EX}type")), "x ^^ex:type"),
    (Triple(NamedNode(f"{EX}s"), NamedNode(f"{EX}p"), Literal("o\n")), '<http://a.org/s> <http://a.org/p> "o\\n"'),
    (None, ""),
]


@pytest.mark.parametrize(("term", "shown"), TERMS, ids=lambda value: str(value)[:30])
def test_a_term_is_shown_as_short_as_it_can_be_read(term: Term | None, shown: str) -> None:
    assert show(term) == shown


HOSTILE = {
    "a\nb\r\nc\td": r"a\nb\r\nc\td",
    "\x1b]0;title\x07\x1b[2J": r"\u001b]0;title\u0007\u001b[2J",
    "\x9b31m": r"\u009b31m",
    "a\u202eb\u2066c\u200e": r"a\u202eb\u2066c\u200e",
    "zero\u200bwidth\ufeff\xad": r"zero\u200bwidth\ufeff\u00ad",
    "line\u2028paragraph\u2029": r"line\u2028paragraph\u2029",
    "\U000e0041tag": r"\U000e0041tag",
    "क्\u200dष": "क्\u200dष",  # which is how it is spelt
    "Thé 日本 𝄞": "Thé 日本 𝄞",
}


def test_an_iri_may_hold_what_turns_the_direction_of_writing_and_shows_it() -> None:
    assert show(NamedNode(f"{EX}a\u202eb")) == r"<http://a.org/a\u202eb>"


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_what_would_tell_a_terminal_something_is_shown_instead(text: str) -> None:
    assert show(Literal(text)) == HOSTILE[text]
    assert lines((Literal(text),), names="x")[2] == HOSTILE[text]


def test_line_breaks_and_tabs_can_be_kept() -> None:
    assert visible("a\tb\r\n\x1b\rc\n", lines=True) == "a\tb\r\n\\u001b\\rc\n"


def test_wide_and_combining_characters_are_measured_as_terminals_show_them() -> None:
    assert [cells(text) for text in ("a", "é", "e\u0301", "日", "한", "\u1112\u1161\u11ab", "Ａ", "😀")] == [
        1, 1, 1, 2, 2, 2, 2, 2
    ]  # fmt: skip
    assert [cut(text, 3) for text in ("abc", "abcd", "日本", "日", "e\u0301e\u0301e\u0301", "")] == [
        "abc", "ab…", "日…", "日", "e\u0301e\u0301e\u0301", "",
    ]  # fmt: skip


def test_the_widest_columns_give_way_first() -> None:
    row = Literal("short"), Literal("m" * 20), Literal("w" * 50)
    assert lines(row, names="a b c", width=43)[2] == f"short  {'m' * 16}…  {'w' * 16}…"
    assert lines(row, names="a b c", width=78)[2] == f"short  {'m' * 20}  {'w' * 48}…"


def test_what_is_cut_is_said_and_nothing_is_where_there_is_no_terminal() -> None:
    rows = [(Literal("w" * 50),)]
    narrow, wide = Table(["x"], Names({}), 20), Table(["x"], Names({}), None)
    assert list(narrow.lines(rows))[2] == "w" * 19 + "…"
    assert list(wide.lines(rows))[2] == "w" * 50
    assert (narrow.cut, wide.cut, narrow.rows) == (True, False, 1)


def test_widths_come_from_the_first_rows_and_the_others_follow_one_by_one() -> None:
    taken = 0

    def rows() -> Any:
        nonlocal taken
        for number in range(5_000):
            taken += 1
            yield (Literal("x" * (5 if number < 1_000 else 9)), Literal("y"))

    for width, last in ((8, "xxxx…  y"), (None, "xxxxxxxxx  y")):
        taken = 0
        table = Table(["a", "b"], Names({}), width)
        shown = table.lines(rows())
        assert next(shown) == "a      b"
        assert taken <= 1_001
        assert [*shown][-1] == last
        assert table.rows == 5_000


texts = st.text(max_size=60) | st.text("\x00\x1b\n\r\u0301\u200b\u202e日\u1161a", max_size=60)
iris = st.text("a.-/日\u0301\u202e", max_size=60).map(lambda text: NamedNode(EX + text))
terms = (
    st.none()
    | texts.map(Literal)
    | iris
    | st.integers(-(10**9), 10**9).map(Literal)
    | texts.map(lambda text: Literal(text, language="en"))
)
HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


@given(st.data(), st.integers(1, 5), st.integers(0, 60))
def test_every_row_is_one_line_that_fits_and_obeys_nothing(data: st.DataObject, columns: int, more: int) -> None:
    rows = data.draw(st.lists(st.tuples(*[terms] * columns), max_size=8))
    width = 3 * columns - 2 + more  # a cell for each column, and two between them
    names = [f"name{number}" for number in range(columns)]
    for given_width in (width, None):
        table = Table(names, Names(PREFIXES), given_width)
        found = list(table.lines(rows))
        assert len(found) == 2 + len(rows)
        assert table.rows == len(rows)
        for line in found:
            assert not [c for c in line if unicodedata.category(c) in HIDDEN and c not in "\u200c\u200d"]
            assert given_width is None or cells(line) <= width
        if given_width is None:
            assert not table.cut


@given(texts, st.integers(1, 30))
def test_what_is_cut_fits_and_is_a_part_of_the_whole(text: str, most: int) -> None:
    for whole in (visible(text), f"<{visible(text)}>"):
        fitted = cut(whole, most)
        assert cells(fitted) <= most
        assert fitted == whole or (fitted.endswith("…") and whole.startswith(fitted[:-1])) or (
            fitted.startswith("…") and whole.endswith(fitted[1:])
        )  # fmt: skip


def test_of_an_iri_the_end_is_kept() -> None:
    iri = NamedNode("http://c.org/id/thesis/uk.bl.ethos.637591")
    assert lines((iri,), names="x", width=24)[2] == "…sis/uk.bl.ethos.637591>"
