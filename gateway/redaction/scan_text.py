"""Looks for personal data in what a model writes, while it writes. Pure but for the detector it is given.

The text falls into words. A word without a digit or `@` leaves as soon as it is whole. Words that may be personal data,
and those between them, make a candidate; when it ends (a plain word, a line's end, `HELD` characters), the detector
looks at it with what stood before and the one word behind, and what it finds is shown as its type. Where a candidate
begins and ends depends on the text alone, so any cut of a stream gives the same as the whole. Nothing is taken back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Protocol

from gateway.model import Span

HELD: Final = 256
"""Characters after which a candidate is looked at though it has not ended."""
KEPT: Final = 64
"""Of those, the last so many stay: a value that is still being written."""
BEFORE: Final = 120
"""Characters in front of a candidate that the detector reads with it."""
WORD: Final = 1024
"""A word is never longer; the rest counts as the next one."""
LONG: Final = 20
"""Words of so many characters may be keys or encoded."""

_UNSPACED: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\ua000-\ua4cf\uac00-\ud7af\uf900-\ufaff"
"""Scripts written without blanks: each character ends a word and is none."""
_ITEM: Final = re.compile(
    rf"(?P<end>[\r\n\f\v\x1c-\x1e\x85\u2028\u2029{_UNSPACED}])|(?P<blank>\s)|(?P<word>[^\s{_UNSPACED}]{{1,{WORD}}})"
)
_DATA: Final = re.compile(rf"[\d@\uff20]|.{{{LONG}}}")
_DIGIT: Final = re.compile(r"\d")
_MARKS: Final = re.compile(r"[^\w@]+")
_SHORT_CAPITALS: Final = re.compile(r"[^\w@]*[A-Z]{1,4}[^\w@]*")
_INNER: Final = re.compile(r"[^a-z@].{0,11}|(?:d[eou]|del|di|of|ext\.?|x|nr\.?|no\.?)")
"""What may stand between two parts of one value: `12 March 1984`, `GB29 NWBK 6016`."""
_IDENTIFIER: Final = 5
_SMALL: Final = re.compile(r"[a-z]")
_ORDINAL: Final = re.compile(r"\W*\d{1,2}(?:st|nd|rd|th|er|ter)\W*")
_LINKS: Final = 2
_MIXED: Final = re.compile(r"[^\W\d]\d|\d[^\W\d]")
"""A word of letters and digits."""
_FEW: Final = 4


class Rule(Protocol):
    """What is masked."""

    words: bool
    """Runs of capitalised words are candidates too."""

    def few(self, text: str, start: int) -> bool:
        """Whether a candidate of no more than a few digits, `text[start:]`, is to be looked at."""

    def find(self, text: str, start: int) -> list[Span]:
        """What is to be masked in `text[start:]`, cut to it, in order."""

    def count(self, kind: str) -> None:
        """One more value masked."""


class TextScan:
    """One text of an answer."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._reset()

    def _reset(self) -> None:
        self._text = ""
        self._units: list[str] = []
        """As the characters are written in JSON source; empty for plain text."""
        self._out = 0
        """What stands before has been handed out."""
        self._at = 0
        """What stands before has been read into items."""
        self._data = False
        self._links = 0

    def feed(self, text: str) -> str:
        """The next piece in, what is certain out."""
        self._text += text
        return self._read(final=False)

    def feed_units(self, units: list[str], text: str) -> str:
        """The same for JSON source: `text` decoded, `units` what each of its characters is written as."""
        self._units += units
        return self.feed(text)

    def end(self) -> str:
        """What was kept back, now that a text is over; the next one is read with it in front."""
        return self._read(final=True)

    def flush(self) -> str:
        """What was kept back; fed again afterwards, it is a new text."""
        rest = self._read(final=True)
        self._reset()
        return rest

    def aside(self, text: str, *, units: bool) -> None:
        """Something to be read before what comes, and not to be handed out."""
        self._text += text
        self._units += [""] * len(text) if units else []
        self._out = self._at = len(self._text)

    def _read(self, *, final: bool) -> str:
        out: list[str] = []
        text, size = self._text, len(self._text)
        while self._at < size:
            item = _ITEM.match(text, self._at)
            if item is None:  # pragma: no cover - every character is one of the three
                break
            start, end = item.span()
            if item.lastgroup == "word":
                if end == size and not final and end - start < WORD:
                    break
                self._at = end
                self._word(out, start, end)
            elif item.lastgroup == "blank":
                self._at = end
                if not self._open:
                    self._put(out, end)
            else:
                self._close(out, start, start)
                self._at = end
                self._put(out, end)
        if final:
            self._close(out, size, size)
            self._at = size
        self._forget()
        return "".join(out)

    @property
    def _open(self) -> bool:
        return self._data or self._links > 0

    def _word(self, out: list[str], start: int, end: int) -> None:
        word = self._text[start:end]
        if self._is_data(word):
            self._data, self._links = True, 0
            if not self._rule.words and self._is_alone(word):
                self._close(out, end, end)
        elif self._may_link(word):
            self._links += 1
        else:
            self._close(out, start, end)
            if self._out < end:
                self._data = False
                self._links = int(self._begins(word))
                if not self._links:
                    self._put(out, end)
        if self._open and end - self._out > HELD:
            self._relieve(out, end)

    def _is_data(self, word: str) -> bool:
        return _DATA.search(word) is not None or (self._rule.words and word.lstrip("\"'([{*_-")[:1].isupper())

    @staticmethod
    def _is_alone(word: str) -> bool:
        """An address, or an identifier with small letters: nothing behind a blank goes on with it."""
        if "@" in word or "\uff20" in word:
            return True
        return len(word) >= _IDENTIFIER and _SMALL.search(word) is not None and _ORDINAL.fullmatch(word) is None

    def _may_link(self, word: str) -> bool:
        if self._data:
            return self._links < _LINKS and _INNER.fullmatch(word) is not None
        return 0 < self._links < _LINKS and self._begins(word)

    @staticmethod
    def _begins(word: str) -> bool:
        return _SHORT_CAPITALS.fullmatch(word) is not None or _MARKS.fullmatch(word) is not None

    def _close(self, out: list[str], end: int, seen: int) -> None:
        """The candidate, if any, ends at `end`; the detector may read up to `seen`."""
        if self._open and self._out < end:
            done = end
            if self._worth_a_look(end, seen):
                spans = self._spans(seen)
                spans = [span for span in spans if span.start < end]
                done = max([end, *(span.end for span in spans)])
                self._mask(out, spans)
            self._put(out, done)
        self._data, self._links = False, 0

    def _worth_a_look(self, end: int, seen: int) -> bool:
        """A year or another short number alone is nobody's, unless a recognizer of the administrator's knows it."""
        if not self._data or self._rule.words:
            return self._data
        text, before = self._text[self._out : end], self._before()
        return (
            "@" in text
            or "\uff20" in text
            or len(_DIGIT.findall(text)) > _FEW
            or _MIXED.search(text) is not None
            or max(map(len, text.split())) >= LONG
            or self._rule.few(self._text[before:seen], self._out - before)
        )

    def _relieve(self, out: list[str], end: int) -> None:
        """A long candidate: look at it now, and keep only its end."""
        spans = self._spans(end) if self._data else []
        cut = max(self._out, end - KEPT)
        for span in spans:
            if span.start < cut < span.end or (span.start < cut and span.end == end):
                # A value on the cut stays whole in what is kept, unless there is nothing before it.
                cut = span.start if span.start > self._out else span.end
        self._mask(out, [span for span in spans if span.end <= cut])
        self._put(out, cut)
        if self._out >= end:
            self._data, self._links = False, 0

    def _before(self) -> int:
        """Where what the detector reads begins."""
        before = max(0, self._out - BEFORE)
        if before:
            blank = self._text.find(" ", before, self._out)
            before = self._out if blank < 0 else blank + 1
        return before

    def _spans(self, end: int) -> list[Span]:
        before = self._before()
        found = self._rule.find(self._text[before:end], self._out - before)
        return [Span(span.start + before, span.end + before, span.type, span.score) for span in found]

    def _mask(self, out: list[str], spans: Iterable[Span]) -> None:
        for span in spans:
            self._put(out, span.start)
            out.append(f"[{span.type}]")
            self._rule.count(span.type)
            self._out = span.end

    def _put(self, out: list[str], end: int) -> None:
        if end > self._out:
            out += self._units[self._out : end] if self._units else (self._text[self._out : end],)
            self._out = end

    def _forget(self) -> None:
        """Keep what the next candidate is read with, and no more: also after any other cut of the stream."""
        drop = self._out - BEFORE - 1
        if drop > BEFORE:
            self._text = self._text[drop:]
            self._units = self._units[drop:]
            self._out -= drop
            self._at -= drop
