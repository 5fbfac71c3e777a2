"""The storage whose points lie in Qdrant, but for those on their way there, which lie in the database.

A search asks both and puts together what they bring. It leaves out of Qdrant's part every document of which something
is owed, and brings in by name those that only got another scope: so it sees what its snapshot sees, however far behind
Qdrant is, and waits for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.errors import IndexUnavailable
from gateway.retrieval.points import EXACT, Points
from gateway.retrieval.qdrant.engine import Among, Engine
from gateway.retrieval.qdrant.owed import STALE, documents_of, found, owe
from gateway.retrieval.storage import Ask, Candidate, Point, Visible
from gateway.store.store import Connection

BEHIND_S: Final = 1.0


class Qdrant:
    """As Storage says. `exact`: visible passages up to which every one is looked at."""

    def __init__(self, engine: Engine, *, exact: int = EXACT) -> None:
        self._engine = engine
        self._exact = exact
        self._here = Points(exact=exact)

    @property
    def sure(self) -> bool:
        """As Storage says: Qdrant knows of no snapshot."""
        return False

    async def search(self, conn: Connection, ask: Ask, visible: Visible) -> list[Candidate]:
        """As Storage says. Raises IndexUnavailable also while Qdrant is too far behind to be asked."""
        owed = await found(conn, visible.tenant, visible.scopes)
        here = await self._here.search(conn, ask, visible) if owed.waiting else []
        name = self._engine.name(owed.dimension)
        if name not in owed.made:
            return here
        if len(owed.stale) > STALE:
            raise IndexUnavailable(
                "more documents have changed than qdrant knows of yet", hint="try again", retry_after_s=BEHIND_S
            )
        among = Among(visible.tenant, visible.scopes, owed.stale, owed.granted)
        there = await self._engine.search(name, ask, among, exact=visible.chunks <= self._exact)
        return list({one.chunk: one for one in (*there, *here)}.values())

    async def put(self, conn: Connection, tenant: str, scope: int, points: Sequence[Point]) -> None:
        """As Storage says."""
        if points:
            await owe(conn, tenant, await documents_of(conn, [one.chunk for one in points]), fresh=True)
            await self._here.put(conn, tenant, scope, points)

    async def permit(self, conn: Connection, tenant: str, document: str, scope: int) -> None:
        """As Storage says."""
        await owe(conn, tenant, [document])
        await self._here.permit(conn, tenant, document, scope)

    async def remove(self, conn: Connection, tenant: str, documents: Sequence[str]) -> None:
        """As Storage says."""
        await owe(conn, tenant, documents)
        await self._here.remove(conn, tenant, documents)
