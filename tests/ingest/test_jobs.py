"""Jobs: sealed while they wait, done by whoever takes them, seen by their owner alone, ended when he says so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.crypto.keyring import KeyRing
from gateway.errors import (
    AuditUnavailable,
    Conflict,
    Invalid,
    NotFound,
    NotPermitted,
    RateLimited,
    RedactionUnavailable,
)
from gateway.ingest import Delivery, QueueLimits
from gateway.model import Principal
from gateway.store import Store
from tests.ingest.bench import EMIL, HANA, now, open_bench
from tests.ingest.service import Service, file, open_service, until
from tests.retrieval.models import model_dir

ROOT = Principal("k4", "root", frozenset({"admin"}))
SECRET = "Petra Vogel signs on Friday."


@pytest.fixture
async def service(database: Store, ring: KeyRing, tmp_path: Path) -> AsyncIterator[Service]:
    async with (
        open_bench(database, ring, model_dir(), tmp_path / "work") as bench,
        open_service(bench, ring, limits=QueueLimits(files=40, bytes=1_000_000)) as made,
    ):
        yield made


async def stored(store: Store) -> str:
    """Every row of the tables of jobs and of the queue, as PostgreSQL prints it."""
    text = ""
    for table in ("ingest_jobs", "ingest_parts", "procrastinate.procrastinate_jobs"):
        text += "".join(str(row["t"]) for row in await store.fetch(f"SELECT t::text AS t FROM {table} t"))
    return text


async def acts(service: Service, request: str) -> list[tuple[str, str]]:
    """Kind and action of each record of a request."""
    return [(kind, action) for kind, action, _ in await service.bench.records(request)]


async def test_a_job_waits_sealed_and_is_done(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    named = Delivery(SECRET.encode(), "Letter of Petra Vogel.txt", "hr", label="internal")
    made = await service.jobs.create(HANA, [named, *(file(n) for n in range(19))], request="r1")
    assert (made["state"], made["files"]["waiting"]) == ("queued", 20)
    waiting = await stored(service.bench.store)
    for value in ("Vogel", "Petra", b"Vogel".hex(), "Letter"):
        assert value not in waiting
    assert await service.bench.store.fetchval("SELECT count(*) FROM procrastinate.procrastinate_jobs") == 2
    async with service.worker():
        done = await service.ended(HANA, made["id"])
        kinds = await until(lambda: acts(service, "r1"), lambda found: ("event", "job.end") in found)
    assert done["state"] == "done"
    assert done["files"]["done"] == 20
    assert done["parts"][0]["name"] == "Letter of Petra Vogel.txt"
    assert await service.bench.store.fetchval("SELECT count(*) FROM documents") == 20
    assert await service.bench.store.fetchval("SELECT count(*) FROM ingest_parts WHERE file IS NOT NULL") == 0
    assert await service.bench.store.fetchval("SELECT count(*) FROM procrastinate.procrastinate_jobs") == 0
    assert kinds[:2] == [("intent", "job.create"), ("outcome", "job.create")]
    assert kinds.count(("outcome", "ingest")) == 20
    # The other batch may see the last file done before its outcome is on record.
    assert kinds.count(("event", "job.end")) == 1
    assert "Vogel" not in caplog.text
    assert "procrastinate" not in {record.name.partition(".")[0] for record in caplog.records}


async def test_only_the_owner_and_who_may_see_a_job(service: Service) -> None:
    made = await service.jobs.create(HANA, [file(1)])
    for act in (service.jobs.show, service.jobs.cancel, service.jobs.retry):
        with pytest.raises(NotFound):
            await act(EMIL, made["id"])
    assert await service.jobs.list(EMIL) == []
    with pytest.raises(NotPermitted):
        await service.jobs.list(EMIL, everyone=True)
    assert [one["id"] for one in await service.jobs.list(HANA)] == [made["id"]]
    assert [one["id"] for one in await service.jobs.list(ROOT, everyone=True)] == [made["id"]]
    seen = await service.jobs.show(ROOT, made["id"])
    assert "name" not in seen["parts"][0]
    assert (await service.jobs.cancel(ROOT, made["id"]))["state"] == "cancelled"
    with pytest.raises(NotFound):
        await service.jobs.show(HANA, "nosuch")


async def test_what_cannot_succeed_is_refused_at_once(service: Service) -> None:
    with pytest.raises(NotPermitted):
        await service.jobs.create(EMIL, [file(1)], request="no")
    assert [kind for kind, _, _ in await service.bench.records("no")] == ["refusal"]
    with pytest.raises(Invalid, match="label"):
        await service.jobs.create(HANA, [Delivery(b"x", "x.txt", "hr", label="nosuch")])
    with pytest.raises(RateLimited):
        await service.jobs.create(HANA, [file(n) for n in range(41)])
    with pytest.raises(RateLimited):
        await service.jobs.create(HANA, [Delivery(bytes(1_000_001), "x.txt", "hr")])
    assert await service.bench.store.fetchval("SELECT count(*) FROM ingest_jobs") == 0


async def test_one_bad_file_fails_alone_and_can_be_tried_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await service.jobs.create(HANA, [file(1), Delivery(b"%PDF-1.4 broken", "b.pdf", "hr"), file(2)])
    async with service.worker():
        done = await service.ended(HANA, made["id"])
        assert done["state"] == "failed"
        assert [part["state"] for part in done["parts"]] == ["done", "failed", "done"]
        assert done["parts"][1]["error"]["code"] == "unsupported_file"
        parse = service.bench.parser.parse

        async def mended(data: bytes, name: str) -> object:
            return await parse(b"Mended.", "b.txt") if name == "b.pdf" else await parse(data, name)

        monkeypatch.setattr(service.bench.parser, "parse", mended)
        assert (await service.jobs.retry(HANA, made["id"]))["state"] == "running"
        done = await service.ended(HANA, made["id"])
        assert done["state"] == "done"
        with pytest.raises(Conflict):
            await service.jobs.retry(HANA, made["id"])
    assert await service.bench.store.fetchval("SELECT count(*) FROM documents") == 3


async def test_what_is_cancelled_never_comes_in(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what a worker has in its hands: its transaction finds that nobody wants it any more."""
    parse, reached, go = service.bench.parser.parse, asyncio.Event(), asyncio.Event()

    async def slow(data: bytes, name: str) -> object:
        reached.set()
        await go.wait()
        return await parse(data, name)

    monkeypatch.setattr(service.bench.parser, "parse", slow)
    made = await service.jobs.create(HANA, [file(n) for n in range(3)])
    async with service.worker():
        await asyncio.wait_for(reached.wait(), 30)
        cancelled = await service.jobs.cancel(HANA, made["id"], request="stop")
        assert (cancelled["state"], cancelled["files"]["cancelled"]) == ("cancelled", 3)
        with pytest.raises(Conflict):
            await service.jobs.cancel(HANA, made["id"])
        go.set()
        after = await service.jobs.create(HANA, [file(9)])
        assert (await service.ended(HANA, after["id"]))["state"] == "done"
    assert await service.bench.store.fetchval("SELECT count(*) FROM documents") == 1
    assert await service.bench.store.fetchval("SELECT count(*) FROM ingest_parts WHERE file IS NOT NULL") == 0
    assert [kind for kind, _, _ in await service.bench.records("stop")] == ["intent", "outcome"]


async def test_what_is_down_for_a_while_is_waited_for(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    redact, failures = service.bench.redactor.redact, 1

    async def down(*args: object, **named: object) -> object:
        nonlocal failures
        if failures:
            failures -= 1
            raise RedactionUnavailable("the detector is starting")
        return await redact(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(service.bench.redactor, "redact", down)
    made = await service.jobs.create(HANA, [file(1)])
    async with service.worker():
        assert (await service.ended(HANA, made["id"]))["state"] == "done"


async def test_a_key_that_has_ended_brings_nothing_in(service: Service) -> None:
    made = await service.jobs.create(HANA, [file(1)])
    service.gone.add(HANA.id)
    async with service.worker():
        done = await service.ended(HANA, made["id"])
    assert done["parts"][0]["error"]["code"] == "invalid_api_key"
    assert await service.bench.store.fetchval("SELECT count(*) FROM documents") == 0


async def test_a_watcher_sees_it_go_on_and_end(service: Service) -> None:
    made = await service.jobs.create(HANA, [file(n) for n in range(20)])
    async with service.worker(concurrency=1):
        seen = [found async for found in service.jobs.watch(HANA, made["id"])]
    states = [(found["state"], found["files"]["done"]) for found in seen]
    assert states[0][1] == 0
    assert states[-1] == ("done", 20)
    assert [done for _, done in states] == sorted(done for _, done in states)
    with pytest.raises(NotFound):
        await anext(service.jobs.watch(EMIL, made["id"]))


async def test_files_whose_task_was_lost_are_found_again(service: Service) -> None:
    made = await service.jobs.create(HANA, [file(1)])
    await service.bench.store.execute("DELETE FROM procrastinate.procrastinate_jobs")
    async with service.worker():
        assert (await service.ended(HANA, made["id"]))["state"] == "done"


async def test_no_job_ends_without_a_record_of_it(service: Service) -> None:
    """What a worker leaves that is stopped before the end is stored, and what it does where nothing can be recorded."""
    made = await service.jobs.create(HANA, [file(1)], request="r1")
    async with service.worker():
        await service.ended(HANA, made["id"])
    reopen, ended = "UPDATE ingest_jobs SET ended_at = NULL", "SELECT ended_at FROM ingest_jobs"
    await service.bench.store.execute(reopen)
    await service.work.tend(now() - timedelta(days=1))
    assert await service.bench.store.fetchval(ended) is not None
    assert (await acts(service, "r1")).count(("event", "job.end")) == 2
    await service.bench.store.execute(reopen)
    await service.bench.audit.close()
    with pytest.raises(AuditUnavailable):
        await service.work.tend(now() - timedelta(days=1))
    assert await service.bench.store.fetchval(ended) is None


async def test_ended_jobs_are_dropped_in_time(service: Service) -> None:
    made = await service.jobs.create(HANA, [file(1)])
    await service.bench.store.execute("UPDATE ingest_jobs SET ended_at = now() - interval '3 days', cancelled = true")
    async with service.worker():
        for _ in range(200):
            if not await service.jobs.list(HANA):
                break
            await asyncio.sleep(0.05)
    with pytest.raises(NotFound):
        await service.jobs.show(HANA, made["id"])
    assert await service.bench.store.fetchval("SELECT count(*) FROM ingest_parts") == 0
