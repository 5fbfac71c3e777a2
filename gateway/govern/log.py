"""Reading and verifying the audit log: a right of its own, and itself on record."""

from __future__ import annotations

from collections.abc import Callable

from gateway.audit import Reader, Report, check
from gateway.crypto import KeyRing
from gateway.errors import NotFound
from gateway.govern.guard import Guard
from gateway.identity import recordable
from gateway.model import Json, Principal
from gateway.store import Store


class Log:
    """The audit log as auditors meet it."""

    def __init__(self, store: Store, ring: KeyRing, guard: Guard) -> None:
        self._store = store
        self._ring = ring
        self._reader = Reader(store, ring)
        self._guard = guard

    async def recent(
        self, request: str, principal: Principal, limit: int, kind: str | None = None, before: str | None = None
    ) -> Json:
        """The newest records, opened: {"records", "more", "next"}; see `gateway.audit.Reader`."""
        await self._guard.permit(request, principal, "audit", "read")
        await self._guard.record("event", request, principal, "audit.read", {"limit": limit, "of_kind": kind})
        return await self._reader.recent(limit, kind, before)

    async def about(self, request: str, principal: Principal, wanted: str) -> Json:
        """All records of one request. Raises NotFound when there are none."""
        await self._guard.permit(request, principal, "audit", "read")
        await self._guard.record("event", request, principal, "audit.read", {"about": recordable(wanted)})
        page = await self._reader.by_request(wanted)
        if not page["records"]:
            raise NotFound("no record of this request", hint="give the whole id, as in x-gateway-request-id")
        return page

    async def verify(
        self,
        request: str,
        principal: Principal,
        *,
        with_keys: bool = True,
        progress: Callable[[int], None] | None = None,
    ) -> Report:
        """Check every stream. With keys, that each record also opens. `progress` is told the rows done."""
        await self._guard.permit(request, principal, "audit", "verify")
        report = await check(self._store, self._ring if with_keys else None, progress)
        await self._guard.record("event", request, principal, "audit.verify", {"ok": report.ok})
        return report
