"""`/v1/search` and `/v1/redact`: the same rooms as a chat request, without a model."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from gateway.audit import AuditLog
from gateway.chat.find import Finder
from gateway.chat.links import link
from gateway.chat.records import Watch, state
from gateway.chat.sight import count_types, look
from gateway.chat.vectors import Asking
from gateway.errors import Broken, GatewayError, NotPermitted
from gateway.model import Filter, Json, Principal, Record
from gateway.policy import Bundle, Current
from gateway.redaction import Kept, Original, Redactor
from gateway.retrieval import Lineage


class Texts:
    """Journeys over plain texts."""

    def __init__(
        self,
        *,
        current: Current,
        redactor: Redactor,
        kept: Kept,
        finder: Finder,
        lineage: Lineage,
        audit: AuditLog,
        now: Callable[[], datetime],
        top_k: int,
    ) -> None:
        self._current = current
        self._redactor = redactor
        self._kept = kept
        self._finder = finder
        self._lineage = lineage
        self._audit = audit
        self._now = now
        self._top_k = top_k

    async def search(
        self, request: str, principal: Principal, query: str, collections: tuple[str, ...], top_k: int | None
    ) -> Json:
        """Passages for a query, restored as this caller may see them.

        Returns {"results": [{text, title, source, document, collection, label, page, start, end, score}],
        "withheld": {type: n}}, and "left_out" where vectors, learned terms or a reranker had no part in it.
        Raises NotPermitted naming a collection that the caller may not read.
        """
        bundle, watch = self._current.bundle, Watch(time.perf_counter)
        try:
            scope = _readable(bundle, principal, collections)
            done = (await self._redactor.redact([query], bundle.privacy, principal.tenant))[0]
            types = frozenset(original.type for original in done.originals.values())
            asking = Asking(request, principal, bundle, query, done.redacted.text, entities=types, left=watch.left)
            found = await self._finder.find(asking, scope, top_k or self._top_k)
        except Exception as fault:
            await self._refused("search", request, principal, bundle, fault, watch.left)
            raise
        # By right alone: what the query names does not return because it was named.
        sight = look(bundle, principal, {}, found.entries)
        watch.mark("search")
        results = [
            {
                "text": sight.show(p.text),
                "title": sight.show(p.title),
                "heading": sight.show(p.heading),
                "source": sight.show(p.source),
                "document": p.document,
                "passage": p.id,
                "url": link(p),
                "version": p.version,
                "collection": p.collection,
                "label": p.label,
                "page": p.page,
                "start": p.start,
                "end": p.end,
                "score": round(p.score, 4),
            }
            for p in found.passages
        ]
        for label in {p.label for p in found.passages} - {bundle.routing.default_label}:
            quoted = [text for p in found.passages if p.label == label for text in (p.text, sight.show(p.text))]
            await self._lineage.remember(principal.tenant, quoted, frozenset({label}))
        detail = {
            "collections": list(scope.collections),
            "detected": done.redacted.counts,
            "withheld": dict(sight.withheld),
            "left_out": list(found.notes),
            "passages": [p.id for p in found.passages],
            "revealed": [d.object for d in sight.decisions if d],
            "total_ms": watch.total,
        }
        said = {"query": done.redacted.text}
        stated = state(request, bundle.digest, watch.left, passages=detail["passages"])
        await self._record("outcome", "search", request, principal, bundle, detail, stated, said)
        told: Json = {"results": results, "withheld": dict(sight.withheld)}
        return {**told, "left_out": list(found.notes)} if found.notes else told

    async def redact(self, request: str, principal: Principal, texts: list[str], *, keep: bool = True) -> Json:
        """Redact texts for one caller.

        Returns {"results": [{"text", "redacted", "spans": [{start, end, type, score, token}]}], "kept_until"}, offsets
        in code points of the text given. Equal values have equal tokens for one caller; they are not the tokens of
        documents and chats. What they stand for is kept for `/v1/restore` until the time named, an ISO date, or nowhere
        when that is None: without `keep`, or where the settings say so.
        """
        bundle = self._current.bundle
        try:
            done = await self._redactor.redact(texts, bundle.privacy, scope_of(principal), apart=True)
            originals = {token: original for one in done for token, original in one.originals.items()}
            until = await self.keep(principal, originals) if keep else None
        except Exception as fault:
            await self._refused("redact", request, principal, bundle, fault)
            raise
        detail: Json = {"texts": len(texts), "detected": count_types(originals.values()), "kept_until": _told(until)}
        await self.redacted(request, principal, bundle, detail)
        results = [
            {
                "text": text,
                "redacted": one.redacted.text,
                "spans": [
                    {"start": s.start, "end": s.end, "type": s.type, "score": round(s.score, 3), "token": s.token}
                    for s in one.redacted.spans
                ],
            }
            for text, one in zip(texts, done, strict=True)
        ]
        return {"results": results, "kept_until": _told(until)}

    async def keep(self, principal: Principal, originals: Mapping[str, Original]) -> datetime | None:
        """Keep what a caller's own tokens stand for; until when, or None. Raises StoreUnavailable."""
        return await self._kept.keep(principal.tenant, principal.id, originals)

    async def redacted(self, request: str, principal: Principal, bundle: Bundle, detail: Json) -> None:
        """Record that a caller had texts redacted, also where that was done elsewhere. `detail`: facts, no content."""
        stated = state(request, bundle.digest, ())
        await self._record("outcome", "redact", request, principal, bundle, detail, stated)

    async def _refused(
        self,
        action: str,
        request: str,
        principal: Principal,
        bundle: Bundle,
        fault: Exception,
        left: Sequence[Json] = (),
    ) -> None:
        """Record what was not answered; of a fault of ours the class only, since its text may hold content."""
        detail: Json = {"fault": type(fault).__name__}
        if isinstance(fault, GatewayError):
            detail = {"code": fault.code, "reason": fault.message}
        code = fault.code if isinstance(fault, GatewayError) else Broken.code
        stated = state(request, bundle.digest, left, error=code)
        await self._record("refusal", action, request, principal, bundle, detail, stated)

    async def _record(
        self,
        kind: str,
        action: str,
        request: str,
        principal: Principal,
        bundle: Bundle,
        detail: Json,
        statement: Json,
        content: Mapping[str, str] | None = None,
    ) -> None:
        told: Json = {**principal.who, "roles": sorted(principal.roles), **detail}
        said = dict(content or {})
        await self._audit.append(
            Record(kind, request, self._now(), principal.id, action, bundle.digest, told, said, statement)
        )


def scope_of(principal: Principal) -> str:
    """Under what a caller's own tokens are made: with the index's, anybody could test guesses against documents."""
    return f"{principal.tenant}/redact/{principal.id}"


def _told(until: datetime | None) -> str | None:
    return None if until is None else until.isoformat(timespec="seconds")


def _readable(bundle: Bundle, principal: Principal, collections: tuple[str, ...]) -> Filter:
    scope = bundle.plan(principal, collections, collections)
    if scope.refused:
        raise NotPermitted(scope.refused[0].reason, param="collections")
    return scope
