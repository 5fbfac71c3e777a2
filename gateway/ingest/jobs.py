"""Jobs as callers know them: made, listed, watched, cancelled and tried again, each by its owner or who may."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.audit import AuditLog
from gateway.crypto import KeyRing
from gateway.errors import Conflict, GatewayError, Invalid, NotFound, NotPermitted, RateLimited
from gateway.ingest.journey import Ingest
from gateway.ingest.ledger import FAILED, STATES, Ledger, new_id, tell
from gateway.ingest.progress import Progress
from gateway.ingest.queue import defer, queued
from gateway.ingest.recording import Recording
from gateway.ingest.values import Delivery, Request
from gateway.model import Json, Principal
from gateway.policy import Current
from gateway.store import Store
from gateway.store.store import Connection

PAGE: Final = 100
LOOK_S: Final = 5.0
"""A watcher looks by itself after so long."""
SMALL: Final = 4
"""Jobs of so few files go before larger ones."""

_FACTS: Final = """id, tenant, kind, owner, owner_name, collection, source, progress, created_at, started_at, ended_at,
    cancelled, error, reason"""
_LIST: Final = f"""
SELECT {_FACTS} FROM ingest_jobs WHERE tenant = $1 AND (owner = $2 OR $3) AND ($4 = '' OR id < $4)
ORDER BY id DESC LIMIT $5
"""
_SHOW: Final = f"SELECT {_FACTS} FROM ingest_jobs WHERE tenant = $1 AND id = $2"
_PARTS: Final = """
SELECT number, state, attempts, bytes, about, status, document, chunks, error, reason, hint FROM ingest_parts
WHERE job = $1 AND number > $2 ORDER BY number LIMIT $3
"""
_COUNTS: Final = """
SELECT job, state, count(*)::int AS n FROM ingest_parts WHERE job = ANY($1) GROUP BY job, state
"""
_QUEUE: Final = """
SELECT count(*)::int AS files, coalesce(sum(bytes), 0)::bigint AS bytes FROM ingest_parts
WHERE state IN ('waiting', 'running')
"""
_CANCEL: Final = """
UPDATE ingest_jobs SET cancelled = true, ended_at = $2 WHERE id = $1 AND ended_at IS NULL RETURNING id
"""
_CANCEL_PARTS: Final = """
UPDATE ingest_parts SET state = 'cancelled', claim = NULL, file = NULL
WHERE job = $1 AND state IN ('waiting', 'running')
"""
_AGAIN: Final = """
UPDATE ingest_parts SET state = 'waiting', attempts = 0, error = NULL, reason = NULL, hint = NULL
WHERE job = $1 AND state = 'failed' AND file IS NOT NULL RETURNING batch
"""
_REOPEN: Final = "UPDATE ingest_jobs SET ended_at = NULL, error = NULL, reason = NULL WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may wait, over all callers."""

    files: int = 20_000
    bytes: int = 4 << 30


class Jobs:
    """Everything a caller may do with jobs. Every method raises StoreUnavailable when the database does not answer."""

    def __init__(
        self,
        *,
        store: Store,
        ring: KeyRing,
        current: Current,
        ingest: Ingest,
        progress: Progress,
        audit: AuditLog,
        now: Callable[[], datetime],
        limits: Limits = Limits(),
    ) -> None:
        self._store = store
        self._ledger = Ledger(ring)
        self._current = current
        self._ingest = ingest
        self._progress = progress
        self._records = Recording(audit, now)
        self._now = now
        self._limits = limits

    async def create(self, principal: Principal, deliveries: Sequence[Delivery], *, request: str | None = None) -> Json:
        """A job for files in memory; it is kept, sealed, when this returns.

        All go to one collection. Raises as `Ingest.ingest` does for what can be told already, and RateLimited when too
        much waits.
        """
        asked = self._request(principal, request)
        if not deliveries or len({one.collection for one in deliveries}) != 1:
            raise Invalid("a job needs files, all for one collection", param="file")
        await self._ingest.admit(principal, deliveries, asked.id)
        await self._room(deliveries)
        at = self._now()
        job = new_id(at)
        detail: Json = {
            "job": job,
            "collection": deliveries[0].collection,
            "files": len(deliveries),
            "bytes": sum(len(one.source) for one in deliveries if isinstance(one.source, bytes)),
        }
        await self._records.append("intent", asked, "job.create", detail)
        sealed = await asyncio.to_thread(self._ledger.seal, principal.tenant, job, deliveries)
        async with self._records.recorded(asked, "job.create", detail), self._store.transaction() as conn:
            batches = await self._ledger.add(conn, job, principal, deliveries[0].collection, sealed, asked.id, at)
            await defer(conn, job, batches, 1 if len(deliveries) <= SMALL else 0)
        return await self.show(principal, job)

    async def list(
        self, principal: Principal, *, everyone: bool = False, after: str = "", limit: int = PAGE
    ) -> list[Json]:
        """One's own jobs, newest first, those older than the id `after`; `everyone`: all there are, for who may.

        Raises NotPermitted.
        """
        if everyone and not self._may(principal, "read"):
            raise NotPermitted("no rule allows you to read jobs of others", hint="ask an administrator for this right")
        limit = max(1, min(limit, PAGE))
        rows = await self._store.fetch(_LIST, principal.tenant, principal.id, everyone, after, limit)
        counts: dict[str, Json] = {}
        for one in await self._store.fetch(_COUNTS, [row["id"] for row in rows]):
            counts.setdefault(one["job"], {})[one["state"]] = one["n"]
        return [_summary(row, counts.get(row["id"], {})) for row in rows]

    async def show(self, principal: Principal, job: str, *, after: int = -1, limit: int = PAGE) -> Json:
        """One job with its parts behind the number `after`. Raises NotFound, as for one that is not for this caller.

        Names of files are for the owner alone: they may name people.
        """
        row = await self._visible(principal, job, "read")
        found = await self._summary(row)
        parts = await self._store.fetch(_PARTS, job, after, max(1, min(limit, 1000)))
        own = row["owner"] == principal.id
        found["parts"] = [self._part(row, part, own=own) for part in parts]
        return found

    async def cancel(self, principal: Principal, job: str, *, request: str | None = None) -> Json:
        """End a job: what is not done when this returns never comes in, what is done stays.

        Raises NotFound, NotPermitted, Conflict when it has ended; on record.
        """
        asked, _ = await self._changeable(principal, job, "job.cancel", request)
        detail: Json = {"job": job}
        await self._records.append("intent", asked, "job.cancel", detail)
        async with self._records.recorded(asked, "job.cancel", detail), self._store.transaction() as conn:
            if await conn.fetchval(_CANCEL, job, self._now()) is None:
                raise Conflict("the job has ended", hint="its parts tell how")
            await conn.execute(_CANCEL_PARTS, job)
            await tell(conn, job)
        return await self.show(principal, job)

    async def retry(self, principal: Principal, job: str, *, request: str | None = None) -> Json:
        """Try the failed files of a job again. Raises NotFound, NotPermitted, Conflict without any; on record."""
        asked, row = await self._changeable(principal, job, "job.retry", request)
        detail: Json = {"job": job}
        await self._records.append("intent", asked, "job.retry", detail)
        async with self._records.recorded(asked, "job.retry", detail), self._store.transaction() as conn:
            detail["files"] = await self._again(conn, job)
            if not detail["files"]:
                hint = "synchronise the source again" if row["kind"] == "sync" else "only failed files are tried again"
                raise Conflict("the job has no failed files", hint=hint)
        return await self.show(principal, job)

    async def watch(self, principal: Principal, job: str) -> AsyncGenerator[Json, None]:
        """The job's summary now and whenever it changes, until it has ended. Raises NotFound."""
        row = await self._visible(principal, job, "read")
        async with self._progress.watch(job) as event:
            before: Json | None = None
            while True:
                event.clear()
                found = await self._summary(row)
                if found != before:
                    yield found
                    before = found
                if found["ended_at"] is not None:
                    return
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await event.wait()
                row = await self._visible(principal, job, "read")

    # ---------------------------------------------------------------------------------------------------------------

    async def _room(self, deliveries: Sequence[Delivery]) -> None:
        waiting = await self._store.fetchrow(_QUEUE)
        assert waiting is not None  # noqa: S101 - an aggregate has a row
        size = sum(len(one.source) for one in deliveries if isinstance(one.source, bytes))
        if waiting["files"] + len(deliveries) > self._limits.files or waiting["bytes"] + size > self._limits.bytes:
            raise RateLimited(
                "too many files are waiting to be read",
                hint="try again later, or raise ingest.queue_files and ingest.queue_bytes",
                retry_after_s=30.0,
            )

    async def _again(self, conn: Connection, job: str) -> int:
        await conn.fetchval("SELECT 1 FROM ingest_jobs WHERE id = $1 FOR UPDATE", job)
        rows = await conn.fetch(_AGAIN, job)
        batches = {row["batch"] for row in rows}
        if batches:
            await conn.execute(_REOPEN, job)
            await defer(conn, job, sorted(batches - await queued(conn, job)), 1 if len(rows) <= SMALL else 0)
            await tell(conn, job)
        return len(rows)

    async def _changeable(
        self, principal: Principal, job: str, action: str, request: str | None
    ) -> tuple[Request, Any]:
        asked = self._request(principal, request)
        try:
            return asked, await self._visible(principal, job, "edit")
        except GatewayError as error:
            await self._records.refuse(asked, action, "", error)
            raise

    async def _visible(self, principal: Principal, job: str, action: str) -> Any:
        row = await self._store.fetchrow(_SHOW, principal.tenant, job) if job.isalnum() else None
        if row is not None and row["owner"] != principal.id and not self._may(principal, action):
            if self._may(principal, "read"):
                raise NotPermitted("no rule allows you to change jobs of others", hint="ask an administrator")
            row = None
        if row is None:
            raise NotFound("no such job", hint="GET /v1/jobs lists yours")
        return row

    def _may(self, principal: Principal, action: str) -> bool:
        return bool(self._current.bundle.decide(principal, "admin:jobs", action))

    def _request(self, principal: Principal, request: str | None) -> Request:
        return Request(request or secrets.token_hex(16), principal, self._current.bundle)

    async def _summary(self, row: Any) -> Json:
        found = await self._store.fetch(_COUNTS, [row["id"]])
        return _summary(row, {one["state"]: one["n"] for one in found})

    def _part(self, job: Any, row: Any, *, own: bool) -> Json:
        found: Json = {"number": row["number"], "state": row["state"], "bytes": row["bytes"]}
        if own:
            found["name"] = self._ledger.about(job["tenant"], job["id"], row["number"], row["about"])["name"]
        if row["status"]:
            found.update(status=row["status"], document=row["document"], chunks=row["chunks"])
        if row["error"]:
            found["error"] = {"code": row["error"], "message": row["reason"], "hint": row["hint"] or ""}
        return found


def _summary(row: Any, found: Json) -> Json:
    counts: Json = {**dict.fromkeys(STATES, 0), **found}
    upload = row["kind"] == "upload"
    return {
        "id": row["id"],
        "object": "job",
        "kind": row["kind"],
        "state": _state(row, counts),
        "collection": row["collection"],
        **({"source": row["source"]} if row["source"] else {}),
        "owner": row["owner_name"],
        "created_at": row["created_at"],
        "started_at": row["started_at"],
        "ended_at": row["ended_at"],
        **({"files": {"total": sum(counts.values()), **counts}} if upload else {"progress": row["progress"]}),
        **({"error": {"code": row["error"], "message": row["reason"]}} if row["error"] else {}),
    }


def _state(row: Any, counts: Json) -> str:
    if row["cancelled"]:
        return "cancelled"
    if row["ended_at"] is not None:
        return "failed" if row["error"] or counts[FAILED] else "done"
    return "queued" if row["started_at"] is None else "running"
