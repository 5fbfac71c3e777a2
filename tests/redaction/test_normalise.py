"""Sameness: of texts to a reader, of values to a token."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.redaction.normalise import canonical, fold, name_parts


def test_folding_drops_the_invisible_and_plains_the_odd() -> None:
    folded = fold("a\u200bb\u00a0\u2011\uff11c")
    assert folded.text == "ab -1c"
    assert folded.back(0, 2) == (0, 3)
    assert folded.back(3, 5) == (4, 6)
    assert fold("plain").starts is None
    assert fold("Zürich “ok” 東京").starts is None


@given(st.text())
def test_folded_spans_lead_back_to_what_was_folded(text: str) -> None:
    folded = fold(text)
    for at in range(len(folded.text)):
        start, end = folded.back(at, at + 1)
        assert fold(text[start:end]).text == folded.text[at]
    if folded.text:
        start, end = folded.back(0, len(folded.text))
        assert fold(text[start:end]).text == folded.text


@pytest.mark.parametrize(
    ("type_", "one", "other"),
    [
        ("PERSON", "Jane  Roe", "JANE\nROE"),
        ("EMAIL_ADDRESS", "Jane@Acme.example", "ja\u200bne@acme.example"),
        ("PHONE_NUMBER", "+44 (20) 7946-0327", "+442079460327"),
        ("IBAN_CODE", "DE89 3704 0044 0532 0130 00", "de89370400440532013000"),
        ("US_SSN", "536-90-4399", "536904399"),
        ("CREDIT_CARD", "4111 1111", "\uff14111-1111"),
    ],
)
def test_ways_of_writing_one_value_are_one(type_: str, one: str, other: str) -> None:
    assert canonical(type_, one) == canonical(type_, other)


def test_different_values_stay_different() -> None:
    assert canonical("PHONE_NUMBER", "+44 20") != canonical("PHONE_NUMBER", "4420")
    assert canonical("PERSON", "Jane Roe") != canonical("PERSON", "JaneRoe")


def test_name_parts() -> None:
    assert list(name_parts("Dr. Renée van der O'Brien-Smith's 4x")) == ["dr", "renee", "o'brien", "smith"]
