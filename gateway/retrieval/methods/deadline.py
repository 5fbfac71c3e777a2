"""A time limit on work in a thread, which no cancellation stops by itself: it asks between two steps."""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType
from typing import Self


class Deadline:
    """`async with Deadline(1.5) as deadline:` raises TimeoutError after 1.5 s, and `check` does in the thread then."""

    def __init__(self, timeout_s: float) -> None:
        self._over = threading.Event()
        self._timeout = asyncio.timeout(timeout_s)

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Also when the request went away: nobody waits for the rest.
        self._over.set()
        await self._timeout.__aexit__(kind, error, trace)

    def check(self) -> None:
        """Called in the thread. Raises TimeoutError when nobody waits any more."""
        if self._over.is_set():
            raise TimeoutError
