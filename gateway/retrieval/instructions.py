"""How much a text speaks to a language model instead of its reader. Pure, linear in the text's length; no model.

Signs are looked for in six languages, in text made plain first: one case, no accents, no look-alike letters, no digits
for letters, no spaced-out words; and in what base64 and hexadecimal digits spell. A sentence that talks about such
instructions (quotes them, gives them as an example, warns of them) counts less.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from dataclasses import dataclass
from itertools import islice
from typing import Final

from gateway.retrieval.phrases import ABOUT, OVERRIDES, QUOTES, SIGNS, SPARED, WEAK_SCOPE

THRESHOLD: Final = 0.5
"""From here on a text is flagged."""
MAX_TEXT: Final = 100_000
MAX_FOUND: Final = 500
"""Matches of one pattern that are looked at."""
_BASE64: Final = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{24,4000}={0,2}(?![A-Za-z0-9+/_=-])")
_HEX: Final = re.compile(r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2}[ :]?){20,2000}(?![0-9A-Fa-f])")
_ENDS: Final = ".!?;\n"
_SPACED: Final = re.compile(r"(?<!\w)\w(?:[ .\-_*]\w){4,60}(?!\w)")
_MIXED: Final = re.compile(r"\b(?=\w*[a-z])(?=\w*[0134578$])[\w$]{4,40}\b")
_LEET: Final = str.maketrans("0134578$", "oieastbs")
_LOOKALIKE: Final = str.maketrans("абвгеёкмнорстухіјѕԁɡαεικορτυχν", "abbreekmhopctyxijsdgaeikoptuxv")


@dataclass(frozen=True, slots=True)
class Found:
    """A score of 0..1 and the signs it comes from, sorted."""

    score: float
    signs: tuple[str, ...]


def plain(text: str) -> str:
    """The text as the signs are written: lower case, no accents, look-alikes and digits for letters undone."""
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold().replace("ß", "ss"))
    text = "".join(mark for mark in text if not unicodedata.combining(mark)).translate(_LOOKALIKE)
    text = _SPACED.sub(lambda found: re.sub(r"[ .\-_*]", "", found[0]), text)
    text = _MIXED.sub(lambda found: found[0].translate(_LEET), text)
    return re.sub(r"[ \t\u00a0]+", " ", text.replace("\u2019", "'").replace("\u2018", "'"))


def score(text: str) -> Found:
    """How sure it is that the text is an instruction to a model."""
    return _score(text[:MAX_TEXT], encoded=True)


def _score(text: str, *, encoded: bool) -> Found:
    left: dict[str, float] = {}
    wide = plain(text)
    for sign, weight, pattern in SIGNS:
        for found in islice(pattern().finditer(wide), MAX_FOUND):
            _keep(left, sign, weight * _about(wide, found.start(), found.end()))
    _keep(left, "override", _override(wide))
    if encoded:
        inner = max((_score(one, encoded=False).score for one in _decoded(text)), default=0.0)
        if inner >= 0.3:
            _keep(left, "encoded", min(1.0, inner + 0.2))
    doubt = 1.0
    for weight in left.values():
        doubt *= 1 - weight
    signs = tuple(sorted(sign for sign, weight in left.items() if weight >= 0.1))
    return Found(round(1 - doubt, 3), signs)


def _keep(left: dict[str, float], sign: str, weight: float) -> None:
    if weight > left.get(sign, 0.0):
        left[sign] = weight


def _override(text: str) -> float:
    """Whether a sentence tells to drop what was said before."""
    best = 0.0
    for verb, target, scope in OVERRIDES:
        for found in islice(verb().finditer(text), MAX_FOUND):
            from_ = max(0, found.start() - 70)
            start = max(max(text.rfind(mark, from_, found.start()) for mark in _ENDS) + 1, from_)
            ends = [at for mark in _ENDS if (at := text.find(mark, found.end(), found.end() + 90)) >= 0]
            near = text[start : min([*ends, found.end() + 90])]
            if target().search(near) is None:
                continue
            weight = 0.6 if scope().search(near) is not None else 0.3 if WEAK_SCOPE().search(near) is not None else 0.0
            if weight and SPARED.search(text[max(0, found.start() - 30) : found.start()]) is not None:
                weight = 0.1
            best = max(best, weight * _about(text, found.start(), found.end()))
    return best


def _about(text: str, start: int, end: int) -> float:
    """How far a sign counts, by whether the text around it talks about such signs."""
    around = text[max(0, start - 220) : end + 160]
    quoted = any(
        opening <= start <= closing
        for opening, closing in (
            (max(0, start - 120) + found.start(), max(0, start - 120) + found.end())
            for found in QUOTES.finditer(text[max(0, start - 120) : end + 120])
        )
    )
    if ABOUT.search(around) is not None:
        return 0.3 if quoted else 0.6
    return 0.8 if quoted else 1.0


def _decoded(text: str) -> list[str]:
    found: list[str] = []
    for run in _BASE64.findall(text)[:50]:
        body = run.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            found.append(_readable(base64.b64decode(body + "=" * (-len(body) % 4), validate=True)))
        except (binascii.Error, ValueError):
            continue
    for run in _HEX.findall(text)[:50]:
        try:
            found.append(_readable(bytes.fromhex(re.sub(r"[ :]", "", run))))
        except ValueError:
            continue
    return [one for one in found if one]


def _readable(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    shown = sum(mark.isprintable() or mark == "\n" for mark in text)
    return text if len(text) >= 12 and shown >= 0.95 * len(text) and " " in text else ""
