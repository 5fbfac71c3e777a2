"""Rows taken together say of the log what each of them would say by itself."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import pytest

from gateway.audit import Report, sealer
from gateway.audit import rows as read_back
from gateway.audit.record import END, FIRST, Row, clear_of, hash_of, seal_bytes
from gateway.audit.strands import Condenser, Part, Piece, Strand, size
from gateway.audit.stream import KeyOpener, Opener, data_key
from gateway.audit.stretches import Stretch, read
from gateway.audit.tlog.check import HASH, leaf_hash
from gateway.crypto import KeyRing, Sealer, SecretBytes
from gateway.crypto.keyring import fresh_ring
from gateway.errors import Broken
from gateway.store import Store
from gateway.store.store import Connection
from tests.audit.matrix import freed, report_of
from tests.audit.matrix import read as tables_of
from tests.audit.support import Small, found, now, put, small_log, take, tampering, undone
from tests.audit.ways import every_way


@pytest.fixture
async def small(database: Store, ring: KeyRing) -> Small:
    return await small_log(database, ring)


async def everything(connection: Connection, *streams: UUID, into: Condenser) -> list[Piece]:
    return await read(connection, tuple(Stretch(stream, -(1 << 63)) for stream in streams), into)


async def parts(connection: Connection, stream: UUID, openers: dict[bytes, Opener]) -> list[Part]:
    return [part for _, some in await everything(connection, stream, into=Condenser(openers)) for part in some]


async def test_rows_are_what_the_database_holds(database: Store, small: Small) -> None:
    async with tampering(database) as connection:
        odd = small.of(small.a)[0]._replace(seq=-5, prev=b"", sealed=b"", hash=b"\1", kind="", request="Ünïcode ☃")
        await put(connection, odd)
        await connection.execute("UPDATE audit_log SET at = 'infinity' WHERE seq = 1")
        await connection.execute("UPDATE audit_log SET at = '-infinity' WHERE seq = 2")
        held = await connection.fetch(f"SELECT {read_back.ROW} FROM audit_log ORDER BY stream, seq")
        for streams in ([small.a], [small.a, small.b, small.c]):
            pieces = await everything(connection, *streams, into=Condenser({}, apart=True))
            found = [row for _, some in pieces for row in some]
            assert found == [row for row in map(read_back.row, held) if row.stream in streams]
            assert [number for number, _ in pieces] == list(range(len(streams)))
            assert size(pieces) == len(found)
        assert await everything(connection, UUID(int=1), into=Condenser({})) == []


async def test_an_honest_stream_is_one_strand(database: Store, ring: KeyRing, small: Small) -> None:
    async with database.acquire() as connection:
        for head in small.heads:
            stream, opener = head.header.stream, Opener(ring, head.header)
            own = small.of(stream)
            for openers in ({}, {stream.bytes: opener}):
                (strand,) = await parts(connection, stream, openers)
                assert isinstance(strand, Strand)
                assert (strand.stream, strand.seq, strand.count, strand.last) == (stream, FIRST, len(own), len(own) - 1)
                assert (strand.prev, strand.hash) == (own[0].prev, own[-1].hash)
                assert strand.leaves == b"".join(leaf_hash(row.hash) for row in own)
                assert strand.closes == (own[-1].kind == END)
                assert strand.opened == (True if openers else None)
                assert bool(strand.subjects) == bool(openers)
                assert strand.asked == tuple(
                    (row.kind, row.request, row.seq, row.at) for row in own if row.kind not in ("event", END)
                )


def broken(row: Row, how: str) -> Row:
    changed = {
        "hash": row._replace(hash=bytes(HASH)),
        "short": row._replace(prev=row.prev[:5]),
        "cut": row._replace(hash=row.hash[:5]),
        "empty": row._replace(sealed=b""),
        "sealed": row._replace(sealed=row.sealed[:-1] + b"x"),
    }[how]
    return rehashed(changed) if how == "sealed" else changed


def rehashed(row: Row) -> Row:
    return row._replace(hash=hash_of(clear_of(row), row.sealed))


async def test_a_row_that_is_odd_stays_by_itself(database: Store, ring: KeyRing, small: Small) -> None:
    own = small.of(small.b)
    head = next(head for head in small.heads if head.header.stream == small.b)
    openers = {small.b.bytes: Opener(ring, head.header)}
    async with tampering(database) as connection:
        for row, how in itertools.product(own, ("hash", "short", "cut", "empty", "sealed")):
            async with undone(connection):
                await take(connection, row)
                await put(connection, broken(row, how))
                found = await parts(connection, small.b, openers)
                assert [part for part in found if isinstance(part, Row)] == [broken(row, how)]
                strands = [part for part in found if isinstance(part, Strand)]
                assert [seq for one in strands for seq in range(one.seq, one.last + 1)] == [
                    other.seq for other in own if other is not row
                ]


async def test_a_row_with_a_null_is_torn(
    database: Store, ring: KeyRing, small: Small, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = sealer.Sealer(database, ring, now).key
    for column in ("at", "prev", "kind", "request", "retention", "facts", "sealed", "hash"):
        async with undone(owner):
            await owner.execute(f"ALTER TABLE audit_log ALTER COLUMN {column} DROP NOT NULL")
            await owner.execute(f"UPDATE audit_log SET {column} = NULL WHERE stream = $1 AND seq = 1", small.b)
            some = await parts(owner, small.b, {})
            assert [part.seq for part in some if isinstance(part, Row)] == [1]
            assert [part.count for part in some if isinstance(part, Strand)] == [1, 2]
            for keys in (None, ring):
                report = await every_way(owner, keys, key, monkeypatch)
                assert found(report) == {("torn", small.b, 1), ("modified", small.b, 1)}


async def test_what_is_no_copy_of_rows_is_refused(database: Store, small: Small) -> None:
    copied: list[bytes] = []

    class Kept(Condenser):
        def feed(self, some: bytes) -> None:
            copied.append(some)
            super().feed(some)

    async with database.acquire() as connection:
        proper = await everything(connection, small.b, into=Kept({}))
    whole = b"".join(copied)
    for apart in (False, True):
        for data in (b"", bytes(40), whole[3:], whole + b"\0", *(whole[:end] for end in range(0, len(whole), 7))):
            into = Condenser({}, apart=apart)
            with pytest.raises(Broken):  # noqa: PT012 - whichever of the two sees it
                into.feed(data)
                into.finish()
    again = Condenser({})
    again.feed(whole)
    assert again.finish() == proper


# --- whatever is done to the log ------------------------------------------------------------------------------------

SEEDS = 1000 if os.environ.get("TESTS_EXPLORE") else 40
"""Logs that are tampered with."""
Tampering = Callable[[Connection, Small, random.Random], Awaitable[None]]


async def change_a_field(owner: Connection, small: Small, chance: random.Random) -> None:
    row = chance.choice(small.rows)
    new = chance.choice(
        [
            row._replace(request=chance.choice(["r1", "r3", "another"])),
            row._replace(kind=chance.choice(["intent", "outcome", "event", "end"])),
            row._replace(prev=chance.choice(small.rows).hash),
            row._replace(sealed=row.sealed + b"x"),
            row._replace(seq=chance.choice([row.seq + 1, row.seq + 40, -1, (1 << 63) - 1])),
            row._replace(hash=row.hash[:31]),
            row._replace(stream=chance.choice([small.a, small.b, small.c, UUID(int=5)])),
            row._replace(prev=row.prev[:3]),
        ]
    )
    whole = len(new.prev) == HASH and len(new.hash) == HASH and chance.random() < 0.7
    await take(owner, row)
    await put(owner, rehashed(new) if whole else new)


async def take_some_out(owner: Connection, small: Small, chance: random.Random) -> None:
    some = small.of(chance.choice([small.a, small.b, small.c]))
    start = chance.randrange(len(some))
    for row in some[start : start + chance.randint(1, 3)]:
        await take(owner, row)


async def copy_one(owner: Connection, small: Small, chance: random.Random) -> None:
    row, other = chance.choice(small.rows), chance.choice(small.rows)
    await put(owner, chance.choice([row, row._replace(stream=other.stream, seq=other.seq + chance.randint(0, 3))]))


async def put_one_beside(owner: Connection, small: Small, chance: random.Random) -> None:
    row = chance.choice(small.rows)
    await put(owner, rehashed(row._replace(sealed=row.sealed + b"x")))


async def change_the_keys(owner: Connection, small: Small, chance: random.Random) -> None:
    await owner.execute(chance.choice(["DELETE FROM audit_subjects", "UPDATE audit_subjects SET wrapped = NULL"]))


async def exchange_two(owner: Connection, small: Small, chance: random.Random) -> None:
    one, other = chance.sample(small.rows, 2)
    for row, place in ((one, other), (other, one)):
        await take(owner, row)
        await put(owner, row._replace(stream=place.stream, seq=place.seq))


async def write_anew(owner: Connection, small: Small, chance: random.Random) -> None:
    some = small.of(chance.choice([small.a, small.b, small.c]))
    at = chance.randrange(len(some))
    prev = some[at].prev
    for row in some[at:]:
        new = rehashed(row._replace(prev=prev, request="x" if row is some[at] else row.request))
        prev = new.hash
        await take(owner, row)
        await put(owner, new)


async def change_the_tree(owner: Connection, small: Small, chance: random.Random) -> None:
    await owner.execute(
        chance.choice(
            [
                "UPDATE audit_runs SET seq = seq + 1 WHERE first = 0",
                "UPDATE audit_runs SET count = count + 2 WHERE first = 0",
                "UPDATE audit_runs SET count = 1::bigint << 61 WHERE first = 0",
                "UPDATE audit_runs SET first = first - 1",
                "INSERT INTO audit_runs SELECT first + 1, stream, seq + 1, count FROM audit_runs WHERE first = 0",
                "DELETE FROM audit_runs WHERE first = 0",
                "UPDATE audit_tiles SET hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1)",
                "UPDATE audit_tiles SET hashes = substring(hashes FOR 100)",
                "UPDATE audit_ends SET next = next + 1",
                "UPDATE audit_ends SET next = 1",
            ]
        )
    )


async def change_a_header(owner: Connection, small: Small, chance: random.Random) -> None:
    change = chance.choice(
        [
            "DELETE FROM audit_streams WHERE stream = $1",
            "UPDATE audit_streams SET closed_seq = 2 WHERE stream = $1",
            "UPDATE audit_streams SET wrapped_key = set_byte(wrapped_key, 3, 7) WHERE stream = $1",
            "DELETE FROM audit_stream_keys WHERE stream = $1",
            "UPDATE audit_streams SET previous_seq = 1 WHERE stream = $1 AND previous IS NOT NULL",
        ]
    )
    await owner.execute(change, chance.choice([small.a, small.b, small.c]))


TAMPERINGS: list[Tampering] = [
    change_a_field,
    change_a_field,
    take_some_out,
    copy_one,
    exchange_two,
    write_anew,
    change_the_tree,
    change_a_header,
    change_the_keys,
    put_one_beside,
]


@pytest.fixture
async def owner(database: Store, ring: KeyRing, small: Small) -> AsyncIterator[Connection]:
    """Somebody who may do anything to the database, and has the log before him with its tree."""
    connection = await database.connect()
    assert await sealer.Sealer(database, ring, now).once(connection)
    transaction = connection.transaction()
    await transaction.start()
    await freed(connection)
    yield connection
    await transaction.rollback()
    await connection.close()


def places(report: Report) -> list[tuple[object, ...]]:
    return [(fault.verdict, fault.stream, fault.seq, fault.last) for fault in report.faults]


async def test_whatever_is_done_every_way_says_the_same(
    database: Store, ring: KeyRing, small: Small, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = sealer.Sealer(database, ring, now).key
    other = KeyRing.parse(fresh_ring(now()), "another ring")
    honest = await every_way(owner, ring, key, monkeypatch)
    assert honest.ok
    assert honest == report_of(await tables_of(owner), ring, key)
    found_something = 0
    for seed in range(SEEDS):
        chance = random.Random(seed)
        async with undone(owner):
            for _ in range(chance.randint(1, 3)):
                await chance.choice(TAMPERINGS)(owner, small, chance)
            for keys in (None, ring):
                report = await every_way(owner, keys, key, monkeypatch, chunk=chance.choice([1, 2, 3]))
                tables = await tables_of(owner)
                if len({(row["stream"], row["seq"]) for row in tables["audit_log"]}) == len(tables["audit_log"]):
                    # Which of two rows in one place comes first is for the database to say. And its stretches are
                    # listed otherwise, so of two faults at one place it may keep the words of the other.
                    assert places(report) == places(report_of(tables, keys, key)), seed
                found_something += not report.ok
            # Without the tree, which says first what the streams say too.
            await every_way(owner, chance.choice([None, None, ring, other]), None, monkeypatch)
    assert found_something > SEEDS


async def test_a_row_in_a_place_that_is_taken(
    database: Store, ring: KeyRing, small: Small, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that does not open, before or behind the one that belongs there."""
    for row in small.of(small.b):
        changed = rehashed(row._replace(sealed=row.sealed[:-1] + b"x"))
        for first, second in ((row, changed), (changed, row)):
            async with undone(owner):
                await take(owner, row)
                await put(owner, first)
                await put(owner, second)
                for keys in (None, ring):
                    report = await every_way(owner, keys, None, monkeypatch, chunk=1)
                    assert ("duplicate", small.b, row.seq) in found(report)


async def test_a_strand_ends_where_something_else_begins(
    database: Store, ring: KeyRing, small: Small, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    last, first = small.of(small.b)[-1], small.of(small.c)[0]
    for old, new, said in (
        # A number is left out, though the hashes follow one another.
        (last, last._replace(seq=last.seq + 1), {("missing", small.b, last.seq)}),
        # So it may be between two streams.
        (first, first._replace(prev=last.hash), {("modified", small.c, 0)}),
        # A link that does not hold, between rows that do.
        (last, last._replace(prev=first.hash), {("modified", small.b, last.seq - 1)}),
        (last, last._replace(seq=-1), {("modified", small.b, -1), ("missing", small.b, last.seq)}),
    ):
        async with undone(owner):
            await take(owner, old)
            await put(owner, rehashed(new))
            assert said <= found(await every_way(owner, None, None, monkeypatch))
            await every_way(owner, ring, None, monkeypatch)


async def test_who_has_the_key_and_breaks_a_link_is_believed(
    database: Store, ring: KeyRing, small: Small, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both rows open, so it is the later one that names another predecessor than it should."""
    head = next(head for head in small.heads if head.header.stream == small.c)
    opener = Opener(ring, head.header)
    row = small.of(small.c)[-1]
    other = row._replace(prev=bytes(HASH))
    sealed = Sealer(opener.key).seal(row.seq, opener.open(row), seal_bytes(clear_of(other)))
    await take(owner, row)
    await put(owner, rehashed(other._replace(sealed=sealed)))
    report = await every_way(owner, ring, None, monkeypatch, chunk=1)
    assert found(report) == {("modified", small.c, row.seq)}
    assert [stream.opens for stream in report.streams] == [True] * 3


def test_a_key_that_was_handed_over_opens_the_same(ring: KeyRing, small: Small) -> None:
    head = small.heads[0]
    key = data_key(ring, head.header)
    row = small.of(head.header.stream)[0]
    handed = KeyOpener(SecretBytes(Opener(ring, head.header).key.reveal()))
    assert handed.key == key
    assert handed.open(row) == handed.payload(row.seq, row.sealed, clear_of(row)) == Opener(ring, head.header).open(row)
