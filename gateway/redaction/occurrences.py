"""Where a known value stands in a text: the rule that covering (before sending) and the egress look share.

A value is *strong* when it is long enough to mean itself anywhere: eight letters or digits and not a single word, or
several words of six. It is found in any case, inside longer text too. Other values (a surname, a short number) are
*weak*: found as whole words in the same case. Values of fewer than three letters or digits prove nothing and are not
looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, quote_plus

STRONG: Final = 8
STRONG_WORDS: Final = 6
LEAST: Final = 3
_BLANKS: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Needle:
    """One value to look for."""

    value: str = field(repr=False)
    strong: bool
    words: tuple[str, ...] = field(repr=False)
    """What must stand in a text for the value to stand there; in lower case when strong."""
    pattern: re.Pattern[str] = field(repr=False)
    """Finds it; over lower-case text when strong."""
    encoded: tuple[str, ...] = field(default=(), repr=False)
    """Percent-encoded spellings that differ from the value, in lower case."""

    def find(self, text: str, lowered: str) -> Iterator[tuple[int, int]]:
        """Spans in `text`; `lowered` is `lower(text)`."""
        where = lowered if self.strong else text
        if all(word in where for word in self.words):
            for match in self.pattern.finditer(where):
                yield match.span()
        if "%" in text or "+" in text:
            for spelling in self.encoded:
                at = lowered.find(spelling)
                while at >= 0:
                    yield at, at + len(spelling)
                    at = lowered.find(spelling, at + len(spelling))


def needle(value: str) -> Needle | None:
    """How to look for a value; None when it is too short to prove anything."""
    solid = sum(character.isalnum() for character in value)
    if solid < LEAST:
        return None
    words = tuple(_BLANKS.split(value.strip()))
    one_word = len(words) == 1
    long = solid >= (STRONG if one_word else STRONG_WORDS)
    strong = long and not (one_word and words[0].replace("-", "").isalpha())
    plain = lower(value)
    encoded = tuple({lower(quote(value)), lower(quote_plus(value)), lower(quote(value, safe=""))} - {plain})
    if not strong:
        body = r"\s+".join(re.escape(word) for word in words)
        return Needle(value, False, words, re.compile(rf"(?<![^\W_]){body}(?![^\W_])"), encoded)
    words = tuple(lower(word) for word in words)
    pattern = re.compile(r"\s+".join(re.escape(word) for word in words))
    return Needle(value, True, words, pattern, encoded)


def lower(text: str) -> str:
    """Lower case that keeps every offset (a few capitals of Turkish and Greek become two characters elsewhere)."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def standing(text: str, needles: Sequence[Needle]) -> Iterator[tuple[int, int, int]]:
    """(index of the needle, start, end) of every occurrence."""
    lowered = lower(text)
    for index, one in enumerate(needles):
        for start, end in one.find(text, lowered):
            yield index, start, end
