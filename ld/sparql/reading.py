"""Reading: what a query is, and why it is not run, before the engine sees it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, cast

from ld import context
from ld.errors import QueryError, QueryRefused, QueryTooComplex
from ld.sparql import bounds, pieces, slips
from ld.sparql.faults import fault, place, short
from ld.sparql.tokens import CLOSING, NOTHING, OPENING, Token, is_word, otherwise, said, tokens
from ld.sparql.words import UPDATES, meant

Form = Literal["SELECT", "ASK", "CONSTRUCT", "DESCRIBE"]

_FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
_BEGINNING = "A query begins with SELECT, ASK, CONSTRUCT or DESCRIBE, after PREFIX and BASE if there are any."
_DECLARATIONS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "PREFIX": ("PREFIX name: <http://…>", ("name", "iri")),
    "BASE": ("BASE <http://…>", ("iri",)),
    "VERSION": ('VERSION "1.2"', ("string",)),
}
"""What stands before the form: an example, and the kinds of tokens that follow the word."""
_EXAMPLE = "An example: SELECT * WHERE { ?s ?p ?o } LIMIT 10"
_READ_ONLY = "Ask for data instead, with SELECT, ASK, CONSTRUCT or DESCRIBE."
_ONE_GRAPH = "There is one graph here, the default graph, so leave {} out."
_OWN_DATA = "Queries here read the data here only: ask the other server yourself, and put what it says into VALUES."
_VOLATILE = ("NOW", "RAND", "UUID", "STRUUID", "BNODE")


@dataclass(frozen=True, slots=True)
class Query:
    """A query that may be run.

    text: what is to be run: as it was sent, but for a `FROM` that names our own graph, which is blanked out.
    volatile: whether its answer is another each time: it calls NOW, RAND, UUID, STRUUID or BNODE, or constructs blank
    nodes, which are new ones each time (`_:x` and `[]` in a pattern are only variables). True in doubt. That rows whose
    order nothing says may come in another order, and that LIMIT and SAMPLE may choose others then, is not counted.
    """

    text: str
    form: Form
    volatile: bool

    def limited(self, rows: int) -> str:
        """The text, changed so that it has no more than so many solutions; unchanged for ASK, which has one answer."""
        outer = _outer(said(self.text))
        if self.form == "ASK" or not outer:
            return self.text
        for word, number in pairwise(outer):
            if is_word(word, "LIMIT") and number.text.isdigit():
                if _at_most(number.text, rows):
                    return self.text
                return f"{self.text[: number.start]}{rows}{self.text[number.end :]}"
        end = next((token.start for token in outer if is_word(token, "VALUES")), outer[-1].end)
        return f"{self.text[:end]} LIMIT {rows} {self.text[end:]}"


def read(text: str, *, graph: str = "", most: int = 100_000) -> Query:
    """The query that a text is; raises `QueryError` where it is none, or none that is run here.

    graph: the IRI of our own graph, the only one that `FROM` may name.
    most: the bytes that it may have in UTF-8.

    >>> read("ASK { ?s a [] }").form
    'ASK'
    """
    text = _characters(text, most)
    everything = tokens(text)
    found = [token for token in everything if token.kind != "comment"]
    if not found:
        raise QueryError("There is no query", way_out=_EXAMPLE)
    head = _head(found)
    ours = _check_refused(text, found, head, graph)
    _check_hidden(text, everything, graph)
    prefixes = _prefixes(text, found[:head])
    _check_form(text, found, head)
    pieces.check(text, found[head:], prefixes)
    bounds.check(text, found)
    for start, end in ours:
        text = text[:start] + re.sub(r"[^\r\n]", " ", text[start:end]) + text[end:]
    for word, bracket in pairwise(found):
        gap = text[word.end : bracket.start]
        if is_word(word, "CONCAT", "COALESCE") and bracket.text == "(" and gap.isspace():
            text = f"{text[: word.end]}({gap}{text[bracket.end :]}"  # the engine wants the bracket of these at once
    form = cast(Form, found[head].text.upper())
    return Query(text, form, _is_volatile(form, found[head:]))


def explained(error: SyntaxError, query: Query) -> QueryError:
    """What the engine says of a query that it cannot read, in words to act on."""
    return slips.explained(error, query.text)


def _at_most(digits: str, rows: int) -> bool:
    digits = digits.lstrip("0")  # of which there may be more than int() takes
    return len(digits) < 19 and int(digits or "0") <= rows


def _outer(found: Sequence[Token]) -> list[Token]:
    """The tokens that stand in no bracket, and the brackets themselves."""
    depth, outer = 0, []
    for token in found:
        depth -= token.text in CLOSING
        if depth <= 0:
            outer.append(token)
        depth += token.text in OPENING
    return outer


def _characters(text: str, most: int) -> str:
    """The text, if all of it is characters and not too long; without the mark that some editors begin a file with."""
    length = len(text.encode("utf-8", "surrogatepass"))
    if length > most:
        raise QueryTooComplex(
            f"The query has {length:,} bytes, and may have {most:,}", way_out="Ask in several queries, or more shortly."
        )
    odd = re.search("[\0\ud800-\udfff]", text)
    if odd:
        line, column = place(text, odd.start())
        raise QueryError(
            f"U+{ord(odd[0]):04X} is not a character of any text", way_out="Take it out.", line=line, column=column
        )
    return " " + text[1:] if text.startswith("\ufeff") else text


def _head(found: Sequence[Token]) -> int:
    """Where the form of a query stands, or what stands in its place: behind PREFIX, BASE and VERSION."""
    at = 0
    while at < len(found) and is_word(found[at], *_DECLARATIONS):
        at += 3 if is_word(found[at], "PREFIX") else 2
    return at


def _check_form(text: str, found: Sequence[Token], head: int) -> None:
    """Raises `QueryError` for what is no query."""
    if head >= len(found):
        raise fault(text, found[-1], "The query ends before it begins", _BEGINNING)
    token = found[head]
    if is_word(token, *_FORMS):
        return
    problem, way_out = f"`{short(token.text)}` begins no query", _BEGINNING
    near = meant(token.text) if token.kind == "word" else ""
    if token.text == ".":
        way_out = "No dot follows a prefix in a query."
    elif token.text.lower() in ("@prefix", "@base"):
        way_out = f"Write {token.text[1:].upper()} without @, and no dot behind it."
    elif near in (*_FORMS, *_DECLARATIONS):
        way_out = f"Do you mean {near}?"
    raise fault(text, token, problem, way_out)


def _prefixes(text: str, declarations: Sequence[Token]) -> Mapping[str, str]:
    """The namespaces of all prefixes, the context's included; raises `QueryError` for a declaration that is none."""
    prefixes = dict(context.load().prefixes)
    for at, token in enumerate(declarations):
        if is_word(token, *_DECLARATIONS):
            example, kinds = _DECLARATIONS[token.text.upper()]
            given = [*declarations[at + 1 : at + 1 + len(kinds)], NOTHING, NOTHING]
            for kind, each in zip(kinds, given, strict=False):
                if each.kind != kind or (kind == "name" and each.text.find(":") + 1 < len(each.text)):
                    blamed = each if each.text else token
                    raise fault(text, blamed, f"`{short(blamed.text)}` cannot stand here", f"Write: {example}")
            if kinds[0] == "name":
                prefixes[given[0].text[:-1]] = given[1].text[1:-1]
    return prefixes


def _check_refused(text: str, found: Sequence[Token], head: int, graph: str) -> list[tuple[int, int]]:
    """Raises `QueryRefused` for what changes data or reads from elsewhere; gives where our own graph is named."""
    if head < len(found) and is_word(found[head], *UPDATES):
        word = found[head].text.upper()
        raise fault(text, found[head], f"{word} changes data, which nobody can do here", _READ_ONLY, kind=QueryRefused)
    ours: list[tuple[int, int]] = []
    depth = 0
    heading, naming = True, False  # whether the pattern is still to come; and whether DESCRIBE is naming things
    last = NOTHING
    for token, following in zip(found[head:], [*found[head + 1 :], NOTHING], strict=False):
        depth += (token.text in OPENING) - (token.text in CLOSING)
        if token.text == "{" and depth == 1 and not is_word(last, "CONSTRUCT"):
            heading = False
        # The engine reads `SERVICEex:a {`, where a pattern may begin, and `FROMex:a`, as a word and a name.
        word = token.text.upper() if token.kind in ("word", "name") else ""
        named = token.kind == "name"
        if word.startswith("SERVICE") and (not named or (following.text == "{" and not is_word(last, "GRAPH"))):
            raise fault(text, token, "SERVICE asks another server", _OWN_DATA, kind=QueryRefused)
        naming = is_word(token, "DESCRIBE") or (naming and token.kind in ("variable", "iri", "name"))
        if word.startswith("FROM") and heading and depth == 0 and not naming:
            if word != "FROM" or not graph or following.text != f"<{graph}>":
                clause = "FROM NAMED" if "NAMED" in (word[4:], following.text.upper()) else "FROM"
                raise fault(text, token, f"{clause} names a graph", _ONE_GRAPH.format(clause), kind=QueryRefused)
            ours.append((token.start, following.end))
        last = token
    return ours


def _check_hidden(text: str, everything: Sequence[Token], graph: str) -> None:
    """Raises `QueryRefused` where the text read in another way would read from elsewhere."""
    others = otherwise(text, everything)
    if others is None:
        raise QueryRefused(
            "Too many `<` can be read in two ways, as they begin an IRI or do not",
            way_out="Put a space behind each that is a sign, and use prefixes for IRIs.",
        )
    for token in others:
        if token.kind in ("word", "name") and re.search("service|from", token.text, re.IGNORECASE):
            problem = f"`{short(token.text)}` can be read in two ways, as the `<` before it begins an IRI or does not"
            raise fault(text, token, problem, "Put a space behind the `<` if it is a sign.", kind=QueryRefused)
    escapes = list(pieces.ESCAPE.finditer(text))
    within = {token.start: token.end for token in everything if "\\" in token.text and token.kind != "other"}
    starts = sorted(within)
    outside = [each for each in escapes if each.start() >= within.get(_before(starts, each.start()), 0)]
    for chosen in (escapes, outside) if escapes else ():
        _check_resolved(text, chosen, graph)


def _before(starts: Sequence[int], start: int) -> int:
    """The last of the places before another one; -1 if there is none."""
    at = bisect_right(starts, start)
    return starts[at - 1] if at else -1


def _check_resolved(text: str, escapes: Sequence[re.Match[str]], graph: str) -> None:
    """Raises `QueryRefused` for what would be refused if some escapes stood for their characters (§19.2)."""
    parts: list[str] = []
    places = [(0, 0)]  # where an escape ends: there, and here
    for escape in escapes:
        there, here = places[-1]
        parts += [text[here : escape.start()], pieces.character(escape) or "\ufffd"]
        places.append((there + escape.start() - here + 1, escape.end()))
    plain = "".join([*parts, text[places[-1][1] :]])
    found = said(plain)
    try:
        _check_refused(plain, found, _head(found), graph)
    except QueryRefused as error:
        start = next(token.start for token in found if place(plain, token.start) == (error.line, error.column))
        there, here = places[bisect_right(places, (start, len(text))) - 1]
        line, column = place(text, here + start - there)
        raise QueryRefused(error.problem, way_out=error.way_out, line=line, column=column, text=error.text) from None


def _is_volatile(form: Form, found: Sequence[Token]) -> bool:
    if any(is_word(token, *_VOLATILE) for token in found):
        return True
    depth = 0
    for token in found if form == "CONSTRUCT" else ():
        if token.kind == "blank" or token.text in ("[", "(", "<<", "~", "{|"):
            return True
        depth += (token.text == "{") - (token.text == "}")
        if token.text == "}" and not depth:
            return False
    return False
