"""Nesting: triples as one nested JSON-LD node about a thing, in the words of the context.

The inverse of `Context.triples`. Keys stand in one order: `id`, `type`, then the context's. Each node is written out
once, at the place nearest to the root; elsewhere its IRI stands for it. What only points *at* the root is reached by
the words that read backwards (`document`, `creatorOf` …). Of several words for one IRI the value's type picks one, as
compaction does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from ld.namespaces import XSD
from ld.rdf import RDF_TYPE

if TYPE_CHECKING:
    from ld.context import Context, Word

Resource = NamedNode | BlankNode
Edge = tuple[NamedNode, Any]
Node = dict[str, Any]

_STRING = XSD + "string"


def nest(context: Context, triples: Iterable[Triple], root: str) -> Node:
    """One node about `root`; when some nodes cannot be reached from it, `@graph` lists the root and them.

    >>> from ld.context import load
    >>> nest(load(), load().triples({"id": "http://a.org/1", "document": {"id": "http://a.org/d", "type": "Document"}}),
    ...      "http://a.org/1")
    {'id': 'http://a.org/1', 'document': {'id': 'http://a.org/d', 'type': 'Document'}}
    """
    plan = _Plan(context, triples)
    start = NamedNode(root)
    tops = [plan.write(start)] if plan.reach(start) else []
    tops += [plan.write(subject) for subject in plan.subjects if plan.reach(subject)]
    if not tops:
        return {"id": root}
    return tops[0] if len(tops) == 1 else {"@graph": tops}


class _Plan:
    """Which node is written out where."""

    def __init__(self, context: Context, triples: Iterable[Triple]) -> None:
        self.context = context
        self.subjects: dict[Resource, list[Edge]] = {}
        self._pointing: dict[Resource, list[tuple[Word, Resource]]] = {}
        self._reached: set[Resource] = set()
        self._written_at: dict[Resource, tuple[Resource, NamedNode]] = {}
        self._turned: dict[Resource, Resource] = {}
        for triple in dict.fromkeys(triples):
            subject, predicate, object_ = triple.subject, triple.predicate, triple.object
            if isinstance(subject, Triple) or isinstance(object_, Triple):
                raise TypeError("A description holds no triple terms.")
            self.subjects.setdefault(subject, []).append((predicate, object_))
            word = context.reverse_word(predicate.value)
            if word and not isinstance(object_, Literal):
                self._pointing.setdefault(object_, []).append((word, subject))
        for edges in self.subjects.values():
            edges.sort(key=lambda edge: context.rank(edge[0].value))
        for pointing in self._pointing.values():
            pointing.sort(key=lambda pair: pair[0].order)

    def reach(self, start: Resource) -> bool:
        """Claim `start` and all that can be reached from it; False when it was claimed before or is not known."""
        if start in self._reached or not (start in self.subjects or start in self._pointing):
            return False
        self._reached.add(start)
        forward, backward = deque([start]), deque([start])
        while forward or backward:
            # Who points at the nodes found is asked, nearest first, when nothing more lies ahead.
            found = self._ahead(forward.popleft()) if forward else self._turn(backward.popleft())
            forward.extend(found)
            backward.extend(found)
        return True

    def _ahead(self, subject: Resource) -> list[Resource]:
        """The nodes not yet reached that `subject` points at; they are written out there."""
        found: list[Resource] = []
        for predicate, object_ in self.subjects.get(subject, ()):
            if object_ in self.subjects and object_ not in self._reached and predicate != RDF_TYPE:
                self._reached.add(object_)
                self._written_at[object_] = (subject, predicate)
                found.append(object_)
        return found

    def _turn(self, target: Resource) -> list[Resource]:
        """The nodes not yet reached that point at `target`; all their statements about it are made from its side."""
        found: list[Resource] = []
        for word, subject in self._pointing.get(target, ()):
            if subject not in self._reached:
                self._reached.add(subject)
                self._written_at[subject] = (target, word.predicate)
                self._turned[subject] = target
                found.append(subject)
        return found

    def write(self, subject: Resource) -> Node:
        """The node, with what is nested in it."""
        node: Node = {"id": _name(subject)}
        target = self._turned.get(subject)
        for predicate, object_ in self.subjects.get(subject, ()):
            if target is None or object_ != target or not self.context.reverse_word(predicate.value):
                _add(node, *self._word_and_value(subject, predicate, object_))
        for word, each in self._pointing.get(subject, ()):
            if self._turned.get(each) == subject:
                _add(node, word.name, self._nested(subject, word.predicate, each) or _name(each))
        return node

    def _nested(self, subject: Resource, predicate: NamedNode, object_: Resource) -> Node | None:
        return self.write(object_) if self._written_at.get(object_) == (subject, predicate) else None

    def _word_and_value(self, subject: Resource, predicate: NamedNode, object_: Any) -> tuple[str, Any]:
        context, iri = self.context, predicate.value
        if isinstance(object_, Literal):
            return self._literal(iri, object_)
        if predicate == RDF_TYPE:
            return "type", context.class_word(object_.value)
        nested = self._nested(subject, predicate, object_)
        word = context.word_for(iri, "@id")
        if word:
            return word.name, nested or _name(object_)
        plain = context.word_for(iri, None)
        return plain.name if plain else context.compact(iri), nested or {"id": _name(object_)}

    def _literal(self, iri: str, literal: Literal) -> tuple[str, Any]:
        context, datatype, language = self.context, literal.datatype.value, literal.language
        word = None if language else context.word_for(iri, datatype)
        if word:
            return word.name, literal.value
        plain = context.word_for(iri, None)
        name = plain.name if plain else context.compact(iri)
        if language:
            return name, {"@language": language, "@value": literal.value}
        if datatype == _STRING:
            return name, literal.value
        return name, {"@type": context.class_word(datatype), "@value": literal.value}


def _add(node: Node, name: str, value: Any) -> None:
    if name not in node:
        node[name] = value
    elif isinstance(node[name], list):
        node[name].append(value)
    else:
        node[name] = [node[name], value]


def _name(resource: Resource) -> str:
    return resource.value if isinstance(resource, NamedNode) else f"_:{resource.value}"
