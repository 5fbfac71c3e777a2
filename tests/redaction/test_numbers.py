"""The table of numbers: every check exists, and what no check proves needs a word."""

from __future__ import annotations

import pytest

from gateway.model import PrivacyPolicy
from gateway.redaction.detect import Detector
from gateway.redaction.entities import BY_TYPE
from gateway.redaction.national import CHECKS
from gateway.redaction.numbers import NUMBERS


def test_every_number_is_an_entity_with_a_check_that_exists() -> None:
    assert set(NUMBERS) <= set(BY_TYPE)
    assert {number.check for number in NUMBERS.values()} - {""} <= set(CHECKS)


@pytest.mark.parametrize("type_", sorted(NUMBERS))
def test_a_number_without_check_is_below_the_threshold(type_: str) -> None:
    number = NUMBERS[type_]
    assert number.context
    assert number.check or all(score < 0.4 for _, score in number.patterns)


def test_a_wrong_check_digit_is_no_number() -> None:
    detector = Detector(PrivacyPolicy(entities=("NL_BSN",)))
    assert len(detector.find("BSN 473621083")) == 1
    assert detector.find("BSN 473621084") == []
    assert detector.find("order 473621083") == []
