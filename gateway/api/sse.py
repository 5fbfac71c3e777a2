"""Server-sent events: chunks out as they come, comments while waiting, and an end for every way it can end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.api.shape import error_body
from gateway.errors import Broken, GatewayError
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


async def events(chunks: AsyncIterator[Json]) -> AsyncGenerator[bytes, None]:
    """Chunks as events, `[DONE]` at the end; an error becomes one event with a top-level `error`."""
    try:
        async for chunk in chunks:
            yield encode(chunk)
    except GatewayError as error:
        yield encode(error_body(error))
    except Exception:  # noqa: BLE001 - headers are out; the stream must still end in a shape the client knows
        yield encode(error_body(Broken("the gateway failed on this request")))
    finally:
        if isinstance(chunks, AsyncGenerator):
            await chunks.aclose()
    yield DONE


async def late_events(answer: asyncio.Future[AsyncIterator[Json]], period: float) -> AsyncGenerator[bytes, None]:
    """The same for an answer that has not begun: comments until it does."""
    try:
        while not answer.done():
            yield KEEP_ALIVE
            await asyncio.wait({answer}, timeout=period)
    finally:
        if not answer.done():
            answer.cancel()
    try:
        chunks = answer.result()
    except GatewayError as error:
        yield encode(error_body(error))
        yield DONE
        return
    async for event in events(chunks):
        yield event


class EventStream(Response):
    """An ASGI response that stops its source as soon as the client is gone."""

    def __init__(self, source: AsyncGenerator[bytes, None], headers: Mapping[str, str]) -> None:
        super().__init__(headers={**HEADERS, **headers})
        self._source = source
        del self.headers["content-length"]

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        """Send until the source ends or the client leaves; the source is closed either way."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        pump = asyncio.ensure_future(self._pump(send))
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            await asyncio.wait({pump, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (pump, gone):
                if not task.done():
                    task.cancel()
            await asyncio.gather(pump, gone, return_exceptions=True)

    async def _pump(self, send: Send) -> None:
        try:
            async for data in self._source:
                await send({"type": "http.response.body", "body": data, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await self._source.aclose()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
