"""`/v1/quarantine`: documents that are held until an administrator releases them."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.api.doors import doors_of, request_id
from gateway.api.shape import json_response
from gateway.errors import Invalid

router = APIRouter(prefix="/v1/quarantine", tags=["documents"])


@router.get("", response_model=None)
async def quarantine(request: Request, after: str = "", limit: int = 100) -> Response:
    """Documents in quarantine: the caller's own, or all of them for who may read `admin:documents`."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    if limit < 1:
        raise Invalid("limit must be at least 1", param="limit")
    page = await doors.held_back.documents(principal, after=after, limit=limit)
    return json_response({"object": "list", "data": page["documents"], "next": page["next"]})


@router.post("/{document}/release", response_model=None)
async def release(request: Request, document: str) -> Response:
    """Let a document out of quarantine."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    return json_response(await doors.held_back.release(principal, document, request=request_id(request)))
