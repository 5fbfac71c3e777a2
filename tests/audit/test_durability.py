"""What was acknowledged is there, whatever ends: the server, the process, the connection, or only its answers."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from gateway.audit import AuditLog, State, check
from gateway.crypto import KeyRing
from gateway.errors import AuditUnavailable
from gateway.store import Store
from tests.audit.support import backends, found, idle, now, own_server, record, refused, until

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


def appender(url: str, ring_file: Path, name: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.audit.appender", url, str(ring_file), name, str(WRITERS)],
        stdout=subprocess.PIPE,
        bufsize=0,  # what readline reads ahead, communicate would never see
        cwd=Path(__file__).parents[2],
    )


def killed_after_a_while(children: list[subprocess.Popen[bytes]], chance: random.Random) -> list[list[str]]:
    """Let them all write, kill them at a random moment, and return what each was told."""
    heads = []
    for child in children:
        assert child.stdout is not None
        heads.append(child.stdout.readline())
    for child in children:
        try:
            child.wait(chance.uniform(0.01, 0.4))
        except subprocess.TimeoutExpired:
            os.kill(child.pid, signal.SIGKILL)
    told = []
    for first, child in zip(heads, children, strict=True):
        rest, _ = child.communicate(timeout=10)
        assert child.returncode == -signal.SIGKILL
        # A line cut by the kill was acknowledged all the same, but nobody read it whole.
        told.append([line.decode() for line in (first + rest).splitlines(keepends=True) if line.endswith(b"\n")])
    return [[line.strip() for line in lines] for lines in told]


def assert_none_lost_and_none_invented(written: Counter[str], told: list[str], name: str) -> None:
    assert not set(told) - written.keys(), "acknowledged and not there"
    last = [
        max((int(t.split("-")[2]) for t in told if t.startswith(f"{name}-{w}-")), default=-1) for w in range(WRITERS)
    ]
    for request, count in written.items():
        run, writer, n = request.split("-")
        if run == name:
            # Each writer waits for its answer, so only one more can have been on its way (two: told and not printed).
            assert int(n) <= last[int(writer)] + 2
            assert count == 1


async def test_a_killed_process_loses_nothing_acknowledged(
    database: Store, database_url: str, ring: KeyRing, tmp_path: Path
) -> None:
    chance = random.Random(4)
    ring_file = tmp_path / "keys" / "ring.json"
    for run in range(5):
        children = [appender(database_url, ring_file, f"run{run}")]
        [told] = await asyncio.to_thread(killed_after_a_while, children, chance)
        assert told
        assert_none_lost_and_none_invented(await requests(database), told, f"run{run}")
    async with database.acquire() as connection:
        await idle(connection)
    report = await check(database, ring)
    assert found(report) == set()
    assert [stream.state for stream in report.streams] == [State.CUT] * 5


async def test_two_processes_at_once_write_two_streams(
    database: Store, database_url: str, ring: KeyRing, tmp_path: Path
) -> None:
    ring_file = tmp_path / "keys" / "ring.json"
    children = [appender(database_url, ring_file, name) for name in ("one", "two")]
    told = await asyncio.to_thread(killed_after_a_while, children, random.Random(7))
    written = await requests(database)
    for name, lines in zip(("one", "two"), told, strict=True):
        assert_none_lost_and_none_invented(written, lines, name)
    by_stream = await database.fetch(
        "SELECT stream, array_agg(DISTINCT split_part(request, '-', 1)) AS names FROM audit_log GROUP BY stream"
    )
    assert sorted(row["names"] for row in by_stream) == [["one"], ["two"]]
    assert (await check(database, ring)).ok


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
