"""Reading the log back, opened: the latest records, or those of one request."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any
from uuid import UUID

import asyncpg

from gateway.audit import rows
from gateway.audit.record import END, KINDS, Row, is_whole, load, moment
from gateway.audit.stream import Opener
from gateway.crypto import KeyRing
from gateway.errors import Invalid, SealBroken
from gateway.model import Json
from gateway.store import Store

MOST = 1000
"""Records on one page."""
REMEMBERED = 256
"""Streams whose keys stay unwrapped in memory."""

FIELDS = ("principal", "action", "policy", "detail", "content")


class Reader:
    """Opens records with the key ring. Who may read, and that reading is recorded, is the caller's to see to.

    A page is `{"records": [...], "more": bool, "next": cursor or None}`. A record has `stream seq at kind request
    hash problem` and, when it opened, `principal action policy detail content`; `problem` is None, or says why the
    record cannot be trusted or shown: `modified` or `wrong key`. All methods raise StoreUnavailable.
    """

    def __init__(self, store: Store, ring: KeyRing) -> None:
        self._store = store
        self._ring = ring
        self._openers: OrderedDict[UUID, Opener] = OrderedDict()

    async def recent(self, limit: int = 50, kind: str | None = None, before: str | None = None) -> Json:
        """The latest records, newest first, of one kind if given; `before` is the `next` of the page before.

        `limit` is 1 to 1000. Raises Invalid for a kind or a cursor that does not exist.
        """
        if kind is not None and kind not in KINDS | {END}:
            raise Invalid(f"unknown kind of record, known are {', '.join(sorted(KINDS | {END}))}", param="kind")
        place = _cursor(before)
        conditions = []
        args: list[Any] = []
        if kind is not None:
            args.append(kind)
            conditions.append(f"kind = ${len(args)}")
        if place is not None:
            args += place
            first = len(args) - 2
            conditions.append(f"(at, stream, seq) < (${first}::timestamptz, ${first + 1}::uuid, ${first + 2}::bigint)")
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        return await self._page(f"{where} ORDER BY audit_log.at DESC, stream DESC, seq DESC", args, limit)

    async def by_request(self, request_id: str, limit: int = 100, after: str | None = None) -> Json:
        """One request's records in the order of their times; `after` is the `next` of the page before."""
        place = _cursor(after)
        if "\0" in request_id:
            raise Invalid("a request id holds no such character", param="request_id")
        args: list[Any] = [request_id]
        beyond = ""
        if place is not None:
            args += place
            beyond = " AND (at, stream, seq) > ($2::timestamptz, $3::uuid, $4::bigint)"
        return await self._page(f"WHERE request = $1{beyond} ORDER BY audit_log.at, stream, seq", args, limit)

    async def _page(self, rest: str, args: list[Any], limit: int) -> Json:
        if not 1 <= limit <= MOST:
            raise Invalid(f"a page has 1 to {MOST} records", param="limit")
        # One more than asked for says whether there is more.
        found = await self._store.fetch(f"SELECT {rows.ROW} FROM audit_log {rest} LIMIT {limit + 1}", *args)
        await self._learn({record["stream"] for record in found})
        page = [rows.row(record) for record in found[:limit]]
        more = len(found) > limit
        return {
            "records": await asyncio.to_thread(lambda: [self._show(row) for row in page]),
            "more": more,
            "next": f"{page[-1].at}.{page[-1].stream}.{page[-1].seq}" if more else None,
        }

    async def _learn(self, streams: set[UUID]) -> None:
        """Unwrap the keys of streams not met before."""
        unknown = [stream for stream in streams if stream not in self._openers]
        for stream in streams.difference(unknown):
            self._openers.move_to_end(stream)
        found: list[asyncpg.Record] = []
        if unknown:
            found = await self._store.fetch(
                f"SELECT {rows.HEADER} FROM audit_streams WHERE stream = ANY($1::uuid[])", unknown
            )
        for record in found:
            try:
                opener = Opener(self._ring, rows.header(record))
            except SealBroken:
                continue
            self._openers[record["stream"]] = opener
        while len(self._openers) > max(REMEMBERED, len(streams)):
            self._openers.popitem(last=False)

    def _show(self, row: Row) -> Json:
        shown: Json = {
            "stream": str(row.stream),
            "seq": row.seq,
            "at": _time(row.at),
            "kind": row.kind,
            "request": row.request,
            "hash": row.hash.hex(),
            "problem": None if is_whole(row) else "modified",
        }
        opener = self._openers.get(row.stream)
        if opener is None:
            shown["problem"] = shown["problem"] or "wrong key"
            return shown
        try:
            payload = load(opener.open(row))
        except (SealBroken, ValueError, TypeError):
            shown["problem"] = "modified"
            return shown
        if row.kind == END:
            return shown | {"detail": payload}
        return shown | {name: payload.get(name) for name in FIELDS}


def _time(at: int) -> str | None:
    try:
        return moment(at).isoformat()
    except OverflowError:
        return None


def _cursor(text: str | None) -> tuple[Any, UUID, int] | None:
    if text is None:
        return None
    try:
        at, stream, seq = text.split(".")
        place: tuple[Any, UUID, int] | None = (moment(int(at)), UUID(stream), int(seq))
    except (ValueError, OverflowError):
        place = None
    if place is None or not -(1 << 63) <= place[2] < 1 << 63:
        raise Invalid("this cursor is not one that the log gave out", hint="give the `next` of the page before")
    return place
