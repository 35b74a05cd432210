"""Tracing: from what our own data says back to the record that said it, and what the field is called there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from ld import context, sources
from ld.errors import LdError
from ld.record import Origin, thesis_from_json
from ld.snapshot import Snapshot

_KEPT = 4096
"""Records that are remembered while findings about them come."""

_THESIS: Mapping[str, str] = {
    "date": "issued", "degree": "qualification", "subject": "discipline", "grant": "sponsor", "accessRights": "access",
    "available": "embargo", "identifier": "ethosId", "isPrimaryTopicOf": "cite", "authorList": "creator",
}  # fmt: skip
"""Word → field of a record, where a thesis's word is not the field's own name."""
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
        field = _field(role or _FRAGMENTS.get(fragment.partition("-")[0]), path)
        return origin, sources.label(origin.layout, field) if field else None

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


def _field(role: str | None, path: str | None) -> str | None:
    """The field of a record that a property of a thesis, or of an agent in some role, comes from."""
    word = _word(path) if path else None
    if role is not None:
        name, identifier = _ROLES.get(role, (role, role))
        return identifier if word in _IDENTIFIERS else name
    return _THESIS.get(word, word) if word else None


@lru_cache(maxsize=256)
def _word(path: str) -> str | None:
    """The word of our context for a property, or for the first one of a path of several."""
    first = path.partition("<")[2].partition(">")[0] or path
    words = context.load().words
    return next((name for name, word in words.items() if word.predicate.value == first and not word.reverse), None)
