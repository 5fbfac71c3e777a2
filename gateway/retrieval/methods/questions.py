"""Questions a passage would answer, made of its own words: no model is needed. Pure.

They are keywords, as people type them: the heading, the passage's rarest words, and a sentence of which every other
word is left out. What redaction has put in place of a value is never one of the words.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from gateway.retrieval.embed import TOKEN

WORD: Final = re.compile(r"[^\W\d_]{3,}")
SENTENCE: Final = re.compile(r"[^.!?\n]{30,400}[.!?]?")
RAREST: Final = 5
FEWEST: Final = 3
"""Words that a question has at least."""


def frequencies(texts: Sequence[str]) -> Counter[str]:
    """Word -> passages that hold it."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update({word.lower() for word in WORD.findall(TOKEN.sub(" ", text))})
    return counts


def questions(heading: str, text: str, counts: Counter[str], passages: int, dice: random.Random) -> list[str]:
    """At most three questions, none twice, for a passage of an index in which words have these frequencies."""
    body = TOKEN.sub(" ", text)
    seen = dict.fromkeys(word.lower() for word in WORD.findall(body))
    # A word that stands nowhere else is a name or a slip: whoever asks does not know it.
    known = [word for word in seen if 1 < counts[word] <= max(2, passages // 4)]
    rarest = sorted(known, key=lambda word: (-math.log(passages / counts[word]), word))[:RAREST]
    made = [TOKEN.sub(" ", heading), " ".join(sorted(rarest, key=body.lower().find))]
    if sentences := SENTENCE.findall(body):
        words = WORD.findall(dice.choice(sentences))
        kept = sorted(dice.sample(range(len(words)), (len(words) + 1) // 2))
        made.append(" ".join(words[at] for at in kept))
    return [one for one in dict.fromkeys(" ".join(one.split()) for one in made) if len(WORD.findall(one)) >= FEWEST]
