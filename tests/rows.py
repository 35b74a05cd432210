"""Sources written by tests, rows and records at a time, and what a data folder publishes of them."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import publications
from click.testing import CliRunner, Result

from ld.cli import main
from ld.snapshot import Publication, Snapshot
from ld.sources.open_csv import HEADER

OXFORD = "https://isni.org/isni/0000000419368948"
ISNI = "0000000453606890"
"""A number whose check character is right."""


def key(number: int) -> str:
    """The EThOS ID of row `number`."""
    return f"uk.bl.ethos.{100_000 + number}"


def row(number: int = 1, **cells: str) -> dict[str, str]:
    """A sound row of the open CSV, some of its cells replaced: `row(1, Title="…", Author_ISNI="…", EThOS_URL="…")`."""
    usual = {
        "Title": f"A study of things, part {number}",
        "Author": f"Smith, Ann {number}",
        "Institution": "University of Oxford",
        "Institution ISNI": OXFORD,
        "Date": "2001",
        "Qualification": "Thesis (Ph.D.)",
        "Subject Discipline": "Law",
        "EThOS URL": f"https://ethos.bl.uk/OrderDetails.do?uin={key(number)}",
    }
    given = {name.replace("_", " ").replace("EThOS url", "EThOS URL"): text for name, text in cells.items()}
    assert set(given) <= set(HEADER), given
    return dict.fromkeys(HEADER, " ") | usual | given


def csv_text(*rows: dict[str, str]) -> str:
    """Rows as the open CSV."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, HEADER, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def csv_file(path: Path, *rows: dict[str, str]) -> Path:
    """The same in a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(csv_text(*rows).encode())
    return path


_NAMESPACES = (
    'xmlns:uketd_dc="http://naca.central.cranfield.ac.uk/ethos-oai/2.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:uketdterms="http://naca.central.cranfield.ac.uk/ethos-oai/terms/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)


def record(number: int = 1, more: str = "", **elements: str) -> str:
    """One record of EThOS's own feed; `title`, `creator`, `publisher`, `institution` and `issued` can be replaced."""
    said = {
        "title": f"A study of things, part {number}",
        "creator": f"Smith, Ann {number}",
        "publisher": "University of Oxford",
        "institution": "University of Oxford",
        "issued": "2001",
    } | elements
    names = {"title": "dc", "creator": "dc", "publisher": "dc", "institution": "uketdterms", "issued": "dcterms"}
    body = "".join(f"<{names[n]}:{n}>{escape(text)}</{names[n]}:{n}>\n" for n, text in said.items() if text)
    head = f"<header><identifier>oai:ethos.bl.uk:{key(number)}</identifier></header>"
    inside = f"<uketd_dc:uketddc {_NAMESPACES}>\n{body}{more}</uketd_dc:uketddc>"
    return f"<record>{head}<metadata>{inside}</metadata></record>"


def deleted(number: int) -> str:
    """A record of the feed that says it is gone."""
    return f'<record><header status="deleted"><identifier>oai:ethos.bl.uk:{key(number)}</identifier></header></record>'


def feed_text(*records: str, head: str = '<?xml version="1.0" encoding="UTF-8"?>') -> str:
    """Records as an OAI-PMH answer; the first record begins on line 2."""
    listed = "\n".join(records)
    return (
        f'{head}<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>\n{listed}</ListRecords></OAI-PMH>'
    )


def feed_file(path: Path, *records: str) -> Path:
    """The same in a file."""
    path.write_text(feed_text(*records), encoding="utf-8")
    return path


def page_file(
    path: Path, title: str, author: str, year: str, body: str = "University of Oxford", more: str = ""
) -> Path:
    """A record page without an EThOS ID."""
    path.write_text(
        f"Use this URL to cite or link to this record in EThOS:\nTitle: {title}\nAuthor: {author}\n"
        f"Awarding Body: {body}\nCurrent Institution: {body}\nDate of Award: {year}\n{more}",
        encoding="utf-8",
    )
    return path


def command(*arguments: str | Path, **variables: str) -> Result:
    """What `thesis-ld` does when called so; data and talk come apart in `stdout` and `stderr`."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments], env=variables)


def published(data: Path) -> Snapshot:
    """What a data folder publishes."""
    return Publication(data).current()


def keys(data: Path) -> list[str]:
    """The keys of the published theses."""
    return [path.rpartition("/")[2] for path, _ in published(data).paths("thesis")]


def rejected(data: Path) -> list[dict[str, Any]]:
    """What the published build rejected."""
    return list(published(data).rejected())


def refused(data: Path) -> list[dict[str, Any]]:
    """What the build rejected that was refused."""
    return [json.loads(line) for line in (data / "rejected.jsonl").read_text("utf-8").splitlines()]


def dump(data: Path) -> str:
    """The N-Triples dump."""
    return gzip.decompress((data / "current/dumps/thesis-ld.nt.gz").read_bytes()).decode()


def files(folder: Path) -> dict[str, bytes]:
    """Every file that is published."""
    return publications.files((folder / "current").resolve())
