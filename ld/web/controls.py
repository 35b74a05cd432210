"""Controls: what a page of a fragment says of itself, so that a program finds all the others (Hydra, VoID).

The words are those of Triple Pattern Fragments, https://linkeddatafragments.org/specification/triple-pattern-fragments/.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote_plus

from ld import iris
from ld.mapping import ATTRIBUTION, DATASET, LICENCE
from ld.sparql.fragments import PLACES, SIZE
from ld.web import listings

PATH = "fragments"
FORMAT = "format"
"""The parameter that fixes a format; the number of a page is `listings.PARAMETER`."""

_LEGAL = "!$&'()*+,;=:@/?%"
"""Characters that a query may hold (RFC 3986, section 3.4), beside those that are never encoded."""
_STRAY = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Queries:
    """The query of the address at hand, and those of the addresses around it, each with its question mark, or empty.

    Nothing in them is put in order: a client knows a page by the very address that it asked for.
    """

    here: str
    _pairs: tuple[str, ...]

    @classmethod
    def of(cls, given: bytes) -> Queries:
        """The queries around the one that came.

        >>> Queries.of(b"page=2&object=%22a%22&format=ttl").page(3)
        '?object=%22a%22&format=ttl&page=3'
        """
        clean = _STRAY.sub("%25", quote(given, safe=_LEGAL))
        pairs = tuple(pair for pair in clean.split("&") if pair and _name(pair) != listings.PARAMETER)
        return cls(f"?{clean}" if clean else "", pairs)

    def page(self, number: int) -> str:
        """The query of another page of the fragment; the first one has no number."""
        return _joined(self._pairs, **({listings.PARAMETER: str(number)} if number > 1 else {}))

    def format(self, suffix: str, number: int) -> str:
        """The query of the page in one format for certain."""
        pairs = tuple(pair for pair in self._pairs if _name(pair) != FORMAT)
        pages = {listings.PARAMETER: str(number)} if number > 1 else {}
        return _joined(pairs, **pages, **{FORMAT: suffix})


def query(**terms: str) -> str:
    """The query of a fragment, spelled as clients do that fill in the template.

    >>> query(predicate="http://a.org/p", object='"a b"')
    '?predicate=http%3A%2F%2Fa.org%2Fp&object=%22a%20b%22'
    """
    return _joined((), **terms)


def pages(number: int, total: int) -> dict[str, int]:
    """The pages that a page links to, by relation; one that is alone is the first and the last.

    >>> pages(2, 250), pages(1, 100)
    ({'first': 1, 'previous': 1, 'next': 3, 'last': 3}, {'first': 1, 'last': 1})
    """
    last = last_page(total)
    there = {"first": 1, "previous": number - 1, "next": number + 1, "last": last}
    return {rel: page for rel, page in there.items() if 1 <= page <= last}


def last_page(total: int) -> int:
    """The number of the last page; a fragment without triples has one page."""
    return max(1, -(-total // SIZE))


def describe(base: str, queries: Queries, number: int, total: int) -> dict[str, Any]:
    """What a page says of itself, in the words of the context: the counts, the pages around it, and the form.

    The node is the graph in which it says so; one name for that of all pages, for some syntaxes repeat it all the time.
    """
    root = base + PATH
    fragment, page, dataset = root + queries.page(1), root + queries.here, iris.dataset(base)
    count = {"@value": str(total), "@type": "xsd:integer"}
    of_fragment = {
        "id": fragment,
        "type": ["Collection"],
        "totalItems": count,
        "void:triples": [count],
        "license": LICENCE,
        "attributionName": ATTRIBUTION,
        "attributionURL": DATASET,
    }
    links = {rel: root + queries.page(other) for rel, other in pages(number, total).items()}
    of_page = {
        "id": page,
        "type": ["PartialCollectionView"],
        "hydra:itemsPerPage": {"@value": str(SIZE), "@type": "xsd:integer"},
        **links,
    }
    parts = [of_fragment, of_page]
    if fragment == page:
        parts = [of_fragment | of_page | {"type": ["Collection", "PartialCollectionView"]}]
    else:
        of_fragment["view"] = page
    whole = {
        "id": dataset,
        "type": ["void:Dataset", "Collection"],
        "void:subset": parts,
        "hydra:search": _form(root),
    }
    # To Comunica the metadata is the graph about that which has the page it asked for as a subset.
    return {"id": f"{root}#metadata", "primaryTopic": whole}


def _form(root: str) -> dict[str, Any]:
    return {
        "id": f"{root}#pattern",
        "hydra:template": f"{root}{{?{','.join(PLACES)}}}",
        "hydra:variableRepresentation": {"id": "hydra:ExplicitRepresentation"},
        "hydra:mapping": [
            {"id": f"{root}#{place}", "hydra:variable": place, "hydra:property": {"id": f"rdf:{place}"}}
            for place in PLACES
        ],
    }


def _name(pair: str) -> str:
    return unquote_plus(pair.partition("=")[0])


def _joined(pairs: tuple[str, ...], **more: str) -> str:
    whole = [*pairs, *(f"{name}={quote(value, safe='')}" for name, value in more.items())]
    return "?" + "&".join(whole) if whole else ""
