"""Keys of those who are recorded: made once, shared by all processes, and gone when destroyed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from gateway.audit import AuditLog, Reader, check
from gateway.audit.subjects import Name, Subjects
from gateway.crypto import KeyRing
from gateway.errors import SealBroken
from gateway.store import Store
from tests.audit.support import now, record

DESTROY = "UPDATE audit_subjects SET wrapped = NULL"


async def test_processes_that_meet_somebody_at_once_agree_on_his_key(database: Store, ring: KeyRing) -> None:
    made = await asyncio.gather(*(Subjects(database, ring).key("user:ada") for _ in range(8)))
    assert {key.name for key in made} == {Name(Subjects(database, ring).digest("user:ada"), 1)}
    sealed = made[0].seal(b"text", "r1")
    assert {key.open(sealed, "r1") for key in made} == {b"text"}
    assert await database.fetchval("SELECT count(*) FROM audit_subjects") == 1


async def test_what_is_sealed_for_one_request_does_not_open_for_another(database: Store, ring: KeyRing) -> None:
    subjects = Subjects(database, ring)
    ada, bob = await subjects.key("user:ada"), await subjects.key("user:bob")
    sealed = ada.seal(b"text", "r1")
    for key, request, what in ((ada, "r2", sealed), (bob, "r1", sealed), (ada, "r1", sealed[:-1]), (ada, "r1", b"")):
        with pytest.raises(SealBroken):
            key.open(what, request)


async def test_who_was_forgotten_and_comes_back_has_another_key(database: Store, ring: KeyRing) -> None:
    subjects = Subjects(database, ring)
    old = await subjects.key("user:ada")
    await database.execute(DESTROY)
    assert await subjects.keys([old.name]) == {}
    subjects.forget(old.name.subject)
    new = await subjects.key("user:ada")
    assert new.name == Name(old.name.subject, 2)
    assert set(await subjects.keys([old.name, new.name])) == {new.name}


async def test_without_his_key_nothing_says_who_or_what_and_the_log_verifies(database: Store, ring: KeyRing) -> None:
    log = AuditLog(database, ring, now)
    await log.start()
    await log.append(record(1, text="a secret merger"))
    await log.close()
    page = await Reader(database, ring).by_request("r1")
    assert page["records"][0]["principal"] == "user:ada"
    assert page["records"][0]["content"] == {"prompt": "a secret merger"}
    await database.execute(DESTROY)
    page = await Reader(database, ring).by_request("r1")
    shown = page["records"][0]
    assert shown["erased"] is True
    assert shown["principal"] is None
    assert shown["content"] is None
    assert shown["action"] == "chat"
    assert shown["problem"] is None
    assert "user:ada" not in str(page)
    assert "merger" not in str(page)
    assert (await check(database, ring)).ok


async def test_a_database_keeps_no_key_that_was_destroyed(database: Store, ring: KeyRing) -> None:
    await Subjects(database, ring).key("user:ada")
    await database.execute(DESTROY)
    assert await database.fetchval("SELECT wrapped FROM audit_subjects") is None


@pytest.mark.parametrize("text", [None, "", "00.1", "zz.1", f"{bytes(16).hex()}.0", f"{bytes(16).hex()}.x", 5])
def test_what_names_no_key(text: object) -> None:
    assert Name.parse(text) is None
    name = Name(bytes(16), 3)
    assert Name.parse(str(name)) == name


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - what another process heard has no event
            await asyncio.sleep(0.01)


async def test_another_process_hears_that_a_key_was_destroyed(database: Store, ring: KeyRing) -> None:
    here, there = Subjects(database, ring), Subjects(database, ring)
    await there.start()
    try:
        old, other = await there.key("user:ada"), await there.key("user:bob")
        assert await here.destroy([here.digest("user:ada")]) == [Name(here.digest("user:ada"), 1)]
        await until(lambda: there.digest("user:ada") not in there._current)
        assert (await there.key("user:ada")).name.generation == old.name.generation + 1
        assert await there.key("user:bob") is other
        assert await there.keys([old.name]) == {}
    finally:
        await there.close()


async def test_while_nobody_could_be_told_the_database_is_asked(database: Store, ring: KeyRing) -> None:
    here, there = Subjects(database, ring), Subjects(database, ring)
    await there.start()
    try:
        old = await there.key("user:ada")
        # The connection on which it would hear of it is cut, and the notification lost.
        await database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
        await here.destroy([here.digest("user:ada")])
        subscription = there._subscription
        assert subscription is not None
        await until(lambda: not subscription.connected or not there._current)
        assert (await there.key("user:ada")).name.generation == old.name.generation + 1
    finally:
        await there.close()


async def test_a_key_looked_up_while_it_was_destroyed_is_not_remembered(database: Store, ring: KeyRing) -> None:
    subjects = Subjects(database, ring)
    await subjects.key("user:ada")
    subjects.forget(subjects.digest("user:ada"))
    asked = asyncio.ensure_future(subjects.key("user:ada"))
    while subjects._asked == {}:  # noqa: ASYNC110 - until the question is under way
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    subjects.forget(subjects.digest("user:ada"))
    await asked
    assert subjects.digest("user:ada") not in subjects._current


async def test_what_a_process_seals_late_opens_for_nobody(database: Store, ring: KeyRing) -> None:
    here, there = Subjects(database, ring), Subjects(database, ring)
    stale = await there.key("user:ada")
    await here.destroy([here.digest("user:ada")])
    sealed = (await there.key("user:ada")).seal(b"late", "r1")
    assert sealed
    assert await there.keys([stale.name]) == await here.keys([stale.name]) == {}
    assert await here.living([here.digest("user:ada")]) == 0
