"""Searching the log: exact whatever the index says, page by page without gaps, and never cut without a word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.audit import AuditLog, Reader
from gateway.audit import search as module
from gateway.audit.search import Filters, Search
from gateway.audit.terms import Terms
from gateway.crypto import KeyRing
from gateway.errors import Invalid
from gateway.model import Json, Record
from gateway.store import Store
from tests.audit.support import now, record
from tests.audit.test_terms import find

START = datetime(2026, 1, 10, tzinfo=UTC)


def asked(n: int) -> Record:
    """Every tenth goes outside, every seventh is refused, every third is Hana's; one in two days."""
    detail: Json = {
        "name": "Hana Ito" if n % 3 == 0 else "Emil Roth",
        "roles": ["hr"] if n % 3 == 0 else ["engineering"],
        "egress": {"model": "cloud" if n % 10 == 0 else "house", "zone": "external" if n % 10 == 0 else "local"},
        "cost_usd": n / 1000,
    }
    return replace(
        record(n, "refusal" if n % 7 == 0 else "outcome", text=f"id{n} said this"),
        at=START + timedelta(days=2 * n),
        principal="user:hana" if n % 3 == 0 else "user:emil",
        detail=detail | ({"code": "no_model_allowed"} if n % 7 == 0 else {}),
    )


@pytest.fixture
async def log(database: Store, ring: KeyRing) -> AsyncIterator[AuditLog]:
    opened = AuditLog(database, ring, now, find=find)
    await opened.start()
    yield opened
    await opened.close()


@pytest.fixture
async def sixty(log: AuditLog) -> AuditLog:
    for n in range(60):
        await log.append(asked(n))
    return log


def searcher(database: Store, ring: KeyRing, **more: Any) -> Search:
    return Search(database, Reader(database, ring), Terms(ring, find), **more)


async def every(search: Search, filters: Filters, limit: int = 50) -> list[str]:
    """The requests of all pages."""
    found: list[str] = []
    after = None
    while True:
        page = await search.search(filters, limit, after)
        found += [one["request"] for one in page["records"]]
        assert len(page["records"]) <= limit
        assert page["more"] == (page["next"] is not None)
        if not page["more"]:
            return found
        assert page["next"] != after
        after = page["next"]


QUESTIONS: list[tuple[Json, Any]] = [
    ({}, lambda n: True),
    ({"user": "HANA ito"}, lambda n: n % 3 == 0),
    ({"user": "user:emil"}, lambda n: n % 3 != 0),
    ({"user": "nobody"}, lambda n: False),
    ({"role": "hr", "model": "cloud"}, lambda n: n % 30 == 0),
    ({"zone": "external"}, lambda n: n % 10 == 0),
    ({"error": "no_model_allowed"}, lambda n: n % 7 == 0),
    ({"decision": "deny"}, lambda n: n % 7 == 0),
    ({"kind": "refusal", "user": "user:hana"}, lambda n: n % 21 == 0),
    ({"action": "chat", "policy": "sha256:00"}, lambda n: True),
    ({"action": "search"}, lambda n: False),
    ({"cost_min": 0.0095, "cost_max": 0.02}, lambda n: 10 <= n <= 20),
    ({"cost_max": 0.003}, lambda n: n <= 3),
    ({"cost_min": 0.0071, "cost_max": 0.0089}, lambda n: n == 8),
    ({"cost_min": 0.05}, lambda n: n >= 50),
    ({"values": frozenset({"id17", "id21", "id999"})}, lambda n: n in (17, 21)),
    ({"request": "r30"}, lambda n: n == 30),
    ({"request": "r30", "user": "user:emil"}, lambda n: False),
    ({"since": START + timedelta(days=20), "until": START + timedelta(days=40)}, lambda n: 10 <= n < 20),
    ({"since": START + timedelta(days=20), "model": "cloud"}, lambda n: n >= 10 and n % 10 == 0),
]


async def test_every_filter_gives_what_it_says_newest_first(
    sixty: AuditLog, database: Store, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    for widths in (module.WALKED, (7,), ()):
        # Without walking, months alone; the records lie over five of them.
        monkeypatch.setattr(module, "WALKED", widths)
        for limit in (50, 4):
            for question, holds in QUESTIONS:
                wanted = [f"r{n}" for n in reversed(range(60)) if holds(n)]
                assert await every(searcher(database, ring), Filters(**question), limit) == wanted, question


async def test_terms_that_are_equal_by_chance_find_nothing_wrong(
    sixty: AuditLog, database: Store, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything has the same term, as if the digests had one bit."""
    await database.execute("UPDATE audit_index SET terms = '{-1, 1}'")
    monkeypatch.setattr(Terms, "term", lambda self, field, value: -1 if field in ("user", "value") else 1)
    search = searcher(database, ring)
    for question, holds in QUESTIONS:
        assert await every(search, Filters(**question), 4) == [f"r{n}" for n in reversed(range(60)) if holds(n)]


async def test_a_page_that_took_too_much_work_says_so_and_goes_on(
    sixty: AuditLog, database: Store, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EXAMINED", 5)
    monkeypatch.setattr(module, "LEAST", 3)
    monkeypatch.setattr(Terms, "term", lambda self, field, value: 1)
    await database.execute("UPDATE audit_index SET terms = '{1}'")
    search = searcher(database, ring)
    first = await search.search(Filters(values=frozenset({"id3"})), 2)
    assert first["records"] == []
    assert first["more"] is True
    assert await every(search, Filters(values=frozenset({"id3"})), 2) == ["r3"]
    ticks = iter(range(0, 10_000, 60))
    slow = searcher(database, ring, clock=lambda: float(next(ticks)))
    monkeypatch.setattr(module, "WALKED", ())
    monkeypatch.setattr(module, "EXAMINED", 2000)
    page = await slow.search(Filters(values=frozenset({"id3"})), 2)
    assert (page["records"], page["more"]) == ([], True)


async def test_records_written_while_pages_are_turned_appear_in_none_of_the_later_ones(
    sixty: AuditLog, database: Store, ring: KeyRing
) -> None:
    search = searcher(database, ring)
    seen: list[str] = []
    after = None
    for turn in range(100):
        page = await search.search(Filters(user="user:hana"), 3, after)
        seen += [one["request"] for one in page["records"]]
        await asyncio.gather(
            *(sixty.append(replace(asked(3 * n), request=f"late{turn}.{n}", at=now())) for n in range(4))
        )
        after = page["next"]
        if after is None:
            break
    assert seen == [f"r{n}" for n in reversed(range(0, 60, 3))]
    assert len(await every(search, Filters(user="user:hana"), 7)) == 20 + 4 * (turn + 1)


async def test_what_was_changed_or_taken_out_is_shown_as_such(sixty: AuditLog, database: Store, ring: KeyRing) -> None:
    await database.execute("ALTER TABLE audit_log DISABLE TRIGGER USER")
    await database.execute("UPDATE audit_log SET sealed = sealed || '\\x00' WHERE request = 'r30'")
    await database.execute("DELETE FROM audit_log WHERE request = 'r20'")
    page = await searcher(database, ring).search(Filters(zone="external"))
    assert [one["problem"] for one in page["records"]] == [None, None, "modified", "missing", None, None]


async def test_a_log_that_is_older_than_its_index_says_so(sixty: AuditLog, database: Store, ring: KeyRing) -> None:
    search = searcher(database, ring)
    assert (await search.search(Filters()))["unindexed"] is False
    await database.execute("DELETE FROM audit_index WHERE at < $1", START + timedelta(days=9))
    assert (await search.search(Filters(zone="external")))["unindexed"] is True
    await database.execute("DELETE FROM audit_index")
    assert (await search.search(Filters()))["unindexed"] is True


@pytest.mark.parametrize(
    "question",
    [
        {"decision": "maybe"},
        {"kind": "end"},
        {"since": datetime(2026, 1, 1)},  # noqa: DTZ001 - that is the mistake
        {"role": "a\0b"},
        {"request": "\0"},
        {"cost_min": 2.0, "cost_max": 1.0},
    ],
)
def test_questions_that_no_record_can_answer(question: Json) -> None:
    with pytest.raises(Invalid):
        Filters(**question)


async def test_bad_pages_are_refused(database: Store, ring: KeyRing) -> None:
    for limit in (0, 1001):
        with pytest.raises(Invalid):
            await searcher(database, ring).search(Filters(), limit)
    with pytest.raises(Invalid):
        await searcher(database, ring).search(Filters(), 5, "1.2.3")
