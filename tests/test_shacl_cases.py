"""SHACL Core by example: for each case in `cases/shacl`, pySHACL and our engine find the same."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from shacl import CASES, FAILURE, PREFIXES, authority, difference, ours, read_case

CORE = """
    class datatype nodeKind minCount maxCount minExclusive minInclusive maxExclusive maxInclusive minLength maxLength
    pattern flags languageIn uniqueLang equals disjoint lessThan lessThanOrEquals not and or xone node property
    qualifiedValueShape qualifiedMinCount qualifiedMaxCount qualifiedValueShapesDisjoint closed ignoredProperties
    hasValue in
    path inversePath alternativePath zeroOrMorePath oneOrMorePath zeroOrOnePath
    targetNode targetClass targetSubjectsOf targetObjectsOf
    deactivated severity message
"""
NODE_KINDS = "IRI BlankNode Literal BlankNodeOrIRI BlankNodeOrLiteral IRIOrLiteral"


def _words(text: str) -> list[str]:
    return text.split()


cases = pytest.mark.parametrize("case", CASES, ids=lambda path: path.name.partition(".")[0])


@cases
def test_both_engines_find_what_the_case_promises(case: Path) -> None:
    shapes, data, promised = read_case(case)
    expected, (found, _) = authority(shapes, data), ours(shapes, data)
    assert (expected if isinstance(expected, str) else expected.total()) == promised
    assert found == expected, difference(expected, found)


@cases
def test_our_engine_decides_all_but_what_is_not_core_or_turns_in_circles_or_is_malformed(case: Path) -> None:
    shapes, data, _ = read_case(case)
    _, reasons = ours(shapes, data)
    assert bool(reasons) == case.name.startswith(("whole-", "refused-")), reasons


@pytest.mark.parametrize("word", _words(CORE))
def test_every_word_of_shacl_core_is_in_a_case_that_our_engine_decides(word: str) -> None:
    wanted = ox.NamedNode(PREFIXES["sh"] + word)
    assert any(triple.predicate == wanted for case in _decided() for triple in read_case(case)[0])


@pytest.mark.parametrize("kind", _words(NODE_KINDS))
def test_every_kind_of_node_is_asked_for_in_a_case(kind: str) -> None:
    wanted = ox.NamedNode(PREFIXES["sh"] + kind)
    assert any(triple.object == wanted for case in _decided() for triple in read_case(case)[0])


def test_cases_are_of_both_kinds() -> None:
    promised = [read_case(case)[2] for case in CASES]
    assert promised.count(FAILURE) >= 5
    assert sum(isinstance(number, int) and number > 0 for number in promised) >= 90


def _decided() -> list[Path]:
    return [case for case in CASES if not case.name.startswith(("whole-", "refused-"))]
