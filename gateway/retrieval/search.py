"""One search: what the caller may read, then candidates among that, then fusion and a second look.

All of it reads one snapshot. What the caller may read is a list of scopes; statistics of words are summed over these
scopes alone, so that nothing outside them moves a score. Candidates are read again under the same filter, by the
document's permissions and not by what the storage thought they were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from gateway.model import Filter, Passage
from gateway.retrieval.fuse import DENSE_WEIGHT, fuse
from gateway.retrieval.nouns import READY
from gateway.retrieval.sparse import weigh
from gateway.retrieval.storage import PASSAGES, Ask, Candidate, Storage, Visible
from gateway.store import Store
from gateway.store.store import Connection

CANDIDATES: Final = 64
"""Candidates each way of searching brings, at least; four times `top_k` when that is more."""
MAX_CANDIDATES: Final = 400
TRIES: Final = 4
"""Snapshots that are tried where a storage outside changes while it is asked."""

VERSION: Final = "SELECT jsonb_object_agg(shard::text, n) FROM index_versions WHERE tenant = $1"
"""Grows with every change of the tenant's index: what a replica must have before it may answer."""

PACE: Final = "SELECT n FROM index_versions WHERE tenant = $1 AND shard = -1"
"""Grows before a storage outside is told of any change."""


def admitted(state: str = READY) -> str:
    """The one rule of who may read, over `scopes AS s` and `filter_values`. `Filter.admits` is the same in memory."""
    return (
        "s.tenant = $1 AND s.collection = ANY($2) AND s.label = ANY($3) AND s.allow && $4 AND NOT s.deny && $4"
        f" AND s.state = '{state}' AND (s.expires_at IS NULL OR s.expires_at > $5)"
    )


# Before anything is read: a table that takes its place (reembed.py) would otherwise be met with an older snapshot, and
# the question's vector be compared with those of another embedder. A plan that serves any number of scopes probes for
# each scope and term: five times as slow for who may read much.
_HOLD: Final = "LOCK TABLE points IN ACCESS SHARE MODE; SET LOCAL plan_cache_mode = force_custom_plan"
_VISIBLE: Final = f"""
WITH seen AS MATERIALIZED (SELECT s.id FROM scopes s WHERE {admitted()})
SELECT (SELECT id FROM embedders WHERE in_force) AS embedder,
       (SELECT coalesce(array_agg(id ORDER BY id), '{{}}') FROM seen) AS scopes,
       (SELECT coalesce(jsonb_object_agg(term, n), '{{}}') FROM (
            SELECT term, sum(chunks)::bigint AS n FROM term_counts
            WHERE scope IN (SELECT id FROM seen) AND term = ANY($6) GROUP BY term) counted) AS counts
"""
COLUMNS: Final = """c.id, c.document, c.ordinal, d.tenant, d.collection, s.label, s.allow, s.deny, s.expires_at,
    c.page, c.start_, c.end_, c.heading, c.text, d.title, d.source, d.version, k.mode = 'plain' AS plain"""
OF: Final = """JOIN documents d ON d.id = c.document JOIN scopes s ON s.id = d.scope
    JOIN collections k ON k.tenant = d.tenant AND k.name = d.collection"""
_READ: Final = f"SELECT {COLUMNS} FROM chunks c {OF} WHERE c.id = ANY($6) AND {admitted()}"
_STILL: Final = f"SELECT c.id FROM chunks c {OF} WHERE c.id = ANY($6) AND {admitted()}"
_NEAR: Final = f"""
SELECT w.number, {COLUMNS}
FROM unnest($6::integer[], $7::text[], $8::integer[], $9::integer[]) AS w (number, document, first, last)
     JOIN chunks c ON c.document = w.document AND c.ordinal BETWEEN w.first AND w.last {OF}
WHERE {admitted()} ORDER BY w.number, c.ordinal
"""


def filter_values(scope: Filter, at: datetime) -> tuple[str, list[str], list[str], list[str], datetime]:
    """$1..$5 of `admitted`; `at` is what expiry is judged by."""
    return scope.tenant, list(scope.collections), list(scope.labels), list(scope.marks), at


def admits_nothing(scope: Filter) -> bool:
    """Whether the filter is empty on any side, so that no statement needs to run."""
    return not (scope.collections and scope.labels and scope.marks)


@dataclass(frozen=True, slots=True)
class Question:
    """What is searched for."""

    vector: Sequence[float] | None
    """Of length 1; None: by words alone."""
    terms: Mapping[int, float]
    """Term id -> count in the question, of `sparse.query_terms`."""
    embedder: str = ""
    """What made the vector: compared with those of the same alone. Empty: not said."""
    weight: float = DENSE_WEIGHT
    """The vector's share in the score, 0..1; see `fuse.dense_weight`."""


async def search(
    store: Store, storage: Storage, question: Question, scope: Filter, top_k: int, at: datetime
) -> list[Passage]:
    """At most `top_k` passages, best first, each admitted by `scope` at the time `at`. Raises StoreUnavailable.

    score: 0..1, comparable within one search only.
    """
    if admits_nothing(scope) or top_k < 1:
        return []
    values = filter_values(scope, at)
    limit = max(min(max(CANDIDATES, 4 * top_k), MAX_CANDIDATES), top_k)

    async def answer(conn: Connection) -> tuple[list[Passage], int | None]:
        await conn.execute(_HOLD)
        pace = None if storage.sure else await conn.fetchval(PACE, scope.tenant)
        return await passages(conn), pace

    async def passages(conn: Connection) -> list[Passage]:
        known = await conn.fetchrow(_VISIBLE, *values, [PASSAGES, *question.terms])
        assert known is not None  # noqa: S101 - a SELECT without FROM has one row
        counts = {int(term): n for term, n in known["counts"].items()}
        visible = Visible(scope.tenant, known["scopes"], counts.pop(PASSAGES, 0))
        comparable = not question.embedder or known["embedder"] in (None, question.embedder)
        vector = question.vector if comparable else None
        ask = Ask(vector, weigh(question.terms, counts, visible.chunks), counts, limit)
        if not visible.chunks or (vector is None and not ask.weights):
            return []
        found = await storage.search(conn, ask, visible)
        if not storage.sure:
            still = {row["id"] for row in await conn.fetch(_STILL, *values, [one.chunk for one in found])}
            found = [one for one in found if one.chunk in still]
        best = _best(found, top_k, question.weight)
        rows = {row["id"]: row for row in await conn.fetch(_READ, *values, list(best))}
        ranked = [_passage(rows[chunk], *scores) for chunk, scores in best.items() if chunk in rows]
        return [passage for passage in ranked if scope.admits(passage, at)]

    for _ in range(TRIES):
        async with storage.turn():
            answered, pace = await store.read(answer, VERSION, scope.tenant)
        # What was brought is of the snapshot if the storage was told of nothing since; otherwise some may be missing.
        if storage.sure or pace == await store.fetchval(PACE, scope.tenant):
            break
    return answered


async def neighbours(
    store: Store, passages: Sequence[Passage], before: int, after: int, scope: Filter, at: datetime
) -> dict[str, list[Passage]]:
    """Each passage's id -> up to `before` and `after` passages around it in its document and itself, in order.

    Only what `scope` admits; an id is missing when its document is gone. Scores of what was not found are 0.
    """
    if admits_nothing(scope) or not passages:
        return {}
    asked = (
        list(range(len(passages))),
        [one.document for one in passages],
        [max(0, one.ordinal - before) for one in passages],
        [one.ordinal + after for one in passages],
    )
    rows = await store.read(lambda conn: conn.fetch(_NEAR, *filter_values(scope, at), *asked), VERSION, scope.tenant)
    scores = {one.id: (one.score, one.dense, one.sparse) for one in passages}
    found: dict[str, list[Passage]] = {}
    for row in rows:
        known = scores.get(f"{row['document']}.{row['ordinal']}", (0.0, 0.0, 0.0))
        passage = _passage(row, *known)
        if scope.admits(passage, at):
            found.setdefault(passages[row["number"]].id, []).append(passage)
    return found


def _best(found: Sequence[Candidate], top_k: int, weight: float) -> dict[int, tuple[float, float, float]]:
    """The best chunks in order, each with its score and those of the two ways. Ties go by the chunk's number."""
    scores = fuse([one.dense for one in found], [one.sparse for one in found], weight)
    ranked = sorted(zip(scores, found, strict=True), key=lambda pair: (-pair[0], pair[1].chunk))
    return {one.chunk: (score, one.dense, one.sparse) for score, one in ranked[:top_k]}


def _passage(row: Any, score: float, dense: float, sparse: float) -> Passage:
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
        dense=dense,
        sparse=sparse,
        heading=row["heading"],
        plain=row["plain"],
        expires_at=row["expires_at"],
        version=row["version"],
    )


def passage_of(row: Any) -> Passage:
    """A row of `COLUMNS` that was not found by searching, under the id it has."""
    return replace(_passage(row, 0.0, 0.0, 0.0), id=row["id"])
