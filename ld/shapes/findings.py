"""Findings: what the engine found, put into words and ordered, and made only when someone reads them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby

import numpy as np
from pyoxigraph import NamedNode

from ld.namespaces import DCTERMS, FOAF, RDFS, SCHEMA, SH, SKOS
from ld.rdf import Term
from ld.record import Origin
from ld.shapes.about import About, name_of
from ld.validation.engine import Outcome, Rows
from ld.validation.graph import DataGraph, Ids, Positions, packed, unpacked
from ld.validation.report import SEVERITIES, Finding, Kind, Present, Report, Severity, shortened

_SEVERITIES = {iri.value: severity for severity, iri in SEVERITIES.items()}
_RANKS = {severity: rank for rank, severity in enumerate(SEVERITIES)}
_SHOWN = 80
"""Characters of a value that a message shows."""
_TOO_MANY = frozenset(f"{SH}{name}ConstraintComponent" for name in ("MaxCount", "UniqueLang"))
_MANY = 5
"""Values that are listed where there are too many."""
_VARIABLE = re.compile(r"\{[?$](value|this|path)\}")
_UNKNOWN = "A constraint of the shape does not hold."
_BATCH = 512
"""Findings that are made at once."""

LABELS = tuple(
    NamedNode(iri) for iri in (DCTERMS + "title", FOAF + "name", SKOS + "prefLabel", RDFS + "label", SCHEMA + "name")
)
"""The properties that say what people call a thing, the best first."""

Source = Callable[[str, str | None], tuple[Origin, str | None] | None]
"""By a thing's IRI and a path: where the record stood that it comes from, and what the field is called there."""


@dataclass(frozen=True, slots=True)
class _Same:
    """Findings that differ in focus node and value only."""

    rows: Rows
    """The first of the rows that they come from."""
    components: tuple[str, ...]
    focus: Ids
    values: Ids | None
    times: int
    messages: tuple[str | None, ...] | None = None
    """A message for each, where they differ."""


def report(outcome: Outcome, about: About, source: Source | None = None) -> Report:
    """What was found, gravest first, then in the order of the shapes, then in that of the data."""
    ordered = sorted(_alike(map(partial(_worded, about), outcome.rows)), key=partial(_place, about))
    return Report(
        kinds=tuple(_kind(same, outcome.graph, about, source) for same in ordered),
        checked=outcome.checked,
        paths=about.paths,
        triples=len(outcome.graph),
        things=outcome.things,
        decided=outcome.decided,
        names={shape: about[outcome.shapes[shape]].label for shape in outcome.checked},
    )


def _worded(about: About, rows: Rows) -> Rows:
    """Rows without pySHACL's own words where there are better ones, which are the same for all of them."""
    better = about.words(rows.shape, rows.component)
    return replace(rows, messages=None) if better else rows


def _place(about: About, same: _Same) -> tuple[int, float, str, tuple[str, ...], str]:
    rows = same.rows
    return _RANKS[_severity(rows)], about[rows.shape].order, name_of(rows.shape), same.components, str(rows.path)


def _severity(rows: Rows) -> Severity:
    return _SEVERITIES.get(rows.severity, "violation")  # a severity that someone else made up is taken seriously


def _alike(rows: Iterable[Rows]) -> Iterator[_Same]:
    """One finding for a value that fails several constraints of a shape; what has no value is told by constraint."""

    def key(each: Rows) -> tuple[str, str, str, bool]:
        return str(each.shape), str(each.path), each.severity, each.values is None

    listed = list(rows)
    for each in listed:
        if each.messages:
            yield from _in_their_words(each, each.messages)
    for (*_, valueless), same in groupby(sorted((each for each in listed if not each.messages), key=key), key):
        by_component: dict[str, list[Rows]] = {}
        for each in same:
            by_component.setdefault(each.component, []).append(each)
        if valueless:
            for name, of_it in by_component.items():
                yield from _combined({name: of_it})
        else:
            yield from _combined(dict(sorted(by_component.items())))


def _in_their_words(rows: Rows, messages: Sequence[str | None]) -> Iterator[_Same]:
    """Findings that each have a message of their own; what is told again is one finding, as often as it is."""
    values = [None] * len(rows.focus) if rows.values is None else rows.values.tolist()
    counted = Counter(zip(rows.focus.tolist(), values, messages, strict=True))
    for times in sorted(set(counted.values())):
        focus, found, words = zip(*(key for key, count in counted.items() if count == times), strict=True)
        numbers = None if rows.values is None else np.array(found, np.int32)
        yield _Same(rows, (rows.component,), np.array(focus, np.int32), numbers, times, words)


def _combined(by_component: dict[str, list[Rows]]) -> Iterator[_Same]:
    keys = {name: np.concatenate([_keys(rows) for rows in same]) for name, same in by_component.items()}
    found = np.unique(np.concatenate(list(keys.values())))
    table = np.zeros((len(keys), len(found)), np.int32)
    for row, name in zip(table, keys, strict=True):
        np.add.at(row, np.searchsorted(found, keys[name]), 1)
    first = next(iter(by_component.values()))[0]
    for pattern in np.unique(table, axis=1).T:
        chosen = found[(table == pattern[:, None]).all(axis=0)]
        positions, second = unpacked(chosen)
        focus, values = positions.astype(np.int32), None if first.values is None else second
        names = [(name, int(times)) for name, times in zip(keys, pattern, strict=True) if times]
        # A value that fails constraints unequally often is told by constraint.
        together = len({times for _, times in names}) == 1
        for group in (names,) if together else ([each] for each in names):
            components = tuple(name for name, _ in group)
            yield _Same(by_component[components[0]][0], components, focus, values, group[0][1])


def _keys(rows: Rows) -> Positions:
    return packed(rows.focus, np.zeros_like(rows.focus) if rows.values is None else rows.values)


def _kind(same: _Same, graph: DataGraph, about: About, source: Source | None) -> Kind:
    rows, shape = same.rows, about[same.rows.shape]
    path = None if rows.path is None else about.path(rows.path)
    return Kind(
        severity=_severity(rows),
        name=shape.name,
        path=path,
        shape=name_of(rows.shape),
        components=same.components,
        count=len(same.focus),
        make=partial(_findings, same, path, graph, about, source),
    )


def _findings(
    same: _Same, path: str | None, graph: DataGraph, about: About, source: Source | None
) -> Iterator[Finding]:
    rows, shape, terms = same.rows, about[same.rows.shape], graph.terms
    words = shape.message or about.words(rows.shape, rows.component) or _UNKNOWN
    made_up = "" if rows.severity in _SEVERITIES else rows.severity
    severity, name, shape_name = _severity(rows), shape.name, name_of(rows.shape)
    predicate = graph.find(rows.path) if isinstance(rows.path, NamedNode) else None
    messages: Sequence[str | None] = same.messages or [None] * len(same.focus)
    for start in range(0, len(same.focus), _BATCH):
        focus = same.focus[start : start + _BATCH]
        values = None if same.values is None else same.values[start : start + _BATCH]
        lines = graph.lines(focus, predicate, values)
        labels = _labels(graph, focus)
        present = _present(graph, focus, predicate) if same.components[0] in _TOO_MANY else {}
        for place, number in enumerate(focus.tolist()):
            focus_term: Term = terms[number]
            term: Term | None = None if values is None else terms[int(values[place])]
            value, focus_name = (None if term is None else name_of(term)), name_of(focus_term)
            origin = source(focus_name, path) if source else None
            yield Finding(
                severity=severity,
                focus=focus_name,
                name=name,
                message=_message(messages[start + place] or words, focus_name, path, value),
                path=path,
                value=value,
                component=same.components[0],
                shape=shape_name,
                also=same.components[1:],
                focus_term=focus_term,
                term=term,
                label=labels.get(place, ""),
                place=graph.place(int(lines[place])),
                origin=origin[0] if origin else None,
                origin_field=origin[1] if origin else None,
                present=present.get(place, ()),
                times=same.times,
                severity_iri=made_up,
            )


def _present(graph: DataGraph, focus: Ids, predicate: int | None) -> dict[int, tuple[Present, ...]]:
    """The first few values of each node, by its place."""
    positions, values = graph.objects(predicate, focus, _MANY)
    lines = graph.lines(focus[positions], predicate, values)
    found: dict[int, list[Present]] = {}
    for place, value, line in zip(positions.tolist(), values.tolist(), lines.tolist(), strict=True):
        found.setdefault(place, []).append(Present(graph.terms[value], graph.place(line)))
    return {place: tuple(listed) for place, listed in found.items()}


def _labels(graph: DataGraph, focus: Ids) -> dict[int, str]:
    """What people call each node, by its place."""
    found: dict[int, str] = {}
    for label in reversed(LABELS):
        positions, values = graph.objects(graph.find(label), focus, most=1)
        found |= dict(zip(positions.tolist(), graph.texts(values), strict=True))
    return found


def _message(words: str, focus: str, path: str | None, value: str | None) -> str:
    said = {"value": shortened(value or "", _SHOWN), "this": focus, "path": path or ""}
    return _VARIABLE.sub(lambda found: said[found[1]], words)
