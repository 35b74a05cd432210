"""Meaning: what a query says that can be read, and yet cannot be answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ld.sparql.tokens import CLOSING, NOTHING, OPENING, Token, is_term, is_word
from ld.sparql.words import AGGREGATES

Told = tuple[str, str] | tuple[str, str, Token] | None
"""What is wrong, the way out, and the token to blame where it is not the one that the engine stops at."""
_MODIFIERS = ("GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES")


def senseless(found: Sequence[Token]) -> Told:
    """The first of what the engine refuses for its meaning, in a query that it refuses."""
    for rule in (_binding, _row, _label, _selection, _aggregate):
        told = rule(found)
        if told:
            return told
    return None


def closing(found: Sequence[Token], opening: int) -> int:
    """Which token closes a bracket; the last if none does."""
    depth = 0
    for number in range(opening, len(found)):
        depth += (found[number].text in OPENING) - (found[number].text in CLOSING)
        if not depth:
            return number
    return len(found) - 1


def _pairs(found: Sequence[Token]) -> Iterator[tuple[Token, Token]]:
    """Each token, after the one before it."""
    return zip([NOTHING, *found], found, strict=False)


def _binding(found: Sequence[Token]) -> Told:
    """BIND … AS a variable that the pattern around it has used before."""
    groups: list[tuple[set[str], bool]] = []  # what each has used, and whether those around it see that
    brackets: list[str] = []  # what stands before each that is open
    for last, token in _pairs(found):
        if token.text == "{":
            groups.append((set(), not is_word(last, "MINUS", "EXISTS")))
        elif token.text == "}" and groups:
            used, seen = groups.pop()
            if groups and seen:
                groups[-1][0].update(used)
        elif token.text == "(":
            brackets.append(last.text.upper() if last.kind == "word" else brackets[-1] if brackets else "")
        elif token.text == ")" and brackets:
            brackets.pop()
        elif token.kind == "variable" and groups:
            name, bound = token.text[1:], is_word(last, "AS") and brackets[-1:] == ["BIND"]
            if bound and name in groups[-1][0]:
                way_out = "Choose another name behind AS."
                return f"`{token.text}` has a value before BIND gives it one", way_out, token
            if bound or not brackets or not brackets[-1]:
                groups[-1][0].add(name)
    return None


def _row(found: Sequence[Token]) -> Told:
    """VALUES with a variable twice, or with a row that has too few or too many values."""
    for number, token in enumerate(found[:-1]):
        if not is_word(token, "VALUES") or found[number + 1].text != "(":
            continue
        end = closing(found, number + 1)
        names: set[str] = set()
        for each in found[number + 2 : end]:
            if each.text[1:] in names:
                return f"`{each.text}` stands twice in VALUES", "Take one of them out.", each
            names.add(each.text[1:])
        at = end + 2
        while at < len(found) and found[at].text == "(":
            end = closing(found, at)
            values = _values(found[at + 1 : end])
            if values != len(names):
                problem = f"This row has {values} {'value' if values == 1 else 'values'} for {len(names)} variables"
                return problem, "Write UNDEF where there is no value.", found[at]
            at = end + 1
    return None


def _values(row: Sequence[Token]) -> int:
    """How many values a row has."""
    count = depth = 0
    for last, token in _pairs(row):
        value = (is_term(token) and token.kind != "language" and last.text != "^^") or token.text == "<<("
        count += value and not depth
        depth += (token.text in OPENING) - (token.text in CLOSING)
    return count


def _label(found: Sequence[Token]) -> Told:
    """A blank node label in two groups."""
    groups: dict[str, int] = {}
    stack: list[int] = []
    for number, token in enumerate(found):
        if token.text == "{":
            stack.append(number)
        elif token.text == "}" and stack:
            stack.pop()
        elif token.kind == "blank" and stack and groups.setdefault(token.text, stack[-1]) != stack[-1]:
            return f"`{token.text}` stands in two patterns, and means one node in one", "Use a variable.", token
    return None


def _selection(found: Sequence[Token]) -> Told:
    """Columns of a SELECT that cannot be."""
    for number, token in enumerate(found):
        told = _columns(found, number) if is_word(token, "SELECT") else None
        if told:
            return told
    return None


def _columns(found: Sequence[Token], number: int) -> Told:
    opening = number
    while opening < len(found) - 1 and found[opening].text != "{":
        opening = closing(found, opening) + 1 if found[opening].text == "(" else opening + 1
    head, end = found[number:opening], closing(found, min(opening, len(found) - 1))
    grouped, groups = _grouped(found, end + 1)
    groups = groups or any(_is_aggregate(token) for token in head)
    used = grouped if groups else {token.text[1:] for token in found[opening:end] if token.kind == "variable"}
    seen: set[str] = set()
    frames: list[bool] = []  # for each open bracket, whether it is in a function of a group
    for last, token in _pairs(head):
        name = token.text[1:]
        if token.text in OPENING:
            frames.append(frames[-1:] == [True] or _is_aggregate(last))
        elif token.text in CLOSING:
            frames = frames[:-1]
        elif groups and token.text == "*" and is_word(last, "SELECT", "DISTINCT", "REDUCED"):
            way_out = "Name the columns: variables of GROUP BY, and (COUNT(?x) AS ?n) and the like."
            return "SELECT * cannot stand with GROUP BY, or with functions of a group", way_out, token
        elif token.kind == "variable" and is_word(last, "AS"):
            if name in used:
                return f"`{token.text}` has a value before AS gives it one", "Choose another name behind AS.", token
            if name in seen:
                return f"`{token.text}` is selected twice", "Take one of them out, or rename it.", token
            seen.add(name)
        elif token.kind == "variable" and frames[-1:] != [True]:
            if groups and name not in grouped | seen:
                way_out = f"Add it to GROUP BY, or take one of its values: (SAMPLE({token.text}) AS ?any)."
                return f"`{token.text}` is not in GROUP BY", way_out, token
            if not frames and name in seen:
                return f"`{token.text}` is selected twice", "Take one of them out, or rename it.", token
            if not frames:
                seen.add(name)
    return None


def _is_aggregate(token: Token) -> bool:
    return token.kind == "word" and token.text.upper() in AGGREGATES


def _grouped(found: Sequence[Token], start: int) -> tuple[set[str], bool]:
    """The variables that GROUP BY has behind a pattern, and whether anything there makes groups."""
    names: set[str] = set()
    depth = 0
    word, groups = "", False
    for number in range(start, len(found)):
        token = found[number]
        depth += (token.text in OPENING) - (token.text in CLOSING)
        if depth < 0:
            break
        if is_word(token, *_MODIFIERS) and not depth:
            word = token.text.upper()
        groups = groups or word == "GROUP" or _is_aggregate(token)
        if word == "GROUP" and token.kind == "variable" and (not depth or is_word(found[number - 1], "AS")):
            names.add(token.text[1:])
    return names, groups


def _aggregate(found: Sequence[Token]) -> Told:
    """A function of a group in a pattern."""
    patterns: list[bool] = []  # for each open group, whether it is one, and not a select
    for number, token in enumerate(found):
        if token.text == "{":
            patterns.append(number + 1 < len(found) and not is_word(found[number + 1], "SELECT"))
        elif token.text == "}":
            patterns = patterns[:-1]
        elif _is_aggregate(token) and patterns and patterns[-1]:
            problem = f"{token.text} cannot stand in a pattern, as it is of a group of solutions"
            return problem, "Put it into SELECT, HAVING or ORDER BY.", token
    return None
