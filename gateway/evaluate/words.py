"""The words that the token figures count.

A text is cut as spaCy's English tokeniser cuts it, near enough: an e-mail address or a web address is one word, so is
a number with points or colons inside and an abbreviation with its point, and any other mark stands by itself. Marks
and function words are not counted where truth and finding disagree about them, because whether `of` belongs to a name
says nothing about privacy; the evaluator of presidio-research has the same rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from gateway.redaction.presidio import stop_words

_WORD: Final = re.compile(
    r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"
    r"|(?:https?://|www\.)\S*[\w/]"
    r"|(?<!\w)(?:[A-Za-z]\.)+(?!\w)|(?<!\w)(?:Mrs?|Ms|Dr|Prof|Jr|Sr|St|Ave|Inc|Ltd|Co|Corp)\.(?!\w)"
    r"|\w+(?:[.,:](?=\d)\w+|\.(?=[a-z])\w+)*"
    r"|[^\w\s]"
)
_SMALL: Final = (
    "street st de rue via and a the or do as of day days address country state city zip po apt unit corner box suite "
    "mr mrs miss year years y/o month months old morning noon afternoon night evening this first last week weeks "
    "weekend age ago inc ltd s"
)
"""Words that presidio-research passes over beside spaCy's stop words."""


def words(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of every word and mark of a text, in order."""
    for match in _WORD.finditer(text):
        yield match.span()


def is_small(word: str) -> bool:
    """Whether a word or mark is not counted where it is wrong."""
    return word.lower().rstrip(".") in _small() or not any(character.isalnum() for character in word)


@lru_cache(maxsize=1)
def _small() -> frozenset[str]:
    return stop_words() | frozenset(_SMALL.split())
