"""Institutions: one body under its spellings, two bodies under their own names, each number and address once."""

from __future__ import annotations

import csv
import html
import json
import re
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, Triple

from ld import isni as isnis
from ld.errors import VocabularyError
from ld.iris import id_path
from ld.names import body_key, slug
from ld.namespaces import DCTERMS, FOAF, ORG, OWL, RDF
from ld.vocabulary import Vocabulary, load
from ld.vocabulary.documents import by_subject
from ld.vocabulary.institutions import Institutions

BASE = "http://localhost:8000/"
SHARED = Path(__file__).parent.parent.parent / "shared/data"
CHANGED = ORG + "changedBy"


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return load(BASE)


# Two spellings of one body.
ONE = [
    ("University of Ulster", "Ulster University"),
    ("University of Newcastle upon Tyne", "Newcastle University"),
    ("Neewcastle University", "Newcastle University"),
    ("University of Lancaster", "Lancaster University"),
    ("Queen's University of Belfast", "Queen's University Belfast"),
    ("Queen’s University Belfast", "Queen's University Belfast"),
    ("Sheffield", "University of Sheffield"),
    ("Sheffield University", "University of Sheffield"),
    ("School of Oriental and African Studies (University of London)", "SOAS, University of London"),
    ("Brunel University London", "Brunel University"),
    ("Brunel University of London", "Brunel University"),
    ("Imperial College London (University of London)", "Imperial College London"),
    ("King's College London", "King's College London (University of London)"),
    ("UCL (University College London)", "University College London (University of London)"),
    ("London School of Economics and Political Science (LSE)", "London School of Economics and Political Science"),
    ("The University of St. Andrews", "University of St Andrews"),
    ("University of Teesside", "Teesside University"),
    ("Wales University", "University of Wales"),
    ("CNAA", "Council for National Academic Awards"),
    ("UMIST", "University of Manchester Institute of Science and Technology"),
    # Renamed since EThOS last listed its institutions.
    ("University of Central Lancashire", "University of Lancashire"),
    ("University of Bolton", "University of Greater Manchester"),
    ("Staffordshire University", "University of Staffordshire"),
]  # fmt: skip

# Two bodies, the first followed by the second, with the year where it is certain.
FOLLOWED = [
    ("University of Kent at Canterbury", "University of Kent", 2003),
    ("City University", "City, University of London", 2016),
    ("Brighton Polytechnic", "University of Brighton", 1992),
    ("Coventry Polytechnic", "Coventry University", 1992),
    ("Middlesex Polytechnic", "Middlesex University", 1992),
    ("University of Paisley", "University of the West of Scotland", 2007),
    ("University College of North Wales", "University of Wales, Bangor", 1996),
    ("University of Wales, Bangor", "Bangor University", 2007),
    ("University College of Swansea", "University of Wales Swansea", 1996),
    ("University of Wales Lampeter", "University of Wales Trinity Saint David", 2010),
    ("New University of Ulster", "Ulster University", 1984),
    ("South Bank University", "London South Bank University", 2003),
    ("London Bible College", "London School of Theology", 2004),
    ("University of Lincolnshire and Humberside", "University of Lincoln", 2001),
    ("Victoria University of Manchester", "University of Manchester", 2004),
    ("UMIST", "University of Manchester", 2004),
    ("Bedford College", "Royal Holloway, University of London", 1985),
    ("Chelsea College", "King's College London", 1985),
    ("Queen Elizabeth College", "King's College London", 1985),
    ("Westfield College", "Queen Mary, University of London", 1989),
    ("Wye College", "Imperial College London", 2000),
    ("Royal Postgraduate Medical School", "Imperial College London", 1997),
    ("Institute of Education (University of London)", "UCL Institute of Education", 2014),
    ("Cranfield Institute of Technology", "Cranfield University", 1993),
    ("Robert Gordon Institute of Technology", "Robert Gordon University", 1992),
    ("Leeds Metropolitan University", "Leeds Beckett University", 2014),
    ("Thames Valley University", "University of West London", None),
    ("University of Luton", "University of Bedfordshire", 2006),
    ("University of Glamorgan", "University of South Wales", 2013),
    ("UWIC", "Cardiff Metropolitan University", 2011),
    ("London Guildhall University", "London Metropolitan University", 2002),
    ("University of North London", "London Metropolitan University", 2002),
]

APART = [
    ("Council for National Academic Awards", "Open University"),
    ("University of London", "Imperial College London"),
    ("University of London", "University College London"),
    ("University of Wales", "Cardiff University"),
    ("London Bible College", "Brunel University"),
    ("University of Southampton", "University of Winchester"),
    ("King's College London", "King's College, Newcastle"),
    ("University of York", "York St John University"),
]


@pytest.mark.parametrize(("printed", "other"), ONE)
def test_two_spellings_are_one_body(vocabulary: Vocabulary, printed: str, other: str) -> None:
    assert vocabulary.institution(printed) is not None
    assert vocabulary.institution(printed) is vocabulary.institution(other)


@pytest.mark.parametrize(("former", "later", "year"), FOLLOWED)
def test_a_former_body_is_its_own_and_leads_to_the_one_that_followed(
    vocabulary: Vocabulary, former: str, later: str, year: int | None
) -> None:
    one, other = vocabulary.institution(former), vocabulary.institution(later)
    assert one is not None
    assert other is not None
    assert one.historical
    assert other.iri in one.replaced_by
    dates = [t.object.value for t in vocabulary.triples_of(one) if t.predicate.value == DCTERMS + "date"]
    assert dates == ([str(year)] if year else [])


@pytest.mark.parametrize(("one", "other"), APART)
def test_two_bodies_stay_two(vocabulary: Vocabulary, one: str, other: str) -> None:
    found, second = vocabulary.institution(one), vocabulary.institution(other)
    assert found is not None
    assert second is not None
    assert found is not second


def test_the_isni_decides_before_the_name(vocabulary: Vocabulary) -> None:
    found = vocabulary.institution("University of London", isni="0000000121138111")
    assert found is not None
    assert found.name == "Imperial College London"


def test_an_unknown_isni_leaves_the_name_to_decide(vocabulary: Vocabulary) -> None:
    found = vocabulary.institution("Imperial College London", isni="0000000453606890")
    assert found is not None
    assert found.isni == "0000000121138111"


def test_an_unknown_body_is_none(vocabulary: Vocabulary) -> None:
    for name in ("", "Coventry University in collaboration with the University of Worcester", "Unseen University"):
        assert vocabulary.institution(name) is None
    assert vocabulary.institution() is None


def test_no_two_bodies_share_a_name_an_alias_a_number_a_match_or_an_address(vocabulary: Vocabulary) -> None:
    bodies = vocabulary.institutions
    for claims in (
        [body_key(name) for body in bodies for name in (body.name, *body.aliases)],
        [number for body in bodies for number in (body.isni, *body.other_isnis) if number],
        [match for body in bodies for match in (body.ror, body.wikidata) if match],
        [body.iri for body in bodies],
        [slug(body.name) for body in bodies],
    ):
        assert len(claims) == len(set(claims))


def test_every_isni_has_the_right_check_character(vocabulary: Vocabulary) -> None:
    numbers = [number for body in vocabulary.institutions for number in (body.isni, *body.other_isnis) if number]
    assert len(numbers) > 140
    assert [number for number in numbers if not isnis.is_valid(number) or isnis.is_orcid(number)] == []


def test_a_body_is_addressed_by_its_isni_or_else_by_its_name(vocabulary: Vocabulary) -> None:
    for body in vocabulary.institutions:
        assert body.key == (body.isni or slug(body.name))
        assert body.iri == BASE + id_path("organisation", body.key)


def test_replaces_and_is_replaced_by_answer_each_other(vocabulary: Vocabulary) -> None:
    triples = vocabulary.files["institutions"].triples
    pairs = {kind: {(t.subject, t.object) for t in triples if t.predicate.value == DCTERMS + kind}
             for kind in ("replaces", "isReplacedBy")}  # fmt: skip
    assert pairs["replaces"] == {(later, former) for former, later in pairs["isReplacedBy"]}


def test_no_body_follows_itself_however_long_the_chain(vocabulary: Vocabulary) -> None:
    by_iri = {body.iri: body for body in vocabulary.institutions}
    for body in vocabulary.institutions:
        seen, ahead = {body.iri}, list(body.replaced_by)
        while ahead:
            later = ahead.pop()
            assert later not in seen
            seen.add(later)
            ahead += by_iri[later].replaced_by


def test_a_change_stands_at_the_body_that_changed_with_its_year_and_its_outcome(vocabulary: Vocabulary) -> None:
    for body in vocabulary.institutions:
        triples = vocabulary.triples_of(body)
        events = [t.object for t in triples if t.predicate.value == CHANGED]
        assert len(events) <= 1
        for event in events:
            said = {t.predicate.value: t.object for t in triples if t.subject == event}
            year = said[DCTERMS + "date"].value
            assert event == NamedNode(f"{body.iri}#change-{year}")
            assert said[RDF + "type"] == NamedNode(ORG + "ChangeEvent")
            assert said[ORG + "originalOrganization"] == NamedNode(body.iri)
            resulting = said.get(ORG + "resultingOrganization")
            assert ([resulting.value] if resulting else []) == list(body.replaced_by)


def test_the_triples_of_a_body_name_it_and_match_it_to_the_outside_once(vocabulary: Vocabulary) -> None:
    found = vocabulary.institution("University of East London")
    assert found is not None
    triples = vocabulary.triples_of(found)
    node = NamedNode(BASE + "id/organisation/0000000121891306")
    assert Triple(node, NamedNode(RDF + "type"), NamedNode(FOAF + "Organization")) in triples
    assert Triple(node, NamedNode(OWL + "sameAs"), NamedNode("https://isni.org/isni/0000000121891306")) in triples
    matches = {t.object.value for t in triples if t.predicate.value == "https://schema.org/sameAs"}
    assert matches == {"https://ror.org/057jrqr44", "http://www.wikidata.org/entity/Q1345942"}
    assert (found.ror, found.wikidata) == ("https://ror.org/057jrqr44", "http://www.wikidata.org/entity/Q1345942")
    assert {t.subject for t in triples} == {node}


def _table(turtle: str) -> Institutions:
    from pyoxigraph import RdfFormat, parse

    prefixes = f"@prefix foaf: <{FOAF}> . @prefix owl: <{OWL}> . @prefix dcterms: <{DCTERMS}> ."
    quads = parse(prefixes + turtle, format=RdfFormat.TURTLE, base_iri=BASE)
    return Institutions(by_subject(Triple(q.subject, q.predicate, q.object) for q in quads), BASE)


IMPERIAL = """
<id/organisation/0000000121138111> a foaf:Organization ; foaf:name "Imperial College London" ;
    owl:sameAs <https://isni.org/isni/0000000121138111> ;
    dcterms:identifier "0000000121138111", "0000000453606890" .
"""


def test_a_second_isni_of_a_body_finds_it_too() -> None:
    table = _table(IMPERIAL)
    found = table.find(None, "0000000453606890")
    assert found is not None
    assert (found.isni, found.other_isnis) == ("0000000121138111", ("0000000453606890",))


@pytest.mark.parametrize(
    ("added", "problem"),
    [
        ('<id/organisation/the-a> a foaf:Organization ; foaf:name "The A" .', "must have the address .*/a"),
        ('<id/organisation/imperial-college-london> a foaf:Organization ; foaf:name "imperial college, London" .',
         "names two bodies"),
        ('<id/organisation/b> a foaf:Organization ; foaf:name "B" ; dcterms:identifier "0000000453606890" .',
         "stands for two bodies"),
        ('<id/organisation/c> a foaf:Organization ; foaf:name "B" .', "must have the address .*/b"),
    ],
)  # fmt: skip
def test_a_table_that_contradicts_itself_is_refused(added: str, problem: str) -> None:
    with pytest.raises(VocabularyError, match=problem):
        _table(IMPERIAL + added)


def test_a_table_under_a_base_with_a_path_has_its_addresses_there() -> None:
    found = load("https://example.org/theses/").institution("University of Oxford")
    assert found is not None
    assert found.iri == "https://example.org/theses/id/organisation/0000000419368948"


needs_data = pytest.mark.skipif(not SHARED.exists(), reason="the shared data is not here")


@needs_data
def test_every_printed_name_of_the_samples_is_known_but_the_joint_one(vocabulary: Vocabulary) -> None:
    with (SHARED / "ethos-sample.csv").open(encoding="utf-8", newline="") as rows:
        printed = {row["Institution"] for row in csv.DictReader(rows)}
    feed = (SHARED / "ethos-feed.xml").read_text("utf-8")
    printed |= {html.unescape(name) for name in re.findall(r"<(?:uketdterms:institution|dc:publisher)>(.*?)</", feed)}
    for line in (SHARED / "ethos-facts.jsonl").read_text("utf-8").splitlines():
        facts = json.loads(line)
        printed |= {facts[field] for field in ("awarding_body", "current_institution") if facts[field]}
    assert len(printed) > 100
    assert [name for name in sorted(printed) if vocabulary.institution(name) is None] == [
        "Coventry University in collaboration with the University of Worcester"
    ]


@needs_data
def test_every_institution_of_the_ethos_list_is_known_by_name_and_by_isni(vocabulary: Vocabulary) -> None:
    listed = (SHARED / "authorities/current_he_institutions.yml").read_text("utf-8").split("  - id: ")[1:]
    assert len(listed) == 155
    for entry in listed:
        name = re.search(r"^    term: (.+)$", entry, re.MULTILINE)
        number = re.search(r"^    isni: (.+)$", entry, re.MULTILINE)
        assert name is not None
        found = vocabulary.institution(name[1].strip())
        assert found is not None
        assert found.name == name[1].strip()
        if number:
            assert vocabulary.institution(isni=isnis.compact(number[1])) is found
