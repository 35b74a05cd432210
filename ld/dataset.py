"""The data set as a whole, as VoID and DCAT say it: its numbers, its licence, and every way to get at it.

All of it is read from the manifests of the snapshots that are kept, in the words of the context; there is no blank
node, and every IRI that is not an address itself has its place in the one document that this is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from pyoxigraph import Triple

from ld import context, iris
from ld.formats import FORMATS
from ld.mapping import ATTRIBUTION, DATASET, LICENCE
from ld.snapshot.dumps import DUMPS, LATEST, Dump
from ld.snapshot.manifest import Manifest, stamp

TITLE = "Doctoral theses as linked data"
DESCRIPTION = (
    "Doctoral theses of the United Kingdom with their people, awarding bodies, degrees and disciplines, from records "
    "of the British Library's EThOS and of repositories, in Dublin Core, BIBO, FOAF and MARC relators."
)

_IANA = "https://www.iana.org/assignments/media-types/"
_JSON_LINES = ("https://jsonlines.org/", "https://www.w3.org/TR/json-ld11/")
_SPARQL = "https://www.w3.org/TR/sparql11-protocol/"
_FRAGMENTS = "https://linkeddatafragments.org/specification/triple-pattern-fragments/"

Node = dict[str, Any]


def describe(manifests: Sequence[Manifest]) -> list[Triple]:
    """The description; the first manifest is that of the current snapshot, the others of older ones, newest first."""
    return context.load().triples({"@graph": list(_nodes(manifests))})


def _nodes(manifests: Sequence[Manifest]) -> Iterator[Node]:
    now = manifests[0]
    yield _document(now)
    yield _dataset(manifests)
    yield from _services(now.base)
    for manifest, older in zip(manifests, [*manifests[1:], None], strict=True):
        yield _version(now.base, manifest, older)


def _document(now: Manifest) -> Node:
    return {
        "id": now.base + iris.VOID,
        "type": ["Document", "void:DatasetDescription"],
        "title": _english(f"{TITLE}: what there is and how to get it"),
        "primaryTopic": iris.dataset(now.base),
        "documentModified": f"{now.created:%Y-%m-%d}",
        **_terms(),
    }


def _dataset(manifests: Sequence[Manifest]) -> Node:
    now = manifests[0]
    base, census = now.base, now.census
    return {
        "id": iris.dataset(base),
        "type": ["void:Dataset", "dcat:Dataset"],
        "title": _english(TITLE),
        "dcterms:description": _english(DESCRIPTION),
        **_terms(),
        "source": DATASET,
        "dcterms:modified": _moment(now),
        "homepage": base,
        "dcat:landingPage": _link(base + "dumps/"),
        "void:uriSpace": base + "id/",
        "void:exampleResource": [_link(iri) for iri in census.get("examples", {}).values()],
        "void:sparqlEndpoint": _link(base + "sparql"),
        "void:feature": [_link(form.iri) for form in FORMATS if form.iri],
        "void:dataDump": [_link(_address(base, dump, LATEST)) for dump in DUMPS if _is_rdf(dump) and _has(now, dump)],
        "dcat:distribution": [_link(_part(base, _name(now, dump))) for dump in DUMPS if _has(now, dump)],
        "dcat:hasCurrentVersion": _link(_part(base, f"version-{now.stamp}")),
        "dcat:hasVersion": [_link(_part(base, f"version-{manifest.stamp}")) for manifest in manifests],
        "void:triples": now.counts.get("triples"),
        **(_numbers(base, census) if census else {}),
    }


def _numbers(base: str, census: Mapping[str, Any]) -> Node:
    """What the census counted."""
    classes, properties = census["classes"], census["properties"]
    return {
        "void:entities": census["entities"],
        "void:distinctSubjects": census["subjects"],
        "void:documents": classes.get(context.load().expand("foaf:Document"), 0),
        "void:classes": len(classes),
        "void:properties": len(properties),
        "void:vocabulary": [_link(namespace) for namespace in _namespaces([*classes, *properties])],
        "void:classPartition": [
            {
                "id": _part(base, f"class-{_fragment(iri)}"),
                "type": "void:Dataset",
                "void:class": _link(iri),
                "void:entities": number,
            }
            for iri, number in classes.items()
        ],
        "void:propertyPartition": [
            {
                "id": _part(base, f"property-{_fragment(iri)}"),
                "type": "void:Dataset",
                "void:property": _link(iri),
                "void:triples": number,
            }
            for iri, number in properties.items()
        ],
    }


def _services(base: str) -> Iterator[Node]:
    """The ways to ask."""
    for name, title, standard in (
        ("sparql", "SPARQL endpoint", _SPARQL),
        ("fragments", "Triple Pattern Fragments", _FRAGMENTS),
    ):
        yield {
            "id": _part(base, name),
            "type": "dcat:DataService",
            "title": _english(title),
            "dcat:endpointURL": _link(base + name),
            "dcat:endpointDescription": _link(base + name),
            "dcterms:conformsTo": _link(standard),
            "dcat:servesDataset": _link(iris.dataset(base)),
            "license": LICENCE,
        }


def _version(base: str, manifest: Manifest, older: Manifest | None) -> Node:
    """The state that one snapshot holds, with its dumps."""
    return {
        "id": _part(base, f"version-{manifest.stamp}"),
        "type": "dcat:Dataset",
        "title": _english(f"{TITLE}, as of {manifest.created:%Y-%m-%d}"),
        **_terms(),
        "dcat:version": manifest.stamp,
        "dcat:isVersionOf": _link(iris.dataset(base)),
        "dcat:previousVersion": _link(_part(base, f"version-{older.stamp}")) if older else None,
        "dcterms:issued": _moment(manifest),
        "dcat:distribution": [_distribution(base, manifest, dump) for dump in DUMPS if _has(manifest, dump)],
    }


def _distribution(base: str, manifest: Manifest, dump: Dump) -> Node:
    file, iri = manifest.files[dump.path], _part(base, _name(manifest, dump))
    return {
        "id": iri,
        "type": "dcat:Distribution",
        "title": _english(f"{dump.title}, packed with gzip"),
        "license": LICENCE,
        "dcterms:issued": _moment(manifest),
        "dcterms:format": _link(dump.syntax.iri) if _is_rdf(dump) else None,
        "dcterms:conformsTo": None if _is_rdf(dump) else [_link(standard) for standard in _JSON_LINES],
        "dcat:mediaType": _link(_IANA + dump.media_type) if _is_rdf(dump) else None,
        "dcat:compressFormat": _link(_IANA + "application/gzip"),
        "dcat:byteSize": {"@value": str(file.bytes), "@type": "xsd:nonNegativeInteger"},
        "dcat:accessURL": _link(base + "dumps/"),
        "dcat:downloadURL": _link(_address(base, dump, manifest.stamp)),
        "spdx:checksum": {
            "id": f"{iri}-sha256",
            "type": "spdx:Checksum",
            "spdx:algorithm": _link("spdx:checksumAlgorithm_sha256"),
            "spdx:checksumValue": {"@value": file.sha256, "@type": "xsd:hexBinary"},
        },
    }


def _terms() -> Node:
    """On what terms it can be used."""
    return {"license": LICENCE, "attributionName": ATTRIBUTION, "attributionURL": DATASET}


def _has(manifest: Manifest, dump: Dump) -> bool:
    """Whether a snapshot has a dump: those of earlier versions have fewer."""
    return dump.path in manifest.files


def _is_rdf(dump: Dump) -> bool:
    """Whether a dump, unpacked, is one document of RDF, and not a document a line."""
    return bool(dump.syntax.iri)


def _name(manifest: Manifest, dump: Dump) -> str:
    return f"{dump.name}-{manifest.stamp}"


def _part(base: str, name: str) -> str:
    return f"{base}{iris.VOID}#{name}"


def _address(base: str, dump: Dump, which: str) -> str:
    return f"{base}dumps/{dump.named(which)}"


def _fragment(iri: str) -> str:
    """The IRI of a class or a property as the end of another IRI.

    >>> _fragment("http://purl.org/ontology/bibo/Thesis"), _fragment("http://a.org/p?q#r")
    ('bibo-Thesis', 'http%3A%2F%2Fa.org%2Fp%3Fq%23r')
    """
    compact = context.load().compact(iri)
    return quote(compact, safe="") if compact == iri else compact.replace(":", "-", 1)


def _namespaces(terms: Sequence[str]) -> list[str]:
    """The vocabularies that classes and properties are from.

    >>> _namespaces(["http://purl.org/dc/terms/title", "http://a.org/v#p", "http://purl.org/dc/terms/date"])
    ['http://a.org/v#', 'http://purl.org/dc/terms/']
    """
    return sorted({re.sub(r"[^/#]*$", "", term) for term in terms})


def _moment(manifest: Manifest) -> Node:
    return {"@value": stamp(manifest.created), "@type": "xsd:dateTime"}


def _english(text: str) -> Node:
    return {"@value": text, "@language": "en"}


def _link(iri: str) -> Node:
    return {"id": iri}
