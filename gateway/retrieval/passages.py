"""From a clean document to what the index stores: passages with vectors and term weights."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from gateway.model import Redacted
from gateway.retrieval.embed import render_for_embedding
from gateway.retrieval.methods.base import Ledger, TextEmbedder
from gateway.retrieval.methods.chunks import read_pieces
from gateway.retrieval.methods.terms import Terms
from gateway.retrieval.nouns import Chunk, Parsed, Piece
from gateway.retrieval.pieces import pieces
from gateway.retrieval.sparse import document_terms


async def chunks_of(
    embedder: TextEmbedder,
    parsed: Parsed,
    body: Redacted,
    title: Redacted,
    *,
    terms: Terms | None = None,
    ledger: Ledger | None = None,
) -> list[Chunk]:
    """The document's passages in order, off the event loop. `body` is the redaction of `parsed.text`.

    ledger: takes what left for a server, where embedder or terms need one.
    """
    cut = await asyncio.to_thread(lambda: list(pieces(parsed, body)))
    read = await asyncio.to_thread(read_pieces, parsed, body, cut)
    return await chunks_from(embedder, cut, read, title, terms=terms, ledger=ledger)


async def chunks_from(
    embedder: TextEmbedder,
    cut: Sequence[Piece],
    read: Sequence[Piece],
    title: Redacted,
    *,
    terms: Terms | None = None,
    ledger: Ledger | None = None,
) -> list[Chunk]:
    """The pieces with vectors and term weights. `read`: what stands for each where it is embedded and weighed."""
    terms = terms or Terms()
    texts = [to_embed(title.text, piece.heading, piece.text) for piece in read]
    vectors = await embedder.embed_documents(texts, ledger)
    lexical = await asyncio.to_thread(lambda: [_terms(title, piece, terms) for piece in read])
    weights = await terms.documents(lexical, texts, ledger)
    return [Chunk(*parts) for parts in zip(cut, vectors.tolist(), weights, strict=True)]


def to_embed(title: str, heading: str, text: str) -> str:
    """What the embedder reads of a passage.

    Title and headings tell its subject; its own text keeps most of the room.
    """
    above = heading if heading.startswith(title) else f"{title}\n{heading}".strip()
    return render_for_embedding(f"{above}\n{text}")


def _terms(title: Redacted, piece: Piece, terms: Terms) -> dict[int, float]:
    spans = (*piece.spans, *piece.heading_spans, *title.spans)
    texts = [piece.text, piece.heading]
    if not piece.heading.startswith(title.text):
        texts.append(title.text)
    texts = [terms.lexical(text) for text in texts]
    return document_terms(texts, sorted({part for span in spans for part in span.parts}))
