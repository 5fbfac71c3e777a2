"""Maintenance changes no answer, and a tenant put apart is alone."""

from __future__ import annotations

import pytest

from gateway.crypto.keyring import KeyRing
from gateway.errors import Conflict
from gateway.retrieval import Index, query_terms
from gateway.retrieval.points import Points
from gateway.retrieval.upkeep import maintain, partitions, put_apart
from gateway.store import Store
from tests.retrieval.corpus import clock, document, found, scope, vector

SUMS = "SELECT term, sum(chunks)::integer AS n FROM term_counts GROUP BY term HAVING sum(chunks) <> 0 ORDER BY term"


@pytest.fixture
async def index(database: Store, ring: KeyRing) -> Index:
    index = Index(database, ring, clock, Points(exact=0))
    for tenant in ("default", "o'ther"):
        await index.create_collection(tenant, "handbook", label="internal", by="test")
    return index


@pytest.mark.parametrize("reindex", [False, True])
async def test_maintenance_changes_no_answer(index: Index, database: Store, reindex: bool) -> None:
    async with database.transaction() as one, database.transaction() as two:
        for number in range(4):
            await index.put_document(document(index, f"a{number}", [f"budget {number}", "garden"]), one)
            await index.put_document(document(index, f"b{number}", [f"budget {number}"], allow=("group:hr",)), two)
    held = await index.held("default", "handbook", index.source_key("default", "a1"))
    assert held is not None
    await index.permit(held, held.label, ("user:amy",), ())
    held = await index.held("default", "handbook", index.source_key("default", "a1"))
    assert held is not None
    await index.permit(held, held.label, ("*",), ())
    before = await index.search(vector("budget 2"), query_terms("budget"), scope(), 10), await database.fetch(SUMS)
    assert await database.fetchval("SELECT count(DISTINCT shard) FROM term_counts") == 2
    await maintain(database, reindex=reindex)
    after = await index.search(vector("budget 2"), query_terms("budget"), scope(), 10), await database.fetch(SUMS)
    assert after == before
    assert await database.fetchval("SELECT count(DISTINCT shard) FROM term_counts") == 1
    assert await database.fetchval("SELECT count(*) FROM scopes") == 2
    await index.put_document(document(index, "c", ["budget 9"]))
    assert await found(index, "budget 9", scope(), 1) == ["budget 9"]


async def test_points_lie_in_their_rows_as_they_are(index: Index, database: Store) -> None:
    """Unpacking their terms would take most of the time of a search."""
    many = " ".join(f"word{number}" for number in range(300))
    for tenant in ("default", "o'ther"):
        await index.put_document(document(index, "a", [many], tenant=tenant))
    async with database.transaction() as conn:
        await put_apart(conn, "o'ther")
    await index.put_document(document(index, "b", [many], tenant="o'ther"))
    rows = await database.fetch(
        "SELECT pg_column_compression(terms) AS packed, pg_column_size(terms) AS size FROM points"
    )
    assert len(rows) == 3
    assert all(row["packed"] is None and row["size"] > 2_000 for row in rows)


async def test_a_tenant_put_apart_is_alone(index: Index, database: Store) -> None:
    """Its searches read its own partition, and even a walk is the same to the bit whatever others bring."""
    for number in range(20):
        await index.put_document(document(index, f"{number}", [f"budget {number}", f"garden {number}"]))
        await index.put_document(document(index, f"{number}", [f"budget {number}"], tenant="o'ther"))
    others = scope(tenant="o'ther")
    before = [await found(index, f"budget {number}", others, 5) for number in range(20)]
    async with database.transaction() as conn:
        name = await put_apart(conn, "o'ther")
    assert {one.name for one in await partitions(database)} == {"points_rest", name}
    plan = str(
        await database.fetch(
            "EXPLAIN SELECT chunk FROM points WHERE tenant = 'o''ther' AND scope = ANY('{1,2}')"
            " ORDER BY embedding <#> $1::text::halfvec LIMIT 5",
            str(vector("x")),
        )
    )
    assert name in plan
    assert "points_rest" not in plan
    assert [await found(index, f"budget {number}", others, 5) for number in range(20)] == before

    async def walks() -> list[object]:
        return [await index.search(vector(f"budget {n}"), query_terms(f"budget {n}"), others, 5) for n in range(20)]

    alone = await walks()
    for number in range(30):
        await index.put_document(document(index, f"more {number}", [f"budget {number % 20}"]))
    assert await walks() == alone
    await index.put_document(document(index, "new", ["budget new"], tenant="o'ther"))
    assert (await found(index, "budget new", others, 1)) == ["budget new"]
    async with database.transaction() as conn:
        with pytest.raises(Conflict):
            await put_apart(conn, "o'ther")
