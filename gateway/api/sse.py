"""Server-sent events: chunks out as they come, comments while waiting, and an end for every way it can end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.api.shape import error_body
from gateway.errors import GatewayError
from gateway.model import Json

KEEP_ALIVE_S = 10.0
KEEP_ALIVE = b": keep-alive\n\n"
DONE = b"data: [DONE]\n\n"
HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-store",
    "x-accel-buffering": "no",
}


def encode(event: Json) -> bytes:
    """One event. JSON has no raw line ends, so one data line is enough."""
    return b"data: " + orjson.dumps(event) + b"\n\n"


async def events(chunks: AsyncGenerator[Json, None]) -> AsyncGenerator[bytes, None]:
    """Chunks as events, `[DONE]` at the end; an error becomes one event with a top-level `error`."""
    try:
        async for chunk in chunks:
            yield encode(chunk)
    except GatewayError as error:
        yield encode(error_body(error))
    yield DONE


async def late_events(answer: asyncio.Future[AsyncGenerator[Json, None]], period: float) -> AsyncGenerator[bytes, None]:
    """The same for an answer that has not begun: comments until it does."""
    while not answer.done():
        yield KEEP_ALIVE
        await asyncio.wait({answer}, timeout=period)
    try:
        chunks = answer.result()
    except GatewayError as error:
        yield encode(error_body(error))
        yield DONE
        return
    async for event in events(chunks):
        yield event


class EventStream(Response):
    """An ASGI response that stops its source as soon as the client is gone.

    `close` is called at the end, whatever ended it; closing what is closed must do no harm.
    """

    def __init__(
        self, source: AsyncGenerator[bytes, None], headers: Mapping[str, str], close: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(headers={**HEADERS, **headers})
        self._source = source
        self._close = close
        del self.headers["content-length"]

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        """Send until the source ends or the client leaves; the source is closed either way."""
        pump = asyncio.ensure_future(self._pump(send))
        gone = asyncio.ensure_future(disconnected(receive))
        try:
            await asyncio.wait({pump, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (pump, gone):
                task.cancel()
            await asyncio.gather(pump, gone, return_exceptions=True)
            await self._source.aclose()
            await self._close()
        if not pump.cancelled() and (fault := pump.exception()) is not None:
            raise fault

    async def _pump(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for data in self._source:
            await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def disconnected(receive: Receive) -> None:
    """Returns when the client has gone. The body must have been read."""
    while (await receive())["type"] != "http.disconnect":
        pass
