"""A small corpus to publish in tests: theses that have a title and an author, people that have a name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Triple

from ld.record import Origin, Remark
from ld.snapshot import Builder, Snapshot

BASE = "http://localhost:8000/"
START = datetime(2026, 9, 14, 8, 30, tzinfo=UTC)
TITLE = NamedNode("http://purl.org/dc/terms/title")
NAME = NamedNode("http://xmlns.com/foaf/0.1/name")
REMARK = Remark("repair", "title", "An entity was resolved.", "a &amp; b", "a & b", Origin("a.csv", 7, "csv"))


def day(number: int) -> datetime:
    """The start, `number` days later."""
    return START + timedelta(days=number)


def about(path: str, title: str) -> list[Triple]:
    """The triples of one thing."""
    return [Triple(NamedNode(BASE + path), TITLE, Literal(title))]


def fill(
    builder: Builder,
    theses: Mapping[str, str],
    moved: Iterable[tuple[str, int, Sequence[str]]] = (),
    person: str = "0000000453606890",
) -> None:
    """Describes theses (key → title), each by the same person, and states what moved."""
    for key, title in sorted(theses.items()):
        embedded = about(f"id/person/{person}", "Andersson, Henrike")
        builder.describe(
            f"doc/thesis/{key}",
            "thesis",
            title,
            about(f"id/thesis/{key}", title),
            embedded,
            record={"key": key, "title": {"value": title}},
            findings=[("warning", "Abstract", "There is none.")],
            remarks=[REMARK],
        )
        builder.list(f"doc/person/{person}", f"id/thesis/{key}", title, "2014", "creator")
    if theses:
        own = about(f"id/person/{person}", "Andersson, Henrike")
        builder.describe(f"doc/person/{person}", "person", "Andersson, Henrike", own)
    builder.describe("vocab/degrees", "vocabulary", "Degrees", about("vocab/degrees#d-psy", "D.Psy."))
    for path, status, targets in moved:
        builder.moved(path, status, targets)


def publish(
    data: Path,
    theses: Mapping[str, str],
    moved: Iterable[tuple[str, int, Sequence[str]]] = (),
    *,
    now: datetime = START,
    keep: int = 3,
    base: str = BASE,
    withdraw: Mapping[str, str] | None = None,
) -> Snapshot:
    """Builds and publishes such a corpus."""
    with Builder(data, base=base, keep=keep, now=now) as builder:
        for key, reason in (withdraw or {}).items():
            builder.ledger.withdraw(key, reason)
        fill(builder, theses, moved)
        return builder.publish({"read": len(theses)}, [{"name": "a.csv", "bytes": 7, "sha256": "00"}])


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
