"""A worker: imports a task, gives up files and network, then answers the requests of a pipe until that is closed."""

from __future__ import annotations

import importlib
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from importlib.machinery import BuiltinImporter, FrozenImporter
from io import FileIO
from pathlib import Path

from ld.sandbox import frames, parts
from ld.sandbox.denial import deny_files, deny_network, unprotected
from ld.sandbox.endings import OUT_OF_MEMORY, TOO_DEEP

_SLACK = 1.0
"""Seconds beyond its time after which a worker ends by itself, which it comes to only if its parent was killed."""


def main(task: str, memory: int, seconds: float, reads: Path | None = None) -> None:
    """What ``python -m ld.sandbox`` does; `ld.sandbox.pool` starts it."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # whatever the thread that started us had
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # sent to all of a service: the server decides, and closes the pipe
    requests, replies = FileIO(os.dup(0)), FileIO(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)  # what a task prints is no reply
    try:
        answer = _task(task)
        os.dup2(nowhere, 2)  # nor could a flood of it harm a log
        size = _confine(memory, reads)
    except Exception:
        frames.send(replies, frames.FAILED, traceback.format_exc().encode("utf-8", "replace"))
        raise SystemExit(1) from None
    parts.send_to(replies)
    frames.send(replies, frames.READY)
    while True:
        kind, reply = _next(requests, answer, seconds)
        if kind == frames.ANSWER and size() > memory // 2:  # what one request left behind, the next would lack
            kind = frames.LAST
        frames.send(replies, kind, reply)
        del reply
        if kind != frames.ANSWER:
            os._exit(0)


def _task(task: str) -> Callable[[bytes], bytes]:
    module, _, function = task.partition(":")
    found = importlib.import_module(module)
    getattr(found, "warm_up", bool)()
    answer: Callable[[bytes], bytes] = getattr(found, function)
    return answer


def _confine(memory: int, reads: Path | None) -> Callable[[], int]:
    """Gives up what an answer does not take; what comes back tells how many bytes this process has taken since."""
    pages = os.open("/proc/self/statm", os.O_RDONLY) if sys.platform == "linux" else None

    def size() -> int:
        return int(os.pread(pages, 64, 0).split()[0]) * resource.getpagesize() if pages is not None else 0

    sys.meta_path[:] = [BuiltinImporter, FrozenImporter]  # a late import is an ImportError, for which many are prepared
    denied = [deny_files(reads), deny_network()]
    if any(denied) and unprotected() is None:
        raise OSError(*filter(None, denied))
    before = size()
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    if pages is not None:
        _limit(resource.RLIMIT_AS, before + memory)
    return lambda: size() - before


def _limit(what: int, most: int) -> None:
    hard = resource.getrlimit(what)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (most, most))


def _request(requests: FileIO) -> bytes:
    try:
        return frames.receive(requests, sys.maxsize)[1]
    except EOFError:
        os._exit(0)


def _next(requests: FileIO, answer: Callable[[bytes], bytes], seconds: float) -> tuple[bytes, bytes]:
    """The reply to the next request, and its kind. Ends the process when there is none, or no strength left."""
    try:
        request = _request(requests)
        signal.setitimer(signal.ITIMER_REAL, seconds + _SLACK)  # the kernel's own, so no task can keep it from ending
        reply = answer(request)
        signal.setitimer(signal.ITIMER_REAL, 0)
        return frames.ANSWER, reply
    except MemoryError:
        status = OUT_OF_MEMORY
    except RecursionError:
        status = TOO_DEEP
    except BaseException:
        return frames.FAILED, traceback.format_exc()[-20_000:].encode("utf-8", "replace")
    os._exit(status)  # here the exception, and what its frames held, is gone


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), *map(Path, sys.argv[4:]))
