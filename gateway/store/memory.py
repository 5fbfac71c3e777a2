"""How much memory there is for this process: the machine's, or what its control group may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

_MIB: Final = 1 << 20


def whole_mb(proc: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")) -> int:
    """MiB of memory, 0 where nothing tells. A container sees its host's memory; what limits it are control groups."""
    try:
        found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError):
        found = 0
    for limit in _limits(proc, groups):
        found = min(found, limit) if found else limit
    return max(found, 0) // _MIB


def _limits(proc: Path, groups: Path) -> Iterator[int]:
    """Limits of our group and of those around it, in bytes, of both versions of control groups."""
    for line in _read(proc / "self" / "cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        own = PurePosixPath(path)
        around = [str(one).lstrip("/") for one in (own, *own.parents)]
        if not controllers:
            files = [groups / one / "memory.max" for one in around]
        elif "memory" in controllers.split(","):
            files = [groups / "memory" / one / "memory.limit_in_bytes" for one in around]
        else:
            continue
        yield from (int(text) for file in files if (text := _read(file).strip()).isdigit())


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace")
    except OSError:
        return ""
