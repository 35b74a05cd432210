"""The gate: which descriptions may be published, judged by the shapes a few hundred at a time.

Descriptions are validated together with what they embed, so a chunk sees every type that its links need. What only
the whole corpus shows (one ISNI under several names) is a triple of each record by now (`tld:claimedIsni`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from pyoxigraph import Triple

from ld.mapping import Description
from ld.shapes import Finding, Shapes

AnyDescription = TypeVar("AnyDescription", bound=Description, covariant=True)

CHUNK = 500
"""Descriptions in one run of the engine: larger ones gain nothing and take memory."""


@dataclass(frozen=True, slots=True)
class Verdict(Generic[AnyDescription]):
    """A description and what the shapes find about it."""

    description: AnyDescription
    findings: tuple[Finding, ...]

    @property
    def accepted(self) -> bool:
        """Whether nothing found is a violation; warnings and infos publish."""
        return all(finding.severity != "violation" for finding in self.findings)


def judge(descriptions: Iterable[AnyDescription], shapes: Shapes) -> Iterator[Verdict[AnyDescription]]:
    """A verdict for each description, in order.

    A violation of something embedded (a person without a name) counts against every description that embeds it; its
    warnings and infos are told once, with the description that it has itself.
    """
    pending = iter(descriptions)
    while chunk := list(islice(pending, CHUNK)):
        yield from _judge_chunk(chunk, shapes)


def _judge_chunk(chunk: Sequence[AnyDescription], shapes: Shapes) -> Iterator[Verdict[AnyDescription]]:
    owners: dict[str, set[int]] = defaultdict(set)
    guests: dict[str, set[int]] = defaultdict(set)
    triples: dict[Triple, None] = {}
    for index, description in enumerate(chunk):
        for subjects, part in ((owners, description.own), (guests, description.embedded)):
            triples |= dict.fromkeys(part)
            for subject in {str(triple.subject) for triple in part}:
                subjects[subject[1:-1]].add(index)
    found: dict[int, list[Finding]] = defaultdict(list)
    for finding in shapes.validate(triples).findings:
        concerned = set(owners[finding.focus])
        if finding.severity == "violation":
            concerned |= guests[finding.focus]
        for index in concerned:
            found[index].append(finding)
    for index, description in enumerate(chunk):
        yield Verdict(description, tuple(_in_order(found[index])))


def _in_order(findings: Sequence[Finding]) -> list[Finding]:
    """Findings in the order of the shapes, those of one shape by value: whatever else was in the chunk."""
    ranks = {(finding.severity, finding.shape): rank for rank, finding in reversed(list(enumerate(findings)))}
    return sorted(findings, key=lambda f: (ranks[f.severity, f.shape], f.focus, f.value or "", f.component))
