"""What a record was found by, once a value that it held was erased."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.audit import AuditLog, Forgetting, Index, Reader, Search
from gateway.audit.search import Filters
from gateway.audit.terms import Terms
from gateway.crypto import KeyRing
from gateway.store import Store
from tests.audit.support import now, record
from tests.audit.test_terms import DETAIL, find

TEXTS = ("id1", "id1 id2", "id2", "nothing")


@pytest.fixture
async def log(database: Store, ring: KeyRing) -> AsyncIterator[AuditLog]:
    log = AuditLog(database, ring, now, find=find)
    await log.start()
    for n, text in enumerate(TEXTS):
        await log.append(replace(record(n, text=text), principal=f"user:{n}", detail=DETAIL))
    yield log
    await log.close()


async def found(store: Store, ring: KeyRing, value: str) -> list[str]:
    search = Search(store, Reader(store, ring), Terms(ring, find))
    page = await search.search(Filters(values=frozenset([value])))
    return sorted(told["request"] for told in page["records"])


async def test_records_from_before_are_not_found_by_it_also_by_an_index_made_anew(
    log: AuditLog, database: Store, ring: KeyRing
) -> None:
    assert await found(database, ring, "id1") == ["r0", "r1"]
    forgetting = Forgetting(database, ring, log)
    later = now() + timedelta(seconds=1)
    assert await forgetting.count_values(["id1", "id9"], later) == 2
    assert await forgetting.count_values(["id1"], later, without=["user:0"]) == 1
    assert await forgetting.unindex_values(["id1", "id9"], later) == 2
    # Of the two values only the one that a record held is listed.
    assert await database.fetchval("SELECT count(*) FROM audit_erased_values") == 1
    await log.append(replace(record(4, text="id1"), at=later, detail=DETAIL))
    index = Index(database, Reader(database, ring), Terms(ring, find))
    for _ in range(2):
        assert await found(database, ring, "id1") == ["r4"], "what was said after it is found"
        assert await found(database, ring, "id2") == ["r1", "r2"]
        assert (await index.compare()).ok
        await database.execute("DELETE FROM audit_index")
        await index.rebuild()
    assert await forgetting.unindex_values(["id1"], later) == 0


async def test_a_value_that_shares_its_term_is_still_found(
    log: AuditLog, database: Store, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Terms of values are short on purpose, so some are the same."""
    real = Terms.term

    def same(self: Terms, field: str, value: str) -> int:
        return real(self, field, "id" if field == "value" else value)

    monkeypatch.setattr(Terms, "term", same)
    index = Index(database, Reader(database, ring), Terms(ring, find))
    await index.rebuild()
    assert await Forgetting(database, ring, log).unindex_values(["id1"], now()) == 2
    assert (await index.compare()).ok
    assert await found(database, ring, "id2") == ["r1", "r2"]
