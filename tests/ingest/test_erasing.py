"""The queue and the sources' lists, as far as a value or somebody is to be forgotten."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from gateway.crypto import KeyRing
from gateway.errors import GatewayError, RateLimited, UnsupportedMedia
from gateway.ingest.erasing import Waiting
from gateway.ingest.ledger import Ledger
from gateway.ingest.values import Delivery
from gateway.model import Principal
from gateway.retrieval import Parsed, cover
from gateway.store import Store

ADA = Principal(id="ada1", name="ada")


class Reading:
    """Reads every file as text, but for those it is told to fail on."""

    def __init__(self, fails: GatewayError | None = None) -> None:
        self.fails = fails

    async def parse(self, data: bytes, name: str) -> Parsed:
        if self.fails is not None and b"broken" in data:
            raise self.fails
        return Parsed(data.decode(), name, "text", (), (), ())


def find(text: str) -> Sequence[tuple[int, int]]:
    return [match.span() for match in re.finditer("Jane Roe", text)]


async def queue(store: Store, ring: KeyRing) -> None:
    ledger = Ledger(ring)
    files = [(b"of Jane Roe", "a.md"), (b"of nobody", "Jane Roe.md"), (b"broken", "b.pdf"), (b"of nobody", "c.md")]
    rows = ledger.seal("default", "j1", [Delivery(data, name, "hr") for data, name in files])
    async with store.transaction() as conn:
        await ledger.add(conn, "j1", ADA, "hr", rows, "r", datetime(2026, 1, 1, tzinfo=UTC))
    place = orjson.dumps(["default", "site", b"k".hex()])
    about = ring.seal("source-item", orjson.dumps({"key": "Jane Roe.html", "mark": "1"}), place)
    await store.execute(
        "INSERT INTO source_items (tenant, source, key, about, rights, collection, changed_at)"
        " VALUES ('default', 'site', $1, $2, '', 'hr', now())",
        *(b"k", about),
    )


async def parts(store: Store, ring: KeyRing) -> list[tuple[str, bool, str]]:
    found: list[Any] = await store.fetch("SELECT * FROM ingest_parts ORDER BY number")
    ledger = Ledger(ring)
    return [
        (row["state"], row["file"] is not None, ledger.about("default", "j1", row["number"], row["about"])["name"])
        for row in found
    ]


async def test_files_with_the_value_are_dropped_and_names_written_over(database: Store, ring: KeyRing) -> None:
    await queue(database, ring)
    waiting = Waiting(database, ring, Reading(UnsupportedMedia("no")))  # type: ignore[arg-type]
    before = await parts(database, ring)
    told = await waiting.holding("default", find, cover, drop=False)
    assert await parts(database, ring) == before
    hers = await waiting.holding("default", find, cover, drop=False, without=["ada1"])
    assert (hers.files, hers.names) == (0, 1), "her jobs are passed over; an item of a source is nobody's"
    done = await waiting.holding("default", find, cover, drop=True)
    assert (done.files, done.names) == (told.files, told.names) == (3, 2)
    assert await parts(database, ring) == [
        ("cancelled", False, "a.md"),
        ("cancelled", False, "████████.md"),
        ("cancelled", False, "b.pdf"),
        ("waiting", True, "c.md"),
    ]
    assert await database.fetchval("SELECT count(*) FROM source_items") == 0


async def test_a_file_that_cannot_be_read_now_is_not_dropped(database: Store, ring: KeyRing) -> None:
    await queue(database, ring)
    waiting = Waiting(database, ring, Reading(RateLimited("full", retry_after_s=1)))  # type: ignore[arg-type]
    with pytest.raises(RateLimited):
        await waiting.holding("default", find, cover, drop=True)
    assert (await parts(database, ring))[2] == ("waiting", True, "b.pdf")


async def test_jobs_of_somebody(database: Store, ring: KeyRing) -> None:
    await queue(database, ring)
    waiting = Waiting(database, ring, Reading())  # type: ignore[arg-type]
    assert await waiting.of(["bob1"], drop=True) == 0
    assert await waiting.of(["ada1"], drop=False) == 1
    assert await waiting.of(["ada1"], drop=True) == 1
    assert await parts(database, ring) == []
