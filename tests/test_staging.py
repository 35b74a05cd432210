"""The corpus on disk while it is built: parts in, united theses out."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from ld import vocabulary
from ld.record import Body, Origin, SourceRecord, Text, Thesis
from ld.staging import Staging

CSV = Origin("ethos.csv", 2, "csv")
PAGE = Origin("page.txt", 1, "page")


@pytest.fixture
def staging(tmp_path: Path) -> Iterator[Staging]:
    with Staging(tmp_path / "staging.sqlite") as opened:
        yield opened


def row(number: int, x: str = "x-1", **values: object) -> Thesis:
    key = f"uk.bl.ethos.{number}"
    return Thesis(key, ethos_id=key, earlier=(x,), origins=(CSV,), **values)


def page(x: str = "x-1", **values: object) -> Thesis:
    return Thesis(x, earlier=(x,), origins=(PAGE,), **values)


def raw(title: str, origin: Origin = CSV) -> SourceRecord:
    return SourceRecord(origin, {"title": (title,)})


def keys(staging: Staging) -> list[str]:
    return [thesis.key for thesis in staging.theses()]


def test_theses_come_in_the_byte_order_of_their_keys(staging: Staging) -> None:
    for number in (10, 9, 2):
        staging.add(row(number, f"x-{number}"))
    staging.add(page("x-é"))
    staging.unite()
    assert keys(staging) == ["uk.bl.ethos.10", "uk.bl.ethos.2", "uk.bl.ethos.9", "x-é"]
    assert keys(staging) == keys(staging)
    assert (staging.parts, staging.united, staging.set_aside) == (4, 4, 0)


def test_a_thesis_comes_out_as_it_went_in(staging: Staging) -> None:
    thesis = row(1, title=Text("Ωmega", "en"), awarding_body=Body("Leeds"))
    staging.add(thesis, raw("Ωmega"))
    staging.unite()
    assert list(staging.theses()) == [thesis]
    assert staging.raw(thesis.key) == [
        {"source": "ethos.csv", "line": 2, "layout": "csv", "fields": {"title": ["Ωmega"]}}
    ]


def test_parts_of_one_key_are_united_in_the_order_they_came(staging: Staging) -> None:
    staging.add(row(1, issued="1998"), raw("first"))
    staging.add(row(2, "x-2"), raw("between"))
    staging.add(row(1, issued="1999"), raw("second"))
    staging.unite()
    one, _ = staging.theses()
    assert one.issued == "1998"
    assert [r["fields"]["title"] for r in staging.raw(one.key)] == [["first"], ["second"]]
    assert (staging.parts, staging.united) == (3, 2)


def test_the_vocabulary_says_which_bodies_and_degrees_are_one(staging: Staging) -> None:
    staging.add(row(1, current_institution=Body("University of Lancaster"), qualification="Ph.D."))
    staging.add(row(1, current_institution=Body("Lancaster University"), qualification="Thesis (Ph.D.)"))
    staging.unite(vocabulary.load("http://localhost:8000/"))
    [thesis] = staging.theses()
    assert {remark.kind for remark in thesis.remarks} == {"repair"}


def test_a_part_without_an_ethos_id_joins_the_thesis_that_has_its_earlier_key(staging: Staging) -> None:
    staging.add(page(title=Text("A")), raw("A", PAGE))
    staging.add(row(1, issued="1998"))
    staging.unite()
    [thesis] = staging.theses()
    assert (thesis.key, thesis.title, thesis.issued, thesis.earlier) == (
        "uk.bl.ethos.1",
        Text("A"),
        "1998",
        ("x-1",),
    )
    assert [r["source"] for r in staging.raw("uk.bl.ethos.1")] == ["page.txt"]
    assert list(staging.aliases()) == [("x-1", ("uk.bl.ethos.1",))]
    assert list(staging.renamed()) == [("x-1", "uk.bl.ethos.1")]


def test_an_earlier_key_that_no_part_had_is_an_alias_but_no_renaming(staging: Staging) -> None:
    staging.add(row(1))
    staging.unite()
    assert list(staging.aliases()) == [("x-1", ("uk.bl.ethos.1",))]
    assert list(staging.renamed()) == []


def test_a_thesis_without_an_ethos_id_keeps_its_key_and_is_no_alias(staging: Staging) -> None:
    staging.add(page(), raw("A"))
    staging.add(page(), raw("A"))
    staging.unite()
    assert keys(staging) == ["x-1"]
    assert list(staging.aliases()) == []


def test_a_part_that_could_be_any_of_several_theses_is_set_aside_with_the_candidates(staging: Staging) -> None:
    staging.add(row(2))
    staging.add(row(1))
    staging.add(page(title=Text("A")), raw("A", PAGE))
    staging.unite()
    assert keys(staging) == ["uk.bl.ethos.1", "uk.bl.ethos.2"]
    [(thesis, reason, records)] = staging.ambiguous()
    assert (thesis.key, thesis.title) == ("x-1", Text("A"))
    assert "uk.bl.ethos.1, uk.bl.ethos.2" in reason
    assert "Give it the EThOS ID" in reason
    assert [r["source"] for r in records] == ["page.txt"]
    assert list(staging.aliases()) == [("x-1", ("uk.bl.ethos.1", "uk.bl.ethos.2"))]
    assert list(staging.renamed()) == []
    assert (staging.parts, staging.united, staging.set_aside) == (3, 2, 1)


def test_a_thesis_with_two_titles_is_reached_by_either_earlier_key(staging: Staging) -> None:
    staging.add(row(1, "x-1"))
    staging.add(row(1, "x-2"))
    staging.add(page("x-2"))
    staging.unite()
    assert keys(staging) == ["uk.bl.ethos.1"]
    assert list(staging.aliases()) == [("x-1", ("uk.bl.ethos.1",)), ("x-2", ("uk.bl.ethos.1",))]
    assert list(staging.renamed()) == [("x-2", "uk.bl.ethos.1")]


def test_a_deletion_takes_out_what_came_before_it_and_not_what_came_after(staging: Staging) -> None:
    staging.carry(row(1))
    staging.add(row(2, "x-2", issued="1998"))
    staging.delete("uk.bl.ethos.1")
    staging.delete("uk.bl.ethos.2")
    staging.add(row(2, "x-2", issued="1999"))
    staging.unite()
    [thesis] = staging.theses()
    assert (thesis.key, thesis.issued) == ("uk.bl.ethos.2", "1999")
    assert list(staging.aliases()) == [("x-2", ("uk.bl.ethos.2",))]


def test_a_deletion_takes_out_what_is_carried_later(staging: Staging) -> None:
    staging.delete("uk.bl.ethos.1")
    staging.carry(row(1))
    staging.unite()
    assert keys(staging) == []


def test_an_added_thesis_replaces_the_carried_one_whole(staging: Staging) -> None:
    staging.carry(row(1, title=Text("Old"), issued="1998"))
    staging.carry(row(2, "x-2"))
    staging.add(row(1, title=Text("New")))
    staging.unite()
    one, two = staging.theses()
    assert (one.title, one.issued, two.key) == (Text("New"), None, "uk.bl.ethos.2")


def test_a_carried_thesis_is_joined_by_its_earlier_key_either_way(staging: Staging) -> None:
    staging.carry(row(1, issued="1998"))
    staging.carry(page("x-2", issued="1999"))
    staging.add(page("x-1", title=Text("One")))
    staging.add(row(2, "x-2", title=Text("Two")))
    staging.unite()
    assert [(t.key, t.title, t.issued) for t in staging.theses()] == [
        ("uk.bl.ethos.1", Text("One"), "1998"),
        ("uk.bl.ethos.2", Text("Two"), "1999"),
    ]
    assert list(staging.renamed()) == [("x-1", "uk.bl.ethos.1"), ("x-2", "uk.bl.ethos.2")]


def test_a_renaming_is_carried_as_long_as_its_thesis_has_the_earlier_key(staging: Staging) -> None:
    staging.carry(row(1), renamed=["x-1"])
    staging.carry(row(2, "x-2"), renamed=["x-2"])
    staging.add(row(2, "x-other"))
    staging.unite()
    assert list(staging.renamed()) == [("x-1", "uk.bl.ethos.1")]


def test_memory_does_not_grow_with_the_corpus(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        with Staging(tmp_path / f"{count}.sqlite") as staging:
            tracemalloc.start()
            for number in range(count):
                staging.add(row(number, f"x-{number}", title=Text("A" * 500)), raw("A" * 500))
            staging.unite()
            assert sum(1 for _ in staging.theses()) == count
            top = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            return top

    assert peak(6000) < 1.2 * peak(2000)
