"""The guard at the door: requests that are refused before anything looks at them."""

from __future__ import annotations

from flask import request

from ld.web.errors import Problem

LONGEST = 4096
"""Bytes in the longest path and query that are looked at; ours are far shorter."""


def check() -> None:
    """Raises 414 for an address that is longer than any here."""
    if len(request.environ.get("PATH_INFO", "")) + len(request.query_string) > LONGEST:
        raise Problem(414)
