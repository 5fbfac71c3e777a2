"""`/admin/api/audit`: reading the log, masked, with a reason. Filters travel in bodies: they can be personal."""

from __future__ import annotations

import math
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.admin.body import read_json
from gateway.admin.doors import doors_of, request_id
from gateway.admin.shape import answer, time_of
from gateway.errors import Invalid
from gateway.govern import Filters
from gateway.model import Json

router = APIRouter(prefix="/admin/api/audit", tags=["admin"])
MAX_PAGE: Final = 1000
REASON: Final = "x-gateway-reason"
"""Header that says why somebody reads; bodies have `reason` for it."""
_TEXTS: Final = (
    *("user", "role", "model", "zone", "decision", "entity", "document", "collection", "error", "kind", "action"),
    *("policy", "request"),
)
_KNOWN: Final = frozenset((*_TEXTS, "since", "until", "cost_min", "cost_max", "value"))


@router.get("", response_model=None)
async def recent(request: Request, limit: int = 50, kind: str | None = None, before: str | None = None) -> Response:
    """The newest records, whether there are more, and the cursor for them."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    reason = request.headers.get(REASON, "")
    return answer(await doors.log.recent(request_id(request), principal, _limit(limit), kind, before, reason=reason))


@router.post("/search", response_model=None)
async def search(request: Request) -> Response:
    """A page of what fits `{"filters", "limit", "after", "reason"}`."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    body = await read_json(request, doors.max_body_bytes)
    given = body.get("filters", {})
    if not isinstance(given, dict):
        raise Invalid("filters must be an object", param="filters")
    page = await doors.log.search(
        request_id(request),
        principal,
        _filters(given),
        _limit(body.get("limit", 50)),
        _text(body, "after"),
        reason=_text(body, "reason") or "",
        value=_text(given, "value"),
    )
    return answer(page)


@router.post("/reveal", response_model=None)
async def reveal(request: Request) -> Response:
    """One record as it is, by `{"stream", "seq", "reason"}`."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    body = await read_json(request, doors.max_body_bytes)
    seq = body.get("seq")
    if not isinstance(seq, int) or isinstance(seq, bool):
        raise Invalid("seq must be a whole number", param="seq")
    shown = await doors.log.reveal(
        request_id(request),
        principal,
        _text(body, "stream") or "",
        seq,
        reason=_text(body, "reason") or "",
    )
    return answer(shown)


@router.get("/{wanted}", response_model=None)
async def about(request: Request, wanted: str) -> Response:
    """All records of one request."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    reason = request.headers.get(REASON, "")
    return answer(await doors.log.about(request_id(request), principal, wanted, reason=reason))


def _filters(given: Json) -> Filters:
    if unknown := given.keys() - _KNOWN:
        raise Invalid(
            f"{len(unknown)} filters are unknown", hint=f"known: {', '.join(sorted(_KNOWN))}", param="filters"
        )
    return Filters(
        since=time_of(given, "since"),
        until=time_of(given, "until"),
        cost_min=_number(given, "cost_min"),
        cost_max=_number(given, "cost_max"),
        values=None,
        **{name: _text(given, name) for name in _TEXTS},
    )


def _limit(limit: object) -> int:
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= MAX_PAGE:
        raise Invalid(f"limit must be from 1 to {MAX_PAGE}", param="limit")
    return limit


def _text(body: Json, name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise Invalid(f"{name} must be a text", param=name)
    return value


def _number(body: Json, name: str) -> float | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise Invalid(f"{name} must be a number", param=name)
    return float(value)
