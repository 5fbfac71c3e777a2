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


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("j\u0336a\u0336ne", "jane"),
        ("e\u0301te\u0301", "\u00e9t\u00e9"),
        ("4\ufe0f\u20e31\ufe0f\u20e3", "41"),
        ("\U0001f149\u24d0\u249c\U0001f1ef", "ZaaJ"),
        ("\ufb01ona \u2469\u2460", "fiona 101"),
        ("J\u0430ne \u0420\u043e\u0435m and \u0420\u0438\u043c", "Jane Poem and \u0420\u0438\u043c"),
        ("\u0440\u043e\u0441\u0430 \u03b1\u03b2", "\u0440\u043e\u0441\u0430 \u03b1\u03b2"),
        ("a@\u0430\u0441\u0435\u3002com", "a@ace.com"),
        ("a\x00b\n\x00\nc\x07", "ab\n\x00\nc"),
    ],
)
def test_folding_reads_what_a_reader_sees(written: str, read: str) -> None:
    assert fold(written).text == read


@given(st.text(st.characters() | st.sampled_from("\u0336\u0301\u200b\u0430\u2460\ufb01\x00a1")))
def test_folded_characters_lead_back_in_order(text: str) -> None:
    folded = fold(text)
    at = 0
    for index, character in enumerate(folded.text):
        start, end = folded.back(index, index + 1)
        assert at <= start < end <= len(text)
        assert character in text[start:end] or not text[start:end].isascii() or folded.text == text
        at = start
    if folded.text:
        start, end = folded.back(0, len(folded.text))
        assert not fold(text[:start]).text.strip()
        assert end == len(text) or fold(text[end:]).text == ""


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


@pytest.mark.parametrize(
    ("type_", "one", "other"),
    [
        ("PL_PESEL", "44051401359", "440514 01359"),
        ("BR_CPF", "111.444.777-35", "11144477735"),
        ("FR_NIR", "1 84 12 76 451 089 46", "184127645108946"),
        ("NL_BSN", "111.222.333", "111222333"),
        ("US_SSN", "536-90-4399", "536904399"),
    ],
)
def test_a_country_s_number_is_the_same_however_it_is_grouped(type_: str, one: str, other: str) -> None:
    assert canonical(type_, one) == canonical(type_, other)


def test_a_type_of_one_s_own_that_begins_like_a_country_s_keeps_its_marks() -> None:
    assert canonical("US_TEAM", "a-b c") != canonical("US_TEAM", "ab c")
