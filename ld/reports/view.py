"""Views: a report in the words that people read, the same for text and page, made from its document."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import Any, TypedDict

from ld.iris import NAMESPACE
from ld.reports.document import Document, document
from ld.reports.plain import counted, listed, local_name, sentence, shown
from ld.reports.presentation import Presentation
from ld.validation.report import Report

_NAME, _LABEL, _VALUE, _MESSAGE, _ADDRESS, _PRESENT = 100, 160, 240, 600, 400, 80
"""Characters that are shown of the names of fields, shapes and files; of labels, values, messages and IRIs; of one
of several values."""
_SOURCES, _SHAPES = 3, 12
"""Files and shapes that a sentence names."""
_UNNAMED = {"uri": "{}", "bnode": "a thing without an address ({})", "literal": '"{}"'}
"""What a thing is called that nobody gave a name."""


class FindingView(TypedDict):
    """One finding, ready to be shown."""

    id: str
    record: str
    """What people call the thing at fault; its address where nobody gave it a name."""
    address: str
    """Its IRI, where `record` is a name."""
    href: str
    """Its IRI, where a browser can follow it."""
    field: str
    message: str
    value: str
    """The value at fault, where the message does not show it."""
    present: str
    """The values that are there, where they are too many."""
    place: str
    place_href: str
    line: int | None
    origin: str


class KindView(TypedDict):
    """Findings of one kind, the first few ready to be shown."""

    id: str
    severity: str
    field: str
    count: int
    counted: str
    """The count in words: `3 violations`."""
    shape: str
    shape_iri: str
    message: str
    """What is wrong with all of them, where it is the same; else each finding says it."""
    findings: list[FindingView]
    more: str


class ShapeView(TypedDict):
    """A shape with targets."""

    name: str
    iri: str
    nodes: str
    decided: str
    """Who decided it and why, where someone asked."""


class View(TypedDict):
    """A report, ready to be shown."""

    state: str
    """`empty`, `conforms`, `passed` or `failed`."""
    verdict: str
    alarm: list[str]
    """What everybody must hear who takes the verdict for praise, in sentences."""
    read: str
    counts: list[tuple[str, int]]
    checked: list[ShapeView]
    """The shapes that checked something."""
    idle: list[ShapeView]
    """Those that found nothing to check."""
    kinds: list[KindView]
    cut: str
    """What to do to see all findings, where some are left out."""


def view(report: Report, presentation: Presentation, lines: str = "") -> View:
    """The view of a report; `lines` is where a line of the data is shown, as in `#line-{line}`."""
    return view_of_json(document(report, presentation, presentation.first), presentation.first,
                        presentation.seconds, lines)  # fmt: skip


def view_of_json(told: Document, first: int = 5, seconds: float | None = None, lines: str = "") -> View:
    """The view of a report's document, however many findings that has."""
    kinds = [_kind(kind, number, first, lines) for number, kind in enumerate(told["kinds"], 1)]
    shapes = list(zip(told["checked"], _names(told["checked"]), strict=True))
    return View(
        state=_state(told),
        verdict=_verdict(told),
        alarm=_alarm(told),
        read=_read(told, seconds),
        counts=[(severity.capitalize() + "s", count) for severity, count in told["counts"].items()],
        checked=[_shape(shape, name) for shape, name in shapes if shape["nodes"]],
        idle=[_shape(shape, name) for shape, name in shapes if not shape["nodes"]],
        kinds=kinds,
        cut="The JSON report has all findings." if any(kind["count"] > len(kind["findings"]) for kind in kinds) else "",
    )


def finding_view(told: Document, number: str = "", lines: str = "") -> FindingView:
    """The view of one finding."""
    focus, place, origin = told["focus"], told["place"], told["origin"]
    iri = shown(focus["id"], _LABEL if focus["type"] == "literal" else _ADDRESS)
    label, message = sentence(focus["label"] or "", _LABEL), sentence(told["message"])
    field = sentence(told["field"], _NAME)
    return FindingView(
        id=f"finding-{number}",
        record=label or _UNNAMED[focus["type"]].replace("{}", iri),
        address=iri if label else "",
        href=focus["id"] if focus["id"].startswith(("http://", "https://")) else "",
        field=field,
        message=sentence(told["message"], _MESSAGE) or f"{field} is not as it should be.",
        value=_value(told["value"], message, focus["id"]),
        present=", ".join(map(_present, told["present"])),
        place=f"{shown(place['file'], _NAME)}, line {place['line']}" if place else "",
        place_href=lines.replace("{line}", str(place["line"])) if place and lines else "",
        line=place["line"] if place else None,
        origin=_origin(origin) if origin else "",
    )


def _kind(told: Document, kind: int, first: int, lines: str) -> KindView:
    some = islice(told["findings"], first)
    findings = [finding_view(each, f"{kind}-{number}", lines) for number, each in enumerate(some, 1)]
    messages = {each["message"] for each in findings}
    more = told["count"] - len(findings)
    return KindView(
        id=f"kind-{kind}",
        severity=told["severity"],
        field=sentence(told["field"], _NAME),
        count=told["count"],
        counted=counted(told["count"], told["severity"]),
        shape=shown(local_name(told["shape"]), _NAME),
        shape_iri=shown(told["shape"], _ADDRESS),
        message=messages.pop() if len(messages) == 1 else "",
        findings=findings,
        more=f"… and {more:,} more like {'this' if len(findings) == 1 else 'these'}" if more and findings else "",
    )


def _origin(told: Document) -> str:
    field = f", field {sentence(told['field'], _NAME)}" if told["field"] else ""
    return f"{shown(told['source'], _NAME)}, line {told['line']}{field}"


def _value(told: dict[str, Any] | None, message: str, focus: str) -> str:
    """The value at fault, unless the message shows it or it is the record itself."""
    if told is None or told["value"] == focus:
        return ""
    value = shown(told["value"])
    # A message shows at most the first characters of a value, and what is very short is part of any message.
    part = sentence(told["value"])[:60].rstrip(".…")
    quoted = any(f"{before}{value}{after}" in message for before, after in ('""', "<>", "“”", "''"))
    if quoted or (len(part) > 3 and part in message):
        return ""
    return f'"{shown(told["value"], _VALUE)}"'


def _present(told: Document) -> str:
    value, place = told["value"], told["place"]
    tag = f" ({shown(value['language'])})" if "language" in value else ""
    return f'"{shown(value["value"], _PRESENT)}"{tag}' + (f" (line {place['line']})" if place else "")


def _names(checked: list[Document]) -> list[str]:
    """What people call shapes, with their own name where that alone would be the same for two."""
    names = [sentence(shape["name"], _NAME) for shape in checked]
    times = Counter(names)
    return [
        name if times[name] == 1 else f"{name} ({shown(local_name(shape['shape']), _NAME)})"
        for name, shape in zip(names, checked, strict=True)
    ]


def _shape(told: Document, name: str) -> ShapeView:
    decided = ""
    if "decided_by" in told:
        decided = f"decided by {told['decided_by']}"
        if told["reason"]:
            decided += f": {sentence(told['reason'], _MESSAGE)}"
    return ShapeView(name=name, iri=shown(told["shape"], _ADDRESS), nodes=f"{told['nodes']:,}", decided=decided)


def _state(told: Document) -> str:
    if told["empty"] and told["conforms"]:
        return "empty"
    return "conforms" if told["conforms"] else "failed" if told["failed"] else "passed"


def _verdict(told: Document) -> str:
    things = told["things"]
    among = f" in {counted(things, 'thing')}" if things else ""
    found = ", ".join(counted(count, severity) for severity, count in told["counts"].items() if count)
    return {
        "empty": "Nothing was checked.",
        "conforms": f"Conforms. Nothing was found{among}." if among else "Conforms.",
        "passed": f"Passes, with {found}{among}.",
        "failed": f"Fails: {found}{among}.",
    }[_state(told)]


def _alarm(told: Document) -> list[str]:
    if _state(told) != "empty":
        return []
    if not told["triples"]:
        return ["There is nothing in this data: is it the right file?"]
    if not told["checked"]:
        return ["None of the shapes says what it is for: give them targets, such as sh:targetClass."]
    ours = told["checked"][0]["shape"].startswith(NAMESPACE)
    return [
        "Nothing in this data is of a kind that the shapes check, so this says nothing about its quality.",
        f"The shapes look for: {listed(_names(told['checked']), _SHAPES)}.",
        f"Check class names and namespaces{': bibo:thesis is not bibo:Thesis' if ours else ''}.",
    ]


def _read(told: Document, seconds: float | None) -> str:
    sources = [shown(name, _NAME) for name in told["sources"]]
    named = f"{listed(sources, _SOURCES, 'more files')}: " if sources else ""
    files = f"{counted(len(sources), 'file')}, " if len(sources) > 1 else ""
    took = "" if seconds is None else f", in {seconds:,.1f} s"
    return f"Read {named}{files}{counted(told['triples'], 'triple')}{took}."
