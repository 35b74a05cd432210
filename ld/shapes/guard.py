"""The guard: what strangers' shapes may not ask for, found by the tokens of their SPARQL, not by its looks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain, product

from pyoxigraph import Literal, NamedNode, Triple

from ld.errors import ShapesError
from ld.namespaces import OWL, RDF, RDFS, SH

_QUERIES = {SH + name for name in ("select", "ask", "construct", "update")}
_NAMES = {SH + "prefix": re.compile(r"[\w.-]*"), SH + "namespace": re.compile(r"[^\x00-\x20<>\"{}|\\^`]*")}
_PATHS = {SH + f"{name}Path" for name in ("inverse", "alternative", "zeroOrMore", "oneOrMore", "zeroOrOne")}
_PATHS |= {SH + "path", RDF + "first"}
"""What pySHACL writes into queries as it stands: prefixes and their namespaces; paths, where a query says `$PATH`."""

_ESCAPE = re.compile(r"\\u([0-9a-f]{4}(?:[0-9a-f]{4})?)", re.IGNORECASE)
"""As rdflib reads them; SPARQL has four digits for u and eight for U."""
# SPARQL 1.1, §19.8: what can hide words (strings, IRIs, comments), variables (`$PATHS` is `$PATH` and an S to pySHACL),
# language tags, numbers and prefixed names, then the words. What is not ASCII counts as a part of names: where it may
# not be, the query cannot be read at all.
_TOKEN = re.compile(
    r"""
      '''(?:(?:'|'')?(?:[^'\\]|\\.))*''' | \"\"\"(?:(?:"|"")?(?:[^"\\]|\\.))*\"\"\"
    | '(?:[^'\\\n\r]|\\.)*' | "(?:[^"\\\n\r]|\\.)*"
    | <[^\x00-\x20<>"{}|^`\\]*>
    | \#[^\n\r]*
    | [?$]PATH | [?$][\w\x80-\U0010ffff]+
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
    listed = list(shapes)
    said = [(triple.predicate.value, triple.object.value) for triple in listed if isinstance(triple.object, Literal)]
    queries = [text for predicate, text in said if predicate in _QUERIES]
    prefixes = [f"{text}:" for predicate, text in said if predicate == SH + "prefix"]
    for word in chain.from_iterable(map(words, queries + prefixes)):
        if word in REFUSED:
            raise _refused(
                f"a query in them says {word}, and queries may only read the data that is validated. "
                "Take it out of the query."
            )
    for predicate, text in said:
        if predicate in _NAMES and not _NAMES[predicate].fullmatch(text):
            raise _refused(f"{text[:80]!r} is no {predicate.removeprefix(SH)} for a query.")
    if any("PATH" in query for query in queries):
        _check_paths(listed, [RDF, RDFS, OWL, *(text for predicate, text in said if predicate == SH + "namespace")])


def _check_paths(shapes: Iterable[Triple], namespaces: Iterable[str]) -> None:
    """Refuses properties that would be more than a name where they are written with a prefix."""
    ends = (triple.object for triple in shapes if triple.predicate.value in _PATHS)
    for end, namespace in product(ends, namespaces):
        iri = end.value if isinstance(end, NamedNode) else ""
        if iri.startswith(namespace) and not re.fullmatch(r"[\w.-]*", iri.replace(namespace, "")):
            raise _refused(f"the path <{iri}> cannot be written into a query with the prefix of {namespace}.")


def _refused(problem: str) -> ShapesError:
    return ShapesError(f"The shapes cannot be used: {problem}")


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
