"""No wrong merges: who is one person, what is one body, and what is said about those who only seem to be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ld import isni, merging, names, vocabulary
from ld.identity import BodyNode, Identity, PersonNode
from ld.record import Body, Origin, Person, Sponsor, Thesis

BASE = "https://example.org/theses/"
VOCABULARY = vocabulary.load(BASE)
CSV, FEED = Origin("ethos.csv", 2, "csv"), Origin("feed.xml", 3, "ethos-feed")
ISNI, OTHER_ISNI, THIRD_ISNI = "0000000453606890", "0000000121032683", "000000012146438X"
ORCID, OTHER_ORCID = "0000000218250097", "0000000151093700"
KENT, IMPERIAL = "0000000122322818", VOCABULARY.institution(name="Imperial College London").isni
UNKNOWN = "0000000417670000"


def number(stem: str) -> str:
    return stem + isni.check_character(stem)


def by(*people: Person, key: str = "") -> Thesis:
    return Thesis(key or f"k {people}", creator=people, origins=(CSV,))


def identity(theses: Iterable[Thesis], slugs: dict[str, str] | None = None) -> Identity:
    corpus = list(theses)
    return Identity.resolve(corpus, VOCABULARY, base=BASE, slugs=slugs or {})


def people(*printed: Person) -> list[PersonNode]:
    """The nodes of people who each wrote one thesis, numbered from 1."""
    corpus = [by(person, key=f"uk.bl.ethos.{n}") for n, person in enumerate(printed, 1)]
    with closing(identity(corpus)) as found:
        return [found.person(t.key, "author", 1, p) for t, p in zip(corpus, printed, strict=True)]


def test_a_person_without_a_number_lives_under_the_thesis() -> None:
    with closing(identity([by(Person("Smith, J."), key="uk.bl.ethos.1")])) as found:
        author = found.person("uk.bl.ethos.1", "author", 2, Person("Smith, J."))
        supervisor = found.person("uk.bl.ethos.1", "supervisor", 1, Person("Smith, J."))
        assert list(found.people()) == []
    assert (author.iri, author.shared, author.key) == (BASE + "id/thesis/uk.bl.ethos.1#author-2", False, None)
    assert supervisor.iri == BASE + "id/thesis/uk.bl.ethos.1#supervisor-1"


def test_a_person_with_an_isni_has_an_address_of_their_own() -> None:
    [node] = people(Person("Andersson, Henrike", isni=ISNI))
    assert node == PersonNode(
        BASE + "id/person/" + ISNI, True, ISNI, names.Name("Andersson", "Henrike"), (), ISNI, None, None
    )


def test_names_that_agree_on_one_isni_are_one_person_with_the_fullest_name() -> None:
    nodes = people(*(Person(name, isni=ISNI) for name in ("Willis, M.", "Willis, Martin E.", "WILLIS, M. Ed.")))
    assert len(set(nodes)) == 1
    assert nodes[0].name == names.Name("Willis", "Martin E.")
    assert nodes[0].alternatives == ("WILLIS, M. Ed.", "Willis, M.")


def test_of_equally_full_names_the_most_frequent_is_taken_then_the_first() -> None:
    assert (
        people(*(Person(name, isni=ISNI) for name in ("Ó Sé, Ann", "O Se, Ann", "Ó Sé, Ann")))[0].name.family == "Ó Sé"
    )
    assert people(*(Person(name, isni=ISNI) for name in ("Ó Sé, Ann", "O Se, Ann")))[0].name.family == "O Se"


def test_when_two_of_the_names_on_one_isni_disagree_nobody_is_merged() -> None:
    # "M." agrees with both, but the whole number is in doubt.
    printed = [Person(name, isni=ISNI) for name in ("Willis, Martin", "Willis, Mary", "Willis, M.")]
    corpus = [by(person, key=f"uk.bl.ethos.{n}") for n, person in enumerate(printed, 1)]
    with closing(identity(corpus)) as found:
        nodes = [found.person(t.key, "author", 1, p) for t, p in zip(corpus, printed, strict=True)]
        assert list(found.clashes()) == [(ISNI, ("uk.bl.ethos.1", "uk.bl.ethos.2", "uk.bl.ethos.3"))]
        assert list(found.people()) == []
    assert [(n.iri, n.shared, n.isni, n.claimed) for n in nodes] == [
        (f"{BASE}id/thesis/uk.bl.ethos.{n}#author-1", False, None, ISNI) for n in (1, 2, 3)
    ]


def test_a_form_of_the_name_from_another_source_of_the_same_thesis_is_an_alternative() -> None:
    thesis = merging.unite([by(Person("Willis, M."), key="k"), by(Person("Willis, Martin", ISNI), key="k")])
    with closing(identity([thesis])) as found:
        node = found.person("k", "author", 1, thesis.creator[0])
    assert (node.name.inverted, node.alternatives) == ("Willis, Martin", ("Willis, M.",))


def test_two_authors_of_one_thesis_with_one_isni_and_different_names_clash() -> None:
    with closing(identity([by(Person("A, B", ISNI), Person("C, D", ISNI), key="k")])) as found:
        assert list(found.clashes()) == [(ISNI, ("k",))]


def test_a_person_known_by_both_numbers_has_the_isni_as_key() -> None:
    [node] = people(Person("A, B", ISNI, ORCID))
    assert (node.key, node.isni, node.orcid) == (ISNI, ISNI, ORCID)


def test_an_isni_in_orcids_block_is_an_orcid_id() -> None:
    [node] = people(Person("A, B", isni=ORCID))
    assert (node.key, node.isni, node.orcid) == (ORCID, None, ORCID)


def test_a_record_with_the_orcid_id_only_is_the_persons_when_everything_agrees() -> None:
    both, alone, other = people(
        Person("Adams, B.", ISNI, ORCID), Person("Adams, Ben", orcid=ORCID), Person("Adams, B", ISNI)
    )
    assert both == alone == other
    assert (both.key, both.orcid, both.name.inverted) == (ISNI, ORCID, "Adams, Ben")
    corpus = [by(Person("A, B", ISNI, ORCID), key="1"), by(Person("A, B", orcid=ORCID), key="2")]
    with closing(identity(corpus)) as found:
        assert list(found.moved()) == [(ORCID, ISNI)]
        assert [node.key for node in found.people()] == [ISNI]


def test_an_orcid_id_whose_names_disagree_merges_nobody() -> None:
    one, other = people(Person("A, B", orcid=ORCID), Person("C, D", orcid=ORCID))
    assert (one.shared, one.claimed, one.orcid, other.shared, other.claimed) == (False, ORCID, None, False, ORCID)


def test_an_orcid_id_that_disagrees_with_the_isni_beside_it_is_stated_of_nobody() -> None:
    both, alone = people(Person("A, B", ISNI, ORCID), Person("C, D", orcid=ORCID))
    assert (both.key, both.orcid) == (ISNI, None)
    assert (alone.shared, alone.claimed, alone.orcid) == (False, ORCID, None)


def test_an_orcid_id_beside_two_isnis_merges_nobody_and_is_reported() -> None:
    printed = (Person("A, B", ISNI, ORCID), Person("A, B", OTHER_ISNI, ORCID), Person("A, B", orcid=ORCID))
    one, other, alone = people(*printed)
    assert [(n.key, n.orcid) for n in (one, other, alone)] == [(ISNI, None), (OTHER_ISNI, None), (None, None)]
    corpus = [by(person, key=f"k{n}") for n, person in enumerate(printed)]
    with closing(identity(corpus)) as found:
        remarks = [remark for thesis in corpus for remark in found.remarks(thesis)]
        assert list(found.moved()) == []
    assert [(r.kind, r.field, r.before) for r in remarks] == [("conflict", "creatorOrcid", ORCID)] * 3


def test_one_isni_beside_two_orcid_ids_states_neither() -> None:
    one, other, alone = people(
        Person("A, B", ISNI, ORCID), Person("A, B", ISNI, OTHER_ORCID), Person("A, B", orcid=OTHER_ORCID)
    )
    assert one == other
    assert (one.key, one.orcid) == (ISNI, None)
    assert (alone.key, alone.orcid) == (OTHER_ORCID, OTHER_ORCID)


def test_someone_whose_isni_is_in_doubt_keeps_an_orcid_id_that_no_other_record_has() -> None:
    one, other = people(Person("A, B", ISNI, ORCID), Person("C, D", ISNI))
    assert (one.claimed, one.orcid, other.claimed, other.orcid) == (ISNI, ORCID, ISNI, None)


def test_people_come_in_the_order_of_their_keys() -> None:
    corpus = [by(Person("A", OTHER_ISNI)), by(Person("B", orcid=ORCID)), by(Person("C", ISNI)), by(Person("C", ISNI))]
    with closing(identity(corpus)) as found:
        keys = [node.key for node in found.people()]
    assert keys == sorted([ISNI, OTHER_ISNI, ORCID])


printed_people = st.builds(
    Person,
    st.sampled_from(["Smith, J.", "Smith, John", "Smith, Jane", "Jones"]),
    st.sampled_from([None, ISNI, OTHER_ISNI, THIRD_ISNI]),
    st.sampled_from([None, ORCID, OTHER_ORCID]),
)


@given(st.lists(st.lists(printed_people, min_size=1, max_size=2), min_size=1, max_size=6))
def test_nobody_is_merged_wrongly_and_each_outside_number_has_one_iri_of_ours(corpus: list[list[Person]]) -> None:
    theses = [by(*printed, key=f"k{n}") for n, printed in enumerate(corpus)]
    with closing(identity(theses)) as found:
        nodes = [
            (person, found.person(thesis.key, "author", n, person))
            for thesis in theses
            for n, person in enumerate(thesis.creator, 1)
        ]
        assert sorted({node for _, node in nodes if node.shared}, key=lambda node: node.key or "") == list(
            found.people()
        )
        clashing = dict(found.clashes())
        for orcid, target in found.moved():
            assert any(node.key == target and node.orcid == orcid for _, node in nodes)
    stated: dict[str, set[str]] = {}
    forms: dict[str, set[str]] = {}
    for person, node in nodes:
        for outside in filter(None, (node.isni, node.orcid)):
            stated.setdefault(outside, set()).add(node.iri)
        forms.setdefault(node.iri, set()).add(person.name)
        assert person.name in (node.name.inverted, *node.alternatives)
        assert node.shared == (node.claimed is None and bool(person.isni or person.orcid))
        assert node.claimed is None or node.claimed in clashing
        assert node.isni is None or person.isni == node.isni or (person.isni is None and node.orcid == person.orcid)
    assert all(len(iris) == 1 for iris in stated.values())
    for printed in forms.values():
        assert all(names.agree(names.parse(one), names.parse(two)) for one, two in combinations(printed, 2))


# Bodies ----------------------------------------------------------------------------------------------------------


def at(name: str, number: str | None = None, role: str = "current_institution") -> Thesis:
    return Thesis(f"k-{name}-{number}-{role}", **{role: Body(name, number)}, origins=(CSV,))


def current(*printed: Body, slugs: dict[str, str] | None = None) -> list[BodyNode]:
    with closing(identity((at(b.name, b.isni) for b in printed), slugs)) as found:
        return [found.body(body) for body in printed]


def test_an_institution_is_found_by_isni_by_name_and_by_alias() -> None:
    nodes = current(Body("University of Kent", KENT), Body("University of Kent"), Body("UNIVERSITY OF KENT"))
    assert {(node.iri, node.name, node.isni) for node in nodes} == {
        (f"{BASE}id/organisation/{KENT}", "University of Kent", KENT)
    }
    assert nodes[0].institution is not None


def test_every_printed_form_of_an_institution_is_in_the_graph() -> None:
    [node, _] = current(Body("Universty of Kent", KENT), Body("UNIVERSITY OF KENT"))
    assert node.alternatives == ("UNIVERSITY OF KENT", "Universty of Kent")


def test_an_awarding_body_is_not_merged_into_todays_university_through_an_isni() -> None:
    corpus = [
        at("University of Kent at Canterbury", KENT, "awarding_body"),
        at("Kent Polytechnic of Hops", KENT, "awarding_body"),
    ]
    with closing(identity(corpus)) as found:
        known, unknown = (found.body(thesis.awarding_body, "awardingBody") for thesis in corpus)
        remarks = [remark for thesis in corpus for remark in found.remarks(thesis)]
    assert (known.key, known.isni) == ("university-of-kent-at-canterbury", None)
    assert (unknown.key, unknown.isni, unknown.name) == ("kent-polytechnic-of-hops", None, "Kent Polytechnic of Hops")
    assert [(r.kind, r.field, r.before) for r in remarks] == [("conflict", "awardingBodyIsni", KENT)] * 2


def test_a_current_institution_is_what_its_isni_says_and_the_conflict_is_reported() -> None:
    thesis = at("University of Kent at Canterbury", KENT)
    with closing(identity([thesis])) as found:
        node = found.body(thesis.current_institution)
        [remark] = found.remarks(thesis)
    assert (node.key, node.alternatives) == (KENT, ())  # the other name is another body's
    assert (remark.kind, remark.field, remark.before) == ("conflict", "currentInstitutionIsni", KENT)
    assert "University of Kent at Canterbury" in remark.message


def test_an_institution_with_an_isni_that_is_not_its_own_is_found_by_name_and_reported() -> None:
    thesis = at("Imperial College London", UNKNOWN)
    with closing(identity([thesis])) as found:
        assert found.body(thesis.current_institution).isni == IMPERIAL
        assert [(r.kind, r.before) for r in found.remarks(thesis)] == [("conflict", UNKNOWN)]


def test_an_unknown_body_has_its_isni_as_key_and_all_its_names() -> None:
    nodes = current(
        Body("Institute of Bees", UNKNOWN), Body("Bee Institute", UNKNOWN), Body("Institute of Bees", UNKNOWN)
    )
    assert set(nodes) == {
        BodyNode(f"{BASE}id/organisation/{UNKNOWN}", UNKNOWN, "Institute of Bees", ("Bee Institute",), UNKNOWN, None)
    }


def test_an_unknown_body_without_an_isni_is_the_one_that_has_this_name() -> None:
    one, other = current(Body("Institute of Bees", UNKNOWN), Body("The Institute of Bees"))
    assert one == other


def test_a_name_that_two_unknown_isnis_have_is_neither() -> None:
    other = number("000000041767001")
    one, two, neither = current(
        Body("Institute of Bees", UNKNOWN), Body("Institute of Bees", other), Body("Institute of Bees")
    )
    assert [node.key for node in (one, two, neither)] == [UNKNOWN, other, "institute-of-bees"]


def test_an_awarding_body_is_an_unknown_body_only_by_its_main_name() -> None:
    corpus = [at("Institute of Bees", UNKNOWN)] * 2 + [
        at("Bee College", UNKNOWN),
        at("Bee College", None, "awarding_body"),
    ]
    with closing(identity(corpus)) as found:
        assert found.body(Body("Bee College"), "awardingBody").key == "bee-college"
        assert found.body(Body("Bee College", UNKNOWN)).key == UNKNOWN


def test_an_isni_with_a_wrong_check_character_decides_nothing() -> None:
    [node] = current(Body("Institute of Bees", "0000000417670001"))
    assert (node.key, node.isni) == ("institute-of-bees", None)


def test_a_body_without_a_number_has_the_slug_of_its_name_and_its_most_frequent_form() -> None:
    forms = ["the institute of Bees", "Institute of Bees", "Institute of Bees", "INSTITUTE OF BEES"]
    nodes = current(*map(Body, forms))
    assert len(set(nodes)) == 1
    assert (nodes[0].key, nodes[0].name) == ("institute-of-bees", "Institute of Bees")
    assert nodes[0].alternatives == ("INSTITUTE OF BEES", "the institute of Bees")


def test_two_names_with_one_slug_are_two_bodies_and_the_first_owner_keeps_the_slug() -> None:
    first, second = current(Body("Łodz Institute"), Body("Odz Institute"))
    assert {first.key[:13], second.key[:13]} == {"odz-institute"}
    assert (second.key, len(first.key)) == ("odz-institute", len("odz-institute-123456"))
    kept, other = current(
        Body("Łodz Institute"), Body("Odz Institute"), slugs={"odz-institute": names.body_key("Łodz Institute")}
    )
    assert (kept.key, len(other.key)) == ("odz-institute", len("odz-institute-123456"))


def test_an_owner_who_is_away_keeps_its_slug() -> None:
    slugs = {"odz-institute": names.body_key("Łodz Institute")}
    with closing(identity([at("Odz Institute")], slugs)) as found:
        kept = found.slugs()
    assert kept["odz-institute"] == slugs["odz-institute"]
    assert sorted(kept.values()) == ["odz institute", "łodz institute"]


@pytest.mark.parametrize("name", ["東京大学", "1994", "???", "Ω"])
def test_a_name_without_an_ascii_letter_gets_a_hash_as_key(name: str) -> None:
    [node] = current(Body(name))
    assert node.key.startswith("x-")
    assert len(node.key) == 18


def test_a_very_long_name_gets_a_short_key() -> None:
    one, two = current(Body("Institute of " + "Bees " * 900), Body("Institute of " + "Bees " * 901))
    assert len(one.key) < 120
    assert one.key != two.key


def test_a_body_that_the_vocabulary_has_learnt_has_moved_from_its_slug() -> None:
    slugs = {"university-of-kent": "university of kent", "institute-of-bees": "institute of bees"}
    with closing(identity([at("Institute of Bees")], slugs)) as found:
        assert list(found.moved_bodies()) == [("university-of-kent", KENT)]


def test_all_institutions_of_the_vocabulary_are_among_the_bodies() -> None:
    with closing(identity([at("Institute of Bees"), at("University of Kent")])) as found:
        nodes = list(found.bodies())
    assert [node.key for node in nodes] == sorted(node.key for node in nodes)
    assert {node.key for node in nodes} == {i.key for i in VOCABULARY.institutions} | {"institute-of-bees"}


def test_the_other_spelling_of_a_united_body_is_an_alternative() -> None:
    parts = [
        Thesis("k", current_institution=Body("University of Kent"), origins=(FEED,)),
        Thesis("k", current_institution=Body("Universty of Kent", KENT), origins=(CSV,)),
    ]
    corpus = [merging.unite(parts, lambda one, other: True)]
    with closing(identity(corpus)) as found:
        assert found.body(corpus[0].current_institution).alternatives == ("Universty of Kent",)


def test_a_sponsor_is_a_body_too() -> None:
    thesis = Thesis("k", sponsor=(Sponsor(Body("Bee Council"), "B/1"),), origins=(CSV,))
    with closing(identity([thesis])) as found:
        assert found.body(thesis.sponsor[0].body, "sponsor").key == "bee-council"


printed_bodies = st.builds(
    Body,
    st.sampled_from(
        [
            "University of Kent",
            "University of Kent at Canterbury",
            "Imperial College London",
            "Bees",
            "The Bees",
            "b-ees",
            "?",
        ]
    ),
    st.sampled_from([None, KENT, IMPERIAL, UNKNOWN]),
)


@given(st.lists(st.tuples(printed_bodies, printed_bodies), min_size=1, max_size=8))
def test_each_body_has_one_key_one_isni_and_is_a_historical_one_only_by_name(pairs: list[tuple[Body, Body]]) -> None:
    corpus = [Thesis(f"k{n}", awarding_body=a, current_institution=c) for n, (a, c) in enumerate(pairs)]
    with closing(identity(corpus)) as found:
        nodes = list(found.bodies())
        assert max(Counter(node.key for node in nodes).values()) == 1
        assert max(Counter(node.isni for node in nodes if node.isni).values()) == 1
        for awarding, institution in pairs:
            awarded, today = found.body(awarding, "awardingBody"), found.body(institution)
            assert {awarded, today} <= set(nodes)
            named = VOCABULARY.institution(name=awarding.name)
            assert awarded.institution == named
            printed = {awarded.name, *awarded.alternatives, *(named.aliases if named else ())}
            assert awarding.name in printed
