"""Paying what is owed: making Qdrant hold of each document what the database says of it now.

Any number of processes pay, each rank by one at a time. Each batch is announced before anything is sent and taken off
the list afterwards; whoever is killed in between leaves the list as it was, and what is sent again changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any, Final

from gateway.errors import GatewayError, IndexUnavailable
from gateway.retrieval.points import dimension
from gateway.retrieval.qdrant.engine import Engine, Sent
from gateway.retrieval.qdrant.faults import Answered
from gateway.retrieval.qdrant.owed import LANES, SHARD, home
from gateway.retrieval.storage import Point
from gateway.store import Store
from gateway.store.failures import lost

LOG: Final = logging.getLogger(__name__)
BATCH: Final = 64
"""Documents announced together."""
POINTS: Final = 128
"""Points in one request."""
EVERY_S: Final = 1.0
LONGEST_S: Final = 30.0
"""Between looks while Qdrant is down."""
SETTLED_S: Final = 60.0

_WAITING: Final = f"""
SELECT lane FROM generate_series(0, {LANES - 1}) AS lane
WHERE EXISTS (SELECT FROM points_owed o WHERE o.lane = lane.lane)
"""
STOP: Final = f"""
SELECT pg_advisory_xact_lock(hashtextextended('gateway/points', lane)) FROM generate_series(0, {LANES - 1}) AS lane
"""
"""Waits until nobody pays, and keeps everybody from it until the transaction ends."""
_TURN: Final = "SELECT pg_try_advisory_lock(hashtextextended('gateway/points', $1))"
_DONE: Final = "SELECT pg_advisory_unlock(hashtextextended('gateway/points', $1))"
_ANNOUNCE: Final = """
WITH taken AS (SELECT document FROM points_owed WHERE lane = $1 ORDER BY seq LIMIT $2 FOR UPDATE SKIP LOCKED)
UPDATE points_owed o SET fresh = false FROM taken WHERE o.document = taken.document RETURNING o.document, o.tenant
"""
_PACE: Final = f"""
INSERT INTO index_versions AS v (tenant, shard, n) SELECT t, {SHARD}, 1 FROM unnest($1::text[]) AS t ORDER BY t
ON CONFLICT (tenant, shard) DO UPDATE SET n = v.n + 1
"""
_STATE: Final = """
SELECT o.document, o.tenant, o.seq, d.scope,
       EXISTS (SELECT FROM chunks c JOIN points p ON p.tenant = o.tenant AND p.chunk = c.id
               WHERE c.document = o.document) AS whole
FROM points_owed o LEFT JOIN documents d ON d.id = o.document WHERE o.document = ANY($1) ORDER BY o.seq
"""
_POINTS: Final = """
SELECT c.document, p.chunk, p.scope, p.embedding::vector::real[] AS vector, p.terms::text AS terms
FROM points p JOIN chunks c ON c.id = p.chunk
WHERE p.tenant = $1 AND c.document = ANY($2) AND p.chunk > $3 ORDER BY p.chunk LIMIT $4
"""
# Rows that somebody is changing are left: they are owed anew.
_PAID: Final = """
WITH same AS (
    SELECT o.document FROM points_owed o JOIN unnest($1::text[], $2::bigint[]) AS p (document, seq)
        ON p.document = o.document AND p.seq = o.seq FOR UPDATE OF o SKIP LOCKED
), paid AS (
    DELETE FROM points_owed o USING same WHERE o.document = same.document RETURNING o.document, o.tenant
), there AS (
    SELECT paid.tenant, c.id FROM paid JOIN chunks c ON c.document = paid.document
), gone AS (
    DELETE FROM points p USING there WHERE p.tenant = there.tenant AND p.chunk = there.id
)
SELECT count(*) FROM paid
"""
_LEFT: Final = "SELECT count(*) FROM points_owed"
_MADE: Final = "UPDATE points_home SET made = array_append(made, $1) WHERE NOT made @> ARRAY[$1]"


class Payer:
    """Pays for one deployment. Methods raise IndexUnavailable and StoreUnavailable."""

    def __init__(self, store: Store, engine: Engine) -> None:
        self._store = store
        self._engine = engine

    async def run(self) -> None:
        """Pays until cancelled. What goes wrong is logged, and tried again."""
        wait = EVERY_S
        while True:
            try:
                await self.pay()
                wait = EVERY_S
            except GatewayError as error:
                LOG.warning("points could not be brought to qdrant: %s", error.message)
                wait = min(2 * wait, LONGEST_S)
            except Exception as error:  # noqa: BLE001 - a process that stops paying would be worse than any error
                LOG.warning("points could not be brought to qdrant: %s", type(error).__name__)
                wait = min(2 * wait, LONGEST_S)
            await asyncio.sleep(wait)

    async def pay(self) -> int:
        """Pays what is owed now, but for what another process is paying; how many documents."""
        waiting = [row["lane"] for row in await self._store.fetch(_WAITING)]
        if not waiting:
            return 0
        done = 0
        refused: Answered | None = None
        own = await self._store.connect()
        try:
            for lane in waiting:
                if await own.fetchval(_TURN, lane):
                    try:
                        done += await self._lane(lane)
                    except Answered as error:
                        # It may be of one document; those of other ranks do not wait for it.
                        refused = error
                    await own.execute(_DONE, lane)
        except Exception as fault:
            if (known := lost(fault)) is not None:
                raise known from None
            raise
        finally:
            await own.close(timeout=EVERY_S)
        if refused is not None:
            raise refused
        return done

    async def settle(self, tenant: str, timeout_s: float = SETTLED_S) -> None:
        """Returns when nothing that is owed of a tenant now is owed any more. Raises IndexUnavailable in the end."""
        last = await self._store.fetchval("SELECT max(seq) FROM points_owed WHERE tenant = $1", tenant)
        deadline = time.monotonic() + timeout_s
        left = "SELECT EXISTS (SELECT FROM points_owed WHERE tenant = $1 AND seq <= $2)"
        while last is not None:
            await self.pay()
            if not await self._store.fetchval(left, tenant, last):
                return
            if time.monotonic() > deadline:
                raise IndexUnavailable("qdrant does not know of every change yet", hint="try again")
            await asyncio.sleep(0.05)

    async def left(self) -> int:
        """Documents that Qdrant does not know as they are now."""
        return int(await self._store.fetchval(_LEFT))

    async def _lane(self, lane: int) -> int:
        done = 0
        while documents := await self._announce(lane):
            paid = await self._pay(documents)
            done += paid
            if paid < len(documents):
                # They are being changed: their turn comes.
                break
        return done

    async def _announce(self, lane: int) -> list[str]:
        """Searches that have begun are told by the count that what they asked of Qdrant may have moved."""
        async with self._store.transaction() as conn:
            rows = await conn.fetch(_ANNOUNCE, lane, BATCH)
            if rows:
                await conn.execute(_PACE, sorted({row["tenant"] for row in rows}))
        return [row["document"] for row in rows]

    async def _pay(self, documents: Sequence[str]) -> int:
        async with self._store.acquire() as conn:
            there = await home(conn)
            name, width = "", await dimension(conn)
            rows = await conn.fetch(_STATE, list(documents))
        if there is None:
            return 0
        name = self._engine.name(width, there.generation)
        if name not in there.made:
            await self._make(name, width)
        seqs = {row["document"]: row["seq"] for row in rows}
        for tenant in sorted({row["tenant"] for row in rows}):
            whole = [row["document"] for row in rows if row["whole"] and row["tenant"] == tenant]
            await self._send(name, tenant, whole, seqs)
        replaced = [(row["document"], row["seq"]) for row in rows if row["whole"] or row["scope"] is None]
        permitted = [
            (row["document"], row["seq"], row["scope"]) for row in rows if not row["whole"] and row["scope"] is not None
        ]
        # Vectors of another dimension lie in a collection of their own, from before.
        for each in {*there.made, name}:
            await self._engine.settle(each, replaced, permitted)
        return int(await self._store.fetchval(_PAID, list(seqs), list(seqs.values())))

    async def _make(self, name: str, width: int) -> None:
        """The collection, empty: points that nobody here has put into it would stand for passages of ours."""
        await self._engine.ensure(name, width)
        there = await self._engine.count(name)
        if there and name not in await self._made():
            raise IndexUnavailable(
                f"the collection {name} holds points that are not of this deployment",
                hint="choose another qdrant.prefix, or delete the collection",
            )
        await self._store.execute(_MADE, name)

    async def _made(self) -> tuple[str, ...]:
        found = await home(self._store)
        return found.made if found is not None else ()

    async def _send(self, name: str, tenant: str, documents: Sequence[str], seqs: dict[str, int]) -> None:
        last = 0
        while documents:
            rows = await self._store.fetch(_POINTS, tenant, list(documents), last, POINTS)
            if not rows:
                return
            last = rows[-1]["chunk"]
            points = await asyncio.to_thread(_points, rows, seqs)
            await self._engine.put(name, tenant, points)


def _points(rows: Sequence[Any], seqs: dict[str, int]) -> list[Sent]:
    return [
        Sent(
            Point(row["chunk"], row["vector"], weights(row["terms"])),
            row["document"],
            row["scope"],
            seqs[row["document"]],
        )
        for row in rows
    ]


def weights(text: str) -> dict[int, float]:
    """Term id -> weight of a sparsevec's text, whose places count from 1."""
    inner = text[1 : text.index("}")]
    pairs = (one.partition(":") for one in inner.split(",") if one)
    return {int(place) - 1: float(weight) for place, _, weight in pairs}
