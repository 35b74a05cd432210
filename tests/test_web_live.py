"""The web door as clients meet it: a real server, real sockets, rdflib, curl and nginx."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from shutil import which

import library
import pytest
import requests
from conftest import ROOT, Serve, free_port
from library import BODY, NOW, ODD_KEYS, PERSON, THESIS, TWO_AUTHORS
from pyld import jsonld
from rdflib import Graph, URIRef
from rdflib.compare import isomorphic

from ld import iris, sandbox
from ld.formats import FORMATS
from ld.settings import Settings
from ld.web.server import environment, greeting

DOC = f"/doc/thesis/{THESIS}"
NAMES = {"ttl": "turtle", "rdf": "xml", "nt": "nt"}
# rdflib would fetch the context; that JSON-LD says the same graph is shown without a network elsewhere.
ADDRESSES = [DOC, f"/doc/thesis/{TWO_AUTHORS}", f"/doc/person/{PERSON}", f"/doc/organisation/{BODY}", "/vocab/terms",
             "/vocab/degrees", "/vocab/institutions", "/vocab/degree/d-psy", "/shapes/thesis"]  # fmt: skip


@pytest.mark.parametrize("path", ADDRESSES)
def test_rdflib_reads_every_address(live: str, path: str) -> None:
    asked = Graph().parse(live + path)  # as rdflib asks by itself
    assert len(asked) > 5
    for suffix, name in NAMES.items():
        assert isomorphic(Graph().parse(f"{live}{path}.{suffix}", format=name), asked)


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # inside rdflib's own reader of JSON-LD
def test_json_ld_processors_load_every_address(serve: Serve, tmp_path: Path) -> None:
    # They fetch the context from the base, so the base is the server's own address.
    port = free_port()
    site = f"http://localhost:{port}"
    library.publish(tmp_path, base=site + "/")
    serve(data=tmp_path, port=port, page_size=10)
    loader = jsonld.requests_document_loader(timeout=10)  # PyLD's own: it failed on several rel="alternate"
    listing = f"/doc/organisation/{BODY}"
    for path, ntriples in (
        (DOC, f"{DOC}.nt"),
        (f"{DOC}.jsonld", f"{DOC}.nt"),
        (f"/id/thesis/{THESIS}", f"{DOC}.nt"),
        (f"{listing}?page=2", f"{listing}.nt?page=2"),
        ("/vocab/degree/d-psy", "/vocab/degree/d-psy.nt"),
    ):
        said = Graph().parse(site + ntriples, format="nt")
        quads = jsonld.to_rdf(site + path, {"format": "application/n-quads", "documentLoader": loader})
        assert isomorphic(Graph().parse(data=quads, format="nt"), said), path
        assert isomorphic(Graph().parse(site + path, format="json-ld"), said), path


def test_rdflib_follows_a_thing_to_its_description(live: str) -> None:
    said = Graph().parse(f"{live}/id/thesis/{THESIS}")
    assert (URIRef(f"{library.BASE}id/thesis/{THESIS}"), None, None) in said


@pytest.mark.parametrize("key", ODD_KEYS)
def test_odd_keys_survive_the_server(live: str, key: str) -> None:
    answer = requests.get(f"{live}/{iris.id_path('thesis', key)}", headers={"Accept": "text/turtle"}, timeout=10)
    assert answer.status_code == 200
    assert [hop.status_code for hop in answer.history] == [303]


def test_several_accept_headers_are_one(live: str) -> None:
    made = curl("-H", "Accept: image/png", "-H", "Accept: text/turtle;q=0.5", "-H", "Accept: application/n-triples",
                "-o", os.devnull, "-w", "%{content_type}", live + DOC)  # fmt: skip
    assert made == "application/n-triples"


def test_head_and_get_agree_on_the_wire(live: str) -> None:
    for row in FORMATS:
        got, head = (requests.request(m, f"{live}{DOC}.{row.suffix}", timeout=10) for m in ("GET", "HEAD"))
        skipped = {"date"}
        assert {k: v for k, v in head.headers.items() if k not in skipped} == {
            k: v for k, v in got.headers.items() if k not in skipped
        }
        assert head.content == b""


def test_curl_decodes_what_it_asked_for(live: str) -> None:
    plain = curl(f"{live}{DOC}.nt")
    assert curl("--compressed", f"{live}{DOC}.nt") == plain
    assert "content-encoding: gzip" in curl(
        "-H", "Accept-Encoding: gzip", "-o", os.devnull, "-D", "-", f"{live}{DOC}.nt"
    )


@pytest.mark.parametrize(
    "line",
    [
        b"GET /doc/thesis/\xff\xfe HTTP/1.1", b"GET /doc/thesis/%ff%00%0d%0aX: y HTTP/1.1",
        b"GET //evil.example/ HTTP/1.1", b"GET /../../etc/passwd HTTP/1.1", b"GET http://evil.example/doc HTTP/1.1",
        b"GET * HTTP/1.1", b"BREW / HTTP/1.1", b"GET /doc/thesis/" + b"a" * 60_000 + b" HTTP/1.1", b"GET / HTTP/9.9",
        b"\x00\x01\x02", b"OPTIONS * HTTP/1.1", b"CONNECT a:1 HTTP/1.1",
        b"GET /id/thesis/x\r\nAccept: \xff\xfe\r\nIf-None-Match: \xff HTTP/1.1",
    ],
)  # fmt: skip
def test_no_request_breaks_the_server(live: str, line: bytes) -> None:
    host, port = live.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as wire:
        wire.sendall(line + b"\r\nHost: x\r\nAccept: \xff;q=\x01\r\nConnection: close\r\n\r\n")
        answer = b""
        while piece := wire.recv(65536):
            answer += piece
    assert not re.match(rb"HTTP/1\.\d (2|3|5)\d\d", answer)
    assert b"passwd" not in answer.partition(b"\r\n\r\n")[0]
    assert requests.get(f"{live}/healthz", timeout=10).status_code == 200


def test_a_moved_pointer_is_followed_while_requests_run(serve: Serve, tmp_path: Path) -> None:
    library.publish(tmp_path)
    address = serve(data=tmp_path, workers=2)
    library.publish(tmp_path, now=NOW + timedelta(days=1), title="A second state")
    titles = {requests.get(f"{address}{DOC}.nt", timeout=10).text.count("A second state") for _ in range(20)}
    assert titles == {1}


def test_the_server_says_where_it_is_and_stops_at_once_when_asked(published: Path) -> None:
    settings = Settings(data=published, port=free_port())
    command = [sys.executable, "-m", "ld", "serve"]
    server = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | environment(settings),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    for _ in range(100):
        try:
            requests.get(f"http://127.0.0.1:{settings.port}/healthz", timeout=5)
            break
        except requests.ConnectionError:
            time.sleep(0.1)
    taken = subprocess.run(command, cwd=ROOT, env=os.environ | environment(settings), capture_output=True, text=True)
    assert taken.returncode == 2
    assert f"port {settings.port}" in taken.stderr
    assert "Traceback" not in taken.stderr
    server.send_signal(signal.SIGINT)
    out, err = server.communicate(timeout=20)
    assert server.returncode == 0
    assert out == ""
    assert f"http://localhost:{settings.port}/" in err
    assert "begin with http://localhost:8000/" in err
    assert "Traceback" not in err


def test_the_greeting_warns_only_when_addresses_differ(published: Path, tmp_path: Path) -> None:
    assert len(greeting(Settings(data=published, port=8000))) == 2
    assert len(greeting(Settings(data=published, port=8000, host="0.0.0.0"))) == 2
    assert len(greeting(Settings(data=published, port=9000))) == 3
    assert "nothing yet" in greeting(Settings(data=tmp_path))[0]
    library.publish(tmp_path, base="https://example.org/theses/")
    said = "\n".join(greeting(Settings(data=tmp_path)))
    assert "http://localhost:8000/theses/" in said
    assert "https://example.org/theses/" in said


def test_the_greeting_says_what_the_system_does_not_keep_workers_from(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "unconfined", lambda: "They could read every file.")
    assert "They could read every file." in greeting(Settings(data=published, port=8000))[-1]


PROXY = """
daemon off; pid {folder}/nginx.pid; error_log stderr; events {{}}
http {{
    access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    server {{ listen 127.0.0.1:{whole}; location /theses/ {{ proxy_pass {site}; }} }}
    server {{ listen 127.0.0.1:{stripped}; location /theses/ {{ proxy_pass {site}/; }} }}
}}
"""


@pytest.fixture(scope="module")
def proxies(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """nginx before a site with the base https://example.org/theses/, once passing its path on and once stripping it."""
    folder = tmp_path_factory.mktemp("proxied")
    library.publish(folder / "data", base="https://example.org/theses/")
    whole, stripped = free_port(), free_port()
    (folder / "nginx.conf").write_text(
        PROXY.format(folder=folder, whole=whole, stripped=stripped, site=serve(data=folder / "data"))
    )
    nginx = which("nginx") or "/usr/sbin/nginx"
    proxy = subprocess.Popen([nginx, "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")])
    for port in (whole, stripped):
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
    yield [f"http://127.0.0.1:{port}/theses" for port in (whole, stripped)]
    proxy.terminate()
    proxy.wait(10)


def test_every_address_is_right_behind_a_proxy_under_a_path(proxies: list[str]) -> None:
    for site in proxies:
        answer = requests.get(f"{site}/id/thesis/{THESIS}", headers={"Accept": "text/turtle"}, timeout=10)
        assert answer.url == f"{site}{DOC}"
        assert answer.headers["Content-Location"] == f"/theses{DOC}.ttl"
        assert f"</theses{DOC}.nt>" in answer.headers["Link"]
        origin = site.removesuffix("/theses")
        links = re.findall(r'href="(/[^"#]*)', requests.get(f"{site}{DOC}", timeout=10).text)
        assert len(links) > 12
        for link in sorted(set(links)):
            assert link.startswith("/theses/")
            assert requests.get(origin + link, timeout=10).status_code == 200, link


def curl(*arguments: str) -> str:
    return subprocess.run(
        ["curl", "-sS", "--max-time", "20", *arguments], check=True, capture_output=True, text=True
    ).stdout
