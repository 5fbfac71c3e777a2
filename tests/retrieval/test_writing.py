"""Writing: versions replace each other whole, permissions touch no vector, and two writers write once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from gateway.crypto.keyring import KeyRing
from gateway.errors import NotFound
from gateway.retrieval import Index, query_terms
from gateway.retrieval.writing import new_id, take_shard
from gateway.store import Store
from tests.retrieval.corpus import NOW, clock, document, found, scope, vector

VECTORS = """
SELECT c.ordinal, p.embedding::text, p.terms::text, c.version FROM chunks c JOIN points p ON p.chunk = c.id
ORDER BY c.document, c.ordinal
"""


@pytest.fixture
async def index(database: Store, ring: KeyRing) -> Index:
    index = Index(database, ring, clock)
    await index.create_collection("default", "handbook", label="internal", by="test")
    return index


async def test_statuses(index: Index, database: Store) -> None:
    new = await index.put_document(document(index, "a.txt", ["one", "two"]))
    assert (new.status, new.version, new.chunks) == ("new", 1, 2)
    before = await database.fetch(VECTORS)
    same = await index.put_document(document(index, "a.txt", ["one", "two"]))
    assert (same.status, same.version, same.document) == ("unchanged", 1, new.document)
    permitted = await index.put_document(document(index, "a.txt", ["one", "two"], label="public", deny=("user:bob",)))
    assert (permitted.status, permitted.version, permitted.document) == ("permissions", 1, new.document)
    assert await database.fetch(VECTORS) == before
    assert await found(index, "one", scope(marks=("*", "user:bob"))) == []
    updated = await index.put_document(document(index, "a.txt", ["one", "three", "four"]))
    assert (updated.status, updated.version, updated.chunks, updated.document) == ("updated", 2, 3, new.document)
    assert sorted(await found(index, "one", scope())) == ["four", "one", "three"]
    built_again = await index.put_document(document(index, "a.txt", ["one", "three", "four"], recipe="test/2"))
    assert (built_again.status, built_again.version) == ("updated", 3)


async def test_term_counts_follow_versions(index: Index, database: Store) -> None:
    async def total() -> int:
        return int(await database.fetchval("SELECT sum(chunks) FROM term_counts WHERE term > 0"))

    async def exact() -> int:
        return int(await database.fetchval("SELECT sum(cardinality(term_ids)) FROM points"))

    await index.put_document(document(index, "a.txt", ["budget of the canteen", "budget of the garden"]))
    await index.put_document(document(index, "b.txt", ["canteen"]))
    assert await total() == await exact() == 5
    await index.put_document(document(index, "a.txt", ["garden"]))
    assert await total() == await exact() == 2
    assert await database.fetchval("SELECT sum(chunks) FROM term_counts WHERE term = 0") == 2


async def test_replacing_is_atomic_under_concurrent_search(index: Index) -> None:
    versions = [[f"version {version} part {part}" for part in range(4)] for version in range(8)]
    await index.put_document(document(index, "a.txt", versions[0]))
    done = asyncio.Event()
    seen: set[str] = set()

    async def look() -> None:
        while not done.is_set():
            texts = await found(index, "version part", scope(), 20)
            numbers = {text.split()[1] for text in texts}
            assert len(texts) == 4, texts
            assert len(numbers) == 1, texts
            seen.update(numbers)

    async def replace() -> None:
        try:
            for texts in versions[1:]:
                await index.put_document(document(index, "a.txt", texts))
                await asyncio.sleep(0.01)
        finally:
            done.set()

    async with asyncio.TaskGroup() as tasks:
        for work in (look(), look(), replace()):
            tasks.create_task(work)
    assert len(seen) > 1


async def test_failed_write_leaves_the_old_version(index: Index) -> None:
    await index.put_document(document(index, "a.txt", ["old text"]))
    broken = document(index, "a.txt", ["new text", "more"])
    object.__setattr__(broken.chunks[1].piece, "text", "a zero byte \0 is refused by the database")
    with pytest.raises(Exception, match="cannot be stored"):
        await index.put_document(broken)
    assert await found(index, "old text", scope()) == ["old text"]


async def test_two_writers_of_one_file_write_it_once(index: Index, database: Store) -> None:
    results = await asyncio.gather(*(index.put_document(document(index, "a.txt", ["one"])) for _ in range(4)))
    assert sorted(result.status for result in results) == ["new", "unchanged", "unchanged", "unchanged"]
    assert await database.fetchval("SELECT count(*) FROM documents") == 1
    assert await database.fetchval("SELECT count(*) FROM chunks") == 1


async def test_writers_of_one_tenant_do_not_wait_for_each_other(index: Index, database: Store) -> None:
    """Each transaction counts in a shard of its own; sums are right whichever it was."""
    async with database.transaction() as one, database.transaction() as two:
        await index.put_document(document(index, "a.txt", ["budget of the canteen"]), one)
        await index.put_document(document(index, "b.txt", ["budget of the garden"]), two)
        await index.put_document(document(index, "c.txt", ["budget"]), one)
        assert (await take_shard(one, "default"), await take_shard(two, "default")) == (0, 1)
    counts = await database.fetch(
        "SELECT term, sum(chunks) AS n FROM term_counts GROUP BY term ORDER BY n DESC LIMIT 3"
    )
    assert [row["n"] for row in counts] == [3, 3, 1]
    (first, *_) = await index.search(vector("budget"), query_terms("garden"), scope(), 3)
    assert first.text in {"budget", "budget of the garden"}


async def test_join_a_transaction(index: Index, database: Store) -> None:
    async def fail() -> None:
        async with database.transaction() as conn:
            await index.put_document(document(index, "a.txt", ["one"]), conn)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await database.fetchval("SELECT count(*) FROM documents") == 0


async def test_collection_gone(index: Index) -> None:
    with pytest.raises(NotFound):
        await index.put_document(document(index, "a.txt", ["one"], collection="nowhere"))


def test_ids_sort_by_time() -> None:
    make: Callable[[int], str] = lambda second: new_id(NOW.replace(second=second))  # noqa: E731
    assert make(1) < make(2) < make(3)
    assert len(make(1)) == 32
