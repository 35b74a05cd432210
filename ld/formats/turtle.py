"""Turtle and TriG, for people to read: one block a subject, the prefixes that are used, line breaks kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from ld import context
from ld.formats.statements import TYPE, Statements, Subject, Term

_LOCAL = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")  # what every parser takes as the second half of a prefixed name
_ESCAPE = re.compile(r"\\(.)")
_WIDTH = 100


def turtle(statements: Statements) -> bytes:
    """The statements as Turtle."""
    used: set[str] = set()
    written = "\n".join([_block(subject, used, "") for subject in statements.subjects])
    return (_header(used) + written).encode()


def trig(statements: Statements, name: str) -> bytes:
    """The statements as TriG, in the graph that is named."""
    used: set[str] = set()
    written = _graph(statements, name, used)
    return (_header(used) + written).encode()


# A document of many descriptions: `header`, then the `blocks` or the `graph` of each


def header() -> bytes:
    """The lines for every prefix there is."""
    return _header(context.load().prefixes).encode()


def blocks(statements: Statements) -> bytes:
    """The statements as they stand after `header` and after others."""
    return "".join([_block(subject, set(), "") + "\n" for subject in statements.subjects]).encode()


def graph(statements: Statements, name: str) -> bytes:
    """The statements in a graph, as they stand after `header` and after others."""
    return (_graph(statements, name, set()) + "\n").encode()


def _header(prefixes: Iterable[str]) -> str:
    """The prefix lines, sorted."""
    namespaces = context.load().prefixes
    lines = [f"@prefix {prefix}: <{namespaces[prefix]}> .\n" for prefix in sorted(prefixes)]
    return "".join(lines) + "\n" if lines else ""


def _graph(statements: Statements, name: str, used: set[str]) -> str:
    inside = "\n".join([_block(subject, used, "    ") for subject in statements.subjects])
    return f"<{name}> {{\n{inside}}}\n"


def _block(subject: Subject, used: set[str], indent: str) -> str:
    """A subject and all that is said of it; the prefixes that it needs are added to those used."""
    lines = [_property(predicate, values, used, indent) for predicate, values in subject.properties]
    return f"{indent}{_term(subject.term, used)} " + f" ;\n{indent}    ".join(lines) + " .\n"


def _property(predicate: Term, values: tuple[Term, ...], used: set[str], indent: str) -> str:
    verb = "a" if predicate == TYPE else _known(predicate, used)
    if len(values) == 1:
        return f"{verb} {_term(values[0], used)}"
    written = [_term(value, used) for value in values]
    if sum(map(len, written)) > _WIDTH:
        return f"{verb}\n{indent}        " + f",\n{indent}        ".join(written)
    return f"{verb} " + ", ".join(written)


def _term(term: Term, used: set[str]) -> str:
    if term[-1] == '"' and r"\n" not in term:
        return term
    if term[0] == "<":
        prefix, written = _shorten(term)
        if prefix:
            used.add(prefix)
        return written
    if term[0] == "_":
        return term
    end = term.rindex('"') + 1
    # Only \n is written out as itself; every other escape means the same between three quotes as between one.
    quoted = f'""{_ESCAPE.sub(_break, term[:end])}""' if r"\n" in term else term[:end]
    if term.startswith("^^", end):
        return f"{quoted}^^{_known(term[end + 2 :], used)}"
    return quoted + term[end:]


def _shorten(term: Term) -> tuple[str | None, str]:
    """`<iri>` as a prefixed name where the context has a prefix for it, and the prefix."""
    cut = max(term.rfind("/"), term.rfind("#")) + 1
    prefix = _namespaces().get(term[:cut])
    if prefix is None or not _LOCAL.fullmatch(term, cut, len(term) - 1):
        return None, term
    return prefix, f"{prefix}:{term[cut:-1]}"


_remembered = lru_cache(maxsize=1024)(_shorten)


def _known(term: Term, used: set[str]) -> str:
    """One of the few properties and datatypes, which come again and again, as a prefixed name."""
    prefix, written = _remembered(term)
    if prefix:
        used.add(prefix)
    return written


@lru_cache(maxsize=1)
def _namespaces() -> Mapping[str, str]:
    """Namespace, as a term begins with it → prefix."""
    return {f"<{iri}": prefix for prefix, iri in context.load().prefixes.items()}


def _break(found: re.Match[str]) -> str:
    return "\n" if found[1] == "n" else found[0]
