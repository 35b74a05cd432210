"""SARIF: a report as static analysis results (OASIS SARIF 2.1.0), for programs that show findings beside the lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from ld import __version__
from ld.reports.document import Document, dumped, finding, fingerprint, head, separated
from ld.reports.plain import constraints, distinct, local_name, sentence, shown
from ld.reports.presentation import Presentation
from ld.reports.view import finding_view, view_of_json
from ld.validation.report import Finding, Kind, Report, Severity

_LEVELS: Mapping[Severity, str] = {"violation": "error", "warning": "warning", "info": "note"}
_NAME, _EXAMPLE = 100, 600
"""Characters that are shown of names of fields and shapes, and of a message that serves as an example."""
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def write(report: Report, presentation: Presentation) -> Iterator[str]:
    """The report as a SARIF log: a rule for each kind of finding, a result a line."""
    ids = _rule_ids(report.kinds)
    rules = [_rule(kind, name) for kind, name in zip(report.kinds, ids, strict=True)]
    tool = {"driver": {"name": "thesis-ld", "semanticVersion": __version__, "rules": rules}}
    yield f'{{\n"$schema": {dumped(_SCHEMA)},\n"version": "2.1.0",\n"runs": [{{\n"tool": {dumped(tool)},\n'
    yield f'"invocations": {dumped([_invocation(report, presentation)])},\n"columnKind": "unicodeCodePoints",\n'
    yield f'"properties": {dumped({"checked": head(report, presentation)["checked"]})},\n'
    yield '"results": ['
    results = (
        _result(found, kind, ids[number], number, presentation.sources)
        for number, kind in enumerate(report.kinds)
        for found in kind
    )
    yield from separated(results)
    yield "\n]\n}]\n}\n"


def message(text: str) -> Document:
    r"""A plain text message in which nothing is a link or a placeholder (SARIF §3.11.5 and §3.11.6).

    >>> message("[here](http://a.org) is {0}")
    {'text': '[here] (http://a.org) is {{0}}'}
    """
    return {"text": re.sub(r"\](?=\()", "] ", text).replace("{", "{{").replace("}", "}}") or "?"}


def uri(file: str) -> str:
    """A file's name, as the user gave it, as a URI reference.

    >>> uri("my data/a b.nq"), uri("/tmp/a.nq"), uri("https://a.org/b.ttl")
    ('my%20data/a%20b.nq', 'file:///tmp/a.nq', 'https://a.org/b.ttl')
    """
    name = file.encode("utf-8", "surrogateescape")
    if file.startswith(("http://", "https://")):
        return quote(name, safe=":/?#[]@!$&'()*+,;=%~")
    return ("file://" if file.startswith("/") else "") + quote(name)


def _rule_ids(kinds: Sequence[Kind]) -> list[str]:
    """The name of each kind's rule; a closed shape has findings of many properties under one name."""
    ids = [_rule_id(kind) for kind in kinds]
    times = Counter(ids)
    return distinct(
        name if times[name] == 1 or not kind.path else f"{name}.{_word(local_name(kind.path))}"
        for kind, name in zip(kinds, ids, strict=True)
    )


def _rule_id(kind: Kind) -> str:
    """The shape and its constraints, the same in every validation: `thesis-issued-value.Pattern`."""
    # A nameless shape is called otherwise every time.
    shape = f"{local_name(kind.path or '')}-{kind.name}" if kind.shape.startswith("_:") else local_name(kind.shape)
    return ".".join((_word(shape), *constraints(kind.components)))


def _word(text: str) -> str:
    return re.sub(r"[^\w-]+", "-", text).strip("-") or "shape"


def _rule(kind: Kind, name: str) -> Document:
    found = kind.first(1)
    field, shape = (
        sentence(kind.name or local_name(kind.path or kind.shape), _NAME),
        shown(local_name(kind.shape), _NAME),
    )
    example = f" For example: {sentence(found[0].message, _EXAMPLE)}" if found and found[0].message else ""
    rule: Document = {
        "id": name,
        "name": "".join(word[:1].upper() + word[1:] for word in re.findall(r"\w+", name)),
        "shortDescription": message(f"{field}: {', '.join(constraints(kind.components))}"),
        "help": message(f"{field} is not as the shape {shape} asks for.{example}"),
        "defaultConfiguration": {"level": _LEVELS[kind.severity]},
        "properties": {"shape": kind.shape, "path": kind.path, "components": list(kind.components)},
    }
    if kind.shape.startswith(("http://", "https://")):
        rule["helpUri"] = uri(kind.shape)
    return rule


def _result(found: Finding, kind: Kind, name: str, number: int, sources: Sequence[str]) -> Document:
    seen, same = finding_view(finding(found)), fingerprint(found)
    value = f" Value: {seen['value']}." if seen["value"] else ""
    value += f" There are {seen['present']}." if seen["present"] else ""
    result: Document = {
        "ruleId": name,
        "ruleIndex": number,
        "level": _LEVELS[kind.severity],
        "message": message(f"{seen['field']} of {seen['record']}: {seen['message']}{value}"),
        "locations": [_location(found, seen["record"], sources)],
        "partialFingerprints": {"primaryLocationLineHash": f"{same[:16]}:1", "finding/v1": same},
    }
    if found.origin:
        field = f", field {sentence(found.origin_field, _NAME)}" if found.origin_field else ""
        told = message(f"The record that this was made from{field}.")
        where = _physical(found.origin.source, found.origin.line)
        result["relatedLocations"] = [{"id": 1, "physicalLocation": where, "message": told}]
    return result


def _location(found: Finding, record: str, sources: Sequence[str]) -> Document:
    location: Document = {
        "logicalLocations": [{"name": record, "fullyQualifiedName": shown(found.focus), "kind": "resource"}]
    }
    if found.place:
        location["physicalLocation"] = _physical(found.place.file, found.place.line)
    elif len(sources) == 1:
        location["physicalLocation"] = _physical(sources[0], None)
    return location


def _physical(file: str, line: int | None) -> Document:
    region = {"region": {"startLine": line}} if line else {}
    return {"artifactLocation": {"uri": uri(file)}, **region}


def _invocation(report: Report, presentation: Presentation) -> Document:
    invocation: Document = {"executionSuccessful": True}
    alarm = view_of_json({**head(report, presentation), "kinds": []})["alarm"]
    if alarm:
        invocation["toolExecutionNotifications"] = [{"level": "error", "message": message(" ".join(alarm))}]
    return invocation
