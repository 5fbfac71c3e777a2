"""Points in PostgreSQL: vectors under HNSW, terms under GIN, and one WHERE clause for both.

Up to `exact` passages that a caller may read are looked at one by one, for both scores; nothing is approximate then,
and nothing but those passages can move the answer or the time it takes. Above that, the vector index is walked until
enough points have passed the filter, and candidates by words come from the rarer of the question's terms.

The column `embedding` has the dimension of the embedder in force (`dimension`, `set_dimension`), 4,000 at most.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from io import BytesIO
from itertools import combinations
from math import inf
from struct import pack
from typing import Any, Final

from gateway.errors import Conflict, Invalid
from gateway.retrieval.sparse import DIMENSION as TERMS
from gateway.retrieval.sparse import K1, LEARNED, PAIRS, looked_up
from gateway.retrieval.storage import Ask, Candidate, Point, Visible
from gateway.store.store import Connection
from gateway.store.vectors import copy_rows, dense_bytes, integers_bytes, sparse_bytes
from gateway.store.vectors import dense as dense_text
from gateway.store.vectors import sparse as sparse_text

EXACT: Final = 10_000
"""Visible passages up to which every one is looked at."""
SCAN: Final = 20_000
"""Points the vector index visits at most before every visible one is looked at instead."""
FREQUENT: Final = 4_000
"""Points that candidates by words are chosen from, about; terms more frequent than that find nothing by themselves."""
MOSTLY: Final = 0.25
EF: Final = 160
"""Points that the walk over the vector index keeps in sight, at least."""
LEAST: Final = 0.6
MOST: Final = K1 + 1.0
"""A term's weight in a passage that holds it, at least (roughly) and at most (sparse.py)."""
HEAVIEST: Final = 24
"""Learned terms of a question that candidates are chosen by."""
MAX_DIMENSION: Final = 4_000
"""Of a halfvec under an HNSW index."""
LONG_S: Final = 86_400.0
"""Seconds that loading and indexing may take: statements have a limit otherwise."""
M: Final = 16
EF_CONSTRUCTION: Final = 64
ROWS: Final = "WITH (toast_tuple_target = 8160)"
"""Of each table that holds points: they lie in it as they are. To unpack terms takes longer than to look at them."""
INDEXES: Final = {
    "scope": "CREATE INDEX {name} ON {table} (scope)",
    "terms": "CREATE INDEX {name} ON {table} USING gin (term_ids) WITH (fastupdate = off)",
    "embedding": "CREATE INDEX {name} ON {table} USING hnsw (embedding halfvec_ip_ops)"
    f" WITH (m = {M}, ef_construction = {EF_CONSTRUCTION})",
}

_SETTINGS: Final = """
SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', $1, true),
       set_config('hnsw.max_scan_tuples', $2, true), set_config('work_mem', '64MB', true),
       (SELECT sum(c.reltuples) FROM pg_partition_tree('points') t JOIN pg_class c ON c.oid = t.relid
        WHERE t.isleaf) AS points
"""
# Subqueries, so that the texts are read once and not for every row: a cast from text is no constant to the planner.
_VECTOR: Final = "(SELECT $5::text::halfvec)"
_WEIGHTS: Final = "(SELECT $3::text::sparsevec)"
_VISIBLE: Final = "tenant = $1 AND scope = ANY($2)"
# Ties go by the chunk's number, so that the same rows give the same answer whatever else there is.
_EXACT: Final = f"""
WITH seen AS MATERIALIZED (
    SELECT chunk, {{dense}} AS dense, -(terms <#> {_WEIGHTS}) AS sparse FROM points WHERE {_VISIBLE}
), near AS (
    SELECT * FROM seen ORDER BY dense DESC, chunk LIMIT $4
), worded AS (
    SELECT * FROM seen WHERE sparse > 0 ORDER BY sparse DESC, chunk LIMIT $4
)
SELECT * FROM near UNION SELECT * FROM worded
"""
# Candidates of both ways, each with both scores: {near} and {worded} are chunks' numbers.
_BOTH: Final = f"""
WITH near AS MATERIALIZED ({{near}}), worded AS MATERIALIZED ({{worded}})
SELECT p.chunk, {{dense}} AS dense, -(p.terms <#> {_WEIGHTS}) AS sparse, (SELECT count(*) FROM near) AS walked
FROM (SELECT chunk FROM near UNION SELECT chunk FROM worded) found
     JOIN points p ON p.tenant = $1 AND p.chunk = found.chunk
"""
_NOTHING: Final = "SELECT 0::bigint AS chunk WHERE false"
_NEAR: Final = f"SELECT chunk FROM points WHERE {_VISIBLE} ORDER BY embedding <#> {_VECTOR} LIMIT $4"
_WORDED: Final = f"""
SELECT chunk FROM points WHERE tenant = $1 AND {{scope}} = ANY($2) AND {{holding}}
ORDER BY terms <#> {_WEIGHTS}, chunk LIMIT $4
"""
_NO_DENSE: Final = "0::float8"
_DENSE: Final = f"-(embedding <#> {_VECTOR})"
_PUT: Final = """
INSERT INTO points (tenant, chunk, scope, embedding, terms, term_ids)
VALUES ($1, $2, $3, $4::text::halfvec, $5::text::sparsevec, $6)
"""
_OF_DOCUMENTS: Final = "tenant = $1 AND chunk IN (SELECT id FROM chunks WHERE document = ANY($2))"
_DIMENSION: Final = """
SELECT atttypmod FROM pg_attribute WHERE attrelid = 'points'::regclass AND attname = 'embedding'
"""


class Points:
    """The storage in the database itself. `exact` and `scan` as EXACT and SCAN."""

    def __init__(self, *, exact: int = EXACT, scan: int = SCAN) -> None:
        self._exact = exact
        self._scan = scan

    @property
    def sure(self) -> bool:
        """As Storage says: everything is in one database."""
        return True

    def turn(self) -> AbstractAsyncContextManager[None]:
        """As Storage says: there is none to wait for."""
        return nullcontext()

    async def search(self, conn: Connection, ask: Ask, visible: Visible) -> list[Candidate]:
        """As Storage says."""
        values: list[Any] = [visible.tenant, list(visible.scopes), sparse_text(ask.weights, TERMS), ask.limit]
        if ask.vector is not None:
            values.append(dense_text(ask.vector))
        if visible.chunks > self._exact:
            walked = str(min(max(ask.limit, EF), 1000))
            (known,) = await conn.fetch(_SETTINGS, walked, str(self._scan))
            rows = await self._indexed(conn, ask, values, mostly=visible.chunks >= MOSTLY * (known["points"] or 0))
            # Fewer than there are: the walk has given up.
            if ask.vector is None or (rows and rows[0]["walked"] >= min(ask.limit, visible.chunks)):
                return _candidates(rows)
        dense = _NO_DENSE if ask.vector is None else _DENSE
        found = _candidates(await conn.fetch(_EXACT.format(dense=dense), *values))
        return found if ask.vector is not None else [one for one in found if one.sparse > 0]

    async def _indexed(self, conn: Connection, ask: Ask, values: list[Any], *, mostly: bool) -> list[Any]:
        """`mostly`: the caller may read a good part of all points. It decides how they are come by, and not which."""
        near, dense = (_NOTHING, _NO_DENSE) if ask.vector is None else (_NEAR, _DENSE)
        worded = _NOTHING
        terms: list[list[int]] = []
        if ask.weights:
            holding, terms = _holding(ask, len(values) + 1)
            # No index on this: to list a million readable points takes longer than to look at some that hold a word.
            worded = _WORDED.format(holding=holding, scope="(scope + 0)" if mostly else "scope")
        return await conn.fetch(_BOTH.format(near=near, worded=worded, dense=dense), *values, *terms)

    async def put(self, conn: Connection, tenant: str, scope: int, points: Sequence[Point]) -> None:
        """As Storage says."""
        await conn.executemany(
            _PUT,
            [
                (
                    *(tenant, point.chunk, scope, dense_text(point.vector)),
                    *(sparse_text(point.weights, TERMS), looked_up(point.weights)),
                )
                for point in points
            ],
        )

    async def load(self, conn: Connection, tenant: str, points: Sequence[tuple[int, Point]]) -> None:
        """Many points at once, each with its scope, by COPY."""
        owner = tenant.encode()
        rows = (
            (
                *(owner, pack(">q", point.chunk), pack(">i", scope), dense_bytes(point.vector)),
                *(sparse_bytes(point.weights, TERMS), integers_bytes(looked_up(point.weights))),
            )
            for scope, point in points
        )
        data = BytesIO(await asyncio.to_thread(copy_rows, rows))
        columns = ("tenant", "chunk", "scope", "embedding", "terms", "term_ids")
        await conn.copy_to_table("points", source=data, columns=columns, format="binary", timeout=LONG_S)

    async def permit(self, conn: Connection, tenant: str, document: str, scope: int) -> None:
        """As Storage says."""
        await conn.execute(f"UPDATE points SET scope = $3 WHERE {_OF_DOCUMENTS}", tenant, [document], scope)

    async def remove(self, conn: Connection, tenant: str, documents: Sequence[str]) -> None:
        """As Storage says."""
        await conn.execute(f"DELETE FROM points WHERE {_OF_DOCUMENTS}", tenant, list(documents))


def _holding(ask: Ask, first: int) -> tuple[str, list[list[int]]]:
    """Which points are ranked by words: a condition over $`first` and further, and its values.

    The rarest terms: as many as are needed for `limit` passages, until those that hold only other terms cannot come
    before them, or until `FREQUENT` passages hold them. Where even the rarest is held by more, points that hold two of
    the three rarest; where there is but one such term, all that hold it. Learned terms, of which a question has many
    and whose frequency nobody counts: the heaviest.
    """
    rare = sorted((term for term in ask.weights if term < PAIRS), key=lambda term: (ask.frequencies[term], term))
    learned = sorted((term for term in ask.weights if term >= LEARNED), key=lambda term: (-ask.weights[term], term))
    chosen, holding, least = learned[:HEAVIEST], 0, inf
    left = sum(weight for term, weight in ask.weights.items() if term < LEARNED)
    for term in rare:
        enough = chosen and ask.frequencies[chosen[-1]] >= ask.limit if not learned else False
        holding += ask.frequencies[term]
        if holding > FREQUENT or (enough and MOST * left < LEAST * least):
            break
        chosen.append(term)
        least, left = min(least, ask.weights[term]), left - ask.weights[term]
    if chosen or len(rare) == 1:
        return f"term_ids && ${first}", [chosen or rare]
    pairs = [list(pair) for pair in combinations(rare[:3], 2)]
    return "(" + " OR ".join(f"term_ids @> ${first + place}" for place in range(len(pairs))) + ")", pairs


def _candidates(rows: Sequence[Any]) -> list[Candidate]:
    return [Candidate(row["chunk"], row["dense"], row["sparse"]) for row in rows]


async def dimension(conn: Any) -> int:
    """Values of a vector in this index."""
    return int(await conn.fetchval(_DIMENSION))


async def set_dimension(conn: Connection, wanted: int) -> None:
    """Makes the index one of vectors with `wanted` values, in the caller's transaction; harmless when it is.

    Raises Invalid outside 1..4,000, and Conflict while the index holds vectors of another dimension.
    """
    if not 1 <= wanted <= MAX_DIMENSION:
        raise Invalid(f"vectors of {wanted} values cannot be indexed", hint=f"at most {MAX_DIMENSION}")
    if await dimension(conn) == wanted:
        return
    await conn.execute("LOCK TABLE points IN ACCESS EXCLUSIVE MODE")
    if await conn.fetchval("SELECT EXISTS (SELECT FROM points)"):
        raise Conflict(
            "the index holds vectors of another embedder", hint="make the vectors anew, or configure that embedder"
        )
    await conn.execute("DROP INDEX points_embedding")
    await conn.execute(f"ALTER TABLE points ALTER COLUMN embedding TYPE halfvec({wanted})")
    await build(conn, ("embedding",))


async def unbuilt(conn: Connection) -> list[str]:
    """The indexes of `points` that are not there: a bulk load that was cut short left them out."""
    rows = await conn.fetch(
        "SELECT indexname FROM pg_indexes WHERE tablename = 'points' AND schemaname = ANY(current_schemas(false))"
    )
    there = {row["indexname"] for row in rows}
    return [name for name in INDEXES if f"points_{name}" not in there]


async def drop(conn: Connection) -> None:
    """Takes the indexes away, before a bulk load; `build` makes them again."""
    for name in INDEXES:
        await conn.execute(f"DROP INDEX IF EXISTS points_{name}", timeout=LONG_S)


async def build(conn: Connection, which: Sequence[str] = tuple(INDEXES), table: str = "points") -> None:
    """Makes the named indexes of a table of points, on every partition."""
    for name in which:
        await conn.execute(INDEXES[name].format(name=f"{table}_{name}", table=table), timeout=LONG_S)
