"""What the parser's child process may not do: grow without bound, open network sockets, start programs, write files.

Limits are set by the child on itself before it reads its first document. The filter on system calls works on Linux
for x86-64 and AArch64 without any privilege; elsewhere the resource limits and the parent's time-out remain.
"""

from __future__ import annotations

import ctypes
import platform
import resource
import signal
import struct
import sys

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 1, 38, 22
_SECCOMP_MODE_FILTER = 2
_ALLOW, _ERRNO_EPERM = 0x7FFF0000, 0x00050001
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_AF_INET, _AF_INET6 = 2, 10
# machine -> (audit architecture, socket, execve, execveat)
_CALLS = {"x86_64": (0xC000003E, 41, 59, 322), "aarch64": (0xC00000B7, 198, 221, 281)}
_X32_BIT = 0x40000000


def confine(memory_bytes: int) -> bool:
    """Applies every limit to this process, for good. True when the system-call filter is in force.

    Besides the address space: no core file, no program started, no internet socket, and death with the parent. Call
    it before any thread starts: the filter binds this thread and those it starts.
    """
    _limit(resource.RLIMIT_AS, memory_bytes)
    _limit(resource.RLIMIT_CORE, 0)
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    return _filter_calls(libc)


def write_no_more() -> None:
    """From here on no file of this process can grow: whatever a parser wants to cache or spool fails."""
    _limit(resource.RLIMIT_FSIZE, 0)


def _limit(what: int, value: int) -> None:
    _, hard = resource.getrlimit(what)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (value, value))


def _filter_calls(libc: ctypes.CDLL) -> bool:
    """Internet sockets and new programs fail with EPERM; everything else is as before."""
    calls = _CALLS.get(platform.machine())
    if calls is None:
        return False
    arch, socket_call, execve, execveat = calls

    def step(code: int, yes: int, no: int, value: int) -> bytes:
        return struct.pack("HBBI", code, yes, no, value)

    # seccomp_data: number at 0, architecture at 4, first argument at 16.
    program = [
        step(_LOAD, 0, 0, 4),
        step(_JUMP_EQUAL, 0, 9, arch),  # another architecture: refuse
        step(_LOAD, 0, 0, 0),
        step(_JUMP_AT_LEAST, 7, 0, _X32_BIT),
        step(_JUMP_EQUAL, 6, 0, execve),
        step(_JUMP_EQUAL, 5, 0, execveat),
        step(_JUMP_EQUAL, 0, 3, socket_call),
        step(_LOAD, 0, 0, 16),
        step(_JUMP_EQUAL, 2, 0, _AF_INET),
        step(_JUMP_EQUAL, 1, 0, _AF_INET6),
        step(_RETURN, 0, 0, _ALLOW),
        step(_RETURN, 0, 0, _ERRNO_EPERM),
    ]
    code = b"".join(program)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = ctypes.create_string_buffer(struct.pack("HP", len(program), ctypes.addressof(buffer)))
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0) == 0)
