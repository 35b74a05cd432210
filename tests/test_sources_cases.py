"""Every file of tests/cases/sources is read as its `.expected.json` says; a case more is two files more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ld import sources
from ld.record import Deletion, SourceRecord, Unreadable

CASES = Path(__file__).parent / "cases" / "sources"


def shown(item: SourceRecord | Unreadable | Deletion) -> dict[str, Any]:
    """What a reader yielded, in the words of an `.expected.json`."""
    place = {"line": item.origin.line, "layout": item.origin.layout}
    if isinstance(item, Deletion):
        return place | {"deleted": item.key}
    if isinstance(item, Unreadable):
        return place | {"unreadable": item.problem, "field": item.field}
    told = place | {"fields": {name: list(values) for name, values in item.fields.items()}}
    if item.languages:
        told["languages"] = {f"{name} {index}": tag for (name, index), tag in item.languages.items()}
    if item.remarks:
        told["remarks"] = [f"{remark.kind} {remark.field}: {remark.message}" for remark in item.remarks]
    return told


@pytest.mark.parametrize("case", sorted(CASES.glob("*.expected.json")), ids=lambda path: path.name.split(".")[0])
def test_a_source_is_read_as_expected(case: Path) -> None:
    (source,) = (path for path in CASES.glob(case.name.replace(".expected.json", ".*")) if path != case)
    assert [shown(item) for item in sources.read([source])] == json.loads(case.read_text())


def test_every_case_says_what_is_expected() -> None:
    names = {path.name.split(".")[0] for path in CASES.iterdir()}
    assert names == {path.name.split(".")[0] for path in CASES.glob("*.expected.json")}
