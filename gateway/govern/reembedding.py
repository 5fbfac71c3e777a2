"""The index made anew by the embedder of the settings, beside the one that is searched, on record.

    decide -> may every text go where the embedder runs? -> intent -> passages -> indexes -> the last passages and the
    swap, in one transaction -> outcome

Whoever is killed in between runs it again: what has its new vector already is not embedded twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from gateway.errors import GatewayError, NoRoute, UpstreamFailed
from gateway.govern.guard import Guard
from gateway.model import Json, Principal, Sensitivity
from gateway.policy import Bundle, Current
from gateway.retrieval import (
    AdaptedEmbedder,
    Beside,
    Kind,
    Ledger,
    Size,
    Space,
    Stale,
    TextEmbedder,
    current_space,
    egress_of,
)
from gateway.retrieval.outside import OutsideBeside
from gateway.retrieval.qdrant.engine import Engine
from gateway.store import Store
from gateway.store.store import Connection

if TYPE_CHECKING:
    from gateway.retrieval.methods.base import Vectors

ACTION: Final = "documents.reembed"
BATCH: Final = 128
"""Passages embedded and written together; what a kill costs at most."""
FEW: Final = 512
"""Passages left for the swap, while which nobody else writes, at most; where writers are quicker, after `ROUNDS`."""
ROUNDS: Final = 8

Progress = Callable[[int, int], None]
"""Told how many passages of how many have their new vector."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done."""

    before: str
    """The embedder in force; empty where nothing was ever embedded."""
    embedder: str
    endpoint: str
    """Where passages would be sent; empty when they stay in this process."""
    zone: str
    size: Size
    refused: int
    """Documents that may not go there: with one of them, nothing is done."""

    @property
    def needed(self) -> bool:
        """Whether there is anything to do, as far as that can be known without asking the embedder."""
        return bool(self.size.passages) and (self.before != self.embedder or self.size.open is not None)


@dataclass(frozen=True, slots=True)
class Reembedded:
    """What was done. `status`: `swapped`, or `unneeded` where nothing was to be done."""

    status: str
    embedder: str
    passages: int = 0
    """Embedded by this run."""
    resumed: bool = False
    documents: int = 0
    """Documents that the index holds as made by the new embedder now."""
    windows: int = 0
    """Documents whose vectors stand for whole windows until they are ingested again."""
    left: tuple[str, ...] = ()
    """Collections outside that are not searched any more and could not be deleted."""


class Reembedding:
    """Runs on the command line; one process at a time. Raises StoreUnavailable when the database does not answer."""

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
        self._embedder = embedder
        self._now = now
        self._beside = Beside(store) if engine is None else OutsideBeside(store, engine)

    async def plan(self, request: str, principal: Principal) -> Plan:
        """What a run would do; nothing is sent and nothing changed. Raises NotPermitted."""
        await self._guard.permit(request, principal, "documents", "reembed")
        return await self._plan()

    async def run(
        self, request: str, principal: Principal, *, again: bool = False, progress: Progress = lambda _, __: None
    ) -> Reembedded:
        """Embed every passage and put the new vectors in force; goes on where an earlier run was stopped.

        again: also when the embedder in force is the same one. Raises NotPermitted, NoRoute when a document may not go
        to the embedder, Conflict when another process does the same, or what the embedder raises; the index is as
        before then.
        """
        await self._guard.permit(request, principal, "documents", "reembed")
        plan = await self._plan()
        if not (plan.needed or (again and plan.size.passages)):
            return Reembedded("unneeded", plan.embedder)
        stored = isinstance(self._embedder, AdaptedEmbedder) and plan.before == self._embedder.inner.id
        if plan.refused and not stored:
            error = refusal(f"{plan.refused} documents", self._embedder)
            await self._refuse(request, principal, error)
            raise error
        await self._embedder.start()
        dimension = self._embedder.dimension
        if dimension is None:
            raise UpstreamFailed("the embedder gave no vector", hint="look at retrieval.embedder in gateway.yaml")
        wanted = Space(self._embedder.id, dimension)
        detail: Json = {
            "embedder": wanted.embedder,
            "dimension": dimension,
            "before": plan.before,
            "passages": plan.size.passages,
            "documents": plan.size.documents,
            **({"zone": plan.zone, "endpoint": plan.endpoint} if plan.endpoint else {}),
        }
        async with self._beside.alone() as own, self._guard.recorded(request, principal, ACTION, detail) as told:
            resumed = await self._beside.begin(wanted, self._now())
            work = _Work(request, principal, progress, plan.size.passages, plan.size.done if resumed else 0)
            work.stored = stored
            told["resumed"] = resumed
            documents = await self._make(work, wanted, own)
            told.update(embedded=work.embedded, replaced=documents)
            left = await self._beside.finish()
        return Reembedded("swapped", wanted.embedder, work.embedded, resumed, documents, plan.size.windows, left)

    async def abandon(self, request: str, principal: Principal) -> bool:
        """Throw away what a run that was stopped has made; whether there was anything. Raises NotPermitted."""
        await self._guard.permit(request, principal, "documents", "reembed")
        async with self._beside.alone(), self._guard.recorded(request, principal, f"{ACTION}.abandon", {}) as told:
            told["found"] = await self._beside.abandon()
            return bool(told["found"])

    async def _make(self, work: _Work, wanted: Space, own: Connection) -> int:
        await self._beside.follow()
        await self._fill(work)
        await self._beside.index(own)
        for _ in range(ROUNDS):
            # What came meanwhile.
            if await self._fill(work) <= FEW:
                break
        async with self._beside.still() as conn:
            await self._fill(work, conn)
            return await self._beside.swap(conn, wanted, self._now())

    async def _fill(self, work: _Work, conn: Connection | None = None) -> int:
        """Embed what is missing, from the first passage to the last; how many there were."""
        found, last = 0, None
        while passages := await self._beside.stale(last, BATCH, conn, stored=work.stored):
            last = passages[-1]
            found += len(passages)
            await self._embed(work, passages, conn)
            work.done += len(passages)
            work.embedded += len(passages)
            work.progress(work.done, max(work.total, work.done))
        return found

    async def _embed(self, work: _Work, passages: list[Stale], conn: Connection | None) -> None:
        if work.stored and isinstance(self._embedder, AdaptedEmbedder):
            # Only a product: no text is read by anybody, and none leaves.
            await self._beside.put(passages, await self._adapted(self._embedder, passages), conn)
            return
        texts = [one.text for one in passages]
        if not self._embedder.endpoint:
            await self._beside.put(passages, await self._embedder.embed_documents(texts), conn)
            return
        # Policy may have changed, and documents come in, since the run began.
        if any(not self._may_leave(one.label, one.types, plain=one.plain) for one in passages):
            raise refusal("a document", self._embedder)
        action = f"{ACTION}.batch"
        detail: Json = {"egress": egress_of(self._embedder, len(texts), sum(map(len, texts)))}
        ledger: Ledger = []
        async with self._guard.recorded(work.request, work.principal, action, detail) as told:
            try:
                vectors = await self._embedder.embed_documents(texts, ledger)
            finally:
                told["sent"] = [sent.fact() for sent in ledger]
            await self._beside.put(passages, vectors, conn)

    async def _adapted(self, embedder: AdaptedEmbedder, passages: list[Stale]) -> Vectors:
        import numpy as np  # noqa: PLC0415

        rows = np.array([one.vector for one in passages], np.float32)
        return await asyncio.to_thread(embedder.adapt, rows)

    async def _plan(self) -> Plan:
        space = await current_space(self._store)
        kinds: list[Kind] = await self._beside.kinds() if self._embedder.endpoint else []
        return Plan(
            before=space.embedder if space else "",
            embedder=self._embedder.id,
            endpoint=self._embedder.endpoint,
            zone=self._embedder.zone.value,
            size=await self._beside.size(),
            refused=sum(one.documents for one in kinds if not self._may_leave(one.label, one.types, plain=one.plain)),
        )

    def _may_leave(self, label: str, types: Sequence[str], *, plain: bool) -> bool:
        return may_leave(self._current.bundle, self._embedder, label, types, plain=plain)

    async def _refuse(self, request: str, principal: Principal, error: GatewayError) -> None:
        detail: Json = {"code": error.code, "reason": error.message, "embedder": self._embedder.id}
        await self._guard.record("refusal", request, principal, ACTION, detail)


def may_leave(bundle: Bundle, embedder: TextEmbedder, label: str, types: Sequence[str], *, plain: bool) -> bool:
    """The rule of ingest: what the label and every type of personal data in a document allow. Pure."""
    zones = bundle.zones(Sensitivity(frozenset({label}), frozenset(types)))
    return embedder.zone in (zones & bundle.privacy.plain_zones if plain else zones)


def refusal(what: str, embedder: TextEmbedder) -> NoRoute:
    """The error for what may not leave."""
    return NoRoute(
        f"{what} may not reach the zone {embedder.zone.value}, where the embedder runs",
        hint="choose an embedder in a zone that routing.yaml and privacy.yaml allow",
    )


@dataclass(slots=True)
class _Work:
    """A run on its way."""

    request: str
    principal: Principal
    progress: Progress
    total: int
    done: int
    embedded: int = 0
    stored: bool = False
    """Whether the stored vectors are all that is needed."""
