"""The gate: what is found about a description does not depend on what else is judged with it."""

from __future__ import annotations

from pyoxigraph import NamedNode, Triple

from ld import shapes
from ld.gate import judge
from ld.mapping import Description
from ld.namespaces import BIBO, DCTERMS
from ld.rdf import RDF_TYPE


def thesis(key: str, *creators: str) -> Description:
    """A thesis whose authors are described nowhere."""
    iri = NamedNode(f"http://a.org/id/thesis/{key}")
    own = [Triple(iri, RDF_TYPE, NamedNode(BIBO + "Thesis"))]
    own += [Triple(iri, NamedNode(DCTERMS + "creator"), NamedNode(f"http://a.org/{name}")) for name in creators]
    return Description("thesis", key, key, tuple(own), ())


def test_findings_come_in_the_same_order_whatever_was_judged_before() -> None:
    (alone,) = judge([thesis("a", "x", "y")], shapes.load())
    _, after = judge([thesis("b", "y"), thesis("a", "x", "y")], shapes.load())
    dangling = [finding.value for finding in alone.findings if finding.value]
    assert dangling == ["http://a.org/x", "http://a.org/y"]
    assert after.findings == alone.findings
