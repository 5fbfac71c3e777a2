"""The storage whose points lie in Qdrant, but for those on their way there, which lie in the database.

A search asks both and puts together what they bring. It leaves out of Qdrant's part every document of which something
is owed, and brings in by name those that only got another scope: so it sees what its snapshot sees, however far behind
Qdrant is, and waits for nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

from gateway.errors import IndexUnavailable
from gateway.retrieval.points import EXACT, Points
from gateway.retrieval.qdrant.engine import Among, Engine
from gateway.retrieval.qdrant.faults import HINT, Answered
from gateway.retrieval.qdrant.owed import STALE, documents_of, found, owe
from gateway.retrieval.storage import Ask, Candidate, Point, Visible
from gateway.store.store import Connection

BEHIND_S: Final = 1.0
AT_ONCE: Final = 8
"""Searches that ask Qdrant at a time; each holds a connection to the database meanwhile."""
LOST: Final = 3
REST_S: Final = 1.0
"""After so many searches in a row without an answer the next ones fail at once for so long, and hold nothing up."""


class Qdrant:
    """As Storage says. `exact`: visible passages up to which every one is looked at; `at_once` as AT_ONCE."""

    def __init__(self, engine: Engine, *, exact: int = EXACT, at_once: int = AT_ONCE) -> None:
        self._engine = engine
        self._turns = asyncio.Semaphore(at_once)
        self._lost = 0
        self._rests_until = 0.0
        self._exact = exact
        self._here = Points(exact=exact)

    @property
    def sure(self) -> bool:
        """As Storage says: Qdrant knows of no snapshot."""
        return False

    def turn(self) -> AbstractAsyncContextManager[None]:
        """As Storage says."""
        return self._turns

    async def search(self, conn: Connection, ask: Ask, visible: Visible) -> list[Candidate]:
        """As Storage says. Raises IndexUnavailable also while Qdrant is too far behind to be asked."""
        owed = await found(conn, visible.tenant, visible.scopes)
        here = await self._here.search(conn, ask, visible) if owed.waiting else []
        name = self._engine.name(owed.dimension, owed.generation)
        if name not in owed.made:
            return here
        if len(owed.stale) > STALE:
            raise IndexUnavailable(
                "more documents have changed than qdrant knows of yet", hint="try again", retry_after_s=BEHIND_S
            )
        among = Among(visible.tenant, visible.scopes, owed.stale, owed.granted)
        there = await self._asked(name, ask, among, exact=visible.chunks <= self._exact)
        return list({one.chunk: one for one in (*there, *here)}.values())

    async def _asked(self, name: str, ask: Ask, among: Among, *, exact: bool) -> list[Candidate]:
        if self._rests():
            raise IndexUnavailable("qdrant does not answer", hint=HINT)
        try:
            found = await self._engine.search(name, ask, among, exact=exact)
        except Answered:
            raise
        except IndexUnavailable:
            self._lost += 1
            if self._lost >= LOST:
                self._rests_until = time.monotonic() + REST_S
            raise
        self._lost = 0
        return found

    def _rests(self) -> bool:
        return time.monotonic() < self._rests_until

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
