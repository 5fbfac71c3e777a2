"""Long rows of digits, cut into what can hold a telephone number: a table costs no more than its length. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

LONG: Final = 160
"""Characters of a row that is looked at as it is; no number is so long."""
_SMALL: Final = re.compile(r"(?:(?<!\d)\d{1,2}(?!\d)[^\d+]{1,4}){12,}")
"""Twelve groups or more of one or two digits: a table's, not a number's."""
_EDGE: Final = 12
"""Characters of such a stretch that stay with what stands beside it: `+1 4 15...`."""
_CLUSTER: Final = re.compile(r"\S+")
_WINDOW: Final = 30
_LEAST: Final = 7


def pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The stretches of the row `text[start:end]` to look for numbers in, in order, none overlapping.

    A short row is one piece. In a long one, stretches of small groups are passed over; what is then still long is
    looked at blank by blank: what has seven digits without a blank, and what begins as a number does (+, bracket, 0).
    """
    if end - start <= LONG:
        yield start, end
        return
    at = start
    for match in _SMALL.finditer(text, start, end):
        left = match.start() if match.start() == start else min(match.start() + _EDGE, match.end())
        right = match.end() if match.end() == end else max(match.end() - _EDGE, left)
        if left > at:
            yield from _clusters(text, at, left)
        at = max(at, right)
    if at < end:
        yield from _clusters(text, at, end)


def _clusters(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    if end - start <= LONG:
        yield start, end
        return
    at = start
    for match in _CLUSTER.finditer(text, start, end):
        if match.start() < at:
            continue
        if match[0][0] in "+(0":
            at = min(max(match.end(), match.start() + _WINDOW), end)
            while at < end and not text[at].isspace():
                at += 1
            yield match.start(), at
        elif sum(map(str.isdigit, match[0])) >= _LEAST:
            at = match.end()
            yield match.start(), at
