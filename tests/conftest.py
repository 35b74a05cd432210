"""What several test files share: a published corpus, an app over it, and a live server."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import library
import pytest
import requests
from flask.testing import FlaskClient
from hypothesis import settings

from ld.settings import Settings
from ld.web import create_app
from ld.web.server import environment

# A busy machine is no fault. What else holds (in CI: the same examples every time) stays as it is.
settings.register_profile("unhurried", parent=settings(), deadline=None)
settings.load_profile("unhurried")

ROOT = Path(__file__).resolve().parent.parent
Serve = Callable[..., str]


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of the corpus of `library`; to be read only."""
    data = tmp_path_factory.mktemp("published")
    library.publish(data)
    return data


@pytest.fixture(scope="session")
def client(published: Path) -> FlaskClient:
    """A client of the site over `published`, ten theses a page."""
    return create_app(Settings(data=published, page_size=10)).test_client()


def free_port() -> int:
    """A port that nobody listens on, and that the system lends to no client until a server of ours takes it."""
    chance = random.SystemRandom()
    while True:
        port = chance.randrange(20_000, 32_768)  # below the system's own range
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


@pytest.fixture(scope="session")
def serve() -> Iterator[Serve]:
    """Starts `thesis-ld serve`; call it with settings to get the address of the site's root at that server."""
    servers: list[subprocess.Popen[bytes]] = []

    def start(**settings: object) -> str:
        chosen = Settings(**{"port": free_port(), **settings})  # type: ignore[arg-type]
        variables = os.environ | environment(chosen)
        servers.append(subprocess.Popen([sys.executable, "-m", "ld", "serve"], cwd=ROOT, env=variables))
        address = f"http://127.0.0.1:{chosen.port}"
        for _ in range(200):
            try:
                requests.get(f"{address}/robots.txt", timeout=5)
            except requests.ConnectionError:
                time.sleep(0.1)
            else:
                return address
        raise AssertionError("The server did not start.")

    yield start
    for server in servers:
        server.terminate()
    for server in servers:
        assert server.wait(20) == 0


@pytest.fixture(scope="session")
def live(serve: Serve, published: Path) -> str:
    """The address of a server over `published`, ten theses a page."""
    return serve(data=published, page_size=10)
