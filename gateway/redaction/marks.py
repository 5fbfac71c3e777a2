"""Which of many sets of marks stand in a text, told word by word: a word seen before costs one look-up. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.redaction.facts import LETTERS, Facts

_KEPT: Final = 20_000
"""Words whose marks are remembered."""
_LONGEST: Final = 40
"""Characters of the longest word that is remembered."""
_HEAD: Final = 2


@dataclass(frozen=True, slots=True)
class MarkSet:
    """Marks in small letters, of which one stands in every text that is worth a closer look."""

    anywhere: tuple[str, ...] = ()
    """Stretches of a text; those of letters and digits alone are looked for in its words."""
    words: frozenset[str] = frozenset()
    """Whole words, and those behind whose last letter a digit stands."""

    @property
    def across(self) -> tuple[str, ...]:
        """Those that are no part of one word: `Marks` does not see them."""
        return tuple(mark for mark in self.anywhere if not _in_a_word(mark))


class Marks:
    """Sets of marks by number. For several threads at once; keeps words of texts, never texts."""

    def __init__(self, sets: Sequence[MarkSet]) -> None:
        self._words: dict[str, int] = {}
        self._heads: dict[str, list[tuple[str, int]]] = {}
        self._seen: dict[str, int] = {}
        self._hidden = 0
        for number, marks in enumerate(sets):
            bit = 1 << number
            if marks.words:
                self._hidden |= bit
            for word in marks.words:
                self._words[word] = self._words.get(word, 0) | bit
            for mark in filter(_in_a_word, marks.anywhere):
                self._heads.setdefault(mark[:_HEAD], []).append((mark, bit))

    def of(self, facts: Facts) -> int:
        """The sets that have a mark in one of the text's words: bit n for the n-th.

        Where odd letters may hide a word, those that wait for whole words are among them.
        """
        found = self._hidden if facts.odd else 0
        seen = self._seen
        for word in facts.vocabulary:
            bits = seen.get(word)
            found |= self._learn(word) if bits is None else bits
        return found

    def _learn(self, word: str) -> int:
        bits = self._words.get(word, 0)
        if not word.isalpha():
            bits |= self._words.get(LETTERS.match(word)[0], 0)  # type: ignore[index]  # matches anything
        heads = self._heads
        for at in range(len(word) - 1):
            for mark, bit in heads.get(word[at : at + _HEAD], ()):
                if word.startswith(mark, at):
                    bits |= bit
        if len(self._seen) >= _KEPT:
            self._seen.clear()
        if len(word) <= _LONGEST:
            self._seen[word] = bits
        return bits


def _in_a_word(mark: str) -> bool:
    return len(mark) >= _HEAD and mark.isalnum()
