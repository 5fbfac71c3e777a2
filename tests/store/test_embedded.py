from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import psutil
import pytest

from gateway.errors import BadSettings, StoreUnavailable
from gateway.store import embedded, open_store
from gateway.store.embedded import EmbeddedServer

# Another gateway process: opens the store, says so, and waits to be told (or killed).
NEIGHBOUR = """
import asyncio, sys
from pathlib import Path
from gateway.store import open_store

async def main():
    store = await open_store(None, Path(sys.argv[1]))
    print(await store.fetchval("SELECT 'ready'"), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await store.close()

asyncio.run(main())
"""


def neighbour(data_dir: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", NEIGHBOUR, str(data_dir)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def ready(process: subprocess.Popen[str]) -> bool:
    assert process.stdout is not None
    return process.stdout.readline() == "ready\n"


def leave(process: subprocess.Popen[str]) -> int:
    process.communicate("\n", timeout=30)
    return process.returncode


def modes(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_made_started_stopped_and_started_again(bare_dir: Path) -> None:
    server = EmbeddedServer(bare_dir)
    assert server.pid() is None
    server.start()
    first = server.pid()
    assert first is not None
    assert modes(server.pgdata) == 0o700
    assert modes(server.pgdata / ".s.PGSQL.5432") == 0o700
    server.start()
    assert server.pid() == first
    server.release()
    server.release()
    assert server.pid() is None
    server.start()
    assert server.pid() not in (None, first)
    server.release()
    assert {entry.name for entry in bare_dir.iterdir()} == {"postgres", "postgres.lock", "postgres.users"}


def test_it_listens_on_no_network_address(server: EmbeddedServer) -> None:
    pid = server.pid()
    assert pid is not None
    for process in [psutil.Process(pid), *psutil.Process(pid).children()]:
        assert not process.net_connections("inet")


@pytest.mark.skipif(os.geteuid() != 0, reason="as an ordinary user it runs as that user")
def test_under_root_it_runs_as_somebody_else(server: EmbeddedServer) -> None:
    pid = server.pid()
    assert pid is not None
    assert psutil.Process(pid).uids().effective != 0
    assert server.pgdata.stat().st_uid == psutil.Process(pid).uids().effective


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_root_starts_what_an_ordinary_user_made(data_dir: Path) -> None:
    subprocess.run(["chown", "-R", "65534:65534", str(data_dir)], check=True)
    server = EmbeddedServer(data_dir)
    server.start()
    pid = server.pid()
    assert pid is not None
    assert psutil.Process(pid).uids().effective == 65534
    server.release()


def test_the_last_user_stops_it(data_dir: Path) -> None:
    one, two = EmbeddedServer(data_dir), EmbeddedServer(data_dir)
    one.start()
    two.start()
    assert one.pid() == two.pid() is not None
    one.release()
    assert two.pid() is not None
    two.release()
    assert two.pid() is None


def test_processes_share_it_and_killing_one_harms_none(data_dir: Path) -> None:
    first, second = neighbour(data_dir), neighbour(data_dir)
    assert ready(first)
    assert ready(second)
    server = EmbeddedServer(data_dir)
    pid = server.pid()
    assert pid is not None
    first.kill()
    first.communicate()
    third = neighbour(data_dir)
    assert ready(third)
    assert server.pid() == pid
    assert leave(third) == 0
    assert server.pid() == pid, "second still uses it"
    assert leave(second) == 0
    assert server.pid() is None, "the one that was killed no longer counts"


def test_everybody_killed_the_server_waits_for_the_next(data_dir: Path) -> None:
    only = neighbour(data_dir)
    assert ready(only)
    only.kill()
    only.communicate()
    server = EmbeddedServer(data_dir)
    pid = server.pid()
    assert pid is not None
    after = neighbour(data_dir)
    assert ready(after)
    assert server.pid() == pid
    assert leave(after) == 0
    assert server.pid() is None


def test_an_interrupt_at_the_terminal_does_not_reach_it(data_dir: Path) -> None:
    process = neighbour(data_dir)
    assert ready(process)
    pid = EmbeddedServer(data_dir).pid()
    assert pid is not None
    assert os.getsid(pid) != os.getsid(process.pid)
    assert leave(process) == 0


def test_several_starting_at_once_make_one(bare_dir: Path) -> None:
    crowd = [neighbour(bare_dir) for _ in range(4)]
    assert [ready(process) for process in crowd] == [True] * 4
    assert [leave(process) for process in crowd] == [0] * 4
    assert EmbeddedServer(bare_dir).pid() is None
    log = (bare_dir / "postgres" / "server.log").read_text()
    assert log.count("starting PostgreSQL") == 1


def test_a_stale_process_file_that_names_a_living_stranger(data_dir: Path) -> None:
    server = EmbeddedServer(data_dir)
    server.start()
    kept = (server.pgdata / "postmaster.pid").read_text()
    server.release()
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True, user=_owner(server))
    try:
        # As after a crash of the machine: ids start anew, and the old one is taken by a process of the same user.
        for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            (server.pgdata / name).write_text(kept.replace(kept.split("\n")[0], str(stranger.pid), 1))
        assert server.pid() is None
        server.stop()
        assert stranger.poll() is None, "a stranger was stopped in the server's place"
        server.start()
        assert server.pid() not in (None, stranger.pid)
        server.release()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def _owner(server: EmbeddedServer) -> int | None:
    return None if os.geteuid() else server.pgdata.stat().st_uid


@pytest.mark.parametrize("text", ["", "\n", "not a number\n", "999999999\nx\n"])
def test_a_process_file_of_nonsense(data_dir: Path, text: str) -> None:
    server = EmbeddedServer(data_dir)
    server.start()
    server.release()
    (server.pgdata / "postmaster.pid").write_text(text)
    server.start()
    assert server.pid() is not None
    server.release()


def test_a_copy_of_a_running_servers_directory_is_not_that_server(data_dir: Path, tmp_path: Path) -> None:
    original, copied = EmbeddedServer(data_dir), EmbeddedServer(tmp_path / "copy")
    # The data are copied at rest, for only such a copy is whole; the process file is the running server's.
    subprocess.run(["cp", "-a", str(data_dir), str(copied.data_dir)], check=True)
    original.start()
    shutil.copy(original.pgdata / "postmaster.pid", copied.pgdata / "postmaster.pid")
    assert copied.pid() is None
    copied.start()
    assert copied.pid() not in (None, original.pid())
    assert copied.url("gateway") != original.url("gateway")
    copied.release()
    assert original.pid() is not None
    original.release()


def test_killed_outright_it_recovers_what_was_committed(data_dir: Path) -> None:
    server = EmbeddedServer(data_dir)
    server.start()

    async def write() -> None:
        connection = await asyncpg.connect(server.url("postgres"))
        await connection.execute("CREATE TABLE t (n int)")
        for number in range(20):
            await connection.execute("INSERT INTO t VALUES ($1)", number)
        pid = server.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        connection.terminate()

    async def count() -> object:
        connection = await asyncpg.connect(server.url("postgres"))
        found = await connection.fetchval("SELECT count(*) FROM t")
        await connection.close()
        return found

    asyncio.run(write())
    while server.pid() is not None:
        time.sleep(0.01)
    server.start()
    assert asyncio.run(count()) == 20
    server.release()


def test_a_first_start_cut_short_leaves_nothing_in_the_way(bare_dir: Path) -> None:
    half = bare_dir / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    server = EmbeddedServer(bare_dir)
    server.start()
    assert not half.exists()
    server.release()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("initdb: error: no space left\ninitdb: removing the draft", " (error: no space left)"),
        ("cannot open a shared object", " (cannot open a shared object)"),
        ("", ""),
    ],
)
def test_a_first_start_that_fails_says_what_the_program_said(
    bare_dir: Path, monkeypatch: pytest.MonkeyPatch, said: str, told: str
) -> None:
    program = bare_dir / "programs" / "bin" / "initdb"
    program.parent.mkdir(parents=True)
    (program.parent / "postgres").touch(0o755)
    program.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{said}\nEND\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(embedded, "_programs", lambda: program.parent)
    with pytest.raises(StoreUnavailable) as caught:
        EmbeddedServer(bare_dir).start()
    assert caught.value.message.endswith(f"could not be made in {bare_dir / 'postgres'}{told}")
    assert not (bare_dir / "postgres.new").exists()


def test_data_of_another_postgresql(data_dir: Path) -> None:
    server = EmbeddedServer(data_dir)
    server.start()
    server.release()
    (server.pgdata / "PG_VERSION").write_text("15\n")
    with pytest.raises(BadSettings, match="made by PostgreSQL 15"):
        server.start()
    # A start that failed leaves no user behind: the locks are free.
    (server.pgdata / "PG_VERSION").write_text("18\n")
    server.start()
    server.release()
    assert server.pid() is None


def test_data_that_does_not_start(data_dir: Path) -> None:
    server = EmbeddedServer(data_dir)
    server.start()
    server.release()
    (server.pgdata / "global" / "pg_control").write_bytes(b"")
    with pytest.raises(StoreUnavailable, match="did not start") as caught:
        server.start(timeout_s=10)
    assert "server.log" in caught.value.hint


def test_a_lock_held_by_one_that_hangs(data_dir: Path) -> None:
    server, other = EmbeddedServer(data_dir), EmbeddedServer(data_dir)
    with server._exclusive(time.monotonic()), pytest.raises(StoreUnavailable, match="another process"):
        other.start(timeout_s=0.2)


def test_a_data_directory_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadSettings, match="cannot be made"):
        EmbeddedServer(tmp_path / "file" / "data").start()


def test_a_path_too_long_for_a_socket(bare_dir: Path) -> None:
    server = EmbeddedServer(bare_dir / ("long" * 30))
    server.start()
    folder = server._socket_dir()
    try:
        assert folder.parent == Path("/tmp")
        assert modes(folder) == 0o700

        async def ask() -> object:
            connection = await asyncpg.connect(server.url("postgres"))
            try:
                return await connection.fetchval("SELECT 1")
            finally:
                await connection.close()

        assert asyncio.run(ask()) == 1
        server.release()
        folder.chmod(0o755)
        with pytest.raises(BadSettings, match="open to others"):
            server.start()
        folder.chmod(0o700)
        folder.rmdir()
        folder.symlink_to(bare_dir)
        with pytest.raises(BadSettings, match="open to others"):
            server.start()
    finally:
        server.stop()
        folder.unlink() if folder.is_symlink() else folder.rmdir()


def test_the_callers_environment_is_not_obeyed(bare_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGDATA", "/nonexistent")
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGHOST", "nowhere.invalid")
    monkeypatch.setenv("PGUSER", "nobody")
    monkeypatch.setenv("PGDATABASE", "nothing")

    async def ask() -> object:
        async with await open_store(None, bare_dir) as store:
            return await store.fetchval("SELECT current_database() || ' ' || current_user")

    assert asyncio.run(ask()) == "gateway postgres"


def test_its_log_holds_no_values(data_dir: Path) -> None:
    async def fail() -> str:
        async with await open_store(None, data_dir) as store:
            assert store.server is not None
            await store.execute("CREATE TABLE t (name text PRIMARY KEY)")
            for sql in ("INSERT INTO t VALUES ($1)", "INSERT INTO t VALUES ($1)", "SELECT $1::text::int"):
                with contextlib.suppress(asyncpg.PostgresError):
                    await store.execute(sql, "Jane Roe")
            with contextlib.suppress(asyncpg.PostgresError):
                await store.execute("INSERT INTO t VALUES ('Jane Roe')")
            return store.server.log.read_text()

    log = asyncio.run(fail())
    assert "duplicate key" in log
    assert "t_pkey" in log
    assert "(name)" not in log
    # The one message of PostgreSQL's that quotes a value in its first line.
    assert log.count("Jane Roe") == log.count("invalid input syntax")
