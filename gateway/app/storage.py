"""Where points are kept: in the database, or in a Qdrant cluster beside it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gateway.crypto import Secret
from gateway.errors import BadSettings, GatewayError
from gateway.retrieval.points import Points
from gateway.retrieval.qdrant.engine import Engine
from gateway.retrieval.qdrant.opened import open_engine
from gateway.retrieval.qdrant.owed import home, move_out
from gateway.retrieval.qdrant.paying import Payer
from gateway.retrieval.qdrant.storage import Qdrant
from gateway.retrieval.storage import Storage
from gateway.settings import Settings
from gateway.store import Store


@dataclass(frozen=True, slots=True)
class Placed:
    """The storage, and what brings points to an engine outside; None where there is none."""

    storage: Storage
    engine: Engine | None = None
    payer: Payer | None = None

    async def settle(self, tenant: str) -> None:
        """Returns when nothing of a tenant is on its way. Raises IndexUnavailable."""
        if self.payer is not None:
            await self.payer.settle(tenant)

    async def problem(self) -> str | None:
        """What is wrong with the engine outside; searches fail then."""
        if self.engine is None:
            return None
        try:
            await self.engine.ping()
        except GatewayError as error:
            return error.message
        return None


def engine_of(settings: Settings) -> Engine:
    """The cluster that is configured. Nothing is opened or asked."""
    chosen = settings.qdrant
    return open_engine(
        chosen.urls,
        api_key=Secret(chosen.api_key.get_secret_value()) if chosen.api_key else None,
        ca_file=settings.path(chosen.ca_file) if chosen.ca_file else None,
        prefix=chosen.prefix,
        shards=chosen.shards,
        replicas=chosen.replicas,
        on_disk=chosen.on_disk,
        quantised=chosen.quantisation == "int8",
        timeout_s=chosen.timeout_s,
    )


async def open_storage(
    settings: Settings,
    store: Store,
    stack: contextlib.AsyncExitStack,
    now: Callable[[], datetime],
    *,
    engine: Engine | None = None,
    pay: bool = True,
) -> Placed:
    """The storage of the settings; `engine` instead of the configured one. pay: bring points there from now on.

    The first time that the settings name Qdrant, what lies in the database is on its way there. Raises BadSettings
    where points lie elsewhere than the settings say.
    """
    if settings.index == "postgresql":
        if await home(store) is not None:
            raise BadSettings(
                "the index's points lie in qdrant, and the settings say postgresql",
                hint="set index: qdrant, or bring them back with `gateway index bring-back`",
            )
        return Placed(Points())
    engine = engine or engine_of(settings)
    stack.push_async_callback(engine.close)
    async with store.transaction() as conn:
        await move_out(conn, engine.prefix, now())
    payer = Payer(store, engine)
    if pay:
        paying = asyncio.create_task(payer.run())
        stack.push_async_callback(_ended, paying)
    # Whoever does not search has the other half of the connections, however slow the cluster is.
    return Placed(Qdrant(engine, at_once=max(1, settings.database.pool_max // 2)), engine, payer)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})
