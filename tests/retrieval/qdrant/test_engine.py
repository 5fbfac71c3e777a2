"""What is said to a server and what of its answers is believed; every way in which it can fail has a name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from gateway.crypto import Secret
from gateway.crypto.keyring import KeyRing
from gateway.errors import BadSettings, IndexUnavailable
from gateway.retrieval import Index, query_terms
from gateway.retrieval.qdrant import storage as storage_file
from gateway.retrieval.qdrant.engine import Among, Engine, Sent
from gateway.retrieval.qdrant.opened import open_engine
from gateway.retrieval.qdrant.owed import move_out
from gateway.retrieval.qdrant.paying import Payer
from gateway.retrieval.qdrant.storage import Qdrant
from gateway.retrieval.storage import Ask, Point
from gateway.store import Store
from tests.retrieval.corpus import NOW, clock, document, found, scope, vector
from tests.retrieval.qdrant.server import Fault, Server, serving


@pytest.fixture
async def node() -> AsyncIterator[Server]:
    async with serving("a key") as made:
        yield made


@pytest.fixture
async def engine(node: Server) -> AsyncIterator[Engine]:
    made = open_engine([node.url], api_key=Secret("a key"), shards=3, replicas=2, quantised=True, timeout_s=2.0)
    yield made
    await made.close()


async def test_a_collection_is_made_as_it_is_searched(engine: Engine, node: Server) -> None:
    await engine.ensure("gateway-3", 3)
    await engine.ensure("gateway-3", 3)
    ((_, _, made),) = [one for one in node.requests if one[:2] == ("PUT", "/collections/gateway-3")]
    assert made["vectors"]["dense"]["size"] == 3
    assert made["vectors"]["dense"]["datatype"] == "float16"
    assert made["vectors"]["dense"]["quantization_config"]["scalar"]["always_ram"] is True
    assert set(made["sparse_vectors"]) == {"words", "pairs"}
    assert (made["shard_number"], made["replication_factor"], made["write_consistency_factor"]) == (3, 2, 2)
    indexed = {one[2]["field_name"] for one in node.requests if one[1].endswith("/index")}
    assert indexed == {"tenant", "document", "scope", "seq"}
    assert await engine.ping() == "qdrant 1.20.0"


async def test_the_whole_way_over_the_wire(engine: Engine, node: Server, database: Store, ring: KeyRing) -> None:
    payer = Payer(database, engine)
    async with database.transaction() as conn:
        await move_out(conn, engine.prefix, NOW)
    index = Index(database, ring, clock, Qdrant(engine, exact=1))
    await index.create_collection("default", "handbook", label="internal", by="test")
    await index.put_document(document(index, "a", ["the green garden", "the canteen"]))
    await index.put_document(document(index, "b", ["the merger"], allow=("group:board",)))
    assert await payer.pay() == 2
    assert await engine.count("gateway-384") == 3
    question = vector("the canteen"), query_terms("green garden")
    passages = await index.search(*question, scope(), 5)
    assert {one.text for one in passages} == {"the green garden", "the canteen"}
    held = await index.held("default", "handbook", index.source_key("default", "a"))
    assert held is not None
    await index.permit(held, "internal", ("group:board",), ())
    assert await found(index, "the canteen", scope()) == []
    await payer.settle("default")
    assert len(await found(index, "the canteen", scope(marks=("group:board",)))) == 3
    sent = str([body for _, _, body in node.requests])
    assert "garden" not in sent
    assert "merger" not in sent
    asked = [body for _, path, body in node.requests if path.endswith("/query/batch")]
    assert all(one["params"]["quantization"]["rescore"] for one in asked[0]["searches"] if one["using"] == "dense")


async def test_what_is_late_changes_nothing(engine: Engine) -> None:
    await engine.ensure("c", 2)

    def point(scope_: int, seq: int) -> Sent:
        return Sent(Point(1, [1.0, 0.0], {5: 1.0}), "d", scope_, seq)

    async def now() -> list[tuple[int, int]]:
        return [(one.scope, one.seq) async for page in engine.scroll("c") for one in page]

    await engine.put("c", "t", [point(7, 2)])
    await engine.put("c", "t", [point(6, 1)])
    await engine.settle("c", permitted=[("d", 1, 5)], replaced=[("d", 2)])
    assert await now() == [(7, 2)]
    await engine.settle("c", permitted=[("d", 3, 8)])
    assert await now() == [(8, 3)]
    await engine.settle("c", replaced=[("d", 4)])
    assert await now() == []


FAULTS: dict[str, tuple[Fault, str]] = {
    "refused": (lambda _: web.json_response({}, status=401), "refused the key"),
    "forbidden": (lambda _: web.json_response({}, status=403), "refused the key"),
    "no collection": (lambda _: web.json_response({}, status=404), "does not have the collection"),
    "broken": (lambda _: web.Response(text="Jane Roe", status=500), "status 500"),
    "busy": (lambda _: web.Response(status=429, headers={"retry-after": "3"}), "status 429"),
    "not JSON": (lambda _: web.Response(text="Jane Roe"), "does not answer"),
    "other JSON": (lambda _: web.json_response({"result": 7}), "does not answer"),
    "cut off": (lambda _: "abort", "does not answer"),
    "silent": (lambda _: "hang", "does not answer"),
}


@pytest.mark.parametrize("why", list(FAULTS))
async def test_faults_are_named_and_say_nothing_else(node: Server, why: str) -> None:
    node.fault, told = FAULTS[why]
    engine = open_engine([node.url], timeout_s=0.5)
    with pytest.raises(IndexUnavailable, match=told) as raised:
        await engine.search("c", Ask([1.0], {5: 1.0}, {5: 1}, 3), Among("t", [1]), exact=True)
    assert raised.value.status == 503
    assert raised.value.hint
    assert "Jane" not in str(raised.value)
    assert raised.value.__cause__ is None
    await engine.close()


async def test_another_node_is_asked_where_one_does_not_answer(node: Server) -> None:
    async with serving() as gone:
        nowhere = gone.url
    engine = open_engine([nowhere, node.url], api_key=Secret("a key"), timeout_s=2.0)
    assert await engine.ping() == "qdrant 1.20.0"
    assert await engine.ping() == "qdrant 1.20.0"
    await engine.close()
    alone = open_engine([nowhere], timeout_s=2.0)
    with pytest.raises(IndexUnavailable, match="does not answer"):
        await alone.ping()
    await alone.close()


async def test_search_fails_and_ingest_goes_on_while_it_is_down(
    engine: Engine, node: Server, database: Store, ring: KeyRing
) -> None:
    payer = Payer(database, engine)
    async with database.transaction() as conn:
        await move_out(conn, engine.prefix, NOW)
    index = Index(database, ring, clock, Qdrant(engine))
    await index.create_collection("default", "handbook", label="internal", by="test")
    await index.put_document(document(index, "a", ["the garden"]))
    await payer.pay()
    node.fault = lambda _: web.json_response({}, status=503)
    await index.put_document(document(index, "b", ["the canteen"]))
    with pytest.raises(IndexUnavailable):
        await found(index, "the canteen", scope())
    with pytest.raises(IndexUnavailable):
        await payer.pay()
    with pytest.raises(IndexUnavailable):
        await payer.settle("default")
    assert await payer.left() == 1
    node.fault = None
    assert await payer.pay() == 1
    assert sorted(await found(index, "the canteen", scope())) == ["the canteen", "the garden"]


async def test_another_node_is_asked_where_one_is_sick(node: Server) -> None:
    async with serving() as sick:
        sick.fault = lambda _: web.json_response({}, status=503)
        engine = open_engine([sick.url, node.url], api_key=Secret("a key"), timeout_s=2.0)
        assert await engine.ping() == "qdrant 1.20.0"
        node.fault = lambda _: web.json_response({}, status=401)
        with pytest.raises(IndexUnavailable, match="refused the key"):
            await engine.ping()
        await engine.close()


async def test_who_asks_whether_it_is_there_does_not_wait(node: Server) -> None:
    node.fault = lambda _: "hang"
    engine = open_engine([node.url], timeout_s=600.0)
    with pytest.raises(IndexUnavailable, match="does not answer"):
        async with asyncio.timeout(60):
            await engine.ping()
    await engine.close()


async def test_certificates_that_cannot_be_read_are_named(node: Server, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for name in ("gone.pem", "empty.pem"):
        engine = open_engine([node.url], ca_file=tmp_path / name)
        with pytest.raises(BadSettings, match=r"qdrant\.ca_file cannot be read"):
            await engine.ping()


async def test_searches_stop_waiting_for_what_does_not_answer(
    node: Server, database: Store, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And never do more of them hold a connection to the database than may."""
    engine = open_engine([node.url], api_key=Secret("a key"), timeout_s=0.3)
    async with database.transaction() as conn:
        await move_out(conn, engine.prefix, NOW)
    index = Index(database, ring, clock, Qdrant(engine, at_once=2))
    await index.create_collection("default", "handbook", label="internal", by="test")
    await index.put_document(document(index, "a", ["the garden"]))
    await Payer(database, engine).pay()
    now = most = 0
    search = engine.search

    async def counted(*args: Any, **named: Any) -> Any:
        nonlocal now, most
        now += 1
        most = max(most, now)
        try:
            return await search(*args, **named)
        finally:
            now -= 1

    monkeypatch.setattr(engine, "search", counted)
    monkeypatch.setattr(storage_file, "REST_S", 3600.0)
    node.fault = lambda _: "hang"
    asked = await asyncio.gather(*(found(index, "garden", scope()) for _ in range(20)), return_exceptions=True)
    assert {type(one) for one in asked} == {IndexUnavailable}
    assert most == 2
    queries = sum(path.endswith("/query/batch") for _, path, _ in node.requests)
    assert storage_file.LOST <= queries < 6
    monkeypatch.setattr(storage_file.Qdrant, "_rests", lambda _: False)
    node.fault = None
    assert await found(index, "garden", scope()) == ["the garden"]
    await engine.close()
