"""RDF/XML that is XML whatever the values hold."""

from __future__ import annotations

import re

from ld import context
from ld.errors import VocabularyError
from ld.formats.statements import TYPE, Statements, Subject, Term, split_literal, unescape
from ld.namespaces import RDF

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
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF{names.declared()}>\n{"".join(nodes)}</rdf:RDF>\n'.encode()


class _Names:
    """Qualified names, and the namespaces that they used."""

    def __init__(self) -> None:
        self._prefixes = {iri: prefix for prefix, iri in context.load().prefixes.items()}
        self._used = {RDF: "rdf"}

    def qualify(self, term: Term) -> str | None:
        """`<iri>` as `prefix:name`; None when no end of it is a name."""
        iri = term[1:-1]
        cut = max(iri.rfind("/"), iri.rfind("#")) + 1
        found = _NAME.search(iri, cut)
        if not found or iri in _SYNTAX:
            return None
        namespace = iri[: found.start()]
        prefix = self._used.get(namespace) or self._prefixes.get(namespace) or f"ns{len(self._used)}"
        self._used[namespace] = prefix
        return f"{prefix}:{found.group()}"

    def declared(self) -> str:
        """The namespace declarations, sorted by prefix."""
        pairs = sorted((prefix, iri) for iri, prefix in self._used.items())
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
