"""Search: one WHERE for both arms, a filter that admits little, and nothing that leaks."""

from __future__ import annotations

import random
from pathlib import Path

import asyncpg
import pytest

from gateway.crypto.keyring import KeyRing
from gateway.errors import StoreUnavailable
from gateway.model import Filter
from gateway.retrieval import Index, query_terms
from gateway.retrieval.points import Points
from gateway.retrieval.search import admits_nothing
from gateway.retrieval.sparse import weigh
from gateway.store import Store, open_store
from tests.retrieval.corpus import clock, document, found, scope, vector

WORDS = ["invoice", "travel", "leave", "salary", "server", "contract", "budget", "holiday", "laptop", "pension"]


@pytest.fixture
async def index(database: Store, ring: KeyRing) -> Index:
    index = Index(database, ring, clock)
    await index.create_collection("default", "handbook", label="internal", by="test")
    return index


async def test_both_arms_find(either: Index) -> None:
    await either.put_document(document(either, "a.txt", ["rail travel is booked by the office", "the pension fund"]))
    await either.put_document(document(either, "b.txt", ["laptops are returned on the last day"]))
    by_words = await either.search(vector("something else"), query_terms("return my laptop"), scope(), 5)
    assert by_words[0].text == "laptops are returned on the last day"
    assert by_words[0].sparse > 0
    by_vector = await either.search(vector("the pension fund"), {}, scope(), 5)
    assert by_vector[0].text == "the pension fund"
    assert by_vector[0].dense == pytest.approx(1.0, abs=2e-3)
    assert [p.score for p in by_vector] == sorted((p.score for p in by_vector), reverse=True)


async def test_passage_carries_its_place(either: Index) -> None:
    stored = await either.put_document(document(either, "a.txt", ["first passage", "second passage"]))
    passage = (await either.search(vector("second passage"), {}, scope(), 1))[0]
    assert (passage.document, passage.ordinal, passage.start, passage.end) == (stored.document, 1, 15, 29)
    assert passage.id == f"{stored.document}.1"
    original = await either.original(stored.document, scope())
    assert original[passage.start : passage.end] == "second passage"


@pytest.mark.parametrize(
    "empty", [scope(collections=()), scope(labels=()), scope(marks=())], ids=["collections", "labels", "marks"]
)
async def test_empty_filter_runs_no_statement(ring: KeyRing, empty: Filter) -> None:
    class NoStore:
        def __getattr__(self, name: str) -> object:
            raise AssertionError("a statement would have run")

    index = Index(NoStore(), ring, clock)  # type: ignore[arg-type]
    assert admits_nothing(empty)
    assert await index.search(vector("x"), query_terms("x"), empty, 5) == []
    assert await index.documents(empty) == []
    assert await index.collections(empty) == []


async def test_filter_that_admits_1_of_500_chunks(either: Index) -> None:
    for number in range(50):
        texts = [f"budget note {number} {part} about travel" for part in range(10)]
        changes = {"allow": ("group:hr",)} if number != 23 else {"allow": ("group:hr", "user:amy")}
        if number == 23:
            await either.put_document(document(either, "one.txt", ["amy may read this budget note"], **changes))
            texts = texts[:9]
            changes = {"allow": ("group:hr",)}
        await either.put_document(document(either, f"{number}.txt", texts, **changes))
    amy = scope(marks=("*", "user:amy"))
    assert await either._store.fetchval("SELECT sum(chunks) FROM term_counts WHERE term = 0") == 500
    assert await found(either, "budget note 7 3 about travel", amy) == ["amy may read this budget note"]
    assert len(await found(either, "budget note 7 3 about travel", scope(marks=("group:hr",)), 40)) == 40


async def test_selective_filter_through_the_vector_index(
    index: Index, ring: KeyRing, database: Store, database_url: str
) -> None:
    """The plan that walks the HNSW index, forced, and a walk that gives up early: the exact scan takes its place."""
    for number in range(60):
        texts = [f"note {number} {part}" for part in range(5)]
        allow = ("user:amy",) if number == 41 else ("group:hr",)
        await index.put_document(document(index, f"{number}.txt", texts, allow=allow))
    name = await database.fetchval("SELECT current_database()")
    for setting in ("enable_seqscan", "enable_sort", "enable_bitmapscan"):
        await database.execute(f"ALTER DATABASE {name} SET {setting} = off")
    amy = scope(marks=("*", "user:amy"))
    expected = {f"note 41 {part}" for part in range(5)}
    async with await open_store(database_url, Path("unused")) as store:
        plan = await store.fetch(
            "EXPLAIN SELECT chunk FROM points WHERE tenant = 'default' AND scope = ANY('{1}') "
            "ORDER BY embedding <#> $1::text::halfvec LIMIT 5",
            str(vector("x")),
        )
        assert "points_rest_embedding_idx" in str(plan)
        walking = await Index(store, ring, clock, Points(exact=0)).search(vector("note 3 1"), {}, amy, 5)
        assert {passage.text for passage in walking} == expected
        stopping = await Index(store, ring, clock, Points(exact=0, scan=1)).search(vector("note 3 1"), {}, amy, 5)
        assert {passage.text for passage in stopping} == expected


async def test_search_agrees_with_a_plain_scan(either: Index) -> None:
    """Oracle: random permissions and callers; what comes back is admitted, and the best admitted comes first."""
    numbers = random.Random(7)
    marks = ["*", "group:hr", "group:it", "user:amy", "role:legal"]
    await either.create_collection("default", "hr", label="internal", by="test")
    await either.create_collection("other", "handbook", label="internal", by="test")
    answered = 0
    everything = []
    for number in range(60):
        text = f"{numbers.choice(WORDS)} {numbers.choice(WORDS)} {number}"
        new = document(
            either,
            f"{number}.txt",
            [text],
            tenant=numbers.choice(["default", "default", "other"]),
            label=numbers.choice(["public", "internal", "restricted"]),
            allow=tuple(numbers.sample(marks, numbers.randint(0, 3))),
            deny=tuple(numbers.sample(marks[1:], numbers.randint(0, 1))),
        )
        if new.tenant == "default" and numbers.random() < 0.5:
            new = document(
                either, f"{number}.txt", [text], label=new.label, allow=new.allow, deny=new.deny, collection="hr"
            )
        await either.put_document(new)
        everything.append(new)
    for _ in range(60):
        by = scope(
            collections=numbers.sample(["handbook", "hr", "nowhere"], numbers.randint(1, 3)),
            labels=numbers.sample(["public", "internal", "restricted"], numbers.randint(1, 3)),
            marks=["*", *numbers.sample(marks[1:], numbers.randint(0, 2))],
        )
        admitted = {
            new.original
            for new in everything
            if new.tenant == by.tenant
            and new.collection in by.collections
            and new.label in by.labels
            and set(new.allow) & set(by.marks)
            and not set(new.deny) & set(by.marks)
        }
        query = f"{numbers.choice(WORDS)} {numbers.choice(WORDS)}"
        texts = await found(either, query, by, 50)
        assert set(texts) == admitted
        answered += bool(admitted)
    assert answered > 20


async def test_statistics_are_of_what_the_caller_may_read(either: Index) -> None:
    """Documents of a collection outside the filter move no score."""
    await either.put_document(document(either, "a.txt", ["the budget of the canteen"]))
    await either.put_document(document(either, "b.txt", ["the garden"]))
    before = await either.search(vector("budget"), query_terms("budget"), scope(), 5)
    await either.create_collection("default", "secret", label="internal", by="test")
    for number in range(5):
        await either.put_document(document(either, f"s{number}.txt", [f"budget {number}"], collection="secret"))
    after = await either.search(vector("budget"), query_terms("budget"), scope(), 5)
    assert [(p.text, p.score, p.sparse) for p in before] == [(p.text, p.score, p.sparse) for p in after]


async def test_values_never_become_sql(either: Index) -> None:
    await either.put_document(document(either, "a.txt", ["harmless"]))
    hostile = scope(collections=("handbook') OR true --", "'; DROP TABLE chunks; --"), marks=("*", "' OR '1'='1"))
    assert await either.search(vector("harmless"), query_terms("harmless"), hostile, 5) == []
    assert len(await either.search(vector("harmless"), query_terms("harmless"), scope(), 5)) == 1


async def test_database_gone_is_named(ring: KeyRing, database_url: str) -> None:
    store = await open_store(database_url, Path("unused"))
    index = Index(store, ring, clock)
    await index.known_collections("default")
    admin = await asyncpg.connect(database_url)
    await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    await admin.close()
    await store.pool.close()
    with pytest.raises((StoreUnavailable, asyncpg.InterfaceError)):
        await index.search(vector("x"), {}, scope(), 5)


def test_weigh_drops_terms_that_occur_nowhere() -> None:
    weights = weigh({1: 1.0, 2: 2.0, 3: 1.0}, {1: 1, 2: 50}, 100)
    assert set(weights) == {1, 2}
    assert weights[1] > weights[2] > 0
