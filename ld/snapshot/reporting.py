"""The reports of a build: every record that it did not publish, and everything that the shapes found, as they come."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyoxigraph
from pyoxigraph import BlankNode, NamedNode, RdfFormat, Triple

from ld.namespaces import SH, XSD
from ld.snapshot import manifest
from ld.snapshot.dumps import Gzip
from ld.validation.report import Finding, PathTriples, report_triples

_BATCH = 1000
_PREFIXES = {"sh": SH, "xsd": XSD}


class Reports:
    """Writes `rejected.jsonl` and `report.ttl.gz`, a few findings at a time: a corpus can have a million."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / manifest.REJECTED
        self._path.parent.mkdir()
        self._rejected = self._path.open("w", encoding="utf-8")
        self._report = Gzip(folder / manifest.REPORT)
        self._findings: list[Finding] = []
        self._paths: dict[str, PathTriples] = {}
        self._batches = 0

    def reject(self, record: Mapping[str, Any]) -> None:
        """Keeps a record that is not published."""
        self._rejected.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")

    def add(self, findings: Iterable[Finding], paths: Mapping[str, PathTriples]) -> None:
        """Takes findings into the validation report; `paths` spells out those that are more than one property."""
        self._paths |= paths
        self._findings.extend(findings)
        if len(self._findings) >= _BATCH:
            self._flush()

    def keep(self, path: Path) -> None:
        """Copies the rejected records to where they stay when this build does not publish."""
        self._rejected.flush()
        shutil.copyfile(self._path, path)

    def finish(self) -> None:
        """Completes both files."""
        if self._findings or not self._batches:
            self._flush()
        self._rejected.close()
        self._report.close()

    def stop(self) -> None:
        """Closes files that will not be completed."""
        with suppress(OSError):  # what is still buffered may not fit on the disk
            self._rejected.close()
        self._report.abandon()

    def _flush(self) -> None:
        """Writes what has come as one more piece of one Turtle document, which has one report in it."""
        self._batches += 1
        triples = map(self._relabel, report_triples(map(self._plain, self._findings), self._paths))
        self._report.write(pyoxigraph.serialize(triples, format=RdfFormat.TURTLE, prefixes=_PREFIXES) or b"")
        self._findings = []

    def _relabel(self, triple: Triple) -> Triple:
        return Triple(self._label(triple.subject), triple.predicate, self._label(triple.object))

    def _label(self, term: Any) -> Any:
        """A blank node's label made the batch's own; the report itself is the same node in all of them."""
        if isinstance(term, BlankNode) and term.value != "report":
            return BlankNode(f"b{self._batches}-{term.value}")
        return term

    def _plain(self, finding: Finding) -> Finding:
        """A finding without its path where nobody spelled it out."""
        if finding.path is None or finding.path in self._paths:
            return finding
        try:
            NamedNode(finding.path)
        except ValueError:
            return replace(finding, path=None)
        return finding
