"""Reading the log through in order, and as it grows."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.audit import AuditLog, Reader, Tail, follow, span
from gateway.crypto import KeyRing
from gateway.store import Store
from tests.audit.support import now, record


async def test_a_span_of_time_comes_whole_and_in_order(
    database: Store, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "_SPAN", follow._SPAN.replace("LIMIT 500", "LIMIT 4"))
    start = now()
    log = AuditLog(database, ring, now)
    await log.start()
    for n in range(10):
        # Two at each moment, written in another order.
        await log.append(replace(record(n), at=start + timedelta(seconds=(9 - n) // 2)))
    await log.close()
    reader = Reader(database, ring)
    found = [told async for page in span(database, reader, start, start + timedelta(hours=1)) for told in page]
    times = [told["at"] for told in found]
    assert times == sorted(times)
    assert len(found) == 11
    part = [
        told["detail"]["n"]
        async for page in span(database, reader, start + timedelta(seconds=1), start + timedelta(seconds=3))
        for told in page
        if told["kind"] != "end"
    ]
    assert sorted(part) == [4, 5, 6, 7]


async def test_new_records_come_once_however_late_their_process_commits(database: Store, ring: KeyRing) -> None:
    first, second = AuditLog(database, ring, now), AuditLog(database, ring, now)
    await first.start()
    await first.append(record(0))
    tail = Tail(database, Reader(database, ring))
    assert await tail.more() == []
    assert await tail.more() == []
    seen: list[str] = []
    await first.append(record(1))
    seen += [told["request"] for told in await tail.more()]
    # One with an earlier time, in a stream that was not there before.
    await second.start()
    await second.append(replace(record(2), at=now() - timedelta(hours=1)))
    await first.append(record(3))
    seen += [told["request"] for told in await tail.more()]
    await second.append(record(4))
    await first.close()
    await second.close()
    seen += [told["request"] for told in await tail.more()]
    assert await tail.more() == []
    assert Counter(seen) == Counter({"r1": 1, "r2": 1, "r3": 1, "r4": 1, "": 2})
