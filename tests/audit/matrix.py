"""Every byte of every column of a small log, flipped one at a time, and what must be said of each.

The tables are read once and judged in memory by what `gateway audit verify` is made of; tests/audit/test_tampering.py
does some of it in the database besides, and `python -m tests.audit.matrix` (`make tamper-matrix`) all of it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from gateway.audit import AuditLog, Report, rows
from gateway.audit.record import micros, moment
from gateway.audit.sealer import Sealer
from gateway.audit.snapshot import check_over
from gateway.audit.subject_audit import SubjectAudit
from gateway.audit.tlog.check import HASH, VerifierKey
from gateway.audit.tlog.shelf import Kept, Run
from gateway.audit.tlog.tree import Tile
from gateway.audit.tree_audit import TreeAudit
from gateway.audit.verdicts import SUBJECTS, TREE
from gateway.audit.verify import Verifier
from gateway.crypto import KeyRing
from gateway.store import Store
from gateway.store.store import Connection
from tests.audit.support import Found, found, now, own_server, record, small_log
from tests.audit.ways import beside

Tables = dict[str, list[dict[str, Any]]]

READ = {
    "audit_log": rows.ROW,
    "audit_streams": "stream, schema, timestamptz_send(opened_at) AS opened_at, key_id, wrapped_key, previous,"
    " previous_seq, previous_hash, closed_seq, closed_hash",
    "audit_stream_keys": "stream, wrapped",
    "audit_subjects": "subject, generation, wrapped",
    "audit_runs": "first, stream, seq, count",
    "audit_ends": "stream, next",
    "audit_tiles": "level, index, hashes",
    "audit_checkpoints": "size, at, root, note",
}
WIDTHS = {"schema": 2, "level": 2, "generation": 4}
"""Bytes of integers; the others have eight."""
_OF_ROWS = ("reordered", "missing", "modified")


@dataclass(frozen=True)
class Flip:
    """One byte: of which table, which of its rows, which column, and where in it."""

    table: str
    row: int
    column: str
    place: int


@dataclass
class Log:
    """A small log as it lies in the database."""

    tables: Tables
    ring: KeyRing
    key: VerifierKey
    later: Tables
    """The same when it had grown by a stream."""


async def build(store: Store, ring: KeyRing) -> Log:
    """Three streams in the tree under a signed checkpoint."""
    await small_log(store, ring)
    sealer = Sealer(store, ring, now)
    connection = await store.connect()
    try:
        assert await sealer.once(connection)
        tables = await read(connection)
        more = AuditLog(store, ring, now)
        await more.start()
        await more.append(record(50))
        await more.close()
        assert await sealer.once(connection)
        later = await read(connection)
    finally:
        await connection.close()
    return Log(tables, ring, sealer.key, later)


async def read(connection: Connection) -> Tables:
    """The log's tables as they lie there."""
    found: Tables = {}
    for table, columns in READ.items():
        order = {"audit_log": "stream, seq", "audit_tiles": "level, index"}.get(table, columns.partition(",")[0])
        some = await connection.fetch(f"SELECT ctid, {columns} FROM {table} ORDER BY {order}")
        found[table] = [dict(row) for row in some]
    return found


def judge(tables: Tables, ring: KeyRing | None, key: VerifierKey, *known: bytes) -> Found:
    """What `check_over` finds, of tables in memory."""
    return found(report_of(tables, ring, key, *known))


def report_of(tables: Tables, ring: KeyRing | None, key: VerifierKey, *known: bytes) -> Report:
    """What `check_over` says, of tables in memory, looking at one row after the other."""
    keys = {row["stream"]: row["wrapped"] for row in tables["audit_stream_keys"]}
    heads = [
        rows.head({**row, "opened": row["opened_at"], "kept_key": keys.get(row["stream"])}, False)  # type: ignore[arg-type]
        for row in tables["audit_streams"]
    ]
    verifier = Verifier(heads, ring)
    runs = sorted((_of(Run, row) for row in tables["audit_runs"]), key=lambda run: run.first)
    kept = sorted((_of(Kept, row) for row in tables["audit_checkpoints"]), key=lambda one: one.size)
    tree = TreeAudit(key, verifier.faults, runs, kept, known=known)
    tiles = {Tile(row["level"], row["index"]): row["hashes"] for row in tables["audit_tiles"]}
    tree.leaves(
        {tile.index: row for tile, row in tiles.items() if tile.level == 0},
        {tile: row for tile, row in tiles.items() if tile.level},
    )
    tree.ends({row["stream"]: row["next"] for row in tables["audit_ends"]})
    read: list[Any] = [tuple(row.values())[1:] for row in tables["audit_log"]]
    stored = sorted(map(rows.row, read), key=lambda row: (row.stream, row.seq))
    inside = set()
    for run in runs:
        for number, row in enumerate(stored):
            if row.stream == run.stream and run.seq <= row.seq < run.seq + run.count:
                tree.row(run.first + row.seq - run.seq, row)
                verifier.feed([row])
                inside.add(number)
    outside = [row for number, row in enumerate(stored) if number not in inside]
    verifier.feed(outside)
    if ring is not None:
        subjects = SubjectAudit(ring, verifier.faults)
        held = sorted((row["subject"], row["generation"], row["wrapped"]) for row in tables["audit_subjects"])
        subjects.feed(held)
        subjects.finish(verifier.subjects, fits=verifier.fits)
    return verifier.finish(lambda: tree.finish(len(outside)))


def _of(kind: Any, row: dict[str, Any]) -> Any:
    return kind(*list(row.values())[1:])


def flips(tables: Tables) -> Iterator[Flip]:
    """Every byte of every column that is not null."""
    for table, some in tables.items():
        for number, row in enumerate(some):
            for column, value in row.items():
                if column != "ctid" and value is not None:
                    yield from (Flip(table, number, column, place) for place in range(_width(column, value)))


def _width(column: str, value: object) -> int:
    if isinstance(value, (bytes, str)):
        return len(value)
    return 1 if isinstance(value, bool) else 16 if isinstance(value, UUID) else WIDTHS.get(column, 8)


def flipped(value: Any, column: str, place: int) -> Any:
    """The value with the lowest bit of one byte turned; OverflowError where its type has no such value."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, bytes):
        return value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]
    if isinstance(value, str):
        return value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :]
    if isinstance(value, UUID):
        return UUID(int=value.int ^ 1 << 8 * place)
    if isinstance(value, datetime):
        return moment(micros(value) ^ 1 << 8 * place)
    return value ^ 1 << 8 * place


def with_flip(tables: Tables, flip: Flip) -> Tables:
    """The tables with one byte changed; the others are shared."""
    some = list(tables[flip.table])
    row = some[flip.row]
    some[flip.row] = {**row, flip.column: flipped(row[flip.column], flip.column, flip.place)}
    return {**tables, flip.table: some}


def is_right(log: Log, flip: Flip, got: Found) -> bool:
    """Whether what was found says what happened, and where."""
    before = log.tables[flip.table][flip.row]
    after = with_flip(log.tables, flip)[flip.table][flip.row]
    if flip.table == "audit_log":
        home, there = (before["stream"], before["seq"]), (after["stream"], after["seq"])
        if home != there:
            # A row may stand there already, which is then not the one that the tree has for the place.
            return (
                {("reordered", *there), ("missing", *home)} <= got <= {(v, *p) for v in _OF_ROWS for p in (home, there)}
            )
        return got == {("modified", *home)}
    if flip.table in ("audit_streams", "audit_stream_keys"):
        if flip.column == "stream" and flip.table == "audit_streams":
            return ("missing", before["stream"], None) in got
        # A wrapped key names the ring's key that it is under; another name there is the name of another key.
        named = {("modified", before["stream"], None)}, {("wrong key", before["stream"], None)}
        return got in named[: 1 + (flip.column == "wrapped")]
    if flip.table == "audit_ends":
        return got >= {("modified", before["stream"], None)}
    if flip.table == "audit_subjects":
        return ("modified", SUBJECTS, 0) in got
    if flip.table == "audit_tiles" and flip.column == "hashes" and before["level"] == 0:
        run = next(one for one in log.tables["audit_runs"] if 0 <= flip.place // HASH - one["first"] < one["count"])
        row = run["seq"] + flip.place // HASH - run["first"]
        return {("modified", TREE, 0), ("modified", run["stream"], row)} <= got
    if flip.table == "audit_checkpoints":
        return any(stream == TREE and verdict in ("modified", "wrong key") for verdict, stream, _ in got)
    return any(stream in (TREE, before.get("stream")) for _, stream, _ in got)


async def freed(connection: Connection) -> None:
    """Let somebody who owns the database do what he likes: no triggers, no constraints. To be undone."""
    for table in READ:
        await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        named = await connection.fetch(
            "SELECT conname FROM pg_constraint WHERE conrelid = $1::text::regclass AND contype IN ('p', 'u', 'c')",
            table,
        )
        for row in named:
            await connection.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{row["conname"]}"')


async def put(connection: Connection, row: dict[str, Any], flip: Flip) -> bool:
    """The same in the database; False where PostgreSQL has no such value."""
    value = flipped(row[flip.column], flip.column, flip.place)
    term = "$1"
    if flip.column in ("at", "opened_at") and isinstance(value, bytes):
        value = int.from_bytes(value, "big", signed=True)
        term = "timestamptz '2000-01-01 00:00:00+00' + ($1::bigint)::float8 * interval '1 microsecond'"
    try:
        done = await connection.execute(
            f"UPDATE {flip.table} SET {flip.column} = {term} WHERE ctid = $2", value, row["ctid"]
        )
    except asyncpg.DataError:
        return False
    assert done == "UPDATE 1", flip
    return True


async def in_database(connection: Connection, log: Log, flip: Flip) -> Found | None:
    """What `gateway audit verify` says of it, which of several processes is the same; None: there is no such value."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        if not await put(connection, log.tables[flip.table][flip.row], flip):
            return None
        report = await check_over(connection, log.ring, key=log.key)
        assert await beside(connection, log.ring, log.key) == report, flip
        return found(report)
    finally:
        await transaction.rollback()


async def main() -> None:
    """Every byte of every table, each in the database."""
    counts: Counter[str] = Counter()
    wrong: list[Flip] = []
    with tempfile.TemporaryDirectory() as folder:
        ring = KeyRing.create(Path(folder) / "ring.json")
        async with own_server() as store:
            log = await build(store, ring)
            log.tables = log.later
            async with store.acquire() as connection:
                transaction = connection.transaction()
                await transaction.start()
                await freed(connection)
                every = list(flips(log.tables))
                for number, flip in enumerate(every):
                    if number % 250 == 0:
                        print(f"{number:,} of {len(every):,} bytes", file=sys.stderr, flush=True)
                    try:
                        got = await in_database(connection, log, flip)
                    except OverflowError:
                        got = None
                    if got is None:
                        counts["no such value"] += 1
                    elif is_right(log, flip, got):
                        counts[f"found, {flip.table}"] += 1
                    else:
                        wrong.append(flip)
                await transaction.rollback()
    print(json.dumps({**counts, "not found, or wrongly": len(wrong)}, indent=2))
    for flip in wrong[:20]:
        print(flip)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    asyncio.run(main())
