"""Whether a legal hold stands in the way of an erasure: whether something it keeps would change or open no more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from gateway.audit import rows
from gateway.audit.hold import Hold, standing
from gateway.audit.read import Reader
from gateway.audit.record import moment
from gateway.audit.subjects import Subjects
from gateway.audit.terms import Terms, folded, values_in
from gateway.audit.tlog.check import VerifierKey
from gateway.crypto import KeyRing
from gateway.model import Json
from gateway.store import Store
from gateway.store.store import Connection

CHUNK: Final = 500
# What the index finds is opened and looked at again; what it does not know of is opened too.
_FIND: Final = f"""
SELECT {rows.ROW.replace("stream, seq,", "l.stream, l.seq,").replace("(at)", "(l.at)")}
FROM audit_log l LEFT JOIN audit_index i ON i.at = l.at AND i.stream = l.stream AND i.seq = l.seq
WHERE (l.at, l.stream, l.seq) > ($1::timestamptz, $2::uuid, $3::bigint) AND l.at < $4 AND l.kind <> 'end'
  AND ($5::text IS NULL OR l.request = $5) AND ($6::text IS NULL OR l.retention = $6)
  AND (i.terms IS NULL OR i.terms && $7::bigint[])
ORDER BY l.at, l.stream, l.seq LIMIT {CHUNK}
"""


class Held:
    """Asks the holds of one log. Every method raises StoreUnavailable, and Broken when holds were tampered with."""

    def __init__(self, store: Store, ring: KeyRing, terms: Terms, key: VerifierKey) -> None:
        self._subjects = Subjects(store, ring)
        self._reader = Reader(store, ring)
        self._terms = terms
        self._key = key

    async def of_subject(self, connection: Connection, ids: Collection[str], names: Collection[str]) -> list[Hold]:
        """Holds that name one of these principals, or that keep a record of one. names: ids and names of them."""
        digests = {self._subjects.digest(one) for one in ids}
        terms = sorted({self._terms.term("user", folded(name)) for name in (*ids, *names)})
        found = []
        for hold in await standing(connection, self._key):
            if hold.subjects and digests.isdisjoint(hold.subjects):
                continue
            if hold.by_subject_alone or await self._any(connection, hold, terms, lambda told: told["principal"] in ids):
                found.append(hold)
        return found

    async def of_value(self, connection: Connection, ids: Collection[str]) -> list[Hold]:
        """Holds that keep a record in whose texts a token of these ids stands: it would resolve to nothing any more."""
        terms = sorted({self._terms.term("value", one) for one in ids})

        def meant(told: Json) -> bool:
            return any(one in ids for one in values_in(told["content"], self._terms.find))

        return [
            hold for hold in await standing(connection, self._key) if await self._any(connection, hold, terms, meant)
        ]

    async def _any(self, connection: Connection, hold: Hold, terms: list[int], meant: Callable[[Json], bool]) -> bool:
        async for page in self._records(connection, hold, terms):
            for told in page:
                if told.get("erased"):
                    continue  # forgotten before: nothing is left to keep
                if told["problem"] is not None:
                    return True  # whose it is cannot be told
                theirs = not hold.subjects or self._subjects.digest(told["principal"]) in hold.subjects
                if theirs and meant(told):
                    return True
        return False

    async def _records(self, connection: Connection, hold: Hold, terms: list[int]) -> AsyncIterator[list[Json]]:
        since = hold.since or datetime(1, 1, 1, tzinfo=UTC)
        place: tuple[datetime, UUID, int] = (since, UUID(int=0), -(1 << 63))
        until = hold.until or datetime(9999, 12, 31, tzinfo=UTC)
        while found := await connection.fetch(_FIND, *place, until, hold.request, hold.retention, terms):
            some = [rows.row(record) for record in found]
            yield await self._reader.shown(some)
            place = (moment(some[-1].at), some[-1].stream, some[-1].seq)
