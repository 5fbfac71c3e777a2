"""Where learned terms lie in the sparse column: behind BM25's range, each encoder in a stretch of its own.

So that weights of two encoders, or of a changed one, never meet in an inner product: at worst nothing matches.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Final

from gateway.retrieval.sparse import DIMENSION, LEARNED

STRETCH: Final = 1 << 18
"""Terms one encoder may have; the largest published vocabulary has 250,002."""
STRETCHES: Final = (DIMENSION - LEARNED) // STRETCH


class TermIds:
    """Ids of one encoder's terms."""

    def __init__(self, encoder: str) -> None:
        """encoder: what names the vocabulary and the model of the documents' side."""
        self._first = LEARNED + _hash(encoder) % STRETCHES * STRETCH

    def of(self, number: int) -> int:
        """The id of vocabulary entry `number`, 0 to STRETCH - 1."""
        return self._first + number

    def of_words(self, weights: Mapping[str, float]) -> dict[int, float]:
        """Ids of terms known by their text only. Of two that fall together (one pair in 262,144) the larger counts."""
        found: dict[int, float] = {}
        for word, weight in weights.items():
            number = self._first + _hash(word) % STRETCH
            found[number] = max(weight, found.get(number, 0.0))
        return found


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
