"""Appending: order, batches, bounds, refusals, and an end in order."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest

from gateway.audit import AuditLog, Reader, State, check
from gateway.audit import log as log_module
from gateway.crypto import KeyRing
from gateway.errors import AuditUnavailable, Broken, TooLarge
from gateway.store import Store
from tests.audit.support import nobody_writes, now, record, refused, until


async def opened(store: Store, ring: KeyRing, **options: object) -> AuditLog:
    log = AuditLog(store, ring, now, **options)  # type: ignore[arg-type]
    await log.start()
    # Whoever is met for the first time is given a key first; these tests are about those who are known.
    await log.subjects.key("user:ada")
    return log


async def test_an_append_says_where_the_record_stands(database: Store, ring: KeyRing) -> None:
    log = await opened(database, ring)
    for n in range(3):
        position = await log.append(record(n))
        stored = await database.fetchrow("SELECT * FROM audit_log WHERE request = $1", f"r{n}")
        assert stored is not None
        assert (position.stream, position.seq) == (log.stream, n)
        assert position.hash == stored["hash"].hex()
    await log.close()


async def test_nothing_but_kind_time_and_request_stands_in_the_clear(database: Store, ring: KeyRing) -> None:
    log = await opened(database, ring)
    await log.append(record(text="the merger is on friday"))
    await log.close()
    stored = await database.fetchrow("SELECT * FROM audit_log WHERE seq = 0")
    assert stored is not None
    clear = b"".join(str(value).encode() for value in stored.values()) + stored["sealed"]
    for word in (b"merger", b"ada", b"chat", b"sha256:00"):
        assert word not in clear


async def test_whatever_waits_shares_a_commit(database: Store, ring: KeyRing) -> None:
    log = await opened(database, ring)
    positions = await asyncio.gather(*(log.append(record(n)) for n in range(200)))
    await log.close()
    assert [position.seq for position in positions] == list(range(200))
    assert await database.fetchval("SELECT count(DISTINCT xmin::text) FROM audit_log WHERE kind <> 'end'") <= 2


async def test_a_batch_has_a_bound(database: Store, ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    log = await opened(database, ring, batch=10)
    await asyncio.gather(*(log.append(record(n)) for n in range(100)))
    most = "SELECT max(n) FROM (SELECT count(*) AS n FROM audit_log GROUP BY xmin::text)"
    assert await database.fetchval(most) == 10
    monkeypatch.setattr(log_module, "BATCH_BYTES", 5000)
    await asyncio.gather(
        *(log.append(record(n, text="x" * 2000)) for n in range(20)), log.append(record(text="x" * 9000))
    )
    assert await database.fetchval(f"{most.replace('audit_log', 'audit_log WHERE seq >= 100')}") == 2
    await log.close()
    assert (await check(database, ring)).ok


async def test_a_full_queue_refuses_at_once(database: Store, ring: KeyRing) -> None:
    log = await opened(database, ring, queue=5)
    async with database.transaction() as blocker:
        await blocker.execute("LOCK TABLE audit_log IN ACCESS EXCLUSIVE MODE")
        first = asyncio.create_task(log.append(record(0)))
        await until(lambda: bool(log._in_flight))
        rest = [asyncio.create_task(log.append(record(n))) for n in range(1, 6)]
        await asyncio.sleep(0)
        error = await refused(log, record(6))
        assert "queue is full" in error.message
        assert "audit.queue" in error.hint
        assert log.healthy
    assert [(await task).seq for task in (first, *rest)] == list(range(6))
    await log.close()


async def test_a_queue_is_bounded_in_bytes_too(database: Store, ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "QUEUE_BYTES", 1000)
    log = await opened(database, ring)
    await refused(log, record(text="x" * 1000))
    await log.append(record(text="x" * 500))
    await log.append(record(text="x" * 500))
    await log.close()


async def test_a_record_that_cannot_be_written_is_refused_alone(
    database: Store, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = await opened(database, ring)
    good = asyncio.create_task(log.append(record(1)))
    await asyncio.sleep(0)
    for bad in (
        record(kind="end"),
        record(request="nul\0"),
        record(request="\ud800"),
        record(request="x" * 201),
        replace(record(), at=datetime(2026, 1, 1)),  # noqa: DTZ001 - the mistake under test
        replace(record(), detail={"set": {1}}),
        replace(record(), content={1: float("nan"), "x": object()}),  # type: ignore[dict-item]
    ):
        with pytest.raises(Broken):
            await log.append(bad)
    monkeypatch.setattr(log_module, "MAX_RECORD_BYTES", 100)
    with pytest.raises(TooLarge):
        await log.append(record(text="x" * 100))
    assert (await good).seq == 0
    await log.close()
    assert await database.fetchval("SELECT count(*) FROM audit_log") == 2


async def test_a_stream_that_cannot_seal_goes_no_further(database: Store, ring: KeyRing) -> None:
    log = await opened(database, ring)
    first = log.stream
    await log.append(record(0))
    assert log._link is not None
    log._link.stream._sealer._last = 99  # as if a number had been used already
    assert "cannot seal" in (await refused(log, record(1))).message
    await until(lambda: log.stream not in (first, None))
    await log.append(record(2))
    await log.close()
    report = await check(database, ring)
    assert report.ok
    assert [(stream.state, stream.records) for stream in report.streams] == [(State.FOLLOWED, 1), (State.CLOSED, 2)]


async def test_many_who_come_back_together_are_each_told_their_own_place(database: Store, ring: KeyRing) -> None:
    log = await opened(database, ring)
    told: dict[str, int] = {}

    async def write(writer: int) -> None:
        for n in range(3):
            request = f"{writer}-{n}"
            told[request] = (await log.append(record(request=request))).seq

    await asyncio.gather(*(write(writer) for writer in range(2 * log_module.MANY)))
    await log.close()
    stored = await database.fetch("SELECT request, seq FROM audit_log WHERE kind <> 'end'")
    assert told == {row["request"]: row["seq"] for row in stored}
    assert len(told) == 6 * log_module.MANY


async def test_a_caller_who_goes_away_disturbs_nobody(database: Store, ring: KeyRing) -> None:
    log = await opened(database, ring)
    tasks = [asyncio.create_task(log.append(record(n))) for n in range(10)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(one, asyncio.CancelledError) for one in done] == [True, False] * 5
    await log.close()
    assert await database.fetchval("SELECT count(*) FROM audit_log WHERE kind <> 'end'") == 10


async def test_closing_writes_what_waits_and_an_end(database: Store, ring: KeyRing) -> None:
    log = await opened(database, ring)
    assert log.healthy
    tasks = [asyncio.create_task(log.append(record(n))) for n in range(50)]
    await asyncio.sleep(0)
    await log.close()
    assert [(await task).seq for task in tasks] == list(range(50))
    report = await check(database, ring)
    assert [(stream.state, stream.records) for stream in report.streams] == [(State.CLOSED, 51)]
    page = await Reader(database, ring).recent(1)
    assert page["records"][0]["kind"] == "end"
    assert page["records"][0]["detail"] == {"records": 50}
    assert not log.healthy
    assert log.stream is None  # type: ignore[unreachable]
    await refused(log, record())
    await log.close()
    await nobody_writes(database)


async def test_a_log_that_was_not_started_refuses(database: Store, ring: KeyRing) -> None:
    log = AuditLog(database, ring, now)
    assert not log.healthy
    assert "not open" in (await refused(log, record())).message
    await log.close()


async def test_a_log_starts_once(database: Store, ring: KeyRing) -> None:
    log = await opened(database, ring)
    with pytest.raises(RuntimeError):
        await log.start()
    await log.close()


async def test_a_database_without_tables_cannot_be_logged_to(database: Store, ring: KeyRing) -> None:
    await database.execute("DROP TABLE audit_streams CASCADE")
    with pytest.raises(AuditUnavailable):
        await opened(database, ring)
    await nobody_writes(database)


async def test_a_statement_that_takes_too_long_fails_and_the_log_recovers(database: Store, ring: KeyRing) -> None:
    log = await opened(database, ring, timeout_s=0.3)
    async with database.transaction() as blocker:
        await blocker.execute("LOCK TABLE audit_log IN ACCESS EXCLUSIVE MODE")
        async with asyncio.timeout(20):
            errors = await asyncio.gather(*(refused(log, record(n)) for n in range(5)))
        assert {error.status for error in errors} == {503}
        assert not log.healthy
    await until(lambda: log.healthy)
    await log.append(record(9))
    await log.close()
    report = await check(database, ring)
    assert report.ok
    assert [(stream.state, stream.records) for stream in report.streams] == [(State.FOLLOWED, 0), (State.CLOSED, 2)]


async def test_a_full_disk_refuses_and_the_log_recovers(
    database: Store, ring: KeyRing, caplog: pytest.LogCaptureFixture
) -> None:
    await database.execute(
        """
        CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$;
        """
    )
    log = await opened(database, ring)
    await log.append(record(0))
    await database.execute(
        "CREATE TRIGGER full_disk BEFORE INSERT ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION full_disk()"
    )
    error = await refused(log, record(1, text="the merger is on friday"))
    assert "DiskFullError" in error.message
    assert "merger" not in str(error)
    assert "merger" not in caplog.text
    await database.execute("DROP TRIGGER full_disk ON audit_log")
    await until(lambda: log.healthy)
    await log.append(record(2))
    await log.close()
    assert (await check(database, ring)).ok
    stored = await database.fetch("SELECT request FROM audit_log WHERE kind <> 'end' ORDER BY at")
    assert [row["request"] for row in stored] == ["r0", "r2"]


async def test_no_accident_changes_what_is_written(database: Store, ring: KeyRing) -> None:
    log = await opened(database, ring)
    await log.append(record())
    await log.close()
    for statement in (
        "UPDATE audit_log SET kind = 'event'",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
        "DELETE FROM audit_streams",
        "TRUNCATE audit_streams",
        "UPDATE audit_streams SET key_id = 'k2'",
        "UPDATE audit_streams SET closed_seq = 7",
    ):
        with pytest.raises(Exception, match=r"append-only|closed once"):
            await database.execute(statement)
    assert (await check(database, ring)).ok
