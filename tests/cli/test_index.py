"""`gateway index`: what it shows and does."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from gateway.crypto import KeyRing, Secret
from gateway.retrieval import Index
from gateway.retrieval.qdrant.opened import open_engine
from gateway.retrieval.qdrant.owed import move_out
from gateway.retrieval.qdrant.paying import Payer
from gateway.store import open_store
from tests.cli.conftest import Run
from tests.retrieval.corpus import NOW, clock, document
from tests.retrieval.qdrant.server import serving


def test_show_and_maintain(gateway: Run) -> None:
    shown = gateway("index", "show", "--json")
    assert shown.code == 0, shown.err
    assert "points_rest" in {one["name"] for one in json.loads(shown.out)}
    assert "index_bytes" in gateway("index", "show").out
    done = gateway("index", "maintain", "--reindex")
    assert (done.code, done.err) == (0, "the index is in shape\n")


def test_partition_once(gateway: Run) -> None:
    done = gateway("index", "partition", "tenant of tests")
    assert done.code == 0, done.err
    names = {one["holds"] for one in json.loads(gateway("index", "show", "--json").out)}
    assert names == {"DEFAULT", "FOR VALUES IN ('tenant of tests')"}
    assert gateway("index", "partition", "tenant of tests").code == 2


async def test_there_and_back(
    gateway: Run, initialised: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever these tests have ingested moves to Qdrant, is looked at there, and comes back."""
    assert (await asyncio.to_thread(gateway, "index", "bring-back")).code == 2
    async with serving("a key") as server:
        monkeypatch.setenv("GATEWAY_INDEX", "qdrant")
        monkeypatch.setenv("GATEWAY_QDRANT__URLS", server.url)
        monkeypatch.setenv("GATEWAY_QDRANT__API_KEY", "a key")
        engine = open_engine([server.url], api_key=Secret("a key"))
        async with await open_store(initialised[1], Path("unused")) as store:
            index = Index(store, KeyRing.create(tmp_path / "ring.json"), clock)
            await index.create_collection("default", "of-this-test", label="internal", by="test")
            await index.put_document(document(index, "a", ["the garden"], collection="of-this-test"))
            before = await store.fetch("SELECT chunk, scope, embedding::text, terms::text FROM points ORDER BY chunk")
            async with store.transaction() as conn:
                await move_out(conn, engine.prefix, NOW)
            await Payer(store, engine).pay()
            assert await store.fetchval("SELECT count(*) FROM points") == 0
            shown = await asyncio.to_thread(gateway, "index", "show", "--json")
            held = {one["name"]: one["rows"] for one in json.loads(shown.out) if one["holds"] == "qdrant"}
            assert held == {"gateway-384": len(before)}
            done = await asyncio.to_thread(gateway, "index", "maintain", "--compare")
            assert (done.code, done.err.splitlines()[0]) == (
                0,
                f"{len(before)} points in qdrant; 0 dropped, 0 documents brought again",
            )
            pages = [page async for page in engine.scroll("gateway-384", whole=True)]
            await engine.drop("gateway-384", [pages[0][0].point.chunk])
            lacking = await asyncio.to_thread(gateway, "index", "maintain", "--compare")
            assert (lacking.code, "1 points are missing" in lacking.err) == (1, True)
            await engine.put("gateway-384", "default", pages[0][:1])
            back = await asyncio.to_thread(gateway, "index", "bring-back")
            assert back.code == 0, back.err
            after = await store.fetch("SELECT chunk, scope, embedding::text, terms::text FROM points ORDER BY chunk")
            assert after == before
            await index.delete_collection("default", "of-this-test")
        await engine.close()
