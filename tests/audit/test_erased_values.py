"""The list of erased values: who has no key learns that some were erased, and can neither add nor widen one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.audit.erased_values import ErasedValues
from gateway.audit.record import micros
from gateway.audit.terms import Terms
from gateway.crypto import KeyRing
from gateway.store import Store

AT = datetime(2026, 3, 1, tzinfo=UTC)


async def test_values_are_known_again_and_the_last_erasure_counts(database: Store, ring: KeyRing) -> None:
    erased = ErasedValues(database, Terms(ring))
    assert await erased.of(["id1", "id2"]) == {}
    await erased.add(["id1", "id2", "id1"], AT)
    await erased.add([], AT)
    later = AT + timedelta(days=1)
    await erased.add(["id2"], later)
    assert await erased.of(["id1", "id2", "id3"]) == {"id1": micros(AT), "id2": micros(later)}
    assert await erased.of([]) == {}
    rows = await database.fetch("SELECT value FROM audit_erased_values")
    assert {len(row["value"]) for row in rows} == {16}
    assert not any(b"id" in row["value"] for row in rows)


async def test_what_somebody_else_wrote_counts_for_nothing(database: Store, ring: KeyRing) -> None:
    erased = ErasedValues(database, Terms(ring))
    await erased.add(["id1", "id2", "id3"], AT)
    await database.execute("UPDATE audit_erased_values SET until = until + interval '1 year' WHERE ctid = '(0,1)'")
    # The row of one under the name of another.
    await database.execute(
        "UPDATE audit_erased_values a SET proof = b.proof FROM audit_erased_values b"
        " WHERE a.ctid = '(0,2)' AND b.ctid = '(0,3)'"
    )
    assert len(await erased.of(["id1", "id2", "id3"])) == 1
    await erased.add(["id1", "id2", "id3"], AT)
    assert len(await erased.of(["id1", "id2", "id3"])) == 3
