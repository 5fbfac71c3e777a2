"""Reading the audit log: with a right and a reason, masked until a record is revealed, and itself on record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from gateway.audit import Compared, Filters, Index, Reader, Search, Tail, Terms, masked
from gateway.audit.subjects import Subjects
from gateway.crypto import KeyRing
from gateway.errors import Invalid, NotFound
from gateway.govern.guard import Guard
from gateway.identity import recordable
from gateway.model import Json, Principal
from gateway.redaction import ENTITIES, Redactor
from gateway.store import Store

MAX_REASON: Final = 500
MAX_VALUE: Final = 500


class Reading:
    """The log's records for people. Whoever reads says why; that and what was looked for is on record first."""

    def __init__(self, store: Store, ring: KeyRing, guard: Guard, terms: Terms, redactor: Redactor) -> None:
        self._store = store
        self._reader = Reader(store, ring)
        self._search = Search(store, self._reader, terms)
        self._index = Index(store, self._reader, terms)
        self._subjects = Subjects(store, ring)
        self._guard = guard
        self.now = guard.now
        self._redactor = redactor

    async def permit(self, request: str, principal: Principal, reason: str, *, reveal: bool = False) -> str:
        """Whether somebody may read, or reveal; his reason, checked. A refusal is on record, a missing reason too."""
        await self._guard.permit(request, principal, "audit", "read")
        if reveal:
            await self._guard.permit(request, principal, "audit", "reveal")
        reason = reason.strip()
        if not reason or len(reason) > MAX_REASON or not reason.isprintable():
            detail: Json = {"code": Invalid.code, "reason": "no reason was given"}
            await self._guard.record("refusal", request, principal, "audit.read", detail)
            hint = "say why you read: --reason, or `reason` in the request"
            raise Invalid(
                f"reading the audit log needs a reason, one line of {MAX_REASON} characters at most",
                hint=hint,
                param="reason",
            )
        return reason

    async def recent(
        self,
        request: str,
        principal: Principal,
        limit: int,
        kind: str | None = None,
        before: str | None = None,
        *,
        reason: str,
    ) -> Json:
        """The newest records, masked: {"records", "more", "next"}; see `gateway.audit.Reader`."""
        reason = await self.permit(request, principal, reason)
        await self.note(request, principal, "audit.read", {"limit": limit, "of_kind": kind}, reason)
        return _masked(await self._reader.recent(limit, kind, before))

    async def about(
        self, request: str, principal: Principal, wanted: str, *, reason: str, reveal: bool = False
    ) -> Json:
        """All records of one request, masked unless revealed. Raises NotFound when there are none."""
        reason = await self.permit(request, principal, reason, reveal=reveal)
        await self.note(request, principal, "audit.read", {"about": recordable(wanted)}, reason)
        page = await self._reader.by_request(wanted)
        if not page["records"]:
            last = await self._store.fetchval("SELECT max(last_at) FROM audit_prunes")
            gone = f"; records until {last.isoformat(timespec='seconds')} may have been pruned" if last else ""
            raise NotFound(f"no record of this request{gone}", hint="give the whole id, as in x-gateway-request-id")
        if not reveal:
            return _masked(page)
        await asyncio.gather(*(self._revealed(request, principal, told, reason) for told in page["records"]))
        return page

    async def search(
        self,
        request: str,
        principal: Principal,
        filters: Filters,
        limit: int = 50,
        after: str | None = None,
        *,
        reason: str,
        value: str | None = None,
    ) -> Json:
        """A page of the records that fit, masked; see `gateway.audit.Search`.

        value: a personal value that a record's texts hold as a token, of whatever type. Values in texts that callers
        sent to `/v1/redact` have tokens of those callers' own and are not found.
        """
        reason = await self.permit(request, principal, reason)
        asked: Json = {
            name: one.isoformat() if isinstance(one, datetime) else one
            for name, one in asdict(filters).items()
            if one is not None and name not in ("user", "values")
        }
        if filters.user is not None:
            # Whom somebody looked for is on record as everywhere in the log, by a digest that is no name.
            asked["subject"] = self._subjects.digest(filters.user).hex()
        if value is not None:
            if not value.strip() or len(value) > MAX_VALUE:
                raise Invalid(f"a value has 1 to {MAX_VALUE} characters", param="value")
            custom = {recognizer.type for recognizer in self._guard.privacy.recognizers}
            types = sorted({entity.type for entity in ENTITIES} | custom)
            tokens = await asyncio.to_thread(self._redactor.tokens_for, value.strip(), types, principal.tenant)
            filters = filters.with_values(tokens, self._search.terms)
            asked["tokens"] = tokens
        # This search's own event is not among what it finds, and pages end where the first one began.
        begun = self.now()
        until = begun if filters.until is None else min(begun, filters.until)
        names = sorted({*filters.names} - {"values"} | ({"value"} if value is not None else set()))
        await self.note(request, principal, "audit.search", {"filters": names, "limit": limit}, reason, asked)
        return _masked(await self._search.search(replace(filters, until=until), limit, after))

    async def reveal(self, request: str, principal: Principal, stream: str, seq: int, *, reason: str) -> Json:
        """One record as it is. Raises NotFound."""
        reason = await self.permit(request, principal, reason, reveal=True)
        try:
            place = (UUID(stream), seq)
        except ValueError:
            raise Invalid(
                "no stream is called so", hint="give `stream` and `seq` of a record", param="stream"
            ) from None
        found = await self._reader.at([place]) if -(1 << 63) <= seq < 1 << 63 else []
        if not found:
            raise NotFound("no record stands at this place", hint="give `stream` and `seq` of a record")
        await self._revealed(request, principal, found[0], reason)
        return found[0]

    async def tail(
        self, request: str, principal: Principal, *, reason: str, pause: Callable[[], Awaitable[None]]
    ) -> AsyncIterator[list[Json]]:
        """What is written from now on, masked. `pause` is awaited when nothing came."""
        reason = await self.permit(request, principal, reason)
        tail = Tail(self._store, self._reader)
        await tail.start()
        await self.note(request, principal, "audit.tail", {}, reason)
        while True:
            found = await tail.more()
            yield [masked(told) for told in found]
            if not found:
                await pause()

    async def reindex(self, request: str, principal: Principal, progress: Callable[[int], None]) -> int:
        """Make the search index anew from the log; how many records."""
        await self._guard.permit(request, principal, "audit", "verify")
        async with self._guard.recorded(request, principal, "audit.reindex", {}) as outcome:
            outcome["records"] = await self._index.rebuild(progress)
        return int(outcome["records"])

    async def compare(self, progress: Callable[[int], None]) -> Compared:
        """The search index held against the log."""
        return await self._index.compare(progress)

    async def note(
        self, request: str, principal: Principal, action: str, detail: Json, reason: str, asked: Json | None = None
    ) -> None:
        """What somebody is about to read, and why. The reason is what he wrote, and sealed as that."""
        content: Json = {"reason": reason, **({"asked": asked} if asked else {})}
        await self._guard.record("event", request, principal, action, detail, content)

    async def _revealed(self, request: str, principal: Principal, told: Json, reason: str) -> None:
        place = {"stream": told["stream"], "seq": told["seq"], "about": recordable(told["request"])}
        await self.note(request, principal, "audit.reveal", place, reason)


def _masked(page: Json) -> Json:
    return {**page, "records": [masked(told) for told in page["records"]]}
