"""JUnit: a report as test results, for programs that know only those; each shape a suite, each finding a test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from ld.reports.document import finding as told_of
from ld.reports.document import fingerprint
from ld.reports.plain import constraints, counted, distinct, local_name, sentence, shown
from ld.reports.presentation import Presentation
from ld.reports.view import FindingView, finding_view
from ld.validation.report import Finding, Kind, Report

_NAME, _TITLE = 180, 100
"""Characters of a test's name, and of a shape's."""


@dataclass(slots=True)
class _Suite:
    """What one shape checked (None: it is a part of another, which says so) and found."""

    title: str
    nodes: int | None = None
    kinds: list[Kind] = field(default_factory=list)
    alarming: bool = False
    """Whether neither this shape nor any other found anything to check."""

    @property
    def idle(self) -> bool:
        return self.nodes == 0 and not self.kinds

    def failures(self, presentation: Presentation) -> int:
        return sum(kind.count for kind in self.kinds if presentation.fails(kind.severity)) + self.alarming

    def skipped(self, presentation: Presentation) -> int:
        return sum(kind.count for kind in self.kinds) - self.failures(presentation) + self.idle

    @property
    def tests(self) -> int:
        return sum(kind.count for kind in self.kinds) + (self.nodes is not None)


def write(report: Report, presentation: Presentation) -> Iterator[str]:
    """The report as JUnit XML. What is not grave enough to fail is a skipped test: it is shown, and fails nothing."""
    suites = _suites(report)
    total = {
        "tests": sum(suite.tests for suite in suites),
        "failures": sum(suite.failures(presentation) for suite in suites),
        "errors": 0,
    }
    time = {} if presentation.seconds is None else {"time": f"{presentation.seconds:.3f}"}
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield _tag("testsuites", name="thesis-ld validate", **total, **time) + "\n"
    for suite, name in zip(suites, distinct(suite.title for suite in suites), strict=True):
        yield from _suite(suite, name.replace(".", "·"), presentation)  # Jenkins takes a dot for a package's
    yield "</testsuites>\n"


def _suites(report: Report) -> list[_Suite]:
    suites: dict[str, _Suite] = {}
    for shape, nodes in report.checked.items():
        suites[shape] = _Suite(_title(report.names.get(shape, ""), shape), nodes, alarming=report.empty)
    for kind in report.kinds:
        suites.setdefault(kind.shape, _Suite(_title(kind.name, kind.shape))).kinds.append(kind)
    return list(suites.values())


def _title(name: str, shape: str) -> str:
    own = shown(local_name(shape), _TITLE)
    return f"{sentence(name, _TITLE)} ({own})" if name and name != own else own


def _suite(suite: _Suite, name: str, presentation: Presentation) -> Iterator[str]:
    yield _tag(
        "testsuite", name=name, tests=suite.tests, failures=suite.failures(presentation), errors=0,
        skipped=suite.skipped(presentation),
    ) + "\n"  # fmt: skip
    if suite.nodes is not None:
        yield _tag("testcase", name="has something to check", classname=name)
        if suite.alarming:
            yield _tag("failure", message="No shape found anything to check.", type="empty") + "</failure>"
        elif suite.idle:
            yield _tag("skipped", message="Nothing in the data is of this kind.") + "</skipped>"
        else:
            yield f"<system-out>{counted(suite.nodes, 'thing')} checked.</system-out>"
        yield "</testcase>\n"
    for kind in suite.kinds:
        called = "failure" if presentation.fails(kind.severity) else "skipped"
        # One value may fail several constraints of the shape; GitLab drops a test that is called like another.
        told = "" if len(suite.kinds) == 1 else f" [{', '.join((*constraints(kind.components), *_path(kind, suite)))}]"
        for finding in kind:
            yield _case(finding, called, told, name)
    yield "</testsuite>\n"


def _path(kind: Kind, suite: _Suite) -> tuple[str, ...]:
    """The property, where it is not the same in all findings of the shape: a closed shape's."""
    return (shown(local_name(kind.path)),) if kind.path and len({each.path for each in suite.kinds}) > 1 else ()


def _case(finding: Finding, called: str, told: str, classname: str) -> str:
    seen = finding_view(told_of(finding))
    named = seen["field"].casefold() in seen["message"].casefold()
    what = seen["message"] if named else f"{seen['field']}: {seen['message']}"
    return "".join([
        _tag("testcase", name=_name(finding, told), classname=classname), "\n",
        _tag(called, message=what, type=finding.severity), escape("\n".join(_lines(seen))), f"</{called}>\n",
        "</testcase>\n",
    ])  # fmt: skip


def _name(finding: Finding, told: str) -> str:
    """What the test is called, the same in every validation: the thing at fault, and the value."""
    value = "" if finding.value in (None, finding.focus) else f': "{shown(finding.value or "")}"'
    name = f"{shown(finding.focus)}{value}{told}"
    return name if len(name) <= _NAME else f"{name[: _NAME - 18]}… #{fingerprint(finding)[:12]}"


def _lines(seen: FindingView) -> Iterator[str]:
    yield seen["message"]
    yield f"Record: {seen['record']}" + (f" <{seen['address']}>" if seen["address"] else "")
    yield f"Field: {seen['field']}"
    if seen["value"]:
        yield f"Value: {seen['value']}"
    if seen["present"]:
        yield f"There are {seen['present']}"
    if seen["place"]:
        yield f"Place: {seen['place']}"
    if seen["origin"]:
        yield f"Made from: {seen['origin']}"


def _tag(element: str, **attributes: object) -> str:
    return f"<{element}" + "".join(f" {key}={quoteattr(str(value))}" for key, value in attributes.items()) + ">"
