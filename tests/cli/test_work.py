"""`gateway work`, `gateway source …` and `gateway ingest --watch`, as a person runs them."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.app.house import open_house
from gateway.cli.root import OPERATOR
from gateway.crypto import KeyRing
from gateway.ingest import Delivery
from gateway.settings import load
from gateway.store.embedded import EmbeddedServer
from tests.apart import run_apart, run_sql
from tests.cli.conftest import Said, run_command
from tests.ingest.service import until

ROOT = Path(__file__).parents[2]
CONFIG = """
ollama: {discover: false}
ingest: {stalled_s: 2}
sources:
  - {name: papers, kind: folder, path: papers, collection: papers, label: internal, roles: [admin], every_s: 0}
  - {name: away, kind: folder, path: nowhere, collection: papers, roles: [admin], every_s: 0}
"""


@pytest.fixture
def place(server: EmbeddedServer, template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory with a folder of papers that is a source."""
    name = f"work_{secrets.token_hex(6)}"
    run_apart(run_sql(server.url("postgres"), f"CREATE DATABASE {name} TEMPLATE {template}"))
    monkeypatch.setenv("GATEWAY_DATABASE__URL", server.url(name))
    (tmp_path / "gateway.yaml").write_text(CONFIG)
    (tmp_path / "keys").mkdir()
    KeyRing.create(tmp_path / "keys" / "keyring.json")
    (tmp_path / "papers").mkdir()
    for number in range(3):
        (tmp_path / "papers" / f"{number}.md").write_text(f"# Paper {number}\n\nHall {number} is closed.\n")
    return tmp_path


def gateway(place: Path, *words: str) -> Said:
    return run_command(*words, "--config", str(place))


def test_source_from_the_command_line(place: Path) -> None:
    listed = gateway(place, "source", "list")
    assert "papers" in listed.out
    assert "never ran" in listed.out
    first = gateway(place, "source", "sync", "papers")
    assert (first.code, first.out.strip()) == (0, "3 new")
    (place / "papers" / "0.md").unlink()
    again = json.loads(gateway(place, "source", "sync", "papers", "--json").out)
    assert (again["unchanged"], again["removed"]) == (2, 1)
    shown = json.loads(gateway(place, "source", "show", "papers", "--json").out)
    assert (shown["documents"], shown["acts_as"], shown["roles"]) == (2, "source:papers", ["admin"])
    for path in (place / "papers").iterdir():
        path.unlink()
    held = gateway(place, "source", "sync", "papers")
    assert held.code == 2
    assert "2 of 2 documents of source papers are gone" in held.err
    assert "gateway source sync papers --confirm" in held.err
    assert gateway(place, "source", "sync", "papers", "--confirm").out.strip() == "2 removed"
    away = gateway(place, "source", "sync", "away")
    assert (away.code, "cannot be listed" in away.err) == (1, True)
    assert "cannot be listed" in gateway(place, "source", "list").out
    assert gateway(place, "source", "sync", "nosuch").code == 1


@asynccontextmanager
async def process(*words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", *words),
        cwd=ROOT,
        env=dict(os.environ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
            await running.wait()


async def line(stream: asyncio.StreamReader | None, what: str) -> str:
    assert stream is not None
    while True:
        found = (await asyncio.wait_for(stream.readline(), 120)).decode()
        assert found, f"ended without saying {what}"
        if what in found:
            return found


async def test_a_worker_of_its_own_does_the_jobs(place: Path) -> None:
    settings = load(place / "gateway.yaml", os.environ, place).settings
    async with open_house(settings, warm=False) as house, process("work", "--config", str(place)) as worker:
        jobs = house.service.jobs
        made = await jobs.create(OPERATOR, [Delivery(b"Hall 9 is open.", "9.txt", "papers", label="internal")])
        await line(worker.stderr, "working with 1 task at a time")
        done = await until(lambda: jobs.show(OPERATOR, made["id"]), lambda job: job["ended_at"] is not None, 120)
        assert done["state"] == "done"
        worker.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(worker.wait(), 60) == 0
        assert "stopped" in await line(worker.stderr, "stopped")
        left = await house.store.fetchval("SELECT count(*) FROM procrastinate.procrastinate_workers")
        assert left == 0


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT as a terminal's child has it: a shell that runs pytest in the background ignores it, and so would ours."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


async def test_a_watched_folder_is_followed(interruptible: None, place: Path) -> None:
    words = ("ingest", str(place / "papers"), "-k", "papers", "--label", "internal", "--watch", "--config", str(place))
    async with process(*words) as watching:
        await line(watching.stderr, "watching")
        await asyncio.to_thread((place / "papers" / "new.md").write_text, "# New\n\nHall 8 opens.\n")
        assert "new.md" in await line(watching.stdout, "new.md")
        await asyncio.to_thread((place / "papers" / "1.md").write_text, "# Paper 1\n\nHall 1 opens again.\n")
        assert (await line(watching.stdout, "updated")).split() == ["updated", "1.md"]
        watching.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(watching.wait(), 60) == 130
