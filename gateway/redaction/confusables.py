"""Letters of other alphabets that are drawn like Latin ones, and when they stand for them. Pure.

A word is read as Latin only when it mixes alphabets and every foreign letter in it has a Latin double: Russian or Greek
words stay what they are, `Jane` with a Cyrillic a in it becomes `Jane`.
"""

from __future__ import annotations

import re
from typing import Final

# Foreign letters and the Latin ones they are drawn like, pairwise; by the look of them in common fonts.
_PAIRS: Final = (
    # Cyrillic
    (
        (
            "\u0410\u0412\u0415\u0405\u0406\u0408\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u051a"
            "\u051c\u04ae\u050c\u04ba\u0430\u0435\u0455\u0456\u0458\u043a\u043e\u0440\u0441\u0443\u0445\u04bb"
            "\u0501\u051b\u051d\u0475\u04af\u04cf\u044c\u050d"
        ),
        "ABESIJKMHOPCTYXQWYGHaesijkopcyxhdqwvylbg",
    ),
    # Cyrillic and others with signs of their own
    (
        "\u043c\u043d\u0442\u0432\u0417\u0461\u0299\u047b\u0531",
        "mhtb3wboU",
    ),
    # Greek
    (
        (
            "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03f9\u03fa"
            "\u03f3\u03b1\u03bd\u03b9\u03bf\u03c1\u03c5\u03c7\u03f2\u03ba\u03c4\u03c9\u03b3\u03f1\u03dd"
        ),
        "ABEZHIKMNOPTYXCMjavioruxcktwypf",
    ),
    # Armenian
    (
        "\u0555\u054d\u054f\u053c\u0578\u057d\u0585\u0581\u0570\u0575\u0584\u0566\u0501\u057c",
        "OUSLnuoghjpqdn",
    ),
    # Small capitals of phonetic script
    (
        (
            "\u1d00\u0299\u1d04\u1d05\u1d07\ua730\u0262\u029c\u026a\u1d0a\u1d0b\u029f\u1d0d\u0274\u1d0f\u1d18"
            "\u0280\ua731\u1d1b\u1d1c\u1d20\u1d21\u028f\u1d22"
        ),
        "abcdefghijklmnoprstuvwyz",
    ),
    # Letters of phonetic script
    (
        "\u0251\u0261\u0131\u0269\u026a\u028b\u1d20\u0250\u025b\u0275\u0254\u0282\u0290\u0266\u0271\u0272\u0237",
        "agiiivvaeocszhmnj",
    ),
    # Cherokee
    (
        (
            "\u13aa\u13f4\u13df\u13a0\u13ac\u13c0\u13bb\u13c6\u13ab\u13e6\u13de\u13b7\u039d\u13e2\u13a1\u13da"
            "\u13a2\u13d9\u13b3\u13c3\u13a5\u13d2\u13c2\u13ce"
        ),
        "ABCDEGHIJKLMNPRSTVWZiRhS",
    ),
    # Lisu
    (
        (
            "\ua4d0\ua4da\ua4d3\ua4f0\ua4dd\ua4d6\ua4e7\ua4f2\ua4d9\ua4d7\ua4e1\ua4df\ua4e0\ua4f3\ua4d1\ua4e3"
            "\ua4e2\ua4d4\ua4f4\ua4e6\ua4ea\ua4eb\ua4ec\ua4dc"
        ),
        "BCDEFGHIJKLMNOPRSTUVWXYZ",
    ),
)
LOOKALIKES: Final[dict[str, str]] = {
    foreign: latin for foreigns, latins in _PAIRS for foreign, latin in zip(foreigns, latins, strict=True)
}
_ANY: Final = re.compile(f"[{''.join(LOOKALIKES)}]")
_WORD: Final = re.compile(r"[^\W_]+")
_ADDRESS: Final = re.compile(r"[^\s@<>\"']{1,128}@[^\s@<>\"']{1,256}")
_LATIN_LETTER: Final = re.compile(r"[A-Za-z]")


def latinised(text: str) -> dict[int, str]:
    """Offsets of the letters that stand for Latin ones, with these."""
    if _ANY.search(text) is None:
        return {}
    found: dict[int, str] = {}
    for pattern in (_WORD, _ADDRESS) if "@" in text else (_WORD,):
        for match in pattern.finditer(text):
            word = match[0]
            if not word.isascii() and _ANY.search(word) and _LATIN_LETTER.search(word) and _all_doubled(word):
                found.update((match.start() + at, LOOKALIKES[c]) for at, c in enumerate(word) if c in LOOKALIKES)
    return found


def _all_doubled(word: str) -> bool:
    """Whether every letter that is neither Latin nor a mark has a double."""
    return all(c < "\u0250" or "\u1e00" <= c <= "\u1eff" or c in LOOKALIKES or not c.isalpha() for c in word)
