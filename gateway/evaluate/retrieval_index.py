"""An index of its own, thrown away at the end, filled and asked through the code that serves."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gateway.crypto import KeyRing
from gateway.crypto.keyring import fresh_ring
from gateway.errors import Broken
from gateway.model import EVERYONE, Filter, Passage, Redacted
from gateway.retrieval import (
    PLAIN,
    TITLE_LENGTH,
    Index,
    NewDocument,
    Parsed,
    Ranking,
    Terms,
    TextEmbedder,
    chunks_of,
    dense_weight,
    query_terms,
    render_for_embedding,
    shorten,
    splitter,
    word_pieces,
)
from gateway.retrieval.methods.space import put_in_force
from gateway.store import Store, open_store

TENANT: Final = "eval"
LABEL: Final = "eval"
DEPTH: Final = 400
"""Passages a question brings at most: enough for a hundred documents of a few passages each."""
BOTH, DENSE, SPARSE, RANKED = "fused", "dense", "sparse", "reranked"
ARMS: Final = (BOTH, DENSE, SPARSE)
"""What orders the passages: vectors and words together, or one of them alone."""


@dataclass(frozen=True, slots=True)
class Means:
    """What texts are searched with. An encoder or a model must have been started."""

    embedder: TextEmbedder
    terms: Terms = field(default_factory=Terms)
    ranking: Ranking | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """One document: as it was written, and as the index is to hold it (`Redacted(original)` for plain)."""

    id: str
    original: str = field(repr=False)
    body: Redacted = field(repr=False)
    title: Redacted = field(repr=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as the index is searched with it."""

    text: str = field(repr=False)
    parts: tuple[str, ...] = ()
    """Keyed digests of words that may be of a name."""


class Apart:
    """See `open_apart`."""

    def __init__(self, store: Store, index: Index, means: Means, split: Callable[[str], list[tuple[int, int]]]) -> None:
        self._store = store
        self._index = index
        self._means = means
        self._split = split

    async def collection(self, name: str) -> None:
        """Make a collection, before documents come."""
        await self._index.create_collection(TENANT, name, label=LABEL, mode=PLAIN, by="eval")

    async def put(self, collection: str, texts: Sequence[Text]) -> int:
        """Write documents in one transaction; how many passages they have."""
        made = [await self._document(collection, text) for text in texts]
        async with self._store.transaction() as conn:
            return sum([(await self._index.put_document(new, conn)).chunks for new in made])

    async def settle(self) -> None:
        """Let the database see what it holds now, so that it plans as it would in service."""
        await self._store.execute("ANALYZE")

    async def ask(self, collection: str, asked: Asked, arm: str = BOTH, top_k: int = DEPTH) -> list[Passage]:
        """The passages one way of searching finds, best first; `Passage.source` is the document's id.

        Raises Broken when a reranker fails, and what a server of an embedder or an encoder raises.
        """
        means, text = self._means, render_for_embedding(asked.text)
        vector = terms = None
        if arm != SPARSE:
            vector = (await means.embedder.embed_query(text)).tolist()
        if arm != DENSE:
            words = query_terms(means.terms.lexical(asked.text), asked.parts)
            terms = await means.terms.query(words, text)
        everything = Filter(TENANT, (collection,), (LABEL,), (EVERYONE,), "sha256:eval")
        weight = dense_weight(asked.text)
        found = await self._index.search(vector, terms or {}, everything, top_k, weight=weight)
        if arm != RANKED or means.ranking is None:
            return found
        ordered, failed = await means.ranking.order(asked.text, found)
        if failed:
            raise Broken(f"the reranker gave no scores ({failed})", hint="its error stands in the log")
        # What it did not read stays behind what it did, whatever the scores of the two.
        return [replace(passage, score=-float(place)) for place, passage in enumerate(ordered)]

    async def _document(self, collection: str, text: Text) -> NewDocument:
        """As ingest makes it of a text file with a title. Nothing is sealed that anybody could open later."""
        cuts = tuple(self._split(text.original)) if text.original.strip() else ()
        parsed = Parsed(text.original, text.title.text, "text", (), (), cuts)
        title = shorten(text.title, TITLE_LENGTH)
        return NewDocument(
            tenant=TENANT,
            collection=collection,
            source_key=self._index.source_key(TENANT, text.id),
            source=text.id,
            title=title.text,
            media="text",
            digest=self._index.digest(TENANT, f"{text.id}\0{text.original}".encode("utf-8", "surrogatepass")),
            recipe="eval",
            label=LABEL,
            allow=(EVERYONE,),
            deny=(),
            original=text.original,
            pages=0,
            counts={},
            chunks=await chunks_of(self._means.embedder, parsed, text.body, title, terms=self._means.terms),
            by="eval",
        )


@asynccontextmanager
async def open_apart(means: Means, chunk_tokens: int, chunk_overlap: int) -> AsyncIterator[Apart]:
    """An empty index in a database server of its own, both gone afterwards. Raises StoreUnavailable or Broken."""
    dimension = means.embedder.dimension
    if dimension is None:
        raise Broken("the embedder does not say how long its vectors are", hint="start it first")
    split = splitter(word_pieces(), chunk_tokens, chunk_overlap)
    with tempfile.TemporaryDirectory(prefix="gateway-eval-", ignore_cleanup_errors=True) as place:
        async with await open_store(None, Path(place)) as store:
            index = Index(store, KeyRing.parse(fresh_ring(_now()), "key ring of an evaluation"), _now)
            async with store.transaction() as conn:
                await put_in_force(conn, means.embedder.id, dimension, _now())
            yield Apart(store, index, means, split)


def _now() -> datetime:
    return datetime.now(UTC)
