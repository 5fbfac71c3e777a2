"""A text with stretches of it written anew, as a reading that leads back to the original. Pure.

A reading holds only what was rewritten and a little around it, window by window: what it costs to look through depends
on what is disguised, not on how long the text is.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.redaction.normalise import Folded

BEFORE: Final = 160
AFTER: Final = 80
"""Characters around a rewritten stretch that are read with it: labels, titles, context words, the rest of a value."""
BREAK: Final = "\n\ufffc\n"
"""Between windows: nothing that is found may reach over it."""
_CUT: Final = "\n\ufffc "


@dataclass(frozen=True, slots=True)
class Edit:
    """`text` instead of `[start, end)`."""

    start: int
    end: int
    text: str
    places: Sequence[tuple[int, int]] | None = None
    """What each character of `text` stands for; None: each stands for the whole stretch."""
    exact: bool = True
    """`text` says all that the stretch says."""


def ordered(edits: Iterable[Edit]) -> list[Edit]:
    """Edits in order, those that overlap an earlier one left out; of two that begin together the longer stays."""
    kept: list[Edit] = []
    for edit in sorted(edits, key=lambda e: (e.start, -e.end)):
        if not kept or edit.start >= kept[-1].end:
            kept.append(edit)
    return kept


def rewritten(base: Folded, edits: Iterable[Edit], *, loose: bool = False) -> Folded | None:
    """The windows of `base` around the edits, as a reading of the original; None without edits."""
    todo = ordered(edits)
    if not todo:
        return None
    source = base.text
    out = _Builder(base)
    at = 0
    for number, edit in enumerate(todo):
        left = _left(source, edit.start)
        if number == 0 or left > at:
            out.brk(source, left)
            at = left
        out.keep(source, at, edit.start)
        out.put(edit)
        at = edit.end
        right = _right(source, edit.end)
        if number + 1 < len(todo):
            right = min(right, todo[number + 1].start)
        out.keep(source, at, right)
        at = right
    return out.made(loose)


class _Builder:
    def __init__(self, base: Folded) -> None:
        self._base = base
        self._parts: list[str] = []
        self._starts = array("I")
        self._ends = array("I")
        self._hot: list[tuple[int, int]] = []
        self._length = 0

    def brk(self, source: str, at: int) -> None:
        mark = BREAK if at == 0 or source[at - 1] == "\n" else _CUT
        place = self._base.back(at, at + 1)[0] if at < len(source) else 0
        self._add(mark, [place] * len(mark), [place] * len(mark))

    def keep(self, source: str, start: int, end: int) -> None:
        if start >= end:
            return
        base = self._base
        if base.starts is None:
            self._add(source[start:end], range(start, end), range(start + 1, end + 1))
        else:
            starts = base.starts[start:end]
            ends = base.ends[start:end] if base.ends is not None else [one + 1 for one in starts]
            self._add(source[start:end], starts, ends)

    def put(self, edit: Edit) -> None:
        first = self._length
        size = len(edit.text)
        if edit.places is None:
            left, right = self._base.back(edit.start, edit.end)
            self._add(edit.text, [left] * size, [right] * size)
        else:
            places = [self._base.back(start, end) for start, end in edit.places]
            self._add(edit.text, [start for start, _ in places], [end for _, end in places])
        # Where characters went, what stands on both sides is what changed.
        self._hot.append((first, first + size) if size else (max(0, first - 1), first + 1))

    def made(self, loose: bool) -> Folded:
        text = "".join((*self._parts, BREAK))
        self._starts.extend([0] * len(BREAK))
        self._ends.extend([0] * len(BREAK))
        return Folded(text, self._starts, self._ends, tuple(self._hot), loose)

    def _add(self, text: str, starts: Iterable[int], ends: Iterable[int]) -> None:
        self._parts.append(text)
        self._starts.extend(starts)
        self._ends.extend(ends)
        self._length += len(text)


_BLANK: Final = re.compile(r"\s")


def _left(text: str, at: int) -> int:
    """Where the window of an edit begins: at a line's beginning near it, or else after a blank."""
    first = max(0, at - BEFORE)
    if first == 0:
        return 0
    line = text.find("\n", first - 1, at)
    if line >= 0:
        return line + 1
    blank = _BLANK.search(text, first, at)
    return blank.end() if blank else first


def _right(text: str, at: int) -> int:
    last = min(len(text), at + AFTER)
    if last == len(text):
        return last
    line = text.find("\n", at, last)
    if line >= 0:
        return line
    while last > at and not text[last].isspace():
        last -= 1
    return last if last > at else min(len(text), at + AFTER)
