"""A gateway and a mock upstream as processes of their own, measured from outside."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import yaml

from gateway.errors import Broken
from gateway.model import Json

POLL_S = 0.02
PATIENCE_S = 60.0
SETTLE_S = 2.0


@dataclass(frozen=True, slots=True)
class Served:
    """One running gateway. `key` is its admin key, which may use every model."""

    url: str
    key: str
    pid: int
    ready_s: float
    """From starting the process until /readyz said yes."""


@contextlib.asynccontextmanager
async def upstream(tokens: int = 32) -> AsyncIterator[str]:
    """The mock upstream's base URL, in the OpenAI client's sense."""
    process = await _start("-m", "gateway.cli.bench.upstream", "--port", "0", "--tokens", str(tokens))
    try:
        line = await asyncio.wait_for(_line(process.stdout), PATIENCE_S)
        yield line.split()[-1]
    finally:
        await _stop(process)


@contextlib.asynccontextmanager
async def serving(folder: Path, upstream_url: str) -> AsyncIterator[Served]:
    """A gateway over a prepared data directory, with one local model `bench` behind it."""
    config = folder / "gateway.yaml"
    model: Json = {"name": "bench", "provider": "openai", "zone": "local", "base_url": upstream_url, "context": 128000}
    config.write_text(yaml.safe_dump({"models": [model], "ollama": {"discover": False}}), "utf-8")
    began = time.perf_counter()
    process = await _start("-m", "gateway", "serve", "--config", str(config), "--port", "0")
    try:
        line = await asyncio.wait_for(_line(process.stderr), PATIENCE_S)
        url = next((word for word in line.split() if word.startswith("http://")), "")
        if not url:
            raise Broken(f"the gateway to be measured did not start: {line.strip()}")
        await _ready(url)
        ready = time.perf_counter() - began
        key = (folder / "keys" / "admin.key").read_text("utf-8").strip()
        yield Served(url, key, process.pid, ready)
    finally:
        await _stop(process)


def memory_mb(pid: int) -> float:
    """Resident memory of one process, in MiB (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise Broken("this system does not tell a process's memory")


async def _ready(url: str) -> None:
    until = time.monotonic() + PATIENCE_S
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < until:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"{url}/readyz") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(POLL_S)
    raise Broken("the gateway to be measured did not become ready")


async def _start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


async def _line(stream: asyncio.StreamReader | None) -> str:
    return (await stream.readline()).decode() if stream is not None else ""


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 15)
        except TimeoutError:
            process.kill()
            await process.wait()
