"""Invented numbers in the form of real ones: the same length and grouping, a right checksum, and nobody's. Pure.

Digits are drawn from a keyed digest, so a value has the same fake in every process. Where a range is reserved for tests
or drama the fake is taken from it; elsewhere the recognizer's own check is asked until a drawn number passes.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeAlias

from gateway.redaction.entities import BY_TYPE
from gateway.redaction.fake_draw import LETTERS, Draw, refit, shaped, solid
from gateway.redaction.fake_phones import phone
from gateway.redaction.recognizers import build

Check: TypeAlias = Callable[[str], bool]
LONGEST: Final = 64
"""Longer values are not imitated."""
_TRIES: Final = 2000
_LEAST_DIGITS: Final = 4
_CARDS: Final = {"1": "1000000", "2": "222300", "4": "400000", "5": "555555", "6": "601111"}
"""First digit -> prefix of cards that processors keep for tests."""
_CARDS_3: Final = {14: "305693", 15: "378282"}
_NET_V4: Final = ((0xC0000200, 8), (0xC6336400, 8), (0xCB007100, 8), (0xC6120000, 17))
"""Networks for documentation and benchmarks: first address, bits left free."""
_PRIVATE: Final = tuple(ipaddress.ip_network(net) for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
_HEAD: Final = re.compile(r"[A-Za-z]{1,4}(?=[\s_./-]?\d)")
"""Letters in front of a number: a country's, or a kind's."""


def number(type_: str, value: str, draw: Draw, check: Check | None = None) -> str | None:
    """A fake for a value of this type; None where the value's form is not understood.

    `check`: the checksum of a type that an administrator added.
    """
    if len(value) > LONGEST or "\n" in value:
        return None
    maker = _MAKERS.get(type_)
    return maker(value, draw) if maker else _checked(type_, value, draw, check)


def luhn(digits: str) -> str:
    """The digit that makes `digits` and it pass Luhn's check."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        double = int(digit) * (2 - place % 2)
        total += double - 9 if double > 9 else double
    return str(-total % 10)


def _checked(type_: str, value: str, draw: Draw, check: Check | None) -> str | None:
    """Shaped, until the type's own check passes what is drawn; letters of a country or kind stay in front."""
    if not value.isascii() or sum(map(str.isdigit, value)) < _LEAST_DIGITS:
        return None
    match = _HEAD.match(value)
    head = match[0] if match and (type_ not in BY_TYPE or type_.startswith(match[0].upper() + "_")) else ""
    checks, right = (*_checks_of(type_), *([check] if check else [])), ""
    for _ in range(_TRIES):
        made = head + shaped(value[len(head) :], draw)
        passed = [one(made) for one in checks]
        if all(passed):
            return made
        # The form alone has more to it (a date of birth, say) than could be drawn in time.
        right = made if not right and passed[-1] else right
    return right or made


@lru_cache(maxsize=128)
def _checks_of(type_: str) -> tuple[Check, ...]:
    """What the recognizer of a type asks of a number: one of its patterns, and its checksum."""
    entity = BY_TYPE.get(type_)
    recognizer = build(entity).recognizer if entity else None
    patterns = [re.compile(one.regex, re.IGNORECASE) for one in getattr(recognizer, "patterns", ())]
    checksum = getattr(recognizer, "validate_result", None)
    checks: list[Check] = []
    if patterns:
        checks.append(lambda made: any(pattern.fullmatch(made) for pattern in patterns))
    if callable(checksum):
        checks.append(lambda made: checksum(made) is not False)
    return tuple(checks)


def _card(value: str, draw: Draw) -> str | None:
    old = solid(value)
    if not old.isdecimal() or not 12 <= len(old) <= 19:
        return None
    prefix = _CARDS_3.get(len(old), "353011") if old[0] == "3" else _CARDS.get(old[0], old[0] + "00000")
    body = prefix + draw.digits(len(old) - len(prefix) - 1)
    return refit(value, body + luhn(body))


def _iban(value: str, draw: Draw) -> str | None:
    old = solid(value)
    if len(old) < 15 or not old[:2].isalpha():
        return None
    # No bank has the code 00000 or XXXX.
    bank = "".join("0" if c.isdecimal() else "X" for c in old[4:9])
    rest = "".join(str(draw.below(10)) if c.isdecimal() else draw.among(LETTERS) for c in old[9:])
    country = old[:2].upper()
    as_number = "".join(str(int(c, 36)) for c in bank + rest + country + "00")
    return refit(value, country + str(98 - int(as_number) % 97).zfill(2) + bank + rest)


def _ssn(value: str, draw: Draw) -> str | None:
    # 900 to 999 is never issued as an area; with a group below 50 it is no taxpayer number either.
    if len(solid(value)) != 9:
        return None
    return refit(value, f"9{draw.digits(2)}{1 + draw.below(49):02}{1 + draw.below(9999):04}")


def _itin(value: str, draw: Draw) -> str | None:
    if len(solid(value)) != 9:
        return None
    return refit(value, f"9{draw.digits(2)}{draw.among(('66', '67', '68', '69', '89', '93'))}{draw.digits(4)}")


def _nhs(value: str, draw: Draw) -> str | None:
    if len(solid(value)) != 10:
        return None
    while True:
        body = "999" + draw.digits(6)
        check = -sum(int(d) * (10 - place) for place, d in enumerate(body)) % 11
        if check < 10:
            return refit(value, body + str(check))


def _nino(value: str, draw: Draw) -> str | None:
    old = solid(value)
    if len(old) not in (8, 9):
        return None
    # No number begins with QQ.
    return refit(value, f"QQ{draw.digits(6)}{draw.among('ABCD')}"[: len(old)])


def _ip(value: str, draw: Draw) -> str | None:
    text, slash, length = value.partition("/")
    try:
        old = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(old, ipaddress.IPv6Address):
        new: object = ipaddress.IPv6Address((0x20010DB8 << 96) + draw.below(1 << 64))
    else:
        inside = next((net for net in _PRIVATE if old in net), None)
        if inside is not None:
            new = inside[draw.below(inside.num_addresses)]
        else:
            first, bits = _NET_V4[draw.below(len(_NET_V4))]
            new = ipaddress.IPv4Address(first + draw.below(1 << bits))
    return f"{new}{slash}{length}"


def _mac(value: str, draw: Draw) -> str | None:
    old = solid(value)
    if len(old) != 12:
        return None
    # 02: given by nobody.
    new = f"02{draw.below(1 << 40):010x}"
    return refit(value, new.upper() if old.upper() == old else new)


def _uuid(value: str, draw: Draw) -> str | None:
    old = solid(value)
    if len(old) != 32:
        return None
    new = list(f"{draw.below(1 << 64):016x}{draw.below(1 << 64):016x}")
    new[12], new[16] = "4", draw.among("89ab")
    made = "".join(new)
    return refit(value, made.upper() if old.upper() == old else made)


_MAKERS: Final[dict[str, Callable[[str, Draw], str | None]]] = {
    "PHONE_NUMBER": phone,
    "CREDIT_CARD": _card,
    "IBAN_CODE": _iban,
    "US_SSN": _ssn,
    "US_ITIN": _itin,
    "UK_NHS": _nhs,
    "UK_NINO": _nino,
    "IP_ADDRESS": _ip,
    "MAC_ADDRESS": _mac,
    "UUID": _uuid,
}
