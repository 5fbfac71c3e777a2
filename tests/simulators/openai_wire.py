"""A server that speaks OpenAI's chat wire, scripted by `Behaviour`, faults included."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, Self

import orjson
from aiohttp import web

from tests.simulators.behaviour import Behaviour, Fault, Received, Script, words

HARMLESS = frozenset({Fault.NONE, Fault.NO_DONE, Fault.LINGER})
"""What a stream survives."""
ABORTED = web.RequestKey("aborted", bool)
"""Set when it was the simulator that hung up."""


class OpenAISimulator:
    """Serves /v1/chat/completions and /v1/models. With `api_key`, any other bearer token is answered 401."""

    def __init__(
        self, *, api_key: str | None = None, models: tuple[str, ...] = ("sim-1",), tls: ssl.SSLContext | None = None
    ) -> None:
        self.api_key = api_key
        self.models = models
        self.requests: list[Received] = []
        self.disconnects = 0
        self.connections = 0
        """Requests answered so far were carried by this many TCP connections."""
        self._tls = tls
        self._script = Script()
        self._seen: set[int] = set()
        self._went = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self._port = 0

    # -- use -------------------------------------------------------------------------------------------------------

    @property
    def root(self) -> str:
        """Address without a path."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        """Base URL as an OpenAI client is given it."""
        return f"{self.root}/v1"

    @property
    def default(self) -> Behaviour:
        """What happens when nothing is queued."""
        return self._script.default

    @default.setter
    def default(self, behaviour: Behaviour) -> None:
        self._script.default = behaviour

    def next(self, *behaviours: Behaviour) -> None:
        """Queue behaviours, one a request, before the default applies again."""
        self._script.queue.extend(behaviours)

    @property
    def chats(self) -> list[Received]:
        """The chat requests received."""
        return [request for request in self.requests if request.path.endswith("/chat/completions")]

    async def disconnected(self, count: int, timeout_s: float = 30.0) -> None:
        """Wait until `count` clients have gone away before their answer was complete."""
        async with asyncio.timeout(timeout_s), self._went:
            await self._went.wait_for(lambda: self.disconnects >= count)

    async def received(self, count: int, timeout_s: float = 30.0) -> None:
        """Wait until `count` requests of any kind have arrived."""
        async with asyncio.timeout(timeout_s), self._went:
            await self._went.wait_for(lambda: len(self.requests) >= count)

    # -- life ------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 2**20)
        self.routes(app.router)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, ssl_context=self._tls)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Stop listening and drop every connection; `async with` again listens on the same port."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def routes(self, router: web.UrlDispatcher) -> None:
        """What is served; the Ollama simulator adds to it."""
        router.add_post("/v1/chat/completions", self.chat)
        router.add_get("/v1/models", self.list_models)

    # -- handlers --------------------------------------------------------------------------------------------------

    async def receive(self, request: web.Request) -> Received:
        """Read and remember one request."""
        if id(request.transport) not in self._seen:
            self._seen.add(id(request.transport))
            self.connections += 1
        received = Received(request.method, request.path_qs, dict(request.headers), await request.read())
        async with self._went:
            self.requests.append(received)
            self._went.notify_all()
        return received

    def refused(self, request: web.Request) -> web.Response | None:
        """The answer to a wrong key."""
        if self.api_key is None or request.headers.get("Authorization") == f"Bearer {self.api_key}":
            return None
        return error_response(401, "Incorrect API key provided: " + request.headers.get("Authorization", ""))

    async def list_models(self, request: web.Request) -> web.Response:
        await self.receive(request)
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "simulator"} for name in self.models]
        return web.json_response({"object": "list", "data": data})

    async def chat(self, request: web.Request) -> web.StreamResponse:
        received = await self.receive(request)
        if (refusal := self.refused(request)) is not None:
            return refusal
        behaviour = self._script.take()
        try:
            await asyncio.sleep(behaviour.first_byte_s)
            if (plain := await self._plain_fault(request, received, behaviour)) is not None:
                return plain
            if received.json.get("stream"):
                return await self._stream(request, received.json, behaviour)
            return await self._whole(request, received.json, behaviour)
        except (asyncio.CancelledError, ConnectionError):
            if request.get(ABORTED):
                raise
            async with self._went:
                self.disconnects += 1
                self._went.notify_all()
            raise

    async def _plain_fault(
        self, request: web.Request, received: Received, behaviour: Behaviour
    ) -> web.StreamResponse | None:
        match behaviour.fault:
            case Fault.STATUS:
                headers = {"Retry-After": behaviour.retry_after} if behaviour.retry_after else {}
                return error_response(behaviour.status, received.body.decode(), headers)
            case Fault.WRONG_TYPE:
                return web.Response(text="<html><body>Please log in</body></html>", content_type="text/html")
            case Fault.REDIRECT:
                return web.Response(status=307, headers={"Location": f"{self.url}/chat/completions"})
            case Fault.DROP:
                abort(request)
                return web.Response()
            case _:
                return None

    async def _whole(self, request: web.Request, body: Mapping[str, Any], behaviour: Behaviour) -> web.StreamResponse:
        data = orjson.dumps(completion(body, behaviour))
        match behaviour.fault:
            case Fault.MALFORMED:
                data = data[: len(data) // 2]
            case Fault.WRONG_SHAPE:
                data = b'{"object":"chat.completion","choices":[]}'
            case Fault.HUGE:
                data = b'{"choices":"' + b"x" * behaviour.huge_bytes + b'"}'
            case Fault.ERROR_EVENT:
                data = orjson.dumps(error_body(200, "overloaded"))
            case Fault.CUT | Fault.CLEAN_CUT | Fault.STALL:
                response = web.StreamResponse(headers={"Content-Type": "application/json"})
                response.content_length = len(data)
                await response.prepare(request)
                await response.write(data[: len(data) // 2])
                if behaviour.fault is Fault.STALL:
                    await asyncio.sleep(3600)
                abort(request)
                return response
            case _:
                pass
        return web.Response(body=data, content_type="application/json")

    async def _stream(self, request: web.Request, body: Mapping[str, Any], behaviour: Behaviour) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
        await response.prepare(request)
        async for data in events(body, behaviour):
            if data is None:
                abort(request)
                return response
            step = behaviour.bytes_per_write or len(data)
            for start in range(0, len(data), step):
                await response.write(data[start : start + step])
                if behaviour.bytes_per_write:
                    await asyncio.sleep(0)
        await response.write_eof()
        return response


def abort(request: web.Request) -> None:
    """Reset the TCP connection."""
    request[ABORTED] = True
    if request.transport is not None:
        request.transport.abort()


def error_body(status: int, message: str) -> dict[str, Any]:
    """OpenAI's error shape."""
    return {"error": {"message": message, "type": "simulated_error", "param": None, "code": f"sim_{status}"}}


def error_response(status: int, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """An error answer."""
    return web.json_response(error_body(status, message), status=status, headers=headers)


def usage_of(body: Mapping[str, Any], answer: str) -> dict[str, int]:
    """Words of every message's text, and of the answer."""
    asked = words(" ".join(str(message.get("content") or "") for message in body.get("messages") or []))
    said = words(answer)
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}


def tool_calls_of(behaviour: Behaviour) -> list[dict[str, Any]]:
    """Tool calls as a whole answer carries them."""
    return [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in behaviour.tool_calls
    ]


def completion(body: Mapping[str, Any], behaviour: Behaviour) -> dict[str, Any]:
    """A whole chat.completion."""
    message: dict[str, Any] = {"role": "assistant", "content": behaviour.answer(body)}
    finish = behaviour.finish_reason
    if behaviour.tool_calls:
        message |= {"content": None, "tool_calls": tool_calls_of(behaviour)}
        finish = "tool_calls"
    return {
        "id": "chatcmpl-sim",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body.get("model"),
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": usage_of(body, behaviour.answer(body)),
    }


async def events(body: Mapping[str, Any], behaviour: Behaviour) -> AsyncIterator[bytes | None]:
    """The bytes of a stream, event by event; None means: reset the connection now."""
    head = {"id": "chatcmpl-sim", "object": "chat.completion.chunk", "created": 1, "model": body.get("model")}

    def event(delta: Mapping[str, Any] | None, finish: str | None = None, **more: Any) -> bytes:
        choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]
        return frame(orjson.dumps({**head, "choices": choices, **more}), behaviour)

    yield event({"role": "assistant", "content": ""})
    await asyncio.sleep(behaviour.first_token_s)
    deltas = tool_deltas(behaviour) if behaviour.tool_calls else [{"content": c} for c in behaviour.chunks(body)]
    struck = behaviour.fault not in HARMLESS
    for number, delta in enumerate(deltas[: behaviour.after] if struck else deltas):
        await asyncio.sleep(behaviour.gap_s if number else 0)
        yield event(delta)
    if struck:
        async for data in fault_events(behaviour):
            yield data
        return
    yield event({}, "tool_calls" if behaviour.tool_calls else behaviour.finish_reason)
    if (body.get("stream_options") or {}).get("include_usage"):
        yield event(None, usage=usage_of(body, behaviour.answer(body)))
    if behaviour.fault is not Fault.NO_DONE:
        yield frame(b"[DONE]", behaviour)
    if behaviour.fault is Fault.LINGER:
        await asyncio.sleep(3600)


async def fault_events(behaviour: Behaviour) -> AsyncIterator[bytes | None]:
    """What a faulty stream sends at the point where it goes wrong."""
    match behaviour.fault:
        case Fault.CUT:
            await asyncio.sleep(0.01)
            yield None
        case Fault.STALL:
            await asyncio.sleep(3600)
        case Fault.MALFORMED:
            yield b'data: {"id": "chatcmpl-sim", "choices": [{"delta"\n\n'
        case Fault.WRONG_SHAPE:
            yield b'data: {"choices": "none"}\n\n'
        case Fault.ERROR_EVENT:
            yield frame(orjson.dumps(error_body(500, "the prompt was: secret")), behaviour)
        case Fault.DONE_CUT:
            yield frame(b"[DONE]", behaviour)
        case Fault.HUGE:
            yield b"data: " + b"x" * behaviour.huge_bytes
        case _:
            return


def tool_deltas(behaviour: Behaviour) -> list[dict[str, Any]]:
    """Tool calls as deltas: id and name first, then the arguments in pieces."""
    deltas: list[dict[str, Any]] = []
    for index, call in enumerate(behaviour.tool_calls):
        place = {"index": index} if behaviour.tool_index else {}
        first = {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": ""}}
        deltas.append({"tool_calls": [{**place, **first}]})
        deltas.extend(
            {"tool_calls": [{**place, "function": {"arguments": call.arguments[start : start + 5]}}]}
            for start in range(0, len(call.arguments), 5)
        )
    return deltas


def frame(data: bytes, behaviour: Behaviour) -> bytes:
    """One server-sent event in the dialect asked for."""
    end = b"\r\n" if behaviour.crlf else b"\n"
    lines = [data]
    if behaviour.multi_line and data.startswith(b"{"):
        lines = orjson.dumps(orjson.loads(data), option=orjson.OPT_INDENT_2).split(b"\n")
    text = b"".join(b"data: " + line + end for line in lines) + end
    return (b": keep-alive" + end + end + text) if behaviour.comments else text
