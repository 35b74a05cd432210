"""Denial: what a process can give up for good, by means of the Linux kernel.

These are a filter on its system calls (seccomp) and, to leave it a folder, a rule for paths (Landlock).

What is denied answers EACCES, a `PermissionError` in Python, in all threads and all child processes.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

_LOAD, _EQUALS, _AT_LEAST, _HAS_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
"""Instructions of classic BPF: load 32 bits of the call, compare them, say what happens."""
_LACKS_BITS = -_HAS_BITS
"""The same comparison with its outcome turned round."""
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
"""Where the kernel's `struct seccomp_data` holds what; an argument takes 8 bytes, the low half first."""
_NO_NEW_PRIVILEGES, _SET_FILTER, _ALL_THREADS = 38, 1, 1

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF, _BENEATH = 444, 445, 446, 1
"""The calls of Landlock, alike on all machines, and the kind of rule that is for all below a folder."""
_READ_FILE, _READ_FOLDER = 2**2, 2**3
_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
"""Version of Landlock → how many rights to files it knows, a bit each (linux/landlock.h)."""

_CLONE_THREAD = 0x10000
_WRITES = 0o1 | 0o2 | 0o100 | 0o1000 | 0o2000 | 0o20000000
"""The flags of `open` that write or make a file: O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND and that of O_TMPFILE."""
_FIRST_UNKNOWN = 463
"""Calls from here on are newer than these tables and answer ENOSYS, as from an older kernel. So do those of the x32
ABI, which are the others once more: with bit 30 set, and a few from 512 on."""


class Call(NamedTuple):
    """A system call that is refused, unless an argument passes a test: which one, how, and with which value."""

    name: str
    unless: tuple[int, int, int] | None = None
    error: int = errno.EACCES


_TRESPASSES = tuple(
    map(Call, ("io_uring_setup", "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "bpf"))
)
"""Ways around any filter: calls made by a ring of the kernel or by another process, and what that one has open."""

NETWORK = (
    *(Call(name, unless=(0, _EQUALS, socket.AF_UNIX)) for name in ("socket", "socketpair")),
    *_TRESPASSES,
)

FILES = (
    *map(Call, ("open", "openat", "openat2", "creat", "open_by_handle_at", "open_tree", "mq_open", "uselib")),
    *map(Call, ("execve", "execveat", "fork", "vfork")),
    Call("clone", unless=(0, _HAS_BITS, _CLONE_THREAD)),
    Call("clone3", error=errno.ENOSYS),  # its flags are out of a filter's sight; the C library then takes clone
    *map(Call, ("mkdir", "mkdirat", "mknod", "mknodat", "rmdir", "unlink", "unlinkat", "truncate")),
    *map(Call, ("rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat")),
    *map(Call, ("chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat")),
    *map(Call, ("utime", "utimes", "futimesat", "utimensat")),
    *map(Call, ("setxattr", "fsetxattr", "lsetxattr", "removexattr", "fremovexattr", "lremovexattr")),
    *map(Call, ("mount", "umount2", "move_mount", "fsopen", "fspick", "fsmount", "mount_setattr", "pivot_root")),
    *map(Call, ("chroot", "unshare", "setns")),
    *map(Call, ("socket", "socketpair", "connect", "bind")),  # a socket can have a path, and be opened by it
    *map(Call, ("shmget", "shmat", "perf_event_open", "userfaultfd")),
    *map(Call, ("kill", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_open", "pidfd_send_signal")),
    Call("prlimit64", unless=(0, _EQUALS, 0)),  # 0 is the process itself
    *_TRESPASSES,
)

READING = (
    Call("open", unless=(1, _LACKS_BITS, _WRITES)),
    Call("openat", unless=(2, _LACKS_BITS, _WRITES)),
    Call("openat2", error=errno.ENOSYS),  # its flags are out of a filter's sight; whoever tries it then takes openat
    Call("ioctl", error=errno.ENOTTY),  # some change a file that is open for reading only
    Call("flock"),
    *(call for call in FILES if call.name not in ("open", "openat", "openat2")),
)
"""What is refused to a process that may read files."""

# fmt: off
_X86_64 = {
    "open": 2, "ioctl": 16, "shmget": 29, "shmat": 30, "socket": 41, "connect": 42, "bind": 49, "socketpair": 53,
    "clone": 56, "fork": 57, "vfork": 58, "execve": 59, "kill": 62, "flock": 73, "truncate": 76, "rename": 82,
    "mkdir": 83, "rmdir": 84, "creat": 85, "link": 86, "unlink": 87, "symlink": 88, "chmod": 90, "fchmod": 91,
    "chown": 92, "fchown": 93, "lchown": 94, "ptrace": 101, "rt_sigqueueinfo": 129, "utime": 132, "mknod": 133,
    "uselib": 134, "pivot_root": 155, "chroot": 161, "mount": 165, "umount2": 166, "setxattr": 188, "lsetxattr": 189,
    "fsetxattr": 190, "removexattr": 197, "lremovexattr": 198, "fremovexattr": 199, "tkill": 200, "tgkill": 234,
    "utimes": 235, "mq_open": 240, "openat": 257, "mkdirat": 258, "mknodat": 259, "fchownat": 260, "futimesat": 261,
    "unlinkat": 263, "renameat": 264, "linkat": 265, "symlinkat": 266, "fchmodat": 268, "unshare": 272,
    "utimensat": 280, "rt_tgsigqueueinfo": 297, "perf_event_open": 298, "prlimit64": 302, "open_by_handle_at": 304,
    "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311, "renameat2": 316, "seccomp": 317, "bpf": 321,
    "execveat": 322, "userfaultfd": 323,
}
_AARCH64 = {
    "setxattr": 5, "lsetxattr": 6, "fsetxattr": 7, "removexattr": 14, "lremovexattr": 15, "fremovexattr": 16,
    "ioctl": 29, "flock": 32, "mknodat": 33, "mkdirat": 34, "unlinkat": 35, "symlinkat": 36, "linkat": 37,
    "renameat": 38, "umount2": 39, "mount": 40, "pivot_root": 41, "truncate": 45, "chroot": 51, "fchmod": 52,
    "fchmodat": 53, "fchownat": 54, "fchown": 55, "openat": 56, "utimensat": 88, "unshare": 97, "ptrace": 117,
    "kill": 129, "tkill": 130, "tgkill": 131, "rt_sigqueueinfo": 138, "mq_open": 180, "shmget": 194, "shmat": 196,
    "socket": 198, "socketpair": 199, "bind": 200, "connect": 203, "clone": 220, "execve": 221,
    "rt_tgsigqueueinfo": 240, "perf_event_open": 241, "prlimit64": 261, "open_by_handle_at": 265, "setns": 268,
    "process_vm_readv": 270, "process_vm_writev": 271, "renameat2": 276, "seccomp": 277, "bpf": 280, "execveat": 281,
    "userfaultfd": 282,
}
_EVERYWHERE = {
    "pidfd_send_signal": 424, "io_uring_setup": 425, "open_tree": 428, "move_mount": 429, "fsopen": 430,
    "fsmount": 432, "fspick": 433, "pidfd_open": 434, "clone3": 435, "openat2": 437, "pidfd_getfd": 438,
    "mount_setattr": 442, "fchmodat2": 452,
}
# fmt: on
MACHINES = {"x86_64": (0xC000003E, _X86_64 | _EVERYWHERE), "aarch64": (0xC00000B7, _AARCH64 | _EVERYWHERE)}
"""Each machine as the kernel marks its calls, and the numbers of these (asm/unistd.h); some it never had."""


def deny_network() -> str | None:
    """Lets this process open no sockets any more but those of AF_UNIX; a sentence where that cannot be had."""
    return _deny(NETWORK)


def deny_files(reads: Path | None = None) -> str | None:
    """Lets this process open or change no file by name, start no process and touch no other one any more.

    What is open stays usable, and threads can be started. A sentence comes back where that cannot be had.

    Files below the folder `reads` can still be opened, for reading; where the kernel has no Landlock (`unconfined`
    says so), those elsewhere can be as well. There must be only one thread by then, for Landlock holds those that come
    later and none that is there already. Raises `OSError` when there is no such folder.
    """
    own = Call("tgkill", unless=(0, _EQUALS, os.getpid()))  # abort() sends itself a signal
    if reads is None:
        return _deny((*FILES, own))
    return unprotected() or _keep(reads) or _deny((*READING, own))


def unprotected() -> str | None:
    """Why neither can be had here, for whoever starts a server; None where both can."""
    if sys.platform == "linux" and sys.maxsize > 2**32 and os.uname().machine in MACHINES:
        _seccomp(None)
        if ctypes.get_errno() == errno.EFAULT:  # it knows the request and only misses the filter
            return None
    return (
        "This system cannot deny files and network to the processes that read other people's input: "
        "that takes Linux with seccomp, on x86-64 or ARM64. They are held by limits of time and memory alone."
    )


def unconfined() -> str | None:
    """Why a process that is to read one folder can read more here, for whoever starts a server; None if it cannot."""
    if reason := unprotected():
        return reason
    if _landlock() > 0:
        return None
    return (
        "This system cannot keep the processes that answer other people's queries to the folder of the data: that "
        "takes Linux with Landlock, which is there since 5.13 where it is switched on. They change no file and have no "
        "network, but could read every file that this user can."
    )


def _landlock() -> int:
    """The version of Landlock in this kernel; below 1 there is none."""
    return _call(_CREATE_RULESET, 0, 0, 1)


def _keep(folder: Path) -> str | None:
    """Leaves this thread, and all that it starts, reading below a folder as the only use of a path."""
    place = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        version = _landlock()
        if version < 1:
            return None
        if len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208 - only how many
            return "This process has threads already, which could go on to read files elsewhere."
        rights = 2 ** max(count for since, count in _RIGHTS.items() if since <= version) - 1
        rules = _call(_CREATE_RULESET, ctypes.byref(ctypes.c_uint64(rights)), 8, 0)
        rule = struct.pack("=Qi", _READ_FILE | _READ_FOLDER, place)
        _give_up_privileges()
        if rules >= 0 and _call(_ADD_RULE, rules, _BENEATH, rule, 0) == 0 and _call(_RESTRICT_SELF, rules, 0) == 0:
            os.close(rules)
            return None
        return f"The system refused to keep this process to {folder}: {os.strerror(ctypes.get_errno())}."
    finally:
        os.close(place)


def _deny(calls: Iterable[Call]) -> str | None:
    if reason := unprotected():
        return reason
    _give_up_privileges()
    if _seccomp(program(os.uname().machine, calls)) == 0:
        return None
    return f"The system refused to deny this process files and network: {os.strerror(ctypes.get_errno())}."


def _give_up_privileges() -> None:
    """Has no program that this process starts gain rights, which the kernel wants first."""
    ctypes.CDLL(None).prctl(*map(ctypes.c_ulong, (_NO_NEW_PRIVILEGES, 1, 0, 0, 0)))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def _seccomp(code: bytes | None) -> int:
    """Puts a filter on all threads of this process: 0, or an error in `ctypes.get_errno()`."""
    filter_ = ctypes.byref(_Program(len(code) // 8, code)) if code else 0
    return _call(MACHINES[os.uname().machine][1]["seccomp"], _SET_FILTER, _ALL_THREADS, filter_)


def _call(*arguments: object) -> int:
    """What the kernel answers to a call: below zero it is an error, in `ctypes.get_errno()`."""
    words = (ctypes.c_long(each) if isinstance(each, int) else each for each in arguments)
    return int(ctypes.CDLL(None, use_errno=True).syscall(*words))


def program(machine: str, calls: Iterable[Call]) -> bytes:
    """The filter that refuses these calls and lets all others pass, in classic BPF: 8 bytes an instruction."""
    mark, numbers = MACHINES[machine]
    lines = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUALS, 1, 0, mark),
        (_RETURN, 0, 0, _KILL),  # 32-bit calls, whose numbers mean something else
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _FIRST_UNKNOWN),
        (_RETURN, 0, 0, _ERROR | errno.ENOSYS),
    ]
    for name, unless, error in calls:
        if name not in numbers:
            continue
        if unless is None:
            lines += [(_EQUALS, 0, 1, numbers[name]), (_RETURN, 0, 0, _ERROR | error)]
            continue
        argument, test, value = unless
        lines += [
            (_EQUALS, 0, 4, numbers[name]),
            (_LOAD, 0, 0, _ARGUMENTS + 8 * argument),
            (abs(test), *((1, 0) if test > 0 else (0, 1)), value),
            (_RETURN, 0, 0, _ERROR | error),
            (_RETURN, 0, 0, _ALLOW),
        ]
    lines.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *line) for line in lines)
