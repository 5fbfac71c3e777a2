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
from functools import lru_cache
from typing import Final
from urllib.parse import quote, quote_plus

from gateway.redaction.encodings import views

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
    encoded: tuple[str, ...] = field(default=(), repr=False)
    """Percent-encoded spellings that differ from the value, in lower case."""

    def find(self, text: str, lowered: str) -> Iterator[tuple[int, int]]:
        """Spans in `text`; `lowered` is `lower(text)`."""
        where = lowered if self.strong else text
        if all(word in where for word in self.words):
            if self.strong and len(self.words) == 1:
                yield from _everywhere(self.words[0], where)
            else:
                for match in _pattern(self.words, self.strong).finditer(where):
                    yield match.span()
        if "%" in text or "+" in text:
            for spelling in self.encoded:
                yield from _everywhere(spelling, lowered)


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
    return Needle(value, strong, tuple(map(lower, words)) if strong else words, encoded)


@lru_cache(maxsize=4096)
def _pattern(words: tuple[str, ...], strong: bool) -> re.Pattern[str]:
    """Finds the words in a row; made only when all of them stand in a text."""
    body = r"\s+".join(map(re.escape, words))
    return re.compile(body if strong else rf"(?<![^\W_]){body}(?![^\W_])")


def _everywhere(needle: str, text: str) -> Iterator[tuple[int, int]]:
    at = text.find(needle)
    while at >= 0:
        yield at, at + len(needle)
        at = text.find(needle, at + len(needle))


def lower(text: str) -> str:
    """Lower case that keeps every offset (a few capitals of Turkish and Greek become two characters elsewhere)."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def standing(text: str, needles: Sequence[Needle]) -> Iterator[tuple[int, int, int]]:
    """(index of the needle, start, end) of every occurrence, in the text as it is, as it is seen, and decoded."""
    found = dict.fromkeys(_standing(text, needles))
    for view in views(text):
        if view.starts is not None:
            found.update(((index, *view.back(start, end)), None) for index, start, end in _standing(view.text, needles))
    yield from found


def _standing(text: str, needles: Sequence[Needle]) -> Iterator[tuple[int, int, int]]:
    lowered = lower(text)
    for index, one in enumerate(needles):
        for start, end in one.find(text, lowered):
            yield index, start, end
