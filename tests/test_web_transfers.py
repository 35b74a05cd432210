"""Transfers: files sent whole, in parts (RFC 9110, section 14), packed, only so many at once, never cut in silence."""

from __future__ import annotations

import gc
import gzip
import os
import random
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import FileIO
from pathlib import Path
from typing import Any

import pytest
import zstandard
from flask import Flask, Response
from flask.testing import FlaskClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from werkzeug.http import http_date
from werkzeug.test import TestResponse

from ld.settings import Settings
from ld.web import create_app, transfers
from ld.web.transfers import PIECE, SMALL, Places, Transfer

WHEN = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
BYTES = random.Random(1).randbytes(SMALL + 1000)
TEXT = b"".join(b"<http://a.org/%d> <http://a.org/p> <http://a.org/o> .\n" % number for number in range(20_000))
CONTENTS = {"few": BYTES[:1000], "many": BYTES, "none": b"", "text": TEXT, "little": TEXT[:5000], "some": TEXT[:PIECE]}
OTHER = {"REMOTE_ADDR": "203.0.113.9"}
MEDIA_TYPE = "application/n-triples"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file for each of `CONTENTS`."""
    folder = tmp_path_factory.mktemp("files")
    for name, content in CONTENTS.items():
        (folder / name).write_bytes(content)
    return folder


class Site:
    """A site that sends the files of a folder, and what it opened for it."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.folder, self.opened = folder, list[FileIO]()
        self.app: Flask = create_app(Settings(data=data, downloads=8))
        self.app.add_url_rule("/plain/<name>", "plain", self._of(tag="tag", modified=WHEN), methods=["GET", "POST"])
        self.app.add_url_rule("/packed/<name>", "packed", self._of(tag="tag", compress=True, negotiated=True))
        self.app.add_url_rule("/volatile/<name>", "volatile", self._of(tag=None, cache="no-store", compress=True))

    @property
    def client(self) -> FlaskClient:
        """A client of it."""
        return self.app.test_client()

    @property
    def places(self) -> Places:
        """Its places for large answers."""
        return next(value for value in self.app.extensions.values() if isinstance(value, Places))

    def _of(self, **options: Any) -> Callable[[str], Response]:
        def view(name: str) -> Response:
            self.opened.append((self.folder / name).open("rb", buffering=0))
            size = len(CONTENTS[name])
            return transfers.send(self.opened[-1], size, MEDIA_TYPE, headers={"Note": "yes"}, **options)

        return view


@pytest.fixture
def site(files: Path, tmp_path: Path) -> Iterator[Site]:
    """A site with eight places, two for one client; in the end all of its files are closed and all places free."""
    site = Site(files, tmp_path)
    yield site
    gc.collect()
    assert all(file.closed for file in site.opened)
    assert site.places.taken == 0


@pytest.fixture(scope="module")
def lasting(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The same for tests that try many requests."""
    return Site(files, tmp_path_factory.mktemp("data"))


@pytest.mark.parametrize("name", CONTENTS)
def test_a_file_is_sent_whole_with_its_length(site: Site, name: str) -> None:
    answer = site.client.get(f"/plain/{name}")
    assert (answer.status_code, answer.data) == (200, CONTENTS[name])
    assert answer.headers["Content-Length"] == str(len(CONTENTS[name]))
    assert (answer.headers["Accept-Ranges"], answer.headers["ETag"]) == ("bytes", '"tag"')
    assert (answer.content_type, answer.headers["Note"]) == (MEDIA_TYPE, "yes")
    assert (answer.headers["Last-Modified"], answer.headers["Cache-Control"]) == (
        http_date(WHEN),
        "public, max-age=300",
    )
    assert "Vary" not in answer.headers
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", ["/plain/few", "/plain/many", "/packed/text", "/packed/few", "/volatile/text"])
def test_head_is_get_without_the_body_and_without_a_transfer(site: Site, path: str) -> None:
    for headers in ({}, {"Accept-Encoding": "gzip"}, {"Accept-Encoding": "zstd"}, {"If-None-Match": '"tag"'}):
        got, head = (site.client.open(path, method=method, headers=headers) for method in ("GET", "HEAD"))
        assert site.places.taken == (1 if got.status_code == 200 and int(got.headers["Content-Length"]) > SMALL else 0)
        got.close()
        assert (head.status_code, head.data) == (got.status_code, b"")
        assert dict(head.headers) == dict(got.headers)


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, len(BYTES)),
        ("bytes=0-", 0, len(BYTES)),
        (f"bytes={len(BYTES) - 1}-", len(BYTES) - 1, len(BYTES)),
        ("bytes=100-99999999999", 100, len(BYTES)),
        ("bytes=-1", len(BYTES) - 1, len(BYTES)),
        ("bytes=-100", len(BYTES) - 100, len(BYTES)),
        ("bytes=-99999999", 0, len(BYTES)),  # a suffix may be longer than what there is
        ("BYTES=5-9", 5, 10),
        ("bytes=0005-9", 5, 10),
    ],
)
def test_a_part_is_sent_as_206(site: Site, asked: str, start: int, stop: int) -> None:
    answer = site.client.get("/plain/many", headers={"Range": asked})
    assert (answer.status_code, answer.data) == (206, BYTES[start:stop])
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(BYTES)}"
    assert answer.headers["Content-Length"] == str(stop - start)
    assert (answer.headers["ETag"], answer.content_type) == ('"tag"', MEDIA_TYPE)


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=0-1,5-6", "bytes=0-,-1", "bytes=5-4", "bytes=-", "bytes=", "bytes", "", "lines=0-1", "bytes=a-b",
        "bytes=1-2-3", "bytes=0x1-2", "bytes=+1-2", "bytes= 1 - 2", "bytes=١-٢", "bytes:0-1", "bytes=1.0-2",
        f"bytes={'9' * 5000}-", "bytes=--1",
    ],
)  # fmt: skip
def test_several_parts_and_nonsense_are_answered_with_the_whole(site: Site, asked: str) -> None:
    answer = site.client.get("/plain/many", headers={"Range": asked.encode().decode("latin-1")})
    assert (answer.status_code, answer.data) == (200, BYTES)
    assert "Content-Range" not in answer.headers


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("many", f"bytes={len(BYTES)}-"),
        ("many", "bytes=99999999-100000000"),
        ("many", "bytes=-0"),
        ("none", "bytes=0-0"),
        ("none", "bytes=-5"),
    ],
)
def test_a_part_that_is_not_there_is_416(site: Site, name: str, asked: str) -> None:
    answer = site.client.get(f"/plain/{name}", headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(CONTENTS[name])}"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.get_json(force=True)["status"] == 416


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.from_regex(r"bytes=[0-9]{0,6}-[0-9]{0,6}", fullmatch=True) | st.text(max_size=30))
@example(asked="bytes=0-0")
def test_whatever_is_asked_for_what_comes_is_what_it_says(lasting: Site, asked: str) -> None:
    header = "".join(character for character in asked if character not in "\r\n").encode().decode("latin-1")
    answer = lasting.client.get("/plain/few", headers={"Range": header})
    whole = CONTENTS["few"]
    assert answer.status_code in (200, 206, 416)
    if answer.status_code == 200:
        assert answer.data == whole
    elif answer.status_code == 206:
        start, stop = map(int, answer.headers["Content-Range"].removeprefix("bytes ").partition("/")[0].split("-"))
        assert answer.data == whole[start : stop + 1] != b""
        assert answer.headers["Content-Range"].endswith(f"/{len(whole)}")


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ('"tag"', 206),
        (http_date(WHEN), 206),
        ('W/"tag"', 200),  # bytes cannot be joined on a weak promise
        ('"other"', 200),
        ('"tag-gzip"', 200),
        ("tag", 200),
        ("*", 200),
        ("", 200),
        (http_date(WHEN - timedelta(seconds=1)), 200),
        (http_date(WHEN + timedelta(seconds=1)), 200),  # only the very date will do
        ("yesterday", 200),
    ],
)
def test_a_part_is_sent_only_of_what_the_client_has_already(site: Site, condition: str, status: int) -> None:
    answer = site.client.get("/plain/few", headers={"Range": "bytes=10-19", "If-Range": condition})
    assert (answer.status_code, answer.data) == (status, CONTENTS["few"][10:20] if status == 206 else CONTENTS["few"])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-None-Match": '"tag"'}, 304),
        ({"If-None-Match": 'W/"tag"'}, 304),
        ({"If-None-Match": '"other"'}, 200),
        ({"If-Modified-Since": http_date(WHEN)}, 304),
        ({"If-Match": '"tag"'}, 200),
        ({"If-Match": '"other"'}, 412),
        ({"If-Match": 'W/"tag"'}, 412),
        ({"If-Unmodified-Since": http_date(WHEN - timedelta(days=1))}, 412),
        ({"If-None-Match": '"tag"', "Range": "bytes=0-1"}, 304),  # conditions come before ranges
        ({"If-None-Match": '"tag"', "Range": "bytes=9999-"}, 304),
        ({"If-Match": '"other"', "Range": "bytes=0-1"}, 412),
        ({"If-None-Match": '"other"', "Range": "bytes=0-1"}, 206),
    ],
)
def test_conditions_are_judged_first(site: Site, headers: dict[str, str], status: int) -> None:
    for name in ("few", "many"):
        answer = site.client.get(f"/plain/{name}", headers=headers)
        assert answer.status_code == status
        if status == 304:
            assert answer.data == b""
            assert (answer.headers["ETag"], answer.headers["Note"]) == ('"tag"', "yes")
            assert "Content-Type" not in answer.headers


def test_ranges_and_conditions_are_for_reading_only(site: Site) -> None:
    asked = {"Range": "bytes=0-1", "If-None-Match": '"tag"'}
    assert site.client.post("/plain/few", headers=asked).status_code == 200
    assert site.client.head("/plain/few", headers={"Range": "bytes=0-1"}).status_code == 200


DECODE = {"gzip": gzip.decompress, "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data)}


@pytest.mark.parametrize("coding", DECODE)
@pytest.mark.parametrize("name", ["text", "some", "many", "few", "little"])
def test_what_is_packed_has_its_length_too_and_is_the_same_bytes_again(site: Site, name: str, coding: str) -> None:
    answer, again = (site.client.get(f"/packed/{name}", headers={"Accept-Encoding": coding}) for _ in range(2))
    assert (answer.status_code, answer.headers["Content-Encoding"]) == (200, coding)
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert DECODE[coding](answer.data) == CONTENTS[name]
    assert (answer.data, answer.headers["ETag"]) == (again.data, f'"tag-{coding}"')
    assert answer.headers["Vary"] == "Accept, Accept-Encoding"
    if name in ("text", "little"):
        assert len(answer.data) < len(CONTENTS[name]) / 4


def test_parts_are_sent_of_what_is_not_packed_only(site: Site) -> None:
    asked = {"Range": "bytes=0-9"}
    packed = site.client.get("/packed/text", headers=asked | {"Accept-Encoding": "gzip"})
    assert (packed.status_code, gzip.decompress(packed.data)) == (200, TEXT)
    assert "Accept-Ranges" not in packed.headers
    assert site.client.get("/packed/text", headers=asked).data == TEXT[:10]


def test_the_etag_of_one_coding_does_not_match_another(site: Site) -> None:
    asked = {"If-None-Match": '"tag-gzip"'}
    assert site.client.get("/packed/text", headers=asked).status_code == 200
    assert site.client.get("/packed/text", headers=asked | {"Accept-Encoding": "gzip"}).status_code == 304


def test_what_the_next_asker_will_not_get_has_no_etag_and_no_parts(site: Site) -> None:
    for accepted in ("", "gzip"):
        asked = {"Range": "bytes=0-9", "If-None-Match": "*", "Accept-Encoding": accepted}
        answer = site.client.get("/volatile/little", headers=asked)
        assert answer.status_code == 200
        assert not {"ETag", "Accept-Ranges", "Last-Modified"} & set(answer.headers.keys())


def begin(site: Site, path: str = "/plain/many", **environ: str) -> TestResponse:
    """A transfer that is under way."""
    return site.client.get(path, environ_base=environ, buffered=False)


def test_one_client_has_a_fourth_of_the_places(site: Site) -> None:
    first, second = begin(site), begin(site)
    refused = begin(site)
    assert (refused.status_code, int(refused.headers["Retry-After"]) > 0) == (429, True)
    assert refused.headers["Cache-Control"] == "no-store"
    assert "2 large answers already" in refused.get_json(force=True)["detail"]
    assert begin(site, **OTHER).data == BYTES
    assert begin(site, "/plain/few").status_code == 200  # a small one waits for nobody
    assert begin(site, "/packed/text").status_code == 429
    assert first.data == BYTES
    third = begin(site)
    assert third.status_code == 200
    second.close()  # gone before the end
    assert begin(site).data == BYTES
    third.close()


def test_when_all_places_are_taken_nobody_is_to_blame(site: Site) -> None:
    held = [begin(site, REMOTE_ADDR=f"203.0.113.{number // 2}") for number in range(8)]
    assert site.places.taken == 8
    refused = begin(site, REMOTE_ADDR="198.51.100.1")
    assert (refused.status_code, int(refused.headers["Retry-After"]) > 0) == (503, True)
    assert begin(site, REMOTE_ADDR="203.0.113.0").status_code == 429
    held.pop().close()
    assert begin(site, REMOTE_ADDR="198.51.100.1").data == BYTES
    for answer in held:
        answer.close()


def test_those_behind_one_proxy_are_several_clients(site: Site) -> None:
    held = [begin(site, HTTP_X_FORWARDED_FOR=f"203.0.113.{number}") for number in range(4)]
    assert {answer.status_code for answer in held} == {200}
    for answer in held:
        answer.close()


def test_an_answer_that_is_never_sent_holds_nothing(site: Site) -> None:
    with site.app.test_request_context("/plain/many"):
        dropped = site.app.view_functions["plain"](name="many")
        assert isinstance(dropped.response, Transfer)
        assert site.places.taken == 1
        del dropped
        assert site.places.taken == 0
    begin(site).close()
    with pytest.raises(FileNotFoundError):
        site.app.view_functions["plain"](name="missing")


def test_a_refused_or_unchanged_answer_closes_its_file(site: Site) -> None:
    held = [begin(site), begin(site)]
    for headers in ({}, {"If-None-Match": '"tag"'}, {"If-Match": '"x"'}, {"Range": "bytes=99999999-"}):
        site.client.get("/plain/many", headers=headers)
        assert site.opened[-1].closed
    for answer in held:
        answer.close()


def test_a_file_that_ends_too_soon_breaks_the_transfer(site: Site, tmp_path: Path) -> None:
    site.folder = tmp_path
    (tmp_path / "text").write_bytes(TEXT)
    answer = begin(site, "/plain/text")
    os.truncate(tmp_path / "text", PIECE + 10)
    with pytest.raises(OSError, match=r"/plain/text' broke off: .* ends at byte 262,154 of 1,"):
        _ = answer.data
    assert site.opened[-1].closed
    assert site.places.taken == 0


def test_a_file_that_is_too_short_from_the_start_is_503_where_that_can_be_said(site: Site, tmp_path: Path) -> None:
    site.folder = tmp_path
    for name in ("few", "text"):
        (tmp_path / name).write_bytes(CONTENTS[name][:-1])
    assert begin(site, "/plain/few").status_code == 503
    assert site.client.get("/packed/text", headers={"Accept-Encoding": "gzip"}).status_code == 503


def test_nothing_large_is_taken_into_memory(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site.folder, size = tmp_path, 200_000_000
    monkeypatch.setitem(CONTENTS, "huge", range(size))  # only its length counts
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(size)
    for path, coding in (("/plain/huge", ""), ("/packed/huge", "gzip"), ("/packed/huge", "zstd")):
        tracemalloc.start()
        answer = site.client.get(path, headers={"Accept-Encoding": coding}, buffered=False)
        sent = sum(map(len, answer.response))
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
        tracemalloc.stop()
        answer.close()
        assert sent == int(answer.headers["Content-Length"])


def test_several_answers_can_share_one_file_without_a_name(site: Site, tmp_path: Path) -> None:
    kept = (tmp_path / "kept").open("w+b")
    kept.write(TEXT)
    kept.flush()
    (tmp_path / "kept").unlink()

    def shared() -> Response:
        return transfers.send(os.fdopen(os.dup(kept.fileno()), "rb"), len(TEXT), MEDIA_TYPE, tag="tag")

    site.app.add_url_rule("/shared", "shared", shared)
    one, two = begin(site, "/shared"), begin(site, "/shared", **OTHER)
    kept.close()  # who sends it holds on to it
    pieces = [piece for pair in zip(one.response, two.response, strict=True) for piece in pair]
    assert b"".join(pieces[::2]) == b"".join(pieces[1::2]) == TEXT
    one.close()
    two.close()
