"""Forgetting somebody in the log: his keys are destroyed, and what he is found by leaves the index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from gateway.audit.index import Index
from gateway.audit.log import AuditLog
from gateway.audit.read import Reader
from gateway.audit.subjects import Name
from gateway.audit.terms import folded
from gateway.audit.tlog import shelf
from gateway.audit.tlog.shelf import Kept
from gateway.crypto import KeyRing
from gateway.model import Position
from gateway.store import Store

CHUNK: Final = 500
_LAST: Final = """
SELECT stream, seq, hash FROM audit_log WHERE request = $1 AND kind = 'outcome' ORDER BY at DESC, seq DESC LIMIT 1
"""
_FIND: Final = "SELECT stream, seq FROM audit_index WHERE terms && $1::bigint[]"


class Forgetting:
    """One log's subjects, as far as they are to be forgotten. Every method raises StoreUnavailable."""

    def __init__(self, store: Store, ring: KeyRing, audit: AuditLog) -> None:
        self._store = store
        self._subjects = audit.subjects
        self._terms = audit.terms
        self._index = Index(store, Reader(store, ring), audit.terms)

    def digests(self, ids: Iterable[str]) -> list[bytes]:
        """The keyed digests (16 bytes) that stand for these principals, ascending."""
        return sorted({self._subjects.digest(one) for one in ids})

    async def living(self, ids: Iterable[str]) -> int:
        """How many keys these principals have."""
        return await self._subjects.living(self.digests(ids))

    async def destroy(self, ids: Iterable[str], at: datetime) -> list[Name]:
        """Destroy their keys, in every process; which there were."""
        return await self._subjects.destroy(self.digests(ids), at)

    async def destroyed(self, ids: Iterable[str]) -> list[Name]:
        """Every key of theirs that was ever destroyed: also those that an erasure did not live to tell of."""
        return await self._subjects.destroyed(self.digests(ids))

    async def places(self, names: Iterable[str]) -> list[tuple[UUID, int]]:
        """Records that the index may find by one of these ids or names; some may be somebody else's."""
        terms = sorted({self._terms.term("user", folded(name)) for name in names})
        return [(row["stream"], row["seq"]) for row in await self._store.fetch(_FIND, terms)]

    async def unindex(self, places: Sequence[tuple[UUID, int]]) -> None:
        """Index these records by what they say now that their subject's key is gone."""
        for start in range(0, len(places), CHUNK):
            await self._index.refresh(places[start : start + CHUNK])

    async def outcome(self, request: str) -> tuple[Position | None, Kept | None]:
        """Where a request's outcome stands, and a signed checkpoint that covers it; None where there is none (yet)."""
        async with self._store.snapshot() as conn:
            row = await conn.fetchrow(_LAST, request)
            if row is None:
                return None, None
            index = await shelf.index_of(conn, row["stream"], row["seq"])
            kept = await shelf.latest(conn, index + 1) if index is not None else None
        return Position(str(row["stream"]), row["seq"], row["hash"].hex()), kept

    async def tidy(self) -> None:
        """Have the database drop what it still holds of destroyed keys on its own pages."""
        await self._store.execute("VACUUM (FULL) audit_subjects")
