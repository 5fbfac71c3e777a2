"""Holds against erasure and retention, over an open gateway: what is held stays, and both say why."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from gateway.app.house import House
from gateway.audit import Pruner
from gateway.cli.root import OPERATOR
from gateway.errors import Invalid, NotFound, NotPermitted, OnHold
from gateway.govern import Retention
from gateway.govern.guard import Guard
from gateway.model import Principal, Record
from tests.world import World

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
KEPT = {"requests": 1000, "documents": None, "administration": None}
NOBODY = Principal(id="nobody", name="nobody")
HELD = "Wenzel Oberhuber"
SAID = f"Please write to {HELD} about the heron."


def retention(house: House, days: dict[str, int | None] = KEPT) -> Retention:
    guard = Guard(house.current, house.audit, lambda: datetime.now(UTC))
    return Retention(Pruner(house.store, house.ring, house.log.key), guard, days, lambda: "prune-by-itself")


async def old(house: House, who: str, count: int = 4) -> list[str]:
    """Records of long ago, under a signed checkpoint."""
    ids = [f"{who}-{n}" for n in range(count)]
    for n, request in enumerate(ids):
        at = LONG_AGO + timedelta(days=n)
        await house.audit.append(Record("event", request, at, who, "chat", "", {}, {"text": "hello"}))
    await house.audit.append(Record("event", f"{who}-now", datetime.now(UTC), who, "chat", ""))
    async with asyncio.timeout(60):
        while await house.store.fetchval(  # noqa: ASYNC110 - another task seals
            "SELECT count(*) FROM audit_log l WHERE request = ANY($1) AND NOT EXISTS (SELECT 1 FROM audit_runs r"
            " WHERE r.stream = l.stream AND r.seq <= l.seq AND l.seq < r.seq + r.count)",
            ids,
        ):
            await asyncio.sleep(0.05)
    return ids


async def left(house: House, ids: list[str]) -> set[str]:
    rows = await house.store.fetch("SELECT request FROM audit_log WHERE request = ANY($1)", ids)
    return {row["request"] for row in rows}


async def actions(house: House, request: str) -> list[tuple[str, str]]:
    page = await house.log.about("look", OPERATOR, request, reason="a test")
    return [(one["kind"], one["action"]) for one in page["records"]]


def test_a_hold_beats_retention_and_each_step_is_on_record(world: World) -> None:
    house = world.house

    async def go() -> None:
        ids = await old(house, "zelda")
        hold = await house.holds.add("hold-1", OPERATOR, "case 7", subject="zelda", until=LONG_AGO + timedelta(days=2))
        assert await actions(house, "hold-1") == [("intent", "audit.hold.add"), ("outcome", "audit.hold.add")]
        done = await retention(house).prune("prune-1", OPERATOR)
        assert done.held == {hold.number: 2}
        assert await left(house, ids) == set(ids[:2])
        assert await actions(house, "prune-1") == [("intent", "audit.prune"), ("outcome", "audit.prune")]
        report = await house.log.verify("verify", OPERATOR)
        assert report.ok, report.faults
        assert [one.records for one in report.prunings if one.request == "prune-1"] == [done.records.total()]
        (told,) = [one for one in await house.holds.all("list-1", OPERATOR, "zelda") if one.released is None]
        assert (told.number, told.reason) == (hold.number, "case 7")
        assert "zelda" not in str(told.as_dict())
        await house.holds.remove("hold-2", OPERATOR, hold.number, "case 7 closed")
        with pytest.raises(NotFound, match="no hold of this number stands"):
            await house.holds.remove("hold-3", OPERATOR, hold.number, "again")
        assert (await retention(house).prune("prune-2", OPERATOR, dry_run=True)).records["requests"] == 2
        assert await actions(house, "prune-2") == [("event", "audit.prune.dry_run")]
        with pytest.raises(NotFound, match="may have been pruned"):
            await house.log.about("look", OPERATOR, ids[3], reason="a test")

    world.run(go())


def test_what_is_held_is_not_erased_and_the_error_names_the_hold(world: World) -> None:
    house = world.house

    async def go() -> None:
        await old(house, "yorick")
        hold = await house.holds.add(
            "hold-4", OPERATOR, "case 8", class_="requests", until=LONG_AGO + timedelta(days=9)
        )
        for request, dry in (("erase-1", True), ("erase-2", False)):
            with pytest.raises(OnHold, match=rf"a legal hold keeps this: {hold.number} \(case 8\)"):
                await house.erasure.erase(request, OPERATOR, "ticket 12", subject="yorick", dry_run=dry)
            assert await actions(house, request) == [("refusal", "audit.erase")]
        assert await house.audit.subjects.living([house.audit.subjects.digest("yorick")]) == 1
        # Whoever has no record that it keeps can be forgotten.
        assert (await house.erasure.erase("erase-3", OPERATOR, "ticket 13", subject="xenia", dry_run=True)).dry_run
        await house.holds.remove("hold-5", OPERATOR, hold.number, "closed")
        assert (await house.erasure.erase("erase-4", OPERATOR, "ticket 12", subject="yorick")).counts[
            "subject_keys"
        ] == 1

    world.run(go())


def test_a_person_on_hold_is_not_erased_even_before_he_said_anything(world: World) -> None:
    house = world.house

    async def go() -> None:
        hold = await house.holds.add("hold-6", OPERATOR, "case 9", subject="wanda")
        with pytest.raises(OnHold, match="case 9"):
            await house.erasure.erase("erase-5", OPERATOR, "ticket 14", subject="wanda")
        await house.holds.remove("hold-7", OPERATOR, hold.number, "closed")
        assert not (await house.erasure.erase("erase-6", OPERATOR, "ticket 14", subject="wanda")).dry_run

    world.run(go())


def test_a_value_in_a_held_record_is_not_erased(world: World) -> None:
    """Its token would resolve to nothing any more."""
    body = {"model": "house", "messages": [{"role": "user", "content": SAID}]}
    answer = httpx.post(f"{world.url}/v1/chat/completions", json=body, headers=world.headers("hana"), timeout=60)
    assert answer.status_code == 200, answer.text
    house = world.house

    async def go() -> None:
        hold = await house.holds.add("hold-8", OPERATOR, "case 10", about=answer.headers["x-gateway-request-id"])
        for request, values in (("erase-7", [HELD]), ("erase-10", ["Ada Quillmark", HELD])):
            with pytest.raises(OnHold, match="case 10"):
                await house.erasure.erase(request, OPERATOR, "ticket 15", values=values)
        # Of a person and a value both stay as they are where either may not go.
        await house.audit.append(Record("event", "victor-1", datetime.now(UTC), "victor", "chat", ""))
        with pytest.raises(OnHold, match="case 10"):
            await house.erasure.erase("erase-11", OPERATOR, "ticket 15", subject="victor", values=[HELD], revoke=True)
        assert await house.audit.subjects.living([house.audit.subjects.digest("victor")]) == 1
        assert await actions(house, "erase-11") == [("refusal", "audit.erase")]
        free = await house.erasure.erase("erase-8", OPERATOR, "ticket 15", values=["Ada Quillmark"], dry_run=True)
        assert free.dry_run
        await house.holds.remove("hold-9", OPERATOR, hold.number, "closed")
        assert (await house.erasure.erase("erase-9", OPERATOR, "ticket 15", values=[HELD], dry_run=True)).dry_run

    world.run(go())


def test_a_hold_says_what_it_holds_and_why_and_takes_a_right(world: World) -> None:
    house = world.house
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({}, "a hold says what is held"),
        ({"class_": "everything"}, "no retention class"),
        ({"since": LONG_AGO, "until": LONG_AGO}, "ends before it begins"),
        ({"about": "not an id\n"}, "no request has this id"),
        ({"subject": "case 7"}, "names whom"),
    )
    for what, words in wrong:
        with pytest.raises(Invalid, match=words):
            world.run(house.holds.add("hold-x", OPERATOR, "about case 7", **what))
    with pytest.raises(NotPermitted):
        world.run(house.holds.add("hold-y", NOBODY, "case 7", subject="zelda"))
    with pytest.raises(NotPermitted):
        world.run(house.holds.all("hold-y", NOBODY))
    with pytest.raises(NotPermitted):
        world.run(retention(house).prune("prune-x", NOBODY))


def test_pruning_happens_by_itself(world: World) -> None:
    house = world.house

    async def go() -> None:
        ids = await old(house, "vera", 2)
        task = asyncio.create_task(retention(house).every(24))
        async with asyncio.timeout(60):
            while await left(house, ids):  # noqa: ASYNC110 - what is waited for lies in the database
                await asyncio.sleep(0.05)
            while ("outcome", "audit.prune") not in await actions(house, "prune-by-itself"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        task.cancel()
        assert (await house.log.verify("verify", OPERATOR)).ok

    world.run(go())
    assert not retention(house, dict.fromkeys(KEPT)).limited
    assert not house.retention.limited
