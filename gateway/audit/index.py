"""The search index as a table: made by month, made anew from the log, and held against it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from gateway.audit import rows
from gateway.audit.erased_values import ErasedValues
from gateway.audit.link import LOST
from gateway.audit.read import Reader
from gateway.audit.record import END, Row, micros, moment
from gateway.audit.terms import Terms, literal, values_in
from gateway.errors import GatewayError
from gateway.model import Json
from gateway.store import Store

log = logging.getLogger(__name__)

CHUNK: Final = 500
AHEAD: Final = 3
"""Months made before they come; a process that runs for longer writes into the default partition meanwhile."""
SHOWN: Final = 100
EARLIEST: Final = micros(datetime(1, 1, 2, tzinfo=UTC))
LATEST: Final = micros(datetime(9999, 12, 30, tzinfo=UTC))
_NEXT: Final = f"""
SELECT {rows.ROW} FROM audit_log WHERE (stream, seq) > ($1, $2) ORDER BY stream, seq LIMIT {CHUNK}
"""
_PUT: Final = """
INSERT INTO audit_index (stream, seq, at, terms)
SELECT stream, seq, at, terms::bigint[]
FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[]) n(stream, seq, at, terms)
ON CONFLICT (at, stream, seq) DO UPDATE SET terms = excluded.terms WHERE audit_index.terms <> excluded.terms
"""
_THERE: Final = """
SELECT i.stream, i.seq, i.terms FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[]) n(stream, seq, at)
JOIN audit_index i USING (at, stream, seq)
"""
_SURPLUS: Final = """
FROM audit_index i WHERE NOT EXISTS (
    SELECT 1 FROM audit_log l WHERE l.stream = i.stream AND l.seq = i.seq AND l.at = i.at
)
"""


@dataclass(frozen=True, slots=True)
class Compared:
    """The index held against the log."""

    records: int
    missing: int
    """Records that a search cannot find."""
    different: int
    """Records that are found by something else than what they say."""
    surplus: int
    """Entries without a record."""
    unreadable: int
    """Records that do not open, of which nothing can be said; `verify` says why."""
    places: tuple[str, ...]
    """The first that are missing or different, `stream/number`."""

    @property
    def ok(self) -> bool:
        """Whether a search finds what the log holds."""
        return not (self.missing or self.different or self.surplus)

    def as_dict(self) -> Json:
        """For JSON."""
        return {"ok": self.ok, **asdict(self)}


async def prepare(store: Store, at: datetime) -> None:
    """Make the tables of this month and the next ones. What cannot be made is done without, for now."""
    months = [at.replace(day=1) + timedelta(days=31 * n) for n in range(AHEAD)]
    names = [f"audit_index_{month:%Y%m}" for month in months]
    try:
        there = await store.fetch("SELECT n FROM unnest($1::text[]) n WHERE to_regclass(n) IS NOT NULL", names)
        known = {row["n"] for row in there}
        for name, month in zip(names, months, strict=True):
            if name not in known:
                await _make(store, month)
    except (GatewayError, *LOST) as error:
        log.warning("the months of the audit log's index cannot be made now, %s", type(error).__name__)


async def _make(store: Store, month: datetime) -> None:
    """The table of a month, unless it is there."""
    # A process that waited for another one's may go by what its connection remembers of the catalogue.
    with suppress(asyncpg.DuplicateTableError):
        await store.execute("SELECT audit_index_month($1)", month)


class Index:
    """Makes the index anew and compares it. Every method raises StoreUnavailable."""

    def __init__(self, store: Store, reader: Reader, terms: Terms) -> None:
        self._store = store
        self._reader = reader
        self._terms = terms
        self._erased = ErasedValues(store, terms)

    async def rebuild(self, progress: Callable[[int], None] = lambda _: None) -> int:
        """Index every record by what it says now, and drop entries without a record; how many records.

        Whoever was forgotten leaves no term of his behind, nor does a value that was erased. Records may be written
        meanwhile.
        """
        done = 0
        months: set[datetime] = set()
        async for some, terms in self._rows():
            for month in {moment(row.at).replace(day=1, hour=0, minute=0, second=0, microsecond=0) for row in some}:
                if month not in months:
                    months.add(month)
                    await _make(self._store, month)
            await self._store.execute(_PUT, *_columns(some), [literal(one or ()) for one in terms])
            done += len(some)
            progress(done)
        await self._store.execute(f"DELETE {_SURPLUS}")
        return done

    async def refresh(self, places: Sequence[tuple[UUID, int]]) -> None:
        """Index these records by what they say now, as after a subject's key was destroyed or a value erased."""
        found = await self._store.fetch(
            f"SELECT {rows.ROW} FROM audit_log WHERE (stream, seq) IN (SELECT * FROM unnest($1::uuid[], $2::bigint[]))",
            [stream for stream, _ in places],
            [seq for _, seq in places],
        )
        some = [rows.row(record) for record in found]
        terms = await self._terms_of(some)
        await self._store.execute(_PUT, *_columns(some), [literal(one or ()) for one in terms])

    async def compare(self, progress: Callable[[int], None] = lambda _: None) -> Compared:
        """Whether every record has the terms that belong to it, and no entry stands for nothing."""
        records = missing = different = unreadable = 0
        places: list[str] = []
        async for some, terms in self._rows():
            found = await self._store.fetch(_THERE, *_columns(some))
            there = {(row["stream"], row["seq"]): row["terms"] for row in found}
            for row, proper in zip(some, terms, strict=True):
                held = there.get((row.stream, row.seq))
                if held is None:
                    missing += 1
                elif proper is None:
                    unreadable += 1
                    continue
                elif held != proper:
                    different += 1
                else:
                    continue
                if len(places) < SHOWN:
                    places.append(f"{row.stream}/{row.seq}")
            records += len(some)
            progress(records)
        surplus = await self._store.fetchval(f"SELECT count(*) {_SURPLUS}")
        return Compared(records, missing, different, surplus, unreadable, tuple(places))

    async def _rows(self) -> AsyncIterator[tuple[list[Row], list[list[int] | None]]]:
        """Rows by stream and number with the terms that belong to them; None for one that does not open."""
        place = (UUID(int=0), -1)
        while found := await self._store.fetch(_NEXT, *place):
            some = [rows.row(record) for record in found]
            place = (some[-1].stream, some[-1].seq)
            # What somebody wrote into the table may have a time that is none; no search finds it, and `verify` does.
            some = [row for row in some if EARLIEST <= row.at <= LATEST]
            yield some, await self._terms_of(some)

    async def _terms_of(self, some: list[Row]) -> list[list[int] | None]:
        shown = await self._reader.shown(some)
        values = await asyncio.to_thread(
            lambda: [list(values_in(told.get("content"), self._terms.find)) for told in shown]
        )
        erased = await self._erased.of({one for held in values for one in held})
        return await asyncio.to_thread(
            lambda: [self._proper(*one, erased) for one in zip(some, shown, values, strict=True)]
        )

    def _proper(self, row: Row, told: Json, values: Iterable[str], erased: Mapping[str, int]) -> list[int] | None:
        if told["problem"] is not None:
            return None
        left = [one for one in values if one not in erased or erased[one] <= row.at]
        return [] if told["kind"] == END else self._terms.of(told, left)


def _columns(some: Sequence[Row]) -> tuple[list[UUID], list[int], list[datetime]]:
    return [row.stream for row in some], [row.seq for row in some], [moment(row.at) for row in some]
