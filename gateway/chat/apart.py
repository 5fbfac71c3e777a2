"""Short work stays on the event loop, long work leaves it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LONG = 20_000
"""Characters of work; about a millisecond of it, which is what a thread's round trip may cost."""


async def apart(size: int, work: Callable[[], T]) -> T:
    """Do the work here when it is short, in a thread when it is not."""
    return await asyncio.to_thread(work) if size > LONG else work()
