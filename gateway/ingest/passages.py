"""From a clean document to what the index stores: passages with vectors and term weights."""

from __future__ import annotations

import asyncio

from gateway.ingest.values import Clean
from gateway.model import Redacted
from gateway.retrieval import Chunk, Embedder, Piece, document_terms, pieces, render_for_embedding


async def make_chunks(embedder: Embedder, clean: Clean) -> list[Chunk]:
    """The document's passages in order, off the event loop."""
    cut = await asyncio.to_thread(lambda: list(pieces(clean.parsed, clean.body)))
    vectors = await embedder.embed([_to_embed(clean.title.text, piece) for piece in cut])
    weights = await asyncio.to_thread(lambda: [_terms(clean.title, piece) for piece in cut])
    return [Chunk(*parts) for parts in zip(cut, vectors.tolist(), weights, strict=True)]


def _to_embed(title: str, piece: Piece) -> str:
    """Title and headings tell a passage's subject; the passage's own text keeps most of the room."""
    above = piece.heading if piece.heading.startswith(title) else f"{title}\n{piece.heading}".strip()
    return render_for_embedding(f"{above}\n{piece.text}")


def _terms(title: Redacted, piece: Piece) -> dict[int, float]:
    spans = (*piece.spans, *piece.heading_spans, *title.spans)
    texts = [piece.text, piece.heading]
    if not piece.heading.startswith(title.text):
        texts.append(title.text)
    return document_terms(texts, sorted({part for span in spans for part in span.parts}))
