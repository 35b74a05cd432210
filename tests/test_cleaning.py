"""Cleaning: from values as printed to a thesis, with a remark for everything that was changed or left out."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import NamedNode

from ld import isni
from ld.cleaning import clean
from ld.record import (
    FIELDS,
    Body,
    Layout,
    Origin,
    Person,
    SourceRecord,
    Sponsor,
    Text,
    Thesis,
    thesis_from_json,
    to_json,
)

ISNI, OTHER, ORCID = "0000000453606890", "000000012146438X", "0000000218250097"


def thesis(_layout: Layout = "page", **fields: str | tuple[str, ...]) -> Thesis:
    values = {name: (value,) if isinstance(value, str) else value for name, value in fields.items()}
    return clean(SourceRecord(Origin("source.txt", 1, _layout), values))


def remarks(of: Thesis) -> list[tuple[str, str]]:
    return [(remark.kind, remark.field) for remark in of.remarks]


# --- keys ---------------------------------------------------------------------------------------------------------


def test_a_thesis_is_known_by_its_ethos_id_and_keeps_the_key_it_would_have_had_without() -> None:
    without = thesis(title="Peat", creator="Fenn, Ada", issued="1990")
    known = thesis(title="Peat", creator="Fenn, Ada", issued="1990", ethosId="uk.bl.ethos.1")
    assert without.key.startswith("x-")
    assert known.key == known.ethos_id == "uk.bl.ethos.1"
    assert known.earlier == without.earlier == (without.key,)


def test_an_ethos_id_may_stand_in_the_address_to_cite_only() -> None:
    assert thesis(cite="http://ethos.bl.uk/OrderDetails.do?uin=uk.bl.ethos.7").key == "uk.bl.ethos.7"


def test_the_same_record_has_the_same_earlier_key_whatever_layout_it_came_in() -> None:
    page = thesis(title="Peat  &  water", creator="Fenn, Ada.", issued="1990")
    feed = thesis("uketd", title="Peat &amp; Water.", creator="Fenn, Ada", issued="1990-07-01")
    assert page.key == feed.key


def test_two_ethos_ids_are_a_conflict_and_the_field_wins_over_the_address() -> None:
    found = thesis(ethosId="uk.bl.ethos.1", cite="https://ethos.bl.uk/OrderDetails.do?uin=uk.bl.ethos.2")
    assert found.key == "uk.bl.ethos.1"
    assert remarks(found) == [("conflict", "cite")]


def test_an_ethos_id_of_another_form_is_left_out() -> None:
    found = thesis(ethosId="ethos 637591")
    assert found.ethos_id is None
    assert remarks(found) == [("dropped", "ethosId")]


def test_the_ethos_address_of_today_is_a_page_when_no_ethos_id_is_known() -> None:
    address = "https://ethos.bl.uk/concern/thesis_or_dissertations/9"
    assert thesis(cite=address).page == (address,)
    assert thesis(cite=address, ethosId="uk.bl.ethos.1").page == ()


# --- nulls and texts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("null", ["", " ", "\u00a0", "Not available", "@@MISSING-DATA", "dc_subject:: @@MISSING-DATA"])
@pytest.mark.parametrize("field", FIELDS)
def test_a_null_marker_in_any_field_is_no_value_and_no_remark(field: str, null: str) -> None:
    bare, found = thesis(), thesis(**{field: null})
    assert found == bare
    assert found.remarks == ()


def test_a_record_without_anything_is_still_a_thesis_for_the_shapes_to_judge() -> None:
    found = thesis()
    assert (found.title, found.creator, found.issued, found.awarding_body) == (None, (), None, None)


def test_a_subtitle_behind_a_colon_stays_and_so_does_a_final_stop() -> None:
    assert thesis(title="Peat : a study.").title == Text("Peat : a study.")


def test_padding_is_taken_off_without_a_remark() -> None:
    found = thesis(title="\u00a0 Peat \u00a0 and\twater ", abstract="One. \r\n\r\n\r\n\r\n Two.\r")
    assert found.title == Text("Peat and water")
    assert found.abstract == (Text("One.\n\nTwo."),)
    assert found.remarks == ()


def test_a_repair_says_what_was_done_and_shows_the_place() -> None:
    found = thesis(abstract="word " * 100 + "&alpha;" + " word" * 100)
    (remark,) = found.remarks
    assert (remark.kind, remark.field, remark.message) == ("repair", "abstract", "character entities replaced")
    assert "&alpha;" in remark.before
    assert remark.after is not None
    assert "α" in remark.after
    assert len(remark.before) <= 200
    assert len(remark.after) <= 200


def test_several_titles_are_a_clash_and_the_first_is_taken() -> None:
    found = thesis(title=("Peat", "Mawn", "Peat"))
    assert found.title == Text("Peat")
    assert remarks(found) == [("clash", "title")]


def test_a_language_tag_stays_with_its_text() -> None:
    record = SourceRecord(
        Origin("a", 1, "uketd"),
        {"title": ("Mawn",), "abstract": ("One.", "Un."), "keyword": ("a ; b",)},
        {("title", 0): "CY", ("abstract", 1): "fr", ("keyword", 0): "en-GB", ("abstract", 0): "not a tag"},
    )
    found = clean(record)
    assert found.title == Text("Mawn", "cy")
    assert found.abstract == (Text("One."), Text("Un.", "fr"))
    assert found.keyword == (Text("a", "en-gb"), Text("b", "en-gb"))


@pytest.mark.parametrize("joined", ["a ; b ; c", "a : b : c", "a;b; c", "a ; b : c ; a ; "])
def test_keywords_are_parted_where_records_join_them(joined: str) -> None:
    assert [keyword.value for keyword in thesis(keyword=joined).keyword] == ["a", "b", "c"]


def test_a_colon_inside_a_keyword_does_not_part_it() -> None:
    assert thesis(keyword="Peat:water").keyword == (Text("Peat:water"),)


# --- people -------------------------------------------------------------------------------------------------------

NAMES = {
    "Khelaif, Fahad.": ["Khelaif, Fahad"],
    "Dooley, H. D.": ["Dooley, H. D."],
    "Willis, M.E.H.": ["Willis, M.E.H."],
    "Gray, Thos.": ["Gray, Thos."],
    "Smith, John, Jr.": ["Smith, John, Jr."],
    "Mononym": ["Mononym"],
    "de la Cruz, Ana María": ["de la Cruz, Ana María"],
    "O\u0301 Briain, Sea\u0301n": ["Ó Briain, Seán"],
    "OÌ": ["OÌ"],
    "Fenn , Ada": ["Fenn, Ada"],
    "A, B ; C, D": ["A, B", "C, D"],
    "A, B; C, D ;": ["A, B", "C, D"],
    "A, B ; A, B": ["A, B"],
    "Reed, Anna (Supervisor)": ["Reed, Anna"],
    "Reed, Anna. (supervisor)": ["Reed, Anna"],
    "M&uuml;ller, A. ; Quill, J. R.": ["Müller, A.", "Quill, J. R."],
    "Not available": [],
    "Fenn, Ada ; @@MISSING-DATA": ["Fenn, Ada"],
    ",": [],
}


@pytest.mark.parametrize(("printed", "names"), NAMES.items(), ids=NAMES)
@pytest.mark.parametrize("field", ["creator", "supervisor"])
def test_names_are_parted_and_freed_of_what_is_not_theirs(field: str, printed: str, names: list[str]) -> None:
    found = thesis(**{field: printed})
    assert [person.name for person in (found.creator or found.supervisor)] == names


def test_a_name_that_lost_its_stop_or_its_role_has_a_remark() -> None:
    assert remarks(thesis(creator="Khelaif, Fahad.")) == [("repair", "creator")]
    assert remarks(thesis(supervisor="Reed, Anna (Supervisor)")) == [("repair", "supervisor")]
    assert remarks(thesis(creator="Dooley, H. D.")) == []


# --- ISNI and ORCID -----------------------------------------------------------------------------------------------

SPELLINGS = (
    "0000 0004 5360 6890", "      0000\u00a00004\u00a05360\u00a06890", "https://isni.org/isni/0000000453606890",
    "http://www.isni.org/isni/0000000453606890", "http://isni.org/0000000453606890", "ISNI 0000 0004 5360 6890",
    "https://isni.org/isni/0000000453606890/about", "0000-0004-5360-6890",
)  # fmt: skip


@pytest.mark.parametrize("printed", SPELLINGS)
def test_every_spelling_of_an_isni_is_one_number_and_no_remark(printed: str) -> None:
    found = thesis(creator="Andersson, Henrike", creatorIsni=printed)
    assert found.creator == (Person("Andersson, Henrike", ISNI),)
    assert found.remarks == ()


@pytest.mark.parametrize("field", ["creatorIsni", "creatorOrcid"])
def test_a_number_in_orcids_block_is_an_orcid_wherever_it_stands(field: str) -> None:
    printed = "https://orcid.org/0000-0002-1825-0097"
    assert thesis(creator="Carberry, Josiah", **{field: printed}).creator == (Person("Carberry, Josiah", None, ORCID),)


def test_a_wrong_check_character_leaves_the_number_out_and_says_what_it_should_be() -> None:
    found = thesis(creator="Andersson, Henrike", creatorIsni="0000 0004 5360 6891")
    assert found.creator == (Person("Andersson, Henrike"),)
    (remark,) = found.remarks
    assert (remark.kind, remark.field, remark.before) == ("dropped", "creatorIsni", "0000 0004 5360 6891")
    assert "after 000000045360689 comes 0" in remark.message


@pytest.mark.parametrize("printed", ["unknown", "0000 0004 5360", "https://example.org/", "00000004536068900"])
def test_what_is_no_number_at_all_is_left_out(printed: str) -> None:
    found = thesis(creator="Andersson, Henrike", creatorIsni=printed)
    assert found.creator == (Person("Andersson, Henrike"),)
    assert set(remarks(found)) == {("dropped", "creatorIsni")}


def test_a_number_is_nobodys_when_there_are_two_authors() -> None:
    found = thesis(creator="A, B ; C, D", creatorIsni=ISNI, creatorOrcid=ORCID)
    assert found.creator == (Person("A, B"), Person("C, D"))
    assert remarks(found) == [("dropped", "creatorIsni"), ("dropped", "creatorOrcid")]


def test_a_number_without_an_author_is_left_out() -> None:
    assert remarks(thesis(creatorIsni=ISNI)) == [("dropped", "creatorIsni")]


def test_two_numbers_of_one_author_are_a_conflict() -> None:
    found = thesis(creator="A, B", creatorIsni=(ISNI, f"https://isni.org/isni/{ISNI}", OTHER), creatorOrcid=ORCID)
    assert found.creator == (Person("A, B", ISNI, ORCID),)
    assert remarks(found) == [("conflict", "creatorIsni")]


# --- institutions -------------------------------------------------------------------------------------------------


def test_an_institution_has_the_isni_that_stood_beside_it() -> None:
    found = thesis(currentInstitution="Fen University", currentInstitutionIsni=f"https://isni.org/isni/{OTHER}")
    assert found.current_institution == Body("Fen University", OTHER)
    assert found.awarding_body is None


def test_an_institution_sent_twice_in_two_spellings_is_one() -> None:
    found = thesis("uketd", awardingBody=("University of St Andrews", "The University of St. Andrews"))
    assert found.awarding_body == Body("University of St Andrews")
    assert found.remarks == ()


def test_two_institutions_are_a_clash_and_the_first_is_taken() -> None:
    found = thesis("uketd", awardingBody=("Fen University", "University of Wessex"))
    assert found.awarding_body == Body("Fen University")
    assert remarks(found) == [("clash", "awardingBody")]


def test_awarding_body_and_current_institution_are_never_merged() -> None:
    found = thesis(awardingBody="Fen Polytechnic", currentInstitution="Fen University")
    assert found.awarding_body == Body("Fen Polytechnic")
    assert found.current_institution == Body("Fen University")


def test_an_institutions_isni_that_cannot_be_is_left_out() -> None:
    for printed in ("0000 0004 5360 6891", "https://orcid.org/0000-0002-1825-0097"):
        found = thesis(currentInstitution="Fen University", currentInstitutionIsni=printed)
        assert found.current_institution == Body("Fen University")
        assert remarks(found) == [("dropped", "currentInstitutionIsni")]
    assert remarks(thesis(currentInstitutionIsni=OTHER)) == [("dropped", "currentInstitutionIsni")]


SPONSORS = {
    "Engineering and Physical Sciences Research Council (EPSRC) (EP/C013573/1)": [
        ("Engineering and Physical Sciences Research Council (EPSRC)", "EP/C013573/1")
    ],
    "Wellcome Trust": [("Wellcome Trust", None)],
    "Chalk Research Council (CRC)": [("Chalk Research Council (CRC)", None)],
    "Chalk Trust (2005)": [("Chalk Trust (2005)", None)],
    "Chalk Trust (2005-2009)": [("Chalk Trust (2005-2009)", None)],
    "Chalk Trust (grant no. 123)": [("Chalk Trust", "123")],
    "Chalk Trust (CT/1, CT/2)": [("Chalk Trust", "CT/1"), ("Chalk Trust", "CT/2")],
    "Chalk Trust (CT/1 ; CT/2) ; Fen Fund": [("Chalk Trust", "CT/1"), ("Chalk Trust", "CT/2"), ("Fen Fund", None)],
    "Chalk Research Council EP/C013573/1": [("Chalk Research Council", "EP/C013573/1")],
    "Fen Trust (Sponsor)": [("Fen Trust", None)],
    "Department of Health (Northern Ireland)": [("Department of Health (Northern Ireland)", None)],
    "Not available": [],
}


@pytest.mark.parametrize(("printed", "expected"), SPONSORS.items(), ids=SPONSORS)
def test_a_sponsor_may_end_in_an_abbreviation_and_a_grant_number(
    printed: str, expected: list[tuple[str, str | None]]
) -> None:
    assert thesis(sponsor=printed).sponsor == tuple(Sponsor(Body(name), grant) for name, grant in expected)


# --- dates, access, language, licence -----------------------------------------------------------------------------

AWARDS = {
    ("2014",): ("2014", None, []),
    ("2014-06-25", "2014"): ("2014", "2014-06-25", []),
    ("2014-06", "2014-06-25"): ("2014", "2014-06-25", []),
    ("2014", "2012-12"): ("2012", "2012-12", ["clash"]),
    ("20l4",): ("20l4", None, []),
    ("20l4", "2014"): ("2014", None, ["clash"]),
    ("1823",): ("1823", None, []),  # impossible for a Ph.D., but a shape says so
    ("2014-13",): ("2014", None, ["repair"]),
}


@pytest.mark.parametrize(("printed", "expected"), AWARDS.items(), ids=map(" and ".join, AWARDS))
def test_the_date_of_award_is_a_year_and_what_is_finer_stands_beside_it(
    printed: tuple[str, ...], expected: tuple[str, str | None, list[str]]
) -> None:
    found = thesis(issued=printed)
    assert (found.issued, found.date, [remark.kind for remark in found.remarks]) == expected


def test_an_embargo_of_free_text_gives_its_day_or_a_remark() -> None:
    found = thesis("uketd", embargo="Print and electronic copy restricted until 10th June 2026")
    assert (found.access, found.available) == ("embargoed", "2026-06-10")
    undated = thesis("uketd", embargo="Until the patent is granted", access="staffonly")
    assert (undated.access, undated.available) == ("restricted", None)
    assert remarks(undated) == [("dropped", "embargo")]


def test_an_embargo_until_2100_has_no_end() -> None:
    found = thesis(access="Full text unavailable from EThOS. Thesis embargoed until 31 Dec 2100")
    assert (found.access, found.available) == ("restricted", None)
    assert remarks(found) == [("repair", "access")]


def test_an_access_wording_that_nobody_knows_is_left_out_with_a_remark() -> None:
    found = thesis(access="true")
    assert found.access is None
    assert remarks(found) == [("dropped", "access")]


def test_languages_become_codes_of_three_letters() -> None:
    found = thesis("uketd", language=("wel", "cym", "en", "English", "en_GB", "Klingonese"))
    assert found.language == ("cym", "eng")
    assert remarks(found) == [("dropped", "language")]


def test_a_discipline_that_is_none_of_the_19_is_kept_as_a_keyword_with_a_remark() -> None:
    found = thesis("csv", discipline="Law ; Astrology", keyword="stars")
    assert (found.discipline, found.keyword) == (("Law",), (Text("stars"), Text("Astrology")))
    assert remarks(found) == [("repair", "discipline")]


def test_a_level_that_nobody_knows_is_left_out_with_a_remark() -> None:
    found = thesis(level="Expert")
    assert found.level is None
    assert remarks(found) == [("dropped", "level")]


def test_a_license_is_an_address_or_nothing() -> None:
    found = thesis(
        license=("CC BY", "see https://creativecommons.org/licenses/by/4.0/ there", "http://r.example.org/l.txt")
    )
    assert found.license == ("https://creativecommons.org/licenses/by/4.0/",)
    assert remarks(found) == [("dropped", "license")] * 2


# --- addresses ----------------------------------------------------------------------------------------------------


def test_a_doi_is_bare_whatever_it_came_as() -> None:
    for printed in (
        "10.99999/X.1",
        "https://doi.org/10.99999/X.1",
        "doi:10.99999/X.1",
        "http://dx.doi.org/10.99999%2FX.1",
    ):
        assert thesis(doi=printed).doi == ("10.99999/X.1",)


def test_a_repository_address_that_is_a_doi_is_a_doi() -> None:
    found = thesis(page="https://doi.org/10.99999/x.1", doi="10.99999/X.1")
    assert (found.doi, found.page) == (("10.99999/X.1",), ())


def test_what_is_no_doi_is_left_out() -> None:
    assert remarks(thesis(doi="pending")) == [("dropped", "doi")]


def test_an_address_with_spaces_and_quotes_is_escaped_with_a_remark() -> None:
    found = thesis(page='https://r.example.org/a "b" <c>')
    assert found.page == ("https://r.example.org/a%20%22b%22%20%3Cc%3E",)
    assert remarks(found) == [("repair", "page")]


@pytest.mark.parametrize("relative", ["/3/2/contents.pdf", "contents.pdf", "www.example.org/x", "ftp://example.org/x"])
def test_a_relative_address_is_left_out_with_a_remark(relative: str) -> None:
    found = thesis("uketd", file=relative)
    assert found.file == ()
    assert remarks(found) == [("dropped", "file")]


def test_several_addresses_in_one_value_are_several() -> None:
    found = thesis(page="https://a.example.org/1 ; https://a.example.org/2 https://a.example.org/1")
    assert found.page == ("https://a.example.org/1", "https://a.example.org/2")


# --- everything at once -------------------------------------------------------------------------------------------

values = st.lists(
    st.text(max_size=60) | st.sampled_from(["Not available", "a ; b", "&lt;", "1990-02-31", ISNI]), max_size=3
)


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(FIELDS), values.map(tuple)))
def test_whatever_a_record_holds_it_becomes_a_thesis_that_survives_json(fields: dict[str, tuple[str, ...]]) -> None:
    found = thesis("uketd", **fields)
    assert thesis_from_json(json.loads(json.dumps(to_json(found)))) == found
    for address in (*found.page, *found.file, *found.license):
        NamedNode(address)
    for person in found.creator:
        assert all(isni.is_valid(number) for number in (person.isni, person.orcid) if number)
