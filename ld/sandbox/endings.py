"""Endings: how work in a process of its own can go wrong, in sentences for whoever asked for it."""

from __future__ import annotations

import signal

from ld.errors import LdError

OUT_OF_MEMORY, TOO_DEEP = 81, 82
"""The exit statuses by which a worker says that memory, or the stack of calls, was used up: to exit takes neither."""


class Busy(LdError):
    """All workers are taken, and there is no place in line either."""


class TooMany(Busy):
    """One client asks for more at once than is its share; others may well be served."""


class TimedOut(LdError):
    """The work took too long and was killed."""


class Crashed(LdError):
    """The process that did the work died, or gave up."""

    def __init__(self, problem: str, *, trace: str = "", signal: int | None = None, memory: bool = False) -> None:
        super().__init__(problem)
        self.trace = trace
        """The traceback, for a log, where an exception that nobody foresaw was the reason; else empty."""
        self.signal = signal
        """The signal that ended the process, if one did: SIGSEGV most likely for input that is nested too deeply."""
        self.memory = memory
        """Whether memory ran out: that is certain, or native code gave up (SIGABRT), which it does for little else."""


class Unavailable(Crashed):
    """There is no process to do the work: it did not start, or the program ends. The work is not to blame."""


def ending(status: int) -> str:
    """How a process ended, from its exit status as `subprocess` gives it: below zero it is a signal.

    >>> ending(-9)
    'was ended by SIGKILL, most likely by the system for want of memory'
    >>> ending(3)
    'ended at once, with status 3'
    """
    if status == TOO_DEEP:
        return "was given up: the input is nested too deeply"
    if status >= 0:
        return f"ended at once, with status {status}"
    try:
        number = signal.Signals(-status)
    except ValueError:  # a real-time signal has no name
        return f"was ended by signal {-status}"
    return f"was ended by {number.name}{_MEANINGS.get(number, '')}"


_MEANINGS = {
    signal.SIGSEGV: ", a fault in native code, perhaps because the input is nested too deeply",
    signal.SIGBUS: ", a fault in native code",
    signal.SIGFPE: ", a fault in native code",
    signal.SIGILL: ", a fault in native code",
    signal.SIGABRT: ": native code gave up, perhaps for want of memory",
    signal.SIGKILL: ", most likely by the system for want of memory",
    signal.SIGSYS: ", for a system call that it may not make",
}
