"""The site: what the application factory hands to every part of the web door."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast
from urllib.parse import quote

from flask import current_app, g, request

from ld import __version__
from ld.context import Context
from ld.errors import SnapshotError
from ld.settings import Settings
from ld.shapes import Shapes
from ld.snapshot import Publication, Snapshot
from ld.vocabulary import Vocabulary, load
from ld.web.links import Links

EXTENSION = "thesis-ld"


@dataclass(frozen=True, slots=True)
class Site:
    """One app's settings, its published state, and the files that travel with the package."""

    settings: Settings
    publication: Publication
    shapes: Shapes
    context: Context
    kept: dict[tuple[str, str, str], bytes] = field(default_factory=dict)
    """Bodies that never change while the app runs, by base, prefix and path; a few for each term there is."""

    def base(self) -> str:
        """The base IRI: the one that the snapshot was built with; before there is any, the one that is set."""
        try:
            return self.publication.current().manifest.base
        except (SnapshotError, sqlite3.Error, OSError):
            return self.settings.base


def site() -> Site:
    """The site of the app at hand."""
    return cast(Site, current_app.extensions[EXTENSION])


def snapshot() -> Snapshot:
    """The snapshot that the request at hand is answered from, from its first question to its last."""
    if "snapshot" not in g:
        g.snapshot = site().publication.current()
    return cast(Snapshot, g.snapshot)


def base() -> str:
    """The base IRI of what the request at hand reads."""
    if "snapshot" in g:
        return snapshot().manifest.base
    return site().base()


def links() -> Links:
    """The links of the request at hand."""
    return Links(base(), quote(request.root_path.rstrip("/"), safe="/!$&'()*+,;=:@~") + "/")


def vocabulary() -> Vocabulary:
    """The vocabularies as this site publishes them."""
    return load(base())


@lru_cache(maxsize=1)
def version() -> str:
    """The version of this program: another one may write the same otherwise."""
    return __version__
