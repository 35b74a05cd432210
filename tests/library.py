"""A small published corpus for the tests of the web: what a build writes, written by hand where a build cannot go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ld import context, iris
from ld.record import Origin, Remark
from ld.snapshot import Builder

BASE = "http://localhost:8000/"
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)

THESIS = "uk.bl.ethos.637591"
TWO_AUTHORS = "uk.bl.ethos.100001"
PERSON = "0000000453606890"
BODY = "0000000121891306"
MANY = 23
"""Theses of `BODY` beside `THESIS` and `TWO_AUTHORS`."""

ODD_KEYS = (
    "with space", 'quo"te', "apo'strophe", "a/b", "per%41cent", "naïve", "日本", "<script>alert(1)<", "semi;co,mma",
    "end.ttl", "dots..", "x#y", "x?y=1", "plus+amp&", "tab\there", "\U0001f4da", "back\\slash", "[x]{y}|^`", "~",
    ".html",
)  # fmt: skip
"""Keys as no build makes them today: whatever a source puts into one has to dereference.

(`..` never could: clients resolve it before they ask.)
"""

RENAMED = "x-00000000000000aa"
SEVERAL = "x-00000000000000bb"
DOUBTED_PERSON = "0000000121032683"
WITHDRAWN = "uk.bl.ethos.999"
REASON = "Taken down at the author's request <2026>."

ABSTRACT = "First paragraph, long enough to be one.\n\nSecond paragraph with <b>no</b> markup & an ampersand."


def publish(data: Path, *, base: str = BASE, now: datetime = NOW, title: str = "Therapists' experiences") -> str:
    """Publishes the corpus, the first time after a state that held `WITHDRAWN` only; gives the snapshot's name."""
    if not (data / "current").exists():
        with Builder(data, base=base, keep=3, now=now.replace(year=now.year - 1)) as builder:
            _thesis(builder, base, WITHDRAWN, {"title": "Gone"})
            builder.publish({"published": 1}, [])
    with Builder(data, base=base, keep=3, now=now) as builder:
        builder.ledger.withdraw(WITHDRAWN, REASON)
        _write(builder, base, title)
        return builder.publish({"published": MANY + len(ODD_KEYS) + 2, "people": 1, "organisations": 1}, []).name


def _write(builder: Builder, base: str, title: str) -> None:
    person, body = base + iris.id_path("person", PERSON), base + iris.id_path("organisation", BODY)
    _thesis(
        builder, base, THESIS,
        {
            "title": {"@value": title, "@language": "en-GB"}, "creator": person, "awardingBody": body, "issued": "2014",
            "currentInstitution": body, "abstract": ABSTRACT, "degree": "https://w3id.org/thesis-ld/degree/d-psy",
            "subject": "https://w3id.org/thesis-ld/discipline/medicine-and-health", "doi": "10.1000/ab<c>d",
            "isPrimaryTopicOf": "https://ethos.bl.uk/OrderDetails.do?uin=" + THESIS, "identifier": THESIS,
            "sponsor": body,
            "grant": {
                "id": f"{base}{iris.id_path('thesis', THESIS)}#grant-1", "type": "Grant", "label": "Council: EP/1",
                "identifier": "EP/1", "sponsor": body,
            },
        },
        [_author(person), _body(body)],
        findings=[("warning", "Language", "The language is not stated.")],
        remarks=[Remark("repair", "title", "Padding was removed.", " x ", "x", Origin("a.csv", 2, "csv"))],
    )  # fmt: skip
    two = base + iris.id_path("thesis", TWO_AUTHORS)
    _thesis(
        builder, base, TWO_AUTHORS,
        {
            "title": "Two together", "issued": "1999", "awardingBody": body,
            "creator": [{"id": f"{two}#author-1", "type": "Person", "name": "Zoë Last", "label": "Last, Zoë"},
                        {"id": f"{two}#author-2", "type": "Person", "name": "Ann First", "label": "First, Ann"}],
            "authorList": {"id": f"{two}#authors", "type": "Seq", "rdf:_1": {"id": f"{two}#author-1"},
                           "rdf:_2": {"id": f"{two}#author-2"}},
        },
        [_body(body)],
    )  # fmt: skip
    for number in range(MANY):
        key = f"uk.bl.ethos.2{number:05}"
        _thesis(builder, base, key, {"title": f"Study {number}", "issued": str(1980 + number), "awardingBody": body})
        builder.list(_doc("organisation", BODY), iris.id_path("thesis", key), f"Study {number}", str(1980 + number),
                     "awardingBody")  # fmt: skip
    for key in ODD_KEYS:
        _thesis(builder, base, key, {"title": f"Odd {key}"})
    _agent(builder, base, "person", PERSON, _author(person))
    _agent(builder, base, "organisation", BODY, _body(body))
    builder.list(_doc("person", PERSON), iris.id_path("thesis", THESIS), title, "2014", "creator")
    for role in ("awardingBody", "currentInstitution"):
        builder.list(_doc("organisation", BODY), iris.id_path("thesis", THESIS), title, "2014", role)
    builder.moved(iris.id_path("thesis", RENAMED), 301, [iris.id_path("thesis", THESIS)])
    both = [iris.id_path("thesis", key) for key in (THESIS, TWO_AUTHORS)]
    builder.moved(iris.id_path("thesis", SEVERAL), 300, both)
    builder.moved(iris.id_path("person", DOUBTED_PERSON), 300, both)


def _thesis(
    builder: Builder, base: str, key: str, node: Mapping[str, Any], embedded: Any = (), **more: Any
) -> None:  # fmt: skip
    iri, triples = base + iris.id_path("thesis", key), context.load().triples
    title = node["title"] if isinstance(node["title"], str) else node["title"]["@value"]
    language = None if isinstance(node["title"], str) else node["title"]["@language"]
    record = {"key": key, "title": {"value": title} | ({"language": language} if language else {})}
    own = triples({"id": iri, "type": "Thesis", **node, "document": _document(iri)})
    others = [triple for each in embedded for triple in triples(each)]
    builder.describe(_doc("thesis", key), "thesis", title, own, others, record=record, **more)


def _agent(builder: Builder, base: str, kind: iris.Kind, key: str, node: Mapping[str, Any]) -> None:
    iri = base + iris.id_path(kind, key)
    own = context.load().triples({**node, "id": iri, "document": _document(iri)})
    builder.describe(_doc(kind, key), kind, str(node["name"]), own)


def _author(iri: str) -> dict[str, Any]:
    return {
        "id": iri,
        "type": "Person",
        "name": "Henrike Andersson",
        "label": "Andersson, Henrike",
        "identifier": PERSON,
        "sameAs": "https://isni.org/isni/" + PERSON,
    }


def _body(iri: str) -> dict[str, Any]:
    return {
        "id": iri,
        "type": "Organization",
        "name": "University of East London",
        "label": "University of East London",
    }


def _document(iri: str) -> dict[str, Any]:
    return {
        "id": iris.doc_of(iri),
        "type": "Document",
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "attributionName": "British Library, EThOS",
        "attributionURL": "https://doi.org/10.23636/rcm4-zk44",
        "inDataset": iris.dataset(iri.partition("id/")[0]),
    }


def _doc(kind: iris.Kind, key: str) -> str:
    return iris.doc_path(kind, key)
