"""Another embedder where points lie in Qdrant: searched there until the swap, here until they are moved again."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.crypto.keyring import KeyRing
from gateway.errors import Broken, Conflict, IndexUnavailable
from gateway.model import Passage
from gateway.retrieval import Index, current_space, query_terms
from gateway.retrieval.learning import passages_of
from gateway.retrieval.outside import OutsideBeside
from gateway.retrieval.qdrant.moving import bring_back
from gateway.retrieval.qdrant.owed import home
from gateway.store import Store
from tests.retrieval.corpus import NOW, clock, scope, vector
from tests.retrieval.outside import Outside
from tests.retrieval.test_reembed import OTHER, RECIPE, by_other, fill, finish, made, other, vectors

COLLECTIONS = ("gateway-384", "gateway-8-1")


@pytest.fixture
async def outside(database: Store) -> AsyncIterator[Outside]:
    kit = Outside(database)
    await kit.start()
    yield kit
    await kit.engine.close()


@pytest.fixture
async def index(database: Store, ring: KeyRing, outside: Outside) -> Index:
    index = Index(database, ring, clock, outside.storage)
    await index.create_collection("default", "handbook", label="internal", by="test")
    return index


@pytest.fixture
def beside(database: Store, outside: Outside) -> OutsideBeside:
    return OutsideBeside(database, outside.engine)


async def by_first(index: Index, text: str) -> list[str]:
    found = await index.search(vector(text), {}, scope(), 5, embedder="one")
    return [one.text for one in found]


async def there(outside: Outside) -> list[bool]:
    client = outside.engine._clients[0]
    return [await client.collection_exists(name) for name in COLLECTIONS]


def told(found: list[Passage]) -> list[tuple[str, float, float]]:
    return sorted((one.id, round(one.dense, 2), round(one.sparse, 4)) for one in found)


async def test_it_is_searched_at_every_step(
    index: Index, outside: Outside, beside: OutsideBeside, database: Store
) -> None:
    for name in ("a", "b", "c"):
        await index.put_document(made(index, name, f"bicycles of {name}", f"the garden of {name}"))
    await outside.pay()
    await index.put_document(made(index, "d", "bicycles of d"))  # on its way still
    words = query_terms("bicycles garden")
    worded = told(await index.search(None, words, scope(), 10))
    size = await beside.size()
    assert (size.passages, size.done, size.open) == (7, 0, None)
    await beside.begin(OTHER, NOW)
    await beside.follow()
    assert len(await fill(beside, limit=2)) == 7
    assert (await beside.size()).done == 7
    assert (await by_first(index, "bicycles of a"))[0] == "bicycles of a"
    assert await by_other(index, "bicycles of a") == []
    assert await finish(beside) == 4
    # All of it lies here now, and is moved bit by bit.
    for moved in (False, True):
        assert (await by_other(index, "bicycles of a"))[0] == ("bicycles of a", 1.0)
        assert (await by_other(index, "bicycles of d"))[0] == ("bicycles of d", 1.0)
        assert told(await index.search(None, words, scope(), 10)) == worded
        assert await by_first(index, "bicycles of a") == []
        if not moved:
            assert await there(outside) == [True, False]
            assert await beside.finish() == ()
            assert await outside.pay() == 4
    assert await there(outside) == [False, True]
    assert await database.fetchval("SELECT count(*) FROM points") == 0
    place = await home(database)
    assert place is not None
    assert (place.made, place.generation) == (("gateway-8-1",), 1)
    assert await current_space(database) == OTHER
    # And back into the database, from the collection of this generation.
    assert await bring_back(database, outside.engine) == 4
    inside = Index(database, index._ring, clock)
    assert (await by_other(inside, "bicycles of c"))[0] == ("bicycles of c", 1.0)


async def test_what_happens_meanwhile_is_not_lost(
    index: Index, outside: Outside, beside: OutsideBeside, database: Store
) -> None:
    kept = await index.put_document(made(index, "kept", "kept"))
    gone = await index.put_document(made(index, "gone", "gone"))
    await index.put_document(made(index, "new version", "old words"))
    await outside.pay()
    await beside.begin(OTHER, NOW)
    await beside.follow()
    assert len(await fill(beside)) == 3
    await index.put_document(made(index, "added", "added"))
    await index.put_document(made(index, "new version", "new words"))
    await outside.pay()
    await index.delete_document("default", "handbook", gone.document)
    held = await index.held_by_id("default", kept.document)
    assert held is not None
    await index.permit(held, "internal", ("group:hr",), ())
    assert sorted(await fill(beside)) == ["added", "new words"]
    await finish(beside)
    for _ in range(2):
        assert {text for text, _ in await by_other(index, "x")} == {"added", "new words"}
        found = await index.search(other("kept"), {}, scope(marks=("group:hr",)), 5, embedder="other")
        assert ("kept", 1.0) in [(one.text, round(one.dense, 1)) for one in found]
        await outside.pay()
    recipes = {row["recipe"] for row in await database.fetch("SELECT recipe FROM documents")}
    assert recipes == {RECIPE.replace(" one ", " other ")}


async def test_a_passage_that_was_written_over_is_embedded_as_it_is_now(
    index: Index, outside: Outside, beside: OutsideBeside, database: Store
) -> None:
    stored = await index.put_document(made(index, "a", "said before", "stays"))
    await outside.pay()
    await beside.begin(OTHER, NOW)
    await beside.follow()
    read = await beside.stale(None, 10)
    scopes = await database.fetchval("SELECT scope FROM documents WHERE id = $1", stored.document)

    async def write_over(text: str) -> None:
        """As erasing does: the text is written over, and the points put anew under the same numbers."""
        async with database.transaction() as conn:
            await conn.execute("UPDATE chunks SET text = $1 WHERE ordinal = 0", text)
            await conn.execute("UPDATE chunks SET text = text WHERE ordinal = 1")
            points = [one.point for one in await outside.engine.fetch("gateway-384", [each.chunk for each in read])]
            await outside.storage.remove(conn, "default", [stored.document])
            await outside.storage.put(conn, "default", scopes, points)

    await write_over("written over")
    await beside.put(read, vectors([one.text for one in read]))
    assert (await beside.size()).done == 0
    assert sorted(await fill(beside)) == ["stays", "written over"]
    await write_over("and again")
    assert (await beside.size()).done == 0
    assert sorted(await fill(beside)) == ["and again", "stays"]
    await outside.pay()
    assert await fill(beside) == [], "that they are moved changes nothing"
    await finish(beside)
    assert (await by_other(index, "and again"))[0] == ("and again", 1.0)


async def test_a_run_ends_where_it_began(
    index: Index, outside: Outside, beside: OutsideBeside, database: Store
) -> None:
    await index.put_document(made(index, "a", "one", "two"))
    await outside.pay()
    await beside.begin(OTHER, NOW)
    await beside.follow()
    first = await beside.stale(None, 1)
    await beside.put(first, vectors([one.text for one in first]))
    assert await beside.begin(OTHER, NOW) is True
    with pytest.raises(Broken, match="no vector"):
        await finish(beside)
    await bring_back(database, outside.engine)
    with pytest.raises(Conflict, match="in the database again"):
        async with beside.still():
            pass
    # Begun anew where points lie elsewhere by now.
    await outside.start()
    await outside.pay()
    await database.execute("UPDATE reembedding SET outside = false")
    assert await beside.begin(OTHER, NOW) is False
    assert await beside.abandon() is True


async def test_nothing_is_lost_where_qdrant_is_down(
    index: Index, outside: Outside, beside: OutsideBeside, monkeypatch: pytest.MonkeyPatch
) -> None:
    await index.put_document(made(index, "a", "one"))
    await outside.pay()
    await beside.begin(OTHER, NOW)
    await beside.follow()

    async def down(*_: Any, **__: Any) -> Any:
        raise IndexUnavailable("qdrant does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(outside.engine, "fetch", down)
        with pytest.raises(IndexUnavailable):
            await fill(beside)
    assert await fill(beside) == ["one"]
    await finish(beside)
    with monkeypatch.context() as patch:
        patch.setattr(outside.engine, "discard", down)
        assert await beside.finish() == ("gateway-384",)
    await outside.pay()
    assert await by_other(index, "one") == [("one", 1.0)]


async def test_a_map_over_stored_vectors_needs_no_text(index: Index, outside: Outside, beside: OutsideBeside) -> None:
    await index.put_document(made(index, "a", "one"))
    await outside.pay()
    await index.put_document(made(index, "b", "two"))
    await beside.begin(OTHER, NOW)
    await beside.follow()
    held = await beside.stale(None, 10, stored=True)
    for one, text in zip(held, ("one", "two"), strict=True):
        assert one.vector is not None
        assert one.vector == pytest.approx(vector(text), abs=1e-3)
    learned = await passages_of(beside._store, "default", "handbook", engine=outside.engine)
    assert {one.text: one.vector == pytest.approx(vector(one.text), abs=1e-3) for one in learned} == {
        "one": True,
        "two": True,
    }


async def test_random_changes_while_it_runs(index: Index, outside: Outside, beside: OutsideBeside) -> None:
    """What is found in the end is what there is, by the new embedder alone."""
    dice = random.Random(7)
    texts: dict[str, str] = {}

    async def change() -> None:
        name = f"n{dice.randrange(6)}"
        if name in texts and dice.random() < 0.3:
            held = await index.held("default", "handbook", index.source_key("default", name))
            assert held is not None
            await index.delete_document("default", "handbook", held.id)
            del texts[name]
        else:
            texts[name] = f"text {dice.randrange(10_000)} of {name}"
            await index.put_document(made(index, name, texts[name]))
        if dice.random() < 0.4:
            await outside.pay()

    for _ in range(8):
        await change()
    await beside.begin(OTHER, NOW)
    await beside.follow()
    for _ in range(12):
        read = await beside.stale(None, dice.randrange(1, 4))
        await change()
        if read:
            await beside.put(read, vectors([one.text for one in read]))
    async with beside.alone() as own:
        await beside.index(own)
    await change()
    async with beside.still() as conn:
        while found := await beside.stale(None, 3, conn):
            await beside.put(found, vectors([one.text for one in found]), conn)
        await beside.swap(conn, OTHER, NOW)
    for _ in range(2):
        for name, text in texts.items():
            best = (await index.search(other(text), {}, scope(), 10, embedder="other"))[0]
            assert (best.text, best.source, round(best.dense, 1)) == (text, name, 1.0)
        everything = await index.search(other("x"), {}, scope(), 50, embedder="other")
        assert {one.text for one in everything} == set(texts.values())
        await outside.pay()
