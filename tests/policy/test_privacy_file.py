from __future__ import annotations

import pytest

from gateway.model import CustomRecognizer, Zone
from gateway.policy.findings import Findings
from gateway.policy.privacy_file import read_privacy

FULL = r"""
enabled: true
languages: [en, de]
entities: [PERSON, BADGE]
threshold: 0.5
allow_list: [Acme]
recognizers:
  - name: badge
    type: BADGE
    patterns: [{regex: '\bB-\d{4}\b', score: 0.9}]
    context: [badge]
    deny_list: [B-Zero]
refuse: {CRYPTO: [external]}
plain_zones: [local]
"""


def test_every_key_is_read() -> None:
    notes = Findings()
    policy = read_privacy(FULL, notes)
    assert notes.sorted() == ()
    assert policy is not None
    assert (policy.enabled, policy.languages, policy.entities) == (True, ("en", "de"), ("PERSON", "BADGE"))
    assert (policy.threshold, policy.allow_list) == (0.5, ("Acme",))
    assert policy.recognizers == (
        CustomRecognizer("badge", "BADGE", ((r"\bB-\d{4}\b", 0.9),), ("badge",), ("B-Zero",)),
    )
    assert policy.refuse == {"CRYPTO": frozenset({Zone.EXTERNAL})}
    assert policy.plain_zones == {Zone.LOCAL}


@pytest.mark.parametrize(
    ("before", "after", "code", "line", "severity"),
    [
        ("threshold: 0.5", "threshold: 5", "bad-value", 5, "error"),
        ("threshold", "treshold", "unknown-key", 5, "error"),
        ("languages: [en, de]", "languages: []", "bad-value", 3, "error"),
        ("[PERSON, BADGE]", "[PRESON]", "unknown-entity", 4, "error"),
        ("[PERSON, BADGE]", "[SHOE_SIZE]", "unknown-entity", 4, "warning"),
        (r"\bB-\d{4}\b", r"(\d+)+x", "slow-pattern", 10, "error"),
        (r"\bB-\d{4}\b", r"(\d+", "bad-pattern", 10, "error"),
        (", score: 0.9", "", "missing-key", 10, "error"),
        ("score: 0.9", "score: 9", "bad-value", 10, "error"),
        ("type: BADGE", "type: badge", "bad-value", 9, "error"),
        ("context:", "contex:", "unknown-key", 11, "error"),
        ("[external]", "[extern]", "unknown-zone", 13, "error"),
        ("enabled: true", "enabled: maybe", "bad-value", 2, "error"),
        ("enabled: true", "enabled: false", "privacy-off", 2, "warning"),
        ("plain_zones: [local]", "plain_zones: [external]", "privacy-off", 14, "warning"),
    ],
)
def test_each_mistake_has_its_line(before: str, after: str, code: str, line: int, severity: str) -> None:
    assert before in FULL
    notes = Findings()
    read_privacy(FULL.replace(before, after), notes)
    matching = [f for f in notes.sorted() if f.message.startswith(f"{code}:") and f.where == f"privacy.yaml:{line}"]
    assert [f.severity for f in matching] == [severity]


def test_a_recognizer_that_finds_nothing_or_has_anothers_name() -> None:
    notes = Findings()
    read_privacy("recognizers:\n  - {name: a, type: A}\n  - {name: a, type: A, deny_list: [x]}\n", notes)
    assert [f.message.partition(":")[0] for f in notes.sorted()] == ["missing-key", "duplicate-key"]
