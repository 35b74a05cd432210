"""What workers of the sandbox are asked to do in `test_sandbox`: to answer, and everything that they must not."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

FILE = Path(__file__)
OPEN = FILE.open()
KEPT: list[bytearray] = []
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


TASKS: dict[str, Callable[[bytes], bytes]] = {
    "echo": lambda text: text,
    "allocate": lambda size: str(len(bytearray(int(size)))).encode(),
    "segfault": lambda _: ctypes.string_at(0),
    "abort": lambda _: os.abort(),
    "exit": lambda status: os._exit(int(status)),
    "sleep": lambda seconds: str(time.sleep(float(seconds))).encode(),  # type: ignore[func-returns-value]
    "connect": lambda port: tried(lambda: socket.socket().connect(("127.0.0.1", int(port)))),
    "read": lambda path: tried(lambda: Path(path.decode()).read_bytes()),
    "write": lambda path: tried(lambda: Path(path.decode()).write_bytes(b"")),
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
} | {task.__name__: task for task in (spin, hoard, nest, fail, end, talk, keep, pid, thread, late)}


def warm_up() -> None:
    "".encode("utf-16")


def answer(request: bytes) -> bytes:
    """Does the task that the first word of the request names, with what follows it."""
    name, _, argument = request.partition(b" ")
    return TASKS[name.decode()](argument)
