"""Querying: one query at the command line, from what was typed to the result as it is written."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from pyoxigraph import QueryBoolean, QuerySolutions, Store

from ld import context
from ld.errors import QueryError
from ld.sparql import writing
from ld.sparql.reading import Query, explained, read
from ld.sparql.rows import Note
from ld.sparql.table import Names, Table, cells, cut, visible
from ld.sparql.tokens import Token, is_word, said

FORMATS = ("table", *writing.SOLUTIONS, *writing.TRIPLES)
_LONGEST = 10_000_000
"""Bytes in the longest query."""
_LIKE_A_QUERY = re.compile(r"[\s{<]")
_LINES = 100
"""Lines of a table that are sent at once."""
_QUERY_FILE = "Name a text file with a query in it."
_EXAMPLE = "'SELECT * WHERE { ?s ?p ?o } LIMIT 10'"

Send = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed: files, none for the published snapshot; a query; and where that came from, if not from there."""

    files: tuple[Path, ...]
    text: str
    source: str = ""

    def read(self) -> Query:
        """The query; raises `QueryError`."""
        return read(self.text, most=_LONGEST)

    def named(self, error: QueryError) -> str:
        """What is wrong with the query, and where."""
        return ", ".join(filter(None, (self.source, str(error)))) if error.line else str(error)

    def pointed(self, error: QueryError, width: int = 76) -> tuple[str, ...]:
        """The line of the query that is to blame, and one that points at the place in it; none if that is not known."""
        if not error.line or not error.column:
            return ()
        line = self.text.split("\n")[error.line - 1]
        before, after = visible(line[: error.column - 1]), visible(line[error.column - 1 :].rstrip())
        if cells(before) > width * 2 // 3:
            before = "…" + before[-width // 2 :]
        return cut(before + after, width), " " * cells(before) + "^"


@dataclass(frozen=True, slots=True)
class Done:
    """What there is to say of a result: how many there are of what, and whether a table cut any of it."""

    count: int = 0
    what: str = ""
    cut: bool = False


def asked(arguments: Sequence[str], query_file: str | None, stdin: BinaryIO | None) -> Asked:
    """What the arguments of the command mean: files, then the query, unless that is in a file; `-` is standard input.

    Raises `QueryError` where there is no query.
    """
    files = list(arguments)
    if query_file is None:
        query_file = _query_argument(files)
    if query_file is None:
        return Asked(tuple(map(Path, files[:-1])), files[-1])
    if query_file == "-" and "-" in files:
        raise QueryError("Standard input (-) can be read once only", way_out="Name a file for the data or the query.")
    name = "standard input" if query_file == "-" else visible(query_file)
    try:
        data = _read_file(query_file, stdin)
        text = data.decode("utf-8-sig", errors="strict" if len(data) <= _LONGEST else "replace")
    except OSError as error:
        raise QueryError(f"{name} cannot be read ({error.strerror})", way_out=_QUERY_FILE) from error
    except ValueError as error:
        raise QueryError(f"{name} is no text in UTF-8", way_out=_QUERY_FILE) from error
    return Asked(tuple(map(Path, files)), text, name)


def _read_file(name: str, stdin: BinaryIO | None) -> bytes:
    """What is in a file, or comes on standard input; of a very long one only more than is taken."""
    if name != "-":
        with Path(name).open("rb") as stored:
            return stored.read(_LONGEST + 1)
    if stdin is None:
        raise QueryError("Standard input is closed, so there is no query", way_out="Send the query there.")
    return stdin.read(_LONGEST + 1)


def _query_argument(files: list[str]) -> str | None:
    """`-`, taken away from the files, if the query is to be read there; None when the last one is the query itself."""
    if not files:
        raise QueryError("There is no query", way_out=f"Write one, for example: thesis-ld query {_EXAMPLE}")
    last = files[-1]
    if last == "-":
        return files.pop()
    if os.path.exists(last):  # noqa: PTH110  (a path of any length, with anything in it)
        raise QueryError(
            f"{last} is a file, and the query is missing",
            way_out=f"Write it behind the files, for example: {_EXAMPLE}; or is it in that file? --query-file {last}",
        )
    if not _LIKE_A_QUERY.search(last):
        raise QueryError(
            f"{last or 'Nothing'} is neither a file nor a query",
            way_out=f"Check the path, and write the query behind the files, for example: {_EXAMPLE}",
        )
    return None


def check(query: Query, to: str) -> None:
    """Raises `QueryError` when what the query asks for has no such format."""
    fitting = ("table", *(writing.SOLUTIONS if query.form in ("SELECT", "ASK") else writing.TRIPLES))
    if to not in fitting:
        raise QueryError(
            f"What {query.form} asks for cannot be written as {to}", way_out=f"These formats fit: {', '.join(fitting)}."
        )


def wants_graphs(query: Query) -> bool:
    """Whether a query asks for graphs by their names."""
    return any(is_word(token, "GRAPH") for token in said(query.text))


def answer(
    store: Store, query: Query, to: str, send: Send, *, base: str | None = None, width: int | None = None
) -> Done:
    """Asks a store, and sends the result, as UTF-8 that ends its last line.

    to: one of `FORMATS`. base: what relative IRIs in the query are relative to. width: the cells of the terminal that a
    table is for; None when it is for none. Raises `QueryError`; what `send` raises comes through.
    """
    found = said(query.text)
    ours = dict(context.load().prefixes)
    try:
        answered = store.query(query.text, base_iri=base, prefixes=ours)
    except SyntaxError as error:
        raise explained(error, query) from error
    prefixes = ours | dict(_declared(found))
    if to != "table":
        return Done(_written(answered, to, send, prefixes))
    if isinstance(answered, QuerySolutions):
        return _table(answered, found, send, prefixes, width)
    if isinstance(answered, QueryBoolean):
        send(b"true\n" if answered else b"false\n")
        return Done()
    return Done(_written(answered, "ttl", send, prefixes), "triple")


def _declared(found: Sequence[Token]) -> Iterator[tuple[str, str]]:
    """The prefixes that the query declares."""
    for word, name, iri in zip(found, found[1:], found[2:], strict=False):
        if is_word(word, "PREFIX") and name.kind == "name" and _ABSOLUTE.fullmatch(iri.text):
            yield name.text.removesuffix(":"), iri.text[1:-1]


_ABSOLUTE = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]*:[^\\]*>")


def _written(answered: writing.Answer, to: str, send: Send, prefixes: Mapping[str, str]) -> int:
    """How many rows or triples were written."""
    last = b"\n"

    def watched(piece: bytes) -> None:
        nonlocal last
        if piece:
            last = piece[-1:]
            send(piece)

    outcome = writing.write(answered, to, watched, most=sys.maxsize, note=Note(""), prefixes=prefixes)
    if last != b"\n":
        send(b"\n")
    return outcome.rows


def _table(
    answered: QuerySolutions, found: Sequence[Token], send: Send, prefixes: Mapping[str, str], width: int | None
) -> Done:
    names = [variable.value for variable in answered.variables]
    order = _order(names, found)
    table = Table([names[place] for place in order], Names(prefixes), width)
    lines = table.lines([solution[place] for place in order] for solution in answered)
    while some := list(islice(lines, _LINES)):
        send("".join(f"{line}\n" for line in some).encode("utf-8", "replace"))
    return Done(table.rows, "row", table.cut)


def _order(names: Sequence[str], found: Sequence[Token]) -> list[int]:
    """The columns in the order in which the query names them, which `SELECT *` leaves to the engine."""
    places = list(range(len(names)))
    head = next(place for place, token in enumerate(found) if is_word(token, "SELECT"))
    head += is_word(found[head + 1], "DISTINCT", "REDUCED")
    if found[head + 1].text != "*":
        return places
    named = [token.text[1:] for token in found if token.kind == "variable"]
    return sorted(places, key=lambda place: named.index(names[place]) if names[place] in named else len(named))
