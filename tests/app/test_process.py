"""A real process through the worst: killed under load, its database taken away, asked to run on a newer schema."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import signal
import time
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest

from gateway.cli.setup import _address
from gateway.store.embedded import EmbeddedServer
from tests.apart import run_sql
from tests.app.conftest import Process
from tests.cli.conftest import run_command

BODY = {"model": "bench", "messages": [{"role": "user", "content": "Mail jane.roe@example.com, please."}]}


async def load(process: Process, writers: int, acknowledged: list[str], *, until: float) -> None:
    """Ask as fast as it answers, noting the request id of every complete answer, until it dies or time ends."""

    async def one(client: httpx.AsyncClient, stream: bool) -> None:
        while loop.time() < deadline:
            try:
                answer = await client.post("/v1/chat/completions", json={**BODY, "stream": stream})
            except httpx.TransportError:
                return
            if answer.status_code == 200 and (not stream or answer.text.rstrip().endswith("[DONE]")):
                acknowledged.append(answer.headers["x-gateway-request-id"])

    loop = asyncio.get_running_loop()
    deadline = loop.time() + until
    async with httpx.AsyncClient(base_url=process.url, headers=process.headers, timeout=60) as client:
        await asyncio.gather(*(one(client, bool(n % 2)) for n in range(writers)))


@pytest.mark.slow
async def test_kill_9_under_load_loses_and_invents_nothing(process: Process) -> None:
    acknowledged: list[str] = []
    for round_ in range(1, 4):
        process.start()
        working = asyncio.ensure_future(load(process, 8, acknowledged, until=120))
        while len(acknowledged) < 10 * round_ and not working.done():  # noqa: ASYNC110 - answers come when they come
            await asyncio.sleep(0.02)
        await asyncio.sleep(random.random())
        await asyncio.to_thread(process.kill)
        await working
    assert len(acknowledged) >= 30
    verified = await asyncio.to_thread(run_command, "audit", "verify", "--config", str(process.folder), "--json")
    assert verified.code == 0, verified.out
    assert json.loads(verified.out)["faults_total"] == 0
    kinds = await asyncio.to_thread(_kinds, process)
    assert all({"intent", "outcome"} <= kinds.get(request, set()) for request in acknowledged)


def _kinds(process: Process) -> dict[str, set[str]]:
    """Kinds of record by request, from the table itself."""

    async def read() -> dict[str, set[str]]:
        connection = await asyncpg.connect(server.url("gateway"))
        try:
            rows = await connection.fetch("SELECT request, kind FROM audit_log")
        finally:
            await connection.close()
        found: dict[str, set[str]] = {}
        for row in rows:
            found.setdefault(row["request"], set()).add(row["kind"])
        return found

    server = EmbeddedServer(process.folder)
    server.start()
    try:
        return asyncio.run(read())
    finally:
        server.release()


@pytest.mark.slow
async def test_without_its_database_it_refuses_and_recovers_by_itself(process: Process) -> None:
    await asyncio.to_thread(process.start)
    server = EmbeddedServer(process.folder)
    async with httpx.AsyncClient(base_url=process.url, headers=process.headers, timeout=60) as client:
        assert (await client.post("/v1/chat/completions", json=BODY)).status_code == 200
        await asyncio.to_thread(server.stop, "fast")
        for _ in range(3):
            refused = await client.post("/v1/chat/completions", json=BODY)
            assert refused.status_code == 503
            assert refused.json()["error"]["code"] in {"database_unavailable", "audit_unavailable"}
        ready = await client.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["checks"]["database"] != "ok"
        assert (await client.get("/healthz")).status_code == 200
        await asyncio.to_thread(server.start)
        for _ in range(600):
            if (await client.post("/v1/chat/completions", json=BODY)).status_code == 200:
                break
            await asyncio.sleep(0.1)
        else:
            raise AssertionError("requests do not flow again")
    verified = await asyncio.to_thread(run_command, "audit", "verify", "--config", str(process.folder))
    assert verified.code == 0, verified.out
    server.release()


@pytest.mark.slow
async def test_two_workers_acknowledge_a_policy_before_the_call_returns(process: Process) -> None:
    await asyncio.to_thread(process.start, "--workers", "2")
    async with httpx.AsyncClient(base_url=process.url, headers=process.headers, timeout=60) as client:
        for _ in range(200):
            active = (await client.get("/admin/api/policy")).json()
            files = {**active["files"]}
            files["access.csv"] += f"# {random.random()}\n"
            done = (await client.post("/admin/api/policy/activate", json={"files": files})).json()
            if len(done["acknowledged"]) >= 2:
                break
            await asyncio.sleep(0.1)
        assert len(done["acknowledged"]) == 2
        assert done["missing"] == []
        digests = {(await client.get("/readyz")).json()["policy"] for _ in range(10)}
        assert digests == {done["digest"]}


@pytest.mark.slow
def test_a_newer_schema_is_refused_with_words(process: Process) -> None:
    server = EmbeddedServer(process.folder)
    server.start()
    try:
        asyncio.run(run_sql(server.url("gateway"), "UPDATE alembic_version SET version_num = '9999'"))
        said = run_command("models", "list", "--config", str(process.folder))
    finally:
        server.release()
    assert said.code == 1
    assert "schema 9999" in said.err
    assert "hint:" in said.err


def _postgres(folder: Path) -> list[int]:
    """Processes of PostgreSQL in this data directory."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.name().startswith("postgres") and Path(process.cwd()).is_relative_to(folder.resolve()):
                found.append(process.pid)
    return found


@pytest.mark.slow
def test_sigterm_closes_the_house_and_the_first_acts_are_on_record(process: Process) -> None:
    process.start()
    assert _postgres(process.folder)
    asked = httpx.post(f"{process.url}/v1/chat/completions", json=BODY, headers=process.headers, timeout=60)
    assert asked.status_code == 200
    child = process.children[-1]
    child.send_signal(signal.SIGTERM)
    assert child.wait(120) == 0
    assert child.stderr is not None
    assert child.stderr.read() == ""
    assert not _postgres(process.folder)
    said = run_command("audit", "verify", "--config", str(process.folder), "--json")
    assert said.code == 0, said.out
    report = json.loads(said.out)
    # `init` wrote one stream, `serve` another; the third is that of `audit verify` itself.
    assert sorted(stream["state"] for stream in report["streams"]) == ["closed", "closed", "live"]
    assert report["unfinished_total"] == 0
    shown = run_command(
        "audit", "show", "--limit", "100", "--reason", "a test", "--config", str(process.folder), "--json"
    )
    acts = [
        (record["kind"], record["action"])
        for record in reversed(json.loads(shown.out)["records"])
        if record.get("action") in ("key.create", "policy.activate")
    ]
    assert acts == [
        ("intent", "key.create"),
        ("outcome", "key.create"),
        ("intent", "policy.activate"),
        ("outcome", "policy.activate"),
    ]


@pytest.mark.slow
def test_sigterm_while_it_opens_leaves_nothing_running(process: Process) -> None:
    for wait in (0, 0.2, 0.4):
        child = process.spawn("-m", "gateway", "serve", "--config", str(process.folder), "--port", "0")
        while not _postgres(process.folder):
            assert child.poll() is None
            time.sleep(0.005)
        time.sleep(wait)
        child.send_signal(signal.SIGTERM)
        assert child.wait(120) == 0
        assert not _postgres(process.folder), f"{wait} s after the database came up"


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_house_that_cannot_open_ends_the_command_with_words(process: Process, workers: str) -> None:
    entry = {"name": "auto", "provider": "openai", "zone": "local", "base_url": "http://127.0.0.1:9/v1"}
    (process.folder / "gateway.yaml").write_text(json.dumps({"models": [entry], "ollama": {"discover": False}}))
    child = process.spawn(
        "-m", "gateway", "serve", "--config", str(process.folder), "--port", "0", "--workers", workers
    )
    _, said = child.communicate(timeout=120)
    assert child.returncode == 2, said
    assert "the name is reserved" in said
    assert "listens" not in said
    assert not _postgres(process.folder)


@pytest.mark.slow
def test_workers_that_cannot_start_end_the_command_as_failed(process: Process) -> None:
    entry = {"name": "auto", "provider": "openai", "zone": "local", "base_url": "http://127.0.0.1:9/v1"}
    (process.folder / "gateway.yaml").write_text(json.dumps({"models": [entry], "ollama": {"discover": False}}))
    # The look at everything beforehand is left out, as if something had gone wrong since.
    code = (
        "import sys, gateway.cli.setup as setup; setup._try_house = lambda settings: None;"
        "from gateway.cli import app; from gateway.cli.failing import guarded; sys.exit(guarded(app))"
    )
    child = process.spawn("-c", code, "serve", "--config", str(process.folder), "--port", "0", "--workers", "2")
    _, said = child.communicate(timeout=120)
    assert child.returncode == 1, said
    assert "error: a server process could not start" in said
    assert not _postgres(process.folder)


@pytest.mark.parametrize(
    ("host", "url"), [("127.0.0.1", "http://127.0.0.1:80"), ("::1", "http://[::1]:80"), ("box", "http://box:80")]
)
def test_the_address_printed_can_be_opened(host: str, url: str) -> None:
    assert _address(host, 80) == url
