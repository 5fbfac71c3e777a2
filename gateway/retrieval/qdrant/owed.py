"""What an engine outside has not got yet: written down in the transaction that changes the index.

A row of `points_owed` says that a document's points differ there, not how: whoever pays looks up what the document is
now. New points lie in the table `points` until they are paid, and are searched there. `seq` grows with every change of
a document; whoever has paid takes the row away only if it is still the one he read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.errors import BadSettings, Conflict
from gateway.store.store import Connection

LANES: Final = 16
"""Rows are paid in so many ranks, each by one process at a time."""
STALE: Final = 10_000
"""Documents of a tenant that a search can leave out or bring in by name."""
SHARD: Final = -1
"""Stands in `index_versions` for the payments begun: no writer has this number."""

_OWE: Final = f"""
INSERT INTO points_owed AS o (document, tenant, seq, fresh, lane)
SELECT d, $1, nextval('points_seq'), $3, hashtext(d) & {LANES - 1} FROM (
    SELECT DISTINCT unnest($2::text[]) AS d ORDER BY 1) wanted
ON CONFLICT (document) DO UPDATE SET seq = nextval('points_seq')
"""
_DOCUMENTS_OF: Final = "SELECT DISTINCT document FROM chunks WHERE id = ANY($1)"
_HOME: Final = "SELECT prefix, made, generation FROM points_home"
_FOUND: Final = f"""
WITH stale AS MATERIALIZED (
    SELECT document FROM points_owed WHERE tenant = $1 AND NOT fresh LIMIT {STALE + 1}
)
SELECT (SELECT made FROM points_home) AS made, (SELECT generation FROM points_home) AS generation,
       (SELECT atttypmod FROM pg_attribute WHERE attrelid = 'points'::regclass AND attname = 'embedding') AS dimension,
       EXISTS (SELECT FROM points WHERE tenant = $1) AS waiting,
       ARRAY(SELECT document FROM stale ORDER BY 1) AS stale,
       ARRAY(SELECT d.id FROM stale JOIN documents d ON d.id = stale.document
             WHERE d.scope = ANY($2) AND d.chunks > 0 AND NOT EXISTS (
                 SELECT FROM chunks c JOIN points p ON p.tenant = $1 AND p.chunk = c.id WHERE c.document = d.id)
             ORDER BY 1) AS granted
"""
_ADOPT: Final = f"""
INSERT INTO points_owed (document, tenant, seq, fresh, lane)
SELECT d.id, d.tenant, nextval('points_seq'), true, hashtext(d.id) & {LANES - 1} FROM documents d WHERE d.chunks > 0
ON CONFLICT (document) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Home:
    """Where points lie outside."""

    prefix: str
    made: tuple[str, ...]
    """Collections that hold or have held any."""
    generation: int = 0
    """How often all of them were made anew."""


@dataclass(frozen=True, slots=True)
class Owed:
    """What a search must know of one tenant, in its snapshot."""

    made: tuple[str, ...]
    dimension: int
    generation: int
    waiting: bool
    """Whether any points lie in the database still."""
    stale: tuple[str, ...]
    """Documents of which there may be something out of date; more than STALE when there are too many."""
    granted: tuple[str, ...]
    """Those of them that are whole there, but for their scope, which the caller may read now."""


async def owe(conn: Connection, tenant: str, documents: Sequence[str], *, fresh: bool = False) -> None:
    """These documents have changed, in this transaction. fresh: where nothing is owed yet, there is nothing outside."""
    if documents:
        await conn.execute(_OWE, tenant, list(documents), fresh)


async def documents_of(conn: Connection, chunks: Sequence[int]) -> list[str]:
    """The documents of these passages."""
    return [row["document"] for row in await conn.fetch(_DOCUMENTS_OF, list(chunks))]


async def found(conn: Connection, tenant: str, scopes: Sequence[int]) -> Owed:
    """What a search in these scopes must know."""
    row = await conn.fetchrow(_FOUND, tenant, list(scopes))
    assert row is not None  # noqa: S101 - a SELECT without FROM has one row
    made = tuple(row["made"] or ())
    generation = row["generation"] or 0
    return Owed(made, row["dimension"], generation, row["waiting"], tuple(row["stale"]), tuple(row["granted"]))


async def home(conn: Any) -> Home | None:
    """Where points lie outside; None where they lie in the database. `conn`: a connection, or the store itself."""
    row = await conn.fetchrow(_HOME)
    return None if row is None else Home(row["prefix"], tuple(row["made"]), row["generation"])


async def expect_inside(conn: Any) -> None:
    """Raises Conflict where points lie outside the database, and what reads all of them cannot be done."""
    if await home(conn) is not None:
        raise Conflict(
            "this reads every vector of the index, and they lie in qdrant",
            hint="bring them back with `gateway index bring-back`, and move them again afterwards",
        )


async def begin_anew(conn: Connection) -> None:
    """All points lie in the database again and are owed, to collections that nobody has made yet."""
    await conn.execute("DELETE FROM points_owed")
    await conn.execute("UPDATE points_home SET made = '{}', generation = generation + 1")
    await conn.execute(_ADOPT)


async def move_out(conn: Connection, prefix: str, at: datetime) -> bool:
    """From now on points lie outside, in this transaction; whether they did not before.

    Those that are there are owed then. Raises BadSettings when they lie in collections of another prefix.
    """
    await conn.execute("LOCK TABLE points_home IN SHARE ROW EXCLUSIVE MODE")
    there = await home(conn)
    if there is not None:
        if there.prefix != prefix and not there.made:
            await conn.execute("UPDATE points_home SET prefix = $1", prefix)
        elif there.prefix != prefix:
            raise BadSettings(
                f"the index's points lie in collections named {there.prefix}-…", hint="set qdrant.prefix back"
            )
        return False
    await conn.execute("INSERT INTO points_home (prefix, since) VALUES ($1, $2)", prefix, at)
    await conn.execute(_ADOPT)
    return True
