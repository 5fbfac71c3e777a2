"""A map over the embedder's vectors, learned from one collection's own passages, and told whether it helps; on record.

Only questions are embedded; passages have their vectors, unless those are of another embedder. What leaves for a server
is subject to the rule of ingest. No text is kept, and none is in the record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from gateway.errors import NotFound
from gateway.govern.guard import Guard
from gateway.govern.reembedding import may_leave, refusal
from gateway.model import Json, Principal
from gateway.policy import Current
from gateway.retrieval import AdaptedEmbedder, Ledger, TextEmbedder, current_space, egress_of
from gateway.retrieval.learning import Learned, passages_of, questions_of
from gateway.retrieval.methods.adapter import write
from gateway.retrieval.methods.tuning import Pairs, Tuned, tune
from gateway.retrieval.qdrant.engine import Engine
from gateway.store import Store

if TYPE_CHECKING:
    from gateway.retrieval.methods.base import Vectors

ACTION: Final = "documents.tune"
BATCH: Final = 256
Progress = Callable[[str, int, int], None]
"""Told what is done, and how much of how much."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was learned and what it is worth."""

    collection: str
    embedder: str
    passages: int
    documents: int
    questions: int
    tuned: Tuned
    file: bytes | None = field(repr=False)
    """The map; None when it was not accepted."""

    def data(self) -> Json:
        """As JSON."""
        found = self.tuned
        return {
            "collection": self.collection,
            "embedder": self.embedder,
            "passages": self.passages,
            "documents": self.documents,
            "questions": self.questions,
            "learned_from": found.learned,
            "judged_on": found.judged,
            "ndcg@10_before": round(found.before, 4),
            "ndcg@10_after": round(found.after, 4),
            "gain": round(found.gain, 4),
            "gain_low": round(found.low, 4),
            "gain_high": round(found.high, 4),
            "accepted": found.accepted,
        }


class Tuning:
    """Runs on the command line; changes nothing by itself."""

    def __init__(
        self,
        *,
        store: Store,
        guard: Guard,
        current: Current,
        embedder: TextEmbedder,
        now: Callable[[], datetime],
        engine: Engine | None = None,
    ) -> None:
        """`engine`: where points lie, if not in the database."""
        self._store = store
        self._guard = guard
        self._current = current
        self._embedder = embedder.inner if isinstance(embedder, AdaptedEmbedder) else embedder
        self._now = now
        self._engine = engine

    async def run(
        self, request: str, principal: Principal, collection: str, *, progress: Progress = lambda _, __, ___: None
    ) -> Report:
        """Learn a map from a collection's passages.

        Raises NotPermitted, NotFound where the collection holds nothing, NoRoute where its text may not go to the
        embedder, or what the embedder raises.
        """
        await self._guard.permit(request, principal, "documents", "reembed")
        passages = await passages_of(self._store, principal.tenant, collection, engine=self._engine)
        if not passages:
            raise NotFound(f"collection {collection} holds no passage", hint="`gateway collection list` shows them")
        if self._embedder.endpoint:
            bundle = self._current.bundle
            if any(not may_leave(bundle, self._embedder, p.label, p.types, plain=p.plain) for p in passages):
                error = refusal("a document of it", self._embedder)
                detail: Json = {"code": error.code, "reason": error.message, "collection": collection}
                await self._guard.record("refusal", request, principal, ACTION, detail)
                raise error
        about: Json = {"collection": collection, "embedder": self._embedder.id, "passages": len(passages)}
        if self._embedder.endpoint:
            about |= {"zone": self._embedder.zone.value, "endpoint": self._embedder.endpoint}
        async with self._guard.recorded(request, principal, ACTION, about) as told:
            report = await self._learn(collection, passages, told, progress)
            told.update(report.data())
        return report

    async def _learn(self, collection: str, passages: list[Learned], told: Json, progress: Progress) -> Report:
        import numpy as np  # noqa: PLC0415

        made = await asyncio.to_thread(questions_of, passages)
        space = await current_space(self._store)
        if space is not None and space.embedder == self._embedder.id:
            held: Vectors = np.array([one.vector for one in passages], np.float32)
        else:
            held = await self._embed([one.whole for one in passages], "passages", told, progress)
        asked = await self._embed([text for _, text in made], "questions", told, progress)
        pairs = Pairs(
            asked if made else np.zeros((0, held.shape[1]), np.float32),
            held,
            [at for at, _ in made],
            [one.document for one in passages],
        )
        tuned = await asyncio.to_thread(
            lambda: tune(pairs, progress=lambda done, total: progress("learning", done, total))
        )
        return Report(
            collection=collection,
            embedder=self._embedder.id,
            passages=len(passages),
            documents=len(set(pairs.documents)),
            questions=len(made),
            tuned=tuned,
            file=write(tuned.weights, self._embedder.id) if tuned.accepted else None,
        )

    async def _embed(self, texts: Sequence[str], what: str, told: Json, progress: Progress) -> Vectors:
        import numpy as np  # noqa: PLC0415

        ledger: Ledger = []
        parts: list[Vectors] = []
        if self._embedder.endpoint:
            told.setdefault("egress", []).append(egress_of(self._embedder, len(texts), sum(map(len, texts))))
        try:
            for at in range(0, len(texts), BATCH):
                parts.append(await self._embedder.embed_documents(texts[at : at + BATCH], ledger))
                progress(what, min(at + BATCH, len(texts)), len(texts))
        finally:
            if ledger:
                told.setdefault("sent", []).extend(sent.fact() for sent in ledger)
        return np.concatenate(parts) if parts else np.zeros((0, 1), np.float32)
