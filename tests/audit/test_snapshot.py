"""Checking over the database, also while it is being written."""

from __future__ import annotations

import asyncio

import pytest

from gateway.audit import AuditLog, State, check
from gateway.crypto import KeyRing
from gateway.errors import StoreUnavailable
from gateway.store import Store
from tests.audit.support import now, own_server, record, small_log


async def test_an_empty_log_is_fine(database: Store, ring: KeyRing) -> None:
    report = await check(database, ring)
    assert report.ok
    assert (report.records, report.streams, report.with_keys) == (0, (), True)


async def test_progress_is_told(database: Store, ring: KeyRing) -> None:
    await small_log(database, ring)
    told: list[int] = []
    await check(database, None, told.append)
    assert told == sorted(told)
    assert told[-1] == 11


async def test_a_stream_being_written_is_told_from_one_that_was_cut(database: Store, ring: KeyRing) -> None:
    log = AuditLog(database, ring, now)
    await log.start()
    await log.append(record())
    assert [stream.state for stream in (await check(database)).streams] == [State.LIVE]
    await log.close()
    assert [stream.state for stream in (await check(database)).streams] == [State.CLOSED]


async def test_a_log_is_checked_while_it_grows(database: Store, ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    log = AuditLog(database, ring, now)
    await log.start()
    stop = asyncio.Event()

    async def write(writer: int) -> None:
        while not stop.is_set():
            await log.append(record(writer, "event"))

    writers = [asyncio.create_task(write(n)) for n in range(8)]
    seen: list[int] = []
    async with asyncio.timeout(60):
        while len(seen) < 5 or seen[-1] == seen[0]:
            report = await check(database, ring)
            assert report.ok, report.faults
            seen.append(report.records)
    stop.set()
    await asyncio.gather(*writers)
    await log.close()
    assert seen == sorted(seen)


async def test_a_database_that_is_down_is_said_to_be(ring: KeyRing) -> None:
    async with own_server() as store:
        assert store.server is not None
        await asyncio.to_thread(store.server.stop, "immediate")
        with pytest.raises(StoreUnavailable):
            await check(store, ring)
