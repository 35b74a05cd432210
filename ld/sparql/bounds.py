"""Bounds: how deep and how long a query may be, so that it neither breaks the engine nor holds it up before it runs.

The engine calls itself for each level of a query, and dies when its stack is used up: with the usual 8 MB, at some 400
levels of the costliest kind (three brackets each), at 5,000 `!` before a value, and at 2,500 links of the costliest
chain, such as `MINUS {} MINUS {} …`. Some functions it reads twice, and what they hold twice for each of them, so that
time doubles with each level; so it does with sub-selects that make groups, when it plans them. 20 levels take it from
one to five seconds. To plan a join takes time that grows with the third power of its members, or more: a second for a
hundred.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ld.errors import QueryTooComplex
from ld.sparql.faults import fault
from ld.sparql.tokens import CLOSING, NOTHING, OPENING, Token, calls, ends_operand, is_term, is_word

DEEPEST = 100
"""Levels: brackets in each other, and `!` before a value."""
LINKS = 1_000
"""Pieces that make a chain: operators, `UNION`, `OPTIONAL`, `FILTER`, columns that are computed …"""
READ = 500_000
"""Tokens, each counted as often as the engine may read it: enough for 15 levels of REPLACE, or of sub-selects."""
MEMBERS = 150
"""Patterns that are joined in one group."""

_TWICE = ("REGEX", "SUBSTR", "REPLACE", "GROUP_CONCAT")
_LINKS = ("UNION", "OPTIONAL", "MINUS", "LATERAL", "GRAPH", "FILTER", "VALUES", "SELECT")
_APART = ("UNION", "MINUS", "EXISTS")
_JOINED = {"{": 1, "{|": 3, "<<": 1}
"""How many patterns a bracket brings, beside those that its signs separate."""


@dataclass(slots=True)
class _Frame:
    """An open bracket: the levels that it takes with the `!` before it, and what stands in it."""

    text: str
    levels: int = 1
    twice: bool = False
    expression: bool = False
    data: bool = False
    clauses: bool = False
    merges: bool = False
    members: int = 0


def check(text: str, found: Sequence[Token]) -> None:
    """Raises `QueryTooComplex` for a query that is beyond a bound; `found` are its tokens without comments."""
    counting = _Counting()
    for token in found:
        problem = counting.add(token)
        if problem:
            raise fault(text, token, problem, "Ask in several queries, or in a simpler way.", kind=QueryTooComplex)


class _Counting:
    """What has been counted up to a token."""

    def __init__(self) -> None:
        self.frames: list[_Frame] = [_Frame("", clauses=True)]
        self.groups = self.frames[:]
        self.levels = self.doublings = self.read = self.links = self.nots = 0
        self.data = False
        self.before = self.last = NOTHING

    def add(self, token: Token) -> str:
        """Counts a token; gives what is too much then."""
        if token.text in OPENING:
            self._open(token.text)
        elif token.text in CLOSING:
            self._close()
        else:
            self._count(token)
        self.read += 1 << min(self.doublings, 30)
        self.before, self.last = self.last, token
        if self.levels + self.nots > DEEPEST:
            return f"The query is nested more than {DEEPEST} levels deep here"
        if self.read > READ:
            return "Too many sub-selects, or calls of REPLACE and the like, stand in each other here"
        if self.links > LINKS:
            return f"The query has more than {LINKS:,} operators, conditions, alternatives and computed columns"
        if self.groups[-1].members > MEMBERS:
            return f"More than {MEMBERS} patterns are joined in one group here, which takes too long to plan"
        return ""

    def _open(self, bracket: str) -> None:
        frame, inner, last = _Frame(bracket, 1 + self.nots), self.frames[-1], self.last
        frame.twice = self.nots > 0 or is_word(last, *_TWICE)
        if bracket == "(":
            frame.data = inner.data or self.data
            clause = inner.clauses and not is_word(last, "VALUES")
            frame.expression = inner.expression or clause or calls(self.before, last)
            self.links += frame.expression and not inner.expression and not is_word(last, "FILTER")
        elif bracket == "{":
            frame.data = self.data or is_word(last, "CONSTRUCT")
            frame.twice |= inner.clauses and len(self.frames) > 1
            frame.merges = last.text in ("{", "}", ".")
            self.data = False
        else:
            frame.data = inner.data
        if not frame.data and not frame.expression:
            within = 1 if inner.text == bracket == "(" else _JOINED.get(bracket, 0)
            self.groups[-1].members += 0 if is_word(last, *_APART) else within
        self.levels += frame.levels
        self.doublings += frame.twice
        self.nots = 0
        self.frames.append(frame)
        if bracket == "{":
            self.groups.append(frame)

    def _close(self) -> None:
        self.nots = 0
        if len(self.frames) == 1:
            return
        frame = self.frames.pop()
        if frame.text == "{":
            self.groups.pop()
        self.levels -= frame.levels
        self.doublings -= frame.twice
        if frame.text == "[" and self.last.text != "[" and not frame.data:
            self.groups[-1].members += 1
        if frame.merges:
            self.groups[-1].members += frame.members

    def _count(self, token: Token) -> None:
        frame, sign = self.frames[-1], token.text
        operand = ends_operand(self.last)
        if is_word(token, "VALUES"):
            self.data = True
            self.groups[-1].members += 1
        if is_word(token, "SELECT") and frame.text == "{":
            frame.clauses, frame.merges = True, False
        if is_word(token, *_LINKS):
            self.links += 1
        elif token.kind == "sign":
            if sign in ("||", "&&", "|", "/") or (sign in ("+", "-", "*") and frame.expression and operand):
                self.links += 1
            if not frame.data and not frame.expression:
                separates = sign in (".", ";", ",") and frame.text in ("{", "[", "{|")
                self.groups[-1].members += 2 if sign == "~" else separates or sign == "/"
        elif frame.text == "" and token.kind in ("iri", "name"):
            declared = is_word(self.last, "BASE", "PREFIX") or is_word(self.before, "PREFIX")
            self.links += not declared  # what DESCRIBE names
        elif frame.text == "(" and not (frame.expression or frame.data) and is_term(token) and operand:
            self.groups[-1].members += 2  # of a collection
        if sign == "!":
            self.nots += 1
        elif token.kind not in ("word", "name", "iri"):  # which may be functions that a bracket follows
            self.nots = 0
