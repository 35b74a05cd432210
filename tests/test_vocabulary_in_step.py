"""In step: readers, cleaning, mapping, context, shapes and vocabularies know the same fields and the same words."""

from __future__ import annotations

import ast
import inspect
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from pyoxigraph import NamedNode, Triple

from ld import context, isni, mapping, shapes, sources, vocabulary
from ld.cleaning import clean
from ld.identity import Identity
from ld.iris import NAMESPACE
from ld.mapping import Description, Mapper
from ld.namespaces import RDF
from ld.rdf import RDF_TYPE
from ld.record import FIELDS, Body, Layout, Origin, Person, SourceRecord, Sponsor, Text, Thesis
from ld.sources import elements, open_csv, page

CASES = Path(__file__).parent / "cases" / "sources"
BASE = "http://localhost:8000/"
ROOT = Path(__file__).resolve().parent.parent
WORDS = context.load()
TLD = NAMESPACE + "terms#"

FULL: dict[str, tuple[str, ...]] = {
    "title": ("On everything",),
    "creator": ("Andersson, Henrike",),
    "creatorIsni": ("0000 0004 5360 6890",),
    "creatorOrcid": ("https://orcid.org/0000-0002-1825-0097",),
    "awardingBody": ("Polytechnic of East London",),
    "currentInstitution": ("University of East London",),
    "currentInstitutionIsni": ("0000 0001 2189 1306",),
    "issued": ("2014-07-21",),
    "qualification": ("Thesis (Ph.D.)",),
    "level": ("Doctoral",),
    "abstract": ("What it is about.",),
    "discipline": ("Law",),
    "keyword": ("law : order",),
    "supervisor": ("Willis, Martin",),
    "sponsor": ("Engineering and Physical Sciences Research Council (EPSRC) (EP/C013573/1)",),
    "language": ("wel",),
    "access": ("Full text unavailable from EThOS. Restricted access.",),
    "embargo": ("2099-01-01",),
    "license": ("https://creativecommons.org/licenses/by/4.0/",),
    "ethosId": ("uk.bl.ethos.637591",),
    "cite": ("https://ethos.bl.uk/OrderDetails.do?uin=uk.bl.ethos.637591",),
    "doi": ("10.1000/182",),
    "page": ("https://repository.example.org/1/",),
    "file": ("https://repository.example.org/1/thesis.pdf",),
}
"""A record that has every field."""


def record(**changed: tuple[str, ...]) -> SourceRecord:
    """The full record, a field given as empty left out."""
    values = {name: value for name, value in (FULL | changed).items() if value}
    return SourceRecord(Origin("full", 1, "uketd"), values)


def thesis_without_remarks(source: SourceRecord) -> Thesis:
    return replace(clean(source), remarks=())


# Readers → fields → cleaning


def test_the_full_record_has_every_field() -> None:
    assert tuple(FULL) == FIELDS


@cache
def read_cases() -> dict[str, set[str]]:
    """Each layout, and the fields that it fills in one case or the other."""
    filled: dict[str, set[str]] = defaultdict(set)
    for each in sources.read(path for path in sorted(CASES.iterdir()) if path.suffix != ".json"):
        if isinstance(each, SourceRecord):
            filled[each.origin.layout] |= each.fields.keys()
    return filled


def test_every_layout_fills_known_fields_and_every_field_is_filled_by_one() -> None:
    filled = read_cases()
    assert filled.keys() == set(get_args(Layout))
    assert {layout: names - set(FIELDS) for layout, names in filled.items()} == {layout: set() for layout in filled}
    assert set(FIELDS) - set().union(*filled.values()) == set()


def test_the_tables_of_the_layouts_name_known_fields() -> None:
    tables = (page.HEAD_LABELS, page.TAIL_LABELS, open_csv.COLUMNS, elements.ELEMENTS, *elements.BODIES.values())
    named = {field for table in tables for field in table.values() if field}
    assert named | {field for _, field in elements.INSTEAD} <= set(FIELDS)


INSTEAD = {"ethosId": "cite", "cite": "ethosId", "access": "embargo"}
"""Fields that only tell where another says nothing: the EThOS ID may stand in either place, an embargo is an access."""


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_is_used_in_cleaning(field: str) -> None:
    alone: dict[str, tuple[str, ...]] = {INSTEAD[field]: ()} if field in INSTEAD else {}
    assert thesis_without_remarks(record(**alone)) != thesis_without_remarks(record(**alone, **{field: ()}))


# Cleaning → mapping: everything known of a thesis is said, in words of the context

KNOWN = thesis_without_remarks(record())
UNSAID = {"key", "level", "earlier", "origins", "remarks"}
"""What is not said as such: addresses, what a known degree says itself, and where the record came from."""


def described(*theses: Thesis) -> Iterator[Description]:
    """The descriptions of a corpus: of its theses, its people, all bodies."""
    known = vocabulary.load(BASE)
    with closing(Identity.resolve(theses, known, base=BASE, slugs={})) as identity:
        mapper = Mapper(WORDS, known, identity, BASE)
        yield from (mapper.thesis(thesis) for thesis in theses)
        yield from (mapper.person(person) for person in identity.people())
        yield from (mapper.organisation(body) for body in identity.bodies())


def said(thesis: Thesis) -> set[Triple]:
    """What the description of a thesis says itself."""
    return set(next(described(thesis)).own)


def test_the_full_thesis_has_every_value() -> None:
    thesis = replace(KNOWN, renamed=("x-1",))
    assert [f.name for f in fields(Thesis) if getattr(thesis, f.name) in (None, ())] == ["remarks"]


@pytest.mark.parametrize("name", [f.name for f in fields(Thesis) if f.name not in UNSAID])
def test_every_value_of_a_thesis_is_said(name: str) -> None:
    thesis = replace(KNOWN, renamed=("x-1",))
    without = replace(thesis, **{name: next(f for f in fields(Thesis) if f.name == name).default})
    gone = said(thesis) - said(without)
    assert gone, name
    assert all(triple.object.value not in ("", " ") for triple in gone)


def test_the_level_is_said_when_the_degree_is_not_known() -> None:
    unknown = replace(KNOWN, qualification="Thesis (D.Unheard.)")
    level = {t.object.value for t in said(unknown) - said(replace(unknown, level=None))}
    assert level == {NAMESPACE + "level/doctoral"}


def names_in_mapping() -> set[str]:
    """The keys of every node that the mapping's functions write."""
    tree = ast.parse(inspect.getsource(mapping))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    inside = [node for function in functions for node in ast.walk(function)]
    keys = [key for node in inside if isinstance(node, ast.Dict) for key in node.keys]
    keys += [node.slice for node in inside if isinstance(node, ast.Subscript)]
    return {key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}


def test_every_word_that_the_mapping_uses_is_in_the_context() -> None:
    used = names_in_mapping()
    assert {"title", "creator", "altLabel", "document", "claimedIsni"} <= used
    assert used - WORDS.words.keys() - {"id", "type", "@value", "@language", "@type"} == set()


def test_no_two_words_that_the_mapping_uses_mean_the_same() -> None:
    used = [WORDS.words[name] for name in names_in_mapping() & WORDS.words.keys()]
    meanings = [(word.predicate.value, word.datatype, word.reverse) for word in used]
    assert len(meanings) == len(set(meanings))


# Mapping → shapes: whatever a description says, the shapes have a name for


def isni_of(digits: str) -> str:
    return digits + isni.check_character(digits)


ODD = replace(
    KNOWN,
    key="uk.bl.ethos.2",
    ethos_id="uk.bl.ethos.2",
    creator=(Person("Doe, J.", "0000000453606890"), Person("Roe, R.", orcid="0000000218250097")),
    awarding_body=Body("University of Kent at Canterbury"),
    current_institution=Body("An Academy of Nowhere", isni_of("000000040000000")),
    sponsor=(Sponsor(Body("A Fund"), "1"), Sponsor(Body("A Fund"), "2")),
    qualification="Thesis (D.Unheard.)",
    title=Text("Popeth", "cy"),
    renamed=("x-2",),
)
"""What the full thesis cannot have at the same time: an unknown degree, two authors, a name that clashes on an ISNI."""
KIN = [
    replace(KNOWN, key=f"uk.bl.ethos.{number}", creator=(Person(name, isni_of("000000040000001")),))
    for number, name in ((3, "Willis, Martin Edward"), (4, "Willis, M. E."))
]
"""Two theses of one author."""


@cache
def every_triple() -> list[Triple]:
    found = described(replace(KNOWN, renamed=("x-1",)), ODD, *KIN)
    return list(dict.fromkeys(triple for each in found for triple in (*each.own, *each.embedded)))


@cache
def classes() -> dict[str, set[str]]:
    """IRI → the classes of what it names."""
    found: dict[str, set[str]] = defaultdict(set)
    for subject, predicate, kind in every_triple():
        if predicate == RDF_TYPE:
            found[subject.value].add(kind.value)
    return found


def properties() -> set[tuple[str, str]]:
    """Every property with every class of the things that have it."""
    return {(p.value, kind) for s, p, _ in every_triple() if p != RDF_TYPE for kind in classes()[s.value]}


def test_these_theses_together_use_every_word_of_the_mapping() -> None:
    words = [WORDS.words[name] for name in names_in_mapping() & WORDS.words.keys()]
    predicates = {triple.predicate for triple in every_triple()}
    assert [word.name for word in words if word.predicate not in predicates] == []


def test_everything_that_is_described_has_a_type_that_the_context_has_a_word_for() -> None:
    assert {triple.subject.value for triple in every_triple()} == classes().keys()
    assert set().union(*classes().values()) <= set(WORDS.classes.values())


def test_every_property_that_is_said_has_a_word_in_the_context() -> None:
    known = {word.predicate.value for word in WORDS.words.values()}
    unknown = {predicate for predicate, _ in properties() if predicate not in known}
    assert unknown == {RDF + "_1", RDF + "_2"}


def test_every_property_is_named_by_the_shapes_for_what_has_it() -> None:
    known = shapes.load()
    unnamed = {
        (WORDS.compact(predicate.value), *map(WORDS.class_word, sorted(classes()[subject.value])))
        for subject, predicate, _ in every_triple()
        if predicate != RDF_TYPE and not any(known.labels(predicate.value, kind) for kind in classes()[subject.value])
    }
    assert unnamed == {("rdf:_1", "Seq"), ("rdf:_2", "Seq")}


def test_every_field_that_the_shapes_ask_for_is_one_that_the_mapping_says() -> None:
    asked = [field for field in shapes.load().fields() if field.property != RDF_TYPE.value]
    unsaid = {(field.kind, field.name) for field in asked if (field.property, field.class_iri) not in properties()}
    assert unsaid == {("Document", "First published"), ("Document", "Last changed")}  # the ledger knows these


# Our own terms


def test_every_term_of_ours_that_anything_uses_is_described() -> None:
    files = [path for folder in ("ld", "shapes", "vocab") for path in (ROOT / folder).rglob("*")]
    texts = [path.read_text("utf-8") for path in files if path.suffix in (".py", ".ttl", ".jsonld", ".html")]
    texts.append((ROOT / "README.md").read_text("utf-8"))
    used = {name for text in texts for name in re.findall(rf"(?:\btld:|{re.escape(TLD)})([A-Za-z]\w*)", text)}
    iris = {term.value for triple in every_triple() for term in triple if isinstance(term, NamedNode)}
    used |= {iri.removeprefix(TLD) for iri in iris if iri.startswith(TLD)}
    defined = {triple.subject.value for triple in vocabulary.load(BASE).files["terms"].triples}
    assert {TLD + name for name in used} == {iri for iri in defined if iri.startswith(TLD)}
