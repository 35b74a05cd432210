"""SHACL Core's constraint components (SHACL §4), each checked for many nodes at once, as one table.

pySHACL's own component objects hold the parameters, so a malformed one is refused in pySHACL's words. What a value
must be by itself is decided here for plain cases, for others by that object, once for each different value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from pyshacl.constraints.constraint_component import ConstraintComponent
from pyshacl.constraints.core import cardinality_constraints as cardinality
from pyshacl.constraints.core import logical_constraints as logical
from pyshacl.constraints.core import other_constraints as other
from pyshacl.constraints.core import property_pair_constraints as pairs
from pyshacl.constraints.core import shape_based_constraints as shape_based
from pyshacl.constraints.core import string_based_constraints as strings
from pyshacl.constraints.core import value_constraints as value
from pyshacl.constraints.core import value_range_constraints as ranges

from ld.validation.checks import Check, Compiler
from ld.validation.components import sets, shapes, values
from ld.validation.paths import NotCompiled

Compile = Callable[[Any, Compiler], Check]

_COMPILE: Mapping[type[ConstraintComponent], Compile] = {
    value.ClassConstraintComponent: values.of_class,
    value.DatatypeConstraintComponent: values.of_datatype,
    value.NodeKindConstraintComponent: values.of_node_kind,
    cardinality.MinCountConstraintComponent: sets.min_count,
    cardinality.MaxCountConstraintComponent: sets.max_count,
    ranges.MinExclusiveConstraintComponent: values.itself,
    ranges.MinInclusiveConstraintComponent: values.itself,
    ranges.MaxExclusiveConstraintComponent: values.itself,
    ranges.MaxInclusiveConstraintComponent: values.itself,
    strings.MinLengthConstraintComponent: partial(values.length, fits=lambda length, limit: length >= limit),
    strings.MaxLengthConstraintComponent: partial(values.length, fits=lambda length, limit: length <= limit),
    strings.PatternConstraintComponent: values.pattern,
    strings.LanguageInConstraintComponent: values.itself,
    strings.UniqueLangConstraintComponent: sets.unique_lang,
    pairs.EqualsConstraintComponent: sets.equals,
    pairs.DisjointConstraintComponent: sets.disjoint,
    pairs.LessThanConstraintComponent: sets.less_than,
    pairs.LessThanOrEqualsConstraintComponent: sets.less_than,
    logical.NotConstraintComponent: shapes.negated,
    logical.AndConstraintComponent: partial(shapes.listed, lists="and_list", good=lambda passed, size: passed == size),
    logical.OrConstraintComponent: partial(shapes.listed, lists="or_list", good=lambda passed, size: passed > 0),
    logical.XoneConstraintComponent: partial(shapes.listed, lists="xone_nodes", good=lambda passed, size: passed == 1),
    shape_based.NodeConstraintComponent: shapes.of_node,
    shape_based.PropertyConstraintComponent: shapes.of_property,
    shape_based.QualifiedValueShapeConstraintComponent: shapes.qualified,
    other.ClosedConstraintComponent: sets.closed,
    other.HasValueConstraintComponent: sets.has_value,
    other.InConstraintComponent: sets.one_of,
}
"""How each component of SHACL Core is compiled."""


def compile_component(component: ConstraintComponent, compiler: Compiler) -> Check:
    """How to check a component; raises `NotCompiled` for one that is not of SHACL Core, or too odd."""
    try:
        compiled = _COMPILE[type(component)]
    except KeyError:
        raise NotCompiled(f"it uses {component.constraint_name()}, which is not of SHACL Core") from None
    return compiled(component, compiler)
