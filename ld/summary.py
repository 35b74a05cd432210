"""Summaries: what a build did, in numbers, and the first things that it has to say about the records, in words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ld.record import Remark, RemarkKind
from ld.validation.report import Finding, Severity, shortened

TOLD = 10
"""How many rejections, and how many remarks of each kind, a summary tells in words; the snapshot has all of them."""

_SHOWN = 100
"""Characters of a value that a remark shows."""

WARNINGS: dict[RemarkKind, str] = {
    "dropped": "values that were left out",
    "clash": "sources that disagree",
    "conflict": "identifications that disagree",
}
"""The kinds of remark that are more than a repair, as people call them."""


@dataclass(slots=True)
class Summary:
    """What a build did, in numbers; published + withdrawn + rejected = theses."""

    read: int = 0
    """Records met in the sources, readable or not."""
    deleted: int = 0
    """Records that their source says are deleted."""
    theses: int = 0
    """What the records are after merging, with those kept from the snapshot before."""
    published: int = 0
    rejected: int = 0
    withdrawn: int = 0
    people: int = 0
    organisations: int = 0
    findings: Counter[tuple[Severity, str]] = field(default_factory=Counter)
    """How often each (severity, field) was found."""
    remarks: Counter[RemarkKind] = field(default_factory=Counter)
    """How many remarks of each kind."""
    advice: list[str] = field(default_factory=list)
    """What whoever runs the build should know about it as a whole."""
    reasons: list[str] = field(default_factory=list)
    """The first rejections, in words."""
    notes: defaultdict[RemarkKind, list[str]] = field(default_factory=lambda: defaultdict(list))
    """The first remarks of each kind, in words."""
    seconds: float = 0.0
    snapshot: str = ""

    @property
    def warnings(self) -> int:
        """Findings of severity warning, and remarks that are more than a repair."""
        found = sum(n for (severity, _), n in self.findings.items() if severity == "warning")
        return found + sum(self.remarks[kind] for kind in WARNINGS)

    def reject(self, sentence: str) -> None:
        """Counts a rejection."""
        self.rejected += 1
        if len(self.reasons) < TOLD:
            self.reasons.append(sentence)

    def note(self, key: str, remarks: Iterable[Remark]) -> None:
        """Counts what was remarked about a thesis that is published."""
        for remark in remarks:
            self.remarks[remark.kind] += 1
            if len(self.notes[remark.kind]) < TOLD:
                self.notes[remark.kind].append(_sentence(key, remark))

    def find(self, findings: Iterable[Finding]) -> None:
        """Counts what the shapes found."""
        self.findings.update((finding.severity, finding.name) for finding in findings)

    def counts(self) -> dict[str, int]:
        """The counts of the manifest."""
        names = ("read", "theses", "published", "rejected", "withdrawn", "people", "organisations", "warnings")
        return {name: getattr(self, name) for name in names}

    def lines(self) -> Iterator[str]:
        """The numbers for people, a line each."""
        yield f"read       {self.read:>9,}  records" + (f", {self.deleted:,} deletions" if self.deleted else "")
        yield f"theses     {self.theses:>9,}  after merging"
        yield f"published  {self.published:>9,}  with {self.people:,} people and {self.organisations:,} organisations"
        yield f"rejected   {self.rejected:>9,}"
        if self.withdrawn:
            yield f"withdrawn  {self.withdrawn:>9,}"
        yield f"warnings   {self.warnings:>9,}"
        for (severity, name), number in sorted(self.findings.items(), key=lambda item: (-item[1], item[0])):
            if severity == "warning":
                yield f"           {number:>9,}  {name}"
        for kind, name in WARNINGS.items():
            if self.remarks[kind]:
                yield f"           {self.remarks[kind]:>9,}  {name}"
        yield f"repairs    {self.remarks['repair']:>9,}"
        yield f"seconds    {self.seconds:>9,.1f}"
        yield f"snapshot   {self.snapshot}"


def _sentence(key: str, remark: Remark) -> str:
    """A remark on one line: file, line, key, field, what was done to which value."""
    value = shortened(remark.before, _SHOWN)
    shown = f": {value}" if value and remark.before not in remark.message else ""
    return f"{remark.origin} ({key}): {remark.field}: {remark.message}{shown}"
