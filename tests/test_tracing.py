"""Tracing: from a thing in our own data to the record that it was made from, and the name of the field there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from rows import ISNI, csv_file, feed_file, key, page_file, record, row

from ld import shapes
from ld.build import build
from ld.namespaces import DCTERMS, FOAF, RDFS
from ld.settings import Settings
from ld.snapshot import Publication, Snapshot
from ld.tracing import Tracer, of_file

BASE = "https://example.org/theses/"
DGG, THS, FND = (f"http://id.loc.gov/vocabulary/relators/{name}" for name in ("dgg", "ths", "fnd"))
BIBO, DC, TLD = (
    "http://purl.org/ontology/bibo/",
    "http://purl.org/dc/elements/1.1/",
    "https://w3id.org/thesis-ld/terms#",
)

FUNDED = {"Funder(s)": "Wellcome Trust (WT1)"}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A thesis in each layout, two in the open CSV; records 3 and 4 are of EThOS's own feed and of a university's."""
    folder = tmp_path_factory.mktemp("tracing")
    own = f"https://isni.org/isni/{ISNI}"
    first = row(1, Author_ISNI=own, **{"Supervisor(s)": "Jones, B."}, **FUNDED)
    second = row(2, Author_ISNI=own, Author="Smith, Ann 1")
    university = record(4).replace(f"oai:ethos.bl.uk:{key(4)}", "oai:eprints.example.org:4")
    sources = [
        csv_file(folder / "rows.csv", first, second),
        page_file(folder / "page.txt", "A page", "Paige, Ann", "1999", "University of Leeds", "Supervisor: Hill, C.\n"),
        feed_file(folder / "feed.xml", record(3)),
        feed_file(folder / "uni.xml", university),
    ]
    build(sources, Settings(data=folder / "data", base=BASE))
    return Publication(folder / "data").current()


@pytest.fixture(scope="module")
def tracer(snapshot: Snapshot) -> Tracer:
    return Tracer(snapshot)


def thesis(snapshot: Snapshot, source: str) -> str:
    """The IRI of the thesis that came from a file."""
    (found,) = (each["key"] for each in snapshot.records() if each["origins"][0]["source"].endswith(source))
    return f"{BASE}id/thesis/{found}"


FIELDS = {
    DCTERMS + "title": ("Title", "Title", "title", "title"),
    DCTERMS + "creator": ("Author", "Author", "creator", "creator"),
    BIBO + "authorList": ("Author", "Author", "creator", "creator"),
    DGG: (None, "Awarding Body", "publisher", "institution"),
    TLD + "currentInstitution": ("Institution", "Current Institution", "institution", None),
    f"<{DGG}>|<{TLD}currentInstitution>": ("Institution", "Awarding Body", "publisher", "institution"),
    DCTERMS + "issued": ("Date", "Date of Award", "issued", "issued"),
    DCTERMS + "date": ("Date", "Date of Award", "issued", "issued"),
    BIBO + "degree": ("Qualification", "Qualification Name", "qualificationname", "qualificationname"),
    TLD + "qualification": ("Qualification", "Qualification Name", "qualificationname", "qualificationname"),
    f"<{BIBO}degree>|<{TLD}qualification>": ("Qualification", "Qualification Name", *["qualificationname"] * 2),
    TLD + "level": (None, "Qualification Level", "qualificationlevel", "qualificationlevel"),
    DCTERMS + "abstract": ("Abstract", "Abstract", "abstract", "abstract"),
    DCTERMS + "subject": ("Subject Discipline", None, None, None),
    DC + "subject": (None, "Keywords", "subject", "subject"),
    THS: ("Supervisor(s)", "Supervisor", "advisor", "advisor"),
    FND: ("Funder(s)", "Sponsor", "sponsor", "sponsor"),
    TLD + "grant": ("Funder(s)", "Sponsor", "sponsor", "sponsor"),
    DCTERMS + "language": (None, None, "language", "language"),
    DCTERMS + "accessRights": (None, "Access through EThOS", "accessrights", "accessrights"),
    DCTERMS + "available": (None, None, "embargodate", "embargodate"),
    DCTERMS + "license": (None, None, "license", "license"),
    DCTERMS + "identifier": ("EThOS URL", "EThOS ID", None, None),
    BIBO + "doi": ("DOI", "DOI", None, None),
    FOAF + "isPrimaryTopicOf": ("EThOS URL", "Use this URL to cite or link to this record in EThOS", None, None),
    FOAF + "page": ("IR URL", "Access from Institution", "isreferencedby", "isreferencedby"),
    DCTERMS + "hasFormat": (None, None, "hasformat", "hasformat"),
    DCTERMS + "type": (None, None, None, None),
    "http://a.org/unknown": (None, None, None, None),
}
"""What a property of a thesis is called in the open CSV, on a page, in EThOS's own feed and in a university's."""


@pytest.mark.parametrize("path", FIELDS)
def test_each_layout_has_its_own_name_for_a_field(path: str, snapshot: Snapshot, tracer: Tracer) -> None:
    things = [f"{BASE}id/thesis/{key(1)}", *(thesis(snapshot, name) for name in ("page.txt", "feed.xml", "uni.xml"))]
    traced = [tracer(thing, path) for thing in things]
    assert all(traced)
    assert [each[0].layout for each in traced if each] == ["csv", "page", "ethos-feed", "uketd"]
    assert tuple(each[1] for each in traced if each) == FIELDS[path]


def test_every_property_that_the_shapes_ask_a_thesis_for_is_in_the_table_above() -> None:
    asked = {each.property for each in shapes.load().fields() if each.kind == "Thesis"}
    ours = {"http://www.w3.org/1999/02/22-rdf-syntax-ns#type", "http://www.w3.org/2002/07/owl#sameAs"}
    assert asked - ours <= set(FIELDS)


def test_a_thing_is_traced_to_the_file_and_the_line_of_its_record(snapshot: Snapshot, tracer: Tracer) -> None:
    for number, line in ((1, 2), (2, 3)):
        for start in ("id", "doc"):
            traced = tracer(f"{BASE}{start}/thesis/{key(number)}", None)
            assert traced
            assert traced[0].source.endswith("rows.csv")
            assert (traced[0].line, traced[1]) == (line, None)
    traced = tracer(thesis(snapshot, "feed.xml"), DCTERMS + "title")
    assert traced
    assert traced[0].line == 2


def test_what_lives_under_a_thesis_has_the_names_of_its_part_in_it(snapshot: Snapshot, tracer: Tracer) -> None:
    first, page = f"{BASE}id/thesis/{key(1)}", thesis(snapshot, "page.txt")
    for thing, path, field in (
        (first + "#supervisor-1", FOAF + "name", "Supervisor(s)"),
        (first + "#grant-1", DCTERMS + "identifier", "Funder(s)"),
        (first + "#grant-1", RDFS + "label", "Funder(s)"),
        (first + "#authors", None, None),
        (page + "#author-1", FOAF + "name", "Author"),
        (page + "#author-1", None, "Author"),
        (page + "#author-1", f"<{DCTERMS}identifier>|<{TLD}claimedIsni>", "ISNI"),
        (page + "#supervisor-1", DCTERMS + "identifier", "Supervisor"),
    ):
        traced = tracer(thing, path)
        assert traced, thing
        assert traced[1] == field, (thing, path)


def test_a_shared_person_or_body_is_traced_to_a_record_that_names_it(snapshot: Snapshot, tracer: Tracer) -> None:
    person, body = f"{BASE}id/person/{ISNI}", f"{BASE}id/organisation/0000000419368948"
    for thing, path, field in (
        (person, FOAF + "name", "Author"),
        (person, DCTERMS + "identifier", "Author ISNI"),
        (person, f"<{DCTERMS}identifier>|<{TLD}claimedIsni>", "Author ISNI"),
        (body, FOAF + "name", "Institution"),
        (body, DCTERMS + "identifier", "Institution ISNI"),
    ):
        traced = tracer(thing, path)
        assert traced, thing
        assert traced[0].source.endswith(("rows.csv", "feed.xml", "uni.xml")), thing
        if traced[0].layout == "csv":
            assert traced[1] == field, (thing, path)


def test_an_isni_that_a_layout_has_no_field_for_is_told_by_the_name_beside_it(
    snapshot: Snapshot, tracer: Tracer
) -> None:
    (leeds,) = (path for path, label in snapshot.paths("organisation") if label == "University of Leeds")
    traced = tracer(BASE + leeds, DCTERMS + "identifier")
    assert traced
    assert traced[0].source.endswith("page.txt")
    assert traced[1] in ("Awarding Body", "Current Institution")


def test_what_is_said_of_a_description_is_no_field_of_its_record(tracer: Tracer) -> None:
    for path in (DCTERMS + "license", DCTERMS + "issued", "http://creativecommons.org/ns#attributionName"):
        traced = tracer(f"{BASE}doc/thesis/{key(1)}", path)
        assert traced
        assert (traced[0].line, traced[1]) == (2, None)


@pytest.mark.parametrize(
    "iri",
    [
        "http://localhost:8000/id/thesis/" + key(1), BASE + "id/thesis/none", BASE + "id/person/0000000000000000",
        BASE + "id/thesis/../thesis/" + key(1), BASE + "id/", BASE + "vocab/degrees", BASE, "urn:x", "_:b", "text", "",
    ],
)  # fmt: skip
def test_what_no_record_describes_is_traced_nowhere(iri: str, tracer: Tracer) -> None:
    assert tracer(iri, DCTERMS + "title") is None


def test_an_institution_that_no_thesis_names_is_traced_nowhere(snapshot: Snapshot, tracer: Tracer) -> None:
    unnamed = [path for path, label in snapshot.paths("organisation") if label == "University of St Andrews"]
    assert unnamed
    assert [tracer(BASE + path, FOAF + "name") for path in unnamed] == [None]


def test_a_dump_is_traced_by_the_snapshot_that_it_lies_in_and_no_other_file_is(
    snapshot: Snapshot, tmp_path: Path
) -> None:
    data = snapshot.folder.parent.parent
    thing = f"{BASE}id/thesis/{key(2)}"
    for path in (snapshot.folder / "dumps" / "thesis-ld.nq.gz", data / "current" / "dumps" / "thesis-ld.nt.gz"):
        traced = of_file(path)
        assert traced
        assert traced(thing, DCTERMS + "issued") == Tracer(snapshot)(thing, DCTERMS + "issued")
    copy = tmp_path / "dumps" / "thesis-ld.nq.gz"
    copy.parent.mkdir()
    shutil.copyfile(snapshot.folder / "dumps" / "thesis-ld.nq.gz", copy)
    for path in (copy, tmp_path, tmp_path / "none" / "none.nt", Path("/"), Path("standard input")):
        assert of_file(path) is None
