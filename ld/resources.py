"""Resources: where the files that travel with the package lie, in a checkout and in a wheel."""

from __future__ import annotations

from pathlib import Path

from ld.errors import VocabularyError

_PACKAGE = Path(__file__).resolve().parent


def vocab_dir() -> Path:
    """The folder of the vocabularies and the context."""
    return _find("vocab", "vocab_data")


def shapes_dir() -> Path:
    """The folder of the shapes."""
    return _find("shapes", "shapes_data")


def _find(checkout: str, wheel: str) -> Path:
    # A wheel holds a copy inside the package; a checkout has the one original beside it.
    places = (_PACKAGE / wheel, _PACKAGE.parent / checkout)
    for place in places:
        if place.is_dir():
            return place
    raise VocabularyError(f"{places[0]}: no such folder. Install thesis-ld again: the wheel brings it.")
