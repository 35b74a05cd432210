"""Sites built from real records and served: what the tests from one end to the other share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests

from ld.build import build
from ld.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
SEEDS = ROOT / "seeds"
SAMPLE = SEEDS / "000_8c57309ec2d70c10.txt"

ALONE = "x-b3062fe724523032"
"""The key of the sample as long as nothing says its EThOS ID."""
TOGETHER = "uk.bl.ethos.637591"
"""Its key beside the restated facts, which know it."""
PERSON = "0000000453606890"
BODY = "0000000121891306"


@dataclass(frozen=True, slots=True)
class Site:
    """A site that is served. base: the base IRI of its data. at: where that base is found by the tests."""

    base: str
    at: str

    def get(self, path: str, accept: str | None = None, **headers: str) -> requests.Response:
        """The answer at a path under the base, or at an IRI of the base; redirects are not followed."""
        url = urljoin(self.at, path.removeprefix(self.base))
        wanted = {name.replace("_", "-"): value for name, value in headers.items()}
        if accept:
            wanted["Accept"] = accept
        return requests.get(url, headers=wanted, allow_redirects=False, timeout=30)


def publish(data: Path, *sources: Path, base: str = "http://localhost:8000/") -> Path:
    """Builds and publishes sources; gives the data folder."""
    build(sources or (SEEDS,), Settings(data=data, base=base))
    return data


class Page(HTMLParser):
    """What a page says and where it leads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        """Every address it links to, styles and images among them."""
        self._words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attrs if name in ("href", "src", "action") and value]

    def handle_data(self, data: str) -> None:
        self._words.append(data)

    @property
    def text(self) -> str:
        """Its words, spaces made one."""
        return " ".join(" ".join(self._words).split())


def link_header(response: requests.Response) -> Iterator[tuple[str, str]]:
    """Target and relation of every link in the header of an answer."""
    yield from re.findall(r'<([^>]*)>; rel="?([^",;]*)', response.headers.get("Link", ""))


def internal(addresses: Iterable[str], page: str) -> Iterator[str]:
    """Those addresses, absolute and without fragment, that lie on the same host as the page that has them."""
    for address in addresses:
        url = urljoin(page, address).partition("#")[0]
        if urlsplit(url)[:2] == urlsplit(page)[:2]:
            yield url
