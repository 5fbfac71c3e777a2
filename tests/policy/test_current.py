"""Two and more workers over one database: each test stands for one way in which they could come to disagree."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from gateway.errors import BadPolicy, Unavailable
from gateway.policy import Current, Versions
from gateway.store import Store, open_store
from tests.policy.samples import ACCESS, caller, files


@pytest.fixture
def versions(database: Store) -> Versions:
    return Versions(database)


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Store]:
    """A second process's own connections to the same database."""
    store = await open_store(database_url, Path("unused"))
    try:
        yield store
    finally:
        await store.close()


async def submitted(versions: Versions, *notes: str) -> list[str]:
    return [(await versions.submit(files(access=f"{ACCESS}# {note}\n"), "ada")).digest for note in notes]


async def until(true: Callable[[], bool], within: float = 30.0) -> float:
    start = time.monotonic()
    while not true():
        assert time.monotonic() - start < within, "did not happen in time"
        await asyncio.sleep(0.01)
    return time.monotonic() - start


async def test_without_a_policy_there_is_no_bundle(database: Store) -> None:
    worker = await Current.start(database, "w1")
    try:
        assert not worker.ready
        with pytest.raises(Unavailable, match="no policy is in force"):
            _ = worker.bundle
    finally:
        await worker.close()


async def test_activate_returns_when_both_workers_run_it(database: Store, other: Store, versions: Versions) -> None:
    one, two = await submitted(versions, "one", "two")
    await versions.activate(one, "ada")
    first, second = await Current.start(database, "w1"), await Current.start(other, "w2")
    try:
        assert first.bundle.digest == second.bundle.digest == one
        kept = first.bundle
        activation = await versions.activate(two, "ada")
        assert (activation.acknowledged, activation.missing) == (("w1", "w2"), ())
        assert first.bundle.digest == second.bundle.digest == two
        assert kept.digest == one
        assert kept.decide(caller("staff"), "model:auto", "use"), "a request under way keeps its bundle"
        again = await versions.rollback("ada")
        assert again.acknowledged == ("w1", "w2")
        assert first.bundle.digest == second.bundle.digest == one
    finally:
        await first.close()
        await second.close()


async def test_a_worker_that_stopped_without_a_word_is_named(database: Store, other: Store, versions: Versions) -> None:
    one, two = await submitted(versions, "one", "two")
    await versions.activate(one, "ada")
    alive, dead = await Current.start(database, "alive"), await Current.start(other, "dead")
    try:
        assert dead._task is not None
        dead._task.cancel()
        activation = await versions.activate(two, "ada", wait_s=1.5)
        assert (activation.acknowledged, activation.missing) == (("alive",), ("dead",))
        assert alive.bundle.digest == two
    finally:
        await alive.close()
        await dead.close()


async def test_a_worker_that_signed_off_is_not_waited_for(database: Store, other: Store, versions: Versions) -> None:
    one, two = await submitted(versions, "one", "two")
    await versions.activate(one, "ada")
    stays, leaves = await Current.start(database, "stays"), await Current.start(other, "leaves")
    try:
        await leaves.close()
        activation = await versions.activate(two, "ada")
        assert (activation.acknowledged, activation.missing) == (("stays",), ())
    finally:
        await stays.close()


async def test_one_seen_too_long_ago_is_not_waited_for(database: Store, versions: Versions) -> None:
    (one,) = await submitted(versions, "one")
    worker = await Current.start(database, "w1")
    await database.execute(
        "INSERT INTO workers SELECT 'ghost', 1, 'elsewhere', NULL, 0, seen_at, seen_at - interval '6 s' FROM workers"
    )
    try:
        activation = await versions.activate(one, "ada")
        assert (activation.acknowledged, activation.missing) == (("w1",), ())
    finally:
        await worker.close()


async def test_a_worker_that_missed_the_notification_catches_up(database: Store, versions: Versions) -> None:
    one, two = await submitted(versions, "one", "two")
    await versions.activate(one, "ada")
    worker = await Current.start(database, "deaf")
    try:
        await worker._subscription.close()
        await asyncio.sleep(0.1)
        activation = await versions.activate(two, "ada")
        assert activation.acknowledged == ("deaf",)
        assert worker.bundle.digest == two
    finally:
        await worker.close()


async def test_the_notification_alone_is_enough(
    database: Store, versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.policy.current.HEARTBEAT_S", 60.0)
    (one,) = await submitted(versions, "one")
    worker = await Current.start(database, "w1")
    try:
        await asyncio.sleep(0.2)
        assert (await versions.activate(one, "ada")).acknowledged == ("w1",)
    finally:
        await worker.close()


async def test_following_goes_on_after_the_connections_were_cut(
    database: Store, other: Store, versions: Versions, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = await submitted(versions, "one", "two")
    await versions.activate(one, "ada")
    worker = await Current.start(other, "w1")
    try:
        with caplog.at_level(logging.WARNING):
            await database.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert worker.bundle.digest == one
            activation = await versions.activate(two, "ada")
            await until(lambda: worker.bundle.digest == two)
        assert activation.missing == ()
    finally:
        await worker.close()


async def test_a_worker_that_refuses_the_files_keeps_its_policy_and_is_named(
    database: Store, versions: Versions, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    one, two, three = await submitted(versions, "one", "two", "three")
    await versions.activate(one, "ada")
    worker = await Current.start(database, "older")
    try:
        # What an older gateway does that does not know a newer file's keys.
        async def refuse(_digest: str) -> None:
            raise BadPolicy("canary in the message")

        monkeypatch.setattr(worker._versions, "bundle", refuse)
        with caplog.at_level(logging.WARNING):
            activation = await versions.activate(two, "ada", wait_s=1.0)
        assert activation.missing == ("older",)
        assert worker.bundle.digest == one
        assert "invalid_policy" in caplog.text
        assert "canary" not in caplog.text
        monkeypatch.undo()
        assert (await versions.activate(three, "ada")).missing == ()
        assert worker.bundle.digest == three
    finally:
        await worker.close()


async def test_many_activations_at_once_leave_all_workers_with_the_last(
    database: Store, other: Store, versions: Versions
) -> None:
    digests = await submitted(versions, "a", "b", "c")
    workers = [await Current.start(store, name) for store, name in ((database, "w1"), (other, "w2"), (other, "w3"))]
    try:
        activations = await asyncio.gather(*(versions.activate(digest, "ada") for digest in digests * 2))
        assert sorted(activation.number for activation in activations) == list(range(1, 7))
        assert all(activation.missing == () for activation in activations)
        last = max(activations, key=lambda activation: activation.number)
        active = await versions.active()
        assert active is not None
        assert active.digest == last.digest
        assert {worker.bundle.digest for worker in workers} == {last.digest}
    finally:
        for worker in workers:
            await worker.close()


async def test_a_worker_that_starts_reads_the_policy_in_force_and_tells(database: Store, versions: Versions) -> None:
    (one,) = await submitted(versions, "one")
    await versions.activate(one, "ada")
    worker = await Current.start(database, "w1")
    try:
        row = await database.fetchrow("SELECT digest, activation FROM workers WHERE id = 'w1'")
        assert row is not None
        assert (row["digest"], row["activation"]) == (one, 1)
        seen = "SELECT seen_at FROM workers"
        first = await database.fetchval(seen)
        async with asyncio.timeout(30):
            while await database.fetchval(seen) == first:  # noqa: ASYNC110 - the worker tells the table alone
                await asyncio.sleep(0.1)
    finally:
        await worker.close()
    assert await database.fetchval("SELECT count(*) FROM workers") == 0
