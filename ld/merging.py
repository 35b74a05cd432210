"""Merging: the parts of one thesis, met in several sources, become one description; what disagrees is settled by rule.

skeleton: see `unite`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ld.record import Body, Thesis

SameBody = Callable[[Body, Body], bool]
SameText = Callable[[str, str], bool]


def unite(parts: Sequence[Thesis], same_body: SameBody | None = None, same_degree: SameText | None = None) -> Thesis:
    """One thesis from the parts of one key, in source order; the same parts give the same thesis."""
    raise NotImplementedError


def spellings(thesis: Thesis) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """The other printed forms of names that were united: (field, kept form) → forms."""
    raise NotImplementedError
