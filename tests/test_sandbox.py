"""Hostile input costs one request at most: real workers, asked to do what they must not."""

from __future__ import annotations

import errno
import os
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

from ld.sandbox import Busy, Crashed, Limits, Pool, TimedOut, unprotected
from ld.sandbox.denial import FILES, MACHINES, NETWORK, Call, program

ROOT = Path(__file__).resolve().parent.parent
TASK = "sandboxed:answer"
LIMITS = Limits(seconds=30, memory=200_000_000)
SEGFAULT = "a fault in native code, perhaps because the input is nested too deeply."
MakePool = Callable[..., Pool]

linux = pytest.mark.skipif(unprotected() is not None, reason="this system denies nothing")


@pytest.fixture
def make_pool() -> Iterator[MakePool]:
    """Makes pools that are closed at the end; they leave no process behind."""
    pools = []

    def make(workers: int = 1, *, task: str = TASK, **limits: float) -> Pool:
        chosen = {"seconds": LIMITS.seconds, "memory": LIMITS.memory} | limits
        pools.append(Pool(task, workers=workers, limits=Limits(**chosen)))  # type: ignore[arg-type]
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


def test_every_call_that_is_denied_has_a_number_but_old_ones_that_newer_machines_never_had() -> None:
    denied = {call.name for call in (*FILES, *NETWORK)}
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
