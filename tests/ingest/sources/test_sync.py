"""Sources in step with their collections: adds, changes, deletes, and a place that vanished takes nothing along."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from gateway.crypto import Secret
from gateway.crypto.keyring import KeyRing
from gateway.errors import Conflict, NotFound, Unavailable
from gateway.ingest.sources import Bucket, Folder, Guard, Mailbox, Place, Spec, Under, Web, Wish
from gateway.model import Json, Principal
from gateway.store import Store
from tests.ingest.bench import HANA, Bench, open_bench
from tests.ingest.service import Service, open_service, until
from tests.retrieval.models import model_dir
from tests.simulators.imap import PASSWORD, USER, ImapSimulator
from tests.simulators.s3 import S3Simulator

KEEPER = Principal("source:papers", "source:papers", frozenset({"admin"}))
ROOT = Principal("k4", "root", frozenset({"admin"}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "papers"
    (root / "contracts").mkdir(parents=True)
    for number in range(4):
        (root / f"{number}.md").write_text(f"# Paper {number}\n\nThe pump of hall {number} runs.\n")
    (root / "contracts" / "roe.md").write_text("# Contract\n\nDr Jane Roe works in hall 9.\n")
    (root / "tool.exe").write_bytes(b"MZ\x90")
    return root


@pytest.fixture
def spec(folder: Path) -> Spec:
    return Spec(
        name="papers",
        kind="folder",
        collection="hr",
        principal=KEEPER,
        place=Folder(folder),
        label="internal",
        under=(Under("contracts", label="confidential", allow=("user:hana",)),),
        every_s=0,
    )


@pytest.fixture
async def bench(database: Store, ring: KeyRing, tmp_path: Path) -> AsyncIterator[Bench]:
    async with open_bench(database, ring, model_dir(), tmp_path / "work") as made:
        yield made


@pytest.fixture
async def service(bench: Bench, ring: KeyRing, spec: Spec) -> AsyncIterator[Service]:
    async with open_service(bench, ring, [spec]) as made:
        yield made


async def names(bench: Bench) -> list[str]:
    return sorted(one.source for one in await bench.index.documents(bench.scope(HANA)))


async def test_adds_changes_and_deletes(service: Service, folder: Path) -> None:
    bench = service.bench
    first = await service.sources.sync("papers")
    assert {key: first[key] for key in ("listed", "new", "passed_over")} == {"listed": 6, "new": 5, "passed_over": 1}
    assert await names(bench) == [*(f"papers/{n}.md" for n in range(4)), "papers/contracts/roe.md"]
    labels = {one.source: (one.label, one.allow) for one in await bench.index.documents(bench.scope(HANA))}
    assert labels["papers/contracts/roe.md"] == ("confidential", ("user:hana",))
    assert labels["papers/0.md"] == ("internal", ("*",))

    second = await service.sources.sync("papers")
    assert (second["unchanged"], second.get("new", 0)) == (6, 0)

    (folder / "1.md").write_text("# Paper 1\n\nThe pump stands still now.\n")
    (folder / "2.md").unlink()
    (folder / "new.md").write_text("# New\n\nA new pump.\n")
    third = await service.sources.sync("papers")
    assert (third["new"], third["updated"], third["removed"]) == (1, 1, 1)
    assert "papers/2.md" not in await names(bench)
    assert len(await names(bench)) == 5
    shown = await service.sources.show("papers")
    assert (shown["documents"], shown["failed"], shown.get("error")) == (5, 1, None)


async def test_touched_file_is_read_and_found_unchanged(service: Service, folder: Path) -> None:
    await service.sources.sync("papers")
    text = (folder / "1.md").read_text()
    (folder / "1.md").write_text(text)
    counts = await service.sources.sync("papers")
    assert (counts["unchanged"], counts.get("updated", 0)) == (6, 0)


async def test_other_rights_in_the_configuration_reach_documents(service: Service, spec: Spec, ring: KeyRing) -> None:
    await service.sources.sync("papers")
    async with open_service(service.bench, ring, [replace(spec, allow=("group:board", "user:hana"))]) as changed:
        counts = await changed.sources.sync("papers")
    assert counts["permissions"] == 4
    allows = {one.source: one.allow for one in await service.bench.index.documents(service.bench.scope(HANA))}
    assert allows["papers/0.md"] == ("group:board", "user:hana")
    assert allows["papers/contracts/roe.md"] == ("user:hana",)


async def test_place_that_vanished_takes_nothing_along(service: Service, folder: Path) -> None:
    await service.sources.sync("papers")
    await asyncio.to_thread(folder.rename, folder.with_name("away"))
    with pytest.raises(Unavailable):
        await service.sources.sync("papers")
    # An unmounted file system leaves an empty folder behind.
    await asyncio.to_thread(folder.mkdir)
    with pytest.raises(Conflict, match="5 of 5 documents of source papers are gone"):
        await service.sources.sync("papers")
    assert len(await names(service.bench)) == 5
    shown = await service.sources.show("papers")
    assert shown["error"]["code"] == "conflict"
    assert shown["good_at"] < shown["ended_at"]
    counts = await service.sources.sync("papers", Wish(confirmed=True))
    assert counts["removed"] == 5
    assert await names(service.bench) == []


async def test_too_much_gone_is_held_back_and_the_rest_comes_in(service: Service, folder: Path) -> None:
    for number in range(10, 20):
        (folder / f"{number}.md").write_text(f"# Paper {number}\n\nHall {number}.\n")
    await service.sources.sync("papers")
    for number in range(10, 18):
        (folder / f"{number}.md").unlink()
    (folder / "late.md").write_text("# Late\n\nHall 99.\n")
    with pytest.raises(Conflict, match="8 of 15") as refused:
        await service.sources.sync("papers")
    assert "--confirm" in refused.value.hint
    assert len(await names(service.bench)) == 16
    for number in range(10, 14):
        (folder / f"{number}.md").write_text(f"# Paper {number}\n\nHall {number}.\n")
    assert (await service.sources.sync("papers"))["removed"] == 4


async def test_source_that_may_not_delete_only_adds(service: Service, spec: Spec, ring: KeyRing, folder: Path) -> None:
    writer = replace(spec, principal=replace(KEEPER, roles=frozenset({"hr"})))
    async with open_service(service.bench, ring, [writer]) as limited:
        await limited.sources.sync("papers")
        (folder / "0.md").unlink()
        counts = await limited.sources.sync("papers")
        assert (counts["kept"], counts.get("removed", 0)) == (1, 0)
    assert len(await names(service.bench)) == 5
    nobody = replace(spec, principal=replace(KEEPER, roles=frozenset()))
    async with open_service(service.bench, ring, [nobody]) as barred:
        counts = await barred.sources.sync("papers", Wish(everything=True))
        assert counts["failed"] == 4


async def test_names_of_items_lie_sealed(service: Service, folder: Path) -> None:
    (folder / "Letter to Petra Vogel.md").write_text("# Letter\n\nNothing.\n")
    await service.sources.sync("papers")
    for table in ("source_items", "sources", "ingest_jobs"):
        for row in await service.bench.store.fetch(f"SELECT t::text AS t FROM {table} t"):
            assert "Vogel" not in row["t"]
            assert b"Vogel".hex() not in row["t"]


async def test_document_deleted_by_hand_is_forgotten_with_its_file(service: Service, folder: Path) -> None:
    await service.sources.sync("papers")
    found = {one.source: one.id for one in await service.bench.index.documents(service.bench.scope(HANA))}
    await service.bench.ingest.withdraw(ROOT, found["papers/3.md"], collection="hr", request="by-hand")
    (folder / "3.md").unlink()
    assert (await service.sources.sync("papers"))["removed"] == 1
    assert (await service.sources.show("papers"))["documents"] == 4


async def test_one_run_at_a_time_and_every_run_on_record(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    parse, reached, go = service.bench.parser.parse, asyncio.Event(), asyncio.Event()

    async def slow(data: bytes, name: str) -> object:
        reached.set()
        await go.wait()
        return await parse(data, name)

    monkeypatch.setattr(service.bench.parser, "parse", slow)
    running = asyncio.create_task(service.sources.sync("papers"))
    await asyncio.wait_for(reached.wait(), 30)
    with pytest.raises(Conflict, match="under way"):
        await service.sources.sync("papers")
    go.set()
    counts = await running
    (job,) = await service.jobs.list(ROOT, everyone=True)
    assert (job["id"], job["kind"], job["state"], job["progress"]["new"]) == (counts["job"], "sync", "done", 5)
    request = await service.bench.store.fetchval("SELECT request FROM ingest_jobs")
    kinds = [(kind, action) for kind, action, _ in await service.bench.records(request)]
    assert (kinds[0], kinds[-1]) == (("intent", "source.sync"), ("outcome", "source.sync"))
    with pytest.raises(NotFound):
        await service.sources.sync("nosuch")


async def test_schedule_runs_it_once_for_all_workers(service: Service, spec: Spec, ring: KeyRing) -> None:
    timed = replace(spec, every_s=3600)
    async with (
        open_service(service.bench, ring, [timed]) as one,
        open_service(service.bench, ring, [timed]) as other,
    ):
        await asyncio.gather(*(each.sources.schedule() for each in (one, other, one, other)))
        async with one.worker(), other.worker():

            async def look() -> Json:
                return {"jobs": await one.jobs.list(ROOT, everyone=True)}

            found = await until(look, lambda seen: bool(seen["jobs"]) and seen["jobs"][0]["state"] == "done")
    assert len(found["jobs"]) == 1
    assert len(await names(service.bench)) == 5


async def test_cancelled_run_goes_on_the_next_time(service: Service, folder: Path) -> None:
    for number in range(20, 60):
        (folder / f"{number}.md").write_text(f"# Paper {number}\n\nHall {number}.\n")

    async def told(counts: dict[str, object]) -> bool:
        return not counts.get("new")

    with pytest.raises(Conflict, match="cancelled"):
        await service.sources.sync("papers", told=told)
    before = len(await names(service.bench))
    assert 0 < before < 45
    counts = await service.sources.sync("papers")
    assert counts["new"] == 45 - before


async def test_file_without_a_readable_name_is_counted_and_harms_none(service: Service, folder: Path) -> None:
    (folder / os.fsdecode(b"caf\xe9.md")).write_text("# Coffee\n\nIn hall 3.\n")
    (folder / "line\nbreak.md").write_text("# Line\n\nIn hall 4.\n")
    counts = await service.sources.sync("papers")
    assert (counts["new"], counts["failed"]) == (5, 2)


async def test_every_kind_of_place_ends_in_passages(bench: Bench, spec: Spec, ring: KeyRing, tmp_path: Path) -> None:
    """A bucket, a page and a mailbox, from their servers to a search."""
    page = web.Application()

    async def roof(_: web.Request) -> web.Response:
        return web.Response(text="<h1>Roof</h1><p>The roof leaks.</p>", content_type="text/html")

    page.router.add_get("/roof", roof)
    runner = web.AppRunner(page, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with S3Simulator() as s3, ImapSimulator(tmp_path) as imap:
        s3.objects = {"cellar.md": b"# Cellar\n\nThe cellar is dry.\n"}
        imap.messages = {4: b"Message-ID: <4@x>\r\nSubject: Attic\r\n\r\nThe attic is warm.\r\n"}
        bucket = Bucket("papers", endpoint=s3.url, access_key_id="AKSIM", secret_access_key=Secret("s3-secret"))
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/roof"
        site = Web([url], guard=Guard(["127.0.0.1"]), robots=False)
        mailbox = Mailbox(
            "127.0.0.1", user=USER, password=Secret(PASSWORD), port=imap.port, ca_file=imap.ca_file, timeout_s=10
        )
        places: dict[str, Place] = {"bucket": bucket, "site": site, "mail": mailbox}
        specs = [replace(spec, name=name, place=place) for name, place in places.items()]
        async with open_service(bench, ring, specs) as made:
            for name in places:
                assert (await made.sources.sync(name))["new"] == 1
                again = await made.sources.sync(name)
                assert (again["unchanged"], again.get("new", 0)) == (1, 0)
            del s3.objects["cellar.md"]
            assert (await made.sources.sync("bucket", Wish(confirmed=True)))["removed"] == 1
    await runner.cleanup()
    found = [one.text for one in await bench.search("roof, attic, cellar", HANA)]
    assert sum("roof leaks" in text or "attic is warm" in text for text in found) == 2
    assert not any("cellar" in text for text in found)
