"""`gateway audit verify` over the database: one snapshot of the log, judged by `Verifier` and `TreeAudit`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, Final

from gateway.audit import rows
from gateway.audit.chain import Head
from gateway.audit.link import lock_key, locks
from gateway.audit.pruned import believe, stored
from gateway.audit.stretches import CHUNK, Piece, Stretch, Stretches
from gateway.audit.subject_audit import over as over_keys
from gateway.audit.tlog.check import VerifierKey
from gateway.audit.tlog.shelf import Kept, Run
from gateway.audit.tlog.tree import Tile
from gateway.audit.tree_audit import TreeAudit
from gateway.audit.verdicts import TREE, Report, Verdict
from gateway.audit.verify import Verifier
from gateway.crypto import KeyRing
from gateway.store import Store
from gateway.store.store import Connection

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

Fetch = Callable[[], Awaitable[list[Any]]]
"""The next rows; none at the end."""


async def check(
    store: Store,
    ring: KeyRing | None = None,
    progress: Callable[[int], None] | None = None,
    *,
    key: VerifierKey | None = None,
    known: Iterable[bytes] = (),
    witnesses: Iterable[VerifierKey] = (),
) -> Report:
    """Verify the whole log in the database, while it is being written if need be; `ring` opens the rows too.

    key: the log's key, which checks the tree, its checkpoints and statements of what was pruned (without it rows that
    were are missing); known: checkpoints kept elsewhere.
    `progress` is told the number of rows done, now and then. Raises StoreUnavailable.
    """
    async with store.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        return await check_over(connection, ring, progress, key=key, known=known, witnesses=witnesses)


async def check_over(
    connection: Connection,
    ring: KeyRing | None = None,
    progress: Callable[[int], None] | None = None,
    *,
    key: VerifierKey | None = None,
    known: Iterable[bytes] = (),
    witnesses: Iterable[VerifierKey] = (),
) -> Report:
    """The same over a connection inside a transaction."""
    heads = await _heads(connection)
    verifier = await asyncio.to_thread(Verifier, heads, ring)
    done = 0

    async def over(fetch: Fetch, feed: Callable[[list[Any]], None], size: Callable[[list[Any]], int] = len) -> int:
        nonlocal done
        before = done
        chunk = await fetch()
        while chunk:
            following = asyncio.ensure_future(fetch())  # the database reads on while these are judged
            try:
                await asyncio.to_thread(feed, chunk)
                done += size(chunk)
                if progress is not None:
                    progress(done)
            finally:
                chunk = await following
        return done - before

    def feed(chunk: list[Any]) -> None:
        verifier.feed(map(rows.row, chunk))

    if key is None:
        # Streams' ids sort by time, so intents come before outcomes in another stream.
        await over(await _every(connection, f"SELECT {rows.ROW} FROM audit_log ORDER BY stream, seq"), feed)
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

    def feed_pieces(pieces: list[Piece], *, in_tree: bool) -> None:
        for stretch, records in pieces:
            some = list(map(rows.row, records))
            if in_tree:
                tree.rows(stretch.leaf - stretch.seq, some)
            verifier.feed(some)

    # Rows of the tree are read in its order, which is every stream's own; what is left is read by stream.
    inside = await over(Stretches(connection, _in_tree(runs)).fetch, partial(feed_pieces, in_tree=True), _size)
    left = await connection.fetchval("SELECT count(*) FROM audit_log") - inside
    if left == await connection.fetchval(_BEHIND):  # all of them stand behind their stream's last one in the tree
        tails = [Stretch(record["stream"], record["next"]) for record in await connection.fetch(_TAILS)]
        outside = await over(Stretches(connection, tails).fetch, partial(feed_pieces, in_tree=False), _size)
    else:
        outside = await over(await _every(connection, _OUTSIDE), feed)
    await _subjects(connection, ring, verifier)
    report = await asyncio.to_thread(verifier.finish, lambda: tree.finish(outside))
    return replace(report, records=done, prunings=tuple(told for told, _ in believed))


async def _subjects(connection: Connection, ring: KeyRing | None, verifier: Verifier) -> None:
    if ring is not None:
        keys = await over_keys(connection, ring, verifier.faults)
        keys.finish(verifier.subjects, fits=verifier.fits)


async def _every(connection: Connection, query: str) -> Fetch:
    cursor = await connection.cursor(query)
    return lambda: cursor.fetch(CHUNK)


async def _heads(connection: Connection) -> list[Head]:
    # Rows lie about as they are numbered, and are wanted in that order: the index alone, where little is known of them.
    await connection.execute("SET LOCAL enable_bitmapscan = off")
    held = await locks(connection)
    found = await connection.fetch(f"SELECT {rows.HEADER} FROM audit_streams")
    return [rows.head(record, lock_key(record["stream"]) in held) for record in found]


async def _sealed_at_all(connection: Connection, verifier: Verifier, *tree: Run | Kept) -> None:
    """Whoever takes the whole tree away leaves a log like that of a gateway which has only just begun."""
    if not tree and await connection.fetchval(_UNSEALED):
        verifier.faults.add(Verdict.CHECKPOINT, TREE, 0, "the log is minutes old, and there is no checkpoint of it")


def _size(pieces: list[Piece]) -> int:
    return sum(len(records) for _, records in pieces)


def _in_tree(runs: Iterable[Run]) -> Iterator[Stretch]:
    return (Stretch(run.stream, run.seq, run.count, run.first) for run in runs)
