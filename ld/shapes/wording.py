"""Wording: a sentence for each constraint component of SHACL Core, for shapes that bring no message of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from pyoxigraph import BlankNode, Literal

from ld.namespaces import SH, XSD
from ld.rdf import Term

Ask = Callable[[str], list[Term]]
"""What a shape has under a parameter (`minCount`), in the order of its file."""

_SHOWN = 12
"""Members of a list that a sentence names."""


class _Words(NamedTuple):
    parameter: str
    words: str
    """`{0}` is the parameter; `{?value}` the value at fault; `{?path}` the property."""
    instead: Mapping[str, str] = {}
    """By the parameter, where it would sound odd."""


_KINDS = {
    "IRI": "an IRI", "BlankNode": "a blank node", "Literal": "a literal", "BlankNodeOrIRI": "an IRI or a blank node",
    "BlankNodeOrLiteral": "a literal or a blank node", "IRIOrLiteral": "an IRI or a literal",
}  # fmt: skip

_WORDS: Mapping[str, _Words] = {
    "Class": _Words("class", '"{?value}" is not described as a {0}: give it that type, or link to one that has it.'),
    "Datatype": _Words("datatype", '"{?value}" is not of the type {0}: correct it, or give it that type.'),
    "NodeKind": _Words("nodeKind", '"{?value}" is of the wrong kind: give {0}.'),
    "MinCount": _Words(
        "minCount", "There are fewer than {0} values: add what is missing.", {"1": "It is missing: add it."}
    ),
    "MaxCount": _Words(
        "maxCount",
        "There are more than {0} values: keep {0}.",
        {"0": "No value is allowed here: take it out.", "1": "There are several values: keep one."},
    ),
    "MinExclusive": _Words("minExclusive", '"{?value}" is not greater than {0}.'),
    "MinInclusive": _Words("minInclusive", '"{?value}" is less than {0}, or cannot be compared with it.'),
    "MaxExclusive": _Words("maxExclusive", '"{?value}" is not less than {0}.'),
    "MaxInclusive": _Words("maxInclusive", '"{?value}" is greater than {0}, or cannot be compared with it.'),
    "MinLength": _Words(
        "minLength",
        '"{?value}" is shorter than {0} characters.',
        {"1": "A text is empty: fill it in, or leave it out."},
    ),
    "MaxLength": _Words(
        "maxLength", '"{?value}" is longer than {0} characters.', {"1": '"{?value}" is longer than one character.'}
    ),
    "Pattern": _Words("pattern", '"{?value}" does not have the form that is asked for, {0}.'),
    "LanguageIn": _Words("languageIn", '"{?value}" is not in one of the languages {0}: correct its language tag.'),
    "UniqueLang": _Words("uniqueLang", "There are several values in one language: keep one of them in each."),
    "Equals": _Words("equals", 'The values are not those of {0}: "{?value}" is in one of them only.'),
    "Disjoint": _Words("disjoint", '"{?value}" is a value of {0} too: it may be in one of them only.'),
    "LessThan": _Words("lessThan", '"{?value}" is not less than the value of {0}.'),
    "LessThanOrEquals": _Words(
        "lessThanOrEquals", '"{?value}" is greater than the value of {0}, or cannot be compared.'
    ),
    "Not": _Words("not", '"{?value}" is what it may not be: it fits the shape {0}.'),
    "And": _Words("and", '"{?value}" does not fit all of the shapes that it must fit.'),
    "Or": _Words("or", '"{?value}" fits none of the shapes one of which it must fit.'),
    "Xone": _Words("xone", '"{?value}" fits none, or more than one, of the shapes exactly one of which it must fit.'),
    "Node": _Words("node", '"{?value}" does not fit the shape {0}.'),
    "QualifiedMinCount": _Words(
        "qualifiedMinCount",
        "Fewer than {0} of the values fit the shape that is given.",
        {"1": "None of the values fits the shape that is given."},
    ),
    "QualifiedMaxCount": _Words(
        "qualifiedMaxCount",
        "More than {0} of the values fit the shape that is given.",
        {"1": "Several of the values fit the shape that only one may."},
    ),
    "Closed": _Words("closed", 'The property <{?path}> is not allowed here: take "{?value}" out.'),
    "HasValue": _Words("hasValue", "The value {0} is not among the values: add it."),
    "In": _Words("in", '"{?value}" is not one of the values allowed: {0}.'),
}


def sentence(component: str, ask: Ask, items: Callable[[Term], list[Term]]) -> str:
    """What is wrong, by the constraint's IRI and parameter; nothing for a constraint that is not of SHACL Core.

    >>> count = Literal("2", datatype=__import__("pyoxigraph").NamedNode(XSD + "integer"))
    >>> sentence(SH + "MinCountConstraintComponent", {"minCount": [count]}.__getitem__, lambda head: [])
    'There are fewer than 2 values: add what is missing.'
    """
    kind = component.removeprefix(SH).removesuffix("ConstraintComponent")
    if kind not in _WORDS:
        return ""
    parameter, words, instead = _WORDS[kind]
    given = ask(parameter)
    if len(given) == 1 and given[0].value in instead:
        return instead[given[0].value]
    if parameter in ("in", "languageIn"):
        members = items(given[0]) if given else []
        more = "" if len(members) <= _SHOWN else f" and {len(members) - _SHOWN:,} more"
        shown = ", ".join(map(_shown, members[:_SHOWN])) + more or "none at all"
    else:
        shown = ", ".join(map(_shown, given))
    return words.replace("{0}", shown)


def _shown(term: Term) -> str:
    if isinstance(term, Literal):
        return f'"{term.value}"' if term.datatype.value == XSD + "string" else term.value
    if isinstance(term, BlankNode):
        return "that is given"
    value = term.value
    for namespace, prefix in ((SH, "sh:"), (XSD, "xsd:")):
        if value.startswith(namespace):
            name = value.removeprefix(namespace)
            return _KINDS.get(name, prefix + name)
    return f"<{value}>"
