"""A gateway as a process of its own, on its own embedded database, with a simulated upstream."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import yaml

from gateway.store.embedded import EmbeddedServer
from tests.cli.conftest import run_command
from tests.retrieval import models

UPSTREAM = Path(__file__).resolve().parents[2] / "gateway" / "cli" / "bench" / "upstream.py"


@dataclass
class Process:
    """`gateway serve` over `folder`; started, killed and started again by tests."""

    folder: Path
    children: list[subprocess.Popen[str]] = field(default_factory=list)
    url: str = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": "Bearer " + (self.folder / "keys" / "admin.key").read_text().strip()}

    def start(self, *words: str) -> float:
        """Start and wait until ready; seconds it took."""
        began = time.monotonic()
        child = self.spawn("-m", "gateway", "serve", "--config", str(self.folder), "--port", "0", *words)
        assert child.stderr is not None
        line = child.stderr.readline()
        assert "listens on" in line, line
        self.url = next(word for word in line.split() if word.startswith("http://"))
        for _ in range(6000):
            try:
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return time.monotonic() - began
            except httpx.TransportError:
                pass
            time.sleep(0.02)
        raise AssertionError("the gateway did not become ready")

    def spawn(self, *words: str) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, *words],
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
        self.children.append(child)
        return child

    def end(self, child: subprocess.Popen[str], how: int = signal.SIGTERM) -> None:
        """Signal the process and its workers, and wait until they are gone."""
        if child.poll() is None:
            if how == signal.SIGKILL:
                os.killpg(child.pid, how)
            else:
                child.send_signal(how)
        child.wait(120)
        for stream in (child.stdout, child.stderr):
            if stream is not None:
                stream.close()

    def kill(self) -> None:
        """Kill -9 of the gateway, the newest child."""
        self.end(self.children.pop(), signal.SIGKILL)

    def stop(self) -> None:
        """An orderly end."""
        self.end(self.children.pop())


@pytest.fixture(scope="session")
def prepared() -> Iterator[Path]:
    """A folder made by `gateway init`, its database stopped; to be copied, never used."""
    # Not below pytest's own folder: another run of pytest would close that to the database's account.
    place = Path(tempfile.mkdtemp(prefix="gateway-process-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATEWAY_OLLAMA__DISCOVER", "false")
        made = run_command("init", str(place / "data"))
    assert made.code == 0, made.err
    assert EmbeddedServer(place / "data").pid() is None
    models.place(place / "data" / "cache")
    yield place / "data"
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def process(prepared: Path) -> Iterator[Process]:
    place = Path(tempfile.mkdtemp(prefix="gateway-process-"))
    folder = place / "data"
    subprocess.run(["cp", "-a", str(prepared), str(folder)], check=True)
    process = Process(folder)
    upstream = process.spawn(str(UPSTREAM), "--port", "0", "--tokens", "8")
    assert upstream.stdout is not None
    url = upstream.stdout.readline().split()[-1]
    model = {"name": "bench", "provider": "openai", "zone": "local", "base_url": url}
    (folder / "gateway.yaml").write_text(yaml.safe_dump({"models": [model], "ollama": {"discover": False}}))
    try:
        yield process
    finally:
        for child in reversed(process.children):
            process.end(child, signal.SIGKILL if child is not upstream else signal.SIGTERM)
        EmbeddedServer(folder).stop("immediate")
        shutil.rmtree(place, ignore_errors=True)
