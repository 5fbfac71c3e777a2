"""Several parsing processes side by side; each reads one document at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from gateway.errors import RateLimited
from gateway.retrieval import Parsed, Parser

MAX_WAITING: Final = 64
"""Documents that may wait for a process; more are refused."""


class ParserPool:
    """Stands where a `Parser` does. The process used last is used first, so that those not needed end by themselves."""

    def __init__(self, parsers: Sequence[Parser], *, max_waiting: int = MAX_WAITING) -> None:
        self._all = tuple(parsers)
        self._free = list(reversed(self._all))
        self._slots = asyncio.Semaphore(len(self._all))
        self._waiting = 0
        self._max_waiting = max_waiting

    @property
    def id(self) -> str:
        """Names everything about reading that changes what the index holds."""
        return self._all[0].id

    @property
    def pids(self) -> list[int]:
        """Process ids of those that run."""
        return [pid for one in self._all if (pid := one.pid) is not None]

    async def parse(self, data: bytes, name: str) -> Parsed:
        """As `Parser.parse`. Raises RateLimited when too many documents wait."""
        if self._waiting >= self._max_waiting:
            raise RateLimited(
                "too many documents are waiting to be read", hint="try again in a moment", retry_after_s=5.0
            )
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        parser = self._free.pop()
        try:
            return await parser.parse(data, name)
        finally:
            self._free.append(parser)
            self._slots.release()

    async def close(self) -> None:
        """Ends every process."""
        await asyncio.gather(*(one.close() for one in self._all))
