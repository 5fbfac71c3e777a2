"""One task of the queue: a batch of a job's files done, whatever happens in between."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final

from gateway.audit import AuditLog
from gateway.crypto import KeyRing
from gateway.errors import GatewayError
from gateway.ingest.journey import Ingest
from gateway.ingest.ledger import COUNTS, FAILED, Ledger, Part, owner_of, tell
from gateway.ingest.queue import defer, queued
from gateway.ingest.recording import Recording
from gateway.ingest.values import Delivery, Finish, Ingested, Request, Until
from gateway.model import Principal
from gateway.policy import Current
from gateway.retrieval import Stored
from gateway.store import Store
from gateway.store.store import Connection

LOG: Final = logging.getLogger(__name__)
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 30.0

_JOB: Final = "SELECT * FROM ingest_jobs WHERE id = $1 AND ended_at IS NULL"
_LEFT: Final = """
SELECT DISTINCT p.job, p.batch, 'ingest' AS queue FROM ingest_parts p JOIN ingest_jobs j ON j.id = p.job
WHERE j.ended_at IS NULL AND p.state IN ('waiting', 'running')
UNION ALL SELECT id, 0, 'sources' FROM ingest_jobs WHERE kind = 'sync' AND ended_at IS NULL
"""
_UNENDED: Final = """
SELECT j.* FROM ingest_jobs j WHERE j.kind = 'upload' AND j.ended_at IS NULL
    AND NOT EXISTS (SELECT FROM ingest_parts p WHERE p.job = j.id AND p.state IN ('waiting', 'running'))
"""
_PRUNE: Final = "DELETE FROM ingest_jobs WHERE ended_at < $1"
_TEND: Final = "SELECT pg_try_advisory_xact_lock(hashtextextended('gateway/ingest/tend', 0))"

Standing = Callable[[Principal], Awaitable[Principal]]
"""The principal as it stands now. Raises Unauthenticated when its credential has ended."""
Sync = Callable[[Any], Awaitable[None]]
"""Does a job that synchronises a source, given its row; raises nothing but for a lost database."""


class Work:
    """What workers do with the tasks they take."""

    def __init__(
        self,
        *,
        store: Store,
        ring: KeyRing,
        current: Current,
        ingest: Ingest,
        audit: AuditLog,
        now: Callable[[], datetime],
        standing: Standing,
        sync: Sync,
    ) -> None:
        self._store = store
        self._ledger = Ledger(ring)
        self._current = current
        self._ingest = ingest
        self._records = Recording(audit, now)
        self._now = now
        self._standing = standing
        self._sync = sync

    async def batch(self, job: str, batch: int) -> None:
        """Do a batch to its end. While something it needs is down it waits and tries again; it raises nothing."""
        pause = FIRST_PAUSE_S
        while True:
            try:
                if not await self._some(job, batch):
                    return
                pause = FIRST_PAUSE_S
                continue
            except GatewayError as error:
                LOG.warning("ingest: job %s waits: %s", job, error.code)
            except Exception as fault:  # noqa: BLE001 - its words may quote a document
                LOG.error("ingest: job %s waits: %s", job, type(fault).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def tend(self, keep_until: datetime) -> None:
        """Mend what a crash may leave: files without a task, jobs that are done and not ended; drop what is old."""
        async with self._store.transaction() as conn:
            if not await conn.fetchval(_TEND):
                return
            left: dict[tuple[str, str], set[int]] = {}
            for row in await conn.fetch(_LEFT):
                left.setdefault((row["job"], row["queue"]), set()).add(row["batch"])
            for (job, queue), batches in left.items():
                if missing := batches - await queued(conn, job):
                    await defer(conn, job, sorted(missing), 0, queue)
            unended = await conn.fetch(_UNENDED)
            await conn.execute(_PRUNE, keep_until)
        for row in unended:
            await self._end(row)

    async def _some(self, job: str, batch: int) -> bool:
        """Some files of the batch done; whether there may be more."""
        row = await self._store.fetchrow(_JOB, job)
        if row is None:
            return False
        if row["kind"] == "sync":
            await self._sync(row)
            return False
        claim = secrets.token_hex(8)
        async with self._store.transaction() as conn:
            parts = await self._ledger.claim(conn, row["tenant"], job, batch, claim, self._now())
        if parts:
            again = await self._do(row, parts, claim)
            if again is not None:
                raise again
            return True
        await self._end(row)
        return False

    async def _do(self, row: Any, parts: list[Part], claim: str) -> GatewayError | None:
        """These files done; the error for which one of them is to be tried again after a pause."""
        try:
            principal = await self._standing(owner_of(row))
            deliveries = [self._delivery(row, part, claim) for part in parts]
            found = await self._ingest.ingest_many(principal, deliveries)
        except GatewayError as error:
            found = [error] * len(parts)
        again = None
        async with self._store.transaction() as conn:
            await self._ledger.share(conn, row["id"])
            for part, one in zip(parts, found, strict=True):
                if not isinstance(one, Ingested) and await self._ledger.error(conn, row["id"], part, claim, one):
                    again = one
            await tell(conn, row["id"])
        return again

    def _delivery(self, row: Any, part: Part, claim: str) -> Delivery:
        about = part.about
        return Delivery(
            source=part.file,
            name=about["name"],
            collection=row["collection"],
            label=about["label"],
            allow=None if about["allow"] is None else tuple(about["allow"]),
            deny=None if about["deny"] is None else tuple(about["deny"]),
            mode=about["mode"],
            request=row["request"],
            expires_at=_until(about["expires_at"]),
            finish=self._finish(row["id"], part.number, claim),
        )

    def _finish(self, job: str, number: int, claim: str) -> Finish:
        async def finish(conn: Connection, stored: Stored) -> None:
            await self._ledger.done(conn, job, number, claim, stored)

        return finish

    async def _end(self, row: Any) -> None:
        """End a job whose files all are done; on record first, since whoever is stopped in between does both again."""
        async with self._store.transaction() as conn:
            if not await self._ledger.end(conn, row["id"], self._now()):
                return
            counts = {one["state"]: one["n"] for one in await conn.fetch(COUNTS, row["id"])}
            asked = Request(row["request"], owner_of(row), self._current.bundle)
            state = "failed" if counts.get(FAILED) else "done"
            await self._records.append("event", asked, "job.end", {"job": row["id"], "state": state, "files": counts})


def _until(text: str | None) -> Until:
    if text is None or text == "keep":
        return None if text is None else "keep"
    return datetime.fromisoformat(text)
