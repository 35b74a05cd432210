"""Pages: a description as labelled rows for people; labels and their order come from the shapes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from pyoxigraph import BlankNode, Literal, Triple

from ld import isni
from ld.context import Context
from ld.mapping import doi_page
from ld.namespaces import BIBO, DCTERMS, FOAF, HYDRA, OWL, RDF, RDFS, SKOS, TLD
from ld.rdf import Term
from ld.shapes import Shapes
from ld.snapshot import Listed
from ld.vocabulary import Vocabulary
from ld.vocabulary.languages import LEXVO
from ld.web import labels
from ld.web.links import Links

_NAMES = (FOAF + "name", SKOS + "prefLabel", RDFS + "label", DCTERMS + "title")
_SEQUENCE = BIBO + "authorList"
_CREATOR = DCTERMS + "creator"
# The heading says the type, the order of the authors says the list, and the pages of theses stand below.
_UNSHOWN = {RDF + "type", _SEQUENCE, HYDRA + "collection"}
_NUMBERS = {DCTERMS + "identifier", TLD + "claimedIsni"}
_DOI = BIBO + "doi"
# What the document's own heading says for all of its parts.
_COMMON = frozenset({"rdfs:isDefinedBy", "skos:inScheme", "skos:topConceptOf"})
_LAST = 10_000
"""Where a property stands that no shape orders."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value as shown: its text, where it leads, its language, and what is said of it in turn."""

    text: str
    href: str | None = None
    language: str | None = None
    identifiers: tuple[Value, ...] = ()
    anchor: str | None = None
    rows: tuple[Row, ...] = ()

    @property
    def paragraphs(self) -> list[str]:
        """The paragraphs of a long text."""
        return [line.strip() for line in self.text.splitlines() if line.strip()]


@dataclass(frozen=True, slots=True)
class Row:
    """One property with its values, as people call it."""

    label: str
    description: str
    property: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """One thesis in the list of an agent, and what the agent is to it."""

    title: str
    href: str
    year: str | None
    roles: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Section:
    """One thing of a document that describes several."""

    iri: str
    label: str
    anchor: str | None
    rows: tuple[Row, ...]


class Renderer:
    """Shows one graph, on the page about `root`; knows no HTML."""

    def __init__(
        self,
        root: str,
        triples: Iterable[Triple],
        shapes: Shapes,
        context: Context,
        links: Links,
        vocabulary: Vocabulary,
    ) -> None:
        self.root, self.shapes, self.context, self.links, self.vocabulary = root, shapes, context, links, vocabulary
        self.said: dict[str, dict[str, list[Term]]] = {}
        for triple in triples:
            about = self.said.setdefault(triple.subject.value, {})  # type: ignore[union-attr]
            about.setdefault(triple.predicate.value, []).append(triple.object)  # type: ignore[arg-type]

    def rows(self, subject: str, heading: str = "") -> tuple[Row, ...]:
        """What is said of `subject` beyond the heading above it, in the order of the shapes."""
        return self._rows(subject, frozenset(), heading)

    def language(self, subject: str, heading: str) -> str | None:
        """The language of the heading, where the source says it."""
        for names in _NAMES:
            for term in self.said.get(subject, {}).get(names, ()):
                if isinstance(term, Literal) and term.value == heading:
                    return term.language
        return None

    def sections(self) -> list[Section]:
        """Everything that the graph describes, the root first; what has no label of its own says it with its IRI."""
        others = self.said.keys() - {self.root}
        # What lives under another part (the change event of a body) is shown there.
        parts = sorted((iri for iri in others if iri.partition("#")[0] not in others - {iri}), key=self._label)
        return [self._section(self.root, frozenset()), *(self._section(iri, _COMMON) for iri in parts)]

    def works(self, items: Iterable[Listed]) -> list[Work]:
        """The theses of an agent, each once, with what the agent is to it."""
        theses = (list(same) for _, same in groupby(items, key=lambda item: item.path))
        return [
            Work(
                item.title,
                self.links.path(item.path),
                item.year,
                ", ".join(dict.fromkeys(self._role(each.role).lower() for each in (item, *others))),
                self.language(self.links.base + item.path, item.title),
            )
            for item, *others in theses
        ]

    def name(self, iri: str) -> str | None:
        """What the graph, our vocabularies or the table of well-known things call an IRI."""
        about = self.said.get(iri) or {}
        for names in _NAMES:
            for term in about.get(names, ()):
                return term.value
        for names in _NAMES:
            for triple in self.vocabulary.describe(iri):
                if triple.predicate.value == names:
                    return triple.object.value  # type: ignore[union-attr]
        return labels.THINGS.get(iri) or self.vocabulary.language_label(iri.removeprefix(LEXVO))

    def _label(self, iri: str) -> str:
        return self.name(iri) or self.context.compact(iri)

    def _section(self, iri: str, unshown: frozenset[str]) -> Section:
        label = self._label(iri)
        rows = tuple(row for row in self.rows(iri, label) if row.property not in unshown)
        return Section(iri, label, iri.partition("#")[2] or None, rows)

    def _rows(self, subject: str, above: frozenset[str], heading: str) -> tuple[Row, ...]:
        about = self.said.get(subject, {})
        classes = [term.value for term in about.get(RDF + "type", ())]
        found = []
        for predicate, terms in about.items():
            if predicate in _UNSHOWN or (predicate in _NAMES and [term.value for term in terms] == [heading]):
                continue
            label, description, order = self._field(predicate, classes)
            ordered = self._ordered(subject, predicate, terms)
            values = tuple(self._value(subject, predicate, term, above) for term in ordered)
            found.append((order, label, Row(label, description, self.context.compact(predicate), values)))
        return tuple(row for _, _, row in sorted(found, key=lambda entry: entry[:2]))

    def _field(self, predicate: str, classes: Sequence[str]) -> tuple[str, str, float]:
        for kind in classes:
            if field := self.shapes.labels(predicate, kind):
                return field.name, field.description, field.order
        label = labels.PROPERTIES.get(predicate) or self.name(predicate) or labels.local_name(predicate)
        return label, "", _LAST

    def _role(self, role: str) -> str:
        word = self.context.words[role]
        return self._field(word.predicate.value, [BIBO + "Thesis"])[0]

    def _ordered(self, subject: str, predicate: str, terms: list[Term]) -> list[Term]:
        if predicate != _CREATOR or _SEQUENCE not in self.said[subject]:
            return terms
        places = self.said.get(self.said[subject][_SEQUENCE][0].value, {})
        numbered = [(p.removeprefix(RDF + "_"), term) for p, (term, *_) in places.items()]
        order = {term.value: int(number) for number, term in numbered if number.isdigit()}
        return sorted(terms, key=lambda term: order.get(term.value, _LAST))

    def _value(self, subject: str, predicate: str, term: Term, above: frozenset[str]) -> Value:
        if isinstance(term, Literal):
            return self._literal(predicate, term)
        if isinstance(term, BlankNode):
            return Value("", rows=self._inside(term.value, above | {subject}))
        iri = term.value
        href, number = self.links.href(iri), _number(iri)
        if number:
            return Value(number, href)
        text = self._label(iri)
        if iri.startswith(subject + "#") and iri in self.said:
            anchor = iri.partition("#")[2] if subject == self.root else None  # others' fragments are not this page's
            return Value(text, anchor=anchor, rows=self._inside(iri, above | {subject}))
        return Value(text, href, identifiers=tuple(self._identifiers(iri)))

    def _inside(self, subject: str, above: frozenset[str]) -> tuple[Row, ...]:
        return () if subject in above else self._rows(subject, above, self._label(subject))

    def _identifiers(self, iri: str) -> Iterator[Value]:
        for term in self.said.get(iri, {}).get(OWL + "sameAs", ()):
            if number := _number(term.value):
                yield Value(number, self.links.href(term.value))

    def _literal(self, predicate: str, literal: Literal) -> Value:
        text = literal.value
        if predicate == _DOI:
            return Value(text, doi_page(text))
        if predicate in _NUMBERS and isni.is_valid(text):
            return Value(_printed(text))
        language = literal.language if literal.language not in (None, "en") else None  # the page is in English
        return Value(text, language=language)


def _number(iri: str) -> str | None:
    """An ISNI or ORCID iD that an IRI names, as people read it."""
    if not iri.startswith((isni.ISNI_IRI, isni.ORCID_IRI)):
        return None
    number = isni.compact(iri)
    return _printed(number) if isni.is_valid(number) else None


def _printed(number: str) -> str:
    if isni.is_orcid(number):
        return "ORCID " + isni.orcid_iri(number).removeprefix(isni.ORCID_IRI)
    return "ISNI " + isni.spaced(number)
