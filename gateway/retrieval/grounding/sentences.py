"""Texts cut into sentences, with their places; the same cuts whether a text comes whole or in pieces."""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 1000
"""Characters after which a sentence is cut whatever stands there."""
_MARK: Final = r"\[\d{1,3}\]"
_END: Final = re.compile(
    rf"""(?P<stop>[.!?…]+)["')\]”\u2019»]*(?:[ \t]*{_MARK})*(?P<gap>\s+)(?!{_MARK})"""
    rf"""|[\u3002\uff01\uff1f]+(?:\s*{_MARK})*(?P<close>\s*)"""
    r"""|(?P<line>[ \t]*\n(?:[ \t]*\n)+\s*|[ \t]*\n[ \t]*(?=(?:[-*•|]|\d{1,2}[.)]|\#{1,6})\s))""",
    re.VERBOSE,
)
_OPENING: Final = "\"'([„“\u2018«*_¿¡"
_BEFORE: Final = re.compile(r"[\w.]*$")
_NEXT: Final = re.compile(r"\w+")
_SHORT: Final = frozenset(
    re.findall(
        r"\S+",
        "dr mr mrs ms prof st no nr vs etc e.g i.e z.b d.h u.a ca bzw inkl zzgl evtl ggf abs art approx inc ltd co jr "
        "sr fig sec vol dept hr fr usw str tel",
    )
)
_MONTH: Final = re.compile(r"(?:jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)", re.IGNORECASE)


def sentences(text: str) -> list[tuple[int, int]]:
    """(start, end) of each sentence, list item or heading, without the white space around it."""
    return _cut(text, final=True)[0]


class Sentences:
    """The same for a text that comes in pieces."""

    def __init__(self) -> None:
        self._rest = ""
        self._at = 0

    def feed(self, piece: str) -> list[tuple[int, int, str]]:
        """Start, end and text of the sentences that ended with this piece."""
        self._rest += piece
        return self._take(final=False)

    def flush(self) -> list[tuple[int, int, str]]:
        """What was left."""
        return self._take(final=True)

    def _take(self, *, final: bool) -> list[tuple[int, int, str]]:
        spans, used = _cut(self._rest, final=final)
        found = [(self._at + start, self._at + end, self._rest[start:end]) for start, end in spans]
        self._rest, self._at = self._rest[used:], self._at + used
        return found


def _cut(text: str, *, final: bool) -> tuple[list[tuple[int, int]], int]:
    """Spans of what has ended, and how far the text is used up. What follows an end must have begun in full."""
    found: list[tuple[int, int]] = []
    start = at = 0
    while True:
        match = _END.search(text, at)
        stop = match.end() if match is not None else len(text)
        if stop - start > LONGEST:
            cut = start + LONGEST
            # The same place whatever comes later: the last white space before it.
            space = max(text.rfind(" ", start + 1, cut), text.rfind("\n", start + 1, cut))
            cut = space + 1 if space > start else cut
            _add(found, text, start, cut)
            start = at = cut
            continue
        if match is None:
            break
        if not final and (match.end() == len(text) or not re.search(r"\s", text[match.end() + 1 :])):
            break
        if _ends(text, match):
            _add(found, text, start, match.end())
            start = match.end()
        at = max(match.end(), at + 1)
    if final:
        _add(found, text, start, len(text))
        start = len(text)
    return found, start


def _add(found: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    inner = text[start:end]
    left = len(inner) - len(inner.lstrip())
    if inner.strip():
        found.append((start + left, start + len(inner.rstrip())))


def _ends(text: str, match: re.Match[str]) -> bool:
    """Whether a full stop ends a sentence here."""
    if match["stop"] is None:
        return True
    if match["stop"] != "." or "\n" in match["gap"]:
        return True
    after = text[match.end() :].lstrip(_OPENING)
    if after[:1].islower():
        return False
    before = _BEFORE.search(text, max(0, match.start() - 20), match.start())
    word = before[0].strip(".").casefold() if before is not None else ""
    if word in _SHORT or (len(word) == 1 and word.isalpha()) or (word[-2:-1] == "." and "." in word):
        return False
    following = _NEXT.match(after)
    return not (word.isdigit() and len(word) <= 2 and following is not None and _MONTH.match(following[0]))
