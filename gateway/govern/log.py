"""The audit log as auditors meet it: reading, exporting, verifying, each a right of its own and itself on record."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from gateway.audit import Receipts, Report, Terms, VerifierKey, check
from gateway.audit.vouching import vouched
from gateway.audit.witness import Heard
from gateway.crypto import KeyRing
from gateway.govern.exports import Exports
from gateway.govern.guard import Guard
from gateway.govern.reading import Reading
from gateway.identity import recordable
from gateway.model import Principal
from gateway.redaction import Redactor
from gateway.store import Store


class Log(Reading):
    """The audit log. `terms` are those that the log is written with."""

    def __init__(
        self,
        store: Store,
        ring: KeyRing,
        guard: Guard,
        key: VerifierKey,
        terms: Terms,
        redactor: Redactor,
        ask: Callable[[], Awaitable[list[Heard]]] | None = None,
    ) -> None:
        """`ask`: asks the witnesses for the last checkpoints that they keep, which the log must continue too."""
        super().__init__(store, ring, guard, terms, redactor)
        self._ring = ring
        self._ask = ask
        self._receipts = Receipts(store, ring)
        self.key = key
        """What the log's checkpoints, receipts and exports are checked with; no secret."""
        self.exports = Exports(store, ring, self, key)

    async def verify(
        self,
        request: str,
        principal: Principal,
        *,
        with_keys: bool = True,
        progress: Callable[[int], None] | None = None,
        known: Sequence[bytes] = (),
        witnesses: Sequence[VerifierKey] = (),
        insist: bool = False,
    ) -> Report:
        """Check every stream and the tree over them. With keys, that each record also opens.

        known: checkpoints kept elsewhere, which the log must continue, as it must those that witnesses keep.
        insist: it is a fault that one of these does not vouch for the log. `progress` is told the rows done.
        """
        await self._guard.permit(request, principal, "audit", "verify")
        ring = self._ring if with_keys else None
        # Asked before the database is read: a witness is told of a checkpoint when that is committed.
        heard = [] if self._ask is None else await self._ask()
        kept = [one.note for one in heard if one.note is not None]
        report = await check(self._store, ring, progress, key=self.key, known=[*known, *kept], witnesses=witnesses)
        report = replace(report, witnesses=await vouched(self._store, self.key, heard))
        report = report.witnessed() if insist else report
        await self._guard.record("event", request, principal, "audit.verify", {"ok": report.ok})
        return report

    async def receipt(self, request: str, principal: Principal, wanted: str) -> bytes:
        """The receipt of a request: of one's own, or of any for who may read the log. See `gateway.audit.Receipts`.

        Raises NotFound, also for somebody else's; NotYet until a signed checkpoint covers it.
        """
        may_read = self._guard.may(principal, "audit", "read")
        made = await self._receipts.receipt(wanted, None if may_read else principal.id)
        await self._guard.record("event", request, principal, "audit.receipt", {"about": recordable(wanted)})
        return made

    async def checkpoint(self) -> bytes | None:
        """The last signed checkpoint: what an auditor keeps. None before the first one."""
        return await self._receipts.checkpoint()
