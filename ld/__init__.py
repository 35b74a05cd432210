"""thesis-ld: thesis records in, linked data out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __version__: str
else:

    def __getattr__(name: str) -> str:
        """The version; looked up when it is asked for, as that takes half of what a small program needs to start."""
        if name != "__version__":
            raise AttributeError(f"module 'ld' has no attribute {name!r}")
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("thesis-ld")
        except PackageNotFoundError:  # read from a checkout that is not installed
            return "0"
