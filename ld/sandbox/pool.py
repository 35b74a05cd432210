"""The pool: worker processes that stand ready, how they are started, asked, timed, killed and replaced."""

from __future__ import annotations

import atexit
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from select import POLLIN, poll
from typing import cast

from ld.sandbox import frames
from ld.sandbox.endings import OUT_OF_MEMORY, Busy, Crashed, TimedOut, Unavailable, ending

_START = 60.0
"""Seconds in which a worker must have imported its task."""

_KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "PYTHONHOME", "PYTHONUTF8")
"""The variables that a worker gets of ours: what Python needs to start, and no secrets."""

_SET = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
"""One thread a worker; and no room set aside for more, which would count as memory that it took."""


def _refuse(part: bytes) -> None:
    raise TypeError("This task sends parts ahead of its answer: ask with a function that takes them.")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may take."""

    seconds: float
    memory: int
    """Bytes that a worker may take beyond what it had when it was ready."""


class Pool:
    """Worker processes of one task; each answers one request at a time and can be killed.

    The task is named as "package.module:function". The function takes the bytes of a request and gives those of its
    answer; what is too long for that it can send ahead in parts (`ld.sandbox.send`). A function `warm_up` of that
    module is called first where there is one: no module can be read later, so it imports what would be imported late,
    character encodings among it.

    Files below the folder `reads` may be opened for reading, at any time, and come and go meanwhile; the folder itself
    must be there. It is confined to that after the module was imported and warmed up, while it has a single thread:
    one that was there before would not be confined, so a worker whose task starts threads by then does not start.

    >>> pool = Pool("builtins:bytes", workers=1, limits=Limits(seconds=10, memory=2**27))
    >>> with pool.worker() as worker:
    ...     worker.ask(b"a request")
    b'a request'
    >>> pool.close()
    """

    def __init__(self, task: str, *, workers: int, limits: Limits, reads: Path | None = None) -> None:
        self._workers = [Worker(task, limits, reads) for _ in range(workers)]
        self._idle = deque(self._workers)
        self._taking = threading.Lock()
        self._owner = os.getpid()
        self._closed = False
        atexit.register(self.close)

    def start(self) -> None:
        """Starts all workers, without waiting until they are ready; else each starts when it is first asked."""
        for worker in tuple(self._idle):
            worker.start()

    @contextmanager
    def worker(self) -> Iterator[Worker]:
        """A worker that nobody else has as long as the block runs, one that is ready if any is.

        Raises `Busy` when all are taken.
        """
        with self._taking:
            if not self._idle:
                raise Busy(f"All {len(self._workers)} workers are busy. Please try again in a moment.")
            worker = next((each for each in self._idle if each.ready), self._idle[0])
            self._idle.remove(worker)
        try:
            yield worker
        finally:
            self._idle.append(worker)
            if self._closed:
                self._dismiss()

    def close(self) -> None:
        """Kills all workers; nobody gets one any more."""
        if os.getpid() != self._owner:  # a fork of ours, at its exit: these are not its workers
            return
        atexit.unregister(self.close)
        self._closed = True
        for worker in self._workers:
            worker.kill()
        self._dismiss()

    def _dismiss(self) -> None:
        with self._taking:
            while self._idle:
                self._idle.popleft().stop()


class Worker:
    """One worker: a process, and after that was killed the next one."""

    def __init__(self, task: str, limits: Limits, reads: Path | None = None) -> None:
        self._command = [sys.executable, "-P", "-m", "ld.sandbox", task, str(limits.memory), str(limits.seconds)]
        if reads is not None:
            self._command.append(str(reads.absolute()))
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False
        self._killed = False
        self._lock = threading.Lock()

    def ask(self, request: bytes, part: Callable[[bytes], object] = _refuse) -> bytes:
        """The answer to a request; `TimedOut` when it takes too long, `Crashed` when the process dies of it.

        What the task sends ahead of its answer is given to `part` as it comes, piece by piece, and the time that takes
        counts too. An exception in `part` ends the work, and comes out of here.
        """
        process = self._readied()
        last = True
        try:
            for kind, reply in self._replies(process, request):
                if kind == frames.PART:
                    part(reply)
            last = kind != frames.ANSWER
        finally:
            if last:
                self.stop()
                with suppress(OSError, Crashed):  # the next request will tell
                    self.start()
        if kind not in (frames.ANSWER, frames.LAST):
            raise _failed(Crashed, "The work was given up, by a fault of the program", reply)
        return reply

    @property
    def ready(self) -> bool:
        """Whether it would answer at once."""
        process = self._process
        return process is not None and (self._ready or _has_news(_pipes(process)[1]))

    def start(self) -> None:
        """Starts the process, without waiting until it is ready; does nothing if there is one."""
        with self._lock:  # so that `kill` at the end of the program misses none
            if self._killed:
                raise _stopped()
            if self._process is None:
                self._process = subprocess.Popen(  # noqa: S603 - nothing in the command comes from outside
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    bufsize=0,
                    env=_environment(),
                    process_group=0,  # so that Ctrl-C in a terminal is not for it
                )
                for pipe in _pipes(self._process):
                    os.set_blocking(pipe.fileno(), False)
                with suppress(AttributeError, OSError):  # no Linux, or too much of that for one user
                    fcntl.fcntl(_pipes(self._process)[1], fcntl.F_SETPIPE_SZ, frames.ROOM)

    def renew(self) -> None:
        """Lets another process take the place of this one."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """Kills the process, if need be under whoever asks it; no other one follows."""
        with self._lock:
            self._killed = True
            process = self._process
        if process is not None:
            process.kill()

    def stop(self) -> None:
        """Kills the process and lets go of it."""
        process, self._process, self._ready = self._process, None, False
        if process is None:
            return
        process.kill()
        for pipe in _pipes(process):
            pipe.close()
        if self._killed:
            process.wait()
        elif process.poll() is None:  # to free much memory takes a moment, for which nobody need wait
            threading.Thread(target=process.wait, daemon=True).start()

    def _readied(self) -> subprocess.Popen[bytes]:
        """The process, once it is ready."""
        if self._process is not None and self._process.poll() is not None:  # it died while nobody asked
            self.stop()
        try:
            self.start()
        except OSError as error:
            raise Unavailable(f"The worker did not start: {error}.") from error
        process = cast("subprocess.Popen[bytes]", self._process)
        if self._ready:
            return process
        try:
            kind, reply = frames.receive(_pipes(process)[1], self._limits.memory, _Until(_START))
            self._ready = kind == frames.READY
        except TimeoutError:
            raise Unavailable(f"The worker did not start within {_START:g} s.") from None
        except EOFError:
            raise Unavailable(f"The worker did not start: it {ending(_status(process))}.") from None
        finally:
            if not self._ready:
                self.stop()
        if not self._ready:
            raise _failed(Unavailable, "The worker did not start", reply)
        return process

    def _replies(self, process: subprocess.Popen[bytes], request: bytes) -> Iterator[tuple[bytes, bytes]]:
        """What comes back for a request: parts, if any, and then the one thing that is none."""
        requests, replies = _pipes(process)
        wait, kind = _Until(self._limits.seconds), frames.PART
        try:
            with suppress(BrokenPipeError):  # it is dead, and what it left to read says of what
                frames.send(requests, frames.REQUEST, request, wait)
            while kind == frames.PART:
                wait.left()  # of a worker that is faster than we are, the pipe is never empty
                kind, reply = frames.receive(replies, self._limits.memory, wait)
                yield kind, reply
        except TimeoutError:
            raise self._late() from None
        except EOFError:
            raise self._lost(process) from None

    def _late(self) -> TimedOut:
        return TimedOut(f"The work took longer than {self._limits.seconds:g} s and was stopped.")

    def _lost(self, process: subprocess.Popen[bytes]) -> TimedOut | Crashed:
        status = _status(process)
        if self._killed:
            return _stopped()
        if status == -signal.SIGALRM:  # its own clock was faster, for this process was held up
            return self._late()
        if status == OUT_OF_MEMORY:
            allowed = f"{self._limits.memory / 1_000_000:,.0f} MB"
            problem = f"The work was given up: it needs more than the {allowed} of memory that it may have."
            return Crashed(problem, memory=True)
        return Crashed(
            f"The work {ending(status)}.",
            signal=-status if status < 0 else None,
            memory=status == -signal.SIGABRT,
        )


def _environment() -> dict[str, str]:
    """A worker imports from where we do; not from the folder it happens to be started in, if we do not."""
    places = os.pathsep.join(place or str(Path.cwd()) for place in sys.path)
    return {name: os.environ[name] for name in _KEPT if name in os.environ} | _SET | {"PYTHONPATH": places}


def _pipes(process: subprocess.Popen[bytes]) -> tuple[FileIO, FileIO]:
    """The pipe for requests and that for replies; without a buffer, they are plain files."""
    return cast(FileIO, process.stdin), cast(FileIO, process.stdout)


def _has_news(pipe: FileIO) -> bool:
    waiting = poll()
    waiting.register(pipe, POLLIN)
    return bool(waiting.poll(0))


class _Until:
    """Waits for a pipe, altogether no longer than so many seconds; then `TimeoutError`."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def __call__(self, pipe: FileIO, event: int) -> None:
        waiting = poll()
        waiting.register(pipe, event)
        if not waiting.poll(self.left() * 1000):
            raise TimeoutError

    def left(self) -> float:
        """The seconds that are left; `TimeoutError` when none are."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def _status(process: subprocess.Popen[bytes]) -> int:
    """The exit status of a process that has closed its pipe, and so is about to end, if it does as it should."""
    try:
        return process.wait(1)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _stopped() -> Unavailable:
    return Unavailable("The workers were stopped.")


def _failed(kind: type[Crashed], what: str, reply: bytes) -> Crashed:
    """The error for an exception in a worker, which sent the traceback."""
    trace = reply.decode("utf-8", "replace")
    reason = (trace.strip().splitlines() or ["no reason given"])[-1]
    return kind(f"{what}: {reason[:200]}", trace=trace)
