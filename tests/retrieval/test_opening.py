"""One passage by its name: leaves and those put together, under the filter."""

from __future__ import annotations

import secrets

import pytest

from gateway.crypto import KeyRing
from gateway.errors import NotFound
from gateway.retrieval import Index, Piece, name_of
from gateway.retrieval.methods.parents import Parent
from gateway.store import Store
from tests.retrieval.corpus import clock, document, scope


async def test_leaves_and_parents(database: Store, ring: KeyRing) -> None:
    index = Index(database, ring, clock)
    name = f"opening-{secrets.token_hex(4)}"
    await index.create_collection("default", name, label="internal", by="test")
    parent = Parent(Piece(0, 0, 20, 2, "both together", "above"), 1, 0, 1)
    texts = ["first leaf", "second leaf"]
    made = await index.put_document(document(index, "a", texts, collection=name, parents=(parent,)))
    mine = scope(collections=(name,))
    leaf = await index.passage(made.document, "1", mine)
    assert (leaf.text, leaf.id, leaf.version, name_of(leaf)) == ("second leaf", f"{made.document}.1", 1, "1")
    both = await index.passage(made.document, "p0", mine)
    assert (both.text, both.page, both.heading, both.ordinal) == ("both together", 2, "above", 0)
    assert (both.id, name_of(both), both.collection) == (f"{made.document}.p0", "p0", name)
    for missing in ("2", "p1", "x", "", "01", "1 ", "p"):
        with pytest.raises(NotFound):
            await index.passage(made.document, missing, mine)
    for passage in ("1", "p0"):
        with pytest.raises(NotFound):
            await index.passage(made.document, passage, scope(collections=("another",)))
        with pytest.raises(NotFound):
            await index.passage(made.document, passage, scope(collections=(name,), labels=("public",)))
