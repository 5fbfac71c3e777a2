"""Numbers by shape, where stock recognizers want more: telephones not in use, long cards, IBANs in small letters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.redaction.checksums import iban, luhn

Found = tuple[int, int]

_AMERICAN: Final = re.compile(
    r"(?<![\w.,/:-])(?:(?:\+?1|001)[ .-]?)?(?:\(\d{3}\)[ ]?|\d{3}[.-])\d{3}[.-]\d{4}"
    r"(?:[ ]?(?:x|ext\.?|extension)[ ]?\d{1,6})?(?![\w/-]|[.,:]\d)",
    re.IGNORECASE,
)
_ABROAD: Final = re.compile(
    r"(?<![\w.+])\+[1-9]\d{0,2}(?:[ .-]?(?:\(\d{1,5}\)|\d{1,5})){2,6}(?:[ ]?x[ ]?\d{1,6})?(?![\w-]|[.,]\d)"
)
_CARD: Final = re.compile(r"(?<![\w.-])[2-6]\d{11,18}(?![\w-]|\.\d)")
_CARD_WORD: Final = re.compile(
    r"(?i)card|visa|master|amex|discover|maestro|credit|debit|kredit|carte|tarjeta|carta|kaart|karte"
)
_BEFORE: Final = 60
_IBAN: Final = re.compile(r"(?<![^\W_])[a-z]{2}\d{2}(?:[ ]?[a-z0-9]{4}){2,7}(?:[ ]?[a-z0-9]{1,3})?(?![^\W_])")


def dialled(text: str) -> Iterator[Found]:
    """Numbers written as telephone numbers are, in use or not: `590-427-7038x4309`, `+1-558-500-4397`."""
    for match in _AMERICAN.finditer(text):
        yield match.span()
    if "+" in text:
        for match in _ABROAD.finditer(text):
            if 8 <= sum(c.isdigit() for c in match[0].partition("x")[0]) <= 15:
                yield match.span()


def cards(text: str) -> Iterator[Found]:
    """Card numbers of twelve to nineteen digits with a right checksum, after a word that says so."""
    for match in _CARD.finditer(text):
        if luhn(match[0]) and _CARD_WORD.search(text, max(0, match.start() - _BEFORE), match.start()):
            yield match.span()


def ibans(text: str) -> Iterator[Found]:
    """IBANs in small letters with a right checksum."""
    for match in _IBAN.finditer(text):
        value = match[0]
        while value.count(" ") and not iban(value):
            value = value.rpartition(" ")[0]
        if len(value.replace(" ", "")) >= 15 and iban(value):
            yield match.start(), match.start() + len(value)
