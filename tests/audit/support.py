"""A small real log, and ways to look at it and to tamper with it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from gateway.audit import AuditLog, Report, rows
from gateway.audit.chain import Head
from gateway.audit.record import Row
from gateway.audit.snapshot import check_over
from gateway.audit.subjects import Name, SubjectKey
from gateway.crypto import KeyRing, SecretBytes
from gateway.errors import AuditUnavailable
from gateway.model import Record
from gateway.store import Store, open_store
from gateway.store.store import Connection

Found = set[tuple[str, UUID, int | None]]


def now() -> datetime:
    return datetime.now(UTC)


def record(n: int = 0, kind: str = "intent", request: str | None = None, text: str = "hi") -> Record:
    return Record(
        kind=kind,
        request=f"r{n}" if request is None else request,
        at=now(),
        principal="user:ada",
        action="chat",
        policy="sha256:00",
        detail={"n": n},
        content={"prompt": text},
    )


def subject_key() -> SubjectKey:
    """A key that lies in no table."""
    return SubjectKey(Name(bytes(16), 1), SecretBytes(bytes(range(32))))


def found(report: Report) -> Found:
    """The faults as (verdict, stream, seq)."""
    return {(fault.verdict.value, fault.stream, fault.seq) for fault in report.faults}


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for lies in another process
            await asyncio.sleep(0.01)


async def crash(log: AuditLog) -> None:
    """End a log as a kill would: no end row, no mark, the connection gone."""
    assert log._link is not None
    assert log._task is not None
    log._link.drop()
    log._task.cancel()
    await asyncio.wait([log._task])


async def backends(store: Store) -> list[int]:
    """Server processes that write a stream of this database."""
    found = await store.fetch(
        "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'gateway audit %'"
        " AND datname = current_database() ORDER BY backend_start"
    )
    return [record["pid"] for record in found]


async def nobody_writes(store: Store, seconds: float = 60.0) -> None:
    """Wait until no server process writes a stream: one takes a moment to see that its client is gone."""
    async with asyncio.timeout(seconds):
        while await backends(store):  # noqa: ASYNC110 - what is waited for lies in another process
            await asyncio.sleep(0.01)


@dataclass(frozen=True)
class Small:
    """Three streams: `a` closed in order, `b` lost its connection, `c` follows it and was cut by a crash."""

    a: UUID
    b: UUID
    c: UUID
    rows: tuple[Row, ...]
    heads: tuple[Head, ...]

    def of(self, stream: UUID) -> list[Row]:
        return [row for row in self.rows if row.stream == stream]


async def small_log(store: Store, ring: KeyRing) -> Small:
    log = AuditLog(store, ring, now)
    await log.start()
    a = log.stream
    await log.append(record(1))
    await log.append(record(1, "outcome"))
    await log.append(record(2, "refusal"))
    await log.close()

    log = AuditLog(store, ring, now)
    await log.start()
    b = log.stream
    await log.append(record(3))
    await log.append(record(4, "event"))
    await log.append(record(5))
    await log.append(record(5, "outcome"))
    await store.execute("SELECT pg_terminate_backend($1)", (await backends(store))[-1])
    await until(lambda: log.stream not in (b, None))
    c = log.stream
    await log.append(record(3, "outcome"))
    await log.append(record(6))
    await log.append(record(7, "event"))
    await crash(log)
    async with store.transaction() as connection:
        await idle(connection)
        heads = tuple(rows.head(r, False) for r in await connection.fetch(f"SELECT {rows.HEADER} FROM audit_streams"))
        all_rows = await connection.fetch(f"SELECT {rows.ROW} FROM audit_log ORDER BY stream, seq")
    assert a is not None
    assert b is not None
    assert c is not None
    return Small(UUID(a), UUID(b), UUID(c), tuple(map(rows.row, all_rows)), heads)


async def idle(connection: Connection) -> None:
    """Wait for the server to notice that writers are gone."""
    async with asyncio.timeout(60):
        while await connection.fetchval(  # noqa: ASYNC110 - as above
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        ):
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def own_server() -> AsyncIterator[Store]:
    """A database with a server of its own, which a test may stop.

    Not under pytest's folder: each pytest that starts makes that one private again, also to the server's account.
    """
    folder = Path(tempfile.mkdtemp(prefix="gateway-test-"))
    store = await open_store(None, folder / "data")
    try:
        yield store
    finally:
        await store.close()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.asynccontextmanager
async def tampering(store: Store) -> AsyncIterator[Connection]:
    """A connection of somebody who owns the database: no triggers, no keys; undone afterwards."""
    async with store.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            for table in ("audit_log", "audit_streams"):
                await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
                await connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey")
            yield connection
        finally:
            await transaction.rollback()


@contextlib.asynccontextmanager
async def undone(connection: Connection) -> AsyncIterator[None]:
    """Take back what the block did."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield
    finally:
        await transaction.rollback()


async def faults(connection: Connection, ring: KeyRing | None = None) -> Found:
    return found(await check_over(connection, ring))


async def put(connection: Connection, row: Row) -> None:
    """Insert a row as it is."""
    await connection.execute(
        "INSERT INTO audit_log VALUES ($1, $2, timestamptz 'epoch' + $3 * interval '1 microsecond',"
        " $4, $5, $6, $7, $8, $9, $10)",
        *(row.stream, row.seq, float(row.at), row.kind, row.request, row.prev, row.sealed, row.hash),
        *(row.retention, row.facts),
    )


async def take(connection: Connection, row: Row) -> None:
    """Delete a row."""
    await connection.execute("DELETE FROM audit_log WHERE stream = $1 AND seq = $2", row.stream, row.seq)


async def refused(log: AuditLog, what: Record) -> AuditUnavailable:
    """The error of an append that must fail."""
    try:
        await log.append(what)
    except AuditUnavailable as error:
        return error
    raise AssertionError("the append was acknowledged")
