"""Whatever stops a payment, what is owed is paid in the end, once, and searches see what is committed all the while."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import pytest

from gateway.crypto.keyring import KeyRing
from gateway.errors import BadSettings, Conflict, IndexUnavailable
from gateway.retrieval import Beside, Index
from gateway.retrieval.qdrant import paying as paying_file
from gateway.retrieval.qdrant.engine import Sent
from gateway.retrieval.qdrant.faults import Answered
from gateway.retrieval.qdrant.owed import move_out
from gateway.retrieval.qdrant.paying import Payer, weights
from gateway.retrieval.storage import Point
from gateway.store import Store
from gateway.store.vectors import sparse
from tests.retrieval.corpus import NOW, clock, document, found, scope
from tests.retrieval.outside import Outside

WANTED = "SELECT c.id, c.document, d.scope FROM chunks c JOIN documents d ON d.id = c.document"


@pytest.fixture
async def outside(database: Store) -> AsyncIterator[Outside]:
    made = Outside(database)
    await made.start()
    yield made
    await made.engine.close()


@pytest.fixture
async def index(database: Store, ring: KeyRing, outside: Outside) -> Index:
    index = Index(database, ring, clock, outside.storage)
    await index.create_collection("default", "handbook", label="internal", by="test")
    return index


async def wanted(database: Store) -> dict[int, tuple[str, int]]:
    return {row["id"]: (row["document"], row["scope"]) for row in await database.fetch(WANTED)}


class Killed(BaseException):
    """What no handler of the code catches."""


def dying(inner: Callable[..., Awaitable[Any]], at: list[int], *, after: bool) -> Callable[..., Awaitable[Any]]:
    """A call that is killed when its turn comes: before it has an effect, or after."""

    async def call(*args: Any, **named: Any) -> Any:
        at[0] -= 1
        if at[0] == 0 and not after:
            raise Killed
        done = await inner(*args, **named)
        if at[0] == 0:
            raise Killed
        return done

    return call


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_killed_at_every_step(
    index: Index, outside: Outside, database: Store, monkeypatch: pytest.MonkeyPatch, *, after: bool
) -> None:
    """New, replaced, deleted, permitted: a kill before or after each request and each statement leaves it right."""
    await index.put_document(document(index, "kept", ["the garden"]))
    await index.put_document(document(index, "gone", ["the merger"]))
    await index.put_document(document(index, "shut", ["the offer"]))
    await index.put_document(document(index, "new", ["old text", "old end"]))
    await outside.pay()
    gone = await index.held("default", "handbook", index.source_key("default", "gone"))
    shut = await index.held("default", "handbook", index.source_key("default", "shut"))
    assert gone is not None
    assert shut is not None
    steps = 0
    for step in range(1, 100):
        # Each round changes everything again, so that there is something to be killed in.
        await index.put_document(document(index, "new", [f"text {step}", "its end"]))
        await index.put_document(document(index, f"also {step % 3}", [f"more {step}"]))
        allow = ("group:board",) if step % 2 else ("*",)
        held = await index.held_by_id("default", shut.id)
        assert held is not None
        await index.permit(held, "internal", allow, ())
        if step == 1:
            await index.delete_document("default", "handbook", gone.id)
        before = sorted(await found(index, "text", scope(), 20))
        assert ("the offer" in before) is not bool(step % 2)
        assert f"text {step}" in before
        left = [step]
        with monkeypatch.context() as patch:
            patch.setattr(outside.engine, "_ask", dying(outside.engine._ask, left, after=after))
            for name in ("execute", "fetchval"):
                patch.setattr(database, name, dying(getattr(database, name), left, after=after))
            killed = False
            try:
                await Payer(database, outside.engine).pay()
            except Killed:
                killed = True
        assert sorted(await found(index, "text", scope(), 20)) == before
        await outside.payer.settle("default")
        assert sorted(await found(index, "text", scope(), 20)) == before
        assert await outside.held() == await wanted(database)
        assert await database.fetchval("SELECT count(*) FROM points") == 0
        if not killed:
            steps = step
            break
    assert steps > 5


async def test_replacing_is_atomic_under_concurrent_search_and_payment(index: Index, outside: Outside) -> None:
    versions = [[f"version {version} part {part}" for part in range(4)] for version in range(6)]
    await index.put_document(document(index, "a.txt", versions[0]))
    done, looked = asyncio.Event(), asyncio.Event()
    seen: list[str] = []

    async def look() -> None:
        while not done.is_set():
            texts = await found(index, "version part", scope(), 20)
            assert len(texts) == 4, texts
            numbers = {text.split()[1] for text in texts}
            assert len(numbers) == 1, texts
            seen.extend(numbers)
            looked.set()

    async def pay() -> None:
        while not done.is_set():
            await outside.pay()

    async def replace() -> None:
        try:
            for texts in versions[1:]:
                await index.put_document(document(index, "a.txt", texts))
                for _ in range(3):
                    looked.clear()
                    await looked.wait()
        finally:
            done.set()

    async with asyncio.TaskGroup() as tasks:
        for work in (look(), look(), pay(), replace()):
            tasks.create_task(work)
    assert seen[-1] == "5"


async def test_several_pay_at_once(index: Index, outside: Outside, database: Store) -> None:
    for number in range(20):
        await index.put_document(document(index, f"{number}", [f"note {number}"]))
    payers = [Payer(database, outside.engine) for _ in range(3)]
    assert sum(await asyncio.gather(*(one.pay() for one in payers))) == 20
    assert await outside.held() == await wanted(database)
    assert await outside.payer.left() == 0


async def test_it_pays_by_itself_until_it_is_stopped(index: Index, outside: Outside) -> None:
    task = asyncio.create_task(outside.payer.run())
    await index.put_document(document(index, "a", ["the garden"]))
    for _ in range(1000):
        if not await outside.payer.left():
            break
        await asyncio.sleep(0.05)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert len(await outside.held()) == 1


async def test_settling_waits_for_one_who_is_changing_it(index: Index, outside: Outside, database: Store) -> None:
    await index.put_document(document(index, "a", ["the garden"]))
    async with database.transaction() as conn:
        await index.put_document(document(index, "a", ["the canteen"]), conn)
        with pytest.raises(IndexUnavailable):
            await outside.payer.settle("default", timeout_s=0.2)
    await outside.payer.settle("default")
    assert await outside.held() == await wanted(database)


async def test_an_index_that_was_in_the_database_moves(database: Store, ring: KeyRing) -> None:
    inside = Index(database, ring, clock)
    await inside.create_collection("default", "handbook", label="internal", by="test")
    await inside.put_document(document(inside, "a", ["the garden", "the canteen"]))
    outside = Outside(database)
    await outside.start()
    index = Index(database, ring, clock, outside.storage)
    assert await found(index, "the garden", scope(), 1) == ["the garden"]
    assert await outside.pay() == 1
    assert await found(index, "the garden", scope(), 1) == ["the garden"]
    assert await outside.held() == await wanted(database)
    await outside.engine.close()


async def test_what_is_made_anew_in_the_database_alone_is_refused(outside: Outside, database: Store) -> None:
    with pytest.raises(Conflict, match="lie in qdrant"):
        await Beside(database).size()


async def test_another_prefix_is_refused(outside: Outside, database: Store) -> None:
    await database.execute("UPDATE points_home SET made = '{gateway-384}'")
    async with database.transaction() as conn:
        assert not await move_out(conn, "gateway", NOW)
        with pytest.raises(BadSettings, match="named gateway-"):
            await move_out(conn, "other", NOW)


def test_weights_are_read_as_they_were_written() -> None:
    given = {1: 0.5, 7: 1.25, 900_000_001: 2.0}
    assert weights(sparse(given, 1_000_000_000)) == given
    assert weights(sparse({}, 1_000_000_000)) == {}


async def test_it_goes_on_whatever_goes_wrong(
    index: Index, outside: Outside, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(paying_file, "EVERY_S", 0.01)
    pay, turns = outside.payer.pay, 0

    async def broken() -> int:
        nonlocal turns
        turns += 1
        if turns == 1:
            raise ValueError("Jane Roe")
        return await pay()

    monkeypatch.setattr(outside.payer, "pay", broken)
    await index.put_document(document(index, "a", ["the garden"]))
    task = asyncio.create_task(outside.payer.run())
    for _ in range(1000):
        if not await outside.payer.left():
            break
        await asyncio.sleep(0.02)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert "ValueError" in caplog.text
    assert "Jane" not in caplog.text


async def test_what_is_refused_holds_up_its_own_rank_alone(
    index: Index, outside: Outside, database: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        await index.put_document(document(index, f"{number}", [f"note {number}"]))
    first = await database.fetchval("SELECT min(lane) FROM points_owed")
    refused = {
        row["document"] for row in await database.fetch("SELECT document FROM points_owed WHERE lane = $1", first)
    }
    put = outside.engine.put

    async def careful(name: str, tenant: str, points: Sequence[Sent]) -> None:
        if refused & {one.document for one in points}:
            raise Answered("qdrant answered with status 400", 400)
        await put(name, tenant, points)

    monkeypatch.setattr(outside.engine, "put", careful)
    with pytest.raises(IndexUnavailable, match="status 400"):
        await outside.pay()
    assert await outside.payer.left() == len(refused) < 20
    monkeypatch.undo()
    await outside.pay()
    assert await outside.held() == await wanted(database)


async def test_a_collection_of_somebody_else_is_not_taken(index: Index, outside: Outside, database: Store) -> None:
    """Two deployments with one prefix: numbers of passages would be taken for each other's."""
    name = outside.engine.name(384)
    await outside.engine.ensure(name, 384)
    await outside.engine.put(name, "other", [Sent(Point(7, [1.0, *[0.0] * 383], {5: 1.0}), "d", 3, 1)])
    await index.put_document(document(index, "a", ["the garden"]))
    with pytest.raises(IndexUnavailable, match="not of this deployment"):
        await outside.pay()
    assert set(await outside.held()) == {7}
    assert await found(index, "the garden", scope()) == ["the garden"]
    async with database.transaction() as conn:
        assert not await move_out(conn, "other", NOW)
        assert not await move_out(conn, "gateway", NOW)
    await outside.engine.discard(name)
    assert await outside.pay() == 1


async def test_reembedding_that_began_before_does_not_end_behind_it(outside: Outside, database: Store) -> None:
    with pytest.raises(Conflict, match="lie in qdrant"):
        async with Beside(database).still():
            pass
