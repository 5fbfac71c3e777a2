"""The record of what an ingest does: intents before effects, outcomes after them, refusals where there is none."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from gateway.audit import AuditLog
from gateway.errors import Broken, GatewayError
from gateway.ingest.values import Request
from gateway.model import Json, Record


class Recording:
    """Appends records in the name of whoever asked."""

    def __init__(self, audit: AuditLog, now: Callable[[], datetime]) -> None:
        self._audit = audit
        self._now = now

    async def append(self, kind: str, asked: Request, action: str, detail: Json, content: Json | None = None) -> None:
        """One record, durable on return."""
        who = {**asked.principal.who, "roles": sorted(asked.principal.roles)}
        await self._audit.append(
            Record(
                kind=kind,
                request=asked.id,
                at=self._now(),
                principal=asked.principal.id,
                action=action,
                policy=asked.bundle.digest,
                detail={**who, **detail},
                content=content or {},
            )
        )

    async def refuse(self, asked: Request, action: str, collection: str, error: GatewayError) -> None:
        """A refusal that had no effect."""
        detail = {"collection": collection, "code": error.code, "status": error.status, "reason": error.message}
        await self.append("refusal", asked, action, detail)

    async def failed(self, asked: Request, action: str, detail: Json, fault: Exception) -> GatewayError:
        """The outcome of what failed; the error to raise or return for it."""
        if isinstance(fault, GatewayError):
            await self.append("outcome", asked, action, {**detail, "error": fault.code})
            return fault
        await self.append(
            "outcome", asked, action, {**detail, "error": GatewayError.code, "fault": type(fault).__name__}
        )
        broken = Broken("the gateway failed on this document", hint=f"report it with request id {asked.id}")
        broken.__cause__ = fault
        return broken

    @contextlib.asynccontextmanager
    async def recorded(self, asked: Request, action: str, detail: Json) -> AsyncIterator[None]:
        """What happens in the block ends in an outcome, whether it succeeds or not."""
        try:
            yield
        except Exception as fault:
            error = await self.failed(asked, action, detail, fault)
            if error is fault:
                raise
            raise error from fault
        await self.append("outcome", asked, action, detail)
