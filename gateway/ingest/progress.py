"""Waiting for jobs to go on, whichever machine does them: one subscription for every watcher of this process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from gateway.ingest.ledger import CHANNEL
from gateway.store import Store


class Progress:
    """Tells watchers of a job that it went on. What a lost notification would have told, they find by looking."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._watchers: dict[str, set[asyncio.Event]] = {}
        self._subscription: Any = None
        self._opening = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def watch(self, job: str) -> AsyncIterator[asyncio.Event]:
        """An event set whenever the job went on; clear it before looking. Raises StoreUnavailable."""
        async with self._opening:
            if self._subscription is None:
                self._subscription = await self._store.listen(CHANNEL, self._tell, self._tell_all)
        event = asyncio.Event()
        self._watchers.setdefault(job, set()).add(event)
        try:
            yield event
        finally:
            self._watchers[job].discard(event)
            if not self._watchers[job]:
                del self._watchers[job]

    async def close(self) -> None:
        """Stop listening."""
        if self._subscription is not None:
            await self._subscription.close()
            self._subscription = None

    def _tell(self, job: str) -> None:
        for event in self._watchers.get(job, ()):
            event.set()

    def _tell_all(self) -> None:
        for events in self._watchers.values():
            for event in events:
                event.set()
