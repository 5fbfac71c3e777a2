"""What a source brought in and when it was last looked at. Names of items, and what marks them, lie sealed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from gateway.crypto import KeyRing
from gateway.crypto.digest import keyed, sha256
from gateway.ingest.sources.nouns import Spec, Under
from gateway.model import Json
from gateway.store import Store
from gateway.store.store import Connection

_ITEMS: Final = """
SELECT key, about, rights, collection, document, error FROM source_items WHERE tenant = $1 AND source = $2
"""
_PUT: Final = """
INSERT INTO source_items (tenant, source, key, about, rights, collection, document, error, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (tenant, source, key) DO UPDATE SET about = excluded.about, rights = excluded.rights,
    collection = excluded.collection, document = coalesce(excluded.document, source_items.document),
    error = excluded.error, changed_at = excluded.changed_at
"""
_DROP: Final = "DELETE FROM source_items WHERE tenant = $1 AND source = $2 AND key = $3"
_BEGIN: Final = """
INSERT INTO sources AS s (tenant, name, started_at, job, next_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant, name) DO UPDATE SET started_at = $3, ended_at = NULL, job = $4, next_at = $5
"""
_END: Final = """
UPDATE sources SET ended_at = $3, progress = $4, error = $5, reason = $6,
    good_at = CASE WHEN $5::text IS NULL THEN $3 ELSE good_at END
WHERE tenant = $1 AND name = $2
"""
# Whoever moves the time on is the one who starts it; the others find it moved.
_DUE: Final = """
INSERT INTO sources AS s (tenant, name, next_at) VALUES ($1, $2, $4)
ON CONFLICT (tenant, name) DO UPDATE SET next_at = $4 WHERE s.next_at IS NULL OR s.next_at <= $3
RETURNING name
"""
_SHOW: Final = """
SELECT s.*, (SELECT count(*) FROM source_items i WHERE i.tenant = s.tenant AND i.source = s.name
             AND i.document IS NOT NULL)::int AS documents,
       (SELECT count(*) FROM source_items i WHERE i.tenant = s.tenant AND i.source = s.name
        AND i.error IS NOT NULL)::int AS failed
FROM sources s WHERE s.tenant = $1 AND s.name = $2
"""


@dataclass(frozen=True, slots=True)
class Known:
    """An item as of the last time."""

    key: str = field(repr=False)
    mark: str = field(repr=False)
    """Empty: to be read again whatever its mark is."""
    rights: bytes
    collection: str
    document: str | None
    error: str | None


class State:
    """The tables of sources. Statements of one item join the transaction that writes its document."""

    def __init__(self, store: Store, ring: KeyRing) -> None:
        self._store = store
        self._ring = ring

    async def items(self, spec: Spec) -> dict[str, Known]:
        """Everything known of a source, by key."""
        rows = await self._store.fetch(_ITEMS, spec.principal.tenant, spec.name)
        return await asyncio.to_thread(self._opened, spec, rows)

    def _opened(self, spec: Spec, rows: Sequence[Any]) -> dict[str, Known]:
        found = {}
        for row in rows:
            about = orjson.loads(self._ring.open("source-item", row["about"], self._place(spec, row["key"])))
            found[about["key"]] = Known(
                about["key"], about["mark"], row["rights"], row["collection"], row["document"], row["error"]
            )
        return found

    async def put(
        self,
        conn: Connection,
        spec: Spec,
        key: str,
        mark: str,
        *,
        document: str | None,
        error: str | None,
        at: datetime,
    ) -> None:
        """An item as it is now; `document` None leaves the one it had."""
        digest = self._digest(spec, key)
        about = self._ring.seal("source-item", orjson.dumps({"key": key, "mark": mark}), self._place(spec, digest))
        rights = rights_of(spec.rights(key))
        await conn.execute(
            _PUT, spec.principal.tenant, spec.name, digest, about, rights, spec.collection, document, error, at
        )

    async def drop(self, conn: Connection, spec: Spec, key: str) -> None:
        """An item is gone."""
        await conn.execute(_DROP, spec.principal.tenant, spec.name, self._digest(spec, key))

    async def begin(self, spec: Spec, job: str, at: datetime) -> None:
        """A run begins; the next one is due after the source's interval."""
        after = at + timedelta(seconds=spec.every_s) if spec.every_s else None
        await self._store.execute(_BEGIN, spec.principal.tenant, spec.name, at, job, after)

    async def end(
        self, conn: Connection, spec: Spec, at: datetime, progress: Json, error: str | None, reason: str | None
    ) -> None:
        """A run has ended."""
        await conn.execute(_END, spec.principal.tenant, spec.name, at, progress, error, reason)

    async def due(self, conn: Connection, spec: Spec, at: datetime) -> bool:
        """Whether it is time for a source, and this call is the one that found it."""
        after = at + timedelta(seconds=spec.every_s)
        return await conn.fetchval(_DUE, spec.principal.tenant, spec.name, at, after) is not None

    async def show(self, spec: Spec) -> Json:
        """When it last ran and what it holds; empty before the first time."""
        row = await self._store.fetchrow(_SHOW, spec.principal.tenant, spec.name)
        if row is None:
            return {}
        names: Sequence[str] = ("started_at", "ended_at", "good_at", "next_at", "documents", "failed", "progress")
        found: dict[str, Any] = {name: row[name] for name in names}
        if row["error"]:
            found["error"] = {"code": row["error"], "message": row["reason"]}
        return found

    def _digest(self, spec: Spec, key: str) -> bytes:
        secret = self._ring.stable("source-item", spec.principal.tenant.encode())
        return keyed(secret, orjson.dumps([spec.name]) + key.encode())

    def _place(self, spec: Spec, digest: bytes) -> bytes:
        return orjson.dumps([spec.principal.tenant, spec.name, digest.hex()])


def rights_of(under: Under) -> bytes:
    """A digest of label and permissions: when it changes, items get them though their content has not."""
    return sha256(orjson.dumps([under.label, under.allow, under.deny]))
