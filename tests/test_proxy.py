"""The site under a path of another host, behind a real nginx, which passes that path on whole or strips it."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
import time
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pyoxigraph as ox
import pytest
import requests
from conftest import Serve, free_port
from readers import by_oxigraph, by_pyld, by_raptor
from sites import ALONE, BODY, PERSON, SEEDS, TOGETHER, Page, Site, internal, link_header, publish

from ld.formats import FORMATS

BASE = "https://example.org/theses/"
DOC = f"/theses/doc/thesis/{TOGETHER}"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
STYLES = {"whole": "", "stripped": "/"}
"""How a proxy is told to pass the path on: what follows the address in `proxy_pass`."""

CONFIG = """
daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    default_type application/octet-stream;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {servers}
}}
"""
SERVER = """
    server {{
        listen 127.0.0.1:{port};
        server_name example.org;
        location /theses/ {{
            proxy_pass http://127.0.0.1:{behind}{slash};
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto https;
        }}
        location / {{ return 418; }}
    }}
"""


@pytest.fixture(scope="session")
def nginx(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Site]]:
    """The seeds under `BASE`, behind nginx in both styles; what is not under /theses/ answers 418 there."""
    command = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")
    if command is None:
        pytest.skip("nginx is not installed; `make test` installs it")
    behind = urlsplit(serve(data=publish(tmp_path_factory.mktemp("proxied"), SEEDS, base=BASE))).port
    folder = tmp_path_factory.mktemp("nginx")
    ports = {style: free_port() for style in STYLES}
    servers = (SERVER.format(port=ports[style], behind=behind, slash=slash) for style, slash in STYLES.items())
    (folder / "nginx.conf").write_text(CONFIG.format(folder=folder, servers="".join(servers)))
    process = subprocess.Popen(
        [command, "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    )
    try:
        for port in ports.values():
            _wait_for(f"http://127.0.0.1:{port}/", process, folder)
        yield {style: Site(BASE, f"http://127.0.0.1:{port}/theses/") for style, port in ports.items()}
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(address: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(200):
        assert process.poll() is None, (folder / "error.log").read_text()
        try:
            requests.get(address, timeout=5)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("nginx did not start.")


@pytest.fixture(params=STYLES)
def site(request: pytest.FixtureRequest, nginx: dict[str, Site]) -> Site:
    """The site behind nginx, in one style and the other."""
    return nginx[request.param]


def here(site: Site, path: str) -> str:
    """Where a path of an answer leads a client of this site."""
    return urljoin(site.at, path)


@pytest.mark.parametrize("thing", [f"thesis/{TOGETHER}", f"person/{PERSON}", f"organisation/{BODY}"])
def test_a_thing_leads_to_its_description_under_the_path(site: Site, thing: str) -> None:
    answer = site.get(f"id/{thing}", "text/turtle")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/theses/doc/{thing}")
    assert list(link_header(answer)) == [(f"/theses/doc/{thing}", "describedby")]
    assert requests.get(here(site, answer.headers["Location"]), timeout=30).status_code == 200


@pytest.mark.parametrize("row", FORMATS, ids=lambda row: row.name)
def test_every_header_of_a_description_leads_to_what_it_says(site: Site, row: object) -> None:
    media_type, suffix = row.media_type, row.suffix  # type: ignore[attr-defined]
    answer = site.get(f"doc/thesis/{TOGETHER}", media_type)
    assert (answer.status_code, answer.headers["Content-Location"]) == (200, f"{DOC}.{suffix}")
    assert requests.get(here(site, answer.headers["Content-Location"]), timeout=30).content == answer.content
    links = {rel: target for target, rel in link_header(answer)}
    assert (links["canonical"], links["describes"]) == (DOC, DOC.replace("/doc/", "/id/"))
    alternates = {target for target, rel in link_header(answer) if rel == "alternate"}
    assert alternates == {f"{DOC}.{each.suffix}" for each in FORMATS}
    for target in {*alternates, links["describes"]}:
        assert requests.get(here(site, target), timeout=30).status_code == 200, target


def test_a_renamed_thesis_is_redirected_under_the_path(site: Site) -> None:
    for door, suffix in (("id", ""), ("doc", ""), ("doc", ".ttl")):
        answer = site.get(f"{door}/thesis/{ALONE}{suffix}")
        assert (answer.status_code, answer.headers["Location"]) == (301, f"/theses/{door}/thesis/{TOGETHER}{suffix}")


def test_the_graph_carries_the_base_and_not_where_it_is_served(site: Site) -> None:
    expected = by_oxigraph(site.get(f"doc/thesis/{TOGETHER}.nt").content, "nt")
    for row in FORMATS:
        body = site.get(f"doc/thesis/{TOGETHER}.{row.suffix}").content
        assert not re.search(rb"127\.0\.0\.1|localhost", body), row.name
        if row.suffix in ("ttl", "rdf", "trig", "nq"):
            assert by_raptor(body, row.suffix) == expected, row.name
    subjects = {quad.subject.value for quad in ox.parse(expected, format=ox.RdfFormat.N_TRIPLES)}
    assert {iri for iri in subjects if not iri.startswith(BASE)} == {"https://w3id.org/thesis-ld/degree/d-psy"}
    assert f"{BASE}id/thesis/{TOGETHER}" in subjects


def test_the_context_is_reachable_where_json_ld_says(site: Site) -> None:
    fetched = []

    def load(url: str, options: dict[str, object]) -> dict[str, object]:
        answer = site.get(url)
        fetched.append((url.startswith(BASE + "vocab/context-"), answer.status_code, answer.headers["Content-Type"]))
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        return {"contextUrl": None, "documentUrl": url, "document": answer.json()}

    body = site.get(f"doc/thesis/{TOGETHER}", "application/ld+json").content
    assert by_pyld(body, load) == by_oxigraph(site.get(f"doc/thesis/{TOGETHER}.nt").content, "nt")
    assert fetched == [(True, 200, "application/ld+json")]
    answer = site.get(f"doc/thesis/{TOGETHER}", "application/json")
    linked = answer.links["http://www.w3.org/ns/json-ld#context"]["url"]
    assert requests.get(here(site, linked), timeout=30).json()["@context"]
    assert linked.startswith("/theses/vocab/context-")


def test_problems_name_the_address_that_was_asked_for(site: Site) -> None:
    for path, accept, status in (
        ("id/thesis/nobody", None, 404),
        ("doc/thesis/nobody.ttl", None, 404),
        (f"doc/thesis/{TOGETHER}", "image/png", 406),
        ("nowhere", None, 404),
    ):
        answer = site.get(path, accept)
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
        assert answer.json()["instance"] == f"/theses/{path}"
        for choice in answer.json().get("alternates", ()):
            assert requests.get(here(site, choice["href"]), timeout=30).status_code == 200


def test_head_is_get_without_the_body(site: Site) -> None:
    url = here(site, f"{DOC}.rdf")
    head, whole = requests.head(url, timeout=30), requests.get(url, timeout=30)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Type", "Content-Length", "ETag", "Last-Modified", "Link", "Content-Location", "Vary"):
        if name != "Content-Length" or "Content-Encoding" not in whole.headers:
            assert head.headers[name] == whole.headers[name], name


def test_a_compressed_answer_comes_through_and_is_validated(site: Site) -> None:
    plain = site.get(f"doc/thesis/{TOGETHER}", "text/turtle", Accept_Encoding="identity")
    packed = requests.get(
        here(site, DOC), headers={"Accept": "text/turtle", "Accept-Encoding": "gzip"}, timeout=30, stream=True
    )
    raw = packed.raw.read()
    assert (packed.headers["Content-Encoding"], gzip.decompress(raw)) == ("gzip", plain.content)
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert packed.headers["Vary"] == "Accept, Accept-Encoding"
    for coding, tag in (("gzip", packed.headers["ETag"]), ("identity", plain.headers["ETag"])):
        again = site.get(f"doc/thesis/{TOGETHER}", "text/turtle", Accept_Encoding=coding, If_None_Match=tag)
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    since = site.get(f"doc/thesis/{TOGETHER}.ttl", If_Modified_Since=plain.headers["Last-Modified"])
    assert since.status_code == 304


def test_a_preflight_comes_through(site: Site) -> None:
    answer = requests.options(here(site, DOC), headers={"Origin": "https://a.example"}, timeout=30)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (204, "*")


@pytest.mark.parametrize(("style", "most"), [("whole", 80), ("stripped", 20)])
def test_every_link_of_every_page_leads_to_something_under_the_path(
    nginx: dict[str, Site], style: str, most: int
) -> None:
    """Every page (of each kind at most so many), style and image, and the other formats of one page of each kind."""
    site, session = nginx[style], requests.Session()
    todo, seen = deque([site.at]), {site.at}
    kinds: Counter[str] = Counter()
    formats: set[str] = set()
    while todo:
        url = todo.popleft()
        kind = "/".join(urlsplit(url).path.split("/")[2:4]).removesuffix(".html")
        kinds[kind] += 1
        if kinds[kind] > most:
            continue
        answer = session.get(url, headers={"Accept": BROWSER}, timeout=30)
        assert answer.status_code == 200, url
        assert urlsplit(answer.url).path.startswith("/theses/"), url
        if not answer.headers["Content-Type"].startswith("text/html"):
            continue
        links = set(internal(Page(answer.text).links, answer.url))
        assert [link for link in links if not link.startswith(site.at)] == [], url
        assert "127.0.0.1" not in answer.text
        suffixed = {link for link in links if link.startswith(answer.url.removesuffix(".html") + ".")}
        formats |= {link.rpartition(".")[2] for link in suffixed}
        links -= seen | (suffixed if kinds[kind] > 1 else set())
        todo.extend(sorted(links))
        seen |= links
    assert formats == {row.suffix for row in FORMATS if row.rdf}
    assert kinds.keys() >= {"id/thesis", "id/person", "id/organisation", "vocab/degree", "vocab/terms", "shapes/thesis"}
    assert any(url.endswith(".css") for url in seen)
