"""Reading the log back, opened: the latest records, or those of one request."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from gateway.audit import rows
from gateway.audit.record import END, KINDS, Row, is_whole, load, moment, unpack, whole
from gateway.audit.stream import Opener
from gateway.audit.subjects import Name, SubjectKey, Subjects
from gateway.crypto import KeyRing
from gateway.errors import Invalid, SealBroken
from gateway.model import Json
from gateway.store import Store

MOST = 1000
"""Records on one page."""
REMEMBERED = 256
"""Streams whose keys stay unwrapped in memory."""


Place = tuple[UUID, int]
"""Stream and number of a row."""
_AT = f"""
SELECT {rows.ROW.replace("stream, seq,", "l.stream, l.seq,")}
FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY w(stream, seq, n) JOIN audit_log l USING (stream, seq) ORDER BY n
"""

_PRUNED: Final = """
SELECT w.stream, w.seq, p.number FROM unnest($1::uuid[], $2::bigint[]) w(stream, seq)
JOIN audit_pruned p ON p.stream = w.stream AND p.first <= w.seq AND w.seq <= p.last
"""

Payload = tuple[Json, bytes]
"""What a row holds: its outer part, and its inner one still sealed."""


class Reader:
    """Opens records with the key ring. Who may read, and that reading is recorded, is the caller's to see to.

    A page is `{"records": [...], "more": bool, "next": cursor or None}`. A record has `stream seq at kind request
    hash retention problem` and, when it opened, `principal action policy detail content statement salt erased`;
    `problem` is None, or says why the record cannot be trusted or shown: `modified` or `wrong key`. Of a subject whose
    key was destroyed `erased` is true, and `principal` and `content` are None. All methods raise StoreUnavailable.
    """

    def __init__(self, store: Store, ring: KeyRing) -> None:
        self._store = store
        self._ring = ring
        self._subjects = Subjects(store, ring)
        self._openers: OrderedDict[UUID, Opener] = OrderedDict()

    async def recent(self, limit: int = 50, kind: str | None = None, before: str | None = None) -> Json:
        """The latest records, newest first, of one kind if given; `before` is the `next` of the page before.

        `limit` is 1 to 1000. Raises Invalid for a kind or a cursor that does not exist.
        """
        if kind is not None and kind not in KINDS | {END}:
            raise Invalid(f"unknown kind of record, known are {', '.join(sorted(KINDS | {END}))}", param="kind")
        place = place_of(before)
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
        place = place_of(after)
        if "\0" in request_id:
            raise Invalid("a request id holds no such character", param="request_id")
        args: list[Any] = [request_id]
        beyond = ""
        if place is not None:
            args += place
            beyond = " AND (at, stream, seq) > ($2::timestamptz, $3::uuid, $4::bigint)"
        return await self._page(f"WHERE request = $1{beyond} ORDER BY audit_log.at, stream, seq", args, limit)

    async def at(self, places: Sequence[Place]) -> list[Json]:
        """The records at these places, in this order; a place without one is passed over.

        Where one was pruned, `problem` says so and `pruned` by which statement; nothing else is left of it.
        """
        if not places:
            return []
        columns = ([stream for stream, _ in places], [seq for _, seq in places])
        shown = await self.shown([rows.row(record) for record in await self._store.fetch(_AT, *columns)])
        if len(shown) == len(places):
            return shown
        there = {(UUID(told["stream"]), told["seq"]): told for told in shown}
        gone = {(row["stream"], row["seq"]): row["number"] for row in await self._store.fetch(_PRUNED, *columns)}
        return [there.get(place) or _gone(place, gone[place]) for place in places if place in there or place in gone]

    async def shown(self, page: list[Row]) -> list[Json]:
        """Rows as records."""
        await self._learn({row.stream for row in page})
        return await self._shown(page)

    async def _page(self, rest: str, args: list[Any], limit: int) -> Json:
        if not 1 <= limit <= MOST:
            raise Invalid(f"a page has 1 to {MOST} records", param="limit")
        # One more than asked for says whether there is more.
        found = await self._store.fetch(f"SELECT {rows.ROW} FROM audit_log {rest} LIMIT {limit + 1}", *args)
        page = [rows.row(record) for record in found[:limit]]
        more = len(found) > limit
        return {
            "records": await self.shown(page),
            "more": more,
            "next": cursor(page[-1].at, page[-1].stream, page[-1].seq) if more else None,
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

    async def _shown(self, page: list[Row]) -> list[Json]:
        opened = await asyncio.to_thread(lambda: [self._open(row) for row in page])
        names = {name for one in opened if one and (name := Name.parse(one[0].get("subject"))) is not None}
        keys = await self._subjects.keys(names)
        return await asyncio.to_thread(lambda: [_show(*one, keys) for one in zip(page, opened, strict=True)])

    def _open(self, row: Row) -> Payload | None:
        """The payload under the stream's key; empty when no key opens it, None when it is not what was sealed."""
        opener = self._openers.get(row.stream)
        if opener is None:
            return {}, b""
        try:
            payload = opener.open(row)
            return (load(payload), b"") if row.kind == END else unpack(payload)
        except (SealBroken, ValueError, TypeError):
            return None


def _show(row: Row, payload: Payload | None, keys: Mapping[Name, SubjectKey]) -> Json:
    shown: Json = {
        "stream": str(row.stream),
        "seq": row.seq,
        "at": _time(row.at),
        "kind": row.kind,
        "request": row.request,
        "retention": row.retention,
        "hash": row.hash.hex(),
        "problem": None if is_whole(row) else "modified",
    }
    if payload == ({}, b""):
        return shown | {"problem": shown["problem"] or "wrong key"}
    if payload is not None and row.kind == END:
        return shown | {"detail": payload[0]}
    name = Name.parse(payload[0].get("subject")) if payload else None
    if payload is None or name is None:
        return shown | {"problem": "modified"}
    try:
        return shown | whole(*payload, keys.get(name), row.request)
    except (SealBroken, ValueError, TypeError):
        return shown | {"problem": "modified"}


def _gone(place: Place, number: int) -> Json:
    told: Json = {"stream": str(place[0]), "seq": place[1], "at": None, "kind": "", "request": "", "retention": ""}
    return told | {"hash": "", "problem": "pruned", "pruned": number}


def _time(at: int) -> str | None:
    try:
        return moment(at).isoformat()
    except OverflowError:
        return None


def cursor(at: int, stream: UUID, seq: int) -> str:
    """Where a page ended. at: microseconds since 1970 UTC."""
    return f"{at}.{stream}.{seq}"


def place_of(text: str | None) -> tuple[datetime, UUID, int] | None:
    """Time, stream and number of a cursor. Raises Invalid."""
    if text is None:
        return None
    try:
        at, stream, seq = text.split(".")
        place: tuple[datetime, UUID, int] | None = (moment(int(at)), UUID(stream), int(seq))
    except (ValueError, OverflowError):
        place = None
    if place is None or not -(1 << 63) <= place[2] < 1 << 63:
        raise Invalid("this cursor is not one that the log gave out", hint="give the `next` of the page before")
    return place
