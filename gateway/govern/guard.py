"""What every administrative act passes: a decision first, and a record before and after its effect."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Collection
from datetime import datetime
from typing import Final

from gateway.audit import AuditLog
from gateway.errors import GatewayError, NotPermitted
from gateway.model import Decision, Json, Principal, PrivacyPolicy, Record
from gateway.policy import Current

ITSELF: Final = Principal(id="gateway", name="gateway")
"""Who acts where nobody asked: the first policy and the first key."""


class Guard:
    """Decides and records for the governing journeys."""

    def __init__(self, current: Current, audit: AuditLog, now: Callable[[], datetime]) -> None:
        self._current = current
        self._audit = audit
        self.now = now

    @property
    def roles(self) -> Collection[str]:
        """The roles that the policy in force knows."""
        return self._current.bundle.roles

    def may(self, principal: Principal, area: str, action: str) -> bool:
        """Whether the caller has a right, where having it or not only decides how much he is shown."""
        return bool(self._current.bundle.decide(principal, f"admin:{area}", action))

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

    @property
    def privacy(self) -> PrivacyPolicy:
        """The privacy policy in force."""
        return self._current.bundle.privacy

    async def record(
        self, kind: str, request: str, principal: Principal, action: str, detail: Json, content: Json | None = None
    ) -> None:
        """Append one record about an administrative act, durable on return. content: what people wrote."""
        who: Json = {**principal.who, "roles": sorted(principal.roles)}
        digest = self._current.bundle.digest if self._current.ready else ""
        await self._audit.append(
            Record(kind, request, self.now(), principal.id, action, digest, {**detail, **who}, content or {})
        )

    @contextlib.asynccontextmanager
    async def recorded(
        self, request: str, principal: Principal, action: str, detail: Json, content: Json | None = None
    ) -> AsyncIterator[Json]:
        """Around an act's effect: its intent is on record before the block, its outcome after it.

        content: what people wrote; it stands in each of the two. The block adds what it found out to the mapping it is
        given. When it fails, the outcome says with which error of ours, or of which class a fault was, since its text
        may hold content.
        """
        await self.record("intent", request, principal, action, detail, content)
        outcome = dict(detail)
        try:
            yield outcome
        except GatewayError as error:
            await self.record("outcome", request, principal, action, {**outcome, "error": error.code}, content)
            raise
        except Exception as fault:
            broken = {"error": GatewayError.code, "fault": type(fault).__name__}
            await self.record("outcome", request, principal, action, {**outcome, **broken}, content)
            raise
        await self.record("outcome", request, principal, action, outcome, content)
