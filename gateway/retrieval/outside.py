"""Another embedder where points lie in Qdrant: made in the database beside what is searched, then moved out again.

Terms come from the points that there are, wherever they lie, vectors from the texts. The swap puts the whole second
table in the place of the points on their way: from then on it is searched here, and brought, document by document, to
a collection of the next generation. The former one is thrown away. So the database holds every point for a while.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from gateway.errors import Conflict, IndexUnavailable
from gateway.retrieval.points import LONG_S, dimension
from gateway.retrieval.qdrant.engine import PAGE, Engine, Sent
from gateway.retrieval.qdrant.owed import begin_anew, home
from gateway.retrieval.qdrant.paying import STOP, weights
from gateway.retrieval.reembed import Beside, Stale, stale_of
from gateway.retrieval.sparse import DIMENSION as TERMS
from gateway.retrieval.sparse import looked_up
from gateway.store import Store
from gateway.store.store import Connection
from gateway.store.vectors import dense, sparse

if TYPE_CHECKING:
    from gateway.retrieval.methods.base import Vectors

log = logging.getLogger("gateway.retrieval")

# A passage that is changed where it stands gets another point, which begins in the database.
_FOLLOW: Final = """
CREATE OR REPLACE FUNCTION points_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM points_next WHERE tenant = NEW.tenant AND chunk = NEW.chunk;
    RETURN NULL;
END $$
"""
_TRIGGER: Final = """
CREATE TRIGGER points_follow AFTER INSERT ON points FOR EACH ROW EXECUTE FUNCTION points_follow()
"""
_MISSING: Final = """
FROM chunks c JOIN documents d ON d.id = c.document
WHERE NOT EXISTS (SELECT FROM points_next n WHERE n.tenant = d.tenant AND n.chunk = c.id)
"""
# xmin: which version of the passage was read.
_STALE: Final = f"""
SELECT w.tenant, w.chunk, w.seen, w.document, p.terms::text AS terms,
       CASE WHEN $3 THEN p.embedding::vector::real[] END AS vector, w.title, w.heading, w.text, s.label,
       k.mode = 'plain' AS plain, ARRAY(SELECT jsonb_object_keys(w.counts)) AS types
FROM (SELECT d.tenant, c.id AS chunk, c.xmin::text AS seen, d.id AS document, d.title, c.heading, c.text, d.scope,
             d.collection, d.counts {_MISSING} AND c.id > $1 ORDER BY c.id LIMIT $2) w
     JOIN scopes s ON s.id = w.scope JOIN collections k ON k.tenant = w.tenant AND k.name = w.collection
     LEFT JOIN points p ON p.tenant = w.tenant AND p.chunk = w.chunk
ORDER BY w.chunk
"""
_PUT: Final = """
INSERT INTO points_next (tenant, chunk, scope, embedding, terms, term_ids)
SELECT d.tenant, c.id, d.scope, $3::text::halfvec, $4::text::sparsevec, $5
FROM chunks c JOIN documents d ON d.id = c.document WHERE c.id = $1 AND c.xmin::text = $2
FOR SHARE OF c
ON CONFLICT DO NOTHING
"""
_GONE: Final = "DELETE FROM points_next n WHERE NOT EXISTS (SELECT FROM chunks c WHERE c.id = n.chunk)"
_SCOPES: Final = """
UPDATE points_next n SET scope = d.scope FROM chunks c JOIN documents d ON d.id = c.document
WHERE c.id = n.chunk AND d.tenant = n.tenant AND n.scope <> d.scope
"""


class OutsideBeside(Beside):
    """As Beside. Methods that ask Qdrant raise IndexUnavailable."""

    outside: ClassVar = True
    passages: ClassVar = "SELECT coalesce(sum(chunks), 0)::bigint FROM documents"
    trigger: ClassVar = (_FOLLOW, _TRIGGER)
    missing: ClassVar = f"SELECT EXISTS (SELECT {_MISSING})"

    def __init__(self, store: Store, engine: Engine) -> None:
        super().__init__(store)
        self._engine = engine
        self._former: tuple[str, ...] = ()

    async def expect(self, conn: Connection) -> None:
        """As Beside."""
        if await home(conn) is None:
            raise Conflict("the index's points lie in the database again", hint="run `gateway reembed` again")

    async def stale(
        self, after: Stale | None, limit: int, conn: Connection | None = None, *, stored: bool = False
    ) -> list[Stale]:
        """As Beside; but for passages whose points are just being moved: they are there the next time."""
        if conn is None:
            async with self._store.acquire() as own:
                return await self.stale(after, limit, own, stored=stored)
        last = after.chunk if after is not None else 0
        while rows := await conn.fetch(_STALE, last, limit, stored, timeout=LONG_S):
            last = rows[-1]["chunk"]
            there = await self._there(conn, [row for row in rows if row["terms"] is None])
            found = [_with_terms(row, there, stored=stored) for row in rows]
            if known := [one for one in found if one is not None]:
                return known
        return []

    async def _there(self, conn: Connection, rows: Sequence[Any]) -> dict[int, Sent]:
        """Points that lie outside, by passage; those alone that stand for the passage of this number."""
        return await stored(conn, self._engine, {row["chunk"]: row["document"] for row in rows})

    async def put(self, passages: Sequence[Stale], vectors: Vectors, conn: Connection | None = None) -> None:
        """As Beside."""
        if conn is None:
            async with self._store.transaction() as own:
                return await self.put(passages, vectors, own)
        rows = zip(passages, vectors.tolist(), strict=True)
        await conn.executemany(
            _PUT,
            [
                (one.chunk, one.seen, dense(vector), sparse(one.weights, TERMS), looked_up(one.weights))
                for one, vector in rows
            ],
        )
        return None

    async def quiet(self, conn: Connection) -> None:
        """As Beside: nobody brings points to Qdrant, and so takes them out of the database, until the swap is made."""
        await conn.execute(STOP)

    async def tidy(self, conn: Connection) -> None:
        """As Beside: passages that are gone, and permissions that were changed."""
        await conn.execute(_GONE, timeout=LONG_S)
        await conn.execute(_SCOPES, timeout=LONG_S)

    async def taken(self, conn: Connection) -> None:
        """As Beside."""
        place = await home(conn)
        self._former = place.made if place is not None else ()
        await begin_anew(conn)

    async def finish(self) -> tuple[str, ...]:
        """As Beside. Nothing is searched there any more, so a failure is no fault of the run."""
        left = []
        for name in self._former:
            try:
                await self._engine.discard(name)
            except IndexUnavailable as error:
                log.warning("the former collection %s could not be deleted: %s", name, error.message)
                left.append(name)
        return tuple(left)


async def stored(conn: Any, engine: Engine, wanted: Mapping[int, str]) -> dict[int, Sent]:
    """Points outside by passage, with vector and terms; those alone that stand for the passage of this number.

    wanted: number -> document. conn: a connection, or the store itself.
    """
    place = await home(conn)
    name = engine.name(await dimension(conn), place.generation) if place is not None else ""
    if place is None or name not in place.made:
        return {}
    numbers = list(wanted)
    found = [one for at in range(0, len(numbers), PAGE) for one in await engine.fetch(name, numbers[at : at + PAGE])]
    return {one.point.chunk: one for one in found if one.document == wanted[one.point.chunk]}


def _with_terms(row: Any, there: dict[int, Sent], *, stored: bool) -> Stale | None:
    one = stale_of(row)
    if row["terms"] is not None:
        return replace(one, weights=weights(row["terms"]))
    point = there.get(one.chunk)
    if point is None:
        return None
    vector = tuple(point.point.vector) if stored else None
    return replace(one, weights=point.point.weights, vector=vector)
