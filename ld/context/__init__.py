"""The context: what the words of our JSON-LD mean, compiled from `vocab/context.jsonld`.

`Context.triples` expands a node straight into triples: the subset of JSON-LD that our words need, and for it the same
triples as a JSON-LD processor gives. Unlike one, it has no blank nodes to offer and drops nothing in silence: a node
without `id`, an unknown word or an IRI that is none is an error. `ld.formats.nesting` is the way back.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pyoxigraph import Literal, NamedNode, Triple

from ld.errors import VocabularyError
from ld.namespaces import RDF, XSD
from ld.rdf import RDF_TYPE
from ld.resources import vocab_dir

_BOOLEAN, _INTEGER = NamedNode(XSD + "boolean"), NamedNode(XSD + "integer")
_LIST = (list, tuple)
_NUMBER = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Word:
    """One word for a property: what it stands for, and how its plain values are read.

    datatype: the IRI of the values' type; `@id` when they are IRIs, None when they are plain text.
    reverse: whether the statement runs from the value to the node.
    order: the word's place in the context.
    """

    name: str
    predicate: NamedNode
    datatype: str | None
    type_node: NamedNode | None
    reverse: bool
    order: int


@dataclass(frozen=True, slots=True)
class Context:
    """The words, and the file that says them.

    prefixes: prefix → namespace. words: every word for a property. classes: word → IRI of a class.
    hash: 16 hex digits over the file's bytes, for its immutable address `/vocab/context-{hash}.jsonld`.
    """

    bytes: bytes
    document: Mapping[str, Any]
    prefixes: Mapping[str, str]
    words: Mapping[str, Word]
    classes: Mapping[str, str]
    hash: str
    _namespaces: Mapping[str, str] = field(repr=False)
    _order: Mapping[str, int] = field(repr=False)
    _by_value: Mapping[tuple[str, str | None], Word] = field(repr=False)
    _reversed: Mapping[str, Word] = field(repr=False)
    _class_words: Mapping[str, str] = field(repr=False)

    def triples(self, node: Mapping[str, Any]) -> list[Triple]:
        """What a node says, nested nodes included, in the order of its words; a repeated statement stands twice.

        >>> for triple in load().triples({"id": "http://a.org/1", "type": "Thesis", "issued": "2014"}):
        ...     print(triple)
        <http://a.org/1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://purl.org/ontology/bibo/Thesis>
        <http://a.org/1> <http://purl.org/dc/terms/issued> "2014"^^<http://www.w3.org/2001/XMLSchema#gYear>
        """
        made: list[Triple] = []
        for each in node.get("@graph", (node,)):
            self._expand(each, made)
        return made

    def expand(self, iri: str) -> str:
        """The IRI that a compact IRI stands for; any other text as it is.

        >>> load().expand("dcterms:title"), load().expand("https://a.org/")
        ('http://purl.org/dc/terms/title', 'https://a.org/')
        """
        prefix, colon, rest = iri.partition(":")
        if colon and not rest.startswith("//") and prefix in self.prefixes:
            return self.prefixes[prefix] + rest
        return iri

    def compact(self, iri: str) -> str:
        """The compact IRI, where a prefix of the context is the IRI's namespace; else the IRI.

        >>> load().compact("http://purl.org/dc/terms/title")
        'dcterms:title'
        """
        cut = max(iri.rfind("/"), iri.rfind("#")) + 1
        prefix = self._namespaces.get(iri[:cut])
        return f"{prefix}:{iri[cut:]}" if prefix is not None and cut < len(iri) else iri

    def class_word(self, iri: str) -> str:
        """How `type` names a class."""
        return self._class_words.get(iri) or self.compact(iri)

    def word_for(self, predicate: str, datatype: str | None) -> Word | None:
        """The word for a property whose values are of a type (`@id`: IRIs; None: text, or anything written out)."""
        return self._by_value.get((predicate, datatype))

    def reverse_word(self, predicate: str) -> Word | None:
        """The word that says a property from its object's side."""
        return self._reversed.get(predicate)

    def rank(self, predicate: str) -> tuple[int, str, int]:
        """Where a property stands in a description: `type` first, then the context's order, then by name and number."""
        order = self._order.get(predicate)
        if order is not None:
            return order, "", 0
        digits = _NUMBER.search(predicate, predicate.rfind("_") + 1)
        number = int(digits.group()) if digits and predicate.startswith(RDF + "_") else 0
        return len(self._order), "" if number else predicate, number  # rdf:_2 before rdf:_10

    def used_by(self, names: Iterable[str]) -> dict[str, Any]:
        """The part of the context that words, classes and prefixed names need, to be carried inline."""
        entries: Mapping[str, Any] = self.document
        needed: set[str] = set()
        todo = list(names)
        while todo:
            name = todo.pop()
            name = name if name in entries else name.partition(":")[0]
            if name not in needed and name in entries:
                needed.add(name)
                entry = entries[name]
                todo.extend(entry.values() if isinstance(entry, dict) else [entry])
        return {name: entry for name, entry in entries.items() if name in needed or name == "@version"}

    def _expand(self, node: Mapping[str, Any], made: list[Triple]) -> NamedNode:
        subject = self._resource(node.get("id") or node.get("@id"), "id")
        for name, value in node.items():
            if value is None or name in ("id", "@id", "@context"):
                continue
            values = value if isinstance(value, _LIST) else (value,)
            if name in ("type", "@type"):
                made.extend(Triple(subject, RDF_TYPE, self._class(each)) for each in values)
                continue
            word = self.words.get(name) or self._unlisted(name)
            for each in values:
                if each is None:
                    continue
                if word.reverse:
                    made.append(Triple(self._object(each, made), word.predicate, subject))
                else:
                    made.append(Triple(subject, word.predicate, self._value(word, each, made)))
        return subject

    def _value(self, word: Word, value: Any, made: list[Triple]) -> NamedNode | Literal:
        if isinstance(value, str):
            if word.datatype == "@id":
                return self._resource(value, word.name)
            return Literal(value, datatype=word.type_node)
        if isinstance(value, Mapping):
            return self._literal(value) if "@value" in value else self._expand(value, made)
        if isinstance(value, bool):
            return Literal("true" if value else "false", datatype=word.type_node or _BOOLEAN)
        if isinstance(value, int):
            return Literal(str(value), datatype=word.type_node or _INTEGER)
        raise VocabularyError(f"{word.name}: {value!r} is no value of our JSON-LD. Write it as text.")

    def _object(self, value: Any, made: list[Triple]) -> NamedNode:
        return self._expand(value, made) if isinstance(value, Mapping) else self._resource(value, "id")

    def _literal(self, value: Mapping[str, Any]) -> Literal:
        text, language, datatype = value["@value"], value.get("@language"), value.get("@type")
        if not isinstance(text, str):
            raise VocabularyError(f"{text!r} is no text. Write the @value as text.")
        if language is not None:
            return Literal(text, language=language)
        return Literal(text, datatype=self._class(datatype) if datatype is not None else None)

    def _resource(self, iri: Any, word: str) -> NamedNode:
        if not isinstance(iri, str):
            raise VocabularyError(f"{word}: {iri!r} is no IRI. Every node has an id.")
        try:
            return NamedNode(self.expand(iri))
        except ValueError as error:
            raise VocabularyError(f"{word}: {iri!r} is no absolute IRI ({error}).") from error

    def _class(self, name: str) -> NamedNode:
        return self._resource(self.classes.get(name, name), "type")

    def _unlisted(self, name: str) -> Word:
        iri = self.expand(name)
        if ":" not in iri:
            raise VocabularyError(f"{name!r} is no word of the context. Add it to vocab/context.jsonld.")
        return Word(name, self._resource(iri, name), None, None, False, len(self._order))


def compile_context(data: bytes) -> Context:
    """The context that a JSON-LD context file says."""
    try:
        entries: dict[str, Any] = json.loads(data)["@context"]
        return _compile(data, entries)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise VocabularyError(f"The JSON-LD context cannot be used: {error!r}.") from error


@lru_cache(maxsize=1)
def load() -> Context:
    """The context of this package."""
    return compile_context((vocab_dir() / "context.jsonld").read_bytes())


def _compile(data: bytes, entries: dict[str, Any]) -> Context:
    # A prefix is a plain entry whose IRI ends in a delimiter (JSON-LD 1.1, 4.1.5); ours stand first and are absolute.
    plain = {name: entry for name, entry in entries.items() if isinstance(entry, str) and not entry.startswith("@")}
    prefixes = {name: iri for name, iri in plain.items() if iri[-1] in "/#:?[]@"}

    def expand(iri: str) -> str:
        prefix, _, rest = iri.partition(":")
        return prefixes[prefix] + rest if prefix in prefixes and not rest.startswith("//") else iri

    words: dict[str, Word] = {}
    classes: dict[str, str] = {}
    for order, (name, entry) in enumerate(entries.items(), 1):
        if name.startswith("@") or name in prefixes or (isinstance(entry, str) and entry.startswith("@")):
            continue
        if isinstance(entry, str):
            entry = {"@id": entry}
        reverse = "@reverse" in entry
        iri, datatype = expand(entry["@reverse" if reverse else "@id"]), entry.get("@type")
        datatype = datatype if datatype in (None, "@id") else expand(datatype)
        type_node = None if datatype in (None, "@id") else NamedNode(datatype)
        if not reverse:
            classes[name] = iri  # `type` reads any word, as JSON-LD does
        words[name] = Word(name, NamedNode(iri), datatype, type_node, reverse, order)

    forward = [word for word in words.values() if not word.reverse]
    by_value: dict[tuple[str, str | None], Word] = {}
    orders: dict[str, int] = {RDF_TYPE.value: 0}
    for word in forward:
        by_value.setdefault((word.predicate.value, word.datatype), word)
        orders.setdefault(word.predicate.value, word.order)
    return Context(
        bytes=data,
        document=entries,
        prefixes=prefixes,
        words=words,
        classes=classes,
        hash=hashlib.sha256(data).hexdigest()[:16],
        _namespaces={iri: prefix for prefix, iri in reversed(prefixes.items())},
        _order=orders,
        _by_value=by_value,
        _reversed={word.predicate.value: word for word in words.values() if word.reverse},
        _class_words={iri: name for name, iri in reversed(classes.items())},
    )
