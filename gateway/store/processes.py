"""Which processes are the embedded server's. Process ids are recycled, so a number alone says nothing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import psutil

PATIENCE_S: Final = 5.0


def is_server(pid: int, pgdata: Path) -> bool:
    """Whether this process is a PostgreSQL server on this data directory, or one of its children."""
    import psutil  # noqa: PLC0415 - only the embedded server needs it

    try:
        return _belongs(psutil.Process(pid), pgdata)
    except (psutil.Error, OSError):
        return False


def clear_orphans(pgdata: Path) -> None:
    """Wait until the children of a server that was killed are gone, which they notice by themselves; then end them.

    A new server must not start beside them: they still have the old one's files open. To end them costs nothing: what
    they had not written to the log was never acknowledged.
    """
    import psutil  # noqa: PLC0415

    deadline = time.monotonic() + PATIENCE_S
    while left := [process for process in psutil.process_iter() if _belongs(process, pgdata)]:
        if time.monotonic() > deadline:
            for process in left:
                if _belongs(process, pgdata):
                    process.kill()
            psutil.wait_procs(left, timeout=PATIENCE_S)
            return
        time.sleep(0.05)


def _belongs(process: psutil.Process, pgdata: Path) -> bool:
    import psutil  # noqa: PLC0415

    try:
        if process.status() == psutil.STATUS_ZOMBIE or not process.name().startswith("postgres"):
            return False
        return Path(process.cwd()) == pgdata
    except (psutil.Error, OSError):
        return False
