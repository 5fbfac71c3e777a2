"""Sources as operators know them: listed, shown, synchronised on time and on demand, one run of each at a time."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from gateway.audit import AuditLog
from gateway.crypto import KeyRing
from gateway.errors import Conflict, GatewayError, NotFound
from gateway.ingest.journey import Ingest
from gateway.ingest.ledger import add_job, new_id, tell
from gateway.ingest.queue import SOURCES, defer
from gateway.ingest.recording import Recording
from gateway.ingest.sources.nouns import Spec
from gateway.ingest.sources.state import State
from gateway.ingest.sources.sync import Run, Told, Wish, new_request, synchronise
from gateway.ingest.values import Request
from gateway.model import Json
from gateway.policy import Current
from gateway.store import Store

_LOCK: Final = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
_STARTED: Final = "UPDATE ingest_jobs SET started_at = coalesce(started_at, $2) WHERE id = $1"
_PROGRESS: Final = "UPDATE ingest_jobs SET progress = $2 WHERE id = $1 RETURNING cancelled"
_ENDED: Final = """
UPDATE ingest_jobs SET ended_at = $2, progress = $3, error = $4, reason = $5 WHERE id = $1 AND ended_at IS NULL
"""
BUSY: Final = "another run of this source is under way"


class Sources:
    """The configured sources and their runs."""

    def __init__(
        self,
        specs: Sequence[Spec],
        *,
        store: Store,
        ring: KeyRing,
        current: Current,
        ingest: Ingest,
        audit: AuditLog,
        now: Callable[[], datetime],
        max_bytes: int,
    ) -> None:
        self._specs = {spec.name: spec for spec in specs}
        self._store = store
        self._state = State(store, ring)
        self._current = current
        self._ingest = ingest
        self._records = Recording(audit, now)
        self._now = now
        self._max_bytes = max_bytes

    async def list(self) -> list[Json]:
        """Every configured source: what it is, and how its last run went."""
        return [await self.show(name) for name in self._specs]

    async def show(self, name: str) -> Json:
        """One of them. Raises NotFound."""
        spec = self._spec(name)
        return {
            "name": spec.name,
            "kind": spec.kind,
            "collection": spec.collection,
            "every_s": spec.every_s,
            "acts_as": spec.principal.name,
            "roles": sorted(spec.principal.roles),
            **await self._state.show(spec),
        }

    async def sync(self, name: str, wish: Wish | None = None, told: Told | None = None) -> Json:
        """Run one here and now; its counts. `told` hears of them as they grow.

        Raises NotFound, Conflict when it runs already or too much is gone, Unavailable when it cannot be listed.
        """
        spec, wish = self._spec(name), wish or Wish()
        at, request = self._now(), new_request()
        job = new_id(at)
        async with self._alone(spec) as free:
            if not free:
                raise Conflict(BUSY, hint="wait for it to end")
            async with self._store.transaction() as conn:
                await add_job(conn, job, "sync", spec.principal, spec.collection, spec.name, request, asdict(wish), at)
            return await self._run(spec, job, request, wish, told)

    async def job(self, row: Any) -> None:
        """Do a job that the queue brought. How it went stands in the job; without the database it has not ended."""
        spec = self._specs.get(row["source"])
        if spec is None:
            await self._finish(row["id"], {}, NotFound("the source is not configured on the machine that took the job"))
            return
        async with self._alone(spec) as free:
            # Another run is under way: the job waits, and comes again.
            if free:
                with contextlib.suppress(GatewayError):
                    await self._run(spec, row["id"], row["request"], Wish(**row["options"]), None)

    async def schedule(self) -> None:
        """Put a job into the queue for every source whose time has come; once, whoever asks."""
        for spec in self._specs.values():
            if spec.every_s <= 0:
                continue
            at = self._now()
            async with self._store.transaction() as conn:
                if await self._state.due(conn, spec, at):
                    job, request = new_id(at), new_request()
                    await add_job(conn, job, "sync", spec.principal, spec.collection, spec.name, request, {}, at)
                    await defer(conn, job, [0], 0, SOURCES)

    async def close(self) -> None:
        """Let every place go."""
        for spec in self._specs.values():
            await spec.place.close()

    def _spec(self, name: str) -> Spec:
        spec = self._specs.get(name)
        if spec is None:
            raise NotFound(
                "no such source",
                hint="`gateway source list` shows those of gateway.yaml",
            )
        return spec

    async def _run(self, spec: Spec, job: str, request: str, wish: Wish, told: Told | None) -> Json:
        asked = Request(request, spec.principal, self._current.bundle)
        detail: Json = {"source": spec.name, "collection": spec.collection, "job": job, "confirmed": wish.confirmed}
        counts: Json = {}

        async def on(found: Json) -> bool:
            cancelled = await self._progress(job, found)
            return not cancelled and (told is None or await told(found))

        run = Run(
            spec,
            spec.principal,
            request,
            self._ingest,
            self._state,
            self._store,
            self._now,
            on,
            self._max_bytes,
            counts,
        )
        await self._records.append("intent", asked, "source.sync", detail)
        await self._store.execute(_STARTED, job, self._now())
        await self._state.begin(spec, job, self._now())
        try:
            await synchronise(run, wish)
        except Exception as fault:  # noqa: BLE001 - recorded; its words may quote what was read
            failed = await self._records.failed(asked, "source.sync", {**detail, **counts}, fault)
            await self._finish(job, counts, failed, spec)
            raise failed from None
        finally:
            await spec.place.close()
        await self._records.append("outcome", asked, "source.sync", {**detail, **counts})
        await self._finish(job, counts, None, spec)
        return {"job": job, **counts}

    async def _progress(self, job: str, counts: Json) -> bool:
        async with self._store.transaction() as conn:
            cancelled = await conn.fetchval(_PROGRESS, job, counts)
            await tell(conn, job)
        return bool(cancelled)

    async def _finish(self, job: str, counts: Json, error: GatewayError | None, spec: Spec | None = None) -> None:
        code, reason = (error.code, error.message) if error is not None else (None, None)
        async with self._store.transaction() as conn:
            if spec is not None:
                await self._state.end(conn, spec, self._now(), counts, code, reason)
            await conn.execute(_ENDED, job, self._now(), counts, code, reason)
            await tell(conn, job)

    @contextlib.asynccontextmanager
    async def _alone(self, spec: Spec) -> AsyncIterator[bool]:
        """Whether no other run of the source is under way, on whatever machine; a lock that ends with its holder."""
        connection = await self._store.connect()
        try:
            yield bool(await connection.fetchval(_LOCK, f"gateway/source/{spec.principal.tenant}/{spec.name}"))
        finally:
            await connection.close()
