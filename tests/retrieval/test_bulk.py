"""Loading by COPY leaves the same index as writing one by one."""

from __future__ import annotations

from gateway.crypto.keyring import KeyRing
from gateway.retrieval import Index
from gateway.retrieval.bulk import count_again, load
from gateway.retrieval.points import Points
from gateway.store import Store
from tests.retrieval.corpus import NOW, clock, document, found, scope

COUNTS = """
SELECT s.label, s.allow, t.term, sum(t.chunks)::integer AS n FROM term_counts t JOIN scopes s ON s.id = t.scope
GROUP BY 1, 2, 3 HAVING sum(t.chunks) <> 0 ORDER BY 1, 2, 3
"""
POINTS = """
SELECT c.ordinal, c.text, p.embedding::text, p.terms::text, p.term_ids, s.label, s.allow
FROM points p JOIN chunks c ON c.id = p.chunk JOIN documents d ON d.id = c.document JOIN scopes s ON s.id = p.scope
WHERE s.id = d.scope ORDER BY d.source, c.ordinal
"""


async def test_load_equals_put(database: Store, ring: KeyRing) -> None:
    index = Index(database, ring, clock)
    await index.create_collection("default", "handbook", label="internal", by="test")
    documents = [
        document(index, f"{number}", [f"budget {number}", "the garden"], allow=("group:hr",) if number % 2 else ("*",))
        for number in range(6)
    ]
    for new in documents:
        stored = await index.put_document(new)
    written = await database.fetch(POINTS), await database.fetch(COUNTS)
    original = await index.original(stored.document, scope(marks=("group:hr",)))
    await index.delete_collection("default", "handbook")
    await index.create_collection("default", "handbook", label="internal", by="test")
    async with database.transaction() as conn:
        assert await load(conn, Points(), ring, documents, NOW) == 12
        await count_again(conn, "default")
    assert (await database.fetch(POINTS), await database.fetch(COUNTS)) == written
    assert await found(index, "budget 2", scope(), 1) == ["budget 2"]
    (last,) = [one for one in await index.documents(scope(marks=("group:hr",))) if one.source == "5"]
    assert await index.original(last.id, scope(marks=("group:hr",))) == original
    again = await index.put_document(documents[0])
    assert again.status == "unchanged"
    await index.delete_document("default", "handbook", again.document)
    assert await found(index, "budget 0", scope(), 1) != ["budget 0"]
