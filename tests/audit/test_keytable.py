"""Which keys are in force: every process reads with a key before one writes with it, and takes no other ring's."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.audit import AuditLog, rewrap
from gateway.crypto import KeyRing
from gateway.crypto.ringfile import RingFile
from gateway.errors import BadKeyRing, Conflict
from gateway.store import Store
from tests.audit.rotation import Process, bring_in, rotate
from tests.audit.support import now


async def test_nobody_writes_with_a_key_before_everybody_reads_with_it(
    database: Store, ring_file: RingFile, two: tuple[Process, Process]
) -> None:
    a, b = two
    assert a.ring.content == b.ring.content == "content-1"
    await a.put(1)
    assert await bring_in(ring_file, database) == "k2"
    await a.table.sync()
    assert (a.ring.current, sorted(a.ring.keys), sorted(a.ring.contents)) == (
        "k1",
        ["k1", "k2"],
        ["content-1", "content-2"],
    )
    # The other one has not heard of it.
    with pytest.raises(Conflict, match="not every process"):
        await rewrap.activate(database)
    with pytest.raises(Conflict, match="already"):
        await bring_in(ring_file, database)
    await a.put(2)
    assert await b.readable() == 2
    await b.table.sync()
    await rewrap.activate(database)
    await a.table.sync()
    await a.put(3)
    assert (a.ring.current, a.ring.content) == ("k2", "content-2")
    assert b.ring.current == "k1"
    await b.put(4)
    assert await a.readable() == await b.readable() == 4
    # Not while one process still writes with the old one.
    with pytest.raises(Conflict, match="not every process"):
        await rewrap.retire(database, now())


async def test_a_process_that_starts_meanwhile_counts_before_it_looks(database: Store, ring_file: RingFile) -> None:
    a, b = Process(database, ring_file, "a"), Process(database, ring_file, "b")
    await a.table.start()
    try:
        await b.table._beat()  # the first thing that `start` does
        await bring_in(ring_file, database)
        await a.table.sync()
        with pytest.raises(Conflict, match="not every process"):
            await rewrap.activate(database)
        await database.execute("UPDATE ring_holders SET seen_at = now() - interval '1 hour' WHERE id = 'b'")
        await rewrap.activate(database)
    finally:
        await a.table.close()
    assert await database.fetchval("SELECT count(*) FROM ring_holders WHERE id = 'a'") == 0


async def test_a_ring_that_is_not_this_databases_is_refused(
    database: Store, ring_file: RingFile, tmp_path: Path
) -> None:
    a = Process(database, ring_file, "a")
    await a.table.start()
    await a.table.close()
    stranger = RingFile(tmp_path / "other.json")
    stranger.create(now())
    with pytest.raises(BadKeyRing, match="not the one that this database was used with"):
        await Process(database, stranger, "b").table.start()
    old = ring_file.read()
    await rotate(ring_file, database)
    ring_file.write(old)
    with pytest.raises(BadKeyRing, match="holds no key k2"):
        await Process(database, ring_file, "b").table.start()


async def test_a_stranger_never_becomes_the_ring_of_an_older_database(
    database: Store, ring_file: RingFile, tmp_path: Path
) -> None:
    """Until then the database knew of no ring; one that opens nothing in it would shut the right one out for good."""
    log = AuditLog(database, KeyRing.parse(ring_file.read(), "it"), now)
    await log.start()
    await log.close()
    stranger = RingFile(tmp_path / "other.json")
    stranger.create(now())
    with pytest.raises(BadKeyRing, match="opens nothing"):
        await Process(database, stranger, "a").table.start()
    assert await database.fetchval("SELECT count(*) FROM ring_keys") == 0
    b = Process(database, ring_file, "b")
    await b.table.start()
    await b.table.close()


async def test_a_key_that_is_lost_before_it_is_needed_keeps_nobody_from_starting(
    database: Store, ring_file: RingFile, two: tuple[Process, Process]
) -> None:
    a, _ = two
    old = ring_file.read()
    await bring_in(ring_file, database)
    new = ring_file.read()
    for one in two:
        await one.table.sync()
    ring_file.write(old)
    c = Process(database, ring_file, "c")
    await c.table.start()
    try:
        await c.put(1)
        assert await a.readable() == 1
        with pytest.raises(BadKeyRing, match="holds no key k2"):
            await c.table.sync()
        with pytest.raises(Conflict, match="not every process"):
            await rewrap.activate(database)
        ring_file.write(new)
        await c.table.sync()
        await rewrap.activate(database)
    finally:
        await c.table.close()
