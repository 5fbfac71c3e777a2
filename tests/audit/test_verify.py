"""Attacks on a small real log in PostgreSQL, each with the verdict it must get by the streams alone, without a tree."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import orjson
import pytest

from gateway.audit import State, Verdict
from gateway.audit.record import Row, clear_of, hash_of
from gateway.audit.snapshot import check, check_over
from gateway.audit.verify import verify
from gateway.crypto import KeyRing
from gateway.store import Store
from gateway.store.store import Connection
from tests.audit.support import Small, faults, put, small_log, take, tampering, undone


@pytest.fixture
async def small(database: Store, ring: KeyRing) -> Small:
    return await small_log(database, ring)


@pytest.fixture
async def owner(database: Store, small: Small) -> AsyncIterator[Connection]:
    """Somebody who may do anything to the database."""
    async with tampering(database) as connection:
        yield connection


async def test_an_honest_log_is_found_so(database: Store, ring: KeyRing, small: Small) -> None:
    for keys in (None, ring):
        report = await check(database, keys)
        assert report.ok
        assert not report.faults
        assert report.records == 11
        assert [stream.state for stream in report.streams] == [State.CLOSED, State.FOLLOWED, State.CUT]
        assert [stream.stream for stream in report.streams] == [small.a, small.b, small.c]
        assert [stream.opens for stream in report.streams] == [keys and True] * 3
        # r3 was begun in one stream and finished in the next; r6 was never finished.
        assert [one.request for one in report.unfinished] == ["r6"]


async def test_a_renamed_header_is_missing_where_it_was(owner: Connection, ring: KeyRing, small: Small) -> None:
    other = UUID(int=small.a.int ^ 1)
    await owner.execute("UPDATE audit_streams SET stream = $2 WHERE stream = $1", small.a, other)
    # Its mark of closing now speaks of rows that are not there under the new name.
    seen = {("missing", small.a, None), ("missing", other, 0)}
    assert await faults(owner) == seen
    assert await faults(owner, ring) == seen | {("modified", other, None)}


async def test_a_removed_mark_of_closing_is_found(owner: Connection, small: Small) -> None:
    await owner.execute("UPDATE audit_streams SET closed_seq = NULL, closed_hash = NULL")
    assert await faults(owner) == {("modified", small.a, None)}


async def test_an_invented_mark_of_closing_is_found(owner: Connection, small: Small) -> None:
    last = small.of(small.c)[-1]
    await owner.execute(
        "UPDATE audit_streams SET closed_seq = $2, closed_hash = $3 WHERE stream = $1", small.c, last.seq, last.hash
    )
    assert await faults(owner) == {("modified", small.c, None)}


async def test_every_deletion_in_the_middle_is_found(owner: Connection, ring: KeyRing, small: Small) -> None:
    for stream in (small.a, small.b, small.c):
        rows = small.of(stream)
        for start, end in itertools.combinations(range(len(rows)), 2):
            async with undone(owner):
                for row in rows[start:end]:
                    await take(owner, row)
                for keys in (None, ring):
                    report = await check_over(owner, keys)
                    assert [(f.verdict, f.stream, f.seq, f.last) for f in report.faults] == [
                        (Verdict.MISSING, stream, start, end - 1)
                    ]


async def test_a_tail_that_something_else_names_is_missed(owner: Connection, small: Small) -> None:
    for stream in (small.a, small.b):
        rows = small.of(stream)
        for start in range(len(rows)):
            async with undone(owner):
                for row in rows[start:]:
                    await take(owner, row)
                assert await faults(owner) == {("missing", stream, start)}


async def test_a_deleted_header_is_missed(owner: Connection, ring: KeyRing, small: Small) -> None:
    for stream in (small.a, small.b, small.c):
        async with undone(owner):
            await owner.execute("DELETE FROM audit_streams WHERE stream = $1", stream)
            for keys in (None, ring):
                assert await faults(owner, keys) == {("missing", stream, None)}


async def test_a_whole_stream_that_another_one_follows_is_missed(owner: Connection, small: Small) -> None:
    await owner.execute("DELETE FROM audit_streams WHERE stream = $1", small.b)
    await owner.execute("DELETE FROM audit_log WHERE stream = $1", small.b)
    assert await faults(owner) == {("missing", small.b, None)}


async def test_a_duplicate_in_place_is_found(owner: Connection, ring: KeyRing, small: Small) -> None:
    for row in small.rows:
        async with undone(owner):
            await put(owner, row)
            for keys in (None, ring):
                assert await faults(owner, keys) == {("duplicate", row.stream, row.seq)}


async def test_a_duplicate_elsewhere_is_found(owner: Connection, ring: KeyRing, small: Small) -> None:
    """At the end of its own stream, and of another one."""
    for row in small.rows:
        for stream in (small.b, small.c):
            async with undone(owner):
                copy = row._replace(stream=stream, seq=len(small.of(stream)))
                await put(owner, copy)
                for keys in (None, ring):
                    assert await faults(owner, keys) == {("duplicate", stream, copy.seq)}


async def test_two_different_rows_for_one_place_are_found(owner: Connection, small: Small) -> None:
    """A fork: both are whole and both name the same predecessor."""
    row = rehashed(small.of(small.b)[1]._replace(request="another"))
    await put(owner, row)
    assert ("duplicate", small.b, 1) in await faults(owner)


async def test_every_swap_is_found(owner: Connection, ring: KeyRing, small: Small) -> None:
    for stream in (small.a, small.b, small.c):
        for one, other in itertools.combinations(small.of(stream), 2):
            async with undone(owner):
                await take(owner, one)
                await take(owner, other)
                await put(owner, one._replace(seq=other.seq))
                await put(owner, other._replace(seq=one.seq))
                for keys in (None, ring):
                    assert await faults(owner, keys) == {
                        ("reordered", stream, one.seq),
                        ("reordered", stream, other.seq),
                    }


async def test_a_rotation_is_found(owner: Connection, small: Small) -> None:
    rows = small.of(small.b)
    for row in rows:
        await take(owner, row)
    for row in rows:
        await put(owner, row._replace(seq=(row.seq + 1) % len(rows)))
    assert await faults(owner) == {("reordered", small.b, seq) for seq in range(4)}


async def test_renumbering_after_a_deletion_is_found(owner: Connection, ring: KeyRing, small: Small) -> None:
    await take(owner, small.of(small.c)[0])
    await owner.execute("UPDATE audit_log SET seq = seq - 1 WHERE stream = $1", small.c)
    for keys in (None, ring):
        assert await faults(owner, keys) == {
            ("missing", small.c, 0),
            ("reordered", small.c, 0),
            ("reordered", small.c, 1),
        }


async def test_a_splice_between_streams_is_found(owner: Connection, ring: KeyRing, small: Small) -> None:
    """Two streams exchange a row; and one stream's row takes the place of another's."""
    for one, other in itertools.product(small.of(small.b), small.of(small.c)):
        async with undone(owner):
            await take(owner, one)
            await take(owner, other)
            await put(owner, one._replace(stream=other.stream, seq=other.seq))
            async with undone(owner):
                await put(owner, other._replace(stream=one.stream, seq=one.seq))
                for keys in (None, ring):
                    assert await faults(owner, keys) == {
                        ("reordered", small.b, one.seq),
                        ("reordered", small.c, other.seq),
                    }
            # The row that was pushed out is missing; at the end of the cut stream nothing can tell.
            pushed_out = {("missing", small.c, other.seq)} if other.seq < 2 else set()
            assert await faults(owner, ring) == {("reordered", small.c, other.seq)} | pushed_out


async def test_torn_rows_are_found(owner: Connection, ring: KeyRing, small: Small) -> None:
    for row in small.rows:
        for column, left in (("sealed", 0), ("sealed", 16), ("hash", 0), ("hash", 31), ("prev", 31)):
            async with undone(owner):
                await owner.execute(
                    f"UPDATE audit_log SET {column} = substring({column} FOR $3) WHERE stream = $1 AND seq = $2",
                    *(row.stream, row.seq, left),
                )
                assert await faults(owner, ring) == {("torn", row.stream, row.seq)}


async def test_the_wrong_key_ring_is_said_to_be_wrong(database: Store, small: Small, tmp_path: Path) -> None:
    other = KeyRing.create(tmp_path / "other" / "ring.json")
    report = await check(database, other)
    assert {(f.verdict, f.stream, f.seq) for f in report.faults} == {
        (Verdict.WRONG_KEY, stream, None) for stream in (small.a, small.b, small.c)
    }
    assert [stream.opens for stream in report.streams] == [False] * 3


def rehashed(row: Row) -> Row:
    return row._replace(hash=hash_of(clear_of(row), row.sealed))


def rewritten(rows: list[Row], changed: Row) -> list[Row]:
    """What somebody without keys can make of a stream: one row changed, every later hash computed anew."""
    done: list[Row] = []
    for row in rows:
        new = changed if row.seq == changed.seq else row
        done.append(rehashed(new._replace(prev=done[-1].hash if done else new.prev)))
    return done


async def test_a_row_rehashed_alone_is_found_without_keys(owner: Connection, ring: KeyRing, small: Small) -> None:
    for stream in (small.a, small.b, small.c):
        for row in small.of(stream)[:-1]:
            async with undone(owner):
                await take(owner, row)
                await put(owner, rehashed(row._replace(request="another")))
                for keys in (None, ring):
                    assert await faults(owner, keys) == {("modified", stream, row.seq)}


async def test_a_stream_rewritten_from_a_row_on_needs_keys_to_be_found(
    owner: Connection, ring: KeyRing, small: Small
) -> None:
    rows = small.of(small.c)
    for changed in rows:
        async with undone(owner):
            await owner.execute("DELETE FROM audit_log WHERE stream = $1", small.c)
            for row in rewritten(rows, changed._replace(request="another")):
                await put(owner, row)
            assert await faults(owner) == set()
            assert await faults(owner, ring) == {("modified", small.c, seq) for seq in range(changed.seq, len(rows))}


async def test_a_rewritten_stream_that_another_one_follows_is_found_without_keys(
    owner: Connection, small: Small
) -> None:
    rows = small.of(small.b)
    await owner.execute("DELETE FROM audit_log WHERE stream = $1", small.b)
    for row in rewritten(rows, rows[1]._replace(request="another")):
        await put(owner, row)
    assert await faults(owner) == {("modified", small.b, rows[-1].seq)}


async def test_rows_invented_at_the_end_need_keys_to_be_found(owner: Connection, ring: KeyRing, small: Small) -> None:
    last = small.of(small.c)[-1]
    invented = rehashed(last._replace(seq=last.seq + 1, prev=last.hash))
    await put(owner, invented)
    assert await faults(owner) == set()
    assert await faults(owner, ring) == {("modified", small.c, invented.seq)}


async def test_rows_after_a_known_end_are_found_without_keys(owner: Connection, small: Small) -> None:
    for stream in (small.a, small.b):
        async with undone(owner):
            last = small.of(stream)[-1]
            await put(owner, rehashed(last._replace(seq=last.seq + 1, prev=last.hash, kind="event")))
            assert await faults(owner) == {("modified", stream, last.seq + 1)}


# What the streams alone do not show, and the tree does: test_tree_tampering.py.


async def test_not_shown_without_the_tree_a_tail_cut_off_a_stream_that_was_not_closed(
    owner: Connection, ring: KeyRing, small: Small
) -> None:
    await take(owner, small.of(small.c)[-1])
    report = await check_over(owner, ring)
    assert report.ok
    assert report.streams[-1].state == State.CUT


async def test_not_shown_without_the_tree_a_closed_stream_made_to_look_cut(
    owner: Connection, ring: KeyRing, small: Small
) -> None:
    for row in small.of(small.a)[2:]:
        await take(owner, row)
    await owner.execute("UPDATE audit_streams SET closed_seq = NULL, closed_hash = NULL")
    report = await check_over(owner, ring)
    assert report.ok
    assert report.streams[0].state == State.CUT


async def test_not_shown_without_the_tree_a_stream_taken_out_whole(
    owner: Connection, ring: KeyRing, small: Small
) -> None:
    await owner.execute("DELETE FROM audit_streams WHERE stream = $1", small.a)
    await owner.execute("DELETE FROM audit_log WHERE stream = $1", small.a)
    report = await check_over(owner, ring)
    assert report.ok
    assert [stream.stream for stream in report.streams] == [small.b, small.c]


def test_a_report_is_plain_json(small: Small, ring: KeyRing) -> None:
    broken = [row._replace(request="x") if row.seq == 1 else row for row in small.rows]
    report = verify(small.heads, broken, ring)
    plain = orjson.loads(orjson.dumps(report.as_dict()))
    assert plain["ok"] is False
    assert plain["faults_total"] == 3
    assert {fault["verdict"] for fault in plain["faults"]} == {"modified"}
    assert "modified: stream" in str(report.faults[0])
    assert plain["streams"][0]["opened"].startswith("20")


def test_an_export_out_of_order_is_told(small: Small) -> None:
    """Rows as a file might hold them, not as the database sorts them."""
    rows = list(small.rows)
    rows[1], rows[2] = rows[2], rows[1]
    report = verify(small.heads, rows)
    assert {(f.verdict, f.seq) for f in report.faults} == {(Verdict.REORDERED, 1)}
    rows = [*small.rows, small.rows[0]]
    report = verify(small.heads, rows)
    assert {(f.verdict, f.seq) for f in report.faults} == {(Verdict.DUPLICATE, 0)}
