"""What a writer is given: one description, as triples and as the names that some syntaxes need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from ld.formats.statements import Statements


@dataclass(frozen=True)
class Source:
    """One description.

    ntriples: canonical N-Triples. root: IRI of the thing described. graph: IRI of its document.
    context_url: the immutable address of the JSON-LD context, where it is named by its address.
    """

    ntriples: bytes
    root: str
    graph: str
    context_url: str = ""

    @cached_property
    def statements(self) -> Statements:
        """The triples by subject, in reading order: the thing, its document, the others."""
        return Statements.read(self.ntriples, first=(self.root, self.graph))


Write = Callable[[Source], bytes]
