"""Learning from a collection: accepted where it helps, refused where not, and put to use by embedding anew."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from gateway.crypto import KeyRing
from gateway.errors import NoRoute, NotFound, NotPermitted
from gateway.govern import Guard, Reembedding, Tuning
from gateway.model import Zone
from gateway.policy import Current
from gateway.retrieval import AdaptedEmbedder, Index, Space, TextEmbedder, current_space, writing
from gateway.retrieval.methods.remote import Remote, RemoteEmbedder
from gateway.store import Store
from tests.govern.test_reembedding import EMIL, ROOT, guarded, made, records
from tests.retrieval.corpus import clock, scope
from tests.retrieval.methods.planted import Planted, passage
from tests.simulators.embedding import EmbeddingSimulator

Rooms = tuple[Current, Guard]


@pytest.fixture
async def rooms(database: Store, ring: KeyRing) -> AsyncIterator[Rooms]:
    async with guarded(database, ring) as found:
        yield found


@pytest.fixture
async def index(database: Store, ring: KeyRing) -> Index:
    index = Index(database, ring, clock)
    await index.create_collection("default", "handbook", label="internal", by="test")
    return index


def tuning(store: Store, rooms: Rooms, embedder: TextEmbedder) -> Tuning:
    return Tuning(store=store, guard=rooms[1], current=rooms[0], embedder=embedder, now=clock)


async def filled(index: Index, database: Store, rooms: Rooms, embedder: TextEmbedder, many: int = 160) -> None:
    for at in range(many):
        await index.put_document(made(index, f"{at}.txt", [passage(at)]))
    work = Reembedding(store=database, guard=rooms[1], current=rooms[0], embedder=embedder, now=clock)
    assert (await work.run("fill", ROOT)).passages == many


async def test_where_it_helps_it_is_accepted_and_put_to_use_without_reading_a_text(
    database: Store, ring: KeyRing, index: Index, rooms: Rooms, tmp_path: Path
) -> None:
    embedder = Planted(noise=1.5)
    await filled(index, database, rooms, embedder)
    embedder.asked = 0
    report = await tuning(database, rooms, embedder).run("t1", ROOT, "handbook")
    assert embedder.asked == report.questions
    data = report.data()
    assert data["accepted"], data
    assert data["gain_low"] > 0
    assert (data["passages"], data["documents"]) == (160, 160)
    intent, outcome = await records(database, ring, "t1")
    assert [one[:2] for one in (intent, outcome)] == [("intent", "documents.tune"), ("outcome", "documents.tune")]
    assert outcome[2]["gain"] == data["gain"]
    assert report.file is not None
    (tmp_path / "map.npz").write_bytes(report.file)
    adapted = AdaptedEmbedder(embedder, tmp_path / "map.npz")
    embedder.asked = 0
    work = Reembedding(store=database, guard=rooms[1], current=rooms[0], embedder=adapted, now=clock)
    assert (await work.run("r1", ROOT)).passages == 160
    assert embedder.asked == 0
    assert await current_space(database) == Space(adapted.id, 32)
    stored = await database.fetchval(
        "SELECT embedding::vector::real[] FROM points p JOIN chunks c ON c.id = p.chunk WHERE c.text = $1", passage(3)
    )
    expected = (await adapted.embed_documents([passage(3)]))[0]
    assert np.allclose(stored, expected, atol=2e-3)
    found = await index.search(expected.tolist(), {}, scope(), 1, embedder=adapted.id)
    assert found[0].text == passage(3)


async def test_where_vectors_say_nothing_it_is_refused(
    database: Store, ring: KeyRing, index: Index, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Which documents judge goes by their ids: with ids by chance one map in some hundred would be taken.
    ids = (f"{number:032x}" for number in count())
    monkeypatch.setattr(writing, "new_id", lambda at: next(ids))
    embedder = Planted(noise=1.0, meaning=False)
    await filled(index, database, rooms, embedder)
    report = await tuning(database, rooms, embedder).run("t1", ROOT, "handbook")
    assert not report.tuned.accepted
    assert report.file is None
    assert (await records(database, ring, "t1"))[-1][2]["accepted"] is False


async def test_who_may_and_what_may_leave(database: Store, ring: KeyRing, index: Index, rooms: Rooms) -> None:
    with pytest.raises(NotFound, match="holds no passage"):
        await tuning(database, rooms, Planted()).run("t1", ROOT, "handbook")
    with pytest.raises(NotPermitted):
        await tuning(database, rooms, Planted()).run("t2", EMIL, "handbook")
    await index.put_document(made(index, "a.txt", ["salaries of everybody"], label="confidential"))
    async with EmbeddingSimulator(dimensions=12) as server:
        embedder = RemoteEmbedder(Remote(kind="openai", url=server.url, model="m1", zone=Zone.EXTERNAL))
        try:
            with pytest.raises(NoRoute, match="zone external"):
                await tuning(database, rooms, embedder).run("t3", ROOT, "handbook")
            assert server.requests == []
            await index.put_document(made(index, "a.txt", ["bicycles stand in the yard"]))
            report = await tuning(database, rooms, embedder).run("t4", ROOT, "handbook")
        finally:
            await embedder.aclose()
    assert not report.tuned.accepted
    found = await records(database, ring, "t4")
    assert found[0][2]["zone"] == "external"
    assert len(found[-1][2]["sent"]) == len(server.requests)
    assert [one[0] for one in await records(database, ring, "t3")] == ["refusal"]
