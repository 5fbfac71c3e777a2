"""`gateway audit verify` over the database: reads one snapshot of the log and lets `Verifier` judge it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gateway.audit import rows
from gateway.audit.link import lock_key
from gateway.audit.verdicts import Report
from gateway.audit.verify import Verifier
from gateway.crypto import KeyRing
from gateway.store import Store
from gateway.store.store import Connection

CHUNK = 2000
"""Rows fetched and judged at a time."""


async def check(store: Store, ring: KeyRing | None = None, progress: Callable[[int], None] | None = None) -> Report:
    """Verify the whole log in the database, while it is being written if need be; `ring` opens the rows too.

    `progress` is told the number of rows done, now and then. Raises StoreUnavailable.
    """
    async with store.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        return await check_over(connection, ring, progress)


async def check_over(
    connection: Connection, ring: KeyRing | None = None, progress: Callable[[int], None] | None = None
) -> Report:
    """The same over a connection inside a transaction."""
    held = await _locks(connection)
    found = await connection.fetch(f"SELECT {rows.HEADER} FROM audit_streams")
    heads = [rows.head(record, lock_key(record["stream"]) in held) for record in found]
    verifier = await asyncio.to_thread(Verifier, heads, ring)
    # Streams' ids sort by time, so intents come before outcomes in another stream.
    cursor = await connection.cursor(f"SELECT {rows.ROW} FROM audit_log ORDER BY stream, seq")
    done = 0
    while chunk := await cursor.fetch(CHUNK):
        await asyncio.to_thread(lambda some: verifier.feed(map(rows.row, some)), chunk)
        done += len(chunk)
        if progress is not None:
            progress(done)
    return await asyncio.to_thread(verifier.finish)


async def _locks(connection: Connection) -> set[int]:
    """Advisory locks held in this database, as the keys they were taken with (both halves are unsigned there)."""
    found = await connection.fetch(
        """
        SELECT (classid::bigint << 32) | objid::bigint AS key FROM pg_locks
        WHERE locktype = 'advisory' AND objsubid = 1 AND granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """
    )
    return {record["key"] for record in found}
