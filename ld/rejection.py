"""Rejections: what was not published, where it stands, why, and what to do about it; one line of `rejected.jsonl` each.

{"key": …, "title": …,
 "problems": [{"field": …, "value": …, "problem": …}],
 "records": [{"source": …, "line": …, "layout": …, "fields": {…}}]}
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any

from ld.record import Thesis, Unreadable, to_json
from ld.shapes import Finding

Rejection = dict[str, Any]


def unreadable(item: Unreadable) -> Rejection:
    """A record that no reader could take apart; what was there is kept as `raw`."""
    record = {**to_json(item.origin), "raw": item.raw}
    problem = f"{item.problem.rstrip('.')}. {item.way_out}".rstrip()
    return {"problems": [{"field": item.field, "problem": problem}], "records": [record]}


def ambiguous(thesis: Thesis, reason: str, records: Sequence[Any]) -> Rejection:
    """A record without an EThOS ID that could be any of several theses."""
    return _rejection(thesis, records, [{"field": "EThOS ID", "problem": reason}])


def unfit(thesis: Thesis, findings: Iterable[Finding], records: Sequence[Any]) -> Rejection:
    """A thesis that violates a shape."""
    violations = [finding for finding in findings if finding.severity == "violation"]
    problems = [{"field": f.name, "value": f.value, "problem": f.message} for f in violations]
    return _rejection(thesis, records, problems)


def unmapped(thesis: Thesis, problem: str, records: Sequence[Any]) -> Rejection:
    """A thesis of which no RDF can be made."""
    told = f"No linked data can be made of the record: {problem.rstrip('.')}. Correct the value."
    return _rejection(thesis, records, [{"field": None, "problem": told}])


def sources(rejection: Rejection) -> set[str]:
    """The files that a rejection's records stand in, and the folders and archives around these.

    >>> sorted(sources({"records": [{"source": "in/a.zip!b.csv", "line": 7}]}))
    ['.', 'in', 'in/a.zip', 'in/a.zip!b.csv']
    """
    files = {record["source"] for record in rejection["records"]} - {""}
    files |= {file.partition("!")[0] for file in files}
    return files | {str(parent) for file in files for parent in PurePath(file).parents}


def sentence(rejection: Rejection) -> str:
    """A rejection on one line: file, line, key, field, what is wrong and what to do.

    >>> sentence({"key": "x-1", "problems": [{"field": "Title", "problem": "There is none. Add it."}],
    ...           "records": [{"source": "a.csv", "line": 7}]})
    'a.csv, line 7 (x-1): Title: There is none. Add it.'
    """
    places = "; ".join(f"{record['source']}, line {record['line']}" for record in rejection["records"])
    key = f" ({rejection['key']})" if rejection.get("key") else ""
    problems = " ".join(
        f"{problem['field']}: {problem['problem']}" if problem.get("field") else problem["problem"]
        for problem in rejection["problems"]
    )
    return f"{places or 'kept from before'}{key}: {problems}"


def _rejection(thesis: Thesis, records: Sequence[Any], problems: list[dict[str, Any]]) -> Rejection:
    title = thesis.title.value if thesis.title else None
    return {"key": thesis.key, "title": title, "problems": problems, "records": list(records)}
