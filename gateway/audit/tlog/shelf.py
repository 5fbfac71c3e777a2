"""The tree as it lies in the database: runs of rows, tiles, checkpoints. All in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.audit.tlog.check import Checkpoint
from gateway.audit.tlog.tree import Tile, hashes, needed
from gateway.audit.tlog.tree import root as root_of
from gateway.store.store import Connection

_SIZE = "SELECT coalesce(max(first + count), 0) FROM audit_runs"
_TILES = """
SELECT level, index, hashes FROM audit_tiles
WHERE (level, index) IN (SELECT * FROM unnest($1::smallint[], $2::bigint[]))
"""
_PUT_TILES = """
INSERT INTO audit_tiles (level, index, hashes) SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])
ON CONFLICT (level, index) DO UPDATE SET hashes = excluded.hashes
"""
_PUT_RUNS = """
INSERT INTO audit_runs (first, stream, seq, count)
SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bigint[])
"""
_PUT_ENDS = """
INSERT INTO audit_ends (stream, next) SELECT * FROM unnest($1::uuid[], $2::bigint[])
ON CONFLICT (stream) DO UPDATE SET next = excluded.next
"""
_PUT_CHECKPOINT = """
INSERT INTO audit_checkpoints (size, at, root, note) VALUES ($1, $2, $3, $4)
ON CONFLICT (size) DO UPDATE SET at = excluded.at, root = excluded.root, note = excluded.note
"""
# Of the last hour all are kept, of earlier ones the last in each hour: any row's proof leads to a later one.
_THIN = """
DELETE FROM audit_checkpoints c WHERE at < $1::timestamptz - interval '1 hour' AND EXISTS (
    SELECT 1 FROM audit_checkpoints d WHERE d.size > c.size AND date_trunc('hour', d.at) = date_trunc('hour', c.at))
"""


@dataclass(frozen=True, slots=True)
class Run:
    """`count` rows of a stream from `seq` on are the tree's leaves from `first` on."""

    first: int
    stream: UUID
    seq: int
    count: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint as it was signed."""

    size: int
    at: datetime
    root: bytes
    note: bytes


async def size(conn: Connection) -> int:
    """Leaves in the tree."""
    return int(await conn.fetchval(_SIZE))


async def tiles(conn: Connection, wanted: Iterable[Tile]) -> dict[Tile, bytes]:
    """Those of the tiles that there are."""
    places = sorted(set(wanted))
    if not places:
        return {}
    found = await conn.fetch(_TILES, [tile.level for tile in places], [tile.index for tile in places])
    return {Tile(row["level"], row["index"]): row["hashes"] for row in found}


async def path(conn: Connection, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
    """Hashes of subtrees, for a proof. Raises KeyError or IndexError when tiles are missing or cut."""
    return hashes(ranges, await tiles(conn, needed(ranges)))


async def root(conn: Connection, leaves: int) -> bytes:
    """The root of the first `leaves` leaves, from the tiles."""
    return root_of(leaves, await tiles(conn, needed([(0, leaves)]) if leaves else ()))


async def continues(conn: Connection, checkpoint: Checkpoint) -> bool:
    """Whether the tree in the tiles begins with the one that a checkpoint states."""
    try:
        return await root(conn, checkpoint.size) == checkpoint.root
    except (KeyError, IndexError):
        return False


async def put(conn: Connection, runs: Sequence[Run], grown: Mapping[Tile, bytes], ends: Mapping[UUID, int]) -> None:
    """New leaves: where they come from, the tiles they changed, and how far each stream is in the tree."""
    if runs:
        await conn.execute(
            _PUT_RUNS,
            *(list(column) for column in zip(*((r.first, r.stream, r.seq, r.count) for r in runs), strict=True)),
        )
    if grown:
        await conn.execute(
            _PUT_TILES, [tile.level for tile in grown], [tile.index for tile in grown], list(grown.values())
        )
    if ends:
        await conn.execute(_PUT_ENDS, list(ends), list(ends.values()))


async def put_checkpoint(conn: Connection, checkpoint: Checkpoint, note: bytes, at: datetime) -> None:
    """A signed checkpoint; the latest one of its size is kept, and old ones are thinned."""
    # What is signed is the second: a part of one would be vouched for by nothing.
    await conn.execute(_PUT_CHECKPOINT, checkpoint.size, at.replace(microsecond=0), checkpoint.root, note)
    await conn.execute(_THIN, at)


async def latest(conn: Connection, least: int = 0) -> Kept | None:
    """The checkpoint signed last, if its tree has at least so many leaves."""
    row = await conn.fetchrow(
        "SELECT size, at, root, note FROM audit_checkpoints WHERE size >= $1 ORDER BY size DESC LIMIT 1", least
    )
    return None if row is None else Kept(*row.values())


async def index_of(conn: Connection, stream: UUID, seq: int) -> int | None:
    """Which leaf a row is; None while it is not in the tree."""
    row = await conn.fetchrow(
        "SELECT first, seq, count FROM audit_runs WHERE stream = $1 AND seq <= $2 ORDER BY seq DESC LIMIT 1",
        stream,
        seq,
    )
    if row is None or seq >= row["seq"] + row["count"]:
        return None
    return int(row["first"] + seq - row["seq"])
