"""Spans made of records: stages one after the other, and only what is known to be harmless."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.model import Position, Record
from gateway.telemetry.spans import Context, context_of, encode, of_record, traceparent

AT = datetime(2026, 5, 1, tzinfo=UTC)
END = int(AT.timestamp()) * 1_000_000_000
ID = "0123456789abcdef" * 2
PLACE = Position("a-stream", 7, "00")
CALLER = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"
SECRET = "Petra Vogel"


def record(detail: dict[str, Any], kind: str = "outcome", statement: dict[str, Any] | None = None) -> Record:
    content = {"answer": SECRET}
    return Record(kind, ID, AT, SECRET, "chat", "sha256:00", {"name": SECRET, **detail}, content, statement)


def test_a_trace_is_the_callers_or_named_by_the_request() -> None:
    assert context_of(ID).trace == ID
    assert context_of(ID).parent == ""
    named = context_of(ID, CALLER)
    assert (named.trace, named.parent, named.sampled) == ("ab" * 16, "cd" * 8, True)
    assert traceparent(named) == f"00-{'ab' * 16}-{named.span}-01"
    assert not context_of(ID, CALLER[:-1] + "0").sampled
    assert len(context_of("hold-1").trace) == 32


@pytest.mark.parametrize(
    "junk",
    ["", "00-" + "0" * 32 + "-" + "cd" * 8 + "-01", "00-" + "ab" * 16 + "-" + "0" * 16 + "-01", CALLER.upper(), SECRET],
)
def test_what_is_no_traceparent_counts_for_nothing(junk: str) -> None:
    assert context_of(ID, junk) == context_of(ID)


def test_stages_follow_each_other_and_end_with_the_record() -> None:
    detail = {"stages_ms": {"access": 1.5, "privacy": 2.5}, "total_ms": 4.5, "usage": {"prompt_tokens": 12}}
    tried = {"for": "answer", "attempt": 0, "model": "house", "zone": "internal", "sha256": "11"}
    asked = {"for": "vectors", "model": "embedder", "zone": "local", "sha256": "22"}
    last = {"for": "answer", "attempt": 1, "model": "cloud", "zone": "external", "sha256": "00"}
    egress = {"egress": [asked, tried, last]}
    context = Context(ID, "11" * 8)
    own, access, privacy = of_record(record(detail, statement=egress), PLACE, context, inside=True)
    assert (own.name, own.parent, own.start, own.end) == ("chat", "11" * 8, END - 4_500_000, END)
    assert (access.name, access.start, access.end) == ("chat.access", own.start, own.start + 1_500_000)
    assert (privacy.start, privacy.end, privacy.parent) == (access.end, access.end + 2_500_000, own.id)
    assert own.attributes["gateway.record"] == access.attributes["gateway.record"] == "a-stream/7"
    assert own.attributes["gateway.model"] == "cloud"
    assert own.attributes["gateway.zone"] == "external"
    assert own.attributes["gen_ai.usage.input_tokens"] == 12
    assert own.attributes["gateway.decision"] == "allow"


def test_a_refusal_says_its_code_and_not_its_reason() -> None:
    (own,) = of_record(
        record({"code": "permission_denied", "reason": SECRET}, "refusal"), PLACE, context_of(ID), inside=False
    )
    assert (own.attributes["error.type"], own.attributes["gateway.decision"], own.status) == (
        "permission_denied",
        "deny",
        2,
    )


def test_nothing_else_of_a_record_is_told() -> None:
    """Also where somebody's words stand at a place that usually holds a name or a number."""
    detail = {
        "model": SECRET,
        "model_asked": SECRET,
        "error": SECRET,
        "usage": {"prompt_tokens": SECRET},
        "stages_ms": {SECRET: 1.0, "access": SECRET, "privacy": True},
        "egress": {"model": SECRET, "zone": SECRET},
        "attempt": SECRET,
        "cost_usd": SECRET,
    }
    told = Record("outcome", SECRET, AT, SECRET, SECRET, SECRET, detail, {"q": SECRET}, {"egress": SECRET})
    for part in (*of_record(told, PLACE, context_of(SECRET), inside=False),):
        assert SECRET.encode() not in encode([part], {})
        assert "Vogel" not in str(part)


def test_the_bytes_are_those_of_the_protocol() -> None:
    spans = of_record(
        record({"stages_ms": {"access": 1}, "cost_usd": 0.5, "attempt": 2}), PLACE, context_of(ID), inside=False
    )
    told = json.loads(encode(spans, {"service.name": "gateway"}))
    (resource,) = told["resourceSpans"]
    assert resource["resource"]["attributes"] == [{"key": "service.name", "value": {"stringValue": "gateway"}}]
    own = resource["scopeSpans"][0]["spans"][0]
    assert (own["traceId"], len(own["spanId"]), own["endTimeUnixNano"]) == (ID, 16, str(END))
    assert "parentSpanId" not in own
    values = {one["key"]: one["value"] for one in own["attributes"]}
    assert values["gateway.attempt"] == {"intValue": "2"}
    assert values["gateway.cost_usd"] == {"doubleValue": 0.5}
