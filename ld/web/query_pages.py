"""Query pages: a result as a table with links, and the examples that the page offers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from ld import rdf, sparql
from ld.namespaces import RDF, XSD
from ld.sparql.reading import Form, Query
from ld.sparql.service import Result
from ld.web.site import links, site

SHOWN = 500
"""Rows of a result that a page shows."""
_LONGEST = 4_000_000
"""Bytes of a result that a page is made of."""
_TEXT = 1_000
"""Characters of a value that it shows."""
_PLAIN = {RDF + "langString", *(XSD + name for name in ("string", "gYear", "date", "dateTime", "boolean"))}
_NUMBERS = {XSD + name for name in ("integer", "decimal", "double", "float")}


class Example(NamedTuple):
    """A query to begin with."""

    title: str
    query: str


def _examples() -> Iterator[Example]:
    for path in sorted((Path(sparql.__file__).parent / "examples").glob("*.rq")):
        first, _, query = path.read_text("utf-8").partition("\n")
        yield Example(first.removeprefix("# "), query.strip() + "\n")


EXAMPLES = tuple(_examples())


class Cell(NamedTuple):
    """One value: its text, where it leads, and what its language or datatype is."""

    text: str
    href: str | None = None
    iri: str = ""
    language: str = ""
    datatype: str = ""
    number: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A result as the page shows it: a truth value, or rows."""

    form: Form
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Cell | None, ...], ...] = ()
    truth: bool | None = None
    cut: bool = False
    too_long: bool = False
    """Whether it has more bytes than a page can show."""


def shown(query: Query, result: Result) -> Shown:
    """The result of a query, in JSON or N-Triples, as a page shows it."""
    body = result.body
    if result.file is not None:
        with result.file as file:
            body = file.read(_LONGEST + 1)
    if body is None or len(body) > _LONGEST:
        return Shown(query.form, too_long=True)
    if query.form in ("CONSTRUCT", "DESCRIBE"):
        rows = tuple(tuple(map(_cell_of, triple)) for triple in rdf.parse(body))
        return Shown(query.form, ("subject", "predicate", "object"), rows, cut=result.cut)
    said = json.loads(body)
    if "boolean" in said:
        return Shown(query.form, truth=said["boolean"])
    names = tuple(said["head"]["vars"])
    found = tuple(tuple(_cell(row.get(name)) for name in names) for row in said["results"]["bindings"])
    return Shown(query.form, names, found, cut=result.cut)


def _cell(value: dict[str, Any] | None) -> Cell | None:
    """A value of SPARQL 1.1 Query Results JSON (its section 3.2.2)."""
    if value is None:
        return None
    if value["type"] == "uri":
        return _link(value["value"])
    if value["type"] == "bnode":
        return Cell(f"_:{value['value']}")
    if value["type"] == "triple":
        return Cell(" ".join(cell.text for cell in map(_cell, value["value"].values()) if cell))
    return _literal(value["value"], value.get("xml:lang", ""), value.get("datatype", ""))


def _cell_of(term: NamedNode | BlankNode | Literal | Triple) -> Cell:
    if isinstance(term, NamedNode):
        return _link(term.value)
    if isinstance(term, Literal):
        return _literal(term.value, term.language or "", term.datatype.value)
    return Cell(str(term))


def _literal(text: str, language: str, datatype: str) -> Cell:
    shown = text if len(text) <= _TEXT else text[:_TEXT] + "…"
    kind = "" if language or datatype in _PLAIN else site().context.compact(datatype)
    return Cell(shown, language=language, datatype=kind, number=datatype in _NUMBERS)


def _link(iri: str) -> Cell:
    here = links()
    short = iri.removeprefix(here.base) if iri.startswith(here.base) else site().context.compact(iri)
    return Cell(short or iri, here.href(iri), iri)
