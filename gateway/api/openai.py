"""The OpenAI wire: `/v1/chat/completions`, `/v1/models`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.api import sse
from gateway.api.body import read_json
from gateway.api.doors import doors_of, request_id
from gateway.api.shape import REQUEST_ID, json_response
from gateway.chat import Answer, Streamed, split
from gateway.model import Json, Model

router = APIRouter(prefix="/v1", tags=["openai"])


async def chat_completions(request: Request) -> Response:
    """Answer a conversation: JSON, or server-sent events with `stream: true`."""
    doors = doors_of(request)
    principal = await doors.caller(request)
    body, options = split(await read_json(request, doors.limits.max_body_bytes), request.headers)
    request_no = request_id(request)
    asking = asyncio.ensure_future(doors.chat.ask(request_no, principal, body, options))
    if not body.get("stream"):
        return _whole(await asking, request_no)
    # An error in the first seconds keeps its own HTTP status; after that the wait is filled with comments.
    await asyncio.wait({asking}, timeout=sse.KEEP_ALIVE_S)
    headers = {"x-request-id": request_no, REQUEST_ID: request_no}
    if not asking.done():
        late = asyncio.ensure_future(_chunks(asking))
        return sse.EventStream(sse.late_events(late, sse.KEEP_ALIVE_S), headers)
    answer = asking.result()
    chunks = answer.chunks if isinstance(answer, Streamed) else _single(answer)
    return sse.EventStream(sse.events(chunks), {**headers, **answer.headers})


# A plain route: the body is read and checked here, and FastAPI's solving of parameters would cost a tenth of a
# millisecond for none.
router.add_route("/v1/chat/completions", chat_completions, methods=["POST"])


async def _chunks(asking: asyncio.Future[Answer | Streamed]) -> AsyncIterator[Json]:
    answer = await asking
    if isinstance(answer, Streamed):
        return answer.chunks
    return _single(answer)


async def _single(answer: Answer) -> AsyncIterator[Json]:
    """A whole answer as one chunk, for callers who asked for a stream where there is none to give."""
    yield _as_chunk(answer)


def _as_chunk(answer: Answer) -> Json:
    choices = [
        {"index": c["index"], "delta": c["message"], "finish_reason": c["finish_reason"]}
        for c in answer.body["choices"]
    ]
    return {**answer.body, "object": "chat.completion.chunk", "choices": choices}


def _whole(answer: Answer | Streamed, request_no: str) -> Response:
    if isinstance(answer, Streamed):
        raise TypeError("a stream where a whole answer was asked for")
    return json_response(answer.body, headers={"x-request-id": request_no, REQUEST_ID: request_no, **answer.headers})


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
