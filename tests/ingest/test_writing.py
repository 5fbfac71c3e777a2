"""Documents written together: one commit for several, each with its own outcome, and no two in each other's way."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.crypto.keyring import KeyRing
from gateway.errors import Conflict, GatewayError, NotPermitted, UnsupportedMedia
from gateway.ingest import Delivery, Ingested
from gateway.retrieval import Stored
from gateway.store import Store
from gateway.store.store import Connection
from tests.ingest.bench import EMIL, HANA, Bench, open_bench
from tests.ingest.service import file
from tests.retrieval.models import model_dir


@pytest.fixture
async def bench(database: Store, ring: KeyRing, tmp_path: Path) -> AsyncIterator[Bench]:
    async with open_bench(database, ring, model_dir(), tmp_path / "work") as made:
        yield made


async def test_several_are_one_commit_and_each_is_on_record(bench: Bench) -> None:
    commits: set[object] = set()

    async def finish(conn: Connection, stored: Stored) -> None:
        commits.add(await conn.fetchval("SELECT pg_current_xact_id()::text"))

    deliveries = [
        Delivery(b"%s" % f"Hall {n}".encode(), f"{n}.txt", "hr", request=f"r{n}", finish=finish) for n in range(5)
    ]
    done = await bench.ingest.ingest_many(HANA, [*deliveries, Delivery(b"MZ", "x.exe", "hr", request="bad")])
    assert [one.status for one in done if isinstance(one, Ingested)] == ["new"] * 5
    assert isinstance(done[5], UnsupportedMedia)
    assert len(commits) == 1
    for number in range(5):
        assert [kind for kind, _, _ in await bench.records(f"r{number}")] == ["intent", "outcome"]
    assert [kind for kind, _, _ in await bench.records("bad")] == ["refusal"]


async def test_one_that_cannot_be_written_takes_no_other_along(bench: Bench) -> None:
    async def refuse(conn: Connection, stored: Stored) -> None:
        raise Conflict("nobody wants it any more")

    deliveries = [Delivery(f"Hall {n}".encode(), f"{n}.txt", "hr", finish=refuse if n == 1 else None) for n in range(3)]
    done = await bench.ingest.ingest_many(HANA, deliveries)
    assert [isinstance(one, Ingested) for one in done] == [True, False, True]
    assert await bench.store.fetchval("SELECT count(*) FROM documents") == 2
    again = await bench.ingest.ingest_many(HANA, deliveries[:1])
    assert isinstance(again[0], Ingested)
    assert again[0].status == "unchanged"


async def test_two_of_one_name_in_one_call(bench: Bench) -> None:
    done = await bench.ingest.ingest_many(HANA, [Delivery(text, "a.txt", "hr") for text in (b"One.", b"Two.")])
    assert {one.status for one in done if isinstance(one, Ingested)} <= {"new", "updated"}
    assert await bench.store.fetchval("SELECT count(*) FROM documents") == 1
    assert await bench.store.fetchval("SELECT count(*) FROM chunks") == 1


async def test_who_may_not_write_gets_nothing_in(bench: Bench) -> None:
    done = await bench.ingest.ingest_many(EMIL, [file(1), file(2)])
    assert all(isinstance(one, NotPermitted) for one in done)


async def test_writers_in_any_order_neither_lock_nor_lose_values(bench: Bench) -> None:
    """Groups that share values, names and collections, some adding, some replacing, all at once."""
    people = ["Petra Vogel", "Anton Weiss", "Jane Roe", "Karla Novak"]
    orders = list(itertools.permutations(range(4)))[:8]

    async def one(turn: int, order: tuple[int, ...]) -> list[Ingested | GatewayError]:
        return await bench.ingest.ingest_many(
            HANA,
            [
                Delivery(
                    f"Dr {people[n]} met Dr {people[n - 1]} in hall {turn % 2}.".encode(), f"{n}.txt", "hr", "internal"
                )
                for n in order
            ],
        )

    found = await asyncio.gather(*(one(turn, order) for turn, order in enumerate(orders)))
    assert all(isinstance(done, Ingested) for group in found for done in group)
    assert await bench.store.fetchval("SELECT count(*) FROM documents") == 4
    tokens = await bench.store.fetch("SELECT DISTINCT token FROM vault_places")
    kept = await bench.vault.look_up("default", [row["token"] for row in tokens])
    assert len(kept) == len(tokens) >= 4
    for passage in await bench.search("who met whom?", HANA):
        for token in (word.rstrip(".") for word in passage.text.split() if word.startswith("[PERSON")):
            assert token in kept
    assert (
        await bench.store.fetchval(
            "SELECT count(*) FROM vault v WHERE NOT EXISTS (SELECT FROM vault_places p WHERE p.token = v.token)"
        )
        == 0
    )
