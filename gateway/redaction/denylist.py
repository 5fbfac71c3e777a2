"""Finding thousands of listed values in a text at a cost that grows with the text, not with the list.

Texts and values are read as words and single marks. A value stands where its words and marks follow each other with
blanks where it has blanks (however many, line ends too) and nowhere else. Case, accents and the shape of an apostrophe
do not matter, and a value with an umlaut is found in its plain spelling too (`Jörg` as `Joerg`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any, Final

from gateway.redaction.normalise import fold

# Scripts that put no blanks between words: each character is a word by itself.
_ALONE: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
)
_MARKS: Final = "\u0300-\u036f"
_ASCII: Final = re.compile(r"\w+|[^\w\s]")
_ANY: Final = re.compile(rf"[{_ALONE}]|[^\W{_ALONE}]+(?:[{_MARKS}]+[^\W{_ALONE}]*)*|[^\w\s]")
_PLAIN: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "\u0131": "i"}
    | {"\u2019": "'", "\u02bc": "'"}
)
_DIGRAPHS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_END: Final = ""
"""A node's key that says a value ends here."""

Piece = tuple[str, int, int]
Node = dict[str, Any]


class DenyList:
    """Literal values, looked for together."""

    def __init__(self, values: Iterable[str]) -> None:
        self._root: Node = {}
        for value in values:
            text = unicodedata.normalize("NFC", fold(value).text).lower()
            self._add(text)
            if (written_out := text.translate(_DIGRAPHS)) != text:
                self._add(written_out)
        self._firsts = frozenset(self._root)

    def _add(self, text: str) -> None:
        node = self._root
        last = None
        for piece, start, end in _pieces(text):
            blank = " " if last is not None and start > last else ""
            node = node.setdefault(blank + piece, {})
            last = end
        if last is not None:
            node[_END] = {}

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Where listed values stand, in order, none overlapping; of two that begin together the longer."""
        if not self._firsts:
            return
        if text.isascii():
            if self._firsts.isdisjoint(_ASCII.findall(text.lower())):
                return
        elif self._firsts.isdisjoint(map(_plainly, _ANY.findall(text))):
            return
        pieces = _pieces(text)
        at = 0
        while at < len(pieces):
            after = self._longest(text, pieces, at)
            if after:
                yield pieces[at][1], pieces[after - 1][2]
            at = after or at + 1

    def _longest(self, text: str, pieces: list[Piece], at: int) -> int:
        """The index after the last piece of the longest value that begins at piece `at`; 0 when none does."""
        word, start, end = pieces[at]
        node = self._root.get(word)
        # A mark at a value's edge, as in "Mr.", must not touch a word; a word's own edges are its boundaries.
        if node is None or (start and not _wordly(word[0]) and _wordly(text[start - 1])):
            return 0
        found = 0
        while True:
            at += 1
            if _END in node and (_wordly(word[-1]) or end == len(text) or not _wordly(text[end])):
                found = at
            if at == len(pieces):
                return found
            word, start, after = pieces[at]
            node = node.get(" " + word if start > end else word)
            if node is None:
                return found
            end = after


def _wordly(character: str) -> bool:
    return character.isalnum() or character == "_"


def _pieces(text: str) -> list[Piece]:
    if text.isascii():
        return [(match[0], match.start(), match.end()) for match in _ASCII.finditer(text.lower())]
    return [(_plainly(match[0]), match.start(), match.end()) for match in _ANY.finditer(text)]


def _plainly(word: str) -> str:
    """Without case and accents."""
    if word.isascii():
        return word.lower()
    spelt = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in spelt if not unicodedata.combining(c)).translate(_PLAIN)
