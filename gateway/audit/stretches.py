"""Rows of the log read in an order of one's own, some at a time.

The database is asked by stream and number, so that it never has to put a long list of rows in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from gateway.audit import rows
from gateway.store.store import Connection

CHUNK: Final = 2000
_END: Final = (1 << 63) - 1
_LONG: Final = f"SELECT {rows.ROW} FROM audit_log WHERE stream = $1 AND seq >= $2 AND seq < $3 ORDER BY seq LIMIT $4"
_SHORT: Final = f"""
SELECT {rows.ROW.replace("stream, seq,", "l.stream, l.seq,")}, (r.number - 1)::int AS stretch
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS r (stream, first, until, number)
CROSS JOIN LATERAL (
    SELECT * FROM audit_log WHERE stream = r.stream AND seq >= r.first AND seq < r.until ORDER BY seq
) l ORDER BY r.number, l.seq
"""


@dataclass(frozen=True, slots=True)
class Stretch:
    """`count` rows of a stream from number `seq` on; where they are in the tree, `leaf` is the first one's leaf."""

    stream: UUID
    seq: int
    count: int = _END
    leaf: int = 0

    @property
    def until(self) -> int:
        """The number behind its last row's."""
        return min(self.seq + self.count, _END)


Piece = tuple[Stretch, list[Any]]
"""Rows of a stretch, in the order of their numbers."""


class Stretches:
    """Reads stretches one after the other; short ones several at a time."""

    def __init__(self, connection: Connection, stretches: Iterable[Stretch], chunk: int = CHUNK) -> None:
        """`chunk`: rows fetched at a time, at most."""
        self._connection = connection
        self._chunk = chunk
        self._groups = _groups(stretches, chunk)
        self._rest: Stretch | None = None
        """What is left of a long one."""

    async def fetch(self) -> list[Piece]:
        """The next rows, as they were asked for; none at the end."""
        found: list[Piece] = []
        while not found:
            if self._rest is None:
                group = next(self._groups, None)
                if group is None:
                    return []
                if len(group) > 1:
                    found = await self._short(group)
                    continue
                self._rest = group[0]
            found = await self._long(self._rest)
        return found

    async def _short(self, group: list[Stretch]) -> list[Piece]:
        some = await self._connection.fetch(
            _SHORT, [one.stream for one in group], [one.seq for one in group], [one.until for one in group]
        )
        return [(group[number], list(records)) for number, records in groupby(some, key=lambda one: one["stretch"])]

    async def _long(self, one: Stretch) -> list[Piece]:
        some = await self._connection.fetch(_LONG, one.stream, one.seq, one.until, self._chunk)
        self._rest = None
        if len(some) == self._chunk:
            # Somebody may have put several rows into one place: the last place is read again, whole.
            last = some[-1]["seq"]
            some = [record for record in some if record["seq"] < last]
            if not some:
                some = await self._connection.fetch(_LONG, one.stream, last, last + 1, None)
                last += 1
            self._rest = Stretch(one.stream, last, one.until - last, one.leaf + last - one.seq)
        return [(one, some)] if some else []


def _groups(stretches: Iterable[Stretch], chunk: int) -> Iterator[list[Stretch]]:
    group: list[Stretch] = []
    size = 0
    for one in stretches:
        if group and size + one.count > chunk:
            yield group
            group, size = [], 0
        group.append(one)
        size += one.count
    if group:
        yield group
