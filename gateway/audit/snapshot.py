"""`gateway audit verify` over the database: one snapshot of the log, judged by `Verifier` and `TreeAudit`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

from gateway.audit import rows
from gateway.audit.link import lock_key, locks
from gateway.audit.pruned import believe, stored
from gateway.audit.subject_audit import over as over_keys
from gateway.audit.tlog.check import VerifierKey
from gateway.audit.tlog.shelf import Kept, Run
from gateway.audit.tlog.tree import Tile
from gateway.audit.tree_audit import TreeAudit
from gateway.audit.verdicts import Report
from gateway.audit.verify import Verifier
from gateway.crypto import KeyRing
from gateway.store import Store
from gateway.store.store import Connection

CHUNK: Final = 2000
"""Rows fetched and judged at a time."""
TILES: Final = 256
_IN_TREE: Final = f"""
SELECT {rows.ROW.replace("stream, seq,", "l.stream, l.seq,")}, r.first + l.seq - r.seq AS leaf
FROM (SELECT * FROM audit_runs ORDER BY first) r CROSS JOIN LATERAL (
    SELECT * FROM audit_log WHERE stream = r.stream AND seq >= r.seq AND seq < r.seq + r.count ORDER BY seq
) l ORDER BY r.first, l.seq
"""
# Rows of the tree are read in its order, which is every stream's own; what is left is read by stream.
_OUTSIDE: Final = f"""
SELECT {rows.ROW} FROM audit_log l WHERE NOT EXISTS (
    SELECT 1 FROM audit_runs r WHERE r.stream = l.stream AND r.seq <= l.seq AND l.seq < r.seq + r.count
) ORDER BY stream, seq
"""
_BEHIND: Final = f"""
SELECT {rows.ROW} FROM audit_streams s LEFT JOIN audit_ends e USING (stream) JOIN audit_log l USING (stream)
WHERE l.seq >= coalesce(e.next, 0) ORDER BY stream, seq
"""


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
    held = await locks(connection)
    found = await connection.fetch(f"SELECT {rows.HEADER} FROM audit_streams")
    heads = [rows.head(record, lock_key(record["stream"]) in held) for record in found]
    verifier = await asyncio.to_thread(Verifier, heads, ring)
    done = 0

    async def over(query: str, feed: Callable[[list[Any]], None]) -> int:
        nonlocal done
        before = done
        cursor = await connection.cursor(query)
        chunk = await cursor.fetch(CHUNK)
        while chunk:
            following = asyncio.ensure_future(cursor.fetch(CHUNK))  # the database reads on while these are judged
            try:
                await asyncio.to_thread(feed, chunk)
                done += len(chunk)
                if progress is not None:
                    progress(done)
            finally:
                chunk = await following
        return done - before

    def feed(chunk: list[Any]) -> None:
        verifier.feed(map(rows.row, chunk))

    if key is None:
        # Streams' ids sort by time, so intents come before outcomes in another stream.
        await over(f"SELECT {rows.ROW} FROM audit_log ORDER BY stream, seq", feed)
        await _subjects(connection, ring, verifier)
        return await asyncio.to_thread(verifier.finish)

    runs = [Run(*record.values()) for record in await connection.fetch("SELECT * FROM audit_runs ORDER BY first")]
    kept = [
        Kept(*record.values())
        for record in await connection.fetch("SELECT size, at, root, note FROM audit_checkpoints ORDER BY size")
    ]
    tree = TreeAudit(key, verifier.faults, runs, kept, known=known, witnesses=witnesses)
    tiles: dict[bool, dict[Tile, bytes]] = {True: {}, False: {}}
    for record in await connection.fetch("SELECT level, index, hashes FROM audit_tiles"):
        tiles[record["level"] == 0][Tile(record["level"], record["index"])] = record["hashes"]
    lowest = {tile.index: row for tile, row in tiles[True].items()}
    await asyncio.to_thread(tree.leaves, lowest, tiles[False])
    tree.ends({record["stream"]: record["next"] for record in await connection.fetch("SELECT * FROM audit_ends")})

    believed = believe(await stored(connection), key, verifier.faults)
    verifier.prune(tree.prune(one for _, ranges in believed for one in ranges), tree.pruned_as)

    def feed_in_tree(chunk: list[Any]) -> None:
        some = [rows.row(record) for record in chunk]
        for record, row in zip(chunk, some, strict=True):
            tree.row(record["leaf"], row)
        verifier.feed(some)

    inside = await over(_IN_TREE, feed_in_tree)
    every = await connection.fetchval("SELECT count(*) FROM audit_log")
    outside = await over(_BEHIND, feed) if await _adds_up(connection, every - inside) else await over(_OUTSIDE, feed)
    await _subjects(connection, ring, verifier)
    report = await asyncio.to_thread(verifier.finish, lambda: tree.finish(outside))
    return replace(report, records=done, prunings=tuple(told for told, _ in believed))


async def _subjects(connection: Connection, ring: KeyRing | None, verifier: Verifier) -> None:
    if ring is not None:
        keys = await over_keys(connection, ring, verifier.faults)
        keys.finish(verifier.subjects, fits=verifier.fits)


async def _adds_up(connection: Connection, left: int) -> bool:
    """Whether all rows that are not in the tree stand behind their stream's last one in it."""
    behind = await connection.fetchval(f"SELECT count(*) FROM ({_BEHIND}) b")
    return bool(behind == left)
