"""Another embedder for the whole index: a second table of points beside the live one, which then takes its place.

`points_next` is filled passage by passage, in any order and across interruptions: what is missing in it is what is left
to do. A trigger on the live table keeps it from holding what is gone or was changed: a point deleted there is deleted
here, a change of permission is made in both. Searches see nothing of it until the swap, which is one transaction.

`outside.py` does the same where points lie outside the database.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final

from gateway.errors import Broken, Conflict, Invalid
from gateway.retrieval.embed import TOKEN
from gateway.retrieval.methods.space import Space, current, put_in_force
from gateway.retrieval.passages import to_embed
from gateway.retrieval.points import INDEXES, LONG_S, MAX_DIMENSION, ROWS
from gateway.retrieval.qdrant.owed import expect_inside
from gateway.retrieval.upkeep import MEMORY
from gateway.retrieval.writing import take_all_shards
from gateway.store import Store
from gateway.store.failures import lost
from gateway.store.store import Connection
from gateway.store.vectors import dense

if TYPE_CHECKING:
    from gateway.retrieval.methods.base import Vectors

_ALONE: Final = "SELECT pg_try_advisory_lock(hashtextextended('gateway/reembed', 0))"
_RUN: Final = "SELECT embedder, dimension, outside FROM reembedding"
_PARTS: Final = """
SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS holds
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass($1) ORDER BY c.relname
"""
_MAKE: Final = (
    "CREATE TABLE points_next (LIKE points INCLUDING STORAGE) PARTITION BY LIST (tenant)",
    "ALTER TABLE points_next ALTER COLUMN embedding TYPE halfvec({dimension})",
    "ALTER TABLE points_next ALTER COLUMN embedding SET STORAGE MAIN",
    "ALTER TABLE points_next ADD PRIMARY KEY (tenant, chunk)",
)
_FOLLOW: Final = """
CREATE OR REPLACE FUNCTION points_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM points_next WHERE tenant = OLD.tenant AND chunk = OLD.chunk;
    ELSE
        UPDATE points_next SET scope = NEW.scope WHERE tenant = NEW.tenant AND chunk = NEW.chunk;
    END IF;
    RETURN NULL;
END $$
"""
_TRIGGER: Final = """
CREATE TRIGGER points_follow AFTER DELETE OR UPDATE OF scope ON points
FOR EACH ROW EXECUTE FUNCTION points_follow()
"""
_DROP: Final = (
    "DROP FUNCTION IF EXISTS points_follow CASCADE",
    "DROP TABLE IF EXISTS points_next",
    "DELETE FROM reembedding",
)
_MISSING: Final = """
FROM points p WHERE NOT EXISTS (SELECT FROM points_next n WHERE n.tenant = p.tenant AND n.chunk = p.chunk)
"""
# xmin: which version of the row was read. Who changes a passage replaces its point.
_STALE: Final = """
SELECT p.tenant, p.chunk, p.seen, {stored} AS vector, d.title, c.heading, c.text, s.label, k.mode = 'plain' AS plain,
       ARRAY(SELECT jsonb_object_keys(d.counts)) AS types
FROM (SELECT p.tenant, p.chunk, p.xmin::text AS seen, p.embedding {missing} AND (p.tenant, p.chunk) > ($1, $2)
      ORDER BY p.tenant, p.chunk LIMIT $3) p
     JOIN chunks c ON c.id = p.chunk JOIN documents d ON d.id = c.document JOIN scopes s ON s.id = d.scope
     JOIN collections k ON k.tenant = d.tenant AND k.name = d.collection
ORDER BY p.tenant, p.chunk
"""
# The rows are locked: who deletes or changes one waits, and his trigger finds what was written here; who was first has
# left another version of the row, or none.
_PUT: Final = """
INSERT INTO points_next (tenant, chunk, scope, embedding, terms, term_ids)
SELECT p.tenant, p.chunk, p.scope, v.embedding::halfvec, p.terms, p.term_ids
FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[]) AS v (tenant, chunk, seen, embedding)
     JOIN points p ON p.tenant = v.tenant AND p.chunk = v.chunk AND p.xmin::text = v.seen
FOR SHARE OF p
ON CONFLICT DO NOTHING
"""
_WINDOW: Final = "split_part(recipe, ' ', 2) LIKE '%/window/%'"
_KINDS: Final = """
SELECT s.label, k.mode = 'plain' AS plain, ARRAY(SELECT jsonb_object_keys(d.counts)) AS types, count(*) AS documents
FROM documents d JOIN scopes s ON s.id = d.scope JOIN collections k ON k.tenant = d.tenant AND k.name = d.collection
GROUP BY 1, 2, 3
"""
_SIZE: Final = f"""
SELECT ({{passages}}) AS passages, (SELECT count(*) FROM documents) AS documents,
       (SELECT count(*) FROM documents WHERE {_WINDOW}) AS windows
"""
_UNFINISHED: Final = """
SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE NOT i.indisvalid AND c.relkind = 'i' AND c.relname LIKE 'points\\_next\\_%'
"""
_NAMES: Final = "SELECT relname AS name, relkind::text AS kind FROM pg_class WHERE relname LIKE 'points\\_next%'"
_RECIPES: Final = f"""
UPDATE documents SET recipe = replace(recipe, ' ' || $1 || ' ', ' ' || $2 || ' ')
WHERE recipe LIKE '% ' || $1 || ' %' AND NOT {_WINDOW}
"""


@dataclass(frozen=True, slots=True)
class Size:
    """What there is to embed."""

    passages: int
    documents: int
    windows: int
    """Documents cut into sentence windows."""
    done: int = 0
    """Passages that have their new vector already."""
    open: Space | None = None
    """What a run that was not finished makes."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Documents that are alike in what decides where their text may go."""

    label: str
    plain: bool
    types: tuple[str, ...]
    documents: int


@dataclass(frozen=True, slots=True)
class Stale:
    """A passage without its new vector."""

    tenant: str
    chunk: int
    label: str
    plain: bool
    types: tuple[str, ...]
    text: str = field(repr=False)
    """As the embedder reads it."""
    seen: str = ""
    vector: tuple[float, ...] | None = field(default=None, repr=False)
    """The one it has now, where that was asked for."""
    weights: Mapping[int, float] = field(default_factory=dict, repr=False)
    """Its terms, where the second table cannot take them from the first."""


class Beside:
    """The second table. Every method raises StoreUnavailable when the database does not answer."""

    outside: ClassVar = False
    """Whether points lie outside the database."""
    passages: ClassVar = "SELECT count(*) FROM points"
    trigger: ClassVar = (_FOLLOW, _TRIGGER)
    missing: ClassVar = f"SELECT EXISTS (SELECT {_MISSING})"

    def __init__(self, store: Store) -> None:
        self._store = store

    @contextlib.asynccontextmanager
    async def alone(self) -> AsyncIterator[Connection]:
        """A session of one's own; no other process embeds anew meanwhile. Raises Conflict when one does."""
        own = await self._store.connect()
        try:
            if not await own.fetchval(_ALONE):
                raise Conflict("another process embeds the index anew already", hint="let it finish, or stop it")
            yield own
        finally:
            await own.close()

    async def size(self) -> Size:
        """What is there, and how far a run has come. Raises Conflict where the vectors lie elsewhere."""
        async with self._store.acquire() as conn:
            await self.expect(conn)
            row = await conn.fetchrow(_SIZE.format(passages=self.passages), timeout=LONG_S)
            run = await self._open_run(conn)
            done = await conn.fetchval("SELECT count(*) FROM points_next", timeout=LONG_S) if run else 0
        assert row is not None  # noqa: S101 - a SELECT without FROM has one row
        return Size(**row, done=done, open=run)

    async def _open_run(self, conn: Connection) -> Space | None:
        """What a run makes that was not finished, unless it began where points lay elsewhere."""
        run = await conn.fetchrow(_RUN)
        return Space(run["embedder"], run["dimension"]) if run and run["outside"] == self.outside else None

    async def expect(self, conn: Connection) -> None:
        """Raises Conflict where points lie elsewhere."""
        await expect_inside(conn)

    async def kinds(self) -> list[Kind]:
        """Every document, by what decides where it may go."""
        async with self._store.acquire() as conn:
            rows = await conn.fetch(_KINDS, timeout=LONG_S)
        return [Kind(row["label"], row["plain"], tuple(row["types"]), row["documents"]) for row in rows]

    async def begin(self, wanted: Space, at: datetime) -> bool:
        """Makes the second table, or goes on with the one that is there for `wanted`: whether it did the latter."""
        if not 1 <= wanted.dimension <= MAX_DIMENSION:
            raise Invalid(f"vectors of {wanted.dimension} values cannot be indexed", hint=f"at most {MAX_DIMENSION}")
        async with self._store.transaction() as conn:
            if await self._open_run(conn) == wanted:
                return True
            await _drop(conn)
            for statement in _MAKE:
                await conn.execute(statement.format(dimension=wanted.dimension))
            for statement in self.trigger:
                await conn.execute(statement, timeout=LONG_S)
            await conn.execute(
                "INSERT INTO reembedding (embedder, dimension, started_at, outside) VALUES ($1, $2, $3, $4)",
                *(wanted.embedder, wanted.dimension, at, self.outside),
            )
        return False

    async def abandon(self) -> bool:
        """Throws the second table away; whether there was one."""
        async with self._store.transaction() as conn:
            there = await conn.fetchrow(_RUN) is not None
            await _drop(conn)
        return there

    async def follow(self, conn: Connection | None = None) -> None:
        """Gives the second table the partitions of the live one, of which a tenant may have got one meanwhile."""
        if conn is None:
            async with self._store.transaction() as own:
                return await self.follow(own)
        there = {row["holds"] for row in await conn.fetch(_PARTS, "points_next")}
        for row in await conn.fetch(_PARTS, "points"):
            if row["holds"] in there:
                continue
            name = _renamed(row["name"], "points", "points_next")
            if row["holds"] != "DEFAULT":
                values = row["holds"].removeprefix("FOR VALUES ")
                await conn.execute(f"DELETE FROM points_next WHERE tenant {values}", timeout=LONG_S)
            await conn.execute(f"CREATE TABLE {name} PARTITION OF points_next {row['holds']} {ROWS}", timeout=LONG_S)
        return None

    async def stale(
        self, after: Stale | None, limit: int, conn: Connection | None = None, *, stored: bool = False
    ) -> list[Stale]:
        """The next passages without a new vector, behind `after`; `stored`: with the vector they have now."""
        sql = _STALE.format(missing=_MISSING, stored="p.embedding::vector::real[]" if stored else "NULL::real[]")
        values = (after.tenant, after.chunk, limit) if after is not None else ("", 0, limit)
        if conn is not None:
            rows = await conn.fetch(sql, *values, timeout=LONG_S)
        else:
            async with self._store.acquire() as own:
                rows = await own.fetch(sql, *values, timeout=LONG_S)
        return [stale_of(row) for row in rows]

    async def put(self, passages: Sequence[Stale], vectors: Vectors, conn: Connection | None = None) -> None:
        """Their vectors, in order; what was changed or deleted since it was read is left out."""
        if conn is None:
            async with self._store.transaction() as own:
                return await self.put(passages, vectors, own)
        columns = [
            [one.tenant for one in passages],
            [one.chunk for one in passages],
            [one.seen for one in passages],
            [dense(row) for row in vectors.tolist()],
        ]
        await conn.execute(_PUT, *columns)
        return None

    async def index(self, own: Connection) -> None:
        """Makes the indexes of the second table; writers go on. `own`: of `alone`."""
        try:
            await own.execute(f"SET maintenance_work_mem = '{MEMORY}'")
            for row in await own.fetch(_UNFINISHED):
                await own.execute(f"DROP INDEX {row['name']}")
            for part in await own.fetch(_PARTS, "points_next"):
                for kind, make in INDEXES.items():
                    made = make.format(name=f"{part['name']}_{kind}", table=part["name"])
                    made = made.replace("CREATE INDEX", "CREATE INDEX CONCURRENTLY IF NOT EXISTS", 1)
                    await own.execute(made, timeout=LONG_S)
        except Exception as fault:
            if (known := lost(fault)) is not None:
                raise known from None
            raise

    @contextlib.asynccontextmanager
    async def still(self) -> AsyncIterator[Connection]:
        """A transaction in which nobody else writes to the index; searches go on. It is for the last passages."""
        async with self._store.transaction() as conn:
            await self.quiet(conn)
            for row in await conn.fetch("SELECT DISTINCT tenant FROM collections ORDER BY 1"):
                await take_all_shards(conn, row["tenant"])
            await conn.fetch("SELECT id FROM embedders WHERE in_force FOR UPDATE")
            await conn.execute("LOCK TABLE points IN SHARE ROW EXCLUSIVE MODE")
            await self.expect(conn)
            await self.follow(conn)
            await self.tidy(conn)
            yield conn

    async def quiet(self, conn: Connection) -> None:
        """Keeps those away who move points without changing the index; before anything else is locked."""

    async def tidy(self, conn: Connection) -> None:
        """Takes out of the second table what no trigger did."""

    async def taken(self, conn: Connection) -> None:
        """What follows from the swap, in its transaction."""

    async def finish(self) -> tuple[str, ...]:
        """After the swap: throws away what was left outside; what could not be, by name."""
        return ()

    async def swap(self, conn: Connection, wanted: Space, at: datetime) -> int:
        """Puts the second table in the place of the live one, in the transaction of `still`; documents it stands for.

        What is cut into sentence windows keeps the recipe it has, so that it is built anew when its file comes again:
        the sentences that such vectors are made of are not kept.
        """
        if await conn.fetchval(self.missing, timeout=LONG_S):
            raise Broken("a passage has no vector of the new embedder", hint="run `gateway reembed` again")
        former = await current(conn)
        # Those of the partitions are there and are taken over.
        for kind, make in INDEXES.items():
            await conn.execute(make.format(name=f"points_next_{kind}", table="points_next"), timeout=LONG_S)
        await conn.execute("DROP TABLE points", timeout=LONG_S)
        await conn.execute("DROP FUNCTION points_follow")
        for row in await conn.fetch(_NAMES):
            what = "INDEX" if row["kind"] in ("i", "I") else "TABLE"
            await conn.execute(f"ALTER {what} {row['name']} RENAME TO {_renamed(row['name'], 'points_next', 'points')}")
        await conn.execute("DELETE FROM reembedding")
        await self.taken(conn)
        await put_in_force(conn, wanted.embedder, wanted.dimension, at)
        if former is None:
            return 0
        done = await conn.execute(_RECIPES, former.embedder, wanted.embedder, timeout=LONG_S)
        return int(done.rpartition(" ")[2])


async def _drop(conn: Connection) -> None:
    for statement in _DROP:
        await conn.execute(statement, timeout=LONG_S)


def _renamed(name: str, before: str, after: str) -> str:
    return after + name.removeprefix(before)


def stale_of(row: Any) -> Stale:
    """A passage from its row."""
    texts = (row["title"], row["heading"], row["text"])
    return Stale(
        tenant=row["tenant"],
        chunk=row["chunk"],
        label=row["label"],
        plain=row["plain"],
        # A title's types are not among the document's counts.
        types=tuple({*row["types"], *(found[1] for text in texts for found in TOKEN.finditer(text))}),
        text=to_embed(*texts),
        seen=row["seen"],
        vector=tuple(row["vector"]) if row["vector"] is not None else None,
    )
