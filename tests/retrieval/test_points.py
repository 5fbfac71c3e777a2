"""Points in PostgreSQL: both ways of searching, the dimension, and the indexes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.crypto.keyring import KeyRing
from gateway.errors import Conflict, Invalid
from gateway.retrieval import Index, query_terms
from gateway.retrieval.points import (
    FREQUENT,
    Points,
    _holding,
    build,
    dimension,
    drop,
    set_dimension,
    unbuilt,
)
from gateway.retrieval.sparse import LEARNED
from gateway.retrieval.storage import Ask
from gateway.store import Store
from tests.retrieval.corpus import clock, document, found, scope, vector


@pytest.fixture
async def index(database: Store, ring: KeyRing) -> Index:
    index = Index(database, ring, clock)
    await index.create_collection("default", "handbook", label="internal", by="test")
    return index


@pytest.mark.parametrize("text", ["budget 7", "travel", "nothing of this"])
async def test_both_ways_agree(index: Index, database: Store, ring: KeyRing, text: str) -> None:
    for number in range(40):
        texts = [f"budget {number} {part} travel" if part % 2 else f"garden {number}" for part in range(4)]
        await index.put_document(document(index, f"{number}", texts))
    walking = Index(database, ring, clock, Points(exact=0))
    for question in ((vector(text), query_terms(text)), (None, query_terms(text)), (vector(text), {})):
        one, two = [await way.search(question[0], question[1], scope(), 10) for way in (index, walking)]
        assert [(p.id, round(p.score, 5)) for p in one] == [(p.id, round(p.score, 5)) for p in two]


async def test_by_words_alone(index: Index) -> None:
    await index.put_document(document(index, "a", ["the canteen", "the garden"]))
    assert [p.text for p in await index.search(None, query_terms("garden"), scope(), 5)] == ["the garden"]
    assert await index.search(None, query_terms("nowhere"), scope(), 5) == []
    assert await index.search(None, {}, scope(), 5) == []


async def test_vectors_of_another_embedder_are_not_compared(index: Index) -> None:
    new = document(index, "a", ["the canteen", "the garden"])
    await index.put_document(replace(new, embedder="one/1"))
    same = await index.search(vector("the garden"), {}, scope(), 1, embedder="one/1")
    assert [p.text for p in same] == ["the garden"]
    assert await index.search(vector("the garden"), {}, scope(), 1, embedder="two/1") == []
    by_words = await index.search(vector("the garden"), query_terms("canteen"), scope(), 5, embedder="two/1")
    assert [p.text for p in by_words] == ["the canteen"]


async def test_dimension(index: Index, database: Store) -> None:
    assert await dimension(database) == 384
    async with database.transaction() as conn:
        await set_dimension(conn, 3)
    assert await dimension(database) == 3
    new = document(index, "a", ["left", "right"])
    left, right = new.chunks
    chunks = [replace(left, vector=[1.0, 0.0, 0.0]), replace(right, vector=[0.0, 1.0, 0.0])]
    await index.put_document(replace(new, chunks=chunks))
    assert [p.text for p in await index.search([0.0, 1.0, 0.0], {}, scope(), 1)] == ["right"]
    async with database.transaction() as conn:
        await set_dimension(conn, 3)
        with pytest.raises(Conflict):
            await set_dimension(conn, 4)
        with pytest.raises(Invalid):
            await set_dimension(conn, 4001)


async def test_indexes_are_dropped_and_made(index: Index, database: Store) -> None:
    await index.put_document(document(index, "a", ["left", "right"]))
    async with database.transaction() as conn:
        assert await unbuilt(conn) == []
        await drop(conn)
        assert await unbuilt(conn) == ["scope", "terms", "embedding"]
        await build(conn, await unbuilt(conn))
        assert await unbuilt(conn) == []
    assert await found(index, "left", scope(), 1) == ["left"]


def test_candidates_come_from_the_rarer_words() -> None:
    def holding(frequencies: dict[int, int]) -> tuple[str, list[list[int]]]:
        return _holding(Ask(None, dict.fromkeys(frequencies, 1.0), frequencies, 10), 5)

    half = FREQUENT // 2
    assert holding({1: 3, 2: half, 3: 9 * FREQUENT}) == ("term_ids && $5", [[1, 2]])
    assert holding({1: 9 * FREQUENT}) == ("term_ids && $5", [[1]])
    sql, pairs = holding({1: 9 * FREQUENT, 2: 2 * FREQUENT, 3: 3 * FREQUENT, 4: 10 * FREQUENT})
    assert pairs == [[2, 3], [2, 1], [3, 1]]
    assert sql == "(term_ids @> $5 OR term_ids @> $6 OR term_ids @> $7)"


def test_candidates_by_learned_terms_come_from_the_heaviest() -> None:
    weights = {LEARNED + number: float(number) for number in range(60)} | {7: 1.0}
    _, (chosen,) = _holding(Ask(None, weights, {7: 1}, 10), 5)
    assert len(chosen) == 25
    assert chosen[0] == LEARNED + 59
    assert chosen[-1] == 7
