"""The guard: what strangers' shapes may not ask for, found by the tokens of their SPARQL, not by its looks."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pyoxigraph import Literal, Triple

from ld.errors import ShapesError
from ld.namespaces import SH

_QUERIES = {SH + name for name in ("select", "ask", "construct", "update")}
_NAMES = {SH + "prefix": re.compile(r"[\w.-]*"), SH + "namespace": re.compile(r"[^\x00-\x20<>\"{}|\\^`]*")}
"""What pySHACL writes into queries as it stands."""

_ESCAPE = re.compile(r"\\u([0-9a-f]{4}(?:[0-9a-f]{4})?)", re.IGNORECASE)
"""As rdflib reads them; SPARQL has four digits for u and eight for U."""
# SPARQL 1.1, §19.8: what can hide a word (strings, IRIs, comments), variables, language tags, numbers and prefixed names,
# then the words. What is not ASCII counts as a part of names: where it may not be, the query cannot be read at all.
_TOKEN = re.compile(
    r"""
      '''(?:(?:'|'')?(?:[^'\\]|\\.))*''' | \"\"\"(?:(?:"|"")?(?:[^"\\]|\\.))*\"\"\"
    | '(?:[^'\\\n\r]|\\.)*' | "(?:[^"\\\n\r]|\\.)*"
    | <[^\x00-\x20<>"{}|^`\\]*>
    | \#[^\n\r]*
    | [?$][\w\x80-\U0010ffff]+
    | @[A-Za-z]+(?:-[A-Za-z0-9]+)*
    | [0-9.]+(?:[Ee][+-]?[0-9]+)?
    | (?P<prefix>[A-Za-z\x80-\U0010ffff][\w.\x80-\U0010ffff-]*)?:
      (?:(?:[\w:\x80-\U0010ffff]|%[0-9A-Fa-f]{2}|\\.)(?:[\w.:\x80-\U0010ffff-]|%[0-9A-Fa-f]{2}|\\.)*)?
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    """,
    re.VERBOSE | re.DOTALL,
)
REFUSED = frozenset({"SERVICE", "FROM", "LOAD", "CLEAR", "CREATE", "DROP", "INSERT", "DELETE", "COPY", "MOVE", "ADD"})
"""Words of SPARQL that read from elsewhere or write."""


def check(shapes: Iterable[Triple]) -> None:
    """Raises `ShapesError` for SPARQL in shapes that would read from elsewhere or write."""
    for triple in shapes:
        predicate, value = triple.predicate.value, triple.object
        if not isinstance(value, Literal):
            continue
        if predicate in _QUERIES:
            for word in words(value.value):
                if word in REFUSED:
                    raise ShapesError(
                        f"The shapes cannot be used: a query in them says {word}, and queries may only read the data "
                        "that is validated. Take it out of the query."
                    )
        elif predicate in _NAMES and not _NAMES[predicate].fullmatch(value.value):
            raise ShapesError(
                f"The shapes cannot be used: {value.value[:80]!r} is no {predicate.removeprefix(SH)} for a query."
            )


def words(query: str) -> list[str]:
    """The words of a query in capitals: not what stands in strings, IRIs, comments, local names and variables.

    Prefixes count, as far as they are ASCII: rdflib reads `FROM:a` and `FROMÉ:a` as a word and a name.

    >>> words('SELECT ?from WHERE { ?a <http://service> "LOAD" } # FROM')
    ['SELECT', 'WHERE']
    """
    plain = _ESCAPE.sub(_character, query)
    found = (token["word"] or token["prefix"] for token in _TOKEN.finditer(plain))
    return [re.split(r"[^\x00-\x7f]", word)[0].upper() for word in found if word]


def _character(escape: re.Match[str]) -> str:
    number = int(escape[1], 16)
    return chr(number) if number <= 0x10FFFF else "\ufffd"
