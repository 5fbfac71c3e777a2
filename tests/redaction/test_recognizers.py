"""Recognizers: the phone shortcut finds what Presidio finds; an administrator's own; gates are necessary conditions."""

from __future__ import annotations

import importlib
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.errors import BadPolicy
from gateway.model import CustomRecognizer, PrivacyPolicy
from gateway.redaction.custom import custom
from gateway.redaction.detect import Detector
from gateway.redaction.entities import BY_TYPE
from gateway.redaction.phones import PHONE_DIGITS, digits_in
from gateway.redaction.presidio import load
from gateway.redaction.recognizers import build

PHONES = build(BY_TYPE["PHONE_NUMBER"]).recognizer

texts = st.lists(
    st.sampled_from(
        [
            *(
                "(415) 555-2671",
                "+44 20 7946 0327",
                "+49 30 23125 417",
                "030 23125417",
                "2671",
                "555-0123",
                "2024-01-02",
            ),
            *(
                " ext. 12",
                " x99",
                ";ext=7",
                "DE89 3704 0044 0532 0130 00",
                "10:30",
                "$",
                "€",
                "a",
                "é",
                "+",
                "(",
                ")",
                "/",
            ),
            *("-", ".", " ", "\n", "\u0663\u0664", "1/2/2024", "12(3): 211-227 (2003)", ",,", "#", "~", "anexo 5"),
        ]
    ),
    max_size=8,
).map("".join)


@example("(415) 555-2671 ext. 122024-01-02")
@example(" ext. 12 ext. 12030 2312541712(3): 211-227 (2003)")
@example(" ext. 12 ext. 12)030 23125417")
@settings(max_examples=150, deadline=None)
@given(texts)
def test_phone_numbers_are_those_of_presidios_recognizer(text: str) -> None:
    load()
    stock_one = importlib.import_module("presidio_analyzer.predefined_recognizers").PhoneRecognizer()
    theirs = {(r.start, r.end) for r in stock_one.analyze(text, ["PHONE_NUMBER"], None)}
    theirs = {(a, b) for a, b in theirs if digits_in(text[a:b]) >= PHONE_DIGITS}
    spans = {(r.start, r.end) for r in PHONES.analyze(text, ["PHONE_NUMBER"], None)}
    # Nothing that it finds is missed; and where no place in a journal or stray bracket confuses it, nothing else is.
    characters = {at for start, end in spans for at in range(start, end)}
    assert {at for start, end in theirs for at in range(start, end)} <= characters
    if "(3)" not in text and not re.search(r"\)\d", text):
        assert covered(theirs) == covered(spans)


def covered(spans: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Without those inside others, as Presidio's remove_duplicates leaves them."""
    return {s for s in spans if not any(o != s and o[0] <= s[0] and s[1] <= o[1] for o in spans)}


def test_runs_inside_longer_findings_are_passed_over() -> None:
    text = "IBAN DE89 3704 0044 0532 0130 00 or 030 23125417"
    assert len(PHONES.analyze(text, [], None, [(5, 32)])) == 1
    assert digits_in("1\u0663a") == 2


def test_an_administrators_patterns_context_and_deny_list() -> None:
    rules = (
        CustomRecognizer("staff", "EMPLOYEE_ID", patterns=((r"\bEMP-\d{5}\b", 0.2),), context=("employee",)),
        CustomRecognizer("people", "PERSON", deny_list=("Ada Byron", "Ada Byron King", "O'Neil (Jr)")),
    )
    policy = PrivacyPolicy(recognizers=rules)
    assert found("the employee EMP-12345 left", policy) == [("EMPLOYEE_ID", "EMP-12345")]
    assert found("the part EMP-12345 broke", policy) == []
    text = "ada byron king met O'Neil (Jr) and Ada Byrons"
    listed = PrivacyPolicy(entities=("EMAIL_ADDRESS",), recognizers=rules)
    assert found(text, listed) == [("PERSON", "ada byron king"), ("PERSON", "O'Neil (Jr)")]


def found(text: str, policy: PrivacyPolicy) -> list[tuple[str, str]]:
    return [(span.type, text[span.start : span.end]) for span in Detector(policy).find(text)]


def test_a_pattern_that_does_not_compile_is_named_without_its_text() -> None:
    with pytest.raises(BadPolicy, match="pattern 2 of recognizer 'staff'") as caught:
        custom(CustomRecognizer("staff", "EMPLOYEE_ID", patterns=(("a", 0.5), ("(secret", 0.5))))
    assert "secret" not in str(caught.value)


def test_a_recognizer_that_needs_a_context_word_waits_for_one() -> None:
    assert build(BY_TYPE["US_BANK_NUMBER"]).ceiling < 0.4
    assert build(BY_TYPE["CREDIT_CARD"]).ceiling == 1.0
    assert "us" not in build(BY_TYPE["US_PASSPORT"]).context


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("for 943 476 5919 today", ["UK_NHS"]),
        ("NHS number 943-476-5919", ["UK_NHS"]),
        ("his NHS no. is 9434765919", ["UK_NHS"]),
        # A telephone number's digits pass the check by chance, one time in eleven.
        ("ring 503-555-0109", ["PHONE_NUMBER"]),
        ("the order 9434765919 left", []),
    ],
)
def test_a_row_of_ten_digits_is_an_nhs_number_where_it_is_written_as_one(text: str, found: list[str]) -> None:
    detector = Detector(PrivacyPolicy(entities=("UK_NHS", "PHONE_NUMBER")))
    assert [span.type for span in detector.find(text)] == found
