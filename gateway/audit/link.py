"""One dedicated connection and the one stream that is written over it; they end together.

A stream is never continued on another connection. When one is lost, nobody knows at first whether its last batch
became durable: the next link waits until the old server process is gone, reads what is there, and its own stream's
header names that as the old stream's end. So there is never a fork, and what was lost or cut later shows.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from gateway.audit.record import FIRST, FROM_2000, Entry, Header, Row, dump, genesis
from gateway.audit.stream import Stream
from gateway.audit.terms import literal
from gateway.crypto import KeyRing
from gateway.store.store import Connection

log = logging.getLogger(__name__)

# One statement, one round trip and one commit, whatever the size of the batch. A single record is spared the arrays,
# which cost a fifth of its commit. Many go as an array of the table's own rows: the driver looks at each value of an
# array twice before it writes it, and at those of a row not at all.
# What a row can be found by goes into the index in the same statement.
GIVEN_UP = timedelta(days=1)
"""A stream that nobody writes and that was opened so long ago gets no further rows."""
INSERT_ONE = """
WITH written AS (
    INSERT INTO audit_log (stream, seq, at, kind, request, prev, sealed, hash, retention, facts)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
) INSERT INTO audit_index (stream, seq, at, terms) VALUES ($1, $2, $3, $11)
"""
INSERT_MANY = """
WITH written AS (
    INSERT INTO audit_log (stream, seq, at, kind, request, prev, sealed, hash, retention, facts)
    SELECT stream, seq, at, kind, request, prev, sealed, hash, retention, facts FROM unnest($1::audit_log[])
) INSERT INTO audit_index (stream, seq, at, terms)
  SELECT stream, seq, at, terms::bigint[] FROM ROWS FROM (unnest($1::audit_log[]), unnest($2::text[]))
      n(stream, seq, at, kind, request, prev, sealed, hash, retention, facts, terms)
"""
INSERT_HEADER = """
WITH key AS (INSERT INTO audit_stream_keys (stream, wrapped) VALUES ($1, $9))
INSERT INTO audit_streams (stream, schema, opened_at, key_id, wrapped_key, previous, previous_seq, previous_hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
# A stricter setting of the server (remote_apply) stands; a laxer one would acknowledge what a crash can undo.
PREPARE = """
SELECT pg_backend_pid(),
       set_config('application_name', $1, false),
       set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit') = 'remote_apply'
                                             THEN 'remote_apply' ELSE 'on' END, false),
       pg_advisory_lock($2)
"""
LOST = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What a database that is down, slow, full or gone raises; time-outs are OSErrors."""
GRACE_S = 0.5
"""Added to the server's statement time-out for the client's, which serves when the server does not answer at all."""


def lock_key(stream: UUID) -> int:
    """The advisory lock held while a stream is being written: its last eight bytes, which are random."""
    return int.from_bytes(stream.bytes[8:], "big", signed=True)


async def locks(connection: Connection) -> set[int]:
    """Advisory locks held in this database, as the keys they were taken with (both halves are unsigned there)."""
    found = await connection.fetch(
        """
        SELECT (classid::bigint << 32) | objid::bigint AS key FROM pg_locks
        WHERE locktype = 'advisory' AND objsubid = 1 AND granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """
    )
    return {record["key"] for record in found}


async def over(connection: Connection, at: datetime) -> list[UUID]:
    """Streams that were never closed and get no further rows: nobody writes them, and they began long ago."""
    held = await locks(connection)
    found = await connection.fetch(
        "SELECT stream FROM audit_streams WHERE closed_seq IS NULL AND opened_at < $1 ORDER BY stream", at - GIVEN_UP
    )
    return [record["stream"] for record in found if lock_key(record["stream"]) not in held]


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A link that was lost, as far as this process knows it."""

    header: Header
    pid: int
    seq: int
    """Last row acknowledged; -1 when there was none."""
    hash: bytes


class Link:
    """An open stream. Made by `open_link`; any exception of `write` or `finish` means that the link is lost."""

    def __init__(self, connection: asyncpg.Connection, stream: Stream, pid: int) -> None:
        self._connection = connection
        self._pid = pid
        self.stream = stream
        self._acknowledged = (FIRST - 1, stream.prev)

    @property
    def alive(self) -> bool:
        """Whether the connection has not been seen to end."""
        return not self._connection.is_closed()

    def on_loss(self, callback: Callable[[], None]) -> None:
        """Call back as soon as the connection ends, also while nothing is being written."""
        self._connection.add_termination_listener(lambda _: callback())

    async def write(self, rows: Sequence[Row], terms: Sequence[Sequence[int]]) -> None:
        """The rows, and what each can be found by, in one commit; durable when this returns."""
        if len(rows) == 1:
            await self._connection.execute(INSERT_ONE, *rows[0], terms[0])
        else:
            await self._connection.execute(INSERT_MANY, rows, [literal(some) for some in terms])
        self._acknowledged = (rows[-1].seq, rows[-1].hash)

    async def finish(self, at: datetime, kind: str) -> None:
        """Close the stream in order: a last row, and a mark in the header that says which one it was."""
        entry = Entry(at, kind, "", dump({"records": self.stream.seq}))
        row = self.stream.add(entry)
        async with self._connection.transaction():
            await self.write([row], [()])
            await self._connection.execute(
                "UPDATE audit_streams SET closed_seq = $2, closed_hash = $3 WHERE stream = $1",
                row.stream,
                row.seq,
                row.hash,
            )
        await self._connection.close(timeout=GRACE_S)

    def drop(self) -> Interrupted:
        """Give the connection up at once, and say what is known of the stream."""
        self._connection.terminate()
        return Interrupted(self.stream.header, self._pid, *self._acknowledged)


async def open_link(
    dsn: str, ring: KeyRing, now: Callable[[], datetime], timeout_s: float, lost: Interrupted | None
) -> Link:
    """A new connection with a new stream, its header durable. Raises whatever asyncpg and the network raise."""
    connection = await asyncpg.connect(
        dsn,
        timeout=timeout_s,
        command_timeout=timeout_s + GRACE_S,
        server_settings={"statement_timeout": str(max(1, int(timeout_s * 1000))), "application_name": "gateway audit"},
    )
    try:
        # Times are written as the numbers that rows were hashed with.
        await connection.set_type_codec(
            "timestamptz", schema="pg_catalog", encoder=_time, decoder=_micros, format="tuple"
        )
        stream = Stream(ring, now(), await _end_of(connection, lost) if lost else None)
        header = stream.header
        pid = await connection.fetchval(PREPARE, _name(header.stream), lock_key(header.stream))
        await connection.execute(
            INSERT_HEADER,
            header.stream,
            header.schema,
            header.opened,
            header.key_id,
            header.wrapped,
            header.previous,
            header.previous_seq,
            header.previous_hash,
            header.key,
        )
    except BaseException:
        connection.terminate()
        raise
    return Link(connection, stream, pid)


async def _end_of(connection: asyncpg.Connection, lost: Interrupted) -> tuple[UUID, int, bytes]:
    """Where the lost stream ended, for good: read once nothing can write to it any more."""
    stream = lost.header.stream
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND application_name = $2",
        lost.pid,
        _name(stream),
    )
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", lock_key(stream))
        row = await connection.fetchrow(
            "SELECT seq, hash FROM audit_log WHERE stream = $1 ORDER BY seq DESC LIMIT 1", stream
        )
    seq, digest = (row["seq"], row["hash"]) if row else (FIRST - 1, genesis(lost.header))
    if seq < lost.seq:
        # The header names the end that was acknowledged, so `verify` reports what the database lost.
        log.error("the database lost %d acknowledged audit records of stream %s", lost.seq - seq, stream)
        seq, digest = lost.seq, lost.hash
    return stream, seq, digest


def _time(at: int) -> tuple[int]:
    return (at - FROM_2000,)


def _micros(told: tuple[int]) -> int:
    return told[0] + FROM_2000


def _name(stream: UUID) -> str:
    return f"gateway audit {stream}"
