"""JSON-LD as it comes in: our own contexts are known at any base, no other is fetched."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from ld import context
from ld.errors import DataError

_OURS = re.compile(r"(?:.*/)?vocab/context(?:-([0-9a-f]+))?\.jsonld", re.DOTALL)
_REMOTE = re.compile(rb'"@(?:context|import)"\s*:\s*(?:"|\[)')
"""A context that may be given by its address."""


def documents(name: str, lines: Iterator[bytes]) -> Iterator[tuple[int | None, bytes]]:
    """The documents in a file, with contexts in place: one, or one a line, each then with its line.

    Raises `DataError` for what is not JSON, and for contexts that would have to be fetched.
    """
    filled = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    first = list(islice(filled, 2))
    if len(first) == 2 and all(_looks_whole(line) for _, line in first):
        for number, line in chain(first, filled):
            yield number, _with_contexts(name, line, number)
    else:
        # The parser counts lines, so empty ones before and between these two are put back.
        empty = b"\n" * (first[0][0] - 1) if first else b""
        between = b"\n" * (first[1][0] - first[0][0] - 1) if len(first) == 2 else b""
        start = empty + between.join(line for _, line in first)
        yield None, _with_contexts(name, start + b"".join(lines), None)


def _looks_whole(line: bytes) -> bool:
    """Whether a line is a document of its own."""
    stripped = line.strip()
    if not (stripped.startswith(b"{") and stripped.endswith(b"}")):
        return False
    try:
        json.loads(stripped)
    except (ValueError, RecursionError):
        return False
    return True


def _with_contexts(name: str, document: bytes, line: int | None) -> bytes:
    if not _REMOTE.search(document):
        return document
    try:
        value = json.loads(document)
    except RecursionError as error:
        raise DataError(name, "is nested too deeply", line=line, way_out="Convert it to N-Triples.") from error
    except ValueError:
        return document  # the parser says best what is wrong with it
    waiting: list[Any] = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if "@context" in node:
                node["@context"] = _known(name, node["@context"], line)
            if "@import" in node:
                raise _refused(name, str(node["@import"]), line)
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return json.dumps(value).encode()  # half a surrogate stays escaped, for the parser to refuse


def _known(name: str, given: Any, line: int | None) -> Any:
    if isinstance(given, list):
        return [_known(name, part, line) for part in given]
    if not isinstance(given, str):
        return given
    ours, found = context.load(), _OURS.fullmatch(given)
    if not found or found[1] not in (None, ours.hash):
        raise _refused(name, given, line)
    return json.loads(ours.bytes)["@context"]


def _refused(name: str, address: str, line: int | None) -> DataError:
    return DataError(
        name,
        f"its context {address[:200]} would have to be fetched, which is never done",
        line=line,
        way_out="Write the context itself into the document, or convert the file to Turtle or N-Triples.",
    )
