"""The tables of jobs: who may finish a part, what is tried alone, and what is given up."""

from __future__ import annotations

import pytest

from gateway.crypto.keyring import KeyRing
from gateway.errors import Conflict, Invalid, RedactionUnavailable, SealBroken
from gateway.ingest.ledger import ALONE_AFTER, ATTEMPTS, Ledger, Part
from gateway.retrieval import Stored
from gateway.store import Store
from tests.ingest.bench import HANA, now
from tests.ingest.service import file

STORED = Stored("d1", "new", 1, 2)


@pytest.fixture
async def ledger(database: Store, ring: KeyRing) -> Ledger:
    made = Ledger(ring)
    async with database.transaction() as conn:
        sealed = made.seal(HANA.tenant, "j", [file(n) for n in range(5)])
        assert await made.add(conn, "j", HANA, "hr", sealed, "r", now()) == [0]
    return made


async def claim(ledger: Ledger, store: Store, who: str) -> list[Part]:
    async with store.transaction() as conn:
        return await ledger.claim(conn, HANA.tenant, "j", 0, who, now())


async def states(store: Store) -> list[str]:
    return [row["state"] for row in await store.fetch("SELECT state FROM ingest_parts ORDER BY number")]


async def test_only_the_last_claim_counts(ledger: Ledger, database: Store) -> None:
    parts = await claim(ledger, database, "slow")
    assert [part.about["name"] for part in parts] == [f"{n}.txt" for n in range(5)]
    assert parts[0].file.startswith(b"Note 0")
    await claim(ledger, database, "other")
    with pytest.raises(Conflict, match="taken"):
        async with database.transaction() as conn:
            await ledger.done(conn, "j", 0, "slow", STORED)
    async with database.transaction() as conn:
        await ledger.done(conn, "j", 0, "other", STORED)
        assert not await ledger.end(conn, "j", now())
    assert await states(database) == ["done", *["running"] * 4]


async def test_an_error_fails_a_part_and_a_passing_one_does_not(ledger: Ledger, database: Store) -> None:
    first, second, *_ = await claim(ledger, database, "w")
    async with database.transaction() as conn:
        assert not await ledger.error(conn, "j", first, "w", Invalid("the file has no text"))
        assert await ledger.error(conn, "j", second, "w", RedactionUnavailable("the detector is overloaded"))
        # Not his: nothing happens.
        await ledger.error(conn, "j", first, "another", RedactionUnavailable("the detector is overloaded"))
    assert await states(database) == ["failed", "waiting", "running", "running", "running"]


async def test_what_ends_workers_is_tried_alone_and_then_given_up(ledger: Ledger, database: Store) -> None:
    """Nobody reports back: as if each worker had been killed."""
    sizes = [len(await claim(ledger, database, f"w{n}")) for n in range(ALONE_AFTER)]
    assert sizes == [5] * ALONE_AFTER
    for _ in range(ALONE_AFTER, ATTEMPTS):
        (part,) = await claim(ledger, database, "alone")
        assert part.number == 0
    (part,) = await claim(ledger, database, "next")
    assert part.number == 1
    assert (await states(database))[0] == "failed"
    row = await database.fetchrow("SELECT error, reason FROM ingest_parts WHERE number = 0")
    assert row is not None
    assert (row["error"], "ended" in row["reason"]) == ("internal_error", True)


async def test_sealed_parts_open_in_their_place_only(ledger: Ledger, database: Store) -> None:
    await database.execute("UPDATE ingest_parts SET file = (SELECT file FROM ingest_parts WHERE number = 1)")
    with pytest.raises(SealBroken):
        await claim(ledger, database, "w")
