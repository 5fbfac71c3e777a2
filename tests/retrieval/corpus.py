"""Invented documents for the tests of this room, without the parser, the detector and the embedder."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from gateway.model import Filter
from gateway.retrieval import Chunk, Index, NewDocument, Piece, document_terms, query_terms

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def clock() -> datetime:
    return NOW


def vector(seed: str) -> list[float]:
    """A random direction that depends on the seed alone."""
    numbers = random.Random(hashlib.sha256(seed.encode()).digest())
    values = [numbers.gauss(0, 1) for _ in range(384)]
    norm = sum(value * value for value in values) ** 0.5
    return [value / norm for value in values]


def document(index: Index, name: str, texts: Sequence[str], **changes: Any) -> NewDocument:
    """A document of these passages; each passage's vector is `vector(text)`."""
    tenant = changes.get("tenant", "default")
    chunks, at = [], 0
    for ordinal, text in enumerate(texts):
        piece = Piece(ordinal, at, at + len(text), None, text, "")
        chunks.append(Chunk(piece, vector(text), document_terms([text])))
        at += len(text) + 2
    original = "\n\n".join(texts)
    values: dict[str, Any] = {
        "tenant": tenant,
        "collection": "handbook",
        "source_key": index.source_key(tenant, name),
        "source": name,
        "title": name,
        "media": "text",
        "digest": index.digest(tenant, original.encode()),
        "recipe": "test/1",
        "label": "internal",
        "allow": ("*",),
        "deny": (),
        "original": original,
        "pages": 0,
        "counts": {},
        "chunks": chunks,
        "by": "test",
    }
    return NewDocument(**{**values, **changes})


def scope(
    *,
    collections: Sequence[str] = ("handbook",),
    labels: Sequence[str] = ("public", "internal"),
    marks: Sequence[str] = ("*",),
    tenant: str = "default",
) -> Filter:
    return Filter(tenant, tuple(collections), tuple(labels), tuple(marks), "sha256:test")


async def found(index: Index, text: str, by: Filter, top_k: int = 5) -> list[str]:
    """Texts of the passages a search for `text` brings."""
    passages = await index.search(vector(text), query_terms(text), by, top_k)
    return [passage.text for passage in passages]
