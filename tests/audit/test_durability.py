"""What was acknowledged is there, whatever ends: the server, the process, the connection, or only its answers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from random import Random
from typing import Final
from uuid import UUID

import pytest

from gateway.audit import AuditLog, State, check
from gateway.crypto import KeyRing
from gateway.errors import AuditUnavailable
from gateway.store import Store, open_store
from tests.audit.kill_loop import loop
from tests.audit.support import backends, found, now, own_server, record, refused, until

WRITERS = 16


async def requests(store: Store) -> Counter[str]:
    return Counter(row["request"] for row in await store.fetch("SELECT request FROM audit_log WHERE kind <> 'end'"))


class Load:
    """Writers that go on whatever happens, and remember what they were told."""

    def __init__(self, log: AuditLog) -> None:
        self.log = log
        self.acknowledged: set[str] = set()
        self.failed: set[str] = set()
        self._stop = False

    async def run(self, writer: int) -> None:
        n = 0
        while not self._stop:
            request = f"{writer}-{n}"
            n += 1
            try:
                await self.log.append(record(n, "event", request))
            except AuditUnavailable:
                self.failed.add(request)
                await asyncio.sleep(0.01)
            else:
                self.acknowledged.add(request)

    async def __aenter__(self) -> Load:
        self._tasks = [asyncio.create_task(self.run(writer)) for writer in range(WRITERS)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop = True
        await asyncio.gather(*self._tasks)

    async def grows(self, by: int = 100) -> None:
        aim = len(self.acknowledged) + by
        await until(lambda: len(self.acknowledged) >= aim)

    async def check(self, store: Store) -> None:
        written = await requests(store)
        assert not self.acknowledged - written.keys(), "acknowledged and not there"
        assert not written.keys() - self.acknowledged - self.failed, "there and never asked for"
        assert set(written.values()) == {1}


@pytest.fixture
async def own() -> AsyncIterator[Store]:
    async with own_server() as store:
        yield store


async def test_a_server_that_dies_under_load_loses_nothing_acknowledged(own: Store, ring: KeyRing) -> None:
    assert own.server is not None
    log = AuditLog(own, ring, now, timeout_s=2)
    await log.start()
    async with Load(log) as load:
        for _ in range(3):
            await load.grows()
            failed = len(load.failed)
            await asyncio.to_thread(own.server.stop, "immediate")
            await until(lambda: not log.healthy)
            error = await refused(log, record())
            assert error.code == "audit_unavailable"
            assert error.hint
            await until(lambda before=failed: len(load.failed) > before)  # type: ignore[misc]
            await asyncio.to_thread(own.server.start)
            await load.grows()
    await log.close()
    await load.check(own)
    report = await check(own, ring)
    assert found(report) == set()
    assert [stream.state for stream in report.streams] == [State.FOLLOWED] * 3 + [State.CLOSED]


async def test_an_idle_log_notices_that_the_server_was_away(own: Store, ring: KeyRing) -> None:
    assert own.server is not None
    log = AuditLog(own, ring, now)
    await log.start()
    first = log.stream
    await asyncio.to_thread(own.server.stop, "immediate")
    await until(lambda: not log.healthy)
    await asyncio.to_thread(own.server.start)
    await until(lambda: log.healthy)
    assert log.stream != first
    await log.append(record())
    await log.close()
    assert (await check(own, ring)).ok


def write_nothing_more(process: int) -> None:
    """As whoever runs the server, who alone may."""
    runs_as = Path(f"/proc/{process}").stat()
    command = ["prlimit", f"--pid={process}", "--fsize=0:0"]
    if runs_as.st_uid == os.getuid():
        subprocess.run(command, check=True)
    else:
        subprocess.run(command, check=True, user=runs_as.st_uid, group=runs_as.st_gid, extra_groups=[])


@pytest.mark.skipif(shutil.which("prlimit") is None, reason="needs prlimit, of util-linux")
async def test_a_disk_that_fails_under_the_server_is_named_and_recovered_from(own: Store, ring: KeyRing) -> None:
    """The server process of the stream may write no further byte to any file, its own log (WAL) among them."""
    log = AuditLog(own, ring, now)
    await log.start()
    first = log.stream
    await log.append(record(0))
    [process] = await backends(own)
    await asyncio.to_thread(write_nothing_more, process)
    acknowledged = {"r0"}
    for n in range(1, 100):  # another of its processes may have written the first ones to disk
        try:
            await log.append(record(n))
        except AuditUnavailable:
            break
        acknowledged.add(f"r{n}")
    await until(lambda: log.stream not in (first, None))
    await log.append(record(100))
    await log.close()
    written = await requests(own)
    assert written.keys() >= acknowledged | {"r100"}
    assert len(written) <= len(acknowledged) + 2
    report = await check(own, ring)
    assert report.ok
    assert [stream.state for stream in report.streams] == [State.FOLLOWED, State.CLOSED]


SMALL: Final = "256m"


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of its own, which can be filled."""
    folder = Path(tempfile.mkdtemp(prefix="gateway-test-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        folder.rmdir()
        pytest.skip("may not mount a disk here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()


def fill(ballast: Path) -> None:
    """Nothing more has room on the disk of this file."""
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(65_536))


async def write_on(log: AuditLog, acknowledged: set[str]) -> None:
    """Into what is left of the pages and files there are."""
    for n in range(1, 100_000):
        await log.append(record(n))
        acknowledged.add(f"r{n}")


async def test_a_full_disk_is_named_and_recovered_from(small_disk: Path, ring: KeyRing) -> None:
    async with await open_store(None, small_disk / "data") as store:
        log = AuditLog(store, ring, now, timeout_s=2)
        await log.start()
        acknowledged = {"r0"}
        await log.append(record(0))
        ballast = small_disk / "ballast"
        await asyncio.to_thread(fill, ballast)
        with pytest.raises(AuditUnavailable) as refusal:
            await write_on(log, acknowledged)
        assert "DiskFullError" in refusal.value.message
        assert "space" in refusal.value.hint
        await refused(log, record(100_001))
        ballast.unlink()
        await until(lambda: log.healthy)
        await log.append(record(100_002))
        await log.close()
        written = await requests(store)
        assert written.keys() >= acknowledged | {"r100002"}
        assert "r100001" not in written
        assert (await check(store, ring)).ok


async def test_a_log_can_be_closed_while_the_server_is_down(own: Store, ring: KeyRing) -> None:
    assert own.server is not None
    log = AuditLog(own, ring, now)
    await log.start()
    await log.append(record())
    await asyncio.to_thread(own.server.stop, "immediate")
    async with asyncio.timeout(60):
        await log.close()
    late = AuditLog(own, ring, now, timeout_s=1)
    with pytest.raises(AuditUnavailable):
        await late.start()
    await asyncio.to_thread(own.server.start)
    report = await check(own, ring)
    assert report.ok
    assert [stream.state for stream in report.streams] == [State.CUT]


async def test_killed_workers_lose_nothing_acknowledged(
    database: Store, database_url: str, ring: KeyRing, tmp_path: Path
) -> None:
    """The short form of `make kill-loop`."""
    del ring  # the fixture writes the file
    found = await loop(database, database_url, tmp_path / "keys" / "ring.json", kills=3, workers=2, chance=Random(4))
    assert found.kills == 5
    assert found.acknowledged > 0
    assert found.sealed == found.written >= found.acknowledged


async def test_a_server_process_that_hangs_holds_no_request_for_ever(database: Store, ring: KeyRing) -> None:
    log = AuditLog(database, ring, now, timeout_s=0.5)
    await log.start()
    await log.append(record(0))
    [process] = await backends(database)
    os.kill(process, signal.SIGSTOP)
    try:
        async with asyncio.timeout(20):
            error = await refused(log, record(1))
            assert "TimeoutError" in error.message
            # The stopped process may still write: no other stream opens before it is gone.
            await asyncio.sleep(1)
            await refused(log, record(2))
            assert not log.healthy
    finally:
        os.kill(process, signal.SIGCONT)
    await until(lambda: log.healthy)
    await log.append(record(3))
    await log.close()
    report = await check(database, ring)
    assert report.ok
    assert [stream.state for stream in report.streams] == [State.FOLLOWED, State.CLOSED]
    assert (await requests(database)).keys() >= {"r0", "r3"}
    assert "r2" not in await requests(database)


class Proxy:
    """Stands before the server's socket; can keep the server's answers to itself, or drop everything."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.mute = False
        self._writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_unix_connection(self.target)
        self._writers += [writer, up_writer]
        await asyncio.gather(self._pump(reader, up_writer, False), self._pump(up_reader, writer, True))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: bool) -> None:
        try:
            while data := await reader.read(65536):
                if not (answers and self.mute):
                    writer.write(data)
        except OSError:
            pass
        finally:
            writer.close()

    def drop(self) -> None:
        for writer in self._writers:
            writer.close()


async def test_a_commit_whose_answer_was_lost_is_neither_acknowledged_nor_forked(
    database: Store, database_url: str, ring: KeyRing, tmp_path: Path
) -> None:
    directory = await database.fetchval("SHOW unix_socket_directories")
    proxy = Proxy(f"{directory}/.s.PGSQL.5432")
    server = await asyncio.start_unix_server(proxy.serve, tmp_path / ".s.PGSQL.5432")
    name, user = await database.fetchval("SELECT current_database()"), await database.fetchval("SELECT current_user")
    direct, database.dsn = database.dsn, f"postgresql://{user}@/{name}?host={tmp_path}"
    log = AuditLog(database, ring, now, timeout_s=1)
    database.dsn = direct
    await log.start()
    await log.append(record(0))
    proxy.mute = True
    waiting = asyncio.create_task(refused(log, record(1)))
    async with asyncio.timeout(60):
        while "r1" not in await requests(database):  # noqa: ASYNC110 - what is waited for lies in another process
            await asyncio.sleep(0.01)
    proxy.drop()
    await waiting
    proxy.mute = False
    await until(lambda: log.healthy)
    await log.append(record(2))
    await log.close()
    server.close()
    report = await check(database, ring)
    assert report.ok
    # It was asked for and it is there; its writer was told that nobody knows.
    assert set(await requests(database)) == {"r0", "r1", "r2"}
    assert [(stream.state, stream.last) for stream in report.streams] == [(State.FOLLOWED, 1), (State.CLOSED, 1)]


async def test_acknowledged_records_that_a_failover_lost_are_reported(
    database: Store, ring: KeyRing, caplog: pytest.LogCaptureFixture
) -> None:
    log = AuditLog(database, ring, now)
    await log.start()
    first = log.stream
    for n in range(3):
        await log.append(record(n))
    # As a replica would stand there that had not received the last two commits.
    await database.execute("ALTER TABLE audit_log DISABLE TRIGGER USER; DELETE FROM audit_log WHERE seq > 0")
    await database.execute("SELECT pg_terminate_backend($1)", (await backends(database))[0])
    await until(lambda: log.stream not in (first, None))
    await log.close()
    assert first is not None
    report = await check(database, ring)
    assert [(f.verdict, f.stream, f.seq, f.last) for f in report.faults] == [("missing", UUID(first), 1, 2)]
    assert "lost 2 acknowledged audit records" in caplog.text
