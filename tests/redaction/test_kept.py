"""Kept values: sealed, bound to tenant and principal, and gone when their time is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.crypto.keyring import KeyRing
from gateway.errors import SealBroken
from gateway.redaction import Kept, KeptValue, Original
from gateway.redaction.kept import ID
from gateway.store import Store

JANE, MAIL = "[PERSON_00000000000a]", "[EMAIL_ADDRESS_00000000000b]"
JANE_ID, MAIL_ID = "00000000000a", "00000000000b"
BOTH = {JANE: Original("Jane Roe 😀\x00", "PERSON"), MAIL: Original("jane@acme.example", "EMAIL_ADDRESS")}


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 5, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kept(database: Store, ring: KeyRing, clock: Clock) -> Kept:
    return Kept(database, ring, clock, hours=24)


async def test_what_is_kept_comes_back_until_its_time_is_over(kept: Kept, clock: Clock, database: Store) -> None:
    until = await kept.keep("default", "key1", BOTH)
    assert until == clock.at + timedelta(hours=24)
    assert await kept.look_up("default", [JANE_ID, "0000000unkn0"]) == {
        JANE: KeptValue("Jane Roe 😀\x00", "PERSON", "key1")
    }
    assert await kept.look_up("other", [JANE_ID]) == {}
    assert await kept.look_up("default", []) == {}
    clock.at += timedelta(hours=24)
    assert await kept.look_up("default", [JANE_ID]) == {}
    assert await database.fetchval("SELECT count(*) FROM kept_values") == 2
    assert await kept.sweep() == 2
    assert await database.fetchval("SELECT count(*) FROM kept_values") == 0


async def test_keeping_again_lengthens_the_time_and_takes_the_newest_spelling(kept: Kept, clock: Clock) -> None:
    await kept.keep("default", "key1", BOTH)
    clock.at += timedelta(hours=20)
    await kept.keep("default", "key1", {JANE: Original("JANE ROE", "PERSON")})
    clock.at += timedelta(hours=20)
    assert await kept.look_up("default", [JANE_ID, MAIL_ID]) == {JANE: KeptValue("JANE ROE", "PERSON", "key1")}


async def test_starting_deletes_what_has_expired(kept: Kept, clock: Clock, database: Store) -> None:
    await kept.keep("default", "key1", BOTH)
    clock.at += timedelta(hours=25)
    await kept.start()
    await kept.close()
    assert await database.fetchval("SELECT count(*) FROM kept_values") == 0


async def test_no_hours_keep_nothing(database: Store, ring: KeyRing, clock: Clock) -> None:
    kept = Kept(database, ring, clock, hours=0)
    assert await kept.keep("default", "key1", BOTH) is None
    assert await database.fetchval("SELECT count(*) FROM kept_values") == 0


async def test_nothing_to_keep_writes_nothing(kept: Kept) -> None:
    assert await kept.keep("default", "key1", {}) is None


async def test_values_lie_sealed_and_bound_to_tenant_principal_and_token(kept: Kept, database: Store) -> None:
    await kept.keep("default", "key1", BOTH)
    rows = await database.fetch("SELECT k::text AS row FROM kept_values k")
    assert not any("Jane" in row["row"] or b"Jane".hex() in row["row"] for row in rows)
    assert "Jane" not in repr(await kept.look_up("default", [JANE_ID]))
    for change in (
        "UPDATE kept_values SET principal = 'key2'",
        "UPDATE kept_values SET principal = 'key1', tenant = 'other'",
        "UPDATE kept_values SET tenant = 'default', token = '[PERSON_00000000000d]' WHERE token LIKE '[PERSON%'",
    ):
        await database.execute(change)
        tenant = "other" if "other" in change else "default"
        with pytest.raises(SealBroken):
            await kept.look_up(tenant, [JANE_ID, "00000000000d"])


async def test_a_value_in_another_form_has_the_same_id(kept: Kept) -> None:
    roe = "[PERSON_00000000000a_12ab]"
    await kept.keep("default", "key1", {**BOTH, roe: Original("Roe", "PERSON")})
    found = await kept.look_up("default", [JANE_ID])
    assert {token: one.value for token, one in found.items()} == {JANE: "Jane Roe 😀\x00", roe: "Roe"}


async def test_the_indexes_serve_the_lookups(database: Store) -> None:
    async with database.transaction() as conn:
        await conn.execute("SET LOCAL enable_seqscan = off")
        for table in ("kept_values", "vault"):
            sql = f"EXPLAIN SELECT token FROM {table} WHERE tenant = 'default' AND {ID} = ANY(ARRAY['00000000000a'])"
            assert f"{table}_by_id" in " ".join(row[0] for row in await conn.fetch(sql))
