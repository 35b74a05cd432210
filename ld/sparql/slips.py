"""Slips: what is wrong with a query that the engine cannot read, and the way out, in words to act on.

The engine says how far it came, not what it misses, and even that by up to fourteen characters wrong: it tries each of
its keywords wherever one may stand, and counts those of its letters that it looked at. So it reads the query once more,
here with room enough between the tokens to see at which of them it stops. What is wrong there is found by rules: each
knows one slip. Where none applies, the message says no more than what is certain.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from pyoxigraph import Store

from ld import context
from ld.errors import QueryError
from ld.sparql.faults import fault, place, short
from ld.sparql.meaning import Told, closing, senseless
from ld.sparql.tokens import CLOSING, NOTHING, OPENING, Token, calls, ends_operand, is_term, is_word, said
from ld.sparql.words import FUNCTIONS, form

_ROOM = " " * 20
_GLUED = ("BNODE", "CONCAT", "COALESCE")
"""Functions whose bracket the engine wants to follow at once."""
_END = "\x01"
"""What stands in no query: the engine is to read this one, and on no account to plan it."""
_CLOSER = {"(": ")", "[": "]", "{": "}", "{|": "|}", "<<": ">>", "<<(": ")>>"}
_MODIFIERS = ("GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES")
_BEHIND = "GROUP BY, HAVING, ORDER BY, LIMIT, OFFSET and VALUES"
_FOLLOWS = {
    "AS": "a new variable there: AS ?name",
    "ASC": "an expression in brackets there: ASC(?x)",
    "ASK": "a pattern there: ASK { … }",
    "BIND": "an expression and a name in brackets there: BIND(… AS ?x)",
    "BY": "a variable, or an expression in brackets, there",
    "CONSTRUCT": "a template there: CONSTRUCT { … } WHERE { … }",
    "DESC": "an expression in brackets there: DESC(?x)",
    "DESCRIBE": "an IRI or a variable there",
    "DISTINCT": "variables, * or (… AS ?x) there",
    "EXISTS": "a pattern there: EXISTS { … }",
    "FILTER": "a condition in brackets there: FILTER(…), FILTER EXISTS { … }",
    "GRAPH": "an IRI or a variable there, and then a pattern: GRAPH ?g { … }",
    "GROUP": "BY there: GROUP BY ?x",
    "HAVING": "a condition in brackets there: HAVING(…)",
    "IN": "a list in brackets there: IN (…, …)",
    "LATERAL": "a pattern there: LATERAL { … }",
    "LIMIT": "a whole number there: LIMIT 10",
    "MINUS": "a pattern there: MINUS { … }",
    "NOT": "EXISTS { … } there, or IN (…); what negates a condition is `!`",
    "OFFSET": "a whole number there: OFFSET 10",
    "OPTIONAL": "a pattern there: OPTIONAL { … }",
    "ORDER": "BY there: ORDER BY ?x",
    "REDUCED": "variables, * or (… AS ?x) there",
    "SELECT": "variables, * or (… AS ?x) there",
    "UNION": "a pattern there: { … } UNION { … }",
    "VALUES": "variables and values there: VALUES ?x { … }, or VALUES (?x ?y) { (… …) }",
    "WHERE": "a pattern there: WHERE { … }",
}
"""What to put behind a word."""


def explained(error: SyntaxError, text: str) -> QueryError:
    """What is wrong with a query that the engine cannot read, and where."""
    found = said(text)
    slip = _Slip(text, found, _stop(error, text, found))
    for rule in _RULES:
        told = rule(slip)
        if told:
            return fault(text, told[2] if len(told) > 2 else slip.token, told[0], told[1])
    if slip.ended:
        return fault(text, slip.token, "The query ends too early", "Something is missing at its end.")
    behind = f" behind `{short(slip.last.text)}`" if slip.last.text else ""
    return fault(text, slip.token, f"`{short(slip.token.text)}` cannot stand here{behind}", "Correct it.")


def _stop(error: SyntaxError, text: str, found: Sequence[Token]) -> int:
    """At which token the engine stops, as a number, which is that of all tokens at the end."""
    starts: list[int] = []
    parts: list[str] = []
    length = 0
    for token, last in zip(found, [NOTHING, *found], strict=False):
        room = "" if token.text == "(" and token.start == last.end and is_word(last, *_GLUED) else _ROOM
        parts += [room, token.text]
        starts.append(length + len(room))
        length += len(room) + len(token.text)
    spread = "".join([*parts, _ROOM, _END])
    try:
        Store().query(spread, base_iri="http://localhost/", prefixes=dict(context.load().prefixes))
    except SyntaxError as again:
        stop = _offset(str(again), spread)
        return len(found) if stop >= len(spread) - 1 else max(bisect_right(starts, stop) - 1, 0)
    stop = _offset(str(error), text)  # it does read the end, which is not to be expected
    return next((number for number, token in enumerate(found) if token.end > stop), len(found))


def _offset(message: str, text: str) -> int:
    match = re.match(r"error at (\d+):(\d+)", message)
    if match is None:
        return len(text)
    return sum(len(line) + 1 for line in text.split("\n")[: int(match[1]) - 1]) + int(match[2]) - 1


@dataclass(frozen=True)
class _Slip:
    """A query, and where the engine stops."""

    text: str
    found: Sequence[Token]
    at: int

    @property
    def ended(self) -> bool:
        """Whether it stops at the end."""
        return self.at >= len(self.found)

    @property
    def token(self) -> Token:
        """Where it stops."""
        return Token("other", "", self.found[-1].end) if self.ended else self.found[self.at]

    @property
    def last(self) -> Token:
        """What stands before."""
        return self.found[self.at - 1] if self.at else NOTHING

    @cached_property
    def open(self) -> list[int]:
        """The brackets that are open there."""
        stack: list[int] = []
        for number, token in enumerate(self.found[: self.at]):
            if token.text in OPENING:
                stack.append(number)
            elif token.text in CLOSING and stack:
                stack.pop()
        return stack

    @property
    def inner(self) -> Token:
        """The innermost of them; `NOTHING` where none is open."""
        return self.found[self.open[-1]] if self.open else NOTHING

    def before(self, number: int, back: int = 1) -> Token:
        """The token before one of the tokens."""
        return self.found[number - back] if number >= back else NOTHING

    def where(self, token: Token) -> str:
        """The place of a token, in words."""
        line, column = place(self.text, token.start)
        return f"line {line}, column {column}"

    @cached_property
    def expression(self) -> bool:
        """Whether it stops within an expression."""
        inside = False
        for number in self.open:
            one = self.found[number].text == "("
            inside = one and (inside or calls(self.before(number, 2), self.before(number)))
        return inside

    @cached_property
    def data(self) -> int | None:
        """The bracket around the values of VALUES, where it stops within one."""
        for number in self.open:
            start = number - 1
            if self.before(number).text == ")":
                while start and self.found[start].text != "(":
                    start -= 1
            if self.found[number].text == "{" and is_word(self.before(start), "VALUES"):
                return number
        return None

    @cached_property
    def selecting(self) -> bool:
        """Whether it stops between SELECT and its pattern."""
        depth = 0
        for token in reversed(self.found[: self.at]):
            depth += (token.text in CLOSING) - (token.text in OPENING)
            if token.text in "{}" or is_word(token, "WHERE", *_MODIFIERS):
                return False
            if is_word(token, "SELECT"):
                return True
        return False


def _closed_wrongly(slip: _Slip) -> Told:
    token = slip.token
    if token.text not in CLOSING:
        return None
    if not slip.open:
        return f"`{token.text}` closes nothing", "Take it out, or open it before."
    closer = _CLOSER[slip.inner.text]
    if token.text == closer:
        return None
    opened = f"`{slip.inner.text}` of {slip.where(slip.inner)}"
    return f"`{closer}` is missing before `{token.text}`: the {opened} is not closed", f"Put a `{closer}` here."


def _not_followed(slip: _Slip) -> Told:
    word = slip.last.text.upper() if slip.last.kind == "word" else ""
    if word in FUNCTIONS and slip.token.text != "(":
        told = f"{slip.last.text} is a function, and its arguments stand in brackets", f"Write {slip.last.text}(…)."
        return told if slip.expression or slip.ended else None
    selected = word in ("SELECT", "DISTINCT", "REDUCED") and slip.token.text.upper() in FUNCTIONS
    if word not in _FOLLOWS or selected:
        return None
    if word in ("LIMIT", "OFFSET") and slip.token.text.isdigit():
        return f"The number behind {word} is too large", "Write a smaller one."
    problem = f"`{short(slip.token.text)}` cannot stand behind {word}" if slip.token.text else f"{word} ends the query"
    return problem, f"Put {_FOLLOWS[word]}."


def _not_closed(slip: _Slip) -> Told:
    if not slip.ended or not slip.open:
        return None
    closer = _CLOSER[slip.inner.text]
    return f"`{slip.inner.text}` of {slip.where(slip.inner)} is not closed", f"Put a `{closer}` where it ends."


_SIGNS = {"==": "=", "<>": "!=", "=<": "<=", "=>": ">=", "!==": "!=", "|||": "||", "!<": ">="}


def _unread(slip: _Slip) -> Told:
    """Where a value may stand, the engine reads on from `<` to the end, as if an IRI began there."""
    for last, token in pairwise(slip.found):
        if slip.ended and token.text == "<" and token.kind == "sign" and not ends_operand(last):
            if last.text + token.text in _SIGNS:
                return f"`{last.text}<` is no sign of SPARQL", f"Write `{_SIGNS[last.text + token.text]}`.", last
            return "`<` has no value before it, and begins no IRI", "Put a value there, or close the IRI.", token
    return None


def _odd_sign(slip: _Slip) -> Told:
    sign = slip.last.text + slip.token.text
    if slip.expression and sign in _SIGNS and slip.last.end == slip.token.start:
        return f"`{sign}` is no sign of SPARQL", f"Write `{_SIGNS[sign]}`.", slip.last
    return None


def _in_selection(slip: _Slip) -> Told:
    token = slip.token
    if not slip.selecting:
        return None
    if not slip.open:
        if token.text == ",":
            return "No commas stand between the variables of SELECT", "Put spaces there."
        if token.text.upper() in FUNCTIONS:
            return f"`{token.text}` needs brackets and a name in SELECT", f"Write ({token.text}(…) AS ?name)."
        if slip.ended:
            return "The query has no pattern", "Put it at the end: WHERE { … }"
        return f"`{short(token.text)}` cannot be selected", "Variables begin with ?; all else is (… AS ?name)."
    if len(slip.open) == 1 and slip.inner.text == "(":
        return _without_name(slip, "(… AS ?name)")
    return None


def _without_name(slip: _Slip, example: str) -> Told:
    """What is wrong in a bracket that ends with AS and a name."""
    inside = slip.found[slip.open[-1] : slip.at]
    if any(is_word(token, "AS") for token in inside) or not (is_term(slip.last) or slip.last.text == ")"):
        return None
    if slip.token.text == ")":
        return "What is computed has no name", f"Write {example}."
    if slip.token.kind == "variable":
        return f"AS is missing before `{slip.token.text}`", f"Write {example}."
    return None


def _in_bind(slip: _Slip) -> Told:
    if slip.inner.text == "(" and is_word(slip.before(slip.open[-1]), "BIND"):
        return _without_name(slip, "BIND(… AS ?name)")
    return None


def _in_expression(slip: _Slip) -> Told:
    token, last = slip.token, slip.last
    if not slip.expression:
        return None
    after = is_term(last) or last.text == ")"
    function = slip.before(slip.open[-1])
    if after and token.text in (",", ")") and function.kind == "word" and function.text.upper() in FUNCTIONS:
        problem = f"{function.text} has {'fewer' if token.text == ',' else 'more'} arguments than stand here"
        return problem, f"Write {form(function.text)}."
    if after and (is_term(token) or token.text in ("(", "[", "!") or token.kind == "word"):
        return f"An operator is missing before `{short(token.text)}`", "Put one there, such as `=`, `&&` or a comma."
    if not after and token.text in (")", ",", "=", "<", ">", "<=", ">=", "!=", "&&", "||", "*", "/"):
        return f"A value is missing before `{token.text}`", f"Put one between `{short(last.text)}` and it."
    return None


def _in_values(slip: _Slip) -> Told:
    if slip.data is None:
        return None
    one = slip.before(slip.data).kind == "variable"
    if slip.token.text == ",":
        return "No commas stand between values", "Put spaces there."
    if slip.token.kind in ("variable", "blank"):
        return f"`{slip.token.text}` is no value", "In VALUES stand values, and UNDEF where there is none."
    if slip.token.text == "(" and one:
        return "The values of one variable stand in no brackets", "Write VALUES ?x { … }, or VALUES (?x) { (…) }."
    if slip.inner.text == "{" and not one and slip.token.text not in CLOSING:
        return "The values of a row stand in brackets", "Write VALUES (?x ?y) { (… …) (… …) }."
    return senseless(slip.found)


def _in_terms(slip: _Slip) -> Told:
    """In a list of terms, or a path, in brackets; or in a triple."""
    inner, last = slip.inner.text, slip.last
    if slip.expression or slip.data is not None or inner not in ("(", "<<", "<<("):
        return None
    if last.text in ("/", "|", "^", "!"):
        return f"`{short(slip.token.text)}` cannot stand in a path behind `{last.text}`", "Put an IRI there."
    if slip.token.text == "," and inner == "(":
        return "No commas stand between the terms of a list", "Put spaces there."
    return f"`{_CLOSER[inner]}` is missing before `{short(slip.token.text)}`", f"Put a `{_CLOSER[inner]}` here."


_PATTERNS = ("BIND", "FILTER", "GRAPH", "LATERAL", "MINUS", "OPTIONAL", "SELECT", "SERVICE", "UNION", "VALUES")
_MISSING = {0: "subject", 1: "property", 2: "object"}


def _in_statement(slip: _Slip) -> Told:
    token, last = slip.token, slip.last
    if slip.expression or slip.data is not None or slip.inner.text not in ("{", "[", "{|"):
        return None
    if any(is_word(first, "SELECT") for first in slip.found[slip.open[-1] + 1 : slip.at][:1]):
        return None
    if token.kind == "word" and token.text.upper() in _MODIFIERS[:-1]:
        return f"{token.text} stands behind a pattern, not in it", "Put it behind the `}`."
    terms = _terms(slip)
    template = is_word(slip.before(slip.open[-1]), "CONSTRUCT")
    if token.kind == "word" and token.text.upper() in _PATTERNS and terms in (0, 3):
        if template:
            return f"{token.text} cannot stand in a template", "Put it into the pattern: CONSTRUCT { … } WHERE { … }"
        if is_word(slip.before(slip.open[-1], 2), "CONSTRUCT"):
            return f"{token.text} needs a template before WHERE", "Write CONSTRUCT { … } WHERE { … }."
        if is_word(token, "SELECT"):
            return "A sub-select stands in brackets of its own", "Write { SELECT … WHERE { … } }."
    if token.text in ("*", "+", "?") and last.text in ("*", "+", "?"):
        return f"`{last.text}{token.text}` cannot stand in a path", f"Write (…{last.text}){token.text}."
    if (last.kind == "string" and token.text in ("^", "@")) or token.kind == "language":
        problem = f"`{short(token.text)}` is no language and no type"
        return problem, 'Write "…"@en, or "…"^^xsd:date.'
    if last.kind == "variable" and is_word(slip.before(slip.at - 1), "VALUES"):
        return f"The values of `{last.text}` are missing", f"Write VALUES {last.text} {{ … }}."
    if terms == 3 and (is_term(token) or token.text in ("[", "(", "<<")):
        told = f"A dot is missing before `{short(token.text)}`", "Put `.` there, or `;` if the same subject goes on."
        return told if slip.inner.text == "{" else (f"`;` is missing before `{short(token.text)}`", "Put it there.")
    if terms in (1, 2) and (token.text in ("}", "]", "|}", ".", ";", ",") or token.kind == "word"):
        missing = "property and its object" if terms == 1 else "object"
        return f"The statement has no {missing} before `{token.text}`", "Add it: subject, property, object."
    if terms == 1 and token.kind in ("string", "number", "blank"):
        return f"`{short(token.text)}` cannot be a property", "Properties are IRIs and variables."
    if template and token.text in ("/", "|", "^", "*", "+", "?", "("):
        return "No path can stand in a template", "Put it into the pattern, and name its end with a variable."
    if last.text in ("/", "|", "^", "!") and not slip.expression:
        return f"`{short(token.text)}` cannot stand in a path behind `{last.text}`", "Put an IRI there."
    if terms == 2 and last.kind == "variable" and token.text in ("/", "|", "*", "+"):
        return f"The variable `{last.text}` cannot stand in a path", "Paths are made of IRIs."
    if token.text == "{" and terms == 2:
        return "A path cannot be repeated {n} times in SPARQL 1.1", "Write it as often, with `/` between."
    if token.text in (".", ";", ",") and terms in (0, 1, 2):
        return f"`{token.text}` has no {_MISSING[terms]} before it", "Take it out, or add what is missing."
    return None


def _terms(slip: _Slip) -> int:
    """How many terms the statement has in which a query stops, as far as it is there; a path is one."""
    terms = start = 0 if slip.inner.text == "{" else 1
    number, awaits = slip.open[-1] + 1, ""
    found = slip.found
    while number < slip.at:
        token = found[number]
        if token.text in OPENING:
            end = closing(found, number)
            if token.text == "{" or awaits == "(":
                terms, awaits = start, ""
            elif not awaits and token.text != "{|":
                terms = min(terms + 1, 3)
            number = end
        elif is_word(token, *_PATTERNS):
            awaits = "{" if is_word(token, "GRAPH", "OPTIONAL", "VALUES", "SERVICE", "UNION", "MINUS") else "("
            terms = start
        elif awaits:
            pass
        elif token.text in (".", ";", ","):
            terms = {".": start, ";": 1, ",": 2}[token.text]
        elif token.text in ("/", "|"):
            terms = 1
        elif token.text == "^^":
            number += 1
        elif (is_term(token) and token.kind != "language") or is_word(token, "A"):
            terms = min(terms + 1, 3)
        number += 1
    return terms


def _behind(slip: _Slip) -> Told:
    token = slip.token
    level = slip.found[slip.open[-1] + 1 if slip.open else 0 : slip.at]
    closed = any(each.text == "}" for each in level)
    if slip.open and not (slip.inner.text == "{" and level and is_word(level[0], "SELECT")):
        return None
    if not closed or slip.selecting:
        return None
    if slip.ended:
        constructs = any(is_word(each, "CONSTRUCT") for each in level)
        only = constructs and sum(each.text == "}" for each in level) == 1
        return ("The query has no pattern", "Put it at the end: WHERE { … }") if only else None
    if token.text in (";", "."):
        return (
            f"Nothing of a query stands behind its pattern but {_BEHIND}",
            f"Take the `{token.text}` out.",
        )
    if token.kind == "word" and token.text.upper() in _MODIFIERS:
        return f"{token.text} cannot stand here", f"The order is {_BEHIND}, each of them once."
    if is_word(token, "FROM"):
        return "FROM cannot stand behind the pattern", "There is one graph here, the default graph, so leave FROM out."
    if token.text in ("=", "!=", "<", ">", "<=", ">=", "&&", "||", "+", "-", "*", "/"):
        return (
            f"`{token.text}` stands in no brackets",
            "Put the whole expression in brackets, as in HAVING(COUNT(?x) > 3).",
        )
    if token.text not in CLOSING and slip.open:
        return "A sub-select stands in brackets of its own", "Write { SELECT … WHERE { … } }."
    if token.text not in CLOSING:
        behind = f"Behind the pattern stand {_BEHIND}, in this order."
        return f"`{short(token.text)}` cannot stand behind the pattern", behind
    return None


def _senseless(slip: _Slip) -> Told:
    """What means nothing, the engine finds where a pattern, or the query, is over."""
    over = slip.ended or "}" in (slip.token.text, slip.last.text) or slip.token.kind == "blank"
    return senseless(slip.found) if over else None


_RULES: Sequence[Callable[[_Slip], Told]] = (
    _unread,
    _odd_sign,
    _closed_wrongly,
    _not_followed,
    _in_values,
    _in_selection,
    _in_bind,
    _in_expression,
    _in_terms,
    _in_statement,
    _behind,
    _not_closed,
    _senseless,
)
"""In this order: the more certain before the less."""
