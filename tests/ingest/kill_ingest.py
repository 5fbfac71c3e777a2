"""Workers killed with kill -9 while they ingest, and what is there in the end: every document once, in a sound log.

    python -m tests.ingest.kill_ingest --files 10000 --kills 3

The files are uploaded as jobs; `gateway work` runs as a process of its own, is killed at random moments and started
again. Exit code 1 when anything is missing, doubled or not verified. A short run of it is part of the tests.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from gateway.app.house import House, open_house
from gateway.cli.root import OPERATOR
from gateway.crypto import KeyRing
from gateway.ingest import Delivery
from gateway.settings import Database, Ingest, Ollama, Redaction, Settings
from gateway.store.embedded import EmbeddedServer
from tests.apart import run_sql

ROOT = Path(__file__).parents[2]
JOB = 500
"""Files in one upload."""
FIRST = ["Anna", "Ben", "Clara", "David", "Emma", "Felix", "Greta", "Henry", "Ida", "Jonas", "Karla", "Leo"]
LAST = ["Weber", "Fischer", "Novak", "Rossi", "Silva", "Jansen", "Keller", "Moreau", "Lindqvist", "Okafor"]
WORDS = [
    "contract",
    "budget",
    "review",
    "holiday",
    "safety",
    "pump",
    "valve",
    "invoice",
    "meeting",
    "order",
    "delivery",
    "project",
    "engineer",
    "plan",
]
_DONE = "SELECT count(*)::int FROM ingest_parts WHERE state = 'done'"


def note(number: int) -> bytes:
    """A small file with invented people in it."""
    dice = random.Random(number)
    lines = [f"Note {number}", ""]
    for _ in range(3):
        words = " ".join(dice.choice(WORDS) for _ in range(9))
        lines.append(f"{dice.choice(FIRST)} {dice.choice(LAST)} wrote about {words}.")
    return "\n".join(lines).encode()


def settings_for(folder: Path, url: str, stalled_s: float) -> Settings:
    return Settings(
        data_dir=folder,
        database=Database(url=SecretStr(url)),
        ollama=Ollama(discover=False),
        redaction=Redaction(timeout_s=60),
        ingest=Ingest(stalled_s=stalled_s),
    )


class Workers:
    """`gateway work` as processes."""

    def __init__(self, folder: Path, url: str, stalled_s: float, count: int) -> None:
        self._folder = folder
        self._count = count
        self._environment = {
            **os.environ,
            "GATEWAY_DATABASE__URL": url,
            "GATEWAY_OLLAMA__DISCOVER": "false",
            "GATEWAY_REDACTION__TIMEOUT_S": "60",
            "GATEWAY_INGEST__STALLED_S": str(stalled_s),
        }
        self._running: list[asyncio.subprocess.Process] = []

    async def start(self) -> None:
        for _ in range(self._count - len(self._running)):
            self._running.append(
                await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "gateway", "work", "--workers", "2"),
                    *("--config", str(self._folder / "gateway.yaml")),
                    cwd=ROOT,
                    env=self._environment,
                    stderr=asyncio.subprocess.DEVNULL,
                )
            )

    async def kill(self) -> None:
        """One of them, without a word."""
        victim = self._running.pop(random.randrange(len(self._running)))
        victim.send_signal(signal.SIGKILL)
        await victim.wait()

    async def stop(self) -> None:
        for process in self._running:
            process.send_signal(signal.SIGTERM)
        await asyncio.gather(*(process.wait() for process in self._running))


async def trial(
    folder: Path, url: str, *, files: int, kills: int, workers: int = 1, stalled_s: float = 2.0, say: Any = None
) -> dict[str, Any]:
    """Upload, ingest, kill, and look. Everything it found out, `complete` in the first place."""
    (folder / "keys").mkdir(parents=True, exist_ok=True)
    KeyRing.create(folder / "keys" / "keyring.json")
    (folder / "gateway.yaml").write_text("server:\n  port: 8080\n")
    tell = say or (lambda _: None)
    async with open_house(settings_for(folder, url, stalled_s), warm=False) as house:
        jobs = [await _upload(house, range(at, min(at + JOB, files))) for at in range(0, files, JOB)]
        tell(f"{files} files wait in {len(jobs)} jobs")
        crew = Workers(folder, url, stalled_s, workers)
        marks = sorted(random.uniform(0.02, 0.7) * files for _ in range(kills))
        started, done = time.monotonic(), 0
        await crew.start()
        try:
            while not await _all_ended(house, jobs):
                await asyncio.sleep(0.1)
                done = await house.store.fetchval(_DONE)
                if marks and done >= marks[0]:
                    await asyncio.sleep(random.uniform(0, 0.5))
                    await crew.kill()
                    tell(f"killed one after {await house.store.fetchval(_DONE)} files")
                    marks.pop(0)
                    await crew.start()
        finally:
            await crew.stop()
        took = time.monotonic() - started
        found = await _look(house, files)
    found.update(files=files, kills=kills - len(marks), seconds=round(took, 1), files_per_s=round(files / took, 1))
    return found


async def _upload(house: House, numbers: range) -> str:
    made = await house.service.jobs.create(
        OPERATOR, [Delivery(note(n), f"{n}.txt", "notes", label="internal") for n in numbers]
    )
    return str(made["id"])


async def _all_ended(house: House, jobs: list[str]) -> bool:
    left = await house.store.fetchval("SELECT count(*) FROM ingest_jobs WHERE id = ANY($1) AND ended_at IS NULL", jobs)
    return bool(left == 0)


async def _look(house: House, files: int) -> dict[str, Any]:
    keys = {bytes(row["source_key"]) for row in await house.store.fetch("SELECT source_key FROM documents")}
    expected = {house.index.source_key(OPERATOR.tenant, f"{n}.txt") for n in range(files)}
    documents = await house.store.fetchval("SELECT count(*)::int FROM documents")
    chunks = await house.store.fetchval("SELECT count(*)::int FROM chunks")
    counted = await house.store.fetchval("SELECT coalesce(sum(chunks), 0)::int FROM documents")
    states = {
        row["state"]: row["n"]
        for row in await house.store.fetch("SELECT state, count(*)::int AS n FROM ingest_parts GROUP BY state")
    }
    left = await house.store.fetchval("SELECT count(*)::int FROM procrastinate.procrastinate_jobs")
    sealed = await house.store.fetchval("SELECT count(*)::int FROM ingest_parts WHERE file IS NOT NULL")
    report = await house.log.verify("kill", OPERATOR, with_keys=True)
    complete = (
        keys == expected
        and documents == len(expected)
        and chunks == counted
        and states == {"done": files}
        and left == sealed == 0
        and report.ok
    )
    return {
        "complete": complete,
        "documents": documents,
        "missing": len(expected - keys),
        "doubled": documents - len(keys),
        "chunks": chunks,
        "parts": states,
        "left_in_queue": left,
        "files_still_sealed": sealed,
        "log_verifies": report.ok,
        "records": report.records,
        "intents_without_outcome": report.unfinished_total,
    }


async def main(files: int, kills: int, workers: int, url: str | None) -> int:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gateway-kill-")))
        if url is None:
            server = EmbeddedServer(folder / "db")
            server.start()
            stack.callback(server.release)
            await run_sql(server.url("postgres"), "CREATE DATABASE kill")
            url = server.url("kill")
        found = await trial(
            folder / "data",
            url,
            files=files,
            kills=kills,
            workers=workers,
            say=lambda text: print(text, file=sys.stderr, flush=True),
        )
    print(json.dumps(found, indent=2))
    return 0 if found["complete"] else 1


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--files", type=int, default=10_000)
    words.add_argument("--kills", type=int, default=3)
    words.add_argument("--workers", type=int, default=1, help="processes at a time")
    words.add_argument("--url", help="an empty database; default: an embedded server")
    given = words.parse_args()
    sys.exit(asyncio.run(main(given.files, given.kills, given.workers, given.url)))
