"""`/v1/feedback`: whether an answer was good, and what should have been said."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.api.body import only, read_json
from gateway.api.doors import doors_of, request_id
from gateway.api.shape import json_response
from gateway.errors import Invalid
from gateway.model import Json

RATINGS: Final = ("good", "bad")
MAX_TEXT: Final = 10_000

router = APIRouter(prefix="/v1/feedback", tags=["texts"])


@router.post("", response_model=None)
async def feedback(request: Request) -> Response:
    """Record `{"request_id", "rating", "comment", "expected"}` about one of the caller's own answers."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    body = await read_json(request, doors.limits.max_body_bytes)
    only(body, {"request_id", "rating", "comment", "expected"})
    about, rating = body.get("request_id"), body.get("rating")
    if not isinstance(about, str) or not about:
        raise Invalid(
            "request_id must name an answered request", param="request_id", hint="it is x-gateway-request-id there"
        )
    if rating not in RATINGS:
        raise Invalid("rating must be good or bad", param="rating")
    texts = {name: _text(body, name) for name in ("comment", "expected")}
    given = await doors.feedback.give(request_id(request), principal, about, str(rating), **texts)
    return json_response({"object": "feedback", **given})


def _text(body: Json, name: str) -> str:
    text = body.get(name, "")
    if not isinstance(text, str) or len(text) > MAX_TEXT:
        raise Invalid(f"{name} must be a text of at most {MAX_TEXT} characters", param=name)
    return text
