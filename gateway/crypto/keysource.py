"""Where key rings come from and go to: a file that only its owner can read, or the output of a command."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import selectors
import shlex
import signal
import stat
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from gateway.errors import BadKeyRing, Conflict

MAX_BYTES: Final = 1 << 20


def write_new(path: Path, data: bytes) -> None:
    """`data` in a new file of mode 0600, complete and on disk or not there at all. Raises Conflict if `path` exists.

    Folders that are missing are made with mode 0700.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, fails when the name is taken, so two processes cannot both believe they made it.
        os.link(draft, path)
    except FileExistsError:
        raise Conflict(f"{path} exists already", hint="it is kept as it is; move it away to make a new one") from None
    finally:
        draft.unlink()
    _flush(path.parent)


def replace_private(path: Path, data: bytes) -> None:
    """`data` in place of the file's, mode 0600, on disk when this returns; a kill leaves the one or the other."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # One that root keeps for another user stays that user's.
        owner = path.stat()
        if os.geteuid() == 0:
            os.chown(draft, owner.st_uid, owner.st_gid)
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise BadKeyRing(f"key ring {path} cannot be written", hint="check who owns it and its folder") from None
    _flush(path.parent)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else of this machine changes a ring in `folder` meanwhile. Raises Conflict at once where somebody does."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        raise BadKeyRing(f"key ring folder {folder} cannot be opened", hint="check that it is there") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict("another command is changing the key ring", hint="let it finish, and try again") from None
        yield
    finally:
        os.close(descriptor)


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_private(path: Path) -> bytes:
    """The bytes of a file that only its owner can read. Raises BadKeyRing otherwise, saying how to mend it."""
    try:
        # Checked on the open descriptor, so that the file checked is the file read.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        raise BadKeyRing(
            f"key ring {path} is missing", hint="run `gateway init`, or restore it from its backup"
        ) from None
    except OSError:
        raise BadKeyRing(f"key ring {path} cannot be opened", hint="check who owns it and its folder") from None
    try:
        _check_private(path, os.fstat(descriptor))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(MAX_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(data) > MAX_BYTES:
        raise BadKeyRing(f"key ring {path} is too large to be one", hint="give the path of the key ring file")
    return data


def _check_private(path: Path, facts: os.stat_result) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise BadKeyRing(f"key ring {path} is not a file", hint="give the path of the key ring file")
    mode = stat.S_IMODE(facts.st_mode)
    if mode & 0o077:
        raise BadKeyRing(
            f"key ring {path} can be read or changed by others, its mode is {mode:o}",
            hint=f"chmod 600 {shlex.quote(str(path))}",
        )
    if facts.st_uid not in (os.geteuid(), 0) and os.geteuid() != 0:
        raise BadKeyRing(
            f"key ring {path} belongs to another user", hint=f"chown {os.geteuid()} {shlex.quote(str(path))}"
        )


def read_command(argv: Sequence[str], timeout: float) -> bytes:
    """What `argv` prints, run without a shell, without input, its errors unseen. Blocks up to `timeout` seconds."""
    hint = "run the command by hand; it must print the key ring's JSON and exit with 0"
    if not argv:
        raise BadKeyRing("key ring command is empty", hint=hint)
    try:
        process = subprocess.Popen(  # noqa: S603 - the operator's own command, from the configuration
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Its own process group, so that children it left behind end with it.
            start_new_session=True,
        )
    except (OSError, ValueError):
        raise BadKeyRing("key ring command cannot be started", hint=hint) from None
    deadline = time.monotonic() + timeout
    try:
        data = _drain(process, deadline)
        status = process.wait(max(0.0, deadline - time.monotonic()))
    except (TimeoutError, subprocess.TimeoutExpired):
        raise BadKeyRing(f"key ring command took longer than {timeout:g} s", hint=hint) from None
    except _TooMuch:
        raise BadKeyRing("key ring command printed too much", hint=hint) from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
    if status != 0:
        raise BadKeyRing(f"key ring command failed with exit code {status}", hint=hint)
    return data


def write_command(argv: Sequence[str], data: bytes, timeout: float) -> None:
    """Give `data` to a command on its input, run as in `read_command`."""
    hint = "run the command by hand; it must keep the key ring given on its input and exit with 0"
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own command, from the configuration
            list(argv),
            input=data,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=timeout,
            check=False,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        raise BadKeyRing(f"the command that keeps the key ring took longer than {timeout:g} s", hint=hint) from None
    except (OSError, ValueError):
        raise BadKeyRing("the command that keeps the key ring cannot be started", hint=hint) from None
    if done.returncode != 0:
        raise BadKeyRing(f"the command that keeps the key ring failed with exit code {done.returncode}", hint=hint)


class _TooMuch(Exception):
    """More output than a key ring can be."""


def _drain(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    """Everything on standard output until it is closed."""
    if process.stdout is None:
        return b""
    descriptor = process.stdout.fileno()
    data = b""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            piece = os.read(descriptor, 65536)
            if not piece:
                return data
            data += piece
            if len(data) > MAX_BYTES:
                raise _TooMuch
    raise TimeoutError
