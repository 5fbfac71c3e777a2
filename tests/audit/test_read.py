"""Reading records back, page by page, and what is said of those that do not open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.audit import AuditLog, Reader
from gateway.audit import read as read_module
from gateway.crypto import KeyRing
from gateway.errors import Invalid
from gateway.store import Store
from tests.audit.support import now, record


@pytest.fixture
async def written(database: Store, ring: KeyRing) -> Store:
    """Ten records in each of two streams, ids r0 to r9 twice."""
    for _ in range(2):
        log = AuditLog(database, ring, now)
        await log.start()
        for n in range(10):
            await log.append(record(n, "intent" if n % 2 else "outcome", text=f"text {n}"))
        await log.close()
    return database


async def test_the_latest_come_first_and_whole(written: Store, ring: KeyRing) -> None:
    page = await Reader(written, ring).recent(3)
    end, last, _ = page["records"]
    assert end["kind"] == "end"
    assert (
        last.items()
        >= {
            "seq": 9,
            "kind": "intent",
            "request": "r9",
            "principal": "user:ada",
            "action": "chat",
            "policy": "sha256:00",
            "detail": {"n": 9},
            "content": {"prompt": "text 9"},
            "problem": None,
        }.items()
    )
    assert last["at"].endswith("+00:00")
    assert len(bytes.fromhex(last["hash"])) == 32
    assert page["more"] is True


@pytest.mark.parametrize("limit", [1, 2, 7, 21, 22, 23])
async def test_pages_join_up_without_gaps_and_say_when_there_is_more(written: Store, ring: KeyRing, limit: int) -> None:
    reader = Reader(written, ring)
    seen: list[tuple[str, int]] = []
    before = None
    while True:
        page = await reader.recent(limit, before=before)
        seen += [(one["stream"], one["seq"]) for one in page["records"]]
        before = page["next"]
        assert page["more"] == (before is not None)
        if not page["more"]:
            break
        assert len(page["records"]) == limit
    assert len(seen) == len(set(seen)) == 22


async def test_records_of_one_moment_are_not_skipped_between_pages(database: Store, ring: KeyRing) -> None:
    moment = now()
    log = AuditLog(database, ring, lambda: moment)
    await log.start()
    for n in range(5):
        await log.append(replace(record(n), at=moment))
    await log.close()
    reader = Reader(database, ring)
    first = await reader.recent(4)
    second = await reader.recent(4, before=first["next"])
    assert [one["seq"] for one in first["records"] + second["records"]] == [5, 4, 3, 2, 1, 0]


async def test_one_kind(written: Store, ring: KeyRing) -> None:
    page = await Reader(written, ring).recent(100, "outcome")
    assert {one["kind"] for one in page["records"]} == {"outcome"}
    assert len(page["records"]) == 10
    assert page["more"] is False
    again = await Reader(written, ring).recent(4, "outcome")
    rest = await Reader(written, ring).recent(100, "outcome", before=again["next"])
    assert [one["seq"] for one in again["records"] + rest["records"]] == [8, 6, 4, 2, 0] * 2


async def test_one_request(written: Store, ring: KeyRing) -> None:
    reader = Reader(written, ring)
    page = await reader.by_request("r4")
    assert [one["detail"]["n"] for one in page["records"]] == [4, 4]
    first = await reader.by_request("r4", limit=1)
    assert first["more"]
    second = await reader.by_request("r4", limit=1, after=first["next"])
    assert not second["more"]
    assert first["records"] + second["records"] == page["records"]
    assert (await reader.by_request("nobody's"))["records"] == []


async def test_bad_questions_are_refused(written: Store, ring: KeyRing) -> None:
    reader = Reader(written, ring)
    for limit in (0, 1001, -5):
        with pytest.raises(Invalid):
            await reader.recent(limit)
    for cursor in ("", "x", "1.2.3", f"9{'9' * 30}.{'0' * 32}.1", f"1.{'0' * 32}.{1 << 63}"):
        with pytest.raises(Invalid):
            await reader.recent(5, before=cursor)
    with pytest.raises(Invalid, match="known are"):
        await reader.recent(5, "everything")
    with pytest.raises(Invalid):
        await reader.by_request("nul\0")


async def test_a_changed_record_is_shown_as_such_and_hides_no_other(written: Store, ring: KeyRing) -> None:
    await written.execute(
        "ALTER TABLE audit_log DISABLE TRIGGER USER; UPDATE audit_log SET request = 'r5' WHERE request = 'r4'"
    )
    page = await Reader(written, ring).by_request("r5")
    assert sorted((one["seq"], one["problem"]) for one in page["records"]) == [
        (4, "modified"),
        (4, "modified"),
        (5, None),
        (5, None),
    ]
    assert "content" not in next(one for one in page["records"] if one["problem"])


async def test_another_ring_shows_only_what_is_in_the_clear(written: Store, tmp_path: Path) -> None:
    other = KeyRing.create(tmp_path / "other.json")
    page = await Reader(written, other).recent(100)
    assert {one["problem"] for one in page["records"]} == {"wrong key"}
    assert not any("content" in one or "principal" in one for one in page["records"])


async def test_keys_of_few_streams_stay_in_memory(
    database: Store, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_module, "REMEMBERED", 2)
    for n in range(4):
        log = AuditLog(database, ring, now)
        await log.start()
        await log.append(record(n))
        await log.close()
    reader = Reader(database, ring)
    for _ in range(2):
        page = await reader.recent(100)
        assert [one["problem"] for one in page["records"]] == [None] * 8
        for n in range(4):
            assert (await reader.by_request(f"r{n}"))["records"][0]["detail"] == {"n": n}
            assert len(reader._openers) <= 4
    assert len(reader._openers) == 2
