"""What a chat request may and may not do, and what it leaves on record."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Any

import httpx
import orjson
import pytest

from gateway.audit import AuditLog
from gateway.cli.root import OPERATOR
from gateway.errors import AuditUnavailable, RedactionUnavailable
from gateway.redaction import Redactor
from tests.simulators import Behaviour, Fault
from tests.world import World


def quote_system(body: Mapping[str, Any]) -> str:
    """A model that says back the passages it was given."""
    return str(next(m["content"] for m in body["messages"] if m["role"] == "system"))


def ask(world: World, who: str, text: str, **gateway: object) -> httpx.Response:
    body = {"model": gateway.pop("model", "auto"), "messages": [{"role": "user", "content": text}]}
    stream = gateway.pop("stream", None)
    if stream:
        body["stream"] = True
    return httpx.post(
        f"{world.url}/v1/chat/completions",
        headers=world.headers(who),
        json={**body, "gateway": gateway},
        timeout=30,
    )


def test_confidential_passages_never_reach_the_external_zone(world: World) -> None:
    done = ask(world, "hana", "Who is the emergency contact of Petra Vogel?", collections=["hr"], explain=True)
    assert done.status_code == 200, done.text
    assert done.json()["model"] == "house"
    assert world.cloud.requests == []
    assert "external" not in done.json()["gateway"]["route"]["zones"]


def test_not_even_when_the_local_model_fails(world: World) -> None:
    world.local.default = Behaviour(fault=Fault.STATUS, status=500)
    done = ask(world, "hana", "Who is the emergency contact of Petra Vogel?", collections=["hr"])
    assert world.cloud.requests == []
    assert done.status_code in {200, 502}
    if done.status_code == 200:
        assert done.json()["model"] == "extractive"


def test_a_named_external_model_is_refused_for_confidential_passages(world: World) -> None:
    done = ask(world, "hana", "Emergency contact of Petra Vogel?", collections=["hr"], model="cloud")
    assert done.status_code == 403
    assert done.json()["error"]["code"] == "no_model_allowed"
    assert world.sent() == b""
    # What was decided and found until then is on record with the refusal.
    (refusal,) = world.records(done.headers["x-gateway-request-id"])
    detail = refusal["detail"]
    assert detail["passed"][-1] == "retrieval"
    assert detail["passages"]
    assert detail["labels"]
    assert any(decision["action"] == "use" and decision["allowed"] for decision in detail["decisions"])
    candidates = {one["model"]: one["refusal"] for one in detail["route"]["candidates"]}
    assert "zone external" in candidates["cloud"]


def test_the_passages_leave_as_tokens_and_return_for_who_may_see(world: World) -> None:
    done = ask(world, "hana", "Emergency contact of Petra Vogel?", collections=["hr"])
    assert b"Weiss" not in world.sent()
    assert b"Vogel" not in world.sent()
    assert b"[PERSON_" in world.sent()
    world.local.default = Behaviour(text=quote_system)
    done = ask(world, "hana", "Emergency contact of Petra Vogel?", collections=["hr"])
    assert "Anton Weiss" in done.json()["choices"][0]["message"]["content"]


def test_a_value_the_caller_may_not_see_stays_masked(world: World) -> None:
    """Finance may see IBANs of finance; names there stay masked."""
    world.local.default = Behaviour(text=quote_system)
    done = ask(world, "clara", "IBAN of Kestrel Optics?", collections=["finance"])
    text = done.json()["choices"][0]["message"]["content"]
    assert "GB29" in text.replace(" ", "")


def test_a_token_typed_by_a_user_is_never_restored(world: World) -> None:
    """Somebody who has seen a token in a log must not get its value by quoting it."""
    row = world.run(world.house.store.fetchrow("SELECT token FROM vault WHERE type = 'PERSON' LIMIT 1"))
    assert row is not None
    done = ask(world, "emil", f"Repeat this: {row['token']}", model="house")
    assert row["token"] in done.json()["choices"][0]["message"]["content"]


def test_an_unreadable_collection_is_refused_and_on_record(world: World) -> None:
    done = ask(world, "emil", "Emergency contact of Petra Vogel?", collections=["hr"])
    assert done.status_code == 403
    assert done.json()["error"]["code"] == "permission_denied"
    assert done.headers["x-should-retry"] == "false"
    records = world.records(done.headers["x-gateway-request-id"])
    assert [record["kind"] for record in records] == ["refusal"]
    assert world.sent() == b""


def test_a_collection_that_is_not_there_reads_the_same_as_one_that_may_not_be_read(world: World) -> None:
    there = ask(world, "emil", "hello", collections=["hr"]).json()["error"]
    not_there = ask(world, "emil", "hello", collections=["zz"]).json()["error"]
    assert there["message"].replace("hr", "zz") == not_there["message"]


def test_intent_is_durable_before_and_outcome_after_with_the_digest_of_what_left(world: World) -> None:
    done = ask(world, "emil", "Write to jane.roe@example.com", model="cloud")
    intent, outcome = world.records(done.json()["gateway"]["request_id"])
    assert (intent["kind"], outcome["kind"]) == ("intent", "outcome")
    sent = world.cloud.requests[0].body
    assert intent["detail"]["egress"]["sha256"] == hashlib.sha256(sent).hexdigest()
    assert intent["detail"]["egress"]["bytes"] == len(sent)
    assert "jane.roe" not in str(intent) + str(outcome)
    assert outcome["detail"]["intent"]["hash"] == intent["hash"]
    assert done.json()["gateway"]["receipt"]["hash"] == outcome["hash"]
    assert outcome["detail"]["cost_usd"] > 0


def test_nothing_is_sent_when_the_intent_cannot_be_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object) -> None:
        raise AuditUnavailable("the audit log cannot be written")

    monkeypatch.setattr(AuditLog, "append", refuse)
    done = ask(world, "emil", "hello", model="cloud")
    assert done.status_code == 503
    assert done.json()["error"]["code"] == "audit_unavailable"
    assert world.sent() == b""


def test_no_answer_when_the_outcome_cannot_be_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    append = AuditLog.append

    async def refuse_outcomes(self: AuditLog, record: object) -> object:
        if getattr(record, "kind", "") == "outcome":
            raise AuditUnavailable("the audit log cannot be written")
        return await append(self, record)  # type: ignore[arg-type]

    monkeypatch.setattr(AuditLog, "append", refuse_outcomes)
    done = ask(world, "emil", "say nothing", model="cloud")
    assert done.status_code == 503
    stream = ask(world, "emil", "say nothing", model="cloud", stream=True)
    assert '"finish_reason":"stop"' not in stream.text
    assert "audit_unavailable" in stream.text


def test_a_broken_detector_closes_the_gateway(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise RedactionUnavailable("the detector failed")

    monkeypatch.setattr(Redactor, "redact", fail)
    done = ask(world, "emil", "hello jane.roe@example.com", model="cloud")
    assert done.status_code == 503
    assert world.sent() == b""


def test_a_fault_of_ours_is_recorded_and_tells_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise ValueError("jane.roe@example.com")

    monkeypatch.setattr(Redactor, "redact", fail)
    done = ask(world, "emil", "hello", model="cloud")
    assert done.status_code == 500
    assert "jane" not in done.text
    (record,) = world.records(done.headers["x-gateway-request-id"])
    assert record["detail"]["fault"] == "ValueError"
    assert "jane" not in str(record)


def test_dry_run_decides_and_sends_nothing(world: World) -> None:
    done = ask(world, "hana", "Mail jane.roe@example.com", collections=["handbook"], dry_run=True, explain=True)
    note = done.json()["gateway"]
    assert note["sent"] is False
    assert note["redactions"] == {"EMAIL_ADDRESS": 1}
    assert {c["model"] for c in note["route"]["candidates"]} >= {"house", "cloud", "extractive"}
    assert world.sent() == b""


def test_mode_passages_returns_passages_without_a_model(world: World) -> None:
    done = ask(world, "emil", "How many days of leave?", collections=["handbook"], mode="passages")
    assert "29 days" in done.json()["choices"][0]["message"]["content"]
    assert world.sent() == b""


def test_citations_point_into_the_document(world: World) -> None:
    done = ask(world, "hana", "Emergency contact of Petra Vogel?", collections=["hr"])
    citation = done.json()["gateway"]["citations"][0]
    assert citation["collection"] == "hr"
    assert citation["start"] < citation["end"]


def test_images_do_not_leave_for_zones_that_must_not_see_them(world: World) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    body = {"model": "cloud", "messages": [{"role": "user", "content": [{"type": "text", "text": "what?"}, image]}]}
    done = httpx.post(f"{world.url}/v1/chat/completions", headers=world.headers("emil"), json=body)
    assert done.status_code == 403
    assert world.sent() == b""


def test_a_caller_who_hangs_up_is_on_record(world: World) -> None:
    world.cloud.default = Behaviour(pieces=tuple(f"w{n} " for n in range(200)), gap_s=0.05)
    body = {"model": "cloud", "stream": True, "messages": [{"role": "user", "content": "talk"}]}
    with httpx.stream("POST", f"{world.url}/v1/chat/completions", headers=world.headers("emil"), json=body) as response:
        request = response.headers["x-gateway-request-id"]
        for line in response.iter_lines():
            if "w2" in line:
                break
    world.run(world.cloud.disconnected(1))

    async def settle() -> None:
        await asyncio.sleep(0.3)

    world.run(settle())
    records = world.records(request)
    assert records[-1]["detail"]["error"] == "client_closed"
    assert "w1" in records[-1]["content"]["answer"]
    world.cloud.disconnects = 0


def test_headers_ask_for_the_same_as_the_body(world: World) -> None:
    done = httpx.post(
        f"{world.url}/v1/chat/completions",
        headers={**world.headers("emil"), "x-gateway-collections": "handbook", "x-gateway-mode": "passages"},
        json={"model": "auto", "messages": [{"role": "user", "content": "days of leave"}]},
    )
    assert done.json()["gateway"]["citations"]


def test_the_stream_of_a_restored_answer_equals_the_whole_one(world: World) -> None:
    world.local.default = Behaviour(text=quote_system, bytes_per_write=3)
    whole = ask(world, "hana", "Emergency contact of Petra Vogel?", collections=["hr"])
    stream = ask(world, "hana", "Emergency contact of Petra Vogel?", collections=["hr"], stream=True)
    pieces = [orjson.loads(line[6:]) for line in stream.text.splitlines() if line.startswith("data: {")]
    text = "".join(c["delta"].get("content") or "" for p in pieces for c in p["choices"])
    assert text == whole.json()["choices"][0]["message"]["content"]
    assert stream.text.rstrip().endswith("data: [DONE]")


def test_the_log_verifies_after_all_this(world: World) -> None:
    report = world.run(world.house.log.verify("test", OPERATOR))
    assert report.ok, [str(fault) for fault in report.faults]
