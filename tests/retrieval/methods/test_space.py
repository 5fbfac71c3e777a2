"""Which embedder is in force: taken by the first, kept against others, and known of an index from before."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.errors import Conflict
from gateway.retrieval.methods import space
from gateway.store import Store, migrate

NOW = datetime(2026, 1, 2, tzinfo=UTC)


async def test_an_empty_index_takes_whichever_embedder_comes_and_its_dimension(database: Store) -> None:
    assert await space.current(database) is None
    await space.expect(database, "one")
    async with database.transaction() as conn:
        await space.claim(conn, "one", 384, NOW)
    assert await space.current(database) == space.Space("one", 384)
    async with database.transaction() as conn:
        await space.claim(conn, "other", 16, NOW)
    assert await space.current(database) == space.Space("other", 16)
    kind = (
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'points'::regclass AND attname = $1"
    )
    assert await database.fetchval(kind, "embedding") == "halfvec(16)"


async def test_an_index_that_holds_passages_takes_no_other_embedder(database: Store) -> None:
    async with database.transaction() as conn:
        await space.claim(conn, "one", 384, NOW)
    await _bare(database, "chunks")
    async with database.transaction() as conn:
        await space.claim(conn, "one", 384, NOW)
    await space.expect(database, "one")
    with pytest.raises(Conflict, match="made with the embedder one, not with other") as refused:
        await space.expect(database, "other")
    assert "gateway reembed" in refused.value.hint
    with pytest.raises(Conflict, match="made with the embedder one"):
        async with database.transaction() as conn:
            await space.claim(conn, "other", 384, NOW)
    with pytest.raises(Conflict, match="gives 16 dimensions, and the index holds 384"):
        async with database.transaction() as conn:
            await space.claim(conn, "one", 16, NOW)
    assert await space.current(database) == space.Space("one", 384)


async def test_an_index_from_before_says_in_its_recipes_what_made_it(database: Store) -> None:
    async with database.acquire() as connection:
        await connection.execute(migrate.script(migrate.SCHEMA_REVISION, "0008", down=True))
    await _bare(database, "documents", recipe="'ingest/2 parse/2+sentences/3/200/40 all-minilm/int8/1 bm25/1 plain'")
    async with database.acquire() as connection:
        await connection.execute(migrate.script("0008", migrate.SCHEMA_REVISION))
    assert await space.current(database) == space.Space("all-minilm/int8/1", 384)


async def _bare(database: Store, table: str, **given: str) -> None:
    """A row as bare as the table lets it be, its references unchecked."""
    async with database.transaction() as conn:
        await conn.execute("SET LOCAL session_replication_role = replica")
        columns = await conn.fetch(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = $1"
            " AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO' AND table_schema = 'public'",
            table,
        )
        empty = {
            "text": "''",
            "bytea": "''",
            "ARRAY": "'{}'",
            "boolean": "false",
            "jsonb": "'{}'",
            "timestamp with time zone": "now()",
        }
        values = {row["column_name"]: empty.get(row["data_type"], "0") for row in columns} | given
        await conn.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(values.values())})")
