"""HTTP as RFC 9110 and 9111 have it: validators, conditions, codings, methods, CORS, errors."""

from __future__ import annotations

import gzip
import logging
import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import library
import pytest
import zstandard
from flask.testing import FlaskClient
from library import BODY, NOW, PERSON, THESIS
from werkzeug.http import http_date

from ld import context
from ld.formats import FORMATS
from ld.settings import Settings
from ld.snapshot import rollback
from ld.web import create_app

DOC = f"/doc/thesis/{THESIS}"
PAGE = {"Accept": "text/html"}
EVERYWHERE = [
    "/", DOC, f"{DOC}.nq", f"/id/thesis/{THESIS}", "/vocab/terms", "/vocab/context.jsonld", "/shapes/", "/healthz",
    "/nothing", f"/doc/thesis/{library.WITHDRAWN}",
]  # fmt: skip
PROBLEMS = {"/nothing": 404, f"/doc/thesis/{library.SEVERAL}": 300, f"/doc/thesis/{library.WITHDRAWN}": 410}


def test_every_format_and_coding_has_an_etag_of_its_own(client: FlaskClient) -> None:
    tags = {
        client.get(f"{DOC}.{row.suffix}", headers={"Accept-Encoding": coding}).headers["ETag"]
        for row in FORMATS
        for coding in ("", "gzip", "zstd")
    }
    assert len(tags) == 3 * len(FORMATS)
    assert all(tag.startswith('"') for tag in tags)


@pytest.mark.parametrize(
    "given",
    ['{tag}', 'W/{tag}', '"other", {tag}', 'W/"x",W/{tag} , "y"', '*'],
)  # fmt: skip
def test_if_none_match_of_what_is_there_is_304(client: FlaskClient, given: str) -> None:
    first = client.get(DOC, headers={"Accept": "text/turtle"})
    headers = {"Accept": "text/turtle", "If-None-Match": given.format(tag=first.headers["ETag"])}
    answer = client.get(DOC, headers=headers)
    assert (answer.status_code, answer.data) == (304, b"")
    for name in ("ETag", "Vary", "Cache-Control", "Content-Location"):
        assert answer.headers[name] == first.headers[name]
    assert "Content-Type" not in answer.headers
    assert client.head(DOC, headers=headers).status_code == 304


@pytest.mark.parametrize("given", ['"other"', "", "garbage", '"', "W/", "\\", '""', "x" * 2000])
def test_if_none_match_of_something_else_is_200(client: FlaskClient, given: str) -> None:
    # A date that would give 304 has no say beside If-None-Match.
    headers = {"If-None-Match": given, "If-Modified-Since": http_date(NOW + timedelta(days=1))}
    assert client.get(f"{DOC}.ttl", headers=headers).status_code == 200


def test_the_etag_of_one_coding_does_not_match_another(client: FlaskClient) -> None:
    tag = client.get(f"{DOC}.ttl", headers={"Accept-Encoding": "gzip"}).headers["ETag"]
    assert client.get(f"{DOC}.ttl", headers={"If-None-Match": tag}).status_code == 200
    assert client.get(f"{DOC}.ttl", headers={"If-None-Match": tag, "Accept-Encoding": "gzip"}).status_code == 304


@pytest.mark.parametrize(
    ("since", "status"),
    [
        (http_date(NOW), 304),
        (http_date(NOW + timedelta(days=30)), 304),
        (http_date(NOW - timedelta(seconds=1)), 200),
        ("yesterday", 200),
        ("", 200),
        ("Thu, 99 Foo 99999 99:99:99 GMT", 200),
    ],
)
def test_if_modified_since_is_judged_by_the_second(client: FlaskClient, since: str, status: int) -> None:
    answer = client.get(f"{DOC}.ttl", headers={"If-Modified-Since": since})
    assert answer.status_code == status


def test_last_modified_is_when_the_description_changed(client: FlaskClient) -> None:
    assert client.get(f"{DOC}.ttl").headers["Last-Modified"] == http_date(NOW)


@pytest.mark.parametrize(
    "headers", [{"If-Match": '"other"'}, {"If-Unmodified-Since": http_date(NOW - timedelta(days=1))}]
)
def test_a_precondition_that_fails_is_412(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.get(f"{DOC}.ttl", headers=headers).status_code == 412
    fine = {"If-Match": "*", "If-Unmodified-Since": http_date(NOW)}
    assert client.get(f"{DOC}.ttl", headers=fine).status_code == 200


def test_an_error_that_one_request_made_is_not_kept_for_the_next(client: FlaskClient) -> None:
    failed = client.get(f"{DOC}.ttl", headers={"If-Match": '"other"'})
    refused = client.post(DOC)
    assert (failed.status_code, refused.status_code) == (412, 405)
    assert {failed.headers["Cache-Control"], refused.headers["Cache-Control"]} == {"no-store"}
    for path in PROBLEMS:
        assert client.get(path).headers["Cache-Control"] == "public, max-age=30"
    assert client.get(DOC, headers={"Accept": "image/png"}).headers["Cache-Control"] == "public, max-age=30"


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("zstd", "zstd"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1, zstd;q=0.5", "gzip"),
        ("x-gzip", "gzip"),
        ("identity, gzip;q=0.5", None),
        ("gzip;q=0", None),
        ("br", None),
        ("", None),
        (";;;q=", None),
    ],
)
def test_the_coding_asked_for_is_the_coding_sent(client: FlaskClient, accepted: str, coding: str | None) -> None:
    whole = client.get(f"{DOC}.nt").data
    answer = client.get(f"{DOC}.nt", headers={"Accept-Encoding": accepted})
    decode = {"gzip": gzip.decompress, "zstd": zstandard.ZstdDecompressor().decompress, None: bytes}[coding]
    assert answer.headers.get("Content-Encoding") == coding
    assert decode(answer.data) == whole
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert client.get(f"{DOC}.nt", headers={"Accept-Encoding": accepted}).data == answer.data


def test_small_answers_are_not_compressed(client: FlaskClient) -> None:
    assert "Content-Encoding" not in client.get("/healthz", headers={"Accept-Encoding": "gzip, zstd"}).headers


@pytest.mark.parametrize("accepted", ["gzip, identity;q=0", "*;q=0, gzip;q=0.1"])
def test_a_small_answer_is_compressed_when_it_is_refused_as_it_is(client: FlaskClient, accepted: str) -> None:
    answer = client.get("/robots.txt", headers={"Accept-Encoding": accepted})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.data) == client.get("/robots.txt").data


@pytest.mark.parametrize("path", EVERYWHERE)
def test_head_is_get_without_the_body(client: FlaskClient, path: str) -> None:
    for headers in ({}, {"Accept-Encoding": "gzip"}, PAGE):
        got, head = client.get(path, headers=headers), client.head(path, headers=headers)
        assert (head.status_code, head.data) == (got.status_code, b"")
        assert dict(head.headers) == dict(got.headers)


@pytest.mark.parametrize("path", EVERYWHERE)
def test_every_answer_may_be_read_by_scripts_and_is_safe(client: FlaskClient, path: str) -> None:
    for answer in (client.get(path), client.get(path, headers=PAGE), client.post(path)):
        headers = answer.headers
        assert headers["Access-Control-Allow-Origin"] == "*"
        exposed = headers["Access-Control-Expose-Headers"]
        assert all(name in exposed for name in ("ETag", "Link", "Content-Location", "Last-Modified", "Location"))
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"]
        assert headers["Cache-Control"]


def test_options_says_what_is_allowed_and_answers_a_preflight(client: FlaskClient) -> None:
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET",
             "Access-Control-Request-Headers": "if-none-match"}  # fmt: skip
    for path in (DOC, "/vocab/context.jsonld", f"/id/thesis/{THESIS}"):
        answer = client.options(path, headers=asked)
        assert (answer.status_code, answer.data) == (204, b"")
        assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
        assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
        assert "If-None-Match" in answer.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "PROPFIND"])
def test_other_methods_are_not_allowed(client: FlaskClient, method: str) -> None:
    answer = client.open(DOC, method=method, data=b"x")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert answer.get_json(force=True)["status"] == 405


@pytest.mark.parametrize(("path", "status"), PROBLEMS.items())
def test_a_program_gets_problem_details_and_a_browser_a_page(client: FlaskClient, path: str, status: int) -> None:
    for accept in ("*/*", "text/turtle", "application/json", "application/problem+json, text/html;q=0.5"):
        answer = client.get(path, headers={"Accept": accept})
        assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
        problem = answer.get_json(force=True)
        assert problem.keys() >= {"type", "title", "status", "detail", "instance"}
        assert (problem["status"], problem["instance"]) == (status, path)
    for accept in ("text/html,*/*;q=0.8", "application/xhtml+xml", "text/html;level=1, application/json;q=0.9"):
        answer = client.get(path, headers={"Accept": accept})
        assert (answer.status_code, answer.content_type) == (status, "text/html; charset=utf-8")
    assert answer.headers["Vary"] == "Accept, Accept-Encoding"


def test_before_anything_is_published_the_site_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    client = create_app(Settings(data=tmp_path)).test_client()
    for path in ("/", DOC, f"/id/thesis/{THESIS}", "/healthz"):
        for headers in ({}, PAGE):
            answer = client.get(path, headers=headers)
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) > 0
            assert answer.headers["Cache-Control"] == "no-store"
    assert "publishes nothing yet" in caplog.text
    assert client.get("/vocab/degree/ph-d.ttl").status_code == 200
    library.publish(tmp_path)
    assert client.get("/healthz").status_code == 200


def test_a_damaged_snapshot_is_503_and_logged_and_never_404(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    name = library.publish(tmp_path)
    catalogue = tmp_path / "snapshots" / name / "catalogue.sqlite"
    size = catalogue.stat().st_size
    catalogue.chmod(0o644)
    catalogue.write_bytes(b"\0" * size)
    answer = create_app(Settings(data=tmp_path)).test_client().get(DOC)
    assert answer.status_code == 503
    assert str(tmp_path) not in answer.text
    shutil.rmtree(tmp_path / "snapshots")
    caplog.clear()
    answer = create_app(Settings(data=tmp_path)).test_client().get(DOC)
    assert answer.status_code == 503
    assert caplog.records[0].levelno == logging.ERROR


@pytest.mark.parametrize(
    ("error", "status"), [(ZeroDivisionError("secret"), 500), (sqlite3.OperationalError("secret"), 503)]
)
def test_a_surprise_tells_the_log_everything_and_the_client_nothing(
    published: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception, status: int
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr("ld.web.things.snapshot", fail)
    client = create_app(Settings(data=published)).test_client()
    for headers in ({}, PAGE):
        answer = client.get(DOC, headers=headers)
        assert answer.status_code == status
        assert "secret" not in answer.text
        assert "Traceback" not in answer.text
    assert "secret" in caplog.text


def test_a_new_snapshot_is_served_without_a_restart(tmp_path: Path) -> None:
    library.publish(tmp_path)
    client = create_app(Settings(data=tmp_path)).test_client()
    first = client.get(f"{DOC}.ttl")
    other = client.get(f"/doc/thesis/{library.TWO_AUTHORS}.ttl")
    library.publish(tmp_path, now=NOW + timedelta(days=400), title="Another title")
    second = client.get(f"{DOC}.ttl", headers={"If-None-Match": first.headers["ETag"]})
    assert second.status_code == 200
    assert "Another title" in second.text
    assert second.headers["Last-Modified"] == http_date(NOW + timedelta(days=400))
    listing = client.get(f"/doc/person/{PERSON}.ttl", headers={"If-Modified-Since": first.headers["Last-Modified"]})
    assert "Another title" in listing.text
    unchanged = client.get(f"/doc/thesis/{library.TWO_AUTHORS}.ttl")
    assert unchanged.headers["ETag"] == other.headers["ETag"]


def test_a_rollback_is_told_to_those_who_saw_the_newer_state(tmp_path: Path) -> None:
    library.publish(tmp_path)
    library.publish(tmp_path, now=NOW + timedelta(days=2), title="Mistaken")
    client = create_app(Settings(data=tmp_path)).test_client()
    seen = client.get(f"{DOC}.ttl")
    assert "Mistaken" in seen.text
    rollback(tmp_path)
    again = client.get(f"{DOC}.ttl", headers={"If-Modified-Since": seen.headers["Last-Modified"]})
    assert again.status_code == 200
    assert "Mistaken" not in again.text


def test_caches_are_told_how_long(client: FlaskClient) -> None:
    assert "immutable" in client.get(f"/vocab/context-{context.load().hash}.jsonld").headers["Cache-Control"]
    assert client.get("/vocab/context.jsonld").headers["Cache-Control"] == "public, max-age=300"
    assert client.get(DOC).headers["Cache-Control"] == "public, max-age=300"
    assert client.get(f"/doc/organisation/{BODY}.ttl").headers["Cache-Control"] == "public, max-age=300"
    assert client.get("/healthz").headers["Cache-Control"] == "no-store"
