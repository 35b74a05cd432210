"""Writing aside: the same bytes whether another process makes them or, for whatever reason, this one does."""

from __future__ import annotations

import os
import signal
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from publications import BASE, about, files, publish

from ld import rdf
from ld.errors import VocabularyError
from ld.formats import rendering
from ld.formats.corpus import BY_NAME
from ld.formats.source import Source
from ld.sandbox import Crashed, Worker
from ld.snapshot import aside
from ld.snapshot.aside import Aside

NAMES = ["ttl", "jsonl", "rdf"]


def sources(number: int) -> list[Source]:
    """So many descriptions."""
    paths = [(f"id/thesis/{n}", f"doc/thesis/{n}") for n in range(number)]
    return [Source(rdf.canonical(about(thing, f"Ünïcode {thing}\n")), BASE + thing, BASE + doc) for thing, doc in paths]


def expected(number: int) -> dict[str, bytes]:
    return {name: b"".join(map(BY_NAME[name].write, sources(number))) for name in NAMES}


class Written:
    """What an `Aside` writes."""

    def __init__(self) -> None:
        self.texts: dict[str, bytes] = defaultdict(bytes)
        self.aside = Aside(NAMES, self.write)

    def write(self, name: str, text: bytes) -> None:
        self.texts[name] += text

    def add(self, number: int) -> dict[str, bytes]:
        """Adds so many descriptions and gives what was written."""
        self.add_all(sources(number))
        self.aside.finish()
        return self.texts

    def add_all(self, descriptions: Iterable[Source]) -> None:
        for source in descriptions:
            self.aside.add(source)

    @property
    def worker(self) -> subprocess.Popen[bytes] | None:
        """The other process, if there is one."""
        pool = self.aside._pool
        return pool._workers[0]._process if pool else None


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Written]:
    """An `Aside` whose pieces are small, and a large corpus too."""
    monkeypatch.setattr(aside, "PIECE", 1000)
    monkeypatch.setattr(aside, "LARGE", 3000)
    made = Written()
    yield made
    made.aside.stop()


def test_a_small_corpus_is_written_without_another_process() -> None:
    made = Written()
    assert made.add(300) == expected(300)
    assert made.worker is None


def test_a_large_one_is_written_by_another_process_in_the_order_it_came(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []
    ask = Worker.ask
    monkeypatch.setattr(Worker, "ask", lambda self, request: asked.append(request) or ask(self, request))  # type: ignore[func-returns-value]
    assert written.add(300) == expected(300)
    assert len(asked) > 20


def test_the_other_process_ends_with_the_work(written: Written) -> None:
    written.add_all(sources(100))
    process = written.worker
    assert process is not None
    assert process.poll() is None
    written.aside.finish()
    assert process.wait(20) is not None


def test_nothing_is_lost_when_the_other_process_is_killed(written: Written) -> None:
    many = sources(300)
    for number, source in enumerate(many):
        written.aside.add(source)
        if number == 150:
            process = written.worker
            assert process is not None
            os.kill(process.pid, signal.SIGKILL)
    written.aside.finish()
    assert written.texts == expected(300)


def test_a_worker_that_fails_is_not_asked_again(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    def fail(self: Worker, request: bytes) -> bytes:
        asked.append(request)
        raise Crashed("It died.")

    monkeypatch.setattr(Worker, "ask", fail)
    assert written.add(300) == expected(300)
    assert len(asked) == 1


def test_where_no_process_can_be_started_this_one_does_it(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> object:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    assert written.add(300) == expected(300)


def test_what_cannot_be_written_is_told_as_it_would_be_here(written: Written) -> None:
    bad = Source(f'<{BASE}id/thesis/1> <http://example.org/p/1> "x" .\n'.encode(), f"{BASE}id/thesis/1", BASE)
    with pytest.raises(VocabularyError, match="has no name that RDF/XML could write"):
        written.add_all([*sources(50), bad, *sources(50)])


def test_to_stop_in_the_middle_ends_the_process_and_waits_for_nothing(written: Written) -> None:
    written.add_all(sources(100))
    process = written.worker
    written.aside.stop()
    written.aside.stop()
    assert process is not None
    assert process.wait(20) is not None


def test_a_request_and_an_answer_are_the_same_as_bytes() -> None:
    asked = rendering.request(NAMES, sources(3))
    assert rendering.rendered(rendering.answer(asked)) == rendering.render(NAMES, sources(3))
    assert rendering.rendered(rendering.answer(rendering.request(NAMES, []))) == [b"", b"", b""]


def test_dumps_have_the_same_bytes_with_and_without_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theses = {str(number): f"Title {number}" for number in range(200)}
    monkeypatch.setattr(aside, "PIECE", 2000)
    monkeypatch.setattr(aside, "LARGE", 2000)
    with_one = files(publish(tmp_path / "with", theses).folder / "dumps")
    monkeypatch.setattr(Worker, "ask", lambda *_: (_ for _ in ()).throw(Crashed("It died.")))
    assert files(publish(tmp_path / "without", theses).folder / "dumps") == with_one
