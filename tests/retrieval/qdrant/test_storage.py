"""Points outside: every search sees what is committed, whatever has been paid."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from gateway.crypto.keyring import KeyRing
from gateway.errors import IndexUnavailable
from gateway.retrieval import Index, query_terms
from gateway.retrieval.qdrant import storage as storage_file
from gateway.store import Store
from tests.retrieval.corpus import clock, document, found, scope, vector
from tests.retrieval.outside import Outside

HR = scope(marks=("*", "group:hr"))


@pytest.fixture
async def outside(database: Store) -> AsyncIterator[Outside]:
    made = Outside(database)
    await made.start()
    yield made
    await made.engine.close()


@pytest.fixture
async def index(database: Store, ring: KeyRing, outside: Outside) -> Index:
    index = Index(database, ring, clock, outside.storage)
    await index.create_collection("default", "handbook", label="internal", by="test")
    return index


async def test_points_move_and_are_found_at_every_step(index: Index, outside: Outside, database: Store) -> None:
    await index.put_document(document(index, "a", ["the garden", "the canteen"]))
    assert await found(index, "the garden", scope(), 1) == ["the garden"]
    before = await index.search(vector("the garden"), query_terms("canteen"), scope(), 5)
    assert await outside.pay() == 1
    assert await database.fetchval("SELECT count(*) FROM points") == 0
    assert len(await outside.held()) == 2
    after = await index.search(vector("the garden"), query_terms("canteen"), scope(), 5)
    assert [one.text for one in before] == [one.text for one in after]
    for one, two in zip(before, after, strict=True):
        assert (one.dense, one.sparse, one.score) == pytest.approx((two.dense, two.sparse, two.score), abs=1e-4)
    assert await outside.pay() == 0


async def test_permission_is_seen_at_once_and_moves_no_vector(index: Index, outside: Outside) -> None:
    await index.put_document(document(index, "a", ["the offer", "its price"], allow=("group:hr",)))
    await index.put_document(document(index, "b", ["the garden"]))
    await outside.pay()
    for allow, deny, seen in (
        (("*",), (), True),
        (("group:hr",), (), False),
        (("*",), ("user:amy",), True),
        ((), (), False),
    ):
        held = await index.held("default", "handbook", index.source_key("default", "a"))
        assert held is not None
        await index.permit(held, "internal", allow, deny)
        expected = ["the offer", "its price"] if seen else []
        for _ in range(2):
            got = await found(index, "the offer", scope(), 3)
            assert sorted(got) == sorted([*expected, "the garden"])
            await outside.pay()
    assert len(await outside.held()) == 3


async def test_new_version_and_deletion_are_seen_at_once(index: Index, outside: Outside, database: Store) -> None:
    first = await index.put_document(document(index, "a", ["old one", "old two"]))
    await outside.pay()
    await index.put_document(document(index, "a", ["new one"]))
    for _ in range(2):
        assert await found(index, "old one", scope()) == ["new one"]
        await outside.pay()
    assert len(await outside.held()) == 1
    await index.delete_document("default", "handbook", first.document)
    for _ in range(2):
        assert await found(index, "new one", scope()) == []
        await outside.pay()
    assert await outside.held() == {}
    assert await database.fetchval("SELECT count(*) FROM points_owed") == 0


async def test_stale_points_take_no_place_from_others(index: Index, outside: Outside) -> None:
    """More of them than candidates: they stand nearer to the question than everything else."""
    await index.put_document(document(index, "near", ["the budget"] * 80))
    await index.put_document(document(index, "far", ["the budget of the garden"]))
    await outside.pay()
    held = await index.held("default", "handbook", index.source_key("default", "near"))
    assert held is not None
    await index.permit(held, "internal", ("group:hr",), ())
    assert await found(index, "the budget", scope()) == ["the budget of the garden"]
    assert set(await found(index, "the budget", HR)) == {"the budget"}


async def test_a_search_that_meets_a_payment_is_asked_again(
    index: Index, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between snapshot and answer the old version is paid away: the document is found all the same, once and whole."""
    await index.put_document(document(index, "a", ["old one", "old two"]))
    await outside.pay()
    asked = 0
    search = outside.engine.search

    async def slow(*args: object, **named: object) -> object:
        nonlocal asked
        asked += 1
        if asked == 1:
            await index.put_document(document(index, "a", ["new one", "new two"]))
            await outside.pay()
        return await search(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(outside.engine, "search", slow)
    assert sorted(await found(index, "old one", scope())) == ["new one", "new two"]
    assert asked == 2


async def test_too_far_behind_is_said(index: Index, outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        await index.put_document(document(index, name, [f"note {name}"]))
    await outside.pay()
    monkeypatch.setattr(storage_file, "STALE", 2)
    await index.delete_collection("default", "handbook")
    await index.create_collection("default", "handbook", label="internal", by="test")
    await index.put_document(document(index, "d", ["note d"]))
    with pytest.raises(IndexUnavailable):
        await found(index, "note", scope())
    await outside.pay()
    assert await found(index, "note", scope()) == ["note d"]


async def test_by_words_alone_and_pairs(index: Index, outside: Outside) -> None:
    """Two that hold the same words: the one that has them side by side comes first."""
    await index.put_document(document(index, "a", ["open the green door", "door that is green and open"]))
    await outside.pay()
    got = await index.search(None, query_terms("green door"), scope(), 5)
    assert [one.text for one in got] == ["open the green door", "door that is green and open"]
    assert got[0].sparse > got[1].sparse
    assert await index.search(None, query_terms("nowhere"), scope(), 5) == []
    assert await index.search(None, {}, scope(), 5) == []


async def test_another_dimension_is_another_collection(index: Index, outside: Outside, database: Store) -> None:
    first = await index.put_document(replace(document(index, "a", ["left"]), embedder="one/1"))
    await outside.pay()
    await index.delete_document("default", "handbook", first.document)
    new = document(index, "b", ["right"])
    chunks = [replace(one, vector=[0.0, 1.0, 0.0]) for one in new.chunks]
    await index.put_document(replace(new, chunks=chunks, embedder="two/1"))
    await outside.pay()
    assert await outside.held() == {}
    assert len(await outside.held(3)) == 1
    assert [one.text for one in await index.search([0.0, 1.0, 0.0], {}, scope(), 1)] == ["right"]


async def test_a_version_without_passages_takes_no_place(index: Index, outside: Outside) -> None:
    await index.put_document(document(index, "near", ["the budget"] * 80))
    await index.put_document(document(index, "far", ["the budget of the garden"]))
    await outside.pay()
    await index.put_document(document(index, "near", []))
    assert await found(index, "the budget", scope()) == ["the budget of the garden"]
