"""Which detector looks at answers, and that it fails closed."""

from __future__ import annotations

import pytest

from gateway.errors import RedactionUnavailable
from gateway.model import PrivacyPolicy, Span
from gateway.redaction.scan_output import OutputRule, detector_of
from gateway.redaction.tokens import Written


def test_types_that_are_shown_are_not_looked_for() -> None:
    policy = PrivacyPolicy()
    assert detector_of(policy) is detector_of(policy)
    text = "Dr Jane Roe, jane.roe@acme.example"
    assert {span.type for span in detector_of(policy).find(text)} == {"PERSON", "EMAIL_ADDRESS"}
    less = detector_of(policy, frozenset({"PERSON"}))
    assert {span.type for span in less.find(text)} == {"EMAIL_ADDRESS"}


@pytest.mark.parametrize(
    "fault", [ValueError("jane.roe@acme.example"), MemoryError(), RecursionError(), TimeoutError()]
)
def test_a_detector_that_fails_lets_nothing_through(fault: Exception) -> None:
    def find(text: str) -> list[Span]:
        raise fault

    rule = OutputRule(find, lambda kind: True, lambda value: False, Written([]))
    scan = rule.scan()
    assert scan.feed("plain words ") == "plain words "
    with pytest.raises(RedactionUnavailable) as raised:
        scan.feed("write to jane.roe@acme.example now ")
    assert "jane" not in str(raised.value)
