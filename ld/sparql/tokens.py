"""Tokens: a query taken apart as SPARQL 1.1 does it (§19.8), whatever stands in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Literal, NamedTuple

Kind = Literal[
    "comment", "string", "iri", "name", "variable", "blank", "language", "number", "word", "sign", "other"
]  # fmt: skip
"""`name` is a prefixed name, `blank` a label like `_:x`, `word` a keyword or function, `other` what cannot be read."""


class Token(NamedTuple):
    """A piece of a query: what it is, as it stands there, and where it begins."""

    kind: Kind
    text: str
    start: int

    @property
    def end(self) -> int:
        """The place behind it."""
        return self.start + len(self.text)


_token = Token._make
NOTHING = Token("other", "", 0)
"""Before the first token, and behind the last."""

_BASE = (
    r"A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f\u2c00-\u2fef"
    r"\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_FIRST = rf"{_BASE}_0-9"
_NEXT = rf"{_FIRST}\u00b7\u0300-\u036f\u203f-\u2040"  # in names there are hyphens too
_ESCAPED = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%]"
_PREFIX = rf"[{_BASE}][{_NEXT}-]*+(?:\.++[{_NEXT}-]++)*+"
_LOCAL = rf"(?:[{_FIRST}:]|{_ESCAPED})(?:[{_NEXT}:-]|{_ESCAPED})*+(?:\.++(?:[{_NEXT}:-]|{_ESCAPED})++)*+"
_IRI = r"<(?:[^\x00-\x20<>\"{}|^`\\]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*+>"

# Nothing is read twice, so that time grows with the text: no step goes back, and what is not closed is `other` to its
# end (that of a long string is the end of the text).
_TOKEN = re.compile(
    rf"""
      (?P<variable>[?$][{_FIRST}][{_NEXT}]*+)
    | (?P<run>{_PREFIX})(?P<name>:(?:{_LOCAL})?)?
    | (?P<open>[(\[] | \{{\|?+ | <<\(?+)
    | (?P<close>\)(?:>>)?+ | \]  | \|?\}} | >>)
    | (?P<iri>{_IRI})
    | (?P<short>:(?:{_LOCAL})?)
    | (?P<string>'''(?:[^'\\]|\\.|'(?!''))*+''' | \"\"\"(?:[^"\\]|\\.|"(?!""))*+\"\"\"
        | '(?!'')(?:[^'\\\r\n]|\\[^\r\n])*+' | "(?!"")(?:[^"\\\r\n]|\\[^\r\n])*+")
    | (?P<number>(?:[0-9]++\.[0-9]*+|\.?[0-9]++)[eE][+-]?[0-9]++ | [0-9]*+\.[0-9]++ | [0-9]++)
    | (?P<comment>\#[^\r\n]*+)
    | (?P<sign>\|\| | && | \^\^ | [<>!]= | [.,;*/+<>=!^|?~-])
    | (?P<language>@[A-Za-z]++(?:-[A-Za-z0-9]++)*+(?:--[A-Za-z]++)?)
    | (?P<blank>_:[{_FIRST}][{_NEXT}-]*+(?:\.++[{_NEXT}-]++)*+)
    | (?P<other>'''.*+ | \"\"\".*+ | ['"][^\r\n]*+ | [^ \t\r\n])
    """,
    re.VERBOSE | re.DOTALL,
)

OPENING = frozenset({"(", "[", "{", "{|", "<<", "<<("})
CLOSING = frozenset({")", "]", "}", "|}", ">>", ")>>"})
"""Brackets, all of them signs."""
_TERMS = frozenset({"variable", "name", "iri", "string", "number", "blank", "language"})
_OTHERS = frozenset({"A", "TRUE", "FALSE", "UNDEF", "VALUES"})
_CALLERS = ("FILTER", "HAVING", "BY")


def tokens(text: str) -> list[Token]:
    """The tokens of a query, in their order: all of the text but the space between them. Nothing raises.

    `<` begins an IRI where it can, but not after an operand within an expression, as in `(?a<?b&&?c>?d)`.

    >>> [token.text for token in tokens('ASK{?s ex:p "a b" FILTER(?s<1)}# x')]
    ['ASK', '{', '?s', 'ex:p', '"a b"', 'FILTER', '(', '?s', '<', '1', ')', '}', '# x']
    """
    found: list[Token] = []
    frames = [_CLAUSES]
    place = 0
    while place < len(text):
        place = _read(text, place, found, frames)
    return found


def said(text: str) -> list[Token]:
    """The tokens of a query but its comments."""
    return [token for token in tokens(text) if token.kind != "comment"]


def is_word(token: Token, *words: str) -> bool:
    """Whether a token is one of the words, which are given in capitals."""
    return token.kind == "word" and token.text.upper() in words


def is_term(token: Token) -> bool:
    """Whether a token is a variable or a value, or the last piece of one."""
    return token.kind in _TERMS or is_word(token, "TRUE", "FALSE", "UNDEF")


def ends_operand(token: Token) -> bool:
    """Whether an operator may follow a token in an expression: also `}`, as in `EXISTS { … } = true`."""
    return is_term(token) or token.text in CLOSING


def calls(before: Token, last: Token) -> bool:
    """Whether an expression stands in the bracket `(` that follows two tokens within a pattern."""
    if last.kind == "word":
        return last.text.upper() not in _OTHERS
    called = is_word(before, *_CALLERS) or last.text.upper().startswith(_CALLERS)  # `FILTERex:f(…)` is read as two
    return last.kind in ("iri", "name") and called


def otherwise(text: str, found: Sequence[Token]) -> list[Token] | None:
    """What more can be read in a text if `<` is an IRI's where it was taken for an operator, and the other way round.

    None if there are more than a hundred such places. This is for whoever must not overlook a word; so only what hides
    words is looked at: IRIs with `'` or `#` in them, and not those that go on with `://`, which no operation does.
    """
    known = {token.start for token in found}
    todo: list[int] = []
    brackets: list[str] = []
    last = NOTHING
    for token in found:
        if token.text[0] == "<" and brackets and brackets[-1] == "(" and ends_operand(last):
            todo += _doubt(text, token)
        if token.text in OPENING:
            brackets.append(token.text)
        elif token.text in CLOSING and brackets:
            brackets.pop()
        if token.kind != "comment":
            last = token
    more: list[Token] = []
    for place in islice(todo, 101):
        for token in _plain(text, place):
            if token.start in known:
                break
            known.add(token.start)
            more.append(token)
            todo += _doubt(text, token)
    return more if len(todo) <= 100 else None


def _doubt(text: str, token: Token) -> list[int]:
    """Where the next token begins if this one is not what it was taken for."""
    match = _WHOLE_IRI.match(text, token.start)
    if match is None or not ("'" in match[0] or "#" in match[0]) or _ABSOLUTE.match(match[0]):
        return []
    return [token.start + 1 if token.kind == "iri" else match.end()]


def _plain(text: str, place: int) -> Iterator[Token]:
    """The tokens from a place on, whatever they stand in."""
    for match in _TOKEN.finditer(text, place):
        yield from _pieces(match)


def _pieces(match: re.Match[str]) -> list[Token]:
    """The token that was matched; of a run of letters that is no prefix, the words and signs, as in `true.5`."""
    kind, start = match.lastgroup, match.start()
    if kind == "run" and not (match[0].isascii() and match[0].isidentifier()):
        return [_token((each.lastgroup, each[0], start + each.start())) for each in _PIECE.finditer(match[0])]
    return [_token((_KINDS.get(kind or "", kind), match[0], start))]


_PATTERN, _CLAUSES, _EXPRESSION = range(3)
"""What a bracket holds: patterns or terms; the clauses of a query, like what is in none; an expression."""


def _read(text: str, place: int, found: list[Token], frames: list[int]) -> int:
    """Adds the tokens from a place on, as far as they are what they look like; gives the place behind them."""
    for match in _TOKEN.finditer(text, place):
        kind, start = match.lastgroup, match.start()
        if kind == "open":
            if match[0][0] == "<" and frames[-1] == _EXPRESSION and ends_operand(_last(found)):
                found.append(Token("sign", "<", start))
                return start + 1
            frames.append(_holds(frames[-1], found) if match[0] == "(" else _PATTERN)
        elif kind == "close":
            if len(frames) > 1:
                frames.pop()
        elif kind == "iri" and frames[-1] == _EXPRESSION and ends_operand(_last(found)):
            found.append(Token("sign", "<=" if text.startswith("<=", start) else "<", start))
            return found[-1].end
        elif kind == "run" and frames[-1] == _PATTERN and match[0].upper() == "SELECT":
            frames[-1] = _CLAUSES
        found += _pieces(match)
    return len(text)


def _holds(outer: int, found: Sequence[Token]) -> int:
    """What the bracket `(` holds that opens in another one."""
    last = _last(found)
    clause = outer == _CLAUSES and not is_word(last, "VALUES")
    return _EXPRESSION if outer == _EXPRESSION or clause or calls(_last(found, 1), last) else _PATTERN


_KINDS = {"open": "sign", "close": "sign", "run": "word", "short": "name"}
_PIECE = re.compile(r"(?P<word>[A-Za-z][A-Za-z0-9_]*+)|(?P<number>\.?[0-9]++)|(?P<sign>[.-])|(?P<other>.)")
_WHOLE_IRI = re.compile(_IRI)
_ABSOLUTE = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]*+://")


def _last(found: Sequence[Token], back: int = 0) -> Token:
    """The last token but some, not counting comments."""
    for token in reversed(found):
        if token.kind != "comment":
            if not back:
                return token
            back -= 1
    return NOTHING
