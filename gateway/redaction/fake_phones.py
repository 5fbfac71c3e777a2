"""Invented telephone numbers: from the ranges that regulators keep for drama, or such as no network can have. Pure."""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import Any, Final

from gateway.redaction.fake_draw import Draw, refit, solid

_REGIONS: Final = ("US", "GB", "DE", "FR", "IL", "IN", "CA", "BR")
"""Whose national numbers are read without a country code, in this order."""
_TRIES: Final = 50
_FIXED: Final = {
    # Ofcom, Bundesnetzagentur, ARCEP: what stands before the last digits.
    44: (
        *("2079460", "1134960", "1144960", "1154960", "1164960", "1174960", "1184960", "1214960", "1314960"),
        *("1414960", "1514960", "1614960", "1632960"),
    ),
    49: ("3023125", "6990009", "4066969", "2214710", "8999998"),
    33: ("19900", "26191", "35301", "46571", "53649"),
}
_MOBILE: Final = {44: ("7700900",), 49: ("17139200", "176040690"), 33: ("63998",)}
_MOBILE_BEGINS: Final = {44: "7", 49: "1", 33: ("6", "7")}
_LENGTH: Final = {44: 10, 49: 10, 33: 9}
"""Digits of such a number without its leading zero; one more after the longest heads."""


def phone(value: str, draw: Draw) -> str | None:
    """A number of the same country and kind, in the same grouping where it has as many digits."""
    library = _library()
    digits = solid(value)
    if not digits.isdecimal() or not digits.isascii():
        return None
    parsed = _parsed(value)
    if parsed is None:
        return None
    code, national = parsed.country_code, library.national_significant_number(parsed)
    if not digits.endswith(national):
        return None
    new = _national(code, national, draw)
    lead = digits[: len(digits) - len(national)]
    if len(new) == len(national):
        return refit(value, lead + new)
    # A reserved number of another length: what stood before the national number, then two groups.
    before = value[: _place_of(value, len(lead))].rstrip("(")
    return f"{before}{new[:-6]} {new[-6:]}"


def _national(code: int, old: str, draw: Draw) -> str:
    if code == 1:
        return f"{2 + draw.below(8)}{draw.below(9)}{draw.below(10)}55501{draw.digits(2)}"
    if code in _FIXED:
        mobile = old.startswith(tuple(_MOBILE_BEGINS[code]))
        heads = {head: max(_LENGTH[code], len(head) + 2) for head in (_MOBILE if mobile else _FIXED)[code]}
        fitting = [head for head, length in heads.items() if length == len(old)] or list(heads)
        head = draw.among(fitting)
        return head + draw.digits(heads[head] - len(head))
    library = _library()
    new = old
    for _ in range(_TRIES):
        new = str(1 + draw.below(9)) + draw.digits(len(old) - 1)
        made = library.PhoneNumber(country_code=code, national_number=int(new))
        if not library.is_valid_number(made):
            return new
    return "0" * len(old)


def _parsed(value: str) -> Any:
    library = _library()
    text = value.strip()
    text = f"+{text[2:]}" if text.startswith("00") else text
    for region in _REGIONS:
        try:
            parsed = library.parse(text, region)
        except library.NumberParseException:
            continue
        if library.is_valid_number(parsed) or text.lstrip("( ").startswith("+"):
            return parsed
    return None


def _place_of(value: str, solids: int) -> int:
    """Where the letter or digit after so many others stands."""
    for place, character in enumerate(value):
        if character.isalnum():
            if solids == 0:
                return place
            solids -= 1
    return len(value)


@lru_cache(maxsize=1)
def _library() -> Any:
    """The `phonenumbers` package, which takes a moment to import."""
    return importlib.import_module("phonenumbers")
