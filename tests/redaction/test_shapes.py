"""Numbers by shape."""

from __future__ import annotations

import pytest

from gateway.redaction.shapes import cards, dialled, ibans


@pytest.mark.parametrize(
    "value", ["590-427-7038x4309", "+1-558-500-4397", "001-880-271-5451", "(555) 010-9999", "+44 20 7946 0327"]
)
def test_numbers_in_use_or_not(value: str) -> None:
    text = f"at {value} now"
    assert {text[a:b] for a, b in dialled(text)} == {value}


@pytest.mark.parametrize("text", ["943 476 5919", "536-90-4399", "2024-01-02", "1.2.3-456-7890", "535.104.05", "1+234"])
def test_other_numbers(text: str) -> None:
    assert list(dialled(text)) == []


def test_long_cards_need_a_word_and_a_checksum() -> None:
    assert len(list(cards("the card 4940196556981693409"))) == 1
    assert list(cards("the card 4940196556981693408")) == []
    assert list(cards("offset 4940196556981693409")) == []


def test_ibans_in_small_letters() -> None:
    text = "my iban is de89 3704 0044 0532 0130 00 of old"
    assert [text[a:b] for a, b in ibans(text)] == ["de89 3704 0044 0532 0130 00"]
    assert list(ibans("my iban is de88 3704 0044 0532 0130 00")) == []


def test_a_bracket_around_a_number_stays_outside() -> None:
    text = "(mail or +44 20 7946 0327)"
    assert [text[start:end] for start, end in dialled(text)] == ["+44 20 7946 0327"]
