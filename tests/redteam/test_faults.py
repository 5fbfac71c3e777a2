"""Whatever happens to the detector, nothing leaves unscanned: 503, a metric, and all is well again afterwards."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from gateway.redaction.detect import Detector
from tests.simulators import Behaviour
from tests.world import METRICS_TOKEN, World

SECRET = "jane.roe@acme.example"
TEXT = f"Please write to {SECRET} about number"


def send(world: World, door: str, text: str) -> httpx.Response:
    headers = world.headers("hana")
    if door == "ingest":
        place = f"{world.url}/v1/collections/hr/documents?name=fault.md&label=confidential"
        return httpx.post(place, headers=headers, content=text.encode(), timeout=60)
    bodies: dict[str, dict[str, Any]] = {
        "chat": {"model": "house", "messages": [{"role": "user", "content": text}]},
        "stream": {"model": "house", "messages": [{"role": "user", "content": text}], "stream": True},
        "search": {"query": text, "collections": ["hr"]},
        "redact": {"text": text},
    }
    path = {"chat": "chat/completions", "stream": "chat/completions"}.get(door, door)
    return httpx.post(f"{world.url}/v1/{path}", headers=headers, json=bodies[door], timeout=60)


def failures(world: World) -> dict[str, int]:
    """Failed scans by reason, as `/metrics` tells them."""
    page = httpx.get(f"{world.url}/metrics", headers={"authorization": f"Bearer {METRICS_TOKEN}"}).text
    found = re.findall(r'^gateway_redaction_failures_total\{reason="(\w+)",.*\} (\d+)$', page, re.MULTILINE)
    return {reason: int(count) for reason, count in found}


def raising(fault: type[Exception]) -> Callable[[World, pytest.MonkeyPatch], None]:
    def apply(world: World, patch: pytest.MonkeyPatch) -> None:
        def find(self: Detector, text: str, *more: object) -> Any:
            raise fault(text)

        patch.setattr(Detector, "find", find)

    return apply


def slow(world: World, patch: pytest.MonkeyPatch) -> None:
    found = Detector.find

    def find(self: Detector, text: str, *more: Any) -> Any:
        time.sleep(0.5)
        return found(self, text, *more)

    patch.setattr(Detector, "find", find)
    patch.setattr(world.house.redactor, "_timeout_s", 0.1)


def full(world: World, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(world.house.redactor, "_queue", 0)
    patch.setattr(world.house.redactor, "_threads", 0)


def broken_pool(world: World, patch: pytest.MonkeyPatch) -> None:
    send(world, "redact", f"{TEXT} {time.time_ns()}")
    pool = world.house.redactor._pool
    assert pool is not None
    pool.shutdown()


def broken_cache(world: World, patch: pytest.MonkeyPatch) -> None:
    def get(*given: object) -> None:
        raise OSError(SECRET)

    patch.setattr(world.house.redactor._cache, "get", get)


FAULTS = {
    "raising": (raising(ValueError), "failed"),
    "memory": (raising(MemoryError), "failed"),
    "recursion": (raising(RecursionError), "failed"),
    "slow": (slow, "timeout"),
    "full": (full, "queue_full"),
    "pool": (broken_pool, "no_thread"),
    "cache": (broken_cache, "failed"),
}


@pytest.mark.parametrize("door", ["chat", "stream", "search", "redact", "ingest"])
@pytest.mark.parametrize("fault", FAULTS)
def test_closed_counted_and_well_again(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: str, door: str
) -> None:
    apply, reason = FAULTS[fault]
    before = failures(world).get(reason, 0)
    text = f"{TEXT} {fault} {door} {time.time_ns()}"
    apply(world, monkeypatch)
    done = send(world, door, text)
    assert done.status_code == 503, done.text
    assert done.json()["error"]["code"] == "redaction_unavailable"
    assert SECRET not in done.text
    assert SECRET not in caplog.text
    assert world.sent() == b""
    assert failures(world)[reason] == before + 1
    monkeypatch.undo()
    if fault == "slow":
        deadline = time.monotonic() + 10
        while world.house.redactor.waiting and time.monotonic() < deadline:
            time.sleep(0.05)
    assert world.house.redactor.waiting == 0
    again = send(world, door, text)
    assert again.status_code in (200, 201), again.text
    assert SECRET.encode() not in world.sent()


def test_a_fault_in_the_middle_of_an_answer_ends_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before = failures(world).get("failed", 0)
    world.local.default = Behaviour(text="So far so good. Then ada@lovelace.example came by.")
    found = Detector.find

    def find(self: Detector, text: str, *more: Any) -> Any:
        if "lovelace" in text:
            raise MemoryError(text)
        return found(self, text, *more)

    monkeypatch.setattr(Detector, "find", find)
    done = send(world, "stream", "Tell me.")
    assert "So far so good." in done.text.replace('"}', "").replace("\n", "") or "good." in done.text
    assert '"code":"redaction_unavailable"' in done.text
    assert "lovelace" not in done.text
    assert failures(world)["failed"] == before + 1
