"""Overlapping findings made into spans that follow each other. Pure and deterministic."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from gateway.model import Span


def resolve(text: str, found: Iterable[Span], taken: Sequence[tuple[int, int]] = ()) -> list[Span]:
    """Spans in order, none overlapping another or a stretch of `taken` (sorted, disjoint).

    The longest wins, then the higher score, then the type's name, then the earlier. What remains of a loser outside
    the winners is personal data all the same and stays a span by itself.
    """
    ranked = sorted(set(found), key=lambda s: (s.start - s.end, -s.score, s.type, s.start))
    starts = [start for start, _ in taken]
    ends = [end for _, end in taken]
    won: list[Span] = []
    for span in ranked:
        for start, end in _free(span.start, span.end, starts, ends):
            left, right = (start, end) if (start, end) == (span.start, span.end) else _shrink(text, start, end)
            if left >= right:
                continue
            won.append(Span(left, right, span.type, span.score))
            at = bisect_left(starts, left)
            starts.insert(at, left)
            ends.insert(at, right)
    return sorted(won, key=lambda s: s.start)


def _free(start: int, end: int, starts: list[int], ends: list[int]) -> list[tuple[int, int]]:
    """The stretches of [start, end) that nothing occupies."""
    free = []
    at = bisect_left(ends, start + 1)
    while at < len(starts) and starts[at] < end:
        if start < starts[at]:
            free.append((start, starts[at]))
        start = ends[at]
        at += 1
    if start < end:
        free.append((start, end))
    return free


def _shrink(text: str, start: int, end: int) -> tuple[int, int]:
    """Without anything but letters and digits at its edges; empty when nothing is left."""
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    return start, end
