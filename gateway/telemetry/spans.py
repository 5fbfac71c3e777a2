"""Spans made of audit records, and the bytes they are sent as (OTLP over HTTP, in JSON). Pure.

Nothing is taken from a record but what is named here: numbers, ids of this program, and names from the catalogue and
the policy. A field that is new goes nowhere until it is named.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import orjson

from gateway.model import Json, Position, Record

INTERNAL, SERVER = 1, 2
"""Kinds of spans."""
UNSET, FAILED = 0, 2
"""Their status."""
Value = str | int | float | bool
_TRACEPARENT: Final = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_ID: Final = re.compile(r"[0-9a-f]{32}")
_NAME: Final = re.compile(r"[A-Za-z0-9_.:/@+-]{1,128}", re.ASCII)
_STAGE: Final = re.compile(r"[a-z_]{1,32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Context:
    """Where a request's spans belong. Ids are hexadecimal."""

    trace: str
    span: str
    """The request's own span, that of its stages' parent."""
    parent: str = ""
    """Who called; empty where nobody said."""
    sampled: bool = True


@dataclass(frozen=True, slots=True)
class Span:
    """One span. Times are nanoseconds since 1970."""

    name: str
    trace: str
    id: str
    parent: str
    start: int
    end: int
    kind: int = INTERNAL
    status: int = UNSET
    attributes: Mapping[str, Value] = field(default_factory=dict)


def context_of(request: str, traceparent: str = "") -> Context:
    """Where a request belongs: to the trace its caller names (W3C Trace Context), or to one named by its own id."""
    span = _short(request, "request")
    match = _TRACEPARENT.fullmatch(traceparent.strip())
    if match and int(match[1], 16) and int(match[2], 16):
        return Context(match[1], span, match[2], bool(int(match[3], 16) & 1))
    trace = (
        request if _ID.fullmatch(request) and int(request, 16) else hashlib.sha256(request.encode()).hexdigest()[:32]
    )
    return Context(trace, span)


def traceparent(context: Context) -> str:
    """What is sent on: the request's own span is the parent there."""
    return f"00-{context.trace}-{context.span}-{'01' if context.sampled else '00'}"


def of_record(record: Record, position: Position, context: Context, *, inside: bool) -> list[Span]:
    """The spans of one record: its own, and one for each stage that it names, one after the other.

    inside: whether the request itself has a span, which is their parent.
    """
    detail = record.detail
    place = f"{position.stream}/{position.seq}"
    end = int(record.at.timestamp() * 1_000_000) * 1000
    stages = _stages(detail)
    total = max(_number(detail.get("total_ms")) or 0.0, sum(length for _, length in stages))
    start = end - int(total * 1e6)
    known: dict[str, Value | None] = {
        "gateway.request.id": _name(record.request),
        "gateway.record": place,
        "gateway.record.kind": _name(record.kind),
        "gateway.policy": _name(record.policy),
        "gateway.decision": "deny" if record.kind == "refusal" else "allow",
        "gateway.attempt": _number(detail.get("attempt")),
        "gateway.cost_usd": _number(detail.get("cost_usd")),
        **_model(record),
        "error.type": _name(detail.get("error") or detail.get("code")),
    }
    attributes = {name: value for name, value in known.items() if value is not None}
    own = Span(
        _name(record.action) or "event",
        context.trace,
        _short(place, "record"),
        context.span if inside else context.parent,
        start,
        end,
        status=FAILED if "error.type" in attributes else UNSET,
        attributes=attributes,
    )
    found = [own]
    at = start
    for name, length in stages:
        parent = {"gateway.record": place, "gateway.request.id": attributes.get("gateway.request.id", "")}
        until = at + int(length * 1e6)
        found.append(Span(f"{own.name}.{name}", own.trace, _short(place, name), own.id, at, until, attributes=parent))
        at = until
    return found


def encode(spans: Iterable[Span], resource: Mapping[str, Value]) -> bytes:
    """An ExportTraceServiceRequest in JSON."""
    told = [_span(one) for one in spans]
    scope = {"scope": {"name": "gateway"}, "spans": told}
    return orjson.dumps({"resourceSpans": [{"resource": {"attributes": _pairs(resource)}, "scopeSpans": [scope]}]})


def _span(one: Span) -> Json:
    parent = {"parentSpanId": one.parent} if one.parent else {}
    return {
        "traceId": one.trace,
        "spanId": one.id,
        **parent,
        "name": one.name,
        "kind": one.kind,
        "startTimeUnixNano": str(one.start),
        "endTimeUnixNano": str(one.end),
        "attributes": _pairs(one.attributes),
        "status": {"code": one.status} if one.status else {},
    }


def _pairs(attributes: Mapping[str, Value]) -> list[Json]:
    return [{"key": name, "value": _value(value)} for name, value in attributes.items()]


def _value(value: Value) -> Json:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": value}


def _model(record: Record) -> dict[str, Value | None]:
    """Which model it went to and what that counted. A name that a caller asked for is not among it."""
    egress = record.detail.get("egress")
    if not isinstance(egress, dict):
        left = (record.statement or {}).get("egress")
        answers = [one for one in left if isinstance(one, dict) and "attempt" in one] if isinstance(left, list) else []
        egress = answers[-1] if answers else None
    usage = record.detail.get("usage")
    egress, usage = (one if isinstance(one, dict) else {} for one in (egress, usage))
    return {
        "gateway.model": _name(egress.get("model")),
        "gateway.zone": _name(egress.get("zone")),
        "gen_ai.usage.input_tokens": _number(usage.get("prompt_tokens")),
        "gen_ai.usage.output_tokens": _number(usage.get("completion_tokens")),
    }


def _stages(detail: Json) -> list[tuple[str, float]]:
    """Names and milliseconds, in their order."""
    stages = detail.get("stages_ms")
    found = []
    for name, length in stages.items() if isinstance(stages, dict) else ():
        number = _number(length)
        if number is not None and isinstance(name, str) and _STAGE.fullmatch(name):
            found.append((name, float(number)))
    return found


def _name(value: object) -> str | None:
    return value if isinstance(value, str) and _NAME.fullmatch(value) else None


def _number(value: object) -> int | float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _short(of: str, what: str) -> str:
    """A span's id, the same for the same thing: whoever sends it twice tells the same."""
    return hashlib.sha256(f"{what}\0{of}".encode()).hexdigest()[:16]
