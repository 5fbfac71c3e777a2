"""The tamper matrix: whatever is done to the log's tables is found, said to be what it is, and where.

`make tamper-matrix` turns every byte in the database itself; here it is done in memory, and some of it there.
"""

from __future__ import annotations

import itertools
import random
from typing import Any
from uuid import UUID

import pytest

from gateway.audit.tlog.check import leaf_hash
from gateway.audit.tlog.notes import log_key
from gateway.audit.tlog.tree import Tile, grow
from gateway.audit.tree_audit import TreeAudit
from gateway.audit.verdicts import SUBJECTS, TREE, Faults
from gateway.crypto import KeyRing
from gateway.crypto.keyring import fresh_ring
from gateway.crypto.sign import Signer
from gateway.store import Store
from tests.audit.matrix import (
    Flip,
    Log,
    Tables,
    build,
    flipped,
    flips,
    freed,
    in_database,
    is_right,
    judge,
    with_flip,
)
from tests.audit.support import Found, now

KEY = log_key("log", Signer.generate().public)


@pytest.fixture
async def log(database: Store, ring: KeyRing) -> Log:
    return await build(database, ring)


async def test_the_tamper_matrix(database: Store, log: Log) -> None:
    """One log for everything: to make it costs more than to judge it."""
    for honest in (log.tables, log.later):
        assert judge(honest, log.ring, log.key, note(log.tables)) == judge(honest, None, log.key) == set()
    every_byte(log)
    every_row_taken_out(log)
    every_row_twice(log)
    every_two_rows_exchanged(log)
    every_tail_cut(log)
    streams_exchanged(log)
    put_back(log)
    old_checkpoint(log)
    witness_file(log)
    other_keys(log)
    await some_in_the_database(database, log)


def note(tables: Tables) -> bytes:
    found: bytes = tables["audit_checkpoints"][-1]["note"]
    return found


def every_byte(log: Log) -> None:
    tried = 0
    for flip in flips(log.tables):
        try:
            changed = with_flip(log.tables, flip)
        except OverflowError:
            continue  # PostgreSQL has no such time either
        got = judge(changed, log.ring, log.key)
        assert is_right(log, flip, got), (flip, got)
        if flip.table in ("audit_log", "audit_streams"):
            assert is_right(log, flip, judge(changed, None, log.key)), flip
        tried += 1
    assert tried > 4000


async def some_in_the_database(database: Store, log: Log) -> None:
    """One byte of each column, changed there: the same must be said as in memory."""
    chance = random.Random(1)
    columns: dict[tuple[str, str], list[Flip]] = {}
    for flip in flips(log.later):
        columns.setdefault((flip.table, flip.column), []).append(flip)
    log.tables = log.later
    async with database.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await freed(connection)
        for some in columns.values():
            flip = chance.choice(some)
            said = await in_database(connection, log, flip)
            if said is not None:
                assert said == judge(with_flip(log.later, flip), log.ring, log.key), flip
        await transaction.rollback()


def without(tables: Tables, table: str, number: int) -> Tables:
    return {**tables, table: [row for at, row in enumerate(tables[table]) if at != number]}


def every_row_taken_out(log: Log) -> None:
    for table, some in log.tables.items():
        for number, row in enumerate(some):
            got = judge(without(log.tables, table, number), log.ring, log.key)
            stream = row.get("stream")
            proper: dict[str, Found] = {
                "audit_log": {("missing", stream, row.get("seq"))},  # type: ignore[arg-type]
                "audit_streams": {("missing", stream, None)},  # type: ignore[arg-type]
                "audit_ends": {("modified", stream, None)},  # type: ignore[arg-type]
                "audit_subjects": {("missing", SUBJECTS, 0)},
                "audit_checkpoints": {("checkpoint missing", TREE, 0)},
            }
            if table in proper:
                assert got == proper[table], (table, number)
            elif table == "audit_stream_keys":
                assert {place for _, place, _ in got} == {stream}
            else:
                assert TREE in {place for _, place, _ in got}, (table, number)


def at(log: Log, stream: UUID) -> list[dict[str, Any]]:
    return [row for row in log.tables["audit_log"] if row["stream"] == stream]


def streams(log: Log) -> list[UUID]:
    return [row["stream"] for row in log.tables["audit_streams"]]


def with_rows(log: Log, *changed: tuple[dict[str, Any], dict[str, Any] | None]) -> Tables:
    """The log with rows replaced, by None for not at all."""
    by_id = {id(old): new for old, new in changed}
    some = [by_id.get(id(row), row) for row in log.tables["audit_log"]]
    return {**log.tables, "audit_log": [row for row in some if row is not None]}


def every_row_twice(log: Log) -> None:
    for row in log.tables["audit_log"]:
        twice = {**log.tables, "audit_log": [*log.tables["audit_log"], row]}
        assert ("duplicate", row["stream"], row["seq"]) in judge(twice, log.ring, log.key)
        for stream in streams(log):
            copy = {**row, "stream": stream, "seq": len(at(log, stream))}
            spliced = {**log.tables, "audit_log": [*log.tables["audit_log"], copy]}
            for keys in (None, log.ring):
                assert judge(spliced, keys, log.key) == {("duplicate", stream, copy["seq"])}


def every_two_rows_exchanged(log: Log) -> None:
    """Within a stream and between streams."""
    for one, other in itertools.combinations(log.tables["audit_log"], 2):
        places = [(row["stream"], row["seq"]) for row in (one, other)]
        here = {**one, "stream": other["stream"], "seq": other["seq"]}
        there = {**other, "stream": one["stream"], "seq": one["seq"]}
        for keys in (None, log.ring):
            got = judge(with_rows(log, (one, here), (other, there)), keys, log.key)
            assert got >= {("reordered", *place) for place in places}
            assert {(stream, seq) for _, stream, seq in got} == set(places)


def every_tail_cut(log: Log) -> None:
    """Of every stream, however it ended; also with the mark of its closing taken away."""
    for stream in streams(log):
        rows = at(log, stream)
        for start in range(len(rows)):
            cut = with_rows(log, *((row, None) for row in rows[start:]))
            assert judge(cut, None, log.key) == {("missing", stream, start)}
            marks = [{**head, "closed_seq": None, "closed_hash": None} for head in log.tables["audit_streams"]]
            assert ("missing", stream, start) in judge({**cut, "audit_streams": marks}, None, log.key)


def streams_exchanged(log: Log) -> None:
    """All rows of one stream under the name of another."""
    for one, other in itertools.combinations(streams(log), 2):
        names = {one: other, other: one}
        swapped = [{**row, "stream": names.get(row["stream"], row["stream"])} for row in log.tables["audit_log"]]
        for keys in (None, log.ring):
            got = judge({**log.tables, "audit_log": swapped}, keys, log.key)
            for row in (*at(log, one), *at(log, other)):
                assert ("reordered", names[row["stream"]], row["seq"]) in got


def put_back(log: Log) -> None:
    """The whole database as it was before: who kept a later checkpoint sees it, and nobody else."""
    assert judge(log.tables, log.ring, log.key, note(log.tables)) == set()
    size = len(log.tables["audit_log"])
    assert judge(log.tables, log.ring, log.key, note(log.later)) == {("rolled back", TREE, size)}


def old_checkpoint(log: Log) -> None:
    size = len(log.tables["audit_log"])
    older = {**log.later, "audit_checkpoints": log.tables["audit_checkpoints"]}
    assert judge(older, log.ring, log.key) == {("checkpoint missing", TREE, size)}
    latest = {**log.later["audit_checkpoints"][-1], "note": note(log.tables)}
    under = {**log.later, "audit_checkpoints": [*log.later["audit_checkpoints"][:-1], latest]}
    assert ("modified", TREE, latest["size"]) in judge(under, log.ring, log.key)


def witness_file(log: Log) -> None:
    """What a witness keeps, changed: it proves nothing then, and that is said."""
    kept = note(log.tables)
    for place in range(len(kept)):
        assert judge(log.tables, None, log.key, flipped(kept, "", place)) == {("wrong key", TREE, None)}, place


def other_keys(log: Log) -> None:
    other = KeyRing.parse(fresh_ring(now()), "another ring")
    assert judge(log.tables, other, log.key) == {("wrong key", stream, None) for stream in streams(log)}
    foreign = log_key(log.key.name, other.signer().public)
    assert ("wrong key", TREE, len(log.tables["audit_log"])) in judge(log.tables, log.ring, foreign)


def test_every_byte_of_the_tiles_above_the_leaves() -> None:
    leaves = [leaf_hash(bytes([n % 256, n >> 8])) for n in range(3 * 256 + 7)]
    tiles = grow(0, leaves, {})
    lowest = {tile.index: row for tile, row in tiles.items() if tile.level == 0}
    above = {tile: row for tile, row in tiles.items() if tile.level}
    assert {tile: len(row) for tile, row in above.items()} == {Tile(1, 0): 96}

    def said(some: dict[Tile, bytes]) -> set[tuple[str, int | None]]:
        faults = Faults()
        audit = TreeAudit(KEY, faults, (), ())
        audit.leaves(lowest, some)
        note = "a tile above the leaves is not what they make"
        return {(fault.verdict.value, fault.seq) for fault in faults.sorted() if fault.note == note}

    assert said(above) == set()
    assert said({}) == {("modified", 0)}
    for place in range(96):
        assert said({Tile(1, 0): flipped(above[Tile(1, 0)], "", place)}) == {("modified", 0)}
    assert said({**above, Tile(2, 1): bytes(32)}) == {("modified", 1 << 24)}
