"""UKETD_DC: what stops a feed, what does not, and whose institution an institution is."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ld import sources
from ld.errors import SourceError
from ld.record import Deletion, SourceRecord, Unreadable

NAMESPACES = (
    ("http://naca.central.cranfield.ac.uk/ethos-oai/2.0/", "http://naca.central.cranfield.ac.uk/ethos-oai/terms/"),
    ("http://naca.central.cranfield.ac.uk/ethos-oai/2.0/", "http://naca.central.cranfield.ac.uk/ethos-oai/2.0/terms/"),
    ("http://ethos.library.leeds.ac.uk/uketd/", "http://ethos.library.leeds.ac.uk/uketd/terms/"),
)
FEED = '<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH>\n<ListRecords>\n{}</ListRecords>\n</OAI-PMH>\n'


def record(elements: str, identifier: str = "oai:repository.example.org:1") -> str:
    header = f"<header><identifier>{identifier}</identifier></header>"
    return f"<record>{header}<metadata><uketddc>{elements}</uketddc></metadata></record>\n"


def stream(folder: Path, text: str | bytes) -> Iterator[SourceRecord | Unreadable | Deletion]:
    path = folder / "feed.xml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return sources.read([path])


def fields(folder: Path, elements: str, identifier: str = "oai:repository.example.org:1") -> dict[str, tuple[str, ...]]:
    (item,) = stream(folder, FEED.format(record(elements, identifier)))
    assert isinstance(item, SourceRecord)
    return dict(item.fields)


def complaint(folder: Path, text: str | bytes) -> str:
    with pytest.raises(SourceError) as caught:
        list(stream(folder, text))
    return str(caught.value)


DECLARED = {
    "an external DTD": '<!DOCTYPE uketddc SYSTEM "http://localhost:1/x.dtd">',
    "an external entity": '<!DOCTYPE uketddc [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    "a bomb": '<!DOCTYPE uketddc [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
}


@pytest.mark.parametrize("declared", DECLARED.values(), ids=DECLARED)
def test_document_type_declarations_are_refused(tmp_path: Path, declared: str) -> None:
    message = complaint(tmp_path, f"<?xml version='1.0'?>\n{declared}\n<uketddc><title>x</title></uketddc>")
    assert "feed.xml, line 2: document type declarations are not accepted" in message


def test_an_entity_that_nobody_declared_names_its_line(tmp_path: Path) -> None:
    assert "line 4: broken XML at column" in complaint(tmp_path, FEED.format(record("<title>&eacute;</title>")))


def test_broken_xml_stops_the_source_behind_the_records_before_it(tmp_path: Path) -> None:
    records = stream(tmp_path, FEED.format(record("<title>One</title>") * 2000 + "<record><header></record>"))
    assert isinstance(next(records), SourceRecord)
    with pytest.raises(SourceError, match=r"line 2004: broken XML at column 19 \(mismatched tag\)"):
        list(records)


def test_xml_that_ends_too_early_stops_the_source(tmp_path: Path) -> None:
    text = FEED.format(record("<title>One</title>"))
    assert "(unclosed token)" in complaint(tmp_path, text[:-30])
    assert "(no element found)" in complaint(tmp_path, text[: text.index("</ListRecords>")])


def test_an_oai_error_is_told_with_its_code(tmp_path: Path) -> None:
    text = '<OAI-PMH><request/><error code="badResumptionToken">The token has expired</error></OAI-PMH>'
    assert "is an OAI-PMH error, badResumptionToken: The token has expired." in complaint(tmp_path, text)


@pytest.mark.parametrize("text", [FEED.format(""), "<OAI-PMH><Identify/></OAI-PMH>", "<uketds/>"])
def test_a_feed_without_records_is_an_error(tmp_path: Path, text: str) -> None:
    text = text.replace("<uketds/>", "<records/>")
    assert "holds no UKETD_DC record" in complaint(tmp_path, text)


def test_a_list_that_goes_on_at_its_source_is_said_to(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        list(stream(tmp_path, FEED.format(record("<title>x</title>") + "<resumptionToken>2</resumptionToken>")))
    assert "the list is not complete" in caplog.text


def test_a_list_that_ends_says_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    list(stream(tmp_path, FEED.format(record("<title>x</title>") + '<resumptionToken cursor="0"/>')))
    assert not caplog.text


def test_very_deep_nesting_is_refused(tmp_path: Path) -> None:
    assert "over 100 elements" in complaint(tmp_path, FEED.format(record("<title>" + "<i>" * 100_000)))


def test_a_comment_without_an_end_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    assert "one tag or comment is over" in complaint(tmp_path, FEED.format("<!-- " + "x" * 3_000_000))


def test_many_small_elements_are_one_unreadable_record(tmp_path: Path) -> None:
    (item,) = sources.read([_written(tmp_path, FEED.format(record("<subject>x</subject>" * 20_000)))], max_field=1000)
    assert isinstance(item, Unreadable)
    assert "longer than 1,000 characters" in item.problem


def _written(folder: Path, text: str) -> Path:
    path = folder / "feed.xml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("names", NAMESPACES)
def test_the_namespaces_do_not_matter(tmp_path: Path, names: tuple[str, str]) -> None:
    text = (
        f'<a:uketddc xmlns:a="{names[0]}" xmlns:b="{names[1]}" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        "<dc:title>Peat</dc:title><b:institution>Fen University</b:institution></a:uketddc>"
    )
    (item,) = stream(tmp_path, text)
    assert isinstance(item, SourceRecord)
    assert item.fields == {"title": ("Peat",), "awardingBody": ("Fen University",)}


def test_other_encodings_are_read_as_they_declare(tmp_path: Path) -> None:
    for encoding in ("iso-8859-1", "windows-1252", "utf-16"):
        text = f'<?xml version="1.0" encoding="{encoding}"?><uketddc><title>Müller</title></uketddc>'
        (item,) = stream(tmp_path, text.encode(encoding))
        assert isinstance(item, SourceRecord)
        assert item.fields["title"] == ("Müller",)


def test_an_institution_is_who_awards_in_a_universitys_feed(tmp_path: Path) -> None:
    found = fields(tmp_path, "<institution>Fen University</institution><publisher>The Press</publisher>")
    assert found == {"awardingBody": ("Fen University",)}


def test_an_institution_is_who_holds_in_the_feed_of_ethos(tmp_path: Path) -> None:
    elements = "<institution>Fen University</institution><publisher>Fen Polytechnic</publisher>"
    assert fields(tmp_path, elements, "oai:ethos.bl.uk:900001") == {
        "currentInstitution": ("Fen University",),
        "awardingBody": ("Fen Polytechnic",),
        "ethosId": ("uk.bl.ethos.900001",),
    }


IDENTIFIERS = {
    "<identifier>uk.bl.ethos.1</identifier>": ("ethosId", "uk.bl.ethos.1"),
    "<identifier>http://ethos.bl.uk/OrderDetails.do?uin=uk.bl.ethos.1</identifier>": (
        "cite",
        "http://ethos.bl.uk/OrderDetails.do?uin=uk.bl.ethos.1",
    ),
    "<source>uk.bl.ethos.1</source>": ("ethosId", "uk.bl.ethos.1"),
    "<source>http://hdl.handle.net/2160/1</source>": ("page", "http://hdl.handle.net/2160/1"),
    "<identifier>10.99999/x.1</identifier>": ("doi", "10.99999/x.1"),
    '<identifier xsi:type="dcterms:DOI">10.99999/x.1</identifier>': ("doi", "10.99999/x.1"),
    "<identifier>https://doi.org/10.99999/x.1</identifier>": ("doi", "https://doi.org/10.99999/x.1"),
    "<identifier>https://r.example.org/1/thesis.pdf</identifier>": ("file", "https://r.example.org/1/thesis.pdf"),
    "<identifier>https://r.example.org/bitstream/1</identifier>": ("file", "https://r.example.org/bitstream/1"),
    "<identifier>http://hdl.handle.net/10023/1</identifier>": ("page", "http://hdl.handle.net/10023/1"),
    '<identifier xsi:type="dcterms:URI">1/thesis.pdf</identifier>': ("file", "1/thesis.pdf"),
    '<authoridentifier xsi:type="uketdterms:ISNI">0000000121032683</authoridentifier>': (
        "creatorIsni",
        "0000000121032683",
    ),
    '<authoridentifier xsi:type="uketdterms:ORCID">0000-0002-1825-0097</authoridentifier>': (
        "creatorOrcid",
        "0000-0002-1825-0097",
    ),
    "<contributor>Reed, Anna (Supervisor)</contributor>": ("supervisor", "Reed, Anna (Supervisor)"),
    "<advisor>Chalk Trust (Sponsor)</advisor>": ("sponsor", "Chalk Trust (Sponsor)"),
    "<dateAccepted>2001</dateAccepted>": ("issued", "2001"),
    "<type>Thesis (Ph.D.)</type>": ("qualification", "Thesis (Ph.D.)"),
    "<rights>See https://creativecommons.org/licenses/by/4.0/</rights>": (
        "license",
        "See https://creativecommons.org/licenses/by/4.0/",
    ),
}


@pytest.mark.parametrize(("element", "expected"), IDENTIFIERS.items(), ids=IDENTIFIERS)
def test_what_an_element_says_decides_its_field(tmp_path: Path, element: str, expected: tuple[str, str]) -> None:
    assert fields(tmp_path, element) == {expected[0]: (expected[1],)}


IGNORED = (
    "<identifier>0-19-852663-6</identifier>", "<contributor>Reed, Anna</contributor>", "<type>Thesis</type>",
    '<subject xsi:type="dcterms:DDC">553.21</subject>', "<rights>All rights reserved</rights>", "<format>text</format>",
    "<embargo_reason>A patent</embargo_reason>", "<department>Peat</department>", "<title> </title>",
    "<source>A journal, 2, 1999</source>", "<commercial>Fen University</commercial>",
)  # fmt: skip


@pytest.mark.parametrize("element", IGNORED)
def test_what_says_nothing_about_the_thesis_is_passed_over(tmp_path: Path, element: str) -> None:
    assert fields(tmp_path, element) == {}


def test_a_grant_number_belongs_to_the_only_sponsor(tmp_path: Path) -> None:
    grants = "<grantnumber>A/1</grantnumber><grantnumber>A/2</grantnumber>"
    assert fields(tmp_path, f"<sponsor>Trust</sponsor>{grants}")["sponsor"] == ("Trust (A/1)", "Trust (A/2)")


def test_a_grant_number_of_one_of_two_sponsors_is_left_out_with_a_remark(tmp_path: Path) -> None:
    elements = "<sponsor>Trust</sponsor><sponsor>Fund</sponsor><grantnumber>A/1</grantnumber>"
    (item,) = stream(tmp_path, FEED.format(record(elements)))
    assert isinstance(item, SourceRecord)
    assert item.fields["sponsor"] == ("Trust", "Fund")
    assert [(remark.kind, remark.before) for remark in item.remarks] == [("dropped", "A/1")]


def test_only_the_language_of_that_very_text_is_taken(tmp_path: Path) -> None:
    text = '<uketddc xml:lang="en"><title xml:lang="cy">Mawn</title><abstract>Peat.</abstract></uketddc>'
    (item,) = stream(tmp_path, text)
    assert isinstance(item, SourceRecord)
    assert item.languages == {("title", 0): "cy"}


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_any_bytes_in_a_feed_give_records_or_a_source_error(
    tmp_path_factory: pytest.TempPathFactory, between: bytes
) -> None:
    before, after = FEED.format(record("<title>One</title>") + "{}").encode().split(b"{}")
    records = stream(tmp_path_factory.mktemp("feed"), before + between + after)
    assert isinstance(next(records), SourceRecord)
    with contextlib.suppress(SourceError):
        list(records)
