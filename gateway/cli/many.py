"""Several processes that each scan batches; what they make comes out in the order it went in."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field

from gateway.app.house import quiet
from gateway.app.ring import key_ring
from gateway.cli.lines import Batch
from gateway.cli.scan import Done, Scanner
from gateway.crypto import KeyRing
from gateway.errors import Broken
from gateway.model import PrivacyPolicy
from gateway.settings import Settings


@dataclass(frozen=True, slots=True)
class Means:
    """What a process needs to make the same tokens as every other."""

    settings: Settings | None
    """Where the key ring is; None: it is in `ring`."""
    ring: bytes = field(repr=False)
    policy: PrivacyPolicy
    scope: str

    def scanner(self) -> Scanner:
        """A scanner of this process. Raises BadKeyRing."""
        quiet()
        ring = (
            KeyRing.parse(self.ring, "the key ring of this run") if self.settings is None else key_ring(self.settings)
        )
        return Scanner(ring, self.policy, self.scope)


class _Here:
    """What a worker process holds between batches."""

    runner: asyncio.Runner
    scanner: Scanner


def _begin(means: Means) -> None:
    _Here.runner = asyncio.Runner()
    _Here.scanner = means.scanner()


def _work(batch: Batch) -> Done:
    return _Here.runner.run(_Here.scanner.lines(batch))


async def scan(means: Means, batches: Iterator[Batch], workers: int) -> AsyncGenerator[Done, None]:
    """What becomes of each batch, in order; a few are under way for each worker, so that memory stays bounded."""
    if workers == 1:
        scanner = means.scanner()
        try:
            for batch in batches:
                yield await scanner.lines(batch)
        finally:
            scanner.close()
        return
    # Spawned: a fork would take locks of this process's threads with it.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(means,))
    under_way: deque[asyncio.Future[Done]] = deque()
    loop = asyncio.get_running_loop()
    try:
        for batch in batches:
            under_way.append(loop.run_in_executor(pool, _work, batch))
            if len(under_way) > 2 * workers:
                yield await under_way.popleft()
        while under_way:
            yield await under_way.popleft()
    except BrokenProcessPool:
        raise Broken("a scanning process ended by itself", hint="try again with fewer --workers") from None
    finally:
        for job in under_way:
            job.cancel()
        pool.shutdown(wait=True, cancel_futures=True)
