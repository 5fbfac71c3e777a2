"""A synthetic collection of any size: invented words, clustered vectors, and who may read what. Seeded, made by number.

Words follow Zipf's law, and each topic has words of its own. Vectors lie near those of their topic, in 48 directions of
the 384, as those of language models lie in few. Document `n` is the same in every run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway.model import Filter
from gateway.retrieval import Chunk, NewDocument, Piece, document_terms, query_terms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float32]

CHUNKS: Final = 10
"""Of each document."""
TENANT: Final = "default"
COLLECTIONS: Final = tuple(f"scale{number}" for number in range(4))
LABELS: Final = ("public", "internal", "confidential")
SHARES: Final = {"all": 1.0, "tenth": 0.1, "hundredth": 0.01, "thousandth": 0.001}
"""Group -> share of the documents that its members may read."""
_VOCABULARY, _TOPICS, _OWN, _INNER, _WIDTH = 40_000, 2_000, 150, 48, 384
_WORDS = 110
_SYLLABLES = (
    "ba be bi bo da de di do fa fe ga ge gi ka ke ki ko la le li lo ma me mi mo na ne ni no pa pe ra re ri ro sa"
)


@dataclass(frozen=True, slots=True)
class Query:
    """A question near one passage, some of its words among others."""

    vector: list[float]
    terms: dict[int, float]


class Corpus:
    """Everything follows from the seed."""

    def __init__(self, seed: int = 1) -> None:
        import numpy as np  # noqa: PLC0415

        self._np = np
        self._seed = seed
        chance = np.random.default_rng(seed)
        syllables = _SYLLABLES.split()
        picked = chance.integers(0, len(syllables), (_VOCABULARY, 4))
        self._words = [
            "".join(syllables[at] for at in row) + str(number % 7) for number, row in enumerate(picked.tolist())
        ]
        self._common = np.cumsum(1.0 / np.arange(1, _VOCABULARY + 1))
        self._common /= self._common[-1]
        self._own = chance.integers(200, _VOCABULARY, (_TOPICS, _OWN))
        self._centres = chance.standard_normal((_TOPICS, _INNER)).astype(np.float32)
        self._spread = chance.standard_normal((_INNER, _WIDTH)).astype(np.float32)

    def document(self, number: int) -> NewDocument:
        """The document with this number."""
        chance, inner, words = self._insides(number)
        vectors = self._vectors(inner).tolist()
        chunks, at = [], 0
        for ordinal, (row, vector) in enumerate(zip(words, vectors, strict=True)):
            text = " ".join(row)
            piece = Piece(ordinal, at, at + len(text), None, text, "")
            chunks.append(Chunk(piece, vector, document_terms([text])))
            at += len(text) + 2
        draw = float(chance.random())
        name = f"{number}.txt"
        return NewDocument(
            tenant=TENANT,
            collection=COLLECTIONS[number % len(COLLECTIONS)],
            source_key=name.encode(),
            source=name,
            title=name,
            media="text",
            digest=name.encode(),
            recipe="scale",
            label=LABELS[int(chance.integers(len(LABELS)))],
            allow=tuple(f"group:{group}" for group, share in SHARES.items() if draw < share),
            deny=(f"user:{int(chance.integers(10))}",) if chance.random() < 0.1 else (),
            original="\n\n".join(chunk.piece.text for chunk in chunks),
            pages=0,
            counts={},
            chunks=chunks,
            by="bench",
        )

    def query(self, number: int, documents: int) -> Query:
        """The question with this number, about one of the first `documents` documents."""
        np = self._np
        chance = np.random.default_rng((self._seed, 1, number))
        _, inner, words = self._insides(int(chance.integers(documents)))
        which = int(chance.integers(CHUNKS))
        near = inner[which : which + 1] + 0.4 * chance.standard_normal((1, _INNER)).astype(np.float32)
        asked = [str(word) for word in chance.choice(words[which], 4, replace=False)]
        asked += [self._words[at] for at in self._zipf(chance, 2)]
        return Query(self._vectors(near)[0].tolist(), query_terms(" ".join(asked)))

    def reader(self, group: str) -> Filter:
        """What a member of one group may read."""
        return Filter(TENANT, COLLECTIONS, LABELS, ("*", "user:bench", f"group:{group}"), "bench")

    def _insides(self, number: int) -> tuple[Any, Array, list[list[str]]]:
        np = self._np
        chance = np.random.default_rng((self._seed, 0, number))
        topic = int(chance.integers(_TOPICS))
        noise = chance.standard_normal((CHUNKS + 1, _INNER)).astype(np.float32)
        inner = self._centres[topic] + 0.5 * noise[-1] + 0.5 * noise[:-1]
        common = self._zipf(chance, CHUNKS * _WORDS)
        own = self._own[topic][chance.integers(0, _OWN, CHUNKS * _WORDS)]
        ids = np.where(chance.random(CHUNKS * _WORDS) < 0.3, own, common).reshape(CHUNKS, _WORDS)
        return chance, inner, [[self._words[at] for at in row] for row in ids.tolist()]

    def _zipf(self, chance: Any, count: int) -> Sequence[int]:
        found: Sequence[int] = self._np.searchsorted(self._common, chance.random(count))
        return found

    def _vectors(self, inner: Array) -> Array:
        np = self._np
        wide = inner @ self._spread
        found: Array = wide / np.linalg.norm(wide, axis=1, keepdims=True)
        return found
