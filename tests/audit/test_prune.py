"""Pruning over the database: what is over goes, what is held or was changed stays, and the log verifies throughout."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from gateway.audit import AuditLog, Pruned, Pruner, Reader, Report, check, prune, rows
from gateway.audit.hold import Hold, holds, released, signed, take_turn
from gateway.audit.receipt import Receipts
from gateway.audit.record import clear_of, hash_of
from gateway.audit.sealer import Sealer
from gateway.audit.search import Filters, Search
from gateway.audit.snapshot import check_over
from gateway.audit.tlog.check import VerifierKey, open_receipt
from gateway.audit.unbundle import check_bundle
from gateway.crypto import KeyRing
from gateway.errors import Broken, Conflict, NotFound, StoreUnavailable
from gateway.model import Record
from gateway.store import Store
from tests.audit.support import found, now, put, take, tampering, undone
from tests.audit.test_bundle import export
from tests.audit.test_tree_tampering import seal
from tests.audit.ways import every_way

START = datetime(2026, 1, 1, tzinfo=UTC)
ACTIONS = ("chat", "ingest", "policy.activate")
COUNT = 24
LONG = {"requests": START + timedelta(days=100), "documents": START + timedelta(days=100)}


def written(n: int) -> Record:
    """One record a day, of each class in turn, of two people in turn."""
    return Record(
        kind="event",
        request=f"r{n}",
        at=START + timedelta(days=n),
        principal=("user:ada", "user:ben")[n // 3 % 2],
        action=ACTIONS[n % 3],
        policy="sha256:00",
        detail={"n": n},
        content={"text": f"text {n}"},
        statement={"n": n} if n % 3 == 0 else None,
    )


@dataclass
class Kept:
    store: Store
    ring: KeyRing
    key: VerifierKey
    log: AuditLog
    pruner: Pruner = field(init=False)

    def __post_init__(self) -> None:
        self.pruner = Pruner(self.store, self.ring, self.key)

    async def run(self, before: dict[str, datetime], **more: object) -> Pruned:
        return await self.pruner.run("prune-1", before, now, **more)  # type: ignore[arg-type]

    async def check(self) -> Report:
        return await check(self.store, self.ring, key=self.key)

    async def left(self) -> list[str]:
        rows = await self.store.fetch("SELECT request FROM audit_log WHERE kind <> 'end' ORDER BY at")
        return [row["request"] for row in rows]

    async def hold(self, **what: object) -> Hold:
        async with self.store.transaction() as conn:
            await take_turn(conn, setting=True)
            number = len(await holds(conn, self.key)) + 1
            hold = Hold(number, now(), "case 7", **what)  # type: ignore[arg-type]
            note = signed(hold, self.key, self.ring.signer())
            await conn.execute("INSERT INTO audit_holds (number, note) VALUES ($1, $2)", number, note)
        return hold

    async def release(self, number: int) -> None:
        note = released(number, now(), "closed", self.key, self.ring.signer())
        await self.store.execute("UPDATE audit_holds SET released = $2 WHERE number = $1", number, note)


@pytest.fixture
async def kept(database: Store, ring: KeyRing) -> AsyncIterator[Kept]:
    """Two streams, the first closed, the second still open."""
    log = AuditLog(database, ring, now)
    await log.start()
    for n in range(COUNT // 2):
        await log.append(written(n))
    await log.close()
    log = AuditLog(database, ring, now)
    await log.start()
    for n in range(COUNT // 2, COUNT):
        await log.append(written(n))
    await seal(database, ring)
    yield Kept(database, ring, Sealer(database, ring, now).key, log)
    await log.close()


async def test_pruning_at_any_boundary_keeps_the_log_verifying(kept: Kept) -> None:
    """Day by day, a class at a time: each state is one that a run could have left."""
    gone = 0
    for day in range(1, COUNT + 1):
        before = {("requests", "documents", "administration")[day % 3]: START + timedelta(days=day)}
        gone += (await kept.run(before)).records.total()
        report = await kept.check()
        assert report.ok, report.faults
        assert report.pruned == gone
        assert report.records == COUNT + 1 - gone
    assert await kept.left() == ["r22", "r23"]
    stored = await kept.store.fetchval("SELECT count(*) FROM audit_index")
    assert stored == 2 + 1, "what they were found by went with them"


async def test_the_last_row_of_a_stream_that_goes_on_stays(kept: Kept) -> None:
    """Its process may yet name it as where the stream ended."""
    await kept.run({**LONG, "administration": LONG["requests"]})
    assert await kept.left() == ["r23"]
    await kept.log.append(replace(written(4), request="next"))
    await seal(kept.store, kept.ring)
    assert (await kept.check()).ok


async def test_only_the_classes_that_are_over_go(kept: Kept) -> None:
    done = await kept.run({"requests": START + timedelta(days=10)})
    assert done.records == {"requests": 4}
    assert "r0" not in await kept.left()
    assert {"r1", "r2", "r12"} <= set(await kept.left())
    told = (await kept.check()).prunings
    assert [(one.number, one.request, one.records, one.streams) for one in told] == [(1, "prune-1", 4, 1)]
    assert (await kept.run({"requests": START + timedelta(days=10)})).records == {}
    assert await kept.store.fetchval("SELECT count(*) FROM audit_prunes") == 1, "nothing to do, nothing said"


async def test_a_dry_run_changes_nothing(kept: Kept) -> None:
    await kept.hold(subjects=(kept.log.subjects.digest("user:ben"),))
    looked: list[int] = []
    done = await kept.run(LONG, dry_run=True, progress=looked.append)
    assert (done.records, done.held) == ({"requests": 4, "documents": 4}, {1: 8})
    assert looked[-1] == 16
    assert len(await kept.left()) == COUNT
    assert not (await kept.check()).pruned


@pytest.mark.parametrize(
    ("hold", "stay"),
    [
        ({"request": "r3"}, {3}),
        ({"retention": "documents"}, {1, 4, 7, 10, 13, 16, 19, 22}),
        ({"since": START + timedelta(days=3), "until": START + timedelta(days=7)}, {3, 4, 6}),
        ({"retention": "requests", "since": START + timedelta(days=17)}, {18, 21}),
    ],
)
async def test_what_is_held_stays(kept: Kept, hold: dict[str, object], stay: set[int]) -> None:
    await kept.hold(**hold)
    done = await kept.run(LONG)
    left = {int(request[1:]) for request in await kept.left()}
    assert {n for n in left if n % 3 != 2} == stay
    assert done.held == {1: len(stay)}
    assert (await kept.check()).ok
    await kept.release(1)
    assert (await kept.run(LONG)).records.total() == len(stay)


async def test_a_persons_records_are_held_by_what_they_say_and_not_by_the_index(kept: Kept) -> None:
    """Somebody empties the index, so that retention does his work for him."""
    await kept.hold(subjects=(kept.log.subjects.digest("user:ben"),))
    await kept.store.execute("UPDATE audit_index SET terms = '{}'")
    await kept.run(LONG)
    left = {int(request[1:]) for request in await kept.left()}
    assert {n for n in left if n % 3 != 2} == {n for n in range(COUNT) if n // 3 % 2 and n % 3 != 2}


async def test_a_hold_set_while_pruning_has_force_at_once(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step at a time; once setting the hold has returned, nothing it names goes."""
    monkeypatch.setattr(prune, "STEP", prune.CHUNK)
    monkeypatch.setattr(prune, "_FIND", prune._FIND.replace(f"LIMIT {prune.CHUNK}", "LIMIT 2"))
    monkeypatch.setattr(prune, "CHUNK", 2)
    monkeypatch.setattr(prune, "STEP", 2)
    under_way = asyncio.Event()

    def looked(count: int) -> None:
        if count == 6:
            under_way.set()

    task = asyncio.create_task(kept.run(LONG, progress=looked))
    await under_way.wait()
    await kept.hold(retention="documents")
    stood = {request for request in await kept.left() if int(request[1:]) % 3 == 1}
    done = await task
    assert stood <= set(await kept.left())
    assert done.held[1] == len(stood) > 0
    assert (await kept.check()).ok


async def test_a_run_that_is_killed_leaves_whole_steps(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever its connection ends, what was said to be gone is gone and nothing else is."""
    monkeypatch.setattr(prune, "_FIND", prune._FIND.replace(f"LIMIT {prune.CHUNK}", "LIMIT 3"))
    monkeypatch.setattr(prune, "CHUNK", 3)
    monkeypatch.setattr(prune, "STEP", 3)
    await kept.store.execute(
        "CREATE FUNCTION doom() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$"
    )
    places = (
        ("INSERT", "audit_prunes"),
        ("INSERT", "audit_pruned"),
        ("DELETE", "audit_index"),
        ("DELETE", "audit_log"),
    )
    for step, (act, table) in enumerate(places):
        await kept.store.execute(
            f"CREATE TRIGGER doom AFTER {act} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION doom()"
        )
        with pytest.raises(StoreUnavailable):
            await kept.run(LONG)
        await kept.store.execute(f"DROP TRIGGER doom ON {table}")
        report = await kept.check()
        assert report.ok, (table, report.faults)
        assert report.pruned == COUNT + 1 - report.records == 3 * step
        # One step of it in earnest, and on to the next place to be killed at.
        await kept.run(dict.fromkeys(LONG, moment_of(await kept.left(), 3)))
    assert (await kept.check()).ok


def moment_of(left: list[str], count: int) -> datetime:
    """Just behind so many of the records that can go."""
    some = [int(request[1:]) for request in left if int(request[1:]) % 3 != 2][:count]
    return START + timedelta(days=some[-1], seconds=1)


async def test_one_run_at_a_time(kept: Kept) -> None:
    connection = await kept.store.connect()
    await connection.fetchval("SELECT pg_advisory_lock($1)", prune.LOCK)
    with pytest.raises(Conflict, match="another process"):
        await kept.run(LONG)
    await connection.close()


async def test_rows_that_no_checkpoint_covers_stay(kept: Kept) -> None:
    await kept.log.append(replace(written(3), request="new"))
    await kept.log.append(replace(written(3), request="newer"))
    await kept.run(LONG)
    assert {"new", "newer"} <= set(await kept.left())


async def test_a_changed_row_is_not_pruned(kept: Kept) -> None:
    """Somebody changes a record and makes it look old; pruning does not cover it up."""
    async with kept.store.transaction() as conn:
        await conn.execute("ALTER TABLE audit_log DISABLE TRIGGER USER")
        await conn.execute("UPDATE audit_log SET retention = 'requests', at = $1 WHERE request = 'r20'", START)
        await conn.execute("ALTER TABLE audit_log ENABLE TRIGGER USER")
    done = await kept.run(LONG)
    assert done.kept == 1
    assert "r20" in await kept.left()
    assert {fault.verdict.value for fault in (await kept.check()).faults} == {"modified"}


async def test_what_is_done_to_a_pruned_log_is_found_in_every_way(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that was pruned is put back; one beside pruned ones is changed, and its hash made right again."""
    held = await kept.store.fetch(f"SELECT {rows.ROW} FROM audit_log ORDER BY stream, seq")
    await kept.run({**LONG, "requests": START + timedelta(days=14)})
    left = {(row["stream"], row["seq"]) for row in await kept.store.fetch("SELECT stream, seq FROM audit_log")}
    async with tampering(kept.store) as conn:
        assert (await every_way(conn, kept.ring, kept.key, monkeypatch)).ok
        for number, row in enumerate(map(rows.row, held)):
            async with undone(conn):
                place = (row.stream, row.seq)
                changed = row._replace(prev=bytes(32))
                if place in left:
                    await take(conn, row)
                    await put(conn, changed._replace(hash=hash_of(clear_of(changed), changed.sealed)))
                else:
                    await put(conn, row)
                keys = kept.ring if number % 2 else None
                report = await every_way(conn, keys, kept.key, monkeypatch, chunk=1 + number % 3)
                assert ("modified", *place) in found(report)


async def test_a_deletion_that_calls_itself_pruning_is_found(kept: Kept) -> None:
    """By an owner of the database, with a statement copied from another prune."""
    await kept.run({"requests": START + timedelta(days=4)})
    async with tampering(kept.store) as conn:
        stream = await conn.fetchval("SELECT stream FROM audit_log WHERE request = 'r4'")
        await conn.execute("ALTER TABLE audit_pruned DISABLE TRIGGER USER")
        await conn.execute("ALTER TABLE audit_prunes DISABLE TRIGGER USER")
        await conn.execute("DELETE FROM audit_log WHERE request = 'r4'")
        await conn.execute(
            "INSERT INTO audit_prunes (number, last_at, rows, note) SELECT 2, last_at, 1, note FROM audit_prunes"
        )
        await conn.execute("INSERT INTO audit_pruned VALUES ($1, 4, 4, '', 2)", stream)
        report = await check_over(conn, kept.ring, key=kept.key)
        assert {fault.verdict.value for fault in report.faults} == {"modified", "missing"}
        assert (await conn.fetchval("SELECT count(*) FROM audit_pruned WHERE first = 4"), report.pruned) == (1, 2)


async def test_the_database_lets_no_row_go_that_was_not_pruned(kept: Kept) -> None:
    for statement in (
        "DELETE FROM audit_log WHERE request = 'r1'",
        "TRUNCATE audit_log",
        "UPDATE audit_log SET request = ''",
        "DELETE FROM audit_holds",
        "TRUNCATE audit_pruned, audit_prunes",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with kept.store.transaction() as conn:
                await conn.execute(statement)
    await kept.run(LONG)
    for statement in ("DELETE FROM audit_pruned", "UPDATE audit_prunes SET rows = 0", "DELETE FROM audit_prunes"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with kept.store.transaction() as conn:
                await conn.execute(statement)


async def test_a_receipt_of_a_pruned_record_still_holds(kept: Kept) -> None:
    receipts = Receipts(kept.store, kept.ring)
    data = await receipts.receipt("r6")
    await kept.run(LONG)
    assert open_receipt(data, kept.key).statement == {"n": 6}
    with pytest.raises(NotFound):
        await receipts.receipt("r6")


async def test_an_export_says_what_was_pruned_and_verifies(kept: Kept, tmp_path: Path) -> None:
    await kept.run({"requests": START + timedelta(days=8)})
    path = tmp_path / "all.tar"
    await export(kept.store, kept.ring, path)
    report = check_bundle(path, kept.key)
    assert report.ok, report.faults
    assert (report.pruned, report.records) == (3, COUNT + 1 - 3)
    part = tmp_path / "part.tar"
    await export(kept.store, kept.ring, part, since=START + timedelta(days=5), until=START + timedelta(days=14))
    assert check_bundle(part, kept.key).ok


async def test_reading_and_searching_say_pruned(kept: Kept) -> None:
    reader = Reader(kept.store, kept.ring)
    search = Search(kept.store, reader, kept.log.terms)
    row = await kept.store.fetchrow("SELECT stream, seq FROM audit_log WHERE request = 'r0'")
    assert row is not None
    assert (await search.search(Filters()))["pruned"] is None
    await kept.run({"requests": START + timedelta(days=8)})
    (told,) = await reader.at([(row["stream"], row["seq"])])
    assert (told["problem"], told["pruned"]) == ("pruned", 1)
    page = await search.search(Filters(action="chat"))
    assert page["pruned"] == {"records": 3, "until": (START + timedelta(days=6)).isoformat()}
    assert [one["problem"] for one in page["records"]] == [None] * len(page["records"])
    assert (await search.search(Filters(since=START + timedelta(days=9))))["pruned"] is None


async def test_holds_that_were_tampered_with_stop_pruning(kept: Kept, tmp_path: Path) -> None:
    first = await kept.hold(retention="requests")
    await kept.hold(retention="documents")
    weaker = signed(replace(first, retention="administration"), kept.key, KeyRing.create(tmp_path / "o").signer())
    async with kept.store.transaction() as conn:
        await conn.execute("ALTER TABLE audit_holds DISABLE TRIGGER USER")
        await conn.execute("UPDATE audit_holds SET note = $1 WHERE number = 1", weaker)
    with pytest.raises(Broken, match="legal holds are not as they were written"):
        await kept.run(LONG)
    await kept.store.execute("DELETE FROM audit_holds WHERE number = 1")
    with pytest.raises(Broken):
        await kept.run(LONG)
    assert len(await kept.left()) == COUNT
