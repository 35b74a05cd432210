"""Turtle and TriG, for people to read: one block a subject, the prefixes that are used, line breaks kept."""

from __future__ import annotations

import re
from functools import lru_cache

from ld import context
from ld.formats.statements import TYPE, Statements, Subject, Term, split_literal

_LOCAL = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")  # what every parser takes as the second half of a prefixed name
_ESCAPE = re.compile(r"\\(.)")
_WIDTH = 100


def turtle(statements: Statements) -> bytes:
    """The statements as Turtle."""
    names = _Names()
    blocks = [_block(subject, names, "") for subject in statements.subjects]
    return (names.header() + "\n".join(blocks)).encode()


def trig(statements: Statements, graph: str) -> bytes:
    """The statements as TriG, in the graph that is named."""
    names = _Names()
    blocks = "\n".join(_block(subject, names, "    ") for subject in statements.subjects)
    return f"{names.header()}<{graph}> {{\n{blocks}}}\n".encode()


class _Names:
    """Prefixed names, and the prefixes that they used."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def shorten(self, term: Term) -> str:
        """`<iri>` as a prefixed name where the context has a prefix for it."""
        prefix, short = _shortened(term)
        if prefix:
            self._used.add(prefix)
        return short

    def header(self) -> str:
        """The prefix lines, sorted."""
        prefixes = context.load().prefixes
        lines = [f"@prefix {prefix}: <{prefixes[prefix]}> .\n" for prefix in sorted(self._used)]
        return "".join(lines) + "\n" if lines else ""


@lru_cache(maxsize=1024)  # the few properties, classes and datatypes come again and again
def _shortened(term: Term) -> tuple[str | None, str]:
    short = context.load().compact(term[1:-1])
    prefix, _, local = short.partition(":")
    if len(short) + 2 == len(term) or not _LOCAL.fullmatch(local):
        return None, term
    return prefix, short


def _block(subject: Subject, names: _Names, indent: str) -> str:
    lines = [_property(predicate, values, names, indent) for predicate, values in subject.properties]
    return f"{indent}{_term(subject.term, names)} " + f" ;\n{indent}    ".join(lines) + " .\n"


def _property(predicate: Term, values: tuple[Term, ...], names: _Names, indent: str) -> str:
    written = [_term(value, names) for value in values]
    verb = "a" if predicate == TYPE else names.shorten(predicate)
    if len(written) > 1 and sum(map(len, written)) > _WIDTH:
        return f"{verb}\n{indent}        " + f",\n{indent}        ".join(written)
    return f"{verb} " + ", ".join(written)


def _term(term: Term, names: _Names) -> str:
    if term[0] == "<":
        return names.shorten(term)
    if term[0] == "_":
        return term
    text, language, datatype = split_literal(term)
    # Only \n is written out as itself; every other escape means the same between three quotes as between one.
    quoted = f'"""{_ESCAPE.sub(_break, text)}"""' if r"\n" in text else f'"{text}"'
    if datatype:
        return f"{quoted}^^{names.shorten(f'<{datatype}>')}"
    return f"{quoted}@{language}" if language else quoted


def _break(found: re.Match[str]) -> str:
    return "\n" if found[1] == "n" else found[0]
