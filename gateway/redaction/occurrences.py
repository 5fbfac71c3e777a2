"""Where a known value stands in a text: the rule that covering (before sending) and the egress look share.

A value is *strong* when it is long enough to mean itself anywhere: eight letters or digits and not a single word, or
several words of six. It is found in any case, inside longer text too. Other values (a surname, a short number) are
*weak*: found as whole words in the same case. Values of fewer than three letters or digits prove nothing and are not
looked for. Nor is a single common word that is also a name (Will, Mark): it is replaced where it was found, not
elsewhere.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, quote_plus

from gateway.redaction.normalise import Folded
from gateway.redaction.people_words import COMMON
from gateway.redaction.views import other_views

STRONG: Final = 8
STRONG_WORDS: Final = 6
LEAST: Final = 3
FEW: Final = 16
"""Values looked for one by one."""
_GRAM: Final = 6
_BLANKS: Final = re.compile(r"\s+")
_TURNED: Final = re.compile(r"[^\W\d_]+(?:[ '\u2019-][^\W\d_]+){0,2},\s(?:[^\W\d_]+[.'\u2019-]?\s?){1,3}\Z")
"""`Roe, Jane`: in another case or inside longer words it is the end of one name and the beginning of the next."""
_LONG_BLANKS: Final = re.compile(r"\s{2,}")
_CODED: Final = re.compile(r"%[0-9A-Fa-f]{2}|[\w.~-]\+")
"""In percent-encoded text: what is written in code, or a blank behind what need not be."""
_BEGINS: Final = re.compile(r"(?<![^\W_])\S")
"""Where a value may begin that stands alone: behind no letter and no digit."""


@dataclass(frozen=True, slots=True)
class Needle:
    """One value to look for."""

    value: str = field(repr=False)
    strong: bool
    words: tuple[str, ...] = field(repr=False)
    """What must stand in a text for the value to stand there; in lower case when strong."""

    def find(self, text: str, lowered: str) -> Iterator[tuple[int, int]]:
        """Spans in `text`, as it is written there; `lowered` is `lower(text)`."""
        where = lowered if self.strong else text
        if self.strong and len(self.words) == 1:
            return _everywhere(self.words[0], where)
        return _rows(self.words, where, alone=not self.strong)

    def encoded(self) -> set[str]:
        """Percent-encoded spellings that differ from the value, in lower case."""
        value = self.value
        return {lower(quote(value)), lower(quote_plus(value)), lower(quote(value, safe=""))} - {lower(value)}


def needle(value: str) -> Needle | None:
    """How to look for a value; None when it proves nothing: too short, or a common word."""
    solid = sum(map(str.isalnum, value))
    if solid < LEAST or value.casefold() in COMMON:
        return None
    words = tuple(value.split())
    one_word = len(words) == 1
    long = solid >= (STRONG if one_word else STRONG_WORDS)
    strong = long and not (one_word and words[0].replace("-", "").isalpha()) and not _TURNED.match(value)
    return Needle(value, strong, tuple(map(lower, words)) if strong else words)


def _rows(words: Sequence[str], text: str, *, alone: bool) -> Iterator[tuple[int, int]]:
    """Where the words stand in a row with blanks between; `alone`: with no letter or digit before or behind."""
    first, *rest = words
    begin = text.find(first)
    while begin >= 0:
        end = begin + len(first)
        for word in rest:
            at = end
            while text[at : at + 1].isspace():
                at += 1
            if at == end or not text.startswith(word, at):
                break
            end = at + len(word)
        else:
            if not (alone and (text[begin - 1 : begin].isalnum() or text[end : end + 1].isalnum())):
                yield begin, end
                begin = text.find(first, end)
                continue
        begin = text.find(first, begin + 1)


def _everywhere(needle: str, text: str) -> Iterator[tuple[int, int]]:
    at = text.find(needle)
    while at >= 0:
        yield at, at + len(needle)
        at = text.find(needle, at + len(needle))


def lower(text: str) -> str:
    """Lower case that keeps every offset (a few capitals of Turkish and Greek become two characters elsewhere)."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


class Needles:
    """Many values to look for, made once for all the texts they are looked for in.

    Few are looked for one by one. Of many it is looked up at each place of a text whether one begins there, so that the
    cost grows with the text and not with the text times the values.
    """

    def __init__(self, needles: Iterable[Needle], few: int = FEW) -> None:
        """`few`: up to how many are looked for one by one."""
        self.all = tuple(needles)
        self._few = few
        self._trimmed = all(one.value == one.value.strip() for one in self.all)
        self._encoded: list[set[str]] | None = None
        self._tables: tuple[_Table, _Table] | None = None
        self._coded: _Table | None = None

    def __len__(self) -> int:
        return len(self.all)

    def __bool__(self) -> bool:
        return bool(self.all)

    def find(self, text: str) -> Iterator[tuple[int, int, int]]:
        """(index of the needle, start, end) of every occurrence in one text as it is."""
        if len(self.all) <= self._few:
            lowered = lower(text)
            for index, one in enumerate(self.all):
                for start, end in one.find(text, lowered):
                    yield index, start, end
            if self._may_be_encoded(text):
                for index, spellings in enumerate(self._spelled()):
                    for spelling in spellings:
                        for start, end in _everywhere(spelling, lowered):
                            yield index, start, end
            return
        strong, weak = self._made()
        plain = _OneLine(text)
        lowered = lower(plain.text)
        for index, start, end in strong.find(lowered):
            yield index, *plain.back(start, end)
        for index, start, end in weak.find(plain.text, words=True):
            yield index, *plain.back(start, end)
        if self._may_be_encoded(text):
            for index, start, end in self._in_code().find(lowered):
                yield index, *plain.back(start, end)

    def _may_be_encoded(self, text: str) -> bool:
        """Whether a percent-encoded value could stand there; in such a one no plus sign comes first."""
        if "%" not in text and "+" not in text:
            return False
        return (not self._trimmed and "+" in text) or _CODED.search(text) is not None

    def _spelled(self) -> list[set[str]]:
        if self._encoded is None:
            self._encoded = [one.encoded() for one in self.all]
        return self._encoded

    def _in_code(self) -> _Table:
        if self._coded is None:
            spelled = enumerate(self._spelled())
            self._coded = _Table((spelling, index) for index, spellings in spelled for spelling in spellings)
        return self._coded

    def _made(self) -> tuple[_Table, _Table]:
        if self._tables is None:
            numbered = list(enumerate(self.all))
            self._tables = (
                _Table((" ".join(one.words), index) for index, one in numbered if one.strong),
                _Table((" ".join(one.words), index) for index, one in numbered if not one.strong),
            )
        return self._tables


class _Table:
    """Texts by their first characters."""

    def __init__(self, texts: Iterable[tuple[str, int]]) -> None:
        self._indices: dict[str, list[int]] = {}
        lengths: dict[str, set[int]] = {}
        for text, index in texts:
            self._indices.setdefault(text, []).append(index)
            lengths.setdefault(text[:_GRAM], set()).add(len(text))
        self._lengths = {gram: sorted(known) for gram, known in lengths.items()}
        self._grams = sorted({len(gram) for gram in lengths})
        self._head = self._grams[0] if lengths else 0
        self._heads = frozenset(gram[: self._head] for gram in lengths)

    def find(self, text: str, *, words: bool = False) -> Iterator[tuple[int, int, int]]:
        """(index, start, end), whole `words` only if asked; of what overlaps itself the first."""
        ends: dict[int, int] = {}
        lengths, indices = self._lengths, self._indices
        for start in self._starts(text, words=words):
            for size in self._grams:
                for length in lengths.get(text[start : start + size], ()):
                    end = start + length
                    known = indices.get(text[start:end])
                    if known is None or (words and text[end : end + 1].isalnum()):
                        continue
                    for index in known:
                        if ends.get(index, 0) <= start:
                            ends[index] = end
                            yield index, start, end

    def _starts(self, text: str, *, words: bool) -> list[int]:
        """Where one of the texts may begin: every character of a text passes here."""
        head, heads = self._head, self._heads
        if not heads:
            return []
        if words:
            return [at for match in _BEGINS.finditer(text) if text[(at := match.start()) : at + head] in heads]
        return [at for at in range(len(text) - head + 1) if text[at : at + head] in heads]


class _OneLine:
    """A text with every run of blanks made one blank."""

    def __init__(self, text: str) -> None:
        self.text = _BLANKS.sub(" ", text)
        self._points: list[int] = []
        self._shifts: list[int] = []
        if len(self.text) != len(text):
            shift = 0
            for match in _LONG_BLANKS.finditer(text):
                shift += match.end() - match.start() - 1
                self._points.append(match.end() - shift)
                self._shifts.append(shift)

    def back(self, start: int, end: int) -> tuple[int, int]:
        """A stretch that neither begins nor ends with a blank, in offsets of the original."""
        return start + self._shift(start), end - 1 + self._shift(end - 1) + 1

    def _shift(self, at: int) -> int:
        before = bisect_right(self._points, at)
        return self._shifts[before - 1] if before else 0


def standing(
    text: str, needles: Needles | Sequence[Needle], readings: Iterable[Folded] | None = None
) -> Iterator[tuple[int, int, int]]:
    """(index of the needle, start, end) of every occurrence, in the text as it is, as it is seen, and decoded.

    `readings`: `other_views(text)`, where they are known already.
    """
    known = needles if isinstance(needles, Needles) else Needles(needles)
    found = dict.fromkeys(known.find(text))
    for view in other_views(text) if readings is None else readings:
        found.update(((index, *view.back(start, end)), None) for index, start, end in known.find(view.text))
    yield from found
