"""Rotation in the database: every order of steps, a kill between any two, writers and erasers beside it."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import sys
from uuid import UUID

import asyncpg
import pytest

from gateway.audit import AuditLog, Reader, Rewrapping, check, rewrap
from gateway.audit.subjects import Subjects
from gateway.crypto import KeyRing
from gateway.crypto.keyring import sealed_under
from gateway.crypto.ringfile import RingFile, rewritten, with_key
from gateway.errors import AuditUnavailable, Conflict, SealBroken
from gateway.store import Store
from tests.audit.rotation import VAULT, Process, bring_in, rotate, state, under
from tests.audit.support import now, record


async def test_everything_changes_over_and_content_stays(
    database: Store, ring_file: RingFile, two: tuple[Process, Process]
) -> None:
    a, b = two
    log = AuditLog(database, a.ring, now)
    await log.start()
    await log.append(record(1, text="a word"))
    for number in range(5):
        await a.put(number)
    rows = "SELECT * FROM vault ORDER BY token"
    streams = "SELECT * FROM audit_streams"
    before = await database.fetch(rows), await database.fetch(streams), await database.fetch("SELECT * FROM audit_log")
    await rotate(ring_file, database, a, b)
    with pytest.raises(
        Conflict, match=r"audit_stream_keys 1.*audit_subjects 6|audit_subjects 6.*audit_stream_keys 1"
    ) as caught:
        await rewrap.retire(database, now())
    assert "content_keys 1" in caught.value.message
    told: list[tuple[int, int]] = []
    done = await Rewrapping(database, a.ring, lambda *how: told.append(how)).run(now())
    assert (done.current, done.wrapped, done.unopened) == ("k2", 8, 0)
    assert told[-1] == (8, 8)
    assert before == (
        await database.fetch(rows),
        await database.fetch(streams),
        await database.fetch("SELECT * FROM audit_log"),
    )
    for one in two:
        await one.table.sync()
    assert await rewrap.retire(database, now()) == ["k1"]
    ring_file.write(rewritten(ring_file.read(), current="k2", gone={"k1"}))
    for one in two:
        await one.table.sync()
    assert list(a.ring.keys) == ["k2"]
    assert await b.readable() == 5
    # The stream that was open all the time goes on, verifies, and reads back in a process that only has the new key.
    await log.append(record(1, "outcome"))
    await log.close()
    fresh = Process(database, ring_file, "c")
    await fresh.table.start()
    try:
        assert (await check(database, fresh.ring)).ok
        page = await Reader(database, fresh.ring).by_request("r1")
        assert [one["problem"] for one in page["records"]] == [None, None]
        assert page["records"][0]["content"] == {"prompt": "a word"}
        assert await fresh.readable() == 5
    finally:
        await fresh.table.close()
    # Whoever has the old key and the database as it is now has nothing.
    old = KeyRing(
        "k1",
        {"k1": KeyRing.parse(with_key(ring_file.read(), "k1", now()), "it").keys["k1"]},
        a.ring.root,
        a.ring.signing,
    )
    with pytest.raises(SealBroken):
        old.open("vault", (await database.fetch(rows))[0]["sealed"], b"0")


async def test_what_a_ring_sealed_before_there_were_content_keys(database: Store, ring_file: RingFile) -> None:
    bare = KeyRing.parse(ring_file.read(), "it")
    await database.execute(VAULT, "[0]", bare.seal("vault", b"Jane Roe", b"0"))
    a = Process(database, ring_file, "a")
    await a.table.start()
    try:
        await a.put(1)
        await rotate(ring_file, database, a)
        with pytest.raises(Conflict, match="vault 1"):
            await rewrap.retire(database, now())
        await Rewrapping(database, a.ring).run(now())
        await a.table.sync()
        assert await rewrap.retire(database, now()) == ["k1"]
        await a.table.sync()
        assert sorted(a.ring.keys) == ["k2"]
        assert sorted(a.ring.contents) == ["content-1", "content-2", "k1"]
        assert await a.readable() == 2
    finally:
        await a.table.close()


async def test_a_header_from_before_commitments_is_left_as_it_is(
    database: Store, ring_file: RingFile, two: tuple[Process, Process]
) -> None:
    """Its data key lies in the header, which the chain is bound to, so the new wrapping lies beside it."""
    a, b = two
    log = AuditLog(database, a.ring, now)
    await log.start()
    await log.append(record(1))
    await log.close()
    await database.execute("ALTER TABLE audit_streams DISABLE TRIGGER USER")
    await database.execute(
        "UPDATE audit_streams s SET wrapped_key = k.wrapped FROM audit_stream_keys k WHERE k.stream = s.stream"
    )
    await database.execute("DELETE FROM audit_stream_keys")
    header = await database.fetch("SELECT * FROM audit_streams")
    await rotate(ring_file, database, a, b)
    assert (await under(database))["audit_stream_keys"] == {"k1": 1}
    await Rewrapping(database, a.ring).run(now())
    assert (await under(database))["audit_stream_keys"] == {"k2": 1}
    assert await database.fetch("SELECT * FROM audit_streams") == header
    assert [one["problem"] for one in (await Reader(database, a.ring).by_request("r1"))["records"]] == [None]


async def test_a_step_back_before_and_after_the_change_over(
    database: Store, ring_file: RingFile, two: tuple[Process, Process]
) -> None:
    a, b = two
    with pytest.raises(Conflict, match="no rotation to roll back"):
        await rewrap.back(database, now())
    await bring_in(ring_file, database)
    _, gone = await rewrap.back(database, now())
    assert gone == "k2"
    ring_file.write(rewritten(ring_file.read(), current="k1", gone={"k2"}))
    for one in two:
        await one.table.sync()
    # Its id never comes back.
    assert await rotate(ring_file, database, a, b) == "k3"
    await a.put(1)
    found, gone = await rewrap.back(database, now())
    assert (gone, found.current, found.content, found.previous) == (None, "k1", "content-1", "k3")
    for one in two:
        await one.table.sync()
    await a.put(2)
    assert await b.readable() == 2
    with pytest.raises(Conflict, match="still wrapped under k3"):
        await bring_in(ring_file, database)
    await Rewrapping(database, b.ring).run(now())
    for one in two:
        await one.table.sync()
    assert await rewrap.retire(database, now()) == ["k2", "k3"]
    for one in two:
        await one.table.sync()
        assert await one.readable() == 2


async def test_a_retired_key_wraps_nothing_more_whoever_slept(
    database: Store, ring_file: RingFile, two: tuple[Process, Process]
) -> None:
    a, b = two
    await rotate(ring_file, database, a, b)
    await Rewrapping(database, a.ring).run(now())
    sleeper = KeyRing.parse(ring_file.read(), "it")  # still wraps under k1, as the file says
    assert sleeper.current == "k1"
    log = AuditLog(database, sleeper, now)
    await log.start()
    await Rewrapping(database, a.ring).run(now())
    for one in two:
        await one.table.sync()
    await rewrap.retire(database, now())
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await Subjects(database, sleeper).key("user:late")
    with pytest.raises(AuditUnavailable):
        await log.append(record(1))
    await log.close()
    assert await database.fetchval("SELECT count(*) FROM audit_subjects") == 0
    # A ring put back from a backup does not bring it back.
    c = Process(database, ring_file, "c")
    await c.table.start()
    assert "k1" not in c.ring.keys
    await c.table.close()


async def test_a_step_taken_meanwhile_is_not_undone_by_wrapping(
    database: Store, ring_file: RingFile, two: tuple[Process, Process]
) -> None:
    a, b = two
    await rotate(ring_file, database, a, b)
    rewrapping = Rewrapping(database, a.ring)
    await rewrap.back(database, now())
    with pytest.raises(Conflict, match="meanwhile"):
        await rewrapping._contents("k2", now())
    assert (await under(database))["content_keys"] == {"k1": 1, "k2": 1}


async def test_who_is_wrapping_while_a_key_is_retired_is_waited_for(
    database: Store, ring_file: RingFile, two: tuple[Process, Process]
) -> None:
    a, b = two
    old = KeyRing.parse(ring_file.read(), "it")
    await rotate(ring_file, database, a, b)
    await Rewrapping(database, a.ring).run(now())
    for one in two:
        await one.table.sync()
    async with database.transaction() as connection:
        await connection.execute(
            "INSERT INTO audit_subjects VALUES ($1, 1, $2)", bytes(16), old.wrap("audit-subject", bytes(32), b"")
        )
        retiring = asyncio.ensure_future(rewrap.retire(database, now()))
        async with asyncio.timeout(60):
            while not await database.fetchval(  # noqa: ASYNC110 - the server's doing
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE ring_k%'"
            ):
                await asyncio.sleep(0.01)
    with pytest.raises(Conflict, match="audit_subjects 1"):
        await retiring
    assert await database.fetchval("SELECT count(*) FROM ring_keys WHERE retired_at IS NOT NULL") == 0


async def test_a_key_destroyed_while_it_is_wrapped_anew_stays_destroyed(
    database: Store, ring_file: RingFile, two: tuple[Process, Process]
) -> None:
    a, b = two
    await a.subjects.key("user:jane")
    await rotate(ring_file, database, a, b)
    work = Rewrapping(database, a.ring)
    wrap = work._subject_keys
    destroyed = []

    def meanwhile(found: list[asyncpg.Record]) -> object:
        changed = wrap(found)
        erasing = b.subjects.destroy([b.subjects.digest("user:jane")])
        destroyed.append(asyncio.run_coroutine_threadsafe(erasing, loop).result(60))
        return changed

    loop = asyncio.get_running_loop()
    work._subject_keys = meanwhile  # type: ignore[assignment, method-assign]
    await work.run(now())
    assert [len(one) for one in destroyed] == [1]
    assert await database.fetchval("SELECT count(*) FROM audit_subjects WHERE wrapped IS NOT NULL") == 0


async def take(step: str, one: Process, number: int) -> None:
    store, ring_file = one.store, one.file
    if step == "in":
        await bring_in(ring_file, store)
    elif step == "on":
        await rewrap.activate(store)
    elif step == "back":
        await rewrap.back(store, now())
    elif step == "rewrap":
        await Rewrapping(store, one.ring).run(now())
    elif step == "retire":
        gone = await rewrap.retire(store, now())
        ring_file.write(rewritten(ring_file.read(), current=(await state(store)).current, gone=gone))
    elif step == "put":
        await one.put(number)
    else:
        await one.table.sync()


@pytest.mark.parametrize("seed", range(3))
async def test_in_any_order_of_steps_everything_stays_readable(database: Store, ring_file: RingFile, seed: int) -> None:
    """Steps at random, in their turn or not, of two processes that follow when they like."""
    random_ = random.Random(seed)
    both = Process(database, ring_file, "a"), Process(database, ring_file, "b")
    for one in both:
        await one.table.start()
        assert one.table._task is not None
        one.table._task.cancel()
    count = 0
    for _ in range(60):
        step = random_.choice(["in", "on", "back", "rewrap", "retire", "sync", "sync", "sync", "put", "put"])
        with contextlib.suppress(Conflict):
            await take(step, random_.choice(both), count)
            count += step == "put"
        for process in both:
            # One that lags reads what is wrapped under keys it has not met only after it has followed.
            if process.table._serial == (await state(database)).serial:
                assert await process.readable() == count
    for process in both:
        await process.table.sync()
        assert await process.readable() == count
        await process.table.close()


KILLED = """
import asyncio, os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from gateway.audit import KeyTable, Rewrapping
from gateway.crypto import KeyRing
from gateway.store import open_store

async def main(url, path):
    store = await open_store(url, Path("unused"))
    ring = KeyRing.load(Path(path))
    await KeyTable(store, ring, lambda: ring, "killed", lambda: datetime.now(UTC)).start()
    await Rewrapping(store, ring, lambda *_: os.kill(os.getpid(), signal.SIGKILL)).run(datetime.now(UTC))

asyncio.run(main(*sys.argv[1:]))
"""


class Killed(BaseException):
    """No handler of the code under test stops it."""


async def test_killed_after_any_commit_it_goes_on_where_it_was(
    database: Store, database_url: str, ring_file: RingFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_STREAMS", "_SUBJECTS"):
        monkeypatch.setattr(rewrap, name, getattr(rewrap, name).replace("LIMIT 500", "LIMIT 2"))
    a = Process(database, ring_file, "a")
    await a.table.start()
    log = AuditLog(database, a.ring, now)
    await log.start()
    for number in range(6):
        await a.put(number)
    await rotate(ring_file, database, a)
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, database_url, str(ring_file.path))
    assert await child.wait() == -signal.SIGKILL
    await database.execute("DELETE FROM ring_holders WHERE id = 'killed'")

    def kill(*_: int) -> None:
        raise Killed

    left = []
    while True:
        await a.table.sync()
        assert await a.readable() == 6
        left.append(sum(keys.get("k1", 0) for keys in (await under(database)).values()))
        if not left[-1]:
            break
        with pytest.raises(Conflict, match="still under another key"):
            await rewrap.retire(database, now())
        with pytest.raises(Killed):
            await Rewrapping(database, a.ring, kill).run(now())
    # One stream, six subjects two at a time; the content key was done when the first was killed.
    assert left == [7, 6, 4, 2, 0]
    assert await rewrap.retire(database, now()) == ["k1"]
    await a.table.sync()
    assert await a.readable() == 6
    await log.close()
    assert (await check(database, a.ring)).ok
    await a.table.close()


async def test_a_destroyed_streams_key_is_nothing_to_wrap(
    database: Store, ring_file: RingFile, two: tuple[Process, Process]
) -> None:
    a, b = two
    log = AuditLog(database, a.ring, now)
    await log.start()
    await log.append(record(1))
    stream = UUID(str(log.stream))
    await log.close()
    await database.execute("DELETE FROM audit_stream_keys WHERE stream = $1", stream)
    await rotate(ring_file, database, a, b)
    assert (await Rewrapping(database, a.ring).run(now())).unopened == 0
    for one in two:
        await one.table.sync()
    assert await rewrap.retire(database, now()) == ["k1"]
    page = await Reader(database, a.ring).by_request("r1")
    assert [one["problem"] for one in page["records"]] == ["wrong key"]
    assert sealed_under(await database.fetchval("SELECT wrapped FROM content_keys LIMIT 1")) == "k2"
