"""Which rows of the log are read together, in an order of one's own, and how they are asked for.

The database is asked by stream and number, so that it never has to put a long list of rows in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from gateway.audit.strands import Condenser, Piece
from gateway.store.store import Connection

CHUNK: Final = 2000
_LAST: Final = (1 << 63) - 1
EVERY: Final = 1 << 64
"""More rows than a stream can have numbers."""
_BOUND: Final = "SELECT seq FROM audit_log WHERE stream = $1 AND seq >= $2 AND seq <= $3 ORDER BY seq OFFSET $4 LIMIT 1"
# In the order in which a row's clear fields are hashed (tlog/check.py), each as COPY writes it: its length in four
# bytes, and it. So what is hashed lies there in one piece, but for the time, which counts from another year.
_ROW: Final = "stream, seq, at, prev, kind, request, retention, facts, sealed, hash"


@dataclass(frozen=True, slots=True)
class Stretch:
    """`count` rows of a stream from number `seq` on; where they are in the tree, `leaf` is the first one's leaf."""

    stream: UUID
    seq: int
    count: int = EVERY
    leaf: int = 0

    @property
    def last(self) -> int:
        """The number of its last row."""
        return max(-_LAST - 1, min(self.seq + self.count - 1, _LAST))


Ask = tuple[Stretch, ...]
"""What is read at once."""


class Stretches:
    """Reads stretches of the log over one connection, in a transaction of the caller's."""

    def __init__(self, connection: Connection, chunk: int = CHUNK) -> None:
        """`chunk`: rows read at once, at most; but all those that somebody put into one place are read together."""
        self._connection = connection
        self._chunk = chunk
        self._busy = asyncio.Lock()

    async def asks(self, stretches: Iterable[Stretch]) -> AsyncIterator[Ask]:
        """What to read, in order: the long ones in parts, short ones several at a time."""
        for group in _groups(stretches, self._chunk):
            if len(group) > 1:
                yield tuple(group)
                continue
            rest = group[0]
            while (count := await self._next(rest)) < rest.count:
                yield (replace(rest, count=count),)
                rest = Stretch(rest.stream, rest.seq + count, rest.count - count, rest.leaf + count)
            yield (rest,)

    async def read(self, ask: Ask, into: Condenser) -> list[Piece]:
        """As the function of this name; one at a time."""
        async with self._busy:
            return await read(self._connection, ask, into)

    async def _next(self, one: Stretch) -> int:
        """How many numbers of it to read at once. Never a part of the rows that stand in one place."""
        async with self._busy:
            after = await self._connection.fetchval(_BOUND, one.stream, one.seq, one.last, self._chunk)
        return one.count if after is None else max(after - one.seq, 1)


async def prepare(connection: Connection) -> None:
    """For the rest of the transaction: the index alone, where little is known of the rows.

    They lie about as they are numbered, and are wanted in that order.
    """
    await connection.execute("SET LOCAL enable_bitmapscan = off")


async def read(connection: Connection, ask: Ask, into: Condenser) -> list[Piece]:
    """The rows asked for, by stretch and number, as they are condensed while the database sends on."""
    failed: list[Exception] = []

    async def take(some: bytes | memoryview) -> None:
        # What is raised here would leave the connection waiting for its cancelled statement.
        if not failed:
            try:
                into.feed(bytes(some))
            except Exception as error:  # noqa: BLE001 - raised below, whatever it is
                failed.append(error)

    await connection.copy_from_query(_query(ask), output=take, format="binary")
    if failed:
        raise failed[0]
    return into.finish()


def _query(ask: Ask) -> str:
    # COPY takes no parameters; these are UUIDs and integers.
    if len(ask) == 1:
        stream, first, last = ask[0].stream, ask[0].seq, ask[0].last
        return f"""
            SELECT 0::int, {_ROW} FROM audit_log
            WHERE stream = '{stream}'::uuid AND seq >= '{first}'::bigint AND seq <= '{last}'::bigint ORDER BY seq
        """
    streams = ",".join(str(one.stream) for one in ask)
    firsts = ",".join(str(one.seq) for one in ask)
    lasts = ",".join(str(one.last) for one in ask)
    return f"""
        SELECT (r.number - 1)::int, l.*
        FROM unnest('{{{streams}}}'::uuid[], '{{{firsts}}}'::bigint[], '{{{lasts}}}'::bigint[])
            WITH ORDINALITY AS r (wanted, first, last, number)
        CROSS JOIN LATERAL (
            SELECT {_ROW} FROM audit_log WHERE stream = r.wanted AND seq >= r.first AND seq <= r.last ORDER BY seq
        ) l ORDER BY r.number, l.seq
    """


def _groups(stretches: Iterable[Stretch], chunk: int) -> Iterator[list[Stretch]]:
    group: list[Stretch] = []
    size = 0
    for one in stretches:
        if group and (size + one.count > chunk or len(group) >= chunk):
            yield group
            group, size = [], 0
        group.append(one)
        size += max(one.count, 0)
    if group:
        yield group
