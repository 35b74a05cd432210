"""Mounting: the site under the path of its base, whether a proxy passes that path on or strips it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote, urlsplit

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Any], Iterable[bytes]]


class Mount:
    """WSGI middleware that takes the path of the base off the front of a request's path.

    A server that mounts the site itself says so in SCRIPT_NAME and is believed. Else, with the base
    `https://example.org/theses/`, `/theses/doc/thesis/K` and `/doc/thesis/K` are the same address, and links carry
    `/theses/` in either case. Where stripping is in doubt (a base that ends in `/doc/`), what `known` knows wins.
    """

    def __init__(self, site: Wsgi, base: Callable[[], str], known: Callable[[str], bool]) -> None:
        self.site, self.base, self.known = site, base, known

    def __call__(self, environ: Environ, start: Any) -> Iterable[bytes]:
        """Serves one request."""
        if not environ.get("SCRIPT_NAME"):
            # WSGI paths are bytes spelled as Latin-1.
            prefix = unquote(urlsplit(self.base()).path.rstrip("/"), "latin-1")
            path: str = environ.get("PATH_INFO", "")
            if prefix and (path == prefix or path.startswith(prefix + "/")):
                rest = path.removeprefix(prefix) or "/"
                if self.known(rest) or not self.known(path):
                    environ["PATH_INFO"] = rest
            environ["SCRIPT_NAME"] = prefix
        return self.site(environ, start)
