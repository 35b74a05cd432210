"""Constraints of values by themselves: their type, their range, their text (SHACL §4.1, §4.3, §4.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import cast

import numpy as np
from pyshacl.constraints.constraint_component import ConstraintComponent
from pyshacl.constraints.core.string_based_constraints import MinLengthConstraintComponent, PatternConstraintComponent
from pyshacl.constraints.core.value_constraints import (
    ClassConstraintComponent,
    DatatypeConstraintComponent,
    NodeKindConstraintComponent,
)
from rdflib import RDF, RDFS, SH, XSD, Literal
from rdflib.term import Node

from ld.validation.checks import Check, Compiler, Faults, Run, Values, by_value, of_values
from ld.validation.graph import BLANK, IRI, LITERAL
from ld.validation.terms import from_rdflib
from ld.validation.tokens import token

_NODE_KINDS: Mapping[Node, list[int]] = {
    SH.IRI: [IRI],
    SH.BlankNode: [BLANK],
    SH.Literal: [LITERAL],
    SH.BlankNodeOrIRI: [BLANK, IRI],
    SH.BlankNodeOrLiteral: [BLANK, LITERAL],
    SH.IRIOrLiteral: [IRI, LITERAL],
}


def of_class(component: ClassConstraintComponent, compiler: Compiler) -> Check:
    kind, below = compiler.number(RDF.type), compiler.number(RDFS.subClassOf)
    classes = [compiler.number(rule) for rule in component.class_rules]

    def check(run: Run, given: Values) -> Iterator[Faults]:
        for number in classes:
            _, instances = run.graph.subjects(kind, run.graph.with_below(number, below))
            yield from of_values(component, given, ~np.isin(given.values, instances))

    return check


def of_datatype(component: DatatypeConstraintComponent, compiler: Compiler) -> Check:
    if component.datatype_rule not in (XSD.string, RDF.langString):
        return partial(by_value, component)
    wanted = token(from_rdflib(component.datatype_rule))  # texts are never ill-typed

    return lambda run, given: of_values(component, given, ~run.graph.datatypes.are(wanted)[given.values])


def of_node_kind(component: NodeKindConstraintComponent, compiler: Compiler) -> Check:
    wrong = np.ones(3, np.bool_)
    wrong[_NODE_KINDS.get(component.nodekind_rule, [])] = False
    return lambda run, given: of_values(component, given, wrong[run.graph.kinds[given.values]])


def itself(component: ConstraintComponent, compiler: Compiler) -> Check:
    return partial(by_value, component)


def length(component: ConstraintComponent, compiler: Compiler, *, fits: Callable[[int, int], bool]) -> Check:
    (rule,) = component.string_rules  # type: ignore[attr-defined]
    limit = int(rule.value)
    if type(component) is MinLengthConstraintComponent and limit == 0:
        return lambda run, given: ()  # blank nodes too

    def good(texts: list[str]) -> list[bool]:
        return [fits(len(text), limit) for text in texts]

    return partial(_by_text, component, good)


def pattern(component: PatternConstraintComponent, compiler: Compiler) -> Check:
    def check(run: Run, given: Values) -> Iterator[Faults]:
        for rule in component.string_rules:
            search = component.compiled_cache[cast(Literal, rule)].search
            yield from _by_text(component, partial(_found, search), run, given)

    return check


def _found(search: Callable[[str], object], texts: list[str]) -> list[bool]:
    return [search(text) is not None for text in texts]


def _by_text(
    component: ConstraintComponent, good: Callable[[list[str]], list[bool]], run: Run, given: Values
) -> Iterator[Faults]:
    """Faults of the values whose text is not good, and of all blank nodes."""
    found, places = given.once()
    bad = ~np.array(good(run.graph.texts(found)), np.bool_) | (run.graph.kinds[found] == BLANK)
    return of_values(component, given, bad[places])
