"""Characters written in code: escapes, HTML entities, percent-encoding, quoted-printable, UTF-7, tag characters. Pure.

Each stands for one or a few characters of its own, so a value among them is found to the character. Encodings of whole
texts (base 64, hexadecimal) are `blobs`.
"""

from __future__ import annotations

import binascii
import html
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from gateway.redaction.normalise import Folded
from gateway.redaction.rewrite import Edit

# A sign that was itself encoded, however often (`%252540`, `&amp;amp;#64;`, `\\\\u0040`), is undone at once.
_BEGINS: Final = re.compile(r"[\\&%+U]")
_ENCODED: Final = re.compile(
    r"\\\\{0,7}(?:(?P<pair>u[dD][89abAB][0-9a-fA-F]{2}\\{1,8}u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|u\{(?P<braced>[0-9a-fA-F]{1,6})\}|u(?P<four>[0-9a-fA-F]{4})|U(?P<eight>[0-9a-fA-F]{8})"
    r"|x(?P<two>[0-9a-fA-F]{2})|(?P<octal>[01][0-7]{2})(?![0-9]))"
    r"|%(?:u(?P<old>[0-9a-fA-F]{4})|(?P<percent>(?:25){0,8}[0-9a-fA-F]{2}(?:%(?:25){0,8}[0-9a-fA-F]{2})*))"
    r"|U\+(?P<named>00[2-7][0-9A-F])"
    r"|&(?P<entity>(?:amp;){0,8}(?:\#(?:[0-9]{1,8}|[xX][0-9a-fA-F]{1,7});?|[A-Za-z][A-Za-z0-9]{1,30};))"
    r"|\+(?P<seven>A[A-H][A-Za-z0-9+/]{1,400}-?)"
)
_MARKS: Final = ("\\", "&", "%", "+A", "U+")
SIGNS: Final = frozenset("\\&%+=")
"""One of these stands in every text with characters in code."""
_TAGS: Final = "\U000e0020"
_JOINT: Final = re.compile("\u2063[\u2061\u2062]*\u2063")
_AMPERSANDS: Final = re.compile(r"&(?:amp;)+")
_PERCENT: Final = re.compile(r"%(?:25){0,8}([0-9a-fA-F]{2})")
_SURROGATES: Final = re.compile(r"u([0-9a-fA-F]{4})")

# Quoted-printable. A text with a soft line break or with bytes above ASCII is taken at its word; in any other, `=40` is
# a sign only inside what would be an address.
_QUOTED: Final = re.compile(r"=(?:[0-9A-F]{2}(?:=[0-9A-F]{2})*|[ \t]{0,4}\r?\n)")
_SURELY_QUOTED: Final = re.compile(
    r"=(?:[ \t]{0,4}\r?\n[^\s=]|C[2-9A-F]=[89AB][0-9A-F]|E[0-9A-F]=[89AB][0-9A-F]|[0-9A-F]{2}(?:=[0-9A-F]{2}){3}"
    r"|(?:3D){0,3}20\d{2,6}=(?:3D){0,3}20\d)"
)
_QUOTED_AT: Final = re.compile(
    r"(?<![?&;=\w])[A-Za-z](?:[\w.+-]|=(?:2E|2D|5F|2B)){0,64}=40[A-Za-z](?:[\w-]|=2D){0,62}(?:(?:\.|=2E)[A-Za-z][\w-]{0,62}){1,4}"
)


def joint(number: int) -> str:
    """An invisible mark for the place where two parts of one message meet; no two numbers share one."""
    return "\u2063" + format(number, "b").replace("0", "\u2061").replace("1", "\u2062") + "\u2063"


def without_joints(text: str) -> str:
    """The text without marks such as `joint` makes."""
    return _JOINT.sub("", text) if "\u2063" in text else text


def character_edits(text: str) -> Iterator[Edit]:
    """Every stretch of `text` that stands for other characters, with these."""
    if any(mark in text for mark in _MARKS):
        end = 0
        for begin in _BEGINS.finditer(text):
            at = begin.start()
            if at < end or (match := _ENCODED.match(text, at)) is None:
                continue
            end = match.end()
            if characters := list(_characters(match)):
                places = [(at + start, at + end) for _, start, end in characters]
                yield Edit(at, match.end(), "".join(new for new, _, _ in characters), places)
    if "=" in text:
        yield from _quoted(text)


def _has_tags(text: str) -> bool:
    return not text.isascii() and max(text) >= _TAGS


def tag_edits(text: str) -> list[Edit]:
    """Tag characters, which nobody sees and every model reads, as the letters they stand for."""
    if not _has_tags(text):
        return []
    return [
        Edit(at, at + 1, chr(ord(character) - 0xE0000))
        for at, character in enumerate(text)
        if "\U000e0020" <= character <= "\U000e007e"
    ]


def undone(text: str, edits: list[Edit]) -> Folded:
    """The whole text with the edits (in order, none overlapping) made."""
    kept: list[str] = []
    at = 0
    for edit in edits:
        kept += (text[at : edit.start], edit.text)
        at = edit.end
    return Folded("".join((*kept, text[at:])))


def _characters(match: re.Match[str]) -> Iterator[tuple[str, int, int]]:
    """Each character an encoded stretch stands for, and where in the stretch; none when it stands for none."""
    kind, source = match.lastgroup or "", match[0]
    if kind == "percent":
        yield from _percent(source)
        return
    if kind == "seven":
        for character in _utf7(source):
            yield character, 0, len(source)
        return
    if kind == "entity":
        new = _entity(source)
        if len(new) != 1:
            return
    elif kind == "pair":
        high, low = (int(one, 16) for one in _SURROGATES.findall(source))
        new = (chr(high) + chr(low)).encode("utf-16", "surrogatepass").decode("utf-16")
    else:
        point = int(match[kind], 8 if kind == "octal" else 16)
        if point > 0x10FFFF:
            return
        new = chr(point)
    yield new, 0, len(source)


@lru_cache(maxsize=1024)
def _entity(source: str) -> str:
    return html.unescape(_AMPERSANDS.sub("&", source, count=1))


def _percent(source: str) -> Iterator[tuple[str, int, int]]:
    places = [match.span() for match in _PERCENT.finditer(source)]
    yield from _utf8(bytes(int(source[end - 2 : end], 16) for _, end in places), places)


def _utf8(data: bytes, places: list[tuple[int, int]]) -> Iterator[tuple[str, int, int]]:
    """The characters of `data`, whose bytes stand at `places`."""
    at = 0
    while at < len(data):
        size = next((n for n in (1, 2, 3, 4) if _decodes(data[at : at + n])), 0)
        step = size or 1
        yield (
            data[at : at + size].decode() if size else "\ufffd",
            places[at][0],
            places[min(at + step, len(data)) - 1][1],
        )
        at += step


def _decodes(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _utf7(source: str) -> str:
    """What a stretch of modified base 64 says, when that is plain ASCII; empty otherwise."""
    body = source[1:].removesuffix("-")
    try:
        data = binascii.a2b_base64(body + "=" * (-len(body) % 4))
    except binascii.Error:
        return ""
    new = data[: len(data) // 2 * 2].decode("utf-16-be", "replace")
    return new if new and all(" " <= character <= "~" for character in new) else ""


def _quoted(text: str) -> Iterator[Edit]:
    if any(match.start() and text[match.start() - 1] not in "= \t\n" for match in _SURELY_QUOTED.finditer(text)):
        for match in _QUOTED.finditer(text):
            source, at = match[0], match.start()
            if source[-1] == "\n":
                if not at or text[at - 1] in "=\n":
                    continue  # A rule of such signs, under a heading.
                yield Edit(at, match.end(), "", [])
                continue
            places = [(at + one, at + one + 3) for one in range(0, len(source), 3)]
            found = list(_utf8(bytes.fromhex(source.replace("=", "")), places))
            yield Edit(at, match.end(), "".join(c for c, _, _ in found), [(start, end) for _, start, end in found])
    elif "=40" in text:
        for match in _QUOTED_AT.finditer(text):
            for one in re.finditer("=(40|2E|2D|5F|2B)", match[0]):
                start = match.start() + one.start()
                yield Edit(start, start + 3, chr(int(one[1], 16)))
