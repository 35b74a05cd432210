"""Reports: one validation told in every format, fit for people, for programs and for values that mean harm."""

from __future__ import annotations

import html.parser
import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jinja2
import jsonschema
import pyoxigraph as ox
import pytest
import rdflib
from readers import by_oxigraph, by_pyld, by_rdflib

from ld import reports
from ld.formats.negotiation import choose
from ld.namespaces import DCTERMS, RDF, SH, XSD
from ld.rdf import canonical
from ld.record import Origin
from ld.reports import BY_NAME, FORMATS, Presentation
from ld.reports.html import STYLE, TEMPLATES, view, view_of_json
from ld.validation.report import Finding, Kind, Place, Report, Severity

SHAPES = "https://w3id.org/thesis-ld/shapes#"
THESIS = "http://localhost:8000/id/thesis/uk.bl.ethos."
SCHEMA = json.loads((Path(reports.__file__).parent / "report.schema.json").read_text("utf-8"))
SHOWN = Presentation(sources=("dump.nq",))
PROGRAMS = [row.name for row in FORMATS if row.name not in ("text", "html")]
YEAR = ox.NamedNode(XSD + "gYear")


def finding(number: int = 1, severity: Severity = "violation", **told: Any) -> Finding:
    """A thesis whose year of award is no year, unless something else is told."""
    focus = told.pop("focus", ox.NamedNode(f"{THESIS}{number}"))
    term = told.pop("term", ox.Literal("20l4", datatype=YEAR))
    known: dict[str, Any] = {
        "severity": severity,
        "focus": str(focus) if isinstance(focus, ox.BlankNode) else focus.value,
        "name": "Year of award",
        "message": '"20l4" is not a year of award: give the year in four digits (as xsd:gYear), such as 2014.',
        "path": DCTERMS + "issued",
        "value": None if term is None else str(term) if isinstance(term, ox.BlankNode) else term.value,
        "component": SH + "DatatypeConstraintComponent",
        "shape": SHAPES + "thesis-issued-value",
        "also": (SH + "PatternConstraintComponent",),
        "focus_term": focus,
        "term": term,
        "label": "The growth of things",
        "place": Place("dump.nq", 811 + number),
        "origin": Origin("EThOS.csv", 44, "csv"),
        "origin_field": "Date",
    }
    return Finding(**(known | told))


def untitled(number: int = 7) -> Finding:
    return finding(
        number, name="Title", message="The thesis has no title: add it.", path=DCTERMS + "title", term=None, label="",
        component=SH + "MinCountConstraintComponent", shape=SHAPES + "thesis-title", also=(), origin=None,
    )  # fmt: skip


def abstract(number: int) -> Finding:
    return finding(
        number, "info", name="Abstract", message="The abstract is very short.", path=DCTERMS + "abstract",
        term=ox.Literal("None.", language="en-GB"), component=SH + "MinLengthConstraintComponent", also=(),
        shape=SHAPES + "thesis-abstract",
    )  # fmt: skip


def kinds_of(findings: Iterable[Finding]) -> tuple[Kind, ...]:
    """Findings at hand, by kind."""
    alike: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        alike.setdefault((finding.severity, finding.shape, *finding.components), []).append(finding)
    return tuple(
        Kind(same[0].severity, same[0].name, same[0].path, same[0].shape, same[0].components, len(same), same.__iter__)
        for same in alike.values()
    )


def report_of(*findings: Finding, **told: Any) -> Report:
    checked = {SHAPES + "Thesis": 2000, SHAPES + "Person": 1804, SHAPES + "Grant": 0}
    names = {SHAPES + name: name for name in ("Thesis", "Person", "Grant")}
    known = {"checked": checked, "names": names, "triples": 45_210, "things": 3804}
    return Report(kinds_of(findings), **(known | told))


FOUND = report_of(finding(1), finding(2), untitled(), *(abstract(number) for number in range(10, 22)))
CLEAN = report_of()
NOTHING = report_of(checked={SHAPES + "Thesis": 0, SHAPES + "Person": 0})
WARNED = report_of(replace(abstract(1), severity="warning"), abstract(2))


def written(name: str, report: Report, presentation: Presentation = SHOWN) -> str:
    return "".join(BY_NAME[name].write(report, presentation))


def as_json(report: Report, presentation: Presentation = SHOWN) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(written("json", report, presentation))
    jsonschema.validate(told, SCHEMA, cls=jsonschema.Draft202012Validator)
    return told


# The table


def test_every_format_has_a_name_a_suffix_and_a_media_type_of_its_own() -> None:
    for what in ("name", "suffix", "media_type", "title"):
        assert len({getattr(row, what) for row in FORMATS}) == len(FORMATS)
    asked = Counter(media_type for row in FORMATS for media_type in (row.media_type, *row.aliases))
    assert set(asked.values()) == {1}


@pytest.mark.parametrize(
    ("accept", "name", "answered"),
    [
        ("text/turtle", "turtle", "text/turtle"),
        ("application/ld+json;q=0.9, application/json", "json", "application/json"),
        ("application/ld+json", "jsonld", "application/ld+json"),
        ("text/xml", "junit", "text/xml"),
        ("application/xml", "junit", "application/xml"),
        ("application/sarif+json", "sarif", "application/sarif+json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "html", "text/html"),
        ("*/*", "text", "text/plain"),
    ],
)
def test_a_report_is_negotiated_like_a_description(accept: str, name: str, answered: str) -> None:
    assert choose(accept, FORMATS) == (BY_NAME[name], answered)


@pytest.mark.parametrize("name", BY_NAME)
def test_the_same_report_always_gives_the_same_bytes(name: str) -> None:
    assert written(name, FOUND) == written(name, FOUND)
    assert written(name, FOUND).endswith("\n")


@pytest.mark.parametrize("name", [name for name in PROGRAMS if name != "junit"])
def test_how_long_it_took_makes_no_difference_to_programs(name: str) -> None:
    assert written(name, FOUND, replace(SHOWN, seconds=3.2)) == written(name, FOUND)


# Text


def test_text_tells_the_record_the_field_the_fault_and_where_it_came_from() -> None:
    assert (
        "Year of award: 2 violations  [thesis-issued-value]\n"
        '"20l4" is not a year of award: give the year in four digits (as xsd:gYear), such as 2014.\n'
        "  - The growth of things <http://localhost:8000/id/thesis/uk.bl.ethos.1>\n"
        "    dump.nq, line 812; from EThOS.csv, line 44, field Date\n"
    ) in written("text", FOUND)


def test_text_begins_with_the_verdict_and_how_much_was_read_and_checked() -> None:
    head = written("text", FOUND, replace(SHOWN, seconds=3.21)).split("\n\n")[0]
    assert head == (
        "Fails: 3 violations, 12 infos in 3,804 things.\n"
        "Read dump.nq: 45,210 triples, in 3.2 s.\n"
        "Checked 2,000  Thesis\n"
        "        1,804  Person\n"
        "            0  Grant"
    )


def test_text_shows_the_first_of_each_kind_and_counts_the_rest() -> None:
    text = written("text", FOUND, replace(SHOWN, first=2))
    assert text.count("uk.bl.ethos.1") == 3  # 1, 10 and 11
    assert "  … and 10 more like these\n" in text
    assert "The JSON report has all findings." in text
    assert "more like" not in written("text", FOUND, replace(SHOWN, first=12))


def test_each_finding_tells_its_own_fault_where_they_differ() -> None:
    other = finding(2, message='"1 98" is no year.', value="1 98", term=ox.Literal("1 98", datatype=YEAR))
    text = written("text", report_of(finding(1), other))
    assert '.ethos.2>\n    "1 98" is no year.\n    dump.nq, line 813' in text


def test_a_value_is_told_unless_the_message_shows_it() -> None:
    text = written("text", FOUND)
    assert 'value: "None."' in text
    assert "value: " not in text.split("Abstract")[0]
    short = finding(term=ox.Literal("a"), message="This is not a year.")
    assert 'value: "a"' in written("text", report_of(short))
    long = finding(term=ox.Literal("many words " * 500), message=f'"{("many words " * 500)[:79]}…" is no year.')
    assert "value: " not in written("text", report_of(long))


@pytest.mark.parametrize(
    ("report", "fail_on", "verdict"),
    [
        (CLEAN, "info", "Conforms. Nothing was found in 3,804 things."),
        (report_of(things=None), "info", "Conforms."),
        (WARNED, "violation", "Passes, with 1 warning, 1 info in 3,804 things."),
        (WARNED, "warning", "Fails: 1 warning, 1 info in 3,804 things."),
        (NOTHING, "violation", "Nothing was checked."),
    ],
)
def test_the_verdict_is_a_sentence(report: Report, fail_on: Severity, verdict: str) -> None:
    presentation = replace(SHOWN, fail_on=fail_on)
    assert written("text", report, presentation).startswith(verdict + "\n")
    assert f">{verdict}</h1>" in written("html", report, presentation)
    assert as_json(report, presentation)["failed"] == verdict.startswith("Fails")


@pytest.mark.parametrize("name", ["text", "html", "sarif"])
def test_that_nothing_matched_is_said_aloud(name: str) -> None:
    assert "bibo:thesis is not bibo:Thesis" in written(name, NOTHING)
    assert "bibo:thesis" not in written(name, CLEAN)


@pytest.mark.parametrize("name", ["turtle", "jsonld", "nt", "junit"])
def test_that_nothing_matched_is_told_to_programs_too(name: str) -> None:
    aloud = "No shape found anything to check." if name == "junit" else "Nothing in the data is of a kind to check."
    assert aloud in written(name, NOTHING)
    assert aloud not in written(name, CLEAN)


@pytest.mark.parametrize("name", ["turtle", "jsonld", "nt"])
def test_a_report_in_rdf_says_how_many_things_each_shape_checked(name: str) -> None:
    assert "Checked: Thesis 2,000, Person 1,804, Grant 0." in written(name, CLEAN)


def test_shapes_without_targets_and_data_without_triples_are_told_apart_from_wrong_names() -> None:
    assert "give them targets" in written("text", report_of(checked={}))
    assert "is it the right file?" in written("text", report_of(checked=NOTHING.checked, triples=0))


def test_many_files_are_counted_and_the_first_named() -> None:
    presentation = Presentation(sources=tuple(f"part-{number}.nt" for number in range(12)))
    assert "Read part-0.nt, part-1.nt, part-2.nt and 9 more files: 12 files, " in written("text", CLEAN, presentation)


@pytest.mark.parametrize("name", ["text", "html", "json"])
def test_who_decided_is_told_when_asked(name: str) -> None:
    decided = {SHAPES + "Thesis": None, SHAPES + "Grant": "it uses sh:sparql"}
    told = written(name, CLEAN, replace(SHOWN, decided=decided))
    assert "pySHACL" in told
    assert "it uses sh:sparql" in told
    assert "pySHACL" not in written(name, CLEAN)
    as_json(CLEAN, replace(SHOWN, decided=decided))


def test_colours_are_for_terminals_and_change_no_word() -> None:
    plain, coloured = written("text", FOUND), written("text", FOUND, replace(SHOWN, color=True))
    assert "\x1b" not in plain
    assert coloured.startswith("\x1b[1;31mFails")
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_a_thing_without_an_address_and_two_shapes_of_one_name_can_be_told() -> None:
    nameless = finding(focus=ox.BlankNode("b0"), label="")
    checked = {SHAPES + "Thesis": 1, SHAPES + "UntypedThesis": 2}
    text = written("text", report_of(nameless, checked=checked, names=dict.fromkeys(checked, "Thesis")))
    assert "a thing without an address (_:b0)" in text
    assert "Thesis (UntypedThesis)" in text


# JSON


@pytest.mark.parametrize("report", [FOUND, CLEAN, NOTHING, WARNED], ids=["found", "clean", "nothing", "warned"])
def test_json_holds_to_its_schema_and_counts_what_it_lists(report: Report) -> None:
    told = as_json(report)
    assert told["conforms"] == (not told["kinds"])
    assert [len(kind["findings"]) for kind in told["kinds"]] == [kind["count"] for kind in told["kinds"]]
    assert sum(told["counts"].values()) == len(report.findings)
    assert told == reports.document.document(report, SHOWN)


def test_json_tells_everything_of_a_finding() -> None:
    assert as_json(FOUND)["kinds"][0]["findings"][0] == {
        "focus": {"type": "uri", "id": THESIS + "1", "label": "The growth of things"},
        "field": "Year of award",
        "path": DCTERMS + "issued",
        "value": {"type": "literal", "value": "20l4", "datatype": XSD + "gYear"},
        "present": [],
        "message": '"20l4" is not a year of award: give the year in four digits (as xsd:gYear), such as 2014.',
        "severity": "violation",
        "components": [SH + "DatatypeConstraintComponent", SH + "PatternConstraintComponent"],
        "shape": SHAPES + "thesis-issued-value",
        "place": {"file": "dump.nq", "line": 812},
        "origin": {"source": "EThOS.csv", "line": 44, "field": "Date", "layout": "csv"},
        "times": 1,
    }


def test_json_has_a_finding_a_line_for_tools_that_read_lines() -> None:
    lines = written("json", FOUND).splitlines()
    assert sum(line.startswith('{"focus"') for line in lines) == 15


def test_the_schema_is_a_schema_and_allows_nothing_else() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    told = as_json(FOUND)
    for spoilt in ({**told, "extra": 1}, {**told, "counts": {}}, {**told, "fail_on": "error"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(spoilt, SCHEMA)


# RDF

ODD = report_of(
    finding(focus=ox.BlankNode("result1"), term=ox.BlankNode("report"), times=2, also=()),
    finding(focus=ox.Literal("_: a", language="en"), term=ox.NamedNode("xsd:odd"), shape="_:report"),
    finding(path="^<http://a.org/p>", severity_iri="http://a.org/Dire", shape="_:b1"),
    finding(path="no path at all", term=ox.Literal('"}]\n\t\\ \u202e', datatype=ox.NamedNode(RDF + "JSON"))),
    paths={
        "^<http://a.org/p>": (
            ox.BlankNode("result1"),
            (ox.Triple(ox.BlankNode("result1"), ox.NamedNode(SH + "inversePath"), ox.NamedNode("http://a.org/p")),),
        )
    },
)


SYNTAXES = {"turtle": "ttl", "nt": "nt", "jsonld": "jsonld"}


@pytest.mark.parametrize("report", [FOUND, CLEAN, WARNED], ids=["found", "clean", "warned"])
@pytest.mark.parametrize("name", SYNTAXES)
def test_the_report_of_the_standard_is_the_same_graph_in_every_syntax(name: str, report: Report) -> None:
    text, expected = written(name, report).encode(), canonical(report.to_triples())
    assert by_rdflib(text, SYNTAXES[name]) == expected
    assert by_oxigraph(text, SYNTAXES[name]) == expected
    assert name != "jsonld" or by_pyld(text) == expected


@pytest.mark.parametrize("name", SYNTAXES)
def test_nameless_things_of_the_data_and_of_the_shapes_are_not_taken_for_the_reports_own(name: str) -> None:
    text, sh = written(name, ODD).encode(), rdflib.SH
    graph = rdflib.Graph().parse(data=by_oxigraph(text, SYNTAXES[name]), format="nt")
    if name == "jsonld":
        assert by_pyld(text) == by_rdflib(text) == by_oxigraph(text, "jsonld")
    (report,) = graph.subjects(rdflib.RDF.type, sh.ValidationReport)
    results = list(graph.objects(report, sh.result))
    assert len(results) == 2 + 2 + 2 + 2
    focused = {focus for result in results for focus in graph.objects(result, sh.focusNode)}
    shapes = {shape for result in results for shape in graph.objects(result, sh.sourceShape)}
    paths = {path for result in results for path in graph.objects(result, sh.resultPath)}
    assert not {report, *results} & {*focused, *shapes, *paths, *graph.objects(None, sh.value)}
    assert (None, sh.inversePath, rdflib.URIRef("http://a.org/p")) in graph
    assert rdflib.Literal("_: a", lang="en") in focused
    assert rdflib.URIRef("xsd:odd") in set(graph.objects(None, sh.value))
    assert rdflib.URIRef("http://a.org/Dire") in set(graph.objects(None, sh.resultSeverity))


def test_turtle_begins_with_the_prefixes_always_in_the_same_order() -> None:
    heads = [line.split()[1] for line in written("turtle", FOUND).splitlines() if line.startswith("@prefix")]
    assert heads == ["sh:", "xsd:", "shapes:"]


def test_long_turtle_is_one_document_with_one_report() -> None:
    many = report_of(*(finding(number) for number in range(1000)))
    text = written("turtle", many)
    assert text.count("@prefix sh:") == 1
    store = ox.Store()
    store.load(text.encode(), format=ox.RdfFormat.TURTLE)
    (solution,) = store.query(f"SELECT (COUNT(?r) AS ?n) {{ [ a <{SH}ValidationReport> ] <{SH}result> ?r }}")
    assert solution["n"].value == "2000"


# JUnit: what the XSD of Jenkins's xUnit plugin allows: element → required and other attributes, children.

JUNIT: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {"time", "skipped", "timestamp", "hostname", "id", "package", "file"},
        {"testcase", "properties", "system-out", "system-err"},
    ),
    "testcase": ({"name"}, {"classname", "time"}, {"skipped", "error", "failure", "system-out", "system-err"}),
    "failure": (set(), {"type", "message"}, set()),
    "skipped": (set(), {"type", "message"}, set()),
    "system-out": (set(), set(), set()),
}


def as_junit(report: Report, presentation: Presentation = SHOWN) -> ET.Element:
    root = ET.fromstring(written("junit", report, presentation))
    assert root.tag == "testsuites"
    for element in root.iter():
        required, others, children = JUNIT[element.tag]
        assert required <= set(element.attrib) <= required | others
        assert {child.tag for child in element} <= children
    names = Counter((case.get("classname"), case.get("name")) for case in root.iter("testcase"))
    assert set(names.values()) == {1}, "GitLab keeps the first of tests that are called alike"
    for suite in root:
        assert len({case.get("classname") for case in suite} | {suite.get("name")}) == 1
        assert "." not in suite.get("name", "")
        assert int(suite.get("tests", "")) == len(suite)
        for attribute, tag in (("failures", "failure"), ("skipped", "skipped")):
            assert int(suite.get(attribute, "")) == len(suite.findall(f"testcase/{tag}"))
    for attribute in ("tests", "failures"):
        assert int(root.get(attribute, "")) == sum(int(suite.get(attribute, "")) for suite in root)
    return root


@pytest.mark.parametrize("report", [FOUND, CLEAN, NOTHING, ODD], ids=["found", "clean", "nothing", "odd"])
def test_junit_is_what_ci_servers_read(report: Report) -> None:
    as_junit(report)


def test_a_failure_in_junit_can_be_read_without_knowing_shacl() -> None:
    case = as_junit(FOUND).find("testsuite[@name='Year of award (thesis-issued-value)']/testcase")
    assert case is not None
    assert case.get("name") == f'{THESIS}1: "20l4"'
    failure = case.find("failure")
    assert failure is not None
    assert (failure.get("message") or "").startswith('"20l4" is not a year of award')
    assert (failure.text or "").splitlines()[1:] == [
        f"Record: The growth of things <{THESIS}1>",
        "Field: Year of award",
        "Place: dump.nq, line 812",
        "Made from: EThOS.csv, line 44, field Date",
    ]


@pytest.mark.parametrize(("fail_on", "failures"), [("violation", 0), ("warning", 1), ("info", 2)])
def test_junit_fails_from_the_severity_on_that_was_asked_for(fail_on: Severity, failures: int) -> None:
    root = as_junit(WARNED, replace(SHOWN, fail_on=fail_on, seconds=1.5))
    assert (root.get("failures"), root.get("time")) == (str(failures), "1.500")
    assert len(root.findall(".//skipped")) == 3 - failures  # and the shape that found no grant


def test_a_shape_that_checked_something_is_a_test_that_passes() -> None:
    suites = {suite.get("name"): suite for suite in as_junit(CLEAN)}
    assert list(suites) == ["Thesis", "Person", "Grant"]
    assert suites["Thesis"].findtext("testcase/system-out") == "2,000 things checked."
    assert suites["Grant"].find("testcase/skipped") is not None


def test_findings_that_differ_in_the_property_only_are_different_tests() -> None:
    closed: dict[str, Any] = {"component": SH + "ClosedConstraintComponent", "also": ()}
    one = finding(path="http://a.org/one", **closed)
    other = finding(path="http://a.org/other", **closed)
    long = [finding(term=ox.Literal("long " * 100 + end), **closed) for end in "ab"]
    kinds = (*kinds_of([one]), *kinds_of([other]), *kinds_of(long))
    as_junit(replace(report_of(), kinds=kinds))
    rules = as_sarif(replace(report_of(), kinds=kinds))["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules][:2] == [f"thesis-issued-value.Closed.{name}" for name in ("one", "other")]


# SARIF


def as_sarif(report: Report, presentation: Presentation = SHOWN) -> dict[str, Any]:
    log = json.loads(written("sarif", report, presentation))
    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert set(run) == {"tool", "invocations", "columnKind", "properties", "results"}
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    driver = run["tool"]["driver"]
    assert driver["name"] == "thesis-ld"
    rules = driver["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
        assert re.fullmatch(r"\w+", rule["name"])
        _message(rule["shortDescription"])
        _message(rule["help"])
    for result in run["results"]:
        rule = rules[result["ruleIndex"]]
        assert result["ruleId"] == rule["id"]
        assert result["level"] == rule["defaultConfiguration"]["level"]
        _message(result["message"])
        assert set(result["partialFingerprints"]) == {"primaryLocationLineHash", "finding/v1"}
        ids = [each.get("id") for each in result.get("relatedLocations", ())]
        assert len(set(ids)) == len(ids)
        for location in (*result["locations"], *result.get("relatedLocations", ())):
            assert set(location) <= {"id", "physicalLocation", "logicalLocations", "message"}
            if physical := location.get("physicalLocation"):
                assert re.fullmatch(r"[!-;=?-\[\]_a-z~%]+", physical["artifactLocation"]["uri"])
                assert physical.get("region", {"startLine": 1})["startLine"] >= 1
    for invocation in run["invocations"]:
        assert invocation["executionSuccessful"] is True
        for notification in invocation.get("toolExecutionNotifications", ()):
            _message(notification["message"])
    fingerprints = [result["partialFingerprints"]["finding/v1"] for result in run["results"]]
    assert len(set(fingerprints)) == len(fingerprints)
    told: dict[str, Any] = run
    return told


def _message(message: dict[str, str]) -> None:
    """A plain text without links, and without placeholders once the doubled braces are taken for what they mean."""
    assert set(message) == {"text"}
    assert message["text"]
    assert not re.search(r"\[[^\]]*\]\(", message["text"])
    assert not re.search(r"[{}]", message["text"].replace("{{", "").replace("}}", ""))


@pytest.mark.parametrize("report", [FOUND, CLEAN, NOTHING, ODD], ids=["found", "clean", "nothing", "odd"])
def test_sarif_is_what_code_scanners_show(report: Report) -> None:
    assert len(as_sarif(report)["results"]) == len(report.findings)


def test_a_result_in_sarif_stands_at_its_line_and_tells_the_record_it_was_made_from() -> None:
    result = as_sarif(FOUND)["results"][0]
    assert result["ruleId"] == "thesis-issued-value.Datatype.Pattern"
    assert result["level"] == "error"
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "dump.nq"},
        "region": {"startLine": 812},
    }
    assert result["relatedLocations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "EThOS.csv"}
    assert result["message"]["text"].startswith('Year of award of The growth of things: "20l4" is not a year')


def test_a_fingerprint_in_sarif_does_not_depend_on_the_line() -> None:
    moved = report_of(replace(finding(1), place=Place("dump.nq", 5), message="Otherwise said.", label=""))
    (one,), (other,) = (as_sarif(report)["results"] for report in (report_of(finding(1)), moved))
    assert one["partialFingerprints"] == other["partialFingerprints"]


def test_a_finding_without_a_line_stands_at_the_one_file_there_is() -> None:
    report = report_of(replace(finding(1), place=None, origin=None))
    location = as_sarif(report)["results"][0]["locations"][0]
    assert location["physicalLocation"] == {"artifactLocation": {"uri": "dump.nq"}}
    assert (
        "physicalLocation" not in as_sarif(report, Presentation(sources=("a.nt", "b.nt")))["results"][0]["locations"][0]
    )


# HTML


class _Page(html.parser.HTMLParser):
    """What a page holds, when its tags are all in order."""

    EMPTY = ("meta", "link", "br")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data

    def all(self, name: str) -> list[str]:
        return [attributes[name] or "" for _, attributes in self.attributes if name in attributes]


@pytest.mark.parametrize("report", [FOUND, CLEAN, NOTHING, ODD], ids=["found", "clean", "nothing", "odd"])
def test_the_page_needs_nothing_else_and_is_whole(report: Report) -> None:
    page = _Page(written("html", report))
    tags = {tag for tag, _ in page.attributes}
    assert not tags & {"script", "link", "img", "iframe"}
    ids = page.all("id")
    assert len(set(ids)) == len(ids)
    assert {link[1:] for link in page.all("href") if link.startswith("#")} <= set(ids)
    assert {each for names in page.all("aria-labelledby") for each in names.split()} <= set(ids)
    assert "url(" not in written("html", report)


def test_the_page_says_what_the_text_says() -> None:
    page = " ".join(_Page(written("html", FOUND, replace(SHOWN, first=2))).text.split())
    for words in ("Fails: 3 violations", "45,210 triples", "Year of award 2 violations", "… and 10 more like these",
                  '"20l4" is not a year of award', "dump.nq, line 812; from EThOS.csv, line 44, field Date",
                  f"The growth of things {THESIS}1", "2,000"):  # fmt: skip
        assert words in page


def test_the_page_looks_like_the_site() -> None:
    assert STYLE.read_text("utf-8") in written("html", CLEAN)


def test_a_finding_can_be_linked_to_its_line_and_the_line_to_the_finding() -> None:
    shown = view(FOUND, SHOWN, lines="#line-{line}")
    assert shown["kinds"][0]["findings"][0]["place_href"] == "#line-812"
    page = _Page(written("html", FOUND))
    (line,) = [attributes for _, attributes in page.attributes if attributes.get("id") == "finding-1-1"]
    assert line["data-line"] == "812"


def test_another_page_can_show_the_parts() -> None:
    page = '{% from "report_parts.html" import findings, summary %}{{ summary(report) }}{{ findings(report) }}'
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True)
    parts = _Page(environment.from_string(page).render(report=view(FOUND, SHOWN)))
    assert parts.attributes[0] == ("h2", {"id": "verdict", "class": "verdict failed"})
    assert set(parts.all("id")) < set(_Page(written("html", FOUND)).all("id"))


def test_the_page_can_be_made_from_the_json_report() -> None:
    assert view_of_json(as_json(FOUND), SHOWN.first) == view(FOUND, SHOWN)
    assert {path.name for path in TEMPLATES.iterdir()} == {"report.html", "report_parts.html", "report.css"}


# Values that mean harm

HARM = {
    "an escape sequence": "\x1b[2J\x1b]0;owned\x07",
    "a turn of direction": "abc\u202egnp.exe\u2066",
    "markup": "</p></li></style><script>alert(1)</script><!-- ]]> & \" ' <b onclick='x'>",
    "an entity": "&lt;script&gt; &nbsp; &#0;",
    "what XML forbids": "\x00\x01\x0b\ufffe\uffff",
    "a line break and a tab": "one\r\ntwo\tthree\u2028four\u0085five",
    "a link": "[click](javascript:alert(1)) ![](http://a.org/x.png) `code` | table",
    "a placeholder": "{0} {{1}} {{{ %s {line} {{ config }}",
    "a quote": '"}], "conforms": true, "x": [{"',
    "much": "word " * 20_000,
}


def _harmed(text: str) -> Report:
    told = {"label": text, "name": text, "message": f'"{text}" is wrong.', "origin_field": text}
    where = {"place": Place(text, 3), "origin": Origin(text, 4, "csv")}
    found = finding(term=ox.Literal(text), **told, **where)
    other = finding(focus=ox.Literal(text), term=None, shape="_:b1", **(told | where | {"message": text}))
    return report_of(found, other, names={SHAPES + "Thesis": text})


@pytest.mark.parametrize("text", HARM.values(), ids=HARM)
@pytest.mark.parametrize("name", BY_NAME)
def test_no_value_does_harm(name: str, text: str) -> None:
    report, presentation = _harmed(text), Presentation(sources=(text, "\udcff.nq"), decided={SHAPES + "Thesis": text})
    output = written(name, report, presentation)
    if name in ("turtle", "nt"):  # data as it is; an N-Triples or Turtle reader gets it back
        values = {str(value) for value in rdflib.Graph().parse(data=output, format=name).objects(None, rdflib.SH.value)}
        assert values == {text}
        return
    output.encode()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffe\uffff]", output)
    match name:
        case "text":
            assert len(output) < 10_000
        case "html":
            tags = {tag for tag, _ in _Page(output).attributes}
            assert not tags & {"script", "b", "img"}
            assert not {
                attribute for _, told in _Page(output).attributes for attribute in told if attribute[:2] == "on"
            }
        case "json":
            told = as_json(report, presentation)
            assert told["kinds"][0]["findings"][0]["value"]["value"] == text
            assert told["sources"][0] == text
        case "jsonld":
            assert json.loads(output)["result"][0]["value"] == text
        case "junit":
            as_junit(report, presentation)
        case "sarif":
            run = as_sarif(report, presentation)
            uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            assert unquote(uri) == text


@pytest.mark.parametrize("name", ["text", "html", "junit", "sarif"])
def test_what_cannot_be_seen_is_spelled_out(name: str) -> None:
    output = written(name, _harmed(HARM["a turn of direction"] + HARM["an escape sequence"]))
    assert (r"\\u202egnp" if name == "sarif" else r"\u202egnp") in output
    assert (r"\\x1b[2J" if name == "sarif" else r"\x1b[2J") in output


def test_a_label_that_is_markup_is_no_link_to_a_script() -> None:
    report = report_of(finding(focus=ox.NamedNode("javascript:alert(1)"), shape="javascript:alert(2)"))
    assert not [link for link in _Page(written("html", report)).all("href") if "script" in link]


# Many findings


class _Many:
    """A kind of 200,000 findings that are made one by one, and how many were made so far."""

    COUNT = 200_000

    def __init__(self) -> None:
        self.made = 0
        first = finding()
        self.report = report_of()
        told = first.severity, first.name, first.path, first.shape, first.components
        self.report = replace(self.report, kinds=(Kind(*told, self.COUNT, self._make),))

    def _make(self) -> Iterator[Finding]:
        for number in range(self.COUNT):
            self.made += 1
            yield finding(number)


def test_json_of_many_findings_holds_one_at_a_time() -> None:
    many, pieces, told = _Many(), 0, 0
    for piece in BY_NAME["json"].write(many.report, SHOWN):
        told += piece.count('{"focus": ')
        assert many.made - told <= 1
        pieces = max(pieces, len(piece))
    assert told == many.made == many.COUNT
    assert pieces < 2000


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_programs_read_comes_while_findings_are_made(name: str) -> None:
    many, read = _Many(), 0
    for piece in BY_NAME[name].write(many.report, SHOWN):
        read += len(piece)
        assert len(piece) < 1_000_000
        if read > 2_000_000:
            break
    assert 1000 < many.made < 10_000


@pytest.mark.parametrize("name", ["text", "html"])
def test_what_people_read_asks_for_no_more_findings_than_it_shows(name: str) -> None:
    many = _Many()
    assert "and 199,995 more like these" in written(name, many.report)
    assert many.made == SHOWN.first
