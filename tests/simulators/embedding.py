"""A server of embeddings: OpenAI's wire, Ollama's, and Elasticsearch's inference of weighted tokens, with faults.

A text's vector is made of its bytes, so that equal texts have equal vectors and the order can be checked.
"""

from __future__ import annotations

import asyncio
import base64
import struct
from dataclasses import dataclass
from enum import Enum, auto
from types import TracebackType
from typing import Any, Self

import orjson
from aiohttp import web

from tests.simulators.behaviour import Received


class Wrong(Enum):
    """Ways in which an answer goes wrong."""

    NO_JSON = auto()
    NO_DATA = auto()
    FEWER = auto()
    TWICE = auto()
    """One index twice, another never."""
    UNEQUAL = auto()
    WORDS = auto()
    """Words where numbers belong."""
    ZERO = auto()
    NOT_FINITE = auto()
    BAD_BASE64 = auto()
    NEGATIVE = auto()
    DROP = auto()
    STALL = auto()
    ENDLESS = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request meets. `status` other than 200 comes with a body that quotes the request, as real ones do."""

    status: int = 200
    retry_after: str | None = None
    wrong: Wrong | None = None


def vector(text: str, dimensions: int) -> list[float]:
    """Not of length 1, so that bringing it there is the caller's work."""
    return [1.0 + sum(text.encode()[place::dimensions]) % 97 for place in range(dimensions)]


def tokens(text: str) -> dict[str, float]:
    """Each word with its length as weight."""
    return {word: float(len(word)) for word in text.split()}


class EmbeddingSimulator:
    """`url` for OpenAI's wire, `root` for the others. With `authorization`, any other such header is answered 401."""

    def __init__(self, *, dimensions: int = 8, authorization: str | None = None) -> None:
        self.dimensions = dimensions
        self.authorization = authorization
        self.models = ("m1",)
        self.requests: list[Received] = []
        self.queue: list[Answer] = []
        self.default = Answer()
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        return f"{self.root}/v1"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [request.json for request in self.requests]

    def next(self, *answers: Answer) -> None:
        """One a request, before `default` applies again."""
        self.queue.extend(answers)

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 << 20)
        app.router.add_post("/v1/embeddings", self._openai)
        app.router.add_post("/api/embed", self._ollama)
        app.router.add_post("/_inference/sparse_embedding/{id}", self._elastic)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _openai(self, request: web.Request) -> web.StreamResponse:
        asked, answer = await self._receive(request)
        if (early := await self._early(request, answer, asked)) is not None:
            return early
        texts = asked["input"]
        rows = [vector(text, asked.get("dimensions") or self.dimensions) for text in texts]
        encoded: list[Any] = [
            base64.b64encode(struct.pack(f"<{len(row)}f", *row)).decode()
            if asked.get("encoding_format") == "base64"
            else row
            for row in rows
        ]
        # In no order of ours: the index counts.
        data = [{"object": "embedding", "index": at, "embedding": row} for at, row in enumerate(encoded)][::-1]
        match answer.wrong:
            case Wrong.FEWER:
                data = data[:-1]
            case Wrong.TWICE:
                data = [{**one, "index": 0} for one in data]
            case Wrong.UNEQUAL:
                data[0]["embedding"] = rows[0][:-1]
            case Wrong.WORDS:
                data[0]["embedding"] = ["one", "two"]
            case Wrong.ZERO:
                data[0]["embedding"] = [0.0] * self.dimensions
            case Wrong.NOT_FINITE:
                data[0]["embedding"] = base64.b64encode(struct.pack("<8f", *([float("nan")] * 8))).decode()
            case Wrong.BAD_BASE64:
                data[0]["embedding"] = "????"
            case _:
                pass
        return web.json_response({"object": "list", "data": data, "model": asked["model"], "usage": {}})

    async def _ollama(self, request: web.Request) -> web.StreamResponse:
        asked, answer = await self._receive(request)
        if (early := await self._early(request, answer, asked)) is not None:
            return early
        if asked["model"] not in self.models:
            return web.json_response({"error": f'model "{asked["model"]}" not found'}, status=404)
        rows = [vector(text, asked.get("dimensions") or self.dimensions) for text in asked["input"]]
        if answer.wrong is Wrong.FEWER:
            rows = rows[:-1]
        return web.json_response({"model": asked["model"], "embeddings": rows, "total_duration": 1})

    async def _elastic(self, request: web.Request) -> web.StreamResponse:
        asked, answer = await self._receive(request)
        if (early := await self._early(request, answer, asked)) is not None:
            return early
        rows = [{"is_truncated": False, "embedding": tokens(text)} for text in asked["input"]]
        match answer.wrong:
            case Wrong.FEWER:
                rows = rows[:-1]
            case Wrong.NEGATIVE:
                rows[0]["embedding"] = {"word": -1.0}
            case Wrong.WORDS:
                rows[0]["embedding"] = ["word"]
            case _:
                pass
        return web.json_response({"sparse_embedding": rows})

    async def _receive(self, request: web.Request) -> tuple[dict[str, Any], Answer]:
        body = await request.read()
        self.requests.append(Received(request.method, request.path, dict(request.headers), body))
        return orjson.loads(body), self.queue.pop(0) if self.queue else self.default

    async def _early(self, request: web.Request, answer: Answer, asked: dict[str, Any]) -> web.StreamResponse | None:
        """The answers that hold nothing."""
        if self.authorization is not None and request.headers.get("Authorization") != self.authorization:
            return web.json_response({"error": {"message": "bad key"}}, status=401)
        if answer.status != 200:
            headers = {} if answer.retry_after is None else {"Retry-After": answer.retry_after}
            return web.json_response({"error": {"message": str(asked)}}, status=answer.status, headers=headers)
        match answer.wrong:
            case Wrong.NO_JSON:
                return web.Response(text="<html>log in first</html>", content_type="text/html")
            case Wrong.NO_DATA:
                return web.json_response({"object": "list"})
            case Wrong.DROP:
                assert request.transport is not None
                request.transport.abort()
                return web.Response()
            case Wrong.STALL:
                await asyncio.sleep(3600)
            case Wrong.ENDLESS:
                return await self._endless(request)
            case _:
                pass
        return None

    async def _endless(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * (1 << 20))
