"""Qdrant as tests have it: the client's local mode, and a payer that is asked to pay when a test says so."""

from __future__ import annotations

from gateway.retrieval.qdrant.engine import Engine
from gateway.retrieval.qdrant.opened import local_engine
from gateway.retrieval.qdrant.owed import move_out
from gateway.retrieval.qdrant.paying import Payer
from gateway.retrieval.qdrant.storage import Qdrant
from gateway.store import Store
from tests.retrieval.corpus import NOW


class Outside:
    """One index's points in an engine of its own."""

    def __init__(self, store: Store, where: str = ":memory:", *, exact: int = 10_000) -> None:
        self.engine: Engine = local_engine(where)
        self.storage = Qdrant(self.engine, exact=exact)
        self.payer = Payer(store, self.engine)
        self._store = store

    async def start(self) -> None:
        async with self._store.transaction() as conn:
            await move_out(conn, self.engine.prefix, NOW)

    async def pay(self) -> int:
        return await self.payer.pay()

    async def held(self, dimension: int = 384) -> dict[int, tuple[str, int]]:
        """Every point there: its number -> document and scope."""
        name = self.engine.name(dimension)
        pages = [page async for page in self.engine.scroll(name)]
        return {one.point.chunk: (one.document, one.scope) for page in pages for one in page}
