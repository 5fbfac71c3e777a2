"""The outermost layer, with small ASGI applications inside it."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from starlette.types import Message, Receive, Scope, Send

from gateway.api.shell import SENDERS, Shell
from gateway.govern import new_request_id


class Client:
    """One request by hand: `body` is fed when the test says so."""

    def __init__(self, shell: Shell, method: str = "POST", path: str = "/v1/x") -> None:
        self.sent: list[Message] = []
        self.feed: asyncio.Queue[Message] = asyncio.Queue()
        scope: Scope = {"type": "http", "method": method, "path": path, "headers": []}
        self.task = asyncio.ensure_future(shell(scope, self.feed.get, self._send))

    async def _send(self, message: Message) -> None:
        self.sent.append(message)

    def finish_body(self) -> None:
        self.feed.put_nowait({"type": "http.request", "body": b"x", "more_body": False})

    def status(self) -> int | None:
        return next((m["status"] for m in self.sent if m["type"] == "http.response.start"), None)

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(b"".join(m.get("body", b"") for m in self.sent))["error"]
        return found


def slow_app(release: asyncio.Event) -> Any:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while scope["method"] == "POST" and (await receive()).get("more_body"):
            pass
        await release.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return app


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_slow_senders_take_no_place_from_others() -> None:
    release = asyncio.Event()
    shell = Shell(slow_app(release), max_concurrency=2)
    slow = [Client(shell) for _ in range(2 * SENDERS)]
    await settle()
    turned_away = Client(shell)
    await settle()
    assert turned_away.status() == 429
    reader = Client(shell, "GET")
    await settle()
    assert reader.status() is None
    release.set()
    await settle()
    assert reader.status() == 200
    for client in slow:
        client.finish_body()
    await settle()
    assert {client.status() for client in slow} <= {200, 429}


async def test_over_the_limit_is_429_and_places_come_back() -> None:
    release = asyncio.Event()
    shell = Shell(slow_app(release), max_concurrency=1)
    first, second = Client(shell), Client(shell)
    first.finish_body()
    await settle()
    second.finish_body()
    await settle()
    assert second.status() == 429
    assert second.error["code"] == "rate_limit_exceeded"
    health = Client(shell, "GET", "/healthz")
    release.set()
    await settle()
    assert (first.status(), health.status()) == (200, 200)
    head = dict(first.sent[0]["headers"])
    assert head[b"x-ratelimit-limit-requests"] == b"1"
    assert head[b"x-ratelimit-remaining-requests"] == b"0"
    assert b"x-ratelimit-limit-requests" not in dict(health.sent[0]["headers"])
    third = Client(shell)
    third.finish_body()
    await settle()
    assert third.status() == 200


async def test_a_fault_has_a_shape_and_no_content() -> None:
    async def app(_: Scope, __: Receive, ___: Send) -> None:
        raise KeyError("jane.roe@example.com")

    client = Client(Shell(app, 1), "GET")
    await settle()
    assert client.status() == 500
    assert "jane" not in str(client.sent)
    assert client.error["code"] == "internal_error"


def test_ids_sort_by_time_and_differ() -> None:
    ids = [new_request_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert [one[:12] for one in ids] == sorted(one[:12] for one in ids)
