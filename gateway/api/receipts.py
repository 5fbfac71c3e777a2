"""`/v1/receipts/{id}`: proof that a request is in the signed log, to keep and to check offline."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.api.doors import doors_of, request_id

router = APIRouter(prefix="/v1/receipts", tags=["audit"])


@router.get("/{wanted}", response_model=None)
async def receipt(request: Request, wanted: str) -> Response:
    """The receipt of one of the caller's own requests, or of any for who may read the log (C2SP tlog-proof)."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    made = await doors.log.receipt(request_id(request), principal, wanted)
    return Response(made, media_type="text/plain; charset=utf-8")
