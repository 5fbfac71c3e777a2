"""A whole gateway in this process: real rooms, a real HTTP server, simulated upstreams, and a small company's data."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import uvicorn
from pydantic import SecretStr

from gateway.app.house import House, open_house
from gateway.app.web import application
from gateway.cli.root import OPERATOR
from gateway.crypto import KeyRing
from gateway.model import Zone
from gateway.settings import Audit, Database, ModelEntry, ModelPrice, Ollama, Redaction, Server, Settings
from tests.simulators import Behaviour, OpenAISimulator

T = TypeVar("T")

PEOPLE: dict[str, tuple[list[str], list[str]]] = {
    "hana": (["employee", "hr"], []),
    "emil": (["employee", "engineering"], []),
    "clara": (["employee", "finance", "legal"], []),
    "root": (["admin"], []),
    "ines": (["auditor"], []),
    "nobody": ([], []),
}

DOCUMENTS = (
    ("handbook", "internal", "leave.md", "# Leave\n\nEvery employee has 29 days of paid annual leave.\n"),
    (
        "hr",
        "confidential",
        "contacts.md",
        (
            "# Emergency contacts\n\nEmployee: Petra Vogel\n\nThe emergency contact of Ms Petra Vogel is Mr Anton "
            "Weiss, anton.weiss@example.org, telephone +49 30 901820.\n"
        ),
    ),
    ("finance", "confidential", "vendors.csv", "vendor,iban\nKestrel Optics,GB29 NWBK 6016 1331 9268 19\n"),
)


METRICS_TOKEN = "the-token-of-metrics"


@dataclass
class World:
    """Ask `url` with a key of `keys`; script `local` and `cloud`; reach into `house` with `run`."""

    url: str
    house: House
    local: OpenAISimulator
    cloud: OpenAISimulator
    keys: Mapping[str, str]
    loop: asyncio.AbstractEventLoop
    stop: asyncio.Event
    thread: threading.Thread

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the gateway's own event loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(170)

    def headers(self, who: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.keys[who]}"}

    def records(self, request: str) -> list[dict[str, Any]]:
        """The audit records of one request, oldest first."""
        page = self.run(self.house.log.about("test", OPERATOR, request, reason="a test", reveal=True))
        found: list[dict[str, Any]] = page["records"]
        return found

    def sent(self) -> bytes:
        """Everything that either upstream has received since `forget`."""
        return b"\n".join(r.body for upstream in (self.local, self.cloud) for r in upstream.requests)

    def forget(self) -> None:
        for upstream in (self.local, self.cloud):
            upstream.requests.clear()
            upstream.default = Behaviour()
        for model in ("house", "cloud"):
            self.house.router.health.succeeded(model)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.stop.set)
        self.thread.join(120)
        assert not self.thread.is_alive(), "the gateway did not stop"


def settings_for(folder: Path, database_url: str, local: str, cloud: str) -> Settings:
    """Two models: `house` in the local zone, `cloud` in the external one, which costs and is better."""
    return Settings(
        data_dir=folder,
        server=Server(max_body_bytes=1_000_000, metrics_token=SecretStr(METRICS_TOKEN)),
        database=Database(url=SecretStr(database_url), connect_timeout_s=60),
        ollama=Ollama(discover=False),
        redaction=Redaction(timeout_s=120),
        audit=Audit(timeout_s=60),
        models=(
            ModelEntry(name="house", provider="openai", zone=Zone.LOCAL, base_url=local, quality=0.6, context=32_000),
            ModelEntry(
                name="cloud",
                provider="openai",
                zone=Zone.EXTERNAL,
                base_url=cloud,
                api_key=SecretStr("sk-cloud-secret"),
                quality=0.9,
                context=128_000,
                price=ModelPrice(input=2.0, output=8.0),
            ),
        ),
    )


def open_world(folder: Path, database_url: str, *, documents: bool = True) -> World:
    """Start everything on a thread of its own; returns when it answers."""
    ready: Future[World] = Future()

    async def live() -> None:
        async with AsyncExitStack() as stack:
            local = await stack.enter_async_context(OpenAISimulator())
            cloud = await stack.enter_async_context(OpenAISimulator())
            settings = settings_for(folder, database_url, local.url, cloud.url)
            ring = settings.path(settings.keys.file)
            ring.parent.mkdir(parents=True, exist_ok=True)
            KeyRing.create(ring)
            house = await stack.enter_async_context(open_house(settings))
            keys = {}
            for name, (roles, groups) in PEOPLE.items():
                _, secret = await house.credentials.create("test", OPERATOR, name, roles, groups, None)
                keys[name] = secret.reveal()
            for collection, label, source, text in DOCUMENTS if documents else ():
                await house.ingest.ingest(OPERATOR, text.encode(), name=source, collection=collection, label=label)
            listening = socket.create_server(("127.0.0.1", 0))
            server = uvicorn.Server(
                uvicorn.Config(
                    application(settings, house),
                    log_level="warning",
                    access_log=False,
                    lifespan="on",
                    proxy_headers=False,
                )
            )
            serving = asyncio.ensure_future(server.serve(sockets=[listening]))
            while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.01)
            stop = asyncio.Event()
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            ready.set_result(
                World(url, house, local, cloud, keys, asyncio.get_running_loop(), stop, threading.current_thread())
            )
            await stop.wait()
            server.should_exit = True
            await serving

    def main() -> None:
        try:
            asyncio.run(live())
        except BaseException as fault:
            if not ready.done():
                ready.set_exception(fault)
            else:
                raise

    threading.Thread(target=main, name="gateway", daemon=True).start()
    return ready.result(600)
