"""The tables of jobs and their parts. A part's name and file lie sealed in them, the file until it is done."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeAlias

import orjson

from gateway.crypto import KeyRing
from gateway.errors import Conflict, GatewayError
from gateway.ingest.values import Delivery
from gateway.model import Json, Principal
from gateway.retrieval import Stored
from gateway.store.store import Connection

CHANNEL: Final = "ingest_jobs"
"""NOTIFY channel; the payload is the id of the job that went on."""
BATCH: Final = 16
"""Parts in one task, which one worker does after each other or together."""
GROUP_BYTES: Final = 8 << 20
"""Files in memory together."""
ALONE_AFTER: Final = 3
"""Attempts after which a part is done by itself: it may be what ended the worker."""
ATTEMPTS: Final = 8
ABOUT: Final = ("name", "label", "allow", "deny", "mode", "expires_at")
"""What of a delivery is sealed beside its file."""
WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
STATES: Final = (WAITING, RUNNING, DONE, FAILED, CANCELLED)

_JOB: Final = """
INSERT INTO ingest_jobs (id, tenant, kind, owner, owner_name, roles, groups, collection, source, request, options,
    progress, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '{}', $12)
"""
_PART: Final = """
INSERT INTO ingest_parts (job, number, batch, state, bytes, about, file) VALUES ($1, $2, $3, 'waiting', $4, $5, $6)
"""
_OPEN: Final = """
SELECT number, bytes, attempts FROM ingest_parts
WHERE job = $1 AND batch = $2 AND state IN ('waiting', 'running') ORDER BY number LIMIT $3 FOR UPDATE
"""
_CLAIM: Final = """
UPDATE ingest_parts SET state = 'running', claim = $3, attempts = attempts + 1
WHERE job = $1 AND number = ANY($2) RETURNING number, attempts, about, file
"""
# The job's row is locked before any part's, as a cancellation does: so no two transactions wait in a ring.
_SHARE: Final = "SELECT cancelled FROM ingest_jobs WHERE id = $1 FOR SHARE"
_DONE: Final = """
UPDATE ingest_parts SET state = 'done', claim = NULL, file = NULL, status = $4, document = $5, chunks = $6,
    error = NULL, reason = NULL, hint = NULL
WHERE job = $1 AND number = $2 AND claim = $3 AND state = 'running'
"""
_ERROR: Final = """
UPDATE ingest_parts SET state = $4, claim = NULL, error = $5, reason = $6, hint = $7
WHERE job = $1 AND number = $2 AND claim = $3 AND state = 'running'
"""
_END: Final = """
UPDATE ingest_jobs SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL
    AND NOT EXISTS (SELECT FROM ingest_parts WHERE job = $1 AND state IN ('waiting', 'running'))
RETURNING id
"""
COUNTS: Final = "SELECT state, count(*)::int AS n FROM ingest_parts WHERE job = $1 GROUP BY state"


Row: TypeAlias = tuple[str, int, int, int, bytes, bytes]
"""Job, number, batch, bytes, and the two sealed values."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a job, claimed by this worker."""

    number: int
    attempts: int
    about: Json = field(repr=False)
    file: bytes = field(repr=False)


class Ledger:
    """Statements over jobs and parts; each joins the caller's transaction."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def seal(self, tenant: str, job: str, deliveries: Sequence[Delivery]) -> list[Row]:
        """The rows of a job's parts. Slow for large files: not on the event loop."""
        rows: list[Row] = []
        for number, one in enumerate(deliveries):
            assert isinstance(one.source, bytes)  # noqa: S101 - files on disk are not queued
            about = orjson.dumps({name: getattr(one, name) for name in ABOUT})
            place = place_of(tenant, job, number)
            sealed = self._ring.seal("job-about", about, place), self._ring.seal("job-file", one.source, place)
            rows.append((job, number, number // BATCH, len(one.source), *sealed))
        return rows

    async def add(
        self,
        conn: Connection,
        job: str,
        principal: Principal,
        collection: str,
        sealed: Sequence[Row],
        request: str,
        at: datetime,
    ) -> list[int]:
        """A job of uploaded files; the numbers of its batches."""
        await add_job(conn, job, "upload", principal, collection, None, request, {}, at)
        await conn.executemany(_PART, sealed)
        return sorted({row[2] for row in sealed})

    def about(self, tenant: str, job: str, number: int, sealed: bytes) -> Json:
        """A part's name and wishes. Raises SealBroken."""
        found: Json = orjson.loads(self._ring.open("job-about", sealed, place_of(tenant, job, number)))
        return found

    async def claim(self, conn: Connection, tenant: str, job: str, batch: int, claim: str, at: datetime) -> list[Part]:
        """Some parts of a batch that are to be done, now this worker's: whoever had them before may not finish them.

        Empty when there are none. Those tried too often have failed by it.
        """
        await conn.execute("UPDATE ingest_jobs SET started_at = $2 WHERE id = $1 AND started_at IS NULL", job, at)
        if await conn.fetchval(_SHARE, job) is not False:
            return []
        chosen: list[int] = []
        size = 0
        for row in await conn.fetch(_OPEN, job, batch, BATCH):
            if row["attempts"] >= ATTEMPTS:
                await self._give_up(conn, job, row["number"], claim)
                continue
            alone = row["attempts"] >= ALONE_AFTER
            size += row["bytes"]
            if chosen and (alone or size > GROUP_BYTES):
                break
            chosen.append(row["number"])
            if alone:
                break
        rows = await conn.fetch(_CLAIM, job, chosen, claim)
        parts = []
        for row in sorted(rows, key=lambda row: int(row["number"])):
            place = place_of(tenant, job, row["number"])
            file = self._ring.open("job-file", row["file"], place)
            parts.append(
                Part(row["number"], row["attempts"], self.about(tenant, job, row["number"], row["about"]), file)
            )
        return parts

    async def done(self, conn: Connection, job: str, number: int, claim: str, stored: Stored) -> None:
        """A part is done, in the transaction of its document. Raises Conflict when it is not this worker's any more."""
        await self.share(conn, job)
        found = await conn.execute(_DONE, job, number, claim, stored.status, stored.document, stored.chunks)
        if found != "UPDATE 1":
            raise Conflict("the job was cancelled, or another worker has taken it over")

    async def share(self, conn: Connection, job: str) -> None:
        """Before any part is written: nobody cancels the job until this transaction has ended."""
        await conn.fetchval(_SHARE, job)

    async def error(self, conn: Connection, job: str, part: Part, claim: str, error: GatewayError) -> bool:
        """A part has failed, or will be tried again, which is returned."""
        again = error.retry and part.attempts < ATTEMPTS
        await conn.execute(
            _ERROR,
            *(job, part.number, claim, WAITING if again else FAILED),
            *(error.code, error.message, error.hint),
        )
        return again

    async def end(self, conn: Connection, job: str, at: datetime) -> bool:
        """End a job whose parts all are; whether it was this call that did."""
        await tell(conn, job)
        return await conn.fetchval(_END, job, at) is not None

    async def _give_up(self, conn: Connection, job: str, number: int, claim: str) -> None:
        reason = f"the worker ended {ATTEMPTS} times while it read this file"
        await conn.execute(
            "UPDATE ingest_parts SET state = 'running', claim = $3 WHERE job = $1 AND number = $2", job, number, claim
        )
        await conn.execute(_ERROR, job, number, claim, FAILED, GatewayError.code, reason, "split it, or leave it out")


async def add_job(
    conn: Connection,
    job: str,
    kind: str,
    principal: Principal,
    collection: str,
    source: str | None,
    request: str,
    options: Json,
    at: datetime,
) -> None:
    """The row of a job."""
    await conn.execute(
        _JOB,
        *(job, principal.tenant, kind, principal.id, principal.name, sorted(principal.roles)),
        *(sorted(principal.groups), collection, source, request, options, at),
    )


async def tell(conn: Connection, job: str) -> None:
    """Whoever watches the job hears of it once this is committed."""
    await conn.execute("SELECT pg_notify($1, $2)", CHANNEL, job)


def owner_of(row: Any) -> Principal:
    """Who a job acts as."""
    return Principal(row["owner"], row["owner_name"], frozenset(row["roles"]), frozenset(row["groups"]), row["tenant"])


def new_id(at: datetime) -> str:
    """A job's id: hexadecimal, ordered by time of creation, not guessable."""
    return f"{int(at.timestamp() * 1000):012x}{secrets.token_hex(10)}"


def place_of(tenant: str, job: str, number: int) -> bytes:
    """What a part's sealed values are bound to."""
    return orjson.dumps([tenant, job, number])
