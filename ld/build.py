"""A build: sources in, one new snapshot out, nothing lost on the way."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from ld import cleaning, context, gate, iris, rejection, shapes, snapshot, sources, vocabulary
from ld.errors import BuildError, BuildRefused, NothingPublished, SnapshotError, SourceError, VocabularyError
from ld.gate import Verdict
from ld.identity import Identity, bodies_of
from ld.iris import Kind
from ld.mapping import Description, Mapper, ThesisDescription, people_of
from ld.record import Deletion, SourceRecord, Thesis, Unreadable, thesis_from_json, to_json
from ld.rejection import Rejection
from ld.settings import Settings
from ld.shapes import Finding
from ld.snapshot import Builder, Snapshot
from ld.staging import Staging
from ld.summary import Summary

__all__ = ["Progress", "Summary", "build", "restore", "withdraw"]

Progress = Callable[[str, int], None]
"""Called with the stage's name and how many records it has done."""


def build(
    paths: Sequence[Path],
    settings: Settings,
    *,
    add: bool = False,
    allow_shrink: bool = False,
    now: datetime | None = None,
    progress: Progress = lambda stage, done: None,
) -> Summary:
    """Publishes the theses of `paths` and says what became of each record.

    The sources state the whole corpus; with `add` they are added to what is published, and replace theses of the same
    key; a record that cannot be published replaces nothing. Raises `SourceError` when a source cannot be read,
    `BuildBusy` when another build runs, `BuildRefused` when the corpus would shrink below `settings.shrink` of the
    published one; what was published then stays as it was.
    """
    started = monotonic()
    with _builder(settings, now, keep_base=add) as builder:
        if add and builder.damage:
            raise builder.damage  # what is kept could not be read
        with Staging(builder.folder / "staging.sqlite") as staging:
            run = _Build(builder, staging, settings, progress)
            run.tell_base(add=add)
            if add:
                run.carry()
            run.read(paths)
            if add:
                run.spare()
            run.publish(allow_shrink=allow_shrink)
        told: list[Mapping[str, Any]] = [_source(path) for path in paths]
        if add and builder.previous:
            read = {source["name"] for source in told}
            told = [*(source for source in builder.previous.manifest.sources if source["name"] not in read), *told]
        run.summary.snapshot = builder.publish(run.summary.counts(), told).name
    run.summary.seconds = monotonic() - started
    return run.summary


def withdraw(keys: Iterable[str], reason: str, settings: Settings, *, now: datetime | None = None) -> Summary:
    """Takes theses out of the published corpus; their addresses answer 410 with the reason, until `restore`."""
    with _builder(settings, now, keep_base=True) as builder:
        published = builder.previous
        if published is None:
            empty = NothingPublished(f"{settings.data} publishes nothing yet, so there is nothing to withdraw.")
            raise builder.damage or empty
        unknown = [key for key in keys if published.describe(iris.doc_path("thesis", key)) is None]
        if unknown:
            told = ", ".join(_not_published(key, published) for key in unknown)
            raise BuildError(f"Not published, so nothing was withdrawn: {told}. Check the keys.")
        for key in keys:
            builder.ledger.withdraw(key, reason)
        with Staging(builder.folder / "staging.sqlite") as staging:
            run = _Build(builder, staging, settings, lambda stage, done: None)
            run.carry()
            run.publish(allow_shrink=True)
        run.summary.snapshot = builder.publish(run.summary.counts(), list(published.manifest.sources)).name
    return run.summary


def restore(keys: Iterable[str], settings: Settings) -> None:
    """Lifts withdrawals: the next build publishes these theses again if its sources hold them."""
    with _builder(settings, None, keep_base=True) as builder:
        unknown = [key for key in keys if key not in builder.ledger.withdrawn()]
        if unknown:
            raise BuildError(f"Not withdrawn, so nothing was changed: {', '.join(unknown)}. Check the keys.")
        for key in keys:
            builder.ledger.restore(key)
        builder.ledger.commit()


def _builder(settings: Settings, now: datetime | None, *, keep_base: bool) -> Builder:
    """A builder in the data folder; what is added to or taken from a published corpus keeps its base."""
    base = settings.base
    if keep_base:
        with suppress(SnapshotError):
            base = snapshot.Publication(settings.data).current().manifest.base
    return Builder(settings.data, base=base, keep=settings.keep, now=now or datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class _Unfit:
    """A thesis that may not be published, and what the shapes found about it."""

    key: str
    rejection: Rejection
    findings: tuple[Finding, ...] = ()


class _Build:
    """The stages of one build, and the summary they fill."""

    def __init__(self, builder: Builder, staging: Staging, settings: Settings, progress: Progress) -> None:
        self.builder, self.staging, self.settings, self.progress = builder, staging, settings, progress
        self.summary = Summary()
        self.shapes = shapes.load()
        self.vocabulary = vocabulary.load(builder.base)
        self.kept: list[Rejection] = []
        """What the snapshot before rejected, to be rejected again unless it is read anew."""
        self.joined: dict[str, list[str]] = defaultdict(list)
        """The `x-…` keys that parts of a thesis came under, by its key."""
        self.shared: set[str] = set()
        """The `x-…` keys that several theses have: none of them is its new name."""

    def carry(self) -> None:
        """Takes over what the snapshot before published and rejected."""
        if self.builder.previous is None:
            return
        for record in self.builder.previous.records():
            thesis = thesis_from_json(record)
            self.staging.carry(thesis, thesis.renamed)
        self.kept = list(self.builder.previous.rejected())

    def tell_base(self, *, add: bool) -> None:
        """Says so when the base is not the one that was asked for, or not the one that is published."""
        base, published = self.settings.base, self.builder.previous
        if add and base not in (self.builder.base, Settings().base):
            self.summary.advice.append(
                f"What is added got the base of what is published, {self.builder.base}, and not {base}. "
                "Build the whole corpus without --add to change it."
            )
        elif published and published.manifest.base != self.builder.base:
            self.summary.advice.append(
                f"The base was {published.manifest.base} and is {base} now, so every address in the data is a new one. "
                "If that is not meant, go back with `thesis-ld rollback`."
            )

    def read(self, paths: Sequence[Path]) -> None:
        """Reads and cleans every record of the sources into the staging area."""
        unknown: list[Deletion] = []
        for item in sources.read(paths, self.settings.max_field):
            match item:
                case SourceRecord():
                    self.staging.add(cleaning.clean(item, self.vocabulary), item)
                case Unreadable():
                    self.summary.theses += 1
                    self._reject(rejection.unreadable(item), key=iris.ethos_id_in(item.raw))
                case Deletion():
                    self.staging.delete(item.key)
                    self.summary.deleted += 1
                    if not iris.ethos_id_in(item.key):
                        unknown.append(item)
                    continue
            self.summary.read += 1
            self.progress("read", self.summary.read)
        if unknown:
            self.summary.advice.append(
                f"{len(unknown):,} of the deletions name no EThOS ID, so nothing was taken out for them "
                f"(the first: {unknown[0].origin}: {unknown[0].key}). Take these theses out with `thesis-ld withdraw`."
            )
        read = {sources.name_of(path) for path in paths}
        self.kept = [rejected for rejected in self.kept if not read.intersection(rejection.sources(rejected))]
        if not self.summary.read and not self.summary.deleted:
            names = ", ".join(map(sources.name_of, paths))
            raise SourceError(names, "holds no record", way_out="Name files or folders that hold thesis records.")

    def spare(self) -> None:
        """Judges what was added by itself: a record that cannot be published must not cost the one that is."""
        with self.staging.added(self.builder.folder / "added.sqlite") as added:
            added.unite(self.vocabulary)
            with closing(self._identity(added)) as identity:
                for judged in self._judged(added, added.theses(), self._mapper(identity)):
                    if isinstance(judged, _Unfit) and self.staging.spare(judged.key, added):
                        self.summary.theses += 1
                        self._reject(judged.rejection)

    def publish(self, *, allow_shrink: bool) -> None:
        """Merges, maps, judges and writes what was read into the builder's folder."""
        self.staging.unite(self.vocabulary)
        for earlier, key in self.staging.renamed():
            self.joined[key].append(earlier)
        self.shared = {earlier for earlier, keys in self.staging.aliases() if len(keys) > 1}
        self.summary.theses += self.staging.united + self.staging.set_aside
        for thesis, reason, raw in self.staging.ambiguous():
            self._reject(rejection.ambiguous(thesis, reason, raw))
        for rejected in self.kept:
            if not self.staging.has(rejected.get("key")):
                self.summary.theses += 1
                self._reject(rejected)
        with closing(self._identity(self.staging)) as identity:
            mapper = self._mapper(identity)
            self._write_theses(mapper)
            self._write_agents(mapper)
            self._write_vocabularies()
            self._write_moved(identity)
            self.builder.keep_slugs(identity.slugs())
        self._check_size(allow_shrink=allow_shrink)

    def _write_theses(self, mapper: Mapper) -> None:
        withdrawn = self.builder.ledger.withdrawn().keys()
        # A source that knows no EThOS ID sends a withdrawn thesis under the address that it had without.
        gone = withdrawn | {former for key in withdrawn for former in self.builder.ledger.former(key)}

        def theses() -> Iterator[Thesis]:
            for thesis in self.staging.theses():
                if thesis.key in gone or not withdrawn.isdisjoint(thesis.earlier):
                    self.summary.withdrawn += 1
                else:
                    yield thesis

        for judged in self._judged(self.staging, theses(), mapper):
            if isinstance(judged, _Unfit):
                self._reject(judged.rejection)
                self._report(judged.findings)
            else:
                self._accept(judged, mapper.identity)
            self.progress("publish", self.summary.published + self.summary.rejected)

    def _judged(
        self, staging: Staging, theses: Iterable[Thesis], mapper: Mapper
    ) -> Iterator[Verdict[ThesisDescription] | _Unfit]:
        """What may be published, and what may not and why; what no RDF can be made of comes first."""
        unmapped: list[_Unfit] = []

        def descriptions() -> Iterator[ThesisDescription]:
            for thesis in theses:
                try:
                    yield mapper.thesis(replace(thesis, renamed=self._renamed(thesis)))
                except (ValueError, VocabularyError) as error:  # no term of RDF can hold the value
                    told = rejection.unmapped(thesis, str(error), staging.raw(thesis.key))
                    unmapped.append(_Unfit(thesis.key, told))

        for verdict in gate.judge(descriptions(), self.shapes):
            while unmapped:
                yield unmapped.pop(0)
            thesis, found = verdict.description.thesis, verdict.findings
            if verdict.accepted:
                yield verdict
            else:
                yield _Unfit(thesis.key, rejection.unfit(thesis, found, staging.raw(thesis.key)), found)
        yield from unmapped

    def _identity(self, staging: Staging) -> Identity:
        slugs = self.builder.ledger.slugs()
        return Identity.resolve(staging.theses(), self.vocabulary, base=self.builder.base, slugs=slugs)

    def _mapper(self, identity: Identity) -> Mapper:
        return Mapper(context.load(), self.vocabulary, identity, self.builder.base)

    def _renamed(self, thesis: Thesis) -> tuple[str, ...]:
        """The `x-…` keys that a thesis with an EThOS ID was sent under, or that were once its address."""
        live = (key for key in thesis.earlier if self.builder.ledger.was_live(iris.id_path("thesis", key)))
        return tuple(sorted({*self.joined.get(thesis.key, ()), *live} - {thesis.key} - self.shared))

    def _accept(self, verdict: Verdict[ThesisDescription], identity: Identity) -> None:
        description, thesis = verdict.description, verdict.description.thesis
        remarks = (*thesis.remarks, *identity.remarks(thesis))
        self._describe(verdict, record=to_json(thesis), remarks=remarks)
        self.summary.published += 1
        self.summary.note(thesis.key, remarks)
        thesis_path = iris.id_path("thesis", thesis.key)
        for role, agent_path in _agents(thesis, identity, self.builder.base):
            self.builder.list(agent_path, thesis_path, description.label, thesis.issued, role)
        self._report(verdict.findings)

    def _write_agents(self, mapper: Mapper) -> None:
        """People and bodies that a published thesis names, and every institution of the vocabulary."""
        listed = self.builder.listed

        def people() -> Iterator[Description]:
            for person in mapper.identity.people():
                description = mapper.person(person)
                if listed(description.path):
                    self.summary.people += 1
                    yield description

        def bodies() -> Iterator[Description]:
            for body in mapper.identity.bodies():
                description = mapper.organisation(body)
                if body.institution or listed(description.path):
                    self.summary.organisations += 1
                    yield description

        for descriptions in (people(), bodies()):
            for verdict in gate.judge(descriptions, self.shapes):
                self._describe(verdict)
                self._report(verdict.findings)

    def _write_vocabularies(self) -> None:
        for name, published in self.vocabulary.files.items():
            if name != "institutions":  # those are organisations, written as such
                path = f"vocab/{name}"
                self.builder.describe(path, "vocabulary", published.title, published.triples, ())

    def _write_moved(self, identity: Identity) -> None:
        """Earlier addresses, and those that several theses share, lead to what is published of their targets."""

        def move(kind: Kind, key: str, to: Kind, targets: Iterable[str]) -> None:
            paths = [path for path in (iris.id_path(to, target) for target in targets) if self.builder.described(path)]
            if paths:  # a person is no thesis, so nobody is sent on from one to the other unasked
                self.builder.moved(iris.id_path(kind, key), 301 if len(paths) == 1 and kind == to else 300, paths)

        for earlier, keys in self.staging.aliases():
            move("thesis", earlier, "thesis", keys)
        for number, keys in identity.clashes():
            move("person", number, "thesis", keys)
        for orcid, key in identity.moved():
            move("person", orcid, "person", [key])
        for slug, key in identity.moved_bodies():
            move("organisation", slug, "organisation", [key])

    def _describe(self, verdict: Verdict[Description], **more: Any) -> None:
        d = verdict.description
        findings = [(finding.severity, finding.name, finding.message) for finding in verdict.findings]
        self.builder.describe(d.path, d.kind, d.label, d.own, d.embedded, findings=findings, **more)

    def _report(self, findings: Sequence[Finding]) -> None:
        self.summary.find(findings)
        self.builder.report(findings, self.shapes.paths)

    def _reject(self, rejected: Rejection, key: str | None = None) -> None:
        self.builder.reject(rejected, key=key)
        self.summary.reject(rejection.sentence(rejected))

    def _check_size(self, *, allow_shrink: bool) -> None:
        before = self.builder.previous.manifest.counts.get("published", 0) if self.builder.previous else 0
        now = self.summary.published
        if allow_shrink or (now and now >= before * self.settings.shrink):
            return
        kept = self.builder.keep_rejected()
        problem = (
            f"This build would publish {now:,} theses where {before:,} are published now"
            if before
            else "None of the records can be published"
        )
        reasons = "".join(f"\n  {reason}" for reason in self.summary.reasons[:5])
        raise BuildRefused(
            f"{problem}, so nothing was changed. {self.summary.rejected:,} were rejected; {kept} says why.{reasons}"
            "\nMend the sources, use --add if they are only a part, or say --allow-shrink."
        )


def _agents(thesis: Thesis, identity: Identity, base: str) -> Iterator[tuple[str, str]]:
    """Role and path of every person and body with an address of its own that a thesis names."""
    for person_role, number, person in people_of(thesis):
        node = identity.person(thesis.key, person_role, number, person)
        if node.shared:
            yield ("creator" if person_role == "author" else person_role), _doc(node.iri, base)
    for body_role, body in bodies_of(thesis):
        yield body_role, _doc(identity.body(body, body_role).iri, base)


def _doc(iri: str, base: str) -> str:
    return iris.doc_of(iri.removeprefix(base))


def _not_published(key: str, published: Snapshot) -> str:
    """A key, with what became of it if that is known."""
    moved = published.moved(iris.id_path("thesis", key))
    if moved is None:
        return key
    there = " and ".join(target.rpartition("/")[2] for target in moved.targets)
    return f"{key} ({f'now {there}' if there else moved.reason.rstrip('.')})"


def _source(path: Path) -> dict[str, Any]:
    """What the manifest says of a source: its name, size in bytes and, for a file, its SHA-256."""
    if path.is_dir():
        return {"name": sources.name_of(path), "bytes": sum(p.stat().st_size for p in path.rglob("*") if p.is_file())}
    if not path.is_file():  # a pipe, which can be read once only
        return {"name": sources.name_of(path)}
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": sources.name_of(path), "bytes": path.stat().st_size, "sha256": digest}
