"""How many records a second we judge, and how many pySHACL does: `python tests/bench/validate.py [RECORDS…]`.

The records are those of `theses.py`, read from N-Quads on the disk, plain and packed. We are measured as a user meets
us: `thesis-ld validate` starts, reads the file, judges it and writes the report as text. pySHACL (`--pyshacl RECORDS`,
0 for not at all) is measured as fast as it can be while it still finds the same, which is checked: two processes, 500
descriptions at a time with what they link to, rdflib's plainest graphs, shapes parsed once and without their prose, and
its imports do not count. `--plain RECORDS` gives it one graph of everything, to check that too. Prints a table in
Markdown. Linux only, for the memory.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import platform
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import pyoxigraph as ox
import pyshacl
import rdflib
from pyshacl.pytypes import SHACLExecutor
from pyshacl.shape import Shape
from pyshacl.shapes_graph import ShapesGraph
from rdflib import RDF, RDFS, SH, BNode, Graph, Literal, URIRef
from rdflib.namespace import NamespaceManager
from theses import BASE, Corpus, Size

from ld import shapes
from ld.namespaces import DCTERMS, XSD
from ld.validation.inputs import file_input
from ld.validation.loading import load

SIZES = [10_000, 100_000, 300_000]
COMPARED = 100_000
"""The size that pySHACL gets when nobody says."""
RUNS = 3
WORKERS = 2
CHUNKED = "pySHACL, by chunks"
CHUNK = 500
"""Descriptions that pySHACL gets at a time; with 200 or 2,000 it is as fast."""
SAMPLED = 0.05
"""Seconds from one look at the memory to the next."""

Found = tuple[str | None, ...]
"""Focus node, path, value, component, severity, shape."""
Bag = Counter[Found]


# --- ours ---


def our_results(path: Path) -> Bag:
    """What our engine finds in a file."""
    engine = shapes.load().validator.engine
    found = engine.run(load([file_input(path)], engine.known)).results()
    return Counter(
        tuple(
            None if part is None else str(part) for part in (r.focus, r.path, r.value, r.component, r.severity, r.shape)
        )
        for r in found
    )


def seconds(path: Path, workers: int) -> float:
    """How long `thesis-ld validate` takes from its start to its end, the median of some runs."""

    def run() -> float:
        began = time.perf_counter()
        with _validate(path, workers) as process:
            _succeeded(process.wait())
        return time.perf_counter() - began

    return median(run() for _ in range(RUNS))


def peak(path: Path, workers: int) -> float:
    """The most memory in MB that `thesis-ld validate` and its helpers ever take together, in a run of its own.

    Pages that they share count once (the sum of their PSS).
    """
    most = 0.0
    with _validate(path, workers) as process:
        while process.poll() is None:
            most = max(most, sum(map(_memory, _family(process.pid))))
            time.sleep(SAMPLED)
        _succeeded(process.returncode)
    return most


def _validate(path: Path, workers: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "ld", "validate", str(path), "--workers", str(workers)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # progress, in a terminal


def _succeeded(status: int) -> None:
    if status != 1:  # it must find faults
        sys.exit(f"thesis-ld validate ended with {status} instead of 1")


def _family(pid: int) -> Iterator[int]:
    """A process and those that came of it."""
    yield pid
    with suppress(OSError):
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in children.read_text().split():
                yield from _family(int(child))


def _memory(pid: int) -> float:
    """The PSS of a process in MB; nothing when it has just ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


# --- pySHACL ---
#
# A chunk by itself is not enough: the class of what a thesis links to, the names of a person and whether somebody
# is an author at all may be stated anywhere. So the file is first looked through for that, and a node is judged only
# where its own description is (in a dump it has one), together with all that is said of it elsewhere.

_OF_THESES = (f"{BASE}id/thesis/", f"{BASE}doc/thesis/")
_ABOUT_THESES = tuple(f"<{start}".encode() for start in _OF_THESES)
_TYPE, _BELOW, _CREATOR = (f"<{iri}>".encode() for iri in (RDF.type, RDFS.subClassOf, DCTERMS + "creator"))
_SAYS_NOTHING = (SH.name, SH.description, SH.order, RDFS.label, RDFS.comment)
"""What pySHACL looks at again for every node, and what decides nothing (SHACL §2.3.2)."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some descriptions that stand together in the file: of theses, or else of what they share."""

    start: int
    end: int
    theses: bool


@dataclass
class Context:
    """What must be known outside of the chunk where it stands. Nodes are by IRI in angle brackets."""

    chunks: list[Chunk] = field(default_factory=list)
    described: set[bytes] = field(default_factory=set)
    """What has a description of its own and is no part of a thesis."""
    types: dict[bytes, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    """The lines that state a class of such a node."""
    elsewhere: dict[bytes, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    """The lines about such a node in descriptions of theses."""
    creators: set[bytes] = field(default_factory=set)
    """Those that are authors."""
    below: set[bytes] = field(default_factory=set)
    """The lines that state that a class is a subclass."""

    def add(self, other: Context) -> None:
        """Takes over what another process saw."""
        self.chunks += other.chunks
        for mine, theirs in ((self.types, other.types), (self.elsewhere, other.elsewhere)):
            for node, lines in theirs.items():
                mine[node] += lines
        self.described |= other.described
        self.creators |= other.creators
        self.below |= other.below

    def nowhere(self) -> list[bytes]:
        """The nodes that something is said of and that no description is about."""
        return sorted({*self.creators, *self.elsewhere} - self.described)


def pyshacl_results(path: Path, workers: int = WORKERS) -> Bag:
    """What pySHACL finds in a file of our dumps, chunk by chunk on some processes."""
    fork, size = multiprocessing.get_context("fork"), path.stat().st_size
    cuts = [_next_description(path, size * share // workers) for share in range(workers)]
    context, found = Context(), Bag()
    with fork.Pool(workers) as pool:
        for seen in pool.starmap(partial(look_through, path), zip(cuts, [*cuts[1:], size], strict=True)):
            context.add(seen)
    with fork.Pool(workers, _Worker.begin, (path, context)) as pool:
        for part in pool.imap_unordered(_Worker.judge, [None, *context.chunks]):
            found.update(part)
    return found


def look_through(path: Path, start: int, end: int) -> Context:
    """What is to be known of a part of the file; `start` and `end` are where descriptions begin."""
    seen, last, count, theses = Context(), b"", 0, True
    at = began = start
    with path.open("rb") as file:
        file.seek(start)
        for line in file:
            if at >= end:
                break
            graph = _graph_of(line)
            if graph != last:
                last, before, theses = graph, theses, graph.startswith(_ABOUT_THESES)
                if at > began and (count == CHUNK or theses != before):
                    seen.chunks.append(Chunk(began, at, before))
                    began, count = at, 0
                count += 1
            at += len(line)
            _note(seen, line, theses)
    if at > began:
        seen.chunks.append(Chunk(began, at, theses))
    return seen


def _note(seen: Context, line: bytes, theses: bool) -> None:
    node, predicate, rest = line.split(b" ", 2)
    if theses and node.startswith(_ABOUT_THESES):
        if predicate == _CREATOR and not rest.startswith(_ABOUT_THESES):
            seen.creators.add(rest.split(b" ", 1)[0])
        return
    if predicate == _TYPE:
        seen.types[node].append(line)
    elif predicate == _BELOW:
        seen.below.add(line)
    if theses:
        seen.elsewhere[node].append(line)
    else:
        seen.described.add(node)


def _next_description(path: Path, offset: int) -> int:
    """Where the first description from a place on begins."""
    with path.open("rb") as file:
        if offset:
            file.seek(offset - 1)
            file.readline()
        at, first = file.tell(), file.readline()
        if offset and first:
            graph, line = _graph_of(first), first
            while line and _graph_of(line) == graph:
                at, line = at + len(line), file.readline()
        return at


def _graph_of(line: bytes) -> bytes:
    return line[line.rindex(b" <") + 1 :]


class _Worker:
    """One of the processes: it has the shapes, parsed once."""

    it: _Worker

    def __init__(self, path: Path, context: Context) -> None:
        self.path, self.context = path, context
        self.executor = SHACLExecutor()
        graph = _shapes(_Quick())
        for predicate in _SAYS_NOTHING:
            graph.remove((None, predicate, None))
        found = ShapesGraph(graph).shapes
        self.shapes: list[Shape] = [shape for shape in found if any(list(targets) for targets in shape.target())]

    @classmethod
    def begin(cls, path: Path, context: Context) -> None:
        """Starts a process."""
        rdflib.NORMALIZE_LITERALS = False
        logging.getLogger("rdflib.term").disabled = True  # it prints a traceback for each value that is ill-typed
        cls.it = cls(path, context)

    @classmethod
    def judge(cls, chunk: Chunk | None) -> Bag:
        """What is found in a chunk, or, without one, in what no description is about."""
        return Counter(cls.it.found(chunk))

    def found(self, chunk: Chunk | None) -> Iterator[Found]:
        """The results for the nodes that belong here."""
        graph = _Quick()
        if chunk is None:
            nodes: set[Any] = {URIRef(node[1:-1].decode()) for node in self.context.nowhere()}
            links: set[Any] = set()
        else:
            nodes, links = graph.take(self._read(chunk))
        theses = chunk is not None and chunk.theses
        graph.take(b"".join([*self._linked(links), *self.context.below] if theses else self._around(nodes)))
        for shape in self.shapes:
            focus = shape.focus_nodes(graph)
            judged = [node for node in focus if (_is_of_theses(node) if theses else node in nodes)]
            if judged:
                for _, node, triples in shape.validate(self.executor, graph, focus=judged)[1]:
                    yield _told(node, triples)

    def _read(self, chunk: Chunk) -> bytes:
        with self.path.open("rb") as file:
            file.seek(chunk.start)
            return file.read(chunk.end - chunk.start)

    def _linked(self, links: Iterable[str]) -> Iterator[bytes]:
        """The classes of what theses link to."""
        for link in links:
            yield from self.context.types.get(f"<{link}>".encode(), ())

    def _around(self, nodes: Iterable[str]) -> Iterator[bytes]:
        """What is said elsewhere of people and others, and that they are authors."""
        for node in (f"<{node}>".encode() for node in nodes):
            yield from self.context.elsewhere.get(node, ())
            if node in self.context.creators:
                yield b"<urn:some-thesis> " + _CREATOR + b" " + node + b" .\n"
        yield from self.context.below


def _is_of_theses(node: Any) -> bool:
    """Whether a node is judged where theses are, as everything is that is no IRI of something else."""
    return not isinstance(node, URIRef) or str(node).startswith(_OF_THESES)  # rdflib's own knows no tuples


class _PlainNames(NamespaceManager):
    """Names for pySHACL's prose, which nobody reads here, for nothing."""

    def bind(self, *_: object, **__: object) -> None:
        pass

    def normalizeUri(self, rdfTerm: str) -> str:  # noqa: N802, N803  rdflib's own name
        return f"<{rdfTerm}>"


class _Quick(Graph):
    """The graph that pySHACL is quickest with: rdflib's plainest, in memory and without prefixes."""

    def __init__(self) -> None:
        super().__init__(store="SimpleMemory", bind_namespaces="none")
        self.namespace_manager = _PlainNames(self, bind_namespaces="none")
        self._terms = _Terms()

    def __bool__(self) -> bool:
        return True  # pySHACL asks for each result, and rdflib would count

    def take(self, quads: bytes) -> tuple[set[Any], set[Any]]:
        """Adds N-Quads; gives the subjects, and the IRIs that are objects."""
        terms, subjects, objects = self._terms, set(), set()
        for quad in ox.parse(quads, format=ox.RdfFormat.N_QUADS):
            subject, obj = terms[quad.subject], terms[quad.object]
            self.add((subject, terms[quad.predicate], obj))
            subjects.add(subject)
            if isinstance(obj, URIRef):
                objects.add(obj)
        return subjects, objects


class _Terms(dict[Any, Any]):
    """Terms of rdflib, each made once, spelled as they are."""

    def __missing__(self, term: Any) -> Any:
        if isinstance(term, ox.NamedNode):
            made: Any = URIRef(term.value)
        elif isinstance(term, ox.BlankNode):
            made = BNode(term.value)
        elif term.language:
            made = Literal(term.value, lang=term.language)
        elif term.datatype.value == XSD + "string":
            made = Literal(term.value)
        else:
            made = Literal(term.value, datatype=URIRef(term.datatype.value), normalize=False)
        self[term] = made
        return made


def _shapes(graph: Graph) -> Graph:
    terms = _Terms()
    for triple in shapes.load().files["shapes"].triples:
        graph.add((terms[triple.subject], terms[triple.predicate], terms[triple.object]))
    return graph


def plain_results(path: Path) -> Bag:
    """What pySHACL finds in a file when it gets one graph of everything, by its front door."""
    graph, terms = Graph(bind_namespaces="none"), _Terms()
    for quad in ox.parse(path=str(path), format=ox.RdfFormat.N_QUADS):
        graph.add((terms[quad.subject], terms[quad.predicate], terms[quad.object]))
    logging.getLogger("rdflib.term").disabled = True
    _, report, _ = pyshacl.validate(graph, shacl_graph=_shapes(Graph()), inplace=True)
    return Counter(_told(node, report.triples((node, None, None))) for node in report.objects(None, SH.result))


def _told(node: Any, triples: Iterable[tuple[Any, Any, Any]]) -> Found:
    """One result; a term may be paired with the graph that it is from."""
    own = {predicate: value for subject, predicate, value in triples if subject == node}
    wanted = (SH.focusNode, SH.resultPath, SH.value, SH.sourceConstraintComponent, SH.resultSeverity, SH.sourceShape)
    values = (own.get(predicate) for predicate in wanted)
    focus, path, value, component, severity, shape = (v[1] if isinstance(v, tuple) else v for v in values)
    return _written(focus), _written(path), _written(value), str(component), str(severity), _written(shape)


def _written(term: Any) -> str | None:
    """A term of rdflib as our own terms are written."""
    if isinstance(term, Literal):
        if term.language:
            return str(ox.Literal(str(term), language=term.language))
        return str(ox.Literal(str(term), datatype=ox.NamedNode(str(term.datatype or XSD + "string"))))
    if isinstance(term, BNode):
        return f"_:{term}"
    return None if term is None else f"<{term}>"


# --- both ---


def difference(ours: Bag, theirs: Bag) -> str:
    """The first few results that only one of two found; empty when they are the same."""
    lines = [f"only we find {result}" for result in list(ours - theirs)[:5]]
    return "\n".join(lines + [f"only pySHACL finds {result}" for result in list(theirs - ours)[:5]])


def check(path: Path, found: Bag) -> None:
    """Ends everything unless we find the same."""
    if lines := difference(our_results(path), found):
        sys.exit(f"pySHACL and we do not find the same in {path.name}:\n{lines}")
    print(f"same {found.total():,} results", file=sys.stderr)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    records: int
    who: str
    workers: int
    seconds: float
    megabytes: float | None = None

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.records / self.seconds

    def written(self, rate: float | None) -> str:
        """The line, with the rate as a multiple of another one."""
        memory = "" if self.megabytes is None else f"{self.megabytes:,.0f}"
        times = "" if rate is None else f"{self.rate / rate:.1f}"
        cells = f"{self.records:,}", self.who, self.workers, f"{self.seconds:.1f}", f"{self.rate:,.0f}", memory, times
        return f"| {' | '.join(map(str, cells))} |"


def measured(path: Path, records: int) -> Iterator[Row]:
    """How we do."""
    for file in (path, path.with_name(path.name + ".gz")):
        for workers in (1, WORKERS):
            kind = file.name.partition(".")[2]
            yield Row(records, f"ours, .{kind}", workers, seconds(file, workers), peak(file, workers))


def timed(path: Path, records: int, who: str, workers: int, results: Callable[[Path], Bag]) -> Row:
    """How pySHACL does; what it finds is checked."""
    began = time.perf_counter()
    found = results(path)
    took = time.perf_counter() - began
    check(path, found)
    return Row(records, who, workers, took)


def described(corpus: Corpus, size: Size) -> str:
    """What a corpus is like."""
    planted = ", ".join(f"{times:,} × {kind}" for kind, times in corpus.planted.items())
    each = (
        f"{size.triples / corpus.records:.1f} triples and {size.bytes / corpus.records / 1000:.1f} kB of N-Triples each"
    )
    return f"{corpus.records:,} records: {each}; {corpus.planted.total():,} faults planted ({planted})"


def machine() -> str:
    """What it was measured on."""
    cpus = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in cpus if line.startswith("model name")), platform.machine())
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("thesis-ld", "pyoxigraph", "numpy", "pyshacl", "rdflib")
    )
    return f"{len(os.sched_getaffinity(0))} cores of {model}; Python {platform.python_version()}, {packages}"


def measure(records: int, compared: int, plain: int, folder: Path) -> Iterator[Row | str]:
    """What a corpus is like, and how we and pySHACL do with it."""
    path, corpus = folder / f"{records}.nq", Corpus(records)
    yield described(corpus, corpus.write(path))
    yield from measured(path, records)
    if records == compared:
        yield timed(path, records, CHUNKED, WORKERS, pyshacl_results)
    if records == plain:
        yield timed(path, records, "pySHACL, one graph", 1, plain_results)


def main(sizes: Sequence[int], compared: int, plain: int) -> None:
    """Measures one size after the other, and prints the table."""
    rows, notes = list[Row](), list[str]()
    for records in sorted({*sizes, compared, plain} - {0}):
        with TemporaryDirectory() as folder:
            for found in measure(records, compared, plain, Path(folder)):
                print(found, file=sys.stderr, flush=True)
                if isinstance(found, Row):
                    rows.append(found)
                else:
                    notes.append(found)
    rate = next((row.rate for row in rows if row.who == CHUNKED), None)
    print("| records | who | workers | seconds | records/s | MB | × pySHACL |\n|--:|---|--:|--:|--:|--:|--:|")
    print(*(row.written(rate) for row in rows), "", *(f"- {note}" for note in notes), sep="\n")
    print(f"- ours: `thesis-ld validate FILE --workers N` from start to end, median of {RUNS}; MB: the highest PSS")
    print(f"- pySHACL: {CHUNK} descriptions at a time, without its imports\n- {machine()}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="How many records a second we judge, and how many pySHACL does.")
    parser.add_argument("records", nargs="*", type=int, help=f"sizes of the corpus (default: {SIZES})")
    parser.add_argument("--pyshacl", type=int, help=f"size for pySHACL, 0 for none (default: the first, or {COMPARED})")
    parser.add_argument("--plain", type=int, default=0, help="size for pySHACL with one graph of everything")
    given = parser.parse_args()
    first = given.records[0] if given.records else COMPARED
    main(given.records or SIZES, first if given.pyshacl is None else given.pyshacl, given.plain)
