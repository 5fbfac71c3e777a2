"""Taking records out when their time is over: never one that is held, nor one that is not as it was written.

Each step is one commit: the rows and what the index says of them go, and a signed statement says which they were. A row
goes only when it is the one of the signed tree, so that nobody has his own work covered up by it; and its subject is
read from the row itself, since the index could have been changed.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from gateway.audit import rows
from gateway.audit.hold import Hold, standing, take_turn
from gateway.audit.link import over
from gateway.audit.pruned import Range, Statement, ranges_of
from gateway.audit.record import FIRST, Row, genesis, is_whole, moment, unpack
from gateway.audit.stream import Opener
from gateway.audit.subjects import Name
from gateway.audit.tlog import shelf
from gateway.audit.tlog.check import HASH, NotProven, VerifierKey, leaf_hash, open_checkpoint
from gateway.audit.tlog.tree import WIDTH, Tile
from gateway.crypto import KeyRing
from gateway.errors import Conflict, SealBroken
from gateway.model import Json
from gateway.store import Store
from gateway.store.store import Connection

LOCK: Final = 0x6761_7465_7072_756E
CHUNK: Final = 1_000
STEP: Final = 10_000
"""Rows in one statement at most."""
_BEGINNING: Final = (datetime(1, 1, 1, tzinfo=UTC), UUID(int=0), -(1 << 63))
# The end of a stream stays, which says where it ended and names nobody; so does the last row of one that may go on.
_FIND: Final = f"""
SELECT {rows.ROW.replace("stream, seq,", "l.stream, l.seq,").replace("(at)", "(l.at)")},
       l.at AS time, r.first + l.seq - r.seq AS leaf
FROM audit_log l JOIN audit_ends e ON e.stream = l.stream JOIN audit_streams s ON s.stream = l.stream JOIN LATERAL (
    SELECT * FROM audit_runs WHERE stream = l.stream AND seq <= l.seq ORDER BY seq DESC LIMIT 1
) r ON l.seq < r.seq + r.count AND r.first + l.seq - r.seq < $5
WHERE (l.at, l.stream, l.seq) > ($1::timestamptz, $2::uuid, $3::bigint) AND l.at < $4 AND l.kind <> 'end'
  AND (l.seq < e.next - 1 OR e.next > s.closed_seq OR l.stream = ANY($8::uuid[]))
  AND EXISTS (SELECT 1 FROM unnest($6::text[], $7::timestamptz[]) c(name, before)
              WHERE c.name = l.retention AND l.at < c.before)
ORDER BY l.at, l.stream, l.seq LIMIT {CHUNK}
"""
_PUT: Final = "INSERT INTO audit_prunes (number, last_at, rows, note) VALUES ($1, $2, $3, $4)"
_PUT_RANGES: Final = """
INSERT INTO audit_pruned (stream, first, last, genesis, number)
SELECT *, $5 FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bytea[])
"""
_TAKE_OUT: Final = """
DELETE FROM audit_log l USING unnest($1::uuid[], $2::bigint[]) g(stream, seq)
WHERE l.stream = g.stream AND l.seq = g.seq
"""
_UNINDEX: Final = """
DELETE FROM audit_index i USING unnest($1::uuid[], $2::bigint[], $3::timestamptz[]) g(stream, seq, at)
WHERE i.at = g.at AND i.stream = g.stream AND i.seq = g.seq
"""


@dataclass(slots=True)
class Pruned:
    """What was done, or would be."""

    records: Counter[str] = field(default_factory=Counter)
    """Taken out, by class."""
    held: Counter[int] = field(default_factory=Counter)
    """Kept, by the number of the first hold that fits."""
    kept: int = 0
    """Kept because they are not the rows of the signed tree, or do not open so that it could be said who is meant."""
    statements: list[int] = field(default_factory=list)

    def as_dict(self) -> Json:
        """For JSON and the record."""
        return {
            "records": {name or "none": count for name, count in sorted(self.records.items())},
            "held": {str(number): count for number, count in sorted(self.held.items())},
            "not_as_written": self.kept,
            "statements": len(self.statements),
        }


@dataclass(slots=True)
class _Step:
    """Rows that go in one commit."""

    places: list[tuple[UUID, int, datetime]] = field(default_factory=list)
    genesis: dict[UUID, bytes] = field(default_factory=dict)


class Pruner:
    """Prunes one log. Who may, and that it is recorded, is the caller's to see to."""

    def __init__(self, store: Store, ring: KeyRing, key: VerifierKey) -> None:
        self._store = store
        self._ring = ring
        self._key = key

    async def run(
        self,
        request: str,
        before: Mapping[str, datetime],
        now: Callable[[], datetime],
        *,
        dry_run: bool = False,
        progress: Callable[[int], None] = lambda _: None,
    ) -> Pruned:
        """Take out what is over: by class, records from before a time. `progress` is told the records looked at.

        One run at a time. Raises Conflict while another one goes on, Broken when holds were tampered with,
        StoreUnavailable; what was done until then is done.
        """
        done = Pruned()
        if not before:
            return done
        async with self._store.acquire() as connection:
            if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
                raise Conflict("another process is pruning the audit log now", hint="let it finish")
            try:
                await self._steps(connection, done, request, before, now, dry_run=dry_run, progress=progress)
            finally:
                if not connection.is_closed():
                    await connection.execute("SELECT pg_advisory_unlock($1)", LOCK)
        return done

    async def _steps(
        self,
        connection: Connection,
        done: Pruned,
        request: str,
        before: Mapping[str, datetime],
        now: Callable[[], datetime],
        *,
        dry_run: bool,
        progress: Callable[[int], None],
    ) -> None:
        looked = 0
        ended = await over(connection, now())
        openers = _Openers(self._ring)
        place: tuple[datetime, UUID, int] | None = _BEGINNING
        while place is not None:
            async with connection.transaction():
                await take_turn(connection)
                held = await standing(connection, self._key)
                step = _Step()
                while place is not None and len(step.places) <= STEP - CHUNK:
                    place, count = await self._look(connection, place, before, held, ended, openers, step, done)
                    looked += count
                    progress(looked)
                if step.places and not dry_run:
                    done.statements.append(await self._take_out(connection, step, request, before, now()))

    async def _look(
        self,
        connection: Connection,
        place: tuple[datetime, UUID, int],
        before: Mapping[str, datetime],
        held: list[Hold],
        ended: list[UUID],
        openers: _Openers,
        step: _Step,
        done: Pruned,
    ) -> tuple[tuple[datetime, UUID, int] | None, int]:
        """Some rows that are over, judged; from where to go on, None at the end, and how many they were."""
        signed = await self._signed(connection)
        times = list(before.values())
        found = await connection.fetch(_FIND, *place, max(times), signed, list(before), times, ended)
        if not found:
            return None, 0
        wanted = {Tile(0, record["leaf"] // WIDTH) for record in found}
        tiles = await shelf.tiles(connection, wanted)
        await openers.learn(connection, {record["stream"] for record in found})
        await asyncio.to_thread(_judge, found, tiles, held, openers, step, done)
        last = found[-1]
        return (last["time"], last["stream"], last["seq"]), len(found)

    async def _signed(self, connection: Connection) -> int:
        """How many leaves are under a signed checkpoint."""
        kept = await shelf.latest(connection)
        if kept is None:
            return 0
        try:
            return open_checkpoint(kept.note, self._key)[0].size
        except NotProven:
            return 0

    async def _take_out(
        self, connection: Connection, step: _Step, request: str, before: Mapping[str, datetime], at: datetime
    ) -> int:
        number = int(await connection.fetchval("SELECT coalesce(max(number), 0) + 1 FROM audit_prunes"))
        ranges = ranges_of(((stream, seq) for stream, seq, _ in step.places), step.genesis)
        statement = Statement(number, at, request, len(step.places), before, ranges)
        note = statement.signed(self._key, self._ring.signer())
        streams, seqs, times = (list(column) for column in zip(*step.places, strict=True))
        await connection.execute(_PUT, number, max(times), len(step.places), note)
        await connection.execute(_PUT_RANGES, *_columns(ranges), number)
        await connection.execute(_UNINDEX, streams, seqs, times)
        await connection.execute(_TAKE_OUT, streams, seqs)
        return number


def _judge(
    found: list[Any], tiles: Mapping[Tile, bytes], held: list[Hold], openers: _Openers, step: _Step, done: Pruned
) -> None:
    for record in found:
        row, leaf = rows.row(record), record["leaf"]
        tile, place = tiles.get(Tile(0, leaf // WIDTH), b""), leaf % WIDTH
        if not is_whole(row) or tile[place * HASH : (place + 1) * HASH] != leaf_hash(row.hash):
            done.kept += 1
            continue
        if row.seq == FIRST and openers.genesis.get(row.stream) != row.prev:
            done.kept += 1  # its header was changed, which only this row can show
            continue
        fitting = [hold for hold in held if hold.fits(row)]
        subject = openers.subject(row) if any(hold.subjects for hold in fitting) else None
        hold = next((one for one in fitting if not one.subjects or (subject and subject in one.subjects)), None)
        if hold is not None:
            done.held[hold.number] += 1
        elif any(one.subjects for one in fitting) and subject is None:
            done.kept += 1
        else:
            done.records[row.retention] += 1
            step.places.append((row.stream, row.seq, moment(row.at)))
            if row.seq == FIRST:
                step.genesis[row.stream] = row.prev


def _columns(ranges: tuple[Range, ...]) -> list[list[Any]]:
    return [list(column) for column in zip(*ranges, strict=True)]


class _Openers:
    """Headers and keys of the streams met."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring
        self._openers: dict[UUID, Opener | None] = {}
        self.genesis: dict[UUID, bytes | None] = {}
        """What the first row of each names as its predecessor."""

    async def learn(self, connection: Connection, streams: set[UUID]) -> None:
        unknown = streams - self._openers.keys()
        if not unknown:
            return
        found = await connection.fetch(
            f"SELECT {rows.HEADER} FROM audit_streams WHERE stream = ANY($1::uuid[])", list(unknown)
        )
        for record in found:
            header = rows.header(record)
            try:
                self.genesis[header.stream] = genesis(header)
                self._openers[header.stream] = Opener(self._ring, header)
            except (SealBroken, OverflowError):
                self._openers[header.stream] = None

    def subject(self, row: Row) -> bytes | None:
        """Whose record it is; None when it does not open."""
        opener = self._openers.get(row.stream)
        if opener is None:
            return None
        try:
            name = Name.parse(unpack(opener.open(row))[0].get("subject"))
        except (SealBroken, ValueError, TypeError):
            return None
        return name.subject if name else None
