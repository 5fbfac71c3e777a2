"""Credentials that do not count: refused alike, and on record together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.audit import AuditLog, Reader
from gateway.crypto import KeyRing
from gateway.errors import AuditUnavailable, Unauthenticated
from gateway.govern import Entrance, Guard
from gateway.govern.entrance import MOST
from gateway.identity import Keys
from gateway.model import Position, Record
from gateway.policy import Current
from gateway.store import Store


def now() -> datetime:
    return datetime.now(UTC)


class Failing(AuditLog):
    """A log that can be out of reach."""

    down = False

    async def append(self, record: Record) -> Position:
        if self.down:
            raise AuditUnavailable("the audit log cannot be written")
        return await super().append(record)


@dataclass
class Kit:
    entrance: Entrance
    audit: Failing
    keys: Keys
    reader: Reader

    async def refused(self, credential: str | None, client: str) -> None:
        with pytest.raises(Unauthenticated):
            await self.entrance.caller(credential and f"Bearer {credential}", None, client)

    async def told(self) -> list[dict[str, Any]]:
        records = (await self.reader.recent(50))["records"]
        return [record for record in records if record["action"] == "access.refused"]


@pytest.fixture
async def kit(database: Store, ring: KeyRing) -> AsyncIterator[Kit]:
    audit = Failing(database, ring, now)
    await audit.start()
    keys = Keys(database, ring)
    entrance = Entrance(keys, Guard(Current(database, "test"), audit, now), lambda: "r", every_s=3600)
    yield Kit(entrance, audit, keys, Reader(database, ring))
    audit.down = False
    await entrance.close()
    await audit.close()


async def test_attempts_are_told_together_by_address_and_key(kit: Kit) -> None:
    info, secret = await kit.keys.create("hana")
    caller = await kit.entrance.caller(f"Bearer {secret.reveal()}", None, "192.0.2.1")
    assert (caller.id, caller.client) == (info.id, "192.0.2.1")
    await kit.keys.revoke("hana")
    for _ in range(3):
        await kit.refused(secret.reveal(), "192.0.2.1")
    await kit.refused("sk-another-systems-secret", "192.0.2.2")
    await kit.refused(None, "")
    assert await kit.told() == []
    await kit.entrance.close()
    (record,) = await kit.told()
    assert (record["kind"], record["principal"], record["retention"]) == ("refusal", "gateway", "requests")
    detail = record["detail"]
    assert (detail["code"], detail["attempts"], detail["addresses"], detail["keys"]) == ("invalid_api_key", 5, 3, 1)
    assert record["content"] == {
        "addresses": {"192.0.2.1": 3, "192.0.2.2": 1, "unknown": 1},
        "keys": {info.id: 3},
    }
    assert secret.reveal() not in str(record)
    assert "another" not in str(record)


async def test_one_record_names_so_many_addresses_and_counts_the_rest(kit: Kit) -> None:
    for number in range(MOST + 5):
        await kit.refused(None, f"192.0.2.{number}")
    await kit.entrance.close()
    (record,) = await kit.told()
    assert record["detail"]["attempts"] == MOST + 5
    assert len(record["content"]["addresses"]) == MOST + 1
    assert record["content"]["addresses"]["others"] == 5


async def test_nothing_is_lost_while_the_log_is_out_of_reach(kit: Kit) -> None:
    kit.audit.down = True
    await kit.refused(None, "192.0.2.1")
    await kit.entrance.close()
    await kit.refused(None, "192.0.2.1")
    kit.audit.down = False
    await kit.entrance.close()
    (record,) = await kit.told()
    assert record["content"]["addresses"] == {"192.0.2.1": 2}


async def test_they_are_told_while_the_gateway_goes_on(database: Store, kit: Kit) -> None:
    quick = Entrance(kit.keys, Guard(Current(database, "test"), kit.audit, now), lambda: "r", every_s=0.01)
    for _ in range(2):
        before = len(await kit.told())
        with pytest.raises(Unauthenticated):
            await quick.caller(None, None, "192.0.2.1")
        async with asyncio.timeout(60):
            while len(await kit.told()) == before:  # noqa: ASYNC110 - what is awaited stands in the database
                await asyncio.sleep(0.01)
    await quick.close()
