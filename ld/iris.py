"""Addresses: the keys of things, and the IRIs under a base, and the way back from a path.

A *path* here is what follows the base: `id/thesis/uk.bl.ethos.637591`, `doc/person/0000000453606890`.
"""

from __future__ import annotations

import hashlib
import re
from typing import Literal
from urllib.parse import quote

from ld.names import fold

Kind = Literal["thesis", "person", "organisation"]
KINDS: tuple[Kind, ...] = ("thesis", "person", "organisation")

NAMESPACE = "https://w3id.org/thesis-ld/"
"""Our own terms, degrees, levels and disciplines, the same whoever publishes."""

VOID = ".well-known/void"
"""The path of the description of the whole data set."""

ETHOS_PAGE = "https://ethos.bl.uk/OrderDetails.do?uin="
ETHOS_ID = re.compile(r"uk\.bl\.ethos\.[0-9]{1,9}(?![0-9])")


def earlier_key(title: str | None, author: str | None, year: str | None) -> str:
    """The key of a thesis without an EThOS ID: `x-` and 16 hex digits over its normalised title, author and year.

    >>> earlier_key("Determinacy and vagueness", "Doherty, Andrew James", "1998")
    'x-6d0a23e4a4afbd9b'
    """
    text = "\n".join(fold(part or "") for part in (title, author, year))
    return "x-" + hashlib.sha256(text.encode()).hexdigest()[:16]


def ethos_id_in(text: str) -> str | None:
    """The EThOS ID that an address, a file name or a field shows.

    >>> ethos_id_in("https://ethos.bl.uk/OrderDetails.do?uin=uk.bl.ethos.637591")
    'uk.bl.ethos.637591'
    """
    found = ETHOS_ID.search(text)
    return found.group() if found else None


def segment(key: str) -> str:
    """A key as one path segment, percent-encoded where RFC 3986 asks for it."""
    return quote(key, safe="!$&'()*+,;=:@")


def id_path(kind: Kind, key: str) -> str:
    """`id/thesis/uk.bl.ethos.637591`: the path of the thing."""
    return f"id/{kind}/{segment(key)}"


def doc_path(kind: Kind, key: str) -> str:
    """`doc/thesis/uk.bl.ethos.637591`: the path of its description."""
    return f"doc/{kind}/{segment(key)}"


def doc_of(id_or_path: str) -> str:
    """The description of a thing: `…id/thesis/K` or `…id/thesis/K#author-1` gives `…doc/thesis/K`.

    >>> doc_of("http://localhost:8000/id/thesis/x-1#author-1")
    'http://localhost:8000/doc/thesis/x-1'
    """
    bare = id_or_path.partition("#")[0]
    head, _, tail = bare.rpartition("id/")
    return f"{head}doc/{tail}"


def dataset(base: str) -> str:
    """The whole of what a site publishes, as its description names it.

    >>> dataset("http://localhost:8000/")
    'http://localhost:8000/.well-known/void#dataset'
    """
    return base + VOID + "#dataset"


def id_of(path: str) -> str:
    """The thing that an `id/…` or `doc/…` path is about.

    >>> id_of("doc/thesis/uk.bl.ethos.637591")
    'id/thesis/uk.bl.ethos.637591'
    """
    return "id/" + path.removeprefix("id/").removeprefix("doc/")
