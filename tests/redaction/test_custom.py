"""An administrator's recognizers: patterns, checks, lists, and what they pass over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.errors import BadPolicy
from gateway.model import CustomRecognizer, PrivacyPolicy
from gateway.redaction.custom import custom, heard
from gateway.redaction.detect import Detector


def found(text: str, *rules: CustomRecognizer, threshold: float = 0.4) -> list[tuple[str, str]]:
    policy = PrivacyPolicy(entities=("MAC_ADDRESS",), recognizers=rules, threshold=threshold)
    return [(span.type, text[span.start : span.end]) for span in Detector(policy).find(text)]


def test_patterns_need_their_score_or_a_word_nearby() -> None:
    rule = CustomRecognizer("staff", "EMPLOYEE_ID", patterns=((r"\bEMP-\d{5}\b", 0.2),), context=("employee",))
    assert found("the employee EMP-12345 left", rule) == [("EMPLOYEE_ID", "EMP-12345")]
    assert found("the part EMP-12345 broke", rule) == []
    assert found("the part EMP-12345 broke", rule, threshold=0.1) == [("EMPLOYEE_ID", "EMP-12345")]


def test_a_deny_list_finds_whole_values_the_longest_first() -> None:
    rule = CustomRecognizer("people", "PERSON", deny_list=("Ada Byron", "Ada Byron King", "O'Neil (Jr)"))
    text = "ada byron king met O'Neil (Jr) and Ada Byrons"
    assert found(text, rule) == [("PERSON", "ada byron king"), ("PERSON", "O'Neil (Jr)")]


def test_a_deny_list_has_its_own_score_and_needs_a_word_nearby_where_it_is_low() -> None:
    rule = CustomRecognizer("colours", "PROJECT", deny_list=("Amber",), deny_list_score=0.1, context=("project",))
    assert found("an amber light", rule) == []
    assert found("the project Amber", rule) == [("PROJECT", "Amber")]


def test_a_checksum_passes_over_what_fails_it() -> None:
    rule = CustomRecognizer("customers", "CUSTOMER_ID", patterns=((r"\bC\d{11}\b", 0.9),), checksum="")
    checked = CustomRecognizer("customers", "CUSTOMER_ID", patterns=((r"(?<=\bC)\d{11}\b", 0.9),), checksum="luhn")
    text = "C79927398713 and C79927398714"
    assert found(text, rule) == [("CUSTOMER_ID", "C79927398713"), ("CUSTOMER_ID", "C79927398714")]
    assert found(text, checked) == [("CUSTOMER_ID", "79927398713")]


def test_an_allow_list_is_the_recognizers_own_and_exact() -> None:
    one = CustomRecognizer("a", "TICKET", patterns=((r"\bT-\d{3}\b", 0.9),), allow_list=("T-100", "Kestrel"))
    two = CustomRecognizer("b", "PROJECT", deny_list=("T-100", "Kestrel"))
    assert found("T-100 T-101 t-100", one) == [("TICKET", "T-101"), ("TICKET", "t-100")]
    assert found("T-100 Kestrel", one, two) == [("PROJECT", "T-100"), ("PROJECT", "Kestrel")]


def test_languages_choose_recognizers() -> None:
    german = CustomRecognizer("g", "A", deny_list=("x",), languages=("de", "fr"))
    every = CustomRecognizer("e", "A", deny_list=("x",))
    assert list(heard(PrivacyPolicy(recognizers=(german, every)))) == [every]
    assert list(heard(PrivacyPolicy(languages=("de",), recognizers=(german, every)))) == [german, every]
    assert list(heard(PrivacyPolicy(languages=("auto",), recognizers=(german, every)))) == [german, every]
    spanish = replace(german, languages=("es",))
    assert [custom(rule).language for rule in (german, every, spanish)] == ["", "", "es"]
    policy = PrivacyPolicy(languages=("auto",), entities=("CRYPTO",), recognizers=(spanish,))
    assert [
        len(Detector(policy).find(text)) for text in ("the x of the town is not here", "x", "la x que no es de la casa")
    ] == [
        *(0, 1, 1),
    ]


def test_each_place_is_found_once_with_its_best_score() -> None:
    rule = CustomRecognizer(
        "n", "N", patterns=((r"\d{4}", 0.5), (r"\d{3,5}", 0.7), (r"\d+", 0.0)), deny_list=("1234",), deny_list_score=0.6
    )
    results = custom(rule).recognizer.analyze("1234 567", ["N"])
    assert [(r.start, r.end, r.score) for r in results] == [(0, 4, 0.7), (5, 8, 0.7)]


def test_a_pattern_that_runs_too_long_stops_the_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.redaction.custom._SECONDS", 0.05)
    gated = custom(CustomRecognizer("slow", "N", patterns=((r"(?:\w|\d,?){20,}-$", 0.9),)))
    with pytest.raises(TimeoutError):
        gated.recognizer.analyze("1" * 60 + "-x", ["N"])


def test_a_pattern_that_does_not_compile_is_named_without_its_text() -> None:
    with pytest.raises(BadPolicy, match="pattern 2 of recognizer 'staff'") as caught:
        custom(CustomRecognizer("staff", "EMPLOYEE_ID", patterns=(("a", 0.5), ("(secret", 0.5))))
    assert "secret" not in str(caught.value)


def test_the_gate_knows_the_best_score_and_the_words_that_count() -> None:
    gated = custom(
        CustomRecognizer(
            "a", "A", patterns=(("ab", 0.3),), deny_list=("x",), deny_list_score=0.2, context=("the", "Staff")
        )
    )
    assert (gated.ceiling, gated.context, gated.late) == (0.3, frozenset({"staff"}), False)
    assert gated.gate("anything", 0)
