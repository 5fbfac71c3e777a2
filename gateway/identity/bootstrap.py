"""The first administrator: one key, written once into a file only its owner can read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from gateway.crypto.secret import Secret
from gateway.identity.keys import Keys

NAME: Final = "admin"
ROLE: Final = "admin"


async def create_admin_once(keys: Keys, path: Path) -> bool:
    """Make the key `admin` and write its secret to `path` (mode 0600); whether that was done.

    Nothing happens when the database has ever had a key of that name, also if the file was put away since, as it
    should be. A file left by another database or an interrupted start is kept as `<name>.previous`. Raises OSError
    when the file cannot be written; then there is no key either.
    """
    return await keys.create_first(NAME, ROLE, lambda secret: _write(path, secret))


def _write(path: Path, secret: Secret) -> None:
    """Write beside and rename, so that the file is whole or absent, and never readable by others."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secret.reveal() + "\n")
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            path.replace(path.with_name(f"{path.name}.previous"))
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
