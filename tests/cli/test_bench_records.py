"""`gateway bench --only records`: the pages are of records that fit, and a load goes on where it stopped."""

from __future__ import annotations

import random
from pathlib import Path

from gateway.audit import Reader, Search, Terms, check
from gateway.cli.bench import records
from gateway.crypto import KeyRing
from gateway.store import open_store


async def test_pages_hold_what_fits_and_a_load_goes_on(tmp_path: Path) -> None:
    await records.run(1_000, tmp_path)
    figures = await records.run(3_000, tmp_path)
    assert figures["records"] == 3_000
    pages = figures["pages"]
    assert pages["what was refused"]["records"] == 30
    assert pages["an error"]["records"] == 15
    assert 20 < pages["a frequent user"]["records"] <= records.PAGE
    assert pages["nothing that there is"]["records"] == 0
    assert all(0 < page["p50_ms"] <= page["max_ms"] and page["turns"] == 1 for page in pages.values())
    ring = KeyRing.load(tmp_path / "keys" / "ring.json")
    async with await open_store(None, tmp_path) as store:
        report = await check(store, ring)
        assert report.ok
        assert report.records == 3_000 + 2  # the ends of two streams
        search = Search(store, Reader(store, ring), Terms(ring, records._values))
        for name, finder in records._kinds().items():
            filters = finder(random.Random(1))
            page = await search.search(filters)
            assert all(one["problem"] is None and filters.fits(one, search.terms) for one in page["records"]), name
