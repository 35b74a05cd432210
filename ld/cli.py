"""The command line: a thin skin; every command is one call of the library.

Data goes to stdout, talk and progress to stderr. Exit 0: done. 1: faults found. 2: could not run.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import traceback
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from shutil import get_terminal_size
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from ld import __version__, settings
from ld.errors import LdError, QueryError

if TYPE_CHECKING:
    from pyoxigraph import Store

    from ld.sparql.indexes import Opened
    from ld.sparql.querying import Asked
    from ld.summary import Summary

Command = Callable[..., Any]
REPORTS = ("text", "json", "turtle", "jsonld", "html", "junit", "sarif", "nt")
DUMPS = ("nt", "nq", "ttl", "jsonl", "trig", "rdf")
RESULTS = ("table", "json", "xml", "csv", "tsv", "ttl", "jsonld", "rdf", "nt", "trig", "nq")
SYNTAXES = ("ttl", "nt", "nq", "trig", "rdf", "jsonld", "n3")
talk = Console(stderr=True, highlight=False, soft_wrap=True)


class _Group(click.Group):
    """Commands that end in a clear message whatever happens."""

    def invoke(self, ctx: click.Context) -> Any:
        with _clear_ending(" What is published is whole: `thesis-ld status` tells which snapshot that is."):
            return super().invoke(ctx)


@contextmanager
def _clear_ending(comfort: str = "") -> Iterator[None]:
    """Shows an `LdError` as one clear message and exits 2; what nobody foresaw, with what a report of it needs."""
    try:
        yield
    except LdError as error:
        _tell(f"thesis-ld: {error}", "red")
        raise SystemExit(2) from error
    except KeyboardInterrupt:
        _tell(f"thesis-ld: stopped.{comfort}")
        raise SystemExit(2) from None
    except MemoryError as error:
        _tell(f"thesis-ld: there is not enough memory for this.{comfort}", "red")
        raise SystemExit(2) from error
    except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):  # click knows these
        raise
    except Exception as error:
        _tell(traceback.format_exc())
        _tell(
            f"thesis-ld: this is a fault of the program, not of your records.{comfort} Please report the lines above.",
            "red",
        )
        raise SystemExit(2) from error


def _tell(text: str, style: str | None = None) -> None:
    """Talk, on stderr."""
    talk.print(_visible(text), markup=False, style=style)


def _visible(text: str) -> str:
    """A text whose control characters, which a record may hold, are shown and not obeyed."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", text)


_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def _setting(name: str, text: str) -> Callable[[Command], Command]:
    """An option for one field of `Settings`; unset ones fall back to the environment, then to the default."""
    flag = "--" + name.replace("_", "-")
    metavar = {"data": "DIR", "base": "IRI", "host": "HOST", "proxies": "LIST"}.get(name, "N")
    return click.option(flag, name, metavar=metavar, default=None, help=text)


def _settings(**flags: Any) -> settings.Settings:
    return settings.read(os.environ, **flags)


data = _setting("data", "The data folder (default: data).")
base = _setting("base", "The base IRI that addresses are built on (default: http://localhost:8000/).")
keep = _setting("keep", "How many snapshots stay in the data folder (default: 3).")


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="thesis-ld")
def main() -> None:
    """Publishes UK doctoral thesis records as linked data.

    \b
    Example:
      thesis-ld build EThOS_CSV_202310.csv --data data --base https://example.org/theses/
      thesis-ld serve --data data
    """


@main.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@data
@base
@keep
@click.option("--add", is_flag=True, help="Keep what is published and add or replace these.")
@click.option("--allow-shrink", is_flag=True, help="Publish even if the corpus becomes much smaller.")
@_setting("shrink", "The least share of the records before that may be published (default: 0.95).")
@_setting("max_field", "Characters in the longest field a record may have (default: 1000000).")
@_setting("workers", "Worker processes; this version reads with one, whatever is asked.")
def build(sources: tuple[Path, ...], add: bool, allow_shrink: bool, **flags: Any) -> None:
    """Reads records, maps and validates them, and publishes a new snapshot.

    SOURCES are files or folders: record pages, EThOS's open CSV, UKETD_DC XML, also .gz and .zip. They state the whole
    corpus: a thesis that they do not hold any more is withdrawn. With --add they add to it.

    \b
    Example:
      thesis-ld build seeds/ --data data
    """
    from ld.build import build as run

    with _progress() as progress:
        summary = run(sources, _settings(**flags), add=add, allow_shrink=allow_shrink, progress=progress)
    _say(summary)
    if summary.rejected:
        sys.exit(1)


@main.command()
@click.argument("keys", nargs=-1, required=True)
@click.option("--reason", metavar="TEXT", help="Why; shown to whoever asks for the address.")
@click.option("--undo", is_flag=True, help="Let the next build publish these again.")
@data
def withdraw(keys: tuple[str, ...], reason: str | None, undo: bool, **flags: Any) -> None:
    """Takes theses out; their addresses answer 410 with the reason, whatever later sources say.

    \b
    Example:
      thesis-ld withdraw uk.bl.ethos.637591 --reason "Taken down at the author's request."
    """
    from ld import build as work

    if undo:
        work.restore(keys, _settings(**flags))
        _tell(f"{_count(len(keys), 'withdrawal')} lifted. Build again to publish what the sources hold.")
        return
    if not reason or not reason.strip():
        raise click.UsageError("Say why with --reason TEXT; it is what people will read at the address.")
    summary = work.withdraw(keys, reason.strip(), _settings(**flags))
    _tell(f"{_count(len(keys), 'thesis', 'theses')} withdrawn; {summary.published:,} stay published.")


@main.command()
@data
@_setting("host", "The address to listen on (default: 127.0.0.1).")
@_setting("port", "The port to listen on (default: 8000).")
@_setting("workers", "Worker processes (default: 1).")
@_setting("page_size", "Theses on one page of a person's or an organisation's description (default: 100).")
@_setting("validate_workers", "Validations at once, in each worker process (default: 1).")
@_setting("validate_bytes", "Bytes of data and shapes that /validate takes (default: 20000000).")
@_setting("validate_triples", "Triples that /validate takes (default: 1000000).")
@_setting("validate_seconds", "Seconds after which a validation is given up (default: 20).")
@_setting("validate_memory", "Bytes of memory that one validation may take (default: 1000000000).")
@_setting("query_workers", "Queries at once, in each worker process (default: 2).")
@_setting("query_seconds", "Seconds after which a query is given up (default: 20).")
@_setting("query_memory", "Bytes of memory that one query may take (default: 1000000000).")
@_setting("query_rows", "Rows after which the result of a query is cut (default: 1000000).")
@_setting("query_length", "Bytes in the longest query (default: 100000).")
@_setting("query_answer", "Bytes in the longest result of a query (default: 500000000).")
@_setting("query_cache", "Bytes of results that are kept for the next who ask the same (default: 64000000).")
@_setting("query_waiting", "Queries that may wait, in each worker process (default: 32).")
@_setting("query_client", "Queries of one client that may run or wait (default: 8).")
@_setting("downloads", "Large answers that are being sent at once, in each worker process (default: 32).")
@_setting("proxies", "Addresses of proxies whose X-Forwarded-For is believed (default: 127.0.0.1,::1).")
def serve(**flags: Any) -> None:
    """Serves the current snapshot; a new one is picked up without a restart.

    \b
    Example:
      thesis-ld serve --data data --port 8000
    """
    from ld.web.server import serve as run

    run(_settings(**flags))


@main.command()
@data
@click.option("--verify", is_flag=True, help="Read every file of the snapshot and compare its checksum.")
@click.option("--json", "as_json", is_flag=True, help="Write the status as JSON.")
def status(verify: bool, as_json: bool, **flags: Any) -> None:
    """Says what is published, since when and from what.

    \b
    Example:
      thesis-ld status --data data --verify
    """
    from ld import snapshot

    folder = _settings(**flags).data
    state = snapshot.status(folder)
    click.echo(json.dumps(state.to_json(), indent=2, ensure_ascii=False) if as_json else state.text())
    if not verify:
        return
    problems = snapshot.verify(folder)
    for problem in problems:
        _tell(problem, "red")
    if problems:
        _tell("Go back with `thesis-ld rollback`, or build again from the sources.")
        sys.exit(1)
    _tell("Every file is as it was published.")


@main.command()
@data
def rollback(**flags: Any) -> None:
    """Goes back to the snapshot before the current one.

    \b
    Example:
      thesis-ld rollback --data data
    """
    from ld import snapshot

    now = snapshot.rollback(_settings(**flags).data)
    _tell(f"Serving {now.name} again, built {now.manifest.created:%Y-%m-%d %H:%M} UTC.")


@main.command()
@data
@click.option(
    "--format", "name", type=click.Choice(DUMPS), help="What to write (default: what the name of the file says, or nt)."
)
@click.option("--output", metavar="FILE", type=click.Path(path_type=Path), help="Where to write; else to stdout.")
def dump(name: str | None, output: Path | None, **flags: Any) -> None:
    """Writes the published graph in any format of RDF.

    nt and ttl are one graph; nq and trig name, of each statement, the description that it is from; jsonl is a
    description a line, as JSON-LD. A file whose name ends in .gz or .zst is packed. A file that exists is replaced when
    the new one is whole.

    \b
    Example:
      thesis-ld dump --data data | head
      thesis-ld dump --data data --output theses.rdf.gz
    """
    from ld import dumping, snapshot

    published = snapshot.Publication(_settings(**flags).data).current()
    output = None if output == Path("-") else output
    syntax = dumping.choose(name, output)
    if output is None:
        _pour(dumping.pieces(published, syntax))
    else:
        dumping.save(published, syntax, output)
        _tell(f"{output} holds {_count(published.manifest.counts.get('triples', 0), 'triple')} as {syntax.title}.")


@main.command("validate")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--shapes", multiple=True, metavar="FILE", type=click.Path(path_type=Path), help="Other shapes than ours."
)
@click.option(
    "--format", "name", type=click.Choice(REPORTS), default="text", show_default=True, help="What to write to stdout."
)
@click.option(
    "--fail-on", type=click.Choice(["violation", "warning", "info"]), default="violation", show_default=True,
    help="The least grave finding that makes the exit status 1.",
)  # fmt: skip
@click.option("--syntax", type=click.Choice(SYNTAXES), help="The syntax of the data; else it is found out.")
@click.option("--first", type=click.IntRange(0), default=5, show_default=True, help="Findings shown of each kind.")
@click.option("--explain", is_flag=True, help="Say which shapes pySHACL decided, and why.")
@click.option(
    "--data", "folder", metavar="DIR", type=click.Path(path_type=Path), help="A data folder, to name records."
)
@click.option("--workers", type=click.IntRange(1), help="Processes that read a large file (default: the processors).")
def _validate(files: tuple[Path, ...], shapes: tuple[Path, ...], name: str, folder: Path | None, **flags: Any) -> None:
    """Validates RDF files, as one graph, against our shapes or others, and says what is wrong in words.

    FILES are Turtle, N-Triples, N-Quads, TriG, RDF/XML or JSON-LD, also .gz and .zst; - is standard input. The exit
    status is 0 when nothing as grave as --fail-on was found, 1 when something was, or when no shape matched anything,
    and 2 when the files or the shapes cannot be read.

    \b
    Example:
      thesis-ld validate export.ttl
      thesis-ld validate dump.nq.gz --format sarif --fail-on warning > report.sarif
      curl -s https://example.org/data.ttl | thesis-ld validate - --syntax ttl --shapes my-shapes.ttl
    """
    from ld import sandbox

    if [str(path) for path in (*files, *shapes)].count("-") > 1:
        raise LdError("Standard input (-) can be read once only. Name files for the others.")
    if sys.stdout is None:
        raise LdError("Standard output is closed, so there is no place for the report.")
    # In a process of its own, without network: what breaks a parser breaks no more than that.
    try:
        sys.exit(sandbox.run_isolated(lambda: _validated(files, shapes, name, folder, **flags)))
    except sandbox.Crashed as crashed:
        raise LdError(f"The validation did not come to its end. {crashed}") from crashed


def _validated(
    files: Sequence[Path], shapes: Sequence[Path], name: str, folder: Path | None, *,
    fail_on: Any, syntax: str | None, first: int, explain: bool, workers: int | None,
) -> int:  # fmt: skip
    """The exit status of a validation, its report written."""
    from ld import reports
    from ld.exports.validating import Validation, validate
    from ld.validation.inputs import file_input

    with _clear_ending():
        started = monotonic()
        asked = Validation(
            [file_input(path, syntax) for path in files],
            [file_input(path) for path in shapes],
            data=folder,
            processes=workers or _processors(),
        )
        with _reading() as (progress, stage):
            report = validate(asked, progress, stage)
        shown = reports.Presentation(
            tuple(item.name for item in asked.inputs),
            seconds=monotonic() - started,
            first=first,
            fail_on=fail_on,
            color=sys.stdout.isatty(),
            decided=report.decided if explain else None,
        )
        _write(reports.BY_NAME[name].write(report, shown), for_people=name == "text")
        return 1 if report.empty or report.fails(fail_on) else 0


def _processors() -> int:
    """How many processors this program may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _write(pieces: Iterator[str], *, for_people: bool) -> None:
    """Writes to stdout: for programs in UTF-8 whatever the locale, for people as their terminal can show it."""
    stdout = cast(TextIOWrapper, sys.stdout)
    if isinstance(stdout, TextIOWrapper):
        stdout.reconfigure(errors="backslashreplace") if for_people else stdout.reconfigure(encoding="utf-8")
    try:
        for piece in pieces:
            stdout.write(piece)
        stdout.flush()
    except BrokenPipeError:  # whoever reads has seen enough; the exit status says the verdict all the same
        os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
    except OSError as error:
        raise LdError(f"The report cannot be written: {error.strerror}.") from error


def _pour(pieces: Iterator[bytes]) -> None:
    """Writes to stdout, byte for byte."""
    if sys.stdout is None:
        raise LdError("Standard output is closed, so there is no place to write to. Name a file with --output.")
    stdout = sys.stdout.buffer
    try:
        for piece in pieces:
            stdout.write(piece)
        stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())  # where the rest can go, which Python writes at exit
        if not isinstance(error, BrokenPipeError):  # else whoever reads has seen enough
            raise LdError(f"Standard output cannot be written: {error.strerror}.") from error


@main.command()
@click.argument("arguments", nargs=-1, metavar="[FILE]... QUERY")
@data
@click.option(
    "-f", "--query-file", metavar="FILE", help="Where the query is, if it is no argument; - is standard input."
)
@click.option(
    "--format", "name", type=click.Choice(RESULTS), default="table", show_default=True, help="What to write to stdout."
)
@click.option("--syntax", type=click.Choice(SYNTAXES), help="The syntax of the files; else it is found out.")
@click.option(
    "--index", "folder", metavar="DIR", type=click.Path(path_type=Path), help="Where to keep the index of the files."
)
@click.option("--no-index", is_flag=True, help="Read large files into memory each time.")
def query(
    arguments: tuple[str, ...], query_file: str | None, name: str, syntax: str | None, folder: Path | None,
    no_index: bool, **flags: Any,
) -> None:  # fmt: skip
    """Asks the published snapshot, or files, in SPARQL 1.1.

    FILES are Turtle, N-Triples, N-Quads, TriG, RDF/XML or JSON-LD, also .gz and .zst; several are one dataset. All
    graphs together are the default graph, and GRAPH asks for one of them. Large files are indexed once, beside the
    file or in the cache folder, and so is a file that has changed. A QUERY of - comes from standard input. The prefixes
    of our vocabularies need no PREFIX.

    \b
    Example:
      thesis-ld query --data data 'SELECT ?t ?title { ?t a bibo:Thesis ; dcterms:title ?title } LIMIT 10'
      thesis-ld query thesis-ld.nq.gz --query-file question.rq --format csv > answer.csv
      echo 'ASK { ?s a foaf:Person }' | thesis-ld query theses.ttl people.nt -
    """
    from ld import sandbox
    from ld.sparql import indexes, querying

    if sys.stdout is None:
        raise LdError("Standard output is closed, so there is no place for the result.")
    asked = querying.asked(arguments, query_file, None if sys.stdin is None else sys.stdin.buffer)
    if asked.files and flags["data"] is not None:
        raise click.UsageError("Ask either files or the snapshot of --data DIR.")
    indexed = partial(indexes.open_files, asked.files, syntax=syntax, folder=folder, keep=not no_index)
    # In a process of its own, without network: what breaks the engine breaks no more than that.
    try:
        sys.exit(sandbox.run_isolated(lambda: _queried(asked, name, indexed, _settings(**flags).data)))
    except sandbox.Crashed as crashed:
        raise LdError(f"The query did not come to its end. {crashed}") from crashed
    finally:
        for place in [folder] if folder else indexes.places_of(asked.files):
            indexes.sweep(place)


def _queried(asked: Asked, name: str, indexed: Callable[..., Opened], folder: Path) -> int:
    """The exit status of a query, its result written."""
    from ld.sparql import querying

    with _clear_ending():
        try:
            read = asked.read()
            querying.check(read, name)
            out = _Output(for_people=name == "table" and read.form in ("SELECT", "ASK"))
            with _opened(indexed, folder, files=bool(asked.files), graphs=querying.wants_graphs(read)) as (store, base):
                if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
                    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the engine does not come back to Python to see it
                started = monotonic()
                done = querying.answer(store, read, name, out.send, base=base, width=out.width)
                out.flush()
        except QueryError as error:
            _tell(f"thesis-ld: {asked.named(error)}", "red")
            for line in asked.pointed(error):
                _tell(f"  {line}")
            return 2
        except _EnoughError:
            return 0
        if done.what:
            seconds = monotonic() - started
            hint = "; cells that are cut (…) are whole where this is no terminal: | less -S" if done.cut else ""
            _tell(f"{_count(done.count, done.what)}, {seconds:.{2 if seconds >= 0.1 else 3}f} s{hint}")
        return 0


@contextmanager
def _opened(
    indexed: Callable[..., Opened], folder: Path, *, files: bool, graphs: bool
) -> Iterator[tuple[Store, str | None]]:
    """The store of the files, or of what the data folder publishes; what relative IRIs in a query are relative to."""
    if not files:
        from ld.snapshot import Publication

        published = Publication(folder).current()
        yield published.store(), published.manifest.base
        return
    with _reading() as (progress, _):
        opened = indexed(graphs=graphs, making=lambda making: _tell(making.text), progress=progress)
    with opened.readable():
        yield opened.store, None


class _EnoughError(Exception):
    """Nobody reads standard output any further."""


class _Output:
    """Standard output, for the result of a query. width: the cells of its lines, if it is a terminal."""

    def __init__(self, *, for_people: bool) -> None:
        self._stdout = cast(TextIOWrapper, sys.stdout)
        self._terminal = self._stdout.isatty()
        self._text = for_people or self._terminal
        self._decoded, self._return = getincrementaldecoder("utf-8")("replace").decode, ""
        self.width = get_terminal_size().columns if self._terminal else None
        self._stdout.reconfigure(errors="backslashreplace")

    def send(self, data: bytes) -> None:
        """Writes more: bytes as they are for programs, and for people as their terminal can show it."""
        with self._guarded():
            if not self._text:
                self._stdout.buffer.write(data)
            else:
                self._stdout.write(self._shown(self._return + self._decoded(data)))

    def _shown(self, text: str) -> str:
        if not self._terminal:
            return text
        from ld.sparql.table import visible

        self._return = "\r" * text.endswith("\r")  # it may be half of a line's end
        return visible(text.removesuffix("\r"), lines=True)

    def flush(self) -> None:
        """Writes what is left."""
        with self._guarded():
            self._stdout.flush()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stdout.fileno())
            raise _EnoughError from None
        except OSError as error:
            raise LdError(f"The result cannot be written: {error.strerror}.") from error


@contextmanager
def _reading() -> Iterator[tuple[Callable[[str, float], None], Callable[[str], None]]]:
    """A display of how far the files are read; it starts with the first news, when all processes are there."""
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    display = Progress(*columns, console=talk, transient=True, disable=not talk.is_terminal)
    task = display.add_task("Reading", total=1.0)

    def progress(name: str, share: float) -> None:
        display.start()
        display.update(task, description=f"Reading {_visible(name)}", completed=share)

    def stage(name: str) -> None:
        display.update(task, description=name, total=None)

    try:
        yield progress, stage
    finally:
        display.stop()


@contextmanager
def _progress() -> Iterator[Callable[[str, int], None]]:
    """A display of the stages; silent where stderr is no terminal."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=talk, transient=True, disable=not talk.is_terminal) as display:
        tasks: dict[str, TaskID] = {}

        def show(stage: str, done: int) -> None:
            if stage not in tasks:
                tasks[stage] = display.add_task(stage, total=None)
            display.update(tasks[stage], completed=done)

        yield show


def _say(summary: Summary) -> None:
    """The summary of a build, on stderr."""
    for sentence in summary.reasons:
        _tell(f"rejected: {sentence}", "red")
    _more(summary.rejected - len(summary.reasons), "reports/rejected.jsonl of the snapshot has all")
    for kind, sentences in sorted(summary.notes.items()):
        word, style = ("repaired", None) if kind == "repair" else ("warning", "yellow")
        for sentence in sentences:
            _tell(f"{word}: {sentence}", style)
        _more(summary.remarks[kind] - len(sentences), "the page of each thesis has its own")
    for sentence in summary.advice:
        _tell(f"warning: {sentence}", "yellow")
    for line in summary.lines():
        _tell(line)


def _more(number: int, where: str) -> None:
    if number > 0:
        _tell(f"… and {number:,} more; {where}.")


def _count(n: int, one: str, many: str | None = None) -> str:
    return f"{n:,} {one if n == 1 else many or one + 's'}"
