"""What a map is learned from: a collection's passages with their vectors, and questions made of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.retrieval.embed import TOKEN
from gateway.retrieval.methods.questions import frequencies, questions
from gateway.retrieval.outside import stored
from gateway.retrieval.passages import to_embed
from gateway.retrieval.points import LONG_S
from gateway.retrieval.qdrant.engine import Engine
from gateway.store import Store

MOST: Final = 20_000
"""Passages that are learned from, whole documents by chance."""
MOST_QUESTIONS: Final = 12_000

# By a digest, so that the same documents are taken each time.
_PASSAGES: Final = """
SELECT d.id, c.id AS chunk, d.title, c.heading, c.text, s.label, k.mode = 'plain' AS plain,
       p.embedding::vector::real[] AS vector, ARRAY(SELECT jsonb_object_keys(d.counts)) AS types
FROM documents d JOIN chunks c ON c.document = d.id LEFT JOIN points p ON p.tenant = d.tenant AND p.chunk = c.id
     JOIN scopes s ON s.id = d.scope JOIN collections k ON k.tenant = d.tenant AND k.name = d.collection
WHERE d.tenant = $1 AND d.collection = $2 AND s.state = 'ready' AND (s.expires_at IS NULL OR s.expires_at > now())
ORDER BY md5(d.id), c.ordinal LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Learned:
    """A passage that questions are made of."""

    document: str
    label: str
    plain: bool
    types: tuple[str, ...]
    heading: str = field(repr=False)
    text: str = field(repr=False)
    whole: str = field(repr=False)
    """As the embedder reads it."""
    vector: tuple[float, ...] = field(repr=False)
    """Of the embedder in force."""


async def passages_of(
    store: Store, tenant: str, collection: str, most: int = MOST, engine: Engine | None = None
) -> list[Learned]:
    """A collection's passages, as they are searched, at most so many; `engine`: where vectors lie, if not all here.

    Raises StoreUnavailable and IndexUnavailable.
    """
    async with store.acquire() as conn:
        rows = await conn.fetch(_PASSAGES, tenant, collection, most, timeout=LONG_S)
    away = {row["chunk"]: row["id"] for row in rows if row["vector"] is None}
    there = await stored(store, engine, away) if engine is not None else {}
    found = []
    for row in rows:
        values = row["vector"] or (there[row["chunk"]].point.vector if row["chunk"] in there else None)
        if values is None:
            continue  # being moved just now
        texts = (row["title"], row["heading"], row["text"])
        types = {*row["types"], *(token[1] for text in texts for token in TOKEN.finditer(text))}
        whole = to_embed(*texts)
        vector = tuple(values)
        found.append(
            Learned(row["id"], row["label"], row["plain"], tuple(types), row["heading"], row["text"], whole, vector)
        )
    return found


def questions_of(passages: Sequence[Learned], most: int = MOST_QUESTIONS, seed: int = 0) -> list[tuple[int, str]]:
    """(which passage, a question it answers), at most so many, by chance. Slow for many: not on the event loop."""
    dice = random.Random(seed)  # noqa: S311 - a sample, no secret
    counts = frequencies([one.text for one in passages])
    made = [
        (at, question)
        for at, one in enumerate(passages)
        for question in questions(one.heading, one.text, counts, len(passages), dice)
    ]
    return sorted(dice.sample(made, most)) if len(made) > most else made
