"""The system user that the embedded server runs as, where the gateway itself runs as root (PostgreSQL refuses root)."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.errors import BadSettings
from gateway.store.acl import allow_search, may_search

NAME: Final = "pgserver"
SEARCH: Final = stat.S_IXOTH


@dataclass(frozen=True, slots=True)
class Account:
    """Who the server's processes run as. `uid` None means: as ourselves."""

    uid: int | None
    gid: int | None

    def own(self, path: Path) -> None:
        """Hand a file or folder of ours to this account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def reach(self, path: Path) -> None:
        """Let this account walk down to `path`, for which it may pass through the folders above, but not list them.

        Only this account where the file system keeps access control lists, else everybody. Raises BadSettings when a
        folder refuses even that.
        """
        if self.uid is None:
            return
        for folder in reversed(path.resolve().parents):
            if may_search(folder, self.uid) or allow_search(folder, self.uid):
                continue
            try:
                folder.chmod(stat.S_IMODE(folder.stat().st_mode) | SEARCH)
            except OSError:
                raise BadSettings(
                    f"the embedded database cannot reach {path}, because only root may enter {folder}",
                    hint="run the gateway as an ordinary user, or choose a data directory elsewhere",
                ) from None

    def readable(self, folder: Path) -> None:
        """Let this account run the programs under `folder`, which a strict umask may have kept to their owner."""
        if self.uid is None or (folder / "bin" / "postgres").stat().st_mode & SEARCH:
            return
        for path in (folder, *folder.rglob("*")):
            if not path.is_symlink():
                mode = stat.S_IMODE(path.stat().st_mode)
                # What the owner may read or run, others may too; nothing becomes writable.
                path.chmod(mode | (mode & 0o500) >> 6)


def account(data: Path) -> Account:
    """Ourselves, or an unprivileged account when we are root: who owns `data`, else `pgserver`, else `nobody`.

    `pgserver` is made if need be. Raises BadSettings when there is no such account or root owns the data.
    """
    if os.geteuid() != 0:
        return Account(None, None)
    with contextlib.suppress(FileNotFoundError):
        facts = data.stat()
        if facts.st_uid == 0:
            raise BadSettings(
                f"{data} belongs to root, as whom the embedded database does not run", hint=f"chown -R {NAME}: {data}"
            )
        return Account(facts.st_uid, facts.st_gid)
    entry = _find(NAME)
    if entry is None and (useradd := shutil.which("useradd")) is not None:
        # A failure (read-only /etc, a concurrent start that was first) is judged by looking again.
        subprocess.run(  # noqa: S603 - fixed words only
            [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", NAME],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=30,
            check=False,
        )
        entry = _find(NAME)
    entry = entry or _find("nobody")
    if entry is None:
        raise BadSettings(
            "the embedded database does not run as root and there is no account for it",
            hint=f"create a user named {NAME}, run the gateway as an ordinary user, or set database.url",
        )
    return Account(entry.pw_uid, entry.pw_gid)


def _find(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None
