"""Dumps on the web: the whole graph to take away, of every snapshot that is kept, and the document that says so."""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, NamedTuple

from flask import Blueprint, Response, render_template

from ld import dataset, iris
from ld.errors import SnapshotError
from ld.formats import BY_SUFFIX, FORMATS
from ld.mapping import ATTRIBUTION, DATASET, LICENCE
from ld.snapshot import earlier, manifest
from ld.snapshot.dumps import DUMPS, LATEST, Dump
from ld.snapshot.manifest import File, Manifest
from ld.web import responses, transfers
from ld.web.described import Described, respond
from ld.web.errors import Problem
from ld.web.home import COUNTS
from ld.web.links import Link
from ld.web.site import base, links, site, snapshot

blueprint = Blueprint("dumps", __name__)

GZIP = "application/gzip"
SUMS = "SHA256SUMS"
OLDER = 50
"""Earlier snapshots that are looked at."""
USES = {
    "nt": "For loading anywhere: one statement a line, the fastest to read.",
    "nq": "For stores with named graphs: each statement in the graph of its description.",
    "ttl": "For reading: what is said of one thing stands in one place, with short names.",
    "jsonl": "For programs without RDF: one description a line, as JSON.",
}
"""Dump → whom it serves."""

_TIME = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(rf"thesis-ld-({LATEST}|[0-9]{{8}}T[0-9]{{6}}Z)\.([a-z0-9.]+?)(\.sha256)?")
_COUNTS = COUNTS | {"triples": "triples"}
_UNITS = ((10**9, "GB"), (10**6, "MB"), (10**3, "KB"), (0, "bytes"))
# Who has no preference gets the syntax that such a document is usually found in.
_OFFERED = tuple(sorted(FORMATS, key=lambda form: form is not BY_SUFFIX["ttl"]))


@dataclass(frozen=True, slots=True)
class Offer:
    """One file for download: a dump of one snapshot."""

    snapshot: Manifest
    dump: Dump
    file: File

    @property
    def name(self) -> str:
        """The name that it keeps."""
        return self.dump.named(self.snapshot.stamp)

    @property
    def latest(self) -> str:
        """The name that it shares with those before and after it."""
        return self.dump.named(LATEST)

    @property
    def size(self) -> str:
        """How long it is, as people read it: `12.3 MB`."""
        unit, name = next(row for row in _UNITS if self.file.bytes >= row[0])
        return f"{self.file.bytes / unit:.1f} {name}" if unit else f"{self.file.bytes} {name}"

    def checksum(self, name: str) -> str:
        """What `sha256sum -c` reads."""
        return f"{self.file.sha256}  {name}\n"

    def open(self) -> BinaryIO:
        """The file itself; raises `SnapshotError` when it is damaged, `FileNotFoundError` when it is gone."""
        path = _folder(self.snapshot.name) / self.dump.path
        file = path.open("rb", buffering=0)
        if (size := os.fstat(file.fileno()).st_size) != self.file.bytes:
            file.close()
            raise SnapshotError(f"{path} has {size:,} bytes and should have {self.file.bytes:,}. {manifest.WAY_OUT}")
        return file


class Recipe(NamedTuple):
    """How to use one of the dumps, as lines that work as they stand once `name` and `url` are filled in."""

    title: str
    dump: str
    lines: str


RECIPES = (
    Recipe("Download and check it", "nt", "curl -f -O {url} -O {url}.sha256\nsha256sum -c {name}.sha256"),
    Recipe(
        "Ask it with thesis-ld",
        "nt",
        "thesis-ld query {name} 'SELECT ?title {{ ?t a bibo:Thesis ; dcterms:title ?title }} LIMIT 10'",
    ),
    Recipe(
        "Read it with rdflib, which takes 1.5 GB of memory for a million triples",
        "nt",
        'import gzip, rdflib\ngraph = rdflib.Graph().parse(gzip.open("{name}"), format="nt")',
    ),
    Recipe(
        "Read it with Python alone",
        "jsonl",
        'import gzip, json\nfor line in gzip.open("{name}"): print(json.loads(line).get("title"))',
    ),
    Recipe(
        "Serve it with Oxigraph",
        "nt",
        "oxigraph load --location store --file {name}\noxigraph serve-read-only --location store",
    ),
)
"""In the order of the page; they stand in a shell, or in Python."""


@blueprint.get("/dumps")
@blueprint.get("/dumps/")
@blueprint.get(f"/{iris.VOID}")
@blueprint.get(f"/{iris.VOID}.<any({','.join(BY_SUFFIX)}):suffix>")
def index(suffix: str | None = None) -> Response:
    """What there is to take away: a page for people, the description of the data set (VoID, DCAT) for programs."""
    manifests = _kept()
    current = manifests[0]
    described = Described(
        path=iris.VOID,
        root=iris.dataset(current.base),
        triples=dataset.describe(manifests),
        page=lambda formats: _page(manifests, formats),
        modified=max(current.created, current.floor),
        offered=_OFFERED,
    )
    return respond(described, BY_SUFFIX.get(suffix or ""))


@blueprint.get(f"/dumps/{SUMS}")
def sums() -> Response:
    """What `sha256sum -c` reads to check all dumps of the current snapshot."""
    current = snapshot().manifest
    lines = "".join(offer.checksum(offer.name) for offer in _offers(current))
    return responses.answer(lines.encode(), "text/plain", modified=max(current.created, current.floor))


@blueprint.get("/dumps/<name>")
def download(name: str) -> Response:
    """A dump, or its checksum; the latest ones change with every snapshot, the others never."""
    found = _NAME.fullmatch(name)
    which, suffix, checksum = found.groups() if found else ("", "", None)
    offer = _find(which, suffix)
    if offer is None:
        raise _missing(which, suffix)
    current, dated = snapshot().manifest, which != LATEST
    modified = offer.snapshot.created if dated else max(current.created, current.floor)
    cache = responses.IMMUTABLE if dated else responses.SHORT
    if checksum:
        body = offer.checksum(name.removesuffix(checksum)).encode()
        return responses.answer(body, "text/plain", modified=modified, cache=cache)
    try:
        file = offer.open()
    except FileNotFoundError:
        if not dated or _folder(offer.snapshot.name).is_dir():
            raise
        raise _missing(which, suffix) from None  # removed since it was looked up
    digest = b64encode(bytes.fromhex(offer.file.sha256)).decode()
    return transfers.send(
        file,
        offer.file.bytes,
        GZIP,
        tag=offer.file.sha256[:32],
        modified=modified,
        cache=cache,
        location=None if dated else links().path(f"dumps/{offer.name}"),
        links=[
            Link(links().path(iris.VOID), "describedby"),
            Link(links().path(f"dumps/{offer.latest}"), "latest-version", GZIP),
            Link(LICENCE, "license"),
        ],
        headers={"Repr-Digest": f"sha-256=:{digest}:"},
    )


def _folder(name: str) -> Path:
    return site().settings.data / manifest.SNAPSHOTS / name


_read = lru_cache(maxsize=2 * OLDER)(manifest.read_manifest)  # a snapshot never changes


def _manifest(name: str) -> Manifest | None:
    """The manifest of an earlier snapshot; None when it has been removed just now."""
    try:
        return _read(_folder(name))
    except SnapshotError:
        if _folder(name).is_dir():
            raise
        return None


def _earlier() -> list[str]:
    """The names of the snapshots that led to the current one and may still be had, newest first."""
    data = site().settings.data
    return list(_led(data, snapshot().name, tuple(manifest.names(data))))


@lru_cache(maxsize=4)
def _led(data: Path, name: str, there: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(earlier(data, name))


def _kept() -> list[Manifest]:
    """The manifest of the current snapshot, then those of earlier ones, newest first."""
    found = [snapshot().manifest]
    for name in _earlier()[:OLDER]:
        with suppress(SnapshotError):  # damaged: the others are there all the same
            if older := _manifest(name):
                found.append(older)
    return found


def _offers(of: Manifest) -> list[Offer]:
    """The dumps that a snapshot has, whichever they are."""
    return [Offer(of, dump, of.files[dump.path]) for dump in DUMPS if dump.path in of.files]


def _find(which: str, suffix: str) -> Offer | None:
    """A dump of the current snapshot, or of the one of a time; None when that is not kept or has none like it.

    Nothing is opened but what the manifest of a snapshot names.
    """
    found: Manifest | None = snapshot().manifest
    if which not in (LATEST, snapshot().manifest.stamp):
        found = next((_manifest(name) for name in _earlier() if name.startswith(f"{which}-")), None)
    offers = _offers(found) if found else []
    return next((offer for offer in offers if offer.dump.suffix == suffix), None)


def _missing(which: str, suffix: str) -> Problem:
    """What to say of a dump that is not here, with the way to one that is."""
    choices = [Link(links().path("dumps/"), "index", title="What dumps there are")]
    if latest := _find(LATEST, suffix):
        target = links().path(f"dumps/{latest.latest}")
        choices.insert(0, Link(target, "latest-version", GZIP, f"The latest dump, {latest.dump.title}"))
    when = _moment(which)
    said = f"{when:%Y-%m-%d, %H:%M:%S} UTC" if when else ""
    if when and which < snapshot().manifest.stamp and not any(name.startswith(which) for name in _earlier()):
        return Problem(410, f"The dumps of {said} are not kept here any more.", choices=choices)
    return Problem(404, f"There is no dump {f'of {said} ' if said else ''}with this name here.", choices=choices)


def _moment(which: str) -> datetime | None:
    """The time that a name says; None when it says none."""
    try:
        return datetime.strptime(which, _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None


def _page(manifests: Sequence[Manifest], formats: Sequence[Link]) -> str:
    """The page for people."""
    current, *older = manifests
    offers = {offer.dump.name: offer for offer in _offers(current)}
    recipes = [
        (recipe.title, recipe.lines.format(name=offer.name, url=f"{base()}dumps/{offer.name}"))
        for recipe in RECIPES
        if (offer := offers.get(recipe.dump))
    ]
    return render_template(
        "dumps.html",
        title="The whole data set, to download",
        current=current,
        counts=[(label, current.counts[name]) for name, label in _COUNTS.items() if name in current.counts],
        offers=list(offers.values()),
        uses=USES,
        recipes=recipes,
        earlier=[(each, _offers(each)) for each in older],
        licence=LICENCE,
        attribution=ATTRIBUTION,
        source=DATASET,
        base=base(),
        formats=formats,
    )
