"""The connection that a stream lives on."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from gateway.audit import rows
from gateway.audit.link import LOST, lock_key, open_link
from gateway.audit.record import Entry, Row, micros
from gateway.crypto import KeyRing
from gateway.store import Store
from tests.audit.support import nobody_writes, now


def test_the_lock_of_a_stream_is_its_random_half() -> None:
    one = UUID("01a20253-8622-7655-84cd-4f2f6ac2b10f")
    assert lock_key(one) == int.from_bytes(one.bytes[8:], "big", signed=True)
    assert -(1 << 63) <= lock_key(one) < 0


async def test_a_link_commits_for_good_and_waits_no_longer_than_told(database: Store, ring: KeyRing) -> None:
    await database.execute(
        f"ALTER DATABASE {await database.fetchval('SELECT current_database()')} SET synchronous_commit = off"
    )
    link = await open_link(database.dsn, ring, now, 1.5, None)
    settings = [await link._connection.fetchval(f"SHOW {name}") for name in ("synchronous_commit", "statement_timeout")]
    assert settings == ["on", "1500ms"]
    link.drop()


async def test_a_stricter_durability_stands(database: Store, ring: KeyRing) -> None:
    name = await database.fetchval("SELECT current_database()")
    await database.execute(f"ALTER DATABASE {name} SET synchronous_commit = remote_apply")
    link = await open_link(database.dsn, ring, now, 5, None)
    assert await link._connection.fetchval("SHOW synchronous_commit") == "remote_apply"
    link.drop()


async def test_a_dropped_link_knows_what_was_acknowledged(database: Store, ring: KeyRing) -> None:
    link = await open_link(database.dsn, ring, now, 5, None)
    genesis = link.stream.prev
    entries = [Entry(now(), "event", "r", b"{}") for _ in range(3)]
    rows = [link.stream.add(entry) for entry in entries]
    await link.write(rows, [()] * 3)
    lost = link.drop()
    assert (lost.seq, lost.hash) == (2, rows[-1].hash)
    assert not link.alive
    following = await open_link(database.dsn, ring, now, 5, lost)
    header = following.stream.header
    assert (header.previous, header.previous_seq, header.previous_hash) == (rows[0].stream, 2, rows[-1].hash)
    lost = following.drop()
    assert (lost.seq, lost.hash) == (-1, following.stream.prev)
    assert following.stream.prev != genesis
    third = await open_link(database.dsn, ring, now, 5, lost)
    assert third.stream.header.previous_seq == -1
    assert third.stream.header.previous_hash == lost.hash
    third.drop()


async def test_the_table_has_the_columns_of_a_row_in_its_order(database: Store) -> None:
    """Many rows are written as rows of the table, whose columns have no names on the way."""
    columns = await database.fetch(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'audit_log'::regclass AND attnum > 0 ORDER BY attnum"
    )
    assert tuple(row["attname"] for row in columns) == Row._fields


async def test_what_is_written_comes_back_bit_by_bit(database: Store, ring: KeyRing) -> None:
    link = await open_link(database.dsn, ring, now, 5, None)
    entries = [
        Entry(datetime(1990, 2, 3, 4, 5, 6, 789, UTC), "intent", "r1", b"{}", "long", bytes(32)),
        Entry(datetime(2030, 1, 1, tzinfo=UTC), "event", 'r\u00e9 "{}\\,', b"x" * 5000),
        Entry(now(), "event", "", b"", "", b"\0"),
    ]
    added = [link.stream.add(entry) for entry in entries]
    await link.write(added[:1], [(3, -4)])
    await link.write(added[1:], [(), (-1, (1 << 63) - 1)])
    link.drop()
    stored = await database.fetch(f"SELECT {rows.ROW} FROM audit_log ORDER BY seq")
    assert [rows.row(one) for one in stored] == added
    indexed = await database.fetch("SELECT stream, seq, at, terms FROM audit_index ORDER BY seq")
    assert [(one["stream"], one["seq"], micros(one["at"])) for one in indexed] == [row[:3] for row in added]
    assert [one["terms"] for one in indexed] == [[3, -4], [], [-1, (1 << 63) - 1]]


async def test_a_link_that_cannot_open_leaves_nothing_behind(database: Store, ring: KeyRing) -> None:
    await database.execute("ALTER TABLE audit_streams ADD CHECK (schema > 99)")
    with pytest.raises(asyncpg.CheckViolationError) as caught:
        await open_link(database.dsn, ring, now, 5, None)
    assert isinstance(caught.value, LOST)
    await nobody_writes(database)
    assert await database.fetchval("SELECT count(*) FROM audit_streams") == 0
