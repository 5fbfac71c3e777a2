"""Text as such: encodings, line ends, characters nobody sees."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from gateway.errors import UnsupportedMedia

_DROPPED: Final = dict.fromkeys(map(ord, "\0\u00ad\u200b\u2060\ufeff\u180e\u115f\u1160\u3164\uffa0"))
"""Zero bytes, soft hyphens, spaces and letters of no width: they cut a value in two that the reader sees whole."""
_SUSPECT: Final = re.compile(
    "[\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\uffa0\ufff9-\ufffb"
    "\ufe00-\ufe0f\U000e0000-\U000e0fff]"
)
_BIDI: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_TAGS: Final = re.compile("[\U000e0000-\U000e0fff]+")
_SELECTORS: Final = re.compile("(?<![\ufe00-\ufe0f])[\ufe00-\ufe0f]([\ufe00-\ufe0f]+)")
_CONTROLS: Final = re.compile("[\u180e\u200b\u2060-\u2065\u206a-\u206f\ufff9-\ufffb\u115f\u1160\u3164\uffa0]+")
# Joiners shape letters of other scripts and emoji; between Latin letters they only cut words.
_JOINERS: Final = re.compile("(?<![^\u0000-\u024f])[\u200c\u200d]+(?![^\u0000-\u024f])")


def tidy(text: str, hidden: Counter[str] | None = None, secret: list[str] | None = None) -> str:
    """One kind of line end, no characters without width or order of their own, no lone surrogates, no byte-order mark.

    hidden: counts what was taken out, by kind; secret: receives what tag characters spelled.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    counts = hidden if hidden is not None else Counter[str]()
    text = text.removeprefix("\ufeff")
    if _SUSPECT.search(text):
        for kind, pattern in (("tag", _TAGS), ("bidi", _BIDI), ("zero_width", _CONTROLS), ("zero_width", _JOINERS)):
            gone = pattern.findall(text)
            if gone:
                counts[kind] += sum(map(len, gone))
                text = pattern.sub("", text)
            if kind == "tag" and gone and secret is not None:
                secret.append(
                    "".join(chr(ord(mark) & 0x7F) for mark in "".join(gone) if 0x20 <= ord(mark) & 0x7F < 127)
                )
        text, n = _SELECTORS.subn("", text)
        counts["zero_width"] += n
        if not n and not counts["zero_width"]:
            del counts["zero_width"]
    return text.translate(_DROPPED).encode("utf-8", "replace").decode("utf-8")


def decode(data: bytes, declared: str | None = None) -> str:
    """Text of unknown encoding: a byte-order mark, UTF-8, what the file declares, then a guess; as it stands."""
    for mark, name in ((b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16")):
        if data.startswith(mark):
            return data.decode(name, "replace")
    if data.startswith(b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    if declared:
        try:
            return data.decode(declared)
        except (LookupError, UnicodeDecodeError, ValueError):
            pass
    from charset_normalizer import from_bytes  # noqa: PLC0415

    best = from_bytes(data[:1_000_000]).best()
    if best is None:
        raise UnsupportedMedia("the file's text encoding is not recognised", hint="save it as UTF-8")
    return data.decode(best.encoding, "replace")
