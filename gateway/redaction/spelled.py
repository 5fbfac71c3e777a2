"""Numbers and e-mail addresses written as they are spoken: `four one one`, `vier eins`, `jane dot roe at acme dot com`.

English, German, French, Spanish, Italian and Dutch. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import repeat
from typing import Final

_UNITS: Final = (
    ("0", "zero oh o nought naught null zéro cero nul"),
    ("1", "one eins ein un une uno een één"),
    ("2", "two zwei zwo deux dos due twee"),
    ("3", "three drei trois tres tre drie"),
    ("4", "four vier quatre cuatro quattro"),
    ("5", "five fünf fuenf cinq cinco cinque vijf"),
    ("6", "six sechs seis sei zes"),
    ("7", "seven sieben sept siete sette zeven"),
    ("8", "eight acht huit ocho otto"),
    ("9", "nine niner neun neuf nueve nove negen"),
)
_DIGIT: Final = {word: digit for digit, words in _UNITS for word in words.split()}
_TEENS: Final = {
    word: str(number)
    for number, words in enumerate(
        (
            "ten zehn dix diez dieci tien",
            "eleven elf onze once undici",
            "twelve zwölf zwoelf douze doce dodici twaalf",
            "thirteen dreizehn treize trece tredici dertien",
            "fourteen vierzehn quatorze catorce quattordici veertien",
            "fifteen fünfzehn quinze quince quindici vijftien",
            "sixteen sechzehn seize dieciséis sedici zestien",
            "seventeen siebzehn diecisiete diciassette zeventien",
            "eighteen achtzehn dieciocho diciotto achttien",
            "nineteen neunzehn diecinueve diciannove negentien",
        ),
        10,
    )
    for word in words.split()
}
_TENS: Final = dict(
    zip(("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), "23456789", strict=True)
)
_TIMES: Final = {"double": 2, "triple": 3, "treble": 3, "doppel": 2, "doble": 2, "doppio": 2, "dubbel": 2}
_SIGNS: Final = {"plus": "+", "dash": "", "hyphen": "", "minus": "", "slash": "", "space": "", "dot": "", "point": ""}
_WORDS: Final = (*_DIGIT, *_TEENS, *_TENS, *_TIMES, *_SIGNS)
_ANY_WORD: Final = "|".join(sorted(_WORDS, key=lambda word: (-len(word), word)))
_UNIT: Final = rf"(?:(?:{_ANY_WORD})(?![^\W_])|\d{{1,4}}(?![^\W_]))"
_ROW: Final = re.compile(rf"(?<![^\W_])\+?{_UNIT}(?:[\s,.;:()/_+-]{{1,3}}{_UNIT}){{2,60}}")
_PIECE: Final = re.compile(r"[^\W\d_]+|\d+")
NUMBER_WORDS: Final = frozenset(_WORDS)
"""One of these stands in every number that is spelled."""
_LEAST: Final = 7
_LEAST_WORDS: Final = 3
_PUNCTUATION: Final = str.maketrans(dict.fromkeys(",.;:()/_-+\"'|*", " "))
_CODES: Final = {**{str(number): 1 for number in range(1000)}, **dict.fromkeys(_WORDS, 2)}
"""2 for a number word, 1 for a few digits: a text as bytes, one for each word, shows at once where a row may be."""
_ROW_OF_CODES: Final = re.compile(rb"\x02[\x01\x02]?\x02[\x01\x02]?\x02")
_FIRST: Final = re.compile(rf"(?<![^\W_])(?:{_ANY_WORD})(?![^\W_])")


def spelled_number(text: str) -> str | None:
    """The digits, plus sign first if said, that `text` spells through and through; None when it is something else."""
    words = [match[0] for match in _PIECE.finditer(text.lower())]
    if sum(not word[0].isdigit() for word in words) < _LEAST_WORDS:
        return None
    out: list[str] = []
    times, tens = 1, ""
    for word in words:
        if tens:
            unit = _DIGIT.get(word, "0")
            out.append(tens + unit)
            tens = ""
            if unit != "0":
                continue
        digits = _digits_of(word)
        if word in _TIMES:
            times = _TIMES[word]
        elif word in _TENS:
            tens = _TENS[word]
        elif digits is None:
            return None
        else:
            # A sign counts only before the first digit.
            out.append("" if digits == "+" and out else digits * times)
            times = 1
    number = "".join((*out, tens + "0" if tens else ""))
    if len(number) < _LEAST:
        return None
    return "+" + number if text.lstrip().startswith("+") else number


def _digits_of(word: str) -> str | None:
    if word.isdigit():
        return word
    return next((words[word] for words in (_DIGIT, _TEENS, _SIGNS) if word in words), None)


def spelled_numbers(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and digits of each row of number words in `text` that makes seven digits or more."""
    lowered = text.lower()
    codes = bytes(map(_CODES.get, lowered.translate(_PUNCTUATION).split(), repeat(0)))
    if _ROW_OF_CODES.search(codes) is None or len(lowered) != len(text):
        return
    at = 0
    for hint in _FIRST.finditer(lowered):
        if hint.start() < at:
            continue
        match = _ROW.match(lowered, hint.start())
        if match is None:
            continue
        start = hint.start()
        # Digits before the first word belong to it: `4 one 1 one`.
        while before := _BEFORE.search(lowered, max(at, start - 7), start):
            start = before.start(1)
        at = match.end()
        if digits := spelled_number(lowered[start:at]):
            yield start, at, digits


_BEFORE: Final = re.compile(r"(?<![^\W_])(\+?\d{1,4})[\s,.;:()/_-]{1,3}\Z")

# ------------------------------------------------------------------------------------------------ e-mail addresses

_OPEN, _CLOSE = r"[ \t]{0,3}[\[({<][ \t]{0,3}", r"[ \t]{0,3}[\])}>][ \t]{0,3}"
AT_WORDS: Final = frozenset(("at", "ät", "arroba", "chiocciola", "arobase", "apenstaartje", "klammeraffe"))
"""One of these, `@` or an opening bracket stands in every address that is spelled."""
_AT_WORD: Final = r"(?:at|ät|arroba|chiocciola|arobase|apenstaartje|klammeraffe)"
_DOT_WORD: Final = r"(?:dot|punkt|point|punto|punt|period)"
_AT_BRACKETS: Final = rf"{_OPEN}(?:{_AT_WORD}|a|@){_CLOSE}"
_DOT_BRACKETS: Final = rf"{_OPEN}(?:{_DOT_WORD}|\.){_CLOSE}"
# The middle of an "at", what may stand before it and what behind it.
_AT_MIDDLE: Final = re.compile(rf"@|(?<![^\W_]){_AT_WORD}(?![^\W_])|(?<=[\[({{<])a(?=[\])}}>])")
_AT_LEFT: Final = re.compile(rf"(?:{_OPEN}|[_-]{{1,2}}|[ \t]{{1,3}}|)\Z")
_AT_RIGHT: Final = re.compile(rf"{_CLOSE}|[_-]{{1,2}}|[ \t]{{1,3}}|")
_DOT: Final = rf"(?:{_DOT_BRACKETS}|[ \t]{{1,3}}{_DOT_WORD}[ \t]{{1,3}}|[ \t]{{1,3}}\.[ \t]{{1,3}}|[_-]dot[_-]|\.)"
_SIGN: Final = (
    rf"(?:{_DOT}|[ \t]{{1,3}}(?:underscore|unterstrich|dash|hyphen|minus|bindestrich|plus)[ \t]{{1,3}}|[_+-])"
)
_LABEL: Final = r"[^\W_][\w-]{0,62}"
_LOCAL: Final = re.compile(rf"(?<![^\W_])[^\W_]{{1,64}}(?:{_SIGN}[^\W_]{{1,64}}){{0,6}}\Z", re.IGNORECASE)
_DOMAIN: Final = re.compile(rf"[^\W_](?:[\w]|-(?!dot-)){{0,62}}(?:{_DOT}{_LABEL}){{1,5}}", re.IGNORECASE)
_SPOKEN_DOT: Final = re.compile(rf"{_DOT_BRACKETS}|[ \t]{_DOT_WORD}[ \t]|[_-]dot[_-]", re.IGNORECASE)
_SAYS_MAIL: Final = re.compile(r"(?:mail|address|adresse|correo|posta)\W{0,12}(?:is|ist|es|:)?\W{0,4}\Z", re.IGNORECASE)
_MARKS: Final = (
    (re.compile(_AT_BRACKETS + rf"|[ \t]{_AT_WORD}[ \t]|[_-]at[_-]|@", re.IGNORECASE), "@"),
    (re.compile(rf"{_DOT_BRACKETS}|[ \t]{_DOT_WORD}[ \t]|[_-]dot[_-]|\.", re.IGNORECASE), "."),
    (re.compile(r"[ \t](?:underscore|unterstrich)[ \t]", re.IGNORECASE), "_"),
    (re.compile(r"[ \t](?:dash|hyphen|minus|bindestrich)[ \t]", re.IGNORECASE), "-"),
    (re.compile(r"[ \t]plus[ \t]", re.IGNORECASE), "+"),
)
_BLANKS: Final = re.compile(r"\s+")
_ADDRESS: Final = re.compile(r"[^\W_][\w.+-]{0,200}@[\w.-]{1,200}\.[^\W\d_]{2,24}\Z")
_REACH: Final = 120
_APART: Final = re.compile(r"[\s\[({<].|.@[\s\])}>]", re.DOTALL)
_OPENING: Final = ("[", "(", "{", "<")
_CLOSING: Final = ("]", ")", "}", ">")
_SIGNS_OF_ADDRESSES: Final = (
    *(f" {word} " for word in ("dot", "punkt", "point", "punto", "punt", "period")),
    *(
        f"{mark}{word}"
        for mark in "[({<"
        for word in ("dot", "punkt", "punto", ".", "at", "ät", "@", "a)", "a]", " at")
    ),
    *("_dot_", "-dot-", "@ ", " @", "mail", "arroba", "_at_"),
)


def spelled_address(text: str) -> str | None:
    """The e-mail address that `text` spells through and through; None when it is something else."""
    plain = text.strip()
    for pattern, sign in _MARKS:
        plain = pattern.sub(sign, plain)
    plain = _BLANKS.sub("", plain)
    return plain if _ADDRESS.match(plain) and plain.count("@") == 1 else None


def spelled_addresses(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and address of each e-mail address in `text` that is spelled, or spread by blanks and brackets.

    A bare ` at ` counts only with a spoken dot behind it, or after a word such as "mail".
    """
    lowered = text.lower()
    if not any(sign in lowered for sign in _SIGNS_OF_ADDRESSES) or len(lowered) != len(text):
        return
    last = 0
    spoken = _SPOKEN_DOT.search(lowered) is not None
    for middle in _AT_MIDDLE.finditer(lowered):
        if middle.start() < last:
            continue
        if middle[0] == "@" and not spoken and not _APART.match(lowered, max(0, middle.start() - 1)):
            continue
        before = _AT_LEFT.search(lowered, max(0, middle.start() - 7), middle.start())
        behind = _AT_RIGHT.match(lowered, middle.end())
        if before is None or behind is None:
            continue
        if (before[0].strip()[:1] in _OPENING) != (behind[0].strip()[:1] in _CLOSING):
            continue
        bare = not before[0].strip() and middle[0] != "@"
        if bare and not (before[0] and behind[0]):
            continue
        domain = _DOMAIN.match(lowered, behind.end())
        local = _LOCAL.search(lowered, max(last, before.start() - _REACH), before.start()) if domain else None
        if domain is None or local is None:
            continue
        start, end = local.start(), domain.end()
        spoken_here = not bare or _SPOKEN_DOT.search(lowered, domain.start(), end) is not None
        if not spoken_here and _SAYS_MAIL.search(lowered, max(0, start - 40), start) is None:
            continue
        if _ADDRESS.match(text[start:end]) is None and (address := spelled_address(text[start:end])):
            last = end
            yield start, end, address
