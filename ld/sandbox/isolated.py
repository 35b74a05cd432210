"""Isolation: one piece of work in a fork of this process, so that a fault in native code ends only the fork."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NoReturn

from ld.sandbox.denial import deny_network
from ld.sandbox.endings import Crashed, ending

_STOPS = (signal.SIGINT, signal.SIGTERM)
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


def run_isolated(work: Callable[[], int]) -> int:
    """The exit status that `work` gives in a fork without network; `Crashed` when a signal ended it.

    It has our input and output, and gets the SIGINT or SIGTERM that we get. If it dies of that, so do we. An exception
    in it prints its traceback and gives status 2.
    """
    for stream in filter(None, (sys.stdout, sys.stderr)):  # one that is closed is None
        stream.flush()  # else both would print what is left
    if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:  # inherited; no status of a child could be had
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    parent, mask = os.getpid(), signal.pthread_sigmask(signal.SIG_BLOCK, (*_STOPS, signal.SIGCHLD))
    try:
        child = os.fork()
        if child == 0:
            _be_child(work, parent, mask)
        status = _wait(child)
    except OSError as error:
        raise Crashed(f"The work could not be started in a process of its own: {error}.") from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    if -status in _STOPS:
        signal.raise_signal(-status)
    if status < 0:
        raise Crashed(f"The work {ending(status)}.")
    return status


def _wait(child: int) -> int:
    """The exit status of the child, to which stops are passed on meanwhile."""
    while True:
        number = _next_signal()
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if number in _STOPS:
            os.kill(child, number)


def _next_signal() -> int:
    """The next signal that is for us alone, or 0; Ctrl-C in a terminal reaches the child as well, and once will do."""
    if sys.platform != "linux":
        return signal.sigwait((*_STOPS, signal.SIGCHLD))
    # The limit is for a program of many threads: one of the others may have got the signal.
    told = signal.sigtimedwait((*_STOPS, signal.SIGCHLD), 1)
    return 0 if told is None or told.si_code > 0 else told.si_signo  # above zero, the kernel sent it and no process


def _be_child(work: Callable[[], int], parent: int, mask: Iterable[int]) -> NoReturn:
    status = 2
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        status = _status(work, parent)
    finally:
        os._exit(status & 0xFF)  # whatever happened: there must not be two of our callers


def _status(work: Callable[[], int], parent: int) -> int:
    """In the child: the exit status of the work."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, ctypes.c_ulong(signal.SIGKILL))
    if os.getppid() != parent:  # it was killed before that line
        return 2
    try:
        deny_network()
        try:
            return work()
        except SystemExit as end:
            if isinstance(end.code, str):
                sys.stderr.write(f"{end.code}\n")
            return end.code if isinstance(end.code, int) else int(end.code is not None)
        finally:
            for stream in filter(None, (sys.stdout, sys.stderr)):
                with suppress(OSError):  # who wrote has been told
                    stream.flush()
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.raise_signal(signal.SIGINT)
        return 2
    except BrokenPipeError:  # nobody reads any further
        return 1
    except BaseException:
        traceback.print_exc()
        return 2
