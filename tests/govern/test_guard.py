"""The record around every administrative act, also where no policy is in force yet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.audit import AuditLog, Reader
from gateway.crypto import KeyRing
from gateway.errors import Conflict
from gateway.govern import ITSELF, Guard
from gateway.policy import Current
from gateway.store import Store


@pytest.fixture
async def guard(database: Store, ring: KeyRing) -> AsyncIterator[Guard]:
    def now() -> datetime:
        return datetime.now(UTC)

    audit = AuditLog(database, ring, now)
    await audit.start()
    yield Guard(Current(database, "test"), audit, now)
    await audit.close()


@pytest.fixture
def reader(database: Store, ring: KeyRing) -> Reader:
    return Reader(database, ring)


async def of(reader: Reader, request: str) -> list[tuple[str, dict[str, Any]]]:
    page = await reader.by_request(request)
    return [(record["kind"], record["detail"]) for record in page["records"]]


async def test_an_act_is_on_record_before_and_after(guard: Guard, reader: Reader) -> None:
    async with guard.recorded("r1", ITSELF, "key.create", {"key": "a"}) as outcome:
        assert [kind for kind, _ in await of(reader, "r1")] == ["intent"]
        outcome["id"] = "k1"
    who = {"name": "gateway", "roles": []}
    assert await of(reader, "r1") == [("intent", {"key": "a", **who}), ("outcome", {"key": "a", "id": "k1", **who})]
    page = await reader.by_request("r1")
    assert [(r["principal"], r["action"], r["policy"]) for r in page["records"]] == [("gateway", "key.create", "")] * 2


async def test_an_act_that_is_refused_has_an_outcome_with_its_code(guard: Guard, reader: Reader) -> None:
    with pytest.raises(Conflict):
        async with guard.recorded("r2", ITSELF, "key.create", {}):
            raise Conflict("a key named Jane Roe exists")
    (_, _), (kind, detail) = await of(reader, "r2")
    assert (kind, detail["error"]) == ("outcome", "conflict")
    assert "Jane" not in str(detail)


async def test_of_a_fault_the_class_is_on_record_and_its_words_are_not(guard: Guard, reader: Reader) -> None:
    with pytest.raises(RuntimeError):
        async with guard.recorded("r3", ITSELF, "key.create", {}):
            raise RuntimeError("Jane Roe")
    (_, _), (kind, detail) = await of(reader, "r3")
    assert (kind, detail["error"], detail["fault"]) == ("outcome", "internal_error", "RuntimeError")
    assert "Jane" not in str(detail)


async def test_what_an_act_is_about_never_hides_who_did_it(guard: Guard, reader: Reader) -> None:
    await guard.record("event", "r4", ITSELF, "key.list", {"name": "somebody", "roles": ["admin"]})
    [(_, detail)] = await of(reader, "r4")
    assert detail == {"name": "gateway", "roles": []}
