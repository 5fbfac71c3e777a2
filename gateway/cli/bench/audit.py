"""What the audit log costs: appends per second, and the price of one beside a bare durable commit."""

from __future__ import annotations

import asyncio
import secrets
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from gateway.audit import AuditLog, check
from gateway.crypto import KeyRing
from gateway.model import Json, Record
from gateway.store import Store

TEXT_BYTES = 900
"""Of content; with the other fields a record comes to about 1 KB."""


async def measure(log: AuditLog, writers: int, seconds: float) -> Json:
    """Append records of 1 KB from `writers` tasks at once for `seconds`.

    Returns `{"writers", "records", "per_second", "p50_ms", "p99_ms"}`; an append's time is what one writer waits.
    """
    text = secrets.token_urlsafe(TEXT_BYTES)[:TEXT_BYTES]

    async def append() -> None:
        await log.append(
            Record(
                kind="event",
                request="bench",
                at=datetime.now(UTC),
                principal="user:bench",
                action="bench",
                policy="sha256:bench",
                detail={"writers": writers},
                content={"text": text},
            )
        )

    return {"writers": writers, **await _repeat(append, writers, seconds)}


async def commit(store: Store, seconds: float) -> Json:
    """The same for a bare durable commit: one row of 1 KB into a table without indexes, one writer."""
    row = secrets.token_bytes(TEXT_BYTES + 100)
    connection = await store.connect()
    try:
        await connection.execute("CREATE TABLE IF NOT EXISTS bench_commit (data bytea)")
        await connection.execute("SET synchronous_commit = on")
        insert = await connection.prepare("INSERT INTO bench_commit VALUES ($1)")

        async def append() -> None:
            await insert.fetch(row)

        return await _repeat(append, 1, seconds)
    finally:
        await connection.execute("DROP TABLE IF EXISTS bench_commit")
        await connection.close()


async def verifying(store: Store, ring: KeyRing | None) -> Json:
    """Verify the whole log once. Returns `{"records", "seconds", "per_second", "ok"}`."""
    begun = time.perf_counter()
    report = await check(store, ring)
    seconds = time.perf_counter() - begun
    return {
        "records": report.records,
        "seconds": round(seconds, 3),
        "per_second": round(report.records / seconds),
        "ok": report.ok,
    }


async def _repeat(work: Callable[[], Awaitable[None]], writers: int, seconds: float) -> Json:
    waits: list[float] = []
    begun = time.perf_counter()
    end = begun + seconds

    async def write() -> None:
        while (start := time.perf_counter()) < end:
            await work()
            waits.append(time.perf_counter() - start)

    await asyncio.gather(*(write() for _ in range(writers)))
    taken = time.perf_counter() - begun
    return {
        "records": len(waits),
        "per_second": round(len(waits) / taken),
        "p50_ms": round(statistics.median(waits) * 1000, 3),
        "p99_ms": round(sorted(waits)[int(len(waits) * 0.99)] * 1000, 3),
    }
