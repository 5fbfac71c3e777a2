"""Workers that write the log are killed at random moments, and what they were told is held against what is there.

`make kill-loop ARGS="--kills 200 --workers 4"`; tests/audit/test_durability.py runs a short one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

from gateway.audit import State, check
from gateway.audit.sealer import Sealer
from gateway.crypto import KeyRing
from gateway.store import Store
from tests.audit.support import idle, now, own_server

WRITERS = 16
LONGEST_S = 0.5
"""A worker lives up to so long after its first record; every fourth is killed while it starts."""


@dataclass
class Worker:
    """One process, and the ids that it was told are durable."""

    name: str
    process: subprocess.Popen[bytes]
    told: list[str] = field(default_factory=list)
    first: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def start(cls, url: str, ring_file: Path, name: str) -> Worker:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.audit.appender", url, str(ring_file), name, str(WRITERS)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        worker = cls(name, process)
        worker._reader = threading.Thread(target=worker._read, daemon=True)
        worker._reader.start()
        return worker

    _reader: threading.Thread = field(init=False, repr=False)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            # A line cut by the kill was acknowledged all the same, but nobody read it whole.
            if line.endswith(b"\n"):
                self.told.append(line.decode().strip())
                self.first.set()
        self.first.set()

    def kill(self) -> None:
        """SIGKILL, and read what it had said before."""
        assert self.process.poll() is None, f"worker {self.name} ended by itself"
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(60)
        self._reader.join(60)
        assert self.process.stdout is not None
        self.process.stdout.close()


@dataclass
class Figures:
    """What came of it."""

    kills: int
    workers: int
    acknowledged: int
    written: int
    streams: int
    sealed: int
    seconds: float


def murder(url: str, ring_file: Path, kills: int, workers: int, chance: random.Random) -> list[Worker]:
    """Keep so many workers going, and kill one after the other, each at a random moment of its life."""
    started = 0

    def another() -> Worker:
        nonlocal started
        started += 1
        return Worker.start(url, ring_file, f"w{started}")

    alive = [another() for _ in range(workers)]
    dead: list[Worker] = []
    while len(dead) < kills:
        victim = alive.pop(chance.randrange(len(alive)))
        if chance.random() < 0.25:
            time.sleep(chance.uniform(0, LONGEST_S))
        else:
            assert victim.first.wait(120), f"worker {victim.name} never wrote"
            time.sleep(chance.uniform(0, LONGEST_S))
        victim.kill()
        dead.append(victim)
        alive.append(another())
    for worker in alive:
        worker.kill()
    return dead + alive


async def judge(store: Store, ring: KeyRing, all_of_them: list[Worker]) -> tuple[int, int, int, int]:
    """Raise AssertionError unless all that was acknowledged is there, nothing else, and the log verifies.

    Returns how many records were acknowledged, how many there are, streams, and records under a signed checkpoint.
    """
    found = await store.fetch("SELECT request FROM audit_log WHERE kind <> 'end'")
    written = Counter(row["request"] for row in found)
    told = {request for worker in all_of_them for request in worker.told}
    assert not told - written.keys(), "acknowledged and not there"
    assert set(written.values()) <= {1}, "written twice"
    last: dict[tuple[str, int], int] = {}
    for request in told:
        name, writer, n = request.split("-")
        last[name, int(writer)] = max(last.get((name, int(writer)), -1), int(n))
    names = {worker.name for worker in all_of_them}
    for request in written.keys() - told:
        name, writer, n = request.split("-")
        assert name in names
        # Each writer waits for its answer, so only one more can have been on its way (two: told and not printed).
        assert int(n) <= last.get((name, int(writer)), -1) + 2, "there and never asked for"
    async with store.acquire() as connection:
        await idle(connection)
    sealer = Sealer(store, ring, now)
    connection = await store.connect()
    try:
        sealed = await sealer.once(connection)
    finally:
        await connection.close()
    assert sealed is not None, sealer.problem
    report = await check(store, ring, key=sealer.key)
    assert report.ok, report.faults[:10]
    assert {stream.state for stream in report.streams} <= {State.CUT}
    assert report.tree is not None
    return len(told), len(written), len(report.streams), report.tree.signed


async def loop(store: Store, url: str, ring_file: Path, kills: int, workers: int, chance: random.Random) -> Figures:
    """Kill and judge."""
    begun = time.monotonic()
    all_of_them = await asyncio.to_thread(murder, url, ring_file, kills, workers, chance)
    figures = await judge(store, KeyRing.load(ring_file), all_of_them)
    return Figures(len(all_of_them), workers, *figures, round(time.monotonic() - begun, 1))


async def main(kills: int, workers: int, seed: int) -> None:
    """The long form, over a server of its own."""
    with tempfile.TemporaryDirectory() as folder:
        ring_file = Path(folder) / "ring.json"
        KeyRing.create(ring_file)
        async with own_server() as store:
            assert store.server is not None
            url = store.server.url("gateway")
            figures = await loop(store, url, ring_file, kills, workers, random.Random(seed))
    print(json.dumps({"seed": seed, **asdict(figures)}, indent=2))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    asked = parser.parse_args()
    asyncio.run(main(asked.kills, asked.workers, asked.seed))
