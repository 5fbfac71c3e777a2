"""An embedder with a planted fault that a linear map can undo, and passages of invented words for it."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gateway.model import Zone
from gateway.retrieval.methods.base import unit

MEANING, IDLE = 8, 24
WORDS = [f"{first}a{second}elt" for first in "bdfgklmnprst" for second in "bdfgklmnpr"]


def passage(number: int) -> str:
    """Six of 120 words."""
    dice = random.Random(number)
    return " ".join(dice.sample(WORDS, 6)) + "."


class Planted:
    """Eight numbers are a text's words; 24 more depend on the text as a whole, `noise` times as large.

    meaning: False leaves nothing but the latter.
    """

    zone, endpoint, dimension = Zone.LOCAL, "", MEANING + IDLE

    def __init__(self, *, noise: float = 1.0, meaning: bool = True) -> None:
        self.id = f"planted/{noise}/{meaning}"
        self.asked = 0
        self._noise = noise
        self._meaning = meaning
        self._words = {word: np.random.default_rng(at).normal(size=MEANING) for at, word in enumerate(WORDS)}

    async def start(self) -> None: ...

    def close(self) -> None: ...

    async def embed_documents(self, texts: Sequence[str], ledger: object = None) -> NDArray[np.float32]:
        self.asked += len(texts)
        return unit([self._row(text) for text in texts], len(texts), self.dimension, "the planted embedder")

    async def embed_query(self, text: str, ledger: object = None) -> NDArray[np.float32]:
        row: NDArray[np.float32] = (await self.embed_documents([text]))[0]
        return row

    def _row(self, text: str) -> NDArray[np.float64]:
        words = [word for word in text.rstrip(".\n").split() if word in self._words] if self._meaning else []
        said = np.sum([self._words[word] for word in words], axis=0) if words else np.zeros(MEANING)
        length = float(np.linalg.norm(said)) or 1.0
        seed = int.from_bytes(hashlib.sha256(text.strip().encode()).digest()[:8])
        idle = np.random.default_rng(seed).normal(size=IDLE)
        found: NDArray[np.float64] = np.concatenate([said / length, self._noise * idle / np.linalg.norm(idle)])
        return found
