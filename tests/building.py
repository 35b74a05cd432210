"""A build that is ended at one moment of its run; as a program: `python tests/building.py MOMENT DATA SOURCE`.

A moment is a stage and how many records it has done (`read:300`), or one of `STEPS`, before or after it
(`pointer:after`).
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ld.build import build
from ld.identity import Identity
from ld.settings import Settings
from ld.snapshot import Builder, catalogue, ledger, manifest, store
from ld.staging import Staging

STEPS: dict[str, tuple[Any, str]] = {
    "unite": (Staging, "unite"),
    "identity": (Identity, "resolve"),
    "store": (store.Loader, "finish"),
    "catalogue": (catalogue.Writer, "finish"),
    "manifest": (manifest.Manifest, "write"),
    "sync": (manifest, "sync"),
    "ledger": (ledger.Ledger, "update"),
    "pointer": (manifest, "point"),
    "prune": (Builder, "_prune"),
}
"""The steps of a build that a moment may name, and the function that does each."""


def end(number: int) -> None:
    """Sends this process a signal; SIGKILL ends it at once: no `finally`, no `atexit`, as when the power goes."""
    os.kill(os.getpid(), number)


def prepare(moment: str, number: int) -> Callable[[str, int], None]:
    """Sees to it that the signal comes at the moment, if the build calls what this gives with its progress."""
    what, _, when = moment.partition(":")
    if what in STEPS:
        owner, name = STEPS[what]
        usual = getattr(owner, name)

        def step(*arguments: Any, **named: Any) -> Any:
            if when == "before":
                end(number)
            done = usual(*arguments, **named)
            end(number)
            return done

        setattr(owner, name, step)

    def progress(stage: str, done: int) -> None:
        if (stage, str(done)) == (what, when):
            end(number)

    return progress


if __name__ == "__main__":
    build([Path(sys.argv[3])], Settings(data=Path(sys.argv[2])), progress=prepare(sys.argv[1], signal.SIGKILL))
