"""A witness in another PostgreSQL server, which goes away for a while and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.audit.sealer import Sealer
from gateway.audit.snapshot import check
from gateway.audit.tlog.check import open_checkpoint
from gateway.audit.verdicts import Verdict, Vouching
from gateway.audit.vouching import ask, vouched
from gateway.audit.witnesses.database import DatabaseWitness
from gateway.crypto import KeyRing
from gateway.store import Store
from gateway.store.embedded import EmbeddedServer
from tests.audit.support import now
from tests.audit.test_sealer import once, sealing, write


@pytest.fixture
def other(tmp_path: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(tmp_path / "elsewhere")
    server.start()
    yield server
    server.release()


async def test_the_log_goes_on_without_it_and_it_gets_the_next_checkpoint_when_it_is_back(
    database: Store, ring: KeyRing, other: EmbeddedServer, caplog: pytest.LogCaptureFixture
) -> None:
    witness = DatabaseWitness(other.url("postgres"))
    key = Sealer(database, ring, now).key

    async def kept() -> int:
        note = await witness.last(key.name)
        assert note is not None
        return open_checkpoint(note, key)[0].size

    async def said() -> Vouching:
        (one,) = await vouched(database, key, await ask([witness], key.name))
        return one.what

    async with sealing(database, ring, witness) as (one, connection):
        await write(database, ring, 3)
        assert await one.once(connection)  # type: ignore[arg-type]
        assert (await kept(), await said()) == (4, Vouching.AGREES)
        assert "did not take a checkpoint" not in caplog.text

        await asyncio.to_thread(other.stop)
        await write(database, ring, 2)
        sealed = await one.once(connection)  # type: ignore[arg-type]
        assert sealed is not None
        assert sealed.checkpoint.size == 7
        assert one.problem is None
        assert "witness database did not take a checkpoint" in caplog.text
        assert await said() == Vouching.SILENT

        await asyncio.to_thread(other.start)
        assert (await kept(), await said()) == (4, Vouching.AGREES)
        await write(database, ring, 1)
        assert await one.once(connection)  # type: ignore[arg-type]
    assert (await kept(), await said()) == (9, Vouching.AGREES)

    # The list of the tree's rows and its checkpoints are put back to where they were signed first.
    for table, size in (("audit_runs", "first"), ("audit_checkpoints", "size")):
        await database.execute(f"DELETE FROM {table} WHERE {size} > 4")
    note = await witness.last(key.name)
    assert note is not None
    assert await said() == Vouching.REFUSED
    await database.execute("DELETE FROM audit_tiles")
    assert await said() == Vouching.REFUSED
    report = await check(database, ring, key=key, known=[note])
    assert Verdict.ROLLED_BACK in {fault.verdict for fault in report.faults}
    again, sealed = await once(database, ring, witness)
    assert (sealed, again.problem is None) == (None, False)
