"""Serving: granian over the app, with settings handed on through the environment of its workers."""

from __future__ import annotations

import logging
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import fields
from urllib.parse import urlsplit

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from ld import sandbox
from ld.errors import LdError, NothingPublished, SettingsError
from ld.settings import PREFIX, Settings
from ld.snapshot import Publication
from ld.web import fragments

SPARE = 8
"""Python threads a worker for requests that wait for nothing; `ld.web.lane` has two of them compute at once."""
CONNECTIONS = 1024
"""Connections that are open at once, in all worker processes."""


_TO_STDERR = {
    "handlers": {
        name: {"formatter": form, "class": "logging.StreamHandler", "stream": "ext://sys.stderr"}
        for name, form in (("console", "generic"), ("access", "access"))
    }
}
"""Where the server library's log goes: it is talk, and by itself would go to stdout."""


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")


def serve(settings: Settings, say: Callable[[str], None] = _tell) -> None:
    """Serves the current snapshot until it is told to stop (Ctrl-C, SIGTERM); picks up new ones as they come."""
    _check_free(settings)
    for line in greeting(settings):
        say(line)
    os.environ.update(environment(settings))
    logging.getLogger("_granian").addFilter(_is_news)
    Granian(
        "ld.web.wsgi:app",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=threads(settings),
        backpressure=max(CONNECTIONS // settings.workers, 2 * threads(settings)),
        websockets=False,
        log_level=LogLevels.warning,
        log_dictconfig=_TO_STDERR,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
    ).serve()


def threads(settings: Settings) -> int:
    """Python threads a worker: whoever waits holds one, so there are as many as can wait, and some for all others.

    They start when they are needed. Each kind is bounded where it waits: queries in line, those who wait for the answer
    to the same query, and those whose query is still coming in; fragments, in line and for the same; validations; and
    slow readers of large answers.
    """
    queries = settings.query_workers + 3 * settings.query_waiting + 2 * settings.query_client
    pieces = 2 * (fragments.WAITING + 1)
    return SPARE + queries + pieces + settings.validate_workers + settings.downloads


def environment(settings: Settings) -> dict[str, str]:
    """The settings as the variables that `ld.settings.read` reads."""
    return {PREFIX + f.name.upper(): str(getattr(settings, f.name)) for f in fields(settings)}


def greeting(settings: Settings) -> list[str]:
    """What to tell whoever starts the server."""
    own = address(settings.host, settings.port)
    try:
        snapshot = Publication(settings.data).current()
        base, state = snapshot.manifest.base, f"snapshot {snapshot.name}"
    except NothingPublished:
        base, state = settings.base, f"nothing yet: build into {settings.data} and it appears"
    except LdError as error:
        base, state = settings.base, f"nothing for now: {error}"
    lines = [f"Serving {state}", f"  at {own}{urlsplit(base).path.lstrip('/')} (Ctrl-C stops)"]
    if not _same_place(own, base):
        lines.append(
            f"  The addresses in the data begin with {base}, which is not this server's own address: "
            "let a proxy there pass its requests here, or build with another --base."
        )
    if unconfined := sandbox.unconfined():
        lines.append(f"  {unconfined}")
    return lines


def address(host: str, port: int) -> str:
    """Where a browser on this machine finds the server."""
    name = {"0.0.0.0": "localhost", "::": "localhost", "127.0.0.1": "localhost"}.get(host, host)  # noqa: S104
    return f"http://{f'[{name}]' if ':' in name else name}:{port}/"


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a line of the server's log is another one than that many threads make each other slow: they wait."""
    return "Python threads" not in record.getMessage()


def _same_place(own: str, base: str) -> bool:
    here, there = urlsplit(own), urlsplit(base)
    name = "localhost" if there.hostname in ("127.0.0.1", "::1") else there.hostname
    port = there.port or {"http": 80, "https": 443}[there.scheme]
    return (here.scheme, here.hostname, here.port) == (there.scheme, name, port)


def _check_free(settings: Settings) -> None:
    """Raises `SettingsError` when the address cannot be listened on; the server itself would only say so in a log."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except (OSError, OverflowError) as error:
        raise SettingsError(
            f"Cannot listen on {settings.host}, port {settings.port}: {error}. Choose another with --host or --port."
        ) from error
