"""Reading the log over HTTP: masked, with a reason, found by what it says, revealed one record at a time."""

from __future__ import annotations

import json
import secrets
from typing import Any

import httpx
import pytest

from tests.admin.test_routes import ask, invalid
from tests.world import World

SEARCH, REVEAL = "/admin/api/audit/search", "/admin/api/audit/reveal"
WHY = "complaint 4711"


@pytest.fixture
def asked(world: World) -> str:
    """A chat of Hana's about a person that nobody else speaks of; its request id."""
    body = {
        "model": "house",
        "messages": [{"role": "user", "content": "Write to Mr Ottokar Lindqvist, o.lindqvist@example.org"}],
    }
    answer = httpx.post(f"{world.url}/v1/chat/completions", json=body, headers=world.headers("hana"), timeout=60)
    assert answer.status_code == 200, answer.text
    found: str = answer.headers["x-gateway-request-id"]
    return found


def search(world: World, **filters: Any) -> dict[str, Any]:
    answer = ask(world, "POST", SEARCH, {"filters": filters, "limit": 50, "reason": WHY}, who="ines")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_record_is_found_by_what_it_says_and_shown_without_who_and_what(world: World, asked: str) -> None:
    for filters in (
        {"request": asked},
        {"user": "hana", "role": "hr", "model": "house"},
        {"entity": "EMAIL_ADDRESS", "action": "chat"},
        {"value": "o.lindqvist@example.org"},
        {"value": "Ottokar Lindqvist", "kind": "intent"},
    ):
        page = search(world, **filters)
        found = [record for record in page["records"] if record["request"] == asked]
        assert found, filters
        told = json.dumps(page, ensure_ascii=False)
        for word in ("hana", "indqvist", "Ottokar"):
            assert word not in told, filters
        assert all(record["masked"] for record in page["records"])
        assert page["unindexed"] is False
    assert not search(world, value="nobody.else@example.org")["records"]
    assert not search(world, user="emil", request=asked)["records"]


@pytest.mark.parametrize(
    "filters",
    [
        {"user": "hana", "cost_min": 0},
        {"role": "hr", "cost_min": 0},
        {"user": "hana", "kind": "outcome"},
        {"role": "hr", "decision": "allow", "kind": "outcome"},
        {"entity": "EMAIL_ADDRESS", "cost_max": 1, "model": "house"},
    ],
)
def test_what_was_asked_and_what_it_came_to_are_found_together(world: World, asked: str, filters: Any) -> None:
    found = [record for record in search(world, **filters)["records"] if record["request"] == asked]
    assert [record["kind"] for record in found] == ["outcome"]


def test_pages_join_up(world: World, asked: str) -> None:
    seen: list[Any] = []
    after = None
    while True:
        body = {"filters": {"user": "hana"}, "limit": 2, "after": after, "reason": WHY}
        page = ask(world, "POST", SEARCH, body, who="ines").json()
        seen += [(record["stream"], record["seq"]) for record in page["records"]]
        after = page["next"]
        if not page["more"]:
            break
    assert len(seen) == len(set(seen)) >= 2


@pytest.mark.parametrize("reason", ["", "   ", "two\nlines", "x" * 501])
def test_without_a_reason_nothing_is_told_and_the_attempt_is_on_record(world: World, asked: str, reason: str) -> None:
    answers = [
        ask(world, "POST", SEARCH, {"filters": {}, "reason": reason}, who="ines"),
        ask(world, "POST", REVEAL, {"stream": secrets.token_hex(16), "seq": 0, "reason": reason}, who="ines"),
        ask(world, "GET", "/admin/api/audit", who="ines"),
        ask(world, "GET", f"/admin/api/audit/{asked}", who="ines"),
    ]
    for answer in answers:
        assert invalid(answer)["param"] == "reason"
        [record] = world.records(answer.headers["x-gateway-request-id"])
        assert (record["kind"], record["detail"]["code"]) == ("refusal", "invalid_request")


def test_who_may_not_read_is_refused_on_record(world: World, asked: str) -> None:
    for path, body in ((SEARCH, {"reason": WHY}), (REVEAL, {"stream": "x", "seq": 1, "reason": WHY})):
        answer = ask(world, "POST", path, body, who="emil")
        assert invalid(answer, 403)["code"] == "permission_denied"
        [record] = world.records(answer.headers["x-gateway-request-id"])
        assert record["kind"] == "refusal"


def test_a_revealed_record_is_whole_and_its_revealing_on_record(world: World, asked: str) -> None:
    place = search(world, request=asked, kind="intent")["records"][0]
    body = {"stream": place["stream"], "seq": place["seq"], "reason": WHY}
    answer = ask(world, "POST", REVEAL, body, who="ines")
    shown = answer.json()
    assert shown["request"] == asked
    assert shown["detail"]["name"] == "hana"
    assert "[EMAIL_ADDRESS_" in shown["content"]["sent"]
    [event] = world.records(answer.headers["x-gateway-request-id"])
    assert (event["action"], event["detail"]["seq"], event["detail"]["name"]) == ("audit.reveal", place["seq"], "ines")
    assert event["detail"]["stream"] == place["stream"]
    assert event["content"] == {"reason": WHY}
    gone = ask(world, "POST", REVEAL, {**body, "seq": 1 << 40}, who="ines")
    assert invalid(gone, 404)["code"] == "not_found"
    assert invalid(ask(world, "POST", REVEAL, {**body, "stream": "x"}, who="ines"))["param"] == "stream"
    assert invalid(ask(world, "POST", REVEAL, {**body, "seq": "1"}, who="ines"))["param"] == "seq"


def test_a_search_is_on_record_with_its_reason_and_without_the_value(world: World, asked: str) -> None:
    body = {"filters": {"value": "o.lindqvist@example.org", "user": "hana", "model": "house"}, "reason": WHY}
    answer = ask(world, "POST", SEARCH, body, who="ines")
    [event] = world.records(answer.headers["x-gateway-request-id"])
    assert (event["kind"], event["action"]) == ("event", "audit.search")
    assert event["detail"]["filters"] == ["model", "user", "value"]
    assert event["content"]["reason"] == WHY
    assert event["content"]["asked"]["model"] == "house"
    told = json.dumps(event)
    assert "lindqvist" not in told
    assert '"hana"' not in told
    # Who looked for somebody is found by looking for him.
    again = search(world, value="o.lindqvist@example.org", action="audit.search")
    assert answer.headers["x-gateway-request-id"] in {record["request"] for record in again["records"]}


def test_the_newest_records_and_those_of_a_request_are_masked_too(world: World, asked: str) -> None:
    headers = {**world.headers("ines"), "x-gateway-reason": WHY}
    for path in ("/admin/api/audit?limit=20", f"/admin/api/audit/{asked}"):
        answer = httpx.get(f"{world.url}{path}", headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        assert "hana" not in answer.text
        assert "indqvist" not in answer.text
        assert all(record["masked"] for record in answer.json()["records"])


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"filters": []}, "filters"),
        ({"filters": {"colour": "red"}}, "filters"),
        ({"filters": {"role": 5}}, "role"),
        ({"filters": {"cost_min": "x"}}, "cost_min"),
        ({"filters": {"since": "yesterday"}}, "since"),
        ({"filters": {"decision": "maybe"}}, "decision"),
        ({"filters": {"value": " "}}, "value"),
        ({"limit": 0}, "limit"),
        ({"limit": True}, "limit"),
        ({"after": 5}, "after"),
    ],
)
def test_questions_that_make_no_sense(world: World, body: dict[str, Any], param: str) -> None:
    assert invalid(ask(world, "POST", SEARCH, {"reason": WHY, **body}, who="ines"))["param"] == param
