"""The second table of points: filled beside the live one, kept in step with it, put in its place."""

from __future__ import annotations

import asyncio
import hashlib
import random

import numpy as np
import pytest
from numpy.typing import NDArray

from gateway.crypto.keyring import KeyRing
from gateway.errors import Broken, Conflict, Invalid
from gateway.retrieval import Beside, Index, NewDocument, Space, current_space, query_terms
from gateway.retrieval.upkeep import partitions, put_apart
from gateway.store import Store
from tests.retrieval.corpus import NOW, clock, document, scope, vector

OTHER = Space("other", 8)
RECIPE = "ingest/2 parse/1+split/1 one bm25/1 privacy"


@pytest.fixture
async def index(database: Store, ring: KeyRing) -> Index:
    index = Index(database, ring, clock)
    await index.create_collection("default", "handbook", label="internal", by="test")
    return index


@pytest.fixture
def beside(database: Store) -> Beside:
    return Beside(database)


def made(index: Index, name: str, *texts: str, recipe: str = RECIPE, tenant: str = "default") -> NewDocument:
    return document(index, name, texts, embedder="one", recipe=recipe, title="", tenant=tenant)


def other(text: str, dimension: int = 8) -> list[float]:
    """What the other embedder makes of a text."""
    dice = random.Random(hashlib.sha256(f"other {text}".encode()).digest())
    values = [dice.gauss(0, 1) for _ in range(dimension)]
    norm = sum(value * value for value in values) ** 0.5
    return [value / norm for value in values]


def vectors(texts: list[str]) -> NDArray[np.float32]:
    return np.array([other(text.strip()) for text in texts], np.float32)


async def fill(beside: Beside, limit: int = 100) -> list[str]:
    """What is missing, embedded; its texts."""
    texts: list[str] = []
    last = None
    while found := await beside.stale(last, limit):
        last = found[-1]
        await beside.put(found, vectors([one.text for one in found]))
        texts += [one.text.strip() for one in found]
    return texts


async def finish(beside: Beside, wanted: Space = OTHER) -> int:
    async with beside.alone() as own:
        await beside.index(own)
    async with beside.still() as conn:
        return await beside.swap(conn, wanted, NOW)


async def by_other(index: Index, text: str) -> list[tuple[str, float]]:
    """Passages by the other embedder's vectors alone, with their inner product, rounded."""
    found = await index.search(other(text), {}, scope(), 5, embedder="other")
    return [(one.text, round(one.dense, 1)) for one in found]


async def test_the_live_index_is_searched_until_the_other_takes_its_place(index: Index, beside: Beside) -> None:
    await index.put_document(made(index, "a.txt", "bicycles stand in the yard", "leave is 29 days"))
    assert await beside.begin(OTHER, NOW) is False
    await beside.follow()
    assert sorted(await fill(beside, limit=1)) == ["bicycles stand in the yard", "leave is 29 days"]
    (first, *_) = await index.search(vector("leave is 29 days"), {}, scope(), 5, embedder="one")
    assert (first.text, round(first.dense, 1)) == ("leave is 29 days", 1.0)
    assert await by_other(index, "leave is 29 days") == []
    assert await finish(beside) == 1
    (best, *_) = await by_other(index, "leave is 29 days")
    assert best == ("leave is 29 days", 1.0)
    assert await index.search(vector("leave is 29 days"), {}, scope(), 5, embedder="one") == []
    (worded, *_) = await index.search(None, query_terms("bicycles"), scope(), 1)
    assert worded.text == "bicycles stand in the yard"


async def test_the_catalogue_looks_as_before_and_the_next_run_finds_it_so(
    index: Index, beside: Beside, database: Store
) -> None:
    await index.put_document(made(index, "a.txt", "one"))
    parts = [one.name for one in await partitions(database)]
    names = "SELECT indexname FROM pg_indexes WHERE tablename = 'points' ORDER BY 1"
    before = [row["indexname"] for row in await database.fetch(names)]
    for wanted in (OTHER, Space("third", 8)):
        await beside.begin(wanted, NOW)
        await beside.follow()
        await fill(beside)
        await finish(beside, wanted)
    assert [one.name for one in await partitions(database)] == parts
    assert [row["indexname"] for row in await database.fetch(names)] == before
    left = "SELECT count(*) FROM pg_class WHERE relname LIKE 'points\\_next%'"
    assert await database.fetchval(left) == 0
    assert await database.fetchval("SELECT count(*) FROM pg_trigger WHERE tgname = 'points_follow'") == 0
    assert await current_space(database) == Space("third", 8)
    storage = "SELECT attstorage::text FROM pg_attribute WHERE attrelid = 'points_rest'::regclass AND attname = 'terms'"
    assert await database.fetchval(storage) == "m"
    # And it takes documents of the new embedder.
    await index.put_document(
        document(index, "b.txt", [], embedder="third", recipe=RECIPE.replace("one", "third"), title="")
    )


async def test_what_happens_meanwhile_is_not_lost(index: Index, beside: Beside, database: Store) -> None:
    kept = await index.put_document(made(index, "kept.txt", "kept"))
    gone = await index.put_document(made(index, "gone.txt", "gone"))
    await index.put_document(made(index, "new version.txt", "old words"))
    await beside.begin(OTHER, NOW)
    await beside.follow()
    assert len(await fill(beside)) == 3
    await index.put_document(made(index, "added.txt", "added"))
    await index.put_document(made(index, "new version.txt", "new words"))
    await index.delete_document("default", "handbook", gone.document)
    held = await index.held_by_id("default", kept.document)
    assert held is not None
    await index.permit(held, "internal", ("group:hr",), ())
    assert sorted(await fill(beside)) == ["added", "new words"]
    await finish(beside)
    assert {text for text, _ in await by_other(index, "x")} == {"added", "new words"}
    found = await index.search(other("kept"), {}, scope(marks=("group:hr",)), 5, embedder="other")
    assert [(one.text, round(one.dense, 1)) for one in found] == [("kept", 1.0)]
    recipes = {row["recipe"] for row in await database.fetch("SELECT recipe FROM documents")}
    assert recipes == {RECIPE.replace(" one ", " other ")}


async def test_a_passage_that_was_replaced_while_it_was_embedded_is_left_out(
    index: Index, beside: Beside, database: Store
) -> None:
    await index.put_document(made(index, "a.txt", "said before", "stays"))
    await beside.begin(OTHER, NOW)
    await beside.follow()
    read = await beside.stale(None, 10)
    chunk = next(one.chunk for one in read if one.text.strip() == "said before")
    async with database.transaction() as conn:
        # As erasing does: the text is written over, the point made anew under the same number.
        await conn.execute("UPDATE chunks SET text = 'written over' WHERE id = $1", chunk)
        await conn.execute("CREATE TEMPORARY TABLE copy ON COMMIT DROP AS SELECT * FROM points WHERE chunk = $1", chunk)
        await conn.execute("DELETE FROM points WHERE chunk = $1", chunk)
        await conn.execute("INSERT INTO points SELECT * FROM copy")
    await beside.put(read, vectors([one.text for one in read]))
    assert await fill(beside) == ["written over"]


async def test_a_writer_under_way_is_waited_for_and_his_change_follows(
    index: Index, beside: Beside, database: Store
) -> None:
    one = await index.put_document(made(index, "a.txt", "goes away"))
    await index.put_document(made(index, "b.txt", "stays"))
    await beside.begin(OTHER, NOW)
    await beside.follow()
    read = await beside.stale(None, 10)
    async with database.transaction() as conn:
        await index.delete_document("default", "handbook", one.document, conn)
        putting = asyncio.create_task(beside.put(read, vectors([one.text for one in read])))
        await asyncio.sleep(0.2)
        assert not putting.done()
    await putting
    assert await database.fetchval("SELECT count(*) FROM points_next") == 1
    await finish(beside)


async def test_a_search_that_waits_for_the_swap_sees_it_whole(index: Index, beside: Beside) -> None:
    await index.put_document(made(index, "a.txt", "one", "two"))
    await beside.begin(OTHER, NOW)
    await beside.follow()
    await fill(beside)
    async with beside.still() as conn:
        # Nothing was dropped yet: searches go on, with the old vectors.
        (found, *_) = await index.search(vector("two"), {}, scope(), 5, embedder="one")
        assert found.text == "two"
        await beside.swap(conn, OTHER, NOW)
        old = asyncio.create_task(index.search(vector("two"), query_terms("one"), scope(), 5, embedder="one"))
        new = asyncio.create_task(by_other(index, "two"))
        await asyncio.sleep(0.2)
        assert not old.done()
        assert not new.done()
    assert [(one.text, one.dense) for one in await old] == [("one", 0.0)]
    assert (await new)[0] == ("two", 1.0)


async def test_a_run_goes_on_where_it_was_stopped_and_another_begins_anew(index: Index, beside: Beside) -> None:
    await index.put_document(made(index, "a.txt", "one", "two", "three"))
    await beside.begin(OTHER, NOW)
    await beside.follow()
    first = await beside.stale(None, 2)
    await beside.put(first, vectors([one.text for one in first]))
    assert (await beside.size()).done == 2
    assert await beside.begin(OTHER, NOW) is True
    assert len(await fill(beside)) == 1
    assert await beside.begin(Space("third", 16), NOW) is False
    await beside.follow()
    assert ((await beside.size()).done, (await beside.size()).open) == (0, Space("third", 16))
    assert await beside.abandon() is True
    assert await beside.abandon() is False
    assert (await beside.size()).open is None
    # The trigger went with it.
    await index.put_document(made(index, "a.txt", "four"))


async def test_partitions_are_kept_and_one_made_meanwhile_too(index: Index, beside: Beside, database: Store) -> None:
    await index.create_collection("acme", "handbook", label="internal", by="test")
    await index.create_collection("o'neill", "handbook", label="internal", by="test")
    for tenant in ("default", "acme", "o'neill"):
        await index.put_document(made(index, "a.txt", f"text of {tenant}", tenant=tenant))
    async with database.transaction() as conn:
        await put_apart(conn, "acme")
    await beside.begin(OTHER, NOW)
    await beside.follow()
    await fill(beside)
    async with database.transaction() as conn:
        await put_apart(conn, "o'neill")
    await beside.follow()
    before = {one.name: one.holds for one in await partitions(database)}
    assert await fill(beside) == ["text of o'neill"]
    await finish(beside)
    assert {one.name: one.holds for one in await partitions(database)} == before
    found = await index.search(other("text of o'neill"), {}, scope(tenant="o'neill"), 5, embedder="other")
    assert [one.text for one in found] == ["text of o'neill"]


async def test_windows_keep_their_recipe_so_that_they_are_built_anew(
    index: Index, beside: Beside, database: Store
) -> None:
    windowed = RECIPE.replace("split/1", "split/1/window/3")
    await index.put_document(made(index, "a.txt", "window", recipe=windowed))
    await beside.begin(OTHER, NOW)
    await beside.follow()
    assert (await beside.size()).windows == 1
    await fill(beside)
    assert await finish(beside) == 0
    assert await database.fetchval("SELECT recipe FROM documents") == windowed


async def test_nothing_is_swapped_while_a_passage_is_missing_and_one_process_does_it(
    index: Index, beside: Beside
) -> None:
    await index.put_document(made(index, "a.txt", "one"))
    with pytest.raises(Invalid, match="4001 values"):
        await beside.begin(Space("wide", 4001), NOW)
    await beside.begin(OTHER, NOW)
    with pytest.raises(Broken, match="no vector"):
        await finish(beside)
    async with beside.alone():
        with pytest.raises(Conflict, match="another process"):
            async with beside.alone():
                pass
    (found,) = await index.search(vector("one"), {}, scope(), 5, embedder="one")
    assert found.text == "one"
