"""Writing to the index: a document's new version is complete before the old one goes, in the caller's transaction."""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import orjson

from gateway.crypto.keyring import KeyRing
from gateway.errors import NotFound
from gateway.model import Replaced
from gateway.retrieval.nouns import Chunk, Held, NewDocument, Stored
from gateway.retrieval.sparse import DIMENSION as TERMS
from gateway.store.store import Connection
from gateway.store.vectors import dense as dense_text
from gateway.store.vectors import sparse as sparse_text

PURPOSE: Final = "document"

_HELD: Final = """
SELECT id, digest, recipe, label, allow, deny, version, chunks FROM documents
WHERE tenant = $1 AND collection = $2 AND source_key = $3
"""
LOCK: Final = "SELECT 1 FROM collections WHERE tenant = $1 AND name = $2 FOR NO KEY UPDATE"
_COUNT: Final = """
WITH held AS (
    SELECT term, count(*) AS n FROM chunks, unnest(term_ids) AS term WHERE document = $3 GROUP BY term
) {change}
"""
_COUNT_IN: Final = _COUNT.format(
    change="""
INSERT INTO term_counts AS t (tenant, collection, term, chunks) SELECT $1, $2, term, n FROM held
ON CONFLICT (tenant, collection, term) DO UPDATE SET chunks = t.chunks + excluded.chunks
"""
)
_COUNT_OUT: Final = _COUNT.format(
    change="""
UPDATE term_counts t SET chunks = t.chunks - held.n FROM held
WHERE t.tenant = $1 AND t.collection = $2 AND t.term = held.term
"""
)
_TALLY: Final = "UPDATE collections SET chunks = chunks + $3 WHERE tenant = $1 AND name = $2"
_DOCUMENT: Final = """
INSERT INTO documents AS d (id, tenant, collection, source_key, source, title, media, digest, recipe, label, allow,
    deny, version, pages, chunks, characters, counts, original, created_at, updated_at, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $19, $20)
ON CONFLICT (id) DO UPDATE SET source = excluded.source, title = excluded.title, media = excluded.media,
    digest = excluded.digest, recipe = excluded.recipe, label = excluded.label, allow = excluded.allow,
    deny = excluded.deny, version = excluded.version, pages = excluded.pages, chunks = excluded.chunks,
    characters = excluded.characters, counts = excluded.counts, original = excluded.original,
    updated_at = excluded.updated_at
"""
_CHUNK: Final = """
INSERT INTO chunks (document, version, ordinal, tenant, collection, label, allow, deny, page, start_, end_, heading,
    text, spans, embedding, terms, term_ids)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15::text::halfvec, $16::text::sparsevec, $17)
"""
_PERMIT: Final = "UPDATE {table} SET label = $2, allow = $3, deny = $4 WHERE {key} = $1"


async def held(conn: Any, tenant: str, collection: str, source_key: bytes) -> Held | None:
    """The document that was ingested under this name, or None."""
    row = await conn.fetchrow(_HELD, tenant, collection, source_key)
    if row is None:
        return None
    return Held(
        id=row["id"],
        digest=row["digest"],
        recipe=row["recipe"],
        label=row["label"],
        allow=tuple(row["allow"]),
        deny=tuple(row["deny"]),
        version=row["version"],
        chunks=row["chunks"],
    )


async def put(conn: Connection, ring: KeyRing, new: NewDocument, at: datetime) -> Stored:
    """Writes the document, replacing its former version. Raises NotFound when the collection is gone.

    Writers of one collection take turns, so that two that bring the same file write it once.
    """
    if await conn.fetchval(LOCK, new.tenant, new.collection) is None:
        raise NotFound(f"no collection {new.collection}")
    old = await held(conn, new.tenant, new.collection, new.source_key)
    if old is not None and (old.digest, old.recipe) == (new.digest, new.recipe):
        return await permit(conn, old, new.label, new.allow, new.deny)
    document = old.id if old is not None else new_id(at)
    version = old.version + 1 if old is not None else 1
    if old is not None:
        await _drop_chunks(conn, new.tenant, new.collection, document, old.chunks)
    original = seal_text(ring, new.tenant, document, version, new.original)
    await conn.execute(
        _DOCUMENT,
        *(document, new.tenant, new.collection, new.source_key, new.source, new.title, new.media, new.digest),
        *(new.recipe, new.label, list(new.allow), list(new.deny), version, new.pages, len(new.chunks)),
        *(len(new.original), dict(new.counts), original, at, new.by),
    )
    await conn.executemany(_CHUNK, [_chunk_row(ring, new, document, version, chunk) for chunk in new.chunks])
    await conn.execute(_COUNT_IN, new.tenant, new.collection, document)
    await conn.execute(_TALLY, new.tenant, new.collection, len(new.chunks))
    return Stored(document, "new" if old is None else "updated", version, len(new.chunks))


async def permit(conn: Connection, old: Held, label: str, allow: Sequence[str], deny: Sequence[str]) -> Stored:
    """Gives a document other permissions: rows change, no vector is computed. `unchanged` when they are the same."""
    if (old.label, old.allow, old.deny) == (label, tuple(allow), tuple(deny)):
        return Stored(old.id, "unchanged", old.version, old.chunks)
    for table, key in (("documents", "id"), ("chunks", "document")):
        await conn.execute(_PERMIT.format(table=table, key=key), old.id, label, list(allow), list(deny))
    return Stored(old.id, "permissions", old.version, old.chunks)


async def remove(conn: Connection, tenant: str, collection: str, document: str) -> bool:
    """Deletes a document with everything the index made of it; False when it is not there."""
    await conn.fetchval(LOCK, tenant, collection)
    row = await conn.fetchrow(
        "SELECT chunks FROM documents WHERE tenant = $1 AND collection = $2 AND id = $3", tenant, collection, document
    )
    if row is None:
        return False
    await _drop_chunks(conn, tenant, collection, document, row["chunks"])
    await conn.execute("DELETE FROM documents WHERE id = $1", document)
    return True


async def remove_collection(conn: Connection, tenant: str, name: str) -> list[str]:
    """Deletes a collection and everything in it; the ids of its documents. Raises NotFound."""
    if await conn.fetchval(LOCK, tenant, name) is None:
        raise NotFound("no such collection")
    gone = await conn.fetch("DELETE FROM documents WHERE tenant = $1 AND collection = $2 RETURNING id", tenant, name)
    await conn.execute("DELETE FROM term_counts WHERE tenant = $1 AND collection = $2", tenant, name)
    await conn.execute("DELETE FROM collections WHERE tenant = $1 AND name = $2", tenant, name)
    return [row["id"] for row in gone]


async def _drop_chunks(conn: Connection, tenant: str, collection: str, document: str, chunks: int) -> None:
    await conn.execute(_COUNT_OUT, tenant, collection, document)
    await conn.execute("DELETE FROM chunks WHERE document = $1", document)
    await conn.execute(_TALLY, tenant, collection, -chunks)


def new_id(at: datetime) -> str:
    """A document's id: hexadecimal, ordered by time of creation, not guessable."""
    return f"{int(at.timestamp() * 1000):012x}{secrets.token_hex(10)}"


def seal_text(ring: KeyRing, tenant: str, document: str, version: int, text: str) -> bytes:
    """A document's extracted text, compressed and sealed to its place."""
    return ring.seal(PURPOSE, zlib.compress(text.encode(), 3), place(tenant, document, version))


def open_text(ring: KeyRing, tenant: str, document: str, version: int, sealed: bytes) -> str:
    """What `seal_text` was given. Raises SealBroken."""
    return zlib.decompress(ring.open(PURPOSE, sealed, place(tenant, document, version))).decode()


def place(tenant: str, document: str, version: int, ordinal: int | None = None) -> bytes:
    """What sealed bytes are bound to: one document's version, or one chunk of it."""
    return orjson.dumps([tenant, document, version, ordinal])


def _chunk_row(ring: KeyRing, new: NewDocument, document: str, version: int, chunk: Chunk) -> tuple[object, ...]:
    piece = chunk.piece
    spans = orjson.dumps([_span(span) for span in piece.spans])
    return (
        *(document, version, piece.ordinal, new.tenant, new.collection, new.label, list(new.allow), list(new.deny)),
        *(piece.page, piece.start, piece.end, piece.heading, piece.text),
        ring.seal("spans", spans, place(new.tenant, document, version, piece.ordinal)),
        *(dense_text(chunk.vector), sparse_text(chunk.weights, TERMS), sorted(chunk.weights)),
    )


def _span(span: Replaced) -> list[object]:
    return [span.start, span.end, span.type, round(span.score, 3), span.token, span.token_start]
