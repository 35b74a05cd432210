"""Records survive JSON: what the catalogue keeps is what was merged."""

from __future__ import annotations

import json
import typing
from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from ld.record import (
    Access,
    Body,
    Layout,
    Origin,
    Person,
    Remark,
    RemarkKind,
    Sponsor,
    Text,
    Thesis,
    thesis_from_json,
    to_json,
)

words = st.text(max_size=8)
numbers = st.none() | words
origins = st.builds(Origin, words, st.integers(1, 9999), st.sampled_from(typing.get_args(Layout)))
bodies = st.builds(Body, words, numbers)
texts = st.builds(Text, words, numbers)
people = st.builds(Person, words, numbers, numbers)
remarks = st.builds(
    Remark, st.sampled_from(typing.get_args(RemarkKind)), words, words, words, st.none() | words, origins
)


def many(values: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(values, max_size=2).map(tuple)


PARTS = {
    "key": words, "title": st.none() | texts, "creator": many(people), "supervisor": many(people),
    "awarding_body": st.none() | bodies, "current_institution": st.none() | bodies,
    "abstract": many(texts), "keyword": many(texts), "sponsor": many(st.builds(Sponsor, bodies, numbers)),
    "access": st.none() | st.sampled_from(typing.get_args(Access)), "origins": many(origins), "remarks": many(remarks),
}  # fmt: skip
plain = {f.name: numbers if f.default is None else many(words) for f in fields(Thesis) if f.name not in PARTS}


@given(st.builds(Thesis, **PARTS, **plain))
def test_a_thesis_survives_json(thesis: Thesis) -> None:
    assert thesis_from_json(json.loads(json.dumps(to_json(thesis)))) == thesis


def test_empty_fields_are_left_out() -> None:
    assert to_json(Thesis("k", title=Text("A"))) == {"key": "k", "title": {"value": "A"}}
