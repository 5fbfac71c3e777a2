"""Stretches of the log are read whole, in order, whatever the list of them says."""

from __future__ import annotations

import pytest

from gateway.audit.strands import Condenser, size
from gateway.audit.stretches import Stretch, Stretches
from gateway.crypto import KeyRing
from gateway.store import Store
from gateway.store.store import Connection
from tests.audit.support import Small, put, small_log, tampering


async def read_all(
    connection: Connection, stretches: list[Stretch], chunk: int, in_a_place: int = 1
) -> list[tuple[int, object, int]]:
    reader = Stretches(connection, chunk)
    found: list[tuple[int, object, int]] = []
    async for ask in reader.asks(stretches):
        pieces = await reader.read(ask, Condenser({}, apart=True))
        assert size(pieces) <= max(chunk, in_a_place)
        found += [
            (ask[number].leaf + row.seq - ask[number].seq, row.stream, row.seq)
            for number, some in pieces
            for row in some
        ]
    return found


def whole(small: Small) -> list[Stretch]:
    stretches, leaf = [], 0
    for stream in (small.b, small.a, small.c):
        stretches.append(Stretch(stream, 0, len(small.of(stream)), leaf))
        leaf += len(small.of(stream))
    return stretches


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 100])
async def test_rows_come_in_the_order_of_the_stretches(database: Store, ring: KeyRing, chunk: int) -> None:
    small = await small_log(database, ring)
    expected = [
        (number, stream, seq)
        for number, (stream, seq) in enumerate(
            (stream, row.seq) for stream in (small.b, small.a, small.c) for row in small.of(stream)
        )
    ]
    async with database.acquire() as connection:
        assert await read_all(connection, whole(small), chunk) == expected


@pytest.mark.parametrize("chunk", [2, 100])
async def test_a_list_that_was_changed_ends_all_the_same(database: Store, ring: KeyRing, chunk: int) -> None:
    small = await small_log(database, ring)
    last = (1 << 63) - 1
    there = [row.seq for row in small.of(small.a)]
    odd = [
        Stretch(small.a, 0, last, 7),
        Stretch(small.a, last, last, 7),
        Stretch(small.a, -last, 5, last),
        Stretch(small.a, -last - 1, -5, last),
        Stretch(small.a, 1, -4, 0),
        Stretch(small.a, 0, 0, 0),
    ]
    async with database.acquire() as connection:
        assert await read_all(connection, odd, chunk) == [(7 + seq, small.a, seq) for seq in there]


@pytest.mark.parametrize("chunk", [1, 2, 3, 4, 100])
async def test_every_row_of_a_place_is_read(database: Store, ring: KeyRing, chunk: int) -> None:
    """Whoever owns the database can put several there, at the border of what is fetched at once too."""
    small = await small_log(database, ring)
    rows_of_it = small.of(small.b)
    for twice in rows_of_it:
        async with tampering(database) as connection:
            await put(connection, twice)
            await put(connection, twice)
            read_back = await read_all(connection, [Stretch(small.b, 0, len(rows_of_it))], chunk, in_a_place=3)
            expected = sorted([row.seq for row in rows_of_it] + [twice.seq, twice.seq])
            assert [seq for _, _, seq in read_back] == expected


@pytest.mark.parametrize("chunk", [1, 100])
async def test_a_stream_is_read_from_its_first_number_to_its_last(database: Store, ring: KeyRing, chunk: int) -> None:
    small = await small_log(database, ring)
    far = (-(1 << 63), (1 << 63) - 1)
    async with tampering(database) as connection:
        for seq in far:
            await put(connection, small.of(small.a)[0]._replace(seq=seq))
        read_back = await read_all(connection, [Stretch(small.a, far[0])], chunk)
        assert [seq for _, _, seq in read_back] == [far[0], *(row.seq for row in small.of(small.a)), far[1]]
