"""`/v1/jobs`: uploads that are read later, followed, cancelled and tried again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.api.doors import doors_of, request_id
from gateway.api.shape import error_body, json_response
from gateway.api.sse import DONE, KEEP_ALIVE, KEEP_ALIVE_S, EventStream, encode
from gateway.errors import GatewayError, Invalid
from gateway.model import Json

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])


@router.get("", response_model=None)
async def jobs(request: Request, after: str = "", limit: int = 100, everyone: bool = False) -> Response:
    """The caller's own jobs, newest first; with `everyone` those of all callers, for who may."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    if limit < 1:
        raise Invalid("limit must be at least 1", param="limit")
    limit = min(limit, 100)
    found = await doors.jobs.list(principal, everyone=everyone, after=after, limit=limit)
    return json_response({"object": "list", "data": found, "next": found[-1]["id"] if len(found) == limit else None})


@router.get("/{job}", response_model=None)
async def job(request: Request, job: str, after: int = -1, limit: int = 100) -> Response:
    """One job with its files, those behind the number `after`."""
    doors = doors_of(request)
    return json_response(await doors.jobs.show(await doors.caller(request), job, after=after, limit=limit))


@router.post("/{job}/cancel", response_model=None)
async def cancel(request: Request, job: str) -> Response:
    """End a job; what is not in yet stays out."""
    doors = doors_of(request)
    return json_response(await doors.jobs.cancel(await doors.caller(request), job, request=request_id(request)))


@router.post("/{job}/retry", response_model=None)
async def retry(request: Request, job: str) -> Response:
    """Try the failed files of a job again."""
    doors = doors_of(request)
    found = await doors.jobs.retry(await doors.caller(request), job, request=request_id(request))
    return json_response(found, status=202)


@router.get("/{job}/events", response_model=None)
async def progress(request: Request, job: str) -> Response:
    """The job as it goes on, as server-sent events, until it has ended."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    watching = doors.jobs.watch(principal, job)
    # The first look may refuse, and then there is no stream.
    first = await anext(watching)

    return EventStream(_events(first, watching), {}, watching.aclose)


async def _events(first: Json, watching: AsyncGenerator[Json, None]) -> AsyncGenerator[bytes, None]:
    """Each change as an event, comments in between so that no proxy takes the silence for an end."""
    yield encode(first)
    coming = asyncio.ensure_future(anext(watching, None))
    try:
        while True:
            await asyncio.wait({coming}, timeout=KEEP_ALIVE_S)
            if not coming.done():
                yield KEEP_ALIVE
                continue
            try:
                found = coming.result()
            except GatewayError as error:
                yield encode(error_body(error))
                break
            if found is None:
                break
            yield encode(found)
            coming = asyncio.ensure_future(anext(watching, None))
    finally:
        coming.cancel()
        await asyncio.wait({coming})
    yield DONE
