"""Reading as a journey: the tail, the index, and what is on record of both."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.cli.root import OPERATOR
from gateway.errors import Invalid, NotPermitted
from gateway.model import Principal
from tests.world import World

EMIL = Principal("user:emil", "emil", frozenset({"employee"}))


def test_the_tail_shows_what_is_written_masked(world: World) -> None:
    log = world.house.log

    async def watch() -> list[dict[str, Any]]:
        seen: list[dict[str, Any]] = []
        wake = asyncio.Event()

        async def pause() -> None:
            wake.set()
            await asyncio.sleep(0.05)

        async def follow() -> None:
            async for page in log.tail("tail-1", OPERATOR, reason="watching", pause=pause):
                seen.extend(page)
                if any(told["request"] == "told-1" for told in seen):
                    return

        task = asyncio.create_task(follow())
        await wake.wait()
        await log.note("told-1", OPERATOR, "audit.read", {"about": "Petra Vogel"}, "a reason")
        await asyncio.wait_for(task, 30)
        return seen

    seen = world.run(watch())
    assert [told["action"] for told in seen if told["request"] == "tail-1"] == ["audit.tail"]
    [told] = [told for told in seen if told["request"] == "told-1"]
    assert told["masked"] is True
    assert "Petra" not in str(seen)


def test_who_may_not_read_may_not_watch_or_index(world: World) -> None:
    log = world.house.log

    async def watch(principal: Principal, reason: str) -> None:
        async def pause() -> None:
            await asyncio.sleep(0)

        async for _ in log.tail("tail-2", principal, reason=reason, pause=pause):
            return

    with pytest.raises(NotPermitted):
        world.run(watch(EMIL, "curious"))
    with pytest.raises(Invalid, match="needs a reason"):
        world.run(watch(OPERATOR, ""))
    with pytest.raises(NotPermitted):
        world.run(log.reindex("index-1", EMIL, lambda _: None))
    assert [record["kind"] for record in world.records("tail-2")] == ["refusal", "refusal"]


def test_the_index_of_a_real_log_fits_it_and_is_made_anew(world: World) -> None:
    log = world.house.log
    before = world.run(log.compare(lambda _: None))
    assert before.ok, before
    done = world.run(log.reindex("index-2", OPERATOR, lambda _: None))
    assert done >= before.records
    assert [record["kind"] for record in world.records("index-2")] == ["intent", "outcome"]
    assert world.run(log.compare(lambda _: None)).ok
