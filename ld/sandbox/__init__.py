"""The sandbox: work on hostile input in a process of its own, which can be killed and has given up files and network.

A server asks a `Pool`, whose workers stand ready, and `Turns` says whose request is next. A command that runs once uses
`run_isolated`.
"""

from __future__ import annotations

from ld.sandbox.denial import deny_files, deny_network, unconfined, unprotected
from ld.sandbox.endings import Busy, Crashed, TimedOut, TooMany, Unavailable
from ld.sandbox.isolated import run_isolated
from ld.sandbox.parts import send
from ld.sandbox.pool import Limits, Pool, Worker
from ld.sandbox.turns import Turns

__all__ = [
    "Busy",
    "Crashed",
    "Limits",
    "Pool",
    "TimedOut",
    "TooMany",
    "Turns",
    "Unavailable",
    "Worker",
    "deny_files",
    "deny_network",
    "run_isolated",
    "send",
    "unconfined",
    "unprotected",
]
