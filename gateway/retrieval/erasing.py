"""A value out of the documents: written over where it stands, everything made of it made anew, or the document gone.

What is written over keeps its length, so that passages' offsets stay right. A document keeps its digest: the same file
brought again is known as the same and does not come back with the value.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from gateway.crypto.keyring import KeyRing
from gateway.errors import Conflict
from gateway.model import Redacted, Replaced
from gateway.retrieval import writing
from gateway.retrieval.methods.base import Ledger, TextEmbedder
from gateway.retrieval.methods.leaving import leaving
from gateway.retrieval.methods.space import expect
from gateway.retrieval.methods.terms import Terms
from gateway.retrieval.nouns import Piece
from gateway.retrieval.passages import chunks_from
from gateway.retrieval.points import Points
from gateway.retrieval.sparse import PAIRS
from gateway.retrieval.storage import Point, Storage
from gateway.store import Store
from gateway.store.store import Connection

COVER: Final = "█"
PAGE: Final = 200
FORM: Final = 4
"""Characters of the mark that tells a value's forms apart."""
_IDS: Final = "SELECT id FROM documents WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3"
_DOCUMENT: Final = """
SELECT id, collection, version, scope, original, title, source, chunks, terms, terms_in FROM documents
WHERE tenant = $1 AND id = $2
"""
_CHUNKS: Final = """
SELECT id, ordinal, page, start_, end_, heading, text, spans FROM chunks WHERE document = $1 ORDER BY ordinal
"""
_PARENTS: Final = "SELECT version, number, start_, end_, heading, text FROM parents WHERE document = $1"
_SAME: Final = "SELECT original = $3 FROM documents WHERE tenant = $1 AND id = $2 FOR UPDATE"
_WRITE: Final = "UPDATE documents SET original = $2, title = $3, source = $4 WHERE id = $1"
_WRITE_CHUNK: Final = "UPDATE chunks SET text = $2, heading = $3 WHERE id = $1"
_WRITE_PARENT: Final = """
UPDATE parents SET text = $4, heading = $5 WHERE document = $1 AND version = $2 AND number = $3
"""
_WRITE_TERMS: Final = "UPDATE documents SET terms = $2, terms_in = $3 WHERE id = $1"
_NAMED: Final = (
    "UPDATE documents SET created_by = '' WHERE created_by = ANY($1::text[])",
    "UPDATE collections SET created_by = '' WHERE created_by = ANY($1::text[])",
    "UPDATE document_reports SET released_by = '' WHERE released_by = ANY($1::text[])",
)

Find = Callable[[str], Sequence[tuple[int, int]]]
"""(start, end) of each place of a text where the value stands."""
Parts = Callable[[Iterable[str]], Awaitable[Mapping[str, tuple[str, ...]]]]
"""Token -> keyed digests of the words it stands for, of the names' tokens in texts."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """One document with the value written over, ready to be written."""

    document: str
    collection: str
    places: int
    """Where the value stood in the original."""
    texts: int
    """Texts of the index, in the clear, that it stood in; they are embedded anew."""
    before: bytes = field(repr=False)
    original: bytes = field(repr=False)
    title: str = field(repr=False)
    source: str = field(repr=False)
    row: Any = field(repr=False)
    pieces: tuple[tuple[int, Piece], ...] = field(repr=False)
    parents: tuple[tuple[int, int, str, str], ...] = field(repr=False)


def cover(text: str, places: Iterable[tuple[int, int]]) -> str:
    """The text with each place written over, as long as before."""
    out: list[str] = []
    at = 0
    for start, end in sorted(places):
        first = max(start, at)
        if end > first:
            out += (text[at:first], COVER * (end - first))
            at = end
    return "".join((*out, text[at:]))


class Documents:
    """The documents of one index. Every method raises StoreUnavailable; those that open originals SealBroken."""

    def __init__(
        self,
        store: Store,
        ring: KeyRing,
        embedder: TextEmbedder,
        terms: Terms | None = None,
        storage: Storage | None = None,
        settle: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        self._store = store
        self._ring = ring
        self._embedder = embedder
        self._terms = terms or Terms()
        self._storage = storage or Points()
        self._settle = settle

    async def settle(self, tenant: str) -> None:
        """Returns when a storage outside the database has what was changed. Raises IndexUnavailable."""
        if self._settle is not None:
            await self._settle(tenant)

    async def holding(
        self, tenant: str, find: Find, ids: Collection[str], progress: Callable[[int], None] = lambda _: None
    ) -> AsyncIterator[Cleaned]:
        """Every document in which the value stands, also as a part of a name or in another spelling.

        ids: of the tokens that stand for the value. Opens every original of the tenant.
        """
        after, done = "", 0
        while rows := await self._store.fetch(_IDS, tenant, after, PAGE):
            for row in rows:
                after = row["id"]
                if (found := await self._look(tenant, after, find, ids)) is not None:
                    yield found
                done += 1
                progress(done)

    async def expect(self) -> None:
        """Raises Conflict where texts could not be embedded anew: the index was made with another embedder."""
        await expect(self._store, self._embedder.id)

    async def cover(
        self, conn: Connection, tenant: str, cleaned: Cleaned, parts: Parts, ledger: Ledger | None = None
    ) -> None:
        """Put the cleaned document in the place of what is there. Raises Conflict when that was changed meanwhile."""
        points, terms = await self._made(cleaned, parts, ledger) if cleaned.texts else ([], {})
        document = cleaned.document
        if not await conn.fetchval(_SAME, tenant, document, cleaned.before):
            raise Conflict("the document was changed meanwhile", hint="erase again")
        await conn.execute(_WRITE, document, cleaned.original, cleaned.title, cleaned.source)
        if not cleaned.texts:
            return
        shard = await writing.take_shard(conn, tenant)
        row = cleaned.row
        old = dict(zip(row["terms"], row["terms_in"], strict=True))
        await writing.count(conn, shard, row["scope"], {term: -n for term, n in old.items()}, 0)
        await writing.count(conn, shard, row["scope"], terms, 0)
        await conn.execute(_WRITE_TERMS, document, list(terms), list(terms.values()))
        await conn.executemany(_WRITE_CHUNK, [(number, one.text, one.heading) for number, one in cleaned.pieces])
        await conn.executemany(_WRITE_PARENT, [(document, *one) for one in cleaned.parents])
        await self._storage.remove(conn, tenant, [document])
        await self._storage.put(conn, tenant, row["scope"], points)

    async def delete(self, conn: Connection, tenant: str, cleaned: Cleaned) -> bool:
        """Delete the document with everything the index made of it; False when it is gone already."""
        return await writing.remove(conn, self._storage, tenant, cleaned.collection, cleaned.document)

    async def unname(self, names: Collection[str]) -> int:
        """Take people's names off what they brought in, made or released; how many rows."""
        done = [await self._store.execute(sql, sorted(names)) for sql in _NAMED]
        return sum(int(one.rpartition(" ")[2]) for one in done)

    async def _look(self, tenant: str, document: str, find: Find, ids: Collection[str]) -> Cleaned | None:
        async with self._store.snapshot() as conn:
            row = await conn.fetchrow(_DOCUMENT, tenant, document)
            if row is None:
                return None
            chunks = await conn.fetch(_CHUNKS, document)
            parents = await conn.fetch(_PARENTS, document)
        return await asyncio.to_thread(self._cleaned, tenant, row, chunks, parents, find, ids)

    def _cleaned(
        self, tenant: str, row: Any, chunks: Sequence[Any], parents: Sequence[Any], find: Find, ids: Collection[str]
    ) -> Cleaned | None:
        document, version = row["id"], row["version"]
        text = writing.open_text(self._ring, tenant, document, version, row["original"])
        places = set(find(text))
        for chunk in chunks:
            place = writing.place(tenant, document, version, chunk["ordinal"])
            for start, end, _, _, token, _ in orjson.loads(self._ring.open("spans", chunk["spans"], place)):
                if _id(token) in ids:
                    places.add((chunk["start_"] + start, chunk["start_"] + end))
        places = {(start, end) for start, end in places if text[start:end].strip(COVER)}
        clean = cover(text, places)

        def covered(one: str, start: int, end: int) -> str:
            # In a plain document a value may be cut in two by the end of a passage.
            return clean[start:end] if one == text[start:end] else cover(one, find(one))

        title, source = (cover(row[name], find(row[name])) for name in ("title", "source"))
        changed = sum((title != row["title"], source != row["source"]))
        pieces = []
        for chunk in chunks:
            body = covered(chunk["text"], chunk["start_"], chunk["end_"])
            heading = cover(chunk["heading"], find(chunk["heading"]))
            changed += (body, heading) != (chunk["text"], chunk["heading"])
            piece = Piece(chunk["ordinal"], chunk["start_"], chunk["end_"], chunk["page"], body, heading)
            pieces.append((chunk["id"], piece))
        over = []
        for one in parents:
            body = covered(one["text"], one["start_"], one["end_"])
            heading = cover(one["heading"], find(one["heading"]))
            changed += (body, heading) != (one["text"], one["heading"])
            over.append((one["version"], one["number"], body, heading))
        if not places and not changed:
            return None
        return Cleaned(
            document=document,
            collection=row["collection"],
            places=len(places),
            texts=changed,
            before=row["original"],
            original=writing.seal_text(self._ring, tenant, document, version, clean),
            title=title,
            source=source,
            row=row,
            pieces=tuple(pieces),
            parents=tuple(over),
        )

    async def _made(self, cleaned: Cleaned, parts: Parts, ledger: Ledger | None) -> tuple[list[Point], dict[int, int]]:
        """Points of every passage, and the document's terms with the passages that hold them.

        Raises Conflict where texts would leave: which zone they may reach is not asked here, so none is.
        """
        if leaving(self._embedder, self._terms):
            raise Conflict(
                "texts in the clear would go to an embedder's server to be embedded anew",
                hint="erase with --documents delete, and ingest again what should stay",
            )
        texts = [cleaned.title, *(text for _, one in cleaned.pieces for text in (one.text, one.heading))]
        words = await parts(texts)
        read = [
            replace(one, spans=_named(one.text, words), heading_spans=_named(one.heading, words))
            for _, one in cleaned.pieces
        ]
        title = Redacted(cleaned.title, _named(cleaned.title, words))
        chunks = await chunks_from(self._embedder, read, read, title, terms=self._terms, ledger=ledger)
        points = [
            Point(number, chunk.vector, chunk.weights)
            for (number, _), chunk in zip(cleaned.pieces, chunks, strict=True)
        ]
        counts: dict[int, int] = {}
        for chunk in chunks:
            for term in chunk.weights:
                if term < PAIRS:
                    counts[term] = counts.get(term, 0) + 1
        return points, counts


def _named(text: str, words: Mapping[str, tuple[str, ...]]) -> tuple[Replaced, ...]:
    """Spans that carry nothing but the search terms of the names whose tokens stand in the text."""
    return tuple(Replaced(0, 0, "PERSON", 1.0, token, 0, parts) for token, parts in words.items() if token in text)


def _id(token: str) -> str:
    """A token's id; all forms of a value have one."""
    inner = token.strip("[]").split("_")
    return inner[-2] if len(inner[-1]) == FORM else inner[-1]
