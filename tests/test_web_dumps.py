"""Dumps on the web: their names and headers, the page, the description of the data set, real downloads with curl."""

from __future__ import annotations

import gzip
import hashlib
import html
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import library
import pytest
import requests
from conftest import Serve, free_port
from flask.testing import FlaskClient
from library import BASE, NOW
from rdflib import DCTERMS, RDF, BNode, Dataset, Graph, URIRef
from rdflib.compare import isomorphic
from sites import Page, internal
from werkzeug.http import http_date

from ld.settings import Settings
from ld.snapshot import Builder, manifest, rollback
from ld.snapshot.dumps import DUMPS
from ld.web import create_app

STAMP = "20260301T120000Z"
EARLIER = "20250301T120000Z"
BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"
VOID = "/.well-known/void"


def snapshot(data: Path, stamp: str = STAMP) -> Path:
    """The folder of the snapshot of that time."""
    (found,) = (data / "snapshots").glob(f"{stamp}-*")
    return found


def change(folder: Path, **files: bytes | None) -> None:
    """Gives a snapshot other dumps, by suffix, or takes one away (None), as if it had been built so."""
    told = json.loads((folder / "manifest.json").read_text())
    for suffix, content in files.items():
        path = f"dumps/thesis-ld.{suffix}.gz"
        if content is None:
            (folder / path).unlink()
            del told["files"][path]
        else:
            (folder / path).write_bytes(content)
            told["files"][path] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(told))


def publish(data: Path) -> Path:
    """Publishes the corpus of `library` after a state from which nothing has been withdrawn since."""
    with Builder(data, base=BASE, keep=3, now=NOW.replace(year=NOW.year - 1)) as builder:
        library._thesis(builder, BASE, "uk.bl.ethos.998", {"title": "Before"})
        builder.publish({"published": 1}, [])
    library.publish(data)
    return data


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder to be read only."""
    return publish(tmp_path_factory.mktemp("dumps"))


@pytest.fixture(scope="module")
def client(published: Path) -> FlaskClient:
    return site(published)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder of its own."""
    return publish(tmp_path / "data")


def site(data: Path, **settings: Any) -> FlaskClient:
    return create_app(Settings(data=data, **settings)).test_client()


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.name)
def test_a_dump_has_a_name_that_it_keeps_and_one_that_moves_on(client: FlaskClient, published: Path, dump: Any) -> None:
    content = (snapshot(published) / dump.path).read_bytes()
    kept = client.get(f"/dumps/thesis-ld-{STAMP}.{dump.suffix}")
    latest = client.get(f"/dumps/thesis-ld-latest.{dump.suffix}")
    assert kept.data == latest.data == content
    assert kept.headers["ETag"] == latest.headers["ETag"] == f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    assert kept.headers["Last-Modified"] == latest.headers["Last-Modified"] == http_date(NOW)
    assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert latest.headers["Cache-Control"] == "public, max-age=300"
    assert latest.headers["Content-Location"] == f"/dumps/thesis-ld-{STAMP}.{dump.suffix}"
    for answer in (kept, latest):
        assert answer.content_type == "application/gzip"
        assert answer.headers["Content-Length"] == str(len(content))
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert f'</dumps/thesis-ld-latest.{dump.suffix}>; rel="latest-version"' in answer.headers["Link"]


def test_a_dump_is_packed_already(client: FlaskClient) -> None:
    plain = client.get("/dumps/thesis-ld-latest.nt.gz")
    for accepted in ("gzip", "zstd", "gzip, identity;q=0"):
        answer = client.get("/dumps/thesis-ld-latest.nt.gz", headers={"Accept-Encoding": accepted})
        assert "Content-Encoding" not in answer.headers
        assert answer.data == plain.data
    assert gzip.decompress(plain.data).count(b"\n") > 100


def test_each_has_its_checksum_beside_it(client: FlaskClient, published: Path) -> None:
    everything = ""
    for dump in DUMPS:
        digest = hashlib.sha256((snapshot(published) / dump.path).read_bytes()).hexdigest()
        for which in (STAMP, "latest"):
            name = f"thesis-ld-{which}.{dump.suffix}"
            answer = client.get(f"/dumps/{name}.sha256")
            assert (answer.text, answer.mimetype) == (f"{digest}  {name}\n", "text/plain")
            assert ("immutable" in answer.headers["Cache-Control"]) == (which == STAMP)
            assert "Repr-Digest" in client.head(f"/dumps/{name}").headers
        everything += f"{digest}  thesis-ld-{STAMP}.{dump.suffix}\n"
    assert client.get("/dumps/SHA256SUMS").text == everything


def test_the_digest_in_the_header_is_that_of_the_bytes(client: FlaskClient) -> None:
    answer = client.get("/dumps/thesis-ld-latest.nq.gz", headers={"Range": "bytes=0-9"})
    whole = client.get("/dumps/thesis-ld-latest.nq.gz").data
    told = re.fullmatch(r"sha-256=:(.*):", answer.headers["Repr-Digest"])
    assert (answer.status_code, answer.data) == (206, whole[:10])
    assert told
    assert told[1] == subprocess.run(
        ["openssl", "base64"], input=hashlib.sha256(whole).digest(), capture_output=True, check=True
    ).stdout.decode().strip()  # fmt: skip


def test_earlier_snapshots_are_there_under_their_own_names(client: FlaskClient, published: Path) -> None:
    name = f"thesis-ld-{EARLIER}.nt.gz"
    answer = client.get(f"/dumps/{name}")
    assert answer.data == (snapshot(published, EARLIER) / "dumps/thesis-ld.nt.gz").read_bytes()
    assert answer.headers["Last-Modified"] == http_date(NOW.replace(year=NOW.year - 1))
    assert client.get(f"/dumps/{name}.sha256").text == f"{hashlib.sha256(answer.data).hexdigest()}  {name}\n"
    assert f"/dumps/{name}" in client.get("/dumps/", headers={"Accept": BROWSER}).text


def test_a_snapshot_has_the_dumps_that_it_was_built_with(data: Path) -> None:
    change(snapshot(data, EARLIER), ttl=None, jsonl=None)
    client = site(data)
    assert client.get(f"/dumps/thesis-ld-{EARLIER}.nt.gz").status_code == 200
    answer = client.get(f"/dumps/thesis-ld-{EARLIER}.ttl.gz")
    assert answer.status_code == 404
    assert '</dumps/thesis-ld-latest.ttl.gz>; rel="latest-version"' in answer.headers["Link"]
    page = client.get("/dumps/", headers={"Accept": BROWSER}).text
    assert f"thesis-ld-{EARLIER}.nq.gz" in page
    assert f"thesis-ld-{EARLIER}.ttl.gz" not in page
    change(snapshot(data), **{dump.name: None for dump in DUMPS})
    empty = site(data)
    assert empty.get("/dumps/", headers={"Accept": BROWSER}).status_code == 200
    assert empty.get("/dumps/thesis-ld-latest.nt.gz").status_code == 404
    assert empty.get("/dumps/SHA256SUMS").data == b""


def test_a_dump_that_is_not_kept_any_more_is_gone_and_the_latest_is_named(client: FlaskClient) -> None:
    for suffix in ("", ".sha256"):
        answer = client.get(f"/dumps/thesis-ld-20240229T120000Z.nt.gz{suffix}")
        assert answer.status_code == 410
        assert "2024-02-29, 12:00:00 UTC" in answer.get_json(force=True)["detail"]
        assert '</dumps/thesis-ld-latest.nt.gz>; rel="latest-version"' in answer.headers["Link"]
    page = client.get("/dumps/thesis-ld-20240229T120000Z.nt.gz", headers={"Accept": BROWSER})
    assert 'href="/dumps/thesis-ld-latest.nt.gz"' in page.text


@pytest.mark.parametrize(
    "name",
    [
        "thesis-ld-20300301T120000Z.nt.gz", "thesis-ld-20240230T120000Z.nt.gz", f"thesis-ld-{STAMP}.xml.gz",
        f"thesis-ld-{STAMP}.nt", f"thesis-ld-{STAMP}.nt.gz.md5", f"thesis-ld-{STAMP}", "thesis-ld-latest.nt.gz%0a",
        "thesis-ld.nt.gz", "thesis-ld-.nt.gz", "latest", "SHA256SUMS.sha256", "%2e%2e%2fmanifest.json", "manifest.json",
        "..%2f..%2fcatalogue.sqlite", f"thesis-ld-{STAMP}.%2e%2e%2f%2e%2e%2fcatalogue.sqlite", "thesis-ld-latest..",
        "thesis-ld-latest.nt.gz/", "thesis-ld-latest/nt.gz", "%00", "é", "x" * 3000, "thesis-ld-٢٠٢٦0301T120000Z.nt.gz",
    ],
)  # fmt: skip
def test_any_other_name_is_not_found(client: FlaskClient, name: str) -> None:
    assert client.get(f"/dumps/{name}").status_code == 404


def test_a_name_that_is_not_known_leads_to_the_page(client: FlaskClient) -> None:
    assert '</dumps/>; rel="index"' in client.get("/dumps/nothing").headers["Link"]


def test_after_a_rollback_what_somebody_went_back_from_is_not_offered(data: Path) -> None:
    client, mistaken = site(data), "20260302T120000Z"
    library.publish(data, now=NOW + timedelta(days=1), title="Mistaken")
    assert client.get(f"/dumps/thesis-ld-{mistaken}.nt.gz").status_code == 200
    before = client.get("/dumps/thesis-ld-latest.nt.gz")
    rollback(data)
    latest = client.get("/dumps/thesis-ld-latest.nt.gz", headers={"If-Modified-Since": before.headers["Last-Modified"]})
    assert latest.status_code == 200
    assert latest.headers["Content-Location"] == f"/dumps/thesis-ld-{STAMP}.nt.gz"
    assert latest.data != before.data
    assert client.get(f"/dumps/thesis-ld-{mistaken}.nt.gz").status_code == 404
    assert mistaken not in client.get("/dumps/", headers={"Accept": BROWSER}).text
    assert mistaken not in client.get(VOID).text
    assert f"thesis-ld-{EARLIER}.nt.gz" in client.get("/dumps/", headers={"Accept": BROWSER}).text


def test_a_new_snapshot_is_offered_without_a_restart_and_what_it_pushes_out_is_gone(data: Path) -> None:
    client = site(data)
    first = client.get("/dumps/thesis-ld-latest.nt.gz")
    for day in (1, 2):
        library.publish(data, now=NOW + timedelta(days=day), title=f"Title {day}")
    latest = client.get("/dumps/thesis-ld-latest.nt.gz", headers={"If-None-Match": first.headers["ETag"]})
    assert latest.headers["Content-Location"] == "/dumps/thesis-ld-20260303T120000Z.nt.gz"
    assert client.get(f"/dumps/thesis-ld-{STAMP}.nt.gz").data == first.data
    assert client.get(f"/dumps/thesis-ld-{EARLIER}.nt.gz").status_code == 410


def test_a_snapshot_that_goes_while_it_is_asked_for_is_gone(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client, folder = site(data), snapshot(data, EARLIER)
    assert client.get(f"/dumps/thesis-ld-{EARLIER}.nt.gz").status_code == 200  # its manifest is known now
    names = manifest.names(data)
    monkeypatch.setattr(manifest, "names", lambda data: names)  # it was there when it was looked for
    shutil.move(folder, data / "removed")
    assert client.get(f"/dumps/thesis-ld-{EARLIER}.nt.gz").status_code == 404
    assert client.get("/dumps/", headers={"Accept": BROWSER}).status_code == 200
    assert site(data / "removed").get(f"/dumps/thesis-ld-{EARLIER}.nt.gz").status_code == 503
    shutil.move(snapshot(data), data / "removed-too")
    assert client.get("/dumps/thesis-ld-latest.nt.gz").status_code == 503


def test_damage_is_503_and_logged_and_what_is_whole_is_served(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    os.truncate(snapshot(data) / "dumps/thesis-ld.nt.gz", 100)
    (snapshot(data, EARLIER) / "manifest.json").write_text("{")
    client = site(data)
    for name in ("thesis-ld-latest.nt.gz", f"thesis-ld-{STAMP}.nt.gz", f"thesis-ld-{EARLIER}.nq.gz"):
        caplog.clear()
        answer = client.get(f"/dumps/{name}")
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
        assert str(data) not in answer.text
        assert caplog.records
    assert client.get("/dumps/thesis-ld-latest.nq.gz").status_code == 200
    assert client.get("/dumps/", headers={"Accept": BROWSER}).status_code == 200


def test_before_anything_is_published_there_is_nothing_to_take(tmp_path: Path) -> None:
    client = site(tmp_path)
    for path in ("/dumps/", VOID, "/dumps/SHA256SUMS", "/dumps/thesis-ld-latest.nt.gz"):
        assert client.get(path).status_code == 503


@pytest.mark.parametrize("path", ["/dumps", "/dumps/", VOID])
@pytest.mark.parametrize(
    ("accept", "suffix"),
    [
        (None, "ttl"), ("*/*", "ttl"), (BROWSER, "html"), ("text/html", "html"), ("application/ld+json", "jsonld"),
        ("application/rdf+xml", "rdf"), ("application/n-triples, */*;q=0.1", "nt"), ("text/*", "ttl"),
        ("application/n-quads", "nq"), ("application/trig", "trig"), ("image/png", None),
    ],
)  # fmt: skip
def test_a_program_gets_the_description_and_a_browser_the_page(
    client: FlaskClient, path: str, accept: str | None, suffix: str | None
) -> None:
    answer = client.get(path, headers={"Accept": accept} if accept else {})
    if suffix is None:
        assert answer.status_code == 406
        return
    assert (answer.status_code, answer.headers["Content-Location"]) == (200, f"{VOID}.{suffix}")
    assert answer.data == client.get(f"{VOID}.{suffix}").data
    assert "Accept" in answer.headers["Vary"]


def test_the_description_names_no_thing_that_has_no_name(client: FlaskClient) -> None:
    graph = Graph().parse(data=client.get(f"{VOID}.nt").data, format="nt")
    assert not [term for triple in graph for term in triple if isinstance(term, BNode)]
    dataset = URIRef(f"{BASE}.well-known/void#dataset")
    assert (dataset, RDF.type, URIRef("http://rdfs.org/ns/void#Dataset")) in graph
    assert list(graph.objects(dataset, DCTERMS.license)) == [URIRef("https://creativecommons.org/licenses/by/4.0/")]


def test_every_file_that_the_description_names_is_there(client: FlaskClient) -> None:
    graph = Graph().parse(data=client.get(f"{VOID}.nt").data, format="nt")
    named = {str(term).removeprefix(BASE) for term in graph.objects() if str(term).startswith(f"{BASE}dumps/thesis")}
    assert {f"dumps/thesis-ld-{STAMP}.{dump.suffix}" for dump in DUMPS} <= named
    for path in named:
        assert client.get(f"/{path}").status_code == 200, path


def test_the_page_says_what_there_is_and_no_link_of_it_is_dead(client: FlaskClient, published: Path) -> None:
    text = client.get("/dumps/", headers={"Accept": BROWSER}).text
    page = Page(text)
    for dump in DUMPS:
        assert f"/dumps/thesis-ld-{STAMP}.{dump.suffix}" in page.links
        assert f"/dumps/thesis-ld-{STAMP}.{dump.suffix}.sha256" in page.links
        assert dump.title in page.text
        assert hashlib.sha256((snapshot(published) / dump.path).read_bytes()).hexdigest() in text
    assert "1 March 2026, 12:00 UTC" in page.text
    assert "British Library, EThOS" in page.text
    links = set(internal(page.links, f"{BASE}dumps/"))
    assert len(links) > 15
    for link in links:
        answer = client.get(link.removeprefix(BASE.rstrip("/")), headers={"Accept": BROWSER})
        assert answer.status_code == 200, link


def test_under_a_path_every_address_stands_under_it(tmp_path: Path) -> None:
    library.publish(tmp_path, base="https://example.org/theses/")
    client = site(tmp_path)
    for prefix in ("/theses", ""):
        latest = client.get(f"{prefix}/dumps/thesis-ld-latest.nt.gz")
        assert latest.headers["Content-Location"] == f"/theses/dumps/thesis-ld-{STAMP}.nt.gz"
        assert "</theses/.well-known/void>" in latest.headers["Link"]
        page = client.get(f"{prefix}/dumps/", headers={"Accept": BROWSER}).text
        assert f'href="/theses/dumps/thesis-ld-{STAMP}.nt.gz"' in page
        assert f"https://example.org/theses/dumps/thesis-ld-{STAMP}.nt.gz" in html.unescape(page)
        assert client.get(f"{prefix}{VOID}.ttl").status_code == 200


# From here on: a real server, and curl.

LARGE = os.urandom(1 << 20) * 30


@pytest.fixture(scope="module")
def large(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A server with eight places and a dump of 30 MB, and the file of that dump."""
    data = tmp_path_factory.mktemp("large")
    library.publish(data)
    change(snapshot(data), nt=LARGE)
    return f"{serve(data=data, downloads=8)}/dumps/thesis-ld-latest.nt.gz", snapshot(data) / "dumps/thesis-ld.nt.gz"


def curl(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["curl", "-sS", "--max-time", "60", *arguments], capture_output=True, **options)


def status(url: str, *arguments: str) -> int:
    return int(curl("-o", os.devnull, "-w", "%{http_code}", *arguments, url).stdout)


def test_curl_gets_the_whole_a_part_and_the_end(large: tuple[str, Path]) -> None:
    url, _ = large
    assert curl(url).stdout == LARGE
    assert curl("-r", "1000-299999", url).stdout == LARGE[1000:300_000]
    assert curl("-r", "-70000", url).stdout == LARGE[-70_000:]
    assert status(url, "-r", "1000-1009") == 206
    assert status(url, "-r", f"{len(LARGE)}-") == 416
    assert curl("-r", "0-1,5-6", url).stdout == LARGE


def test_head_says_how_much_there_is(large: tuple[str, Path]) -> None:
    url, _ = large
    head = curl("-I", url).stdout.decode().lower()
    assert f"content-length: {len(LARGE)}\r\n" in head
    assert "accept-ranges: bytes\r\n" in head


def test_a_download_that_broke_off_is_resumed(large: tuple[str, Path], tmp_path: Path) -> None:
    url, _ = large
    begun = tmp_path / "begun"
    assert curl("--max-time", "0.5", "--limit-rate", "4M", "-o", begun, url).returncode == 28
    size = begun.stat().st_size
    assert 0 < size < len(LARGE)
    done = curl("-C", "-", "-o", begun, "-w", "%{size_download}", url)
    assert (done.returncode, int(done.stdout)) == (0, len(LARGE) - size)
    assert begun.read_bytes() == LARGE
    assert curl("-C", "-", "-o", begun, url).returncode == 0  # nothing is left to do
    assert begun.read_bytes() == LARGE


def slow(url: str, headers: Path) -> subprocess.Popen[bytes]:
    """A client that takes its time, and has begun; the headers of its answer are in the file."""
    for _ in range(100):
        client = subprocess.Popen(["curl", "-sS", "--limit-rate", "20k", "-o", os.devnull, "-D", headers, url])
        while not headers.exists() or not headers.read_bytes().endswith(b"\r\n\r\n"):
            time.sleep(0.02)
        if b" 200 " in headers.read_bytes().splitlines()[0]:
            return client
        client.kill()  # somebody is not quite gone yet
        client.wait()
        headers.unlink()
    raise AssertionError("There is no place.")


def until(wanted: int, ask: Callable[[], int]) -> None:
    for _ in range(100):
        if ask() == wanted:
            return
        time.sleep(0.05)
    raise AssertionError(f"It did not become {wanted}.")


def test_slow_clients_hold_their_share_of_places_until_they_are_gone(large: tuple[str, Path], tmp_path: Path) -> None:
    url, _ = large
    clients = [slow(url, tmp_path / str(number)) for number in range(2)]
    try:
        refused = requests.get(url, timeout=10)
        assert (refused.status_code, int(refused.headers["Retry-After"]) > 0) == (429, True)
        assert status(url, "-H", "X-Forwarded-For: 203.0.113.9") == 200  # by way of a proxy: somebody else
        assert status(url, "-r", "0-999") == 206  # what is small needs no place
        assert status(url.partition("/dumps")[0] + "/") == 200
        assert status(url) == 429
        clients[0].kill()
        until(200, lambda: status(url))
    finally:
        for client in clients:
            client.kill()
            client.wait()


def hold(url: str, address: str) -> requests.Response:
    """A large answer that a client has begun to read, and reads no further."""
    for _ in range(100):
        answer = requests.get(url, headers={"X-Forwarded-For": address}, stream=True, timeout=10)
        if answer.status_code == 200:
            return answer
        answer.close()
        time.sleep(0.05)  # somebody is not quite gone yet
    raise AssertionError("There is no place.")


def test_clients_that_read_nothing_do_not_keep_others_waiting(large: tuple[str, Path]) -> None:
    url, _ = large
    front = url.partition("/dumps")[0] + "/"
    held = [hold(url, f"203.0.113.{number // 2}") for number in range(8)]
    assert (status(url), status(url, "-H", "X-Forwarded-For: 203.0.113.0")) == (503, 429)
    began = time.monotonic()
    for _ in range(20):
        assert requests.get(front, timeout=10).status_code == 200
    assert time.monotonic() - began < 5
    for answer in held:
        answer.close()
    until(200, lambda: status(url))


def test_a_file_that_ends_too_soon_is_a_broken_transfer_and_not_a_short_answer(
    serve: Serve, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    library.publish(tmp_path)
    change(snapshot(tmp_path), nt=LARGE)
    file = snapshot(tmp_path) / "dumps/thesis-ld.nt.gz"
    url = f"{serve(data=tmp_path)}/dumps/thesis-ld-latest.nt.gz"
    with subprocess.Popen(
        ["curl", "-sS", "--limit-rate", "8M", "-o", os.devnull, url], stderr=subprocess.PIPE, text=True
    ) as client:
        time.sleep(0.5)
        os.truncate(file, 20_000_000)
        said = client.communicate()[1]
    assert client.returncode == 18, said
    assert "bytes remaining" in said
    assert status(url) == 503
    logged = "".join(capfd.readouterr())
    assert logged.count("Application callable raised an exception") == 1
    assert "'/dumps/thesis-ld-latest.nt.gz' broke off" in logged


@pytest.fixture(scope="module")
def own(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A server whose own address is the base of its data."""
    data, port = tmp_path_factory.mktemp("own"), free_port()
    library.publish(data, base=f"http://localhost:{port}/")
    serve(data=data, port=port)
    return f"http://localhost:{port}"


def test_sha256sum_agrees(own: str, tmp_path: Path) -> None:
    names = [f"thesis-ld-{which}.{dump.suffix}" for which in (STAMP, "latest") for dump in DUMPS]
    urls = [f"{own}/dumps/{name}{more}" for name in names for more in ("", ".sha256")]
    curl("-f", "--remote-name-all", *urls, f"{own}/dumps/SHA256SUMS", cwd=tmp_path, check=True)
    for sums in ("SHA256SUMS", *(f"{name}.sha256" for name in names)):
        made = subprocess.run(["sha256sum", "-c", sums], cwd=tmp_path, capture_output=True, text=True)
        assert made.returncode == 0, made.stderr
        assert "OK" in made.stdout


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # inside rdflib's own reader of JSON-LD
@pytest.mark.filterwarnings("ignore:Dataset.default_context is deprecated")
def test_rdflib_reads_the_description_wherever_it_is_asked(own: str) -> None:
    said = Graph().parse(f"{own}{VOID}")
    assert len(said) > 20
    for path in ("/dumps/", "/dumps", f"{VOID}.ttl", f"{VOID}.rdf", f"{VOID}.nt", f"{VOID}.jsonld"):
        assert isomorphic(Graph().parse(own + path), said), path
    for path in (f"{VOID}.trig", f"{VOID}.nq"):
        (named,) = [graph for graph in Dataset().parse(own + path).graphs() if graph]
        assert named.identifier == URIRef(f"{own}{VOID}")
        assert isomorphic(named, said), path


def recipes(own: str) -> list[str]:
    """How the page says that the dumps are used."""
    page = requests.get(f"{own}/dumps/", headers={"Accept": BROWSER}, timeout=10).text
    return [html.unescape(lines) for lines in re.findall(r"<pre><code>([^<]*)</code></pre>", page)]


def test_what_the_page_says_works_as_it_stands(own: str, tmp_path: Path) -> None:
    for dump in DUMPS:
        name = f"thesis-ld-{STAMP}.{dump.suffix}"
        (tmp_path / name).write_bytes(requests.get(f"{own}/dumps/{name}", timeout=10).content)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    told, shown = recipes(own), ""
    assert [lines.split()[0] for lines in told] == ["curl", "thesis-ld", "import", "import", "oxigraph"]
    for lines in told:
        program = lines.split()[0]
        if program == "oxigraph" and not shutil.which(program, path=path):
            continue
        shell = ["sh", "-ec", lines.partition("\noxigraph serve")[0]]
        command = [sys.executable, "-c", lines] if program == "import" else shell
        made = subprocess.run(command, cwd=tmp_path, env=os.environ | {"PATH": path}, capture_output=True, text=True)
        assert made.returncode == 0, (lines, made.stderr)
        shown += made.stdout
    assert "OK" in shown
    assert shown.count("Study 1") > 2  # from the query and from the lines of JSON


def test_what_somebody_went_back_from_is_not_offered_again(tmp_path: Path) -> None:
    good = library.publish(tmp_path, title="Good")
    bad = library.publish(tmp_path, title="Bad", now=library.NOW.replace(month=4))
    rollback(tmp_path)
    library.publish(tmp_path, title="Better", now=library.NOW.replace(month=5))
    asking = create_app(Settings(data=tmp_path)).test_client()
    stamps = [name.partition("-")[0] for name in (good, bad)]
    answers = [asking.get(f"/dumps/thesis-ld-{stamp}.nt.gz").status_code for stamp in stamps]
    assert answers == [200, 410]
    assert stamps[1] not in asking.get("/dumps/", headers={"Accept": "text/html"}).text


def test_a_dump_that_holds_what_was_withdrawn_is_not_given_away(tmp_path: Path) -> None:
    before = library.publish(tmp_path)
    with Builder(tmp_path, base=library.BASE, keep=3, now=library.NOW.replace(month=4)) as builder:
        builder.ledger.withdraw(library.THESIS, "Taken down.")
        builder.publish({"published": 0}, [])
    asking = create_app(Settings(data=tmp_path)).test_client()
    assert asking.get(f"/dumps/thesis-ld-{before.partition('-')[0]}.nt.gz").status_code == 410
    assert asking.get("/dumps/thesis-ld-latest.nt.gz").status_code == 200
    described = asking.get("/.well-known/void.nt").text
    assert before.partition("-")[0] not in described
