"""CoNLL's columns made into texts: words joined as they would have been written, tags made into spans.

Joining is a guess, and the same one for every detector: no blank before closing marks and `n't`, none after opening
ones, and quotation marks open and close in turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_ENDINGS: Final = "s re ve ll d m"
_CLOSING: Final = frozenset(
    (
        *".,;:!?%)]}»…\u2019\u201d",
        "...",
        "n't",
        "n\u2019t",
        *(mark + end for mark in "'\u2019" for end in _ENDINGS.split()),
    )
)
_OPENING: Final = frozenset("([{$£€#@«„¿¡\u201c\u2018")
_QUOTES: Final = frozenset({'"', "''", "``"})
_FRESH: Final = ("B-", "S-", "U-")

Sentence = tuple[str, list[tuple[int, int, str]]]


def sentences(text: str) -> Iterator[tuple[int, Sentence | None]]:
    """(number of its last line, sentence) for each sentence; None instead of one where a line has no tag."""
    pairs: list[tuple[str, str]] = []
    number = 0
    for number, line in enumerate(text.split("\n"), 1):
        parts = line.rstrip("\r").split("\t") if "\t" in line else line.split()
        if not line.strip() or parts[0] == "-DOCSTART-":
            if pairs:
                yield number, joined(pairs)
                pairs = []
        elif len(parts) < 2:
            yield number, None
            return
        elif parts[0].strip():
            pairs.append((parts[0].strip(), parts[-1].strip()))
    if pairs:
        yield number, joined(pairs)


def joined(pairs: list[tuple[str, str]]) -> Sentence:
    """One sentence of (word, tag): its text, and (start, end, label) of each run of tags. Reads IO, BIO and BIOES."""
    text = ""
    spans: list[tuple[int, int, str]] = []
    tight = quoted = False
    last = "O"
    for word, tag in pairs:
        quote = word in _QUOTES
        if text and not tight and word not in _CLOSING and not (quote and quoted):
            text += " "
        start = len(text)
        text += word
        if tag != "O":
            label = tag[2:] if tag[1:2] == "-" else tag
            before = spans[-1] if spans and last != "O" and spans[-1][2] == label else None
            if before and (not tag.startswith(_FRESH) or _only_marks(text[before[0] : start])):
                start = spans.pop()[0]
            spans.append((start, len(text), label))
        last = tag
        tight = word in _OPENING or (quote and not quoted)
        quoted ^= quote
    return text, spans


def _only_marks(text: str) -> bool:
    """Whether a span so far is no more than an `@` or `#` that belongs to the word after it."""
    return not any(map(str.isalnum, text)) and not text.endswith(" ")
