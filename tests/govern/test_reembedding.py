"""Embedding the index anew: decided, on record, killed and resumed, and nothing sent where it may not go."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gateway.audit import AuditLog, Reader
from gateway.crypto import KeyRing
from gateway.errors import NoRoute, NotPermitted
from gateway.govern import Guard, Reembedding
from gateway.model import Principal, Zone
from gateway.policy import Current, Versions, load_files
from gateway.retrieval import Index, NewDocument, Space, TextEmbedder, current_space
from gateway.retrieval.methods.remote import Remote, RemoteEmbedder
from gateway.store import Store, open_store
from tests.retrieval.corpus import clock, document, scope
from tests.simulators.embedding import EmbeddingSimulator

ROOT = Principal("local", "operator", frozenset({"admin"}))
EMIL = Principal("k2", "emil", frozenset({"employee"}))
POLICIES = Path(__file__).parents[2] / "policies"
RECIPE = "ingest/2 parse/1+split/1 one bm25/1 privacy"


class Letters:
    """An embedder of 26 numbers: how often each letter stands in a text. `before` is called ahead of every batch."""

    zone, endpoint, dimension = Zone.LOCAL, "", 26

    def __init__(self, name: str = "letters", before: Callable[[], Awaitable[None]] | None = None) -> None:
        self.id = name
        self.texts: list[str] = []
        self._before = before

    async def start(self) -> None: ...

    def close(self) -> None: ...

    async def embed_documents(self, texts: Sequence[str], ledger: object = None) -> NDArray[np.float32]:
        if self._before is not None:
            await self._before()
        self.texts += [text.strip() for text in texts]
        rows = np.array([[text.count(chr(97 + at)) for at in range(26)] for text in texts], np.float32)
        found: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return found

    async def embed_query(self, text: str, ledger: object = None) -> NDArray[np.float32]:
        row: NDArray[np.float32] = (await self.embed_documents([text]))[0]
        return row


@contextlib.asynccontextmanager
async def guarded(store: Store, ring: KeyRing) -> AsyncIterator[tuple[Current, Guard]]:
    versions = Versions(store)
    if await versions.active() is None:
        version = await versions.submit(load_files(POLICIES), "root", "test")
        await versions.activate(version.digest, "root")
    current = await Current.start(store, "test-worker")
    audit = AuditLog(store, ring, clock)
    await audit.start()
    try:
        yield current, Guard(current, audit, clock)
    finally:
        await audit.close()
        await current.close()


@pytest.fixture
async def rooms(database: Store, ring: KeyRing) -> AsyncIterator[tuple[Current, Guard]]:
    async with guarded(database, ring) as found:
        yield found


@pytest.fixture
async def index(database: Store, ring: KeyRing) -> Index:
    index = Index(database, ring, clock)
    await index.create_collection("default", "handbook", label="internal", by="test")
    return index


def journey(store: Store, rooms: tuple[Current, Guard], embedder: TextEmbedder) -> Reembedding:
    current, guard = rooms
    return Reembedding(store=store, guard=guard, current=current, embedder=embedder, now=clock)


def made(index: Index, name: str, texts: Sequence[str], **changes: Any) -> NewDocument:
    return document(index, name, texts, **{"embedder": "one", "recipe": RECIPE, "title": "", **changes})


async def question(embedder: Letters, text: str) -> list[float]:
    found: list[float] = (await embedder.embed_query(text)).tolist()
    return found


async def records(store: Store, ring: KeyRing, request: str) -> list[tuple[str, str, dict[str, Any]]]:
    page = await Reader(store, ring).by_request(request)
    return [(record["kind"], record["action"], record["detail"]) for record in page["records"]]


async def test_it_is_planned_done_and_on_record(
    database: Store, ring: KeyRing, index: Index, rooms: tuple[Current, Guard]
) -> None:
    embedder = Letters()
    work = journey(database, rooms, embedder)
    await index.put_document(made(index, "a.txt", [f"passage {'abc'[at % 3] * at}" for at in range(1, 301)]))
    plan = await work.plan("p1", ROOT)
    assert (plan.before, plan.embedder, plan.endpoint, plan.needed) == ("one", "letters", "", True)
    assert (plan.size.passages, plan.size.documents, plan.size.done, plan.refused) == (300, 1, 0, 0)
    assert embedder.texts == []
    told: list[tuple[int, int]] = []
    done = await work.run("r1", ROOT, progress=lambda done, total: told.append((done, total)))
    assert (done.status, done.passages, done.resumed, done.documents) == ("swapped", 300, False, 1)
    assert told == [(128, 300), (256, 300), (300, 300)]
    assert await current_space(database) == Space("letters", 26)
    (best,) = await index.search(await question(embedder, "cccccccc"), {}, scope(), 1, embedder="letters")
    assert best.text.endswith("c")
    intent, outcome = await records(database, ring, "r1")
    assert [one[:2] for one in (intent, outcome)] == [
        ("intent", "documents.reembed"),
        ("outcome", "documents.reembed"),
    ]
    assert (intent[2]["before"], intent[2]["embedder"], intent[2]["passages"]) == ("one", "letters", 300)
    assert (outcome[2]["embedded"], outcome[2]["replaced"], outcome[2]["resumed"]) == (300, 1, False)
    # There is nothing to do any more, unless it is wished.
    assert (await work.plan("p2", ROOT)).needed is False
    assert (await work.run("r2", ROOT)).status == "unneeded"
    assert await records(database, ring, "r2") == []
    assert (await work.run("r3", ROOT, again=True)).passages == 300


async def test_documents_come_and_go_and_are_found_while_it_runs(
    database: Store, index: Index, rooms: tuple[Current, Guard]
) -> None:
    await index.put_document(made(index, "a.txt", [f"aaa {'x' * at}" for at in range(140)]))
    gone = await index.put_document(made(index, "gone.txt", ["gone gone"]))
    found: list[str] = []

    async def meanwhile() -> None:
        if len(embedder.texts) == 128:
            await index.put_document(made(index, "added.txt", ["zebra"]))
            await index.delete_document("default", "handbook", gone.document)
        passages = await index.search(None, {}, scope(), 1)
        assert passages == []
        passages = await index.search([1.0] + [0.0] * 383, {}, scope(), 3, embedder="one")
        found.append(passages[0].text[:3])

    embedder = Letters(before=meanwhile)
    done = await journey(database, rooms, embedder).run("r1", ROOT)
    assert done.status == "swapped"
    assert set(found) <= {"aaa", "zeb", "gon"}
    assert len(found) >= 2
    assert await database.fetchval("SELECT count(*) FROM points") == 141
    passages = await index.search(await question(Letters(), "zebra"), {}, scope(), 300, embedder="letters")
    assert passages[0].text == "zebra"
    assert "gone gone" not in {one.text for one in passages}


async def test_a_process_killed_in_the_middle_is_gone_on_from(
    database_url: str, database: Store, ring: KeyRing, tmp_path: Path, index: Index, rooms: tuple[Current, Guard]
) -> None:
    await index.put_document(made(index, "a.txt", [f"passage {'q' * at}" for at in range(1, 301)]))
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.govern.test_reembedding", database_url, str(tmp_path / "keys" / "ring.json")),
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    async with asyncio.timeout(60):
        assert await child.stdout.readline() == b"128\n"
    child.kill()
    await child.wait()
    (found,) = await index.search([1.0] + [0.0] * 383, {}, scope(), 1, embedder="one")
    assert found.text.startswith("passage")
    embedder = Letters()
    plan = await journey(database, rooms, embedder).plan("p1", ROOT)
    assert (plan.size.done, plan.size.passages) == (128, 300)
    done = await journey(database, rooms, embedder).run("r1", ROOT)
    assert (done.resumed, done.passages, len(embedder.texts)) == (True, 172, 172)
    assert await database.fetchval("SELECT count(*) FROM points") == 300
    assert await current_space(database) == Space("letters", 26)


async def test_what_fails_leaves_the_index_as_it_was(
    database: Store, ring: KeyRing, index: Index, rooms: tuple[Current, Guard]
) -> None:
    await index.put_document(made(index, "a.txt", ["abc"]))

    async def fails() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await journey(database, rooms, Letters(before=fails)).run("r1", ROOT)
    assert await current_space(database) == Space("one", 384)
    assert (await records(database, ring, "r1"))[-1][2]["fault"] == "ZeroDivisionError"
    work = journey(database, rooms, Letters())
    assert await work.abandon("r2", ROOT) is True
    assert await work.abandon("r3", ROOT) is False
    with pytest.raises(NotPermitted):
        await work.run("r4", EMIL)
    with pytest.raises(NotPermitted):
        await work.plan("r5", EMIL)
    with pytest.raises(NotPermitted):
        await work.abandon("r6", EMIL)


async def test_a_server_gets_only_what_may_go_there_and_every_body_is_on_record(
    database: Store, ring: KeyRing, index: Index, rooms: tuple[Current, Guard]
) -> None:
    await index.put_document(made(index, "a.txt", ["bicycles stand in the yard"]))
    held = await index.put_document(made(index, "b.txt", ["salaries"], label="confidential"))
    async with EmbeddingSimulator(dimensions=12) as server:
        embedder = RemoteEmbedder(Remote(kind="openai", url=server.url, model="m1", zone=Zone.EXTERNAL))
        try:
            work = journey(database, rooms, embedder)
            assert (await work.plan("p1", ROOT)).refused == 1
            with pytest.raises(NoRoute, match="1 documents may not reach the zone external"):
                await work.run("r1", ROOT)
            assert server.requests == []
            assert [one[:2] for one in await records(database, ring, "r1")] == [("refusal", "documents.reembed")]
            await index.delete_document("default", "handbook", held.document)
            assert (await work.run("r2", ROOT)).passages == 1
            body = server.requests[-1].body
        finally:
            await embedder.aclose()
    found = await records(database, ring, "r2")
    assert [one[:2] for one in found] == [
        ("intent", "documents.reembed"),
        ("intent", "documents.reembed.batch"),
        ("outcome", "documents.reembed.batch"),
        ("outcome", "documents.reembed"),
    ]
    assert found[1][2]["egress"]["texts"] == 1
    assert found[2][2]["sent"][0]["bytes"] == len(body)
    assert found[0][2]["zone"] == "external"
    assert await current_space(database) == Space(embedder.id, 12)


async def _slowly(url: str, ring: str) -> None:
    """A run that says how many passages are done and then waits; meant to be killed."""
    told = asyncio.Event()

    async def wait() -> None:
        if embedder.texts:
            await told.wait()

    embedder = Letters(before=wait)
    async with (
        await open_store(url, Path("unused")) as store,
        guarded(store, KeyRing.load(Path(ring))) as rooms,
    ):
        await journey(store, rooms, embedder).run("k1", ROOT, progress=lambda done, _: print(done, flush=True))


if __name__ == "__main__":
    asyncio.run(_slowly(*sys.argv[1:]))
