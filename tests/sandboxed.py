"""What workers of the sandbox are asked to do in `test_sandbox`: to answer, and everything that they must not."""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pyoxigraph import Store

from ld.sandbox import send

FILE = Path(__file__)
OPEN = FILE.open()
KEPT: list[bytearray] = []
STORES: dict[str, Store] = {}
CALL = ctypes.CDLL(None, use_errno=True).syscall


def tried(forbidden: Callable[[], object]) -> bytes:
    """What came of it: "done", or the name of the exception."""
    try:
        forbidden()
    except Exception as error:
        return type(error).__name__.encode()
    return b"done"


def call(*numbers: int) -> bytes:
    """What a system call of these numbers gives: "done", or the text of its error."""
    ctypes.set_errno(0)
    if CALL(*map(ctypes.c_long, numbers)) == -1:
        return os.strerror(ctypes.get_errno()).encode()
    return b"done"


def spin(_: bytes) -> bytes:
    while True:
        pass


def hoard(_: bytes) -> bytes:
    chain: list[object] = []
    while True:
        chain = [chain, [None]]


def nest(_: bytes) -> bytes:
    return nest(_)


def fail(text: bytes) -> bytes:
    raise KeyError(text.decode())


def end(_: bytes) -> bytes:
    raise EOFError


def talk(text: bytes) -> bytes:
    for write in (print, sys.stderr.write, sys.stdout.write, lambda said: os.write(1, said.encode())):
        write(text.decode() * 1000)
    sys.stdin.read()
    return text


def keep(size: bytes) -> bytes:
    KEPT.append(bytearray(int(size)))
    return pid(b"")


def pid(_: bytes) -> bytes:
    return str(os.getpid()).encode()


def thread(text: bytes) -> bytes:
    answers: list[bytes] = []
    worker = threading.Thread(target=answers.append, args=(text,))
    worker.start()
    worker.join()
    return answers[0]


def late(_: bytes) -> bytes:
    import this

    return str(this).encode()


def stream(sizes: bytes) -> bytes:
    """So many pieces, of so many bytes each."""
    count, size = map(int, sizes.split())
    for number in range(count):
        send(bytes([number % 256]) * size)
    return b"done"


def begin(rest: bytes) -> bytes:
    """Two pieces, and then another task."""
    send(b"one")
    send(b"two")
    return answer(rest)


def query(text: bytes) -> bytes:
    """How many solutions a query of a store has; the store stays open."""
    folder, _, select = text.decode().partition(" ")
    store = STORES.get(folder) or STORES.setdefault(folder, Store.read_only(folder))
    return str(sum(1 for _ in store.query(select))).encode()  # type: ignore[misc, union-attr]


def in_thread(rest: bytes) -> bytes:
    """Another task, in a thread that is started for it."""
    answers: list[object] = []
    worker = threading.Thread(target=lambda: answers.append(answer(rest)))
    worker.start()
    worker.join()
    assert isinstance(answers[0], bytes)
    return answers[0]


def open_with(text: bytes) -> bytes:
    """What comes of opening a file with these flags."""
    flags, _, path = text.decode().partition(" ")
    return tried(lambda: os.close(os.open(path, int(flags))))


def change(text: bytes) -> bytes:
    """What comes of changing a file that is open for reading."""
    how, _, path = text.decode().partition(" ")
    file = os.open(path, os.O_RDONLY)
    ways: dict[str, Callable[[], object]] = {
        "mode": lambda: os.fchmod(file, 0o777),
        "owner": lambda: os.fchown(file, os.getuid(), os.getgid()),
        "times": lambda: os.utime(file, (1, 1)),
        "attribute": lambda: os.setxattr(file, "user.a", b"b"),
        "flags": lambda: fcntl.ioctl(file, 0x40086602, bytes(8)),  # FS_IOC_SETFLAGS
        "lock": lambda: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB),
        "length": lambda: os.ftruncate(file, 0),
        "text": lambda: os.write(file, b"other"),
        "again": lambda: os.open(f"/proc/self/fd/{file}", os.O_WRONLY),
    }
    return tried(ways[how])


TASKS: dict[str, Callable[[bytes], bytes]] = {
    "echo": lambda text: text,
    "allocate": lambda size: str(len(bytearray(int(size)))).encode(),
    "segfault": lambda _: ctypes.string_at(0),
    "abort": lambda _: os.abort(),
    "exit": lambda status: os._exit(int(status)),
    "sleep": lambda seconds: str(time.sleep(float(seconds))).encode(),  # type: ignore[func-returns-value]
    "connect": lambda port: tried(lambda: socket.socket().connect(("127.0.0.1", int(port)))),
    "read": lambda path: tried(lambda: Path(path.decode()).read_bytes()),
    "content": lambda path: Path(path.decode()).read_bytes(),
    "write": lambda path: tried(lambda: Path(path.decode()).write_bytes(b"")),
    "make": lambda path: tried(lambda: Path(path.decode()).mkdir()),
    "unlink": lambda path: tried(lambda: Path(path.decode()).unlink()),
    "list": lambda path: tried(lambda: list(Path(path.decode()).iterdir())),
    "run": lambda program: tried(lambda: subprocess.run([program])),
    "replace": lambda program: tried(lambda: os.execv(program, [program])),
    "fork": lambda _: tried(os.fork),
    "kill": lambda victim: tried(lambda: os.kill(int(victim), 0)),
    "call": lambda numbers: call(*map(int, numbers.split())),
    "encode": lambda encoding: "ä".encode(encoding.decode()),
    "reread": lambda _: OPEN.read(20).encode(),
    "environment": lambda _: "\n".join(f"{name}={value}" for name, value in os.environ.items()).encode(),
} | {
    task.__name__: task
    for task in (
        *(spin, hoard, nest, fail, end, talk, keep, pid, thread, late),
        *(stream, begin, query, in_thread, open_with, change),
    )
}


def warm_up() -> None:
    "".encode("utf-16")


def answer(request: bytes) -> bytes:
    """Does the task that the first word of the request names, with what follows it."""
    name, _, argument = request.partition(b" ")
    return TASKS[name.decode()](argument)
