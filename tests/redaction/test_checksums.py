"""Checksums against numbers that others published, and against every single wrong digit."""

from __future__ import annotations

import pytest

from gateway.policy.names import CHECKSUMS as LEGAL
from gateway.redaction.checksums import CHECKSUMS

KNOWN = {
    "luhn": ("79927398713", "4111 1111 1111 1111", "378282246310005", "49-015420-323751-8"),
    "verhoeff": ("2363", "123451", "1428570", "3123 4567 8909"),
    "damm": ("5724", "112946"),
    "ean13": ("4006381333931", "96385074", "036000291452", "978-3-16-148410-0"),
    "mod11": ("0-306-40615-2", "0-8044-2957-X", "943 476 5919", "0378-5955"),
    "mod11_2": ("0000-0002-1825-0097", "0000-0002-1694-233X", "11010519491231002X"),
    "mod11_10": ("86095742719", "69435151530"),
    "mod97": ("5493001KJTIIGC8Y1R12", "3214282912345698765432161182"),
    "iban": ("DE89 3704 0044 0532 0130 00", "GB82 WEST 1234 5698 7654 32", "no93 8601 1117 947"),
    "mrz": ("L898902C36", "7408122", "ZE184226B<<<<<1"),
}


def test_the_legal_names_are_the_checks_there_are() -> None:
    assert set(CHECKSUMS) == set(LEGAL) == set(KNOWN)


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_published_numbers_pass_and_each_slip_of_one_digit_fails(name: str) -> None:
    check = CHECKSUMS[name]
    for number in KNOWN[name]:
        assert check(number), number
        for at, character in enumerate(number):
            if character.isdigit():
                wrong = number[:at] + str((int(character) + 1) % 10) + number[at + 1 :]
                assert not check(wrong), wrong


@pytest.mark.parametrize("name", sorted(CHECKSUMS))
@pytest.mark.parametrize("value", ["", "-", "x", "12a4", "\u0661\u0662", "1" * 9000 + "x y", "\u00b2\u00b3", "X", "é1"])
def test_what_is_no_number_fails_without_an_error(name: str, value: str) -> None:
    assert CHECKSUMS[name](value) is False


def test_long_numbers_are_reckoned_too() -> None:
    assert isinstance(CHECKSUMS["mod97"]("9" * 100_000), bool)
