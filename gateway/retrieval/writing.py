"""Writing to the index: a document's new version is complete before the old one goes, in the caller's transaction.

Statistics are kept in shards, and a transaction has one to itself (`take_shard`): writers of one tenant do not wait for
each other, but where they write the same document.
"""

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
from gateway.retrieval.methods import parents, space
from gateway.retrieval.nouns import Held, NewDocument, Stored
from gateway.retrieval.sparse import PAIRS
from gateway.retrieval.storage import PASSAGES, Point, Storage
from gateway.store.store import Connection

PURPOSE: Final = "document"

SHARDS: Final = 16
"""Transactions of one tenant that may write at a time."""

# The first shard that nobody has; a transaction that has one gets it again. They are tried until one is free.
_SHARD: Final = f"""
SELECT shard FROM generate_series(0, {SHARDS - 1}) AS shard
WHERE pg_try_advisory_xact_lock(hashtextextended('gateway/index/' || $1, shard)) LIMIT 1
"""
_WAIT: Final = "SELECT pg_advisory_xact_lock(hashtextextended('gateway/index/' || $1, $2))"
_CHANGED: Final = """
INSERT INTO index_versions AS v (tenant, shard, n) VALUES ($1, $2, 1)
ON CONFLICT (tenant, shard) DO UPDATE SET n = v.n + 1
"""
_ONE_WRITER: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1 || '/' || $2 || '/' || encode($3, 'hex'), 0))"
_HELD: Final = """
SELECT d.id, d.digest, d.recipe, s.label, s.allow, s.deny, s.expires_at, s.state, d.version, d.chunks, d.tenant,
       d.collection
FROM documents d JOIN scopes s ON s.id = d.scope
"""
_THERE: Final = "SELECT 1 FROM collections WHERE tenant = $1 AND name = $2"
_SCOPE: Final = """
SELECT id FROM scopes
WHERE tenant = $1 AND collection = $2 AND label = $3 AND hash_array(allow) = hash_array($4::text[]) AND allow = $4
  AND hash_array(deny) = hash_array($5::text[]) AND deny = $5 AND expires_at IS NOT DISTINCT FROM $6 AND state = $7
ORDER BY id LIMIT 1
"""
_NEW_SCOPE: Final = """
INSERT INTO scopes (tenant, collection, label, allow, deny, expires_at, state) VALUES ($1, $2, $3, $4, $5, $6, $7)
RETURNING id
"""
_COUNTED: Final = "SELECT scope, chunks, terms, terms_in FROM documents WHERE id = $1 FOR UPDATE"
_COUNT: Final = """
INSERT INTO term_counts AS t (scope, shard, term, chunks)
SELECT $1, $2, * FROM unnest($3::integer[], $4::bigint[])
ON CONFLICT (term, scope, shard) DO UPDATE SET chunks = t.chunks + excluded.chunks
"""
_UNCOUNTED: Final = "DELETE FROM term_counts WHERE scope = ANY($1) AND term = ANY($2)"
_DOCUMENT: Final = """
INSERT INTO documents AS d (id, tenant, collection, source_key, source, title, media, digest, recipe, scope,
    version, pages, chunks, terms, terms_in, characters, counts, original, created_at, updated_at, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $19, $20)
ON CONFLICT (id) DO UPDATE SET source = excluded.source, title = excluded.title, media = excluded.media,
    digest = excluded.digest, recipe = excluded.recipe, scope = excluded.scope, version = excluded.version,
    pages = excluded.pages, chunks = excluded.chunks, terms = excluded.terms, terms_in = excluded.terms_in,
    characters = excluded.characters, counts = excluded.counts, original = excluded.original,
    updated_at = excluded.updated_at
"""
_CHUNKS: Final = """
INSERT INTO chunks (document, version, ordinal, page, start_, end_, heading, text, spans)
SELECT $1, $2, * FROM unnest($3::integer[], $4::integer[], $5::integer[], $6::integer[], $7::text[], $8::text[],
    $9::bytea[])
RETURNING id, ordinal
"""


async def take_shard(conn: Connection, tenant: str) -> int:
    """Notes that this transaction changes the tenant's index, and gives it statistics of its own to write to."""
    shard = await conn.fetchval(_SHARD, tenant)
    if shard is None:
        await conn.execute(_WAIT, tenant, 0)
        shard = 0
    await conn.execute(_CHANGED, tenant, shard)
    return int(shard)


async def take_all_shards(conn: Connection, tenant: str) -> None:
    """Waits until nobody writes to the tenant's statistics, and keeps everybody from it until the transaction ends."""
    for shard in range(SHARDS):
        await conn.execute(_WAIT, tenant, shard)
    await conn.execute(_CHANGED, tenant, 0)


async def held(conn: Any, tenant: str, collection: str, source_key: bytes) -> Held | None:
    """The document that was ingested under this name, or None."""
    where = "WHERE d.tenant = $1 AND d.collection = $2 AND d.source_key = $3"
    return _held(await conn.fetchrow(_HELD + where, tenant, collection, source_key))


async def held_by_id(conn: Any, tenant: str, document: str) -> Held | None:
    """The document with this id, or None."""
    return _held(await conn.fetchrow(_HELD + "WHERE d.tenant = $1 AND d.id = $2", tenant, document))


async def put(conn: Connection, storage: Storage, ring: KeyRing, new: NewDocument, at: datetime) -> Stored:
    """Writes the document, replacing its former version. Raises NotFound when the collection is gone.

    Two that bring the same file write it once.
    """
    await conn.execute(_ONE_WRITER, new.tenant, new.collection, new.source_key)
    if await conn.fetchval(_THERE + " FOR KEY SHARE", new.tenant, new.collection) is None:
        raise NotFound(f"no collection {new.collection}")
    old = await held(conn, new.tenant, new.collection, new.source_key)
    rights = (new.label, new.allow, new.deny, new.expires_at, new.state)
    if old is not None and (old.digest, old.recipe) == (new.digest, new.recipe):
        return await permit(conn, storage, old, *rights)
    document = old.id if old is not None else new_id(at)
    version = old.version + 1 if old is not None else 1
    shard = await take_shard(conn, new.tenant)
    if old is not None:
        await _drop_chunks(conn, storage, shard, new.tenant, document)
    original = seal_text(ring, new.tenant, document, version, new.original)
    scope = await scope_of(conn, new.tenant, new.collection, *rights)
    terms = terms_of(new)
    await conn.execute(
        _DOCUMENT,
        *(document, new.tenant, new.collection, new.source_key, new.source, new.title, new.media, new.digest),
        *(new.recipe, scope, version, new.pages, len(new.chunks), list(terms), list(terms.values())),
        *(len(new.original), dict(new.counts), original, at, new.by),
    )
    await parents.keep(conn, document, version, new.parents)
    # Before its passages are there: an index without any takes whichever embedder comes.
    if new.embedder and new.chunks:
        await space.claim(conn, new.embedder, len(new.chunks[0].vector), at)
    numbers = await _write_chunks(conn, ring, new, document, version)
    points = [Point(numbers[chunk.piece.ordinal], chunk.vector, chunk.weights) for chunk in new.chunks]
    await storage.put(conn, new.tenant, scope, points)
    await count(conn, shard, scope, terms, len(new.chunks))
    return Stored(document, "new" if old is None else "updated", version, len(new.chunks))


async def permit(
    conn: Connection,
    storage: Storage,
    old: Held,
    label: str,
    allow: Sequence[str],
    deny: Sequence[str],
    expires_at: datetime | None,
    state: str,
) -> Stored:
    """Gives a document other permissions: its points get another scope, no vector is computed.

    `unchanged` when they are the same.
    """
    before = (old.label, old.allow, old.deny, old.expires_at, old.state)
    if before == (label, tuple(allow), tuple(deny), expires_at, state):
        return Stored(old.id, "unchanged", old.version, old.chunks)
    shard = await take_shard(conn, old.tenant)
    scope = await scope_of(conn, old.tenant, old.collection, label, allow, deny, expires_at, state)
    row = await conn.fetchrow(_COUNTED, old.id)
    if row is None:
        raise NotFound("no such document")
    if row["scope"] != scope:
        await _uncount(conn, shard, row)
        await conn.execute("UPDATE documents SET scope = $2 WHERE id = $1", old.id, scope)
        await count(conn, shard, scope, dict(zip(row["terms"], row["terms_in"], strict=True)), row["chunks"])
        await storage.permit(conn, old.tenant, old.id, scope)
    return Stored(old.id, "permissions", old.version, old.chunks)


async def remove(conn: Connection, storage: Storage, tenant: str, collection: str, document: str) -> bool:
    """Deletes a document with everything the index made of it; False when it is not there."""
    where = "WHERE tenant = $1 AND collection = $2 AND id = $3 FOR UPDATE"
    if await conn.fetchval(f"SELECT 1 FROM documents {where}", tenant, collection, document) is None:
        return False
    await _drop_chunks(conn, storage, await take_shard(conn, tenant), tenant, document)
    await conn.execute("DELETE FROM documents WHERE id = $1", document)
    return True


async def remove_collection(conn: Connection, storage: Storage, tenant: str, name: str) -> list[str]:
    """Deletes a collection and everything in it; the ids of its documents. Raises NotFound."""
    if await conn.fetchval(_THERE + " FOR UPDATE", tenant, name) is None:
        raise NotFound("no such collection")
    await take_shard(conn, tenant)
    rows = await conn.fetch("SELECT id, terms FROM documents WHERE tenant = $1 AND collection = $2", tenant, name)
    gone, terms = [row["id"] for row in rows], {term for row in rows for term in row["terms"]}
    await storage.remove(conn, tenant, gone)
    await conn.execute("DELETE FROM documents WHERE tenant = $1 AND collection = $2", tenant, name)
    scopes = await conn.fetch("DELETE FROM scopes WHERE tenant = $1 AND collection = $2 RETURNING id", tenant, name)
    await conn.execute(_UNCOUNTED, [row["id"] for row in scopes], [PASSAGES, *terms])
    await conn.execute("DELETE FROM collections WHERE tenant = $1 AND name = $2", tenant, name)
    return gone


async def scope_of(
    conn: Connection,
    tenant: str,
    collection: str,
    label: str,
    allow: Sequence[str],
    deny: Sequence[str],
    expires_at: datetime | None,
    state: str,
) -> int:
    """The number of this set of permissions, made if it is new.

    Two that make the same set at the same time make two scopes, which mean the same.
    """
    values = (tenant, collection, label, list(allow), list(deny), expires_at, state)
    found = await conn.fetchval(_SCOPE, *values)
    return int(found if found is not None else await conn.fetchval(_NEW_SCOPE, *values))


async def _drop_chunks(conn: Connection, storage: Storage, shard: int, tenant: str, document: str) -> None:
    row = await conn.fetchrow(_COUNTED, document)
    if row is not None:
        await _uncount(conn, shard, row)
    await storage.remove(conn, tenant, [document])
    await conn.execute("DELETE FROM chunks WHERE document = $1", document)


async def _write_chunks(
    conn: Connection, ring: KeyRing, new: NewDocument, document: str, version: int
) -> dict[int, int]:
    """The passages; number of each by its ordinal."""
    rows = chunk_rows(ring, new, document, version)
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * 7
    written = await conn.fetch(_CHUNKS, document, version, *columns)
    return {row["ordinal"]: row["id"] for row in written}


def chunk_rows(ring: KeyRing, new: NewDocument, document: str, version: int) -> list[tuple[object, ...]]:
    """(ordinal, page, start_, end_, heading, text, spans) of each passage."""
    rows: list[tuple[object, ...]] = []
    for piece in (chunk.piece for chunk in new.chunks):
        spans = orjson.dumps([_span(span) for span in piece.spans])
        sealed = ring.seal("spans", spans, place(new.tenant, document, version, piece.ordinal))
        rows.append((piece.ordinal, piece.page, piece.start, piece.end, piece.heading, piece.text, sealed))
    return rows


def terms_of(new: NewDocument) -> dict[int, int]:
    """Term id -> passages that hold it."""
    counts: dict[int, int] = {}
    for chunk in new.chunks:
        for term in chunk.weights:
            if term < PAIRS:
                counts[term] = counts.get(term, 0) + 1
    return counts


async def count(conn: Connection, shard: int, scope: int, terms: dict[int, int], chunks: int) -> None:
    """Adds to a scope's statistics."""
    await conn.execute(_COUNT, scope, shard, [PASSAGES, *terms], [chunks, *terms.values()])


async def _uncount(conn: Connection, shard: int, row: Any) -> None:
    terms = {term: -n for term, n in zip(row["terms"], row["terms_in"], strict=True)}
    await count(conn, shard, row["scope"], terms, -row["chunks"])


def _held(row: Any) -> Held | None:
    return None if row is None else Held(**{**row, "allow": tuple(row["allow"]), "deny": tuple(row["deny"])})


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


def _span(span: Replaced) -> list[object]:
    return [span.start, span.end, span.type, round(span.score, 3), span.token, span.token_start]
