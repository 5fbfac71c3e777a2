"""Taking the log out of the house: as a file that verifies by itself, or as lines for a SIEM."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import BinaryIO, Final

import orjson

from gateway.audit import Exported, Lock, Reader, VerifierKey, masked, ocsf, span, write_bundle
from gateway.crypto import KeyRing
from gateway.errors import Invalid
from gateway.govern.reading import Reading
from gateway.model import Json, Principal
from gateway.store import Store

FORMATS: Final = ("jsonl", "ocsf")


class Exports:
    """Exports, for who may read and says why. What opens records also needs the right to reveal."""

    def __init__(self, store: Store, ring: KeyRing, reading: Reading, key: VerifierKey) -> None:
        self._store = store
        self._ring = ring
        self._reading = reading
        self._reader = Reader(store, ring)
        self._key = key

    async def bundle(
        self,
        request: str,
        principal: Principal,
        file: BinaryIO,
        *,
        reason: str,
        since: datetime | None = None,
        until: datetime | None = None,
        lock: Lock | None = None,
        people: bool = True,
        progress: Callable[[int], None] = lambda _: None,
    ) -> Exported:
        """A signed file of a span of time, see `gateway.audit.bundle`; with keys for who may reveal."""
        keys = "none" if lock is None else "all" if people else "streams"
        reason = await self._begin(request, principal, reason, since, until, {"format": "bundle", "keys": keys})
        done = await write_bundle(
            self._store,
            self._ring,
            self._key,
            file,
            self._reading.now(),
            since=since,
            until=until,
            lock=lock,
            people=people,
            progress=progress,
        )
        told = {"format": "bundle", "keys": keys, "records": done.rows, "digest": done.sha256}
        await self._reading.note(request, principal, "audit.exported", told, reason)
        return done

    async def lines(
        self,
        request: str,
        principal: Principal,
        *,
        reason: str,
        format_: str = "jsonl",
        since: datetime | None = None,
        until: datetime | None = None,
        reveal: bool = False,
    ) -> AsyncIterator[bytes]:
        """Records by their times, one JSON object a line, masked unless revealed; some hundred lines at a time.

        Ends at what had been written when it began. Raises Invalid for an unknown format.
        """
        if format_ not in FORMATS:
            raise Invalid(f"unknown format, known are bundle, {', '.join(FORMATS)}", param="format")
        detail: Json = {"format": format_, "revealed": reveal, "keys": "all" if reveal else "none"}
        reason = await self._begin(request, principal, reason, since, until, detail)
        done = 0
        begun = self._reading.now()
        end = begun if until is None else min(begun, until)
        async for page in span(self._store, self._reader, since, end):
            done += len(page)
            yield await asyncio.to_thread(self._lines, page, format_, reveal)
        await self._reading.note(request, principal, "audit.exported", {**detail, "records": done}, reason)

    def _lines(self, page: list[Json], format_: str, reveal: bool) -> bytes:
        shown = page if reveal else [masked(told) for told in page]
        if format_ == "ocsf":
            shown = [ocsf(told, self._key.name) for told in shown]
        return b"".join(orjson.dumps(one, default=str) + b"\n" for one in shown)

    async def _begin(
        self,
        request: str,
        principal: Principal,
        reason: str,
        since: datetime | None,
        until: datetime | None,
        detail: Json,
    ) -> str:
        reason = await self._reading.permit(request, principal, reason, reveal=detail["keys"] != "none")
        asked = {name: at.isoformat() for name, at in (("since", since), ("until", until)) if at is not None}
        await self._reading.note(request, principal, "audit.export", detail, reason, asked)
        return reason
