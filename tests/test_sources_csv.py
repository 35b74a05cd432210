"""The open CSV: everything a cell may hold, and what a stray quotation mark must not swallow."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ld import sources
from ld.record import Deletion, SourceRecord, Unreadable
from ld.sources.open_csv import COLUMNS, HEADER
from ld.sources.shifted import begins_row, repair

ADDRESS = "https://ethos.bl.uk/OrderDetails.do?uin=uk.bl.ethos."
SOUND = {
    "Title": "Peat and water", "DOI": " ", "Author": "Fenn, Ada", "Author ISNI": " ", "ORCID": " ",
    "Institution": "Fen University", "Institution ISNI": " ", "Date": "1990", "Qualification": " ", "Abstract": " ",
    "Subject Discipline": " ", "Supervisor(s)": " ", "Funder(s)": " ", "EThOS URL": ADDRESS + "1", "IR URL": " ",
}  # fmt: skip


def written(*rows: dict[str, str]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([HEADER, *([row[column] for column in HEADER] for row in rows)])
    return out.getvalue()


def read(folder: Path, text: str | bytes) -> list[SourceRecord | Unreadable | Deletion]:
    path = folder / "source.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(sources.read([path]))


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=40)


@settings(max_examples=150)
@given(
    rows=st.lists(
        st.fixed_dictionaries(dict.fromkeys(("Title", "Author", "Institution", "Abstract", "Funder(s)"), cells)),
        min_size=1,
        max_size=4,
    )
)
def test_whatever_a_cell_holds_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]
) -> None:
    items = read(tmp_path_factory.mktemp("csv"), written(*(SOUND | row for row in rows)))
    expected = [
        {COLUMNS[name]: (cell,) for name, cell in (SOUND | row).items() if cell and not cell.isspace()} for row in rows
    ]
    assert [dict(item.fields) if isinstance(item, SourceRecord) else item for item in items] == expected


@settings(max_examples=100)
@given(column=st.sampled_from(HEADER), at=st.integers(0, 4), abstract=st.sampled_from([" ", "One, two.", "Two\nlines"]))
def test_a_stray_quotation_mark_costs_at_most_its_own_row(
    tmp_path_factory: pytest.TempPathFactory, column: str, at: int, abstract: str
) -> None:
    rows = [SOUND | {"EThOS URL": f"{ADDRESS}{n}", "Abstract": abstract} for n in range(5)]
    lines = [written(row).split("\n", 1)[1] for row in rows]
    plain = SOUND | {"EThOS URL": f"{ADDRESS}{at}", "Author": "Mononym"}
    lines[at] = ",".join('"' + plain[name] if name == column else plain[name] for name in HEADER) + "\n"
    items = read(tmp_path_factory.mktemp("csv"), ",".join(HEADER) + "\n" + "".join(lines))
    whole = [item.fields["cite"][0] for item in items if isinstance(item, SourceRecord)]
    assert [address for address in whole if address != f"{ADDRESS}{at}"] == [
        f"{ADDRESS}{n}" for n in range(5) if n != at
    ]
    assert len(items) == 5
    assert items[at].origin.line == 2 + at * (1 + abstract.count("\n"))


@settings(max_examples=150)
@given(st.binary(max_size=400))
def test_no_bytes_behind_the_header_stop_the_reader(tmp_path_factory: pytest.TempPathFactory, tail: bytes) -> None:
    after = written(SOUND).split("\n", 1)[1].encode()
    items = read(tmp_path_factory.mktemp("csv"), written().encode() + tail + b"\n" + after)
    assert any(isinstance(item, SourceRecord) and item.fields["title"] == ("Peat and water",) for item in items)


def test_a_row_says_where_it_stands_although_cells_hold_line_breaks(tmp_path: Path) -> None:
    items = read(tmp_path, written(SOUND | {"Abstract": "a\nb\nc"}, SOUND | {"Title": "x\r\ny"}, SOUND))
    assert [item.origin.line for item in items] == [2, 5, 7]


def test_a_lone_carriage_return_outside_quotation_marks_is_no_end_of_a_row(tmp_path: Path) -> None:
    text = written(SOUND | {"Title": "A title"}, SOUND).replace("A title", "A\rtitle").replace("\n", "\r\r\n")
    items = read(tmp_path, text)
    found = [item.fields["title"][0] for item in items if isinstance(item, SourceRecord)]
    assert found == ["A\u2028title", "Peat and water"]


def test_a_stray_quotation_mark_in_the_last_row_is_told(tmp_path: Path) -> None:
    broken = written(SOUND | {"Author": "Mononym"}).rstrip("\n").replace("Mononym", '"Mono" nym, "A')
    items = read(tmp_path, written(SOUND) + broken.split("\n", 1)[1])
    assert isinstance(items[-1], Unreadable)
    assert items[-1].origin.line == 3
    assert "Peat and water" in items[-1].raw
    assert "quotation marks doubled" in items[-1].way_out


SHIFTED = {
    "an institution in the Date column": {"Date": "Fen University"},
    "an address in the Date column": {"Date": "https://isni.org/isni/0000000121885934"},
    "an abstract in the Date column": {"Date": "In 1990 " + "words " * 20},
    "a name in the EThOS URL column": {"EThOS URL": "Reed, Anna"},
    "a name in the ISNI column": {"Author ISNI": "Fen University"},
    "the EThOS URL in the last column": {"EThOS URL": " ", "IR URL": ADDRESS + "1"},
}


@pytest.mark.parametrize("odd", SHIFTED.values(), ids=SHIFTED)
def test_a_shifted_row_of_fifteen_columns_is_noticed(tmp_path: Path, odd: dict[str, str]) -> None:
    (item,) = read(tmp_path, written(SOUND | odd))
    assert isinstance(item, Unreadable)
    assert item.field in odd
    assert "is shifted" in item.problem


NOT_SHIFTED = {
    "a year with a letter": {"Date": "20l4"},
    "a year in brackets": {"Date": "[c1990]"},
    "a month": {"Date": "July 1990"},
    "no year": {"Date": " "},
    "an ISNI that is a word": {"Author ISNI": "unknown"},
    "no EThOS URL": {"EThOS URL": " "},
    "today's EThOS address": {"EThOS URL": "https://ethos.bl.uk/concern/thesis_or_dissertations/9"},
    "no title": {"Title": " "},
}


@pytest.mark.parametrize("odd", NOT_SHIFTED.values(), ids=NOT_SHIFTED)
def test_a_value_that_is_only_wrong_is_left_to_the_shapes(tmp_path: Path, odd: dict[str, str]) -> None:
    (item,) = read(tmp_path, written(SOUND | odd))
    assert isinstance(item, SourceRecord)


def test_columns_that_a_spreadsheet_added_do_no_harm(tmp_path: Path) -> None:
    text = "\n".join(line + ",," for line in written(SOUND).splitlines())
    (item,) = read(tmp_path, text)
    assert isinstance(item, SourceRecord)


def test_a_line_of_an_abstract_never_looks_like_a_row() -> None:
    for line in (
        "red, green, blue, white, black, grey, brown, pink, and more",
        'the end of it.",Music,"Reed, A.", ,https://ethos.bl.uk/OrderDetails.do?uin=uk.bl.ethos.1, ',
        "1990, 1991, 1992, 1993, 1994, 1995, 1996, 1997, 1998",
        ", , , , , , , , , , , , , ,",
    ):
        assert not begins_row(line) or not line.strip(", ")


AMBIGUOUS = {
    "two free columns side by side": 'T, ,"F, A", , ,Fen University, ,1990, , ,Law,One, two,Three, ',
    "a column too few": 'T, ,"F, A", , ,Fen University, ,1990, , , , ,',
    "quoted words at both ends": '"Good", bad and "ugly", ,"F, A", , ,Fen University, ,1990, , , , , ,',
}


@pytest.mark.parametrize("before", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_a_row_that_could_be_read_in_two_ways_is_not_repaired(before: str) -> None:
    assert repair(f"{before}{ADDRESS}1, ") is None
