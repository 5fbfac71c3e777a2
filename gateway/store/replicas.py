"""Reading from replicas, never older than the reader may see.

A reader says what must have arrived by a *mark*: a statement that gives counters, each of which grows in every
transaction that he must see. The primary is asked for them first, a matter of a row or a few; a replica serves him if
its own, in the snapshot he will read, are no lower. So a commit that was acknowledged before the question was asked is
seen, whichever process wrote it. A position in the write-ahead log would say the same, but of everything, and every
request writes its audit record: no replica would ever be fresh enough.

Each counter is written under a lock that its transaction holds until it is visible; a single number would not do, since
two transactions may become visible in another order than the log has them.

A replica that fails rests, longer each time, and the primary serves meanwhile.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, TypeVar

import asyncpg

from gateway.errors import BadSettings, StoreUnavailable

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]

T = TypeVar("T")
LOG: Final = logging.getLogger(__name__)
FIRST_REST_S: Final = 0.5
LONGEST_REST_S: Final = 15.0
CONNECT_S: Final = 1.0
"""Seconds to wait for a replica's connection; the primary is there."""
STATEMENT_S: Final = 5.0
"""Seconds a replica's statement may take, for the same reason."""


class Readable(Protocol):
    """What a replica is opened as."""

    def snapshot(self) -> contextlib.AbstractAsyncContextManager[Connection]:
        """A connection that only reads, as of one moment."""

    async def close(self) -> None:
        """End its connections."""


@dataclass(slots=True)
class _Replica:
    dsn: str = field(repr=False)
    number: int
    store: Readable | None = None
    rested_until: float = 0.0
    rest_s: float = FIRST_REST_S


class Replicas:
    """The replicas of one database, taken in turn. `served` counts reads by who served them, and why it was not one.

    Its keys: `replica`, `primary`, and of the latter `behind` (not fresh) and `down`.
    """

    def __init__(self, addresses: Sequence[str], opened: Callable[[str], Awaitable[Readable]]) -> None:
        self._replicas = [_Replica(dsn, number) for number, dsn in enumerate(addresses)]
        self._opened = opened
        self._next = 0
        self.served: Counter[str] = Counter()

    def __bool__(self) -> bool:
        return bool(self._replicas)

    def resting(self) -> int:
        """How many are left out now."""
        now = time.monotonic()
        return sum(one.rested_until > now for one in self._replicas)

    async def read(
        self, work: Callable[[Connection], Awaitable[T]], needed: Mapping[str, int], mark: str, args: Sequence[object]
    ) -> tuple[T] | None:
        """What `work` gives on a replica; None when no replica could serve it, and the primary must.

        `work` may be begun on a replica that fails, and is then called again elsewhere.
        """
        replica = self._take()
        if replica is None:
            self.served["primary"] += 1
            return None
        try:
            found = await self._on(replica, work, needed, mark, args)
        except asyncpg.SerializationError:
            # Replaying the log needed what the statement read: a matter of this statement, not of the replica.
            self._primary_instead("behind")
            return None
        except (StoreUnavailable, BadSettings) as error:
            self._rest(replica, error.message)
            self._primary_instead("down")
            return None
        replica.rest_s = FIRST_REST_S
        if found is None:
            self._primary_instead("behind")
        else:
            self.served["replica"] += 1
        return found

    async def _on(
        self,
        replica: _Replica,
        work: Callable[[Connection], Awaitable[T]],
        needed: Mapping[str, int],
        mark: str,
        args: Sequence[object],
    ) -> tuple[T] | None:
        if replica.store is None:
            replica.store = await self._opened(replica.dsn)
        async with replica.store.snapshot() as conn:
            there = counters(await conn.fetchval(mark, *args))
            if any(there.get(name, 0) < n for name, n in needed.items()):
                return None
            return (await work(conn),)

    async def close(self) -> None:
        """End every connection."""
        for replica in self._replicas:
            if replica.store is not None:
                await replica.store.close()

    def _take(self) -> _Replica | None:
        now = time.monotonic()
        for _ in self._replicas:
            replica = self._replicas[self._next % len(self._replicas)]
            self._next += 1
            if replica.rested_until <= now:
                return replica
        return None

    def _rest(self, replica: _Replica, why: str) -> None:
        replica.rested_until = time.monotonic() + replica.rest_s
        replica.rest_s = min(2 * replica.rest_s, LONGEST_REST_S)
        LOG.warning("replica %d of the database is left out for a while: %s", replica.number + 1, why)

    def _primary_instead(self, why: str) -> None:
        self.served["primary"] += 1
        self.served[why] += 1


def counters(found: Any) -> dict[str, int]:
    """What a mark gave, as numbers by name."""
    return {str(name): int(n) for name, n in (found or {}).items()}
