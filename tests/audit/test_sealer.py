"""Rows become leaves, checkpoints are signed, also when idle; nothing is signed that does not continue what was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from gateway.audit import AuditLog, sealer
from gateway.audit.sealer import Sealed, Sealer, paths
from gateway.audit.tlog import shelf
from gateway.audit.tlog.check import VerifierKey, included_root, leaf_hash, open_checkpoint
from gateway.audit.tlog.tree import inclusion
from gateway.audit.witness import Witness
from gateway.audit.witnesses.command import CommandWitness
from gateway.audit.witnesses.database import DatabaseWitness
from gateway.audit.witnesses.file import FileWitness
from gateway.audit.witnesses.http import HttpWitness
from gateway.crypto import KeyRing
from gateway.store import Store
from tests.audit.support import now, record, small_log, until
from tests.simulators.witness import WitnessServer


async def write(store: Store, ring: KeyRing, count: int) -> None:
    log = AuditLog(store, ring, now)
    await log.start()
    await asyncio.gather(*(log.append(record(n)) for n in range(count)))
    await log.close()


@asynccontextmanager
async def sealing(store: Store, ring: KeyRing, *witnesses: Witness) -> AsyncIterator[tuple[Sealer, object]]:
    one = Sealer(store, ring, now, witnesses=witnesses)
    connection = await store.connect()
    try:
        yield one, connection
    finally:
        await connection.close()


async def once(store: Store, ring: KeyRing, *witnesses: Witness) -> tuple[Sealer, Sealed | None]:
    async with sealing(store, ring, *witnesses) as (one, connection):
        return one, await one.once(connection)  # type: ignore[arg-type]


async def test_every_row_is_proven_by_the_checkpoint(database: Store, ring: KeyRing) -> None:
    small = await small_log(database, ring)
    one, sealed = await once(database, ring)
    assert sealed is not None
    assert sealed.added == len(small.rows)
    async with database.acquire() as connection:
        kept = await shelf.latest(connection)
        assert kept is not None
        checkpoint, _ = open_checkpoint(kept.note, one.key)
        assert (checkpoint.size, checkpoint.root) == (len(small.rows), sealed.checkpoint.root)
        indexes = set()
        for row in small.rows:
            index = await shelf.index_of(connection, row.stream, row.seq)
            assert index is not None
            path = await shelf.path(connection, inclusion(index, checkpoint.size))
            assert included_root(leaf_hash(row.hash), index, checkpoint.size, path) == checkpoint.root
            indexes.add(index)
        assert indexes == set(range(len(small.rows)))
        assert await shelf.index_of(connection, small.a, 99) is None


async def test_a_checkpoint_is_signed_also_when_nothing_happened(database: Store, ring: KeyRing) -> None:
    async with sealing(database, ring) as (one, connection):
        empty = await one.once(connection)  # type: ignore[arg-type]
        again = await one.once(connection)  # type: ignore[arg-type]
    assert empty is not None
    assert again is not None
    assert (empty.checkpoint.size, again.checkpoint.size) == (0, 0)
    assert again.at > empty.at


async def test_more_rows_than_one_round_takes(database: Store, ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealer, "BATCH", 100)
    await write(database, ring, 700)
    added = []
    async with sealing(database, ring) as (one, connection):
        for _ in range(9):
            sealed = await one.once(connection)  # type: ignore[arg-type]
            assert sealed is not None
            added.append(sealed.added)
    assert added == [100] * 7 + [1, 0]
    assert [
        tuple(row)
        for row in await database.fetch(
            "SELECT next - 1 = closed_seq FROM audit_ends JOIN audit_streams USING (stream)"
        )
    ] == [(True,)]


async def test_a_database_that_was_put_back_is_not_signed(database: Store, ring: KeyRing, tmp_path: Path) -> None:
    witness = FileWitness(tmp_path / "checkpoint")
    await write(database, ring, 5)
    _, sealed = await once(database, ring, witness)
    assert sealed is not None
    before = (tmp_path / "checkpoint").read_bytes()
    for table in ("audit_runs", "audit_tiles", "audit_ends", "audit_checkpoints"):
        await database.execute(f"DELETE FROM {table}")
    one, sealed = await once(database, ring, witness)
    assert sealed is None
    assert "does not continue" in str(one.problem)
    assert await database.fetchval("SELECT count(*) FROM audit_checkpoints") == 0
    assert (tmp_path / "checkpoint").read_bytes() == before


async def test_a_tree_with_another_past_is_not_signed(database: Store, ring: KeyRing) -> None:
    await write(database, ring, 5)
    await once(database, ring)
    await database.execute("UPDATE audit_tiles SET hashes = overlay(hashes PLACING '\\x00'::bytea FROM 3)")
    one, sealed = await once(database, ring)
    assert sealed is None
    assert "does not continue" in str(one.problem)


async def test_one_process_seals_and_another_takes_over(database: Store, ring: KeyRing) -> None:
    await write(database, ring, 3)
    first, second = (Sealer(database, ring, now, interval_s=0.05) for _ in range(2))
    await first.start()
    await until(lambda: first.sealed is not None)
    await second.start()
    await asyncio.sleep(0.2)
    assert not second.sealed
    await first.close()
    await until(lambda: bool(second.sealed))
    await second.close()
    assert [one.sealed.checkpoint.size for one in (first, second) if one.sealed] == [4, 4]


async def test_witnesses_of_every_kind(database: Store, ring: KeyRing, tmp_path: Path) -> None:
    key = Sealer(database, ring, now).key
    simulator = WitnessServer(key)
    kept = tmp_path / "by-command"
    async with TestServer(simulator.app()) as server:
        witnesses: list[Witness] = [
            FileWitness(tmp_path / "checkpoint"),
            CommandWitness(["sh", "-c", f"cat > {kept}"]),
            DatabaseWitness(database.dsn),
            HttpWitness(str(server.make_url("/w")), simulator.key),
        ]
        for count in (3, 2, 0):
            if count:
                await write(database, ring, count)
            _, sealed = await once(database, ring, *witnesses)
            assert sealed is not None
            checkpoint = sealed.checkpoint
    assert simulator.seen == [4, 7, 7]
    for note in (
        (tmp_path / "checkpoint").read_bytes(),
        kept.read_bytes(),
        await witnesses[2].last(key.name),
    ):
        assert note is not None
        assert open_checkpoint(note, key)[0] == checkpoint
    stored = await database.fetchval("SELECT note FROM audit_checkpoints ORDER BY size DESC LIMIT 1")
    assert open_checkpoint(stored, key, [simulator.key])[1] == {simulator.name: 1_700_000_000}


@pytest.mark.parametrize("how", ["down", "garbage", "forged"])
async def test_a_witness_that_fails_is_done_without(
    database: Store, ring: KeyRing, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    await write(database, ring, 3)
    key: VerifierKey = Sealer(database, ring, now).key
    simulator = WitnessServer(key, break_next=how)
    async with TestServer(simulator.app()) as server:
        witness = HttpWitness(str(server.make_url("/w")), simulator.key)
        _, sealed = await once(database, ring, witness)
        assert sealed is not None
        assert "did not take a checkpoint" in caplog.text
        stored = await database.fetchval("SELECT note FROM audit_checkpoints")
        assert open_checkpoint(stored, key, [simulator.key])[1] == {}
        answer = await witness.see(sealed.checkpoint, stored, paths(database))
        assert answer.cosignature
