"""Nobody finds what he may not read, wherever points lie and however far they are behind."""

from __future__ import annotations

import pytest

from gateway.crypto.keyring import KeyRing
from gateway.retrieval import Index, query_terms
from gateway.retrieval.storage import Candidate
from gateway.store import Store
from tests.retrieval.corpus import clock, document, scope, vector
from tests.retrieval.oracle import World, ask, fill
from tests.retrieval.outside import Outside
from tests.retrieval.test_permission import HIDDEN

ASKED = ("budget of the canteen", "garden", "merger", "budget merger 7")


async def test_random_questions_against_the_oracle(database: Store, ring: KeyRing) -> None:
    """As over PostgreSQL; every other change of permission is met before Qdrant knows of it."""
    world = World(11, 60)
    await fill(world, database, ring)
    outside = Outside(database)
    await outside.start()
    await outside.pay()
    both = {"exact": outside.storage, "walk": outside.storage}
    tally = await ask(world, database, ring, 80, storages=both, between=outside.pay)
    await outside.engine.close()
    assert tally.forbidden == 0
    assert tally.returned > 150
    assert tally.empty > 0
    assert tally.recall("exact") >= 0.99
    assert tally.recall("walk") >= 0.99


@pytest.mark.parametrize("paid", [True, False], ids=["paid", "owed"])
async def test_answers_are_the_same_whatever_is_hidden(database: Store, ring: KeyRing, *, paid: bool) -> None:
    outside = Outside(database)
    await outside.start()
    index = Index(database, ring, clock, outside.storage)
    for tenant, name in (("default", "handbook"), ("default", "board"), ("other", "handbook")):
        await index.create_collection(tenant, name, label="internal", by="test")
    hr = scope(marks=("*", "group:hr"))

    async def answers() -> list[list[object]]:
        seen: list[list[object]] = []
        for text in ASKED:
            for given in (vector(text), None):
                passages = await index.search(given, query_terms(text), hr, 10)
                seen.append([(one.id, *(round(score, 4) for score in (one.score, one.dense))) for one in passages])
        return seen

    for name, texts in {"a": ["budget of the canteen", "the garden"], "b": ["garden budget"], "c": ["merger"]}.items():
        await index.put_document(document(index, name, texts))
    await index.put_document(document(index, "d", ["salary budget"], allow=("group:hr",)))
    await outside.pay()
    before = await answers()
    assert all(before)
    for number in range(40):
        texts = ["budget of the canteen", f"merger budget {number}", "garden merger"]
        why = list(HIDDEN)[number % len(HIDDEN)]
        await index.put_document(document(index, f"hidden {number}", texts, **HIDDEN[why]))
    if paid:
        await outside.pay()
        assert len(await outside.held()) == 125
    assert await answers() == before
    await outside.engine.close()


async def test_what_qdrant_wrongly_brings_moves_no_score(
    database: Store, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that heeds no filter: each candidate is looked up before any is ranked."""
    outside = Outside(database)
    await outside.start()
    index = Index(database, ring, clock, outside.storage)
    await index.create_collection("default", "handbook", label="internal", by="test")
    await index.put_document(document(index, "a", ["the garden", "the canteen"]))
    hidden = await index.put_document(document(index, "b", ["the merger"], allow=("group:board",)))
    await outside.pay()
    question = vector("the garden"), query_terms("garden")
    before = [(one.text, one.score) for one in await index.search(*question, scope(), 5)]
    assert len(before) == 2
    chunk = await database.fetchval("SELECT id FROM chunks WHERE document = $1", hidden.document)
    search = outside.engine.search

    async def careless(*args: object, **named: object) -> list[Candidate]:
        found = await search(*args, **named)  # type: ignore[arg-type]
        return [Candidate(chunk, 99.0, 99.0), Candidate(987_654, 5.0, 5.0), *found]

    monkeypatch.setattr(outside.engine, "search", careless)
    assert [(one.text, one.score) for one in await index.search(*question, scope(), 5)] == before
    await outside.engine.close()
