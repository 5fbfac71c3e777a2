"""Reading back bit by bit, also what no Python value holds."""

from __future__ import annotations

from gateway.audit import rows
from gateway.audit.record import SCHEMA, is_whole, micros
from gateway.audit.stream import Stream
from gateway.crypto import KeyRing
from gateway.store import Store
from tests.audit.support import now, small_log


async def test_what_was_written_is_read(database: Store, ring: KeyRing) -> None:
    small = await small_log(database, ring)
    assert all(map(is_whole, small.rows))
    head = next(head for head in small.heads if head.header.stream == small.c)
    assert head.header.previous == small.b
    assert head.header.previous_hash == small.of(small.b)[-1].hash
    assert head.closed_seq is None
    closed = next(head for head in small.heads if head.header.stream == small.a)
    assert (closed.closed_seq, closed.closed_hash) == (3, small.of(small.a)[-1].hash)
    assert closed.header.schema == SCHEMA
    assert closed.header.key_id == "k1"
    assert abs(closed.header.opened - micros(now())) < 60_000_000


async def test_times_that_python_does_not_have_are_read(database: Store, ring: KeyRing) -> None:
    stream = Stream(ring, now()).header.stream
    for text in ("infinity", "-infinity", "290000-01-01", "4000-01-01 BC"):
        await database.execute(
            "INSERT INTO audit_log VALUES ($1, (SELECT count(*) FROM audit_log), $2::text::timestamptz,"
            " 'event', 'r', '', '', '')",
            *(stream, text),
        )
    found = [rows.row(record) for record in await database.fetch(f"SELECT {rows.ROW} FROM audit_log ORDER BY seq")]
    assert found[0].at > 1 << 63
    assert found[1].at < -(1 << 62)
    assert not any(map(is_whole, found))
