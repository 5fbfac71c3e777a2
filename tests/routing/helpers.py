"""Values that routing's tests build on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from gateway.crypto.secret import Secret
from gateway.model import Call, Model, Passage, RoutingPolicy, Zone
from gateway.routing import Timeouts
from gateway.routing.providers.http import Http
from gateway.routing.providers.openai_wire import OpenAIWire

SOON = Timeouts(connect_s=1.0, first_byte_s=0.4, idle_s=0.4, whole_s=0.4)
PATIENT = Timeouts()
SECRET = "sk-very-secret-value-123"
PROMPT = "the launch code is marmalade"
EVERY_ZONE = frozenset(Zone)
POLICY = RoutingPolicy(labels=("public", "internal"), zones={"public": EVERY_ZONE, "internal": EVERY_ZONE})


def noon() -> datetime:
    return datetime(2026, 1, 1, 12, tzinfo=UTC)


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def model(name: str = "small", **changes: Any) -> Model:
    values: dict[str, Any] = {
        "provider": "openai",
        "target": "sim-1",
        "zone": Zone.LOCAL,
        "base_url": "http://127.0.0.1:9",
    }
    return Model(**{"name": name, **values, **changes})


def call(*, stream: bool = False, text: str = PROMPT, passages: tuple[Passage, ...] = (), **body: Any) -> Call:
    messages = [{"role": "user", "content": text}]
    return Call({"messages": messages, **body}, stream, text, passages)


def passage(text: str, number: int = 1) -> Passage:
    return Passage(
        id=f"p{number}",
        document=f"d{number}",
        title=f"Document {number}",
        source=f"{number}.md",
        collection="handbook",
        label="internal",
        tenant="default",
        allow=("*",),
        deny=(),
        ordinal=0,
        page=None,
        start=0,
        end=len(text),
        text=text,
        score=1.0 / number,
    )


@asynccontextmanager
async def wire(**options: Any) -> AsyncIterator[OpenAIWire]:
    """A provider with the secret for model `small`, its session closed in the end."""
    http = Http()
    try:
        yield OpenAIWire(http, {"small": Secret(SECRET)}, **options)
    finally:
        await http.close()


def text_of(chunks: list[dict[str, Any]]) -> str:
    return "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks if c["choices"])
