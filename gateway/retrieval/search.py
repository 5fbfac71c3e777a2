"""One search: both arms in one statement, behind one WHERE clause, then fused and looked at again.

The vector arm walks the HNSW index and goes on until enough rows pass the WHERE clause (`hnsw.iterative_scan`). The
lexical arm takes every row that holds a query term (GIN) and ranks all of them exactly. Every candidate of either arm
gets the exact score of both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.model import Filter, Passage
from gateway.retrieval.fuse import fuse
from gateway.retrieval.sparse import DIMENSION as TERMS
from gateway.retrieval.sparse import idf
from gateway.store import Store
from gateway.store.vectors import dense as dense_text
from gateway.store.vectors import sparse as sparse_text

CANDIDATES: Final = 64
"""Rows each arm brings, at least; four times `top_k` when that is more."""
MAX_CANDIDATES: Final = 400
SCAN: Final = 20_000
"""Rows the vector index visits at most before an exact scan of what the filter admits takes its place."""

ADMITTED: Final = "tenant = $1 AND collection = ANY($2) AND label = ANY($3) AND allow && $4 AND NOT deny && $4"
"""The one rule of who may read, over `filter_values`. `Filter.admits` is the same rule in memory."""

# Settings hold for the transaction only. Plans are made for the values at hand: what a filter admits decides whether
# walking the vector index or sorting the few admitted rows is right.
_PREPARE: Final = """
SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true),
       set_config('hnsw.ef_search', $4, true),
       set_config('hnsw.max_scan_tuples', $5, true),
       set_config('plan_cache_mode', 'force_custom_plan', true),
       (SELECT coalesce(sum(chunks), 0)::bigint FROM collections) AS everything,
       (SELECT coalesce(sum(chunks), 0)::bigint FROM collections WHERE tenant = $1 AND name = ANY($2)) AS readable,
       (SELECT coalesce(jsonb_object_agg(term, n), '{}') FROM (
            SELECT term, sum(chunks)::bigint AS n FROM term_counts
            WHERE tenant = $1 AND collection = ANY($2) AND term = ANY($3) AND chunks > 0 GROUP BY term) seen) AS counts
"""

_SEARCH: Final = """
WITH admitted AS NOT MATERIALIZED (
    SELECT id, embedding, terms, term_ids FROM chunks WHERE {admitted}
), dense AS (
    SELECT id FROM admitted ORDER BY {distance} LIMIT $8
), sparse AS (
    SELECT id FROM admitted WHERE term_ids && $7::integer[] ORDER BY terms <#> $6::text::sparsevec, id LIMIT $8
), found AS (
    SELECT id FROM dense UNION SELECT id FROM sparse
)
SELECT c.document, c.ordinal, c.tenant, c.collection, c.label, c.allow, c.deny, c.page, c.start_, c.end_, c.heading,
       c.text, d.title, d.source, k.mode = 'plain' AS plain, (SELECT count(*) FROM dense) AS walked,
       -(c.embedding <#> $5::text::halfvec) AS dense, -(c.terms <#> $6::text::sparsevec) AS sparse
FROM found JOIN chunks c USING (id) JOIN documents d ON d.id = c.document
     JOIN collections k ON k.tenant = c.tenant AND k.name = c.collection
"""
_WALK: Final = _SEARCH.format(admitted=ADMITTED, distance="embedding <#> $5::text::halfvec")
# The same statement, but its order is an expression that no index serves: every admitted row is measured.
_EXACT: Final = _SEARCH.format(admitted=ADMITTED, distance="(embedding <#> $5::text::halfvec) + 0")


def filter_values(scope: Filter) -> tuple[str, list[str], list[str], list[str]]:
    """$1..$4 of `ADMITTED`."""
    return scope.tenant, list(scope.collections), list(scope.labels), list(scope.marks)


def admits_nothing(scope: Filter) -> bool:
    """Whether the filter is empty on any side, so that no statement needs to run."""
    return not (scope.collections and scope.labels and scope.marks)


async def search(
    store: Store, vector: Sequence[float], terms: Mapping[int, float], scope: Filter, top_k: int, scan: int = SCAN
) -> list[Passage]:
    """At most `top_k` passages, best first, each admitted by `scope`. Raises StoreUnavailable.

    vector: of length 1 (embed.py); terms: of `sparse.query_terms`; score: 0..1, comparable within one search only.
    """
    if admits_nothing(scope) or top_k < 1:
        return []
    limit = min(max(CANDIDATES, 4 * top_k), MAX_CANDIDATES)
    tenant, collections, labels, marks = filter_values(scope)
    async with store.transaction() as conn:
        known = await conn.fetchrow(_PREPARE, tenant, collections, list(terms), str(limit), str(scan))
        assert known is not None  # noqa: S101 - a SELECT without FROM has one row
        weights = weigh(terms, known["counts"], known["readable"])
        values = (
            *(tenant, collections, labels, marks),
            *(dense_text(vector), sparse_text(weights, TERMS), list(weights), limit),
        )
        rows = await conn.fetch(_WALK, *values)
        # Fewer than asked for, and the walk may have stopped early: measure what the filter admits instead.
        if known["everything"] > scan and (not rows or rows[0]["walked"] < limit):
            rows = await conn.fetch(_EXACT, *values)
    scores = fuse([row["dense"] for row in rows], [row["sparse"] for row in rows])
    ranked = sorted(
        zip(scores, rows, strict=True), key=lambda pair: (-pair[0], pair[1]["document"], pair[1]["ordinal"])
    )
    passages = (_passage(row, score) for score, row in ranked)
    return [passage for passage in passages if scope.admits(passage)][:top_k]


def weigh(terms: Mapping[int, float], counts: Mapping[str, int], chunks: int) -> dict[int, float]:
    """Query weights: count times inverse document frequency; terms that occur nowhere drop out.

    Statistics are of the collections the caller may read, so that those he may not read do not move his scores.
    """
    found: dict[int, float] = {}
    for term, count in terms.items():
        holding = counts.get(str(term), 0)
        if holding:
            found[term] = count * idf(max(chunks, holding), holding)
    return found


def _passage(row: Any, score: float) -> Passage:
    return Passage(
        id=f"{row['document']}.{row['ordinal']}",
        document=row["document"],
        title=row["title"],
        source=row["source"],
        collection=row["collection"],
        label=row["label"],
        tenant=row["tenant"],
        allow=tuple(row["allow"]),
        deny=tuple(row["deny"]),
        ordinal=row["ordinal"],
        page=row["page"],
        start=row["start_"],
        end=row["end_"],
        text=row["text"],
        score=score,
        dense=row["dense"],
        sparse=row["sparse"],
        heading=row["heading"],
        plain=row["plain"],
    )
