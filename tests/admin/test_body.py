"""Bodies that are too large, too slow, too deep, cut short, or no JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.requests import Request

from gateway.admin import body
from gateway.errors import Invalid, TooLarge


def request(*parts: bytes, end: str = "complete") -> Request:
    """A request whose body arrives in these parts and then is complete, stalls, or is cut off."""
    left = list(parts)

    async def receive() -> dict[str, Any]:
        if left:
            return {"type": "http.request", "body": left.pop(0), "more_body": bool(left) or end != "complete"}
        if end == "cut":
            return {"type": "http.disconnect"}
        await asyncio.Event().wait()
        raise AssertionError

    receiver: Callable[[], Awaitable[dict[str, Any]]] = receive
    return Request({"type": "http", "method": "POST", "path": "/", "headers": []}, receiver)


async def test_a_body_in_parts_is_read_whole_and_an_empty_one_is_empty() -> None:
    assert await body.read_json(request(b'{"a"', b": 1}"), 100) == {"a": 1}
    assert await body.read_json(request(b""), 100) == {}


async def test_over_the_limit() -> None:
    with pytest.raises(TooLarge):
        await body.read_json(request(b"x" * 60, b"x" * 60, end="stall"), 100)


async def test_a_body_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "PATIENCE_S", 0.05)
    with pytest.raises(Invalid, match="did not arrive"):
        await asyncio.wait_for(body.read_json(request(b'{"a": ', end="stall"), 100), 5)


async def test_a_client_that_goes_away() -> None:
    with pytest.raises(Invalid, match="ended before"):
        await body.read_json(request(b'{"a": ', end="cut"), 100)


@pytest.mark.parametrize("text", [b'{"a": "Jane Roe"', b"[1]", b'"Jane Roe"', b'{"a": "\xff"}', b"1"])
async def test_no_json_object(text: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        await body.read_json(request(text), 100)
    assert "Jane" not in str(caught.value)


@pytest.mark.parametrize("opening", ['{"a":', "["])
async def test_nesting_has_a_limit(opening: str) -> None:
    closing = {"[": "]"}.get(opening, "}")

    def nested(levels: int) -> bytes:
        inner = levels - 1
        return ('{"a":' + opening * inner + "1" + closing * inner + "}").encode()

    assert await body.read_json(request(nested(body.MAX_DEPTH)), 10_000)
    with pytest.raises(Invalid, match="nested deeper"):
        await body.read_json(request(nested(body.MAX_DEPTH + 1)), 10_000)
