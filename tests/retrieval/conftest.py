"""An index over each of the two storages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.crypto.keyring import KeyRing
from gateway.retrieval import Index, NewDocument, Stored
from gateway.retrieval.nouns import Held
from gateway.store import Store
from gateway.store.store import Connection
from tests.retrieval.corpus import clock
from tests.retrieval.outside import Outside


class Paid(Index):
    """An index whose points are in Qdrant as soon as a change of it is committed."""

    outside: Outside

    async def put_document(self, new: NewDocument, conn: Connection | None = None) -> Stored:
        stored = await super().put_document(new, conn)
        await self.outside.pay()
        return stored

    async def permit(self, old: Held, *args: Any, **named: Any) -> Stored:
        stored = await super().permit(old, *args, **named)
        await self.outside.pay()
        return stored

    async def delete_document(self, *args: Any, **named: Any) -> None:
        await super().delete_document(*args, **named)
        await self.outside.pay()


@pytest.fixture(params=["postgresql", "qdrant"])
async def either(request: pytest.FixtureRequest, database: Store, ring: KeyRing) -> AsyncIterator[Index]:
    """An index with the collection `handbook`, over PostgreSQL and over Qdrant."""
    index: Index
    outside = Outside(database) if request.param == "qdrant" else None
    if outside is None:
        index = Index(database, ring, clock)
    else:
        await outside.start()
        index = Paid(database, ring, clock, outside.storage)
        index.outside = outside
    await index.create_collection("default", "handbook", label="internal", by="test")
    yield index
    if outside is not None:
        await outside.engine.close()
