"""Bad input, from the command line to the published snapshot: what is said, what is kept, what goes on."""

from __future__ import annotations

import gzip
import io
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rows import (
    command,
    csv_file,
    csv_text,
    deleted,
    dump,
    feed_file,
    feed_text,
    files,
    key,
    keys,
    page_file,
    published,
    record,
    refused,
    rejected,
    row,
)

from ld.build import build
from ld.errors import BuildRefused, LdError
from ld.settings import Settings
from ld.sources.open_csv import HEADER

Make = Callable[[Path], Path]


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that publishes one thesis."""
    data = tmp_path_factory.mktemp("before") / "data"
    source = csv_file(data.parent / "sound.csv", row(1))
    assert command("build", source, "--data", data).exit_code == 0
    return data


# Sources that cannot be read as a whole


def _text(name: str, content: str | bytes) -> Make:
    def make(folder: Path) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return make


def _zip(name: str, members: dict[str, str | bytes], damage: slice | None = None) -> Make:
    def make(folder: Path) -> Path:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in members.items():
                archive.writestr(member, content)
        whole = bytearray(out.getvalue())
        if damage:
            del whole[damage]
        (folder / name).write_bytes(whole)
        return folder / name

    return make


def _folder(**others: str | bytes) -> Make:
    """A folder with a sound file and others."""

    def make(folder: Path) -> Path:
        csv_file(folder / "in" / "a.csv", row(1))
        for name, content in others.items():
            _text(f"in/{name.replace('_', '.')}", content)(folder)
        return folder / "in"

    return make


def _nothing(folder: Path) -> Path:
    return folder / "nothing.csv"


def _empty_folder(folder: Path) -> Path:
    (folder / "in").mkdir()
    return folder / "in"


def _link_to_itself(folder: Path) -> Path:
    (folder / "loop").symlink_to("loop")
    return folder / "loop"


SOUND = csv_text(row(1))
MANY = csv_text(*(row(n, Abstract=os.urandom(200).hex()) for n in range(300))).encode()
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
ENTITY = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
LAUGHS = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'

WHOLE: dict[str, tuple[Make, str]] = {
    "missing": (_nothing, r"nothing\.csv: does not exist"),
    "empty": (_text("e.csv", ""), r"e\.csv: is empty"),
    "only spaces": (_text("s.csv", " \n\n"), r"s\.csv: is empty"),
    "binary": (_text("b.csv", PICTURE), r"b\.csv: is a binary file"),
    "another header": (_text("h.csv", "a,b\n1,2\n"), r"h\.csv: the header is not the open CSV's.*must read: Title,DOI"),
    "columns missing": (_text("h.csv", "Title,Author,Date,Year\n"), r"h\.csv, line 1: .*missing: DOI.*unknown: Year"),
    "UTF-16": (_text("u.csv", SOUND.encode("utf-16")), r"u\.csv: is UTF-16.*Save it as UTF-8"),
    "line ends of old": (_text("m.csv", SOUND.replace("\n", "\r")), r"m\.csv, line 1: "),
    "broken XML": (_text("x.xml", feed_text(record(1))[:-40]), r"x\.xml, line \d+: broken XML"),
    "not UTF-8": (
        _text("x.xml", feed_text(record(1, title="Caf\xe9")).encode("latin-1")),
        r"line 3: broken XML",
    ),
    "NUL in XML": (_text("x.xml", feed_text(record(1, "<dc:subject>&#0;</dc:subject>"))), r"x\.xml, line \d+: broken"),
    "unknown entity": (_text("x.xml", feed_text(record(1, "<a>&nbsp;</a>"))), r"line \d+: .*undefined entity"),
    "unknown encoding": (
        _text("x.xml", feed_text(record(1), head='<?xml version="1.0" encoding="klingon"?>')),
        "line 1: .*klingon",
    ),
    "external entity": (_text("x.xml", ENTITY + feed_text(record(1), head="")), r"x\.xml, line 1: document type decl"),
    "entity bomb": (_text("x.xml", LAUGHS + feed_text(record(1), head="")), r"x\.xml, line 1: document type decl"),
    "deep XML": (
        _text("x.xml", feed_text(record(1, "<a>" * 999 + "</a>" * 999))),
        r"line \d+: over 100 elements",
    ),
    "HTML": (_text("x.xml", "<!DOCTYPE html><html><body>Gone</body></html>"), r"x\.xml: is in no layout"),
    "OAI-PMH error": (_text("x.xml", '<OAI-PMH><error code="badArgument">No.</error></OAI-PMH>'), "badArgument: No"),
    "truncated gzip": (
        _text("t.csv.gz", gzip.compress(MANY)[:20_000]),
        r"t\.csv\.gz: the compressed file ends",
    ),
    "gzip of zeros": (_text("z.gz", gzip.compress(bytes(20_000_000))), r"z\.gz: is a binary file"),
    "truncated zip": (_zip("t.zip", {"a.csv": MANY}, slice(20_000, None)), r"t\.zip: the compressed file is damaged"),
    "damaged zip": (_zip("d.zip", {"a.csv": MANY}, slice(2_000, 2_009)), r"d\.zip: "),
    "zip with a bad member": (_zip("m.zip", {"a.csv": SOUND, "b.csv": "hello"}), r"m\.zip!b\.csv: the header is not"),
    "zip in a zip": (_zip("z.zip", {"a.zip": PICTURE}), r"z\.zip!a\.zip: is a binary file"),
    "empty zip": (_zip("z.zip", {"README.md": "x"}), r"z\.zip: is an archive without any source in it"),
    "empty folder": (_empty_folder, r"in: is a folder without any source"),
    "folder with a bad file": (_folder(b_csv="x,y\n"), r"b\.csv: the header is not the open CSV's"),
    "folder with a picture": (_folder(p_png=PICTURE), r"p\.png: is a binary file"),
    "link to itself": (_link_to_itself, r"loop: does not exist"),
}


@pytest.mark.parametrize("case", WHOLE)
def test_a_source_that_cannot_be_read_stops_the_build_and_leaves_what_is_published(
    case: str, before: Path, tmp_path: Path
) -> None:
    make, message = WHOLE[case]
    sound, was = csv_file(tmp_path / "sound.csv", row(1), row(2)), files(before)
    done = command("build", sound, make(tmp_path), "--data", before)
    assert done.exit_code == 2, done.output
    assert re.search(message, done.stderr), done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert files(before) == was
    assert [path.name for path in (before / "snapshots").glob(".*")] == []


def test_sources_without_any_record_are_refused(tmp_path: Path) -> None:
    done = command("build", csv_file(tmp_path / "h.csv"), "--data", tmp_path / "data")
    assert done.exit_code == 2
    assert "h.csv: holds no record" in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_source_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    source = csv_file(tmp_path / "a.csv", row(1))
    source.chmod(0)
    done = command("build", source, "--data", tmp_path / "data")
    assert done.exit_code == 2
    assert "a.csv: cannot be read (Permission denied)" in done.stderr


# Records that cannot be published


UNFIT: dict[str, tuple[dict[str, str], str, str]] = {
    "no title": ({"Title": " "}, "Title", "add the title"),
    "a year with a letter": ({"Date": "20l4"}, "Year of award", '"20l4" is not a year of award'),
    "no year": ({"Date": " "}, "Year of award", "year"),
    "an author who is a comma": ({"Author": ","}, "Author", "add the author's name"),
    "authors who are a semicolon": ({"Author": " ; "}, "Author", "add the author's name"),
    "no body": ({"Institution": " ", "Institution_ISNI": " "}, "Awarding body or current institution", "add the body"),
}


@pytest.fixture(scope="module")
def unfit(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """The folder of a build whose second, fourth … row is one of `UNFIT`, and what it said."""
    folder = tmp_path_factory.mktemp("unfit")
    rows = [each for n, case in enumerate(UNFIT) for each in (row(2 * n), row(2 * n + 1, **UNFIT[case][0]))]
    source = csv_file(folder / "a.csv", *rows)
    return folder, command("build", source, "--data", folder / "data")


@pytest.mark.parametrize(("number", "case"), [*enumerate(UNFIT)])
def test_an_unfit_record_is_rejected_with_file_line_and_field(
    number: int, case: str, unfit: tuple[Path, Result]
) -> None:
    (folder, done), (cells, field, message) = unfit, UNFIT[case]
    name, source, line = key(2 * number + 1), str(folder / "a.csv"), 2 * number + 3
    assert done.exit_code == 1
    assert re.search(rf"^rejected: {source}, line {line} \({name}\): {field}: .*{message}", done.stderr, re.MULTILINE)
    (lost,) = (lost for lost in rejected(folder / "data") if lost["key"] == name)
    (problem,) = lost["problems"]
    assert problem["field"] == field
    assert message in problem["problem"]
    (read,) = lost["records"]
    assert (read["source"], read["line"], read["layout"]) == (source, line, "csv")
    said = {cell for cell in row(2 * number + 1, **cells).values() if cell.strip()}
    assert {value for values in read["fields"].values() for value in values} == said


def test_the_rest_goes_on_behind_unfit_records(unfit: tuple[Path, Result]) -> None:
    assert sorted(keys(unfit[0] / "data")) == sorted(key(2 * n) for n in range(len(UNFIT)))
    assert len(rejected(unfit[0] / "data")) == len(UNFIT)


def test_a_record_that_only_one_line_of_the_file_spoils_keeps_its_bytes_for_the_report(tmp_path: Path) -> None:
    text = csv_text(row(1), row(2, Author="Müller, Ann"), row(3)).encode("latin-1")
    (tmp_path / "a.csv").write_bytes(text)
    done = command("build", tmp_path / "a.csv", "--data", tmp_path / "data")
    assert done.exit_code == 1
    assert (
        "a.csv, line 3: Author: line 3 holds the byte 0xFC, which is not UTF-8. Save the file as UTF-8." in done.stderr
    )
    (lost,) = rejected(tmp_path / "data")
    assert lost["records"][0]["raw"].startswith('"A study of things, part 2", ,"M')
    assert keys(tmp_path / "data") == [key(1), key(3)]


def test_an_abstract_of_50_megabytes_is_rejected_and_named_in_every_layout(tmp_path: Path) -> None:
    long = "a word " * 7_500_000
    source = csv_file(tmp_path / "a.csv", row(1), row(2, Abstract=long), row(3))
    feed = feed_file(
        tmp_path / "b.xml", record(4), record(5, f"<dcterms:abstract>{long}</dcterms:abstract>"), record(6)
    )
    pages = page_file(
        tmp_path / "c.txt", "A long page", "Smith, Ann", "1999", more=f"\n{long}\nSupervisor: x Sponsor: y\n"
    )
    with pages.open("a") as file:
        file.write(page_file(tmp_path / "d.txt", "A short page", "Smith, Ann", "1999").read_text())
    (tmp_path / "d.txt").unlink()
    done = command("build", tmp_path, "--data", tmp_path / ".data")
    assert done.exit_code == 1
    assert f"{source}, line 3: Abstract: the field is longer than 1,000,000 characters" in done.stderr
    assert re.search(rf"{feed}, line \d+: abstract: the field is longer than 1,000,000 characters", done.stderr)
    assert f"{pages}, line 1: abstract: the record is longer than 1,000,000 characters" in done.stderr
    assert "--max-field" in done.stderr
    assert len(keys(tmp_path / ".data")) == 5
    assert len(rejected(tmp_path / ".data")) == 3


def test_a_field_may_be_longer_when_asked(tmp_path: Path) -> None:
    source = csv_file(tmp_path / "a.csv", row(1, Abstract="word " * 300))
    refused_ = command("build", source, "--data", tmp_path / "data", "--max-field", "1000")
    assert refused_.exit_code == 2
    assert refused(tmp_path / "data")[0]["problems"][0]["field"] == "Abstract"
    assert command("build", source, "--data", tmp_path / "data", "--max-field", "2000").exit_code == 0


def test_a_thesis_that_no_longer_passes_answers_410_with_the_reason(tmp_path: Path) -> None:
    data, source = tmp_path / "data", tmp_path / "a.csv"
    many = [row(n) for n in range(30)]
    command("build", csv_file(source, *many), "--data", data)
    many[7] = row(7, Date="20l4")
    command("build", csv_file(source, *many), "--data", data)
    gone = published(data).moved(f"id/thesis/{key(7)}")
    assert gone is not None
    assert gone.status == 410
    assert "no longer meets the requirements for publication" in gone.reason
    many[7] = row(7, Date="2014")
    command("build", csv_file(source, *many), "--data", data)
    assert published(data).moved(f"id/thesis/{key(7)}") is None
    assert published(data).describe(f"doc/thesis/{key(7)}") is not None


# Values that are repaired or left out


ODD: dict[str, tuple[dict[str, str], str]] = {
    "wrong check character": (
        {"Author_ISNI": "https://isni.org/isni/0000000453606891"},
        "creatorIsni: the check char",
    ),
    "an ISNI without a number": ({"Author_ISNI": "https://isni.org/isni/"}, r"creatorIsni: this is no ISNI"),
    "control characters": ({"Title": "A\x07 study\x1b[31m\x00"}, r"title: control characters taken out: A.x07"),
    "an address with spaces": (
        {"IR_URL": 'https://a.org/x y"z<1>'},
        "page: characters that no address may hold",
    ),
    "a script for an address": ({"IR_URL": "javascript:alert(1)"}, r"page: this is no absolute http or https address"),
    "a DOI with quotes": ({"DOI": 'https://doi.org/1.0/a"b c'}, r"doi: this is no DOI"),
}


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """The folder of a build of `ODD`, one row each, and what it said."""
    folder = tmp_path_factory.mktemp("odd")
    source = csv_file(folder / "a.csv", *(row(n, **cells) for n, (cells, _) in enumerate(ODD.values())))
    return folder, command("build", source, "--data", folder / "data")


@pytest.mark.parametrize(("number", "case"), [*enumerate(ODD)])
def test_an_odd_value_is_told_with_file_and_line_and_its_record_is_published(
    number: int, case: str, odd: tuple[Path, Result]
) -> None:
    folder, done = odd
    assert done.exit_code == 0, done.stderr
    place = rf"{folder / 'a.csv'}, line {number + 2} \({key(number)}\)"
    assert re.search(rf"^(warning|repaired): {place}: {ODD[case][1]}", done.stderr, re.MULTILINE), done.stderr
    assert key(number) in keys(folder / "data")
    assert published(folder / "data").remarks(f"doc/thesis/{key(number)}")


def test_odd_values_obey_nobody_and_leave_sound_addresses(odd: tuple[Path, Result]) -> None:
    folder, done = odd
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", done.stderr)
    for line in dump(folder / "data").splitlines():
        assert not re.search(r'<[^>]*[\s"{}|^`\\][^>]*> ', line.partition(' "')[0])


FINE: dict[str, dict[str, str]] = {
    "a title of punctuation": {"Title": "???"},
    "a title from right to left": {"Title": "\u202eeltit A\u202c"},
    "a title with noncharacters": {"Title": "A\ufffe title\uffff"},
    "a title that is a quotation mark": {"Title": '"'},
    "an author of 10,000 letters": {"Author": "x" * 10_000},
    "an author of one mark": {"Author": "\u202e"},
    "a body in Chinese": {"Institution": "北京大学", "Institution_ISNI": " "},
    "a body of punctuation": {"Institution": "!!!", "Institution_ISNI": " "},
    "a body that is a picture": {"Institution": "🎓", "Institution_ISNI": " "},
    "a body with a slash": {"Institution": "A/B \\ C?d=e#f", "Institution_ISNI": " "},
    "an EThOS address with markup": {"EThOS_URL": "https://ethos.bl.uk/OrderDetails.do?uin=uk.bl.ethos.<script>"},
    "an EThOS ID of 20 digits": {"EThOS_URL": "uk.bl.ethos.12345678901234567890"},
    "an abstract of markup": {"Abstract": "<script>alert(1)</script> & <!-- ]]> \\u0041 \\"},
    "a thousand authors": {"Author": " ; ".join(f"Smith, Ann {n}" for n in range(1000))},
}


def test_what_is_odd_but_can_be_said_is_published_whole(tmp_path: Path) -> None:
    rows = [row(n, **cells) for n, cells in enumerate(FINE.values())]
    done = command("build", csv_file(tmp_path / "a.csv", *rows), "--data", tmp_path / "data")
    assert done.exit_code in (0, 1), done.output
    assert "No linked data can be made" not in done.stderr
    assert len(keys(tmp_path / "data")) + len(rejected(tmp_path / "data")) == len(FINE)
    bodies = [label for _, label in published(tmp_path / "data").paths("organisation")]
    assert {"北京大学", "!!!", "🎓", "A/B \\ C?d=e#f"} <= set(bodies)


TAGS = {
    "not a tag!": False, "en_GB": False, "abcdefghi": False, "de-1": False, "en-": False, "-": False, "x": False,
    "e\u0301": False, "": None, "x-klingon": True, "i-default": True, "EN-gb": True,
}  # fmt: skip
"""Texts that stand as language tags, and whether they are; an empty one says that there is none."""


def test_a_text_keeps_its_language_tag_only_when_it_is_one(tmp_path: Path) -> None:
    abstract = '<dcterms:abstract xml:lang="{}">A long abstract, {}.</dcterms:abstract>'
    records = (record(n, abstract.format(tag, n)) for n, tag in enumerate(TAGS))
    done = command("build", feed_file(tmp_path / "a.xml", *records), "--data", tmp_path / "data")
    assert done.exit_code == 0, done.stderr
    for number, (tag, good) in enumerate(TAGS.items()):
        assert f'"A long abstract, {number}."{"@" + tag.lower() if good else ""} .' in dump(tmp_path / "data")
        told = [remark.before for remark in published(tmp_path / "data").remarks(f"doc/thesis/{key(number)}")]
        assert told == ([tag] if good is False else [])


def test_links_in_a_folder_that_lead_nowhere_or_round_are_passed_over(tmp_path: Path) -> None:
    folder = csv_file(tmp_path / "in" / "a.csv", row(1)).parent
    (folder / "round").symlink_to(folder)
    (folder / "nowhere.csv").symlink_to(folder / "nothing")
    (folder / "itself.csv").symlink_to("itself.csv")
    os.mkfifo(folder / "pipe.csv")
    assert command("build", folder, "--data", tmp_path / "data").exit_code == 0
    assert keys(tmp_path / "data") == [key(1)]


def test_a_file_whose_name_is_not_utf_8_or_holds_control_characters_is_read(tmp_path: Path) -> None:
    rows = [row(1), row(2, Title=" ")]
    for name in (b"n\xff.csv", b"n\n\x1b[31m.csv"):
        path = Path(os.fsdecode(bytes(tmp_path) + b"/" + name))
        done = command("build", csv_file(path, *rows), "--data", tmp_path / "data")
        assert done.exit_code == 1, done.output
        assert "\x1b" not in done.stderr
        assert "Traceback" not in done.stderr


def test_duplicate_ids_in_one_file_are_one_thesis_and_the_clash_is_told(tmp_path: Path) -> None:
    source = csv_file(tmp_path / "a.csv", row(1), row(1, Title="Another"), row(1))
    done = command("build", source, "--data", tmp_path / "data")
    assert done.exit_code == 0
    assert f"{source}, line 3 ({key(1)}): title: " in done.stderr
    assert "Another" in done.stderr
    assert keys(tmp_path / "data") == [key(1)]


def test_a_feed_of_deletions_only_is_a_source(tmp_path: Path) -> None:
    data = tmp_path / "data"
    command("build", csv_file(tmp_path / "a.csv", *map(row, range(30))), "--data", data)
    done = command("build", "--add", feed_file(tmp_path / "b.xml", deleted(3)), "--data", data)
    assert done.exit_code == 0, done.stderr
    assert key(3) not in keys(data)
    assert len(keys(data)) == 29


# Anything at all


ODD_TEXT = st.text(max_size=30) | st.sampled_from(
    [
        " ", "", ",", ";", " ; ", '"', "'", "\\", "\x00", "\u202e", "\ufffe", "&#0;", "&lt;", "Not available", "20l4",
        "2001-02-30", "https://isni.org/isni/", "https://isni.org/isni/000000045360689X", "0000-0001-5000-0007",
        "http://", "http://[", "https://a b", "10.1/", "10.1234/a b", "uk.bl.ethos.1", "University of Oxford",
        "Smith, Ann", "Smith, Ann ; Jones, Bo", "Smith, Ann (EP/1)", "Ph.D.", "x" * 3000, "é", "e\u0301", "Ã©",
    ]
)  # fmt: skip
CELLS = st.fixed_dictionaries({}, optional=dict.fromkeys(HEADER, ODD_TEXT))


@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(CELLS, min_size=1, max_size=25), whole=st.booleans())
def test_whatever_a_csv_holds_every_thesis_is_published_rejected_or_withdrawn(
    rows: list[dict[str, str]], whole: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("any")
    usual = [row(n) if whole else {} for n in range(len(rows))]
    text = csv_text(row(9_000), *(dict.fromkeys(HEADER, " ") | u | r for u, r in zip(usual, rows, strict=True)))
    (folder / "a.csv").write_bytes(text.encode(errors="surrogatepass"))
    try:
        summary = build([folder / "a.csv"], Settings(data=folder / "data"))
    except BuildRefused:
        assert refused(folder / "data")
        return
    except LdError as error:
        pytest.fail(f"a source that has the right header was refused: {error}")
    assert summary.published + summary.rejected + summary.withdrawn == summary.theses
    assert len(keys(folder / "data")) == summary.published
    assert len(rejected(folder / "data")) == summary.rejected
    assert not any("No linked data can be made" in str(lost) for lost in rejected(folder / "data"))
