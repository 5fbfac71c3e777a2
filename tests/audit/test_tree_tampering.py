"""What an owner of the database does, with every hash computed anew, shows by the tree and its signed checkpoints."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

import pytest
import pytest_asyncio

from gateway.audit import AuditLog, Verdict
from gateway.audit.record import Row, clear_of, hash_of
from gateway.audit.sealer import Sealer
from gateway.audit.snapshot import check_over
from gateway.audit.tlog.check import VerifierKey
from gateway.audit.verdicts import TREE
from gateway.crypto import KeyRing
from gateway.crypto.sign import Signer
from gateway.store import Store
from gateway.store.store import Connection
from tests.audit.support import Found, Small, found, now, put, record, small_log, take, tampering, undone

SHELF = ("audit_runs", "audit_tiles", "audit_ends", "audit_checkpoints")


@dataclass
class Sealed:
    small: Small
    store: Store
    ring: KeyRing
    key: VerifierKey
    note: bytes


@pytest_asyncio.fixture
async def sealed(database: Store, ring: KeyRing) -> AsyncIterator[Sealed]:
    small = await small_log(database, ring)
    note = await seal(database, ring)
    yield Sealed(small, database, ring, Sealer(database, ring, now).key, note)


async def seal(store: Store, ring: KeyRing) -> bytes:
    connection = await store.connect()
    assert await Sealer(store, ring, now).once(connection)
    await connection.close()
    note: bytes = await store.fetchval("SELECT note FROM audit_checkpoints ORDER BY size DESC LIMIT 1")
    return note


async def faults(sealed: Sealed, connection: Connection, *known: bytes, ring: KeyRing | None = None) -> Found:
    return found(await check_over(connection, ring, key=sealed.key, known=known))


def rechained(rows: Sequence[Row], at: int, **changed: object) -> list[Row]:
    """A stream's rows with one changed, and every hash from there on made right again."""
    done: list[Row] = []
    for row in rows:
        one = row._replace(**changed) if row.seq == at else row  # type: ignore[arg-type]
        if done and done[-1].hash != rows[len(done) - 1].hash:
            one = one._replace(prev=done[-1].hash)
        done.append(one._replace(hash=hash_of(clear_of(one), one.sealed)))
    return done


async def test_a_sealed_log_verifies(sealed: Sealed) -> None:
    async with tampering(sealed.store) as connection:
        report = await check_over(connection, sealed.ring, key=sealed.key, known=[sealed.note])
        assert report.ok, report.faults
        assert report.tree is not None
        assert (report.tree.size, report.tree.signed, report.tree.outside) == (len(sealed.small.rows),) * 2 + (0,)
        assert report.records == len(sealed.small.rows)


async def test_a_stream_written_anew_from_some_row_on(sealed: Sealed) -> None:
    stream = sealed.small.b
    rows = sealed.small.of(stream)
    async with tampering(sealed.store) as connection:
        for at in range(len(rows)):
            async with undone(connection):
                for row in rows:
                    await take(connection, row)
                other = rows[at].sealed[:-1] + bytes([rows[at].sealed[-1] ^ 1])
                for row in rechained(rows, at, sealed=other):
                    await put(connection, row)
                got = await faults(sealed, connection)
                assert {(Verdict.MODIFIED.value, stream, seq) for seq in range(at, len(rows))} <= got


async def test_rows_cut_off_the_end_of_a_stream(sealed: Sealed) -> None:
    """Without the tree this does not show: nothing else names the end of a stream that was cut by a crash."""
    rows = sealed.small.of(sealed.small.c)
    async with tampering(sealed.store) as connection:
        for at in range(len(rows)):
            async with undone(connection):
                for row in rows[at:]:
                    await take(connection, row)
                assert (Verdict.MISSING.value, sealed.small.c, at) in await faults(sealed, connection)


async def test_a_stream_taken_out_whole(sealed: Sealed) -> None:
    async with tampering(sealed.store) as connection:
        for table in ("audit_log", "audit_streams"):
            await connection.execute(f"DELETE FROM {table} WHERE stream = $1", sealed.small.a)
        assert (Verdict.MISSING.value, sealed.small.a, 0) in await faults(sealed, connection)


async def test_a_database_put_back_whole_shows_to_who_kept_a_checkpoint(sealed: Sealed) -> None:
    before = {table: await sealed.store.fetch(f"SELECT * FROM {table}") for table in SHELF}
    log = AuditLog(sealed.store, sealed.ring, now)
    await log.start()
    await log.append(record(50))
    await log.close()
    later = await seal(sealed.store, sealed.ring)
    async with tampering(sealed.store) as connection:
        await connection.execute("DELETE FROM audit_log WHERE stream <> ALL($1)", list(_streams(sealed.small)))
        await connection.execute("DELETE FROM audit_streams WHERE stream <> ALL($1)", list(_streams(sealed.small)))
        for table, rows in before.items():
            await connection.execute(f"DELETE FROM {table}")
            for row in rows:
                places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
                await connection.execute(f"INSERT INTO {table} VALUES ({places})", *row.values())
        assert await faults(sealed, connection, ring=sealed.ring) == set()
        assert await faults(sealed, connection, sealed.note) == set()
        size = len(sealed.small.rows)
        assert await faults(sealed, connection, later) == {(Verdict.ROLLED_BACK.value, TREE, size)}


def _streams(small: Small) -> set[object]:
    return {small.a, small.b, small.c}


async def test_checkpoints_taken_away_forged_or_swapped(sealed: Sealed) -> None:
    size = len(sealed.small.rows)
    other = replace(sealed.key, public=Signer.generate().public)
    async with tampering(sealed.store) as connection:
        async with undone(connection):
            await connection.execute("DELETE FROM audit_checkpoints")
            assert await faults(sealed, connection) == {(Verdict.CHECKPOINT.value, TREE, 0)}
        async with undone(connection):
            await connection.execute("UPDATE audit_checkpoints SET size = size + 1")
            got = await faults(sealed, connection)
            assert (Verdict.MODIFIED.value, TREE, size + 1) in got
        async with undone(connection):
            await connection.execute("UPDATE audit_checkpoints SET root = $1", bytes(32))
            assert (Verdict.MODIFIED.value, TREE, size) in await faults(sealed, connection)
        got = found(await check_over(connection, key=other))
        assert (Verdict.WRONG_KEY.value, TREE, size) in got


async def test_the_list_of_rows_changed(sealed: Sealed) -> None:
    async with tampering(sealed.store) as connection:
        for change in (
            "UPDATE audit_runs SET seq = seq + 1",
            "UPDATE audit_runs SET first = first + 1",
            "UPDATE audit_runs SET count = count + 1 WHERE first = 0",
            "DELETE FROM audit_runs WHERE first = 0",
            "DELETE FROM audit_runs WHERE first = (SELECT max(first) FROM audit_runs)",
            "DELETE FROM audit_runs",
            "DELETE FROM audit_tiles",
            "UPDATE audit_runs SET count = 1::bigint << 61 WHERE first = 0",
            "UPDATE audit_runs SET first = -5 WHERE first = 0",
        ):
            async with undone(connection):
                await connection.execute(change)
                assert await faults(sealed, connection), change


async def test_a_row_slipped_in_is_outside_the_tree_and_shows(sealed: Sealed) -> None:
    rows = sealed.small.of(sealed.small.b)
    async with tampering(sealed.store) as connection:
        extra = rows[-1]._replace(seq=len(rows), prev=rows[-1].hash, request="planted")
        await put(connection, extra._replace(hash=hash_of(clear_of(extra), extra.sealed)))
        assert await faults(sealed, connection), "the stream that follows names another end"
        assert (Verdict.MODIFIED.value, sealed.small.b, len(rows)) in await faults(sealed, connection, ring=sealed.ring)


@pytest.mark.parametrize("stream", [None, "a", "b", "c"])
async def test_the_whole_tree_taken_away(sealed: Sealed, monkeypatch: pytest.MonkeyPatch, stream: str | None) -> None:
    """With a stream besides: nothing that is left names what it held."""
    async with tampering(sealed.store) as connection:
        for table in SHELF:
            await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            await connection.execute(f"DELETE FROM {table}")
        if stream is not None:
            for table in ("audit_log", "audit_streams"):
                await connection.execute(f"DELETE FROM {table} WHERE stream = $1", getattr(sealed.small, stream))
        fault = (Verdict.CHECKPOINT.value, TREE, 0)
        # Such is a log that has only just begun, too.
        assert fault not in await faults(sealed, connection)
        monkeypatch.setattr("gateway.audit.snapshot._UNSEALED", "SELECT EXISTS (SELECT 1 FROM audit_log)")
        assert fault in await faults(sealed, connection)
        # Who kept a checkpoint need not wait.
        monkeypatch.undo()
        assert any(one[0] == Verdict.ROLLED_BACK.value for one in await faults(sealed, connection, sealed.note))
