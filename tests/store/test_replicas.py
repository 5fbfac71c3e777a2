"""A real second PostgreSQL that follows the first: it serves what is fresh, and nobody notices when it is gone."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from gateway.crypto.keyring import KeyRing
from gateway.errors import StoreUnavailable
from gateway.retrieval import Index
from gateway.store import Store, open_store
from gateway.store import replicas as module
from gateway.store.embedded import EmbeddedServer
from gateway.store.store import DATABASE, Connection
from tests.retrieval.corpus import clock, document, found, scope

MARK = "SELECT jsonb_object_agg(shard::text, n) FROM index_versions WHERE tenant = $1"


@dataclass
class Pair:
    store: Store
    primary: EmbeddedServer
    replica: EmbeddedServer

    async def follower(self, sql: str) -> object:
        """One statement on the replica itself."""
        connection = await asyncpg.connect(self.replica.url(DATABASE))
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    async def caught_up(self) -> None:
        position = await self.store.fetchval("SELECT pg_current_wal_lsn()::text")
        for _ in range(600):
            if await self.follower(f"SELECT pg_last_wal_replay_lsn() >= '{position}'"):
                return
            await asyncio.sleep(0.05)
        raise AssertionError("the replica does not follow")


@pytest.fixture
def second_dir(data_dir: Path) -> Iterator[Path]:
    """A copy of the first, made while it is down."""
    folder = Path(tempfile.mkdtemp(prefix="gw-"))
    subprocess.run(["cp", "-a", f"{data_dir}/.", str(folder)], check=True)
    yield folder
    EmbeddedServer(folder).stop("immediate")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def pair(data_dir: Path, second_dir: Path) -> AsyncIterator[Pair]:
    """A primary, and a copy of its directory that follows it."""
    primary, replica = EmbeddedServer(data_dir), EmbeddedServer(second_dir)
    (replica.pgdata / "standby.signal").touch()
    owner = replica.pgdata.stat()
    shutil.chown(replica.pgdata / "standby.signal", owner.st_uid, owner.st_gid)
    with (replica.pgdata / "postgresql.auto.conf").open("a") as file:
        file.write(f"primary_conninfo = 'host={primary._socket_dir()} port=5432 user=postgres'\n")
        file.write("wal_retrieve_retry_interval = '100ms'\n")
    await asyncio.to_thread(primary.start)
    await asyncio.to_thread(replica.start)
    try:
        store = await open_store(primary.url(DATABASE), Path("unused"), replicas=[replica.url(DATABASE)])
        async with store:
            yield Pair(store, primary, replica)
    finally:
        await asyncio.to_thread(replica.release)
        await asyncio.to_thread(primary.release)


@pytest.fixture
async def index(pair: Pair, ring: KeyRing) -> Index:
    index = Index(pair.store, ring, clock)
    await index.create_collection("default", "handbook", label="internal", by="test")
    for number in range(5):
        await index.put_document(document(index, f"{number}", [f"note {number}"]))
    await pair.caught_up()
    return index


async def test_searches_go_to_a_replica_that_is_fresh(pair: Pair, index: Index) -> None:
    for _ in range(3):
        assert (await found(index, "note 3", scope(), 1)) == ["note 3"]
    assert pair.store.replicas.served == {"replica": 3}
    assert await pair.follower("SELECT pg_is_in_recovery()")
    await index.put_document(document(index, "6", ["note 6"]))
    assert await pair.store.fetchval("SELECT pg_is_in_recovery()") is False


async def test_a_change_of_permission_is_seen_by_the_next_question(pair: Pair, index: Index) -> None:
    """The replica stands still; what it does not know yet it is not asked."""
    await pair.follower("SELECT pg_wal_replay_pause()")
    held = await index.held("default", "handbook", index.source_key("default", "3"))
    assert held is not None
    await index.permit(held, held.label, ("group:board",), ())
    assert "note 3" not in await found(index, "note 3", scope())
    assert (await found(index, "note 3", scope(marks=("group:board",)))) == ["note 3"]
    assert pair.store.replicas.served == {"primary": 2, "behind": 2}
    await pair.follower("SELECT pg_wal_replay_resume()")
    await pair.caught_up()
    assert "note 3" not in await found(index, "note 3", scope())
    assert pair.store.replicas.served["replica"] == 1


async def test_another_process_sees_it_too(pair: Pair, index: Index, ring: KeyRing) -> None:
    """Freshness is asked of the primary, not remembered by whoever wrote."""
    addresses = [pair.replica.url(DATABASE)]
    async with await open_store(pair.primary.url(DATABASE), Path("unused"), replicas=addresses) as second:
        other = Index(second, ring, clock)
        await pair.follower("SELECT pg_wal_replay_pause()")
        held = await index.held("default", "handbook", index.source_key("default", "3"))
        assert held is not None
        await index.permit(held, held.label, (), ())
        assert "note 3" not in await found(other, "note 3", scope())
        await pair.follower("SELECT pg_wal_replay_resume()")


async def test_a_replica_that_dies_is_left_out_and_comes_back(
    pair: Pair, index: Index, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "LONGEST_REST_S", 0.5)
    assert await found(index, "note 1", scope(), 1) == ["note 1"]
    await asyncio.to_thread(pair.replica.stop, "immediate")
    for _ in range(5):
        assert await found(index, "note 1", scope(), 1) == ["note 1"]
    assert pair.store.replicas.resting() == 1
    assert pair.store.replicas.served["primary"] == 5
    assert "replica 1 of the database is left out" in caplog.text
    assert str(pair.replica.pgdata) not in caplog.text
    await asyncio.to_thread(pair.replica.start)
    await pair.caught_up()
    for _ in range(100):
        assert await found(index, "note 1", scope(), 1) == ["note 1"]
        if pair.store.replicas.served["replica"] > 1:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the replica did not come back")


async def test_what_fails_on_a_replica_is_done_on_the_primary(pair: Pair, index: Index) -> None:
    """The connection ends in the middle of the work."""

    async def work(conn: Connection) -> bool:
        if await conn.fetchval("SELECT pg_is_in_recovery()"):
            await conn.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return bool(await conn.fetchval("SELECT pg_is_in_recovery()"))

    assert await pair.store.read(work, MARK, "default") is False
    assert pair.store.replicas.served == {"primary": 1, "down": 1}


async def test_a_replica_that_never_was_there(pair: Pair, ring: KeyRing) -> None:
    nowhere = "postgresql:///gateway?host=%2Fnowhere"
    async with await open_store(pair.primary.url(DATABASE), Path("unused"), replicas=[nowhere]) as store:
        assert await Index(store, ring, clock).search([1.0] + [0.0] * 383, {}, scope(), 1) == []
        assert store.replicas.resting() == 1


async def test_an_error_of_the_work_itself_stays_what_it_is(pair: Pair, index: Index) -> None:
    async def work(_: Connection) -> None:
        raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        await pair.store.read(work, MARK, "default")
    assert pair.store.replicas.resting() == 0


async def test_without_replicas_nothing_is_asked_twice(database: Store) -> None:
    async def work(conn: Connection) -> bool:
        return bool(await conn.fetchval("SELECT current_setting('transaction_read_only') = 'on'"))

    assert await database.read(work, "SELECT this is never run") is True
    assert not database.replicas
    await database.pool.close()
    with pytest.raises((StoreUnavailable, asyncpg.InterfaceError)):
        await database.read(work, "SELECT this is never run")
