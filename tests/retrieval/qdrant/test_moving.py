"""The way back, and what differs between Qdrant and the database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.crypto.keyring import KeyRing
from gateway.errors import Conflict
from gateway.retrieval import Index, query_terms
from gateway.retrieval.qdrant.engine import Sent
from gateway.retrieval.qdrant.moving import Compared, bring_back, compare
from gateway.retrieval.qdrant.owed import home
from gateway.retrieval.storage import Point
from gateway.store import Store
from tests.retrieval.corpus import clock, document, found, scope, vector
from tests.retrieval.outside import Outside

POINTS = "SELECT tenant, chunk, scope, embedding::text, terms::text, term_ids FROM points ORDER BY chunk"


@pytest.fixture
async def outside(database: Store) -> AsyncIterator[Outside]:
    made = Outside(database)
    yield made
    await made.engine.close()


@pytest.fixture
async def index(database: Store, ring: KeyRing) -> Index:
    index = Index(database, ring, clock)
    await index.create_collection("default", "handbook", label="internal", by="test")
    await index.put_document(document(index, "a", ["the green garden", "the canteen"]))
    await index.put_document(document(index, "b", ["the merger"], allow=("group:board",)))
    return index


async def test_there_and_back_is_the_same(index: Index, outside: Outside, database: Store) -> None:
    before = await database.fetch(POINTS)
    question = vector("the canteen"), query_terms("green garden")
    answer = [(one.id, one.score) for one in await index.search(*question, scope(), 5)]
    await outside.start()
    await outside.pay()
    assert await database.fetch(POINTS) == []
    done: list[int] = []
    assert await bring_back(database, outside.engine, done.append) == 2
    assert done == [1, 2]
    assert await database.fetch(POINTS) == before
    assert await home(database) is None
    assert [(one.id, one.score) for one in await index.search(*question, scope(), 5)] == answer
    assert not await outside.engine._clients[0].collection_exists("gateway-384")
    with pytest.raises(Conflict):
        await bring_back(database, outside.engine)


async def test_nothing_is_thrown_away_while_points_are_nowhere(index: Index, outside: Outside, database: Store) -> None:
    await outside.start()
    await outside.pay()
    chunk = await database.fetchval("SELECT min(id) FROM chunks")
    await outside.engine.drop("gateway-384", [chunk])
    assert await compare(database, outside.engine) == Compared(points=2, dropped=0, owed=0, missing=1)
    with pytest.raises(Conflict, match="1 passages have their vectors neither"):
        await bring_back(database, outside.engine)
    assert await home(database) is not None
    assert len(await outside.held()) == 2


async def test_what_differs_is_mended(index: Index, outside: Outside, database: Store, ring: KeyRing) -> None:
    await outside.start()
    await outside.pay()
    (mine,) = [row["id"] for row in await database.fetch("SELECT id FROM chunks WHERE text = 'the merger'")]
    stray = Sent(Point(987_654, vector("stray"), {5: 1.0}), "0" * 32, 1, 10**6)
    await outside.engine.put("gateway-384", "default", [stray])
    # As if somebody had written there by hand.
    await outside.engine._clients[0].set_payload("gateway-384", {"scope": 999}, points=[mine])
    assert await compare(database, outside.engine) == Compared(points=3, dropped=1, owed=1, missing=0)
    await outside.payer.settle("default")
    assert await compare(database, outside.engine) == Compared(points=3, dropped=0, owed=0, missing=0)
    board = scope(marks=("*", "group:board"))
    assert await found(Index(database, ring, clock, outside.storage), "the merger", board, 1) == ["the merger"]


async def test_points_of_a_database_that_was_put_back_are_no_points_of_ours(
    index: Index, outside: Outside, database: Store, ring: KeyRing
) -> None:
    """Its numbers begin again: another passage has one that Qdrant knows, and changes count lower than there."""
    await outside.start()
    await outside.pay()
    (mine,) = [row["id"] for row in await database.fetch("SELECT id FROM chunks WHERE text = 'the merger'")]
    kept = await database.fetchrow(
        "SELECT c.id, c.document, d.scope FROM chunks c JOIN documents d ON d.id = c.document"
        " WHERE c.text = 'the canteen'"
    )
    assert kept is not None
    for chunk, owner in ((mine, "a later one"), (kept["id"], kept["document"])):
        await outside.engine.put(
            "gateway-384", "default", [Sent(Point(chunk, vector("x"), {5: 1.0}), owner, 987_654, 1_000_000)]
        )
    assert await compare(database, outside.engine) == Compared(points=2, dropped=1, owed=1, missing=1)
    assert mine not in await outside.held()
    await outside.pay()
    assert (await outside.held())[kept["id"]] == (kept["document"], kept["scope"])
    assert await compare(database, outside.engine) == Compared(points=2, dropped=0, owed=0, missing=1)
