"""Two kinds of sameness: texts that look alike to a reader (`fold`), and values that mean the same (`canonical`)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

# Invisible: zero-width characters, soft hyphen, bidirectional marks and overrides, variation selectors.
_INVISIBLE: Final = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff"
_SPACES: Final = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_DASHES: Final = "\u2010-\u2015\u2212\ufe58\ufe63\uff0d"
_FULLWIDTH: Final = "\uff01-\uff5e"
_ODD: Final = re.compile(f"[{_INVISIBLE}{_SPACES}{_DASHES}{_FULLWIDTH}]")
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
    """A text as a reader sees it. `starts[i]` is the offset in the original of its i-th character; None: unchanged."""

    text: str
    starts: tuple[int, ...] | None = None

    def back(self, start: int, end: int) -> tuple[int, int]:
        """A span of this text as a span of the original; what is invisible inside it belongs to it."""
        if self.starts is None or start >= end:
            return start, end
        return self.starts[start], self.starts[end - 1] + 1


def fold(text: str) -> Folded:
    """Without what nobody sees, and spaces, dashes and full-width ASCII written plainly: what patterns look at."""
    if text.isascii() or not _ODD.search(text):
        return Folded(text)
    kept: list[str] = []
    starts: list[int] = []
    for offset, character in enumerate(text):
        if _GONE.match(character):
            continue
        starts.append(offset)
        kept.append(_plain(character))
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


def _plain(character: str) -> str:
    if character <= "\u00a0" and character != "\u00a0":
        return character
    if _SPACE.match(character):
        return " "
    if _DASH.match(character):
        return "-"
    if "\uff01" <= character <= "\uff5e":
        return chr(ord(character) - 0xFEE0)
    return character
