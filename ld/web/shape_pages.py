"""Shapes on the web: the contract that every description is held to, whole at `/shapes/` and file by file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, render_template
from pyoxigraph import NamedNode

from ld import resources
from ld.formats import BY_SUFFIX, Format
from ld.namespaces import RDF, RDFS, SH
from ld.rdf import Term
from ld.shapes.files import WHOLE, Statements
from ld.vocabulary.documents import Published
from ld.web.described import Described, respond, split
from ld.web.errors import Problem
from ld.web.labels import local_name
from ld.web.links import Link
from ld.web.site import site
from ld.web.vocabularies import changed

blueprint = Blueprint("shapes", __name__)

TURTLE = BY_SUFFIX["ttl"]
_VIOLATION = NamedNode(SH + "Violation")  # what a shape without a severity finds
_IRI = re.compile("<([^>]*)>")


@dataclass(frozen=True, slots=True)
class Constraint:
    """One row: a property shape as people read it."""

    anchor: str
    name: str
    property: str
    description: str
    severity: str
    message: str


@dataclass(frozen=True, slots=True)
class NodeShape:
    """One table: what is asked of one kind of thing."""

    anchor: str
    label: str
    comment: str
    constraints: tuple[Constraint, ...]


@blueprint.get("/shapes")
@blueprint.get("/shapes/")
@blueprint.get("/shapes/index", defaults={"suffix": None})
@blueprint.get(f"/shapes/index.<any({','.join(BY_SUFFIX)}):suffix>")
def index(suffix: str | None = None) -> Response:
    """All shapes."""
    return _answer("index", site().shapes.files[WHOLE], BY_SUFFIX.get(suffix or ""))


@blueprint.get("/shapes/<name>")
def document(name: str) -> Response:
    """The shapes of one file."""
    stem, fixed = split(name)
    file = site().shapes.files.get(stem)
    if file is None:
        raise Problem(404, f"There is no document of shapes {stem[:200]!r} here.")
    return _answer(stem, file, fixed)


def _answer(name: str, file: Published, fixed: Format | None) -> Response:
    path = f"shapes/{name}"

    def page(formats: Sequence[Link]) -> str:
        return render_template(
            "shapes.html",
            title=file.title,
            canonical=path,
            shapes=list(_node_shapes(Statements(file.triples))),
            files=() if name != "index" else [(n, f.title) for n, f in site().shapes.files.items() if n != WHOLE],
            formats=formats,
        )

    def written(chosen: Format) -> bytes | None:
        # Lists and comments read best as they were written; the page of all shapes is in no one file.
        if chosen is TURTLE and name not in ("index", WHOLE):
            return (resources.shapes_dir() / f"{name}.ttl").read_bytes()
        return None

    modified = changed(resources.shapes_dir())
    return respond(
        Described(path, file.root, file.triples, page, modified=modified, lasting=True, written=written), fixed
    )


def _node_shapes(said: Statements) -> Iterator[NodeShape]:
    text = said.text
    for node in said:
        properties = said.objects(node, SH + "property")
        if properties or NamedNode(SH + "NodeShape") in said.objects(node, RDF + "type"):
            own = text(node, SH + "message")
            rows = [_own(said, node, own)] if own else []
            rows += [
                Constraint(
                    anchor=_anchor(shape.value),
                    name=text(shape, SH + "name"),
                    property=_compact(path),
                    description=text(shape, SH + "description"),
                    severity=local_name((said.objects(shape, SH + "severity") or [_VIOLATION])[0].value),
                    message=text(shape, SH + "message"),
                )
                for shape in properties
                for path in [said.path(said.objects(shape, SH + "path")[0])]
            ]
            yield NodeShape(_anchor(node.value), text(node, RDFS + "label"), text(node, RDFS + "comment"), tuple(rows))


def _own(said: Statements, node: Term, message: str) -> Constraint:
    """What a node shape asks of the thing itself."""
    severity = (said.objects(node, SH + "severity") or [_VIOLATION])[0].value
    return Constraint("", said.text(node, SH + "name") or "Itself", "", "", local_name(severity), message)


def _compact(path: str) -> str:
    """A SHACL path with prefixed names: `dcterms:title`, `dcterms:identifier|tld:claimedIsni`."""
    compact = site().context.compact
    return _IRI.sub(lambda found: compact(found[1]), path) if "<" in path else compact(path)


def _anchor(iri: str) -> str:
    return iri.partition("#")[2]
