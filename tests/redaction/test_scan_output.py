"""Which detector looks at answers, and that it fails closed."""

from __future__ import annotations

import pytest

from gateway.errors import RedactionUnavailable
from gateway.model import CustomRecognizer, PrivacyPolicy, Span
from gateway.redaction import scan_output
from gateway.redaction.scan_output import OutputRule, detector_of, of_rules
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


def test_short_numbers_are_looked_at_where_a_recognizer_of_ones_own_knows_them() -> None:
    desk = CustomRecognizer(name="desk", type="DESK", patterns=((r"\bD-\d{2,3}\b", 0.9),))
    policy = PrivacyPolicy(recognizers=(desk,))
    looked: list[str] = []

    def find(text: str) -> list[Span]:
        looked.append(text)
        return list(detector_of(policy).find(text))

    rule = OutputRule(find, lambda kind: kind == "DESK", lambda value: False, Written([]), few=of_rules([desk]))
    said = "In 1999 and 12 of 40 cases, at 10:30, D-12 and seats 207 to 209 were empty, and so was D-104.\n"
    assert rule.whole(said) == said.replace("D-12", "[DESK]").replace("D-104", "[DESK]")
    assert len(looked) == 2
    assert rule.masked == {"DESK": 2}


def test_a_recognizer_that_is_too_slow_counts_as_one_that_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow:
        """A recognizer whose pattern does not finish."""

        recognizer: Slow

        def spans(self, text: str) -> list[tuple[int, int, float]]:
            raise TimeoutError

    slow = Slow()
    slow.recognizer = slow
    monkeypatch.setattr(scan_output, "_custom", lambda _: slow)
    assert of_rules([CustomRecognizer(name="slow", type="SLOW")])("12", 0)
    assert not of_rules([])("12", 0)
