"""Text with its escapes undone and its look-alikes written plainly, every character in its own place. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

PAD: Final = "\0"
UNSEEN: Final = "\x01"

_ENTITIES: Final = {
    **dict.fromkeys(("lsqb", "lbrack"), "["),
    **dict.fromkeys(("rsqb", "rbrack"), "]"),
    **dict.fromkeys(("lowbar", "UnderBar"), "_"),
    **dict.fromkeys(("hyphen", "dash", "ndash", "minus"), "-"),
    **dict.fromkeys(("nbsp", "ensp", "thinsp"), " "),
    **dict.fromkeys(("shy", "zwj", "zwnj", "ZeroWidthSpace", "NoBreak"), UNSEEN),
    "ast": "*",
    "bsol": "\\",
    "apos": "'",
    "quot": '"',
    "grave": "`",
}
_BY_CATEGORY: Final = {"Cf": UNSEEN, "Mn": UNSEEN, "Me": UNSEEN, "Pd": "-", "Pc": "_"}
_TAGS: Final = ("b", "i", "u", "s", "em", "strong", "code", "mark", "span", "wbr", "br")
_SIMPLE: Final = {"n": " ", "r": " ", "t": " ", "f": " ", "b": UNSEEN}
_LONGEST_ENTITY: Final = max(map(len, _ENTITIES))
_ESCAPES: Final = (
    r"\\u(?P<four>[0-9a-fA-F]{4})|\\x(?P<two>[0-9a-fA-F]{2})|\\(?P<one>[\\\"'/nrtfb])"
    r"|%(?P<percent>[2-7][0-9a-fA-F])"
    r"|&\#0{0,4}(?P<decimal>[0-9]{2,5});|&\#[xX]0{0,4}(?P<hex>[0-9a-fA-F]{2,4});"
    rf"|&(?P<name>{'|'.join(_ENTITIES)});|</?(?P<tag>{'|'.join(_TAGS)})\s?/?>"
)
_CUT: Final = (
    r"(?P<cut>(?:\\(?:u[0-9a-fA-F]{0,3}|x[0-9a-fA-F]?)?|%[2-7]?|&(?:\#(?:[0-9]{0,9}|[xX][0-9a-fA-F]{0,8}))?"
    rf"|&(?P<entity>[A-Za-z]{{1,{_LONGEST_ENTITY}}})|<(?:/?(?P<element>[a-z]{{0,6}})\s?/?)?)\Z)"
)
_ESCAPE: Final = re.compile(_ESCAPES)
_ESCAPE_OR_CUT: Final = re.compile(f"{_ESCAPES}|{_CUT}")


def legible(text: str, *, final: bool) -> tuple[str, int]:
    """The text with escapes undone and look-alikes written plainly, each in its own place; and how far it is certain.

    What an escape takes more than its one character is filled in front of it with NUL; what nobody sees, and emphasis
    in HTML, is written as `UNSEEN`.
    """
    view, end = text, len(text)
    if any(mark in text for mark in "\\%&<"):
        cuts: list[int] = []

        def undone(match: re.Match[str]) -> str:
            if match.lastgroup != "cut":
                return _undone(match)
            if _may_go_on(match):
                cuts.append(match.start())
            return match[0]

        view = (_ESCAPE if final else _ESCAPE_OR_CUT).sub(undone, text)
        end = cuts[0] if cuts else end
    if not view.isascii():
        view = view.translate({ord(c): plain for c in set(view) if c > "\x7f" and (plain := _plain(c)) != c})
    return view, end


def _may_go_on(cut: re.Match[str]) -> bool:
    """Whether what the end of the text cuts can become an escape."""
    if cut["entity"] is not None:
        return any(known.startswith(cut["entity"]) for known in _ENTITIES)
    return not cut["element"] or any(known.startswith(cut["element"]) for known in _TAGS)


def _undone(match: re.Match[str]) -> str:
    kind, source = match.lastgroup or "", match[0]
    said = match[kind]
    if kind == "tag":
        return UNSEEN * len(source)
    if kind == "name":
        new = _ENTITIES[said]
    elif kind == "one":
        new = _SIMPLE.get(said, said)
    else:
        new = chr(int(said, 10 if kind == "decimal" else 16) & 0xFFFF)
        if new.isalnum():
            # Nobody writes letters so; it would only make words out of something else.
            return source
        new = _plain(new) if new > "\x7f" else new
    return PAD * (len(source) - 1) + new


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """One character as it is read."""
    category = unicodedata.category(character)
    if category in _BY_CATEGORY:
        return _BY_CATEGORY[category]
    if character == "\u2212":
        return "-"
    if character.isspace():
        return " "
    if character in "\u3010\u3014\u3016\u301a\u27e6\u2045":
        return "["
    if character in "\u3011\u3015\u3017\u301b\u27e7\u2046":
        return "]"
    compatible = unicodedata.normalize("NFKC", character)
    return compatible if len(compatible) == 1 and compatible.isascii() else character
