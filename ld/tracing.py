"""Tracing: from what our own data says back to the record that said it, and what the field is called there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import chain
from pathlib import Path

from ld import context, sources
from ld.errors import LdError
from ld.record import Origin, thesis_from_json
from ld.snapshot import Snapshot

_KEPT = 4096
"""Records that are remembered while findings about them come."""

_THESIS: Mapping[str, tuple[str, ...]] = {
    "date": ("issued",), "degree": ("qualification",), "subject": ("discipline",), "grant": ("sponsor",),
    "accessRights": ("access",), "available": ("embargo",), "authorList": ("creator",),
    "identifier": ("ethosId", "cite"), "isPrimaryTopicOf": ("cite",),
}  # fmt: skip
"""Word → fields of a record, where a thesis's word is not the field's own name; of several, one that the layout has."""
_IDENTIFIERS = frozenset({"identifier", "sameAs", "claimedIsni"})
_ROLES: Mapping[str, tuple[str, str]] = {
    "creator": ("creator", "creatorIsni"),
    "supervisor": ("supervisor", "supervisor"),
    "awardingBody": ("awardingBody", "awardingBody"),
    "currentInstitution": ("currentInstitution", "currentInstitutionIsni"),
    "sponsor": ("sponsor", "sponsor"),
}
"""What an agent is to the thesis it is listed with → the fields of its name and of its identifier."""
_FRAGMENTS = {"author": "creator", "supervisor": "supervisor", "grant": "sponsor"}


class Tracer:
    """Knows the records of one snapshot: call it with the IRI of a thing and the path of a finding."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._origin = lru_cache(_KEPT)(self._find)

    def __call__(self, iri: str, path: str | None) -> tuple[Origin, str | None] | None:
        """Where the record stands that a thing was described from, and the field's name there; None if unknown."""
        base = self._snapshot.manifest.base
        if not iri.startswith((base + "id/", base + "doc/")):
            return None
        whole, _, fragment = iri.removeprefix(base).partition("#")
        found = self._origin(whole)
        if found is None:
            return None
        origin, role = found
        if whole.startswith("doc/"):  # no field says anything of the description itself
            return origin, None
        fields = _fields(role or _FRAGMENTS.get(fragment.partition("-")[0]), path)
        return origin, next(filter(None, (sources.label(origin.layout, field) for field in fields)), None)

    def _find(self, path: str) -> tuple[Origin, str | None] | None:
        """The record's place, and what the thing is to the record's thesis: None for the thesis itself."""
        role = None
        record = self._snapshot.record(path)
        if record is None:
            listed = self._snapshot.listing(path, 1, 1).items
            record = self._snapshot.record(listed[0].path) if listed else None
            role = listed[0].role if listed else None
        if record is None:
            return None
        origin = thesis_from_json(record).origin
        return (origin, role) if origin.source else None


def of_file(path: Path) -> Tracer | None:
    """A tracer for a dump that lies in the snapshot it belongs to; None for any other file."""
    try:
        return Tracer(Snapshot(path.resolve().parent.parent))
    except (LdError, OSError):
        return None


def _fields(role: str | None, path: str | None) -> tuple[str, ...]:
    """The fields of a record that a property of a thesis, or of an agent in some role, comes from, the best first."""
    words = _words(path) if path else ()
    if role is not None:
        name, identifier = _ROLES.get(role, (role, role))
        return (name,) if _IDENTIFIERS.isdisjoint(words) else (identifier, name)
    return tuple(chain.from_iterable(_THESIS.get(word, (word,)) for word in words))


@lru_cache(maxsize=256)
def _words(path: str) -> tuple[str, ...]:
    """The words of our context for a property, or for those of a path."""
    properties = re.findall("<([^>]*)>", path) or [path]
    # Of the words for a property the first is the thesis's: `issued` comes before `documentIssued`.
    words = [word for word in context.load().words.values() if not word.reverse]
    named = {word.predicate.value: word.name for word in reversed(words)}
    return tuple(named[each] for each in properties if each in named)
