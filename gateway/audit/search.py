"""Finding records: by digests in the index first, then exactly, over what was opened.

A page is found in two ways. First the newest entries are walked, a bounded number of them: what is frequent is found
there at once. What is not frequent is then looked up by its terms, in months, newest first. Terms of different
values can be equal, so every record found is opened and looked at again.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.audit.read import MOST, Reader, cursor, place_of
from gateway.audit.record import KINDS, micros
from gateway.audit.terms import ALLOW, DENY, Terms, bucket, buckets, cost_of, facts_of, folded, values_in
from gateway.errors import Invalid
from gateway.model import Json
from gateway.store import Store
from gateway.store.store import Connection

WALKED: Final = (500, 5_000)
"""Entries walked at a time before terms are looked up."""
LEAST: Final = 50
"""Candidates asked for at a time, at least: some of them turn out to be something else."""
_MOST_AT_ONCE: Final = 400
"""Candidates asked for at a time, where few of those before fitted."""
EXAMINED: Final = 2_000
"""Records opened for one page at most."""
BUDGET_S: Final = 2.0
"""After this long a page ends at the next border of months, with what it has."""
_BEFORE_ALL: Final = (UUID(int=0), -(1 << 63))
_EARLIEST: Final = datetime(1, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9999, 12, 31, tzinfo=UTC)
# The time stands there twice: months are left out by the first of the two, and not by the row's.
_BOUNDS: Final = "at <= $1 AND (at, stream, seq) < ($1::timestamptz, $2::uuid, $3::bigint) AND at >= $4"
_ORDER: Final = "ORDER BY at DESC, stream DESC, seq DESC"

Place = tuple[datetime, UUID, int]
"""Time, stream, number: the order of records."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a record must be; None leaves it open. `since` is included, `until` is not.

    user: an id or a name, in any case; model: that it went to or was asked for; error: a code; values: ids of tokens,
    one of which must stand in the record's texts; costs in US dollars, both included.
    """

    since: datetime | None = None
    until: datetime | None = None
    user: str | None = None
    role: str | None = None
    model: str | None = None
    zone: str | None = None
    decision: str | None = None
    entity: str | None = None
    document: str | None = None
    collection: str | None = None
    error: str | None = None
    kind: str | None = None
    action: str | None = None
    policy: str | None = None
    request: str | None = None
    cost_min: float | None = None
    cost_max: float | None = None
    values: frozenset[str] | None = None

    def __post_init__(self) -> None:
        """Raises Invalid for what no record can be."""
        if self.decision not in (None, ALLOW, DENY):
            raise Invalid("a decision is allow or deny", param="decision")
        if self.kind is not None and self.kind not in KINDS:
            raise Invalid(f"unknown kind of record, known are {', '.join(sorted(KINDS))}", param="kind")
        for name in ("since", "until"):
            at = getattr(self, name)
            if at is not None and at.tzinfo is None:
                raise Invalid(f"{name} must name its time zone, e.g. end in Z", param=name)
        if any("\0" in text for _, text in self.exact()) or "\0" in (self.request or ""):
            raise Invalid("no record holds such a character", param="filters")
        if self.cost_min is not None and self.cost_max is not None and self.cost_min > self.cost_max:
            raise Invalid("the least cost is above the most", param="cost_min")

    def exact(self) -> list[tuple[str, str]]:
        """Fields and the value that each must have."""
        named = (
            *("role", "model", "zone", "decision", "entity", "document", "collection", "error", "kind", "action"),
            "policy",
        )
        found = [(name, value) for name in named if (value := getattr(self, name)) is not None]
        return found + ([("user", folded(self.user))] if self.user is not None else [])

    def with_values(self, texts: Iterable[str], terms: Terms) -> Filters:
        """The same for records in whose texts one of the values stands that these tokens stand for."""
        return replace(self, values=frozenset(value for text in texts for value in terms.find(text)))

    @property
    def names(self) -> list[str]:
        """Which filters are set."""
        return [name for name in self.__slots__ if getattr(self, name) is not None]

    def fits(self, told: Json, terms: Terms) -> bool:
        """Whether an opened record is what was asked for."""
        if self.request is not None and told.get("request") != self.request:
            return False
        facts = set(facts_of(told))
        if not facts.issuperset(self.exact()):
            return False
        if self.cost_min is not None or self.cost_max is not None:
            cost = cost_of(told)
            if cost is None or not (self.cost_min or 0.0) <= cost <= (_dearest(self.cost_max)):
                return False
        return self.values is None or not self.values.isdisjoint(values_in(told.get("content"), terms.find))


def _dearest(cost: float | None) -> float:
    return float("inf") if cost is None else cost


class Search:
    """Searches the log. Who may, and that it is recorded, is the caller's to see to."""

    def __init__(self, store: Store, reader: Reader, terms: Terms, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._reader = reader
        self.terms = terms
        self._clock = clock

    async def search(self, filters: Filters, limit: int = 50, after: str | None = None) -> Json:
        """A page of what fits, newest first, as `Reader` gives pages; `after` is the `next` of the page before.

        A page can hold fewer records than asked for, none even, and still say `more`: the rest was not looked at yet.
        A record that the index names and that does not open, or is `missing`, is among them with its `problem`.
        `unindexed` is true when the log holds older records than the index; `pruned` is how many records were pruned,
        of any kind, and until when they reach, or None where the time asked for lies after that. Raises Invalid,
        StoreUnavailable.
        """
        if not 1 <= limit <= MOST:
            raise Invalid(f"a page has 1 to {MOST} records", param="limit")
        start = self._start(filters, place_of(after))
        end = self._clock() + BUDGET_S
        walk = _Walk(self._store, self._conditions(filters), filters, start, self._clock, end)
        found: list[tuple[Place, Json]] = []
        examined = 0
        following: Place | None = start
        while following is not None:
            places, following = await walk.take(_candidates(limit + 1 - len(found), len(found), examined))
            records = await self._at(places)
            examined += len(records)
            found += await asyncio.to_thread(self._fitting, filters, records)
            if len(found) > limit:
                return await self._page(filters, found[:limit], found[limit - 1][0])
            if following is not None and (examined >= EXAMINED or self._clock() > end):
                break
        return await self._page(filters, found, following)

    async def _at(self, places: list[Place]) -> list[tuple[Place, Json]]:
        """The records at these places. Where there is none, that is what is shown: somebody took it out."""
        opened = await self._reader.at([(stream, seq) for _, stream, seq in places])
        there = {(UUID(told["stream"]), told["seq"]): told for told in opened}
        return [(place, there.get(place[1:]) or _gone(place)) for place in places]

    def _start(self, filters: Filters, place: Place | None) -> Place:
        top = (filters.until or _LATEST, *_BEFORE_ALL)
        return top if place is None else min(place, top)

    def _fitting(self, filters: Filters, records: list[tuple[Place, Json]]) -> list[tuple[Place, Json]]:
        return [one for one in records if one[1]["problem"] is not None or filters.fits(one[1], self.terms)]

    async def _page(self, filters: Filters, found: list[tuple[Place, Json]], place: Place | None) -> Json:
        oldest = await self._store.fetchrow(
            "SELECT (SELECT min(at) FROM audit_log) AS log, (SELECT min(at) FROM audit_index) AS index"
        )
        log, index = (oldest["log"], oldest["index"]) if oldest else (None, None)
        return {
            "records": [told for _, told in found],
            "more": place is not None,
            "next": None if place is None else cursor(micros(place[0]), place[1], place[2]),
            "unindexed": log is not None and (index is None or log < index),
            "pruned": await self._pruned(filters),
        }

    async def _pruned(self, filters: Filters) -> Json | None:
        """How many records were pruned, and until when they reach; None where none can be of the time asked for."""
        row = await self._store.fetchrow("SELECT sum(rows)::bigint AS rows, max(last_at) AS last FROM audit_prunes")
        if row is None or row["last"] is None or (filters.since is not None and row["last"] < filters.since):
            return None
        return {"records": row["rows"], "until": row["last"].isoformat()}

    def _conditions(self, filters: Filters) -> tuple[list[int], list[list[int]]]:
        """Terms that must all be there, and groups of which one must be."""
        term = self.terms.term
        every = sorted({term(field, value) for field, value in filters.exact()})
        groups = []
        if filters.values is not None:
            groups.append(sorted({term("value", value) for value in filters.values}))
        if filters.cost_min is not None or filters.cost_max is not None:
            least, most = filters.cost_min, filters.cost_max
            if least is not None and most is not None and bucket(least) == bucket(most):
                every.append(term("cost", str(bucket(least))))
            else:
                groups.append(sorted(term("cost", one) for one in buckets(least, most)))
        return every, groups


class _Walk:
    """Candidates from a place backwards."""

    def __init__(
        self,
        store: Store,
        terms: tuple[list[int], list[list[int]]],
        filters: Filters,
        start: Place,
        clock: Callable[[], float],
        end: float,
    ) -> None:
        self._store = store
        self._clock, self._end = clock, end
        every, groups = terms
        self._filters = filters
        self._place: Place = start
        self._since = filters.since or _EARLIEST
        self._widths = list(WALKED)
        self._months = 1
        self._oldest: datetime | None = None
        self._args: list[Any] = []
        parts = []
        for sign, wanted in [("@>", every)] * bool(every) + [("&&", group) for group in groups]:
            self._args.append(wanted)
            parts.append(f"terms {sign} ${4 + len(self._args)}::bigint[]")
        self._where = " AND ".join(parts) or "true"

    async def take(self, want: int) -> tuple[list[Place], Place | None]:
        """The next candidates, at most `want`, and from where to go on; None at the end."""
        if self._filters.request is not None:
            return await self._of_request(want)
        async with self._store.snapshot() as connection:
            # A plan must know the terms: some are in every record and some in one.
            await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
            found, following = await (
                self._newest(connection, want) if self._widths else self._sparse(connection, want)
            )
        self._place = following or self._place
        return found, following

    async def _newest(self, connection: Connection, want: int) -> tuple[list[Place], Place | None]:
        width = self._widths.pop(0)
        rows = await connection.fetch(
            f"WITH walked AS MATERIALIZED (SELECT at, stream, seq, terms FROM audit_index WHERE {_BOUNDS} {_ORDER}"
            f" LIMIT {width}) (SELECT at, stream, seq, true AS hit FROM walked WHERE {self._where} {_ORDER}"
            f" LIMIT {want}) UNION ALL (SELECT at, stream, seq, false FROM walked ORDER BY at, stream, seq LIMIT 1)",
            *self._place,
            self._since,
            *self._args,
        )
        hits = [_place(row) for row in rows if row["hit"]]
        if len(hits) == want:
            self._widths.insert(0, width)  # there may be more of them among those walked
            return hits, hits[-1]
        return hits, _place(rows[-1]) if rows else None

    async def _sparse(self, connection: Connection, want: int) -> tuple[list[Place], Place | None]:
        """Months backwards, twice as many at a time while nothing is found."""
        place = self._place
        while True:
            newest, oldest = await self._span(connection, place)
            if newest is None or oldest is None:
                return [], None
            start = max(_months_before(newest, self._months), self._since)
            rows = await connection.fetch(
                f"WITH hits AS MATERIALIZED (SELECT at, stream, seq FROM audit_index WHERE {_BOUNDS} AND {self._where})"
                f" SELECT at, stream, seq FROM hits {_ORDER} LIMIT {want}",
                *place,
                start,
                *self._args,
            )
            hits = [_place(row) for row in rows]
            if len(hits) == want:
                return hits, hits[-1]
            place = (start, *_BEFORE_ALL)
            self._months *= 2
            if start <= oldest:
                return hits, None
            if hits or self._clock() > self._end:
                return hits, place

    async def _span(self, connection: Connection, place: Place) -> tuple[datetime | None, datetime | None]:
        """Times of the newest entry before a place, and of the oldest; asked once, then every place lies between."""
        if self._oldest is not None:
            return place[0] - timedelta(microseconds=1), self._oldest
        first = f"SELECT at FROM audit_index WHERE {_BOUNDS}"
        row = await connection.fetchrow(
            f"SELECT ({first} {_ORDER} LIMIT 1) AS newest, ({first} ORDER BY at, stream, seq LIMIT 1) AS oldest",
            *place,
            self._since,
        )
        self._oldest = row["oldest"] if row else None
        return (row["newest"], row["oldest"]) if row else (None, None)

    async def _of_request(self, want: int) -> tuple[list[Place], Place | None]:
        rows = await self._store.fetch(
            f"SELECT at, stream, seq FROM audit_log WHERE request = $5 AND {_BOUNDS} {_ORDER} LIMIT {want}",
            *self._place,
            self._since,
            self._filters.request,
        )
        hits = [_place(row) for row in rows]
        following = hits[-1] if len(hits) == want else None
        self._place = following or self._place
        return hits, following


def _candidates(missing: int, found: int, examined: int) -> int:
    """How many to ask for next so that as many as are missing fit, going by how many did until now."""
    if examined:
        missing = min(math.ceil(missing * examined / max(found, 1)), _MOST_AT_ONCE)
    return max(missing, LEAST)


def _months_before(at: datetime, months: int) -> datetime:
    """The beginning of the month so many months before, its own being the first."""
    year, month = divmod(at.year * 12 + at.month - months, 12)
    return _EARLIEST if year < 1 else datetime(year, month + 1, 1, tzinfo=UTC)


def _gone(place: Place) -> Json:
    at, stream, seq = place
    return {"stream": str(stream), "seq": seq, "at": at.isoformat(), "kind": "", "request": "", "problem": "missing"}


def _place(row: Any) -> Place:
    return row["at"], row["stream"], row["seq"]
