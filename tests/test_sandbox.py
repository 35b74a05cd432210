"""Hostile input costs one request at most: real workers, asked to do what they must not."""

from __future__ import annotations

import errno
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
import sandboxed
from pyoxigraph import NamedNode, Quad, Store

from ld.sandbox import Busy, Crashed, Limits, Pool, TimedOut, Unavailable, denial, unconfined, unprotected
from ld.sandbox.denial import FILES, MACHINES, NETWORK, READING, Call, program

ROOT = Path(__file__).resolve().parent.parent
TASK = "sandboxed:answer"
LIMITS = Limits(seconds=30, memory=200_000_000)
SEGFAULT = "a fault in native code, perhaps because the input is nested too deeply."
MakePool = Callable[..., Pool]

linux = pytest.mark.skipif(unprotected() is not None, reason="this system denies nothing")
landlock = pytest.mark.skipif(unconfined() is not None, reason="this system keeps nobody to a folder")


@pytest.fixture
def make_pool() -> Iterator[MakePool]:
    """Makes pools that are closed at the end; they leave no process behind."""
    pools = []

    def make(workers: int = 1, *, task: str = TASK, reads: Path | None = None, **limits: float) -> Pool:
        chosen = {"seconds": LIMITS.seconds, "memory": LIMITS.memory} | limits
        pools.append(Pool(task, workers=workers, limits=Limits(**chosen), reads=reads))  # type: ignore[arg-type]
        return pools[-1]

    before = children()
    yield make
    for pool in pools:
        pool.close()
    for _ in range(100):
        if children() <= before:
            return
        time.sleep(0.05)
    raise AssertionError("A process is left, or what remains of one.")


def children() -> set[str]:
    """The processes that this one has started and not yet waited for, as far as the system tells."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ends as we look
            number, parent = status.parent.name, status.read_text().rpartition(")")[2].split()[1]
            found |= {number} if int(parent) == os.getpid() else set()
    return found


@pytest.fixture
def pool(make_pool: MakePool) -> Pool:
    return make_pool()


def ask(pool: Pool, task: str, argument: object = "") -> str:
    with pool.worker() as worker:
        return worker.ask(f"{task} {argument}".encode()).decode()


def gone(pid: int, seconds: float = 10) -> bool:
    """Whether a process that is no child of ours ends in this time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] == "Z":
            return True
        time.sleep(0.05)
    return False


# Asking


def test_a_worker_answers_request_after_request(pool: Pool) -> None:
    workers = {ask(pool, "pid") for _ in range(20)}
    assert len(workers) == 1
    assert workers != {str(os.getpid())}
    with pool.worker() as worker:
        assert [worker.ask(f"echo {n}".encode()) for n in range(200)] == [str(n).encode() for n in range(200)]
        assert worker.ask(b"echo ") == b""


def test_large_requests_and_answers_come_whole(pool: Pool) -> None:
    large = os.urandom(20_000_000)
    with pool.worker() as worker:
        assert worker.ask(b"echo " + large) == large


def test_what_a_task_prints_does_not_get_among_the_answers(pool: Pool, capfd: pytest.CaptureFixture[str]) -> None:
    assert [ask(pool, "talk", text) for text in ("one", "two")] == ["one", "two"]
    assert ask(pool, "echo", "three") == "three"
    assert capfd.readouterr() == ("", "")


def test_threads_share_a_pool(make_pool: MakePool) -> None:
    pool = make_pool(4)

    def work(number: int) -> bool:
        return all(ask(pool, "echo", f"{number}-{n}") == f"{number}-{n}" for n in range(100))

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(work, range(8)))


def test_who_finds_all_workers_taken_is_told_at_once(make_pool: MakePool) -> None:
    pool = make_pool(2)
    with pool.worker() as one, pool.worker() as other:
        with pytest.raises(Busy, match="All 2 workers are busy"), pool.worker():
            pass
        assert one.ask(b"pid") != other.ask(b"pid")
    assert ask(pool, "echo", "free again") == "free again"


def test_a_worker_gets_no_secrets(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_PASSWORD", "swordfish")
    environment = ask(pool, "environment")
    assert "swordfish" not in environment
    assert "OPENBLAS_NUM_THREADS=1" in environment


def test_a_worker_imports_nothing_from_the_folder_that_it_is_started_in(
    make_pool: MakePool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "struct.py").write_text("raise SystemExit('hostile')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    assert ask(make_pool(), "echo", "safe") == "safe"


# Parts ahead of the answer


def parts_of(pool: Pool, task: str, argument: object = "") -> tuple[list[bytes], bytes]:
    """The parts that came, and the answer."""
    parts: list[bytes] = []
    with pool.worker() as worker:
        return parts, worker.ask(f"{task} {argument}".encode(), parts.append)


def test_parts_come_in_their_order_and_then_the_answer(pool: Pool) -> None:
    assert parts_of(pool, "stream", "5 3") == ([bytes([n]) * 3 for n in range(5)], b"done")
    assert parts_of(pool, "stream", "0 0") == ([], b"done")
    assert parts_of(pool, "stream", "2 0") == ([], b"done")
    assert parts_of(pool, "echo", "no parts") == ([], b"no parts")


def test_parts_that_are_sent_outside_of_a_worker_go_nowhere() -> None:
    assert sandboxed.stream(b"5 3") == b"done"


def test_a_part_comes_while_the_work_goes_on(pool: Pool) -> None:
    with pool.worker() as worker:
        began, came = time.monotonic(), []
        worker.ask(b"begin sleep 0.5", lambda part: came.append(time.monotonic() - began))
        assert max(came) < time.monotonic() - began - 0.4


def test_parts_are_together_larger_than_the_memory(make_pool: MakePool) -> None:
    pool = make_pool(memory=20_000_000)
    sizes: list[int] = []
    with pool.worker() as worker:
        assert worker.ask(b"stream 400 262144", lambda part: sizes.append(len(part))) == b"done"
        assert sizes == [262_144] * 400
        assert worker.ask(b"stream 3 5000000", lambda part: sizes.append(len(part))) == b"done"


@pytest.mark.parametrize("error", [ValueError, TimeoutError, EOFError, KeyboardInterrupt])
def test_an_error_of_whoever_takes_the_parts_ends_the_work(pool: Pool, error: type[BaseException]) -> None:
    def part(part: bytes) -> None:
        raise error(part.decode())

    first = ask(pool, "pid")
    with pool.worker() as worker:
        with pytest.raises(error, match="one"):
            worker.ask(b"begin spin", part)
        assert worker.ask(b"echo well") == b"well"
    assert gone(int(first))


def test_parts_that_nobody_takes_are_a_fault_of_the_program(pool: Pool) -> None:
    with pytest.raises(TypeError, match="ask with a function that takes them"):
        ask(pool, "stream", "1 1")
    assert ask(pool, "echo", "well") == "well"


@pytest.mark.parametrize(
    ("task", "kind", "problem"),
    [
        ("spin", TimedOut, "longer than 2 s"),
        ("segfault", Crashed, "ended by SIGSEGV"),
        ("hoard", Crashed, "more than the 20 MB of memory"),
        ("fail word", Crashed, "KeyError: 'word'"),
    ],
)
def test_work_that_fails_after_parts_fails_as_ever(
    make_pool: MakePool, task: str, kind: type[Exception], problem: str
) -> None:
    pool = make_pool(seconds=2, memory=20_000_000)
    parts: list[bytes] = []
    with pool.worker() as worker:
        with pytest.raises(kind, match=problem):
            worker.ask(f"begin {task}".encode(), parts.append)
        assert parts == [b"one", b"two"]
        assert worker.ask(b"echo well") == b"well"


def test_the_time_is_over_though_parts_never_cease_to_come(make_pool: MakePool) -> None:
    pool = make_pool(seconds=0.5)
    ask(pool, "pid")
    began = time.monotonic()
    with pool.worker() as worker, pytest.raises(TimedOut):
        worker.ask(b"stream 1000000 100", lambda part: time.sleep(0.001))
    assert time.monotonic() - began < 1.4  # before it would have ended by itself
    assert ask(pool, "echo", "well") == "well"


# Limits


def test_a_task_without_end_is_stopped_and_the_next_request_answered(make_pool: MakePool) -> None:
    pool = make_pool(seconds=0.5)
    ask(pool, "pid")
    for task in ("spin", "sleep"):
        began = time.monotonic()
        with pytest.raises(TimedOut, match=r"longer than 0\.5 s"):
            ask(pool, task, 60)
        assert time.monotonic() - began >= 0.5
        assert ask(pool, "echo", "well") == "well"


@pytest.mark.parametrize("task", ["allocate", "hoard"])
def test_a_task_that_takes_too_much_memory_is_given_up(make_pool: MakePool, task: str) -> None:
    pool = make_pool(memory=50_000_000)
    assert ask(pool, "allocate", 40_000_000) == "40000000"
    with pytest.raises(Crashed, match="more than the 50 MB of memory"):
        ask(pool, task, 60_000_000)
    assert ask(pool, "echo", "well") == "well"


def test_a_request_larger_than_the_memory_is_given_up_too(make_pool: MakePool) -> None:
    pool = make_pool(memory=10_000_000)
    with pytest.raises(Crashed, match="more than the 10 MB of memory"):
        ask(pool, "echo", "x" * 20_000_000)


def test_a_worker_that_lets_go_of_too_little_is_replaced(make_pool: MakePool) -> None:
    pool = make_pool(memory=100_000_000)
    first = ask(pool, "keep", 30_000_000)
    assert ask(pool, "keep", 30_000_000) == first
    assert ask(pool, "keep", 30_000_000) != first


# Faults


@pytest.mark.parametrize(
    ("task", "argument", "problem"),
    [
        ("segfault", "", f"The work was ended by SIGSEGV, {SEGFAULT}"),
        ("abort", "", "The work was ended by SIGABRT: native code gave up, perhaps for want of memory."),
        ("exit", "7", "The work ended at once, with status 7."),
        ("nest", "", "The work was given up: the input is nested too deeply."),
        ("fail", "word", "The work was given up, by a fault of the program: KeyError: 'word'"),
        ("end", "", "The work was given up, by a fault of the program: EOFError"),
        ("late", "", "The work was given up, by a fault of the program: ModuleNotFoundError: No module named 'this'"),
        ("encode", "cp037", "The work was given up, by a fault of the program: LookupError: unknown encoding: cp037"),
    ],
)
def test_a_fault_costs_only_its_request(pool: Pool, task: str, argument: str, problem: str) -> None:
    with pool.worker() as worker:
        with pytest.raises(Crashed) as caught:
            worker.ask(f"{task} {argument}".encode())
        assert str(caught.value) == problem
        assert ("sandboxed.py" in caught.value.trace) == ("fault of the program" in problem)
        assert worker.ask(b"echo well") == b"well"
    assert ask(pool, "echo", "well") == "well"


@pytest.mark.parametrize(
    ("task", "number", "memory"),
    [
        ("segfault", signal.SIGSEGV, False),
        ("abort", signal.SIGABRT, True),
        ("hoard", None, True),
        ("nest", None, False),
        ("exit 7", None, False),
        ("fail word", None, False),
    ],
)
def test_a_crash_says_by_which_signal_and_whether_memory_ran_out(
    make_pool: MakePool, task: str, number: int | None, memory: bool
) -> None:
    with make_pool(memory=50_000_000).worker() as worker, pytest.raises(Crashed) as caught:
        worker.ask(task.encode())
    assert (caught.value.signal, caught.value.memory) == (number, memory)


def test_a_worker_that_died_while_nobody_asked_is_replaced(pool: Pool) -> None:
    victim = int(ask(pool, "pid"))
    os.kill(victim, signal.SIGKILL)
    assert gone(victim)
    assert ask(pool, "echo", "well") == "well"


@pytest.mark.parametrize(
    ("task", "problem"),
    [
        ("no_such_module:answer", "ModuleNotFoundError: No module named 'no_such_module'"),
        (
            "sandboxed:nothing",
            "AttributeError: module 'sandboxed' has no attribute 'nothing'",
        ),
    ],
)
def test_a_worker_that_cannot_start_says_why(make_pool: MakePool, task: str, problem: str) -> None:
    pool = make_pool(task=task)
    pool.start()
    for _ in range(2):
        with pytest.raises(Crashed) as caught:
            ask(pool, "echo")
        assert str(caught.value) == f"The worker did not start: {problem}"


# What a worker has given up


@linux
def test_a_worker_opens_no_connection(pool: Pool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert ask(pool, "connect", listener.getsockname()[1]) == "PermissionError"
        listener.settimeout(0.2)
        with pytest.raises(TimeoutError):
            listener.accept()


@linux
@pytest.mark.parametrize("task", ["read", "write", "unlink", "list", "run", "replace"])
def test_a_worker_opens_no_file_and_starts_no_program(pool: Pool, task: str, tmp_path: Path) -> None:
    what: dict[str, Path | str] = {"read": "/etc/passwd", "list": "/", "run": sys.executable, "replace": sys.executable}
    (tmp_path / "kept").write_text("as it was")
    assert ask(pool, task, what.get(task, tmp_path / "kept")) == "PermissionError"
    assert (tmp_path / "kept").read_text() == "as it was"


@linux
def test_a_worker_does_not_fork_nor_touch_other_processes(pool: Pool) -> None:
    assert ask(pool, "fork") == "PermissionError"
    assert ask(pool, "kill", os.getpid()) == "PermissionError"


@linux
def test_a_worker_gets_round_the_filter_neither_by_a_ring_nor_by_other_numbers(pool: Pool) -> None:
    assert ask(pool, "call", "425 8 0") == os.strerror(errno.EACCES)  # io_uring_setup
    assert ask(pool, "call", "425 -1 0") == os.strerror(errno.EACCES)
    assert ask(pool, "call", "463 0 0 0") == os.strerror(errno.ENOSYS)
    assert ask(pool, "call", f"{0x40000000 + 41} 2 1 0") == os.strerror(errno.ENOSYS)  # socket, in the x32 ABI


def test_a_worker_can_do_what_it_needs(pool: Pool) -> None:
    assert ask(pool, "reread") == '"""What workers of t'
    assert ask(pool, "thread", "one more") == "one more"
    with pool.worker() as worker:
        assert worker.ask(b"encode utf-16").decode("utf-16") == "ä"


# A folder to read


def make_store(folder: Path, triples: int) -> Path:
    """A store that is written and closed."""
    store = Store(str(folder))
    names = [NamedNode(f"http://example.org/{n}") for n in range(triples)]
    store.bulk_extend(Quad(name, names[0], name) for name in names)
    store.flush()
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a worker may read: files, in a folder beside one that it may not."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("secret")
    folder = tmp_path / "inside"
    (folder / "below").mkdir(parents=True)
    (folder / "file").write_text("open")
    (folder / "below" / "file").write_text("below")
    (folder / "in").symlink_to(folder / "below")
    (folder / "out").symlink_to(tmp_path / "outside")
    return folder


def test_a_worker_reads_in_its_folder_also_what_comes_later(make_pool: MakePool, folder: Path) -> None:
    pool = make_pool(reads=folder)
    assert ask(pool, "content", folder / "file") == "open"
    assert ask(pool, "content", folder / "in" / "file") == "below"
    assert ask(pool, "list", folder) == "done"
    (folder / "later").mkdir()
    (folder / "later" / "file").write_text("later")
    (folder / "file").unlink()
    assert ask(pool, "content", folder / "later" / "file") == "later"
    assert ask(pool, "in_thread", f"content {folder}/later/file") == "later"
    assert ask(pool, "read", folder / "file") == "FileNotFoundError"


@landlock
def test_a_worker_reads_nowhere_else(make_pool: MakePool, folder: Path) -> None:
    pool = make_pool(reads=folder)
    ways_out = [folder.parent / "outside" / "secret", folder / ".." / "outside" / "secret", folder / "out" / "secret"]
    for path in ("/etc/passwd", "/proc/self/environ", f"/proc/{os.getpid()}/environ", "/dev/zero", *ways_out):
        assert ask(pool, "read", path) == "PermissionError"
        assert ask(pool, "in_thread", f"read {path}") == "PermissionError"
    for path in ("/", folder.parent, folder / "out"):
        assert ask(pool, "list", path) == "PermissionError"


@linux
@pytest.mark.parametrize("task", ["write", "unlink", "run", "replace", "make"])
def test_a_worker_that_reads_a_folder_changes_nothing_there(make_pool: MakePool, folder: Path, task: str) -> None:
    what = {"run": sys.executable, "replace": sys.executable, "make": folder / "new"}
    assert ask(make_pool(reads=folder), task, what.get(task, folder / "file")) == "PermissionError"
    assert (folder / "file").read_text() == "open"
    assert not (folder / "new").exists()


@linux
def test_a_worker_that_reads_a_folder_opens_nothing_for_writing(make_pool: MakePool, folder: Path) -> None:
    pool = make_pool(reads=folder)
    tmpfile = getattr(os, "O_TMPFILE", 0)
    for flags in (os.O_WRONLY, os.O_RDWR, os.O_APPEND, os.O_TRUNC, os.O_CREAT, os.O_CREAT | os.O_EXCL, 3):
        assert ask(pool, "open_with", f"{flags} {folder}/file") == "PermissionError"
        assert ask(pool, "open_with", f"{flags} {folder}/new") == "PermissionError"
    assert ask(pool, "open_with", f"{tmpfile | os.O_WRONLY} {folder}") == "PermissionError"
    assert ask(pool, "open_with", f"{os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW} {folder}/file") == "done"
    assert ask(pool, "call", "437 -100 0 0 0") == os.strerror(errno.ENOSYS)  # openat2
    assert not (folder / "new").exists()


@linux
@pytest.mark.parametrize("how", ["mode", "owner", "times", "attribute", "flags", "lock", "length", "text", "again"])
def test_a_worker_changes_no_file_that_it_reads(make_pool: MakePool, folder: Path, how: str) -> None:
    before = (folder / "file").stat()
    assert ask(make_pool(reads=folder), "change", f"{how} {folder}/file") in ("PermissionError", "OSError")
    after = (folder / "file").stat()
    assert (after.st_mode, after.st_mtime, after.st_ctime) == (before.st_mode, before.st_mtime, before.st_ctime)


@linux
def test_a_worker_that_reads_a_folder_has_given_up_all_the_rest(make_pool: MakePool, folder: Path) -> None:
    pool = make_pool(reads=folder)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert ask(pool, "connect", listener.getsockname()[1]) == "PermissionError"
    assert ask(pool, "fork") == "PermissionError"
    assert ask(pool, "kill", os.getpid()) == "PermissionError"
    assert ask(pool, "call", "425 8 0") == os.strerror(errno.EACCES)  # io_uring_setup


def test_a_worker_opens_stores_in_its_folder_and_keeps_them(make_pool: MakePool, tmp_path: Path) -> None:
    pool = make_pool(reads=tmp_path, memory=1_000_000_000)
    count = "SELECT * { ?s ?p ?o }"
    worker = ask(pool, "pid")
    for name, triples in (("one", 7), ("two", 40), ("three", 3)):
        store = make_store(tmp_path / name, triples)
        before = {path.name for path in store.iterdir()}
        assert ask(pool, "query", f"{store} {count}") == str(triples)
        assert {path.name for path in store.iterdir()} == before
    assert ask(pool, "query", f"{tmp_path / 'one'} {count}") == "7"
    assert ask(pool, "pid") == worker
    with pytest.raises(Crashed, match="FileNotFoundError"):
        ask(pool, "query", f"{tmp_path / 'four'} {count}")


def test_a_query_that_takes_all_memory_is_told_from_one_that_is_nested_too_deeply(
    make_pool: MakePool, tmp_path: Path
) -> None:
    pool = make_pool(reads=tmp_path, memory=300_000_000)
    store = make_store(tmp_path / "store", 300)
    with pytest.raises(Crashed) as caught:
        ask(pool, "query", f"{store} SELECT * {{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }} ORDER BY ?c ?f ?i")
    assert (caught.value.signal, caught.value.memory) == (signal.SIGABRT, True)
    deep = 3000
    with pytest.raises(Crashed) as caught:
        ask(pool, "query", f"{store} SELECT * {'{' * deep} ?a ?b ?c {'}' * deep}")
    assert (caught.value.signal, caught.value.memory) == (signal.SIGSEGV, False)
    assert ask(pool, "query", f"{store} SELECT * {{ ?a ?b ?c }}") == "300"


def test_a_folder_that_is_not_there_yet_is_named_and_looked_for_again(make_pool: MakePool, tmp_path: Path) -> None:
    folder = tmp_path / "snapshots"
    pool = make_pool(reads=folder)
    pool.start()
    for _ in range(2):
        with pytest.raises(Unavailable, match=f"The worker did not start: .*{re.escape(str(folder))}"):
            ask(pool, "echo")
    folder.mkdir()
    (folder / "file").write_text("there")
    assert ask(pool, "content", folder / "file") == "there"


def test_a_folder_is_found_from_where_the_program_was_when_it_was_named(
    make_pool: MakePool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    pool = make_pool(reads=Path(folder.name))
    monkeypatch.chdir("/")
    assert ask(pool, "content", folder / "file") == "open"


@landlock
def test_a_task_that_starts_threads_before_it_is_confined_does_not_start(
    make_pool: MakePool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (
        "import threading\ndef warm_up():\n    threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    )
    (tmp_path / "threaded.py").write_text(f"{script}def answer(request):\n    return request\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert ask(make_pool(task="threaded:answer"), "well") == "well "
    with pytest.raises(Unavailable, match="has threads already"):
        ask(make_pool(task="threaded:answer", reads=tmp_path), "well")


@linux
def test_without_landlock_a_worker_still_changes_nothing_and_whoever_starts_a_server_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = """if True:
        import sys
        from pathlib import Path
        from ld.sandbox import denial

        denial._landlock = lambda: -1
        folder = Path(sys.argv[1])
        print(denial.deny_files(folder), (folder / "out" / "secret").read_text())
        for change in ((folder / "file").unlink, (folder / "new").touch):
            try:
                change()
            except PermissionError:
                print("denied")
    """
    done = subprocess.run([sys.executable, "-c", script, folder], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.stdout.split(), done.stderr) == (["None", "secret", "denied", "denied"], "")
    monkeypatch.setattr(denial, "_landlock", lambda: -1)
    assert unprotected() is None
    assert "could read every file" in (unconfined() or "")
    monkeypatch.setattr(denial, "unprotected", lambda: "This system denies nothing.")
    assert unconfined() == "This system denies nothing."


@linux
def test_without_network_a_process_its_threads_and_its_children_have_local_sockets_only() -> None:
    script = """if True:
        import socket, subprocess, sys, threading
        from ld.sandbox import deny_network

        def look(family, said):
            go.wait()
            try:
                socket.socket(family).close()
            except PermissionError:
                said = "denied"
            print(said)

        go = threading.Event()
        before = threading.Thread(target=look, args=(socket.AF_INET, "open"))
        before.start()
        print(deny_network(), deny_network())
        go.set()
        before.join()
        for family in (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_UNIX):
            look(family, "open")
        sys.stdout.flush()
        subprocess.run([sys.executable, "-c", "import socket; socket.socketpair(); socket.socket()"])
    """
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["None", "None", "denied", "denied", "denied", "denied", "open"]
    assert done.stderr.strip().endswith("PermissionError: [Errno 13] Permission denied")


def verdict(code: bytes, call: bytes) -> int:
    """What a filter says of a call, by the rules of classic BPF as far as ours use them."""
    at, value = 0, 0
    while True:
        instruction, yes, no, operand = struct.unpack_from("=HBBI", code, 8 * at)
        at += 1
        if instruction == 0x06:
            return int(operand)
        if instruction == 0x20:
            value = struct.unpack_from("<I", call, operand)[0]
        else:
            holds = {0x15: value == operand, 0x35: value >= operand, 0x45: value & operand}[instruction]
            at += yes if holds else no


@pytest.mark.parametrize("machine", MACHINES)
def test_a_filter_judges_calls_alike_on_every_machine(machine: str) -> None:
    mark, numbers = MACHINES[machine]
    code = program(machine, [Call("openat"), Call("socket", unless=(0, 0x15, 1)), Call("clone", unless=(0, 0x45, 4))])
    denied, allowed = 0x00050000 | errno.EACCES, 0x7FFF0000

    def judge(number: int, argument: int = 0, mark: int = mark) -> int:
        return verdict(code, struct.pack("<IIQ6Q", number, mark, 0, argument, 0, 0, 0, 0, 0))

    assert judge(numbers["openat"]) == denied
    assert [judge(numbers["socket"], family) for family in (1, 2, 1 << 32 | 2)] == [allowed, denied, denied]
    assert [judge(numbers["clone"], flags) for flags in (0, 4, 5, 3)] == [denied, allowed, allowed, denied]
    assert judge(numbers["connect"]) == allowed
    assert {judge(number) for number in (463, 520, 0x40000000, 0xFFFFFFFF)} == {0x00050000 | errno.ENOSYS}
    assert judge(numbers["connect"], mark=0x40000003) == 0x80000000


@pytest.mark.parametrize("machine", MACHINES)
def test_a_filter_for_reading_judges_by_the_flags(machine: str) -> None:
    mark, numbers = MACHINES[machine]
    code = program(machine, READING)
    reading, closing, writing, creating, cutting, adding, nameless = 0, 0o2000000, 1, 0o100, 0o1000, 0o2000, 0o20000000

    def judge(name: str, *arguments: int) -> int:
        call = struct.pack("<IIQ6Q", numbers[name], mark, 0, *arguments, *[0] * (6 - len(arguments)))
        return verdict(code, call) & 0xFFFF if verdict(code, call) >> 16 == 5 else 0

    for flags in (reading, closing, 0o4000, 0o10000):
        assert judge("openat", 0, 0, flags, 0o777) == 0
        assert judge("open", 0, flags, 0o777) == 0 if "open" in numbers else True
    for flags in (writing, 2, 3, creating, cutting, adding, nameless, creating | closing, 1 << 40 | writing):
        assert judge("openat", 0, 0, flags) == errno.EACCES
        assert judge("open", 0, flags) == errno.EACCES if "open" in numbers else True
    assert judge("openat2") == errno.ENOSYS
    assert judge("ioctl") == errno.ENOTTY
    assert {judge(name) for name in ("unlinkat", "connect", "execve", "fchmod", "flock")} == {errno.EACCES}


def test_every_call_that_is_denied_has_a_number_but_old_ones_that_newer_machines_never_had() -> None:
    denied = {call.name for call in (*FILES, *READING, *NETWORK)}
    assert denied - set(MACHINES["x86_64"][1]) == set()
    assert denied - set(MACHINES["aarch64"][1]) == {
        *("open", "creat", "uselib", "fork", "vfork", "mkdir", "mknod", "rmdir", "unlink", "rename", "link", "symlink"),
        *("chmod", "chown", "lchown", "utime", "utimes", "futimesat"),
    }


# The end


def test_close_stops_who_is_asked_and_nobody_gets_a_worker_any_more(make_pool: MakePool) -> None:
    pool = make_pool(2)
    ask(pool, "pid")
    with ThreadPoolExecutor(1) as thread:
        asked = thread.submit(ask, pool, "sleep", 20)
        time.sleep(0.5)
        pool.close()
        with pytest.raises(Crashed, match="The workers were stopped"):
            asked.result(5)
    with pytest.raises(Busy):
        ask(pool, "echo")


PARENT = """if True:
    import os, sys
    from ld.sandbox import Limits, Pool
    pool = Pool("sandboxed:answer", workers=2, limits=Limits(seconds=0.5, memory=10**8))
    with pool.worker() as idle, pool.worker() as busy:
        print(idle.ask(b"pid").decode(), busy.ask(b"pid").decode(), flush=True)
        {last}
"""


def parent(last: str) -> subprocess.Popen[str]:
    """A process with a pool of two, which writes their ids and then does something."""
    path = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    return subprocess.Popen(
        [sys.executable, "-c", PARENT.format(last=last)],
        env=os.environ | {"PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_workers_end_when_their_parent_is_killed_even_in_the_middle_of_a_task() -> None:
    with parent("busy._limits = Limits(60, 10**8); busy.ask(b'spin')") as killed:
        assert killed.stdout
        workers = [int(word) for word in killed.stdout.readline().split()]
        time.sleep(0.2)
        killed.kill()
        assert all(gone(worker) for worker in workers)


@pytest.mark.parametrize("last", ["pass", "sys.exit(3)", "1 / 0"])
def test_workers_end_with_the_program(last: str) -> None:
    with parent(last) as ended:
        assert ended.stdout
        workers = [int(word) for word in ended.stdout.readline().split()]
        assert ended.wait(20) in (0, 1, 3)
        assert all(gone(worker, 0.1) for worker in workers)


def test_a_fork_that_exits_does_not_end_the_workers_of_its_parent() -> None:
    again = "print(idle.ask(b'pid').decode(), busy.ask(b'pid').decode())"
    with parent(f"os.fork() or sys.exit(); os.wait(); {again}") as forking:
        before, after = forking.communicate(timeout=20)[0].splitlines()
        assert after == before


# A fork for one piece of work

ISOLATED = """if True:
    import ctypes, os, signal, socket, sys, time
    from ld.sandbox import Crashed, run_isolated
    def work():
        {work}
    try:
        print("status", run_isolated(work))
    except Crashed as error:
        print("crashed:", error)
    except KeyboardInterrupt:
        print("interrupted")
    print("after")
"""


def isolated(work: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ISOLATED.format(work=work)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("work", "said"),
    [
        ("print('working'); return 1", "working\nstatus 1\nafter\n"),
        ("print(sys.stdin.read()); return 0", "typed\nstatus 0\nafter\n"),
        ("sys.exit(3)", "status 3\nafter\n"),
        ("sys.exit()", "status 0\nafter\n"),
        ("ctypes.string_at(0)", f"crashed: The work was ended by SIGSEGV, {SEGFAULT}\nafter\n"),
        (
            "os.kill(os.getpid(), signal.SIGKILL)",
            "crashed: The work was ended by SIGKILL, most likely by the system for want of memory.\nafter\n",
        ),
    ],
)
def test_isolated_work_gives_its_status_or_how_it_crashed(work: str, said: str) -> None:
    output, complaint = isolated(work).communicate("typed", timeout=20)
    assert (output, complaint) == (said, "")


def test_isolated_work_that_fails_shows_the_traceback_and_gives_status_2() -> None:
    output, complaint = isolated("return 1 / 0").communicate(timeout=20)
    assert output == "status 2\nafter\n"
    assert complaint.endswith("ZeroDivisionError: division by zero\n")


@linux
def test_isolated_work_has_no_network() -> None:
    output, complaint = isolated("socket.socket()").communicate(timeout=20)
    assert output == "status 2\nafter\n"
    assert "PermissionError" in complaint


@pytest.mark.parametrize(
    ("number", "work", "said", "status"),
    [
        (signal.SIGINT, "print('up', flush=True); time.sleep(20)", "interrupted\nafter\n", 0),
        (signal.SIGTERM, "print('up', flush=True); time.sleep(20)", "", -signal.SIGTERM),
        (
            signal.SIGTERM,
            "signal.signal(signal.SIGTERM, lambda *_: sys.exit(4)); print('up', flush=True); time.sleep(20)",
            "status 4\nafter\n",
            0,
        ),
    ],
)
def test_isolated_work_gets_the_signals_of_its_parent(number: int, work: str, said: str, status: int) -> None:
    with isolated(work) as process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        process.send_signal(number)
        output, complaint = process.communicate(timeout=20)
        assert (output, complaint, process.returncode) == (said, "", status)


@linux
def test_ctrl_c_in_a_terminal_reaches_isolated_work_once() -> None:
    script = """if True:
        import fcntl, signal, termios, time
        from ld.sandbox import run_isolated

        def work():
            got = []
            signal.signal(signal.SIGINT, lambda *_: got.append("got it"))
            print("up", flush=True)
            end = time.monotonic() + 0.5
            while time.monotonic() < end:
                time.sleep(0.05)
            print(*got)
            return 0

        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        run_isolated(work)
    """
    keyboard, terminal = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        stdin=terminal,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        os.write(keyboard, b"\x03")
        assert process.communicate(timeout=20)[0] == "got it\n"
    os.close(keyboard)
    os.close(terminal)


@linux
def test_isolated_work_ends_when_its_parent_is_killed() -> None:
    with isolated("print(os.getpid(), flush=True); time.sleep(20)") as process:
        assert process.stdout
        child = int(process.stdout.readline())
        process.kill()
        assert gone(child)
