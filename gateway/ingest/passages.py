"""From a clean document to what the index stores."""

from __future__ import annotations

from gateway.ingest.values import Clean
from gateway.retrieval import Chunk, Ledger, Terms, TextEmbedder, chunks_of


async def make_chunks(
    embedder: TextEmbedder, clean: Clean, terms: Terms | None = None, ledger: Ledger | None = None
) -> list[Chunk]:
    """The document's passages with vectors and term weights, in order, off the event loop."""
    return await chunks_of(embedder, clean.parsed, clean.body, clean.title, terms=terms, ledger=ledger)
