"""Check digits of the numbers of countries. Pure; each takes the value as written and says whether it holds.

Marks between digits do not count. A value of the wrong length or make never holds.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import Final

from gateway.redaction.checksums import ean13, luhn, mod11_10

Check = Callable[[str], bool]

_MARKS: Final = re.compile(r"[\W_]+")


def _bare(value: str) -> str:
    """Letters and digits only, in capitals."""
    return _MARKS.sub("", value).upper()


def _digits(value: str, *lengths: int) -> list[int]:
    text = _bare(value)
    return [int(c) for c in text] if len(text) in lengths and text.isascii() and text.isdigit() else []


def _sum(digits: Sequence[int], weights: Sequence[int]) -> int:
    return sum(d * w for d, w in zip(digits, weights, strict=False))


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True


def _some_date(year: int, month: int, day: int) -> bool:
    """Whether the two digits of a year make a date in some century."""
    return any(_is_date(century + year, month, day) for century in (1800, 1900, 2000))


def fr_nir(value: str) -> bool:
    """French social security number: fifteen characters, key modulo 97; 2A and 2B are Corsica."""
    text = _bare(value)
    if not re.fullmatch(r"[1-478]\d{4}(?:\d{2}|2[AB])\d{8}", text):
        return False
    number = int(text[:13].replace("2A", "19").replace("2B", "18"))
    return 97 - number % 97 == int(text[13:])


def fr_tax(value: str) -> bool:
    """French tax number (SPI): the last three digits are the rest of the first ten modulo 511."""
    text = _bare(value)
    return bool(re.fullmatch(r"[0-3]\d{12}", text)) and int(text[:10]) % 511 == int(text[10:])


def nl_bsn(value: str) -> bool:
    """Dutch citizen number: the eleven test."""
    digits = _digits(value, 9)
    return any(digits) and _sum(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def be_national(value: str) -> bool:
    """Belgian national number: date of birth and a key modulo 97, with a 2 before it from 2000 on."""
    text = _bare(value)
    if not _digits(value, 11):
        return False
    month, day = int(text[2:4]) % 20, int(text[4:6])
    number, key = int(text[:9]), int(text[9:])
    return month <= 12 and day <= 31 and key in (97 - number % 97, 97 - (2_000_000_000 + number) % 97)


def at_svnr(value: str) -> bool:
    """Austrian social insurance number: a check digit and a date of birth."""
    digits = _digits(value, 10)
    if not digits or digits[0] == 0:
        return False
    day, month = digits[4] * 10 + digits[5], digits[6] * 10 + digits[7]
    return _sum(digits, (3, 7, 9, 0, 5, 8, 4, 2, 1, 6)) % 11 == digits[3] and day <= 31 and month <= 15


def pt_nif(value: str) -> bool:
    """Portuguese tax number."""
    digits = _digits(value, 9)
    if not digits or digits[0] == 0 or (digits[0] == 4 and digits[1] != 5):
        return False
    rest = _sum(digits[:8], range(9, 1, -1)) % 11
    return digits[8] == (0 if rest < 2 else 11 - rest)


def ie_pps(value: str) -> bool:
    """Irish personal public service number: seven digits and one or two letters."""
    text = _bare(value)
    if not re.fullmatch(r"\d{7}[A-W][A-IW]?", text):
        return False
    total = sum(int(c) * w for c, w in zip(text[:7], range(8, 1, -1), strict=True))
    total += 9 * ("WABCDEFGHI".index(text[8]) if len(text) == 9 else 0)
    return "WABCDEFGHIJKLMNOPQRSTUV"[total % 23] == text[7]


def dk_cpr(value: str) -> bool:
    """Danish personal number: its date of birth (numbers without the old check digit are in use since 2007)."""
    d = _digits(value, 10)
    return bool(d) and _some_date(d[4] * 10 + d[5], d[2] * 10 + d[3], d[0] * 10 + d[1])


def no_fnr(value: str) -> bool:
    """Norwegian birth number: two check digits."""
    digits = _digits(value, 11)
    if not any(digits):
        return False
    first = _sum(digits, (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)) % 11
    return first == 0 and _sum(digits, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0


def ch_ahv(value: str) -> bool:
    """Swiss social security number: 756 and an EAN-13 check digit."""
    return _bare(value).startswith("756") and ean13(value)


def cz_birth(value: str) -> bool:
    """Czech and Slovak birth number: a date, and the rest of nine digits modulo eleven (0 where that is ten)."""
    digits = _digits(value, 10)
    if not digits:
        return False
    number = int(_bare(value))
    year, month, day = number // 100_000_000, number // 1_000_000 % 100 % 50 % 20, number // 10_000 % 100
    return number // 10 % 11 % 10 == digits[9] and 1 <= month <= 12 and _some_date(year, month, day)


def ro_cnp(value: str) -> bool:
    """Romanian personal code."""
    digits = _digits(value, 13)
    if not digits or digits[0] == 0:
        return False
    rest = _sum(digits, (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)) % 11
    month, day = digits[3] * 10 + digits[4], digits[5] * 10 + digits[6]
    return (1 if rest == 10 else rest) == digits[12] and 1 <= month <= 12 and 1 <= day <= 31


def bg_egn(value: str) -> bool:
    """Bulgarian civil number."""
    digits = _digits(value, 10)
    if not digits:
        return False
    month, day = digits[2] * 10 + digits[3], digits[4] * 10 + digits[5]
    rest = _sum(digits, (2, 4, 8, 5, 10, 9, 7, 3, 6)) % 11 % 10
    return rest == digits[9] and month % 20 in range(1, 13) and 1 <= day <= 31


def ee_lt_code(value: str) -> bool:
    """Estonian and Lithuanian personal code."""
    digits = _digits(value, 11)
    if not digits or not 1 <= digits[0] <= 8:
        return False
    rest = _sum(digits, (1, 2, 3, 4, 5, 6, 7, 8, 9, 1)) % 11
    if rest == 10:
        rest = _sum(digits, (3, 4, 5, 6, 7, 8, 9, 1, 2, 3)) % 11 % 10
    return rest == digits[10] and 1 <= digits[3] * 10 + digits[4] <= 12 and 1 <= digits[5] * 10 + digits[6] <= 31


def hu_taj(value: str) -> bool:
    """Hungarian social security number."""
    digits = _digits(value, 9)
    return any(digits) and _sum(digits[:8], (3, 7) * 4) % 10 == digits[8]


def gr_amka(value: str) -> bool:
    """Greek social security number: a date of birth and a Luhn digit."""
    d = _digits(value, 11)
    return bool(d) and _some_date(d[4] * 10 + d[5], d[2] * 10 + d[3], d[0] * 10 + d[1]) and luhn(value)


def siren(value: str) -> bool:
    """French company number of nine digits, or of fourteen with its establishment."""
    return any(_digits(value, 9, 14)) and luhn(_bare(value))


def br_cpf(value: str) -> bool:
    """Brazilian taxpayer number of a person: two check digits, not all equal."""
    digits = _digits(value, 11)
    if len(set(digits)) < 2:
        return False
    return all(_sum(digits, range(n + 1, 1, -1)) * 10 % 11 % 10 == digits[n] for n in (9, 10))


def br_cnpj(value: str) -> bool:
    """Brazilian taxpayer number of a company."""
    digits = _digits(value, 14)
    if len(set(digits)) < 2:
        return False
    weights = (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)
    return all(_sum(digits[:n], weights[13 - n :]) * 10 % 11 % 10 == digits[n] for n in (12, 13))


def mx_curp(value: str) -> bool:
    """Mexican population key: eighteen characters, the last a check digit."""
    text = _bare(value)
    if not re.fullmatch(r"[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z0-9]\d", text):
        return False
    alphabet = "0123456789ABCDEFGHIJKLMN\u00d1OPQRSTUVWXYZ"
    total = sum(alphabet.index(c) * (18 - n) for n, c in enumerate(text[:17]))
    return (10 - total % 10) % 10 == int(text[17])


def cn_id(value: str) -> bool:
    """Chinese resident identity number: a date of birth and ISO 7064 modulo 11-2."""
    text = _bare(value)
    if not re.fullmatch(r"[1-9]\d{16}[\dX]", text):
        return False
    total = sum(int(c) * (pow(2, 17 - n) % 11) for n, c in enumerate(text[:17]))
    return "10X98765432"[total % 11] == text[17] and _is_date(int(text[6:10]), int(text[10:12]), int(text[12:14]))


def jp_number(value: str) -> bool:
    """Japanese individual number."""
    digits = _digits(value, 12)
    if not any(digits):
        return False
    rest = _sum(digits[:11], (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return digits[11] == (0 if rest <= 1 else 11 - rest)


def cl_rut(value: str) -> bool:
    """Chilean identity number."""
    text = _bare(value)
    if not re.fullmatch(r"\d{7,8}[\dK]", text):
        return False
    total = sum(int(c) * w for c, w in zip(reversed(text[:-1]), (2, 3, 4, 5, 6, 7, 2, 3), strict=False))
    return "0123456789K"[(11 - total % 11) % 11] == text[-1]


def il_id(value: str) -> bool:
    """Israeli identity number."""
    return any(_digits(value, 9)) and luhn(_bare(value))


def vin(value: str) -> bool:
    """Vehicle identification number with the check digit that North America requires."""
    text = _bare(value)
    if not re.fullmatch(r"[A-HJ-NPR-Z0-9]{8}[\dX][A-HJ-NPR-Z0-9]{8}", text):
        return False
    worth = {c: int(c) for c in "0123456789"} | dict(
        zip("ABCDEFGHJKLMNPRSTUVWXYZ", (*range(1, 9), *range(1, 6), 7, 9, *range(2, 10)), strict=True)
    )
    total = sum(worth[c] * w for c, w in zip(text, (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2), strict=True))
    return "0123456789X"[total % 11] == text[8]


def hr_oib(value: str) -> bool:
    """Croatian personal number."""
    return mod11_10(_bare(value).removeprefix("HR"))


CHECKS: Final[dict[str, Check]] = {
    check.__name__: check
    for check in (
        *(fr_nir, fr_tax, siren, nl_bsn, be_national, at_svnr, pt_nif, ie_pps, dk_cpr, no_fnr, ch_ahv, cz_birth),
        *(ro_cnp, bg_egn, ee_lt_code, hu_taj, gr_amka, br_cpf, br_cnpj, mx_curp, cn_id, jp_number, cl_rut, il_id),
        *(vin, hr_oib),
    )
}
"""By name, for the table of numbers."""
