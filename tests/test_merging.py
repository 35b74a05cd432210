"""The written rule for one thesis met in several sources."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ld import merging
from ld.names import agree, fold, parse
from ld.record import Body, Origin, Person, Remark, Sponsor, Text, Thesis

KEY = "uk.bl.ethos.1"
FEED, PAGE, CSV, REPOSITORY = (
    Origin(f"{layout}.txt", line, layout) for line, layout in enumerate(("ethos-feed", "page", "csv", "uketd"), 1)
)


def part(origin: Origin = CSV, **values: object) -> Thesis:
    return Thesis(KEY, origins=(origin,), **values)


def clashes(thesis: Thesis) -> list[tuple[str, str, str | None]]:
    return [(r.field, r.before, r.after) for r in thesis.remarks if r.kind == "clash"]


def test_a_thesis_met_once_is_left_as_it_is() -> None:
    thesis = part(title=Text("A"), keyword=(Text("a"), Text("A")))
    assert merging.unite([thesis]) is thesis


def test_fields_that_only_one_part_has_are_united() -> None:
    united = merging.unite([part(CSV, title=Text("A"), doi=("10.1/a",)), part(FEED, issued="1998")])
    assert (united.title, united.doi, united.issued, united.remarks) == (Text("A"), ("10.1/a",), "1998", ())
    assert united.origins == (CSV, FEED)


@pytest.mark.parametrize("order", list(permutations([FEED, PAGE, CSV, REPOSITORY])))
def test_the_most_trusted_layout_decides_whatever_the_order_of_the_sources(order: tuple[Origin, ...]) -> None:
    united = merging.unite([part(origin, title=Text(origin.source)) for origin in order])
    assert united.title == Text(FEED.source)
    assert sorted(before for _, before, _ in clashes(united)) == sorted(o.source for o in (PAGE, CSV, REPOSITORY))


def test_within_a_layout_the_first_source_decides() -> None:
    other = Origin("later.csv", 9, "csv")
    united = merging.unite([part(CSV, issued="1998"), part(other, issued="1999")])
    assert united.issued == "1998"
    [remark] = united.remarks
    assert remark == Remark(
        "clash",
        "issued",
        "Two sources disagree: “1998” (csv.txt, line 3) and “1999” (later.csv, line 9). "
        "The first is kept: its source comes first.",
        "1999",
        "1998",
        other,
    )


def test_a_clash_names_both_values_both_places_and_the_rule() -> None:
    [remark] = merging.unite([part(CSV, title=Text("One")), part(FEED, title=Text("Two"))]).remarks
    assert remark.message == (
        "Two sources disagree: “Two” (ethos-feed.txt, line 1) and “One” (csv.txt, line 3). "
        "The first is kept: EThOS's own feed is trusted before the open CSV."
    )


def test_spellings_that_differ_in_case_space_accents_or_punctuation_are_no_clash() -> None:
    united = merging.unite([part(CSV, title=Text("the  café: a study")), part(FEED, title=Text("The Cafe : a study"))])
    assert (united.title, united.remarks) == (Text("The Cafe : a study"), ())


def test_titles_of_signs_only_are_compared_as_they_stand() -> None:
    assert clashes(merging.unite([part(title=Text("?")), part(title=Text("!"))])) == [("title", "!", "?")]


def test_a_language_tag_is_taken_from_the_part_that_has_it() -> None:
    united = merging.unite([part(FEED, title=Text("Teitl")), part(REPOSITORY, title=Text("Teitl", "cy"))])
    assert united.title == Text("Teitl", "cy")


@pytest.mark.parametrize(
    ("trusted", "other", "kept", "clash"),
    [
        (("1998", None), ("1998", "1998-07"), ("1998", "1998-07"), False),
        (("1998", "1998-07"), ("1998", None), ("1998", "1998-07"), False),
        (("1998", "1998-07"), ("1998", "1998-07-31"), ("1998", "1998-07-31"), False),
        (("1998", "1998-07"), ("1998", "1998-08"), ("1998", "1998-07"), True),
        (("1998", None), ("1999", "1999-07"), ("1998", None), True),
        (("20l4", None), ("2014", None), ("2014", None), True),
        (("199", None), ("1998", None), ("1998", None), True),
        ((None, None), ("1998", None), ("1998", None), False),
    ],
)
def test_the_finer_of_two_dates_that_agree_is_kept(trusted, other, kept, clash) -> None:
    united = merging.unite([part(CSV, issued=other[0], date=other[1]), part(FEED, issued=trusted[0], date=trusted[1])])
    assert (united.issued, united.date) == kept
    assert bool(clashes(united)) is clash


def test_a_year_that_is_no_year_gives_way_and_the_remark_says_so() -> None:
    [remark] = merging.unite([part(FEED, issued="20l4"), part(CSV, issued="2014")]).remarks
    assert (remark.before, remark.after) == ("20l4", "2014")
    assert remark.message.endswith("The first is kept: the second is not a year.")


def test_an_isni_is_added_to_the_same_body_and_its_other_form_is_kept() -> None:
    united = merging.unite(
        [
            part(FEED, current_institution=Body("University of St Andrews")),
            part(CSV, current_institution=Body("The University of St. Andrews", "0000000107211626")),
        ]
    )
    assert united.current_institution == Body("University of St Andrews", "0000000107211626")
    assert clashes(united) == []
    assert merging.spellings(united) == {
        ("currentInstitution", "University of St Andrews"): ("The University of St. Andrews",)
    }


def test_two_bodies_are_a_clash_unless_the_vocabulary_knows_them_as_one() -> None:
    parts = [part(FEED, current_institution=Body("SOAS")), part(CSV, current_institution=Body("SOAS, London", "1"))]
    assert clashes(merging.unite(parts)) == [("currentInstitution", "SOAS, London (ISNI 1)", "SOAS")]
    known = merging.unite(parts, same_body=lambda one, other: {one.name, other.name} == {"SOAS", "SOAS, London"})
    assert (known.current_institution, clashes(known)) == (Body("SOAS", "1"), [])


def test_an_awarding_body_is_never_the_same_by_isni() -> None:
    asked: list[tuple[Body, Body]] = []

    def same(one: Body, other: Body) -> bool:
        asked.append((one, other))
        return bool(one.isni and one.isni == other.isni)

    united = merging.unite(
        [part(FEED, awarding_body=Body("Polytechnic", "1")), part(CSV, awarding_body=Body("University", "1"))], same
    )
    assert asked == [(Body("Polytechnic"), Body("University"))]
    assert clashes(united) == [("awardingBody", "University (ISNI 1)", "Polytechnic (ISNI 1)")]


def test_two_spellings_of_one_degree_are_no_clash() -> None:
    parts = [part(FEED, qualification="Thesis (Ph.D.)"), part(CSV, qualification="Ph.D.")]
    assert clashes(merging.unite(parts)) == [("qualification", "Ph.D.", "Thesis (Ph.D.)")]
    assert merging.unite(parts, same_degree=lambda one, other: True).remarks == ()


def test_the_end_of_an_embargo_belongs_to_its_access() -> None:
    parts = [part(PAGE, access="open"), part(REPOSITORY, access="embargoed", available="2030-01-01")]
    united = merging.unite(parts)
    assert (united.access, united.available) == ("open", None)
    assert clashes(united) == [("access", "embargoed until 2030-01-01", "open")]
    agreeing = merging.unite([part(PAGE, access="embargoed"), parts[1]])
    assert (agreeing.access, agreeing.available, agreeing.remarks) == ("embargoed", "2030-01-01", ())


def test_values_of_many_are_united_without_duplicates() -> None:
    united = merging.unite(
        [
            part(FEED, keyword=(Text("Bees"), Text("wasps", "en")), doi=("10.1/AB-C",), page=("http://a/b",)),
            part(CSV, keyword=(Text("bees"), Text("Wasps")), doi=("10.1/ab-c", "10.1/abc"), page=("http://a/B",)),
        ]
    )
    assert united.keyword == (Text("Bees"), Text("wasps", "en"))
    assert united.doi == ("10.1/AB-C", "10.1/abc")
    assert united.page == ("http://a/b", "http://a/B")


def test_one_keyword_in_two_languages_stays_two() -> None:
    united = merging.unite([part(keyword=(Text("Cardiff", "en"),)), part(keyword=(Text("Cardiff", "cy"),))])
    assert united.keyword == (Text("Cardiff", "en"), Text("Cardiff", "cy"))


def test_a_truncated_abstract_gives_way_to_the_whole_one() -> None:
    united = merging.unite(
        [part(FEED, abstract=(Text("This thesis is …"),)), part(abstract=(Text("This thesis is long"),))]
    )
    assert (united.abstract, united.remarks) == ((Text("This thesis is long"),), ())


def test_two_abstracts_in_one_language_clash_and_in_two_languages_do_not() -> None:
    english, welsh = Text("This thesis"), Text("Mae'r traethawd", "cy")
    united = merging.unite(
        [part(CSV, abstract=(english,)), part(REPOSITORY, abstract=(welsh, Text("Something", "en")))]
    )
    assert united.abstract == (english, welsh)
    assert clashes(united) == [("abstract", "Something", "This thesis")]


def test_a_long_value_is_named_by_its_beginning() -> None:
    united = merging.unite([part(FEED, abstract=(Text("a" * 9000),)), part(abstract=(Text("b" * 9000),))])
    assert united.abstract == (Text("a" * 9000),)
    assert len(united.remarks[0].message) < 600


def test_creators_that_agree_get_each_others_identifiers_and_the_fuller_name() -> None:
    united = merging.unite(
        [
            part(FEED, creator=(Person("Willis, M.", orcid="0000000218250097"), Person("Adams, Ann"))),
            part(CSV, creator=(Person("Willis, Martin", isni="0000000453606890"), Person("Adams, Ann"))),
        ]
    )
    assert united.creator == (Person("Willis, Martin", "0000000453606890", "0000000218250097"), Person("Adams, Ann"))
    assert merging.spellings(united) == {("creator", "Willis, Martin"): ("Willis, M.",)}
    assert clashes(united) == []


def test_a_creator_that_one_part_leaves_out_is_no_clash() -> None:
    both = (Person("Adams, Ann"), Person("Willis, Martin"))
    for parts in (
        (part(FEED, creator=both[1:]), part(creator=both)),
        (part(FEED, creator=both), part(creator=both[1:])),
    ):
        united = merging.unite(parts)
        assert (united.creator, united.remarks) == (both, ())


def test_different_creators_clash_with_their_identifiers() -> None:
    united = merging.unite(
        [part(FEED, creator=(Person("Smith, Mary"),)), part(creator=(Person("Jones, Mary", isni="0000000453606890"),))]
    )
    assert united.creator == (Person("Smith, Mary"),)
    assert clashes(united) == [("creator", "Jones, Mary (ISNI 0000000453606890)", "Smith, Mary")]


def test_two_numbers_for_one_creator_clash() -> None:
    united = merging.unite([part(FEED, creator=(Person("A, B", "1"),)), part(creator=(Person("A, B", "2"),))])
    assert (united.creator, clashes(united)) == ((Person("A, B", "1"),), [("creatorIsni", "2", "1")])


def test_supervisors_that_agree_are_one_across_parts_but_not_within_one() -> None:
    united = merging.unite(
        [
            part(FEED, supervisor=(Person("Smith, J."), Person("Smith, John"))),
            part(CSV, supervisor=(Person("Smith, John"), Person("Brown, A."))),
        ]
    )
    assert united.supervisor == (Person("Smith, J."), Person("Smith, John"), Person("Brown, A."))


def test_a_sponsor_without_its_grant_says_nothing_new() -> None:
    epsrc = Body("EPSRC")
    united = merging.unite(
        [
            part(FEED, sponsor=(Sponsor(epsrc),)),
            part(CSV, sponsor=(Sponsor(Body("epsrc"), "EP/1"), Sponsor(epsrc, "EP/2"))),
        ]
    )
    assert united.sponsor == (Sponsor(epsrc, "EP/1"), Sponsor(epsrc, "EP/2"))


def test_the_key_is_the_ethos_id_and_earlier_keys_are_kept() -> None:
    page = Thesis("x-1", earlier=("x-1",), origins=(PAGE,))
    row = Thesis(KEY, earlier=("x-1", "x-2"), origins=(CSV,), ethos_id=KEY)
    for parts in ([page, row], [row, page]):
        united = merging.unite(parts)
        assert (united.key, united.ethos_id, set(united.earlier)) == (KEY, KEY, {"x-1", "x-2"})


def test_every_field_of_a_thesis_has_a_rule() -> None:
    by_hand = {"key", "earlier", "renamed", "origins", "remarks", "date", "available"}
    assert set(merging._RULES) | by_hand == {f.name for f in fields(Thesis)}


# Properties ------------------------------------------------------------------------------------------------------

words = st.sampled_from(["Bees", "bees", "Wasps", "wasps: a study", "Ants", "?"])
texts = st.builds(Text, words, st.sampled_from([None, "en", "cy"]))
people = st.builds(
    Person,
    st.sampled_from(["Smith, J.", "Smith, John", "Smith, Jane", "Willis", "willis"]),
    st.sampled_from([None, "0000000453606890", "0000000121891306"]),
)
bodies = st.builds(Body, st.sampled_from(["Leeds", "LEEDS", "York"]), st.sampled_from([None, "0000000419368403"]))


def many(values: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(values, max_size=3, unique=True).map(tuple)


theses = st.builds(
    Thesis,
    st.just(KEY),
    title=st.none() | texts,
    creator=many(people),
    awarding_body=st.none() | bodies,
    current_institution=st.none() | bodies,
    issued=st.sampled_from([None, "1998", "1999", "19g8"]),
    qualification=st.none() | words,
    # One text under two language tags in one part is nothing that a source says.
    abstract=st.lists(texts, max_size=3, unique_by=lambda text: fold(text.value)).map(tuple),
    discipline=many(words),
    keyword=many(texts),
    supervisor=many(people),
    sponsor=many(st.builds(Sponsor, bodies, st.sampled_from([None, "A1", "B2"]))),
    language=many(st.sampled_from(["eng", "cym"])),
    access=st.sampled_from([None, "open", "embargoed"]),
    available=st.sampled_from([None, "2030-01-01", "2031-01-01"]),
    doi=many(st.sampled_from(["10.1/a", "10.1/A", "10.1/b"])),
    origins=st.sampled_from([FEED, PAGE, CSV, REPOSITORY]).map(lambda origin: (origin,)),
)
corpora = st.lists(theses, min_size=2, max_size=4)


def values_of(thesis: Thesis) -> set[tuple[str, str]]:
    """Every value of a thesis as (field, text as it is compared)."""
    found = {("title", thesis.title and fold(thesis.title.value)), ("issued", thesis.issued)}
    found |= {("qualification", thesis.qualification and fold(thesis.qualification)), ("access", thesis.access)}
    found |= {("embargo", thesis.available)}
    found |= {("keyword", fold(text.value)) for text in thesis.keyword}
    whole = [fold(text.value) for text in thesis.abstract]  # the beginning of another says nothing by itself
    found |= {("abstract", one) for one in whole if not any(o != one and o.startswith(one) for o in whole)}
    found |= {(name, fold(text)) for name in ("discipline", "language") for text in getattr(thesis, name)}
    found |= {("doi", doi.casefold()) for doi in thesis.doi}
    found |= {("creatorIsni", person.isni) for person in thesis.creator}
    for field, body in (("awardingBody", thesis.awarding_body), ("currentInstitution", thesis.current_institution)):
        found |= {(field, fold(body.name)), (field + "Isni", body.isni)} if body else set()
    found |= {("sponsor", fold(s.body.name)) for s in thesis.sponsor} | {("grant", s.grant) for s in thesis.sponsor}
    return {(field, value) for field, value in found if value}


@given(corpora)
def test_uniting_what_is_united_with_itself_adds_nothing(parts: list[Thesis]) -> None:
    united = merging.unite(parts)
    assert merging.unite([united, united]) == united


@given(corpora)
def test_uniting_gives_the_same_each_time(parts: list[Thesis]) -> None:
    assert merging.unite(parts) == merging.unite(parts)


@given(corpora)
def test_no_value_is_lost_unless_a_clash_names_it(parts: list[Thesis]) -> None:
    united = merging.unite(parts)
    named = "\n".join(remark.before for remark in united.remarks)
    kept = values_of(united)
    for field, value in {v for p in parts for v in values_of(p)} - kept:
        begun = field == "abstract" and any(f == field and text.startswith(value) for f, text in kept)
        assert begun or value in fold(named) or value in named, (field, value)


@given(corpora)
def test_no_name_of_a_person_is_lost(parts: list[Thesis]) -> None:
    united = merging.unite(parts)
    named = "\n".join(remark.before for remark in united.remarks)
    for person in (person for p in parts for person in (*p.creator, *p.supervisor)):
        kept = (*united.creator, *united.supervisor)
        assert person.name in named or any(fold(person.name) == fold(k.name) for k in kept)


@given(corpora)
def test_supervisors_are_those_of_some_part_and_each_of_a_part_agrees_with_one(parts: list[Thesis]) -> None:
    united = merging.unite(parts)
    assert {p.name for p in united.supervisor} <= {p.name for part in parts for p in part.supervisor}
    for person in (person for part in parts for person in part.supervisor):
        assert any(agree(parse(person.name), parse(kept.name)) for kept in united.supervisor)


@given(theses, theses)
def test_the_order_of_equally_trusted_parts_matters_only_for_clashes(one: Thesis, other: Thesis) -> None:
    one, other = replace(one, origins=(CSV,)), replace(other, origins=(replace(CSV, line=99),))
    forth, back = merging.unite([one, other]), merging.unite([other, one])
    if not clashes(forth):
        assert clashes(back) == []
        assert values_of(forth) == values_of(back)
