"""Our own dumps, validated: what the build found and nothing else, traced to its records; and ten faults planted."""

from __future__ import annotations

import gzip
import html
import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pyoxigraph as ox
import pytest
from odd import write_odd
from pyoxigraph import RdfFormat
from rows import command, csv_file, feed_file, key, published, record, rejected, row
from sites import SEEDS
from test_validate_command import findings, report, validate

from ld import sources
from ld.build import build
from ld.namespaces import DCTERMS, FOAF, RDF, SH, XSD
from ld.settings import Settings
from ld.snapshot import Snapshot
from ld.summary import Summary

BASE = "http://localhost:8000/"
SAMPLES = [Path(__file__).parents[2] / "shared" / "data" / name for name in ("ethos-sample.csv", "ethos-feed.xml")]
THS = "http://id.loc.gov/vocabulary/relators/ths"
ISNI = "0000000121032683"
"""Of the author of two theses."""
PERSON = f"{BASE}id/person/{ISNI}"
COLLEGE = "Unheard-of College"


class Corpus(NamedTuple):
    """What was built, and where it lies."""

    folder: Path
    summary: Summary
    snapshot: Snapshot

    @property
    def dumps(self) -> Path:
        return self.folder / "data" / "current" / "dumps"


def thesis(number: int) -> str:
    return f"{BASE}id/thesis/{key(number)}"


def written(folder: Path) -> list[Path]:
    """Sources in every layout, with much to warn of and nothing to reject."""
    own = {"Author_ISNI": f"https://isni.org/isni/{ISNI}", "Supervisor(s)": "Jones, B."}
    rows = [
        row(1, Abstract="What it is about.", **own),
        row(2, Author="Smith, Ann 1", **own),
        row(3, Qualification="Thesis (Odd.D.)", **{"Supervisor(s)": "Hill, C. ; Dale, D."}),
        row(4, Qualification=" ", **{"Subject Discipline": " ", "Funder(s)": "Wellcome Trust (WT1)"}),
        row(5, Author="Early, E.", Date="1700"),
        row(6, Institution=COLLEGE, **{"Institution ISNI": " ", "EThOS URL": " "}),
        row(7, Author="One, A.", Author_ISNI="https://isni.org/isni/000000012146438X"),
        row(8, Author="Two, B.", Author_ISNI="https://isni.org/isni/000000012146438X"),
    ]
    more = "<uketdterms:embargodate>2030</uketdterms:embargodate>"
    return [SEEDS, csv_file(folder / "rows.csv", *rows), feed_file(folder / "feed.xml", record(20), record(21, more))]


CORPORA = {
    "written": written,
    "odd": lambda folder: [write_odd(folder / "odd")],
    "real": lambda folder: SAMPLES,
}


@pytest.fixture(scope="module", params=CORPORA)
def corpus(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    if request.param == "real" and not all(path.exists() for path in SAMPLES):
        pytest.skip("the samples are not here")
    folder = tmp_path_factory.mktemp(request.param)
    summary = build(CORPORA[request.param](folder), Settings(data=folder / "data", base=BASE))
    return Corpus(folder, summary, published(folder / "data"))


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("usual")
    summary = build(written(folder), Settings(data=folder / "data", base=BASE))
    assert summary.rejected == 0
    return Corpus(folder, summary, published(folder / "data"))


# --- the dumps as they are ---


def results(data: bytes, syntax: RdfFormat) -> Counter[tuple[str, ...]]:
    """The results of a report in RDF, told without the labels of its nameless nodes."""
    said: dict[Any, dict[str, list[Any]]] = {}
    for quad in ox.parse(data, format=syntax):
        said.setdefault(quad.subject, {}).setdefault(quad.predicate.value, []).append(quad.object)

    def spelled(node: Any) -> str:
        parts = said.get(node) if isinstance(node, ox.BlankNode) else None
        return str(node) if parts is None else str([(name, *map(spelled, parts[name])) for name in sorted(parts)])

    told = (
        "focusNode",
        "resultPath",
        "value",
        "sourceConstraintComponent",
        "sourceShape",
        "resultSeverity",
        "resultMessage",
    )
    listed = [parts for parts in said.values() if SH + "focusNode" in parts]
    return Counter(tuple(" ".join(map(spelled, parts.get(SH + name, ()))) for name in told) for parts in listed)


def test_a_dump_conforms_and_has_the_findings_of_the_build_result_by_result(corpus: Corpus) -> None:
    written_report = (corpus.snapshot.folder / "reports" / "report.ttl.gz").read_bytes()
    reported = results(gzip.decompress(written_report), RdfFormat.TURTLE)
    refused = {f"<{BASE}id/thesis/{each.get('key')}" for each in rejected(corpus.folder / "data")}
    refused_too = Counter({each: n for each, n in reported.items() if re.split("[#>]", each[0])[0] in refused})
    assert bool(refused_too) == any(severity == "violation" for severity, _ in corpus.summary.findings)
    for name in ("thesis-ld.nq.gz", "thesis-ld.nt.gz"):
        told = validate(corpus.folder, f"data/current/dumps/{name}", "--format", "nt")
        assert (told.returncode, told.stderr) == (0, "")
        assert results(told.stdout.encode(), RdfFormat.N_TRIPLES) == reported - refused_too


def test_a_dump_has_as_many_findings_of_each_field_as_the_build_counted(usual: Corpus) -> None:
    read = report(usual.folder, usual.dumps / "thesis-ld.nt.gz")
    assert Counter((each["severity"], each["field"]) for each in findings(read)) == usual.summary.findings
    counted = Counter(severity for severity, _ in usual.summary.findings.elements())
    assert read["counts"] == {"violation": 0, "warning": counted["warning"], "info": counted["info"]}


def test_each_finding_stands_on_the_line_of_its_value_or_on_the_first_about_its_thing(corpus: Corpus) -> None:
    for name in ("thesis-ld.nq.gz", "thesis-ld.nt.gz"):
        lines = gzip.decompress((corpus.dumps / name).read_bytes()).decode().split("\n")
        first: dict[str, int] = {}
        for number, line in enumerate(lines, 1):
            first.setdefault(line.partition(" ")[0], number)
        for each in findings(report(corpus.folder, f"data/current/dumps/{name}")):
            subject, place = f"<{each['focus']['id']}>", each["place"]
            assert place["file"] == f"data/current/dumps/{name}"
            if each["value"]:
                value = each["value"]["value"].replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
                assert lines[place["line"] - 1].startswith(f"{subject} <{each['path']}> ")
                assert value in lines[place["line"] - 1]
            else:
                assert place["line"] == first[subject]


LABELS = {
    "Title": "title",
    "Author": "creator",
    "Year of award": "issued",
    "Abstract": "abstract",
    "Supervisor": "supervisor",
    "Discipline": "discipline",
    "Degree": "qualification",
    "Qualification as printed": "qualification",
    "Current institution": "currentInstitution",
    "EThOS ID": "ethosId",
    "Repository page": "page",
}
"""What the shapes call a field of a thesis → the field of a record."""


def test_each_finding_about_a_thesis_names_the_record_and_what_the_field_is_called_there(corpus: Corpus) -> None:
    origins = {f"{BASE}id/thesis/{each['key']}": each["origins"][0] for each in corpus.snapshot.records()}
    found = findings(report(corpus.folder, corpus.dumps / "thesis-ld.nq.gz"))
    about = [each for each in found if each["focus"]["id"] in origins]
    assert len({each["field"] for each in about}) >= 5
    for each in about:
        origin, own = each["origin"], origins[each["focus"]["id"]]
        assert {name: origin[name] for name in ("source", "line", "layout")} == own
        expected = sources.label(own["layout"], LABELS[each["field"]])
        if each["field"] == "EThOS ID" and own["layout"] == "csv":
            expected = "EThOS URL"  # which has it
        assert origin["field"] == expected, each
    for each in found:  # of people under a thesis, too, and of those who are shared
        assert each["origin"]["source"] in {own["source"] for own in origins.values()}, each


def test_the_record_that_is_named_stands_at_that_line(usual: Corpus) -> None:
    for each in findings(report(usual.folder, usual.dumps / "thesis-ld.nt.gz")):
        if each["focus"]["id"].startswith(f"{BASE}id/thesis/") and "#" not in each["focus"]["id"]:
            lines = Path(each["origin"]["source"]).read_text().splitlines()[each["origin"]["line"] - 1 :]
            record = re.sub(r"\W+", " ", html.unescape(" ".join(lines[:3])))
            assert re.sub(r"\W+", " ", each["focus"]["label"])[:60] in record, each


def test_a_copy_elsewhere_has_places_and_no_origins_until_the_data_folder_is_named(
    usual: Corpus, tmp_path: Path
) -> None:
    (tmp_path / "copy.nq").write_bytes(gzip.decompress((usual.dumps / "thesis-ld.nq.gz").read_bytes()))
    alone = findings(report(tmp_path, "copy.nq"))
    assert {each["origin"] for each in alone} == {None}
    assert {each["place"]["file"] for each in alone} == {"copy.nq"}
    traced = findings(report(tmp_path, "copy.nq", "--data", usual.folder / "data"))
    assert traced == [
        {**each, "place": {**each["place"], "file": "copy.nq"}}
        for each in findings(report(tmp_path, usual.dumps / "thesis-ld.nq.gz"))
    ]
    assert "; from " not in validate(tmp_path, "copy.nq").stdout
    assert f"; from {usual.folder / 'rows.csv'}, line 4, field Qualification" in validate(
        tmp_path, "copy.nq", "--data", usual.folder / "data"
    ).stdout  # fmt: skip


def test_a_snapshot_that_is_no_longer_the_current_one_is_traced_by_itself(tmp_path: Path) -> None:
    source = csv_file(tmp_path / "old.csv", row(1), row(2))
    command("build", source, "--data", tmp_path / "data")
    old = published(tmp_path / "data").folder
    source.rename(tmp_path / "new.csv")
    command("build", tmp_path / "new.csv", "--data", tmp_path / "data", "--allow-shrink")
    named = {
        Path(each["origin"]["source"]).name
        for folder in (old, tmp_path / "data" / "current")
        for each in findings(report(tmp_path, folder / "dumps" / "thesis-ld.nt.gz"))
    }
    assert named == {"old.csv", "new.csv"}


# --- ten faults ---


class Fault(NamedTuple):
    """What is changed in a dump, and the one finding that comes of it.

    line: a part of the line that is changed. into: what becomes of that line, which is `{}`; none, it goes.
    at: a part of the line that the finding stands on, `^` being its beginning; it is the first that has it.
    """

    line: str
    into: tuple[str, ...]
    severity: str
    field: str
    focus: str
    value: str | None
    at: str
    told: str


def said(subject: str, predicate: str, value: str = "") -> str:
    return f"<{subject}> <{predicate}> {value}"


def quad(subject: str, predicate: str, value: str) -> str:
    return f"{said(subject, predicate, value)} <{BASE}doc/planted> ."


TITLE, TYPE, NAME = DCTERMS + "title", RDF + "type", FOAF + "name"
ACCESS, COAR = DCTERMS + "accessRights", "http://purl.org/coar/access_right/"
FAULTS: dict[str, Fault] = {
    "no title": Fault(
        said(thesis(1), TITLE), (), "violation", "Title", thesis(1), None, f"^<{thesis(1)}> ", "has one title",
    ),
    "two titles": Fault(
        said(thesis(2), TITLE), ("{}", quad(thesis(2), TITLE, '"Another title"')),
        "violation", "Title", thesis(2), None, said(thesis(2), TITLE), "keep one if there are several",
    ),
    "a letter in a year": Fault(
        said(thesis(3), DCTERMS + "issued"), (quad(thesis(3), DCTERMS + "issued", f'"20l1"^^<{XSD}gYear>'),),
        "violation", "Year of award", thesis(3), "20l1", '"20l1"', '"20l1" is not a year of award',
    ),
    "a supervisor whom nobody describes": Fault(
        said(thesis(3), TITLE), ("{}", quad(thesis(3), THS, "<http://b.org/nobody>")),
        "violation", "Supervisor", thesis(3), "http://b.org/nobody", "<http://b.org/nobody>", "is not described as",
    ),
    "a second name of a person of two theses": Fault(
        said(PERSON, NAME), ("{}", quad(PERSON, NAME, '"Somebody Else"')),
        "violation", "Name", PERSON, None, said(PERSON, NAME), "A person has one name",
    ),
    "a class in lower case": Fault(
        said(thesis(5), TITLE), ("{}", quad("http://b.org/t", TYPE, "<http://purl.org/ontology/bibo/thesis>")),
        "violation", "Type", "http://b.org/t", "http://b.org/t", "bibo/thesis>", "mind the capital T",
    ),
    "a digit of an ISNI lost": Fault(
        said(PERSON, DCTERMS + "identifier"), (quad(PERSON, DCTERMS + "identifier", f'"{ISNI[:-1]}"'),),
        "warning", "ISNI or ORCID iD", PERSON, ISNI[:-1], f'"{ISNI[:-1]}"', "is not an ISNI or an ORCID iD",
    ),
    "an access right that COAR does not have": Fault(
        f"<{ACCESS}> <{COAR}c_f1cf>", (quad(thesis(7), ACCESS, f"<{COAR}c_none>"),),
        "warning", "Access", thesis(7), f"{COAR}c_none", "c_none", "is not one of COAR's access rights",
    ),
    "a description without a licence": Fault(
        said(thesis(4).replace("/id/", "/doc/"), DCTERMS + "license"), (),
        "violation", "Licence of this description", thesis(4).replace("/id/", "/doc/"), None,
        f"^<{thesis(4).replace('/id/', '/doc/')}> ", "The description has no licence",
    ),
    "a class taken away from a body": Fault(
        f"<{TYPE}> <{FOAF}Organization>", (),
        "violation", "Awarding body or current institution", "", "", "", "is not described as an organisation",
    ),
}  # fmt: skip


def in_place(corpus: Corpus) -> dict[str, Fault]:
    """The faults, the last about the body that the thesis without an EThOS ID names."""
    (college,) = (BASE + path for path, label in corpus.snapshot.paths("organisation") if label == COLLEGE)
    (alone,) = (
        f"{BASE}id/thesis/{each['key']}"
        for each in corpus.snapshot.records()
        if each["key"].startswith("x-") and COLLEGE in str(each)
    )
    body = FAULTS["a class taken away from a body"]
    return FAULTS | {
        "a class taken away from a body": body._replace(
            line=f"<{college}> {body.line}", focus=alone, value=college, at=f"^<{alone}> "
        )
    }


@pytest.fixture(scope="module")
def lines(usual: Corpus) -> list[str]:
    return gzip.decompress((usual.dumps / "thesis-ld.nq.gz").read_bytes()).decode().splitlines()


def plant(lines: list[str], fault: Fault) -> list[str]:
    """The lines of a dump, with a fault in them."""
    at = next(number for number, line in enumerate(lines) if fault.line in line)
    return [*lines[:at], *(each.replace("{}", lines[at]) for each in fault.into), *lines[at + 1 :]]


def told(each: dict[str, Any]) -> tuple[object, ...]:
    """A finding without its place."""
    value = each["value"] and each["value"]["value"]
    return each["severity"], each["field"], each["focus"]["id"], value, *each["components"], each["message"]


def test_ten_faults_planted_in_a_dump_are_ten_findings_more_each_on_its_line(
    usual: Corpus, lines: list[str], tmp_path: Path
) -> None:
    faults = in_place(usual)
    (tmp_path / "before.nq").write_text("\n".join(lines) + "\n")
    spoilt = lines
    for fault in faults.values():
        spoilt = plant(spoilt, fault)
    (tmp_path / "after.nq").write_text("\n".join(spoilt))
    before, after = (
        findings(report(tmp_path, name, "--data", usual.folder / "data")) for name in ("before.nq", "after.nq")
    )
    assert Counter(map(told, before)) - Counter(map(told, after)) == Counter()
    new = Counter(map(told, after)) - Counter(map(told, before))
    assert new.total() == len(faults) == 10
    for name, fault in faults.items():
        (found,) = (each for each in after if told(each) in new and told(each)[:4] == fault[2:6])
        assert fault.told in found["message"], name
        expected = next(number for number, line in enumerate(spoilt, 1) if fault.at in "^" + line)
        assert found["place"] == {"file": "after.nq", "line": expected}, name


def test_the_planted_faults_are_traced_to_the_records_of_their_theses(
    usual: Corpus, lines: list[str], tmp_path: Path
) -> None:
    spoilt = lines
    for fault in in_place(usual).values():
        spoilt = plant(spoilt, fault)
    (tmp_path / "after.nq").write_text("\n".join(spoilt))
    text = validate(tmp_path, "after.nq", "--data", usual.folder / "data", "--first", 500).stdout
    rows = usual.folder / "rows.csv"
    for line, field in ((2, "Title"), (3, "Title"), (4, "Date"), (4, "Supervisor(s)"), (7, "Institution")):
        assert f"; from {rows}, line {line}, field {field}\n" in text, (line, field)
    assert f"from {rows}, line 5\n" in text  # the description's licence is no field of it


def test_a_thesis_whose_class_is_spelled_small_is_told_to_be_one(
    usual: Corpus, lines: list[str], tmp_path: Path
) -> None:
    small = [
        line.replace("bibo/Thesis>", "bibo/thesis>") if f"<{thesis(1)}> <{TYPE}>" in line else line for line in lines
    ]
    (tmp_path / "small.nq").write_text("\n".join(small))
    read = report(tmp_path, "small.nq")
    (grave,) = (each for each in findings(read) if each["severity"] == "violation")
    assert (grave["focus"]["id"], grave["shape"].rpartition("#")[2]) == (thesis(1), "MisspeltThesis")
    assert not any(each["focus"]["id"] == thesis(1) for each in findings(read) if each != grave)
