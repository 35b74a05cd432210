"""The seeds, and the real records that lie beside a developer's checkout (a user's has none)."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from ld import sources
from ld.cleaning import clean
from ld.record import SourceRecord, Thesis
from ld.sources.shifted import begins_row

ROOT = Path(__file__).parent.parent
DATA = ROOT.parent / "shared" / "data"
real = pytest.mark.skipif(not DATA.is_dir(), reason="the real records are not beside this checkout")


def cleaned(path: Path) -> list[Thesis]:
    items = list(sources.read([path]))
    assert all(isinstance(item, SourceRecord) for item in items)
    return [clean(item) for item in items if isinstance(item, SourceRecord)]


def test_the_sample_record_of_the_seeds_is_read_whole() -> None:
    (sample,) = (
        thesis for thesis in cleaned(ROOT / "seeds") if thesis.title and thesis.title.value.startswith("Therapists'")
        and thesis.abstract
    )  # fmt: skip
    assert sample.title is not None
    assert sample.title.value.endswith(" : an interpretative phenomenological analysis")
    assert [(person.name, person.isni) for person in sample.creator] == [("Andersson, Henrike", "0000000453606890")]
    assert sample.awarding_body == sample.current_institution
    assert sample.issued == "2014"
    assert sample.date is None
    assert sample.qualification == "Thesis (D.Psy.)"
    assert sample.level == "Doctoral"
    assert sample.abstract[0].value.startswith("The therapeutic alliance is fundamental")
    assert sample.abstract[0].value.endswith("training and research.")
    assert (sample.supervisor, sample.sponsor, sample.doi, sample.page, sample.access) == ((), (), (), (), None)
    assert sample.ethos_id is None
    assert sample.key == sample.earlier[0]
    assert sample.key.startswith("x-")
    assert sample.remarks == ()


@real
def test_the_500_rows_of_the_open_csv_are_read() -> None:
    theses = cleaned(DATA / "ethos-sample.csv")
    assert len(theses) == len({thesis.key for thesis in theses}) == 500
    assert all(
        thesis.title and thesis.creator and thesis.issued and thesis.current_institution and not thesis.awarding_body
        for thesis in theses
    )
    assert sum(bool(thesis.abstract) for thesis in theses) == 204
    assert Counter((r.kind, r.message) for t in theses for r in t.remarks) == {
        ("repair", "combining accents joined (NFC)"): 4
    }


@real
def test_text_that_lost_a_byte_to_double_encoding_is_left_as_it_is() -> None:
    names = {person.name for thesis in cleaned(DATA / "ethos-sample.csv") for person in thesis.creator}
    assert {"OÌ", "SuaÌ"} <= names


@real
def test_every_row_of_the_open_csv_looks_like_one_and_no_line_inside_a_row_does() -> None:
    path = DATA / "ethos-sample.csv"
    begins = {item.origin.line for item in sources.read([path])}
    with path.open(newline="", encoding="utf-8-sig") as file:
        assert {number for number, line in enumerate(file, 1) if begins_row(line)} == begins


@real
def test_the_csv_is_read_as_python_reads_it() -> None:
    path = DATA / "ethos-sample.csv"
    with path.open(newline="", encoding="utf-8-sig") as file:
        expected = [[cell for cell in row if cell.strip()] for row in list(csv.reader(file))[1:]]
    found = [[values[0] for values in item.fields.values()] for item in sources.read([path]) if isinstance(item, SourceRecord)]  # fmt: skip # noqa: E501
    assert found == expected


@real
def test_the_148_records_of_the_feed_are_read_with_both_bodies() -> None:
    theses = cleaned(DATA / "ethos-feed.xml")
    assert len({thesis.key for thesis in theses}) == 148
    assert all(thesis.origins[0].layout == "ethos-feed" and thesis.ethos_id for thesis in theses)
    assert sum(
        thesis.awarding_body is not None
        and thesis.current_institution is not None
        and thesis.awarding_body.name != thesis.current_institution.name
        for thesis in theses
    ) == 68  # fmt: skip
    assert not any("MISSING-DATA" in keyword.value for thesis in theses for keyword in thesis.keyword)


@real
def test_the_two_samples_are_the_same_theses_under_the_same_keys() -> None:
    rows = {thesis.key: thesis for thesis in cleaned(DATA / "ethos-sample.csv")}
    for thesis in cleaned(DATA / "ethos-feed.xml"):
        assert rows[thesis.key].title == thesis.title
        assert rows[thesis.key].earlier == thesis.earlier


@real
def test_the_answer_of_2015_and_the_eprints_record_are_read() -> None:
    ours, eprints = cleaned(DATA / "oai")
    assert ours.key == "uk.bl.ethos.528695"
    assert ours.origins[0].layout == "ethos-feed"
    assert ours.access == "open"
    assert len(ours.keyword) == 3
    assert ours.page == ("http://hdl.handle.net/2160/6126",)
    assert eprints.key == "uk.bl.ethos.367930"
    assert eprints.origins[0].layout == "uketd"
    assert (eprints.issued, eprints.date) == ("1998", "1998-07")
    assert eprints.awarding_body is not None
    assert eprints.awarding_body.name == "University of Leeds"
    assert eprints.current_institution is None
    assert len(eprints.file) == 2
    assert eprints.language == ("eng",)
