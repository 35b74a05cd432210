"""Presentations: what a report is shown with, besides what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ld.validation.report import Severity, as_grave


@dataclass(frozen=True, slots=True)
class Presentation:
    """What a report is shown with."""

    sources: tuple[str, ...] = ()
    """Names of what was validated, as the user gave them."""
    seconds: float | None = None
    """How long it took; told to people and in JUnit, never where it would make the same report differ."""
    first: int = 5
    """How many findings of each kind the formats for people show."""
    fail_on: Severity = "violation"
    """The least grave severity that is a failure."""
    color: bool = False
    """Whether text is for a terminal that knows colours."""
    decided: Mapping[str, str | None] | None = None
    """How each shape was decided: None when it was compiled, else the reason why pySHACL decided it."""

    def fails(self, severity: Severity) -> bool:
        """Whether a finding of this severity is a failure.

        >>> Presentation(fail_on="warning").fails("violation"), Presentation().fails("warning")
        (True, False)
        """
        return as_grave(severity, self.fail_on)
