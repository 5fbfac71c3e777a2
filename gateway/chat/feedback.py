"""`/v1/feedback`: what a caller thinks of an answer he got, as a record of the same request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Final

from gateway.audit import AuditLog, Receipts
from gateway.errors import GatewayError
from gateway.model import Json, Position, Principal, Record
from gateway.policy import Current
from gateway.redaction import Redactor

ACTION: Final = "feedback"


class Feedback:
    """The journey of `/v1/feedback`."""

    def __init__(
        self, current: Current, redactor: Redactor, receipts: Receipts, audit: AuditLog, now: Callable[[], datetime]
    ) -> None:
        self._current = current
        self._redactor = redactor
        self._receipts = receipts
        self._audit = audit
        self._now = now

    async def give(
        self, request: str, principal: Principal, about: str, rating: str, comment: str = "", expected: str = ""
    ) -> Json:
        """Record it, durable on return; both texts with tokens for what is personal in them, as in chats.

        about: the request that was answered; expected: what the answer should have been. The record stands among those
        of `about`; of several that one caller gives, the last one counts. Raises NotFound for a request that has no
        answer of this caller's, Unavailable where the texts cannot be scanned.
        """
        bundle = self._current.bundle
        try:
            place = await self._receipts.answered(about, principal.id)
            texts = {name: text for name, text in (("comment", comment), ("expected", expected)) if text.strip()}
            done = await self._redactor.redact(list(texts.values()), bundle.privacy, principal.tenant)
        except Exception as fault:
            # Of a fault of ours the class only, since its text may hold content.
            detail: Json = {"fault": type(fault).__name__}
            if isinstance(fault, GatewayError):
                detail = {"code": fault.code, "reason": fault.message}
            await self._record("refusal", request, principal, bundle.digest, detail, {})
            raise
        found: Counter[str] = Counter()
        for one in done:
            found.update(one.redacted.counts)
        detected = dict(found)
        detail = {"rating": rating, "detected": detected, "answer": {"stream": place[0], "seq": place[1]}}
        content = {name: one.redacted.text for name, one in zip(texts, done, strict=True)}
        at = await self._record("event", about, principal, bundle.digest, detail, content)
        receipt = {"stream": at.stream, "seq": at.seq, "hash": at.hash}
        return {"request_id": about, "rating": rating, "redactions": detected, "receipt": receipt}

    async def _record(
        self, kind: str, request: str, principal: Principal, digest: str, detail: Json, content: Json
    ) -> Position:
        who: Json = {**principal.who, "roles": sorted(principal.roles)}
        return await self._audit.append(
            Record(kind, request, self._now(), principal.id, ACTION, digest, {**detail, **who}, content)
        )
