"""SHACL by chance: over graphs and shapes that nobody thought of, our engine finds what pySHACL finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from random import Random
from typing import Any
from unittest.mock import patch

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from shacl import FAILURE, PREFIXES, authority, difference, ours, turtle

from ld.validation import loading
from ld.validation.inputs import SYNTAXES, bytes_input

Term = Any
World = tuple[list[ox.Triple], list[ox.Triple]]
"""Shapes and data."""

# --- a small world, so that things meet ---


def _iri(name: str) -> ox.NamedNode:
    prefix, _, local = name.partition(":")
    return ox.NamedNode(PREFIXES[prefix] + local)


def _iris(names: str) -> list[ox.NamedNode]:
    return [_iri(name) for name in names.split()]


def _literals(of: dict[str, list[str]]) -> list[ox.Literal]:
    return [ox.Literal(text, datatype=_iri(f"xsd:{kind}")) for kind, texts in of.items() for text in texts]


TYPE, BELOW, FIRST, REST, NIL = _iris("rdf:type rdfs:subClassOf rdf:first rdf:rest rdf:nil")
CLASSES, PREDICATES, NAMED = _iris("ex:A ex:B ex:C"), _iris("ex:p ex:q ex:r"), _iris("ex:a ex:b ex:c")
BLANKS = [ox.BlankNode("x"), ox.BlankNode("y")]
NODES = [*NAMED, *BLANKS]
NUMBERS = _literals(
    {
        "integer": ["1", "01", "2", "-1", "10", "0", "+1", " 1 ", "9007199254740993", "one", "1.5", "1_0"],
        "decimal": ["1.0", "1.50", ".1", "9007199254740992.5", "", "1e0"],
        "double": ["2e0", "0.1", "-0.0", "9007199254740992.0", "1e400", "NaN"],
        "float": ["1.5", "-INF"],
        "int": ["2"],
        "byte": ["300"],
        "nonNegativeInteger": ["3", "-3"],
    }
)
DATES = _literals(
    {
        "date": ["2024-01-01", "2024-01-02", "2024-01-01Z", "-0001-01-01", "12024-01-01", "2024-02-30", "2024-1-1"],
        "dateTime": ["2024-01-01T12:00:00", "2024-01-01T12:00:00Z", "2024-01-01T13:30:00+02:00", "2024-01-01T24:00:00"],
        "dateTimeStamp": ["2024-01-01T12:00:00Z"],
        "time": ["12:00:00", "12:00:00Z", "24:00:00"],
        "gYear": ["2024"],
        "gYearMonth": ["2024-01"],
        "gMonthDay": ["--01-01"],
        "duration": ["P1Y", "P1D", "P"],
        "dayTimeDuration": ["P1D"],
        "yearMonthDuration": ["P1M"],
    }
)
TEXTS = [
    *["a", "b", "", "ab", "A", "1", "a\nb", " a ", "long" * 10, "true", "2024-01-01"],
    *["\u00e9", "e\u0301", "\U0001f600"],
]
STRINGS = [ox.Literal(text) for text in TEXTS]
TAGS = [("a", "en"), ("b", "en"), ("a", "en-GB"), ("b", "EN-gb"), ("a", "cy"), ("", "de-AT"), ("a", "enm")]
TAGGED = [ox.Literal(text, language=tag) for text, tag in TAGS]
TRUTHS = _literals({"boolean": ["true", "false", "1", "maybe"]})
OTHERS = [
    *_literals(
        {
            "anyURI": ["http://a.org/"],
            "token": ["a"],
            "hexBinary": ["6162", "zz"],
            "base64Binary": ["YWI="],
        }
    ),
    *[ox.Literal(text, datatype=_iri("ex:code")) for text in ("a", "b")],
    *[ox.Literal(text, datatype=_iri("rdf:XMLLiteral")) for text in ("<a/>", "<a")],
    ox.Literal("{}", datatype=_iri("rdf:JSON")),
]
LITERALS = [*NUMBERS, *DATES, *STRINGS, *TAGGED, *TRUTHS, *OTHERS]
CONSTANTS = [*NAMED, *CLASSES, *LITERALS]
"""Terms that shapes and data may share: a blank node of the shapes is never one of the data."""

COMMON = [*NUMBERS[:3], *DATES[:2], *STRINGS[:2], *TAGGED[:3]]
STATEMENTS = [
    (3, product(NODES, [TYPE], CLASSES)),
    (1, product(CLASSES, [BELOW], CLASSES)),
    (4, product(NODES, PREDICATES, NAMED)),
    (1, product(NODES, PREDICATES, BLANKS)),
    (4, product(NODES, PREDICATES, COMMON)),
    (2, product(NODES[:2], PREDICATES[:1], TAGGED[:2])),
    (3, product(NODES, PREDICATES, LITERALS)),
    (1, product([*CLASSES, *PREDICATES], PREDICATES, [*NAMED, *COMMON])),
    (1, product(NODES, [TYPE], [*NODES, *STRINGS[:2]])),
]
"""What may be said, and how often."""
statements = st.one_of(
    [
        st.sampled_from([ox.Triple(*triple) for triple in triples])
        for times, said in STATEMENTS
        for triples in [list(said)] * times
    ]
)
graphs = (st.integers(0, 25) | st.integers(8, 25)).flatmap(
    lambda size: st.lists(statements, min_size=size, max_size=size)
)

# --- shapes ---

Draw = Callable[[st.SearchStrategy[Any]], Any]
_below = cache(lambda count: st.integers(0, count - 1))


@dataclass
class Shapes:
    """Shapes under construction: all choices are drawn, and a shape refers to finished ones only."""

    draw: Draw
    pool: Sequence[str]
    """The constraints to choose from."""
    depth: int
    """How deep shapes and paths may be nested."""
    triples: list[ox.Triple] = field(default_factory=list)
    finished: dict[bool, list[Term]] = field(default_factory=lambda: {False: [], True: []})
    """Shapes that others may refer to: node shapes, property shapes."""
    paths: list[Term] = field(default_factory=list)
    made: int = 0

    def one(self, *choices: Any) -> Any:
        """One of the choices."""
        return choices[self.draw(_below(len(choices)))]

    def chance(self, times: int) -> bool:
        """True one time in so many."""
        return bool(self.draw(_below(times)) == times - 1)

    def some(self, choices: Sequence[Any], most: int, least: int = 0) -> list[Any]:
        """A few of the choices."""
        return [self.one(*choices) for _ in range(least + self.draw(_below(most - least + 1)))]

    def say(self, subject: Term, word: str, value: Any) -> None:
        """States something in SHACL's vocabulary; numbers, truth values and strings become literals."""
        made = value if isinstance(value, ox.NamedNode | ox.BlankNode | ox.Literal) else ox.Literal(value)
        self.triples.append(ox.Triple(subject, _iri(word if ":" in word else f"sh:{word}"), made))

    def blank(self) -> ox.BlankNode:
        """A new blank node."""
        self.made += 1
        return ox.BlankNode(f"s{self.made}")

    def items(self, members: Sequence[Term]) -> Term:
        """A list."""
        head: Term = NIL
        for member in reversed(members):
            cell = self.blank()
            self.triples += [ox.Triple(cell, FIRST, member), ox.Triple(cell, REST, head)]
            head = cell
        return head

    def path(self, depth: int) -> Term:
        """A property path."""
        if depth == 0 or not self.chance(2):
            return self.one(*PREDICATES, *PREDICATES, *PREDICATES[:2], TYPE, BELOW)
        if self.paths and self.chance(8):
            return self.one(*self.paths)
        kind = self.one("", "inverse", "alternative", "zeroOrMore", "oneOrMore", "zeroOrOne")
        if kind:
            made = self.blank()
            below = self.items(self._steps(depth)) if kind == "alternative" else self.path(depth - 1)
            self.say(made, f"{kind}Path", below)
        else:
            made = self.items(self._steps(depth))
        self.paths.append(made)
        return made

    def _steps(self, depth: int) -> list[Term]:
        return [self.path(depth - 1) for _ in range(self.one(2, 2, 3))]

    def shape(self, depth: int, has_path: bool, name: Term | None = None) -> Term:
        """A shape that others may refer to from now on."""
        made = self.blank() if name is None else name
        if has_path:
            self.say(made, "path", self.path(self.depth if depth == self.depth else 1))
        if self.chance(3):
            self.say(made, "rdf:type", _iri("sh:PropertyShape" if has_path else "sh:NodeShape"))
        if self.chance(16):
            self.say(made, "deactivated", self.one(*TRUTHS))
        if self.chance(6):
            self.say(made, "severity", self.one(*SEVERITIES))
        for message in self.some(STRINGS + TAGGED, 2) if self.chance(8) else []:
            self.say(made, "message", message)
        least, most = (2, 4) if depth == self.depth else (1, 2)
        for kind in sorted(set(self.some(self.pool, most, least))):
            if (has_path or kind not in OF_PATHS) and (depth or kind not in NESTING):
                CONSTRAINTS[kind](self, made, depth)
        self.finished[has_path].append(made)
        return made

    def other(self, depth: int, has_path: bool | None = None) -> Term:
        """A shape to refer to: a new one, or one that is there already."""
        wanted = self.chance(2) if has_path is None else has_path
        if self.finished[wanted] and self.chance(4):
            return self.one(*self.finished[wanted])
        return self.shape(depth - 1, wanted)

    def others(self, depth: int) -> Term:
        """A list of shapes."""
        return self.items([self.other(depth) for _ in range(self.one(1, 2, 2, 3))])


Constraint = Callable[[Shapes, Term, int], None]


def _one_of(word: str, *values: Any) -> Constraint:
    return lambda shapes, shape, depth: shapes.say(shape, word, shapes.one(*values))


def _few_of(word: str, *values: Any) -> Constraint:
    def add(shapes: Shapes, shape: Term, depth: int) -> None:
        for _ in range(shapes.one(1, 1, 1, 2)):
            shapes.say(shape, word, shapes.one(*values))

    return add


def _listed(word: str, values: Sequence[Any], most: int) -> Constraint:
    return lambda shapes, shape, depth: shapes.say(shape, word, shapes.items(shapes.some(values, most)))


PATTERNS = ["a", "^a", "b$", "^.$", "^[A-Z]", "\\d", "", "^$", "(a|b)+", "^.b", "\\s", "^[^a]*$"]


def _pattern(shapes: Shapes, shape: Term, depth: int) -> None:
    _few_of("pattern", *PATTERNS)(shapes, shape, depth)
    if shapes.chance(3):
        shapes.say(shape, "flags", shapes.one("i", "m", "im", "I", "s", "x", ""))


def _closed(shapes: Shapes, shape: Term, depth: int) -> None:
    shapes.say(shape, "closed", shapes.one(True, True, True, False))
    if shapes.chance(2):
        shapes.say(shape, "ignoredProperties", shapes.items(shapes.some([TYPE, BELOW, *PREDICATES], 3)))
    if depth and shapes.chance(2):
        shapes.say(shape, "property", shapes.other(depth, True))


def _qualified(shapes: Shapes, shape: Term, depth: int) -> None:
    for _ in range(shapes.one(1, 1, 1, 2)):
        shapes.say(shape, "qualifiedValueShape", shapes.other(depth))
    least = shapes.one(True, False)
    if least:
        shapes.say(shape, "qualifiedMinCount", shapes.one(0, 1, 1, 2))
    if not least or shapes.chance(3):
        shapes.say(shape, "qualifiedMaxCount", shapes.one(0, 0, 1, 2))
    if shapes.chance(2):
        shapes.say(shape, "qualifiedValueShapesDisjoint", shapes.one(True, True, False))


def _referring(word: str, has_path: bool | None = None) -> Constraint:
    def add(shapes: Shapes, shape: Term, depth: int) -> None:
        for _ in range(shapes.one(1, 1, 1, 2)):
            shapes.say(shape, word, shapes.other(depth, has_path))

    return add


def _of_list(word: str) -> Constraint:
    def add(shapes: Shapes, shape: Term, depth: int) -> None:
        for _ in range(shapes.one(1, 1, 1, 1, 2)):
            shapes.say(shape, word, shapes.others(depth))

    return add


DATATYPES = _iris(
    "xsd:string xsd:integer xsd:decimal xsd:double xsd:boolean xsd:date xsd:dateTime xsd:int xsd:float xsd:gYear "
    "xsd:time xsd:anyURI xsd:duration rdf:langString ex:code rdfs:Literal rdfs:Datatype"
)
COUNTS = [0, 1, 1, 2, 3]
BOUNDS = [*NUMBERS[:3], *LITERALS, *NUMBERS[:3], *DATES[:2]]
KINDS = _iris("sh:IRI sh:BlankNode sh:Literal sh:BlankNodeOrIRI sh:BlankNodeOrLiteral sh:IRIOrLiteral")
SEVERITIES = _iris("sh:Warning sh:Info sh:Violation ex:Whim")
LENGTHS = _literals({"integer": ["0", "1", "2", "3", "10"], "int": ["2"], "nonNegativeInteger": ["01"]})

CONSTRAINTS: dict[str, Constraint] = {
    "Class": _few_of("class", *CLASSES),
    "Datatype": _one_of("datatype", *DATATYPES),
    "NodeKind": _one_of("nodeKind", *KINDS),
    "MinCount": _one_of("minCount", *COUNTS),
    "MaxCount": _one_of("maxCount", *COUNTS),
    "MinExclusive": _few_of("minExclusive", *BOUNDS),
    "MinInclusive": _few_of("minInclusive", *BOUNDS),
    "MaxExclusive": _few_of("maxExclusive", *BOUNDS),
    "MaxInclusive": _few_of("maxInclusive", *BOUNDS),
    "MinLength": _one_of("minLength", *LENGTHS),
    "MaxLength": _one_of("maxLength", *LENGTHS),
    "Pattern": _pattern,
    "LanguageIn": _listed("languageIn", [ox.Literal(tag) for tag in ("en", "EN-GB", "cy", "de", "*")], 3),
    "UniqueLang": _one_of("uniqueLang", True, True, True, False),
    "Equals": _few_of("equals", *PREDICATES, TYPE),
    "Disjoint": _few_of("disjoint", *PREDICATES, TYPE),
    "LessThan": _few_of("lessThan", *PREDICATES),
    "LessThanOrEquals": _few_of("lessThanOrEquals", *PREDICATES),
    "HasValue": _few_of("hasValue", *CONSTANTS),
    "In": _listed("in", CONSTANTS, 6),
    "Closed": _closed,
    "Not": _referring("not"),
    "And": _of_list("and"),
    "Or": _of_list("or"),
    "Xone": _of_list("xone"),
    "Node": _referring("node", False),
    "Property": _referring("property", True),
    "Qualified": _qualified,
}
OF_PATHS = {"MinCount", "MaxCount", "UniqueLang", "LessThan", "LessThanOrEquals", "Qualified"}
NESTING = {"Not", "And", "Or", "Xone", "Node", "Property", "Qualified"}


def _sparql(shapes: Shapes, shape: Term) -> None:
    made = shapes.blank()
    shapes.say(shape, "sparql", made)
    shapes.say(made, "select", f"SELECT $this ?value WHERE {{ $this {PREDICATES[0]} ?value FILTER isLiteral(?value) }}")


def _component(shapes: Shapes, shape: Term) -> None:
    parameter, validator, component = shapes.blank(), shapes.blank(), _iri("ex:Component")
    shapes.say(component, "rdf:type", _iri("sh:ConstraintComponent"))
    shapes.say(component, "parameter", parameter)
    shapes.say(parameter, "path", _iri("ex:shorterThan"))
    shapes.say(component, "validator", validator)
    shapes.say(validator, "rdf:type", _iri("sh:SPARQLAskValidator"))
    shapes.say(validator, "ask", "ASK { FILTER (STRLEN(STR($value)) < $shorterThan) }")
    shapes.say(shape, "ex:shorterThan", 3)


def _recursion(shapes: Shapes, shape: Term) -> None:
    made, word = shapes.blank(), shapes.one("node", "not", "qualifiedValueShape")
    shapes.say(shape, "property", made)
    shapes.say(made, "path", shapes.one(*PREDICATES))
    shapes.say(made, word, shape)
    if word == "qualifiedValueShape":
        shapes.say(made, "qualifiedMinCount", 1)


def _broken_path(shapes: Shapes, shape: Term) -> None:
    made = shapes.blank()
    shapes.say(shape, "property", made)
    unknown, alone = shapes.blank(), shapes.items([PREDICATES[0]])
    shapes.say(unknown, "somePath", PREDICATES[0])
    shapes.say(made, "path", shapes.one(alone, unknown, ox.Literal("p"), NIL))


def _circular_list(shapes: Shapes, shape: Term) -> None:
    head = shapes.items([NAMED[0]])
    shapes.triples[-1] = ox.Triple(head, REST, head)
    shapes.say(shape, shapes.one("in", "and", "or", "xone", "languageIn", "ignoredProperties"), head)


def _saying(word: str, *values: Any) -> Callable[[Shapes, Term], None]:
    def add(shapes: Shapes, shape: Term) -> None:
        for value in values:
            shapes.say(shape, word, value)

    return add


ODDITIES: list[Callable[[Shapes, Term], None]] = [
    _sparql,
    _component,
    _recursion,
    _broken_path,
    _circular_list,
    _saying("minCount", 1),
    _saying("minLength", "1"),
    _saying("maxLength", -1),
    _saying("datatype", DATATYPES[0], DATATYPES[2]),
    _saying("nodeKind", *KINDS[:2]),
    _saying("nodeKind", _iri("ex:Kind")),
    _saying("class", ox.Literal("A")),
    _saying("pattern", "("),
    _saying("pattern", 1),
    _saying("node", _iri("ex:missing")),
    _saying("property", _iri("ex:A")),
    _saying("minInclusive", _iri("ex:a")),
    _saying("maxInclusive", TAGGED[0]),
    _saying("in", NAMED[0]),
    _saying("in", ox.Literal("a")),
    _saying("closed", "true"),
    _saying("ignoredProperties", NIL),
    _saying("uniqueLang", True),
    _saying("lessThan", PREDICATES[0]),
    _saying("deactivated", _iri("ex:yes")),
    _saying("deactivated", "false"),
    _saying("or", NIL),
    _saying("path", PREDICATES[0], PREDICATES[1]),
    _saying("severity", "severe"),
    _saying("hasValue", ox.BlankNode("s1")),
    _saying("equals", ox.BlankNode("s1")),
    _saying("disjoint", "p"),
    _saying("class", ox.BlankNode("s1")),
    _saying("flags", 1),
    _saying("qualifiedValueShape", _iri("ex:S0")),
    _saying("qualifiedMinCount", 1),
    _saying("minCount", LENGTHS[-2]),
    _saying("languageIn", _iri("ex:a")),
    _saying("targetClass", "A"),
    _saying("targetSubjectsOf", ox.BlankNode("s1")),
    _saying("rdf:type", _iri("sh:NodeShape")),
    _saying("rdf:type", _iri("sh:PropertyShape")),
]


@st.composite
def worlds(draw: Draw, pool: Sequence[str], depth: int, without_path: int) -> World:
    """One to four shapes with targets, and what they refer to, some not to be understood; and the data.

    One root in `without_path` has no path.
    """
    data = draw(graphs)
    shapes, targets, classes = Shapes(draw, pool, depth), _targets(data), list(CLASSES)
    for number in range(shapes.one(1, 2, 3, 3, 4)):
        name, least = shapes.one(None, _iri(f"ex:S{number}")), 1
        if classes and shapes.chance(8):
            name, least = classes.pop(), 0
            shapes.say(name, "rdf:type", _iri(shapes.one("rdfs:Class", "owl:Class", "ex:Metaclass")))
            shapes.say(_iri("ex:Metaclass"), "rdfs:subClassOf", _iri("rdfs:Class"))
        root = shapes.shape(depth, not shapes.chance(without_path), name)
        for word, values in shapes.some(targets, 2, least):
            shapes.say(root, word, shapes.one(*values))
        if shapes.chance(20):
            shapes.one(*ODDITIES)(shapes, shapes.one(root, *shapes.finished[False], *shapes.finished[True]))
    return shapes.triples, data


def _targets(data: Sequence[ox.Triple]) -> list[tuple[str, Sequence[Term]]]:
    # Mostly of what is in the data, so that there is something to look at.
    types = [triple.object for triple in data if triple.predicate == TYPE and triple.object not in BLANKS]
    used = [triple.predicate for triple in data]
    named = [triple.subject for triple in data if triple.subject not in BLANKS]
    return [
        ("targetClass", [*types, *CLASSES[:1]]),
        ("targetSubjectsOf", [*used, *PREDICATES[:1]]),
        ("targetObjectsOf", [*used, *PREDICATES[:1]]),
        ("targetNode", [*named, *NAMED, *LITERALS[:: len(LITERALS) // 5]]),
    ]


# --- the two engines ---

OF_VALUES = [
    *["Class", "Datatype", "NodeKind", "MinExclusive", "MinInclusive", "MaxExclusive", "MaxInclusive"],
    *["MinLength", "MaxLength", "Pattern", "LanguageIn", "HasValue", "In"],
]
OF_SETS = [
    *["MinCount", "MaxCount", "UniqueLang", "UniqueLang", "Equals", "Disjoint"],
    *["LessThan", "LessThanOrEquals", "Closed", "HasValue"],
]
CHECKED = settings(max_examples=800, deadline=None, report_multiple_bugs=False, suppress_health_check=list(HealthCheck))
MIXES = {
    "values": (OF_VALUES, 1, 2),
    "sets of values": (OF_SETS, 1, 10),
    "paths": (["MinCount", "MaxCount", "NodeKind", "Class", "Equals", "Property"], 3, 4),
    "shapes in shapes": ([*sorted(NESTING), "Class", "NodeKind", "MinCount", "Closed", "Datatype", "Pattern"], 3, 2),
    "everything": (list(CONSTRAINTS), 2, 4),
}
"""Constraints to choose from, how deep they are nested, one root in how many has no path."""


@pytest.mark.parametrize("mix", MIXES)
def test_both_engines_find_the_same(mix: str) -> None:
    tally: Counter[str] = Counter()

    @CHECKED
    @given(worlds(*MIXES[mix]))
    def compare(world: World) -> None:
        shapes, data = world
        note(f"# shapes\n{turtle(shapes)}\n# data\n{turtle(data)}")
        expected, (found, reasons) = authority(shapes, data), ours(shapes, data)
        assert found == expected, difference(expected, found)
        tally["cases"] += 1
        tally["with findings"] += bool(expected) and expected != FAILURE
        tally["decided by our engine alone"] += not reasons

    compare()
    assert tally["with findings"] >= 0.5 * tally["cases"], tally
    assert tally["decided by our engine alone"] >= 0.8 * tally["cases"], tally


@settings(CHECKED, max_examples=200)
@given(worlds(*MIXES["everything"]), graphs, st.randoms(use_true_random=False))
def test_what_was_judged_before_and_how_the_data_are_told_does_not_matter(
    world: World, before: list[ox.Triple], chance: Random
) -> None:
    shapes, data = world
    note(f"# shapes\n{turtle(shapes)}\n# data\n{turtle(data)}\n# judged before\n{turtle(before)}")
    expected, _ = ours(shapes, data)
    told = data * 2
    chance.shuffle(told)
    found, _ = ours(shapes, told, before)
    assert found == expected, difference(expected, found)


@settings(CHECKED, max_examples=150)
@given(
    worlds(*MIXES["everything"]),
    st.lists(st.sampled_from(["nt", "nq", "ttl"]), min_size=1, max_size=3),
    st.integers(30, 400),
    st.randoms(use_true_random=False),
)
def test_files_of_any_syntax_however_they_are_cut_give_what_their_triples_give(
    world: World, syntaxes: list[str], block: int, chance: Random
) -> None:
    shapes, data = world
    parts: list[list[ox.Triple]] = [[] for _ in syntaxes]
    for triple in data:  # blank nodes of two files are two
        named = triple.subject not in BLANKS and triple.object not in BLANKS
        parts[chance.randrange(len(parts)) if named else 0].append(triple)
    texts = [_file(part, syntax, chance) for part, syntax in zip(parts, syntaxes, strict=True)]
    note(f"# shapes\n{turtle(shapes)}\n" + "\n".join(f"# {s}\n{t}" for s, t in zip(syntaxes, texts, strict=True)))
    expected, _ = ours(shapes, data)
    with patch.object(loading, "_BLOCK", block):
        inputs = [bytes_input(f"{n}.{s}", t.encode()) for n, (s, t) in enumerate(zip(syntaxes, texts, strict=True))]
        found, _ = ours(shapes, (), files=inputs)
    assert found == expected, difference(expected, found)


def _file(triples: Sequence[ox.Triple], syntax: str, chance: Random) -> str:
    """A file of a syntax; where it goes by lines, with comments and empty ones, and graphs where there may be some."""
    if syntax == "ttl":
        return (ox.serialize(triples, format=SYNTAXES[syntax]) or b"").decode()
    graphs = ["", " <http://a.org/g>", " _:g"] if syntax == "nq" else [""]
    lines = [f"{triple}{chance.choice(graphs)} ." for triple in triples]
    for _ in range(chance.randrange(6)):
        lines.insert(chance.randrange(len(lines) + 1), chance.choice(["", "  ", "# <a:a> <a:b> <a:c> ."]))
    return "\n".join(lines) + chance.choice(["", "\n"])
