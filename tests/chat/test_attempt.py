"""Every intent ends in exactly one outcome, whatever goes wrong and whenever the caller leaves."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import pytest

from gateway.api import sse
from gateway.chat.find import Finder
from tests.simulators import Behaviour, Fault
from tests.world import World


@pytest.fixture(autouse=True)
def every_intent_has_one_outcome(world: World) -> Any:
    """What each test of this file must leave behind."""
    yield

    async def open_ones() -> list[Any]:
        rows = await world.house.store.fetch(
            "SELECT request, count(*) FILTER (WHERE kind = 'intent') AS intents,"
            " count(*) FILTER (WHERE kind = 'outcome') AS outcomes FROM audit_log"
            " WHERE kind IN ('intent', 'outcome') GROUP BY request"
            " HAVING count(*) FILTER (WHERE kind = 'intent') > count(*) FILTER (WHERE kind = 'outcome')"
        )
        return [row["request"] for row in rows]

    for _ in range(40):
        left = world.run(open_ones())
        if not left:
            return
        world.run(asyncio.sleep(0.05))
    raise AssertionError(f"intents without outcome: {left}")


def body(**more: Any) -> dict[str, Any]:
    return {"model": "cloud", "messages": [{"role": "user", "content": "talk to me"}], **more}


def post(world: World, **more: Any) -> httpx.Response:
    return httpx.post(f"{world.url}/v1/chat/completions", headers=world.headers("emil"), json=body(**more), timeout=30)


def outcomes(world: World, request: str) -> list[dict[str, Any]]:
    return [record for record in world.records(request) if record["kind"] == "outcome"]


def hang_up(world: World, after_s: float, **more: Any) -> None:
    """Send a request on a bare socket, and close it without reading."""
    place = urlsplit(world.url)
    assert place.hostname is not None
    assert place.port is not None
    payload = orjson.dumps(body(**more))
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: {world.headers('emil')['authorization']}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(payload)}\r\n\r\n"
    )
    with socket.create_connection((place.hostname, place.port)) as connection:
        connection.sendall(head.encode() + payload)
        world.run(world.cloud.received(1))
        world.run(asyncio.sleep(after_s))


@pytest.mark.parametrize("stream", [False, True])
def test_a_caller_who_leaves_before_the_first_token_hangs_up_upstream(world: World, stream: bool) -> None:
    world.cloud.default = Behaviour(first_byte_s=30)
    world.cloud.disconnects = 0
    hang_up(world, 0.2, stream=stream)
    world.run(world.cloud.disconnected(1))
    world.cloud.disconnects = 0


def test_one_who_leaves_while_comments_are_sent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "KEEP_ALIVE_S", 0.1)
    world.cloud.default = Behaviour(first_byte_s=30)
    world.cloud.disconnects = 0
    hang_up(world, 0.5, stream=True)
    world.run(world.cloud.disconnected(1))
    world.cloud.disconnects = 0


def test_comments_fill_the_wait_and_the_answer_follows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "KEEP_ALIVE_S", 0.1)
    world.cloud.default = Behaviour(first_byte_s=0.5, text="here I am")
    answer = post(world, stream=True)
    assert answer.text.startswith(": keep-alive")
    assert '"finish_reason":"stop"' in answer.text
    assert answer.text.rstrip().endswith("[DONE]")


def test_an_error_after_comments_is_an_event(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "KEEP_ALIVE_S", 0.1)
    world.cloud.default = Behaviour(first_byte_s=0.5, fault=Fault.STATUS, status=500)
    answer = post(world, stream=True)
    assert answer.status_code == 200
    assert '"code":"upstream_error"' in answer.text


@pytest.mark.parametrize("delay", [0.0, 0.001, 0.005, 0.02, 0.05])
@pytest.mark.parametrize("stream", [False, True])
def test_leaving_at_any_moment(world: World, stream: bool, delay: float) -> None:
    world.cloud.default = Behaviour(pieces=tuple(f"w{n} " for n in range(20)), gap_s=0.003)
    with contextlib.suppress(OSError):
        hang_up(world, delay, stream=stream)


def test_each_failed_attempt_ends_on_record(world: World) -> None:
    world.cloud.default = Behaviour(fault=Fault.STATUS, status=500)
    done = post(world, model="auto")
    assert done.json()["model"] == "house"
    first, second = sorted(outcomes(world, done.json()["gateway"]["request_id"]), key=lambda r: r["detail"]["attempt"])
    assert (first["detail"]["model"], first["detail"]["error"]) == ("cloud", "upstream_error")
    assert (second["detail"]["model"], second["detail"]["error"]) == ("house", None)


@pytest.mark.parametrize("options", ["x", 3, [1]])
def test_stream_options_that_are_no_object(world: World, options: object) -> None:
    assert post(world, stream=True, stream_options=options).status_code == 400
    assert world.sent() == b""


def test_stream_may_be_null(world: World) -> None:
    assert post(world, stream=None).status_code == 200


def test_a_fault_of_ours_outside_the_tree_is_on_record(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise OSError("jane.roe@example.com")

    monkeypatch.setattr(Finder, "find", fail)
    done = post(world, gateway={"collections": ["handbook"]})
    assert done.status_code == 500
    assert "jane" not in done.text
    (record,) = world.records(done.headers["x-gateway-request-id"])
    assert (record["kind"], record["detail"]["fault"]) == ("refusal", "OSError")
    search = httpx.post(
        f"{world.url}/v1/search", headers=world.headers("emil"), json={"query": "x", "collections": ["handbook"]}
    )
    assert search.status_code == 500
    (record,) = world.records(search.headers["x-gateway-request-id"])
    assert record["detail"]["fault"] == "OSError"
