"""Bringing points back into the database, and holding what Qdrant has against what it should have."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.errors import Conflict, IndexUnavailable
from gateway.retrieval.points import LONG_S, dimension
from gateway.retrieval.qdrant.engine import Engine, Sent
from gateway.retrieval.qdrant.owed import home, owe
from gateway.retrieval.sparse import DIMENSION as TERMS
from gateway.retrieval.sparse import looked_up
from gateway.store import Store
from gateway.store.vectors import dense, sparse

PAGE: Final = 200
_NOT_HERE: Final = """
SELECT d.id FROM documents d WHERE d.chunks > 0 AND d.id > $1 AND NOT EXISTS (
    SELECT FROM chunks c JOIN points p ON p.tenant = d.tenant AND p.chunk = c.id WHERE c.document = d.id)
ORDER BY d.id LIMIT $2
"""
_BACK: Final = """
INSERT INTO points (tenant, chunk, scope, embedding, terms, term_ids)
SELECT d.tenant, c.id, d.scope, $2::text::halfvec, $3::text::sparsevec, $4
FROM chunks c JOIN documents d ON d.id = c.document WHERE c.id = $1
ON CONFLICT DO NOTHING
"""
_SCOPES: Final = """
UPDATE points p SET scope = d.scope FROM chunks c JOIN documents d ON d.id = c.document
WHERE c.id = p.chunk AND p.tenant = d.tenant AND p.scope <> d.scope
"""
_WITHOUT: Final = """
SELECT count(*) FROM chunks c JOIN documents d ON d.id = c.document
WHERE NOT EXISTS (SELECT FROM points p WHERE p.tenant = d.tenant AND p.chunk = c.id)
"""
_THERE: Final = """
SELECT c.id, d.id AS document, d.tenant, d.scope FROM chunks c JOIN documents d ON d.id = c.document
WHERE c.id = ANY($1)
"""
_SHOULD: Final = """
SELECT (SELECT coalesce(sum(chunks), 0) FROM documents)::bigint - (SELECT count(*) FROM points)
"""

_ONWARD: Final = "SELECT setval('points_seq', $1) FROM points_seq WHERE last_value < $1"


@dataclass(frozen=True, slots=True)
class Compared:
    """What was found."""

    points: int
    """That Qdrant has, and should."""
    dropped: int
    """That stand for no passage of ours; they are gone now."""
    owed: int
    """Documents with another scope there than here; they are on their way now."""
    missing: int
    """Points that it should have and has not, as far as nothing was changed meanwhile."""


async def bring_back(store: Store, engine: Engine, progress: Callable[[int], None] = lambda _: None) -> int:
    """Brings every point back into the database, and throws away what Qdrant has; how many documents it had.

    Goes on where an earlier run was stopped. progress: is told the documents done. Raises Conflict when points lie in
    the database already, and where some are nowhere: nothing is thrown away then.
    """
    there = await home(store)
    if there is None:
        raise Conflict("the index's points lie in the database already")
    name = engine.name(await dimension(store), there.generation)
    after, done = "", 0
    while rows := await store.fetch(_NOT_HERE, after, PAGE):
        for row in rows:
            after = row["id"]
            done += await _one(store, engine, name, after) if name in there.made else 0
            progress(done)
    async with store.transaction() as conn:
        await conn.execute("LOCK TABLE points_owed IN ACCESS EXCLUSIVE MODE")
        await conn.execute(_SCOPES, timeout=LONG_S)
        without = await conn.fetchval(_WITHOUT, timeout=LONG_S)
        if without:
            raise Conflict(
                f"{without} passages have their vectors neither here nor in qdrant",
                hint="ingest their documents again, then repeat this",
            )
        await conn.execute("DELETE FROM points_owed")
        await conn.execute("DELETE FROM points_home")
    try:
        for each in there.made:
            await engine.discard(each)
    except IndexUnavailable as error:
        raise IndexUnavailable(
            f"the points are back, and {' and '.join(there.made)} could not be deleted: {error.message}",
            hint="delete what is left of them in qdrant",
        ) from None
    return done


async def compare(store: Store, engine: Engine, progress: Callable[[int], None] = lambda _: None) -> Compared:
    """Looks at every point that Qdrant has, drops those of no passage, and owes documents whose scope differs."""
    there = await home(store)
    seen = dropped = 0
    differ: set[str] = set()
    for name in there.made if there is not None else ():
        async for page in engine.scroll(name):
            rows = {row["id"]: row for row in await store.fetch(_THERE, [one.point.chunk for one in page])}
            # A database put back from a backup counts from where it was then; what counts higher there would stand.
            await store.fetchval(_ONWARD, max(one.seq for one in page))
            gone = [one.point.chunk for one in page if not _stands(one, rows)]
            await engine.drop(name, gone)
            other = [rows[one.point.chunk] for one in page if _differs(one, rows)]
            for tenant in sorted({row["tenant"] for row in other}):
                documents = sorted({row["document"] for row in other if row["tenant"] == tenant})
                async with store.transaction() as conn:
                    await owe(conn, tenant, documents)
                differ.update(documents)
            seen += len(page) - len(gone)
            dropped += len(gone)
            progress(seen)
    should = int(await store.fetchval(_SHOULD))
    return Compared(seen, dropped, len(differ), max(0, should - seen))


def _stands(one: Sent, rows: dict[int, Any]) -> bool:
    """Whether the passage that has this number is the one that the point was made of."""
    row = rows.get(one.point.chunk)
    return row is not None and row["document"] == one.document


def _differs(one: Sent, rows: dict[int, Any]) -> bool:
    row = rows.get(one.point.chunk)
    return row is not None and row["document"] == one.document and row["scope"] != one.scope


async def _one(store: Store, engine: Engine, name: str, document: str) -> bool:
    """One document's points, all of them or none."""
    found: list[Sent] = []
    async for page in engine.scroll(name, document, whole=True):
        found += page
    rows = await asyncio.to_thread(_rows, found)
    async with store.transaction() as conn:
        await conn.executemany(_BACK, rows)
    return bool(rows)


def _rows(found: Sequence[Sent]) -> list[tuple[object, ...]]:
    points = (one.point for one in found)
    return [
        (point.chunk, dense(point.vector), sparse(point.weights, TERMS), looked_up(point.weights)) for point in points
    ]
