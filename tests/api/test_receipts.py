"""`/v1/receipts/{id}`: a caller's own answers, provable offline; nobody else's."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from gateway.audit.tlog.check import open_receipt
from tests.simulators import Behaviour, Fault
from tests.world import World

QUESTION = "how deep is the north hall"


def ask(world: World, **body: Any) -> httpx.Response:
    body = {"model": "house", "messages": [{"role": "user", "content": QUESTION}], **body}
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
    (left,) = found.statement["egress"]
    assert (left["for"], left["attempt"], left["model"]) == ("answer", 0, "house")
    assert (left["bytes"], left["sha256"]) == tuple(intent["detail"]["egress"][name] for name in ("bytes", "sha256"))
    assert "north hall" not in str(found.statement)


def test_it_names_every_sending_the_failed_ones_too(world: World) -> None:
    world.cloud.default = Behaviour(fault=Fault.STATUS, status=500)
    asked = ask(world, model="auto")
    wanted = asked.headers["x-gateway-request-id"]
    found = open_receipt(fetch(world, wanted, "emil").content, world.house.log.key)
    assert [(one["attempt"], one["model"]) for one in found.statement["egress"]] == [(0, "cloud"), (1, "house")]
    sent = [record["detail"]["egress"]["sha256"] for record in world.records(wanted) if record["kind"] == "intent"]
    assert {one["sha256"] for one in found.statement["egress"]} == set(sent)
    assert found.statement["model"] == "house"


@pytest.mark.parametrize("options", [{"dry_run": True}, {"mode": "passages", "collections": ["handbook"]}])
def test_what_was_answered_without_a_model_has_one_that_says_so(world: World, options: dict[str, Any]) -> None:
    wanted = ask(world, gateway=options).headers["x-gateway-request-id"]
    found = open_receipt(fetch(world, wanted, "emil").content, world.house.log.key)
    assert (found.statement["egress"], found.statement["sent"]) == ([], False)


def test_a_refusal_has_one(world: World) -> None:
    body = {"model": "auto", "messages": [{"role": "user", "content": QUESTION}], "gateway": {"collections": ["hr"]}}
    answer = httpx.post(f"{world.url}/v1/chat/completions", headers=world.headers("emil"), json=body, timeout=60)
    assert answer.status_code == 403
    found = open_receipt(fetch(world, answer.headers["x-gateway-request-id"], "emil").content, world.house.log.key)
    assert (found.kind, found.statement["error"], found.statement["egress"]) == ("refusal", "permission_denied", [])


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("search", {"query": "How deep is the north hall?", "collections": ["handbook"]}, 200),
        ("search", {"query": "How deep is the north hall?", "collections": ["hr"]}, 403),
        ("redact", {"text": "Write to Petra Vogel."}, 200),
    ],
)
def test_so_have_searches_and_redactions(world: World, path: str, body: dict[str, Any], status: int) -> None:
    answer = httpx.post(f"{world.url}/v1/{path}", headers=world.headers("emil"), json=body, timeout=60)
    assert answer.status_code == status, answer.text
    found = open_receipt(fetch(world, answer.headers["x-gateway-request-id"], "emil").content, world.house.log.key)
    assert found.statement["policy"] == world.house.current.bundle.digest
    assert found.statement["egress"] == []
    assert ("error" in found.statement) == (status != 200)
    assert "Vogel" not in str(found.statement)


def test_somebody_elses_is_not_found_but_an_auditor_may_have_it(world: World) -> None:
    wanted = ask(world).headers["x-gateway-request-id"]
    assert fetch(world, wanted, "emil").status_code == 200
    other, absent = fetch(world, wanted, "clara"), fetch(world, "no-such-request", "clara")
    assert other.status_code == absent.status_code == 404
    assert other.json() == absent.json()
    assert fetch(world, wanted, "ines").status_code == 200
