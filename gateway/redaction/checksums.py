"""Checks of numbers by name, for custom recognizers. Pure; a value's blanks, hyphens, dots and slashes do not count."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_SEPARATORS: Final = re.compile(r"[\s./-]+")
# Verhoeff: the multiplication of the dihedral group of order ten, and the permutation by position.
_PRODUCT: Final = (
    *("0123456789", "1234067895", "2340178956", "3401289567", "4012395678"),
    *("5987604321", "6598710432", "7659821043", "8765932104", "9876543210"),
)
_PERMUTED: Final = (
    *("0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258"),
)
# Damm: a quasigroup of order ten without a fixed pair.
_QUASIGROUP: Final = (
    *("0317598642", "7092154863", "4206871359", "1750983426", "6123045978"),
    *("3674209581", "5869720134", "8945362017", "9438617205", "2581436790"),
)


def luhn(value: str) -> bool:
    """Payment cards, IMEI, many national numbers: every second digit from the right doubled, the sum ends in 0."""
    digits = _digits(value)
    doubled = (2 * d - 9 * (d > 4) if place % 2 else d for place, d in enumerate(reversed(digits)))
    return bool(digits) and sum(doubled) % 10 == 0


def verhoeff(value: str) -> bool:
    """Verhoeff's: Aadhaar and others."""
    digits = _digits(value)
    state = 0
    for place, digit in enumerate(reversed(digits)):
        state = int(_PRODUCT[state][int(_PERMUTED[place % 8][digit])])
    return bool(digits) and state == 0


def damm(value: str) -> bool:
    """Damm's."""
    digits = _digits(value)
    state = 0
    for digit in digits:
        state = int(_QUASIGROUP[state][digit])
    return bool(digits) and state == 0


def ean13(value: str) -> bool:
    """Article numbers of 8, 12, 13 or 14 digits (EAN, UPC, GTIN, ISBN-13), GLN: weights 1 and 3 from the right."""
    digits = _digits(value)
    return len(digits) in {8, 12, 13, 14} and _weighted(digits, (1, 3)) % 10 == 0


def mod11(value: str) -> bool:
    """Weights 1, 2, 3, ... from the right, the sum divisible by 11; a last X is ten: ISBN-10, ISSN, NHS numbers."""
    digits = _digits(value, last_ten=True)
    return bool(digits) and _weighted(digits, tuple(range(1, len(digits) + 1))) % 11 == 0


def mod11_2(value: str) -> bool:
    """ISO 7064 MOD 11-2, a last X is ten: ORCID, ISNI, Chinese resident numbers."""
    digits = _digits(value, last_ten=True)
    state = 0
    for digit in digits:
        state = (2 * state + digit) % 11
    return bool(digits) and state == 1


def mod11_10(value: str) -> bool:
    """ISO 7064 MOD 11,10: German tax identification numbers and VAT numbers, Croatian OIB."""
    digits = _digits(value)
    state = 10
    for digit in digits[:-1]:
        state = 2 * ((state + digit) % 10 or 10) % 11
    return bool(digits) and (state + digits[-1]) % 10 == 1


def mod97(value: str) -> bool:
    """ISO 7064 MOD 97-10, letters count from A = 10, two check digits last: LEI, and IBANs once turned round."""
    characters = _plain(value)
    if not re.fullmatch(r"[0-9A-Z]+[0-9]{2}", characters, re.ASCII):
        return False
    state = 0
    for character in characters:
        number = int(character, 36)
        state = (state * (100 if number > 9 else 10) + number) % 97
    return state == 1


def iban(value: str) -> bool:
    """MOD 97-10 with the first four characters moved to the end."""
    characters = _plain(value)
    return re.fullmatch(r"[A-Z]{2}[0-9]{2}[0-9A-Z]{8,30}", characters, re.ASCII) is not None and mod97(
        characters[4:] + characters[:4]
    )


def mrz(value: str) -> bool:
    """Machine-readable travel documents: weights 7, 3, 1, letters count from A = 10, `<` is 0, check digit last."""
    characters = _plain(value)
    if not re.fullmatch(r"[0-9A-Z<]+[0-9]", characters, re.ASCII):
        return False
    values = [0 if character == "<" else int(character, 36) for character in characters]
    return sum(v * (7, 3, 1)[place % 3] for place, v in enumerate(values[:-1])) % 10 == values[-1]


CHECKSUMS: Final[dict[str, Callable[[str], bool]]] = {
    check.__name__: check for check in (luhn, verhoeff, damm, ean13, mod11, mod11_2, mod11_10, mod97, iban, mrz)
}


def _plain(value: str) -> str:
    return _SEPARATORS.sub("", value).upper()


def _digits(value: str, *, last_ten: bool = False) -> list[int]:
    """The digits; none when there is anything else, but for a last X where `last_ten`."""
    plain = _plain(value)
    ten = last_ten and plain.endswith("X")
    body = plain[:-1] if ten else plain
    if not body.isdecimal() or not body.isascii():
        return []
    return [int(character) for character in body] + [10] * ten


def _weighted(digits: list[int], weights: tuple[int, ...]) -> int:
    """Digits times weights from the right, the weights repeated."""
    return sum(digit * weights[place % len(weights)] for place, digit in enumerate(reversed(digits)))
