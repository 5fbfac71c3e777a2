"""A witness that is a table in another PostgreSQL, which the gateway's own administrators cannot change."""

from __future__ import annotations

import asyncpg

from gateway.audit.tlog.check import Checkpoint, NotProven, parse_note
from gateway.audit.witness import Paths, Refused, Witnessed, continues

_TABLE = """
CREATE TABLE IF NOT EXISTS gateway_witness (
    origin text NOT NULL, size bigint NOT NULL, at timestamptz NOT NULL DEFAULT now(), note bytea NOT NULL,
    PRIMARY KEY (origin, size)
)
"""
_PUT = """
INSERT INTO gateway_witness (origin, size, note) VALUES ($1, $2, $3)
ON CONFLICT (origin, size) DO UPDATE SET at = now(), note = excluded.note
"""
_LAST = "SELECT note FROM gateway_witness WHERE origin = $1 ORDER BY size DESC LIMIT 1"


class DatabaseWitness:
    """Grant the gateway INSERT, UPDATE and SELECT on `gateway_witness` there, and nothing else."""

    answers = True
    key = None

    def __init__(self, dsn: str, *, timeout_s: float = 10.0) -> None:
        self.name = "database"
        self._dsn = dsn
        self._timeout_s = timeout_s

    async def see(self, checkpoint: Checkpoint, note: bytes, paths: Paths) -> Witnessed:
        """Write a row. Raises Refused when the last one is not continued, or what the database raises."""
        connection = await self._connect()
        try:
            if await connection.fetchval("SELECT to_regclass('gateway_witness')") is None:
                await connection.execute(_TABLE)
            held = await connection.fetchval(_LAST, checkpoint.origin)
            if held is not None:
                try:
                    before = Checkpoint.parse(parse_note(held).text)
                except NotProven:
                    raise Refused("the database holds something that is no checkpoint") from None
                if not await continues(before, checkpoint, paths):
                    raise Refused("the checkpoint does not continue the one in the database")
            await connection.execute(_PUT, checkpoint.origin, checkpoint.size, note)
        finally:
            connection.terminate()
        return Witnessed()

    async def last(self, origin: str) -> bytes | None:
        """The row of the largest tree."""
        connection = await self._connect()
        try:
            if await connection.fetchval("SELECT to_regclass('gateway_witness')") is None:
                return None
            found: bytes | None = await connection.fetchval(_LAST, origin)
            return found
        finally:
            connection.terminate()

    async def _connect(self) -> asyncpg.Connection[asyncpg.Record]:
        return await asyncpg.connect(self._dsn, timeout=self._timeout_s, command_timeout=self._timeout_s)
