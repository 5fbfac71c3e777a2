"""One piece of text and what recognizers ask of it, each thing worked out once and only when asked for."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Final

from gateway.redaction.facts import Facts
from gateway.redaction.presidio import is_word, tokenise

Window = tuple[int, int]

COUNTED: Final = 5
"""A context word counts when at most so many others that count stand between it and a finding."""
_DIGIT: Final = re.compile(r"\d")
_DIGIT_RUN: Final = re.compile(r"\d(?:\D{0,4}\d)*")
_CHUNK: Final = re.compile(r"\S+")
_CODE: Final = re.compile(r"(?<![^\W_])(?=[^\W_]*\d)[^\W_]{9,}")
_FRACTIONS: Final = re.compile("[\u00b2\u00b3\u00b9\u00bc-\u00be\u0966-\u1fff\u2070-\u209f\u20d0-\U0010ffff]")
"""Numbers that are no digits are among these; `re` takes them for parts of words, and `regex` does not."""
_BESIDE: Final = 64
"""No pattern with digits begins or ends farther than this from the run of digits it holds."""


class Scene:
    """A text under scan. Offsets are code points of `text`."""

    def __init__(self, text: str, facts: Facts | None = None) -> None:
        self.text = text
        self.facts = facts or Facts(text)
        self.runs = [
            (match.start(), match.end(), len(_DIGIT.findall(match[0])))
            for match in (_DIGIT_RUN.finditer(text) if self.facts.digits else ())
        ]
        """Stretches of digits that at most four other characters interrupt at a time, and how many digits."""
        self.digits = max((count for _, _, count in self.runs), default=0)
        """No pattern with more digits than that can match: none has a longer gap between two of its digits."""
        self.lowered = self.facts.lowered
        self.vocabulary = self.facts.vocabulary
        """Its words in small letters."""
        self._around: dict[int, list[Window]] = {}
        self._near: dict[frozenset[str], list[Window]] = {}

    @cached_property
    def words(self) -> tuple[list[str], list[int]]:
        """Words and marks, and where each begins."""
        return tokenise(self.text)

    @cached_property
    def is_plain(self) -> bool:
        """Whether `re` and `regex` see words begin and end at the same places in it."""
        return is_plain(self.text)

    @cached_property
    def chunks(self) -> list[Window]:
        """Stretches without blanks."""
        return [match.span() for match in _CHUNK.finditer(self.text)]

    @cached_property
    def _counted(self) -> list[int]:
        """Indexes of the words that count as context."""
        return [index for index, word in enumerate(self.words[0]) if is_word(word)]

    @cached_property
    def codes(self) -> list[Window]:
        """Words of letters and digits that are long enough for an identifier, and hold a digit."""
        return [match.span() for match in _CODE.finditer(self.text)] if self.digits else []

    def around(self, least: int) -> list[Window]:
        """Where a pattern with `least` digits may match: about the runs that have so many."""
        if least not in self._around:
            end = len(self.text)
            self._around[least] = merged(
                (max(0, a - _BESIDE), min(end, b + _BESIDE)) for a, b, count in self.runs if count >= least
            )
        return self._around[least]

    def near(self, context: frozenset[str]) -> list[Window]:
        """Where a finding must begin for one of these words to count for it."""
        if context not in self._near:
            words, starts = self.words
            counted = self._counted
            windows = []
            for place, index in enumerate(counted):
                if words[index].lower() in context:
                    last = place + COUNTED + 1
                    windows.append((starts[index], starts[counted[last]] if last < len(counted) else len(self.text)))
            self._near[context] = merged(windows)
        return self._near[context]

    def chunks_where(self, holds: Callable[[str], bool]) -> list[Window]:
        """The stretches without blanks for which `holds` is true."""
        return [(a, b) for a, b in self.chunks if holds(self.text[a:b])]


def is_plain(text: str) -> bool:
    """Whether `re` and `regex` see words begin and end at the same places in a text."""
    return text.isascii() or _FRACTIONS.search(text) is None


def merged(windows: Iterable[Window]) -> list[Window]:
    """Windows in order, those that touch or overlap made one."""
    out: list[Window] = []
    for start, end in windows:
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


def inside(at: int, windows: list[Window]) -> bool:
    """Whether an offset lies in one of these windows (in order, none overlapping)."""
    index = bisect_left(windows, (at + 1, 0)) - 1
    return index >= 0 and at < windows[index][1]
