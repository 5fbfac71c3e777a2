"""Jobs, sources and a worker over a bench."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from gateway.crypto.keyring import KeyRing
from gateway.errors import Unauthenticated
from gateway.ingest import Delivery, Jobs, Progress, QueueLimits, Work, Worker
from gateway.ingest.sources import Sources, Spec
from gateway.model import Json, Principal
from tests.ingest.bench import Bench, now

T = TypeVar("T")


@dataclass
class Service:
    bench: Bench
    jobs: Jobs
    sources: Sources
    work: Work
    progress: Progress
    gone: set[str]
    """Ids of principals whose credential has ended."""

    @contextlib.asynccontextmanager
    async def worker(
        self, *, concurrency: int = 2, heartbeat_s: float = 0.2, stalled_s: float = 2.0
    ) -> AsyncIterator[None]:
        worker = Worker(
            store=self.bench.store,
            work=self.work,
            schedule=self.sources.schedule,
            now=now,
            concurrency=concurrency,
            keep_days=1,
            heartbeat_s=heartbeat_s,
            stalled_s=stalled_s,
        )
        task = asyncio.create_task(worker.run())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def ended(self, who: Principal, job: str, timeout_s: float = 60) -> Json:
        return await until(lambda: self.jobs.show(who, job), lambda found: found["ended_at"] is not None, timeout_s)


async def until(look: Callable[[], Awaitable[T]], good: Callable[[T], bool], timeout_s: float = 60) -> T:
    """What `look` finds once it is good."""
    deadline = time.monotonic() + timeout_s
    while True:
        found = await look()
        if good(found):
            return found
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def open_service(
    bench: Bench, ring: KeyRing, specs: Sequence[Spec] = (), limits: QueueLimits | None = None
) -> AsyncIterator[Service]:
    progress = Progress(bench.store)
    gone: set[str] = set()

    async def standing(principal: Principal) -> Principal:
        if principal.id in gone:
            raise Unauthenticated("the key has ended")
        return principal

    shared = {"store": bench.store, "ring": ring, "current": bench.current, "ingest": bench.ingest}
    sources = Sources(specs, **shared, audit=bench.audit, now=now, max_bytes=1_000_000)  # type: ignore[arg-type]
    jobs = Jobs(**shared, progress=progress, audit=bench.audit, now=now, limits=limits or QueueLimits())  # type: ignore[arg-type]
    work = Work(**shared, audit=bench.audit, now=now, standing=standing, sync=sources.job)  # type: ignore[arg-type]
    try:
        yield Service(bench, jobs, sources, work, progress, gone)
    finally:
        await progress.close()
        await sources.close()


def file(number: int, text: str = "The pump runs on Mondays.") -> Delivery:
    """A small document."""
    return Delivery(f"Note {number}\n\n{text}\n".encode(), f"{number}.txt", "hr", label="internal")
