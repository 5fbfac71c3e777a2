"""Two kinds of sameness: texts that look alike to a reader (`fold`), and values that mean the same (`canonical`)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

# Invisible: zero-width characters, soft hyphen, bidirectional marks and overrides, variation selectors, tags.
_INVISIBLE: Final = (
    "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff"
    "\U000e0000-\U000e007f\U000e0100-\U000e01ef"
)
_SPACES: Final = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_DASHES: Final = "\u2010-\u2015\u2212\ufe58\ufe63\uff0d"
_GONE: Final = re.compile(f"[{_INVISIBLE}]")
_SPACE: Final = re.compile(f"[{_SPACES}]")
_DASH: Final = re.compile(f"[{_DASHES}]")

_BLANKS: Final = re.compile(r"\s+")
_NOT_WORD: Final = re.compile(r"[\W_]+")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_DIGITS_ONLY: Final = frozenset({"PHONE_NUMBER"})
_PACKED: Final = ("CREDIT_CARD", "IBAN_CODE", "MAC_ADDRESS", "US_", "UK_", "DE_")
_PARTICLES: Final = frozenset(
    ("von", "van", "de", "der", "den", "da", "di", "la", "le", "bin", "ibn", "al", "el", "ter", "zu", "dos", "del")
)


@dataclass(frozen=True, slots=True)
class Folded:
    """A text as a reader sees it. Its i-th character stands for `[starts[i], ends[i])` of the original.

    `starts` None: unchanged; `ends` None: each character stands for one.
    """

    text: str
    starts: tuple[int, ...] | None = None
    ends: tuple[int, ...] | None = None

    def back(self, start: int, end: int) -> tuple[int, int]:
        """A span of this text as a span of the original; what is invisible inside it belongs to it."""
        if self.starts is None or start >= end:
            return start, end
        return self.starts[start], self.ends[end - 1] if self.ends is not None else self.starts[end - 1] + 1

    def through(self, inner: Folded) -> Folded:
        """`inner`, a reading of this text, as a reading of the original."""
        if inner.starts is None:
            return Folded(inner.text, self.starts, self.ends)
        spans = [self.back(*inner.back(i, i + 1)) for i in range(len(inner.text))]
        return Folded(inner.text, tuple(start for start, _ in spans), tuple(end for _, end in spans))


def fold(text: str) -> Folded:
    """Without what nobody sees; spaces, dashes, digits of any script and letters in fancy dress written plainly."""
    if text.isascii():
        return Folded(text)
    plain = {character: _plain(character) for character in set(text) if character > "\x7f"}
    if all(character == new for character, new in plain.items()):
        return Folded(text)
    kept: list[str] = []
    starts: list[int] = []
    for offset, character in enumerate(text):
        if new := plain.get(character, character):
            starts.append(offset)
            kept.append(new)
    return Folded("".join(kept), tuple(starts))


def canonical(type_: str, value: str) -> str:
    """One spelling for all that means the same value of this type; tokens are digests of it."""
    text = unicodedata.normalize("NFKC", fold(value).text).casefold()
    if type_ in _DIGITS_ONLY:
        return ("+" if text.lstrip("( ").startswith("+") else "") + "".join(c for c in text if c.isalnum())
    if type_.startswith(_PACKED):
        return _NOT_WORD.sub("", text)
    return _BLANKS.sub(" ", text).strip()


def name_parts(text: str) -> Iterator[str]:
    """The words of `text` that can be parts of a name: letters only, two or more, without accents or particles."""
    for match in _WORD.finditer(unicodedata.normalize("NFC", text)):
        word = "".join(c for c in unicodedata.normalize("NFKD", match[0].casefold()) if not unicodedata.combining(c))
        word = word.replace("\u2019", "'").removesuffix("'s")
        if word not in _PARTICLES and len(word) > 1:
            yield word


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """One character as a reader sees it; empty when nobody does."""
    if _GONE.match(character):
        return ""
    if _SPACE.match(character):
        return " "
    if _DASH.match(character):
        return "-"
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    compatible = unicodedata.normalize("NFKC", character)
    return compatible if len(compatible) == 1 and compatible.isascii() else character
