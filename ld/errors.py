"""The errors of thesis-ld, one small tree.

LdError                 anything this package raises on purpose; its text is fit to show to a user
├── SettingsError       a flag or variable has a value that cannot be used
├── SourceError         a source cannot be read: names the file, the line, the field and the way out
├── BuildError          a build stops; what was published stays published
│   ├── BuildBusy       another build holds the data folder
│   └── BuildRefused    the new corpus is suspiciously smaller than the published one
├── SnapshotError       the data folder or a snapshot in it is missing, damaged or of another version
│   └── NothingPublished  no snapshot has been published yet
├── DataError           data of others cannot be read: names the file, the line and the column
│   └── TooLarge        it is more than a limit allows
├── ShapesError         shapes that someone brought cannot be used
├── QueryError          a query cannot be run: says the line, the column and the way out
│   ├── QueryRefused    it asks for what is not done here: other places, other graphs, changes
│   └── QueryTooComplex it is longer or deeper than is taken
├── Busy (TooMany), TimedOut, Crashed (Unavailable)   work in a process of its own did not come to its end (ld.sandbox)
└── VocabularyError     a file of vocab/ or shapes/ is broken

A record that fails its shapes is not an error but a finding (`ld.shapes.Finding`), and the rest go on.
"""

from __future__ import annotations


class LdError(Exception):
    """Anything that thesis-ld raises on purpose."""


class SettingsError(LdError):
    """A setting has a value that cannot be used."""


class SourceError(LdError):
    """A whole source cannot be read.

    >>> str(SourceError("EThOS.csv", "is empty", way_out="Check the download.", line=1))
    'EThOS.csv, line 1: is empty. Check the download.'
    """

    def __init__(
        self, source: str, problem: str, *, way_out: str = "", line: int | None = None, field: str | None = None
    ) -> None:
        self.source, self.problem, self.way_out, self.line, self.field = source, problem, way_out, line, field
        place = ", ".join(
            part for part in (source, f"line {line}" if line else "", f"field {field}" if field else "") if part
        )
        super().__init__(f"{place}: {problem}{'' if problem.endswith('.') else '.'} {way_out}".rstrip())


class BuildError(LdError):
    """A build stops; what was published stays published."""


class BuildBusy(BuildError):
    """Another build holds the data folder."""


class BuildRefused(BuildError):
    """The new corpus is suspiciously smaller than the published one."""


class SnapshotError(LdError):
    """The data folder or a snapshot in it is missing, damaged or of another version."""


class NothingPublished(SnapshotError):
    """No snapshot has been published yet."""


class DataError(LdError):
    """Data to be validated, or asked, cannot be read.

    >>> str(DataError("a.ttl", "foo is not an object", line=2, column=7, way_out="Correct it."))
    'a.ttl, line 2, column 7: foo is not an object. Correct it.'
    """

    def __init__(
        self, source: str, problem: str, *, way_out: str = "", line: int | None = None, column: int | None = None
    ) -> None:
        self.source, self.problem, self.way_out, self.line, self.column = source, problem, way_out, line, column
        place = f"{source}{f', line {line}' if line else ''}{f', column {column}' if column else ''}"
        super().__init__(f"{place}: {problem.rstrip('.')}. {way_out}".rstrip())


class TooLarge(DataError):
    """Data is more than a limit allows."""


class ShapesError(LdError):
    """Shapes that someone brought cannot be used."""


class QueryError(LdError):
    """A query cannot be run.

    >>> str(QueryError("`}` cannot stand here", line=1, column=19, way_out="Correct it."))
    'line 1, column 19: `}` cannot stand here. Correct it.'
    """

    def __init__(
        self, problem: str, *, way_out: str = "", line: int | None = None, column: int | None = None, text: str = ""
    ) -> None:
        self.problem, self.way_out, self.line, self.column = problem, way_out, line, column
        self.text = text
        """The piece of the query that is to blame, as it stands there; empty where there is none."""
        place = f"line {line}, column {column}: " if line else ""
        super().__init__(f"{place}{problem.rstrip('.')}. {way_out}".rstrip())


class QueryRefused(QueryError):
    """A query asks for what is not done here."""


class QueryTooComplex(QueryError):
    """A query is longer, or nested more deeply, than is taken."""


class VocabularyError(LdError):
    """A file of vocab/ or shapes/ is broken."""
