"""Reading JSON bodies within limits of size, time and depth, saying where they break without quoting them."""

from __future__ import annotations

import asyncio
from typing import Final

import orjson
from starlette.requests import ClientDisconnect, Request

from gateway.errors import Invalid, TooLarge
from gateway.model import Json

PATIENCE_S: Final = 30.0
"""How long a body may take to arrive; administrators send files of some kilobytes."""
MAX_DEPTH: Final = 64


async def read_json(request: Request, limit: int) -> Json:
    """The body as a JSON object, an empty body as `{}`. Raises TooLarge beyond `limit` bytes, and Invalid."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            raw = await _read(request, limit)
    except TimeoutError:
        raise Invalid(f"the body did not arrive within {PATIENCE_S:g} s") from None
    except ClientDisconnect:
        raise Invalid("the request ended before its body did") from None
    try:
        body = orjson.loads(raw or b"{}")
    except orjson.JSONDecodeError as error:
        raise Invalid(f"the body is not JSON (line {error.lineno}, column {error.colno})") from None
    if not isinstance(body, dict):
        raise Invalid("the body must be a JSON object")
    _check_depth(body)
    return body


async def _read(request: Request, limit: int) -> bytes:
    raw = bytearray()
    async for part in request.stream():
        raw += part
        if len(raw) > limit:
            raise TooLarge(f"the body is larger than {limit} bytes", hint="send less, or raise server.max_body_bytes")
    return bytes(raw)


def _check_depth(body: Json) -> None:
    level: list[object] = [body]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ())
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise Invalid(f"the body is nested deeper than {MAX_DEPTH} levels")
