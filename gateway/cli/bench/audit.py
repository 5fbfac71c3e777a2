"""What the audit log costs: appends per second, and the price of one beside a bare durable commit."""

from __future__ import annotations

import asyncio
import os
import secrets
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from gateway.audit import AuditLog, check
from gateway.audit.sealer import Sealer
from gateway.audit.tlog.check import VerifierKey
from gateway.cli import show
from gateway.crypto import KeyRing
from gateway.model import Json, Record
from gateway.redaction import value_ids
from gateway.store import Store, open_store

TEXT_BYTES = 900
"""Of content; with the other fields a record comes to about 1 KB."""


async def run(seconds: float) -> Json:
    """The log alone, over a database of its own: appends, and verifying what they left, with its tree."""
    with tempfile.TemporaryDirectory(prefix="gateway-bench-", ignore_cleanup_errors=True) as place:
        ring = KeyRing.create(Path(place) / "ring.json")
        store = await open_store(None, Path(place) / "data")
        try:
            log = AuditLog(store, ring, _now, find=value_ids)
            await log.start()
            found = {
                "durable_commit": await commit(store, seconds),
                "appends": [await measure(log, writers, seconds) for writers in (1, 32, 128)],
            }
            await log.close()
            sealer = Sealer(store, ring, _now)
            connection = await store.connect()
            sealed, size = -1, 0
            while size > sealed:  # a step takes a bounded number of records into the tree
                await sealer.once(connection)
                sealed, size = size, await connection.fetchval("SELECT coalesce(sum(count), 0) FROM audit_runs")
            await connection.close()
            verified = [await verifying(store, keys, sealer.key) for keys in (None, ring)]
            return found | {"verify": verified[0], "verify_with_keys": verified[1]}
        finally:
            await store.close()


def tell(figures: Json) -> None:
    """As a table."""
    rows = [("one durable commit", f"{figures['durable_commit']['p50_ms']:.2f} ms p50")]
    rows += [
        (
            f"appends, {each['writers']} writers",
            f"{each['per_second']:,} records/s, {each['p50_ms']:.2f} ms p50, {each['cpu_us']:.0f} us of CPU each",
        )
        for each in figures["appends"]
    ]
    for name, words in (("verify", "without keys"), ("verify_with_keys", "with keys")):
        each = figures[name]
        rows.append(
            (f"verifying with the tree, {words}", f"{each['per_second']:,} records/s, {each['cpu_us']:.0f} us each")
        )
    show.table(("what", "here"), rows)


def _now() -> datetime:
    return datetime.now(UTC)


async def measure(log: AuditLog, writers: int, seconds: float) -> Json:
    """Append records of 1 KB from `writers` tasks at once for `seconds`.

    Returns `{"writers", "records", "per_second", "p50_ms", "p99_ms", "cpu_us"}`; an append's time is what one writer
    waits, `cpu_us` what this process computes for each, which other work on the machine disturbs less.
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


async def verifying(store: Store, ring: KeyRing | None, key: VerifierKey | None = None) -> Json:
    """Verify the whole log once. Returns `{"records", "seconds", "per_second", "cpu_us", "ok"}`.

    `cpu_us` is what this process and those that it starts for it compute for each record.
    """
    begun, used = time.perf_counter(), sum(os.times()[:4])
    report = await check(store, ring, key=key)
    seconds, used = time.perf_counter() - begun, sum(os.times()[:4]) - used
    return {
        "records": report.records,
        "seconds": round(seconds, 3),
        "per_second": round(report.records / seconds),
        "cpu_us": round(used / report.records * 1e6, 1),
        "ok": report.ok,
    }


async def _repeat(work: Callable[[], Awaitable[None]], writers: int, seconds: float) -> Json:
    waits: list[float] = []
    begun, used = time.perf_counter(), time.process_time()
    end = begun + seconds

    async def write() -> None:
        while (start := time.perf_counter()) < end:
            await work()
            waits.append(time.perf_counter() - start)

    await asyncio.gather(*(write() for _ in range(writers)))
    taken, used = time.perf_counter() - begun, time.process_time() - used
    return {
        "records": len(waits),
        "per_second": round(len(waits) / taken),
        "cpu_us": round(used / len(waits) * 1e6, 1),
        "p50_ms": round(statistics.median(waits) * 1000, 3),
        "p99_ms": round(sorted(waits)[int(len(waits) * 0.99)] * 1000, 3),
    }
