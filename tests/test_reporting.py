"""The validation report of a build: one report, however many findings come and however they come."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, NamedNode, RdfFormat, Store, Triple

from ld.namespaces import SH
from ld.snapshot import manifest, reporting
from ld.snapshot.reporting import Reports
from ld.validation.report import Finding


def _finding(number: int, path: str | None = "http://purl.org/dc/terms/title") -> Finding:
    return Finding(
        severity="warning",
        focus=f"http://localhost:8000/id/thesis/{number}",
        name="Title",
        message='There is "none". _:b1-result1 is no label.',
        path=path,
        value=None,
        component=SH + "MinCountConstraintComponent",
        shape="http://localhost:8000/shapes#title",
    )


def _read(folder: Path) -> Store:
    store = Store()
    store.load(gzip.decompress((folder / manifest.REPORT).read_bytes()), format=RdfFormat.TURTLE)
    return store


def _count(store: Store, pattern: str) -> int:
    return len(list(store.query(f"PREFIX sh: <{SH}> SELECT * {{ {pattern} }}")))


@pytest.mark.parametrize("findings", [1, 9, 10, 11, 35])
def test_all_findings_stand_in_one_report(findings: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "_BATCH", 10)
    reports = Reports(tmp_path)
    for number in range(findings):
        reports.add([_finding(number)], {})
    reports.finish()
    store = _read(tmp_path)
    assert _count(store, "?report a sh:ValidationReport ; sh:conforms false") == 1
    assert _count(store, "?report sh:result ?r . ?r sh:focusNode ?f ; sh:resultMessage ?m") == findings
    assert _count(store, "?r a sh:ValidationResult") == findings


def test_a_build_in_which_nothing_is_found_says_that_it_conforms(tmp_path: Path) -> None:
    Reports(tmp_path).finish()
    assert _count(_read(tmp_path), "?report a sh:ValidationReport ; sh:conforms true") == 1


def test_a_path_of_several_properties_is_spelled_out_or_left_out(tmp_path: Path) -> None:
    path, node = "<http://a/p>|<http://a/q>", BlankNode("path")
    triples = (Triple(node, NamedNode(SH + "inversePath"), NamedNode("http://a/p")),)
    for name, paths in (("without", {}), ("with", {path: (node, triples)})):
        (tmp_path / name).mkdir()
        reports = Reports(tmp_path / name)
        reports.add([_finding(1, path)], paths)
        reports.finish()
    assert _count(_read(tmp_path / "without"), "?r sh:resultPath ?path") == 0
    assert _count(_read(tmp_path / "with"), "?r sh:resultPath ?path . ?path sh:inversePath ?p") == 1
