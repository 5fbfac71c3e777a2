"""Reading request bodies within limits, and JSON that says where it breaks without quoting it."""

from __future__ import annotations

import asyncio

import orjson
from starlette.requests import ClientDisconnect, Request

from gateway.errors import Invalid, TooLarge
from gateway.model import Json

DRAIN_FACTOR = 16
"""How many times the limit is read and thrown away, so that a client hears the refusal instead of a broken pipe."""
MAX_DEPTH = 64
PATIENCE_S = 60.0
"""For a whole body."""


async def read(request: Request, limit: int, name: str = "server.max_body_bytes") -> bytes:
    """The whole body. Raises TooLarge beyond `limit` bytes, keeping none of it."""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(PATIENCE_S):
            async for part in request.stream():
                size += len(part)
                if size <= limit:
                    parts.append(part)
                else:
                    parts.clear()
                    if size > limit * DRAIN_FACTOR:
                        break
    except ClientDisconnect:
        raise Invalid("the request ended before its body did") from None
    except TimeoutError:
        raise Invalid(f"the body did not come within {PATIENCE_S:.0f} s") from None
    if size > limit:
        raise TooLarge(f"the body is larger than {limit} bytes", hint=f"send less, or raise {name}")
    return b"".join(parts)


async def read_json(request: Request, limit: int) -> Json:
    """The body as a JSON object. Raises Invalid with line and column, never with the text."""
    raw = await read(request, limit)
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Invalid(
            f"the body is not JSON (line {error.lineno}, column {error.colno})", hint="send one JSON object as UTF-8"
        ) from None
    if not isinstance(value, dict):
        raise Invalid("the body must be a JSON object")
    _check_depth(value)
    return value


def only(body: Json, known: set[str]) -> None:
    """Raises Invalid where the body has a key that is not known here."""
    if unknown := [key for key in body if key not in known]:
        shown = unknown[0] if unknown[0].isidentifier() and len(unknown[0]) <= 32 else "…"
        raise Invalid(f"{shown} is not a parameter here", param=shown, hint="known: " + ", ".join(sorted(known)))


def _check_depth(value: object) -> None:
    """Refuse nesting that would exhaust recursion further on."""
    level: list[object] = [value]
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
