"""The two samples of real records that overlap on purpose; they are no part of the project, so this may be skipped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ld import cleaning, sources, vocabulary
from ld.identity import Identity
from ld.record import SourceRecord, Thesis
from ld.staging import Staging

SAMPLES = [
    Path(__file__).parent.parent.parent / "shared/data" / name for name in ("ethos-sample.csv", "ethos-feed.xml")
]
VOCABULARY = vocabulary.load("http://localhost:8000/")

pytestmark = pytest.mark.skipif(not all(path.exists() for path in SAMPLES), reason="the samples are not here")


@pytest.fixture(scope="module")
def records() -> list[SourceRecord]:
    return [item for item in sources.read(SAMPLES) if isinstance(item, SourceRecord)]


@pytest.fixture(scope="module")
def staging(records: list[SourceRecord], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staging]:
    with Staging(tmp_path_factory.mktemp("corpus") / "staging.sqlite") as opened:
        for record in records:
            opened.add(cleaning.clean(record, VOCABULARY), record)
        opened.unite(VOCABULARY)
        yield opened


@pytest.fixture(scope="module")
def identity(staging: Staging) -> Iterator[Identity]:
    with closing(Identity.resolve(staging.theses(), VOCABULARY, base="http://localhost:8000/", slugs={})) as resolved:
        yield resolved


def differing(staging: Staging) -> list[Thesis]:
    """The theses whose awarding body and current institution are printed differently."""
    both = (t for t in staging.theses() if t.awarding_body and t.current_institution)
    return [t for t in both if t.awarding_body.name != t.current_institution.name]


def test_of_648_records_become_500_theses_and_148_of_them_were_met_twice(staging: Staging) -> None:
    assert (staging.parts, staging.united, staging.set_aside) == (648, 500, 0)
    assert sum(len(thesis.origins) == 2 for thesis in staging.theses()) == 148
    assert all(len(staging.raw(thesis.key)) == len(thesis.origins) for thesis in staging.theses())


def test_the_two_samples_do_not_disagree(staging: Staging, identity: Identity) -> None:
    theses = list(staging.theses())
    remarks = [remark for thesis in theses for remark in (*thesis.remarks, *identity.remarks(thesis))]
    assert {remark.kind for remark in remarks} <= {"repair", "dropped"}


def test_in_68_the_awarding_body_is_printed_differently_and_in_40_it_is_another_body(
    staging: Staging, identity: Identity
) -> None:
    theses = differing(staging)
    one = [t for t in theses if identity.body(t.awarding_body, "awardingBody") == identity.body(t.current_institution)]
    assert (len(theses), len(one)) == (68, 28)


def test_every_printed_form_of_a_body_is_in_the_graph(
    records: list[SourceRecord], staging: Staging, identity: Identity
) -> None:
    known = {form for node in identity.bodies() for form in (node.name, *node.alternatives)}
    known |= {form for institution in VOCABULARY.institutions for form in (institution.name, *institution.aliases)}
    printed = {name for r in records for f in ("awardingBody", "currentInstitution") for name in r.fields.get(f, ())}
    assert printed
    assert printed - known == set()
