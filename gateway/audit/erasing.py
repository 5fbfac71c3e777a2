"""Forgetting in the log: somebody's keys are destroyed, and what he or a value is found by leaves the index."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from gateway.audit.erased_values import ErasedValues
from gateway.audit.index import Index
from gateway.audit.log import AuditLog
from gateway.audit.read import Reader
from gateway.audit.subjects import Name
from gateway.audit.terms import folded, values_in
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
        self._reader = Reader(store, ring)
        self._index = Index(store, self._reader, audit.terms)
        self._erased = ErasedValues(store, audit.terms)

    def digests(self, ids: Iterable[str]) -> list[bytes]:
        """The keyed digests (16 bytes) that stand for these principals, ascending."""
        return sorted({self._subjects.digest(one) for one in ids})

    async def living(self, ids: Iterable[str]) -> int:
        """How many keys these principals have."""
        return await self._subjects.living(self.digests(ids))

    async def destroy(self, ids: Iterable[str]) -> list[Name]:
        """Destroy their keys, in every process; which there were."""
        return await self._subjects.destroy(self.digests(ids))

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

    async def count_values(self, values: Collection[str], until: datetime, without: Collection[str] = ()) -> int:
        """How many records from before `until` the index finds by these values, given as ids of their tokens.

        without: principals whose records are passed over.
        """
        return sum([len(places) async for places, _ in self._holding(values, until, without)])

    async def unindex_values(self, values: Collection[str], until: datetime) -> int:
        """Have these records found by other things alone, also by an index that is made anew; how many."""
        count = 0
        async for places, met in self._holding(values, until):
            await self._erased.add(met, until)
            await self._index.refresh(places)
            count += len(places)
        return count

    async def _holding(
        self, values: Collection[str], until: datetime, without: Collection[str] = ()
    ) -> AsyncIterator[tuple[list[tuple[UUID, int]], set[str]]]:
        """Places of records that hold one of the values, and which they hold. Terms may be those of other values."""
        terms = sorted({self._terms.term("value", one) for one in values})
        some = [(row["stream"], row["seq"]) for row in await self._store.fetch(_FIND, terms)]
        for start in range(0, len(some), CHUNK):
            places, met = [], set()
            for told in await self._reader.at(some[start : start + CHUNK]):
                if told["problem"] is not None or told.get("principal") in without:
                    continue
                held = {one for one in values_in(told.get("content"), self._terms.find) if one in values}
                if held and datetime.fromisoformat(told["at"]) < until:
                    places.append((UUID(told["stream"]), told["seq"]))
                    met |= held
            if places:
                yield places, met

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
