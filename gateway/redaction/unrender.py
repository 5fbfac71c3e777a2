"""Invented values back to tokens in what a model writes, whole or as it streams. Pure.

What is looked for is a set of surfaces: an invented value, one word of an invented name, another spelling of a date. A
surface is found as whole words, in any case, the longest first; words of one surface may stand on two lines, numbers
may be grouped otherwise. Only the beginning of a possible surface is held back.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

GAP: Final = 8
"""Blanks that may stand between two words of one surface."""
_BETWEEN: Final = 2
"""Marks that may stand between two digits of one number."""
_CONTEXT: Final = 2
"""Characters kept in front: they say whether the next one begins a word."""
_MARKS: Final = frozenset(" \u00a0\u2009\u202f.-\u2010\u2011/()")
_JOINS: Final = frozenset(".@_-+'\u2019")
_DASHES: Final = frozenset("\u2010\u2011")
_UNSPACED: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_ALIKE: Final = {"-": "[-\u2010\u2011]", "'": "['\u2019]", " ": r"\s"}
_NOTHING: Final = "\n\n"
"""What comes after the end of a text."""
_END: Final = "end"
"""The key under which a node of a tree keeps the surface that ends there."""


@dataclass(frozen=True, slots=True)
class Surface:
    """One thing to look for, and the token it stands for."""

    text: str
    token: str
    part: bool = False
    """One word alone: found only where it begins with a capital, and never as part of an address."""
    loose: bool = False
    """A number that may be grouped otherwise."""


class Surfaces:
    """What one answer is looked through for, prepared once for all its texts and streams."""

    def __init__(self, surfaces: Iterable[Surface]) -> None:
        """Of several that differ in case or grouping only, the one spelled exactly so is found, or else the first."""
        self._strict: dict[str, Any] = {}
        self._loose: dict[str, Any] = {}
        anywhere: set[str] = set()
        begins: set[str] = set()
        for surface in surfaces:
            letters = _solid(surface.text) if surface.loose else _folded(surface.text)
            node = self._loose if surface.loose else self._strict
            for character in letters:
                node = node.setdefault(character, {})
            node.setdefault(_END, []).append(surface)
            if surface.loose or _UNSPACED.search(surface.text):
                anywhere.update((letters[0], surface.text[0].lower()))
            else:
                begins.add(letters[:2])
        self._begins = _beginnings(begins, anywhere) if begins or anywhere else None

    def __bool__(self) -> bool:
        return self._begins is not None

    def find(self, text: str, start: int, *, final: bool = True) -> Iterator[tuple[int, int, str | None]]:
        """Start, end and token of each surface in `text[start:]`, which none overlaps; what stands before is context.

        Unless `final`, the last one may be (start, start, None): from there on more text must decide.
        """
        if self._begins is None:
            return
        at = start
        if final:
            text += _NOTHING
        while match := self._begins.search(text, at):
            begin = match.start()
            at = begin + 1
            found = None
            for tree, loose in ((self._strict, False), (self._loose, True)):
                end, surface, more = self._walk(tree, text, begin, loose=loose)
                if more and not final:
                    yield begin, begin, None
                    return
                if surface is not None and (found is None or end > found[0]):
                    found = end, surface
            if found is not None:
                yield begin, found[0], found[1].token
                at = found[0]

    def _walk(self, tree: dict[str, Any], text: str, begin: int, *, loose: bool) -> tuple[int, Surface | None, bool]:
        """The end of the longest surface that begins here, the surface, and whether more text could change that."""
        node: dict[str, Any] | None = tree
        at, best, end = begin, None, begin
        while loose and text[at : at + 1] in ("+", "(") and at - begin < _BETWEEN:
            at += 1
        while node is not None:
            ending = node.get(_END)
            if ending is not None:
                surface = next((one for one in ending if one.text == text[begin:at]), ending[0])
                stands = _stands(surface, text, begin, at)
                if stands is None:
                    return end, best, True
                if stands:
                    best, end = surface, at
            if at >= len(text):
                # Whatever is known so far, a longer one may follow.
                return end, best, len(node) > (ending is not None)
            step = _marks(text, at, begin) if loose else _gap(text, at, node)
            if step is None:
                return end, best, True
            at += step
            if step and not loose:
                node = node.get(" ")
            else:
                node = node.get(_lower(text[at]))
                at += 1
        return end, best, False


def _beginnings(begins: Iterable[str], anywhere: Iterable[str]) -> re.Pattern[str]:
    """Finds every place where a surface may begin: its first two letters, or one at the end, where a word begins."""
    pairs = "|".join(sorted("".join(_ALIKE.get(c, re.escape(c)) for c in pair) for pair in begins))
    ones = "".join(sorted({re.escape(pair[0]) for pair in begins}))
    free = "".join(sorted(re.escape(c) for c in anywhere))
    words = rf"(?<![^\W_])(?:{pairs}|[{ones}]\Z)" if pairs else ""
    return re.compile("|".join(filter(None, (words, f"[{free}]" if free else ""))), re.IGNORECASE)


def _gap(text: str, at: int, node: dict[str, Any]) -> int:
    """Blanks here, where the tree has one."""
    if " " not in node or not text[at].isspace():
        return 0
    end = at
    while end < len(text) and text[end].isspace() and end - at < GAP:
        end += 1
    return end - at


def _marks(text: str, at: int, begin: int) -> int | None:
    """Marks between two digits; none in front of the first. None when the text ends among them."""
    if at == begin or not text[at - 1].isalnum():
        return 0
    end = at
    while end < len(text) and text[end] in _MARKS and end - at < _BETWEEN:
        end += 1
    return None if end == len(text) else end - at


def _stands(surface: Surface, text: str, begin: int, end: int) -> bool | None:
    """Whether a surface stands here as words of its own; None when more text must tell."""
    first = text[begin]
    if surface.part and first.lower() != first.upper() and not first.isupper():
        return False
    if first in "+(" and surface.text[0] != first:
        return False
    if _UNSPACED.search(surface.text):
        return True
    before = text[begin - 1] if begin else " "
    if before.isalnum() and first not in "+(":
        return False
    careful = surface.part or "@" in surface.text or surface.text[0].isdigit()
    if not surface.loose and careful and before in _JOINS:
        joined = begin > 1 and text[begin - 2].isalnum()
        if before == "@" or (joined and (before != "-" or not surface.part)):
            return False
    return _ends(surface, text, end)


def _ends(surface: Surface, text: str, end: int) -> bool | None:
    """Whether a surface that is whole at `end` is not the beginning of something longer."""
    after, following = text[end : end + 1], text[end + 1 : end + 2]
    words = " " in surface.text and surface.text.replace(" ", "").isalpha()
    if not after:
        return None
    if after.isalnum():
        # `Mary Quills Vertrag`: the genitive of a whole name.
        sure, ends = after != "s" or not words, words
    else:
        sure = surface.loose or after not in "@._-" or (surface.part and after == "-") or (words and after != "@")
        ends = sure
    if sure:
        return ends and not after.isalnum()
    return not following.isalnum() if following else None


def _lower(character: str) -> str:
    if character in _DASHES:
        return "-"
    if character == "\u2019":
        return "'"
    small = character.lower()
    return small if len(small) == 1 else character


def _folded(text: str) -> str:
    return "".join(map(_lower, " ".join(text.split())))


def _solid(text: str) -> str:
    return "".join(_lower(character) for character in text if character.isalnum())


class Unrender:
    """One stream of text: one choice, content block or tool call. Nothing that was returned is ever taken back."""

    def __init__(self, surfaces: Surfaces, *, json: bool = False) -> None:
        """`json`: the text is JSON source, in which letters may be escaped."""
        self._surfaces = surfaces
        self._json = json
        self._text = ""
        self._from = 0

    def feed(self, text: str) -> str:
        """The next piece in, what is certain out."""
        if not self._surfaces:
            return text
        self._text += text
        return self._advance(final=False)

    def flush(self) -> str:
        """What was kept back. Fed again afterwards, it is a new text."""
        rest = self._advance(final=True) if self._surfaces else ""
        self._text, self._from = "", 0
        return rest

    def _advance(self, *, final: bool) -> str:
        read, places, whole = self._read(final=final)
        out: list[str] = []
        at = self._from
        until = whole
        for start, end, token in self._surfaces.find(read, _index(places, at), final=final):
            left, right = places[start], places[end]
            if token is None:
                until = left
                break
            out += (self._text[at:left], token)
            at = right
        until = max(until, at)
        out.append(self._text[at:until])
        keep = _index(places, until)
        keep = places[max(0, keep - _CONTEXT)]
        self._text, self._from = self._text[keep:], until - keep
        return "".join(out)

    def _read(self, *, final: bool) -> tuple[str, Sequence[int], int]:
        """The text as a reader of the JSON reads it, where each character stands, and how far it is whole."""
        text = self._text
        if not self._json or "\\" not in text:
            return text, range(len(text) + 1), len(text)
        read: list[str] = []
        places: list[int] = []
        at = 0
        while at < len(text):
            size = 1
            new = text[at]
            if new == "\\":
                size = 6 if text[at + 1 : at + 2] == "u" else 2
                if at + size > len(text):
                    if not final:
                        break
                    size, new = 1, "\\"
                else:
                    new = _unescaped(text[at : at + size])
            read.append(new)
            places.append(at)
            at += size
        places.append(at)
        return "".join(read), places, at


def _unescaped(escape: str) -> str:
    if len(escape) == 2:
        return _ESCAPES.get(escape[1], escape[1])
    try:
        return chr(int(f"0x{escape[2:]}", base=0))
    except ValueError:
        return "\\"


def _index(places: Sequence[int], at: int) -> int:
    """The character that stands at `at`."""
    return bisect_left(places, at)
