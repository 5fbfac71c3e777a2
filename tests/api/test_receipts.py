"""`/v1/receipts/{id}`: a caller's own answers, provable offline; nobody else's."""

from __future__ import annotations

import time

import httpx

from gateway.audit.tlog.check import open_receipt
from tests.world import World

QUESTION = "how deep is the north hall"


def ask(world: World) -> httpx.Response:
    body = {"model": "house", "messages": [{"role": "user", "content": QUESTION}]}
    answer = httpx.post(f"{world.url}/v1/chat/completions", headers=world.headers("emil"), json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer


def fetch(world: World, wanted: str, who: str) -> httpx.Response:
    """As a program would: until a checkpoint covers it."""
    until = time.monotonic() + 60
    while True:
        answer = httpx.get(f"{world.url}/v1/receipts/{wanted}", headers=world.headers(who), timeout=60)
        early = answer.status_code == 404 and answer.json()["error"]["code"] == "not_yet"
        if not early or time.monotonic() > until:
            return answer
        assert answer.headers["retry-after"]
        time.sleep(0.2)


def test_an_answer_has_a_receipt_that_holds(world: World) -> None:
    asked = ask(world)
    wanted = asked.headers["x-gateway-request-id"]
    answer = fetch(world, wanted, "emil")
    assert answer.status_code == 200, answer.text
    found = open_receipt(answer.content, world.house.log.key)
    assert found.request == wanted
    assert found.statement["policy"] == asked.headers["x-gateway-policy"]
    intent = next(record for record in world.records(wanted) if record["kind"] == "intent")
    assert found.statement["egress"]["sha256"] == intent["detail"]["egress"]["sha256"]
    assert "north hall" not in str(found.statement)


def test_somebody_elses_is_not_found_but_an_auditor_may_have_it(world: World) -> None:
    wanted = ask(world).headers["x-gateway-request-id"]
    assert fetch(world, wanted, "emil").status_code == 200
    other, absent = fetch(world, wanted, "clara"), fetch(world, "no-such-request", "clara")
    assert other.status_code == absent.status_code == 404
    assert other.json() == absent.json()
    assert fetch(world, wanted, "ines").status_code == 200
