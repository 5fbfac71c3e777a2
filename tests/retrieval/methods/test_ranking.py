"""The reranker in a search: better order, or the old one and a note."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from gateway.retrieval.methods.ranking import Ranking
from tests.retrieval.methods.test_parents import leaf

PASSAGES = [leaf(at, 1.0 - at / 10) for at in range(5)]


class Numbers:
    """A Reranker that likes the later passages; or fails as told."""

    id = "numbers"

    def __init__(self, fault: Exception | None = None) -> None:
        self.fault = fault
        self.seen: list[Sequence[str]] = []

    async def start(self) -> None:
        pass

    async def scores(self, query: str, texts: Sequence[str], timeout_s: float) -> list[float]:
        self.seen.append([query, *texts])
        if self.fault is not None:
            raise self.fault
        async with asyncio.timeout(timeout_s):
            await asyncio.sleep(0.0 if timeout_s > 0.1 else 1.0)
        return [float(at) for at in range(len(texts))]

    def close(self) -> None:
        pass


async def test_the_first_are_ordered_anew_and_the_rest_stays_behind() -> None:
    reranker = Numbers()
    found, note = await Ranking(reranker, 3, 5.0).order("who is [PERSON_k3f9a2c17qzx]?", PASSAGES)
    assert [passage.ordinal for passage in found] == [2, 1, 0, 3, 4]
    assert [passage.score for passage in found[:3]] == [2.0, 1.0, 0.0]
    assert note is None
    assert reranker.seen == [["who is PERSON?", "t\nleaf 0", "t\nleaf 1", "t\nleaf 2"]]


async def test_too_slow_or_broken_leaves_the_order_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    assert await Ranking(Numbers(), 3, 0.01).order("q", PASSAGES) == (PASSAGES, "reranker_timeout")
    broken = Ranking(Numbers(RuntimeError("it said: leaf 0")), 3, 5.0)
    assert await broken.order("q", PASSAGES) == (PASSAGES, "reranker_failed")
    assert "RuntimeError" in caplog.text
    assert "leaf" not in caplog.text


async def test_nothing_found_is_nothing_ranked() -> None:
    assert await Ranking(Numbers(RuntimeError()), 3, 5.0).order("q", []) == ([], None)
