"""Keeping the index in shape: dead rows, statistics, indexes made anew, and a tenant put apart."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.errors import Conflict
from gateway.retrieval.points import INDEXES, LONG_S, ROWS
from gateway.retrieval.writing import take_all_shards
from gateway.store import Store
from gateway.store.store import Connection

TABLES: Final = ("points", "chunks", "documents", "scopes", "term_counts")
MEMORY: Final = "1GB"
"""That the making of an index may use: a graph that does not fit is made many times slower."""
_PARTITIONS: Final = """
SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS holds, pg_table_size(c.oid)::bigint AS bytes,
       pg_indexes_size(c.oid)::bigint AS index_bytes, s.n_live_tup::bigint AS rows, s.n_dead_tup::bigint AS dead
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
WHERE i.inhparent = 'points'::regclass ORDER BY c.relname
"""
_MERGE: Final = """
WITH gone AS (
    DELETE FROM term_counts t USING scopes s WHERE s.id = t.scope AND s.tenant = $1 AND (t.shard > 0 OR t.chunks = 0)
    RETURNING t.term, t.scope, t.chunks)
INSERT INTO term_counts AS t (term, scope, shard, chunks)
SELECT term, scope, 0, sum(chunks) FROM gone GROUP BY term, scope HAVING sum(chunks) <> 0
ON CONFLICT (term, scope, shard) DO UPDATE SET chunks = t.chunks + excluded.chunks
"""
_UNUSED: Final = """
DELETE FROM scopes s WHERE s.tenant = $1 AND NOT EXISTS (SELECT FROM documents d WHERE d.scope = s.id)
"""


@dataclass(frozen=True, slots=True)
class Partition:
    """A part of the table of points."""

    name: str
    holds: str
    """As PostgreSQL says it: `DEFAULT`, or the tenant."""
    rows: int
    dead: int
    bytes: int
    index_bytes: int


async def partitions(store: Store) -> list[Partition]:
    """The parts, and how full of dead rows each is, as far as the database has counted."""
    return [
        Partition(**{**row, "rows": row["rows"] or 0, "dead": row["dead"] or 0})
        for row in await store.fetch(_PARTITIONS)
    ]


async def maintain(store: Store, *, reindex: bool = False) -> None:
    """Merges the shards of statistics, drops scopes that no document has, vacuums and analyses; searches go on.

    reindex: makes the vector index and that of terms anew, one partition after the other, beside the old ones. Worth it
    when a good part of the rows was replaced: dead points are walked over until then.
    """
    for row in await store.fetch("SELECT DISTINCT tenant FROM scopes"):
        async with store.transaction() as conn:
            await take_all_shards(conn, row["tenant"])
            await conn.execute(_MERGE, row["tenant"], timeout=LONG_S)
            await conn.execute(_UNUSED, row["tenant"], timeout=LONG_S)
    own = await store.connect()
    try:
        await own.execute(f"SET maintenance_work_mem = '{MEMORY}'")
        if reindex:
            for name in await _indexes(own):
                await own.execute(f"REINDEX INDEX CONCURRENTLY {name}", timeout=LONG_S)
        for table in TABLES:
            await own.execute(f"VACUUM (ANALYZE) {table}", timeout=LONG_S)
    finally:
        await own.close()


async def put_apart(conn: Connection, tenant: str) -> str:
    """Gives a tenant's points a partition with indexes of its own, in the caller's transaction; its name.

    A search then reads nothing of other tenants, not even on its way through the vector index. Everybody waits until it
    is done. Raises Conflict when the tenant has one.
    """
    name = f"points_{hashlib.sha256(tenant.encode()).hexdigest()[:12]}"
    await conn.execute("LOCK TABLE points IN ACCESS EXCLUSIVE MODE")
    if await conn.fetchval("SELECT to_regclass($1)", name) is not None:
        raise Conflict("this tenant has a partition of its own already")
    quoted = await conn.fetchval("SELECT quote_literal($1::text)", tenant)
    await conn.execute(f"SET LOCAL maintenance_work_mem = '{MEMORY}'")
    await conn.execute(f"CREATE TABLE {name} (LIKE points INCLUDING STORAGE) {ROWS}")
    await conn.execute(f"INSERT INTO {name} SELECT * FROM points_rest WHERE tenant = $1", tenant, timeout=LONG_S)
    await conn.execute("DELETE FROM points_rest WHERE tenant = $1", tenant, timeout=LONG_S)
    await conn.execute(f"ALTER TABLE points ATTACH PARTITION {name} FOR VALUES IN ({quoted})", timeout=LONG_S)
    return name


async def _indexes(conn: Connection) -> Sequence[str]:
    rows = await conn.fetch(
        "SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p"
        " ON p.oid = i.inhparent WHERE p.relname = ANY($1) ORDER BY 1",
        [f"points_{name}" for name in INDEXES],
    )
    return [row["name"] for row in rows]
