"""JSON-LD: a description as one nested, compacted node, its context by address or, in a line of a dump, inline."""

from __future__ import annotations

import json
from functools import lru_cache

from ld import context
from ld.formats.nesting import nest
from ld.formats.source import Source


def jsonld(source: Source) -> bytes:
    """The node, indented, its context by address."""
    document = {"@context": source.context_url, **json.loads(nest(source.statements, source.root).text)}
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"


def line(source: Source) -> bytes:
    """The node on one line, with the part of the context that it uses."""
    node = nest(source.statements, source.root)
    return f'{{"@context":{_inline(node.words)},{node.text[1:]}\n'.encode()


@lru_cache(maxsize=2048)  # most of the descriptions in a corpus use the words that others use
def _inline(words: frozenset[str]) -> str:
    return json.dumps(context.load().used_by(words), ensure_ascii=False, separators=(",", ":"))
