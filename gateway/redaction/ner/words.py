"""A text as the name model reads it: words and marks, each with its shape, its pieces and what is known of it. Pure."""

from __future__ import annotations

import importlib
import re
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints: TypeAlias = NDArray[np.int32]

WORD: Final = re.compile(r"[^\W\d_]+(?:[\u0300-\u036f]+[^\W\d_]*)*|\d+|[^\w\s]|_")
"""Letters, digits, or one mark."""
MARKS: Final = ".,-'\"():;/@&#_[]<>|=+*!?{}\\%$\u2019\u201c\u201d\u2013\u2014\u2022`~^\u20ac\u00a3\u00a7\u00b0"
"""Marks that have a shape of their own; every other one shares the last."""

LOWER, LETTER, TITLE, UPPER, MIXED, CASELESS = range(6)
_DIGITS: Final = 6
_LONGEST_NUMBER: Final = 6
_MARK: Final = _DIGITS + _LONGEST_NUMBER
_OTHER: Final = _MARK + len(MARKS)
SHAPES: Final = _OTHER + 1
CONTINUED: Final = SHAPES
"""Added to the shape of a word for its second and later pieces."""

GLUED, SPACED, LINE, BLANK_LINE, CELL = range(5)
GAPS: Final = 5

FLAGS: Final = ("first", "last", "place", "country", "org", "job", "common", "nrp")
"""What a word can be known as, lowest bit first."""

_UNKNOWN: Final = "[UNK]"
_LONGEST_WORD: Final = 60
_CACHE: Final = 50_000


@dataclass(frozen=True, slots=True)
class Read:
    """A text ready for the model: one row for each piece, and where the words are."""

    pieces: Ints
    shapes: Ints
    known: Ints
    gaps: Ints
    firsts: Ints
    """For each word, the row of its first piece."""
    starts: Sequence[int]
    """For each word, its first code point."""
    ends: Sequence[int]


@dataclass(slots=True)
class Reader:
    """Words into rows. Keeps the rows of words seen before; may be used from several threads at once."""

    vocabulary: dict[str, int] = field(repr=False)
    known: dict[int, int] = field(repr=False)
    """Hash of a folded word (`hashed`) -> flags."""
    _seen: dict[str, tuple[tuple[int, ...], tuple[int, ...], int]] = field(default_factory=dict, repr=False)

    def read(self, text: str) -> Read:
        """Every word of the text."""
        np: Any = importlib.import_module("numpy")
        pieces: list[int] = []
        shapes: list[int] = []
        known: list[int] = []
        gaps: list[int] = []
        firsts: list[int] = []
        starts: list[int] = []
        ends: list[int] = []
        seen = self._seen
        before = 0
        for match in WORD.finditer(text):
            word = match[0]
            rows = seen.get(word)
            if rows is None:
                rows = self._rows(word)
                if len(seen) >= _CACHE:
                    seen.clear()
                seen[word] = rows
            start, end = match.span()
            firsts.append(len(pieces))
            starts.append(start)
            ends.append(end)
            # One blank is what mostly stands between two words.
            gap = SPACED if start == before + 1 and text[before] == " " else _gap(text, before, start)
            word_pieces, word_shapes, flags = rows
            if len(word_pieces) == 1:
                pieces.append(word_pieces[0])
                shapes.append(word_shapes[0])
                known.append(flags)
                gaps.append(gap)
            else:
                more = len(word_pieces) - 1
                pieces += word_pieces
                shapes += word_shapes
                known += (flags,) * (more + 1)
                gaps += (gap, *(GLUED,) * more)
            before = end
        rows_of = [np.array(each, dtype=np.int32) for each in (pieces, shapes, known, gaps, firsts)]
        return Read(rows_of[0], rows_of[1], rows_of[2], rows_of[3], rows_of[4], starts, ends)

    def _rows(self, word: str) -> tuple[tuple[int, ...], tuple[int, ...], int]:
        folded = fold_word(word)
        pieces = split_pieces(folded, self.vocabulary)
        shape = shape_of(word)
        flags = self.known.get(hashed(folded), 0) if word[0].isalpha() else 0
        return pieces, (shape, *(shape + CONTINUED,) * (len(pieces) - 1)), flags


def _gap(text: str, before: int, start: int) -> int:
    if start == before:
        return GLUED if start else BLANK_LINE
    if start == before + 1:
        mark = text[before]
        return SPACED if mark == " " else LINE if mark in "\n\r" else CELL if mark == "\t" else SPACED
    between = text[before:start]
    lines = between.count("\n")
    return BLANK_LINE if lines > 1 else LINE if lines else CELL if "\t" in between else SPACED


def fold_word(word: str) -> str:
    """Lower case without accents: how the vocabulary and the lists of known words are written."""
    if word.isascii():
        return word.lower()
    return "".join(c for c in unicodedata.normalize("NFD", word.lower()) if unicodedata.category(c) != "Mn")


def hashed(folded: str) -> int:
    """The number under which a word is looked up in lists; words themselves are not kept."""
    return zlib.crc32(folded.encode("utf-8", "surrogatepass"))


def shape_of(word: str) -> int:
    """How a word is written."""
    first = word[0]
    if first.isdecimal() or first.isdigit():
        return _DIGITS + min(len(word), _LONGEST_NUMBER) - 1
    if not first.isalpha():
        at = MARKS.find(first)
        return _OTHER if at < 0 else _MARK + at
    if word.islower():
        return LOWER
    if word.isupper():
        return LETTER if len(word) == 1 else UPPER
    if first.isupper() and word[1:].islower():
        return TITLE
    return MIXED if any(c.isupper() for c in word) else CASELESS


def split_pieces(folded: str, vocabulary: dict[str, int]) -> tuple[int, ...]:
    """WordPiece: the longest known beginning, then the longest known continuation, and so on."""
    unknown = (vocabulary[_UNKNOWN],)
    if len(folded) > _LONGEST_WORD:
        return unknown
    out: list[int] = []
    at = 0
    while at < len(folded):
        end = len(folded)
        lead = "##" if at else ""
        while end > at and (found := vocabulary.get(lead + folded[at:end])) is None:
            end -= 1
        if end == at:
            return unknown
        out.append(found if found is not None else unknown[0])
        at = end
    return tuple(out) or unknown
