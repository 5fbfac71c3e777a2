"""The reranker's place in a search: over the best passages, within its time, and never in the way of an answer."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from gateway.model import Passage
from gateway.retrieval.embed import render_for_embedding
from gateway.retrieval.methods.base import Reranker

log = logging.getLogger("gateway.retrieval")

TOO_SLOW: Final = "reranker_timeout"
FAILED: Final = "reranker_failed"


class Ranking:
    """Orders the first `top_n` passages anew. Whatever goes wrong, the order before it stands, and it is told."""

    def __init__(self, reranker: Reranker, top_n: int, timeout_s: float) -> None:
        self.top_n = top_n
        self._reranker = reranker
        self._timeout_s = timeout_s

    async def order(self, question: str, passages: Sequence[Passage]) -> tuple[list[Passage], str | None]:
        """The passages, and why they are as they were (None when ranked). Those ranked carry the reranker's score."""
        head, tail = list(passages[: self.top_n]), list(passages[self.top_n :])
        if not head:
            return [], None
        try:
            scores = await self._reranker.scores(
                render_for_embedding(question), [_read(passage) for passage in head], self._timeout_s
            )
        except TimeoutError:
            return [*head, *tail], TOO_SLOW
        except Exception as fault:  # noqa: BLE001 - a model may fail in any way; its words may quote the passages
            log.error("the reranker failed: %s", type(fault).__name__)
            return [*head, *tail], FAILED
        ranked = sorted(zip(scores, head, strict=True), key=lambda pair: -pair[0])
        return [*(replace(passage, score=score) for score, passage in ranked), *tail], None


def _read(passage: Passage) -> str:
    above = passage.heading if passage.heading.startswith(passage.title) else f"{passage.title}\n{passage.heading}"
    return render_for_embedding(f"{above.strip()}\n{passage.text}".strip())
