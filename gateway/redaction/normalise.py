"""Two kinds of sameness: texts that look alike to a reader (`fold`), and values that mean the same (`canonical`)."""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from gateway.redaction.confusables import LOOKALIKES, latinised
from gateway.redaction.facts import Facts
from gateway.redaction.packs import PACKS
from gateway.redaction.spelled import spelled_address, spelled_number

# Invisible: controls, zero-width characters, soft hyphen, fillers, bidirectional marks and overrides, variation
# selectors, tags.
_INVISIBLE: Final = (
    "\x01-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u2064\u2066-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a"
    "\U000e0000-\U000e007f\U000e0100-\U000e01ef"
)
_SPACES: Final = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000"
_DASHES: Final = "\u02d7\u058a\u05be\u1806\u2010-\u2015\u2043\u2212\u2796\u2e3a\u2e3b\ufe58\ufe63\uff0d"
_OTHERS: Final = {"\u2044": "/", "\u2215": "/", "\u2236": ":", "\ua789": ":", "\uff3f": "_"}
_GONE: Final = re.compile(f"[{_INVISIBLE}]")
_SPACE: Final = re.compile(f"[{_SPACES}]")
_DASH: Final = re.compile(f"[{_DASHES}]")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")
_MARKS: Final = "\u0300-\u034e\u0350-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_MARKED: Final = re.compile(f"[^{_MARKS}{_INVISIBLE}][{_INVISIBLE}]?[{_MARKS}][{_MARKS}{_INVISIBLE}]*")
# One alone on its line divides texts that were joined, and stays.
_NOUGHT: Final = re.compile("(?<!\n)\x00|\x00(?!\n)")
_STOP: Final = re.compile(r"(?<=[^\W_])[\u3002\uff61](?=[A-Za-z0-9])")

# Letters in parentheses, in dark circles and squares, and those that flags are made of: first of 26, and its letter.
_RINGS: Final = (
    (0x249C, ord("a")),
    (0x1F110, ord("A")),
    (0x1F150, ord("A")),
    (0x1F170, ord("A")),
    (0x1F1E6, ord("A")),
)
_BLANKS: Final = re.compile(r"\s+")
_NOT_WORD: Final = re.compile(r"[\W_]+")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_DIGITS_ONLY: Final = frozenset({"PHONE_NUMBER"})
_SPELLED: Final = frozenset({"PHONE_NUMBER", "CREDIT_CARD", "US_SSN", "UK_NHS"})
_PACKED: Final = frozenset(("CREDIT_CARD", "IBAN_CODE", "MAC_ADDRESS", *(entity.type for entity in PACKS)))
"""Types whose values mean the same however they are grouped: every country's numbers among them."""
_PARTICLES: Final = frozenset(
    ("von", "van", "de", "der", "den", "da", "di", "la", "le", "bin", "ibn", "al", "el", "ter", "zu", "dos", "del")
)


@dataclass(frozen=True, slots=True)
class Folded:
    """A text as somebody may read it. Its i-th character stands for `[starts[i], ends[i])` of the original.

    `starts` None: unchanged; `ends` None: each character stands for one.
    """

    text: str
    starts: Sequence[int] | None = None
    ends: Sequence[int] | None = None
    hot: tuple[tuple[int, int], ...] | None = None
    """What differs from the text read before, as sorted spans of this one; None: everything counts."""
    loose: bool = False
    """A reading that ordinary text may have by chance: what is found in it must be sure of itself."""
    facts: Facts | None = field(default=None, repr=False, compare=False)
    """What is known of this text, where somebody has asked already."""

    def back(self, start: int, end: int) -> tuple[int, int]:
        """A span of this text as a span of the original; what is invisible inside it belongs to it."""
        if self.starts is None or start >= end:
            return start, end
        if self.ends is None:
            return self.starts[start], self.starts[end - 1] + 1
        return min(self.starts[start:end]), max(self.ends[start:end])

    def through(self, inner: Folded) -> Folded:
        """`inner`, a reading of this text, as a reading of the original."""
        if self.starts is None:
            return inner
        if inner.starts is None:
            return Folded(inner.text, self.starts, self.ends, inner.hot, inner.loose)
        spans = [self.back(*inner.back(i, i + 1)) for i in range(len(inner.text))]
        starts, ends = tuple(start for start, _ in spans), tuple(end for _, end in spans)
        return Folded(inner.text, starts, ends, inner.hot, inner.loose)

    def touched(self, start: int, end: int) -> bool:
        """Whether a span of this text holds something that differs from the text read before."""
        if self.hot is None:
            return True
        at = bisect_left(self.hot, (start, -1))
        return (at < len(self.hot) and self.hot[at][0] < end) or (at > 0 and self.hot[at - 1][1] > start)

    def alone(self, start: int, end: int) -> bool:
        """Whether what the span stands for stands for nothing else besides."""
        left, right = self.back(start, end)
        if start > 0 and self.back(start - 1, start)[1] > left:
            return False
        return end >= len(self.text) or self.back(end, end + 1)[0] >= right


def fold(text: str) -> Folded:
    """Without what nobody sees; spaces, dashes, digits of any script and letters in fancy dress written plainly.

    Strokes and stacks of marks over Latin letters and digits go, other accents become one character with their letter;
    letters of another alphabet in a Latin word become Latin.
    """
    if text.isascii() and _CONTROL.search(text) is None:
        return Folded(text)
    strange = set(text) - _ordinary()
    if not strange:
        return Folded(text)
    odd = {character: _plain(character) for character in strange}
    changed = {character: new for character, new in odd.items() if new != character}
    places = _in_place(text, odd)
    gone: dict[int, int] = {}
    if any(unicodedata.combining(character) or character in "\u20dd\u20e0\u20e3" for character in odd):
        _unmark(text, places, gone)
    if not changed and not places and not gone:
        return Folded(text)
    if not gone and "" not in places.values() and all(len(new) == 1 for new in changed.values()):
        plain = text
        for character, new in changed.items():
            plain = plain.replace(character, new)
        if places:
            characters = list(plain)
            for at, new in places.items():
                characters[at] = new
            plain = "".join(characters)
        return Folded(plain, range(len(text)))
    if changed:
        these = re.compile("[" + "".join(map(re.escape, changed)) + "]")
        for match in these.finditer(text):
            places.setdefault(match.start(), changed[match[0]])
    return _with(text, places, gone)


def _with(text: str, places: Mapping[int, str], gone: Mapping[int, int]) -> Folded:
    """The text with other characters in some places, each standing for what is there up to where `gone` says."""
    kept: list[str] = []
    starts, ends = array("I"), array("I")
    at = 0
    for place in sorted(places):
        if place < at:
            continue
        kept += (text[at:place], places[place])
        starts.extend(range(at, place))
        ends.extend(range(at + 1, place + 1))
        at = gone.get(place, place + 1)
        for _ in places[place]:
            starts.append(place)
            ends.append(at)
    kept.append(text[at:])
    starts.extend(range(at, len(text)))
    ends.extend(range(at + 1, len(text) + 1))
    return Folded("".join(kept), starts, ends)


def _in_place(text: str, odd: Mapping[str, str]) -> dict[int, str]:
    """Offsets of characters that their neighbours give another meaning, with this."""
    places: dict[int, str] = dict(latinised(text)) if not LOOKALIKES.keys().isdisjoint(odd) else {}
    if "\u3002" in odd or "\uff61" in odd:
        places.update((match.start(), ".") for match in _STOP.finditer(text))
    if "\x00" in text:
        places.update((match.start(), "") for match in _NOUGHT.finditer(text))
    return places


def _unmark(text: str, places: dict[int, str], gone: dict[int, int]) -> None:
    """Notes for each character that carries marks what it is without them, and where they end."""
    for match in _MARKED.finditer(text):
        at, base = match.start(), match[0][0]
        whole = unicodedata.normalize("NFC", base + "".join(c for c in match[0][1:] if not _GONE.match(c)))
        if len(whole) == 1:
            new = whole
        elif base.isascii() or base < "\u0250" or "\u1e00" <= base <= "\u1eff" or _plain(base).isascii():
            new = _plain(places.get(at, base))
        elif base in LOOKALIKES and all(unicodedata.combining(c) == 1 for c in whole[1:]):
            new = LOOKALIKES[base]
        else:
            continue
        places[at], gone[at] = new, match.end()


def canonical(type_: str, value: str) -> str:
    """One spelling for all that means the same value of this type; tokens are digests of it."""
    text = unicodedata.normalize("NFKC", fold(value).text).casefold()
    if type_ in _SPELLED and not any(character.isdigit() for character in text):
        text = spelled_number(text) or text
    if type_ == "EMAIL_ADDRESS" and "@" not in text:
        text = spelled_address(text) or text
    if type_ in _DIGITS_ONLY:
        return ("+" if text.lstrip("( ").startswith("+") else "") + "".join(c for c in text if c.isalnum())
    if type_ in _PACKED:
        return _NOT_WORD.sub("", text)
    return _BLANKS.sub(" ", text).strip()


def name_parts(text: str) -> Iterator[str]:
    """The words of `text` that can be parts of a name: letters only, two or more, without accents or particles."""
    for match in _WORD.finditer(unicodedata.normalize("NFC", text)):
        word = "".join(c for c in unicodedata.normalize("NFKD", match[0].casefold()) if not unicodedata.combining(c))
        word = word.replace("\u2019", "'").removesuffix("'s")
        if word not in _PARTICLES and len(word) > 1:
            yield word


@lru_cache(maxsize=1)
def _ordinary() -> frozenset[str]:
    """Printable ASCII, and letters and signs of the West that are what they look like wherever they stand."""
    plain = (chr(point) for point in range(0xA0, 0x250))
    return frozenset(map(chr, range(0x20, 0x7F))) | frozenset(
        c for c in plain if c not in LOOKALIKES and _plain(c) == c and not unicodedata.combining(c)
    )


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """One character as a reader sees it; empty when nobody does."""
    for pattern, new in ((_GONE, ""), (_SPACE, " "), (_DASH, "-")):
        if pattern.match(character):
            return new
    if character in _OTHERS:
        return _OTHERS[character]
    digit = unicodedata.digit(character, None)
    return str(digit) if digit is not None else _dressed(character)


def _dressed(character: str) -> str:
    """A letter in fancy dress as it is usually written; any other as it is."""
    point = ord(character)
    for first, last in _RINGS:
        if first <= point < first + 26:
            return chr(last + point - first)
    compatible = unicodedata.normalize("NFKC", character)
    # Of those that become several: ligatures, and numbers in rings and brackets.
    several = 0xFB00 <= point <= 0xFB06 or 0x2460 <= point <= 0x249B
    if several:
        compatible = compatible.strip("().")
    return compatible if compatible.isascii() and (len(compatible) == 1 or several) else character
