"""What is true of a text, worked out once for all who ask whether they could find anything in it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
LETTERS: Final = re.compile(r"[^\W\d_]*")
"""A word's letters before its first digit."""
_DIGIT: Final = re.compile(r"\d")
_DIGITS: Final = frozenset("0123456789")
_BLOCK: Final = 1 << 16
"""Characters whose words are listed at once."""
_NEVER: Final = 1 << 30
ODD_CASES: Final = frozenset("\u0130\u0131\u017f")
"""Letters that a pattern without case takes for `i` and `s`, though their small letters are others."""


class Facts:
    """A text, and necessary conditions for what may stand in it."""

    __slots__ = (
        "_beginnings",
        "_chunk",
        "chars",
        "digits",
        "longest_code",
        "longest_word",
        "lowered",
        "odd",
        "text",
        "vocabulary",
    )

    def __init__(self, text: str) -> None:
        self.text = text
        self.lowered = text.lower()
        """In small letters; longer than the text where a capital becomes two characters."""
        self.chars = frozenset(text)
        """Every character that stands in it."""
        self.vocabulary = frozenset(_words(self.lowered))
        """Its words in small letters: runs of letters and digits."""
        self.digits = _digits(text) if not _DIGITS.isdisjoint(self.chars) or not text.isascii() else 0
        """How many decimal digits it has, of any script."""
        self.longest_word = max(map(len, self.vocabulary), default=0) if len(self.lowered) == len(text) else _NEVER
        """Letters and digits of its longest run of them, at least."""
        self.longest_code = (
            max((len(word) for word in self.vocabulary if not (word.isalpha() or word.isdigit())), default=0)
            if self.longest_word < _NEVER
            else _NEVER
        )
        """The same of those that hold both letters and digits."""
        self.odd = not ODD_CASES.isdisjoint(self.chars)
        """Whether its small letters may tell less than a pattern without case sees."""
        self._chunk = -1
        self._beginnings: frozenset[str] | None = None

    @property
    def longest_chunk(self) -> int:
        """Characters of its longest stretch without blanks, at least."""
        if self._chunk < 0:
            self._chunk = max(map(len, self.text.split()), default=0) if len(self.text) <= _BLOCK else _NEVER
        return self._chunk

    @property
    def beginnings(self) -> frozenset[str]:
        """Its words, and the letters before the first digit of those that hold one."""
        if self._beginnings is None:
            self._beginnings = self.vocabulary | {
                LETTERS.match(word)[0]  # type: ignore[index]  # matches anything
                for word in (self.vocabulary if self.digits else ())
                if not word.isalpha()
            }
        return self._beginnings

    def has(self, characters: Iterable[str]) -> bool:
        """Whether one of these characters stands in it."""
        return not self.chars.isdisjoint(characters)

    def says(self, words: frozenset[str]) -> bool:
        """Whether one of these words (in small letters) stands in it as a word, or may do so in odd letters."""
        return self.odd or not words.isdisjoint(self.vocabulary)


def _digits(text: str) -> int:
    if text.isascii():
        return sum(map(text.count, _DIGITS))
    return sum(len(_DIGIT.findall(text, at, at + _BLOCK)) for at in range(0, len(text), _BLOCK))


def _words(text: str) -> Iterable[str]:
    if len(text) <= _BLOCK:
        return _WORD.findall(text)
    words: set[str] = set()
    at = 0
    while at < len(text):
        end = min(at + _BLOCK, len(text))
        while end < len(text) and text[end].isalnum():
            end += 1
        words.update(_WORD.findall(text, at, end))
        at = end
    return words


@dataclass(frozen=True, slots=True)
class Needs:
    """What stands in every text in which something is found, as far as it is cheap to tell."""

    digits: int = 0
    """So many decimal digits, at most four other characters between two of them."""
    word: int = 0
    """A run of so many letters and digits."""
    code: int = 0
    """The same, with both among them."""
    chunk: int = 0
    """So many characters without a blank."""
    signs: frozenset[str] = frozenset()
    """One of these characters."""

    def met(self, facts: Facts, digits: int) -> bool:
        """Whether a text has it all; `digits`: the most that stand so close together."""
        return (
            digits >= self.digits
            and facts.longest_word >= self.word
            and facts.longest_code >= self.code
            and (not self.signs or not facts.chars.isdisjoint(self.signs))
            and (not self.chunk or facts.longest_chunk >= self.chunk)
        )
