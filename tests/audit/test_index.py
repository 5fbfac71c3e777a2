"""The index's table: its months, making it anew, and holding it against the log."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from gateway.audit import AuditLog, Reader
from gateway.audit.index import Index, prepare
from gateway.audit.search import Filters, Search
from gateway.audit.subjects import Subjects
from gateway.audit.terms import Terms, is_personal
from gateway.crypto import KeyRing
from gateway.store import Store
from tests.audit.support import now, record
from tests.audit.test_terms import DETAIL, find


@pytest.fixture
async def written(database: Store, ring: KeyRing) -> Store:
    log = AuditLog(database, ring, now, find=find)
    await log.start()
    for n in range(6):
        who = f"user:{n % 2}"
        await log.append(replace(record(n, text=f"id{n}"), principal=who, detail=DETAIL | {"name": who}))
    await log.close()
    return database


def indexer(store: Store, ring: KeyRing) -> Index:
    return Index(store, Reader(store, ring), Terms(ring, find))


async def entries(store: Store) -> list[tuple[object, ...]]:
    found = await store.fetch("SELECT stream, seq, at, terms FROM audit_index ORDER BY at, stream, seq")
    return [tuple(row.values()) for row in found]


async def test_every_row_is_indexed_in_its_commit(written: Store, ring: KeyRing) -> None:
    compared = await indexer(written, ring).compare()
    assert compared.ok
    assert (compared.records, compared.unreadable) == (7, 0)
    assert (
        await written.fetchval(
            "SELECT count(DISTINCT (l.xmin::text, i.xmin::text)) FROM audit_log l JOIN"
            " audit_index i USING (stream, seq) WHERE l.xmin::text <> i.xmin::text"
        )
        == 0
    )


async def test_an_erased_index_is_made_anew_as_it_was(written: Store, ring: KeyRing) -> None:
    before = await entries(written)
    await written.execute("DELETE FROM audit_index")
    index = indexer(written, ring)
    lost = await index.compare()
    assert (lost.ok, lost.missing, len(lost.places)) == (False, 7, 7)
    seen: list[int] = []
    assert await index.rebuild(seen.append) == 7
    assert seen == [7]
    assert await entries(written) == before


async def test_entries_that_were_changed_or_made_up_are_found_and_mended(written: Store, ring: KeyRing) -> None:
    before = await entries(written)
    await written.execute("UPDATE audit_index SET terms = '{5}' WHERE seq = 2")
    await written.execute("INSERT INTO audit_index VALUES (now(), gen_random_uuid(), 1, '{5}')")
    index = indexer(written, ring)
    compared = await index.compare()
    assert (compared.different, compared.surplus, compared.missing) == (1, 1, 0)
    assert compared.as_dict()["ok"] is False
    assert compared.places[0].endswith("/2")
    await index.rebuild()
    assert await entries(written) == before


async def test_of_whoever_was_forgotten_no_term_is_left(written: Store, ring: KeyRing) -> None:
    subject = Subjects(written, ring).digest("user:1")
    await written.execute("UPDATE audit_subjects SET wrapped = NULL WHERE subject = $1", subject)
    index = indexer(written, ring)
    assert (await index.compare()).different == 3
    rows = await written.fetch("SELECT stream, seq FROM audit_log WHERE kind <> 'end' AND seq % 2 = 1")
    await index.refresh([(row["stream"], row["seq"]) for row in rows])
    assert (await index.compare()).ok
    left = await written.fetch("SELECT seq, terms FROM audit_index WHERE terms <> '{}' ORDER BY seq")
    assert [any(map(is_personal, row["terms"])) for row in left] == [True, False] * 3
    search = Search(written, Reader(written, ring), Terms(ring, find))
    assert (await search.search(Filters(user="user:1")))["records"] == []
    assert len((await search.search(Filters(model="cloud")))["records"]) == 6


async def test_a_record_that_does_not_open_is_counted(written: Store, ring: KeyRing) -> None:
    await written.execute("ALTER TABLE audit_log DISABLE TRIGGER USER; UPDATE audit_log SET kind = 'x' WHERE seq = 1")
    assert (await indexer(written, ring).compare()).unreadable == 1


async def test_months_are_made_ahead_and_take_over_what_came_before_them(database: Store) -> None:
    at = datetime(2031, 12, 31, 23, tzinfo=UTC)
    for month in (12, 1, 2):
        await database.execute(
            "INSERT INTO audit_index VALUES ($1, $2, 1, '{}')",
            datetime(2031 if month == 12 else 2032, month, 5, tzinfo=UTC),
            UUID(int=month),
        )
    where = "SELECT tableoid::regclass::text FROM audit_index WHERE at > '2031-01-01' ORDER BY at"
    assert {row[0] for row in await database.fetch(where)} == {"audit_index_rest"}
    await prepare(database, at)
    await prepare(database, at)
    assert [row[0] for row in await database.fetch(where)] == [f"audit_index_{m}" for m in (203112, 203201, 203202)]


async def test_two_processes_that_start_at_once_make_a_month_once_and_say_nothing(
    database: Store, caplog: pytest.LogCaptureFixture
) -> None:
    at = datetime(2033, 5, 2, tzinfo=UTC)
    waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND pid <> pg_backend_pid()"
    async with database.transaction() as other:
        await other.execute("SELECT audit_index_month($1)", at)
        second = asyncio.create_task(prepare(database, at))
        async with asyncio.timeout(30):
            while not await other.fetchval(waits):  # noqa: ASYNC110 - what is waited for lies in the database
                await asyncio.sleep(0.01)
    await second
    names = [f"audit_index_2033{month:02}" for month in (5, 6, 7)]
    attached = "SELECT count(*) FROM pg_inherits WHERE inhrelid::regclass::text = ANY($1::text[])"
    assert await database.fetchval(attached, names) == 3
    assert "cannot be made" not in caplog.text


async def test_where_no_table_may_be_made_records_are_written_and_found_all_the_same(
    database: Store, ring: KeyRing
) -> None:
    await database.execute("DROP FUNCTION audit_index_month(timestamptz)")
    for row in await database.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits i JOIN pg_class c"
        " ON c.oid = inhrelid WHERE c.relname LIKE 'audit_index_2%' AND c.relkind = 'r'"
    ):
        await database.execute(f"DROP TABLE {row['name']}")
    log = AuditLog(database, ring, now, find=find)
    await log.start()
    await log.append(replace(record(1), detail=DETAIL))
    await log.close()
    found = await Search(database, Reader(database, ring), Terms(ring, find)).search(Filters(model="cloud"))
    assert [told["request"] for told in found["records"]] == ["r1"]
