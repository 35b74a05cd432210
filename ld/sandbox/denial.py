"""Denial: what a process can give up for good, by a filter on its system calls (seccomp, in the Linux kernel).

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
from typing import NamedTuple

_LOAD, _EQUALS, _AT_LEAST, _HAS_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
"""Instructions of classic BPF: load 32 bits of the call, compare them, say what happens."""
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
"""Where the kernel's `struct seccomp_data` holds what; an argument takes 8 bytes, the low half first."""
_NO_NEW_PRIVILEGES, _SET_FILTER, _ALL_THREADS = 38, 1, 1

_CLONE_THREAD = 0x10000
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
    *map(Call, ("chmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchownat", "utime", "utimes", "futimesat")),
    *map(Call, ("utimensat", "setxattr", "lsetxattr", "removexattr", "lremovexattr")),
    *map(Call, ("mount", "umount2", "move_mount", "fsopen", "fspick", "fsmount", "mount_setattr", "pivot_root")),
    *map(Call, ("chroot", "unshare", "setns")),
    *map(Call, ("socket", "socketpair", "connect", "bind")),  # a socket can have a path, and be opened by it
    *map(Call, ("shmget", "shmat", "perf_event_open", "userfaultfd")),
    *map(Call, ("kill", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_open", "pidfd_send_signal")),
    Call("prlimit64", unless=(0, _EQUALS, 0)),  # 0 is the process itself
    *_TRESPASSES,
)

# fmt: off
_X86_64 = {
    "open": 2, "socket": 41, "connect": 42, "bind": 49, "socketpair": 53, "clone": 56, "fork": 57, "vfork": 58,
    "execve": 59, "kill": 62, "shmget": 29, "shmat": 30, "truncate": 76, "rename": 82, "mkdir": 83, "rmdir": 84,
    "creat": 85, "link": 86, "unlink": 87, "symlink": 88, "chmod": 90, "chown": 92, "lchown": 94, "ptrace": 101,
    "rt_sigqueueinfo": 129, "utime": 132, "mknod": 133, "uselib": 134, "pivot_root": 155, "chroot": 161, "mount": 165,
    "umount2": 166, "setxattr": 188, "lsetxattr": 189, "removexattr": 197, "lremovexattr": 198, "tkill": 200,
    "tgkill": 234, "utimes": 235, "mq_open": 240, "openat": 257, "mkdirat": 258, "mknodat": 259, "fchownat": 260,
    "futimesat": 261, "unlinkat": 263, "renameat": 264, "linkat": 265, "symlinkat": 266, "fchmodat": 268,
    "unshare": 272, "utimensat": 280, "rt_tgsigqueueinfo": 297, "perf_event_open": 298, "prlimit64": 302,
    "open_by_handle_at": 304, "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311, "renameat2": 316,
    "seccomp": 317, "bpf": 321, "execveat": 322, "userfaultfd": 323,
}
_AARCH64 = {
    "setxattr": 5, "lsetxattr": 6, "removexattr": 14, "lremovexattr": 15, "mknodat": 33, "mkdirat": 34, "unlinkat": 35,
    "symlinkat": 36, "linkat": 37, "renameat": 38, "umount2": 39, "mount": 40, "pivot_root": 41, "truncate": 45,
    "chroot": 51, "fchmodat": 53, "fchownat": 54, "openat": 56, "utimensat": 88, "unshare": 97, "ptrace": 117,
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


def deny_files() -> str | None:
    """Lets this process open or change no file by name, start no process and touch no other one any more.

    What is open stays usable, and threads can be started. A sentence comes back where that cannot be had.
    """
    return _deny((*FILES, Call("tgkill", unless=(0, _EQUALS, os.getpid()))))  # abort() sends itself a signal


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


def _deny(calls: Iterable[Call]) -> str | None:
    if reason := unprotected():
        return reason
    ctypes.CDLL(None).prctl(*map(ctypes.c_ulong, (_NO_NEW_PRIVILEGES, 1, 0, 0, 0)))
    if _seccomp(program(os.uname().machine, calls)) == 0:
        return None
    return f"The system refused to deny this process files and network: {os.strerror(ctypes.get_errno())}."


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def _seccomp(code: bytes | None) -> int:
    """Puts a filter on all threads of this process: 0, or an error in `ctypes.get_errno()`."""
    call = ctypes.CDLL(None, use_errno=True).syscall
    filter_ = _Program(len(code) // 8, code) if code else None
    number = MACHINES[os.uname().machine][1]["seccomp"]
    head = map(ctypes.c_long, (number, _SET_FILTER, _ALL_THREADS))
    return int(call(*head, ctypes.byref(filter_) if filter_ else ctypes.c_void_p()))


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
            (test, 1, 0, value),
            (_RETURN, 0, 0, _ERROR | error),
            (_RETURN, 0, 0, _ALLOW),
        ]
    lines.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *line) for line in lines)
