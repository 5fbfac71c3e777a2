"""Which embedder is in force: the one whose vectors the index holds. One a deployment, kept in the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.errors import Conflict
from gateway.retrieval.points import dimension as dimension_of
from gateway.retrieval.points import set_dimension
from gateway.store.store import Connection

HINT: Final = "run `gateway reembed`, or set retrieval.embedder back"
_CURRENT: Final = "SELECT id, dimension FROM embedders WHERE in_force"
_ANY: Final = "SELECT EXISTS (SELECT 1 FROM chunks)"
_TURN: Final = "SELECT pg_advisory_xact_lock(hashtextextended('gateway/embedders', 0))"
_PUT: Final = """
INSERT INTO embedders (id, dimension, in_force, since) VALUES ($1, $2, true, $3)
ON CONFLICT (id) DO UPDATE SET dimension = excluded.dimension, in_force = true, since = excluded.since
"""


@dataclass(frozen=True, slots=True)
class Space:
    """The vectors of one embedder."""

    embedder: str
    dimension: int


async def current(conn: Any) -> Space | None:
    """The one in force; None while nothing was ever embedded. `conn`: a connection, or the store itself."""
    return _space(await conn.fetchrow(_CURRENT))


async def claim(conn: Connection, embedder: str, dimension: int, at: datetime) -> None:
    """Before vectors are written: they must be of the embedder in force, until the transaction ends.

    An index without vectors takes whichever embedder comes. Raises Conflict when another one is in force.
    """
    found = _space(await conn.fetchrow(_CURRENT))
    if found == Space(embedder, dimension):
        # Only now locked, and looked at again: two that wish to change it would otherwise wait for each other.
        found = _space(await conn.fetchrow(f"{_CURRENT} FOR SHARE"))
        if found == Space(embedder, dimension):
            return
    await conn.execute(_TURN)
    found = _space(await conn.fetchrow(f"{_CURRENT} FOR UPDATE"))
    if found == Space(embedder, dimension):
        return
    if found is not None and await conn.fetchval(_ANY):
        if found.embedder == embedder:
            told = f"the embedder now gives {dimension} dimensions, and the index holds {found.dimension}"
            raise Conflict(told, hint=HINT)
        raise _other(found, embedder)
    await put_in_force(conn, embedder, dimension, at)


async def expect(conn: Any, embedder: str) -> None:
    """Before any work on a document: raises Conflict where `claim` would later, as far as that is known now."""
    found = _space(await conn.fetchrow(_CURRENT))
    if found is not None and found.embedder != embedder and await conn.fetchval(_ANY):
        raise _other(found, embedder)


async def put_in_force(conn: Connection, embedder: str, dimension: int, at: datetime) -> None:
    """Makes an embedder the one in force, in the caller's transaction, which has seen to the vectors.

    Raises Conflict when vectors of another dimension are there.
    """
    if await dimension_of(conn) != dimension:
        await set_dimension(conn, dimension)
    await conn.execute("UPDATE embedders SET in_force = false WHERE in_force AND id <> $1", embedder)
    await conn.execute(_PUT, embedder, dimension, at)


def _other(found: Space, embedder: str) -> Conflict:
    return Conflict(f"the index was made with the embedder {found.embedder}, not with {embedder}", hint=HINT)


def _space(row: Any) -> Space | None:
    return None if row is None else Space(row["id"], row["dimension"])
