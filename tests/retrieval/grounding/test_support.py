"""What is supported, by invented answers to invented documents."""

from __future__ import annotations

import pytest

from gateway.retrieval.grounding.sentences import sentences
from gateway.retrieval.grounding.support import (
    NEUTRAL,
    PARTLY,
    SUPPORTED,
    UNSUPPORTED,
    Evidence,
    Source,
    judge,
    weigh,
)
from tests.retrieval.grounding.cases import CASES, PASSAGES

EVIDENCE = Evidence([Source(tuple(text[a:b] for a, b in sentences(text)), title) for title, text in PASSAGES])


@pytest.mark.parametrize(("sentence", "right"), CASES)
def test_verdicts(sentence: str, right: set[str]) -> None:
    assert judge(weigh(sentence, EVIDENCE)).supported in right


def test_the_place_is_the_sentence_that_says_it() -> None:
    verdict = judge(weigh("Leave that is not taken expires on 31 March.", EVIDENCE))
    assert verdict.places == ((0, 1, 1),)


def test_a_sentence_from_two_passages_names_both() -> None:
    verdict = judge(weigh("Rail tickets are booked through the portal and interns do not receive leave.", EVIDENCE))
    assert {passage for passage, _, _ in verdict.places} == {0, 1}


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("Employees have 31 days of paid annual leave.", "number"),
        ("Leave that is not taken expires on 1 April.", "date"),
        ("Taxis need the approval of [PERSON_0000a2c17qzx].", "token"),
        ("Rail tickets are booked through portal@example.org.", "code"),
        ("Interns receive paid leave.", "negation"),
    ],
)
def test_the_reason_is_named(sentence: str, why: str) -> None:
    verdict = judge(weigh(sentence, EVIDENCE), 0.99)
    assert verdict.supported == UNSUPPORTED, "likeness of meaning excuses no wrong fact"
    assert why in verdict.why
    assert verdict.places == ()


def test_likeness_decides_only_what_words_leave_open() -> None:
    weighed = weigh("Kestrel Textiles acquired the weaving mill outright.", EVIDENCE)
    assert weighed.open
    assert [judge(weighed, alike).supported for alike in (0.9, 0.6)] == [SUPPORTED, PARTLY]
    assert not weigh("The canteen serves soup.", EVIDENCE).open
    assert not weigh("Employees have 31 days of annual leave.", EVIDENCE).open


def test_a_withheld_value_is_supported_in_part() -> None:
    evidence = Evidence([Source(("Taxis need the approval of [PERSON].",))])
    assert judge(weigh("Taxis need the approval of [PERSON].", evidence)).supported == SUPPORTED
    assert judge(weigh("Taxis need the approval of [EMAIL_ADDRESS].", evidence)).supported == PARTLY


def test_nothing_is_supported_by_nothing() -> None:
    verdict = judge(weigh("Employees have 29 days of leave.", Evidence([])))
    assert verdict.supported == UNSUPPORTED
    assert judge(weigh("I do not know.", Evidence([]))).supported == NEUTRAL
