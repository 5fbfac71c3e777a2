from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import asyncpg
import psutil
import pytest

from gateway.errors import BadSettings, Invalid, StoreUnavailable
from gateway.store import Store, open_store
from gateway.store.embedded import EmbeddedServer


async def test_values_come_back(database: Store) -> None:
    assert await database.fetchval("SELECT $1::jsonb", {"a": [1, "ü", None]}) == {"a": [1, "ü", None]}
    assert await database.fetchval("SELECT '{\"a\": 1}'::jsonb -> 'a'") == 1
    row = await database.fetchrow("SELECT 1 AS one, 'x' AS two")
    assert row is not None
    assert dict(row) == {"one": 1, "two": "x"}
    assert await database.fetchrow("SELECT 1 WHERE false") is None
    assert [r["n"] for r in await database.fetch("SELECT n FROM generate_series(1, 3) n")] == [1, 2, 3]
    assert await database.execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1), (2)") == "INSERT 0 2"
    moment = await database.fetchval("SELECT now()")
    assert moment.utcoffset().total_seconds() == 0


async def test_a_transaction_is_all_or_nothing(database: Store) -> None:
    await database.execute("CREATE TABLE t (n int)")
    with pytest.raises(asyncpg.DivisionByZeroError):  # noqa: PT012
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO t VALUES (1)")
            await connection.execute("SELECT 1 / 0")
    assert await database.fetchval("SELECT count(*) FROM t") == 0
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO t VALUES (1)")
    assert await database.fetchval("SELECT count(*) FROM t") == 1


async def test_what_a_statement_did_wrong_stays_what_it_is(database: Store) -> None:
    await database.execute("CREATE TABLE t (n int PRIMARY KEY)")
    await database.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(asyncpg.UniqueViolationError):
        await database.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(asyncpg.PostgresSyntaxError):
        await database.fetch("SELEC 1")
    with pytest.raises(ProcessLookupError):
        async with database.acquire():
            os.kill(2**22 + 1, 0)
    async with database.acquire() as connection:
        pass
    with pytest.raises(asyncpg.InterfaceError):
        await connection.fetchval("SELECT 1")


async def test_sessions_are_durable(database: Store) -> None:
    async with database.acquire() as connection:
        assert await connection.fetchval("SHOW synchronous_commit") == "on"
        assert await connection.fetchval("SHOW fsync") == "on"


async def test_a_database_that_defaults_to_losing_commits_is_corrected(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    await connection.close()
    async with await open_store(database_url, Path("unused")) as store:
        assert await store.fetchval("SHOW synchronous_commit") == "on"
        own = await store.connect()
        assert await own.fetchval("SHOW synchronous_commit") == "on"
        await own.close()


async def test_a_transaction_left_open_does_not_reach_the_next_user(database: Store) -> None:
    one = await open_store(database.dsn, Path("unused"), pool_max=1)
    async with one:
        await one.execute("CREATE TABLE t (n int)")
        with pytest.raises(asyncio.CancelledError):  # noqa: PT012
            async with one.transaction() as connection:
                await connection.execute("INSERT INTO t VALUES (1)")
                raise asyncio.CancelledError
        async with one.acquire() as connection:
            assert not connection.is_in_transaction()
            assert await connection.fetchval("SELECT count(*) FROM t") == 0


@asynccontextmanager
async def own_store(data_dir: Path, **options: float) -> AsyncIterator[tuple[Store, EmbeddedServer]]:
    store = await open_store(None, data_dir, **options)  # type: ignore[arg-type]
    assert store.server is not None
    try:
        yield store, store.server
    finally:
        await store.close()


async def refused(work: Callable[[], Awaitable[object]], within_s: float = 10.0) -> StoreUnavailable:
    started = time.monotonic()
    with pytest.raises(StoreUnavailable) as caught:
        await work()
    assert time.monotonic() - started < within_s
    error = caught.value
    text = f"{error} {error!r} {error.__cause__!r}"
    assert "postgresql:" not in text
    assert "gw-" not in text
    return error


async def test_stopped_and_started_again_the_same_store_works(data_dir: Path) -> None:
    async with own_store(data_dir) as (store, server):
        await store.execute("CREATE TABLE t (n int)")
        await asyncio.gather(*(store.fetchval("SELECT pg_sleep(0.05)") for _ in range(8)))
        for mode in ("fast", "immediate"):
            assert await asyncio.to_thread(server.control, "stop", "-m", mode, "-w") == 0
            for _ in range(3):
                await refused(store.ping, 4)
                await refused(lambda: store.execute("INSERT INTO t VALUES (1)"), 4)
            await refused(store.connect, 4)
            await asyncio.to_thread(server.start)
            # At the first attempt: no connection of the pool that died with the server is handed out.
            await asyncio.gather(*(store.execute("INSERT INTO t VALUES (1)") for _ in range(12)))
        assert await store.fetchval("SELECT count(*) FROM t") == 24


async def test_the_server_killed_in_the_middle_of_a_statement(data_dir: Path) -> None:
    async with own_store(data_dir) as (store, server):

        async def inside() -> None:
            async with store.transaction() as connection:
                await connection.execute("SELECT 1")
                await connection.execute("SELECT pg_sleep(30)")

        waiting = [
            asyncio.create_task(refused(inside)),
            asyncio.create_task(refused(lambda: store.fetch("SELECT pg_sleep(30)"))),
        ]
        await asyncio.sleep(0.3)
        pid = server.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        # The postmaster's children notice by themselves and leave.
        await asyncio.gather(*waiting)
        await refused(store.ping)
        # What the killed server left behind (postmaster.pid, socket) does not keep the next one from starting.
        await asyncio.to_thread(server.start)
        await store.ping()


async def test_one_connection_ended_by_the_administrator(database: Store) -> None:
    for _ in range(5):
        with pytest.raises(StoreUnavailable):
            async with database.acquire() as connection:
                await connection.execute("SELECT pg_terminate_backend($1)", connection.get_server_pid())
        await database.ping()


async def test_a_server_restarted_while_the_loop_was_busy_is_not_noticed(data_dir: Path) -> None:
    async with own_store(data_dir, pool_min=4) as (store, server):
        # No turn of the loop between the restart and the statements: the ends of the old connections lie unread.
        server.stop()
        server.start()
        await store.execute("CREATE TABLE t (n int)")
        server.stop("immediate")
        server.start()
        await asyncio.gather(*(store.execute("INSERT INTO t VALUES (1)") for _ in range(8)))
        assert await store.fetchval("SELECT count(*) FROM t") == 8


async def test_lost_inside_the_block_though_the_statement_was_the_callers(database: Store) -> None:
    with pytest.raises(StoreUnavailable):  # noqa: PT012
        async with database.transaction() as connection:
            killer = await database.connect()
            await killer.execute("SELECT pg_terminate_backend($1, 60000)", connection.get_server_pid())
            await killer.close()
            await connection.fetchval("SELECT 1")
    await database.ping()


async def test_an_idle_connection_that_died_is_replaced_before_the_statement(database: Store) -> None:
    async with database.acquire() as connection:
        pid = connection.get_server_pid()
    killer = await database.connect()
    for _ in range(20):
        await killer.execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await asyncio.sleep(0.02)
        await database.ping()
    assert pid is not None
    await killer.close()


async def test_a_server_that_stands_still_does_not_hang_us(data_dir: Path) -> None:
    options = {"connect_timeout_s": 0.5, "command_timeout_s": 0.5}
    async with own_store(data_dir, pool_min=2, **options) as (store, server):
        pid = server.pid()
        assert pid is not None
        frozen = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        for process in frozen:
            process.suspend()
        try:
            for _ in range(4):
                await refused(store.ping, 4)
            await refused(store.connect, 4)
        finally:
            for process in reversed(frozen):
                process.resume()
        await asyncio.sleep(0.2)
        await store.ping()


async def test_a_pool_that_is_used_up_refuses_in_time(database: Store) -> None:
    small = await open_store(database.dsn, Path("unused"), pool_max=1, connect_timeout_s=0.3)
    async with small, small.acquire():
        await refused(small.ping, 2)


async def test_a_closed_store_says_so(database_url: str) -> None:
    store = await open_store(database_url, Path("unused"))
    await store.close()
    await store.close()
    await refused(store.ping)


async def test_too_many_connections(data_dir: Path) -> None:
    async with own_store(data_dir) as (store, _):
        await store.execute("CREATE ROLE small LOGIN CONNECTION LIMIT 1")
        dsn = store.dsn.replace("user=postgres", "user=small")
        first = await asyncpg.connect(dsn)
        error = await refused(lambda: open_store(dsn, Path("unused")))
        assert "no connection free" in error.message
        await first.close()


async def test_addresses_that_lead_nowhere(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        for url in (
            f"postgresql://gw-user:s3cret@127.0.0.1:{port}/x",
            f"postgresql:///x?host={tmp_path}&user=gw-user&password=s3cret",
            "postgresql://gw-user:s3cret@nowhere.invalid/x",
        ):
            error = await refused(lambda url=url: open_store(url, tmp_path))  # type: ignore[misc]
            assert "s3cret" not in str(error)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mysql://u:s3cret@h/x",
        "postgresql://u:s3cret@h:port/x",
        "s3cret",
        "postgresql://h/x?sslmode=s3cret",
        "postgresql://[u/x",
    ],
)
async def test_a_url_that_is_none(url: str, tmp_path: Path) -> None:
    with pytest.raises(BadSettings) as caught:
        await open_store(url, tmp_path)
    assert "s3cret" not in repr(caught.value) + str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "answer", [None, b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"E\x00\x00", b"R\x00\x00\x00\x08\xff\xff\xff\xff"]
)
async def test_a_server_that_is_not_postgresql(answer: bytes | None, tmp_path: Path) -> None:
    done: list[asyncio.Event] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        done.append(over := asyncio.Event())
        try:
            await reader.read(8)
            if answer is not None:
                writer.write(answer)
                await writer.drain()
            else:
                await reader.read()
            writer.close()
            await writer.wait_closed()
        except ConnectionError:
            pass
        finally:
            over.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    url = f"postgresql://u:s3cret@127.0.0.1:{port}/x"
    async with server:
        error = await refused(lambda: open_store(url, tmp_path, connect_timeout_s=0.5), 3)
        assert "s3cret" not in str(error)
        for over in done:
            await over.wait()


async def test_a_store_prints_no_address(database: Store) -> None:
    assert repr(database) == "<Store remote>"


async def test_a_database_that_does_not_exist(server: EmbeddedServer) -> None:
    error = await refused(lambda: open_store(server.url("absent"), Path("unused")))
    assert "does not exist" in error.message


async def fsync(store: Store) -> str:
    connection = await store.connect()
    try:
        return str(await connection.fetchval("SHOW fsync"))
    finally:
        await connection.close()


async def test_a_server_with_fsync_off_is_refused(data_dir: Path) -> None:
    async with own_store(data_dir) as (store, server):
        await store.execute("ALTER SYSTEM SET fsync = off")
        await store.execute("SELECT pg_reload_conf()")
        # A new connection has what the server has; one of the pool may hear of it sooner or later.
        while await fsync(store) == "on":  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.05)
        with pytest.raises(BadSettings, match="fsync"):
            await open_store(server.url("gateway"), data_dir)


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT $1::text", "Jane\0Roe"),
        ("SELECT $1::text[]", ["Jane\0Roe"]),
        ("SELECT $1::text", "Jane\ud800"),
        ("SELECT $1::jsonb", {"name": "Jane\0Roe"}),
        ("SELECT $1::int", 2**40),
        ("SELECT $1::bigint", 2**80),
        ("SELECT $1::timestamptz", datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-14)))),
    ],
)
async def test_a_value_that_no_column_holds_is_the_senders_mistake(database: Store, sql: str, value: object) -> None:
    with pytest.raises(Invalid, match="cannot be stored") as caught:
        await database.fetchval(sql, value)
    assert "Jane" not in str(caught.value)
    await database.ping()


@pytest.mark.parametrize(("sql", "value"), [("SELECT 1 / $1::int", 0), ("SELECT $1::int", "x"), ("SELECT $1::text", 5)])
async def test_other_bad_values_are_our_mistake(database: Store, sql: str, value: object) -> None:
    with pytest.raises(asyncpg.DataError):
        await database.fetchval(sql, value)


async def test_cancelled_while_it_starts_the_server_does_not_stay_behind(data_dir: Path) -> None:
    opening = asyncio.ensure_future(open_store(None, data_dir))
    while EmbeddedServer(data_dir).pid() is None:  # noqa: ASYNC110 - the server tells nobody
        await asyncio.sleep(0.001)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert EmbeddedServer(data_dir).pid() is None
