"""Numbers by shape."""

from __future__ import annotations

import pytest

from gateway.redaction.shapes import cards, dialled, ibans, said


@pytest.mark.parametrize(
    "value", ["590-427-7038x4309", "+1-558-500-4397", "001-880-271-5451", "(555) 010-9999", "+44 20 7946 0327"]
)
def test_numbers_in_use_or_not(value: str) -> None:
    text = f"at {value} now"
    assert {text[a:b] for a, b in dialled(text)} == {value}


@pytest.mark.parametrize("text", ["943 476 5919", "536-90-4399", "2024-01-02", "1.2.3-456-7890", "535.104.05", "1+234"])
def test_other_numbers(text: str) -> None:
    assert list(dialled(text)) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("They're not answering at (88) 684-334", "(88) 684-334"),
        ("You can call 75 196 772", "75 196 772"),
        ("call me 555 0199 after 6", "555 0199"),
        ("ring deirdre on 01 234 5678", "01 234 5678"),
        ("Our number is 555-0147; ask", "555-0147"),
        ("Phone: 88 165 40 96", "88 165 40 96"),
        ("Móvil: 612 345 678", "612 345 678"),
        ("Tel. 089 / 1234567-22", "089 / 1234567-22"),
        ("96 228011 office", "96 228011"),
        ("(311)905-4466x8827-Fax", "(311)905-4466x8827"),
        ("my direct line is x4471 or", "x4471"),
        ("Durchwahl -134", "-134"),
    ],
)
def test_numbers_that_a_word_says_are_telephones(text: str, value: str) -> None:
    assert {text[a:b] for a, b in said(text)} == {value}


@pytest.mark.parametrize(
    "text",
    [
        "call back on 2024-01-02",
        "phone bill of 12.03.2024",
        "a mobile app with 100 000 000 users",
        "reach 100 000 000 people",
        "the cell 12345",
        "call 10.20.30.40",
        "text 1000000 tokens",
        "extension 12",
        "fax it by 10:30",
        "function call 3 times",
    ],
)
def test_other_numbers_near_such_words(text: str) -> None:
    assert list(said(text)) == []


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


def test_spanish_numbers_of_nine_digits_behind_a_word() -> None:
    text = "a su disposici\u00f3n en el 952 44 10 87."
    assert [text[a:b] for a, b in dialled(text)] == ["952 44 10 87"]
    assert list(dialled("1200 952 44 10 87")) == []
