"""Sources: what paths hold, which layout it is, and what stops a build."""

from __future__ import annotations

import gzip
import io
import os
import tracemalloc
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from ld import sources
from ld.errors import SourceError
from ld.record import Deletion, SourceRecord, Unreadable
from ld.sources.open_csv import HEADER

CASES = Path(__file__).parent / "cases" / "sources"
ADDRESS = "https://ethos.bl.uk/OrderDetails.do?uin=uk.bl.ethos."


def csv_of(rows: Iterable[str]) -> str:
    return "\n".join((",".join(HEADER), *rows, ""))


def row(number: int, abstract: str = " ") -> str:
    return f'Title {number}, ,"Fenn, Ada", , ,Fen University, ,1990, ,{abstract}, , , ,{ADDRESS}{number}, '


def read(*paths: Path, max_field: int = 1_000_000) -> list[SourceRecord | Unreadable | Deletion]:
    return list(sources.read(paths, max_field))


def titles(*paths: Path) -> list[str]:
    return [item.fields["title"][0] for item in read(*paths) if isinstance(item, SourceRecord)]


def complaint(path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        read(path)
    return str(caught.value)


def test_a_missing_source_is_named_before_any_other_is_read(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"absent\.csv: does not exist"):
        next(sources.read([CASES / "csv_plain.csv", tmp_path / "absent.csv"]))


BAD = {
    "an empty file": (b"", "is empty"),
    "a file of blank lines": (b"\n \n\n", "is empty"),
    "an empty gzip file": (gzip.compress(b""), "is empty"),
    "a binary file": (bytes(range(256)) * 40, "is a binary file"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(200), "is a binary file"),
    "a saved web page": (b"<!DOCTYPE html><html><body>Title:</body></html>", "is in no layout that is known"),
    "a letter": (b"Dear Sir,\n\nplease find the thesis.\n", "is in no layout that is known"),
    "other XML": (b"<?xml version='1.0'?><rss><item/></rss>", "is in no layout that is known"),
    "a truncated gzip file": (gzip.compress(csv_of(map(row, range(9))).encode())[:-30], "ends too early"),
    "a damaged gzip file": (gzip.compress(b"x" * 99)[:12] + b"\xff\xff\xff" + bytes(20), "compressed file"),
    "an archive without files": (b"PK\x05\x06" + bytes(18), "is an archive without any source in it"),
    "a damaged archive": (b"PK\x03\x04" + bytes(90), "is damaged"),
    "a CSV in UTF-16": (csv_of([row(1)]).encode("utf-16"), "is UTF-16. Save it as UTF-8."),
}


@pytest.mark.parametrize(("content", "expected"), BAD.values(), ids=BAD)
def test_a_source_that_cannot_be_read_stops_with_its_name_and_a_way_out(
    tmp_path: Path, content: bytes, expected: str
) -> None:
    path = tmp_path / "source"
    path.write_bytes(content)
    message = complaint(path)
    assert message.startswith(str(path))
    assert expected in message


def test_a_csv_with_another_header_is_told_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text(csv_of([row(1)]).replace("Institution ISNI", "Institution Id", 1))
    message = complaint(path)
    assert "line 1: the header is not the open CSV's (missing: Institution ISNI; unknown: Institution Id)" in message
    assert f"must read: {','.join(HEADER)}" in message


def test_a_csv_with_its_columns_in_another_order_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text(csv_of([]).replace("Title,DOI", "DOI,Title", 1))
    assert "the columns stand in another order" in complaint(path)


def test_a_csv_of_something_else_is_shown_the_header_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("id,name\n1,Ada\n")
    assert "it reads 'id,name'. Its first line must read: Title,DOI," in complaint(path)


@pytest.mark.parametrize("layout", ["csv_plain.csv", "page_plain.txt", "ethos_feed.xml"])
def test_the_name_of_a_file_does_not_matter(tmp_path: Path, layout: str) -> None:
    path = tmp_path / "no.suffix-that-is-known"
    path.write_bytes((CASES / layout).read_bytes())
    assert titles(path) == titles(CASES / layout)


def test_gzip_and_zip_are_read_like_the_files_in_them(tmp_path: Path) -> None:
    packed, archive = tmp_path / "a.csv.gz", tmp_path / "a.zip"
    packed.write_bytes(gzip.compress((CASES / "csv_plain.csv").read_bytes()))
    with zipfile.ZipFile(archive, "w") as made:
        made.write(CASES / "page_plain.txt", "sub/page.txt")
        made.write(packed, "a.csv.gz")
        made.writestr("README.md", "Not a record.")
        made.writestr("__MACOSX/a.csv", "Not a record.")
        made.writestr("sub/.hidden", "Not a record.")
    assert titles(packed) == titles(CASES / "csv_plain.csv")
    assert titles(archive) == titles(CASES / "csv_plain.csv") + titles(CASES / "page_plain.txt")
    assert {item.origin.source for item in read(archive)} == {f"{archive}!a.csv.gz", f"{archive}!sub/page.txt"}


def test_a_file_called_gz_that_is_not_packed_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes((CASES / "csv_plain.csv").read_bytes())
    assert titles(path) == titles(CASES / "csv_plain.csv")


def test_an_archive_that_is_encrypted_says_so(tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a.csv", csv_of([row(1)]))
    content = bytearray(made.getvalue())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the flag of the central directory
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    assert "a.zip!a.csv: is encrypted" in complaint(path)


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name, number in (("b/2.csv", 2), ("c.csv", 3), ("a.csv", 1), ("b/.hidden", 9), ("README.md", 9)):
        (tmp_path / name).write_text(csv_of([row(number)]) if number < 9 else "Notes.")
    assert titles(tmp_path) == ["Title 1", "Title 2", "Title 3"]


def test_a_file_of_no_known_layout_in_a_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(csv_of([row(1)]))
    (tmp_path / "notes.txt").write_text("Ring the library.")
    assert "notes.txt: is in no layout that is known" in complaint(tmp_path)


def test_a_folder_without_files_is_an_error(tmp_path: Path) -> None:
    assert "is a folder without any source in it" in complaint(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(csv_of([row(1)]))
    path.chmod(0)
    assert "cannot be read" in complaint(path)


def test_a_page_named_after_its_ethos_id_gets_it_when_its_links_are_stripped(tmp_path: Path) -> None:
    path = tmp_path / "uk.bl.ethos.637591.txt"
    path.write_bytes((CASES / "page_links_stripped.txt").read_bytes())
    (item,) = read(path)
    assert isinstance(item, SourceRecord)
    assert item.fields["ethosId"] == ("uk.bl.ethos.637591",)


def test_a_file_of_several_pages_gives_its_name_to_none_of_them(tmp_path: Path) -> None:
    path = tmp_path / "uk.bl.ethos.637591.txt"
    path.write_bytes((CASES / "page_links_stripped.txt").read_bytes() * 2)
    assert all("ethosId" not in item.fields for item in read(path) if isinstance(item, SourceRecord))


def test_a_page_that_shows_its_ethos_id_keeps_it_whatever_its_file_is_called(tmp_path: Path) -> None:
    path = tmp_path / "uk.bl.ethos.1.txt"
    path.write_bytes((CASES / "page_plain.txt").read_bytes())
    (item,) = read(path)
    assert isinstance(item, SourceRecord)
    assert item.fields["ethosId"] == ("uk.bl.ethos.900001",)


LONG = {
    "csv": (csv_of([row(1), row(2, '"{}"'), row(3)]), "Abstract"),
    "page": (
        "".join(
            f"Use this URL to cite or link to this record in EThOS: {ADDRESS}{n}\nTitle: Title {n}\nAuthor: Fenn, Ada\n"
            f"Date of Award: 1990\nAvailability of Full Text:\nAccess from EThOS:\n{text}\n"
            f"Supervisor: Not available Sponsor: Not available\n"
            for n, text in ((1, "Short."), (2, "{}"), (3, "Short."))
        ),
        "abstract",
    ),
    "uketd": (
        "<OAI-PMH><ListRecords>"
        + "".join(
            f"<record><header><identifier>oai:x:{n}</identifier></header><metadata><uketddc><title>Title {n}</title>"
            f"<abstract>{text}</abstract></uketddc></metadata></record>"
            for n, text in ((1, "Short."), (2, "{}"), (3, "Short."))
        )
        + "</ListRecords></OAI-PMH>",
        "abstract",
    ),
}


@pytest.mark.parametrize("filler", ["word ", "word " * 2_000 + "\n"], ids=["one line", "many lines"])
@pytest.mark.parametrize("layout", LONG)
def test_a_50_mb_abstract_is_named_and_does_not_take_50_mb(tmp_path: Path, layout: str, filler: str) -> None:
    content, field = LONG[layout]
    before, after = content.split("{}")
    path = tmp_path / "long"
    with path.open("w") as file:
        file.write(before)
        file.write("line\n" * 300_000 if filler.endswith("\n") else "")
        for _ in range(50):
            file.write(filler * (1_000_000 // len(filler)))
        file.write(after)
    tracemalloc.start()
    items = read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    first, long, third = items
    assert isinstance(first, SourceRecord)
    assert isinstance(third, SourceRecord)
    assert third.fields["title"] == ("Title 3",)
    assert isinstance(long, Unreadable)
    assert long.field == field
    assert "longer than 1,000,000 characters" in long.problem
    assert len(long.raw) <= 2000
    assert peak < 40_000_000


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        path = tmp_path / f"{rows}.csv"
        path.write_text(csv_of(row(n, "word " * 50) for n in range(rows)))
        tracemalloc.start()
        assert sum(1 for _ in sources.read([path])) == rows
        reached = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return reached

    assert peak(5_000) < 1.2 * peak(500)
