"""Several processes read the log: they come to the same report, and one that fails is told of."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gateway.audit import VerifierKey, check, snapshot, workers
from gateway.audit.sealer import Sealer
from gateway.audit.worker import NAME
from gateway.audit.workers import ENOUGH, MOST, Workers, started, wanted
from gateway.crypto import KeyRing
from gateway.errors import Broken, StoreUnavailable
from gateway.store import Store
from tests.audit.matrix import freed
from tests.audit.support import Small, now, small_log, until
from tests.audit.test_strands import TAMPERINGS


@pytest.fixture
async def small(database: Store, ring: KeyRing) -> Small:
    return await small_log(database, ring)


@pytest.fixture
async def key(database: Store, ring: KeyRing, small: Small) -> VerifierKey:
    connection = await database.connect()
    sealer = Sealer(database, ring, now)
    assert await sealer.once(connection)
    await connection.close()
    return sealer.key


@pytest.fixture
def rows_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "CHUNK", 1)


def there(pid: int) -> bool:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def shown(pid: int) -> bytes:
    """What others may see of a process."""
    return b"".join(Path(f"/proc/{pid}/{place}").read_bytes() for place in ("cmdline", "environ"))


async def nobody_reads(store: Store) -> None:
    async with asyncio.timeout(60):
        while await store.fetchval(  # noqa: ASYNC110 - what is waited for lies in another process
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()", NAME
        ):
            await asyncio.sleep(0.01)


@pytest.mark.usefixtures("rows_at_once")
async def test_they_say_what_one_process_says(
    database: Store, ring: KeyRing, small: Small, key: VerifierKey, caplog: pytest.LogCaptureFixture
) -> None:
    """Of the log as it is, and as more and more is done to it."""
    owner = await database.connect()
    await freed(owner)
    chance = random.Random(5)
    for number in range(6):
        if number:
            for _ in range(2):
                await chance.choice(TAMPERINGS)(owner, small, chance)
        keys = chance.choice([None, ring]) if number else ring
        alone = await check(database, keys, key=key, processes=0)
        assert alone.ok == (number == 0)
        assert await check(database, keys, key=key, processes=2) == alone
    await owner.close()
    await nobody_reads(database)
    assert "one process reads the log" not in caplog.text


@contextlib.asynccontextmanager
async def reading(
    database: Store, monkeypatch: pytest.MonkeyPatch, then: Callable[[Workers], object]
) -> AsyncIterator[Callable[[int], None]]:
    """Something to be done to the processes as soon as a check tells of the first rows."""
    seen: list[Workers] = []

    @contextlib.asynccontextmanager
    async def watched(dsn: str, name: str, count: int) -> AsyncIterator[Awaitable[Workers | None]]:
        async with started(dsn, name, count) as starting:
            found = await starting
            assert found is not None
            seen.append(found)
            yield starting

    monkeypatch.setattr(snapshot, "started", watched)
    done: list[object] = []

    def told(_: int) -> None:
        if not done:
            done.append(then(seen[0]))

    yield told
    assert done
    assert not any(there(pid) for pid in seen[0].pids)
    await nobody_reads(database)


def signalled(number: int, some: Workers) -> None:
    for pid in some.pids:
        os.kill(pid, number)


@pytest.mark.usefixtures("rows_at_once", "small")
async def test_one_that_is_killed_is_told_of(
    database: Store, ring: KeyRing, key: VerifierKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reading(database, monkeypatch, partial(signalled, signal.SIGKILL)) as told:
        with pytest.raises(Broken, match="a process that reads the log ended by itself"):
            await check(database, ring, told, key=key, processes=2)


@pytest.mark.usefixtures("rows_at_once", "small")
async def test_one_that_hangs_is_told_of_and_ended(
    database: Store, ring: KeyRing, key: VerifierKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    @contextlib.asynccontextmanager
    async def stopped(dsn: str, name: str, count: int) -> AsyncIterator[Awaitable[Workers | None]]:
        async with started(dsn, name, count) as starting:
            found = await starting
            assert found is not None
            signalled(signal.SIGSTOP, found)
            seen.extend(found.pids)
            # They do not answer, however long one waits.
            monkeypatch.setattr(workers, "ANSWER_S", 0.2)
            yield starting

    monkeypatch.setattr(snapshot, "started", stopped)
    with pytest.raises(Broken, match="a process that reads the log does not answer"):
        await check(database, ring, key=key, processes=2)
    assert len(seen) == 2
    assert not any(map(there, seen))


@pytest.mark.usefixtures("rows_at_once", "small")
async def test_one_that_loses_the_database_is_told_of(
    database: Store, ring: KeyRing, key: VerifierKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminated = asyncio.Event()
    waiting: list[asyncio.Task[None]] = []
    pieces = Workers.pieces

    async def cut() -> None:
        await database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", NAME
        )
        terminated.set()

    async def after(self: Workers, *asked: object) -> object:
        if waiting:
            await terminated.wait()
        return await pieces(self, *asked)  # type: ignore[arg-type]

    monkeypatch.setattr(Workers, "pieces", after)
    async with reading(database, monkeypatch, lambda _: waiting.append(asyncio.create_task(cut()))) as told:
        with pytest.raises(StoreUnavailable):
            await check(database, ring, told, key=key, processes=2)


@pytest.mark.usefixtures("rows_at_once", "small")
async def test_whoever_is_interrupted_leaves_none_behind(
    database: Store, ring: KeyRing, key: VerifierKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    checking: list[asyncio.Task[object]] = []
    async with reading(database, monkeypatch, lambda _: checking[0].cancel()) as told:
        checking.append(asyncio.create_task(check(database, ring, told, key=key, processes=2)))
        with pytest.raises(asyncio.CancelledError):
            await checking[0]


PARENT = """
import asyncio, sys
from gateway.audit.workers import started

async def main():
    async with started(sys.stdin.readline().strip(), sys.stdin.readline().strip(), 2) as starting:
        print(*(await starting).pids, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_they_end_with_the_process_that_started_them(database: Store, number: int) -> None:
    async with database.snapshot() as connection:
        name = await connection.fetchval("SELECT pg_export_snapshot()")
        parent = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", PARENT), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        assert parent.stdin is not None
        assert parent.stdout is not None
        parent.stdin.write(f"{database.dsn}\n{name}\n".encode())
        pids = [int(pid) for pid in (await parent.stdout.readline()).split()]
        assert len(pids) == 2
        assert all(map(there, pids))
        # What they were told stands in no command line and in no environment.
        assert not any(name.encode() in shown(pid) for pid in pids)
        parent.send_signal(number)
        await parent.wait()
    await until(lambda: not any(map(there, pids)))


@pytest.mark.usefixtures("small")
async def test_where_no_snapshot_can_be_shared_one_process_reads(
    database: Store, ring: KeyRing, key: VerifierKey, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    alone = await check(database, ring, key=key, processes=0)
    # As behind a pooler that leads elsewhere.
    with monkeypatch.context() as patch:
        patch.setattr(database, "dsn", urlsplit(database.dsn)._replace(path="/postgres").geturl())
        assert await check(database, ring, key=key, processes=2) == alone
        assert "one process reads the log and not 2" in caplog.text
    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "started", lambda *_: pytest.fail("there is nothing to share"))
        patch.setattr(snapshot, "_EXPORT", "SELECT pg_export_snapshot(1)")
        assert await check(database, ring, key=key, processes=2) == alone
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/nowhere/python")
        assert await check(database, ring, key=key, processes=2) == alone


def test_a_short_log_is_read_by_one_process() -> None:
    assert wanted(0) == wanted(2 * ENOUGH - 1) == 0
    many = wanted(ENOUGH * 1000)
    assert many == 0 or 1 < many <= MOST
