"""`/healthz`: the process runs. `/readyz`: it can answer a request now."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.api.doors import doors_of
from gateway.api.shape import json_response

router = APIRouter(tags=["health"])


@router.get("/healthz", response_model=None)
async def healthz() -> Response:
    """Alive."""
    return json_response({"status": "ok"})


@router.get("/readyz", response_model=None)
async def readyz(request: Request) -> Response:
    """200 when every dependency is there, else 503 and which is not."""
    state = await doors_of(request).ready()
    return json_response(state, status=200 if state["ready"] else 503)
