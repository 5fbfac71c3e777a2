"""A worker: takes tasks from the queue, starts what is due, and mends what crashes of others have left."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from gateway.errors import GatewayError
from gateway.ingest.queue import HEARTBEAT_S, NAME, SOURCES, STALLED_S, Queue, anything, channel
from gateway.ingest.work import Work
from gateway.store import Store

LOG: Final = logging.getLogger(__name__)
LONGEST_PAUSE_S: Final = 10.0


class Worker:
    """Runs until cancelled; what is under way then is undone after a moment and taken up by another worker."""

    def __init__(
        self,
        *,
        store: Store,
        work: Work,
        schedule: Callable[[], Awaitable[None]],
        now: Callable[[], datetime],
        concurrency: int,
        keep_days: float,
        heartbeat_s: float = HEARTBEAT_S,
        stalled_s: float = STALLED_S,
    ) -> None:
        self._store = store
        self._queues = [
            Queue(store, work.batch, concurrency=number, queue=name, heartbeat_s=heartbeat_s, stalled_s=stalled_s)
            for name, number in ((NAME, concurrency), (SOURCES, 1))
        ]
        self._wanted = asyncio.Event()
        self._work = work
        self._schedule = schedule
        self._now = now
        self._keep = timedelta(days=keep_days)
        self._beat_s = heartbeat_s

    async def run(self) -> None:
        """Work until cancelled, whatever the database does meanwhile."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._always("ear", self._listen, 0.0), name="ingest ear")
            tasks.create_task(self._always("keeper", self._tend, self._beat_s), name="ingest keeper")
            # The queue costs a second of imports and 30 MB: not before there is something in it.
            await self._wanted.wait()
            for queue in self._queues:
                tasks.create_task(self._always("queue", queue.run, 0.0), name="ingest queue")

    async def _listen(self) -> None:
        async with contextlib.AsyncExitStack() as stack:
            for name in (NAME, SOURCES):
                subscription = await self._store.listen(channel(name), lambda _: self._wanted.set())
                stack.push_async_callback(subscription.close)
            await self._wanted.wait()
        await asyncio.Event().wait()

    async def _tend(self) -> None:
        await self._work.tend(self._now() - self._keep)
        await self._schedule()
        if await anything(self._store):
            self._wanted.set()
            for queue in self._queues:
                await queue.recover()

    async def _always(self, what: str, step: Callable[[], Awaitable[None]], every_s: float) -> None:
        pause, trouble = 1.0, ""
        while True:
            try:
                await step()
                pause, trouble = 1.0, ""
                await asyncio.sleep(every_s)
            except Exception as fault:  # noqa: BLE001 - a worker that stops would be worse than any error
                found = fault.code if isinstance(fault, GatewayError) else type(fault).__name__
                if found != trouble:
                    LOG.warning("ingest: the %s of this worker rests: %s", what, found)
                trouble = found
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)
