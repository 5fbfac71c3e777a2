"""`gateway audit verify` over the database: one snapshot of the log, judged by `Verifier` and `TreeAudit`."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Final

import asyncpg

from gateway.audit import rows
from gateway.audit.chain import Head
from gateway.audit.link import lock_key, locks
from gateway.audit.pruned import believe, stored
from gateway.audit.strands import Condenser, Piece, size
from gateway.audit.stretches import CHUNK, Ask, Stretch, Stretches, prepare
from gateway.audit.subject_audit import over as over_keys
from gateway.audit.tlog.check import VerifierKey
from gateway.audit.tlog.shelf import Kept, Run
from gateway.audit.tlog.tree import Tile
from gateway.audit.tree_audit import TreeAudit
from gateway.audit.verdicts import TREE, Report, Verdict
from gateway.audit.verify import Verifier
from gateway.audit.workers import Workers, started, wanted
from gateway.crypto import KeyRing
from gateway.store import Store
from gateway.store.failures import lost
from gateway.store.store import Connection

_STREAMS: Final = "SELECT DISTINCT stream FROM audit_log ORDER BY stream"
_FAR: Final = 1 << 63
_OUTSIDE: Final = f"""
SELECT {rows.ROW} FROM audit_log l WHERE NOT EXISTS (
    SELECT 1 FROM audit_runs r WHERE r.stream = l.stream AND r.seq <= l.seq AND l.seq < r.seq + r.count
) ORDER BY stream, seq
"""
_BEHIND: Final = """
SELECT count(*) FROM audit_streams s LEFT JOIN audit_ends e USING (stream) JOIN audit_log l USING (stream)
WHERE l.seq >= coalesce(e.next, 0)
"""
_TAILS: Final = """
SELECT stream, coalesce(next, 0) AS next FROM audit_streams s LEFT JOIN audit_ends e USING (stream)
WHERE EXISTS (SELECT 1 FROM audit_log l WHERE l.stream = s.stream AND l.seq >= coalesce(e.next, 0)) ORDER BY stream
"""

_UNSEALED: Final = """
SELECT EXISTS (SELECT 1 FROM audit_log WHERE at < now() - interval '10 minutes')
"""
"""Checkpoints are signed every few seconds, and by each command when it ends."""

_EXPORT: Final = "SELECT pg_export_snapshot()"
_SIZE: Final = "SELECT coalesce(sum(count), 0)::bigint FROM audit_runs"

AHEAD: Final = 2
"""How much is asked for, for each process that reads, before what was asked for first is judged."""


async def check(
    store: Store,
    ring: KeyRing | None = None,
    progress: Callable[[int], None] | None = None,
    *,
    key: VerifierKey | None = None,
    known: Iterable[bytes] = (),
    witnesses: Iterable[VerifierKey] = (),
    processes: int | None = None,
) -> Report:
    """Verify the whole log in the database, while it is being written if need be; `ring` opens the rows too.

    key: the log's key, which checks the tree, its checkpoints and statements of what was pruned (without it rows that
    were are missing); known: checkpoints kept elsewhere; processes: how many read the log besides this one, 0 for none;
    None: as many as its size and this machine's cores are worth.
    `progress` is told the number of rows done, now and then. Raises StoreUnavailable, and Broken when one of the
    processes fails.
    """
    known, witnesses = tuple(known), tuple(witnesses)
    over = partial(check_over, ring=ring, progress=progress, key=key, known=known, witnesses=witnesses)
    async with store.snapshot() as connection:
        if processes is None:
            processes = wanted(await connection.fetchval(_SIZE))
        if not processes:
            return await over(connection)
        name = await _exported(connection)
        if name is not None:
            async with started(store.dsn, name, processes) as workers:
                return await over(connection, workers=workers)
    # Where a snapshot cannot be shared, this process reads alone, in another one: that statement ended the transaction.
    async with store.snapshot() as connection:
        return await over(connection)


async def check_over(
    connection: Connection,
    ring: KeyRing | None = None,
    progress: Callable[[int], None] | None = None,
    *,
    key: VerifierKey | None = None,
    known: Iterable[bytes] = (),
    witnesses: Iterable[VerifierKey] = (),
    workers: Awaitable[Workers | None] | None = None,
) -> Report:
    """The same over a connection inside a transaction; `workers` see what it sees, once they have started."""
    heads = await _heads(connection)
    verifier = await asyncio.to_thread(Verifier, heads, ring)
    judged = _Judged(connection, verifier, progress)
    if key is None:
        judged.workers = await workers if workers else None
        # Streams' ids sort by time, so intents come before outcomes in another stream.
        await judged.over([Stretch(record["stream"], -_FAR) for record in await connection.fetch(_STREAMS)])
        await _subjects(connection, ring, verifier)
        return await asyncio.to_thread(verifier.finish)

    runs = [Run(*record.values()) for record in await connection.fetch("SELECT * FROM audit_runs ORDER BY first")]
    kept = [
        Kept(*record.values())
        for record in await connection.fetch("SELECT size, at, root, note FROM audit_checkpoints ORDER BY size")
    ]
    tree = TreeAudit(key, verifier.faults, runs, kept, known=known, witnesses=witnesses)
    await _sealed_at_all(connection, verifier, *runs, *kept)
    tiles: dict[bool, dict[Tile, bytes]] = {True: {}, False: {}}
    for record in await connection.fetch("SELECT level, index, hashes FROM audit_tiles"):
        tiles[record["level"] == 0][Tile(record["level"], record["index"])] = record["hashes"]
    lowest = {tile.index: row for tile, row in tiles[True].items()}
    await asyncio.to_thread(tree.leaves, lowest, tiles[False])
    tree.ends({record["stream"]: record["next"] for record in await connection.fetch("SELECT * FROM audit_ends")})

    believed = believe(await stored(connection), key, verifier.faults)
    verifier.prune(tree.prune(one for _, ranges in believed for one in ranges), tree.pruned_as)

    judged.workers = await workers if workers else None
    # Rows of the tree are read in its order, which is every stream's own; what is left is read by stream.
    inside = await judged.over((Stretch(run.stream, run.seq, run.count, run.first) for run in runs), tree)
    left = await connection.fetchval("SELECT count(*) FROM audit_log") - inside
    if left == await connection.fetchval(_BEHIND):  # all of them stand behind their stream's last one in the tree
        await judged.over([Stretch(record["stream"], record["next"]) for record in await connection.fetch(_TAILS)])
    else:
        await judged.one_by_one(_OUTSIDE)
    await _subjects(connection, ring, verifier)
    report = await asyncio.to_thread(verifier.finish, lambda: tree.finish(judged.done - inside))
    return replace(report, records=judged.done, prunings=tuple(told for told, _ in believed))


class _Judged:
    """Reads rows, here or by other processes, and has them judged in their order."""

    def __init__(
        self,
        connection: Connection,
        verifier: Verifier,
        progress: Callable[[int], None] | None,
    ) -> None:
        self.workers: Workers | None = None
        """Who reads, if not this process."""
        self.done = 0
        """How many were judged."""
        self._connection = connection
        self._stretches = Stretches(connection, CHUNK)
        self._verifier = verifier
        self._openers = verifier.openers
        self._progress = progress

    async def over(self, stretches: Iterable[Stretch], tree: TreeAudit | None = None) -> int:
        """Stretches of the log, which stand in the tree if one is given; the number of their rows."""
        before = self.done
        under_way: deque[tuple[Ask, asyncio.Task[list[Piece]]]] = deque()
        try:
            async for ask in self._stretches.asks(stretches):
                under_way.append((ask, asyncio.create_task(self._pieces(ask))))
                if len(under_way) > AHEAD * (self.workers.count if self.workers else 1):
                    await self._judge(*under_way.popleft(), tree)
            while under_way:
                await self._judge(*under_way.popleft(), tree)
        finally:
            for _, task in under_way:
                task.cancel()
            await asyncio.gather(*(task for _, task in under_way), return_exceptions=True)
        return self.done - before

    async def one_by_one(self, query: str) -> None:
        """Rows that nothing says where to look for."""
        cursor = await self._connection.cursor(query)
        while some := await cursor.fetch(CHUNK):
            await asyncio.to_thread(self._verifier.feed, map(rows.row, some))
            self._tell(len(some))

    async def _pieces(self, ask: Ask) -> list[Piece]:
        if self.workers is None:
            return await self._stretches.read(ask, Condenser(self._openers))
        streams = {one.stream.bytes for one in ask} & self._openers.keys()
        return await self.workers.pieces(ask, {one: self._openers[one].key.reveal() for one in streams})

    async def _judge(self, ask: Ask, reading: asyncio.Task[list[Piece]], tree: TreeAudit | None) -> None:
        pieces = await reading
        if not await asyncio.to_thread(self._judged, ask, pieces, tree):
            # Among others than those before it, a strand may be more than one thing to say: each row is looked at then.
            pieces = await self._stretches.read(ask, Condenser({}, apart=True))
            await asyncio.to_thread(self._judged, ask, pieces, tree)
        self._tell(size(pieces))

    def _judged(self, ask: Ask, pieces: list[Piece], tree: TreeAudit | None) -> bool:
        if not self._verifier.takes(pieces):
            return False
        for number, parts in pieces:
            if tree is not None:
                tree.parts(ask[number].leaf - ask[number].seq, parts)
            self._verifier.examine(parts)
        return True

    def _tell(self, more: int) -> None:
        self.done += more
        if more and self._progress is not None:
            self._progress(self.done)


async def _exported(connection: Connection) -> str | None:
    """A name by which other connections see what this one sees; None where the server gives none."""
    try:
        return str(await connection.fetchval(_EXPORT))
    except asyncpg.PostgresError as error:
        if lost(error) is not None:
            raise
        return None


async def _subjects(connection: Connection, ring: KeyRing | None, verifier: Verifier) -> None:
    if ring is not None:
        keys = await over_keys(connection, ring, verifier.faults)
        keys.finish(verifier.subjects, fits=verifier.fits)


async def _heads(connection: Connection) -> list[Head]:
    await prepare(connection)
    held = await locks(connection)
    found = await connection.fetch(f"SELECT {rows.HEADER} FROM audit_streams")
    return [rows.head(record, lock_key(record["stream"]) in held) for record in found]


async def _sealed_at_all(connection: Connection, verifier: Verifier, *tree: Run | Kept) -> None:
    """Whoever takes the whole tree away leaves a log like that of a gateway which has only just begun."""
    if not tree and await connection.fetchval(_UNSEALED):
        verifier.faults.add(Verdict.CHECKPOINT, TREE, 0, "the log is minutes old, and there is no checkpoint of it")
