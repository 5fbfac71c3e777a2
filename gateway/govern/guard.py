"""What every administrative act passes: a decision first, and a record before and after its effect."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from gateway.audit import AuditLog
from gateway.errors import GatewayError, NotPermitted
from gateway.model import Decision, Json, Principal, Record
from gateway.policy import Current


class Guard:
    """Decides and records for the governing journeys."""

    def __init__(self, current: Current, audit: AuditLog, now: Callable[[], datetime]) -> None:
        self._current = current
        self._audit = audit
        self._now = now

    async def permit(self, request: str, principal: Principal, area: str, action: str) -> Decision:
        """Let the caller through or raise NotPermitted, with the refusal on record."""
        decision = self._current.bundle.decide(principal, f"admin:{area}", action)
        if not decision:
            await self.record(
                "refusal",
                request,
                principal,
                f"{area}.{action}",
                {"code": NotPermitted.code, "reason": decision.reason},
            )
            raise NotPermitted(decision.reason, hint="ask an administrator for this right")
        return decision

    async def record(self, kind: str, request: str, principal: Principal, action: str, detail: Json) -> None:
        """Append one record about an administrative act, durable on return."""
        who: Json = {"name": principal.name, "roles": sorted(principal.roles)}
        await self._audit.append(
            Record(
                kind,
                request,
                self._now(),
                principal.id,
                action,
                self._current.bundle.digest,
                {**who, **detail},
            )
        )

    async def failed(self, request: str, principal: Principal, action: str, error: GatewayError) -> None:
        """Record that an act whose intent is on record did not take place."""
        await self.record("outcome", request, principal, action, {"error": error.code})
