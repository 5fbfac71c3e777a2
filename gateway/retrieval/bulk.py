"""Loading many new documents at once: by COPY, and the indexes are made afterwards.

For filling an index that is empty, or nearly: nothing is replaced, and a name that is there already is an error of the
database. Searches find nothing by index in between, though what they find is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from gateway.crypto.keyring import KeyRing
from gateway.retrieval.nouns import NewDocument
from gateway.retrieval.points import LONG_S, Points
from gateway.retrieval.sparse import PAIRS
from gateway.retrieval.storage import PASSAGES, Point
from gateway.retrieval.writing import chunk_rows, new_id, scope_of, seal_text, take_all_shards, take_shard, terms_of
from gateway.store.store import Connection

_IDS: Final = "SELECT nextval(pg_get_serial_sequence('chunks', 'id')) AS id FROM generate_series(1, $1)"
_DOCUMENTS: Final = (
    *("id", "tenant", "collection", "source_key", "source", "title", "media", "digest", "recipe", "scope", "version"),
    *("pages", "chunks", "terms", "terms_in", "characters", "counts", "original", "created_at", "updated_at"),
    "created_by",
)
_CHUNKS: Final = ("ordinal", "page", "start_", "end_", "heading", "text", "spans", "id", "document", "version")
_FORGET: Final = "DELETE FROM term_counts t USING scopes s WHERE s.id = t.scope AND s.tenant = $1"
_COUNT: Final = f"""
INSERT INTO term_counts (scope, term, shard, chunks)
SELECT scope, term, 0, count(*) FROM points, unnest(term_ids) AS term
WHERE tenant = $1 AND term < {PAIRS} GROUP BY scope, term
UNION ALL SELECT scope, {PASSAGES}, 0, count(*) FROM points WHERE tenant = $1 GROUP BY scope
"""


async def load(conn: Connection, storage: Points, ring: KeyRing, documents: Sequence[NewDocument], at: datetime) -> int:
    """Writes documents of one tenant, whose collections are there, in the caller's transaction; how many passages.

    The words' statistics do not know of them until `count_again`.
    """
    tenant = documents[0].tenant
    await take_shard(conn, tenant)
    scopes: dict[tuple[object, ...], int] = {}
    rows: list[tuple[object, ...]] = []
    passages: list[tuple[object, ...]] = []
    points: list[tuple[int, Point]] = []
    numbers = iter(await conn.fetch(_IDS, sum(len(new.chunks) for new in documents)))
    for new in documents:
        rights = (new.collection, new.label, new.allow, new.deny, new.expires_at, new.state)
        if rights not in scopes:
            scopes[rights] = await scope_of(conn, tenant, *rights)
        scope, document, terms = scopes[rights], new_id(at), terms_of(new)
        original = seal_text(ring, tenant, document, 1, new.original)
        rows.append(
            (
                *(document, tenant, new.collection, new.source_key, new.source, new.title, new.media, new.digest),
                *(new.recipe, scope, 1, new.pages, len(new.chunks), list(terms), list(terms.values())),
                *(len(new.original), dict(new.counts), original, at, at, new.by),
            )
        )
        for chunk, row in zip(new.chunks, chunk_rows(ring, new, document, 1), strict=True):
            number = next(numbers)["id"]
            passages.append((*row, number, document, 1))
            points.append((scope, Point(number, chunk.vector, chunk.weights)))
    await conn.copy_records_to_table("documents", records=rows, columns=_DOCUMENTS, timeout=LONG_S)
    await conn.copy_records_to_table("chunks", records=passages, columns=_CHUNKS, timeout=LONG_S)
    await storage.load(conn, tenant, points)
    return len(points)


async def count_again(conn: Connection, tenant: str) -> None:
    """Makes a tenant's statistics anew from the points themselves, in the caller's transaction; writers wait."""
    await take_all_shards(conn, tenant)
    await conn.execute(_FORGET, tenant, timeout=LONG_S)
    await conn.execute(_COUNT, tenant, timeout=LONG_S)
