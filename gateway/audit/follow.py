"""Reading the log through, row by row: a span of time in order, and what is being written now."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from gateway.audit import rows
from gateway.audit.read import Reader
from gateway.audit.record import moment
from gateway.model import Json
from gateway.store import Store

PAGE: Final = 500
_SPAN: Final = f"""
SELECT {rows.ROW} FROM audit_log
WHERE audit_log.at >= $1 AND (audit_log.at, stream, seq) > ($1::timestamptz, $2::uuid, $3::bigint) AND audit_log.at < $4
ORDER BY audit_log.at, stream, seq LIMIT {PAGE}
"""
# Streams, not times: a process whose commit came late has earlier times than what was shown already.
_NEW: Final = f"""
SELECT {rows.ROW.replace("stream, seq,", "l.stream, l.seq,").replace("(at)", "(l.at)")}
FROM audit_streams s LEFT JOIN unnest($1::uuid[], $2::bigint[]) p(stream, next) USING (stream)
CROSS JOIN LATERAL (
    SELECT * FROM audit_log WHERE stream = s.stream AND seq >= coalesce(p.next, 0) ORDER BY seq LIMIT {PAGE}
) l WHERE s.closed_seq IS NULL OR coalesce(p.next, 0) <= s.closed_seq
ORDER BY l.at, l.stream, l.seq
"""
_ENDS: Final = """
SELECT s.stream, coalesce((SELECT max(seq) FROM audit_log WHERE stream = s.stream), -1) + 1 AS next
FROM audit_streams s
"""


async def span(
    store: Store, reader: Reader, since: datetime | None = None, until: datetime | None = None
) -> AsyncIterator[list[Json]]:
    """Records by their times, a page at a time. Memory holds one page."""
    place: tuple[datetime, UUID, int] = (since or datetime(1, 1, 1, tzinfo=UTC), UUID(int=0), -(1 << 63))
    end = until or datetime(9999, 12, 31, tzinfo=UTC)
    while found := await store.fetch(_SPAN, *place, end):
        page = [rows.row(record) for record in found]
        yield await reader.shown(page)
        place = (moment(page[-1].at), page[-1].stream, page[-1].seq)


class Tail:
    """What is written from now on, each record once, whichever process writes it and however late it commits."""

    def __init__(self, store: Store, reader: Reader) -> None:
        self._store = store
        self._reader = reader
        self._next: dict[UUID, int] | None = None

    async def start(self) -> None:
        """What stands in the log now is not shown."""
        self._next = {row["stream"]: row["next"] for row in await self._store.fetch(_ENDS)}

    async def more(self) -> list[Json]:
        """What came since; empty when nothing did."""
        if self._next is None:
            await self.start()
            return []
        found: list[Any] = await self._store.fetch(_NEW, list(self._next), list(self._next.values()))
        page = [rows.row(record) for record in found]
        for row in page:
            self._next[row.stream] = max(self._next.get(row.stream, 0), row.seq + 1)
        return await self._reader.shown(page)
