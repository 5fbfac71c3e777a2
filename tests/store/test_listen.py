from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.errors import StoreUnavailable
from gateway.store import Store, open_store


async def until(true: Callable[[], object], within_s: float = 60.0) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.01)


async def test_what_is_notified_arrives_in_order(database: Store) -> None:
    heard: list[str] = []
    await database.listen("policy", heard.append)
    for number in range(50):
        await database.execute("SELECT pg_notify('policy', $1)", str(number))
    await database.execute("SELECT pg_notify('other', 'x')")
    await until(lambda: len(heard) == 50)
    assert heard == [str(number) for number in range(50)]


async def test_many_channels_and_callbacks_share_one_connection(database: Store) -> None:
    heard: list[tuple[str, str]] = []

    async def slow(payload: str) -> None:
        await asyncio.sleep(0)
        heard.append(("slow", payload))

    await database.listen("a", lambda payload: heard.append(("first", payload)))
    second = await database.listen("a", slow)
    await database.listen("b", lambda payload: heard.append(("b", payload)))
    await database.execute("SELECT pg_notify('a', '1')")
    await database.execute("SELECT pg_notify('b', '2')")
    await until(lambda: len(heard) == 3)
    assert heard == [("first", "1"), ("slow", "1"), ("b", "2")]
    await second.close()
    await second.close()
    await database.execute("SELECT pg_notify('a', '3')")
    await until(lambda: len(heard) == 4)
    assert heard[3] == ("first", "3")
    count = await database.fetchval("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
    assert count <= 3


async def test_a_callback_that_fails_disturbs_nobody(database: Store, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[str] = []

    def fail(payload: str) -> None:
        raise ValueError("Jane Roe " + payload)

    await database.listen("a", fail)
    await database.listen("a", heard.append)
    await database.execute("SELECT pg_notify('a', '1'), pg_notify('a', '2')")
    await until(lambda: len(heard) == 2)
    assert "ValueError" in caplog.text
    assert "Jane" not in caplog.text


async def test_a_connection_that_is_cut_comes_back_and_says_so(database: Store) -> None:
    heard: list[str] = []
    again: list[int] = []
    subscription = await database.listen("policy", heard.append, lambda: again.append(1))
    assert subscription.connected
    assert again == []
    for round_ in (1, 2):
        await database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE (query LIKE 'LISTEN%' OR query = 'SELECT 1')"
            " AND pid <> pg_backend_pid() AND datname = current_database()"
        )
        await until(lambda round_=round_: len(again) == round_)  # type: ignore[misc]
        await database.execute("SELECT pg_notify('policy', $1)", str(round_))
        await until(lambda round_=round_: heard[-1:] == [str(round_)])  # type: ignore[misc]


async def test_the_server_goes_away_and_comes_back(data_dir: Path) -> None:
    async with await open_store(None, data_dir) as store:
        assert store.server is not None
        heard: list[str] = []
        again: list[int] = []
        subscription = await store.listen("policy", heard.append, lambda: again.append(1))
        await asyncio.to_thread(store.server.stop)
        await until(lambda: not subscription.connected)
        with pytest.raises(StoreUnavailable):
            await (await open_store(store.dsn, data_dir)).listen("policy", heard.append)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(store.server.start)
        await until(lambda: again)
        assert subscription.connected
        await store.execute("SELECT pg_notify('policy', 'back')")
        await until(lambda: heard == ["back"])


async def test_listening_while_the_database_is_down_is_refused(data_dir: Path) -> None:
    async with await open_store(None, data_dir) as store:
        assert store.server is not None
        await asyncio.to_thread(store.server.stop)
        with pytest.raises(StoreUnavailable):
            await store.listen("policy", lambda payload: None)
        await asyncio.to_thread(store.server.start)
        heard: list[str] = []
        await store.listen("policy", heard.append)
        await store.execute("SELECT pg_notify('policy', 'x')")
        await until(lambda: heard)


async def test_a_silent_connection_is_tried_now_and_then(database: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.store.listen.CHECK_S", 0.05)
    heard: list[str] = []
    subscription = await database.listen("policy", heard.append)
    await asyncio.sleep(0.4)
    assert subscription.connected
    await database.execute("SELECT pg_notify('policy', 'x')")
    await until(lambda: heard)


async def test_closing_the_store_ends_everything(database_url: str) -> None:
    store = await open_store(database_url, Path("unused"))
    subscription = await store.listen("policy", lambda payload: None)
    await store.close()
    assert not subscription.connected
    assert len(asyncio.all_tasks()) == 1
