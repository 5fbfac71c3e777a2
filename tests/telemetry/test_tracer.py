"""Requests and their records come together in one trace, or are left out together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from gateway.model import Position, Record
from gateway.telemetry.spans import Span
from gateway.telemetry.tracer import REMEMBERED, Tracer

AT = datetime(2026, 5, 1, tzinfo=UTC)
ID = "0123456789abcdef" * 2
PLACE = Position("s", 1, "00")
CALLER = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"


class Seen:
    def __init__(self, sample: float = 1.0) -> None:
        self.spans: list[Span] = []
        self.tracer = Tracer(self._take, lambda: 5, sample=sample)

    def _take(self, spans: Sequence[Span]) -> None:
        self.spans += spans


def record(kind: str = "outcome", request: str = ID) -> Record:
    return Record(kind, request, AT, "k1", "chat", "")


def test_a_record_belongs_to_its_request_and_the_request_to_its_caller() -> None:
    seen = Seen()
    seen.tracer.begin(ID, CALLER)
    seen.tracer.record(record("intent"), PLACE)
    seen.tracer.record(record(), PLACE)
    seen.tracer.end(ID, "POST", "/v1/chat/completions", 200)
    inner, outer = seen.spans
    assert (inner.trace, outer.trace) == ("ab" * 16, "ab" * 16)
    assert (inner.parent, outer.parent) == (outer.id, "cd" * 8)
    assert (outer.name, outer.kind, outer.status) == ("POST /v1/chat/completions", 2, 0)


def test_a_record_without_a_request_is_a_trace_of_its_own() -> None:
    seen = Seen()
    seen.tracer.record(record("event"), PLACE)
    seen.tracer.end("unknown", "GET", "/", 200)
    assert [(span.trace, span.parent) for span in seen.spans] == [(ID, "")]


def test_traces_are_kept_or_left_out_whole() -> None:
    none, unsampled = Seen(0.0), Seen()
    none.tracer.begin(ID)
    unsampled.tracer.begin(ID, CALLER[:-2] + "00")
    for seen in (none, unsampled):
        seen.tracer.record(record(), PLACE)
        seen.tracer.end(ID, "GET", "/", 503)
        assert seen.spans == []
    half = Seen(0.5)
    for last in ("0", "f"):
        half.tracer.record(record(request=f"{'1' * 16}{last}{'0' * 15}"), PLACE)
    assert len(half.spans) == 1


def test_memory_of_requests_is_bounded() -> None:
    seen = Seen()
    for number in range(REMEMBERED + 5):
        seen.tracer.begin(f"{number:032x}", CALLER)
    assert len(seen.tracer._begun) == REMEMBERED
