"""A server that speaks Anthropic's Messages wire (text answers), scripted by the same `Behaviour`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson
from aiohttp import web

from tests.simulators.behaviour import Behaviour, Fault, Received
from tests.simulators.openai_wire import HARMLESS, OpenAISimulator, abort, usage_of


class AnthropicSimulator(OpenAISimulator):
    """Serves POST /v1/messages. Base address: `root`."""

    def routes(self, router: web.UrlDispatcher) -> None:
        router.add_post("/v1/messages", self.chat)

    @property
    def chats(self) -> list[Received]:
        """The messages requests received."""
        return [request for request in self.requests if request.path == "/v1/messages"]

    def refused(self, request: web.Request) -> web.Response | None:
        if self.api_key is None or request.headers.get("x-api-key") == self.api_key:
            return None
        return error_response(401, "invalid x-api-key: " + request.headers.get("x-api-key", ""))

    async def _plain_fault(
        self, request: web.Request, received: Received, behaviour: Behaviour
    ) -> web.StreamResponse | None:
        if behaviour.fault is Fault.STATUS:
            headers = {"Retry-After": behaviour.retry_after} if behaviour.retry_after else {}
            return error_response(behaviour.status, received.body.decode(), headers)
        if behaviour.fault is Fault.REDIRECT:
            return web.Response(status=307, headers={"Location": f"{self.root}/v1/elsewhere"})
        return await super()._plain_fault(request, received, behaviour)

    async def _whole(self, request: web.Request, body: Mapping[str, Any], behaviour: Behaviour) -> web.StreamResponse:
        text = behaviour.answer(body)
        content = [{"type": "text", "text": text}]
        return web.json_response({**message(body, text), "content": content, "stop_reason": "end_turn"})

    async def _stream(self, request: web.Request, body: Mapping[str, Any], behaviour: Behaviour) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        async for event in events(body, behaviour):
            if event is None:
                await asyncio.sleep(0.01)
                abort(request)
                return response
            await response.write(b"event: %b\ndata: %b\n\n" % (event["type"].encode(), orjson.dumps(event)))
        await response.write_eof()
        return response


def message(body: Mapping[str, Any], text: str) -> dict[str, Any]:
    """The envelope of an answer, its content still empty."""
    used = usage_of(body, text)
    return {
        "id": "msg_sim",
        "type": "message",
        "role": "assistant",
        "model": body.get("model"),
        "content": [],
        "stop_reason": None,
        "usage": {"input_tokens": used["prompt_tokens"], "output_tokens": used["completion_tokens"]},
    }


def error_response(status: int, text: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """Anthropic's error shape."""
    kinds = {400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit_error"}
    error = {"type": kinds.get(status, "api_error"), "message": text}
    return web.json_response({"type": "error", "error": error}, status=status, headers=headers)


async def events(body: Mapping[str, Any], behaviour: Behaviour) -> AsyncIterator[dict[str, Any] | None]:
    """A stream's events; None means: reset the connection now."""
    struck = behaviour.fault not in HARMLESS
    pieces = behaviour.chunks(body)
    yield {"type": "message_start", "message": message(body, "")}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    for number, piece in enumerate(pieces[: behaviour.after] if struck else pieces):
        await asyncio.sleep(behaviour.gap_s if number else behaviour.first_token_s)
        yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
    match behaviour.fault:
        case Fault.CUT:
            yield None
        case Fault.STALL:
            await asyncio.sleep(3600)
        case Fault.ERROR_EVENT:
            yield {"type": "error", "error": {"type": "overloaded_error", "message": "the prompt was: secret"}}
        case _ if struck:
            return
        case _:
            yield {"type": "content_block_stop", "index": 0}
            used = {"output_tokens": len(pieces)}
            yield {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": used}
            yield {"type": "message_stop"}
