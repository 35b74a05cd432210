"""The record page: labels, lines that hold two of them, and the abstract that has none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ld import sources
from ld.record import Deletion, SourceRecord, Unreadable
from ld.sources.page import HEAD_LABELS, TAIL_LABELS

HEAD = """Use this URL to cite or link to this record in EThOS:
Title: On the sound of empty houses
Author: Quill, J. R.
Awarding Body: University of Wessex
Current Institution: University of Wessex
Date of Award: 1981
Availability of Full Text:
Access from EThOS:
Access from Institution:
"""


def read(folder: Path, text: str | bytes) -> list[SourceRecord | Unreadable | Deletion]:
    path = folder / "page.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(sources.read([path]))


def fields(folder: Path, text: str) -> dict[str, tuple[str, ...]]:
    (item,) = read(folder, text)
    assert isinstance(item, SourceRecord)
    return dict(item.fields)


TAILS = {
    "Supervisor: Reed, Anna Sponsor: Not available": {"supervisor": "Reed, Anna"},
    "Supervisor: Not available Sponsor: Chalk Trust": {"sponsor": "Chalk Trust"},
    "Supervisor: Reed, Anna": {"supervisor": "Reed, Anna"},
    "Sponsor: Chalk Trust": {"sponsor": "Chalk Trust"},
    "Supervisor: Reed, Anna\nSponsor: Chalk Trust": {"supervisor": "Reed, Anna", "sponsor": "Chalk Trust"},
    "Qualification Name: Thesis (Ph.D.) Qualification Level: Doctoral": {
        "qualification": "Thesis (Ph.D.)",
        "level": "Doctoral",
    },
    "Qualification Level: Doctoral": {"level": "Doctoral"},
    "Qualification Name: Thesis (Ph.D.)": {"qualification": "Thesis (Ph.D.)"},
    "EThOS ID: uk.bl.ethos.1 DOI: 10.99999/x": {"ethosId": "uk.bl.ethos.1", "doi": "10.99999/x"},
    "EThOS ID:  DOI: Not available": {},
    "EThOS ID:\u00a0\u00a0DOI:\u00a0Not available": {},
    "DOI: 10.99999/x": {"doi": "10.99999/x"},
    "Keywords: bells ; Sponsor: a word": {"keyword": "bells ; Sponsor: a word"},
    "Keywords: bells ;\nringing": {"keyword": "bells ; ringing"},
    "Share:\nTweet": {},
}


@pytest.mark.parametrize("abstract", ["", "An abstract.\n"])
@pytest.mark.parametrize(("tail", "expected"), TAILS.items(), ids=TAILS)
def test_the_lines_behind_the_abstract_hold_one_label_or_two(
    tmp_path: Path, tail: str, expected: dict[str, str], abstract: str
) -> None:
    found = fields(tmp_path, HEAD + abstract + tail + "\n")
    head = fields(tmp_path, HEAD)
    assert {name: values[0] for name, values in found.items() if name not in head} == expected | (
        {"abstract": "An abstract."} if abstract else {}
    )


def test_an_abstract_may_follow_the_access_lines_or_its_own_label(tmp_path: Path) -> None:
    for abstract in ("One.\nTwo.\n", "Abstract: One.\nTwo.\n", "Abstract:\nOne.\nTwo.\n"):
        assert fields(tmp_path, HEAD + abstract)["abstract"] == ("One.\nTwo.",)


def test_the_access_lines_may_be_missing(tmp_path: Path) -> None:
    text = HEAD[: HEAD.index("Availability")] + "Bees were kept on chalk long before.\n"
    found = fields(tmp_path, text)
    assert found["issued"] == ("1981",)
    assert found["abstract"] == ("Bees were kept on chalk long before.",)


ACCESS = {
    "Access from EThOS: Full text unavailable from EThOS. Restricted access.\n": "access",
    "Access from EThOS:\nFull text unavailable from EThOS. Restricted access.\n": "access",
    "Access through EThOS: Full text available\n": "access",
    "Access from Institution: https://repository.example.org/1\n": "page",
    "Access from Institution:\nhttps://repository.example.org/1\n": "page",
}


@pytest.mark.parametrize(("lines", "field"), ACCESS.items())
def test_what_an_access_line_says_stands_behind_it_or_below_it(tmp_path: Path, lines: str, field: str) -> None:
    found = fields(tmp_path, HEAD[: HEAD.index("Access from EThOS")] + lines + "An abstract.\n")
    value = lines.removesuffix("\n").partition(":")[2].strip()
    assert found[field] == (value,)
    assert found["abstract"] == ("An abstract.",)


def test_a_record_without_a_title_is_read_all_the_same(tmp_path: Path) -> None:
    assert "title" not in fields(tmp_path, HEAD.replace("On the sound of empty houses", ""))


def test_every_record_of_a_file_has_the_line_it_begins_on(tmp_path: Path) -> None:
    items = read(tmp_path, "EThOS\n\n" + HEAD + "An abstract.\n\n" + HEAD + HEAD)
    assert [item.origin.line for item in items] == [3, 14, 23]


def test_pages_without_their_first_line_are_told_apart_by_their_titles(tmp_path: Path) -> None:
    page = HEAD.split("\n", 1)[1] + "An abstract.\nTitle: words of the abstract\nEThOS ID:  DOI: Not available\n"
    items = read(tmp_path, page * 2)
    assert [item.origin.line for item in items] == [1, 12]


def test_control_characters_are_left_to_the_cleaning(tmp_path: Path) -> None:
    assert fields(tmp_path, HEAD.replace("empty", "em\x00pty"))["title"] == ("On the sound of em\x00pty houses",)


values = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters=":\ufeff"), min_size=1)


@settings(max_examples=100)
@given(data=st.data())
def test_every_label_fills_its_field(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    labels = {label: field for label, field in (HEAD_LABELS | TAIL_LABELS).items() if field}
    labels.pop("Access through EThOS")
    given_values = {label: data.draw(values, label) for label in labels}
    text = "".join(f"{label}: {value}\n" for label, value in given_values.items())
    found = fields(tmp_path_factory.mktemp("page"), text)
    nulls = ("", "not available")
    expected = {labels[label]: value.replace("\u00a0", " ").strip() for label, value in given_values.items()}
    assert {name: values[0] for name, values in found.items()} == {
        name: value for name, value in expected.items() if value.casefold() not in nulls
    }


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_no_bytes_between_two_pages_stop_the_reader(tmp_path_factory: pytest.TempPathFactory, between: bytes) -> None:
    items = read(tmp_path_factory.mktemp("page"), HEAD.encode() + between + b"\n" + HEAD.encode())
    assert isinstance(items[-1], SourceRecord)
    assert items[-1].fields["title"] == ("On the sound of empty houses",)
