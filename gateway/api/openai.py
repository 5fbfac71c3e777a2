"""The OpenAI wire: `/v1/chat/completions`, `/v1/models`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.api import sse
from gateway.api.body import read_json
from gateway.api.doors import doors_of, request_id
from gateway.api.shape import REQUEST_ID, json_response
from gateway.chat import Answer, Streamed, split
from gateway.model import Json, Model

CLIENT_CLOSED = 499
"""Nobody reads this status; it is what servers log for a client that has gone."""

router = APIRouter(prefix="/v1", tags=["openai"])


async def chat_completions(request: Request) -> Response:
    """Answer a conversation: JSON, or server-sent events with `stream: true`."""
    request.scope["route"] = ROUTE  # what a route of FastAPI's would say of itself
    doors = doors_of(request)
    principal = await doors.caller(request)
    body, options = split(await read_json(request, doors.limits.max_body_bytes), request.headers)
    request_no = request_id(request)
    headers = {"x-request-id": request_no, REQUEST_ID: request_no}
    asking = asyncio.ensure_future(doors.chat.ask(request_no, principal, body, options))
    if not body.get("stream"):
        if await _gone_before(request, asking, None):
            return Response(status_code=CLIENT_CLOSED)
        return _whole(asking.result(), headers)
    # An error in the first seconds keeps its own HTTP status; after that the wait is filled with comments.
    if await _gone_before(request, asking, sse.KEEP_ALIVE_S):
        return Response(status_code=CLIENT_CLOSED)
    late = asyncio.ensure_future(_chunks(asking))
    if not asking.done():
        return sse.EventStream(sse.late_events(late, sse.KEEP_ALIVE_S), headers, lambda: _abandon(asking))
    chunks = await late
    return sse.EventStream(sse.events(chunks), {**headers, **asking.result().headers}, chunks.aclose)


async def _gone_before(request: Request, asking: asyncio.Future[Answer | Streamed], patience: float | None) -> bool:
    """Wait for the answer (its beginning, for a stream), for `patience` seconds at most. True: the client has gone.

    Then, and when this request is cancelled, the asking is cancelled too: it hangs up upstream and records that.
    """
    gone: asyncio.Future[Any] = asyncio.ensure_future(sse.disconnected(request.receive))
    first: set[asyncio.Future[Any]] = {asking, gone}
    left = False
    try:
        await asyncio.wait(first, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        left = gone.done() and not asking.done()
        return left
    except asyncio.CancelledError:
        left = True
        raise
    finally:
        gone.cancel()
        if left:
            await _abandon(asking)


# A plain route: the body is read and checked here, and FastAPI's solving of parameters would cost a tenth of a
# millisecond for none.
router.add_route("/v1/chat/completions", chat_completions, methods=["POST"])
ROUTE = router.routes[-1]


async def _abandon(asking: asyncio.Future[Answer | Streamed]) -> None:
    """Nobody will read this answer: stop it, begun or not. It hangs up upstream and records that."""
    asking.cancel()
    await asyncio.wait({asking})
    made = None if asking.cancelled() or asking.exception() is not None else asking.result()
    if isinstance(made, Streamed):
        await made.chunks.aclose()


async def _chunks(asking: asyncio.Future[Answer | Streamed]) -> AsyncGenerator[Json, None]:
    """The answer's chunks, once it has begun."""
    answer = await asking
    return answer.chunks if isinstance(answer, Streamed) else _single(answer)


async def _single(answer: Answer) -> AsyncGenerator[Json, None]:
    """A whole answer as one chunk, for callers who asked for a stream where there is none to give."""
    choices = [
        {"index": c["index"], "delta": c["message"], "finish_reason": c["finish_reason"]}
        for c in answer.body["choices"]
    ]
    rest = {key: value for key, value in answer.body.items() if key != "usage"}
    yield {**rest, "object": "chat.completion.chunk", "choices": choices}


def _whole(answer: Answer | Streamed, headers: dict[str, str]) -> Response:
    if isinstance(answer, Streamed):
        raise TypeError("a stream where a whole answer was asked for")
    return json_response(answer.body, headers={**headers, **answer.headers})


@router.get("/models", response_model=None)
async def models(request: Request) -> Response:
    """The models this caller may use; nothing is asked of their servers."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    return json_response({"object": "list", "data": [_model(m) for m in doors.chat.models(principal)]})


@router.get("/models/{name:path}", response_model=None)
async def model(request: Request, name: str) -> Response:
    """One model, if this caller may use it."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    return json_response(_model(doors.chat.model(principal, name)))


def _model(model: Model) -> Json:
    return {
        "id": model.name,
        "object": "model",
        "created": 0,
        "owned_by": model.provider,
        "gateway": {"zone": model.zone.value, "context": model.context, "tools": model.tools, "origin": model.origin},
    }
