"""Text: a report as lines for a terminal, gravest first, the first few findings of each kind."""

from __future__ import annotations

from collections.abc import Iterator

from ld.reports.presentation import Presentation
from ld.reports.view import FindingView, KindView, ShapeView, View, view
from ld.validation.report import Report, shortened

_LABEL = 60
"""Characters of a name that leave room for the address on the same line."""

_COLORS = {
    "violation": "1;31", "warning": "1;33", "info": "1;36", "failed": "1;31", "passed": "1;33", "conforms": "1;32",
    "empty": "1;31", "dim": "2", "alarm": "1;31",
}  # fmt: skip
"""How a terminal is told to show what (ECMA-48, SGR)."""


def write(report: Report, presentation: Presentation) -> Iterator[str]:
    """The report, line by line."""
    for line in _Text(presentation.color).lines(view(report, presentation)):
        yield line + "\n"


class _Text:
    def __init__(self, color: bool) -> None:
        self._color = color

    def lines(self, told: View) -> Iterator[str]:
        yield self._painted(told["verdict"], told["state"])
        yield from (self._painted(sentence, "alarm") for sentence in told["alarm"])
        yield told["read"]
        yield from self._checked(told["checked"], told["idle"])
        for kind in told["kinds"]:
            yield ""
            yield from self._kind(kind)
        if told["cut"]:
            yield ""
            yield told["cut"]

    def _checked(self, checked: list[ShapeView], idle: list[ShapeView]) -> Iterator[str]:
        rows = [(shape["nodes"], shape["name"], shape["decided"]) for shape in checked]
        if any(shape["decided"] for shape in idle):
            rows += [("0", shape["name"], shape["decided"]) for shape in idle]
        elif idle:
            rows.append(("0", ", ".join(shape["name"] for shape in idle), ""))
        width = max((len(nodes) for nodes, *_ in rows), default=0)
        for number, (nodes, name, decided) in enumerate(rows):
            told = f"  {self._painted(decided, 'dim')}" if decided else ""
            yield f"{'' if number else 'Checked':7} {nodes:>{width}}  {name}{told}"

    def _kind(self, kind: KindView) -> Iterator[str]:
        title = self._painted(f"{kind['field']}: {kind['counted']}", kind["severity"])
        yield f"{title}  {self._painted('[' + kind['shape'] + ']', 'dim')}"
        if kind["message"]:
            yield kind["message"]
        for finding in kind["findings"]:
            first, *rest = self._finding(finding, said=bool(kind["message"]))
            yield f"  - {first}"
            yield from (f"    {line}" for line in rest)
        if kind["more"]:
            yield f"  {kind['more']}"

    def _finding(self, finding: FindingView, said: bool) -> Iterator[str]:
        address = f" <{finding['address']}>" if finding["address"] else ""
        yield f"{shortened(finding['record'], _LABEL) if address else finding['record']}{address}"
        if not said:
            yield finding["message"]
        if finding["value"]:
            yield f"value: {finding['value']}"
        if finding["present"]:
            yield f"there are {finding['present']}"
        places = finding["place"], f"from {finding['origin']}" if finding["origin"] else ""
        if any(places):
            yield self._painted("; ".join(filter(None, places)), "dim")

    def _painted(self, text: str, as_what: str) -> str:
        return f"\x1b[{_COLORS[as_what]}m{text}\x1b[0m" if self._color else text
