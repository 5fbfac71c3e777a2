"""Procrastinate over the store: tasks put in by a transaction, taken once, taken up again when their worker died."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from gateway.ingest.queue import SOURCES, Queue, anything, defer, queued
from gateway.store import Store
from tests.ingest.service import until

ROWS = "SELECT status::text, queue_name, priority, args FROM procrastinate.procrastinate_jobs ORDER BY id"


@contextlib.asynccontextmanager
async def running(
    store: Store, work: Callable[[str, int], Awaitable[None]], *, stalled_s: float = 1.0
) -> AsyncIterator[Queue]:
    queue = Queue(store, work, concurrency=2, heartbeat_s=0.1, stalled_s=stalled_s, grace_s=0.2)
    task = asyncio.create_task(queue.run())
    try:
        yield queue
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def empty(store: Store) -> None:
    async def look() -> dict[str, object]:
        return {"left": [tuple(row) for row in await store.fetch(ROWS)]}

    await until(look, lambda found: not found["left"])


async def test_tasks_come_with_their_transaction_or_not_at_all(database: Store) -> None:
    async def undone() -> None:
        async with database.transaction() as conn:
            await defer(conn, "j1", [0, 1], 0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await undone()
    assert not await anything(database)
    async with database.transaction() as conn:
        await defer(conn, "j1", [0, 1], 1)
        await defer(conn, "j2", [0], 0, SOURCES)
        assert await queued(conn, "j1") == {0, 1}
    assert [tuple(row) for row in await database.fetch(ROWS)] == [
        ("todo", "ingest", 1, {"job": "j1", "batch": 0}),
        ("todo", "ingest", 1, {"job": "j1", "batch": 1}),
        ("todo", "sources", 0, {"job": "j2", "batch": 0}),
    ]


async def test_each_task_is_done_once_and_at_once(database: Store) -> None:
    done: list[tuple[str, int]] = []

    async def work(job: str, batch: int) -> None:
        done.append((job, batch))

    async with running(database, work), running(database, work):
        await asyncio.sleep(0.5)
        async with database.transaction() as conn:
            await defer(conn, "j", list(range(20)), 0)
        # Sooner than the next look: the database tells.
        await asyncio.wait_for(empty(database), 4)
    assert sorted(done) == [("j", n) for n in range(20)]


async def test_a_worker_that_stops_gives_its_task_back(database: Store) -> None:
    reached = asyncio.Event()

    async def never(job: str, batch: int) -> None:
        reached.set()
        await asyncio.Event().wait()

    async with database.transaction() as conn:
        await defer(conn, "j", [0], 0)
    async with running(database, never):
        await asyncio.wait_for(reached.wait(), 20)
    assert [row["status"] for row in await database.fetch(ROWS)] == ["todo"]


async def test_tasks_of_a_dead_worker_are_taken_up(database: Store) -> None:
    """As kill -9 leaves it: under way, by a worker whose heart no longer beats."""
    async with database.transaction() as conn:
        await defer(conn, "j", [0], 0)
        await conn.execute(
            """
            WITH dead AS (
                INSERT INTO procrastinate.procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute')
                RETURNING id
            )
            UPDATE procrastinate.procrastinate_jobs SET status = 'doing', worker_id = (SELECT id FROM dead)
            """
        )
    done = asyncio.Event()

    async def work(job: str, batch: int) -> None:
        done.set()

    async with running(database, work) as queue:
        assert await queue.recover() == 1
        await asyncio.wait_for(done.wait(), 20)
        assert await queue.recover() == 0
        await empty(database)


async def test_a_living_worker_keeps_its_task(database: Store) -> None:
    reached, go = asyncio.Event(), asyncio.Event()

    async def slow(job: str, batch: int) -> None:
        reached.set()
        await go.wait()

    async with database.transaction() as conn:
        await defer(conn, "j", [0], 0)
    async with running(database, slow) as queue:
        await asyncio.wait_for(reached.wait(), 20)
        await asyncio.sleep(1.5)
        assert await queue.recover() == 0
        go.set()
        await empty(database)
