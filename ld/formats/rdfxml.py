"""RDF/XML that is XML whatever the values hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from ld import context
from ld.errors import VocabularyError
from ld.formats.statements import TYPE, Statements, Subject, Term, split_literal, unescape
from ld.namespaces import RDF

CLOSING = "</rdf:RDF>\n"
"""The end of a document."""

_PROLOGUE = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\Z")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SYNTAX = frozenset(  # names that mean something else in RDF/XML (its section 5.1)
    RDF + name
    for name in ("RDF", "ID", "about", "parseType", "resource", "nodeID", "datatype", "Description", "li", "bagID",
                 "aboutEach", "aboutEachPrefix")
)  # fmt: skip


def rdfxml(statements: Statements) -> bytes:
    """The statements as RDF/XML.

    XML 1.0 cannot hold some control characters at all; cleaning takes them out of records, and if one comes all the
    same it is shown as U+FFFD. A property whose IRI ends in no name raises VocabularyError.
    """
    names = _Names()
    nodes = [_node(subject, names) for subject in statements.subjects]
    return f"{_PROLOGUE}<rdf:RDF{names.declared()}>\n{''.join(nodes)}{CLOSING}".encode()


# A document of many descriptions: `opening`, then the `nodes` of each, then `CLOSING`


def opening() -> bytes:
    """The start of a document, with every namespace that the context has."""
    return f"{_PROLOGUE}<rdf:RDF{_declarations(_prefixes())}>\n".encode()


def nodes(statements: Statements) -> bytes:
    """The statements as they stand between `opening` and `CLOSING`; other namespaces than its are declared in place."""
    known = _prefixes()
    written = []
    for subject in statements.subjects:
        names = _Names(known)
        node = _node(subject, names)
        if len(names.used) > len(known):
            others = {iri: prefix for iri, prefix in names.used.items() if iri not in known}
            node = node.replace(" rdf:", f"{_declarations(others)} rdf:", 1)
        written.append(node)
    return "".join(written).encode()


class _Names:
    """Qualified names, and the namespaces that they used."""

    def __init__(self, known: Mapping[str, str] | None = None) -> None:
        self._prefixes = _prefixes()
        self.used = dict(known or {RDF: "rdf"})
        """Namespace → prefix."""

    def qualify(self, term: Term) -> str | None:
        """`<iri>` as `prefix:name`; None when no end of it is a name."""
        namespace, name = _split(term)
        if not name:
            return None
        prefix = self.used.get(namespace)
        if prefix is None:
            prefix = self.used[namespace] = self._prefixes.get(namespace) or f"ns{len(self.used)}"
        return f"{prefix}:{name}"

    def declared(self) -> str:
        """The declarations of the namespaces that were used."""
        return _declarations(self.used)


@lru_cache(maxsize=1)
def _prefixes() -> Mapping[str, str]:
    """Namespace → prefix, of the context."""
    return {iri: prefix for prefix, iri in context.load().prefixes.items()}


@lru_cache(maxsize=1024)  # the few properties and classes come again and again
def _split(term: Term) -> tuple[str, str]:
    """`<iri>` as namespace and name; no name where no end of it is one."""
    iri = term[1:-1]
    cut = max(iri.rfind("/"), iri.rfind("#")) + 1
    found = _NAME.search(iri, cut)
    return (iri[: found.start()], found.group()) if found and iri not in _SYNTAX else (iri, "")


def _declarations(used: Mapping[str, str]) -> str:
    """Namespace declarations, sorted by prefix."""
    pairs = sorted((prefix, iri) for iri, prefix in used.items())
    return "".join(f'\n    xmlns:{prefix}="{escape(iri)}"' for prefix, iri in pairs)


def escape(text: str) -> str:
    r"""Text for an element or an attribute.

    >>> escape('a < b & "c" ]]> \r')
    'a &lt; b &amp; &quot;c&quot; ]]&gt; &#13;'
    """
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return _NOT_XML.sub("\ufffd", text).replace("\r", "&#13;")  # a bare return would be read as a line feed


def _node(subject: Subject, names: _Names) -> str:
    element, properties = "rdf:Description", subject.properties
    classes: tuple[Term, ...] = ()
    if properties[0][0] == TYPE:
        classes = properties[0][1]
        kind = names.qualify(classes[0])
        if kind:
            element, classes = kind, classes[1:]
        properties = properties[1:]
    lines = [f"  <{element} {_resource(subject.term, 'about')}>\n"]
    lines += [f"    <rdf:type {_resource(each, 'resource')}/>\n" for each in classes]
    for predicate, values in properties:
        name = names.qualify(predicate)
        if name is None:
            raise VocabularyError(f"The property {predicate} has no name that RDF/XML could write. Rename it.")
        lines += [_property(name, value) for value in values]
    lines.append(f"  </{element}>\n")
    return "".join(lines)


def _property(name: str, value: Term) -> str:
    if value[0] != '"':
        return f"    <{name} {_resource(value, 'resource')}/>\n"
    text, language, datatype = split_literal(value)
    attribute = f' xml:lang="{language}"' if language else f' rdf:datatype="{escape(datatype)}"' if datatype else ""
    return f"    <{name}{attribute}>{escape(unescape(text))}</{name}>\n"


def _resource(term: Term, attribute: str) -> str:
    if term[0] == "_":
        return f'rdf:nodeID="{term[2:]}"'
    return f'rdf:{attribute}="{escape(term[1:-1])}"'
