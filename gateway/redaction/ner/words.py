"""A text as the name model reads it: words and marks, each with its shape, its pieces and what is known of it. Pure."""

from __future__ import annotations

import importlib
import re
import threading
import unicodedata
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints: TypeAlias = NDArray[np.int32]
    Floats: TypeAlias = NDArray[np.float32]

WORD: Final = re.compile(r"[^\W\d_]+(?:[\u0300-\u036f]+[^\W\d_]*)*|\d+|[^\w\s]|_")
"""Letters, digits, or one mark."""
_SPLIT: Final = re.compile(f"({WORD.pattern})").split
_SPLIT_ASCII: Final = re.compile(r"([A-Za-z]+|[0-9]+|[^A-Za-z0-9\t-\r\x1c-\x20])").split
"""What stands before the first word, the word, what stands before the second, and so on; last what follows."""
JOINT: Final = "\n"
"""Stands between two texts that are read together; no word is one."""
BETWEEN: Final = 4
"""Rows between two texts: as far as the widest convolution reaches."""
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
_GAPS: Final = {"": GLUED, " ": SPACED, "\n": LINE, "\r": LINE, "\n\n": BLANK_LINE, "\t": CELL}

FLAGS: Final = ("first", "last", "place", "country", "org", "job", "common", "nrp")
"""What a word can be known as, lowest bit first."""

_UNKNOWN: Final = "[UNK]"
_LONGEST_WORD: Final = 60
_CACHE: Final = 50_000
_FEW: Final = 1024


@dataclass(frozen=True, slots=True)
class Read:
    """Texts ready for the model: one row for each piece and `BETWEEN` rows where a text ends, and where the words are.

    The joint between two texts counts as a word, `JOINT`; so offsets are those of the texts joined by it.
    """

    pieces: Ints
    shapes: Ints
    known: Ints
    gaps: Ints
    within: Floats
    """1 for a row of a text, 0 between two."""
    firsts: Ints
    """For each word, the row of its first piece."""
    starts: Sequence[int]
    """For each word, its first code point."""
    ends: Sequence[int]


class Reader:
    """Words into rows. Keeps the rows of words seen before; may be used from several threads at once."""

    def __init__(self, vocabulary: Mapping[str, int], known: Mapping[int, int]) -> None:
        """`vocabulary`: word pieces and their numbers; `known`: hash of a folded word (`hashed`) -> flags."""
        self._vocabulary = vocabulary
        self._known = known
        self._seen = _Seen()

    def read(self, text: str) -> Read:
        """Every word of one text."""
        return self.read_all((text,))

    def read_all(self, texts: Sequence[str]) -> Read:
        """Every word of all texts, one text after the other."""
        np: Any = importlib.import_module("numpy")
        parts: list[str] = []
        begins = [0]
        for text in texts:
            if parts:
                parts.append(JOINT)
                begins.append((len(parts) + 1) // 2)
            parts += _SPLIT_ASCII(text) if text.isascii() else _SPLIT(text)
        words, between = parts[1::2], parts[:-1:2]
        numbers, seen = self._numbers(words)
        gaps = list(map(_GAPS.get, between))
        if None in gaps:
            gaps = [_gap(each) if gap is None else gap for each, gap in zip(between, gaps, strict=True)]
        for begin in begins:
            if begin < len(gaps) and gaps[begin] == GLUED:
                gaps[begin] = BLANK_LINE
        ends = list(accumulate(map(len, parts)))
        each = np.array(numbers, dtype=np.int64)
        at, counts = seen.at[each], seen.counts[each]
        after = counts.cumsum()
        firsts = after - counts
        rows = int(after[-1]) if len(after) else 0
        if rows == len(words):
            index, before = at, np.array(gaps, dtype=np.int32)
        else:
            index = (at - firsts).repeat(counts) + np.arange(rows)
            before = np.full(rows, GLUED, dtype=np.int32)
            before[firsts] = gaps
        pieces, shapes, known = seen.rows.take(index, axis=1)
        within = np.ones(rows, dtype=np.float32)
        if len(begins) > 1:
            within[index < BETWEEN] = 0
        return Read(pieces, shapes, known, before, within, firsts, ends[:-1:2], ends[1::2])

    def _numbers(self, words: Sequence[str]) -> tuple[list[int], _Seen]:
        """The numbers of words among those seen, and what holds their rows."""
        seen = self._seen
        if len(seen.numbers) >= _CACHE:
            seen = self._seen = _Seen()
        # The cache knows words by Python's keyed hash: it holds no text.
        hashes = list(map(hash, words))
        numbers = list(map(seen.numbers.get, hashes))
        if None in numbers:
            for index, number in enumerate(numbers):
                if number is None:
                    known = seen.numbers.get(hashes[index])
                    numbers[index] = seen.add(hashes[index], *self._rows(words[index])) if known is None else known
        return cast("list[int]", numbers), seen

    def _rows(self, word: str) -> tuple[Sequence[int], Sequence[int], int]:
        folded = fold_word(word)
        pieces = split_pieces(folded, self._vocabulary)
        shape = shape_of(word)
        flags = self._known.get(hashed(folded), 0) if word[0].isalpha() else 0
        return pieces, (shape, *(shape + CONTINUED,) * (len(pieces) - 1)), flags


class _Seen:
    """Rows of words seen before. Number 0 is the joint. Rows once written never change, so reading needs no lock."""

    def __init__(self) -> None:
        np: Any = importlib.import_module("numpy")
        self.numbers: dict[int, int] = {hash(JOINT): 0}
        """Hash of a word -> its number."""
        self.at: Any = np.zeros(_FEW, dtype=np.int64)
        """For each number, its first row."""
        self.counts: Any = np.zeros(_FEW, dtype=np.int64)
        self.rows: Any = np.zeros((3, _FEW), dtype=np.int32)
        """Pieces, shapes, flags."""
        self.counts[0] = self._used = BETWEEN
        self._lock = threading.Lock()

    def add(self, key: int, pieces: Sequence[int], shapes: Sequence[int], flags: int) -> int:
        """The number of a word, new or not."""
        np: Any = importlib.import_module("numpy")
        with self._lock:
            number = self.numbers.get(key)
            if number is not None:
                return number
            number, first, after = len(self.numbers), self._used, self._used + len(pieces)
            if number >= len(self.at):
                self.at, self.counts = (np.concatenate([each, np.zeros_like(each)]) for each in (self.at, self.counts))
            while after > self.rows.shape[1]:
                self.rows = np.concatenate([self.rows, np.zeros_like(self.rows)], axis=1)
            self.at[number], self.counts[number] = first, len(pieces)
            self.rows[0, first:after], self.rows[1, first:after], self.rows[2, first:after] = pieces, shapes, flags
            self._used = after
            # Last: who finds the number finds its rows.
            self.numbers[key] = number
            return number


def _gap(between: str) -> int:
    """What stands before a word, where it is not one of the usual."""
    if len(between) == 1:
        return SPACED
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


def split_pieces(folded: str, vocabulary: Mapping[str, int]) -> tuple[int, ...]:
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
