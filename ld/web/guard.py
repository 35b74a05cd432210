"""The guard at the door: requests that are refused before anything looks at them."""

from __future__ import annotations

from flask import request

from ld.web.errors import Problem

LONGEST = 4096
"""Bytes in the longest path and query that are looked at; ours are far shorter."""
LONGER = {"/sparql": 60_000, "/fragments": 30_000}
"""Path → how long an address may be there, where it holds a query, or a value of the data."""


def check() -> None:
    """Raises 414 for an address that is longer than any here."""
    path = request.environ.get("PATH_INFO", "")
    if len(path) + len(request.query_string) > LONGER.get(path, LONGEST):
        raise Problem(414, "The query is too long for an address: send it with POST." if path == "/sparql" else "")
