"""The vault: sealed, idempotent, by tenant and collection, and in step with the ingest transaction."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from gateway.crypto.keyring import KeyRing
from gateway.errors import SealBroken
from gateway.redaction import Original, Vault, VaultEntry
from gateway.store import Store

JANE, MAIL = "[PERSON_00000000000a]", "[EMAIL_ADDRESS_00000000000b]"
BOTH = {JANE: Original("Jane Roe 😀", "PERSON"), MAIL: Original("jane@acme.example", "EMAIL_ADDRESS")}


async def test_what_is_kept_comes_back_with_its_collections(database: Store, ring: KeyRing) -> None:
    vault = Vault(database, ring)
    await vault.keep("default", "hr", BOTH, document="d1")
    await vault.keep("default", "legal", {JANE: BOTH[JANE]}, document="d2")
    await vault.keep("default", "hr", BOTH, document="d1")
    await vault.keep("default", None, {"[P_00000000000c]": Original("typed", "P")})
    got = await vault.look_up("default", [JANE, MAIL, "[P_00000000000c]", "[P_unknown00000]"])
    assert got == {
        JANE: VaultEntry("Jane Roe 😀", "PERSON", frozenset({"hr", "legal"})),
        MAIL: VaultEntry("jane@acme.example", "EMAIL_ADDRESS", frozenset({"hr"})),
        "[P_00000000000c]": VaultEntry("typed", "P"),
    }
    assert await vault.look_up("other", [JANE]) == {}
    assert await vault.look_up("default", []) == {}


async def test_values_lie_sealed_and_bound_to_tenant_and_token(database: Store, ring: KeyRing) -> None:
    vault = Vault(database, ring)
    await vault.keep("default", "hr", BOTH, document="d1")
    rows = await database.fetch("SELECT v::text AS row FROM vault v")
    assert not any("Jane" in row["row"] or b"Jane".hex() in row["row"] for row in rows)
    assert "Jane" not in repr(await vault.look_up("default", [JANE]))
    await database.execute(
        "UPDATE vault SET sealed = (SELECT sealed FROM vault WHERE token = $1) WHERE token = $2", MAIL, JANE
    )
    with pytest.raises(SealBroken):
        await vault.look_up("default", [JANE])


async def test_keep_joins_the_transaction_it_is_given(database: Store, ring: KeyRing) -> None:
    vault = Vault(database, ring)
    with suppress(RuntimeError):
        async with database.transaction() as conn:
            await vault.keep("default", "hr", BOTH, document="d1", conn=conn)
            raise RuntimeError
    assert await vault.look_up("default", [JANE]) == {}


async def test_a_document_that_leaves_takes_only_what_nothing_else_brought(database: Store, ring: KeyRing) -> None:
    vault = Vault(database, ring)
    await vault.keep("default", "hr", BOTH, document="d1")
    await vault.keep("default", "legal", {JANE: BOTH[JANE]}, document="d2")
    assert await vault.leave("default", "d1") == 1
    assert await vault.look_up("default", [JANE, MAIL]) == {
        JANE: VaultEntry("Jane Roe 😀", "PERSON", frozenset({"legal"}))
    }
    async with database.transaction() as conn:
        assert await vault.leave("default", "d2", conn=conn) == 1
    assert await vault.leave("default", "d2") == 0


async def test_many_writers_of_the_same_tokens_do_not_lock_each_other_out(database: Store, ring: KeyRing) -> None:
    vault = Vault(database, ring)
    many = {f"[P_{n:012d}]": Original(str(n), "P") for n in range(200)}
    turned = dict(reversed(many.items()))
    await asyncio.gather(*(vault.keep("default", "hr", m, document=f"d{n}") for n, m in enumerate([many, turned] * 4)))
    assert len(await vault.look_up("default", list(many))) == 200
