"""`thesis-ld validate` as its users call it: its exit status, what goes where, what it says of any files and shapes."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import zstandard
from pyoxigraph import RdfFormat

from ld.namespaces import SH

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "tests" / "cases" / "shapes" / "sample.ttl"
PREFIXES = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> . "
PREFIXES += "@prefix ex: <http://a.org/> . @prefix bibo: <http://purl.org/ontology/bibo/> . "
PREFIXES += "@prefix dct: <http://purl.org/dc/terms/> .\n"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
CLEAN = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}


def validate(folder: Path, *arguments: object, data: bytes = b"", **variables: str) -> subprocess.CompletedProcess[str]:
    """What the command does in a folder; `data` comes on its standard input."""
    command = [sys.executable, "-W", "error", "-m", "ld", "validate", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, env=CLEAN | variables, input=data, capture_output=True, timeout=60)
    told = subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in told.stderr, told.stderr
    return told


def report(folder: Path, *arguments: object, **more: Any) -> dict[str, Any]:
    """The report in JSON."""
    told = validate(folder, *arguments, "--format", "json", **more)
    assert told.stderr == ""
    read: dict[str, Any] = json.loads(told.stdout)
    assert told.returncode == (1 if read["failed"] or read["empty"] else 0)
    return read


def findings(read: dict[str, Any]) -> list[dict[str, Any]]:
    return [finding for kind in read["kinds"] for finding in kind["findings"]]


def refusal(folder: Path, *arguments: object, **more: Any) -> str:
    """The one line with which the command gives up."""
    told = validate(folder, *arguments, **more)
    assert (told.returncode, told.stdout) == (2, "")
    (line,) = told.stderr.splitlines()
    return line


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with shapes that know a grave, a middling and a light fault, and a file with each as its worst."""
    shapes = (
        f"sh:property [ sh:path ex:{name} ; sh:minCount 1 ; sh:severity sh:{name} ]"
        for name in ("Violation", "Warning", "Info")
    )
    (tmp_path / "graded.ttl").write_text(
        f"{PREFIXES}ex:S a sh:NodeShape ; sh:targetClass ex:T ; {' ; '.join(shapes)} ."
    )
    for number, name in enumerate(("violation", "warning", "info", "nothing")):
        given = ("ex:Violation 1", "ex:Warning 1", "ex:Info 1")[:number]
        (tmp_path / f"{name}.ttl").write_text(f"{PREFIXES}ex:t a ex:T ; {' ; '.join((*given, 'ex:p 1'))} .")
    (tmp_path / "sample.ttl").write_bytes(SAMPLE.read_bytes())
    return tmp_path


# --- what it exits with ---


@pytest.mark.parametrize(
    ("worst", "fail_on", "status"),
    [
        ("violation", None, 1), ("violation", "info", 1), ("warning", None, 0), ("warning", "warning", 1),
        ("info", "violation", 0), ("info", "warning", 0), ("info", "info", 1), ("nothing", "info", 0),
    ],
)  # fmt: skip
def test_the_exit_status_tells_whether_anything_is_as_grave_as_was_asked(
    worst: str, fail_on: str | None, status: int, folder: Path
) -> None:
    asked = ["--fail-on", fail_on] if fail_on else []
    told = validate(folder, f"{worst}.ttl", "--shapes", "graded.ttl", *asked)
    assert (told.returncode, told.stderr) == (status, "")
    first = told.stdout.splitlines()[0]
    assert first.startswith("Fails: " if status else "Conforms." if worst == "nothing" else "Passes, with ")


def test_the_sample_passes_our_own_shapes(folder: Path) -> None:
    told = validate(folder, "sample.ttl")
    assert told.returncode == 0
    assert told.stdout.startswith("Passes, with ")
    assert re.search(r"^Checked +1  Author$", told.stdout, re.MULTILINE)


UNCHECKED = {
    "<http://a.org/s> <http://a.org/p> 1 .": "Nothing in this data is of a kind that the shapes check, so this says",
    "": "There is nothing in this data: is it the right file?",
    "# nothing but a comment\n": "There is nothing in this data: is it the right file?",
}


@pytest.mark.parametrize("text", UNCHECKED)
def test_data_in_which_nothing_is_checked_does_not_pass(text: str, folder: Path) -> None:
    (folder / "data.ttl").write_text(text)
    told = validate(folder, "data.ttl")
    assert told.returncode == 1
    assert told.stdout.startswith(f"Nothing was checked.\n{UNCHECKED[text]}")


def test_that_nothing_was_checked_is_told_in_formats_for_programs_too(folder: Path) -> None:
    assert report(folder, "sample.ttl", "--shapes", "graded.ttl")["empty"]
    for name in ("html", "sarif"):
        told = validate(folder, "sample.ttl", "--shapes", "graded.ttl", "--format", name)
        assert told.returncode == 1
        assert "Nothing in this data is of a kind that the shapes check" in told.stdout


def test_a_thesis_whose_class_is_in_lower_case_does_not_pass(folder: Path) -> None:
    (folder / "small.ttl").write_text(f'{PREFIXES}ex:t a bibo:thesis ; dct:title "A title" .')
    told = validate(folder, "small.ttl")
    assert told.returncode == 1
    assert "This is typed bibo:thesis, which is no class: write bibo:Thesis (mind the capital T)." in told.stdout
    # Even where something else in the file is checked.
    assert validate(folder, "small.ttl", "sample.ttl").stdout.startswith("Fails: 1 violation, ")


def test_what_may_be_asked_is_told(folder: Path) -> None:
    for arguments in (
        [],
        ["--format", "pdf", "sample.ttl"],
        ["--syntax", "csv", "sample.ttl"],
        ["--first", "-1", "sample.ttl"],
    ):
        told = validate(folder, *arguments)
        assert (told.returncode, told.stdout) == (2, "")
        assert "Error: " in told.stderr


# --- what goes where ---

FORMATS = ("text", "html", "json", "turtle", "jsonld", "nt", "junit", "sarif")
ODD = 'Thé\\u0300se 日本 𝄞 </script> ]]> &amp; \\"quoted\\" \\\\ {0} [a](b)\\u0000\\u001b[2J\\u202e\\n'


class _Closed(HTMLParser):
    """Whether a page has a tag for the end of each of its tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("meta", "link", "br", "hr", "img", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def results(text: str, syntax: RdfFormat) -> int:
    """How many results a report in RDF has."""
    quads = list(ox.parse(text, format=syntax))
    assert sum(quad.object == ox.NamedNode(SH + "ValidationReport") for quad in quads) == 1
    return sum(quad.predicate == ox.NamedNode(SH + "result") for quad in quads)


COUNTED = {
    "text": lambda text: text.count("\n  - "),
    "html": lambda text: not _Closed(text).open and text.count('id="finding-'),
    "json": lambda text: len(findings(json.loads(text))),
    "turtle": lambda text: results(text, RdfFormat.TURTLE),
    "nt": lambda text: results(text, RdfFormat.N_TRIPLES),
    "jsonld": lambda text: results(text, RdfFormat.JSON_LD),
    "junit": lambda text: len(ET.fromstring(text).findall(".//failure")),
    "sarif": lambda text: len(json.loads(text)["runs"][0]["results"]),
}
"""How the findings of a report are counted in each format, by something that reads the whole of it."""


@pytest.mark.parametrize("name", FORMATS)
def test_a_report_comes_whole_on_stdout_and_nothing_else_does(name: str, folder: Path) -> None:
    things = "".join(f'ex:t{n} a ex:T ; dct:title "{ODD}{n}" ; ex:p "{ODD}" .\n' for n in range(700))
    (folder / "odd.ttl").write_text(PREFIXES + things)
    shape = (
        "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property [ sh:path ex:p ; sh:datatype xsd:date ; sh:order 1 ]"
    )
    (folder / "shapes.ttl").write_text(f"{PREFIXES}{shape} .")
    asked = ("odd.ttl", "--shapes", "shapes.ttl", "--format", name)
    told = validate(folder, *asked, "--first", 700)
    assert (told.returncode, told.stderr) == (1, "")
    assert COUNTED[name](told.stdout) == 700
    assert told.stdout.endswith("\n")
    assert "\x1b" not in told.stdout
    assert "\u202e" not in told.stdout or name in ("turtle", "nt", "jsonld")


def test_no_more_findings_of_a_kind_are_shown_to_people_than_they_asked_for(folder: Path) -> None:
    (folder / "data.ttl").write_text(
        PREFIXES + "".join(f"ex:t{n} a ex:T ; ex:Warning 1 ; ex:Info 1 .\n" for n in range(9))
    )
    for more, shown, left in (((), 5, 4), (("--first", 0), 0, 0), (("--first", 9), 9, 0)):
        text = validate(folder, "data.ttl", "--shapes", "graded.ttl", *more).stdout
        assert text.count("\n  - ") == shown
        assert (f"… and {left} more like these" in text) == bool(left)
        assert ("The JSON report has all findings." in text) == (shown < 9)


def test_a_reader_that_stops_reading_is_no_fault(folder: Path) -> None:
    things = (f"<http://a.org/{n}> <{TYPE}> <http://a.org/T> .\n" for n in range(20_000))
    (folder / "data.nt").write_text("".join(things))
    mild = "ex:S sh:targetClass ex:T ; sh:property [ sh:path ex:p ; sh:minCount 1 ; sh:severity sh:Warning ] ."
    (folder / "mild.ttl").write_text(PREFIXES + mild)
    for name, least, status in (("text", "violation", 0), ("json", "violation", 0), ("json", "warning", 1)):
        options = f"--shapes mild.ttl --first 20000 --format {name} --fail-on {least}"
        # The verdict, though nobody reads to the end of the report.
        command = f"{sys.executable} -m ld validate data.nt {options} | head -1; exit ${{PIPESTATUS[0]}}"
        done = subprocess.run(
            ["bash", "-c", command], cwd=folder, env=CLEAN, capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, done.stderr) == (status, "")
        assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize("name", ["text", "json"])
def test_no_locale_keeps_a_report_from_being_written_nor_changes_one_for_programs(name: str, folder: Path) -> None:
    (folder / "data.ttl").write_text(f'{PREFIXES}ex:t a ex:T ; dct:title "Thé 日本" .')
    asked = "data.ttl", "--shapes", "graded.ttl", "--format", name
    usual, other = validate(folder, *asked), validate(folder, *asked, PYTHONIOENCODING="ascii:strict", PYTHONUTF8="0")
    assert (other.returncode, other.stderr) == (1, "")
    assert name == "text" or other.stdout == usual.stdout


@pytest.mark.parametrize("ending", ["> /dev/full", ">&-"])
def test_output_that_cannot_be_written_is_told_in_one_line(ending: str, folder: Path) -> None:
    command = f"{sys.executable} -m ld validate sample.ttl {ending}"
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=CLEAN, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "fault of the program" not in done.stderr


# --- what it reads ---


def test_standard_input_is_read_like_a_file(folder: Path) -> None:
    for data, syntax in ((SAMPLE.read_bytes(), ["--syntax", "ttl"]), (gzip.compress(SAMPLE.read_bytes()), [])):
        read = report(folder, "-", *syntax, data=data)
        assert read["sources"] == ["standard input"]
        assert not read["failed"]
        assert {finding["place"]["file"] for finding in findings(read)} == {"standard input"}
    shapes = (folder / "graded.ttl").read_bytes()
    assert report(folder, "warning.ttl", "--shapes", "-", data=shapes)["counts"]["warning"] == 1


def test_several_files_are_one_graph(folder: Path) -> None:
    sample = [quad.triple for quad in ox.parse(path=str(SAMPLE), format=RdfFormat.TURTLE)]
    theses = [triple for triple in sample if "/id/thesis/" in triple.subject.value]
    others = [triple for triple in sample if triple not in theses]
    ox.serialize(theses, str(folder / "theses.nt"), format=RdfFormat.N_TRIPLES)
    ox.serialize(others, str(folder / "others.rdf"), format=RdfFormat.RDF_XML)
    whole, both = report(folder, "sample.ttl"), report(folder, "theses.nt", "others.rdf")
    assert (both["triples"], both["counts"]) == (whole["triples"], whole["counts"])
    assert both["sources"] == ["theses.nt", "others.rdf"]
    assert {finding["place"]["file"] for finding in findings(both)} <= {"theses.nt", "others.rdf"}
    assert "is not described" in findings(report(folder, "theses.nt"))[0]["message"]


def test_findings_name_the_line_in_the_file_as_the_user_named_it(folder: Path) -> None:
    (folder / "in").mkdir()
    (folder / "in" / "ä b.ttl").write_text(f"{PREFIXES}\n\nex:t\n  a ex:T ;\n ex:Violation 1 .")
    told = validate(folder, "./in/ä b.ttl", "--shapes", "graded.ttl")
    assert "in/ä b.ttl, line 5" in told.stdout
    sarif = json.loads(validate(folder, "in/ä b.ttl", "--shapes", "graded.ttl", "--format", "sarif").stdout)
    (location,) = sarif["runs"][0]["results"][0]["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "in/%C3%A4%20b.ttl"},
        "region": {"startLine": 5},
    }


def test_a_large_file_gives_the_same_report_however_many_processes_read_it(folder: Path) -> None:
    with (folder / "large.nt").open("w") as file:
        for n in range(110_000):
            subject = f"<http://a.org/{'long/' * 20}{n % 50_000}>"
            file.write(f"{subject} <{TYPE}> <http://a.org/{'T' if n % 40 == 0 else 'U'}> .\n")
            file.write(f'{subject} <http://a.org/Warning> "{n % 7}" .\n')
    assert (folder / "large.nt").stat().st_size > 20_000_000
    asked = "large.nt", "--shapes", "graded.ttl", "--format", "json"
    one, three = (validate(folder, *asked, "--workers", number) for number in (1, 3))
    assert one.returncode == 1
    assert (three.stdout, three.stderr, three.returncode) == (one.stdout, one.stderr, one.returncode)


REFUSALS: list[tuple[list[str], str]] = [
    (["none.ttl"], r"none\.ttl: cannot be read \(No such file or directory\)\. Check the path\."),
    (["."], r"\.: is a folder\. Name the files in it\."),
    (["sample.ttl/none"], r"sample\.ttl/none: cannot be read \(Not a directory\)\. Check the path\."),
    (["x" * 300], r"x+: cannot be read \(File name too long\)\. Check the path\."),
    (["broken.ttl"], r"broken\.ttl, line 3, column 1: .*\. It was read as Turtle\."),
    (["sample.ttl", "broken.ttl"], r"broken\.ttl, line 3, column 1: .*\."),
    (["cut.nt.gz"], r"cut\.nt\.gz: ends too early\. Fetch it again\."),
    (["cut.nt.zst"], r"cut\.nt\.zst: ends too early\. Fetch it again\."),
    (["sample.ttl", "--syntax", "rdf"], r"sample\.ttl, line \d+: .* It was read as RDF/XML\."),
    (
        ["newer.nt"],
        r"newer\.nt, line 2: a triple is used as a value, which is RDF 1\.2\. SHACL is defined for RDF 1\.1 only\.",
    ),
    (
        ["context.jsonld"],
        r"context\.jsonld: its context https://schema\.org would have to be fetched, which is never done\. .*",
    ),
    (["sample.ttl", "--data", "nowhere"], r"nowhere publishes nothing yet\. Build first: .*"),
    (
        ["sample.ttl", "--shapes", "none.ttl"],
        r"none\.ttl: cannot be read \(No such file or directory\)\. Check the path\.",
    ),
    (["sample.ttl", "--shapes", "."], r"\.: is a folder\. Name the files in it\."),
    (["sample.ttl", "--shapes", "broken.ttl"], r"broken\.ttl, line 3, column 1: .*"),
    (
        ["sample.ttl", "--shapes", "sample.ttl"],
        r"sample\.ttl: there is no shape with a target in it, so nothing would be .*",
    ),
]


@pytest.mark.parametrize(("arguments", "told"), REFUSALS, ids=lambda value: " ".join(value)[:40])
def test_what_cannot_be_read_is_told_in_one_line(arguments: list[str], told: str, folder: Path) -> None:
    lines = b"<http://a.org/s> <http://a.org/p> <http://a.org/o> .\n" * 1000
    (folder / "broken.ttl").write_text("# c\n\nno Turtle at all\n")
    (folder / "cut.nt.gz").write_bytes(gzip.compress(lines)[:-20])
    (folder / "cut.nt.zst").write_bytes(zstandard.compress(lines)[:-5])
    (folder / "newer.nt").write_text("\n<http://a.org/s> <http://a.org/p> <<( <a:s> <a:p> <a:o> )>> .\n")
    (folder / "context.jsonld").write_text('{"@context": "https://schema.org", "name": "x"}')
    assert re.fullmatch(f"thesis-ld: {told}", refusal(folder, *arguments))


def test_standard_input_that_is_closed_is_told_in_one_line(folder: Path) -> None:
    command = f"{sys.executable} -m ld validate - <&-"
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=CLEAN, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "thesis-ld: standard input: is closed. Send the data there, or name a file.\n"


# --- other shapes than ours ---

DATA = """
ex:t a ex:T ; ex:text "seven", "SEVEN"@en, "sept"@en ; ex:number 7 ; ex:other 5 ; ex:same 7 ; ex:link ex:u .
ex:u ex:number 1 .
ex:closed a ex:Closed ; ex:text "eight" .
"""
SENTENCES: dict[str, tuple[str, str]] = {
    "ClassConstraintComponent": (
        "sh:path ex:link ; sh:class ex:Person",
        '"http://a.org/u" is not described as a <http://a.org/Person>: give it that type, or link to one that has it.',
    ),
    "DatatypeConstraintComponent": (
        "sh:path ex:text ; sh:datatype xsd:date",
        '"seven" is not of the type xsd:date: correct it, or give it that type.',
    ),
    "NodeKindConstraintComponent": (
        "sh:path ex:text ; sh:nodeKind sh:BlankNodeOrIRI",
        '"seven" is of the wrong kind: give an IRI or a blank node.',
    ),
    "MinCountConstraintComponent": (
        "sh:path ex:number ; sh:minCount 2", "There are fewer than 2 values: add what is missing.",
    ),
    "MinCountConstraintComponent of 1": ("sh:path ex:none ; sh:minCount 1", "It is missing: add it."),
    "MaxCountConstraintComponent": ("sh:path ex:text ; sh:maxCount 2", "There are more than 2 values: keep 2."),
    "MaxCountConstraintComponent of 1": ("sh:path ex:text ; sh:maxCount 1", "There are several values: keep one."),
    "MaxCountConstraintComponent of 0": ("sh:path ex:text ; sh:maxCount 0", "No value is allowed here: take it out."),
    "MinExclusiveConstraintComponent": ("sh:path ex:number ; sh:minExclusive 7", '"7" is not greater than 7.'),
    "MinInclusiveConstraintComponent": (
        "sh:path ex:number ; sh:minInclusive 7.5", '"7" is less than 7.5, or cannot be compared with it.',
    ),
    "MaxExclusiveConstraintComponent": ("sh:path ex:number ; sh:maxExclusive 7", '"7" is not less than 7.'),
    "MaxInclusiveConstraintComponent": (
        "sh:path ex:number ; sh:maxInclusive 6", '"7" is greater than 6, or cannot be compared with it.',
    ),
    "MinLengthConstraintComponent": ("sh:path ex:text ; sh:minLength 6", '"seven" is shorter than 6 characters.'),
    "MaxLengthConstraintComponent": ("sh:path ex:text ; sh:maxLength 3", '"seven" is longer than 3 characters.'),
    "MaxLengthConstraintComponent of 1": (
        "sh:path ex:text ; sh:maxLength 1", '"seven" is longer than one character.',
    ),
    "PatternConstraintComponent": (
        'sh:path ex:text ; sh:pattern "^[0-9]{4}$"',
        '"seven" does not have the form that is asked for, "^[0-9]{4}$".',
    ),
    "LanguageInConstraintComponent": (
        'sh:path ex:text ; sh:languageIn ( "fr" "cy" )',
        '"sept" is not in one of the languages "fr", "cy": correct its language tag.',
    ),
    "UniqueLangConstraintComponent": (
        "sh:path ex:text ; sh:uniqueLang true",
        "There are several values in one language: keep one of them in each.",
    ),
    "EqualsConstraintComponent": (
        "sh:path ex:number ; sh:equals ex:other",
        'The values are not those of <http://a.org/other>: "5" is in one of them only.',
    ),
    "DisjointConstraintComponent": (
        "sh:path ex:number ; sh:disjoint ex:same",
        '"7" is a value of <http://a.org/same> too: it may be in one of them only.',
    ),
    "LessThanConstraintComponent": (
        "sh:path ex:number ; sh:lessThan ex:same", '"7" is not less than the value of <http://a.org/same>.',
    ),
    "LessThanOrEqualsConstraintComponent": (
        "sh:path ex:number ; sh:lessThanOrEquals ex:other",
        '"7" is greater than the value of <http://a.org/other>, or cannot be compared.',
    ),
    "NotConstraintComponent": (
        "sh:path ex:number ; sh:not [ sh:datatype xsd:integer ]",
        '"7" is what it may not be: it fits the shape that is given.',
    ),
    "AndConstraintComponent": (
        "sh:path ex:number ; sh:and ( ex:Titled [ sh:nodeKind sh:IRI ] )",
        '"7" does not fit all of the shapes that it must fit.',
    ),
    "OrConstraintComponent": (
        "sh:path ex:number ; sh:or ( [ sh:datatype xsd:date ] [ sh:nodeKind sh:IRI ] )",
        '"7" fits none of the shapes one of which it must fit.',
    ),
    "XoneConstraintComponent": (
        "sh:path ex:number ; sh:xone ( [ sh:datatype xsd:integer ] [ sh:nodeKind sh:Literal ] )",
        '"7" fits none, or more than one, of the shapes exactly one of which it must fit.',
    ),
    "NodeConstraintComponent": (
        "sh:path ex:link ; sh:node ex:Titled", '"http://a.org/u" does not fit the shape <http://a.org/Titled>.',
    ),
    "QualifiedMinCountConstraintComponent": (
        "sh:path ex:link ; sh:qualifiedValueShape ex:Titled ; sh:qualifiedMinCount 2",
        "Fewer than 2 of the values fit the shape that is given.",
    ),
    "QualifiedMaxCountConstraintComponent": (
        "sh:path ex:text ; sh:qualifiedValueShape [ sh:nodeKind sh:Literal ] ; sh:qualifiedMaxCount 2",
        "More than 2 of the values fit the shape that is given.",
    ),
    "HasValueConstraintComponent": (
        "sh:path ex:number ; sh:hasValue 8", "The value 8 is not among the values: add it.",
    ),
    "InConstraintComponent": (
        'sh:path ex:number ; sh:in ( 1 "two" ex:three )',
        '"7" is not one of the values allowed: 1, "two", <http://a.org/three>.',
    ),
}  # fmt: skip
"""A constraint, and what is said where a shape has no words of its own. `ClosedConstraintComponent` is below."""


@cache
def sentences(folder: Path) -> dict[str, set[tuple[str, str, str]]]:
    """(component, field, message) of what each shape of `SENTENCES` finds, by its name."""
    (folder / "data.ttl").write_text(PREFIXES + DATA)
    shapes = "\n".join(
        f"ex:{name.replace(' ', '-')} a sh:PropertyShape ; sh:targetNode ex:t ; {shape} ."
        for name, (shape, _) in SENTENCES.items()
    )
    titled = "ex:Titled a sh:NodeShape ; sh:property [ sh:path ex:title ; sh:minCount 1 ] ."
    closed = "ex:S a sh:NodeShape ; sh:targetClass ex:Closed ; sh:closed true ; sh:ignoredProperties ( rdf:type ) ."
    rdf = TYPE.removesuffix("type")
    (folder / "shapes.ttl").write_text(f"{PREFIXES}@prefix rdf: <{rdf}> .\n{shapes}\n{titled}\n{closed}")
    found: dict[str, set[tuple[str, str, str]]] = {}
    for each in findings(report(folder, "data.ttl", "--shapes", "shapes.ttl")):
        (component,) = (iri.removeprefix(SH) for iri in each["components"])
        found.setdefault(each["shape"].rpartition("/")[2], set()).add((component, each["field"], each["message"]))
    return found


@pytest.fixture(scope="module")
def wordless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wordless")


@pytest.mark.parametrize("name", SENTENCES)
def test_a_shape_without_words_of_its_own_gets_a_sentence(name: str, wordless: Path) -> None:
    shape, sentence = SENTENCES[name]
    found = sentences(wordless)[name.replace(" ", "-")]
    field = shape.split()[1].removeprefix("ex:")
    assert (name.partition(" ")[0], field, sentence) in found


def test_a_property_that_a_closed_shape_does_not_allow_is_named(wordless: Path) -> None:
    told = 'The property <http://a.org/text> is not allowed here: take "eight" out.'
    assert sentences(wordless)["S"] == {("ClosedConstraintComponent", "S", told)}


def test_every_component_of_shacl_core_that_finds_anything_by_itself_has_its_sentence() -> None:
    # `sh:property` does not: its shapes find what there is.
    assert len({name.partition(" ")[0] for name in SENTENCES} | {"ClosedConstraintComponent"}) == 28


def test_the_words_of_shapes_are_used_where_they_have_some(folder: Path) -> None:
    (folder / "shapes.ttl").write_text(f"""{PREFIXES}
        ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property [
            sh:path ex:p ; sh:name "Preis"@de, "Price"@en ; sh:severity sh:Warning ; sh:datatype xsd:date ;
            sh:message "{{?value}} ist kein Preis."@de, "{{?value}} of {{$this}} is no price."@en ] .""")
    (found,) = findings(report(folder, "nothing.ttl", "--shapes", "shapes.ttl"))
    assert (found["field"], found["message"]) == ("Price", "1 of http://a.org/t is no price.")


def test_shapes_come_in_any_syntax_packed_or_not_and_in_several_files(folder: Path) -> None:
    expected = report(folder, "violation.ttl", "--shapes", "graded.ttl")["counts"]
    triples = [quad.triple for quad in ox.parse(path=str(folder / "graded.ttl"), format=RdfFormat.TURTLE)]
    for name, syntax, pack in (
        ("shapes.jsonld", RdfFormat.JSON_LD, bytes),
        ("shapes.rdf.gz", RdfFormat.RDF_XML, gzip.compress),
        ("shapes", RdfFormat.N_TRIPLES, zstandard.compress),
    ):
        (folder / name).write_bytes(pack(ox.serialize(triples, format=syntax) or b""))
        assert report(folder, "violation.ttl", "--shapes", name)["counts"] == expected, name
    (folder / "more.ttl").write_text(f"{PREFIXES}ex:S sh:property [ sh:path ex:more ; sh:minCount 1 ] .")
    both = report(folder, "violation.ttl", "--shapes", "graded.ttl", "--shapes", "more.ttl")
    assert both["counts"]["violation"] == expected["violation"] + 1


def test_who_decided_is_told_with_the_reason_when_asked(folder: Path) -> None:
    (folder / "shapes.ttl").write_text(f"""{PREFIXES}
        ex:Plain a sh:NodeShape ; sh:targetClass ex:T ; sh:property [ sh:path ex:p ; sh:minCount 1 ] .
        ex:Circle a sh:NodeShape ; sh:targetClass ex:T ; sh:property [ sh:path ex:q ; sh:node ex:Circle ] .
        ex:Asked a sh:NodeShape ; sh:targetClass ex:T ; sh:sparql [ sh:message "{{?value}} is too small" ;
            sh:select "SELECT $this ?value {{ $this <http://a.org/p> ?value FILTER(?value < 2) }}" ] .""")
    text = validate(folder, "nothing.ttl", "--shapes", "shapes.ttl", "--explain").stdout
    assert re.search(r"1  Plain  decided by thesis-ld$", text, re.MULTILINE)
    assert re.search(r"1  Circle  decided by pySHACL: it is recursive$", text, re.MULTILINE)
    assert re.search(
        r"1  Asked  decided by pySHACL: it uses SPARQLConstraintComponent, which is not", text, re.MULTILINE
    )
    assert "1 is too small" in text
    assert "decided by" not in validate(folder, "nothing.ttl", "--shapes", "shapes.ttl").stdout
    ours = validate(folder, "sample.ttl", "--explain").stdout
    assert ours.count("decided by thesis-ld") == 11
    assert "pySHACL" not in ours


UNUSABLE = {
    "ex:S a sh:NodeShape ; sh:property [ sh:path ex:p ; sh:minCount 1 ] .": "there is no shape with a target in it",
    "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property [ sh:minCount 1 ] .": "The shapes cannot be used: ",
    "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property [ sh:path ex:p ; sh:minCount 'x' ] .": "cannot be used: ",
    "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property [ sh:path 'p' ; sh:minCount 1 ] .": "cannot be used: ",
    "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property [ sh:path ex:p ; sh:pattern '(' ] .": "cannot be used: ",
    "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property ex:none .": "The shapes cannot be used: ",
    "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:sparql [ sh:select 'SELECT { oops' ] .": "cannot be used: ",
    "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:sparql [ sh:select 'SELECT $this FROM <file:///etc/passwd> {}' ] .":
        "a query in them says FROM, and queries may only read the data that is validated. Take it out of the query.",
}  # fmt: skip


@pytest.mark.parametrize("shapes", UNUSABLE)
def test_shapes_that_cannot_be_used_are_told_in_one_line(shapes: str, folder: Path) -> None:
    (folder / "shapes.ttl").write_text(PREFIXES + shapes)
    told = refusal(folder, "nothing.ttl", "--shapes", "shapes.ttl")
    assert UNUSABLE[shapes] in told
    assert len(told) < 500
