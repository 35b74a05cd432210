"""Rows: a result is cut between two rows and nowhere else, in whatever pieces it comes and whatever its values hold."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyoxigraph import Literal, QueryResultsFormat, QuerySolutions, Store, parse_query_results

from ld.sparql.rows import CsvRows, JsonRows, Note, Rows, TsvRows, XmlRows, readable

NOTE = Note("It is cut -- really -->", ("http://a.org/sparql#limit-rows", "http://a.org/dumps/"))
FORMATS: dict[str, tuple[QueryResultsFormat, Callable[[int, Note], Rows]]] = {
    "json": (QueryResultsFormat.JSON, JsonRows),
    "xml": (QueryResultsFormat.XML, XmlRows),
    "csv": (QueryResultsFormat.CSV, CsvRows),
    "tsv": (QueryResultsFormat.TSV, TsvRows),
}
# What could be taken for the end of a row, in one format or another.
ODD = (
    "},{", '"', "{}", ",", ":", '},{"', '"},{"a":{"type":', "\\n", "\n", "\r\n", "<result>", "</result>", "]}}", "\\",
    "é", "\x01", "'", "[{},{}", "{},{},{", "-->", '""', "\t", "</results></sparql>", '"bindings":[',
)  # fmt: skip
VALUES = st.none() | st.lists(st.sampled_from(ODD), max_size=6).map("".join) | st.text(max_size=5)
ROWS = st.lists(st.tuples(VALUES, VALUES), max_size=9)
PIECES = st.lists(st.sampled_from((1, 3, 7, 20, 100, 10_000)), min_size=1, max_size=20)

Row = tuple[str | None, str | None]


def _query(rows: Sequence[Row]) -> str:
    def term(value: str | None) -> str:
        return "UNDEF" if value is None else str(Literal(value))

    values = " ".join(f"({term(a)} {term(b)})" for a, b in rows)
    return f"SELECT ?a ?b {{ VALUES (?a ?b) {{ {values} }} }}"


def _written(rows: Sequence[Row], name: str, limit: int | None = None) -> bytes:
    query = _query(rows) + (f" LIMIT {limit}" if limit is not None else "")
    return Store().query(query).serialize(format=FORMATS[name][0]) or b""


def _passed(whole: bytes, name: str, most: int, sizes: Sequence[int]) -> tuple[Rows, bytes]:
    rows, passed, at, number = FORMATS[name][1](most, NOTE), bytearray(), 0, 0
    while at < len(whole):
        size = sizes[number % len(sizes)]
        passed += rows.feed(whole[at : at + size])
        at, number = at + size, number + 1
    passed += rows.end()
    if rows.patch:
        place, patch = rows.patch
        assert passed[place : place + len(patch)].strip() == b""
        passed[place : place + len(patch)] = patch
    return rows, bytes(passed)


def _solutions(result: bytes, name: str) -> list[Row]:
    parsed = parse_query_results(readable(result) if name == "xml" else result, format=FORMATS[name][0])
    assert isinstance(parsed, QuerySolutions)
    found = [tuple(solution[variable] for variable in ("a", "b")) for solution in parsed]
    return [tuple(value.value if value else None for value in row) for row in found]  # type: ignore[misc]


@pytest.mark.parametrize("name", FORMATS)
@given(rows=ROWS, most=st.integers(1, 10), sizes=PIECES)
@example(rows=[(None, None)] * 4, most=2, sizes=[3])
@example(rows=[("x", None)] * 3 + [(None, None)] * 3, most=4, sizes=[1])
def test_exactly_the_rows_that_may_pass_do(name: str, rows: list[Row], most: int, sizes: list[int]) -> None:
    counted, passed = _passed(_written(rows, name), name, most, sizes)
    assert counted.rows == min(most, len(rows))
    assert counted.cut == (len(rows) > most)
    expected = _written(rows, name, most)
    if name in ("csv", "tsv"):  # which have no place for a note
        assert passed == expected
    else:
        assert _solutions(passed, name) == _solutions(expected, name)


@pytest.mark.parametrize("name", FORMATS)
@given(rows=ROWS, sizes=PIECES)
def test_a_result_that_is_not_cut_stays_as_it_was_written(name: str, rows: list[Row], sizes: list[int]) -> None:
    whole = _written(rows, name)
    _, passed = _passed(whole, name, 10, sizes)
    if name == "json":  # may have got white space in its head
        assert json.loads(passed) == json.loads(whole)
        assert passed.replace(b" ", b"") == whole.replace(b" ", b"")
    else:
        assert passed == (readable(whole) if name == "xml" else whole)


@given(rows=st.lists(st.tuples(VALUES, VALUES), min_size=2, max_size=9), sizes=PIECES)
def test_json_that_is_cut_names_the_reason_and_the_rest_in_its_head(rows: list[Row], sizes: list[int]) -> None:
    _, passed = _passed(_written(rows, "json"), "json", 1, sizes)
    assert json.loads(passed)["head"] == {"vars": ["a", "b"], "link": list(NOTE.links)}


@given(rows=st.lists(st.tuples(VALUES, VALUES), min_size=2, max_size=9), sizes=PIECES)
def test_xml_that_is_cut_says_so_in_a_comment_and_is_well_formed(rows: list[Row], sizes: list[int]) -> None:
    _, passed = _passed(_written(rows, "xml"), "xml", 1, sizes)
    parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))
    comments = [node.text for node in ET.fromstring(passed, parser).iter() if not isinstance(node.tag, str)]
    assert len(comments) == 1
    assert "It is cut" in str(comments[0])


def test_characters_that_xml_cannot_hold_are_replaced() -> None:
    whole = Store().query('SELECT ("a\\u0001b\\uFFFEc" AS ?a) {}').serialize(format=QueryResultsFormat.XML) or b""
    _, passed = _passed(whole, "xml", 9, [10_000])
    assert "a\ufffdb\ufffdc" in "".join(ET.fromstring(passed).itertext())
