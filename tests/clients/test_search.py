"""The client against the running gateway."""

from __future__ import annotations

import asyncio

import pytest

from gateway.clients.search import Search
from gateway.errors import BadSettings, NotFound, NotPermitted, Unauthenticated, UpstreamFailed
from tests.simulators import OpenAISimulator
from tests.world import World


def test_it_finds_what_the_key_may_read(world: World) -> None:
    (hit, *_) = Search(world.url + "/", world.keys["emil"], ["handbook"], top_k=3)("How many days of annual leave?")
    assert "29 days" in hit.text
    assert hit.id == f"{hit.facts['document']}.0"
    assert hit.facts["collection"] == "handbook"
    assert hit.facts["url"].startswith("/v1/collections/handbook/documents/")
    assert "text" not in hit.facts


def test_refusals_come_as_the_gateway_says_them(world: World) -> None:
    with pytest.raises(NotPermitted) as refused:
        Search(world.url, world.keys["emil"], ["hr"])("emergency contact")
    assert "hr" in refused.value.message
    with pytest.raises(Unauthenticated):
        Search(world.url, "gw_wrong", ["handbook"])("leave")


def test_a_gateway_that_is_not_there(world: World) -> None:
    with pytest.raises(UpstreamFailed):
        Search("http://127.0.0.1:1", world.keys["emil"], ["handbook"])("leave")
    with pytest.raises(BadSettings):
        Search("file:///etc", "key", [])


async def test_something_else_at_that_address() -> None:
    """It answers, but is no gateway; the key's owner hears a plain error."""
    async with OpenAISimulator() as other:
        with pytest.raises((UpstreamFailed, NotFound)) as failed:
            await asyncio.to_thread(Search(other.url, "gw_key", ["handbook"]), "leave")
    assert "gw_key" not in str(failed.value)


def test_a_key_does_not_show() -> None:
    assert "secret" not in repr(Search("http://gateway", "secret", ["handbook"]))
