"""The measurements of `gateway bench` that concern the log."""

from __future__ import annotations

from gateway.audit import AuditLog
from gateway.cli.bench.audit import commit, measure, verifying
from gateway.crypto import KeyRing
from gateway.store import Store
from tests.audit.support import now


async def test_figures_are_those_of_real_records(database: Store, ring: KeyRing) -> None:
    log = AuditLog(database, ring, now)
    await log.start()
    one = await measure(log, 1, 0.3)
    many = await measure(log, 16, 0.3)
    await log.close()
    written = await database.fetchrow(
        "SELECT count(*) AS n, avg(length(sealed)) AS size FROM audit_log WHERE kind <> 'end'"
    )
    assert written is not None
    assert one["records"] + many["records"] == written["n"]
    assert 950 < written["size"] < 1150
    assert 0 < many["p50_ms"] <= many["p99_ms"]
    assert one["per_second"] < many["per_second"]
    for keys in (None, ring):
        verified = await verifying(database, keys)
        assert verified["ok"]
        assert verified["records"] == written["n"] + 1
        assert verified["per_second"] > 0


async def test_a_bare_commit_leaves_nothing_behind(database: Store) -> None:
    found = await commit(database, 0.2)
    assert found["records"] > 0
    assert await database.fetchval("SELECT to_regclass('bench_commit')") is None
