"""A running gateway between callers and upstreams that answer each request as its own conversation wants it."""

from __future__ import annotations

import asyncio
import contextvars
import json
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
from aiohttp import web

from gateway.cli.root import OPERATOR
from gateway.redaction import Redaction
from tests.simulators import Behaviour, OpenAISimulator
from tests.simulators.behaviour import Received, Script
from tests.world import World

T = TypeVar("T")
Answering = Callable[[dict[str, Any]], Behaviour]
TIMEOUT_S = 120.0
MARK = "talk-"


@dataclass(frozen=True, slots=True)
class Cut(Behaviour):
    """An answer whose stream is cut anywhere."""

    seed: int = 0

    def chunks(self, request: Any) -> list[str]:
        """The text in pieces of one character to twelve."""
        text, chance = self.answer(request), random.Random(self.seed)
        pieces = []
        while text:
            size = chance.choice((1, 1, 2, 3, 5, 12))
            pieces.append(text[:size])
            text = text[size:]
        return pieces


@dataclass(slots=True)
class Said:
    """What a caller got."""

    status: int
    text: str
    """Every byte of it, decoded."""
    content: str = ""
    arguments: list[str] = field(default_factory=list)
    gateway: dict[str, Any] = field(default_factory=dict)
    error: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    """The JSON of an answer that was not streamed."""


class Field:
    """Callers, the gateway, and upstreams whose every received byte is kept by conversation."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.received: dict[str, list[bytes]] = {}
        self.went: dict[str, set[str]] = {}
        """Base URLs that each conversation reached."""
        self._answers: dict[str, Answering] = {}
        self._current: contextvars.ContextVar[Received | None] = contextvars.ContextVar("received", default=None)
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S)
        self._count = 0
        self._brought: list[tuple[str, str]] = []
        self._there_before = frozenset(asyncio.run_coroutine_threadsafe(self._collections(), world.loop).result(60))
        self._before: list[tuple[OpenAISimulator, Script]] = []
        for upstream in (world.local, world.cloud):
            self._take_over(upstream)

    async def _collections(self) -> list[str]:
        return list(await self.world.house.index.known_collections("default"))

    async def close(self) -> None:
        """Hang up, and leave the upstreams as they were."""
        await self._client.aclose()
        for upstream, script in self._before:
            upstream._script = script
            del upstream.receive

    def _take_over(self, upstream: OpenAISimulator) -> None:
        receive, current = upstream.receive, self._current
        self._before.append((upstream, upstream._script))

        async def remembering(request: web.Request) -> Received:
            received = await receive(request)
            upstream.requests.remove(received)
            self.received.setdefault(_mark(received), []).append(received.body)
            self.went.setdefault(_mark(received), set()).add(upstream.url)
            current.set(received)
            return received

        field_ = self

        class Asked(Script):
            """Answers by what the conversation of the request under way asked for."""

            def take(self) -> Behaviour:
                received = current.get()
                answer = field_._answers.get(_mark(received)) if received else None
                return answer(received.json) if answer and received else Behaviour()

        upstream.receive = remembering  # type: ignore[method-assign]
        upstream._script = Asked()

    async def there(self, work: Coroutine[Any, Any, T]) -> T:
        """Something done on the gateway's own event loop."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.world.loop))

    async def redact(self, texts: list[str], tenant: str = "default") -> list[Redaction]:
        """What the gateway's own redactor makes of the texts of one request."""
        house = self.world.house
        return await self.there(house.redactor.redact(texts, house.current.bundle.privacy, tenant))

    def mark(self) -> str:
        """A name for one conversation."""
        self._count += 1
        return f"{MARK}{self._count}"

    async def ask(
        self, who: str, messages: list[dict[str, Any]], answer: Answering | Behaviour, mark: str = "", **more: Any
    ) -> tuple[Said, bytes]:
        """A chat request; what came back, and every byte that any upstream received for it."""
        mark = mark or self.mark()
        self._answers[mark] = answer if callable(answer) else lambda _: answer
        body = {"model": "auto", "user": mark, "messages": messages, **more}
        said = await self.post(who, "/v1/chat/completions", body)
        return said, b"\n".join(self.received.get(mark, []))

    async def post(self, who: str, path: str, body: dict[str, Any]) -> Said:
        """One request, put together again when it was streamed."""
        headers = self.world.headers(who)
        done = await self._client.post(self.world.url + path, headers=headers, json=body)
        said = Said(done.status_code, done.text)
        if done.headers.get("content-type", "").startswith("text/event-stream"):
            _read_stream(said)
        else:
            _read_whole(said, done.json())
        return said

    async def upload(self, who: str, collection: str, name: str, label: str, text: str) -> Said:
        """A document brought in over HTTP."""
        place = f"{self.world.url}/v1/collections/{collection}/documents"
        headers = self.world.headers(who)
        done = await self._client.post(
            place, headers=headers, params={"name": name, "label": label}, content=text.encode()
        )
        if done.status_code == 201:
            document = done.json()["id"]
            self._brought.append((collection, document))
            if done.json()["state"] == "quarantined":
                # Let in as by an administrator who was fooled: the walls behind the quarantine are looked at here.
                release = f"{self.world.url}/v1/quarantine/{document}/release"
                await self._client.post(release, headers=self.world.headers("root"))
        return Said(done.status_code, done.text)

    async def clear(self) -> None:
        """Take every document away again, and collections that were made for them."""
        house = self.world.house
        for collection, document in dict.fromkeys(self._brought):
            # Below the doors: nobody in the policy may read everywhere and delete.
            await self.there(house.index.delete_document("default", collection, document))
            await self.there(house.vault.leave("default", document))
        for collection in {collection for collection, _ in self._brought} - self._there_before:
            await self.there(house.ingest.remove_collection(OPERATOR, collection))

    async def page(self, path: str, token: str) -> str:
        """A page behind a token."""
        return (await self._client.get(self.world.url + path, headers={"authorization": f"Bearer {token}"})).text


def _mark(received: Received | None) -> str:
    try:
        user = received.json.get("user") if received else ""
    except ValueError:
        return ""
    return user if isinstance(user, str) else ""


def _read_whole(said: Said, answer: Any) -> None:
    if not isinstance(answer, dict):
        return
    said.body = answer
    said.error = answer.get("error") or {}
    said.gateway = answer.get("gateway") or {}
    for choice in answer.get("choices") or []:
        message = choice["message"]
        said.content += message.get("content") or ""
        said.arguments += [call["function"]["arguments"] for call in message.get("tool_calls") or []]


def _read_stream(said: Said) -> None:
    arguments: dict[int, str] = {}
    for line in said.text.splitlines():
        if not line.startswith("data: {"):
            continue
        event = json.loads(line[6:])
        said.error = event.get("error") or said.error
        said.gateway = event.get("gateway") or said.gateway
        for choice in event.get("choices") or []:
            said.content += choice["delta"].get("content") or ""
            for call in choice["delta"].get("tool_calls") or []:
                at = call.get("index", 0)
                arguments[at] = arguments.get(at, "") + (call["function"].get("arguments") or "")
    said.arguments = [arguments[at] for at in sorted(arguments)]
