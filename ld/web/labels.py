"""Labels: what a page calls a property or a well-known outside thing that no shape and no vocabulary of ours names."""

from __future__ import annotations

import re

from ld.mapping import ACCESS_RIGHTS, BACHELORS_THESIS, DATASET, DOCTORAL_THESIS, LICENCE, MASTERS_THESIS
from ld.namespaces import CC, DCTERMS, FOAF, ORG, OWL, RDF, RDFS, SKOS

PROPERTIES = {
    RDF + "type": "Type",
    RDFS + "label": "Label",
    RDFS + "comment": "What it means",
    RDFS + "domain": "Said of",
    RDFS + "range": "Its values",
    RDFS + "subPropertyOf": "A kind of",
    RDFS + "subClassOf": "A kind of",
    RDFS + "isDefinedBy": "Defined in",
    RDFS + "seeAlso": "See also",
    OWL + "sameAs": "Same as",
    SKOS + "prefLabel": "Name",
    SKOS + "altLabel": "Also called",
    SKOS + "hiddenLabel": "Also written",
    SKOS + "exactMatch": "Elsewhere",
    SKOS + "definition": "What it means",
    SKOS + "inScheme": "Part of",
    SKOS + "topConceptOf": "Stands at the top of",
    SKOS + "hasTopConcept": "Holds",
    SKOS + "notation": "Code",
    SKOS + "broader": "Broader",
    SKOS + "narrower": "Narrower",
    SKOS + "scopeNote": "How it is used",
    ORG + "changedBy": "Ended or changed by",
    ORG + "originalOrganization": "From",
    ORG + "resultingOrganization": "To",
    DCTERMS + "hasPart": "Holds",
    DCTERMS + "issued": "First published here",
    DCTERMS + "modified": "Last changed here",
    DCTERMS + "license": "Licence",
    DCTERMS + "source": "Source",
    CC + "attributionName": "Attribution",
    CC + "attributionURL": "Data set",
    FOAF + "primaryTopic": "Describes",
}
"""Property IRI → its label."""

THINGS = {
    DOCTORAL_THESIS: "doctoral thesis",
    MASTERS_THESIS: "master's thesis",
    BACHELORS_THESIS: "bachelor's thesis",
    ACCESS_RIGHTS["open"]: "open access",
    ACCESS_RIGHTS["embargoed"]: "embargoed access",
    ACCESS_RIGHTS["restricted"]: "restricted access",
    ACCESS_RIGHTS["metadata-only"]: "metadata only",
    LICENCE: "CC BY 4.0",
    DATASET: "UK Doctoral Thesis Metadata from EThOS",
}
"""IRI of a well-known thing → its label."""


def local_name(iri: str) -> str:
    """The last part of an IRI as words.

    >>> local_name("http://purl.org/dc/terms/accessRights")
    'Access rights'
    """
    last = re.split(r"[#/]", iri.rstrip("#/"))[-1]
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", last).replace("-", " ").lower()
    return words[:1].upper() + words[1:]
