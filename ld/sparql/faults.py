"""Faults: where in a query something is wrong, as the engine counts lines and columns."""

from __future__ import annotations

from ld.errors import QueryError
from ld.sparql.tokens import Token


def place(text: str, start: int) -> tuple[int, int]:
    """Line and column, both from 1: lines end at \\n only, and columns are characters.

    >>> place("ASK\\r\\n\\t{", 6)
    (2, 2)
    """
    return text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)


def short(text: str) -> str:
    """A piece of a query as messages quote it: on one line, and not too long."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:57]}…"


def fault(
    text: str, token: Token, problem: str, way_out: str = "", *, kind: type[QueryError] = QueryError
) -> QueryError:
    """The error that a token of a query is to blame for."""
    line, column = place(text, token.start)
    return kind(problem, way_out=way_out, line=line, column=column, text=token.text)
