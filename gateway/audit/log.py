"""The audit log as the rest of the gateway sees it: `append` returns when the record is durable, or raises.

A record is sealed and chained as it is queued. One task takes whatever is queued and writes it in one commit; while
that commit lasts the next batch gathers by itself, so nothing ever waits for company. Any failure closes the stream:
everyone waiting gets AuditUnavailable, nothing is retried blindly, and a new stream opens when the database is back.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from gateway.audit.index import prepare
from gateway.audit.link import LOST, Interrupted, Link, open_link
from gateway.audit.record import END, Row, encode
from gateway.audit.subjects import Subjects
from gateway.audit.terms import Find, Terms, told_of
from gateway.crypto import KeyRing
from gateway.errors import AuditUnavailable, StoreUnavailable
from gateway.model import Position, Record
from gateway.store import Store

log = logging.getLogger(__name__)

Waiting = tuple[Row, Sequence[int], "asyncio.Future[Position]"]
"""A row, what it is found by, and who waits for it."""

BATCH_BYTES = 4 << 20
QUEUE_BYTES = 256 << 20
MAX_RECORD_BYTES = 64 << 20
MANY = 64
"""Records from which on a batch is acknowledged in two parts: one half is written while the other comes back."""
FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 2.0


class AuditLog:
    """The stream that this process writes.

    `queue` bounds the records that may wait, `batch` those in one commit. `timeout_s` bounds each statement, so no
    request waits longer than a few times that for a database that hangs. `find` is what `Terms` is given. Needs a
    direct connection to the server (or a pooler in session mode): the stream is guarded by an advisory lock.
    """

    def __init__(
        self,
        store: Store,
        ring: KeyRing,
        now: Callable[[], datetime],
        *,
        queue: int = 10_000,
        batch: int = 512,
        timeout_s: float = 5.0,
        find: Find = lambda _: (),
    ) -> None:
        self.terms = Terms(ring, find)
        """What records are found by."""
        self.subjects = Subjects(store, ring)
        """Keys of those who are recorded."""
        self._store = store
        self._dsn = store.dsn
        self._ring = ring
        self._now = now
        self._limit = queue
        self._batch = batch
        self._timeout_s = timeout_s
        self._queue: deque[Waiting] = deque()
        self._queued_bytes = 0
        self._in_flight: list[Waiting] = []
        self._wake = asyncio.Event()
        self._closing = asyncio.Event()
        self._link: Link | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def healthy(self) -> bool:
        """Whether a record appended now would be written, as far as is known."""
        return self._link is not None and self._link.alive and not self._closing.is_set()

    @property
    def stream(self) -> str | None:
        """Id of the open stream; None while there is none."""
        return str(self._link.stream.header.stream) if self._link else None

    async def start(self) -> None:
        """Open this process's stream. Raises AuditUnavailable when the database cannot take it."""
        if self._task is not None:
            raise RuntimeError("the audit log was started before")
        await prepare(self._store, self._now())
        try:
            self._link = await self._open(None)
        except LOST as error:
            raise _unavailable(f"the audit log cannot be opened, {type(error).__name__}") from None
        self._task = asyncio.create_task(self._run(self._link), name="audit log")

    async def append(self, record: Record) -> Position:
        """Write one record; it is durable when this returns.

        Raises AuditUnavailable when that cannot be said (the record may or may not be there), TooLarge over 64 MiB,
        Broken for a record that cannot be written. Cancelling the caller does not take the record back.
        """
        if not self.healthy:
            raise _unavailable(self._why())
        try:
            key = await self.subjects.key(record.principal)
        except (StoreUnavailable, *LOST):
            raise _unavailable("the key of whom this is about cannot be had") from None
        entry = encode(record, key, max_bytes=MAX_RECORD_BYTES, terms=self.terms.of(told_of(record)))
        link = self._link
        if link is None or not self.healthy:  # it may have gone meanwhile
            raise _unavailable(self._why())
        if len(self._queue) >= self._limit or self._queued_bytes + len(entry.payload) > QUEUE_BYTES:
            raise AuditUnavailable(
                "the audit log's queue is full", hint="send fewer requests at once, or raise audit.queue"
            )
        try:
            row = link.stream.add(entry)
        except Exception as error:  # noqa: BLE001 - whatever it was
            link.drop()  # what was sealed of it is not known, so this stream goes no further
            raise _unavailable(f"the audit log cannot seal, {type(error).__name__}") from None
        done: asyncio.Future[Position] = asyncio.get_running_loop().create_future()
        self._queue.append((row, entry.terms, done))
        self._queued_bytes += len(row.sealed)
        self._wake.set()
        return await done

    async def close(self) -> None:
        """Write what is queued, close the stream in order and let the connection go. Harmless when repeated."""
        self._closing.set()
        self._wake.set()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self, link: Link) -> None:
        """Serve one link after the other until `close`."""
        try:
            while True:
                lost = await self._serve_until_lost(link)
                if lost is None:
                    return
                found = await self._reopen(lost)
                if found is None:
                    return
                link = self._link = found
                log.warning("the audit log is back, stream %s", found.stream.header.stream)
        finally:
            self._link = None
            self._closing.set()
            self._fail("the audit log is closed")

    async def _serve_until_lost(self, link: Link) -> Interrupted | None:
        """None when the stream was closed in order."""
        link.on_loss(self._wake.set)
        try:
            await self._serve(link)
        except Exception as error:  # noqa: BLE001 - whatever it was, nobody may be told that his record was written
            log.warning("the audit log lost its stream, %s", type(error).__name__)
            self._link = None
            self._fail(f"the audit log cannot be written, {type(error).__name__}")
            return link.drop()
        except BaseException:
            link.drop()
            raise
        return None

    async def _serve(self, link: Link) -> None:
        while True:
            while not self._queue:
                if self._closing.is_set():
                    await link.finish(self._now(), END)
                    return
                if not link.alive:
                    raise ConnectionError
                self._wake.clear()
                await self._wake.wait()
            batch = self._in_flight = self._take()
            await link.write([row for row, _, _ in batch], [terms for _, terms, _ in batch])
            if len(batch) >= MANY and not self._queue:
                # Writers who all wait for the same commit would all come back at once, and the database wait for them.
                batch, self._in_flight = batch[: len(batch) // 2], batch[len(batch) // 2 :]
                _acknowledge(link, batch)
                await asyncio.sleep(0)
            batch, self._in_flight = self._in_flight, []
            _acknowledge(link, batch)

    def _take(self) -> list[Waiting]:
        """Whatever waits, up to the bounds of a batch; at least one record."""
        batch: list[Waiting] = []
        size = 0
        while self._queue and len(batch) < self._batch:
            size += len(self._queue[0][0].sealed)
            if batch and size > BATCH_BYTES:
                break
            waiting = self._queue.popleft()
            self._queued_bytes -= len(waiting[0].sealed)
            batch.append(waiting)
        return batch

    async def _reopen(self, lost: Interrupted) -> Link | None:
        """A new link, as soon as there is a database for it; None when the log is closed meanwhile."""
        pause = FIRST_PAUSE_S
        while not self._closing.is_set():
            try:
                return await self._open(lost)
            except Exception as error:  # noqa: BLE001 - the log stays closed to writers until this works
                log.info("the audit log cannot be opened yet, %s", type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)
        return None

    async def _open(self, lost: Interrupted | None) -> Link:
        return await open_link(self._dsn, self._ring, self._now, self._timeout_s, lost)

    def _why(self) -> str:
        if self._task is None:
            return "the audit log is not open"
        if self._closing.is_set():
            return "the audit log is closed"
        return "the audit log has no database connection"

    def _fail(self, message: str) -> None:
        """Tell everyone who waits that his record is not known to be written."""
        waiting = [*self._in_flight, *self._queue]
        self._in_flight = []
        self._queue.clear()
        self._queued_bytes = 0
        for _, _, done in waiting:
            if not done.done():
                done.set_exception(_unavailable(message))


def _acknowledge(link: Link, batch: Sequence[Waiting]) -> None:
    for row, _, done in batch:
        if not done.done():
            done.set_result(link.stream.position(row))


def _unavailable(message: str) -> AuditUnavailable:
    return AuditUnavailable(message, hint="see whether the database is up and has space: gateway doctor")
