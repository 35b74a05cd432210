"""Labels: what a page calls a property or a well-known outside thing that no shape and no vocabulary of ours names."""

from __future__ import annotations

import re

PROPERTIES = {
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#type": "Type",
    "http://www.w3.org/2000/01/rdf-schema#label": "Label",
    "http://www.w3.org/2000/01/rdf-schema#comment": "What it means",
    "http://www.w3.org/2000/01/rdf-schema#domain": "Said of",
    "http://www.w3.org/2000/01/rdf-schema#range": "Its values",
    "http://www.w3.org/2000/01/rdf-schema#subPropertyOf": "A kind of",
    "http://www.w3.org/2000/01/rdf-schema#subClassOf": "A kind of",
    "http://www.w3.org/2000/01/rdf-schema#isDefinedBy": "Defined in",
    "http://www.w3.org/2000/01/rdf-schema#seeAlso": "See also",
    "http://www.w3.org/2002/07/owl#sameAs": "Same as",
    "http://www.w3.org/2004/02/skos/core#prefLabel": "Name",
    "http://www.w3.org/2004/02/skos/core#altLabel": "Also called",
    "http://www.w3.org/2004/02/skos/core#hiddenLabel": "Also written",
    "http://www.w3.org/2004/02/skos/core#exactMatch": "Elsewhere",
    "http://www.w3.org/2004/02/skos/core#definition": "What it means",
    "http://www.w3.org/2004/02/skos/core#inScheme": "Part of",
    "http://www.w3.org/2004/02/skos/core#topConceptOf": "Stands at the top of",
    "http://www.w3.org/2004/02/skos/core#hasTopConcept": "Holds",
    "http://www.w3.org/2004/02/skos/core#notation": "Code",
    "http://www.w3.org/2004/02/skos/core#broader": "Broader",
    "http://www.w3.org/2004/02/skos/core#narrower": "Narrower",
    "http://www.w3.org/2004/02/skos/core#scopeNote": "How it is used",
    "http://www.w3.org/ns/org#changedBy": "Ended or changed by",
    "http://www.w3.org/ns/org#originalOrganization": "From",
    "http://www.w3.org/ns/org#resultingOrganization": "To",
    "http://purl.org/dc/terms/hasPart": "Holds",
    "http://purl.org/dc/terms/issued": "First published here",
    "http://purl.org/dc/terms/modified": "Last changed here",
    "http://purl.org/dc/terms/license": "Licence",
    "http://purl.org/dc/terms/source": "Source",
    "http://creativecommons.org/ns#attributionName": "Attribution",
    "http://creativecommons.org/ns#attributionURL": "Data set",
    "http://xmlns.com/foaf/0.1/primaryTopic": "Describes",
}
"""Property IRI → its label."""

THINGS = {
    "http://purl.org/coar/resource_type/c_db06": "doctoral thesis",
    "http://purl.org/coar/access_right/c_abf2": "open access",
    "http://purl.org/coar/access_right/c_f1cf": "embargoed access",
    "http://purl.org/coar/access_right/c_16ec": "restricted access",
    "http://purl.org/coar/access_right/c_14cb": "metadata only",
    "https://creativecommons.org/licenses/by/4.0/": "CC BY 4.0",
    "https://doi.org/10.23636/rcm4-zk44": "UK Doctoral Thesis Metadata from EThOS",
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
