"""How many thesis descriptions a second the shapes judge, on one core: `python tests/bench/bench_shapes.py [records]`.

Each record has the 25 triples of a typical row of the open CSV, and its share of missing fields.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path
from time import process_time

import pyoxigraph as ox

from ld import shapes

SAMPLE = (Path(__file__).parents[1] / "cases" / "shapes" / "sample.ttl").read_text("utf-8")
COMMON = """
<id/thesis/{key}> dcterms:identifier "{key}" ; dcterms:subject <https://w3id.org/thesis-ld/discipline/law> .
<https://w3id.org/thesis-ld/discipline/law> a skos:Concept ; skos:prefLabel "Law"@en .
"""
SUPERVISOR = """
<id/thesis/{key}> marcrel:ths <id/thesis/{key}#supervisor-1> .
<id/thesis/{key}#supervisor-1> a foaf:Person ; foaf:name "A. Smith" ; foaf:familyName "Smith" ; rdfs:label "Smith, A." .
"""
PAGE = "<id/thesis/{key}> foaf:page <https://repository.example.ac.uk/{key}> .\n"
SOMETIMES = ((0.235, SUPERVISOR), (0.61, PAGE))


def records(count: int) -> list[ox.Triple]:
    """The triples of `count` records."""
    chance, triples = random.Random(1), {}
    for number in range(count):
        key = f"uk.bl.ethos.{number}"
        text = SAMPLE.replace("x-0123456789abcdef", key).replace("0000000453606890", f"{number:016}") + COMMON
        text += "".join(part for share, part in SOMETIMES if chance.random() < share)
        quads = ox.parse(text.replace("{key}", key), format=ox.RdfFormat.TURTLE)
        triples |= dict.fromkeys(quad.triple for quad in quads)
    return list(triples)


def main(count: int) -> None:
    """Prints the rate of five runs."""
    triples, known = records(count), shapes.load()
    known.validate(triples[:1])  # starts the engine
    print(f"{count} records, {len(triples) / count:.0f} triples each")
    for _ in range(5):
        started = process_time()
        found = len(known.validate(triples).findings)
        print(f"{count / (process_time() - started):.0f} records/s, {found / count:.1f} findings each")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
