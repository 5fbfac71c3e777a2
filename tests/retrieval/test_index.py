"""The index: versions, permissions, collections, and what a caller may list."""

from __future__ import annotations

import pytest

from gateway.crypto.keyring import KeyRing
from gateway.errors import Conflict, Invalid, NotFound, SealBroken
from gateway.retrieval import Index
from gateway.store import Store
from tests.retrieval.corpus import clock, document, found, scope


@pytest.fixture
async def index(database: Store, ring: KeyRing) -> Index:
    index = Index(database, ring, clock)
    await index.create_collection("default", "handbook", label="internal", by="test")
    return index


async def test_collections_are_created_once(index: Index) -> None:
    first = await index.create_collection("default", "hr", label="confidential", by="amy")
    again = await index.create_collection("default", "hr", label="public", by="bob")
    assert first == again
    assert (again.label, again.mode, again.created_by) == ("confidential", "redacted", "amy")
    assert await index.known_collections("default") == ["handbook", "hr"]
    with pytest.raises(Conflict):
        await index.create_collection("default", "hr", label="public", mode="plain", by="bob")


@pytest.mark.parametrize("name", ["", "HR", "a b", "../x", "a" * 64, "hr;drop", ".hidden"])
async def test_collection_names_are_checked(index: Index, name: str) -> None:
    with pytest.raises(Invalid):
        await index.create_collection("default", name, label="public", by="amy")


async def test_lists_show_what_the_filter_admits(either: Index) -> None:
    await either.put_document(document(either, "a.txt", ["one", "two"]))
    hidden = await either.put_document(document(either, "b.txt", ["three"], allow=("group:hr",)))
    listed = await either.documents(scope())
    assert [d.source for d in listed] == ["a.txt"]
    (collection,) = await either.collections(scope())
    assert (collection.documents, collection.chunks) == (1, 2)
    (collection,) = await either.collections(scope(marks=("*", "group:hr")))
    assert (collection.documents, collection.chunks) == (2, 3)
    with pytest.raises(NotFound):
        await either.document(hidden.document, scope())
    with pytest.raises(NotFound):
        await either.original(hidden.document, scope())
    assert (await either.document(hidden.document, scope(marks=("group:hr",)))).source == "b.txt"


async def test_documents_come_in_pages(index: Index) -> None:
    for number in range(5):
        await index.put_document(document(index, f"{number}.txt", [f"text {number}"]))
    first = await index.documents(scope(), limit=2)
    rest = await index.documents(scope(), after=first[-1].id)
    assert len({d.id for d in first + rest}) == 5


async def test_delete_document_leaves_nothing(index: Index, database: Store) -> None:
    kept = await index.put_document(document(index, "a.txt", ["budget of the canteen"]))
    gone = await index.put_document(document(index, "b.txt", ["budget of the garden"]))
    await index.delete_document("default", "handbook", gone.document)
    assert await found(index, "budget of the garden", scope()) == ["budget of the canteen"]
    counts = await database.fetch("SELECT chunks FROM term_counts WHERE chunks > 0 AND term > 0")
    assert [row["chunks"] for row in counts] == [1, 1]
    with pytest.raises(NotFound):
        await index.delete_document("default", "handbook", gone.document)
    assert (await index.document(kept.document, scope())).id == kept.document


async def test_delete_collection(index: Index, database: Store) -> None:
    stored = await index.put_document(document(index, "a.txt", ["one"]))
    assert await index.delete_collection("default", "handbook") == [stored.document]
    for table in ("collections", "documents", "chunks", "points", "scopes", "term_counts"):
        assert await database.fetchval(f"SELECT count(*) FROM {table}") == 0
    with pytest.raises(NotFound):
        await index.delete_collection("default", "handbook")


async def test_original_is_sealed_to_its_place(index: Index, database: Store) -> None:
    first = await index.put_document(document(index, "a.txt", ["quiet words"]))
    second = await index.put_document(document(index, "b.txt", ["loud words"]))
    sealed = await database.fetchval("SELECT original FROM documents WHERE id = $1", first.document)
    assert b"quiet" not in sealed
    assert await index.original(first.document, scope()) == "quiet words"
    await database.execute("UPDATE documents SET original = $1 WHERE id = $2", sealed, second.document)
    with pytest.raises(SealBroken):
        await index.original(second.document, scope())


def test_digests_need_the_key(index: Index) -> None:
    assert index.digest("default", b"x") == index.digest("default", b"x")
    assert index.digest("default", b"x") != index.digest("other", b"x")
    assert index.digest("default", b"x") != index.source_key("default", "x")
