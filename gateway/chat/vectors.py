"""A question as vector and term weights; where these come from a server, what goes there is decided and on record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from gateway.audit import AuditLog
from gateway.errors import BadSettings, Broken, Unavailable, UpstreamRejected
from gateway.model import Filter, Json, Principal, Record, Sensitivity
from gateway.policy import Bundle
from gateway.retrieval import (
    Index,
    Ledger,
    Party,
    Terms,
    TextEmbedder,
    egress_of,
    forbidden,
    leaving,
    query_terms,
    render_for_embedding,
)

ACTION: Final = "embed"
MAY_FAIL: Final = (Unavailable, UpstreamRejected, BadSettings)
NOT_ALLOWED: Final = "zone"
FAILED: Final = "failed"


@dataclass(frozen=True, slots=True)
class Asking:
    """One question, redacted, and how sensitive what it comes from is."""

    request: str
    principal: Principal
    bundle: Bundle
    question: str = field(repr=False)
    """As typed; only for keyed digests of possible name parts."""
    redacted: str
    """What is embedded and matched."""
    labels: frozenset[str] = frozenset()
    """Labels that sentences of the conversation carry."""
    entities: frozenset[str] = frozenset()
    """Types of personal data in the question."""
    left: list[Json] = field(default_factory=list)
    """Told what left for a server, in order."""


class Vectors:
    """Turns questions into what the index is searched with.

    A server that may not have the question is not asked, one that fails is done without: the search goes on with what
    there is, and says so.
    """

    def __init__(
        self, embedder: TextEmbedder, terms: Terms, index: Index, audit: AuditLog, now: Callable[[], datetime]
    ) -> None:
        self._embedder = embedder
        self._terms = terms
        self._leaving = leaving(embedder, terms)
        self._index = index
        self._audit = audit
        self._now = now

    @property
    def id(self) -> str:
        """Names the embedder."""
        return self._embedder.id

    async def of(
        self, asking: Asking, scope: Filter, parts: Sequence[str]
    ) -> tuple[Sequence[float] | None, dict[int, float], tuple[str, ...]]:
        """The vector (None: by words alone), the term weights, and what was left out (`vectors_zone`, …).

        parts: keyed digests of the words of names in the question.
        """
        text = render_for_embedding(asking.redacted)
        words = query_terms(self._terms.lexical(asking.redacted), parts=parts)
        refused = await self._refused(asking, scope)
        vector, first = await self._ask("vectors", self._embedder, refused, asking, text, self._embedder.embed_query)
        learned = self._terms.learned
        if learned is None:
            return vector, words, first
        found, second = await self._ask("terms", learned, refused, asking, text, learned.encode_query)
        return vector, {**words, **(found or {})}, (*first, *second)

    async def _refused(self, asking: Asking, scope: Filter) -> Collection[Party]:
        """Servers whose zone the question may not reach: by its own sensitivity, or by the labels of where it goes."""
        if not self._leaving:
            return ()
        bundle = asking.bundle
        found = [await self._index.collection(scope.tenant, name) for name in scope.collections]
        labels = {collection.label for collection in found if collection is not None}
        labels |= {bundle.routing.default_label, *asking.labels}
        return forbidden(self._leaving, bundle.zones(Sensitivity(frozenset(labels), asking.entities)))

    async def _ask(
        self, what: str, party: Party, refused: Collection[Party], asking: Asking, text: str, call: Any
    ) -> tuple[Any, tuple[str, ...]]:
        """The answer and nothing, or None and the note why."""
        if party not in self._leaving:
            return await call(text), ()
        if party in refused:
            return None, (f"{what}_{NOT_ALLOWED}",)
        ledger: Ledger = []
        egress = egress_of(party, 1, len(text))
        await self._record("intent", asking, {"egress": egress}, {"sent": text})
        error: str | None = Broken.code
        found = None
        try:
            found = await call(text, ledger)
            error = None
        except MAY_FAIL as fault:
            error = fault.code
        finally:
            # Also when the request went away, and not to be cancelled with it: what had left by then is on record.
            sent = [one.fact() for one in ledger]
            asking.left.extend({"for": what, "model": party.id, **one} for one in sent)
            told = {"egress": egress, "sent": sent, "error": error}
            await asyncio.shield(asyncio.ensure_future(self._record("outcome", asking, told)))
        return found, () if error is None else (f"{what}_{FAILED}",)

    async def _record(self, kind: str, asking: Asking, detail: Json, content: Json | None = None) -> None:
        await self._audit.append(
            Record(
                kind=kind,
                request=asking.request,
                at=self._now(),
                principal=asking.principal.id,
                action=ACTION,
                policy=asking.bundle.digest,
                detail={**asking.principal.who, **detail},
                content=content or {},
            )
        )
