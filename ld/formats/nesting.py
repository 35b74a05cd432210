"""Nesting: statements as one nested JSON-LD node about a thing, in the words of the context.

The inverse of `Context.triples`. Keys stand in one order: `id`, `type`, then the context's. Each node is written out
once, at the place nearest to the root; elsewhere its IRI stands for it. What only points *at* the root is reached by
the words that read backwards (`document`, `creatorOf` …). Of several words for one IRI the value's type picks one, as
compaction does.
"""

from __future__ import annotations

import json
import re
from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from ld import context
from ld.context import Word
from ld.formats.statements import TYPE, Statements, Term, split_literal, unescape
from ld.namespaces import XSD

_STRING = XSD + "string"
# What may stand in a string of N-Triples and not in one of JSON: two of its escapes, and control characters.
_NOT_JSON = re.compile(r"\\[U']|[\x00-\x1f]")


class Nested(NamedTuple):
    """A node as JSON on one line, and the words, classes and prefixed names that it uses."""

    text: str
    words: frozenset[str]


def nest(statements: Statements, root: str) -> Nested:
    """One node about `root`; when some nodes cannot be reached from it, `@graph` lists the root and them.

    >>> said = b'<http://a.org/1> <http://purl.org/dc/terms/creator> <http://a.org/2> .\\n<http://a.org/2> '
    >>> nest(Statements.read(said + b'<http://xmlns.com/foaf/0.1/name> "Ann Smith" .\\n'), "http://a.org/1").text
    '{"id":"http://a.org/1","creator":{"id":"http://a.org/2","name":"Ann Smith"}}'
    """
    plan = _Plan(statements)
    start = f"<{root}>"
    tops = [plan.write(start)] if plan.reach(start) else []
    tops += [plan.write(subject) for subject in plan.subjects if plan.reach(subject)]
    if not tops:
        tops = [f'{{"id":{_name(start)}}}']
    text = tops[0] if len(tops) == 1 else f'{{"@graph":[{",".join(tops)}]}}'
    return Nested(text, frozenset(plan.words))


@dataclass(frozen=True, slots=True)
class _Property:
    """How the values of a property are said.

    resource: the word for IRIs. text: the word for text. plain: the word for what is written out in full, or the
    property's own name. backwards: the word that says it from its object's side.
    """

    iri: str
    resource: str | None
    text: str
    plain: str
    backwards: Word | None
    typed: dict[str, str | None] = field(default_factory=dict)
    """The word for values of a datatype, for those met so far."""

    def word_for(self, datatype: str) -> str | None:
        """The word for values of a datatype."""
        if datatype not in self.typed:
            word = context.load().word_for(self.iri, datatype)
            self.typed[datatype] = word.name if word else None
        return self.typed[datatype]


@lru_cache(maxsize=1024)  # the few properties, classes and datatypes come again and again
def _property(predicate: Term) -> _Property:
    words, iri = context.load(), _iri(predicate)
    resource, text, plain = (words.word_for(iri, kind) for kind in ("@id", _STRING, None))
    name = plain.name if plain else words.compact(iri)
    return _Property(
        iri, resource.name if resource else None, text.name if text else name, name, words.reverse_word(iri)
    )


@lru_cache(maxsize=1024)
def _class(iri: str) -> str:
    return context.load().class_word(iri)


class _Plan:
    """Which node is written out where."""

    def __init__(self, statements: Statements) -> None:
        self.subjects = dict(statements.subjects)
        self.words = {"id"}
        self._pointing: dict[Term, list[tuple[Word, Term, Term]]] = {}
        """Node → word, predicate and subject of every statement about it that can be said from its side."""
        self._reached: set[Term] = set()
        self._written_at: dict[Term, tuple[Term, Term]] = {}
        self._turned: dict[Term, Term] = {}
        for subject, properties in statements.subjects:
            for predicate, values in properties:
                if word := _property(predicate).backwards:
                    for value in values:
                        if value[0] != '"':
                            self._pointing.setdefault(value, []).append((word, predicate, subject))
        for pointing in self._pointing.values():
            pointing.sort(key=lambda each: each[0].order)

    def reach(self, start: Term) -> bool:
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

    def _ahead(self, subject: Term) -> list[Term]:
        """The nodes not yet reached that `subject` points at; they are written out there."""
        found: list[Term] = []
        for predicate, values in self.subjects.get(subject, ()):
            for value in values:
                if value in self.subjects and value not in self._reached and predicate != TYPE:
                    self._reached.add(value)
                    self._written_at[value] = (subject, predicate)
                    found.append(value)
        return found

    def _turn(self, target: Term) -> list[Term]:
        """The nodes not yet reached that point at `target`; all their statements about it are made from its side."""
        found: list[Term] = []
        for _, predicate, subject in self._pointing.get(target, ()):
            if subject not in self._reached:
                self._reached.add(subject)
                self._written_at[subject] = (target, predicate)
                self._turned[subject] = target
                found.append(subject)
        return found

    def write(self, subject: Term) -> str:
        """The node, with what is nested in it."""
        said: dict[str, list[str]] = {}
        target = self._turned.get(subject)
        for predicate, values in self.subjects.get(subject, ()):
            if predicate == TYPE:
                said["type"] = [self._class(value) for value in values]
                continue
            known = _property(predicate)
            for value in values:
                if value[0] == '"':
                    word, text = self._literal(known, value)
                elif value == target and known.backwards:
                    continue
                else:
                    word, text = self._resource(known, subject, predicate, value)
                if word in said:
                    said[word].append(text)
                else:
                    said[word] = [text]
        for back, predicate, each in self._pointing.get(subject, ()):
            if self._turned.get(each) == subject:
                said.setdefault(back.name, []).append(self._nested(subject, predicate, each) or _name(each))
        self.words.update(said)
        parts = [f'{{"id":{_name(subject)}']
        parts += [f'"{word}":{v[0]}' if len(v) == 1 else f'"{word}":[{",".join(v)}]' for word, v in said.items()]
        return ",".join(parts) + "}"

    def _class(self, term: Term) -> str:
        name = _class(_iri(term))
        self.words.add(name)
        return f'"{name}"'

    def _resource(self, known: _Property, subject: Term, predicate: Term, value: Term) -> tuple[str, str]:
        """The word and the value for an IRI or a blank node."""
        text = self._nested(subject, predicate, value) if value in self.subjects else None
        if known.resource:
            return known.resource, text or _name(value)
        return known.plain, text or f'{{"id":{_name(value)}}}'

    def _nested(self, subject: Term, predicate: Term, value: Term) -> str | None:
        return self.write(value) if self._written_at.get(value) == (subject, predicate) else None

    def _literal(self, known: _Property, term: Term) -> tuple[str, str]:
        """The word and the value for a literal."""
        if term[-1] == '"':
            return known.text, _text(term)
        escaped, language, datatype = split_literal(term)
        text = _text(f'"{escaped}"')
        if language:
            return known.plain, f'{{"@language":"{language}","@value":{text}}}'
        iri = datatype or _STRING
        if word := known.word_for(iri):
            return word, text
        return known.plain, f'{{"@type":{self._class(f"<{iri}>")},"@value":{text}}}'


def _text(quoted: str) -> str:
    """A string of JSON from one of N-Triples, which has the same quotes and escapes."""
    if ("\\" in quoted or not quoted.isprintable()) and _NOT_JSON.search(quoted):
        return json.dumps(unescape(quoted[1:-1]), ensure_ascii=False)
    return quoted


def _iri(term: Term) -> str:
    """The IRI, or the blank node, as JSON-LD says it."""
    return unescape(term[1:-1]) if term[0] == "<" else term


def _name(term: Term) -> str:
    """The same as a string of JSON."""
    iri = term[1:-1] if term[0] == "<" else term
    return json.dumps(unescape(iri), ensure_ascii=False) if "\\" in iri else f'"{iri}"'
