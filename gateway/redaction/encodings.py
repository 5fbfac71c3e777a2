"""Texts with their encodings undone: what a model reads in `jane&#64;acme.example` or `jane%40acme.example`. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Final

from gateway.redaction.normalise import Folded, fold

_ROUNDS: Final = 3
"""Encodings of encodings are undone this often."""
_ENCODED: Final = re.compile(
    r"(?P<pair>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|\\(?:u\{(?P<braced>[0-9a-fA-F]{1,6})\}|u(?P<four>[0-9a-fA-F]{4})|U(?P<eight>[0-9a-fA-F]{8})"
    r"|x(?P<two>[0-9a-fA-F]{2}))"
    r"|(?P<entity>&\#(?:[0-9]{1,8}|[xX][0-9a-fA-F]{1,7});?|&[A-Za-z][A-Za-z0-9]{1,30};)"
    r"|(?P<percent>(?:%[0-9a-fA-F]{2})+)"
    r"|(?P<tag>[\U000e0020-\U000e007e])"
)
_MARKS: Final = ("\\", "&", "%")
_JOINT: Final = re.compile("\u2063[\u2061\u2062]*\u2063")


def joint(number: int) -> str:
    """An invisible mark for the place where two parts of one message meet; no two numbers share one."""
    return "\u2063" + format(number, "b").replace("0", "\u2061").replace("1", "\u2062") + "\u2063"


def without_joints(text: str) -> str:
    """The text without marks such as `joint` makes."""
    return _JOINT.sub("", text) if "\u2063" in text else text


def decoded(text: str) -> Folded | None:
    """The text with escapes, entities, percent-encoding and tag characters undone, folded; None when it has none."""
    reading = _once(text)
    if reading is None:
        return None
    for _ in range(_ROUNDS - 1):
        more = _once(reading.text)
        if more is None:
            break
        reading = reading.through(more)
    return reading.through(fold(reading.text))


def views(text: str) -> Iterator[Folded]:
    """Every way the text may be read: as it is seen, and decoded when anything in it is encoded."""
    yield fold(text)
    if (reading := decoded(text)) is not None:
        yield reading


def plainly(value: str) -> str:
    """A found value as it means: without marks between parts, decoded where it is encoded."""
    value = without_joints(value)
    reading = decoded(value)
    return value if reading is None else reading.text


def _once(text: str) -> Folded | None:
    if not any(mark in text for mark in _MARKS) and (text.isascii() or max(text) < "\U000e0020"):
        return None
    kept: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for match in _ENCODED.finditer(text):
        characters = list(_characters(match))
        if not characters:
            continue
        kept += (text[at : match.start()], *(character for character, _, _ in characters))
        starts += range(at, match.start())
        ends += range(at + 1, match.start() + 1)
        starts += (match.start() + start for _, start, _ in characters)
        ends += (match.start() + end for _, _, end in characters)
        at = match.end()
    if not at:
        return None
    kept.append(text[at:])
    starts += range(at, len(text))
    ends += range(at + 1, len(text) + 1)
    return Folded("".join(kept), tuple(starts), tuple(ends))


def _characters(match: re.Match[str]) -> Iterator[tuple[str, int, int]]:
    """Each character an encoded stretch stands for, and where in the stretch; none when it stands for none."""
    kind, source = match.lastgroup, match[0]
    if kind == "percent":
        yield from _percent(source)
        return
    if kind == "tag":
        new = chr(ord(source) - 0xE0000)
    elif kind == "entity":
        new = html.unescape(source)
        if len(new) != 1:
            return
    elif kind == "pair":
        new = (chr(int(source[2:6], 16)) + chr(int(source[8:], 16))).encode("utf-16", "surrogatepass").decode("utf-16")
    else:
        point = int(match[kind or 0], 16)
        if point > 0x10FFFF:
            return
        new = chr(point)
    yield new, 0, len(source)


def _percent(source: str) -> Iterator[tuple[str, int, int]]:
    data = bytes.fromhex(source.replace("%", ""))
    at = 0
    while at < len(data):
        size = next((n for n in (1, 2, 3, 4) if _decodes(data[at : at + n])), 0)
        yield (data[at : at + size].decode(), at * 3, (at + size) * 3) if size else ("\ufffd", at * 3, at * 3 + 3)
        at += size or 1


def _decodes(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
