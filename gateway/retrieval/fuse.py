"""Fusion of the two arms: each arm's scores stretched to 0..1 over the candidates, then a weighted sum."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.retrieval.embed import TOKEN

DENSE_WEIGHT = 0.5
NAMED_WEIGHT = 0.3
"""The same where a question holds redacted values: a vector knows their kind, words alone know which they are."""


def dense_weight(redacted: str) -> float:
    """The share of the dense arm for a question, as it is searched with."""
    return NAMED_WEIGHT if TOKEN.search(redacted) else DENSE_WEIGHT


def stretch(scores: Sequence[float]) -> list[float]:
    """Min-max: the lowest score becomes 0, the highest 1; all equal become 0 (they tell nothing apart)."""
    if not scores:
        return []
    low, high = min(scores), max(scores)
    if high <= low:
        return [0.0] * len(scores)
    return [(score - low) / (high - low) for score in scores]


def fuse(dense: Sequence[float], sparse: Sequence[float], weight: float = DENSE_WEIGHT) -> list[float]:
    """One score per candidate, 0..1. Both arms score every candidate; `weight` is the dense arm's share.

    When one arm tells nothing apart (no query word occurs anywhere), the other decides alone.
    """
    left, right = stretch(dense), stretch(sparse)
    if not any(right):
        return left
    if not any(left):
        return right
    return [weight * a + (1.0 - weight) * b for a, b in zip(left, right, strict=True)]
