"""Servers that speak OpenAI's chat wire: OpenAI, Azure, vLLM, llama.cpp, and Ollama's /v1."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from functools import lru_cache
from typing import Final

import aiohttp
from yarl import URL

from gateway.crypto.secret import Secret
from gateway.model import Call, Json, Model, Outgoing
from gateway.routing import failures
from gateway.routing.providers.base import Timeouts, dump, wire_body
from gateway.routing.providers.http import Http, check_secret, raise_for, read_capped
from gateway.routing.providers.sse import (
    DONE,
    MAX_EVENT_BYTES,
    ChatStream,
    EventParser,
    OversizedEventError,
    check_completion,
)

OPENAI_BASE: Final = "https://api.openai.com/v1"
MAX_RESPONSE_BYTES: Final = 33_554_432
_AFTER_FINISH_S: Final = 5.0
"""After every choice gave its finish_reason only usage and [DONE] may follow; no answer is lost by not waiting."""
_SETTLE_S: Final = 0.05


class OpenAIWire:
    """One aiohttp call per request. Keys are by model name."""

    def __init__(
        self,
        http: Http,
        keys: Mapping[str, Secret],
        *,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        max_event_bytes: int = MAX_EVENT_BYTES,
    ) -> None:
        for name, key in keys.items():
            check_secret(name, key)
        self._http = http
        self._keys = dict(keys)
        self._max_response = max_response_bytes
        self._max_event = max_event_bytes

    def prepare(self, model: Model, call: Call) -> Outgoing:
        """The JSON body; see Provider."""
        url = self.url(model)
        return Outgoing(model, dump(wire_body(model, call)), call.stream, str(url.with_query(None)), call)

    def url(self, model: Model) -> URL:
        """Where this model's chat requests go."""
        return chat_url(model.base_url or OPENAI_BASE)

    async def complete(self, outgoing: Outgoing, timeouts: Timeouts) -> Json:
        """One whole answer; see Provider."""
        model = outgoing.model
        response = await self._open(outgoing, timeouts, timeouts.whole_s)
        try:
            if "json" not in response.content_type:
                raise failures.malformed(model, "an answer of another content type than JSON")
            try:
                async with asyncio.timeout(timeouts.whole_s):
                    data = await read_capped(response, self._max_response)
            except (TimeoutError, aiohttp.ClientError, OSError) as error:
                raise_for(model, error, "an answer")
            if data is None:
                raise failures.malformed(model, "an answer over the size limit")
            return check_completion(model, data)
        finally:
            response.close()

    async def stream(self, outgoing: Outgoing, timeouts: Timeouts) -> AsyncGenerator[Json, None]:
        """Chunks as they come; see Provider."""
        model = outgoing.model
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeouts.first_byte_s
        response = await self._open(outgoing, timeouts, timeouts.first_byte_s)
        parser, judge = EventParser(self._max_event), ChatStream(model)
        held: list[Json] = []
        received = 0
        try:
            if response.content_type != "text/event-stream":
                raise failures.malformed(model, "a stream of another content type than text/event-stream")
            while data := await self._read(response, model, judge, deadline):
                received += len(data)
                if received > self._max_response:
                    raise failures.malformed(model, "a stream over the size limit")
                for event in _events(parser, model, data):
                    if event == DONE:
                        if not judge.complete:
                            raise failures.broke_off(model)
                        await _settle(response)
                        return
                    chunk = judge.take(event)
                    if not judge.has_content:
                        held.append(chunk)
                        continue
                    deadline = clock() + (_AFTER_FINISH_S if judge.complete else timeouts.idle_s)
                    for early in held:
                        yield early
                    held.clear()
                    yield chunk
                    if not judge.complete:
                        # the time the caller took over this chunk is not the upstream's
                        deadline = clock() + timeouts.idle_s
            if not judge.complete:
                raise failures.broke_off(model)
        finally:
            # with the body read to its end the connection has gone back for reuse; otherwise this hangs up
            response.close()

    async def close(self) -> None:
        """The session belongs to whoever made it."""

    async def before(self, model: Model, timeouts: Timeouts) -> None:
        """A last look at the server before anything is sent; servers of this wire need none."""

    async def _open(self, outgoing: Outgoing, timeouts: Timeouts, begin_s: float) -> aiohttp.ClientResponse:
        model = outgoing.model
        await self.before(model, timeouts)
        headers = {
            "Content-Type": "application/json",
            "Accept": "text/event-stream" if outgoing.stream else "application/json",
        }
        url = self.url(model)
        headers |= self._credentials(model, url)
        return await self._http.post(model, url, outgoing.body, headers, timeouts, begin_s)

    def _credentials(self, model: Model, url: URL) -> dict[str, str]:
        """The header that carries the key; made for one call and kept nowhere."""
        key = self._keys.get(model.name)
        if key is None:
            return {}
        if (url.host or "").endswith((".openai.azure.com", ".cognitiveservices.azure.com")):
            return {"api-key": key.reveal()}
        return {"Authorization": f"Bearer {key.reveal()}"}

    async def _read(
        self, response: aiohttp.ClientResponse, model: Model, judge: ChatStream, deadline: float
    ) -> bytes | None:
        """The next bytes; None at the end of the body, or when a complete answer is followed by nothing proper."""
        try:
            async with asyncio.timeout_at(deadline):
                data = await response.content.readany()
                while not data and not response.content.at_eof():
                    data = await response.content.readany()
                return data or None
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            if judge.complete:
                return None
            if isinstance(error, TimeoutError):
                raise failures.too_slow(model, "the next token" if judge.has_content else "the first token") from None
            raise failures.broke_off(model) from None


@lru_cache(maxsize=1024)
def chat_url(base_url: str) -> URL:
    """`<base>/chat/completions`, keeping the query (Azure's api-version)."""
    base = URL(base_url)
    return base.with_path(base.path.rstrip("/") + "/chat/completions").with_query(base.query)


def _events(parser: EventParser, model: Model, data: bytes) -> list[bytes]:
    try:
        return parser.feed(data)
    except OversizedEventError:
        raise failures.malformed(model, "a stream event over the size limit") from None


async def _settle(response: aiohttp.ClientResponse) -> None:
    """After [DONE], let the body's end arrive so that the connection can be used again; never wait long for it."""
    try:
        async with asyncio.timeout(_SETTLE_S):
            while not response.content.at_eof():
                await response.content.readany()
    except (TimeoutError, aiohttp.ClientError, OSError):
        return
