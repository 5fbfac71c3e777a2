"""What a hold keeps is found in the records themselves, whatever the index says or does not say."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from gateway.audit import AuditLog, Held
from gateway.audit.sealer import Sealer
from gateway.audit.terms import Terms
from gateway.crypto import KeyRing
from gateway.store import Store
from tests.audit.support import now
from tests.audit.test_prune import START, Kept, written


def ids_in(text: str) -> list[str]:
    return re.findall(r"text \d+", text)


@pytest.fixture
async def kept(database: Store, ring: KeyRing) -> AsyncIterator[Kept]:
    """A record a day, three of each person in turn; `text 4` counts as the id of a value."""
    log = AuditLog(database, ring, now, find=ids_in)
    await log.start()
    for n in range(8):
        await log.append(written(n))
    yield Kept(database, ring, Sealer(database, ring, now).key, log)
    await log.close()


async def standing_in_the_way(kept: Kept, *, who: str = "", value: str = "") -> list[int]:
    held = Held(kept.store, kept.ring, Terms(kept.ring, ids_in), kept.key)
    async with kept.store.transaction() as conn:
        found = await (held.of_subject(conn, [who], []) if who else held.of_value(conn, [value]))
    return [hold.number for hold in found]


@pytest.mark.parametrize("indexed", [True, False])
async def test_holds_of_each_kind(kept: Kept, indexed: bool) -> None:
    if not indexed:
        await kept.store.execute("DELETE FROM audit_index")
    ben = kept.log.subjects.digest("user:ben")
    await kept.hold(request="r4")
    await kept.hold(since=START + timedelta(days=6))
    await kept.hold(retention="documents", until=START + timedelta(days=2))
    await kept.hold(subjects=(ben,))
    await kept.hold(subjects=(ben,), since=START + timedelta(days=6))
    assert await standing_in_the_way(kept, who="user:ada") == [2, 3]
    assert await standing_in_the_way(kept, who="user:ben") == [1, 4]
    assert await standing_in_the_way(kept, who="user:eva") == []
    assert await standing_in_the_way(kept, value="text 4") == [1, 4]
    assert await standing_in_the_way(kept, value="text 7") == [2]
    assert await standing_in_the_way(kept, value="text 9") == []
    await kept.release(4)
    assert await standing_in_the_way(kept, who="user:ben") == [1]


async def test_who_was_forgotten_before_is_not_kept(kept: Kept) -> None:
    await kept.log.subjects.destroy([kept.log.subjects.digest("user:ben")])
    await kept.hold(request="r4")
    assert await standing_in_the_way(kept, who="user:ben") == []


async def test_a_record_that_does_not_open_is_kept(kept: Kept) -> None:
    await kept.hold(request="r4")
    async with kept.store.transaction() as conn:
        await conn.execute("ALTER TABLE audit_log DISABLE TRIGGER USER")
        await conn.execute("UPDATE audit_log SET sealed = sealed || '\\x00' WHERE request = 'r4'")
    assert await standing_in_the_way(kept, who="user:ben") == [1]
